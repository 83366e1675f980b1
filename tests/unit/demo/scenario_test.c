/* The four nights come out of the local BigQuery with the totals that were measured on them. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "demo/scenario.h"
#include "tests/support/warehouse.h"

static struct warehouse warehouse;

static void close_warehouse(void) {
    warehouse_close(&warehouse);
}

static void open_night(const char *scenario) {
    warehouse_open(&warehouse);
    warehouse_load(&warehouse, scenario);
}

/* The game dates a table has in each season, after its first fourteen days or from its start on,
 * and the number of those dates in all. */
static void expect_dates(const char *table, const char *date, bool attainable,
                         const char *expected) {
    static const char *const seasons[][3] = {{"2021-10-19", "2021-11-02", "2022-06-17"},
                                             {"2022-10-18", "2022-11-01", "2023-06-13"},
                                             {"2023-10-24", "2023-11-07", "2024-06-18"},
                                             {"2024-10-22", "2024-11-05", "2025-06-22"},
                                             {"2025-10-21", "2025-11-04", "2026-06-30"}};
    struct text_buffer counts = {0};
    for (size_t i = 0; i < 5; i++) {
        char *sql = memory_format(
            "SELECT COUNT(DISTINCT %s) FROM `%s.%s` WHERE %s BETWEEN '%s' AND '%s'", date,
            SCENARIO_PROJECT, table, date, seasons[i][attainable ? 1 : 0], seasons[i][2]);
        char *answer = warehouse_ask(&warehouse, sql);
        answer[strcspn(answer, "\n")] = '\0';
        text_buffer_format(&counts, "%s%s", i > 0 ? " " : "", answer);
        free(answer);
        free(sql);
    }
    cr_expect_str_eq(counts.data, expected, "%s: %s", table, counts.data);
    text_buffer_free(&counts);
}

static void expect_due(const char *from, const char *to, const char *dates) {
    char *sql = memory_format(
        "SELECT COUNT(DISTINCT game_date) FROM `nba-props-platform.nba_raw.nbac_schedule` "
        "WHERE game_date BETWEEN '%s' AND '%s' AND game_status = 3 "
        "AND (is_regular_season OR is_playoffs)",
        from, to);
    warehouse_expect(&warehouse, sql, dates);
    free(sql);
}

TestSuite(scenario, .fini = close_warehouse);

Test(scenario, jan05_is_the_morning_with_three_tables_incomplete)
{
    open_night("jan05");
    expect_due("2021-10-19", "2026-01-03", "918\n");
    expect_dates("nba_analytics.player_game_summary", "game_date", true, "199 198 193 199 59");
    expect_dates("nba_analytics.team_offense_game_summary", "game_date", true,
                 "199 198 193 199 59");
    /* 776 of 848: 72 missing; 446: 402 missing; 496: 352 missing. */
    expect_dates("nba_analytics.team_defense_game_summary", "game_date", true,
                 "185 179 178 183 51");
    expect_dates("nba_analytics.upcoming_player_game_context", "game_date", true,
                 "104 105 104 107 26");
    expect_dates("nba_analytics.upcoming_team_game_context", "game_date", true,
                 "116 117 113 117 33");
    warehouse_expect(&warehouse,
                     "SELECT COUNT(*), COUNT(DISTINCT game_id), COUNT(DISTINCT game_date) "
                     "FROM nba_analytics.team_defense_game_summary",
                     "10152|5076|846\n");
    expect_dates("nba_precompute.team_defense_zone_analysis", "analysis_date", false, "0 0 0 0 0");
    expect_dates("nba_precompute.player_shot_zone_analysis", "analysis_date", false, "0 0 0 0 0");
    expect_dates("nba_precompute.player_daily_cache", "cache_date", false, "0 0 0 0 0");
    expect_dates("nba_precompute.player_composite_factors", "game_date", false, "0 0 0 0 0");
    expect_dates("nba_predictions.ml_feature_store_v2", "game_date", false, "0 0 0 0 0");
}

Test(scenario, jan05_has_no_partial_date)
{
    open_night("jan05");
    /* Two rows a game on each date that has any. */
    warehouse_expect(&warehouse,
                     "SELECT COUNT(*) FROM (SELECT game_date, COUNT(*) AS n, COUNT(DISTINCT "
                     "game_id) AS g FROM nba_analytics.team_defense_game_summary GROUP BY "
                     "game_date) WHERE n != 2 * g",
                     "0\n");
}

Test(scenario, jan09_is_a_finished_night)
{
    open_night("jan09");
    expect_due("2021-10-19", "2024-06-17", "632\n");
    expect_dates("nba_precompute.player_composite_factors", "game_date", false, "199 198 193 0 0");
    expect_dates("nba_precompute.team_defense_zone_analysis", "analysis_date", false,
                 "200 187 181 0 0");
    expect_dates("nba_precompute.player_shot_zone_analysis", "analysis_date", false,
                 "197 195 191 0 0");
    expect_dates("nba_precompute.player_daily_cache", "cache_date", false, "199 197 193 0 0");
    expect_dates("nba_predictions.ml_feature_store_v2", "game_date", false, "199 198 193 0 0");
    expect_dates("nba_analytics.player_game_summary", "game_date", false, "213 212 207 0 0");
    expect_dates("nba_analytics.team_offense_game_summary", "game_date", false, "215 214 209 0 0");
    expect_dates("nba_analytics.team_defense_game_summary", "game_date", false, "215 214 209 0 0");
    warehouse_expect(&warehouse,
                     "SELECT COUNT(DISTINCT analysis_date) FROM "
                     "nba_precompute.team_defense_zone_analysis WHERE analysis_date BETWEEN "
                     "'2022-11-01' AND '2022-11-12' OR analysis_date BETWEEN '2023-11-08' AND "
                     "'2023-11-19'",
                     "0\n");
    warehouse_expect(&warehouse,
                     "SELECT COUNTIF(data_source IN ('phase3', 'mixed')) FROM "
                     "nba_predictions.ml_feature_store_v2 WHERE game_date >= '2021-10-19'",
                     "0\n");
}

Test(scenario, jan03_counts_games)
{
    open_night("jan03");
    expect_due("2024-10-01", "2026-01-02", "285\n");
    warehouse_expect(&warehouse,
                     "SELECT COUNT(DISTINCT game_id) FROM nba_raw.bdl_player_boxscores WHERE "
                     "game_date >= '2024-10-01'",
                     "2027\n");
    warehouse_expect(&warehouse,
                     "SELECT COUNT(DISTINCT game_id), ROUND(100 * COUNTIF(minutes_played IS NULL) "
                     "/ COUNT(*), 2) FROM nba_analytics.player_game_summary",
                     "1815|0.64\n");
    warehouse_expect(&warehouse,
                     "SELECT COUNT(DISTINCT game_id), COUNT(DISTINCT game_date) FROM "
                     "nba_precompute.player_composite_factors",
                     "357|55\n");
    warehouse_expect(&warehouse,
                     "SELECT COUNT(*) FROM (SELECT DISTINCT game_date FROM "
                     "nba_raw.bdl_player_boxscores WHERE game_date >= '2024-10-01') AS l LEFT JOIN "
                     "(SELECT DISTINCT game_date FROM nba_precompute.player_composite_factors) AS "
                     "r ON l.game_date = r.game_date WHERE r.game_date IS NULL",
                     "230\n");
}

Test(scenario, jan02_is_eight_hours_into_the_playoffs)
{
    open_night("jan02");
    expect_due("2022-04-16", "2022-06-17", "45\n");
    expect_due("2023-04-15", "2023-06-13", "45\n");
    expect_due("2024-04-16", "2024-06-18", "47\n");
    expect_dates("nba_precompute.team_defense_zone_analysis", "analysis_date", false, "45 0 0 0 0");
    expect_dates("nba_precompute.player_shot_zone_analysis", "analysis_date", false, "45 0 0 0 0");
    expect_dates("nba_precompute.player_composite_factors", "game_date", false, "27 0 0 0 0");
    expect_dates("nba_precompute.player_daily_cache", "cache_date", false, "0 0 0 0 0");
    expect_dates("nba_predictions.ml_feature_store_v2", "game_date", false, "0 0 0 0 0");
    warehouse_expect(&warehouse,
                     "SELECT COUNT(*), COUNT(DISTINCT player_lookup) FROM "
                     "nba_precompute.player_composite_factors WHERE game_date = '2022-04-16'",
                     "300|300\n");
    warehouse_expect(&warehouse, "SELECT COUNT(*) FROM nba_predictions.player_prop_predictions",
                     "399\n");
}

Test(scenario_names, are_found_and_a_wrong_one_is_answered_with_the_nearest, .fini = NULL)
{
    struct error error = {0};
    size_t count;
    const struct scenario *all = scenario_all(&count);
    cr_assert_eq(count, 4);
    cr_expect_str_eq(all[0].name, "jan05", "the default comes first");
    for (size_t i = 0; i < count; i++) {
        cr_expect_eq(scenario_find(all[i].name, &error), &all[i]);
    }
    cr_expect_null(scenario_find("jan5", &error));
    cr_expect_eq(error.code, EXIT_USAGE);
    cr_expect_not_null(strstr(error.text, "did you mean jan0"), "%s", error.text);
}
