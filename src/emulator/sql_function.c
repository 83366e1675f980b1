/* Which function a call means, and what type it has. */
#include "emulator/sql_function.h"

#include <string.h>

#include "base/text.h"
#include "emulator/sql_moment.h"
#include "emulator/sql_type.h"

static const struct sql_function functions[] = {
#define X(name, arguments, result, sqlite) {name, arguments, sqlite, result, FUNCTION_AGGREGATE},
    SQL_AGGREGATES(X)
#undef X
#define X(name, arguments, result, sqlite) {name, arguments, sqlite, result, FUNCTION_WINDOW},
        SQL_WINDOWS(X)
#undef X
#define X(name, arguments, result, sqlite) {name, arguments, sqlite, result, FUNCTION_SCALAR},
            SQL_SCALARS(X)
#undef X
};

enum { FUNCTION_COUNT = sizeof functions / sizeof *functions };

const struct sql_function *sql_function_find(const char *name, size_t *count) {
    *count = 0;
    for (size_t i = 0; i < FUNCTION_COUNT; i++) {
        if (!sql_same(functions[i].name, name))
            continue;
        while (i + *count < FUNCTION_COUNT && sql_same(functions[i + *count].name, name))
            (*count)++;
        return &functions[i];
    }
    return NULL;
}

const char *sql_function_nearest(const char *name) {
    const char *names[FUNCTION_COUNT];
    for (size_t i = 0; i < FUNCTION_COUNT; i++)
        names[i] = functions[i].name;
    return text_nearest(name, names, FUNCTION_COUNT);
}

struct sql_type sql_function_letter(char letter) {
    static const struct {
        char letter;
        enum emulator_type type;
    } letters[] = {{'s', EMULATOR_STRING},    {'z', EMULATOR_STRING},  {'i', EMULATOR_INT64},
                   {'b', EMULATOR_BOOL},      {'d', EMULATOR_DATE},    {'e', EMULATOR_DATETIME},
                   {'t', EMULATOR_TIMESTAMP}, {'f', EMULATOR_FLOAT64}, {'u', EMULATOR_TIME}};
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (letters[i].letter == letter)
            return sql_scalar(letters[i].type);
    return (struct sql_type){0};
}

/* The letter of argument `index`, or '\0' when the signature has no such argument. */
static char letter_at(const char *arguments, size_t index) {
    size_t size = strlen(arguments);
    bool more = size > 1 && arguments[size - 1] == '*';
    if (more && index + 1 >= size)
        return arguments[size - 2];
    if (index < size)
        return arguments[index];
    return '\0';
}

static bool counts_fit(const char *arguments, size_t count) {
    size_t size = strlen(arguments);
    if (size && arguments[size - 1] == '*')
        return count >= size - 1;
    return count == size;
}

/* DAY, WEEK(MONDAY): a name, or a call of a name with a name. */
static const char *part_text(struct sql_compilation *compilation,
                             const struct sql_expression *node) {
    if (!node)
        return NULL;
    if (node->form == FORM_NAME && node->names.count == 1)
        return node->names.items[0];
    if (node->form == FORM_CALL && node->arguments.count == 1) {
        const char *inner = part_text(compilation, node->arguments.items[0]);
        return inner ? sql_print(&compilation->arena, "%s(%s)", node->text, inner) : NULL;
    }
    return node->form == FORM_PART ? node->text : NULL;
}

static bool make_part(struct sql_compilation *compilation, struct sql_expression *node) {
    enum sql_part part;
    const char *text = part_text(compilation, node);
    if (!text || !sql_part_read(text, &part))
        return sql_fail(compilation, node->place, "A valid date part name is required but found %s",
                        text ? text : "an expression");
    node->form = FORM_PART;
    node->text = text;
    node->resolved = true;
    return true;
}

/* The letters that stand for several types. */
static bool fits_family(struct sql_type type, char letter) {
    switch (letter) {
    case 'a':
    case 'c':
    case 'o':
    case 'O':
    case 'g':
    case 'q':
    case 'Q':
        return true; /* what they cannot do is told by check_abilities, not as a signature */
    case 'l':
        return type.array;
    case 'n':
    case 'k':
        return sql_type_numeric(type);
    case 'h':
        return sql_type_is(type, EMULATOR_INT64) || sql_type_is(type, EMULATOR_FLOAT64);
    case 'm':
        return sql_type_moment(type);
    case 'M':
        return sql_type_moment(type) || sql_type_is(type, EMULATOR_TIME);
    case 'y':
        return sql_type_is(type, EMULATOR_STRING) || sql_type_is(type, EMULATOR_BYTES);
    default:
        return false;
    }
}

/* One argument against one letter: coerced in place, or false. */
static bool fit(struct sql_compilation *compilation, struct sql_expression *call, size_t index,
                char letter) {
    struct sql_expression *node = call->arguments.items[index];
    struct sql_type type = node->type;
    if (letter == 'p')
        return make_part(compilation, node);
    if (letter == 'v')
        return node->form == FORM_INTERVAL;
    if (node->form == FORM_INTERVAL || node->form == FORM_STAR)
        return node->form == FORM_STAR && letter == 'a' && sql_same(call->text, "COUNT");
    struct sql_type wanted = sql_function_letter(letter);
    if (!type.known && node->form != FORM_PARAMETER)
        return true;
    if (!wanted.known)
        return !type.known || fits_family(type, letter);
    struct sql_expression *coerced = sql_coerce(compilation, node, wanted);
    if (coerced)
        call->arguments.items[index] = coerced;
    return coerced != NULL;
}

/* The arguments at the letters c, O, Q, y or k get one type. */
static bool unify_common(struct sql_compilation *compilation, struct sql_expression *call,
                         const char *arguments, struct sql_type *common) {
    size_t first = strcspn(arguments, "cOQyk");
    bool good = true;
    if (!arguments[first])
        return true;
    struct sql_list same = {0};
    for (size_t i = 0; i < call->arguments.count; i++)
        if (letter_at(arguments, i) == arguments[first])
            sql_add(&compilation->arena, &same, call->arguments.items[i]);
    *common = sql_unify(compilation, &same, 0, 1, &good);
    for (size_t i = 0, at = 0; i < call->arguments.count; i++)
        if (letter_at(arguments, i) == arguments[first])
            call->arguments.items[i] = same.items[at++];
    if (arguments[first] == 'y' && !common->known)
        *common = sql_scalar(EMULATOR_STRING);
    return good && (arguments[first] != 'k' || sql_type_decimal(*common));
}

/* "MAX is not defined for arguments of type JSON". */
static bool check_abilities(struct sql_compilation *compilation,
                            const struct sql_expression *call) {
    const char *arguments = call->function->arguments;
    for (size_t i = 0; i < call->arguments.count; i++) {
        const struct sql_expression *node = call->arguments.items[i];
        char letter = letter_at(arguments, i);
        bool able = letter == 'o' || letter == 'O'   ? sql_type_orders(node->type)
                    : letter == 'g'                  ? sql_type_groups(node->type)
                    : letter == 'q' || letter == 'Q' ? sql_type_has_equality(node->type)
                                                     : true;
        if (!able)
            return sql_fail(compilation, call->place, "%s is not defined for arguments of type %s",
                            call->function->name, sql_type_name(&compilation->arena, node->type));
    }
    const struct sql_expression *first = call->arguments.count ? call->arguments.items[0] : NULL;
    if (call->distinct && first && !sql_type_groups(first->type))
        return sql_fail(compilation, call->place,
                        "Aggregate functions with DISTINCT cannot be used with arguments of type "
                        "%s",
                        sql_type_kind(first->type));
    if (call->function->result == 'L' && first && first->type.array)
        return sql_fail(compilation, call->place,
                        "The argument to %s must not be an array type but was %s",
                        call->function->name, sql_type_name(&compilation->arena, first->type));
    return true;
}

static struct sql_type result_of(const struct sql_function *function,
                                 const struct sql_expression *call, struct sql_type common) {
    const struct sql_expression *first = call->arguments.count ? call->arguments.items[0] : NULL;
    struct sql_type type = first ? first->type : (struct sql_type){0};
    const char *text = first ? first->text : NULL;
    switch (function->result) {
    case '1':
        return type;
    case 'c':
        return common;
    case 'S':
    case 'N':
        if (!type.known || (function->result == 'N' && type.base == EMULATOR_INT64))
            return sql_scalar(type.known ? EMULATOR_FLOAT64 : EMULATOR_INT64);
        return type;
    case 'L':
        return sql_array(type.known ? type : sql_scalar(EMULATOR_INT64));
    case 'D':
        return sql_array(sql_scalar(EMULATOR_DATE));
    case 'I':
        return sql_array(sql_scalar(EMULATOR_INT64));
    case 'X':
        return sql_scalar(sql_same(text, "DATE")       ? EMULATOR_DATE
                          : sql_same(text, "TIME")     ? EMULATOR_TIME
                          : sql_same(text, "DATETIME") ? EMULATOR_DATETIME
                                                       : EMULATOR_INT64);
    default:
        return sql_function_letter(function->result);
    }
}

/* "LOWER(STRING)" and so on, of every row of the function. */
static void describe(struct text_buffer *out, const struct sql_function *function) {
    static const struct {
        char letter;
        const char *name;
    } names[] = {{'a', "ANY"},
                 {'o', "ANY"},
                 {'g', "ANY"},
                 {'q', "ANY"},
                 {'c', "T"},
                 {'O', "T"},
                 {'Q', "T"},
                 {'n', "NUMBER"},
                 {'h', "INT64|FLOAT64"},
                 {'k', "NUMERIC|BIGNUMERIC"},
                 {'m', "DATE|DATETIME|TIMESTAMP"},
                 {'M', "DATE|DATETIME|TIME|TIMESTAMP"},
                 {'l', "ARRAY"},
                 {'p', "DATE_TIME_PART"},
                 {'v', "INTERVAL INT64 DATE_TIME_PART"},
                 {'z', "STRING"},
                 {'s', "STRING"},
                 {'y', "STRING|BYTES"},
                 {'i', "INT64"},
                 {'b', "BOOL"},
                 {'d', "DATE"},
                 {'e', "DATETIME"},
                 {'t', "TIMESTAMP"},
                 {'*', "…"}};
    text_buffer_format(out, "%s(", function->name);
    for (const char *letter = function->arguments; *letter; letter++)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (names[i].letter == *letter)
                text_buffer_format(out, "%s%s", letter == function->arguments ? "" : ", ",
                                   names[i].name);
    text_buffer_add(out, ")");
}

static bool takes_letter(const struct sql_function *row, size_t rows, size_t argument,
                         char letter) {
    for (size_t i = 0; i < rows; i++)
        if (letter_at(row[i].arguments, argument) == letter)
            return true;
    return false;
}

static bool no_signature(struct sql_compilation *compilation, const struct sql_expression *call,
                         const struct sql_function *row, size_t rows) {
    struct text_buffer given = {0}, known = {0};
    for (size_t i = 0; i < call->arguments.count; i++) {
        const struct sql_expression *node = call->arguments.items[i];
        bool bytes = sql_type_is(node->type, EMULATOR_BYTES) && takes_letter(row, rows, i, 's');
        bool decimal = sql_type_decimal(node->type) && takes_letter(row, rows, i, 'h');
        if (bytes || decimal)
            return sql_fail(compilation, call->place,
                            "%s of %s is not supported by the local BigQuery", row->name,
                            sql_type_kind(node->type));
    }
    text_buffer_add(&given, "");
    for (size_t i = 0; i < call->arguments.count; i++) {
        const struct sql_expression *node = call->arguments.items[i];
        bool part = node->form == FORM_PART;
        for (size_t k = 0; k < rows; k++)
            part |= !node->resolved && letter_at(row[k].arguments, i) == 'p';
        text_buffer_format(&given, "%s%s", i ? ", " : "",
                           node->form == FORM_INTERVAL ? "INTERVAL INT64 DATE_TIME_PART"
                           : part                      ? "DATE_TIME_PART"
                                  : sql_type_name(&compilation->arena, node->type));
    }
    for (size_t i = 0; i < rows; i++) {
        text_buffer_add(&known, i ? "; " : "");
        describe(&known, &row[i]);
    }
    sql_fail(compilation, call->place,
             call->arguments.count
                 ? "No matching signature for function %s for argument type%s: %s. Supported "
                   "signature%s: %s"
                 : "No matching signature for function %s with no argument%s%s. Supported "
                   "signature%s: %s",
             row->name, call->arguments.count == 1 ? "" : "s", given.data ? given.data : "",
             rows == 1 ? "" : "s", known.data);
    text_buffer_free(&given);
    text_buffer_free(&known);
    return false;
}

/* BigQuery takes these arguments, and this server does not. */
static bool refuse_form(struct sql_compilation *compilation, const struct sql_expression *call,
                        const struct sql_function *row) {
    struct text_buffer given = {0};
    text_buffer_add(&given, "");
    for (size_t i = 0; i < call->arguments.count; i++) {
        const struct sql_expression *node = call->arguments.items[i];
        text_buffer_format(&given, "%s%s", i ? ", " : "",
                           sql_type_name(&compilation->arena, node->type));
    }
    sql_fail(compilation, call->place, "%s(%s) is not supported by the local BigQuery", row->name,
             given.data);
    text_buffer_free(&given);
    return false;
}

bool sql_function_resolve(struct sql_compilation *compilation, struct sql_expression *call) {
    size_t rows;
    const struct sql_function *row = sql_function_find(call->text, &rows);
    for (size_t i = 0; i < rows; i++) {
        const char *arguments = row[i].arguments;
        bool good = counts_fit(arguments, call->arguments.count);
        for (size_t k = 0; k < call->arguments.count && good; k++)
            good = fit(compilation, call, k, letter_at(arguments, k));
        struct sql_type common = {0};
        good = good && unify_common(compilation, call, arguments, &common);
        if (compilation->failed)
            return false;
        if (!good)
            continue;
        if (!row[i].sqlite)
            return refuse_form(compilation, call, row);
        call->function = &row[i];
        call->type = result_of(&row[i], call, common);
        return check_abilities(compilation, call) && sql_function_check_part(compilation, call) &&
               sql_function_check_format(compilation, call);
    }
    return no_signature(compilation, call, row, rows);
}
