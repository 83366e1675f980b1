/* Names: columns, their qualifiers, fields of records, aliases of the select list. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "emulator/sql_function.h"
#include "emulator/sql_resolve.h"
#include "emulator/sql_type.h"

static void use(const struct sql_column *column) {
    if (column->source && column->source->use)
        column->source->use->used[column->field] = true;
}

/* The columns of one scope that are called `name` (of `qualifier`, unless that is NULL). */
static size_t matches(const struct sql_scope *scope, const char *qualifier, const char *name,
                      const struct sql_column **found) {
    size_t count = 0;
    for (size_t i = 0; i < scope->columns.count; i++) {
        const struct sql_column *column = scope->columns.items[i];
        bool fits = qualifier ? sql_same(column->qualifier, qualifier) : !column->hidden;
        if (!fits || !sql_same(column->name, name))
            continue;
        *found = column;
        count++;
    }
    return count;
}

static bool has_qualifier(const struct sql_scope *scope, const char *qualifier) {
    for (size_t i = 0; i < scope->columns.count; i++) {
        const struct sql_column *column = scope->columns.items[i];
        if (sql_same(column->qualifier, qualifier))
            return true;
    }
    return false;
}

/* A select item by its alias (or by the name its column gives it). */
static bool find_alias(struct sql_compilation *compilation, const struct sql_scope *scope,
                       struct sql_expression *node) {
    const struct sql_item *found = NULL;
    const char *name = node->names.items[0];
    size_t count = 0;
    for (size_t i = 0; scope->items && i < scope->items->count; i++) {
        const struct sql_item *item = scope->items->items[i];
        if (!sql_same(item->alias, name))
            continue;
        found = item;
        count++;
    }
    if (count > 1)
        return sql_fail(compilation, node->place, "Column name %s is ambiguous", name);
    if (!found)
        return false;
    node->alias_of = found->expression;
    node->type = found->expression->type;
    return true;
}

/* The fields of a record behind a column: node->path becomes a JSON path. */
static bool follow_fields(struct sql_compilation *compilation, struct sql_expression *node,
                          size_t from) {
    for (size_t i = from; i < node->names.count; i++) {
        const char *name = node->names.items[i];
        struct sql_type type = node->type;
        if (sql_type_is(type, EMULATOR_JSON))
            return sql_fail(compilation, node->place,
                            "A field of JSON (%s) is not supported by the local BigQuery", name);
        if (type.base != EMULATOR_RECORD || type.array)
            return sql_fail(compilation, node->place,
                            "Cannot access field %s on a value with type %s", name,
                            sql_type_name(&compilation->arena, type));
        const struct emulator_field *field =
            emulator_field_find(type.fields, type.field_count, name, NULL);
        if (!field)
            return sql_fail(compilation, node->place, "Field name %s does not exist in %s", name,
                            sql_type_name(&compilation->arena, type));
        node->path =
            sql_print(&compilation->arena, "%s.\"%s\"", node->path ? node->path : "$", field->name);
        node->type = sql_type_of_field(field);
    }
    return true;
}

static bool take(struct sql_compilation *compilation, struct sql_expression *node,
                 const struct sql_column *column, size_t names) {
    use(column);
    node->column = column;
    node->type = column->type;
    return follow_fields(compilation, node, names);
}

/* Columns that tables have without being asked: of ingestion time, wildcards, files, changes. */
static bool is_pseudo(const char *name) {
    static const char *const prefixes[] = {"_PARTITION", "_TABLE_SUFFIX", "_FILE_NAME", "_CHANGE_",
                                           "_ROW_"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncasecmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static bool unrecognised(struct sql_compilation *compilation, const struct sql_scope *scope,
                         const struct sql_expression *node) {
    const char *name = node->names.items[0];
    if (is_pseudo(name))
        return sql_fail(compilation, node->place,
                        "The pseudo column %s is not supported by the local BigQuery", name);
    const char **known = NULL;
    size_t count = 0, capacity = 0;
    for (const struct sql_scope *at = scope; at; at = at->parent) {
        for (size_t i = 0; i < at->columns.count; i++) {
            const struct sql_column *column = at->columns.items[i];
            known = memory_grow(known, count + 1, &capacity, sizeof *known);
            if (column->name && !column->hidden)
                known[count++] = column->name;
            known = memory_grow(known, count + 1, &capacity, sizeof *known);
            if (column->qualifier)
                known[count++] = column->qualifier;
        }
    }
    const char *nearest = text_nearest(name, known, count);
    free(known);
    return nearest ? sql_fail(compilation, node->place, "Unrecognized name: %s; Did you mean %s?",
                              name, nearest)
                   : sql_fail(compilation, node->place, "Unrecognized name: %s", name);
}

/* The functions that may be called without parentheses. */
static bool is_current(const char *name) {
    static const char *const names[] = {"CURRENT_DATE", "CURRENT_DATETIME", "CURRENT_TIME",
                                        "CURRENT_TIMESTAMP"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (sql_same(names[i], name))
            return true;
    return false;
}

bool sql_resolve_name(struct sql_compilation *compilation, struct sql_scope *scope,
                      struct sql_expression *node) {
    const char *name = node->names.items[0];
    bool plain = node->names.count == 1;
    if (plain && !scope->in_aggregate && find_alias(compilation, scope, node))
        return true;
    if (compilation->failed)
        return false;
    for (const struct sql_scope *at = scope; at; at = at->parent) {
        const struct sql_column *column = NULL;
        if (!plain && has_qualifier(at, name)) {
            const char *second = node->names.items[1];
            size_t count = matches(at, name, second, &column);
            if (count == 1)
                return take(compilation, node, column, 2);
            if (count > 1)
                return sql_fail(compilation, node->place, "Column name %s is ambiguous", second);
            if (is_pseudo(second))
                return sql_fail(compilation, node->place,
                                "The pseudo column %s is not supported by the local BigQuery",
                                second);
            if (!matches(at, NULL, name, &column))
                return sql_fail(compilation, node->place, "Name %s not found inside %s", second,
                                name);
        }
        size_t count = matches(at, NULL, name, &column);
        if (count > 1)
            return sql_fail(compilation, node->place, "Column name %s is ambiguous", name);
        if (count == 1)
            return take(compilation, node, column, 1);
        if (plain && has_qualifier(at, name))
            return sql_fail(compilation, node->place,
                            "A whole row (%s) as a value is not supported by the local BigQuery",
                            name);
    }
    if (plain && is_current(name)) {
        node->form = FORM_CALL;
        node->text = name;
        return sql_function_resolve(compilation, node);
    }
    return unrecognised(compilation, scope, node);
}
