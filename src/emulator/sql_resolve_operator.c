/* Operators: the types they take and give. */
#include <string.h>

#include "emulator/sql_moment.h"
#include "emulator/sql_resolve.h"
#include "emulator/sql_type.h"

/* The signatures an operator has, as BigQuery lists them; NULL: ANY on both sides of it. */
static const char *signatures_of(const char *name) {
    static const char *const known[][2] = {
        {"BETWEEN", "(ANY) BETWEEN (ANY) AND (ANY)"},
        {"+", "INT64 + INT64; FLOAT64 + FLOAT64; NUMERIC + NUMERIC; BIGNUMERIC + BIGNUMERIC; "
              "DATE + INT64; INT64 + DATE"},
        {"-", "INT64 - INT64; FLOAT64 - FLOAT64; NUMERIC - NUMERIC; BIGNUMERIC - BIGNUMERIC; "
              "DATE - INT64"},
        {"*", "INT64 * INT64; FLOAT64 * FLOAT64; NUMERIC * NUMERIC; BIGNUMERIC * BIGNUMERIC"},
        {"/", "FLOAT64 / FLOAT64; NUMERIC / NUMERIC; BIGNUMERIC / BIGNUMERIC"},
        {"||", "STRING || STRING; BYTES || BYTES"},
        {"LIKE", "STRING LIKE STRING; BYTES LIKE BYTES"},
        {"AND", "BOOL AND BOOL"},
        {"OR", "BOOL OR BOOL"},
        {"NOT", "NOT BOOL"},
        {"<<", "INT64 << INT64; BYTES << INT64"},
        {">>", "INT64 >> INT64; BYTES >> INT64"},
        {"&", "INT64 & INT64; BYTES & BYTES"},
        {"|", "INT64 | INT64; BYTES | BYTES"},
        {"IS", "BOOL IS TRUE; BOOL IS FALSE"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i][0], name) == 0)
            return known[i][1];
    return NULL;
}

static void name_types(struct sql_compilation *compilation, const struct sql_list *list,
                       size_t from, struct text_buffer *out) {
    for (size_t i = from; i < list->count; i++) {
        const struct sql_expression *argument = list->items[i];
        text_buffer_format(out, "%s%s", i > from ? ", " : "",
                           sql_type_name(&compilation->arena, argument->type));
    }
}

static bool no_signature(struct sql_compilation *compilation, const struct sql_expression *node,
                         const char *name) {
    struct text_buffer types = {0};
    const struct sql_list *list = &node->arguments;
    const char *known =
        node->form == FORM_UNARY && name[0] != 'N'
            ? sql_print(&compilation->arena, "%sINT64; %sFLOAT64; %sNUMERIC; %sBIGNUMERIC", name,
                        name, name, name)
            : signatures_of(name);
    if (node->form == FORM_IN) {
        const struct sql_expression *first = list->items[0];
        text_buffer_format(&types, "%s and {", sql_type_name(&compilation->arena, first->type));
        name_types(compilation, list, 1, &types);
        text_buffer_add(&types, "}");
        known = "ANY IN (ANY)";
    } else {
        name_types(compilation, list, 0, &types);
    }
    if (!known)
        known = sql_print(&compilation->arena, "ANY %s ANY", name);
    sql_fail(compilation, node->place,
             "No matching signature for operator %s for argument type%s: %s. Supported "
             "signature%s: %s",
             name, list->count == 1 ? "" : "s", types.data, strchr(known, ';') ? "s" : "", known);
    text_buffer_free(&types);
    return false;
}

/* "Equality is not defined for arguments of type JSON". */
static bool not_defined(struct sql_compilation *compilation, const struct sql_expression *node,
                        const char *name, struct sql_type type) {
    static const char *const words[][2] = {{"=", "Equality"},
                                           {"!=", "Inequality"},
                                           {"<>", "Inequality"},
                                           {"<", "Less than"},
                                           {"<=", "Less than or equal"},
                                           {">", "Greater than"},
                                           {">=", "Greater than or equal"}};
    const char *word = name;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i][0], name) == 0)
            word = words[i][1];
    return sql_fail(compilation, node->place, "%s is not defined for arguments of type %s", word,
                    sql_type_name(&compilation->arena, type));
}

/* All arguments of one comparable type. */
static bool compare(struct sql_compilation *compilation, struct sql_expression *node,
                    const char *name) {
    bool good = true;
    bool equality = strcmp(name, "=") == 0 || strcmp(name, "!=") == 0 || strcmp(name, "<>") == 0 ||
                    node->form == FORM_IN;
    node->type = sql_scalar(EMULATOR_BOOL);
    struct sql_type type = sql_unify(compilation, &node->arguments, 0, 1, &good);
    if (compilation->failed)
        return false;
    if (!good)
        return no_signature(compilation, node, name);
    if (equality && sql_type_is(type, EMULATOR_RECORD))
        return sql_fail(compilation, node->place,
                        "Comparing STRUCTs is not supported by the local BigQuery");
    bool able = equality ? sql_type_has_equality(type) : sql_type_orders(type);
    return able || not_defined(compilation, node, name, type);
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

/* DATE + 1, DATE - 1, 1 + DATE (whose sides change places). */
static bool shift_date(struct sql_compilation *compilation, struct sql_expression *node) {
    struct sql_list *list = &node->arguments;
    const struct sql_expression *left = list->items[0], *right = list->items[1];
    if (node->text[0] != '+' && node->text[0] != '-')
        return false;
    if (node->text[0] == '+' && sql_type_is(right->type, EMULATOR_DATE) &&
        sql_type_is(left->type, EMULATOR_INT64)) {
        void *first = list->items[0];
        list->items[0] = list->items[1];
        list->items[1] = first;
    } else if (!sql_type_is(left->type, EMULATOR_DATE) ||
               (right->type.known && !sql_type_is(right->type, EMULATOR_INT64))) {
        return false;
    }
    sql_coerce(compilation, list->items[1], sql_scalar(EMULATOR_INT64));
    node->type = sql_scalar(EMULATOR_DATE);
    return true;
}

/* DATE - DATE and its kin, which give an INTERVAL. */
static bool gives_interval(const struct sql_expression *node) {
    const struct sql_expression *left = node->arguments.items[0], *right = node->arguments.items[1];
    return node->text[0] == '-' && sql_type_moment(left->type) &&
           sql_type_is(right->type, left->type.base);
}

static bool calculate(struct sql_compilation *compilation, struct sql_expression *node) {
    if (shift_date(compilation, node))
        return true;
    if (gives_interval(node))
        return sql_fail(compilation, node->place,
                        "A difference that is an INTERVAL is not supported by the local BigQuery");
    bool good = true;
    struct sql_list *list = &node->arguments;
    struct sql_type type = sql_unify(compilation, list, 0, 1, &good);
    if (compilation->failed)
        return false;
    if (!good || (type.known && !sql_type_numeric(type)))
        return no_signature(compilation, node, node->text);
    node->type = type.known ? type : sql_scalar(EMULATOR_INT64);
    if (node->text[0] == '/' && sql_type_is(node->type, EMULATOR_INT64))
        node->type = sql_scalar(EMULATOR_FLOAT64);
    return true;
}

static bool concatenate(struct sql_compilation *compilation, struct sql_expression *node) {
    bool good = true;
    struct sql_type type = sql_unify(compilation, &node->arguments, 0, 1, &good);
    if (good && type.array)
        return sql_fail(compilation, node->place,
                        "|| of ARRAYs is not supported by the local BigQuery");
    if (!good || (type.known && type.base != EMULATOR_STRING && type.base != EMULATOR_BYTES))
        return no_signature(compilation, node, node->text);
    node->type = type.known ? type : sql_scalar(EMULATOR_STRING);
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
    const struct sql_expression *operand = node->arguments.items[0];
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
