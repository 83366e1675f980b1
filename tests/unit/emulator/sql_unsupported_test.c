/* What BigQuery takes and the local one does not: said as that, by construct and position, and
 * never as a mistake of whoever wrote it. */
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

TestSuite(sql_unsupported, .init = start, .fini = stop);

static const struct {
    const char *statement, *construct, *place;
} foreign[] = {
    {"SELECT COUNT(*) FROM kinds WHERE _PARTITIONDATE >= '2024-01-01'",
     "The pseudo column _PARTITIONDATE", "1:34"},
    {"SELECT k._partitiontime FROM kinds k", "The pseudo column _partitiontime", "1:8"},
    {"SELECT COUNT(*) FROM `nba-props-platform.nba_raw.events_*` WHERE _TABLE_SUFFIX = '1'",
     "A wildcard table (events_*)", "1:22"},
    {"SELECT _TABLE_SUFFIX FROM kinds", "The pseudo column _TABLE_SUFFIX", "1:8"},
    {"SELECT 1 FROM `nba_raw.kinds$20240101`", "A table decorator (kinds$20240101)", "1:15"},
    {"SELECT partition_id FROM nba_raw.INFORMATION_SCHEMA.PARTITIONS",
     "INFORMATION_SCHEMA.PARTITIONS", "1:26"},
    {"SELECT job_id FROM `nba-props-platform.region-us.INFORMATION_SCHEMA.JOBS`",
     "INFORMATION_SCHEMA.JOBS", "1:20"},
    {"SELECT JSON_VALUE(j, '$.a') FROM kinds", "The function JSON_VALUE", "1:8"},
    {"SELECT regexp_contains(id, 'x') FROM kinds", "The function regexp_contains", "1:8"},
    {"SELECT APPROX_QUANTILES(k, 4) FROM kinds", "The function APPROX_QUANTILES", "1:8"},
    {"SELECT ST_GEOGPOINT(1, 2)", "The function ST_GEOGPOINT", "1:8"},
    {"SELECT TO_JSON_STRING(rec) FROM kinds", "The function TO_JSON_STRING", "1:8"},
    {"SELECT NET.HOST(id) FROM kinds", "The function NET.HOST", "1:8"},
    {"SELECT nba_raw.own(id) FROM kinds", "The function nba_raw.own", "1:8"},
    {"SELECT SAFE.SUBSTR(id, 1) FROM kinds", "The prefix SAFE.", "1:8"},
    {"SELECT j.a FROM kinds", "A field of JSON (a)", "1:8"},
    {"SELECT j[0] FROM kinds", "An element of JSON", "1:9"},
    {"SELECT j['a'] FROM kinds", "An element of JSON", "1:9"},
    {"SELECT rec = rec FROM kinds", "Comparing STRUCTs", "1:12"},
    {"SELECT day - day FROM kinds", "A difference that is an INTERVAL", "1:12"},
    {"SELECT a || a FROM kinds", "|| of ARRAYs", "1:10"},
    {"SELECT ~k FROM kinds", "The operator ~", "1:8"},
    {"SELECT k ^ 1 FROM kinds", "The operator ^", "1:10"},
    {"SELECT STRUCT(1 AS a)", "STRUCT", "1:8"},
    {"SELECT (1, 2) IN ((1, 2))", "A tuple", "1:10"},
    {"SELECT ARRAY<INT64>[1]", "An array literal with a type", "1:13"},
    {"SELECT AS STRUCT 1 AS a", "SELECT AS STRUCT or VALUE", "1:8"},
    {"SELECT * REPLACE (1 AS k) FROM kinds", "SELECT * REPLACE", "1:10"},
    {"SELECT CAST(day AS STRING FORMAT 'YYYY') FROM kinds", "CAST … FORMAT", "1:27"},
    {"SELECT CAST('1-2' AS INTERVAL)", "The type INTERVAL", "1:22"},
    {"SELECT k FROM kinds QUALIFY TRUE", "QUALIFY", "1:21"},
    {"SELECT COUNT(*) FROM kinds GROUP BY ROLLUP(k)", "GROUP BY ROLLUP, CUBE, GROUPING SETS or ALL",
     "1:37"},
    {"SELECT 1 FROM kinds FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP()", "FOR SYSTEM_TIME AS OF",
     "1:21"},
    {"SELECT 1 FROM kinds TABLESAMPLE SYSTEM (1 PERCENT)", "TABLESAMPLE", "1:21"},
    {"SELECT 1 FROM kinds PIVOT(SUM(k) FOR id IN ('p'))", "PIVOT", "1:21"},
    {"SELECT ARRAY_AGG(k IGNORE NULLS) FROM kinds", "IGNORE NULLS", "1:20"},
    {"SELECT id LIKE ANY ('a', 'b') FROM kinds", "LIKE ANY", "1:16"},
    {"SELECT id IS DISTINCT FROM 'a' FROM kinds", "IS DISTINCT FROM", "1:14"},
    {"SELECT ts - INTERVAL 1 DAY FROM kinds", "INTERVAL outside DATE_ADD, DATE_SUB and their kin",
     "1:13"},
    {"SELECT SUM(k) OVER w FROM kinds WINDOW w AS (ORDER BY k)", "A named window", "1:20"},
    {"SELECT 1 FROM kinds |> WHERE TRUE", "The pipe syntax (|>)", "1:21"},
    {"FROM kinds", "The statement FROM", "1:1"},
    {"WITH RECURSIVE x AS (SELECT 1 AS a) SELECT a FROM x", "WITH RECURSIVE", "1:6"},
    {"SELECT @@time_zone", "A system variable (@@)", "1:8"},
    {"SELECT PARSE_TIMESTAMP('%E*S', '1.5')", "The format element %E*S in PARSE_TIMESTAMP", "1:24"},
    {"SELECT FORMAT_DATE('%J', day) FROM kinds", "The format element %J in FORMAT_DATE", "1:20"},
    {"MERGE kinds t USING kinds s ON t.k = s.k WHEN MATCHED THEN DELETE", "The statement MERGE",
     "1:1"},
    {"CREATE VIEW nba_raw.v AS SELECT 1 AS x", "CREATE VIEW", "1:8"},
    {"CREATE OR REPLACE MATERIALIZED VIEW nba_raw.v AS SELECT 1 AS x", "CREATE MATERIALIZED",
     "1:19"},
    {"CREATE TEMP TABLE v (a INT64)", "CREATE TEMP", "1:8"},
    {"DROP VIEW nba_raw.v", "DROP VIEW", "1:6"},
    {"ALTER TABLE kinds ADD COLUMN z INT64", "The statement ALTER", "1:1"},
    {"BEGIN SELECT 1; END", "The statement BEGIN", "1:1"},
    {"SELECT 1; SELECT 2", "A script of several statements", "1:11"},
};

Test(sql_unsupported, every_construct_is_named_with_its_place)
{
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        char *wanted = memory_format("!%s is not supported by the local BigQuery at [%s]",
                                     foreign[i].construct, foreign[i].place);
        cr_expect_sql(fixture, foreign[i].statement, wanted);
        free(wanted);
    }
}

Test(sql_unsupported, a_project_of_a_domain_is_one_name)
{
    cr_expect_sql(fixture, "SELECT COUNT(*) FROM `example.com:p.d.cov`",
                  "!Not found: Dataset example.com:p:d was not found in location us-west2");
}

Test(sql_unsupported, parameters_of_foreign_types_are_no_mistake)
{
    struct sql_error error;
    json_t *parameters = json_loads(
        "[{\"name\":\"p\",\"parameterType\":{\"type\":\"STRUCT\"},\"parameterValue\":{}}]", 0,
        NULL);
    struct sql_request request = sql_fixture_request("SELECT @p");
    request.parameters = parameters;
    cr_assert_null(sql_compile(&request, sql_fixture_catalog(fixture), &error));
    cr_expect_str_eq(error.reason, "notImplemented");
    cr_expect_eq(error.code, 501);
    cr_expect_str_eq(error.message, "A query parameter of type STRUCT is not supported by the "
                                    "local BigQuery");
    json_decref(parameters);
}
