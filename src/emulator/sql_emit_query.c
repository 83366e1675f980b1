/* Queries and changes as SQLite text. */
#include <string.h>

#include "emulator/sql_emit.h"
#include "emulator/sql_type.h"

static void put(struct sql_emitter *emitter, const char *text) {
    text_buffer_add(&emitter->out, text);
}

/* What an ORDER BY item orders by: SQLite takes a number for a column, but not within a call. */
static void emit_ordered(struct sql_emitter *emitter, const struct sql_expression *node, bool key,
                         const struct sql_list *items) {
    bool numbered = node->form == FORM_NAME && node->index;
    const struct sql_item *item =
        numbered && items && node->index <= items->count ? items->items[node->index - 1] : NULL;
    if (!numbered || (key && item))
        sql_emit_expression(emitter, numbered ? item->expression : node);
    else
        text_buffer_format(&emitter->out, key ? "c%zu" : "%zu", node->index);
}

void sql_emit_order(struct sql_emitter *emitter, const struct sql_list *order, bool keys,
                    const struct sql_list *items) {
    for (size_t i = 0; i < order->count; i++) {
        const struct sql_order *item = order->items[i];
        put(emitter, i ? ", " : " ORDER BY ");
        bool key = keys && sql_type_is(item->expression->type, EMULATOR_FLOAT64);
        put(emitter, key ? "bq_order(" : "");
        emit_ordered(emitter, item->expression, key, items);
        put(emitter, key ? ")" : "");
        put(emitter, sql_type_decimal(item->expression->type) ? " COLLATE bq_decimal" : "");
        put(emitter, item->descending ? " DESC" : "");
        if (item->nulls)
            text_buffer_format(&emitter->out, " %s", item->nulls);
    }
}

void sql_emit_from(struct sql_emitter *emitter, const struct sql_source *source) {
    if (source->kind == SOURCE_JOIN) {
        bool nested = source->right->kind == SOURCE_JOIN;
        sql_emit_from(emitter, source->left);
        text_buffer_format(&emitter->out, " %s ",
                           strcmp(source->join, "CROSS JOIN") == 0 ? "JOIN" : source->join);
        put(emitter, nested ? "(" : "");
        sql_emit_from(emitter, source->right);
        put(emitter, nested ? ")" : "");
        put(emitter, source->on || source->using_sqlite ? " ON " : "");
        if (source->on)
            sql_emit_expression(emitter, source->on);
        else
            put(emitter, source->using_sqlite ? source->using_sqlite : "");
        return;
    }
    if (source->kind == SOURCE_QUERY) {
        put(emitter, "(");
        sql_emit_query(emitter, source->query);
        put(emitter, ")");
    } else if (source->kind == SOURCE_UNNEST) {
        put(emitter, "json_each(");
        sql_emit_expression(emitter, source->array);
        put(emitter, ")");
    } else if (source->cte) {
        put(emitter, source->cte->sqlite);
    } else {
        const struct emulator_table *table = source->use->table;
        sql_emit_table(emitter, table->project, table->dataset, table->table);
    }
    text_buffer_format(&emitter->out, " AS %s", source->sqlite);
}

static void emit_group(struct sql_emitter *emitter, const struct sql_list *group) {
    for (size_t i = 0; i < group->count; i++) {
        const struct sql_expression *node = group->items[i];
        put(emitter, i ? ", " : " GROUP BY ");
        /* SQLite would take a bare integer for an ordinal; a constant groups nothing anyway. */
        if (node->form == FORM_LITERAL)
            put(emitter, "NULL");
        else
            sql_emit_expression(emitter, node);
    }
}

static void emit_select(struct sql_emitter *emitter, const struct sql_select *select) {
    put(emitter, select->distinct ? "SELECT DISTINCT " : "SELECT ");
    for (size_t i = 0; i < select->items.count; i++) {
        const struct sql_item *item = select->items.items[i];
        put(emitter, i ? ", " : "");
        sql_emit_expression(emitter, item->expression);
        text_buffer_format(&emitter->out, " AS c%zu", i + 1);
    }
    if (select->from) {
        put(emitter, " FROM ");
        sql_emit_from(emitter, select->from);
    }
    if (select->where) {
        put(emitter, " WHERE ");
        sql_emit_expression(emitter, select->where);
    }
    emit_group(emitter, &select->group);
    if (select->having) {
        put(emitter, " HAVING ");
        sql_emit_expression(emitter, select->having);
    }
}

static void emit_body(struct sql_emitter *emitter, const struct sql_body *body);

/* Whether values of the one type stand otherwise in storage than those of the other. */
static bool converts(struct sql_type from, struct sql_type to) {
    return from.known && to.known && !sql_type_equal(from, to) && !from.array &&
           (sql_type_moment(from) || sql_type_decimal(from) || sql_type_decimal(to));
}

/* The head of a select that brings the columns below to these types, "SELECT bq_cast(c1, …) AS c1,
 * c2 FROM ("; false (and nothing written) when they are of these types. */
static bool emit_conversion(struct sql_emitter *emitter, const struct sql_list *columns,
                            const struct sql_type *types) {
    bool needed = false;
    for (size_t i = 0; i < columns->count; i++)
        needed |= converts(((const struct sql_column *)columns->items[i])->type, types[i]);
    if (!needed)
        return false;
    put(emitter, "SELECT ");
    for (size_t i = 0; i < columns->count; i++) {
        struct sql_type from = ((const struct sql_column *)columns->items[i])->type;
        put(emitter, i ? ", " : "");
        if (converts(from, types[i]))
            text_buffer_format(&emitter->out, "bq_cast(c%zu, %d, %d, 0) AS c%zu", i + 1,
                               (int)from.base, (int)types[i].base, i + 1);
        else
            text_buffer_format(&emitter->out, "c%zu", i + 1);
    }
    put(emitter, " FROM (");
    return true;
}

/* One side of a set operation, with the types of the whole. */
static void emit_side(struct sql_emitter *emitter, const struct sql_body *side,
                      const struct sql_body *whole) {
    struct sql_type *types =
        sql_new(&emitter->compilation->arena, (whole->columns.count + 1) * sizeof *types);
    for (size_t i = 0; i < whole->columns.count; i++)
        types[i] = ((const struct sql_column *)whole->columns.items[i])->type;
    bool converted = emit_conversion(emitter, &side->columns, types);
    emit_body(emitter, side);
    put(emitter, converted ? ")" : "");
}

static void emit_body(struct sql_emitter *emitter, const struct sql_body *body) {
    if (body->operation) {
        emit_side(emitter, body->left, body);
        text_buffer_format(&emitter->out, " %s ", body->operation);
        emit_side(emitter, body->right, body);
    } else if (body->query) {
        put(emitter, "SELECT * FROM (");
        sql_emit_query(emitter, body->query);
        put(emitter, ")");
    } else {
        emit_select(emitter, body->select);
    }
}

void sql_emit_query(struct sql_emitter *emitter, const struct sql_query *query) {
    for (size_t i = 0; i < query->ctes.count; i++) {
        const struct sql_cte *cte = query->ctes.items[i];
        text_buffer_format(&emitter->out, "%s%s AS (", i ? ", " : "WITH ", cte->sqlite);
        sql_emit_query(emitter, cte->query);
        put(emitter, ")");
    }
    put(emitter, query->ctes.count ? " " : "");
    /* SQLite orders a set operation by nothing but its columns. */
    bool whole = query->body->operation && query->order.count;
    put(emitter, whole ? "SELECT * FROM (" : "");
    emit_body(emitter, query->body);
    put(emitter, whole ? ")" : "");
    sql_emit_order(emitter, &query->order, true,
                   query->body->select ? &query->body->select->items : NULL);
    if (query->limit) {
        put(emitter, " LIMIT ");
        sql_emit_expression(emitter, query->limit);
    }
    if (query->offset) {
        put(emitter, " OFFSET ");
        sql_emit_expression(emitter, query->offset);
    }
}

static void emit_rows(struct sql_emitter *emitter, const struct sql_list *rows) {
    for (size_t i = 0; i < rows->count; i++) {
        put(emitter, i ? ", (" : " VALUES (");
        sql_emit_list(emitter, rows->items[i], 0);
        put(emitter, ")");
    }
}

static void emit_target(struct sql_emitter *emitter, const struct sql_tree *tree,
                        const char *verb) {
    const struct emulator_table *table = tree->target->use->table;
    put(emitter, verb);
    sql_emit_table(emitter, table->project, table->dataset, table->table);
    if (tree->kind != SQL_INSERT)
        text_buffer_format(&emitter->out, " AS %s", tree->target->sqlite);
}

static void emit_insert(struct sql_emitter *emitter, const struct sql_tree *tree) {
    if (tree->kind == SQL_INSERT) {
        emit_target(emitter, tree, "INSERT INTO ");
    } else {
        put(emitter, "INSERT INTO ");
        sql_emit_table(emitter, tree->names[0], tree->names[1], tree->names[2]);
    }
    for (size_t i = 0; i < tree->columns.count; i++) {
        put(emitter, i ? ", " : " (");
        sql_emit_name(emitter, tree->columns.items[i]);
    }
    put(emitter, tree->columns.count ? ")" : "");
    if (!tree->query) {
        emit_rows(emitter, &tree->rows);
        return;
    }
    put(emitter, " ");
    bool converted = tree->insert_types &&
                     emit_conversion(emitter, &tree->query->body->columns, tree->insert_types);
    sql_emit_query(emitter, tree->query);
    put(emitter, converted ? ")" : "");
}

static void emit_update(struct sql_emitter *emitter, const struct sql_tree *tree) {
    emit_target(emitter, tree, "UPDATE ");
    for (size_t i = 0; i < tree->assignments.count; i++) {
        const struct sql_assignment *assignment = tree->assignments.items[i];
        put(emitter, i ? ", " : " SET ");
        sql_emit_name(emitter, assignment->name);
        put(emitter, " = ");
        sql_emit_expression(emitter, assignment->value);
    }
    if (tree->from) {
        put(emitter, " FROM ");
        sql_emit_from(emitter, tree->from);
    }
    put(emitter, " WHERE ");
    sql_emit_expression(emitter, tree->where);
}

char *sql_emit_statement(struct sql_compilation *compilation, const struct sql_tree *tree) {
    struct sql_emitter emitter = {.compilation = compilation};
    switch (tree->kind) {
    case SQL_SELECT:
        sql_emit_query(&emitter, tree->query);
        break;
    case SQL_INSERT:
    case SQL_CREATE_TABLE_AS_SELECT:
        emit_insert(&emitter, tree);
        break;
    case SQL_UPDATE:
        emit_update(&emitter, tree);
        break;
    case SQL_DELETE:
        emit_target(&emitter, tree, "DELETE FROM ");
        put(&emitter, " WHERE ");
        sql_emit_expression(&emitter, tree->where);
        break;
    case SQL_TRUNCATE:
        emit_target(&emitter, tree, "DELETE FROM ");
        break;
    case SQL_CREATE_TABLE:
    case SQL_DROP_TABLE:
        return NULL;
    }
    return text_buffer_take(&emitter.out);
}
