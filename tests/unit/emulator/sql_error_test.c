#include <criterion/criterion.h>
#include <stdlib.h>
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

TestSuite(sql_error, .init = start, .fini = stop);

Test(sql_error, unknown_names)
{
    cr_expect_sql(fixture, "SELECT game_dat\nFROM nba_analytics.player_game_summary",
                  "!Unrecognized name: game_dat; Did you mean game_date? at [1:8]");
    cr_expect_sql(fixture, "SELECT id\nFROM changes\nWHERE zzzzzzzz = 1",
                  "!Unrecognized name: zzzzzzzz at [3:7]");
    cr_expect_sql(fixture, "SELECT c.nothing FROM changes c",
                  "!Name nothing not found inside c at [1:8]");
    cr_expect_sql(fixture, "SELECT COUNTT(id) FROM changes",
                  "!Function not found: COUNTT; Did you mean COUNT? at [1:8]");
    cr_expect_sql(fixture, "SELECT id FROM changes, (SELECT 1 AS id)",
                  "!Column name id is ambiguous at [1:8]");
    cr_expect_sql(fixture, "SELECT * FROM nothing",
                  "!Not found: Table nba-props-platform:nba_raw.nothing was not found in location "
                  "us-west2");
    cr_expect_sql(fixture, "SELECT * FROM nowhere.nothing",
                  "!Not found: Dataset nba-props-platform:nowhere was not found in location "
                  "us-west2");
}

Test(sql_error, a_bare_table_needs_a_dataset)
{
    struct sql_error error;
    struct sql_request request = sql_fixture_request("SELECT 1 FROM changes");
    request.default_dataset = NULL;
    cr_assert_null(sql_compile(&request, sql_fixture_catalog(fixture), &error));
    cr_assert_str_eq(error.reason, "invalid");
    cr_assert_str_eq(error.message,
                     "Table \"changes\" must be qualified with a dataset (e.g. dataset.table).");
}

Test(sql_error, reasons_and_codes_go_with_the_sentence)
{
    struct sql_error error;
    struct sql_request request = sql_fixture_request("SELECT 1 FROM nothing");
    cr_assert_null(sql_compile(&request, sql_fixture_catalog(fixture), &error));
    cr_assert_str_eq(error.reason, "notFound");
    cr_assert_eq(error.code, 404);
    request = sql_fixture_request("SELECT\n  x");
    cr_assert_null(sql_compile(&request, sql_fixture_catalog(fixture), &error));
    cr_assert_str_eq(error.reason, "invalidQuery");
    cr_assert_eq(error.code, 400);
    cr_assert_eq(error.line, 2);
    cr_assert_eq(error.column, 3);
}

Test(sql_error, types_that_do_not_fit)
{
    cr_expect_sql(fixture, "SELECT 1 FROM changes WHERE day = 1",
                  "!No matching signature for operator = for argument types: DATE, INT64. "
                  "Supported signature: ANY = ANY at [1:33]");
    cr_expect_sql(fixture, "SELECT 1 FROM changes WHERE day >= '2024-13-01'",
                  "!Could not cast literal \"2024-13-01\" to type DATE at [1:36]");
    cr_expect_sql(fixture, "SELECT DATE '2024-13-01'",
                  "!Could not cast literal \"2024-13-01\" to type DATE at [1:13]");
    cr_expect_sql(fixture, "SELECT 1 FROM changes WHERE id",
                  "!WHERE clause should return type BOOL, but returns INT64 at [1:29]");
    cr_expect_sql(fixture, "SELECT LOWER(1)",
                  "!No matching signature for function LOWER for argument type: INT64. Supported "
                  "signature: LOWER(STRING) at [1:8]");
    cr_expect_sql(fixture, "SELECT 'a' + 1",
                  "!No matching signature for operator + for argument types: STRING, INT64. "
                  "Supported signatures: INT64 + INT64; FLOAT64 + FLOAT64; NUMERIC + NUMERIC; "
                  "BIGNUMERIC + BIGNUMERIC; DATE + INT64; INT64 + DATE at [1:12]");
    cr_expect_sql(fixture, "SELECT 1 AS x UNION ALL SELECT DATE '2024-01-01'",
                  "!Column 1 in UNION ALL has incompatible types: INT64, DATE at [1:25]");
    cr_expect_sql(
        fixture, "SELECT 1 UNION ALL SELECT 1, 2",
        "!Queries in UNION ALL have mismatched column count; query 1 has 1 column, query 2 "
        "has 2 columns at [1:20]");
    cr_expect_sql(fixture, "SELECT IF(1, 2, 3)",
                  "!No matching signature for function IF for argument types: INT64, INT64, INT64. "
                  "Supported signature: IF(BOOL, T, T) at [1:8]");
    cr_expect_sql(fixture, "SELECT DATE_DIFF(CURRENT_DATE(), CURRENT_DATE(), FORTNIGHT)",
                  "!A valid date part name is required but found FORTNIGHT at [1:50]");
}

Test(sql_error, grouping)
{
    cr_expect_sql(fixture, "SELECT name, COUNT(*) FROM changes",
                  "!SELECT list expression references column name which is neither grouped nor "
                  "aggregated at [1:8]");
    cr_expect_sql(fixture, "SELECT day, id + 1 FROM changes GROUP BY 1",
                  "!SELECT list expression references column id which is neither grouped nor "
                  "aggregated at [1:13]");
    cr_expect_sql(fixture, "SELECT COUNT(*) FROM changes ORDER BY name",
                  "!ORDER BY clause expression references column name which is neither grouped nor "
                  "aggregated at [1:39]");
    cr_expect_sql(fixture, "SELECT 1 FROM changes WHERE COUNT(*) > 1",
                  "!Aggregate function COUNT not allowed in WHERE clause at [1:29]");
    cr_expect_sql(fixture, "SELECT SUM(COUNT(*)) FROM changes",
                  "!Aggregations of aggregations are not allowed at [1:12]");
    cr_expect_sql(fixture, "SELECT id FROM changes GROUP BY 2",
                  "!GROUP BY is out of SELECT column number range: 2 at [1:33]");
    cr_expect_sql(
        fixture, "SELECT id, id FROM changes",
        "!Duplicate column names in the result are not supported. Found duplicate(s): id");
}

Test(sql_error, syntax)
{
    cr_expect_sql(fixture, "SELEC 1", "!Syntax error: Unexpected identifier \"SELEC\" at [1:1]");
    cr_expect_sql(fixture, "SELECT (1 FROM t",
                  "!Syntax error: Expected \")\" but got keyword FROM at [1:11]");
    cr_expect_sql(fixture, "SELECT 1 FROM changes x y",
                  "!Syntax error: Expected end of input but got identifier \"y\" at [1:25]");
    cr_expect_sql(fixture, "SELECT 'abc", "!Syntax error: Unclosed string literal at [1:8]");
    cr_expect_sql(fixture, "/* open", "!Syntax error: Unclosed comment at [1:1]");
    cr_expect_sql(fixture, "SELECT", "!Syntax error: Unexpected end of input at [1:7]");
    cr_expect_sql(fixture, "", "!Syntax error: Unexpected end of input at [1:1]");
    cr_expect_sql(fixture, "SELECT 1 ä", "!Syntax error: Illegal input character \"ä\" at [1:10]");
    cr_expect_sql(fixture, "-- ä\n# x\nSELECT 'ä', x", "!Unrecognized name: x at [3:13]");
}

Test(sql_error, what_is_not_supported_is_named)
{
    static const char *const refused[][2] = {
        {"SELECT 1 FROM changes QUALIFY TRUE",
         "QUALIFY is not supported by the local BigQuery at [1:23]"},
        {"SELECT 1; SELECT 2",
         "A script of several statements is not supported by the local BigQuery at [1:11]"},
        {"DECLARE x INT64",
         "The statement DECLARE is not supported by the local BigQuery at [1:1]"},
        {"MERGE t USING u ON TRUE",
         "The statement MERGE is not supported by the local BigQuery at [1:1]"},
        {"CREATE VIEW v AS SELECT 1",
         "CREATE VIEW is not supported by the local BigQuery at [1:8]"},
        {"WITH RECURSIVE x AS (SELECT 1) SELECT 1",
         "WITH RECURSIVE is not supported by the local BigQuery at [1:6]"},
        {"SELECT STRUCT(1)", "STRUCT is not supported by the local BigQuery at [1:8]"},
        {"SELECT c FROM changes c",
         "A whole row (c) as a value is not supported by the local BigQuery at [1:8]"},
        {"SELECT INTERVAL 1 DAY", "INTERVAL outside DATE_ADD, DATE_SUB and their kin is not "
                                  "supported by the local BigQuery at [1:8]"},
        {"SELECT ARRAY_AGG(id ORDER BY id) FROM changes",
         "ORDER BY within ARRAY_AGG is not supported by the local BigQuery at [1:8]"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const char *given = sql_fixture_run(fixture, refused[i][0], NULL);
        cr_expect(given[0] == '!' && strcmp(given + 1, refused[i][1]) == 0, "%s: %s", refused[i][0],
                  given);
    }
}

Test(sql_error, depth_and_length_are_bounded)
{
    char *deep = memory_new(20001, 1);
    memset(deep, '(', 20000);
    char *text = memory_format("SELECT %s", deep);
    cr_expect_str_eq(
        sql_fixture_run(fixture, text, NULL),
        "!Resources exceeded during query execution: the statement is nested too deeply "
        "for the local BigQuery");
    for (size_t i = 0; i < 10000; i++) {
        deep[2 * i] = '1';
        deep[2 * i + 1] = '+';
    }
    free(text);
    text = memory_format("SELECT %s1", deep);
    const char *given = sql_fixture_run(fixture, text, NULL);
    cr_expect(strstr(given, "the statement has too many operators"), "%s", given);
    free(text);
    memset(deep, '-', 20000);
    for (size_t i = 1; i < 20000; i += 2)
        deep[i] = ' ';
    text = memory_format("SELECT %s1", deep);
    given = sql_fixture_run(fixture, text, NULL);
    cr_expect(strstr(given, "the statement is nested too deeply"), "%s", given);
    free(text);
    free(deep);
}
