/* The edges of GoogleSQL's reference at which SQLite answers otherwise: the order of NaN,
 * subqueries that stand for one value, arrays with NULL, searches, literals that meet columns, and
 * forms of known functions that are not known here. Each line is a statement and what comes of it.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "sql_fixture.h"

static struct sql_fixture *fixture;

static void start(void) {
    fixture = sql_fixture_new();
}

static void stop(void) {
    sql_fixture_free(fixture);
}

TestSuite(sql_reference_edges, .init = start, .fini = stop);

struct line {
    const char *statement, *answer;
};

/* An answer that starts with ! is compared as far as it goes. */
static void check(const struct line *lines, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *given = sql_fixture_run(fixture, lines[i].statement, NULL);
        bool same = lines[i].answer[0] == '!'
                        ? strncmp(given, lines[i].answer, strlen(lines[i].answer)) == 0
                        : strcmp(given, lines[i].answer) == 0;
        cr_expect(same, "%s\n  gave     %s\n  expected %s", lines[i].statement, given,
                  lines[i].answer);
    }
}

#define CHECK(...)                                                                                 \
    check((const struct line[]){__VA_ARGS__},                                                      \
          sizeof((const struct line[]){__VA_ARGS__}) / sizeof(struct line))

#define FLOATS                                                                                     \
    "WITH f AS (SELECT 1.5 AS x, 1 AS g UNION ALL SELECT CAST('nan' AS FLOAT64), 1 UNION ALL "     \
    "SELECT CAST('inf' AS FLOAT64), 2 UNION ALL SELECT NULL, 2 UNION ALL "                         \
    "SELECT CAST('-inf' AS FLOAT64), 2 UNION ALL SELECT -2.0, 2) "

Test(sql_reference_edges, floats_are_ordered_with_nan_behind_null)
{
    CHECK({FLOATS "SELECT x FROM f ORDER BY x", "NULL\nNaN\n-Inf\n-2.0\n1.5\nInf"},
          {FLOATS "SELECT x FROM f ORDER BY x DESC", "Inf\n1.5\n-2.0\n-Inf\nNaN\nNULL"},
          {FLOATS "SELECT x FROM f ORDER BY x NULLS LAST", "NaN\n-Inf\n-2.0\n1.5\nInf\nNULL"},
          {FLOATS "SELECT x FROM f ORDER BY 1 DESC NULLS FIRST LIMIT 2", "NULL\nInf"},
          {FLOATS "SELECT x + 0 AS y FROM f ORDER BY y LIMIT 3", "NULL\nNaN\n-Inf"},
          {FLOATS "SELECT DISTINCT x FROM f ORDER BY x LIMIT 3", "NULL\nNaN\n-Inf"},
          {FLOATS "SELECT x FROM f UNION DISTINCT SELECT x FROM f ORDER BY x LIMIT 3",
           "NULL\nNaN\n-Inf"},
          {FLOATS "SELECT x, COUNT(*) FROM f GROUP BY x ORDER BY x LIMIT 2", "NULL|1\nNaN|1"},
          {FLOATS "SELECT x, RANK() OVER (ORDER BY x) AS r FROM f ORDER BY r LIMIT 3",
           "NULL|1\nNaN|2\n-Inf|3"},
          {FLOATS "SELECT MIN(x), MAX(x) FROM f", "NaN|NaN"},
          {FLOATS "SELECT g, MIN(x), MAX(x) FROM f GROUP BY g ORDER BY g", "1|NaN|NaN\n2|-Inf|Inf"},
          {FLOATS "SELECT MIN(x) OVER (PARTITION BY g) FROM f WHERE x = 1.5 OR x = -2 ORDER BY 1",
           "-2.0\n1.5"},
          {FLOATS "SELECT MIN(x) FROM f WHERE g = 3", "NULL"},
          {FLOATS "SELECT LEAST(x, 0.5), GREATEST(x, 0.5) FROM f WHERE g = 1 ORDER BY 1",
           "NaN|NaN\n0.5|1.5"},
          {FLOATS "SELECT COUNTIF(x BETWEEN -3 AND 2), COUNTIF(x NOT BETWEEN -3 AND 2) FROM f",
           "2|3"},
          {FLOATS "SELECT COUNTIF(1.0 BETWEEN 0 AND x) FROM f WHERE g = 1", "1"},
          {"SELECT SUM(k) OVER (ORDER BY x RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM kinds "
           "WHERE id = 'p'",
           "1"},
          {"SELECT 1e400", "!Invalid floating point literal: 1e400 at [1:8]"});
}

Test(sql_reference_edges, a_subquery_that_stands_for_a_value_has_one_row)
{
    CHECK(
        {"SELECT (SELECT k FROM kinds)", "!Scalar subquery produced more than one element"},
        {"SELECT (SELECT id FROM kinds WHERE id = 'p')", "p"},
        {"SELECT (SELECT id FROM kinds WHERE id = 'none')", "NULL"},
        {"SELECT (SELECT id FROM kinds ORDER BY id DESC LIMIT 1)", "q"},
        {"SELECT (SELECT MAX(id) FROM kinds)", "q"},
        {"SELECT (SELECT 1 UNION ALL SELECT 2)", "!Scalar subquery produced more than one"},
        {"SELECT id, (SELECT b.id FROM kinds b WHERE b.id > o.id) FROM kinds o ORDER BY id",
         "p|q\nq|NULL"},
        {"SELECT COUNT(*) FROM kinds WHERE id = (SELECT id FROM kinds)",
         "!Scalar subquery produced more than one element"},
        {"SELECT (SELECT COUNT(*) FROM UNNEST([1, 2]))", "2"},
        {"SELECT 1 WHERE TRUE", "!Query without FROM clause cannot have a WHERE clause at [1:10]"});
}

Test(sql_reference_edges, a_null_array_has_no_length)
{
    CHECK(
        {"SELECT ARRAY_LENGTH(NULL)", "NULL"},
        {"SELECT ARRAY_LENGTH(GENERATE_DATE_ARRAY(NULL, '2024-01-05'))", "NULL"},
        {"SELECT ARRAY_LENGTH([])", "0"}, {"SELECT ARRAY_LENGTH([1, NULL])", "2"},
        {"SELECT GENERATE_ARRAY(0, 1, 0.5)",
         "!GENERATE_ARRAY(INT64, INT64, FLOAT64) is not supported by the local BigQuery at [1:8]"});
}

Test(sql_reference_edges, searches_in_text)
{
    CHECK({"SELECT INSTR('banana', 'an', 3), INSTR('banana', 'an', 1, 2), INSTR('banana', 'an', 1, "
           "3)",
           "4|4|0"},
          {"SELECT INSTR('banana', 'an', -1), INSTR('banana', 'an', -3), INSTR('banana', 'an', -4)",
           "4|4|2"},
          {"SELECT INSTR('helloooo', 'oo', 1, 2), INSTR('helloooo', 'oo', -1, 2)", "6|6"},
          {"SELECT INSTR('\u00e9a\u00e9a', 'a', 3), INSTR('a', 'a', 9), INSTR(NULL, 'a', 1)",
           "4|0|NULL"},
          {"SELECT INSTR('a', 'a', 0)", "!INSTR: the position must be other than 0"},
          {"SELECT INSTR('a', 'a', 1, 0)", "!INSTR: the occurrence must be positive"},
          {"SELECT 'a' LIKE 'a\\\\'", "!LIKE pattern ends with a backslash"},
          {"SELECT 'a\\\\' LIKE 'a\\\\\\\\'", "1"}, {"SELECT NULL LIKE 'a\\\\'", "NULL"});
}

Test(sql_reference_edges, dates_as_text)
{
    CHECK({"SELECT PARSE_DATE('%Y-%m-%d', ' 2024-02-29 ')", "2024-02-29"},
          {"SELECT PARSE_DATE('%Y-%m-%d', '2024-02-29 x')", "!Failed to parse input string"},
          {"SELECT CAST('2024-01-05 00:00:00' AS DATE)", "!Invalid date: '2024-01-05 00:00:00'"},
          {"SELECT day = '2024-01-01 00:00:00' FROM kinds", "!Could not cast literal"},
          {"SELECT SAFE_CAST(CONCAT('2024-01-05', ' 00:00:00') AS DATE)", "NULL"},
          {"SELECT LAST_DAY(DATETIME '2024-02-01 10:00:00'), LAST_DAY(DATETIME '2024-02-01', YEAR)",
           "2024-02-29|2024-12-31"},
          {"SELECT DATETIME(2024, 1, 2, 3, 4, 5)",
           "!DATETIME(INT64, INT64, INT64, INT64, INT64, INT64) is not supported by the local"},
          {"SELECT TIMESTAMP_TRUNC(dt, HOUR) FROM kinds", "!TIMESTAMP_TRUNC(DATETIME, "},
          {"SELECT UNIX_SECONDS(day) FROM kinds", "!No matching signature for function UNIX_SEC"});
}

Test(sql_reference_edges, literals_take_the_type_of_the_other_side)
{
    CHECK({"SELECT day FROM kinds WHERE id = 'p' UNION ALL SELECT '2024-02-01' ORDER BY 1",
           "2024-01-01\n2024-02-01"},
          {"SELECT '2024-02-01' AS d UNION ALL SELECT day FROM kinds WHERE id = 'p' ORDER BY d",
           "2024-01-01\n2024-02-01"},
          {"SELECT day FROM kinds UNION ALL SELECT 'x'",
           "!Could not cast literal \"x\" to type DATE"},
          {"SELECT day FROM kinds UNION ALL SELECT id FROM kinds",
           "!Column 1 in UNION ALL has incompatible types: DATE, STRING"},
          {"SELECT 1 AS a,", "1"}, {"SELECT 1 AS a, UNION ALL SELECT 2,", "1\n2"});
}

Test(sql_reference_edges, what_is_not_known_is_no_mistake)
{
    CHECK({"SELECT ROUND(n, 1, 'ROUND_HALF_EVEN') FROM kinds",
           "!ROUND(NUMERIC, INT64, STRING) is not supported by the local BigQuery at [1:8]"},
          {"SELECT CAST('abc' AS STRING(2))", "!A type with parameters is not supported by the"},
          {"CREATE TABLE nba_raw.t9 (n NUMERIC(5, 1))", "!A type with parameters is not supported"},
          {"SELECT id FROM kinds ORDER BY id COLLATE 'und:ci'", "!COLLATE is not supported by the"},
          {"SELECT row_count FROM nba_raw.__TABLES__", "!__TABLES__ is not supported by the local"},
          {"SELECT CAST(x AS FLOAT) FROM kinds", "!Type not found: FLOAT at [1:18]"});
}

Test(sql_reference_edges, frames_that_end_before_they_start)
{
    CHECK(
        {"SELECT SUM(k) OVER (ORDER BY k ROWS BETWEEN 1 FOLLOWING AND 1 PRECEDING) FROM kinds",
         "!A window frame cannot start at 1 FOLLOWING and end at 1 PRECEDING at [1:32]"},
        {"SELECT SUM(k) OVER (ORDER BY k ROWS UNBOUNDED FOLLOWING) FROM kinds",
         "!A window frame cannot start at UNBOUNDED FOLLOWING"},
        {"SELECT SUM(k) OVER (ORDER BY k ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED PRECEDING) "
         "FROM kinds",
         "!A window frame cannot start at UNBOUNDED PRECEDING and end at UNBOUNDED PRECEDING"});
}

struct given {
    const char *statement, *parameters, *answer;
};

#define ONE(type, value)                                                                           \
    "{\"name\":\"p\",\"parameterType\":{\"type\":\"" type                                          \
    "\"},\"parameterValue\":{\"value\":\"" value "\"}}"

Test(sql_reference_edges, parameters)
{
    static const struct given lines[] = {
        {"SELECT id FROM kinds ORDER BY id LIMIT @p", "[" ONE("INT64", "1") "]", "p"},
        {"SELECT id FROM kinds ORDER BY id LIMIT @p", "[" ONE("INT64", "-1") "]",
         "!LIMIT and OFFSET require a value that is neither negative nor NULL at [1:40]"},
        {"SELECT @p", "[" ONE("INT64", "1") "," ONE("INT64", "2") "]",
         "!Invalid query parameter 2: \"p\" is given twice"},
        {"SELECT @p", "[" ONE("JSON", "{") "]",
         "!Invalid query parameter 1: Could not parse '{' as JSON"},
        {"SELECT @p", "[" ONE("GEOGRAPHY", "POINT(1 1)") "]",
         "!A query parameter of type GEOGRAPHY is not supported by the local BigQuery"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *given = sql_fixture_run(fixture, lines[i].statement, lines[i].parameters);
        cr_expect(strncmp(given, lines[i].answer, strlen(lines[i].answer)) == 0,
                  "%s\n  gave     %s\n  expected %s", lines[i].statement, given, lines[i].answer);
    }
}

Test(sql_reference_edges, the_mode_says_which_parameters_there_are)
{
    static const struct {
        const char *mode, *statement, *message;
    } lines[] = {
        {"NAMED", "SELECT ?", "Positional parameters are not supported at [1:8]"},
        {"POSITIONAL", "SELECT @p", "Named parameters are not supported at [1:8]"},
        {"BOTH", "SELECT @p", "parameterMode must be NAMED or POSITIONAL, not \"BOTH\""},
    };
    json_t *parameters = json_loads("[" ONE("INT64", "1") "]", 0, NULL);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct sql_error error;
        struct sql_request request = sql_fixture_request(lines[i].statement);
        request.parameters = parameters;
        request.mode = lines[i].mode;
        cr_assert_null(sql_compile(&request, sql_fixture_catalog(fixture), &error));
        cr_expect_str_eq(error.message, lines[i].message);
        cr_expect_eq(error.code, 400);
    }
    json_decref(parameters);
}
