/* Arithmetic within SQLite, exact as GoogleSQL's: INT64 that overflows fails, NUMERIC and
 * BIGNUMERIC are decimals (text in storage), a FLOAT64 may be NaN (the text 'NaN', for SQLite has
 * none). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/moment.h"
#include "emulator/sql_runtime.h"

double sql_runtime_real(sqlite3_value *value) {
    return sqlite3_value_type(value) == SQLITE_TEXT &&
                   strcmp((const char *)sqlite3_value_text(value), "NaN") == 0
               ? (double)NAN
               : sqlite3_value_double(value);
}

void sql_runtime_give_real(sqlite3_context *context, double number) {
    if (isnan(number))
        sqlite3_result_text(context, "NaN", -1, SQLITE_STATIC);
    else
        sqlite3_result_double(context, number);
}

bool sql_runtime_decimal(sqlite3_context *context, sqlite3_value *value, struct decimal *out) {
    char text[MOMENT_SIZE];
    switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
        *out = decimal_of_int64(sqlite3_value_int64(value));
        return true;
    case SQLITE_FLOAT: /* a file of an earlier version */
        moment_format_double(sqlite3_value_double(value), text);
        if (decimal_read(text_of(text), out))
            return true;
        break;
    default:
        if (decimal_read(text_of((const char *)sqlite3_value_text(value)), out))
            return true;
    }
    sql_runtime_fail(context, "Invalid NUMERIC value: %s", (const char *)sqlite3_value_text(value));
    return false;
}

static enum decimal_kind kind_of(enum emulator_type type) {
    return type == EMULATOR_BIGNUMERIC ? DECIMAL_BIGNUMERIC : DECIMAL_NUMERIC;
}

static const char *kind_name(enum emulator_type type) {
    return type == EMULATOR_BIGNUMERIC ? "BigNumeric" : "numeric";
}

void sql_runtime_give_decimal(sqlite3_context *context, const struct decimal *number) {
    char text[DECIMAL_SIZE];
    sqlite3_result_text(context, decimal_write(number, text), -1, SQLITE_TRANSIENT);
}

/* One step of INT64 arithmetic; false after failing the call. */
static bool step_integer(sqlite3_context *context, char sign, int64_t a, int64_t b, int64_t *out) {
    bool over = sign == '+'   ? __builtin_add_overflow(a, b, out)
                : sign == '-' ? __builtin_sub_overflow(a, b, out)
                              : __builtin_mul_overflow(a, b, out);
    if (over)
        sql_runtime_fail(context, "int64 overflow: %lld %c %lld", (long long)a, sign, (long long)b);
    return !over;
}

/* signs, a, b, c …: ((a . b) . c) … */
static void integers(sqlite3_context *context, int count, sqlite3_value **values) {
    const char *signs = (const char *)sqlite3_value_text(values[0]);
    if (sqlite3_value_type(values[1]) == SQLITE_NULL)
        return;
    int64_t sum = sqlite3_value_int64(values[1]);
    for (int i = 2; i < count; i++)
        if (sqlite3_value_type(values[i]) == SQLITE_NULL ||
            !step_integer(context, signs[i - 2], sum, sqlite3_value_int64(values[i]), &sum))
            return;
    sqlite3_result_int64(context, sum);
}

void sql_runtime_show_real(double number, char out[MOMENT_SIZE]) {
    if (!isfinite(number)) {
        (void)snprintf(out, MOMENT_SIZE, "%s", isnan(number) ? "NaN" : number < 0 ? "-inf" : "inf");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(out, MOMENT_SIZE, "%.*g", digits, number);
        double back = strtod(out, NULL);
        if (!(back < number) && !(back > number))
            break;
    }
}

static bool step_real(sqlite3_context *context, char sign, double a, double b, double *out) {
    char left[MOMENT_SIZE], right[MOMENT_SIZE];
    bool by_zero = sign == '/' && fpclassify(b) == FP_ZERO;
    *out = sign == '+' ? a + b : sign == '-' ? a - b : sign == '*' ? a * b : by_zero ? 0 : a / b;
    if (!by_zero && (isfinite(*out) || !isfinite(a) || !isfinite(b)))
        return true;
    sql_runtime_show_real(a, left);
    sql_runtime_show_real(b, right);
    sql_runtime_fail(context, "%s: %s %c %s", by_zero ? "division by zero" : "double overflow",
                     left, sign, right);
    return false;
}

static void reals(sqlite3_context *context, int count, sqlite3_value **values) {
    const char *signs = (const char *)sqlite3_value_text(values[0]);
    if (sqlite3_value_type(values[1]) == SQLITE_NULL)
        return;
    double sum = sql_runtime_real(values[1]);
    for (int i = 2; i < count; i++)
        if (sqlite3_value_type(values[i]) == SQLITE_NULL ||
            !step_real(context, signs[i - 2], sum, sql_runtime_real(values[i]), &sum))
            return;
    sql_runtime_give_real(context, sum);
}

static bool step_decimal(sqlite3_context *context, enum emulator_type type, char sign,
                         struct decimal *a, const struct decimal *b) {
    char left[DECIMAL_SIZE], right[DECIMAL_SIZE];
    struct decimal out;
    bool by_zero = sign == '/' && decimal_is_zero(b);
    bool good = !by_zero && (sign == '+'   ? decimal_add(a, b, &out)
                             : sign == '-' ? decimal_subtract(a, b, &out)
                             : sign == '*' ? decimal_multiply(a, b, &out)
                                           : decimal_divide(a, b, &out));
    good = good && decimal_fit(&out, kind_of(type));
    if (good)
        *a = out;
    else
        sql_runtime_fail(context, "%s%s: %s %c %s", by_zero ? "division by zero" : kind_name(type),
                         by_zero ? "" : " overflow", decimal_write(a, left), sign,
                         decimal_write(b, right));
    return good;
}

/* type, signs, a, b, c … */
static void decimals(sqlite3_context *context, int count, sqlite3_value **values) {
    enum emulator_type type = (enum emulator_type)sqlite3_value_int(values[0]);
    const char *signs = (const char *)sqlite3_value_text(values[1]);
    struct decimal sum, next;
    if (sqlite3_value_type(values[2]) == SQLITE_NULL ||
        !sql_runtime_decimal(context, values[2], &sum))
        return;
    for (int i = 3; i < count; i++)
        if (sqlite3_value_type(values[i]) == SQLITE_NULL ||
            !sql_runtime_decimal(context, values[i], &next) ||
            !step_decimal(context, type, signs[i - 3], &sum, &next))
            return;
    sql_runtime_give_decimal(context, &sum);
}

static void negate_integer(sqlite3_context *context, int count, sqlite3_value **values) {
    if (sql_runtime_any_null(count, values))
        return;
    int64_t number = sqlite3_value_int64(values[0]);
    if (number == INT64_MIN)
        sql_runtime_fail(context, "int64 overflow: -(%lld)", (long long)number);
    else
        sqlite3_result_int64(context, -number);
}

static void negate_real(sqlite3_context *context, int count, sqlite3_value **values) {
    if (!sql_runtime_any_null(count, values))
        sql_runtime_give_real(context, -sql_runtime_real(values[0]));
}

static void negate_decimal(sqlite3_context *context, int count, sqlite3_value **values) {
    struct decimal number;
    if (sql_runtime_any_null(count, values) || !sql_runtime_decimal(context, values[0], &number))
        return;
    number.negative = !number.negative && !decimal_is_zero(&number);
    sql_runtime_give_decimal(context, &number);
}

static void absolute_integer(sqlite3_context *context, int count, sqlite3_value **values) {
    if (sql_runtime_any_null(count, values))
        return;
    int64_t number = sqlite3_value_int64(values[0]);
    if (number == INT64_MIN)
        sql_runtime_fail(context, "int64 overflow: ABS(%lld)", (long long)number);
    else
        sqlite3_result_int64(context, number < 0 ? -number : number);
}

static void absolute_real(sqlite3_context *context, int count, sqlite3_value **values) {
    if (!sql_runtime_any_null(count, values))
        sql_runtime_give_real(context, fabs(sql_runtime_real(values[0])));
}

static void absolute_decimal(sqlite3_context *context, int count, sqlite3_value **values) {
    struct decimal number;
    if (sql_runtime_any_null(count, values) || !sql_runtime_decimal(context, values[0], &number))
        return;
    number.negative = false;
    sql_runtime_give_decimal(context, &number);
}

/* -1, 0 or 1 in the type of the argument. */
static void sign_integer(sqlite3_context *context, int count, sqlite3_value **values) {
    int64_t number = sqlite3_value_int64(values[0]);
    if (!sql_runtime_any_null(count, values))
        sqlite3_result_int(context, (number > 0) - (number < 0));
}

static void sign_real(sqlite3_context *context, int count, sqlite3_value **values) {
    double number = sql_runtime_real(values[0]);
    if (!sql_runtime_any_null(count, values))
        sql_runtime_give_real(context, isnan(number) ? number : (number > 0) - (number < 0));
}

static void sign_decimal(sqlite3_context *context, int count, sqlite3_value **values) {
    struct decimal number;
    if (!sql_runtime_any_null(count, values) && sql_runtime_decimal(context, values[0], &number))
        sqlite3_result_text(context,
                            number.negative            ? "-1"
                            : decimal_is_zero(&number) ? "0"
                                                       : "1",
                            -1, SQLITE_STATIC);
}

/* a, b: their quotient, or NULL for a division by zero or an overflow */
static void safe_divide(sqlite3_context *context, int count, sqlite3_value **values) {
    if (sql_runtime_any_null(count, values))
        return;
    double a = sql_runtime_real(values[0]), b = sql_runtime_real(values[1]);
    double quotient = fpclassify(b) == FP_ZERO ? 0 : a / b;
    if (fpclassify(b) != FP_ZERO && (isfinite(quotient) || !isfinite(a) || !isfinite(b)))
        sql_runtime_give_real(context, quotient);
}

static void safe_divide_decimal(sqlite3_context *context, int count, sqlite3_value **values) {
    struct decimal a, b, out;
    enum emulator_type type = (enum emulator_type)sqlite3_value_int(values[0]);
    if (!sql_runtime_any_null(count, values) && sql_runtime_decimal(context, values[1], &a) &&
        sql_runtime_decimal(context, values[2], &b) && decimal_divide(&a, &b, &out) &&
        decimal_fit(&out, kind_of(type)))
        sql_runtime_give_decimal(context, &out);
}

/* a, b: by the rules of IEEE 754, infinities and NaN included */
static void ieee_divide(sqlite3_context *context, int count, sqlite3_value **values) {
    if (sql_runtime_any_null(count, values))
        return;
    double a = sql_runtime_real(values[0]), b = sql_runtime_real(values[1]);
    if (fpclassify(b) != FP_ZERO)
        sql_runtime_give_real(context, a / b);
    else if (isnan(a) || fpclassify(a) == FP_ZERO)
        sql_runtime_give_real(context, (double)NAN);
    else
        sql_runtime_give_real(context, (a < 0) != (signbit(b) != 0) ? -INFINITY : INFINITY);
}

/* type, a, b: MOD and DIV of decimals */
static void divide_decimal(sqlite3_context *context, sqlite3_value **values, bool rest) {
    enum emulator_type type = (enum emulator_type)sqlite3_value_int(values[0]);
    struct decimal a, b, quotient, product;
    char text[DECIMAL_SIZE];
    if (sql_runtime_any_null(3, values) || !sql_runtime_decimal(context, values[1], &a) ||
        !sql_runtime_decimal(context, values[2], &b))
        return;
    if (decimal_is_zero(&b)) {
        sql_runtime_fail(context, "division by zero: %s(%s, 0)", rest ? "MOD" : "DIV",
                         decimal_write(&a, text));
        return;
    }
    bool good = decimal_divide(&a, &b, &quotient) && decimal_round(&quotient, 0, DECIMAL_CUT);
    if (good && rest)
        good =
            decimal_multiply(&quotient, &b, &product) && decimal_subtract(&a, &product, &quotient);
    if (good && decimal_fit(&quotient, kind_of(type)))
        sql_runtime_give_decimal(context, &quotient);
    else
        sql_runtime_fail(context, "%s overflow: %s", kind_name(type), rest ? "MOD" : "DIV");
}

static void mod_decimal(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    divide_decimal(context, values, true);
}

static void div_decimal(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    divide_decimal(context, values, false);
}

/* type, number, digits, which of enum decimal_rounding */
static void round_decimal(sqlite3_context *context, int count, sqlite3_value **values) {
    enum emulator_type type = (enum emulator_type)sqlite3_value_int(values[0]);
    struct decimal number;
    if (sql_runtime_any_null(count, values) || !sql_runtime_decimal(context, values[1], &number))
        return;
    int64_t digits = sqlite3_value_int64(values[2]);
    digits = digits > 100 ? 100 : digits < -100 ? -100 : digits;
    if (decimal_round(&number, (int)digits, (enum decimal_rounding)sqlite3_value_int(values[3])) &&
        decimal_fit(&number, kind_of(type)))
        sql_runtime_give_decimal(context, &number);
    else
        sql_runtime_fail(context, "%s overflow: ROUND", kind_name(type));
}

/* number, digits, which: doubles */
static void round_real(sqlite3_context *context, int count, sqlite3_value **values) {
    if (sql_runtime_any_null(count, values))
        return;
    double number = sql_runtime_real(values[0]);
    int64_t digits = sqlite3_value_int64(values[1]);
    int which = sqlite3_value_int(values[2]);
    double (*const round_by[])(double) = {round, trunc, floor, ceil};
    if (!isfinite(number) || digits > 300) {
        sql_runtime_give_real(context, number);
        return;
    }
    double scale = pow(10, (double)(digits < -300 ? 300 : digits < 0 ? -digits : digits));
    double scaled = digits < 0 ? number / scale : number * scale;
    double rounded = isfinite(scaled) ? round_by[which](scaled) : scaled;
    if (!isfinite(scaled))
        rounded = number;
    else
        rounded = digits < 0 ? rounded * scale : rounded / scale;
    sql_runtime_give_real(context, rounded);
}

/* name, x [, y]: functions that have no result everywhere */
static void mathematics(sqlite3_context *context, int count, sqlite3_value **values) {
    const char *name = (const char *)sqlite3_value_text(values[0]);
    if (sql_runtime_any_null(count, values))
        return;
    double x = sql_runtime_real(values[1]), y = count > 2 ? sql_runtime_real(values[2]) : 0;
    double result = strcmp(name, "SQRT") == 0    ? sqrt(x)
                    : strcmp(name, "EXP") == 0   ? exp(x)
                    : strcmp(name, "LN") == 0    ? log(x)
                    : strcmp(name, "LOG10") == 0 ? log10(x)
                    : strcmp(name, "LOG") == 0   ? log(x) / log(y)
                                                 : pow(x, y);
    if (!isfinite(result) && isfinite(x) && isfinite(y))
        sql_runtime_fail(context, "Floating point error in function: %s", name);
    else
        sql_runtime_give_real(context, result);
}

/* a, sign, b of FLOAT64: NaN is neither less nor more nor equal */
static void compare_reals(sqlite3_context *context, int count, sqlite3_value **values) {
    if (sql_runtime_any_null(count, values))
        return;
    double a = sql_runtime_real(values[0]), b = sql_runtime_real(values[2]);
    const char *sign = (const char *)sqlite3_value_text(values[1]);
    bool less = a<b, more = a> b, apart = isnan(a) || isnan(b);
    bool same = !less && !more && !apart;
    bool result = sign[0] == '='   ? same
                  : sign[0] == '!' ? !same
                  : sign[0] == '<' ? (sign[1] == '>' ? !same : less || (sign[1] && same))
                                   : more || (sign[1] && same);
    sqlite3_result_int(context, result);
}

/* The order of decimals' texts; what is none stands last. */
static int compare_texts(void *context, int a_size, const void *a, int b_size, const void *b) {
    struct decimal left, right;
    (void)context;
    bool first = decimal_read((struct text){a, (size_t)a_size}, &left);
    bool second = decimal_read((struct text){b, (size_t)b_size}, &right);
    return first && second ? decimal_compare(&left, &right) : (int)second - (int)first;
}

bool sql_runtime_collate(sqlite3 *database) {
    return sqlite3_create_collation_v2(database, "bq_decimal", SQLITE_UTF8, NULL, compare_texts,
                                       NULL) == SQLITE_OK;
}

const struct sql_runtime_function sql_runtime_numbers[] = {
    {"bq_int", -1, integers},
    {"bq_float", -1, reals},
    {"bq_decimal", -1, decimals},
    {"bq_neg_i", 1, negate_integer},
    {"bq_neg_f", 1, negate_real},
    {"bq_neg_d", 1, negate_decimal},
    {"bq_abs_i", 1, absolute_integer},
    {"bq_abs_f", 1, absolute_real},
    {"bq_abs_d", 1, absolute_decimal},
    {"bq_abs_b", 1, absolute_decimal},
    {"bq_sign_i", 1, sign_integer},
    {"bq_sign_b", 1, sign_decimal},
    {"bq_sign_f", 1, sign_real},
    {"bq_sign_d", 1, sign_decimal},
    {"bq_safe_divide", 2, safe_divide},
    {"bq_ieee_divide", 2, ieee_divide},
    {"bq_safe_decimal", 3, safe_divide_decimal},
    {"bq_mod_d", 3, mod_decimal},
    {"bq_div_d", 3, div_decimal},
    {"bq_round_d", 4, round_decimal},
    {"bq_round_f", 3, round_real},
    {"bq_math", 2, mathematics},
    {"bq_math", 3, mathematics},
    {"bq_compare", 3, compare_reals},
    {NULL, 0, NULL}};
