/* Numbers, casts, LIKE and arrays within SQLite. */
#include "emulator/sql_runtime.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "emulator/moment.h"
#include "emulator/sql.h"

void sql_runtime_fail(sqlite3_context *context, const char *format, ...) {
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    sqlite3_result_error(context, message, -1);
}

bool sql_runtime_any_null(int count, sqlite3_value **values) {
    for (int i = 0; i < count; i++)
        if (sqlite3_value_type(values[i]) == SQLITE_NULL)
            return true;
    return false;
}

static const char *text_of_value(sqlite3_value *value) {
    const unsigned char *text = sqlite3_value_text(value);
    return text ? (const char *)text : "";
}

/* MOD and DIV; the context's data tells which. */
static void divide_whole(sqlite3_context *context, sqlite3_value **values, bool rest) {
    if (sql_runtime_any_null(2, values))
        return;
    int64_t a = sqlite3_value_int64(values[0]), b = sqlite3_value_int64(values[1]);
    if (b == 0)
        sql_runtime_fail(context, "division by zero: %s(%lld, 0)", rest ? "MOD" : "DIV",
                         (long long)a);
    else if (b == -1 && !rest && a == INT64_MIN)
        sql_runtime_fail(context, "int64 overflow: DIV(%lld, -1)", (long long)a);
    else
        sqlite3_result_int64(context, rest ? (b == -1 ? 0 : a % b) : a / b);
}

static void mod(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    divide_whole(context, values, true);
}

static void div_whole(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    divide_whole(context, values, false);
}

static size_t character(const char *text) {
    size_t size = 1;
    while (((unsigned char)text[size] & 0xC0) == 0x80)
        size++;
    return size;
}

/* Greedy matching that goes back to the last % only: linear in practice. */
static bool like(const char *text, const char *pattern) {
    const char *after = NULL, *from = NULL;
    while (*text) {
        bool escaped = pattern[0] == '\\' && pattern[1];
        const char *wanted = pattern + (escaped ? 1 : 0);
        size_t size = character(text);
        if (!escaped && *pattern == '%') {
            after = ++pattern;
            from = text;
        } else if (!escaped && *pattern == '_') {
            pattern++;
            text += size;
        } else if (*wanted && strncmp(text, wanted, size) == 0) {
            pattern = wanted + size;
            text += size;
        } else if (after) {
            pattern = after;
            from += character(from);
            text = from;
        } else {
            return false;
        }
    }
    while (*pattern == '%')
        pattern++;
    return !*pattern;
}

/* A backslash that escapes nothing. */
static bool ends_in_escape(const char *pattern) {
    size_t size = strlen(pattern), slashes = 0;
    while (slashes < size && pattern[size - 1 - slashes] == '\\')
        slashes++;
    return slashes % 2 == 1;
}

static void match_like(sqlite3_context *context, int count, sqlite3_value **values) {
    if (sql_runtime_any_null(count, values))
        return;
    const char *pattern = text_of_value(values[1]);
    if (ends_in_escape(pattern))
        sql_runtime_fail(context, "LIKE pattern ends with a backslash");
    else
        sqlite3_result_int(context, like(text_of_value(values[0]), pattern));
}

static void give_text(sqlite3_context *context, const char *text) {
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static void cast_to_string(sqlite3_context *context, enum emulator_type from,
                           sqlite3_value *value) {
    char out[MOMENT_SIZE + SQL_MOMENT_SIZE];
    int64_t moment;
    struct decimal number;
    switch (from) {
    case EMULATOR_BOOL:
        give_text(context, sqlite3_value_int(value) ? "true" : "false");
        break;
    case EMULATOR_FLOAT64:
        sql_runtime_show_real(sql_runtime_real(value), out);
        give_text(context, out);
        break;
    case EMULATOR_NUMERIC:
    case EMULATOR_BIGNUMERIC:
        if (sql_runtime_decimal(context, value, &number))
            sql_runtime_give_decimal(context, &number);
        break;
    case EMULATOR_DATE:
    case EMULATOR_DATETIME:
    case EMULATOR_TIME:
    case EMULATOR_TIMESTAMP:
        if (sql_runtime_moment(context, from, value, &moment))
            give_text(context, sql_moment_show(from, moment, out));
        break;
    default:
        give_text(context, text_of_value(value));
    }
}

static bool read_bool(const char *text, bool *value) {
    *value = strcasecmp(text, "true") == 0;
    return *value || strcasecmp(text, "false") == 0;
}

/* 12, -0x1F */
static bool read_integer(struct text text, int64_t *integer) {
    text = text_trim(text);
    bool sign = text.size > 1 && (text.data[0] == '-' || text.data[0] == '+');
    const char *digits = text.data + (sign ? 1 : 0);
    size_t size = text.size - (sign ? 1 : 0);
    if (size < 3 || digits[0] != '0' || (digits[1] != 'x' && digits[1] != 'X')) {
        if (sign && text.data[0] == '+')
            text = (struct text){digits, size};
        return text_to_int64(text, integer);
    }
    uint64_t value = 0;
    for (size_t i = 2; i < size; i++) {
        static const char hex[] = "0123456789abcdef0123456789ABCDEF";
        const char *at = digits[i] ? strchr(hex, digits[i]) : NULL;
        if (!at || value > UINT64_MAX >> 4)
            return false;
        value = value << 4 | (uint64_t)(at - hex) % 16;
    }
    bool negative = sign && text.data[0] == '-';
    if (value > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *integer = (int64_t)(negative ? 0 - value : value);
    return true;
}

/* 1.5, 1e3, inf, -Infinity, NaN; no hexadecimal. */
static bool read_real(struct text text, double *real) {
    text = text_trim(text);
    char copy[512], *end;
    if (text.size == 0 || text.size >= sizeof copy || memchr(text.data, 'x', text.size) ||
        memchr(text.data, 'X', text.size) || memchr(text.data, '(', text.size))
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    *real = strtod(copy, &end);
    bool word = strpbrk(copy, "nN") != NULL;
    return end != copy && !*end && (word || isfinite(*real));
}

static enum decimal_kind decimal_kind_of(enum emulator_type type) {
    return type == EMULATOR_BIGNUMERIC ? DECIMAL_BIGNUMERIC : DECIMAL_NUMERIC;
}

/* STRING to a number, a BOOL or a moment; false when the text is no such thing. */
static bool cast_from_string(sqlite3_context *context, enum emulator_type to, struct text text) {
    int64_t integer;
    double real;
    struct decimal number;
    char canonical[SQL_MOMENT_SIZE];
    bool truth;
    switch (to) {
    case EMULATOR_INT64:
        if (!read_integer(text, &integer))
            return false;
        sqlite3_result_int64(context, integer);
        return true;
    case EMULATOR_FLOAT64:
        if (!read_real(text, &real))
            return false;
        sql_runtime_give_real(context, real);
        return true;
    case EMULATOR_NUMERIC:
    case EMULATOR_BIGNUMERIC:
        if (!decimal_read(text, &number) || !decimal_fit(&number, decimal_kind_of(to)))
            return false;
        sql_runtime_give_decimal(context, &number);
        return true;
    case EMULATOR_BOOL:
        if (!read_bool(text.data, &truth))
            return false;
        sqlite3_result_int(context, truth);
        return true;
    default:
        if (!sql_moment_canonical(to, text, canonical))
            return false;
        if (to == EMULATOR_TIMESTAMP)
            sqlite3_result_int64(context, strtoll(canonical, NULL, 10));
        else
            give_text(context, canonical);
        return true;
    }
}

static bool cast_to_integer(sqlite3_context *context, enum emulator_type from,
                            sqlite3_value *value) {
    struct decimal number;
    int64_t integer;
    if (from == EMULATOR_NUMERIC || from == EMULATOR_BIGNUMERIC) {
        if (!sql_runtime_decimal(context, value, &number) || !decimal_to_int64(&number, &integer))
            return false;
        sqlite3_result_int64(context, integer);
        return true;
    }
    if (sqlite3_value_type(value) == SQLITE_INTEGER) {
        sqlite3_result_int64(context, sqlite3_value_int64(value));
        return true;
    }
    double rounded = round(sql_runtime_real(value));
    if (!(rounded >= -9223372036854775808.0 && rounded < 9223372036854775808.0))
        return false;
    sqlite3_result_int64(context, (int64_t)rounded);
    return true;
}

static bool cast_to_decimal(sqlite3_context *context, enum emulator_type from,
                            enum emulator_type to, sqlite3_value *value) {
    struct decimal number;
    bool good = from == EMULATOR_FLOAT64 && sqlite3_value_type(value) != SQLITE_INTEGER
                    ? decimal_of_double(sql_runtime_real(value), &number)
                    : sql_runtime_decimal(context, value, &number);
    if (!good || !decimal_fit(&number, decimal_kind_of(to)))
        return false;
    sql_runtime_give_decimal(context, &number);
    return true;
}

static bool is_utf8(struct text text) {
    uint32_t code;
    for (size_t at = 0, size; at < text.size; at += size ? size : 1) {
        size = text_decode(text.data + at, text.size - at, &code);
        if (code == UINT32_MAX)
            return false;
    }
    return true;
}

static struct text bytes_of_value(sqlite3_value *value) {
    const char *data = sqlite3_value_blob(value);
    return (struct text){data ? data : "", (size_t)sqlite3_value_bytes(value)};
}

static bool cast_between(sqlite3_context *context, enum emulator_type from, enum emulator_type to,
                         sqlite3_value *value) {
    int64_t moment;
    struct text bytes;
    switch (to) {
    case EMULATOR_BYTES:
        bytes = bytes_of_value(value);
        sqlite3_result_blob64(context, bytes.data, bytes.size, SQLITE_TRANSIENT);
        return true;
    case EMULATOR_STRING:
        bytes = bytes_of_value(value);
        if (from == EMULATOR_BYTES && !is_utf8(bytes))
            return false;
        if (from == EMULATOR_BYTES)
            sqlite3_result_text64(context, bytes.data, bytes.size, SQLITE_TRANSIENT, SQLITE_UTF8);
        else
            cast_to_string(context, from, value);
        return true;
    default:
        break;
    }
    if (from == EMULATOR_STRING)
        return cast_from_string(context, to, text_of(text_of_value(value)));
    switch (to) {
    case EMULATOR_INT64:
        return cast_to_integer(context, from, value);
    case EMULATOR_BOOL:
        sqlite3_result_int(context, sqlite3_value_int64(value) != 0);
        return true;
    case EMULATOR_FLOAT64:
        sql_runtime_give_real(context, sql_runtime_real(value));
        return true;
    case EMULATOR_NUMERIC:
    case EMULATOR_BIGNUMERIC:
        return cast_to_decimal(context, from, to, value);
    default:
        if (sql_runtime_moment(context, from, value, &moment))
            sql_runtime_give(context, to, moment);
        return true;
    }
}

/* Why a cast has no result, in the words of the type it was meant for. */
static void fail_cast(sqlite3_context *context, enum emulator_type from, enum emulator_type to,
                      sqlite3_value *value) {
    static const char *const moments[EMULATOR_TYPE_COUNT] = {[EMULATOR_DATE] = "date",
                                                             [EMULATOR_DATETIME] =
                                                                 "datetime string",
                                                             [EMULATOR_TIME] = "time string",
                                                             [EMULATOR_TIMESTAMP] = "timestamp"};
    const char *text = text_of_value(value);
    bool number = from != EMULATOR_STRING;
    char shown[MOMENT_SIZE];
    if (from == EMULATOR_FLOAT64) {
        sql_runtime_show_real(sql_runtime_real(value), shown);
        text = shown;
    }
    if (moments[to])
        sql_runtime_fail(context, "Invalid %s: '%s'", moments[to], text);
    else if (to == EMULATOR_STRING)
        sql_runtime_fail(context, "Invalid cast of bytes to UTF8 string");
    else if (number && from == EMULATOR_FLOAT64 && !isfinite(sql_runtime_real(value)))
        sql_runtime_fail(context,
                         "Illegal conversion of non-finite floating point number to %s: %s",
                         to == EMULATOR_INT64 ? "an integer" : "numeric", text);
    else if (to == EMULATOR_INT64)
        sql_runtime_fail(context, number ? "int64 out of range: %s" : "Bad int64 value: %s", text);
    else if (to == EMULATOR_BOOL)
        sql_runtime_fail(context, "Bad bool value: %s", text);
    else if (to == EMULATOR_FLOAT64)
        sql_runtime_fail(context, "Bad double value: %s", text);
    else
        sql_runtime_fail(context, number ? "%s out of range: %s" : "Invalid %s value: %s",
                         number ? "numeric" : emulator_type_sql(to), text);
}

static void cast(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    if (sqlite3_value_type(values[0]) == SQLITE_NULL)
        return;
    enum emulator_type from = (enum emulator_type)sqlite3_value_int(values[1]);
    enum emulator_type to = (enum emulator_type)sqlite3_value_int(values[2]);
    if (cast_between(context, from, to, values[0]))
        return;
    if (sqlite3_value_int(values[3]))
        sqlite3_result_null(context);
    else
        fail_cast(context, from, to, values[0]);
}

static void give_json(sqlite3_context *context, const json_t *value) {
    if (json_is_string(value))
        give_text(context, json_string_value(value));
    else if (json_is_integer(value))
        sqlite3_result_int64(context, json_integer_value(value));
    else if (json_is_real(value))
        sqlite3_result_double(context, json_real_value(value));
    else if (json_is_boolean(value))
        sqlite3_result_int(context, json_is_true(value));
    else if (json_is_object(value) || json_is_array(value)) {
        char *text = json_text(value);
        give_text(context, text);
        free(text);
    }
}

/* array, position, from one?, safe? */
static void element(sqlite3_context *context, int count, sqlite3_value **values) {
    if (sql_runtime_any_null(count, values))
        return;
    struct error error = {0};
    json_t *array = json_read(text_of(text_of_value(values[0])), "array", &error);
    int64_t place = sqlite3_value_int64(values[1]);
    int64_t base = sqlite3_value_int(values[2]);
    if (place >= base && place - base < (int64_t)json_array_size(array))
        give_json(context, json_array_get(array, (size_t)(place - base)));
    else if (!sqlite3_value_int(values[3]))
        sql_runtime_fail(context, "Array index %lld is out of bounds", (long long)place);
    json_decref(array);
}

/* GENERATE_ARRAY(from, to, step) */
static void numbers(sqlite3_context *context, int count, sqlite3_value **values) {
    if (sql_runtime_any_null(count, values))
        return;
    int64_t from = sqlite3_value_int64(values[0]), to = sqlite3_value_int64(values[1]);
    int64_t step = sqlite3_value_int64(values[2]);
    if (step == 0) {
        sql_runtime_fail(context, "Sequence step cannot be 0.");
        return;
    }
    struct text_buffer out = {0};
    text_buffer_add(&out, "[");
    for (int made = 0; step > 0 ? from <= to : from >= to; made++) {
        if (made == 100000) {
            sql_runtime_fail(context, "GENERATE_ARRAY yields too many elements");
            break;
        }
        text_buffer_format(&out, "%s%lld", made ? "," : "", (long long)from);
        if (__builtin_add_overflow(from, step, &from))
            break;
    }
    text_buffer_add(&out, "]");
    give_text(context, out.data);
    text_buffer_free(&out);
}

const struct sql_runtime_function sql_runtime_values[] = {
    {"bq_mod", 2, mod},   {"bq_div", 2, div_whole},   {"bq_like", 2, match_like},
    {"bq_cast", 4, cast}, {"bq_element", 4, element}, {"bq_numbers", 3, numbers},
    {NULL, 0, NULL}};

bool sql_register(sqlite3 *database) {
    static const struct sql_runtime_function *const tables[] = {
        sql_runtime_values,  sql_runtime_moments, sql_runtime_zones,
        sql_runtime_numbers, sql_runtime_texts,   sql_runtime_orders};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const struct sql_runtime_function *entry = tables[i]; entry->name; entry++)
            if (sqlite3_create_function_v2(database, entry->name, entry->arguments,
                                           SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
                                           NULL, entry->call, NULL, NULL, NULL) != SQLITE_OK)
                return false;
    return sql_runtime_sums(database) && sql_runtime_collate(database);
}
