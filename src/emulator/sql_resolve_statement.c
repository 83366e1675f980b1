/* Statements: targets, and values that must fit the columns they go to. */
#include <string.h>

#include "base/memory.h"
#include "emulator/sql_resolve.h"
#include "emulator/sql_type.h"

/* The target of a DML statement as a source of its own, its columns in scope. */
static bool resolve_target(struct sql_compilation *compilation, struct sql_scope *scope,
                           struct sql_tree *tree) {
    if (!sql_resolve_path(compilation, &tree->target->path, tree->target->place, tree->names))
        return false;
    size_t ctes = compilation->ctes.count;
    compilation->ctes.count = 0;
    bool good = sql_resolve_source(compilation, scope, tree->target);
    compilation->ctes.count = ctes;
    if (good && strncmp(tree->names[2], "INFORMATION_SCHEMA.", 19) == 0)
        return sql_fail(compilation, tree->target->place, "%s cannot be changed", tree->names[2]);
    return good;
}

static const struct emulator_field *column_of(struct sql_compilation *compilation,
                                              const struct emulator_table *table, const char *name,
                                              struct googlesql_place place) {
    const struct emulator_field *field =
        emulator_field_find(table->fields, table->field_count, name, NULL);
    if (!field)
        sql_fail(compilation, place, "Column %s is not present in table %s.%s.%s", name,
                 table->project, table->dataset, table->table);
    return field;
}

/* A value that goes into a column: coerced, or refused. */
static bool assign(struct sql_compilation *compilation, void **slot,
                   const struct emulator_field *field) {
    struct sql_expression *value = *slot;
    struct sql_type type = sql_type_of_field(field);
    if (value->form == FORM_DEFAULT)
        return true;
    struct sql_expression *coerced = sql_coerce(compilation, value, type);
    if (!coerced)
        return sql_fail(compilation, value->place,
                        "Value has type %s which cannot be inserted into column %s, which has type "
                        "%s",
                        sql_type_name(&compilation->arena, value->type), field->name,
                        sql_type_name(&compilation->arena, type));
    *slot = coerced;
    return true;
}

static bool resolve_row(struct sql_compilation *compilation, struct sql_list *row,
                        const struct sql_list *fields, struct googlesql_place place) {
    struct sql_scope nothing = {.clause = "VALUES"};
    if (row->count != fields->count)
        return sql_fail(compilation, place,
                        "Inserted row has wrong column count; Has %zu, expected %zu", row->count,
                        fields->count);
    for (size_t i = 0; i < row->count; i++) {
        struct sql_expression *value = row->items[i];
        if ((value->form != FORM_DEFAULT &&
             !sql_resolve_expression(compilation, &nothing, value)) ||
            !assign(compilation, &row->items[i], fields->items[i]))
            return false;
    }
    return true;
}

static bool resolve_inserted_query(struct sql_compilation *compilation, struct sql_tree *tree,
                                   const struct sql_list *fields) {
    if (!sql_resolve_query(compilation, NULL, tree->query))
        return false;
    const struct sql_body *body = tree->query->body;
    if (body->columns.count != fields->count)
        return sql_fail(compilation, tree->query->place,
                        "Inserted row has wrong column count; Has %zu, expected %zu",
                        body->columns.count, fields->count);
    tree->insert_types = sql_new(&compilation->arena, fields->count * sizeof *tree->insert_types);
    for (size_t i = 0; i < fields->count; i++) {
        struct sql_column *column = body->columns.items[i];
        const struct emulator_field *field = fields->items[i];
        tree->insert_types[i] = sql_type_of_field(field);
        struct sql_item *item = body->select ? body->select->items.items[i] : NULL;
        if (item && (item->expression->form == FORM_LITERAL || !item->expression->type.known)) {
            void *slot = item->expression;
            if (!assign(compilation, &slot, field))
                return false;
            item->expression = slot;
            column->type = item->expression->type;
            continue;
        }
        if (!sql_type_widens(column->type, sql_type_of_field(field)))
            return sql_fail(compilation, tree->query->place,
                            "Query column %zu has type %s which cannot be inserted into column %s, "
                            "which has type %s",
                            i + 1, sql_type_name(&compilation->arena, column->type), field->name,
                            sql_type_name(&compilation->arena, sql_type_of_field(field)));
    }
    return true;
}

static bool resolve_insert(struct sql_compilation *compilation, struct sql_tree *tree) {
    struct sql_scope target = {0};
    if (!resolve_target(compilation, &target, tree))
        return false;
    const struct emulator_table *table = tree->target->use->table;
    struct sql_list fields = {0};
    for (size_t i = 0; !tree->has_columns && i < table->field_count; i++) {
        sql_add(&compilation->arena, &fields, &table->fields[i]);
        sql_add_name(&compilation->arena, &tree->columns, table->fields[i].name);
    }
    for (size_t i = 0; tree->has_columns && i < tree->columns.count; i++) {
        const struct googlesql_place *place = tree->column_places.items[i];
        const char *name = tree->columns.items[i];
        if (!column_of(compilation, table, name, *place))
            return false;
        size_t index = 0;
        emulator_field_find(table->fields, table->field_count, name, &index);
        for (size_t k = 0; k < fields.count; k++)
            if (fields.items[k] == &table->fields[index])
                return sql_fail(compilation, *place, "INSERT has columns with duplicate name: %s",
                                name);
        sql_add(&compilation->arena, &fields, &table->fields[index]);
    }
    if (tree->query)
        return resolve_inserted_query(compilation, tree, &fields);
    for (size_t i = 0; i < tree->rows.count; i++)
        if (!resolve_row(compilation, tree->rows.items[i], &fields, tree->place))
            return false;
    return true;
}

static bool resolve_change(struct sql_compilation *compilation, struct sql_tree *tree) {
    struct sql_scope scope = {0};
    if (!resolve_target(compilation, &scope, tree))
        return false;
    if (tree->from && !sql_resolve_source(compilation, &scope, tree->from))
        return false;
    const struct emulator_table *table = tree->target->use->table;
    scope.clause = "UPDATE";
    for (size_t i = 0; i < tree->assignments.count; i++) {
        struct sql_assignment *assignment = tree->assignments.items[i];
        const struct emulator_field *field =
            column_of(compilation, table, assignment->name, assignment->place);
        void *slot = assignment->value;
        if (!field ||
            (assignment->value->form != FORM_DEFAULT &&
             !sql_resolve_expression(compilation, &scope, assignment->value)) ||
            !assign(compilation, &slot, field))
            return false;
        assignment->value = slot;
    }
    if (tree->where && !sql_resolve_condition(compilation, &scope, tree->where, "WHERE clause"))
        return false;
    if (tree->kind != SQL_TRUNCATE)
        sql_judge_partitions(compilation, tree->target, tree->where);
    if (tree->from)
        sql_judge_partitions(compilation, tree->from, tree->where);
    return true;
}

/* The columns a query gives a new table. */
static bool define_from_query(struct sql_compilation *compilation, struct sql_tree *tree) {
    struct sql_definition *definition = tree->definition;
    const struct sql_list *columns = &tree->query->body->columns;
    if (definition->field_count)
        return definition->field_count == columns->count ||
               sql_fail(compilation, tree->query->place,
                        "The number of columns in the column definition list does not match the "
                        "number of columns produced by the query");
    definition->fields = memory_new(columns->count, sizeof *definition->fields);
    definition->field_count = columns->count;
    for (size_t i = 0; i < columns->count; i++) {
        const struct sql_column *column = columns->items[i];
        struct sql_type type = column->type;
        if (!column->name)
            return sql_fail(compilation, tree->query->place,
                            "CREATE TABLE columns must be named, but column %zu has no name",
                            i + 1);
        struct emulator_field field = {
            .name = sql_copy(&compilation->arena, column->name, strlen(column->name)),
            .type = type.known ? type.base : EMULATOR_INT64,
            .repeated = type.array};
        definition->fields[i] = emulator_field_copy(&field);
        definition->fields[i].fields = emulator_fields_copy(type.fields, type.field_count);
        definition->fields[i].field_count = type.field_count;
    }
    return true;
}

static bool resolve_create(struct sql_compilation *compilation, struct sql_tree *tree) {
    struct sql_definition *definition = tree->definition;
    if (!sql_resolve_path(compilation, &tree->target->path, tree->target->place, tree->names))
        return false;
    if (tree->query && (!sql_resolve_query(compilation, NULL, tree->query) ||
                        !define_from_query(compilation, tree)))
        return false;
    for (size_t i = 0; tree->query && i < definition->field_count; i++)
        sql_add_name(&compilation->arena, &tree->columns, definition->fields[i].name);
    if (!definition->partition_field)
        return true;
    const struct emulator_field *field = emulator_field_find(
        definition->fields, definition->field_count, definition->partition_field, NULL);
    if (!field)
        return sql_fail(compilation, tree->partition_place, "Unrecognized name: %s",
                        definition->partition_field);
    return (!field->repeated && (field->type == EMULATOR_DATE || field->type == EMULATOR_DATETIME ||
                                 field->type == EMULATOR_TIMESTAMP)) ||
           sql_fail(compilation, tree->partition_place,
                    "PARTITION BY expression must be DATE(<timestamp_column>), "
                    "DATE(<datetime_column>) or a DATE column");
}

bool sql_resolve(struct sql_compilation *compilation, struct sql_tree *tree) {
    bool good = false;
    switch (tree->kind) {
    case SQL_SELECT:
        good = sql_resolve_query(compilation, NULL, tree->query);
        break;
    case SQL_INSERT:
        good = resolve_insert(compilation, tree);
        break;
    case SQL_UPDATE:
    case SQL_DELETE:
    case SQL_TRUNCATE:
        good = resolve_change(compilation, tree);
        break;
    case SQL_CREATE_TABLE:
    case SQL_CREATE_TABLE_AS_SELECT:
        good = resolve_create(compilation, tree);
        break;
    case SQL_DROP_TABLE:
        good = sql_resolve_path(compilation, &tree->target->path, tree->target->place, tree->names);
        break;
    }
    return good && sql_check_partitions(compilation);
}
