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

static void show_number(sqlite3_value *value, char out[MOMENT_SIZE]) {
    if (sqlite3_value_type(value) == SQLITE_INTEGER)
        (void)snprintf(out, MOMENT_SIZE, "%lld", (long long)sqlite3_value_int64(value));
    else
        moment_format_double(sqlite3_value_double(value), out);
}

static void divide(sqlite3_context *context, int count, sqlite3_value **values) {
    if (sql_runtime_any_null(count, values))
        return;
    double divisor = sqlite3_value_double(values[1]);
    if (divisor != 0) {
        sqlite3_result_double(context, sqlite3_value_double(values[0]) / divisor);
        return;
    }
    char left[MOMENT_SIZE], right[MOMENT_SIZE];
    show_number(values[0], left);
    show_number(values[1], right);
    sql_runtime_fail(context, "division by zero: %s / %s", left, right);
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

static void round_number(sqlite3_context *context, int count, sqlite3_value **values) {
    if (sql_runtime_any_null(count, values))
        return;
    double value = sqlite3_value_double(values[0]);
    int64_t digits = sqlite3_value_int64(values[1]);
    if (digits > 300 || digits < -300 || !isfinite(value)) {
        sqlite3_result_double(context, digits < 0 && isfinite(value) ? 0.0 : value);
        return;
    }
    double scale = pow(10, (double)(digits < 0 ? -digits : digits));
    double scaled = digits < 0 ? value / scale : value * scale;
    if (!isfinite(scaled))
        sqlite3_result_double(context, value);
    else
        sqlite3_result_double(context, digits < 0 ? round(scaled) * scale : round(scaled) / scale);
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

static void match_like(sqlite3_context *context, int count, sqlite3_value **values) {
    if (!sql_runtime_any_null(count, values))
        sqlite3_result_int(context, like(text_of_value(values[0]), text_of_value(values[1])));
}

static void give_text(sqlite3_context *context, const char *text) {
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static void cast_to_string(sqlite3_context *context, enum emulator_type from,
                           sqlite3_value *value) {
    char out[MOMENT_SIZE + SQL_MOMENT_SIZE];
    int64_t moment;
    switch (from) {
    case EMULATOR_BOOL:
        give_text(context, sqlite3_value_int(value) ? "true" : "false");
        break;
    case EMULATOR_FLOAT64:
    case EMULATOR_NUMERIC:
    case EMULATOR_BIGNUMERIC:
        moment_format_double(sqlite3_value_double(value), out);
        give_text(context, out);
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

/* STRING to a number, a BOOL or a moment; false when the text is no such thing. */
static bool cast_from_string(sqlite3_context *context, enum emulator_type to, const char *text) {
    int64_t integer;
    char *end, canonical[SQL_MOMENT_SIZE];
    bool truth;
    switch (to) {
    case EMULATOR_INT64:
        if (!text_to_int64(text_trim(text_of(text)), &integer))
            return false;
        sqlite3_result_int64(context, integer);
        return true;
    case EMULATOR_FLOAT64:
    case EMULATOR_NUMERIC:
    case EMULATOR_BIGNUMERIC: {
        double real = strtod(text, &end);
        sqlite3_result_double(context, real);
        return end != text && text_trim(text_of(end)).size == 0;
    }
    case EMULATOR_BOOL:
        if (!read_bool(text, &truth))
            return false;
        sqlite3_result_int(context, truth);
        return true;
    default:
        if (!sql_moment_canonical(to, text_of(text), canonical))
            return false;
        if (to == EMULATOR_TIMESTAMP)
            sqlite3_result_int64(context, strtoll(canonical, NULL, 10));
        else
            give_text(context, canonical);
        return true;
    }
}

static bool cast_to_integer(sqlite3_context *context, sqlite3_value *value) {
    if (sqlite3_value_type(value) == SQLITE_INTEGER) {
        sqlite3_result_int64(context, sqlite3_value_int64(value));
        return true;
    }
    double rounded = round(sqlite3_value_double(value));
    if (!(rounded >= -9223372036854775808.0 && rounded < 9223372036854775808.0))
        return false;
    sqlite3_result_int64(context, (int64_t)rounded);
    return true;
}

static bool cast_between(sqlite3_context *context, enum emulator_type from, enum emulator_type to,
                         sqlite3_value *value) {
    int64_t moment;
    if (to == EMULATOR_STRING || to == EMULATOR_BYTES) {
        cast_to_string(context, from, value);
    } else if (from == EMULATOR_STRING) {
        return cast_from_string(context, to, text_of_value(value));
    } else if (to == EMULATOR_INT64) {
        return cast_to_integer(context, value);
    } else if (to == EMULATOR_BOOL) {
        sqlite3_result_int(context, sqlite3_value_int64(value) != 0);
    } else if (to == EMULATOR_FLOAT64 || to == EMULATOR_NUMERIC || to == EMULATOR_BIGNUMERIC) {
        sqlite3_result_double(context, sqlite3_value_double(value));
    } else if (sql_runtime_moment(context, from, value, &moment)) {
        sql_runtime_give(context, to, moment);
    }
    return true;
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
    else if (to == EMULATOR_INT64)
        sql_runtime_fail(context, "Bad int64 value: %s", text_of_value(values[0]));
    else if (to == EMULATOR_BOOL)
        sql_runtime_fail(context, "Bad bool value: %s", text_of_value(values[0]));
    else if (to == EMULATOR_FLOAT64)
        sql_runtime_fail(context, "Bad double value: %s", text_of_value(values[0]));
    else if (to == EMULATOR_DATE || to == EMULATOR_DATETIME || to == EMULATOR_TIME ||
             to == EMULATOR_TIMESTAMP)
        sql_runtime_fail(context, "Invalid %s: '%s'",
                         to == EMULATOR_DATE       ? "date"
                         : to == EMULATOR_DATETIME ? "datetime string"
                         : to == EMULATOR_TIME     ? "time string"
                                                   : "timestamp",
                         text_of_value(values[0]));
    else
        sql_runtime_fail(context, "Invalid NUMERIC value: %s", text_of_value(values[0]));
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
    {"bq_divide", 2, divide},      {"bq_mod", 2, mod},         {"bq_div", 2, div_whole},
    {"bq_round", 2, round_number}, {"bq_like", 2, match_like}, {"bq_cast", 4, cast},
    {"bq_element", 4, element},    {"bq_numbers", 3, numbers}, {NULL, 0, NULL}};

bool sql_register(sqlite3 *database) {
    static const struct sql_runtime_function *const tables[] = {
        sql_runtime_values, sql_runtime_moments, sql_runtime_zones};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const struct sql_runtime_function *entry = tables[i]; entry->name; entry++)
            if (sqlite3_create_function_v2(database, entry->name, entry->arguments,
                                           SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
                                           NULL, entry->call, NULL, NULL, NULL) != SQLITE_OK)
                return false;
    return true;
}
