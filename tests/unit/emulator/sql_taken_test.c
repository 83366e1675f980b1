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

Test(sql_taken, integers)
{
    CHECK({"9223372036854775807 + 1", "!int64 overflow: 9223372036854775807 + 1"},
          {"-9223372036854775808 - k", "!int64 overflow: -9223372036854775808 - 1"},
          {"9223372036854775807 * 2", "!int64 overflow: 9223372036854775807 * 2"},
          {"-(-9223372036854775808 + 0)", "!int64 overflow: -(-9223372036854775808)"},
          {"ABS(-9223372036854775808)", "!int64 overflow: ABS(-9223372036854775808)"},
          {"DIV(-9223372036854775808, -1)", "!int64 overflow: DIV(-9223372036854775808, -1)"},
          {"9223372036854775806 + 1", "9223372036854775807"},
          {"1 + 2 - 4 + CAST(NULL AS INT64)", "NULL"}, {"2 * 3 + 4 * 5 - 6", "20"},
          {"10 - 4 - 3", "3"}, {"2 * 7 / 4", "3.5"},
          {"SELECT SUM(x) FROM (SELECT 9223372036854775807 AS x UNION ALL SELECT 1)",
           "!int64 overflow: SUM"},
          {"SELECT SUM(x) FROM (SELECT 9223372036854775807 AS x UNION ALL SELECT 1 UNION ALL "
           "SELECT -1)",
           "9223372036854775807"},
          {"SELECT AVG(x) FROM (SELECT 9223372036854775807 AS x UNION ALL SELECT "
           "9223372036854775807)",
           "9.22337203685478e+18"},
          {"CAST('0x1F' AS INT64)", "31"}, {"CAST('-0x10' AS INT64)", "-16"},
          {"CAST('+7' AS INT64)", "7"}, {"CAST(' 7 ' AS INT64)", "7"},
          {"SAFE_CAST('7.0' AS INT64)", "NULL"}, {"SAFE_CAST('' AS INT64)", "NULL"},
          {"SAFE_CAST(1e19 AS INT64)", "NULL"}, {"CAST(2.5 AS INT64)", "3"},
          {"CAST(-2.5 AS INT64)", "-3"});
}

Test(sql_taken, decimals)
{
    CHECK({"NUMERIC '0.1' + NUMERIC '0.2' = NUMERIC '0.3'", "1"},
          {"NUMERIC '0.1' + NUMERIC '0.2'", "0.3"}, {"NUMERIC '0.1' + 0.2", "0.3"},
          {"n + 1", "3.5"}, {"n * n", "6.25"}, {"n / 3", "0.833333333"},
          {"BIGNUMERIC '1' / 3", "0.33333333333333333333333333333333333333"},
          {"n / 0", "!division by zero: 2.5 / 0"}, {"-n", "-2.5"}, {"ABS(-n)", "2.5"},
          {"SIGN(-n)", "-1"}, {"ROUND(n)", "3"}, {"ROUND(n * -1)", "-3"},
          {"ROUND(NUMERIC '1.245', 2)", "1.25"}, {"TRUNC(-n)", "-2"}, {"FLOOR(-n)", "-3"},
          {"CEIL(-n)", "-2"}, {"MOD(NUMERIC '7.5', 2)", "1.5"}, {"DIV(NUMERIC '7.5', 2)", "3"},
          {"SAFE_DIVIDE(n, 0)", "NULL"}, {"SAFE_DIVIDE(n, 2)", "1.25"}, {"n > 10", "0"},
          {"NUMERIC '10' > NUMERIC '9'", "1"}, {"NUMERIC '10' BETWEEN 9 AND 11", "1"},
          {"GREATEST(NUMERIC '10', 9)", "10"}, {"LEAST(NUMERIC '10', 9)", "9"},
          {"n IN (2.5, 7)", "1"}, {"n = 2.50", "1"}, {"n + x", "4.0"}, {"n < x", "0"},
          {"NUMERIC '99999999999999999999999999999' * 10",
           "!numeric overflow: 99999999999999999999999999999 * 10"},
          {"CAST('1.0000000005' AS NUMERIC)", "1.000000001"}, {"CAST(0.1 AS NUMERIC)", "0.1"},
          {"CAST(1 AS NUMERIC)", "1"}, {"CAST(n AS STRING)", "2.5"}, {"CAST(n AS FLOAT64)", "2.5"},
          {"CAST(n AS INT64)", "3"}, {"CAST('x' AS NUMERIC)", "!Invalid NUMERIC value: x"},
          {"SAFE_CAST('1e99' AS NUMERIC)", "NULL"},
          {"CAST(1e30 AS NUMERIC)", "!numeric out of range: 1e+30"},
          {"POW(n, 2)", "!POW of NUMERIC is not supported by the local BigQuery at [1:8]"},
          {"SELECT SUM(n), AVG(n), MIN(n), MAX(n), COUNT(DISTINCT n) FROM kinds",
           "1.5|0.75|-1|2.5|2"},
          {"SELECT n FROM (SELECT NUMERIC '10' AS n UNION ALL SELECT 9 UNION ALL SELECT -1) ORDER "
           "BY n",
           "-1\n9\n10"},
          {"SELECT n FROM (SELECT NUMERIC '10' AS n UNION ALL SELECT 9) ORDER BY 1 DESC", "10\n9"},
          {"SELECT SUM(v) FROM (SELECT NUMERIC '0.1' AS v UNION ALL SELECT NUMERIC '0.2')", "0.3"},
          {"SELECT SUM(n) OVER (ORDER BY k ROWS 1 PRECEDING) FROM kinds ORDER BY k", "2.5\n1.5"},
          {"SELECT a.k FROM kinds a JOIN (SELECT 2 AS k, NUMERIC '2.5' AS n) b USING (n)", "1"},
          {"SELECT DISTINCT n FROM (SELECT NUMERIC '1.0' AS n UNION ALL SELECT 1)", "1"});
}

Test(sql_taken, not_a_number_and_infinity)
{
    CHECK({"CAST('nan' AS FLOAT64)", "NaN"},
          {"CAST('NaN' AS FLOAT64) = CAST('NaN' AS FLOAT64)", "0"},
          {"CAST('NaN' AS FLOAT64) <> 1", "1"}, {"CAST('NaN' AS FLOAT64) > 1", "0"},
          {"CAST('inf' AS FLOAT64) > 1e300", "1"}, {"-CAST('inf' AS FLOAT64)", "-Inf"},
          {"CAST('-Infinity' AS FLOAT64) < 0", "1"}, {"IEEE_DIVIDE(0, 0)", "NaN"},
          {"IEEE_DIVIDE(1, 0)", "Inf"}, {"IEEE_DIVIDE(-1, 0)", "-Inf"},
          {"CAST('inf' AS FLOAT64) - CAST('inf' AS FLOAT64)", "NaN"},
          {"1e308 * 10", "!double overflow: 1e+308 * 10"},
          {"CAST(CAST('nan' AS FLOAT64) AS STRING)", "NaN"},
          {"CAST(CAST('inf' AS FLOAT64) AS STRING)", "inf"},
          {"SAFE_CAST(CAST('nan' AS FLOAT64) AS INT64)", "NULL"},
          {"CAST(CAST('nan' AS FLOAT64) AS INT64)",
           "!Illegal conversion of non-finite floating point number to an integer: NaN"},
          {"SAFE_CAST('0x10' AS FLOAT64)", "NULL"}, {"SAFE_CAST('1e400' AS FLOAT64)", "NULL"},
          {"SQRT(-1)", "!Floating point error in function: SQRT"},
          {"LN(0)", "!Floating point error in function: LN"}, {"LOG(8, 2)", "3.0"},
          {"SELECT SUM(v) FROM (SELECT 1.5 AS v UNION ALL SELECT CAST('nan' AS FLOAT64))", "NaN"},
          {"SELECT SUM(v) FROM (SELECT 1e16 AS v UNION ALL SELECT 1.0 UNION ALL SELECT -1e16)",
           "1.0"});
}

Test(sql_taken, text)
{
    CHECK({"SUBSTR('äöü', 2)", "öü"}, {"SUBSTR('hello', -3, 2)", "ll"},
          {"SUBSTR('abc', -10)", "abc"}, {"SUBSTR('abc', -10, 2)", "ab"},
          {"SUBSTR('abc', 9) = ''", "1"}, {"SUBSTR('abc', 2, 0) = ''", "1"},
          {"SUBSTR('abc', 2, -1)", "!Third argument in SUBSTR() cannot be negative"},
          {"SUBSTR(CAST(NULL AS STRING), 1)", "NULL"}, {"LEFT('äöü', 2)", "äö"},
          {"RIGHT('äöü', 2)", "öü"}, {"RIGHT('abc', 9)", "abc"},
          {"LEFT('abc', -1)", "!Second argument in LEFT() cannot be negative"},
          {"RIGHT('abc', -1)", "!Second argument in RIGHT() cannot be negative"},
          {"LOWER('ÄÖÜ Ñ ΣΑ')", "äöü ñ σα"}, {"UPPER('äöü ñ')", "ÄÖÜ Ñ"},
          {"TRIM('\\t\\n a\\u00a0 ')", "a"}, {"LTRIM('\\u3000a ')", "a "},
          {"RTRIM(' a\\r\\n')", " a"}, {"TRIM('äaä', 'ä')", "a"},
          {"CONTAINS_SUBSTR('GRÖSSE', 'größ')", "0"}, {"CONTAINS_SUBSTR('ÄB', 'äb')", "1"},
          {"LENGTH(y)", "2"}, {"BYTE_LENGTH('ä')", "2"}, {"LENGTH('äö')", "2"},
          {"SUBSTR(b'abc', 2) = b'bc'", "1"}, {"CONCAT(b'a', b'b') = b'ab'", "1"},
          {"b'a' || b'b' = b'ab'", "1"},
          {"LOWER(y)", "!LOWER of BYTES is not supported by the local BigQuery at [1:8]"},
          {"CAST(b'\\xff' AS STRING)", "!Invalid cast of bytes to UTF8 string"},
          {"SAFE_CAST(b'\\xff' AS STRING)", "NULL"}, {"CAST(b'ab' AS STRING)", "ab"},
          {"CAST('TRUE' AS BOOL)", "1"}, {"SAFE_CAST('yes' AS BOOL)", "NULL"},
          {"SAFE_CAST('2024-02-30' AS DATE)", "NULL"},
          {"SAFE_CAST('2024-01-01 25:00:00' AS TIMESTAMP)", "NULL"},
          {"SAFE_CAST('2024-01-01 00:00:00 Nowhere/Land' AS TIMESTAMP)", "NULL"});
}
