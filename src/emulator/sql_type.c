/* Types of GoogleSQL expressions. */
#include "emulator/sql_type.h"

#include <stdlib.h>
#include <string.h>

#include "emulator/decimal.h"
#include "emulator/schema.h"
#include "emulator/sql_moment.h"
#include "emulator/sql_parameter.h"

struct sql_type sql_scalar(enum emulator_type base) {
    return (struct sql_type){.known = true, .base = base};
}

struct sql_type sql_array(struct sql_type element) {
    element.array = true;
    element.known = true;
    return element;
}

struct sql_type sql_element(struct sql_type array) {
    array.array = false;
    return array;
}

struct sql_type sql_type_of_field(const struct emulator_field *field) {
    return (struct sql_type){.known = true,
                             .array = field->repeated,
                             .base = field->type,
                             .fields = field->fields,
                             .field_count = field->field_count};
}

const char *sql_type_name(struct sql_arena *arena, struct sql_type type) {
    if (!type.known)
        return "NULL";
    struct emulator_field field = {
        .type = type.base, .repeated = type.array, .field_count = type.field_count};
    memcpy(&field.fields, &type.fields, sizeof field.fields);
    char *text = schema_type_text(&field);
    const char *name = sql_copy(arena, text, strlen(text));
    free(text);
    return name;
}

const char *sql_type_kind(struct sql_type type) {
    return !type.known ? "NULL" : type.array ? "ARRAY" : emulator_type_sql(type.base);
}

bool sql_type_equal(struct sql_type a, struct sql_type b) {
    return a.known && b.known && a.base == b.base && a.array == b.array;
}

bool sql_type_numeric(struct sql_type type) {
    return type.known && !type.array &&
           (type.base == EMULATOR_INT64 || type.base == EMULATOR_FLOAT64 ||
            type.base == EMULATOR_NUMERIC || type.base == EMULATOR_BIGNUMERIC);
}

bool sql_type_decimal(struct sql_type type) {
    return sql_type_is(type, EMULATOR_NUMERIC) || sql_type_is(type, EMULATOR_BIGNUMERIC);
}

bool sql_type_moment(struct sql_type type) {
    return type.known && !type.array &&
           (type.base == EMULATOR_DATE || type.base == EMULATOR_DATETIME ||
            type.base == EMULATOR_TIMESTAMP);
}

/* The numeric types in the order in which one widens into the next. */
static int rank(struct sql_type type) {
    static const enum emulator_type order[] = {EMULATOR_INT64, EMULATOR_NUMERIC,
                                               EMULATOR_BIGNUMERIC, EMULATOR_FLOAT64};
    for (int i = 0; i < 4; i++)
        if (order[i] == type.base)
            return i;
    return -1;
}

bool sql_type_widens(struct sql_type from, struct sql_type to) {
    if (!from.known || sql_type_equal(from, to))
        return true;
    if (from.array || to.array)
        return false;
    if (sql_type_numeric(from) && sql_type_numeric(to))
        return rank(from) <= rank(to);
    return from.base == EMULATOR_DATE && to.base == EMULATOR_DATETIME;
}

enum { EQUAL = 1, GROUP = 2, ORDER = 4, PARTITION = 8, ALL = 15 };

/* What a type can do, as the table of GoogleSQL's data type properties says. */
static const unsigned char abilities[EMULATOR_TYPE_COUNT] = {
    [EMULATOR_STRING] = ALL,    [EMULATOR_BYTES] = ALL,
    [EMULATOR_INT64] = ALL,     [EMULATOR_FLOAT64] = EQUAL | GROUP | ORDER,
    [EMULATOR_NUMERIC] = ALL,   [EMULATOR_BIGNUMERIC] = ALL,
    [EMULATOR_BOOL] = ALL,      [EMULATOR_DATE] = ALL,
    [EMULATOR_DATETIME] = ALL,  [EMULATOR_TIME] = ALL,
    [EMULATOR_TIMESTAMP] = ALL,
};

static bool is_able(struct sql_type type, unsigned ability) {
    return !type.known || (!type.array && (abilities[type.base] & ability));
}

bool sql_type_has_equality(struct sql_type type) {
    return is_able(type, EQUAL);
}

bool sql_type_groups(struct sql_type type) {
    return is_able(type, GROUP);
}

bool sql_type_orders(struct sql_type type) {
    return is_able(type, ORDER);
}

bool sql_type_partitions(struct sql_type type) {
    return is_able(type, PARTITION);
}

bool sql_type_is(struct sql_type type, enum emulator_type base) {
    return type.known && !type.array && type.base == base;
}

#define BIT(type) (1U << EMULATOR_##type)

bool sql_type_casts(struct sql_type from, struct sql_type to) {
    static const unsigned targets[EMULATOR_TYPE_COUNT] = {
        [EMULATOR_STRING] = BIT(BYTES) | BIT(INT64) | BIT(FLOAT64) | BIT(NUMERIC) |
                            BIT(BIGNUMERIC) | BIT(BOOL) | BIT(DATE) | BIT(DATETIME) | BIT(TIME) |
                            BIT(TIMESTAMP),
        [EMULATOR_BYTES] = BIT(STRING),
        [EMULATOR_INT64] = BIT(STRING) | BIT(FLOAT64) | BIT(NUMERIC) | BIT(BIGNUMERIC) | BIT(BOOL),
        [EMULATOR_FLOAT64] = BIT(STRING) | BIT(INT64) | BIT(NUMERIC) | BIT(BIGNUMERIC),
        [EMULATOR_NUMERIC] = BIT(STRING) | BIT(INT64) | BIT(FLOAT64) | BIT(BIGNUMERIC),
        [EMULATOR_BIGNUMERIC] = BIT(STRING) | BIT(INT64) | BIT(FLOAT64) | BIT(NUMERIC),
        [EMULATOR_BOOL] = BIT(STRING) | BIT(INT64),
        [EMULATOR_DATE] = BIT(STRING) | BIT(DATETIME) | BIT(TIMESTAMP),
        [EMULATOR_DATETIME] = BIT(STRING) | BIT(DATE) | BIT(TIME) | BIT(TIMESTAMP),
        [EMULATOR_TIME] = BIT(STRING),
        [EMULATOR_TIMESTAMP] = BIT(STRING) | BIT(DATE) | BIT(DATETIME) | BIT(TIME),
    };
    if (!from.known || sql_type_equal(from, to))
        return true;
    return !from.array && !to.array && (targets[from.base] & (1U << to.base));
}

static struct sql_expression *wrap(struct sql_compilation *compilation, struct sql_expression *node,
                                   struct sql_type to) {
    struct sql_expression *cast = sql_new(&compilation->arena, sizeof *cast);
    cast->form = FORM_CAST;
    cast->place = node->place;
    cast->type = to;
    cast->resolved = true;
    sql_add(&compilation->arena, &cast->arguments, node);
    return cast;
}

/* A STRING literal read as a date or a time, in the form storage gives it. */
static struct sql_expression *read_literal(struct sql_compilation *compilation,
                                           struct sql_expression *node, struct sql_type to) {
    char text[SQL_MOMENT_SIZE];
    if (!sql_moment_canonical(to.base, text_of(node->text), text)) {
        sql_fail(compilation, node->place, "Could not cast literal \"%s\" to type %s", node->text,
                 emulator_type_sql(to.base));
        return NULL;
    }
    struct sql_expression *literal = sql_new(&compilation->arena, sizeof *literal);
    *literal = *node;
    literal->string = false;
    literal->text = sql_copy(&compilation->arena, text, strlen(text));
    literal->type = to;
    return literal;
}

/* A number read as a decimal, in the form storage gives it. */
static struct sql_expression *decimal_literal(struct sql_compilation *compilation,
                                              struct sql_expression *node, struct sql_type to) {
    struct decimal number;
    char text[DECIMAL_SIZE];
    bool big = to.base == EMULATOR_BIGNUMERIC;
    if (!decimal_read(text_of(node->text), &number) ||
        !decimal_fit(&number, big ? DECIMAL_BIGNUMERIC : DECIMAL_NUMERIC)) {
        sql_fail(compilation, node->place, "Could not cast literal %s to type %s", node->text,
                 emulator_type_sql(to.base));
        return NULL;
    }
    struct sql_expression *literal = sql_new(&compilation->arena, sizeof *literal);
    *literal = *node;
    decimal_write(&number, text);
    literal->text = sql_copy(&compilation->arena, text, strlen(text));
    literal->type = to;
    return literal;
}

struct sql_expression *sql_coerce(struct sql_compilation *compilation, struct sql_expression *node,
                                  struct sql_type to) {
    struct sql_type from = node->type;
    if (!to.known || sql_type_equal(from, to))
        return node;
    if (!from.known) {
        if (node->form == FORM_PARAMETER)
            sql_parameter_learn(compilation, node, to);
        return node;
    }
    bool time = sql_type_moment(to) || (!to.array && to.base == EMULATOR_TIME);
    if (!from.array && from.base == EMULATOR_STRING && time) {
        if (node->string)
            return read_literal(compilation, node, to);
        return node->form == FORM_PARAMETER ? wrap(compilation, node, to) : NULL;
    }
    if (node->form == FORM_LITERAL && sql_type_numeric(from) && sql_type_decimal(to))
        return decimal_literal(compilation, node, to);
    if (!sql_type_widens(from, to))
        return NULL;
    bool converts = sql_type_moment(from) || sql_type_decimal(from) || sql_type_decimal(to);
    return converts ? wrap(compilation, node, to) : node;
}

/* A literal, whose type gives way to that of a value, or a STRING parameter, which reads as one. */
static bool gives_way(const struct sql_expression *node) {
    return node->form == FORM_LITERAL ||
           (node->form == FORM_PARAMETER && sql_type_is(node->type, EMULATOR_STRING));
}

/* Whether sql_coerce would take the literal; its text may still be malformed. */
static bool literal_coerces(const struct sql_expression *node, struct sql_type to) {
    if (sql_type_widens(node->type, to))
        return true;
    if (sql_type_is(node->type, EMULATOR_STRING))
        return sql_type_moment(to) || sql_type_is(to, EMULATOR_TIME);
    return sql_type_is(node->type, EMULATOR_FLOAT64) && sql_type_decimal(to);
}

/* The type that the values have in common; then the literals bend to it, or bend it. */
static struct sql_type common_type(const struct sql_list *list, size_t first, size_t step) {
    struct sql_type common = {0};
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = first; i < list->count; i += step) {
            const struct sql_expression *node = list->items[i];
            if (!node || !node->type.known || gives_way(node) != (pass == 1))
                continue;
            bool bends = pass == 1 && literal_coerces(node, common);
            if (!common.known || (!bends && sql_type_widens(common, node->type)))
                common = node->type;
        }
    }
    return common;
}

struct sql_type sql_unify(struct sql_compilation *compilation, struct sql_list *list, size_t first,
                          size_t step, bool *good) {
    struct sql_type common = common_type(list, first, step);
    *good = true;
    for (size_t i = first; i < list->count && common.known; i += step) {
        if (!list->items[i])
            continue;
        struct sql_expression *node = sql_coerce(compilation, list->items[i], common);
        if (node)
            list->items[i] = node;
        else
            *good = false;
    }
    *good = *good && !compilation->failed;
    return common;
}
