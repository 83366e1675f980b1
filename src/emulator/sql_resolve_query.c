/* Queries: the order in which their clauses see names. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "emulator/sql_function.h"
#include "emulator/sql_resolve.h"
#include "emulator/sql_type.h"

static bool excepted(struct sql_item *star, const char *name, bool *seen) {
    for (size_t i = 0; i < star->except.count; i++) {
        if (!sql_same(star->except.items[i], name))
            continue;
        seen[i] = true;
        return true;
    }
    return false;
}

static struct sql_item *item_of(struct sql_compilation *compilation, const struct sql_item *star,
                                const struct sql_column *column) {
    struct sql_item *item = sql_new(&compilation->arena, sizeof *item);
    item->expression = sql_new(&compilation->arena, sizeof *item->expression);
    *item->expression = (struct sql_expression){.form = FORM_NAME,
                                                .place = star->place,
                                                .type = column->type,
                                                .column = column,
                                                .resolved = true};
    item->alias = column->name;
    item->place = star->place;
    if (column->source && column->source->use)
        column->source->use->used[column->field] = true;
    return item;
}

/* `record.*`: one item a field. */
static bool expand_record(struct sql_compilation *compilation, struct sql_scope *scope,
                          struct sql_item *star, struct sql_list *out) {
    struct sql_expression *record = sql_new(&compilation->arena, sizeof *record);
    record->form = FORM_NAME;
    record->place = star->place;
    record->names = star->qualifier;
    if (!sql_resolve_expression(compilation, scope, record))
        return false;
    if (!sql_type_is(record->type, EMULATOR_RECORD))
        return sql_fail(compilation, star->place, "Dot-star is not supported for type %s",
                        sql_type_name(&compilation->arena, record->type));
    bool *seen = sql_new(&compilation->arena, star->except.count + 1);
    size_t before = out->count;
    for (size_t i = 0; i < record->type.field_count; i++) {
        const char *name = record->type.fields[i].name;
        if (excepted(star, name, seen))
            continue;
        struct sql_item *item = sql_new(&compilation->arena, sizeof *item);
        item->expression = sql_new(&compilation->arena, sizeof *item->expression);
        item->expression->form = FORM_NAME;
        item->expression->place = item->place = star->place;
        for (size_t k = 0; k < star->qualifier.count; k++)
            sql_add_name(&compilation->arena, &item->expression->names, star->qualifier.items[k]);
        sql_add_name(&compilation->arena, &item->expression->names, name);
        item->alias = name;
        if (!sql_resolve_expression(compilation, scope, item->expression))
            return false;
        sql_add(&compilation->arena, out, item);
    }
    for (size_t i = 0; i < star->except.count; i++)
        if (!seen[i])
            return sql_fail(compilation, star->place,
                            "Column %s in SELECT * EXCEPT list does not exist",
                            (const char *)star->except.items[i]);
    return out->count > before ||
           sql_fail(compilation, star->place, "SELECT * expands to zero columns after EXCEPT");
}

static bool is_qualifier(const struct sql_scope *scope, const struct sql_item *star) {
    for (size_t i = 0; i < scope->columns.count && star->qualifier.count == 1; i++) {
        const struct sql_column *column = scope->columns.items[i];
        if (sql_same(column->qualifier, star->qualifier.items[0]))
            return true;
    }
    return false;
}

static bool expand_star(struct sql_compilation *compilation, struct sql_scope *scope,
                        struct sql_item *star, struct sql_list *out) {
    if (star->qualifier.count && !is_qualifier(scope, star))
        return expand_record(compilation, scope, star, out);
    const char *qualifier =
        star->qualifier.count ? star->qualifier.items[star->qualifier.count - 1] : NULL;
    bool *seen = sql_new(&compilation->arena, star->except.count + 1);
    size_t before = out->count, columns = 0;
    /* Merged columns of USING come first, as they stand last in the scope. */
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < scope->columns.count; i++) {
            const struct sql_column *column = scope->columns.items[i];
            bool fits = qualifier ? pass == 1 && sql_same(column->qualifier, qualifier)
                                  : !column->hidden && column->merged == (pass == 0);
            if (!fits)
                continue;
            columns++;
            if (!excepted(star, column->name, seen))
                sql_add(&compilation->arena, out, item_of(compilation, star, column));
        }
    }
    for (size_t i = 0; i < star->except.count; i++)
        if (!seen[i])
            return sql_fail(compilation, star->place,
                            "Column %s in SELECT * EXCEPT list does not exist",
                            (const char *)star->except.items[i]);
    if (!columns)
        return qualifier ? sql_fail(compilation, star->place, "Unrecognized name: %s", qualifier)
                         : sql_fail(compilation, star->place, "SELECT * must have a FROM clause");
    return out->count > before ||
           sql_fail(compilation, star->place, "SELECT * expands to zero columns after EXCEPT");
}

static bool resolve_items(struct sql_compilation *compilation, struct sql_scope *scope,
                          struct sql_select *select) {
    struct sql_list items = {0};
    for (size_t i = 0; i < select->items.count; i++) {
        struct sql_item *item = select->items.items[i];
        if (item->star) {
            if (!expand_star(compilation, scope, item, &items))
                return false;
            continue;
        }
        if (!sql_resolve_expression(compilation, scope, item->expression))
            return false;
        const struct sql_list *names = &item->expression->names;
        if (!item->alias && item->expression->form == FORM_NAME)
            item->alias = names->items[names->count - 1];
        sql_add(&compilation->arena, &items, item);
    }
    select->items = items;
    return true;
}

/* An integer in GROUP BY or ORDER BY: the item it points at. */
static bool is_ordinal(const struct sql_expression *node) {
    return node->form == FORM_LITERAL && node->type.known && !node->type.array &&
           node->type.base == EMULATOR_INT64;
}

static const struct sql_item *ordinal(struct sql_compilation *compilation,
                                      const struct sql_list *items,
                                      const struct sql_expression *node, const char *clause,
                                      int64_t *place) {
    if (!text_to_int64(text_of(node->text), place) || *place < 1 ||
        *place > (int64_t)items->count) {
        sql_fail(compilation, node->place, "%s is out of SELECT column number range: %s", clause,
                 node->text);
        return NULL;
    }
    return items->items[*place - 1];
}

/* The aggregate or window function within an expression, or NULL. */
static const struct sql_expression *computed_over_rows(const struct sql_expression *node) {
    if (!node || node->query)
        return NULL;
    if (node->form == FORM_CALL && (node->window || node->function->kind == FUNCTION_AGGREGATE))
        return node;
    const struct sql_expression *found = computed_over_rows(node->alias_of);
    for (size_t i = 0; i < node->arguments.count && !found; i++)
        found = computed_over_rows(node->arguments.items[i]);
    return found;
}

static bool resolve_group(struct sql_compilation *compilation, struct sql_scope *scope,
                          struct sql_select *select) {
    struct sql_scope grouping = *scope;
    grouping.items = &select->items;
    grouping.clause = "GROUP BY";
    for (size_t i = 0; i < select->group.count; i++) {
        struct sql_expression *node = select->group.items[i];
        bool by_name = is_ordinal(node);
        struct googlesql_place written = node->place;
        int64_t place;
        if (by_name) {
            const struct sql_item *item =
                ordinal(compilation, &select->items, node, "GROUP BY", &place);
            if (!item)
                return false;
            select->group.items[i] = item->expression;
        } else if (!sql_resolve_expression(compilation, &grouping, node)) {
            return false;
        } else if (node->alias_of) {
            by_name = true;
            select->group.items[i] = node->alias_of;
        }
        node = select->group.items[i];
        if (node->form == FORM_LITERAL && !by_name)
            return sql_fail(compilation, written, "Cannot GROUP BY literal values");
        const struct sql_expression *computed = computed_over_rows(node);
        if (computed)
            return sql_fail(compilation, written, "%s function %s not allowed in GROUP BY",
                            computed->window ? "Analytic" : "Aggregate", computed->function->name);
        if (!sql_type_groups(node->type))
            return sql_fail(compilation, written,
                            "Grouping by expressions of type %s is not allowed",
                            sql_type_name(&compilation->arena, node->type));
    }
    return true;
}

static void yield_items(struct sql_compilation *compilation, struct sql_body *body) {
    const struct sql_list *items = &body->select->items;
    for (size_t i = 0; i < items->count; i++) {
        const struct sql_item *item = items->items[i];
        struct sql_column *column = sql_new(&compilation->arena, sizeof *column);
        column->name = item->alias;
        column->type = item->expression->type;
        column->sqlite = sql_print(&compilation->arena, "c%zu", i + 1);
        sql_add(&compilation->arena, &body->columns, column);
    }
}

static bool resolve_select(struct sql_compilation *compilation, struct sql_scope *scope,
                           struct sql_body *body) {
    struct sql_select *select = body->select;
    if (select->from && !sql_resolve_source(compilation, scope, select->from))
        return false;
    if (select->where) {
        scope->clause = "WHERE clause";
        if (!sql_resolve_condition(compilation, scope, select->where, "WHERE clause"))
            return false;
        scope->clause = NULL;
    }
    if (select->from)
        sql_judge_partitions(compilation, select->from, select->where);
    select->columns = scope->columns;
    scope->select = select;
    if (!resolve_items(compilation, scope, select) || !resolve_group(compilation, scope, select))
        return false;
    if (select->having) {
        struct sql_scope having = *scope;
        having.items = &select->items;
        having.no_window = "HAVING clause";
        if (!sql_resolve_condition(compilation, &having, select->having, "HAVING clause"))
            return false;
        if (!select->aggregated)
            return sql_fail(compilation, select->having->place,
                            "The HAVING clause requires GROUP BY or aggregation to be present");
    }
    yield_items(compilation, body);
    for (size_t i = 0; i < body->columns.count && select->distinct; i++) {
        const struct sql_column *column = body->columns.items[i];
        if (!sql_type_groups(column->type))
            return sql_fail(compilation, select->place,
                            "Column %s of type %s cannot be used in SELECT DISTINCT",
                            column->name ? column->name
                                         : sql_print(&compilation->arena, "%zu", i + 1),
                            sql_type_name(&compilation->arena, column->type));
    }
    return true;
}

static bool resolve_body(struct sql_compilation *compilation, const struct sql_scope *parent,
                         struct sql_scope *scope, struct sql_body *body);

/* A literal or parameter takes the type of the column on the other side. */
static bool take_type(struct sql_compilation *compilation, struct sql_body *side, size_t index,
                      struct sql_type type) {
    struct sql_item *item = side->select ? side->select->items.items[index] : NULL;
    if (!item || !type.known ||
        (item->expression->form != FORM_LITERAL && item->expression->form != FORM_PARAMETER))
        return false;
    struct sql_expression *coerced = sql_coerce(compilation, item->expression, type);
    if (!coerced)
        return false;
    item->expression = coerced;
    ((struct sql_column *)side->columns.items[index])->type = type;
    return true;
}

static bool resolve_operation(struct sql_compilation *compilation, const struct sql_scope *parent,
                              struct sql_body *body) {
    struct sql_scope left = {.parent = parent}, right = {.parent = parent};
    const char *name = strcmp(body->operation, "UNION") == 0       ? "UNION DISTINCT"
                       : strcmp(body->operation, "EXCEPT") == 0    ? "EXCEPT DISTINCT"
                       : strcmp(body->operation, "INTERSECT") == 0 ? "INTERSECT DISTINCT"
                                                                   : body->operation;
    if (!resolve_body(compilation, parent, &left, body->left) ||
        !resolve_body(compilation, parent, &right, body->right))
        return false;
    const struct sql_list *a = &body->left->columns, *b = &body->right->columns;
    if (a->count != b->count)
        return sql_fail(compilation, body->right->place,
                        "Queries in %s have mismatched column count; query 1 has %zu column%s, "
                        "query 2 has %zu column%s",
                        name, a->count, a->count == 1 ? "" : "s", b->count,
                        b->count == 1 ? "" : "s");
    for (size_t i = 0; i < a->count; i++) {
        const struct sql_column *one = a->items[i], *other = b->items[i];
        struct sql_column *column = sql_new(&compilation->arena, sizeof *column);
        *column = *one;
        if (!one->type.known || sql_type_widens(one->type, other->type))
            column->type = other->type.known ? other->type : one->type;
        else if (take_type(compilation, body->left, i, other->type))
            column->type = other->type;
        else if (compilation->failed)
            return false;
        else if (!sql_type_widens(other->type, one->type) &&
                 !take_type(compilation, body->right, i, one->type))
            return sql_fail(compilation, body->right->place,
                            "Column %zu in %s has incompatible types: %s, %s", i + 1, name,
                            sql_type_name(&compilation->arena, one->type),
                            sql_type_name(&compilation->arena, other->type));
        if (strcmp(body->operation, "UNION ALL") != 0 && !sql_type_groups(column->type))
            return sql_fail(compilation, body->right->place,
                            "Column %zu in %s has type that does not support set operation "
                            "comparisons: %s",
                            i + 1, name, sql_type_name(&compilation->arena, column->type));
        sql_add(&compilation->arena, &body->columns, column);
    }
    return true;
}

static bool resolve_body(struct sql_compilation *compilation, const struct sql_scope *parent,
                         struct sql_scope *scope, struct sql_body *body) {
    if (body->operation)
        return resolve_operation(compilation, parent, body);
    if (body->select)
        return resolve_select(compilation, scope, body) &&
               (!body->select->aggregated || sql_check_grouping(compilation, body->select, NULL));
    if (!sql_resolve_query(compilation, parent, body->query))
        return false;
    body->columns = body->query->body->columns;
    return true;
}

/* ORDER BY of a set operation sees the columns it yields, nothing else. */
static bool order_by_output(struct sql_compilation *compilation, struct sql_body *body,
                            struct sql_order *order) {
    struct sql_expression *node = order->expression;
    const char *name =
        node->form == FORM_NAME && node->names.count == 1 ? node->names.items[0] : NULL;
    for (size_t i = 0; i < body->columns.count; i++) {
        const struct sql_column *column = body->columns.items[i];
        if (!sql_same(column->name, name))
            continue;
        node->index = i + 1;
        node->type = column->type;
        node->resolved = true;
        return true;
    }
    return name ? sql_fail(compilation, node->place, "Unrecognized name: %s", name)
                : sql_fail(compilation, node->place,
                           "ORDER BY an expression over a set operation is not supported by the "
                           "local BigQuery");
}

/* The place of a select item whose very expression is ordered by; 0 when it is another one. */
static size_t item_place(const struct sql_list *items, const struct sql_expression *expression) {
    for (size_t i = 0; i < items->count; i++) {
        const struct sql_item *item = items->items[i];
        if (item->expression == expression)
            return i + 1;
    }
    return 0;
}

static bool resolve_order(struct sql_compilation *compilation, struct sql_scope *scope,
                          struct sql_query *query) {
    struct sql_body *body = query->body;
    struct sql_scope ordering = *scope;
    ordering.items = body->select ? &body->select->items : NULL;
    for (size_t i = 0; i < query->order.count; i++) {
        struct sql_order *order = query->order.items[i];
        struct sql_expression *node = order->expression;
        int64_t place;
        if (is_ordinal(node)) {
            if (!ordinal(compilation, &body->columns, node, "ORDER BY", &place))
                return false;
            node->index = (size_t)place;
            node->form = FORM_NAME;
            node->resolved = true;
        } else if (!body->select) {
            if (!order_by_output(compilation, body, order))
                return false;
        } else {
            if (!sql_resolve_expression(compilation, &ordering, node))
                return false;
            if (node->alias_of)
                node->index = item_place(&body->select->items, node->alias_of);
        }
        struct sql_type type = node->type;
        if (node->index && node->index <= body->columns.count) /* emitted with its order */
            type = ((const struct sql_column *)body->columns.items[node->index - 1])->type;
        if (!sql_type_orders(type))
            return sql_fail(compilation, node->place,
                            "ORDER BY does not support expressions of type %s",
                            sql_type_name(&compilation->arena, type));
        node->type = type;
    }
    return true;
}

static bool resolve_count(struct sql_compilation *compilation, struct sql_scope *scope,
                          struct sql_expression *node) {
    if (!node)
        return true;
    if (!sql_resolve_expression(compilation, scope, node))
        return false;
    struct sql_type integer = sql_scalar(EMULATOR_INT64);
    if (!node->type.known)
        sql_coerce(compilation, node, integer);
    else if (!sql_type_equal(node->type, integer))
        return sql_fail(compilation, node->place, "LIMIT and OFFSET expect INT64, but got %s",
                        sql_type_name(&compilation->arena, node->type));
    const struct sql_given *given =
        node->form == FORM_PARAMETER ? compilation->parameters.items[node->index] : NULL;
    if (given && given->declared && !compilation->request->dry_run &&
        (given->value.kind != SQL_VALUE_INTEGER || given->value.integer < 0))
        return sql_fail(compilation, node->place,
                        "LIMIT and OFFSET require a value that is neither negative nor NULL");
    return true;
}

bool sql_resolve_query(struct sql_compilation *compilation, const struct sql_scope *parent,
                       struct sql_query *query) {
    size_t outer = compilation->ctes.count, before = compilation->sources;
    for (size_t i = 0; i < query->ctes.count; i++) {
        struct sql_cte *cte = query->ctes.items[i];
        if (!sql_resolve_query(compilation, parent, cte->query))
            return false;
        cte->sqlite = sql_fresh(compilation, 'w');
        sql_add(&compilation->arena, &compilation->ctes, cte);
    }
    struct sql_scope scope = {.parent = parent};
    struct sql_body *body = query->body;
    bool good = body->select ? resolve_select(compilation, &scope, body)
                             : resolve_body(compilation, parent, &scope, body);
    good = good && resolve_order(compilation, &scope, query);
    good = good && (!body->select || !body->select->aggregated ||
                    sql_check_grouping(compilation, body->select, query));
    good = good && (!body->select || !body->select->distinct ||
                    sql_check_distinct(compilation, body->select, query));
    good = good && resolve_count(compilation, &scope, query->limit) &&
           resolve_count(compilation, &scope, query->offset);
    compilation->ctes.count = outer;
    query->sources = compilation->sources - before;
    return good;
}
