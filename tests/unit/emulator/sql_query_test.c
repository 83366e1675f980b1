#include <criterion/criterion.h>

#include "sql_fixture.h"

static struct sql_fixture *fixture;

static void start(void) {
    fixture = sql_fixture_new();
}

static void stop(void) {
    sql_fixture_free(fixture);
}

TestSuite(sql_query, .init = start, .fini = stop);

#define PGS "nba_analytics.player_game_summary"
#define PCF "`nba-props-platform.nba_precompute.player_composite_factors`"

Test(sql_query, tables_go_by_any_of_their_spellings)
{
    cr_expect_sql(fixture, "SELECT COUNT(*) FROM changes", "2");
    cr_expect_sql(fixture, "SELECT COUNT(*) FROM nba_raw.changes", "2");
    cr_expect_sql(fixture, "SELECT COUNT(*) FROM nba-props-platform.nba_raw.changes", "2");
    cr_expect_sql(fixture, "SELECT COUNT(*) FROM `nba-props-platform`.nba_raw.`changes`", "2");
    cr_expect_sql(fixture, "SELECT COUNT(*) FROM `nba-props-platform.nba_raw.changes`", "2");
    cr_expect_sql(fixture, "select count(*) from `nba_raw.changes` as c where C.ID = 1;", "1");
}

Test(sql_query, coverage_has_its_counts_per_day)
{
    const char *given = sql_fixture_run(
        fixture,
        "SELECT game_date AS day, COUNT(*) AS row_count, COUNT(DISTINCT player_lookup) AS "
        "entities, COUNTIF(minutes_played IS NULL) AS missing, COUNTIF(is_dnp) AS fallbacks FROM "
        "`nba-props-platform.nba_analytics.player_game_summary` WHERE game_date BETWEEN @from AND "
        "@to GROUP BY day ORDER BY day",
        "[{\"name\":\"from\",\"parameterType\":{\"type\":\"DATE\"},\"parameterValue\":{\"value\":"
        "\"2021-10-01\"}},{\"name\":\"to\",\"parameterType\":{\"type\":\"DATE\"},"
        "\"parameterValue\":{\"value\":\"2022-12-31\"}}]");
    cr_assert_str_eq(given, "2021-10-19|2|2|1|1\n2022-10-18|1|1|0|0", "%s", given);
}

Test(sql_query, joins_of_every_kind)
{
    cr_expect_sql(fixture,
                  "SELECT a.player_lookup, b.fatigue_score FROM " PGS " a JOIN " PCF
                  " AS b ON a.player_lookup = b.player_lookup WHERE b.game_date = '2024-10-22' "
                  "ORDER BY 1, 2",
                  "a|2\na|2\nb|3");
    cr_expect_sql(fixture,
                  "SELECT player_lookup, COUNT(*) FROM " PGS " LEFT JOIN " PCF
                  " USING (player_lookup) GROUP BY player_lookup ORDER BY 2 DESC, 1",
                  "a|6\nb|1");
    cr_expect_sql(fixture,
                  "WITH a AS (SELECT 1 AS x UNION ALL SELECT 2), b AS (SELECT 2 AS x UNION ALL "
                  "SELECT 3) SELECT x FROM a FULL OUTER JOIN b USING (x) ORDER BY x",
                  "1\n2\n3");
    cr_expect_sql(fixture, "SELECT x, y FROM (SELECT 1 AS x), (SELECT 2 AS y)", "1|2");
    cr_expect_sql(fixture, "SELECT a.x FROM (SELECT 1 AS x) a CROSS JOIN (SELECT 2 AS y) b", "1");
    cr_expect_sql(fixture,
                  "SELECT a.x, c.z FROM (SELECT 1 AS x) a LEFT JOIN ((SELECT 1 AS y) b JOIN "
                  "(SELECT 1 AS z) c ON b.y = c.z) ON a.x = b.y",
                  "1|1");
}

Test(sql_query, sets_need_all_or_distinct)
{
    cr_expect_sql(fixture, "SELECT 1 AS x UNION ALL SELECT 1", "1\n1");
    cr_expect_sql(fixture, "SELECT 1 AS x UNION DISTINCT SELECT 1", "1");
    cr_expect_sql(fixture, "SELECT 1 EXCEPT DISTINCT SELECT 2", "1");
    cr_expect_sql(fixture, "SELECT 1 INTERSECT DISTINCT SELECT 1", "1");
    cr_expect_sql(fixture, "(SELECT 2 AS x) UNION ALL (SELECT 1 LIMIT 1) ORDER BY x LIMIT 5",
                  "1\n2");
    cr_expect_sql(fixture, "SELECT 1 UNION SELECT 2",
                  "!Syntax error: Expected keyword ALL or keyword DISTINCT but got keyword SELECT "
                  "at [1:16]");
}

Test(sql_query, stars_expand)
{
    cr_expect_sql(fixture, "SELECT * EXCEPT (stamp, Amount) FROM changes WHERE id = 1",
                  "1|2024-01-01|one");
    cr_expect_sql(fixture, "SELECT c.*, 1 FROM changes c WHERE id = 1", "1|2024-01-01|one|1.5|0|1");
    cr_expect_sql(fixture,
                  "SELECT * FROM (SELECT 1 AS k, 2 AS a) JOIN (SELECT 1 AS k, 3 AS b) "
                  "USING (k)",
                  "1|2|3");
}

Test(sql_query, grouping_takes_ordinals_and_aliases)
{
    cr_expect_sql(
        fixture,
        "SELECT 'all' AS label, EXTRACT(YEAR FROM game_date) AS year, COUNT(*) AS n FROM " PGS
        " GROUP BY 1, year HAVING n > 1 ORDER BY n DESC",
        "all|2021|2");
    cr_expect_sql(fixture,
                  "SELECT season_year + 1, SUM(points) FROM " PGS
                  " GROUP BY season_year ORDER BY season_year DESC",
                  "2023|NULL\n2022|30");
    cr_expect_sql(fixture, "SELECT 5 AS five, COUNT(*) FROM changes GROUP BY five", "5|2");
}

Test(sql_query, windows_pass_through)
{
    cr_expect_sql(fixture,
                  "SELECT id, ROW_NUMBER() OVER (ORDER BY id DESC), SUM(amount) OVER (ORDER BY id "
                  "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW), LAG(id) OVER (PARTITION BY "
                  "stamp ORDER BY id) FROM changes ORDER BY id",
                  "1|2|1.5|NULL\n2|1|4.0|1");
}

Test(sql_query, unnest_of_arrays)
{
    cr_expect_sql(fixture,
                  "SELECT d FROM UNNEST(GENERATE_DATE_ARRAY('2024-02-27', '2024-03-01')) AS d "
                  "ORDER BY d",
                  "2024-02-27\n2024-02-28\n2024-02-29\n2024-03-01");
    cr_expect_sql(fixture, "SELECT x, o FROM UNNEST([10, 20]) AS x WITH OFFSET AS o ORDER BY o",
                  "10|0\n20|1");
    cr_expect_sql(fixture,
                  "SELECT player_lookup, issue FROM " PGS
                  ", UNNEST(quality_issues) AS issue ORDER BY 2",
                  "a|x\na|y");
    cr_expect_sql(fixture, "SELECT COUNT(*) FROM " PGS " p, p.quality_issues AS issue", "2");
    cr_expect_sql(fixture,
                  "SELECT d, n FROM UNNEST(GENERATE_DATE_ARRAY(DATE '2021-10-18', DATE "
                  "'2021-10-19')) d LEFT JOIN (SELECT game_date, COUNT(*) AS n FROM " PGS
                  " GROUP BY 1) ON game_date = d ORDER BY d",
                  "2021-10-18|NULL\n2021-10-19|2");
    cr_expect_sql(fixture,
                  "SELECT features[OFFSET(1)], features[SAFE_ORDINAL(9)] FROM "
                  "nba_predictions.ml_feature_store_v2 WHERE game_date = '2022-01-01'",
                  "2.5|NULL");
}

Test(sql_query, subqueries_see_what_is_around_them)
{
    cr_expect_sql(fixture, "SELECT (SELECT MAX(id) FROM changes)", "2");
    cr_expect_sql(
        fixture,
        "SELECT id FROM changes c WHERE EXISTS (SELECT 1 FROM changes d WHERE d.id = c.id "
        "+ 1)",
        "1");
    cr_expect_sql(fixture, "SELECT id FROM changes WHERE id IN (SELECT id + 1 FROM changes)", "2");
    cr_expect_sql(fixture, "SELECT ARRAY(SELECT id FROM changes ORDER BY id)", "[1,2]");
    cr_expect_sql(fixture, "SELECT COUNT(*) FROM changes WHERE id NOT IN (1, 5)", "1");
}

Test(sql_query, tables_that_require_a_partition_filter_get_one)
{
    const char *refusal =
        "!Cannot query over table 'nba-props-platform.nba_raw.bdl_player_boxscores' without a "
        "filter over column(s) 'game_date' that can be used for partition elimination";
    cr_expect_sql(fixture, "SELECT COUNT(*) FROM bdl_player_boxscores", refusal);
    cr_expect_sql(fixture, "SELECT COUNT(*) FROM bdl_player_boxscores WHERE game_id > 'a'",
                  refusal);
    cr_expect_sql(fixture,
                  "SELECT COUNT(*) FROM bdl_player_boxscores WHERE game_date > '2024-10-22' OR "
                  "game_id = 'b1'",
                  refusal);
    cr_expect_sql(fixture,
                  "SELECT COUNT(*) FROM bdl_player_boxscores WHERE game_date > "
                  "'2024-10-22' AND game_id <> 'b9'",
                  "2");
    cr_expect_sql(fixture,
                  "SELECT COUNT(*) FROM bdl_player_boxscores WHERE DATE(game_date) IN "
                  "('2024-10-22', '2024-10-24')",
                  "2");
}

Test(sql_query, the_information_schema_is_a_table_like_any_other)
{
    cr_expect_sql(fixture, "SELECT table_name, table_type FROM nba_raw.INFORMATION_SCHEMA.TABLES",
                  "changes|BASE TABLE");
    cr_expect_sql(fixture,
                  "SELECT table_name FROM `nba-props-platform.nba_raw`.information_schema.tables",
                  "changes");
    cr_expect_sql(fixture, "SELECT 1 FROM nba_raw.INFORMATION_SCHEMA.VIEWS",
                  "!INFORMATION_SCHEMA.VIEWS is not supported by the local BigQuery at [1:15]");
}
