/* Dates and times within SQLite. The first argument of most is the number of the type. */
#include <stdlib.h>
#include <string.h>

#include "base/day.h"
#include "base/text.h"
#include "emulator/sql_runtime.h"

static const char *text_of_value(sqlite3_value *value) {
    const unsigned char *text = sqlite3_value_text(value);
    return text ? (const char *)text : "";
}

bool sql_runtime_moment(sqlite3_context *context, enum emulator_type type, sqlite3_value *value,
                        int64_t *moment) {
    if (type == EMULATOR_TIMESTAMP) {
        *moment = sqlite3_value_int64(value);
        if (*moment >= INT64_C(-62135596800000000) && *moment < INT64_C(253402300800000000))
            return true;
    } else if (sql_moment_read(type, text_of(text_of_value(value)), moment)) {
        return true;
    }
    sql_runtime_fail(context, "Invalid %s: '%s'", emulator_type_sql(type), text_of_value(value));
    return false;
}

void sql_runtime_give(sqlite3_context *context, enum emulator_type type, int64_t moment) {
    char text[SQL_MOMENT_SIZE];
    if (type == EMULATOR_TIMESTAMP) {
        sqlite3_result_int64(context, moment);
        return;
    }
    int64_t day = INT64_C(86400000000);
    if (type == EMULATOR_TIME)
        moment = (moment % day + day) % day;
    sqlite3_result_text(context, sql_moment_write(type, moment, text), -1, SQLITE_TRANSIENT);
}

static enum emulator_type type_of(sqlite3_value *value) {
    return (enum emulator_type)sqlite3_value_int(value);
}

static bool part_of(sqlite3_context *context, sqlite3_value *value, enum sql_part *part) {
    if (sql_part_read(text_of_value(value), part))
        return true;
    sql_runtime_fail(context, "Unknown date part %s", text_of_value(value));
    return false;
}

static void unfit(sqlite3_context *context, const char *what, sqlite3_value *part) {
    sql_runtime_fail(context, "%s with the part %s has no result", what, text_of_value(part));
}

/* type, moment, count, part */
static void shift(sqlite3_context *context, sqlite3_value **values, int64_t direction) {
    enum emulator_type type = type_of(values[0]);
    enum sql_part part;
    int64_t moment;
    if (sql_runtime_any_null(4, values) || !part_of(context, values[3], &part) ||
        !sql_runtime_moment(context, type, values[1], &moment))
        return;
    int64_t count;
    bool good = !__builtin_mul_overflow(sqlite3_value_int64(values[2]), direction, &count) &&
                (type != EMULATOR_DATE || part >= PART_DAY) && sql_moment_add(&moment, count, part);
    if (good)
        sql_runtime_give(context, type, moment);
    else
        unfit(context, "Adding an interval", values[3]);
}

static void add(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    shift(context, values, 1);
}

static void sub(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    shift(context, values, -1);
}

/* type, a, b, part */
static void difference(sqlite3_context *context, int count, sqlite3_value **values) {
    enum emulator_type type = type_of(values[0]);
    enum sql_part part;
    int64_t a, b, result;
    if (sql_runtime_any_null(count, values) || !part_of(context, values[3], &part) ||
        !sql_runtime_moment(context, type, values[1], &a) ||
        !sql_runtime_moment(context, type, values[2], &b))
        return;
    bool boundaries = type != EMULATOR_TIMESTAMP;
    if (sql_moment_difference(a, b, boundaries, part, &result))
        sqlite3_result_int64(context, result);
    else
        unfit(context, "A difference", values[3]);
}

/* type, moment, part */
static void truncate_moment(sqlite3_context *context, int count, sqlite3_value **values) {
    enum emulator_type type = type_of(values[0]);
    enum sql_part part;
    int64_t moment;
    if (sql_runtime_any_null(count, values) || !part_of(context, values[2], &part) ||
        !sql_runtime_moment(context, type, values[1], &moment))
        return;
    if (sql_moment_truncate(&moment, part))
        sql_runtime_give(context, type, moment);
    else
        unfit(context, "Truncating", values[2]);
}

/* type, moment, part: the last day of the part that holds it */
static void last(sqlite3_context *context, int count, sqlite3_value **values) {
    enum emulator_type type = type_of(values[0]);
    enum sql_part part;
    int64_t moment;
    if (sql_runtime_any_null(count, values) || !part_of(context, values[2], &part) ||
        !sql_runtime_moment(context, type, values[1], &moment))
        return;
    if (sql_moment_truncate(&moment, part) && sql_moment_add(&moment, 1, part) &&
        sql_moment_add(&moment, -1, PART_DAY))
        sql_runtime_give(context, type, moment);
    else
        unfit(context, "LAST_DAY", values[2]);
}

/* type, moment, part */
static void extract(sqlite3_context *context, int count, sqlite3_value **values) {
    enum emulator_type type = type_of(values[0]);
    enum sql_part part;
    int64_t moment, result;
    if (sql_runtime_any_null(count, values) || !part_of(context, values[2], &part) ||
        !sql_runtime_moment(context, type, values[1], &moment))
        return;
    if (part == PART_DATE || part == PART_TIME || part == PART_DATETIME)
        sql_runtime_give(context,
                         part == PART_DATE   ? EMULATOR_DATE
                         : part == PART_TIME ? EMULATOR_TIME
                                             : EMULATOR_DATETIME,
                         moment);
    else if (sql_moment_extract(moment, part, &result))
        sqlite3_result_int64(context, result);
}

void sql_runtime_give_format(sqlite3_context *context, int64_t local, int32_t offset,
                             sqlite3_value *format) {
    struct text_buffer out = {0};
    if (sql_moment_format(local, offset, text_of_value(format), &out))
        sqlite3_result_text(context, out.data ? out.data : "", (int)out.size, SQLITE_TRANSIENT);
    else
        sql_runtime_fail(context, "The format \"%s\" is not supported by the local BigQuery",
                         text_of_value(format));
    text_buffer_free(&out);
}

/* type, moment, format */
static void format(sqlite3_context *context, int count, sqlite3_value **values) {
    int64_t moment;
    if (sql_runtime_any_null(count, values) ||
        !sql_runtime_moment(context, type_of(values[0]), values[1], &moment))
        return;
    sql_runtime_give_format(context, moment, 0, values[2]);
}

/* type, format, text */
static void parse(sqlite3_context *context, int count, sqlite3_value **values) {
    int64_t moment;
    enum emulator_type type = type_of(values[0]);
    if (sql_runtime_any_null(count, values))
        return;
    if (sql_moment_format_unknown(text_of_value(values[1]), true))
        sql_runtime_fail(context, "The format \"%s\" is not supported by the local BigQuery",
                         text_of_value(values[1]));
    else if (sql_moment_parse(text_of_value(values[1]), text_of_value(values[2]), &moment))
        sql_runtime_give(context, type, moment);
    else
        sql_runtime_fail(context, "Failed to parse input string \"%s\"", text_of_value(values[2]));
}

/* timestamp, unit: whole units since 1970, rounded down */
static void floor_stamp(sqlite3_context *context, int count, sqlite3_value **values) {
    if (sql_runtime_any_null(count, values))
        return;
    int64_t moment = sqlite3_value_int64(values[0]), unit = sqlite3_value_int64(values[1]);
    sqlite3_result_int64(context, moment / unit - (moment % unit < 0 ? 1 : 0));
}

/* count, unit in microseconds: a TIMESTAMP, which must lie in the years 1 to 9999 */
static void stamp(sqlite3_context *context, int count, sqlite3_value **values) {
    int64_t moment;
    if (sql_runtime_any_null(count, values))
        return;
    if (!__builtin_mul_overflow(sqlite3_value_int64(values[0]), sqlite3_value_int64(values[1]),
                                &moment) &&
        moment >= INT64_C(-62135596800000000) && moment < INT64_C(253402300800000000))
        sqlite3_result_int64(context, moment);
    else
        sql_runtime_fail(context, "Timestamp value in unix time is out of range: %lld",
                         (long long)sqlite3_value_int64(values[0]));
}

/* year, month, day */
static void civil(sqlite3_context *context, int count, sqlite3_value **values) {
    if (sql_runtime_any_null(count, values))
        return;
    struct text_buffer text = {0};
    char canonical[SQL_MOMENT_SIZE];
    text_buffer_format(&text, "%04lld-%02lld-%02lld", (long long)sqlite3_value_int64(values[0]),
                       (long long)sqlite3_value_int64(values[1]),
                       (long long)sqlite3_value_int64(values[2]));
    if (sql_moment_canonical(EMULATOR_DATE, text_of(text.data), canonical))
        sqlite3_result_text(context, canonical, -1, SQLITE_TRANSIENT);
    else
        sql_runtime_fail(
            context, "Input calculates to invalid date: year: %lld, month: %lld, day: %lld",
            (long long)sqlite3_value_int64(values[0]), (long long)sqlite3_value_int64(values[1]),
            (long long)sqlite3_value_int64(values[2]));
    text_buffer_free(&text);
}

/* from, to, count, part: GENERATE_DATE_ARRAY */
static void dates(sqlite3_context *context, int count, sqlite3_value **values) {
    enum sql_part part;
    int64_t from, to, step = sqlite3_value_int64(values[2]);
    if (sql_runtime_any_null(count, values) || !part_of(context, values[3], &part) ||
        !sql_runtime_moment(context, EMULATOR_DATE, values[0], &from) ||
        !sql_runtime_moment(context, EMULATOR_DATE, values[1], &to))
        return;
    if (step == 0 || part < PART_DAY) {
        unfit(context, "GENERATE_DATE_ARRAY", values[3]);
        return;
    }
    struct text_buffer out = {0};
    text_buffer_add(&out, "[");
    int64_t at = from;
    for (int64_t i = 1; step > 0 ? at <= to : at >= to; i++) {
        char text[SQL_MOMENT_SIZE];
        text_buffer_format(&out, "%s\"%s\"", i > 1 ? "," : "",
                           sql_moment_write(EMULATOR_DATE, at, text));
        int64_t steps;
        at = from;
        if (__builtin_mul_overflow(i, step, &steps) || !sql_moment_add(&at, steps, part))
            break;
    }
    text_buffer_add(&out, "]");
    sqlite3_result_text(context, out.data, (int)out.size, SQLITE_TRANSIENT);
    text_buffer_free(&out);
}

const struct sql_runtime_function sql_runtime_moments[] = {{"bq_add", 4, add},
                                                           {"bq_sub", 4, sub},
                                                           {"bq_diff", 4, difference},
                                                           {"bq_trunc", 3, truncate_moment},
                                                           {"bq_last", 3, last},
                                                           {"bq_extract", 3, extract},
                                                           {"bq_format", 3, format},
                                                           {"bq_parse", 3, parse},
                                                           {"bq_date", 3, civil},
                                                           {"bq_dates", 4, dates},
                                                           {"bq_floor", 2, floor_stamp},
                                                           {"bq_stamp", 2, stamp},
                                                           {NULL, 0, NULL}};
