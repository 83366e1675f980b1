/* Expressions: every form but names gets its type here. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/sql_function.h"
#include "emulator/sql_parameter.h"
#include "emulator/sql_resolve.h"
#include "emulator/sql_type.h"

bool sql_resolve_list(struct sql_compilation *compilation, struct sql_scope *scope,
                      struct sql_list *list) {
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i] && !sql_resolve_expression(compilation, scope, list->items[i]))
            return false;
    return true;
}

static bool is_part(const struct sql_function *function, size_t index) {
    return index < strlen(function->arguments) && function->arguments[index] == 'p';
}

static bool part_position(const struct sql_function *rows, size_t count, size_t index) {
    for (size_t i = 0; i < count; i++)
        if (is_part(&rows[i], index))
            return true;
    return false;
}

static bool may_aggregate(struct sql_compilation *compilation, struct sql_scope *scope,
                          const struct sql_expression *node) {
    if (scope->clause)
        return sql_fail(compilation, node->place, "Aggregate function %s not allowed in %s",
                        node->text, scope->clause);
    if (scope->in_aggregate)
        return sql_fail(compilation, node->place, "Aggregations of aggregations are not allowed");
    if (scope->select)
        scope->select->aggregated = true;
    return true;
}

static bool check_call(struct sql_compilation *compilation, const struct sql_expression *node,
                       const struct sql_function *row) {
    if (node->window && row->kind == FUNCTION_SCALAR)
        return sql_fail(compilation, node->place, "Function %s does not support an OVER clause",
                        row->name);
    if (!node->window && row->kind == FUNCTION_WINDOW)
        return sql_fail(compilation, node->place, "Analytic function %s requires an OVER clause",
                        row->name);
    if (node->distinct && row->kind != FUNCTION_AGGREGATE)
        return sql_fail(compilation, node->place,
                        "Non-aggregate %s() call with DISTINCT is not allowed", row->name);
    bool lone = node->arguments.count == 1;
    if (node->distinct && (!lone || sql_same(row->name, "COUNTIF")))
        return sql_fail(compilation, node->place,
                        "DISTINCT in this use of %s is not supported by the local BigQuery",
                        row->name);
    if (node->order.count)
        return sql_fail(compilation, node->place,
                        "ORDER BY within %s is not supported by the local BigQuery", row->name);
    return true;
}

static bool resolve_call(struct sql_compilation *compilation, struct sql_scope *scope,
                         struct sql_expression *node) {
    size_t rows;
    const struct sql_function *row = sql_function_find(node->text, &rows);
    if (!row && sql_function_is_foreign(node->text))
        return sql_fail(compilation, node->place,
                        "The function %s is not supported by the local BigQuery", node->text);
    if (!row) {
        const char *nearest = sql_function_nearest(node->text);
        return nearest ? sql_fail(compilation, node->place,
                                  "Function not found: %s; Did you mean %s?", node->text, nearest)
                       : sql_fail(compilation, node->place, "Function not found: %s", node->text);
    }
    bool aggregates = row->kind == FUNCTION_AGGREGATE && !node->window;
    if (!check_call(compilation, node, row) ||
        (aggregates && !may_aggregate(compilation, scope, node)))
        return false;
    bool before = scope->in_aggregate;
    const char *no_window = scope->no_window;
    scope->in_aggregate = before || aggregates;
    if (aggregates || node->window)
        scope->no_window = aggregates ? "the arguments of an aggregate function"
                                      : "the arguments of an analytic function";
    bool good = true;
    for (size_t i = 0; i < node->arguments.count; i++) {
        struct sql_expression *argument = node->arguments.items[i];
        if (argument->form == FORM_INTERVAL)
            argument->index = 1;
    }
    for (size_t i = 0; i < node->arguments.count && good; i++)
        good = part_position(row, rows, i) ||
               sql_resolve_expression(compilation, scope, node->arguments.items[i]);
    scope->in_aggregate = before;
    scope->no_window = no_window;
    if (!good || !sql_function_resolve(compilation, node) ||
        !sql_check_constants(compilation, node))
        return false;
    return !node->window || sql_resolve_window(compilation, scope, node);
}

static bool resolve_case(struct sql_compilation *compilation, struct sql_expression *node) {
    bool good = true;
    struct sql_list *list = &node->arguments;
    bool otherwise = list->count % 2 == 0;
    struct sql_list values = {0};
    for (size_t i = 2; i < list->count; i += 2)
        sql_add(&compilation->arena, &values, list->items[i]);
    if (otherwise)
        sql_add(&compilation->arena, &values, list->items[list->count - 1]);
    node->type = sql_unify(compilation, &values, 0, 1, &good);
    if (!good)
        return sql_fail(compilation, node->place,
                        "No matching signature for operator CASE; all THEN/ELSE arguments must be "
                        "coercible to a common type");
    for (size_t i = 0; i < values.count; i++)
        list->items[i == values.count - 1 && otherwise ? list->count - 1 : 2 * i + 2] =
            values.items[i];
    bool operand = list->items[0] != NULL;
    for (size_t i = 1; i + 1 < list->count && !operand; i += 2) {
        const struct sql_expression *when = list->items[i];
        if (when->type.known && !sql_type_equal(when->type, sql_scalar(EMULATOR_BOOL)))
            return sql_fail(compilation, when->place,
                            "CASE WHEN clause should return type BOOL, but returns %s",
                            sql_type_name(&compilation->arena, when->type));
    }
    if (!operand)
        return true;
    struct sql_list compared = {0};
    sql_add(&compilation->arena, &compared, list->items[0]);
    for (size_t i = 1; i + 1 < list->count; i += 2)
        sql_add(&compilation->arena, &compared, list->items[i]);
    sql_unify(compilation, &compared, 0, 1, &good);
    for (size_t i = 0; i < compared.count; i++)
        list->items[i ? 2 * i - 1 : 0] = compared.items[i];
    return good || sql_fail(compilation, node->place,
                            "No matching signature for operator CASE; all WHEN arguments must be "
                            "comparable with the CASE value");
}

static bool resolve_cast(struct sql_compilation *compilation, struct sql_expression *node) {
    struct sql_expression *operand = node->arguments.items[0];
    if (node->text) {
        struct sql_type to = node->type;
        if (sql_type_moment(to) || to.base == EMULATOR_TIME) {
            struct sql_expression *literal = sql_coerce(compilation, operand, to);
            if (literal)
                node->arguments.items[0] = literal;
            return literal != NULL;
        }
    }
    if (!operand->type.known && operand->form == FORM_PARAMETER)
        sql_parameter_learn(compilation, operand, sql_scalar(EMULATOR_STRING));
    if (!sql_type_casts(operand->type, node->type))
        return sql_fail(compilation, node->place, "Invalid cast from %s to %s",
                        sql_type_name(&compilation->arena, operand->type),
                        sql_type_name(&compilation->arena, node->type));
    return true;
}

/* ARRAY(SELECT …), (SELECT …): one column. */
static bool resolve_subquery(struct sql_compilation *compilation, struct sql_scope *scope,
                             struct sql_expression *node) {
    struct sql_scope around = *scope;
    if (!sql_resolve_query(compilation, &around, node->query))
        return false;
    const struct sql_list *columns = &node->query->body->columns;
    if (node->form == FORM_EXISTS) {
        node->type = sql_scalar(EMULATOR_BOOL);
        return true;
    }
    const struct sql_column *column = columns->items[0];
    if (columns->count != 1)
        return sql_fail(compilation, node->place, "%s must produce a single column",
                        node->form == FORM_ARRAY ? "ARRAY subquery" : "Scalar subquery");
    node->type = node->form == FORM_ARRAY ? sql_array(column->type) : column->type;
    return true;
}

static bool resolve_in(struct sql_compilation *compilation, struct sql_scope *scope,
                       struct sql_expression *node) {
    node->type = sql_scalar(EMULATOR_BOOL);
    struct sql_expression *value = node->arguments.items[0];
    if (!node->query && !node->array)
        return sql_resolve_operator(compilation, node);
    struct sql_type element = {0};
    if (node->array) {
        if (!sql_resolve_expression(compilation, scope, node->array))
            return false;
        if (!node->array->type.known)
            sql_parameter_learn(compilation, node->array, sql_array(value->type));
        else if (!node->array->type.array)
            return sql_fail(compilation, node->array->place,
                            "Values referenced in UNNEST must be arrays. UNNEST contains "
                            "expression of type %s",
                            sql_type_name(&compilation->arena, node->array->type));
        element = sql_element(node->array->type);
    } else {
        struct sql_scope around = *scope;
        if (!sql_resolve_query(compilation, &around, node->query))
            return false;
        const struct sql_column *column = node->query->body->columns.items[0];
        element = column->type;
        if (node->query->body->columns.count != 1)
            return sql_fail(compilation, node->place,
                            "Subquery of type IN must have only one output column");
    }
    struct sql_expression *coerced = sql_coerce(compilation, value, element);
    if (coerced)
        node->arguments.items[0] = coerced;
    bool fits = coerced || (!compilation->failed && sql_type_widens(element, value->type));
    if (fits && sql_type_has_equality(element) && sql_type_has_equality(value->type))
        return true;
    return sql_fail(compilation, node->place,
                    "Cannot execute IN subquery with uncomparable types %s and %s",
                    sql_type_name(&compilation->arena, value->type),
                    sql_type_name(&compilation->arena, element));
}

static bool resolve_array(struct sql_compilation *compilation, struct sql_scope *scope,
                          struct sql_expression *node) {
    if (node->query)
        return resolve_subquery(compilation, scope, node);
    bool good = true;
    struct sql_type element = sql_unify(compilation, &node->arguments, 0, 1, &good);
    if (!good || element.array)
        return sql_fail(compilation, node->place, "Array elements must have one common type");
    node->type = sql_array(element.known ? element : sql_scalar(EMULATOR_INT64));
    return true;
}

static bool resolve_element(struct sql_compilation *compilation, struct sql_expression *node) {
    struct sql_expression *array = node->arguments.items[0], *index = node->arguments.items[1];
    if (sql_type_is(array->type, EMULATOR_JSON))
        return sql_fail(compilation, node->place,
                        "An element of JSON is not supported by the local BigQuery");
    if (!array->type.array)
        return sql_fail(compilation, node->place, "Element access is not supported on type %s",
                        sql_type_name(&compilation->arena, array->type));
    if (index->type.known && !sql_type_equal(index->type, sql_scalar(EMULATOR_INT64)))
        return sql_fail(compilation, index->place, "Array position must be INT64, but is %s",
                        sql_type_name(&compilation->arena, index->type));
    node->type = sql_element(array->type);
    return true;
}

/* The number an INT64 literal stands for, in decimal digits whatever it was written in. */
static bool resolve_integer(struct sql_compilation *compilation, struct sql_expression *node,
                            bool negative) {
    struct text digits = text_of(node->text);
    bool hex = text_starts(digits, TEXT("0x")) || text_starts(digits, TEXT("0X"));
    errno = 0;
    uint64_t size = strtoull(node->text, NULL, hex ? 16 : 10);
    uint64_t most = (uint64_t)INT64_MAX + (negative ? 1 : 0);
    if (errno == ERANGE || size > most)
        return sql_fail(compilation, node->place, "Invalid integer literal: %s%s",
                        negative ? "-" : "", node->text);
    node->text = sql_print(&compilation->arena, "%s%llu", negative && size ? "-" : "",
                           (unsigned long long)size);
    return true;
}

/* -1 is a literal and not the negation of one: its type gives way, and -9223372036854775808 is an
 * INT64. */
static bool fold_sign(struct sql_compilation *compilation, struct sql_expression *node) {
    struct sql_expression *operand = node->arguments.items[0];
    bool negative = strcmp(node->text, "-") == 0;
    if (node->form != FORM_UNARY || operand->form != FORM_LITERAL || operand->resolved ||
        !sql_type_numeric(operand->type) || operand->text[0] == '-')
        return true;
    struct googlesql_place place = node->place;
    const char *text = operand->text;
    *node = *operand;
    node->place = place;
    node->resolved = true;
    if (sql_type_is(node->type, EMULATOR_INT64))
        return resolve_integer(compilation, node, negative);
    node->text = negative ? sql_print(&compilation->arena, "-%s", text) : text;
    return true;
}

static bool resolve_form(struct sql_compilation *compilation, struct sql_scope *scope,
                         struct sql_expression *node) {
    switch (node->form) {
    case FORM_NAME:
        return sql_resolve_name(compilation, scope, node);
    case FORM_PARAMETER:
        return sql_parameter_resolve(compilation, node);
    case FORM_CALL:
        return resolve_call(compilation, scope, node);
    case FORM_UNARY:
    case FORM_BINARY:
    case FORM_BETWEEN:
    case FORM_IS:
    case FORM_INTERVAL:
        return sql_resolve_operator(compilation, node);
    case FORM_IN:
        return resolve_in(compilation, scope, node);
    case FORM_CASE:
        return resolve_case(compilation, node);
    case FORM_CAST:
        return resolve_cast(compilation, node);
    case FORM_EXISTS:
    case FORM_SCALAR:
        return resolve_subquery(compilation, scope, node);
    case FORM_ARRAY:
        return resolve_array(compilation, scope, node);
    case FORM_ELEMENT:
        return resolve_element(compilation, node);
    case FORM_DEFAULT:
        return sql_fail(compilation, node->place, "Syntax error: Unexpected keyword DEFAULT");
    case FORM_LITERAL:
        return !sql_type_is(node->type, EMULATOR_INT64) ||
               resolve_integer(compilation, node, false);
    case FORM_PART:
    case FORM_STAR:
        break;
    }
    return true;
}

bool sql_resolve_expression(struct sql_compilation *compilation, struct sql_scope *scope,
                            struct sql_expression *node) {
    if (node->resolved)
        return true;
    if (node->form == FORM_UNARY && !fold_sign(compilation, node))
        return false;
    if (node->resolved)
        return true;
    if (node->form != FORM_CALL && !sql_resolve_list(compilation, scope, &node->arguments))
        return false;
    node->resolved = true;
    return resolve_form(compilation, scope, node) && !compilation->failed;
}

bool sql_resolve_condition(struct sql_compilation *compilation, struct sql_scope *scope,
                           struct sql_expression *node, const char *clause) {
    if (!sql_resolve_expression(compilation, scope, node))
        return false;
    if (!node->type.known || sql_type_equal(node->type, sql_scalar(EMULATOR_BOOL)))
        return true;
    return sql_fail(compilation, node->place, "%s should return type BOOL, but returns %s", clause,
                    sql_type_name(&compilation->arena, node->type));
}
