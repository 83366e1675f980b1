/* Operators: the types they take and give. */
#include <string.h>

#include "emulator/sql_moment.h"
#include "emulator/sql_resolve.h"
#include "emulator/sql_type.h"

static bool no_signature(struct sql_compilation *compilation, const struct sql_expression *node,
                         const char *name) {
    struct text_buffer types = {0};
    for (size_t i = 0; i < node->arguments.count; i++) {
        const struct sql_expression *argument = node->arguments.items[i];
        text_buffer_format(&types, "%s%s", i ? ", " : "",
                           sql_type_name(&compilation->arena, argument->type));
    }
    bool comparison =
        strchr("=!<>", name[0]) || strcmp(name, "BETWEEN") == 0 || strcmp(name, "IN") == 0;
    sql_fail(compilation, node->place,
             "No matching signature for operator %s for argument type%s: %s. Supported "
             "signature: %s",
             name, node->arguments.count == 1 ? "" : "s", types.data,
             comparison ? "ANY, ANY" : "see the operator's reference");
    text_buffer_free(&types);
    return false;
}

/* All arguments of one comparable type. */
static bool compare(struct sql_compilation *compilation, struct sql_expression *node,
                    const char *name) {
    bool good = true;
    node->type = sql_scalar(EMULATOR_BOOL);
    struct sql_type type = sql_unify(compilation, &node->arguments, 0, 1, &good);
    if (compilation->failed)
        return false;
    bool comparable =
        !type.known || (!type.array && type.base != EMULATOR_RECORD && type.base != EMULATOR_JSON);
    return (good && comparable) || no_signature(compilation, node, name);
}

/* All arguments of the type, which is also the result's. */
static bool require(struct sql_compilation *compilation, struct sql_expression *node,
                    enum emulator_type type, enum emulator_type result) {
    for (size_t i = 0; i < node->arguments.count; i++) {
        struct sql_expression *argument = node->arguments.items[i];
        if (argument->type.known && !sql_type_equal(argument->type, sql_scalar(type)))
            return no_signature(compilation, node, node->text);
        sql_coerce(compilation, argument, sql_scalar(type));
    }
    node->type = sql_scalar(result);
    return true;
}

/* DATE + 1, DATE - 1. */
static bool shift_date(struct sql_compilation *compilation, struct sql_expression *node) {
    const struct sql_expression *left = node->arguments.items[0];
    const struct sql_expression *right = node->arguments.items[1];
    if (!left->type.known || !sql_type_equal(left->type, sql_scalar(EMULATOR_DATE)) ||
        (node->text[0] != '+' && node->text[0] != '-'))
        return false;
    if (right->type.known && !sql_type_equal(right->type, sql_scalar(EMULATOR_INT64)))
        return false;
    sql_coerce(compilation, node->arguments.items[1], sql_scalar(EMULATOR_INT64));
    node->type = left->type;
    return true;
}

static bool calculate(struct sql_compilation *compilation, struct sql_expression *node) {
    if (shift_date(compilation, node))
        return true;
    bool good = true;
    struct sql_type type = sql_unify(compilation, &node->arguments, 0, 1, &good);
    if (compilation->failed)
        return false;
    if (!good || (type.known && !sql_type_numeric(type)))
        return no_signature(compilation, node, node->text);
    bool fraction = node->text[0] == '/' && (!type.known || type.base == EMULATOR_INT64);
    node->type =
        fraction ? sql_scalar(EMULATOR_FLOAT64) : (type.known ? type : sql_scalar(EMULATOR_INT64));
    return true;
}

static bool concatenate(struct sql_compilation *compilation, struct sql_expression *node) {
    for (size_t i = 0; i < 2; i++) {
        struct sql_expression *argument = node->arguments.items[i];
        struct sql_type type = argument->type;
        if (type.known &&
            (type.array || (type.base != EMULATOR_STRING && type.base != EMULATOR_BYTES)))
            return no_signature(compilation, node, node->text);
        sql_coerce(compilation, argument, sql_scalar(EMULATOR_STRING));
        if (type.known)
            node->type = type;
    }
    if (!node->type.known)
        node->type = sql_scalar(EMULATOR_STRING);
    return true;
}

static bool resolve_binary(struct sql_compilation *compilation, struct sql_expression *node) {
    const char *text = node->text;
    if (strcmp(text, "||") == 0)
        return concatenate(compilation, node);
    if (strcmp(text, "LIKE") == 0)
        return require(compilation, node, EMULATOR_STRING, EMULATOR_BOOL);
    if (strcmp(text, "AND") == 0 || strcmp(text, "OR") == 0)
        return require(compilation, node, EMULATOR_BOOL, EMULATOR_BOOL);
    if (strcmp(text, "^") == 0)
        return sql_fail(compilation, node->place,
                        "The operator ^ is not supported by the local BigQuery");
    if (strcmp(text, "<<") == 0 || strcmp(text, ">>") == 0 || strchr("&|", text[0]))
        return require(compilation, node, EMULATOR_INT64, EMULATOR_INT64);
    if (strchr("=!<>", text[0]))
        return compare(compilation, node, text);
    return calculate(compilation, node);
}

static bool resolve_unary(struct sql_compilation *compilation, struct sql_expression *node) {
    struct sql_expression *operand = node->arguments.items[0];
    if (strcmp(node->text, "NOT") == 0)
        return require(compilation, node, EMULATOR_BOOL, EMULATOR_BOOL);
    if (operand->type.known && !sql_type_numeric(operand->type))
        return no_signature(compilation, node, node->text);
    node->type = operand->type.known ? operand->type : sql_scalar(EMULATOR_INT64);
    return true;
}

static bool resolve_interval(struct sql_compilation *compilation, struct sql_expression *node) {
    struct sql_expression *count = node->arguments.items[0];
    enum sql_part part;
    if (!node->index)
        return sql_fail(compilation, node->place,
                        "INTERVAL outside DATE_ADD, DATE_SUB and their kin is not supported by the "
                        "local BigQuery");
    if (!sql_part_read(node->text, &part))
        return sql_fail(compilation, node->place, "A valid date part name is required but found %s",
                        node->text);
    if (count->type.known && !sql_type_equal(count->type, sql_scalar(EMULATOR_INT64)))
        return sql_fail(compilation, count->place,
                        "Interval value must be coercible to INT64 type, but is %s",
                        sql_type_name(&compilation->arena, count->type));
    sql_coerce(compilation, count, sql_scalar(EMULATOR_INT64));
    return true;
}

bool sql_resolve_operator(struct sql_compilation *compilation, struct sql_expression *node) {
    switch (node->form) {
    case FORM_UNARY:
        return resolve_unary(compilation, node);
    case FORM_BETWEEN:
        return compare(compilation, node, "BETWEEN");
    case FORM_IN:
        return compare(compilation, node, "IN");
    case FORM_INTERVAL:
        return resolve_interval(compilation, node);
    case FORM_IS: {
        struct sql_expression *operand = node->arguments.items[0];
        node->type = sql_scalar(EMULATOR_BOOL);
        bool truth = strcmp(node->text, "NULL") != 0;
        return !truth || !operand->type.known ||
               sql_type_equal(operand->type, sql_scalar(EMULATOR_BOOL)) ||
               no_signature(compilation, node, "IS");
    }
    default:
        return resolve_binary(compilation, node);
    }
}
