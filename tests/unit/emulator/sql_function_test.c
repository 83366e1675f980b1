#include <criterion/criterion.h>

#include "sql_fixture.h"

static struct sql_fixture *fixture;

static void start(void) {
    fixture = sql_fixture_new();
}

static void stop(void) {
    sql_fixture_free(fixture);
}

TestSuite(sql_function, .init = start, .fini = stop);

struct specimen {
    const char *expression, *expected;
};

static void check(const struct specimen *specimens, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char text[512];
        (void)snprintf(text, sizeof text, "SELECT %s", specimens[i].expression);
        cr_expect_sql(fixture, text, specimens[i].expected);
    }
}

#define CHECK(...)                                                                                 \
    check((const struct specimen[]){__VA_ARGS__},                                                  \
          sizeof((const struct specimen[]){__VA_ARGS__}) / sizeof(struct specimen))

Test(sql_function, numbers)
{
    CHECK({"1/2", "0.5"}, {"1/0", "!division by zero: 1 / 0"}, {"SAFE_DIVIDE(1, 0)", "NULL"},
          {"SAFE_DIVIDE(1, 4)", "0.25"}, {"IEEE_DIVIDE(1, 4)", "0.25"}, {"7 - 2 - 1", "4"},
          {"2 + 3 * 4", "14"}, {"-(-3)", "3"}, {"1.0/0.0", "!division by zero: 1 / 0"},
          {"MOD(7, 3)", "1"}, {"MOD(1, 0)", "!division by zero: MOD(1, 0)"}, {"DIV(7, 2)", "3"},
          {"ROUND(2.5)", "3.0"}, {"ROUND(-2.5)", "-3.0"}, {"ROUND(17.649, 1)", "17.6"},
          {"ROUND(1234.5, -2)", "1200.0"}, {"ROUND(7)", "7.0"}, {"ABS(-3)", "3"},
          {"SIGN(-2)", "-1"}, {"FLOOR(1.5)", "1.0"}, {"CEIL(1.2)", "2.0"},
          {"CEILING(-1.2)", "-1.0"}, {"TRUNC(1.9)", "1.0"}, {"SQRT(4)", "2.0"},
          {"POW(2, 3)", "8.0"}, {"POWER(2, 3)", "8.0"}, {"EXP(0)", "1.0"}, {"LN(1)", "0.0"},
          {"LOG(1)", "0.0"}, {"LOG10(100)", "2.0"}, {"GREATEST(1, 3, 2)", "3"}, {"LEAST(2)", "2"},
          {"LEAST(3, NULL)", "NULL"}, {"0x1F", "31"}, {"1 << 4 | 1", "17"}, {"1e2", "100.0"},
          {".5", "0.5"});
}

Test(sql_function, conditions)
{
    CHECK({"IF(1 < 2, 'a', 'b')", "a"}, {"COALESCE(NULL, NULL, 3)", "3"}, {"COALESCE(4)", "4"},
          {"IFNULL(NULL, 'x')", "x"}, {"NULLIF(1, 1)", "NULL"},
          {"CASE WHEN FALSE THEN 1 WHEN NULL THEN 2 ELSE 3 END", "3"},
          {"CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END", "b"},
          {"CASE WHEN FALSE THEN 1 END", "NULL"}, {"1 IN (1, 2)", "1"}, {"3 NOT IN (1, 2)", "1"},
          {"2 BETWEEN 1 AND 3", "1"}, {"2 NOT BETWEEN 1 AND 3", "0"}, {"NULL IS NULL", "1"},
          {"1 IS NOT NULL", "1"}, {"(1 = 1) IS TRUE", "1"}, {"(1 = 2) IS NOT FALSE", "0"},
          {"NOT TRUE OR TRUE", "1"}, {"1 != 2 AND 1 <> 2", "1"}, {"3 IN UNNEST([1, 3])", "1"});
}

Test(sql_function, strings)
{
    CHECK({"LOWER('AbC')", "abc"}, {"UPPER(\"abc\")", "ABC"}, {"LENGTH('häh')", "3"},
          {"CHAR_LENGTH('ab')", "2"}, {"BYTE_LENGTH('hä')", "3"}, {"CONCAT('a', 'b', 'c')", "abc"},
          {"'a' || 'b' || 'c'", "abc"}, {"SUBSTR('hello', 2, 3)", "ell"},
          {"SUBSTR('hello', 0)", "hello"}, {"SUBSTR('hello', -2)", "lo"},
          {"SUBSTRING('hello', 4)", "lo"}, {"LEFT('hello', 2)", "he"},
          {"SUBSTRING('hello', 1, 1)", "h"}, {"RIGHT('hello', 2)", "lo"},
          {"REPLACE('aba', 'a', 'x')", "xbx"}, {"TRIM('  a ')", "a"}, {"TRIM('xax', 'x')", "a"},
          {"LTRIM(' a')", "a"}, {"LTRIM('xa', 'x')", "a"}, {"RTRIM('a ')", "a"},
          {"RTRIM('ax', 'x')", "a"}, {"STARTS_WITH('hello', 'he')", "1"},
          {"ENDS_WITH('hello', 'lo')", "1"}, {"ENDS_WITH('hello', '')", "1"},
          {"STRPOS('hello', 'l')", "3"}, {"INSTR('hello', 'z')", "0"},
          {"CONTAINS_SUBSTR('Hello', 'ELL')", "1"}, {"'abc' LIKE 'a%'", "1"},
          {"'Abc' LIKE 'a%'", "0"}, {"'abc' LIKE '_b_'", "1"}, {"'a%c' LIKE 'a\\\\%c'", "1"},
          {"'abc' NOT LIKE '%b%'", "0"}, {"'aXbXc' LIKE '%X%c'", "1"}, {"'''it's'''", "it's"},
          {"r'a\\n'", "a\\n"}, {"'a\\n\\x41\\u00e4\\101'", "a\nAäA"});
}

Test(sql_function, casts)
{
    CHECK({"CAST('12' AS INT64)", "12"}, {"CAST('x' AS INT64)", "!Bad int64 value: x"},
          {"SAFE_CAST('x' AS INT64)", "NULL"}, {"CAST(1.5 AS INT64)", "2"},
          {"CAST(1 AS STRING)", "1"}, {"CAST(1.5 AS STRING)", "1.5"},
          {"CAST(TRUE AS STRING)", "true"}, {"CAST('true' AS BOOL)", "1"},
          {"CAST('maybe' AS BOOL)", "!Bad bool value: maybe"}, {"CAST(2 AS BOOL)", "1"},
          {"CAST(TRUE AS INT64)", "1"}, {"CAST('1.5' AS FLOAT64)", "1.5"},
          {"CAST('x' AS FLOAT64)", "!Bad double value: x"}, {"CAST('1.5' AS NUMERIC)", "1.5"},
          {"SAFE_CAST('x' AS NUMERIC)", "NULL"}, {"CAST('2024-1-5' AS DATE)", "2024-01-05"},
          {"CAST('2024-02-30' AS DATE)", "!Invalid date: '2024-02-30'"},
          {"SAFE_CAST('nonsense' AS DATE)", "NULL"},
          {"CAST(DATE '2024-01-05' AS STRING)", "2024-01-05"},
          {"CAST(TIMESTAMP '2024-01-05 12:00:00' AS STRING)", "2024-01-05 12:00:00+00"},
          {"CAST(TIMESTAMP '2024-01-05 12:00:00+02' AS DATE)", "2024-01-05"},
          {"CAST(DATE '2024-01-05' AS TIMESTAMP)", "1704412800000000"},
          {"CAST(DATETIME '2024-01-05 12:30:00.5' AS TIME)", "12:30:00.500000"},
          {"CAST(NULL AS INT64)", "NULL"},
          {"CAST(TRUE AS DATE)", "!Invalid cast from BOOL to DATE at [1:8]"},
          {"SAFE_CAST('99999999999999999999' AS INT64)", "NULL"},
          {"CAST(1e30 AS INT64)", "!int64 out of range: 1e+30"});
}

Test(sql_function, dates)
{
    CHECK(
        {"CURRENT_DATE()", "2026-01-05"}, {"CURRENT_DATETIME()", "2026-01-05T14:15:00"},
        {"CURRENT_TIMESTAMP()", "1767622500000000"}, {"CURRENT_TIME()", "14:15:00"},
        {"DATE(2024, 2, 29)", "2024-02-29"},
        {"DATE(2023, 2, 29)", "!Input calculates to invalid date: year: 2023, month: 2, day: 29"},
        {"DATE(TIMESTAMP '2024-01-05 23:59:59')", "2024-01-05"},
        {"DATE('2024-01-05')", "2024-01-05"},
        {"DATETIME(DATE '2024-01-05')", "2024-01-05T00:00:00"},
        {"DATETIME('2024-01-05 01:02:03')", "2024-01-05T01:02:03"},
        {"TIMESTAMP('1970-01-01 00:00:01')", "1000000"},
        {"TIMESTAMP(DATE '1970-01-02')", "86400000000"},
        {"DATE_ADD(DATE '2024-01-31', INTERVAL 1 MONTH)", "2024-02-29"},
        {"DATE_ADD('2024-01-31', INTERVAL -1 DAY)", "2024-01-30"},
        {"DATE_SUB(DATE '2024-03-01', INTERVAL 1 DAY)", "2024-02-29"},
        {"DATE '2024-03-01' - 1", "2024-02-29"}, {"DATE '2024-03-01' + 1 + 1", "2024-03-03"},
        {"DATETIME_ADD(DATETIME '2024-01-01 00:00:00', INTERVAL 90 MINUTE)", "2024-01-01T01:30:00"},
        {"DATETIME_SUB(DATETIME '2024-01-01 00:00:00', INTERVAL 1 SECOND)", "2023-12-31T23:59:59"},
        {"TIMESTAMP_ADD(TIMESTAMP '1970-01-01', INTERVAL 1 HOUR)", "3600000000"},
        {"TIMESTAMP_SUB(TIMESTAMP '1970-01-01', INTERVAL 1 DAY)", "-86400000000"},
        {"DATE_DIFF('2024-03-01', '2024-02-01', DAY)", "29"},
        {"DATE_DIFF('2024-03-01', '2023-12-31', MONTH)", "3"},
        {"DATE_DIFF('2024-01-07', '2024-01-06', WEEK)", "1"},
        {"DATE_DIFF('2024-01-08', '2024-01-07', WEEK(MONDAY))", "1"},
        {"DATE_DIFF('2024-01-01', '2023-12-31', YEAR)", "1"},
        {"DATE_DIFF('2024-01-01', '2023-12-31', QUARTER)", "1"},
        {"DATE_DIFF('2024-01-01', '2023-12-31', ISOYEAR)", "1"},
        {"DATETIME_DIFF(DATETIME '2024-01-01 00:10:00', DATETIME '2023-12-31 23:50:00', HOUR)",
         "1"},
        {"TIMESTAMP_DIFF(TIMESTAMP '1970-01-02', TIMESTAMP '1970-01-01', HOUR)", "24"},
        {"DATE_TRUNC(DATE '2024-05-17', MONTH)", "2024-05-01"},
        {"DATE_TRUNC('2024-05-17', QUARTER)", "2024-04-01"},
        {"DATE_TRUNC('2024-05-17', WEEK)", "2024-05-12"},
        {"DATE_TRUNC('2024-05-17', ISOWEEK)", "2024-05-13"},
        {"DATE_TRUNC('2024-05-17', YEAR)", "2024-01-01"},
        {"DATETIME_TRUNC(DATETIME '2024-05-17 12:34:56', HOUR)", "2024-05-17T12:00:00"},
        {"TIMESTAMP_TRUNC(TIMESTAMP '1970-01-01 12:00:00', DAY)", "0"},
        {"LAST_DAY(DATE '2024-02-05')", "2024-02-29"},
        {"LAST_DAY('2024-02-05', YEAR)", "2024-12-31"},
        {"EXTRACT(YEAR FROM DATE '2024-05-17')", "2024"},
        {"EXTRACT(DAYOFWEEK FROM DATE '2024-05-19')", "1"},
        {"EXTRACT(DAYOFYEAR FROM DATE '2024-12-31')", "366"},
        {"EXTRACT(ISOWEEK FROM DATE '2024-12-30')", "1"},
        {"EXTRACT(WEEK FROM DATE '2024-01-06')", "0"},
        {"EXTRACT(WEEK FROM DATE '2024-01-07')", "1"},
        {"EXTRACT(HOUR FROM TIMESTAMP '2024-05-17 13:14:15')", "13"},
        {"EXTRACT(DATE FROM TIMESTAMP '2024-05-17 13:14:15')", "2024-05-17"},
        {"FORMAT_DATE('%Y/%m Q%Q %%', DATE '2024-05-17')", "2024/05 Q2 %"},
        {"FORMAT_DATE('%y', DATE '2024-05-17')", "24"},
        {"FORMAT_TIMESTAMP('%F %T', TIMESTAMP '2024-05-17 13:14:15')", "2024-05-17 13:14:15"},
        {"FORMAT_DATETIME('%H', DATETIME '2024-05-17 13:14:15')", "13"},
        {"PARSE_DATE('%Y%m%d', '20240517')", "2024-05-17"},
        {"PARSE_DATE('%Y%m%d', 'x')", "!Failed to parse input string \"x\""},
        {"PARSE_DATETIME('%Y-%m-%d %H', '2024-05-17 13')", "2024-05-17T13:00:00"},
        {"PARSE_TIMESTAMP('%Y-%m-%d', '1970-01-02')", "86400000000"},
        {"UNIX_DATE(DATE '1970-01-11')", "10"}, {"DATE_FROM_UNIX_DATE(10)", "1970-01-11"},
        {"UNIX_SECONDS(TIMESTAMP '1970-01-01 00:01:00')", "60"},
        {"UNIX_MILLIS(TIMESTAMP '1970-01-01 00:00:01')", "1000"},
        {"UNIX_MICROS(TIMESTAMP '1970-01-01 00:00:01')", "1000000"},
        {"TIMESTAMP_SECONDS(1)", "1000000"}, {"TIMESTAMP_MILLIS(1)", "1000"},
        {"TIMESTAMP_MICROS(1)", "1"},
        {"DATE_ADD(DATE '9999-12-31', INTERVAL 1 DAY)",
         "!Adding an interval with the part DAY has no result"});
}

Test(sql_function, arrays)
{
    CHECK({"GENERATE_ARRAY(1, 3)", "[1,2,3]"}, {"GENERATE_ARRAY(3, 1, -2)", "[3,1]"},
          {"GENERATE_DATE_ARRAY('2024-01-30', '2024-02-01')",
           "[\"2024-01-30\",\"2024-01-31\",\"2024-02-01\"]"},
          {"GENERATE_DATE_ARRAY('2024-01-31', '2024-03-31', INTERVAL 1 MONTH)",
           "[\"2024-01-31\",\"2024-02-29\",\"2024-03-31\"]"},
          {"ARRAY_LENGTH([1, 2])", "2"}, {"[1, 2][OFFSET(0)]", "1"},
          {"[1, 2][ORDINAL(3)]", "!Array index 3 is out of bounds"});
}

Test(sql_function, aggregates)
{
    cr_expect_sql(fixture,
                  "SELECT COUNT(*), COUNT(points), COUNT(DISTINCT player_lookup), COUNTIF(is_dnp), "
                  "APPROX_COUNT_DISTINCT(game_id), SUM(points), AVG(points), MIN(game_date), "
                  "MAX(processed_at), LOGICAL_AND(points > 5), LOGICAL_OR(is_dnp), "
                  "STRING_AGG(DISTINCT game_id), STRING_AGG(game_id, '-'), ARRAY_AGG(season_year), "
                  "ANY_VALUE(player_lookup) IS NULL FROM nba_analytics.player_game_summary",
                  "3|2|2|1|2|30|15.0|2021-10-19|1700000002000000|1|1|g1,g2|g1-g1-g2|"
                  "[2021,2021,2022]|0");
    cr_expect_sql(fixture,
                  "SELECT COUNT(*), SUM(points) FROM nba_analytics.player_game_summary "
                  "WHERE points > 1000",
                  "0|NULL");
}

Test(sql_function, window_functions)
{
    cr_expect_sql(
        fixture,
        "SELECT RANK() OVER (ORDER BY id), DENSE_RANK() OVER (ORDER BY id), "
        "PERCENT_RANK() OVER (ORDER BY id), CUME_DIST() OVER (ORDER BY id), NTILE(2) OVER "
        "(ORDER BY id), LAG(id, 1) OVER (ORDER BY id), LAG(id, 1, 0) OVER (ORDER BY id), "
        "LEAD(id) OVER (ORDER BY id), LEAD(id, 1) OVER (ORDER BY id), LEAD(id, 1, 9) OVER "
        "(ORDER BY id), FIRST_VALUE(name) OVER (ORDER BY id), LAST_VALUE(name) OVER (ORDER "
        "BY id), NTH_VALUE(name, 2) OVER (ORDER BY id) FROM changes ORDER BY id",
        "1|1|0.0|0.5|1|NULL|0|2|2|2|one|one|NULL\n2|2|1.0|1.0|2|1|1|NULL|NULL|9|one|two|"
        "two");
}
