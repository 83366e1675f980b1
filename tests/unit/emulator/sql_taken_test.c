/* What GoogleSQL takes, and what it answers. Each line is an expression over table kinds' first row
 * or a whole statement. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/memory.h"
#include "sql_fixture.h"

static struct sql_fixture *fixture;

static void start(void) {
    fixture = sql_fixture_new();
}

static void stop(void) {
    sql_fixture_free(fixture);
}

TestSuite(sql_taken, .init = start, .fini = stop);

struct answer {
    const char *expression, *answer;
};

/* An expression is asked over the row whose id is p. */
static void check(const struct answer *answers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *text = answers[i].expression;
        bool whole = strncmp(text, "SELECT ", 7) == 0 || strncmp(text, "WITH ", 5) == 0;
        char *statement = whole ? memory_copy_string(text)
                                : memory_format("SELECT %s FROM kinds WHERE id = 'p'", text);
        const char *given = sql_fixture_run(fixture, statement, NULL);
        cr_expect_str_eq(given, answers[i].answer, "%s\n  gave     %s\n  expected %s", text, given,
                         answers[i].answer);
        free(statement);
    }
}

#define CHECK(...)                                                                                 \
    check((const struct answer[]){__VA_ARGS__},                                                    \
          sizeof((const struct answer[]){__VA_ARGS__}) / sizeof(struct answer))

Test(sql_taken, zones)
{
    CHECK(
        {"DATE(TIMESTAMP '2026-03-29 00:30:00', 'Europe/Berlin')", "2026-03-29"},
        {"DATE(TIMESTAMP '2026-03-28 23:30:00', 'Europe/Berlin')", "2026-03-29"},
        {"DATE(TIMESTAMP '2026-03-28 22:30:00', 'Europe/Berlin')", "2026-03-28"},
        {"DATE(TIMESTAMP '2026-07-01 22:30:00', 'Europe/Berlin')", "2026-07-02"},
        {"DATE(TIMESTAMP '2024-01-01 04:59:59', 'America/New_York')", "2023-12-31"},
        {"DATE(TIMESTAMP '2024-01-01 05:00:00', 'America/New_York')", "2024-01-01"},
        {"DATE(ts, 'Asia/Kolkata')", "2024-01-01"}, {"DATE(ts, '-08:00')", "2023-12-31"},
        {"DATE(ts, '+05')", "2024-01-01"}, {"DATE(ts, 'UTC')", "2024-01-01"},
        {"DATE(ts, id)", "!Invalid time zone: p"},
        {"DATE(ts, '../../etc/passwd')", "!Invalid time zone: ../../etc/passwd"},
        {"DATE(ts, CAST(NULL AS STRING))", "NULL"},
        {"DATETIME(ts, 'America/Los_Angeles')", "2023-12-31T16:00:00"},
        {"TIME(TIMESTAMP '2024-07-01 00:00:00', 'Europe/London')", "01:00:00"},
        {"TIMESTAMP(DATETIME '2024-07-01 02:00:00', 'Europe/Berlin') = TIMESTAMP '2024-07-01'",
         "1"},
        {"TIMESTAMP(DATE '2024-01-01', 'America/New_York') = TIMESTAMP '2024-01-01 05:00:00'", "1"},
        {"TIMESTAMP('2024-01-01 00:00:00', 'Asia/Tokyo') = TIMESTAMP '2023-12-31 15:00:00'", "1"},
        {"TIMESTAMP '2024-01-01 00:00:00 Asia/Tokyo' = TIMESTAMP '2023-12-31 15:00:00'", "1"},
        {"TIMESTAMP '2024-01-01 00:00:00+09:00' = TIMESTAMP '2023-12-31 15:00:00'", "1"},
        /* what clocks skip is the moment at which they do; what they show twice is the first */
        {"CAST(TIMESTAMP(DATETIME '2024-03-31 02:30:00', 'Europe/Berlin') AS STRING)",
         "2024-03-31 01:00:00+00"},
        {"CAST(TIMESTAMP(DATETIME '2024-10-27 02:30:00', 'Europe/Berlin') AS STRING)",
         "2024-10-27 00:30:00+00"},
        {"CAST(TIMESTAMP(DATETIME '2060-07-01 12:00:00', 'Europe/Berlin') AS STRING)",
         "2060-07-01 10:00:00+00"},
        {"CAST(TIMESTAMP(DATETIME '2060-12-01 12:00:00', 'Australia/Sydney') AS STRING)",
         "2060-12-01 01:00:00+00"},
        {"EXTRACT(HOUR FROM ts AT TIME ZONE 'America/New_York')", "19"},
        {"EXTRACT(DATE FROM ts AT TIME ZONE 'America/New_York')", "2023-12-31"},
        {"EXTRACT(DATETIME FROM ts AT TIME ZONE 'Asia/Tokyo')", "2024-01-01T09:00:00"},
        {"EXTRACT(DAYOFWEEK FROM ts AT TIME ZONE '-01:00')", "1"},
        {"FORMAT_TIMESTAMP('%F %T', ts, 'America/New_York')", "2023-12-31 19:00:00"},
        {"FORMAT_TIMESTAMP('%H:%M %z %Ez', ts, 'Asia/Kolkata')", "05:30 +0530 +05:30"},
        {"FORMAT_TIMESTAMP('%Z %s', ts)", "UTC 1704067200"},
        {"TIMESTAMP_TRUNC(ts, DAY, 'America/New_York') = TIMESTAMP '2023-12-31 05:00:00'", "1"},
        {"TIMESTAMP_TRUNC(ts, MONTH, 'Europe/Berlin') = TIMESTAMP '2023-12-31 23:00:00'", "1"},
        {"TIMESTAMP_TRUNC(ts, HOUR, 'Asia/Kolkata') = TIMESTAMP '2023-12-31 23:30:00'", "1"},
        {"PARSE_TIMESTAMP('%F %H', '2024-01-01 09', 'Asia/Tokyo') = TIMESTAMP '2024-01-01'", "1"},
        {"STRING(ts)", "2024-01-01 00:00:00+00"},
        {"STRING(ts, 'Asia/Kolkata')", "2024-01-01 05:30:00+05:30"},
        {"CURRENT_DATE('Asia/Tokyo')", "2026-01-05"},
        {"CURRENT_DATE('Pacific/Kiritimati')", "2026-01-06"},
        {"CURRENT_DATETIME('Asia/Tokyo')", "2026-01-05T23:15:00"});
}

Test(sql_taken, names)
{
    CHECK({"CURRENT_DATE", "2026-01-05"}, {"CURRENT_TIMESTAMP", "1767622500000000"},
          {"current_datetime", "2026-01-05T14:15:00"}, {"day < CURRENT_DATE", "1"},
          {"SELECT current_date FROM (SELECT 1 AS current_date)", "1"}, {"rec.k", "v"},
          {"rec.deep.n", "7"}, {"rec.*", "v|{\"n\":7}"}, {"kinds.rec.*", "v|{\"n\":7}"},
          {"rec.deep.*", "7"}, {"rec.* EXCEPT (k)", "{\"n\":7}"},
          {"rec.* EXCEPT (zz)", "!Column zz in SELECT * EXCEPT list does not exist at [1:8]"},
          {"id.*", "!Dot-star is not supported for type STRING at [1:8]"},
          {"zz.*", "!Unrecognized name: zz at [1:8]"});
}

Test(sql_taken, types_that_meet)
{
    CHECK({"ts BETWEEN '2024-01-01' AND TIMESTAMP '2024-01-10'", "1"}, {"day < dt", "0"},
          {"day <= DATETIME '2024-01-01 00:00:00'", "1"}, {"day = '2024-1-1'", "1"},
          {"DATE(ts) = day", "1"}, {"ts >= TIMESTAMP(day)", "1"}, {"x > 1", "1"}, {"n > 1", "1"},
          {"k < x", "1"}, {"k = 1.0", "1"}, {"k IN (1, 2.5)", "1"}, {"1 + day", "2024-01-02"},
          {"day - 1", "2023-12-31"}, {"COALESCE(NULL, day)", "2024-01-01"},
          {"IF(b, day, '2020-01-01')", "2024-01-01"}, {"IF(b, k, 1.5)", "1"},
          {"CASE k WHEN 1.0 THEN 'one' END", "one"}, {"NULLIF(day, '2024-01-01')", "NULL"},
          {"GREATEST(day, '2025-01-01')", "2025-01-01"},
          {"DATE_DIFF(ts, TIMESTAMP '2023-12-31', HOUR)", "24"},
          {"DATE_TRUNC(ts, MONTH) = ts", "1"}, {"DATE_ADD(ts, INTERVAL 1 HOUR) > ts", "1"},
          {"DATE_TRUNC(dt, YEAR)", "2024-01-01T00:00:00"}, {"EXTRACT(MINUTE FROM tm)", "0"},
          {"EXTRACT(QUARTER FROM dt)", "1"}, {"-9223372036854775808", "-9223372036854775808"},
          {"-0x10", "-16"}, {"+5", "5"}, {"SELECT DISTINCT id FROM kinds ORDER BY id", "p\nq"},
          {"SELECT DISTINCT id, x + 1 AS y FROM kinds ORDER BY y DESC, LOWER(id)", "q|3.5\np|2.5"},
          {"SELECT DISTINCT x FROM kinds ORDER BY 1", "1.5\n2.5"},
          {"SELECT x, COUNT(*) FROM kinds GROUP BY x ORDER BY x", "1.5|1\n2.5|1"},
          {"SELECT DATE(ts) AS d, COUNT(*) FROM kinds GROUP BY d ORDER BY d",
           "2024-01-01|1\n2024-01-02|1"},
          {"SELECT 'a' AS t, COUNT(*) FROM kinds GROUP BY t", "a|2"},
          {"SELECT 'a', COUNT(*) FROM kinds GROUP BY 1", "a|2"},
          {"SELECT COUNT(*) FROM kinds HAVING COUNT(*) > 1", "2"},
          {"SELECT ROW_NUMBER() OVER () > 0 FROM kinds", "1\n1"},
          {"SELECT COUNT(*) OVER (PARTITION BY b) FROM kinds", "1\n1"},
          {"SELECT LAG(id) OVER (ORDER BY k) FROM kinds", "NULL\np"},
          {"SELECT SUM(k) OVER (ORDER BY k ROWS UNBOUNDED PRECEDING) FROM kinds", "1\n3"},
          {"SELECT RANK() OVER (ORDER BY SUM(k)) FROM kinds GROUP BY id", "1\n2"},
          {"SELECT ANY_VALUE(j) FROM kinds WHERE j IS NOT NULL", "{}"},
          {"SELECT COUNT(j), COUNT(rec) FROM kinds", "1|1"});
}

Test(sql_taken, moments)
{
    CHECK({"UNIX_SECONDS(TIMESTAMP '1969-12-31 23:59:59.5')", "-1"},
          {"UNIX_MILLIS(TIMESTAMP '1969-12-31 23:59:59.9995')", "-1"},
          {"UNIX_SECONDS(ts)", "1704067200"}, {"TIMESTAMP_SECONDS(1704067200) = ts", "1"},
          {"TIMESTAMP_SECONDS(9223372036854775807)",
           "!Timestamp value in unix time is out of range: 9223372036854775807"},
          {"TIMESTAMP_MICROS(9223372036854775807)",
           "!Timestamp value in unix time is out of range: 9223372036854775807"},
          {"FORMAT_DATE('%D %x', day)", "01/01/24 01/01/24"},
          {"FORMAT_DATE('%E4Y %Q', day)", "2024 1"},
          {"FORMAT_TIMESTAMP('%E*S %E3S', TIMESTAMP '2024-01-01 00:00:07.25')", "07.25 07.250"},
          {"FORMAT_DATETIME('%k|%l %P', dt)", " 0|12 am"},
          {"FORMAT_TIMESTAMP('%c', ts)", "Mon Jan  1 00:00:00 2024"},
          {"PARSE_TIMESTAMP('%F %H %z', '2024-01-01 09 +0900') = ts", "1"},
          {"EXTRACT(TIME FROM dt)", "00:00:00"});
}
