/* A pipeline put to a BigQuery: everything is asked, for free, and fails alone. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/online.h"
#include "fixture.h"

static struct online_report report;

static void open_with(const char *const *changes) {
    fixture_open(changes);
}

static void close_all(void) {
    online_report_free(&report);
    fixture_close();
}

TestSuite(online, .fini = close_all);

static void check(const char *endpoint, int64_t deadline_ms) {
    online_report_free(&report);
    online_check(scene.pipeline,
                 &(struct online_options){
                     .endpoint = endpoint, .clock = &fixture_clock, .deadline_ms = deadline_ms},
                 &report);
}

/* Compares the lines, each from behind the scene's directory on. */
static void expect_lines(const char *const *lines, size_t count) {
    cr_expect_eq(report.findings.count, count);
    for (size_t i = 0; i < report.findings.count; i++) {
        char *line = online_finding_line(&report.findings.items[i]);
        size_t size = strlen(scene.directory);
        cr_assert_eq(strncmp(line, scene.directory, size), 0, "%s", line);
        cr_expect(i < count && strncmp(line + size + 1, lines[i], strlen(lines[i])) == 0,
                  "%s\nis not %s", line + size + 1, i < count ? lines[i] : "expected");
        free(line);
    }
}
#define EXPECT_LINES(...)                                                                          \
    expect_lines((const char *const[]){__VA_ARGS__},                                               \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

Test(online, finds_nothing_wrong_with_a_sound_pipeline_and_pays_nothing)
{
    open_with(NULL);
    size_t before = emulator_usage(warehouse.emulator).jobs;
    check(NULL, FIXTURE_DEADLINE_MS);
    expect_lines(NULL, 0);
    cr_expect_eq(report.tables, 2);
    cr_expect_eq(report.queries, 3);
    cr_expect_eq(report.bytes, 3 * 10 * BIGQUERY_MIB, "%lld", (long long)report.bytes);
    cr_expect_eq(emulator_usage(warehouse.emulator).jobs, before);
}

Test(online, names_every_mistake_at_once_with_what_was_meant)
{
    open_with((const char *const[]){
        "team_defense_game_summary, date", "team_defense_game_sumary, date", "date: analysis_date",
        "date: analysis_dte", "location: us-west2", "location: us-west1", "runs: {group: second}",
        "query: {sql: SELECT COUNT(*) FORM x, at_most: 0}", NULL});
    check(NULL, FIXTURE_DEADLINE_MS);
    EXPECT_LINES(
        "pipeline.yaml:3:11: nba_precompute: the dataset is in us-west2, and location says "
        "us-west1",
        "pipeline.yaml:12:42: defense: dataset nba_analytics has no table "
        "team_defense_game_sumary; did you mean team_defense_game_summary?",
        "pipeline.yaml:13:90: zones: no column analysis_dte; did you mean analysis_date?",
        "pipeline.yaml:27:23: done query: BigQuery refuses the query: Syntax error");
    cr_expect_eq(report.by_severity[ONLINE_MISTAKE], 4);
    cr_expect_eq(report.bytes, BIGQUERY_UNKNOWN);
}

Test(online, leads_from_a_refused_query_to_its_file)
{
    open_with(NULL);
    free(warehouse_ask(&warehouse, "DROP TABLE nba_raw.nbac_schedule"));
    free(warehouse_ask(&warehouse, "CREATE TABLE nba_raw.nbac_schedule (game_date DATE, game_id "
                                   "STRING)"));
    check(NULL, FIXTURE_DEADLINE_MS);
    EXPECT_LINES(
        "due.sql:3:43: due.sql: BigQuery refuses the query: Unrecognized name: game_status");
}

Test(online, finds_the_table_that_a_query_meant)
{
    open_with(NULL);
    free(warehouse_ask(&warehouse, "CREATE TABLE nba_raw.nbac_schedul AS SELECT * FROM "
                                   "nba_raw.nbac_schedule WHERE game_date > '2021-01-01'"));
    free(warehouse_ask(&warehouse, "DROP TABLE nba_raw.nbac_schedule"));
    check(NULL, FIXTURE_DEADLINE_MS);
    EXPECT_LINES("due.sql:2:25: due.sql: dataset nba_raw has no table nbac_schedule; did you mean "
                 "nbac_schedul?");
}

Test(online, leaves_the_others_checked_when_one_table_fails)
{
    open_with((const char *const[]){"date: analysis_date", "date: analysis_dte", "date: game_date",
                                    "date: game_dte", NULL});
    fixture_fault("{\"method\":\"tables.get\",\"fault\":\"error\",\"reason\":\"accessDenied\","
                  "\"times\":1}");
    check(NULL, FIXTURE_DEADLINE_MS);
    /* Of the table that was not answered about, the dry run tells all the same. */
    cr_expect_eq(report.by_severity[ONLINE_MISTAKE], 2);
    cr_expect_eq(report.by_severity[ONLINE_UNKNOWN], 1);
    cr_expect_not_null(strstr(report.findings.items[2].text,
                              "the table could not be asked about: BigQuery: accessDenied:"));
}

Test(online, says_which_dates_a_table_will_not_keep_and_which_filter_it_wants)
{
    open_with((const char *const[]){"bootstrap_days: 14", "bootstrap_days: 0", NULL});
    free(warehouse_ask(&warehouse, "DROP TABLE nba_precompute.team_defense_zone_analysis"));
    free(warehouse_ask(&warehouse, "CREATE TABLE nba_precompute.team_defense_zone_analysis "
                                   "(analysis_date DATE) PARTITION BY analysis_date "
                                   "OPTIONS(partition_expiration_days = 90)"));
    free(warehouse_ask(&warehouse, "DROP TABLE nba_analytics.team_defense_game_summary"));
    free(warehouse_ask(&warehouse, "CREATE TABLE nba_analytics.team_defense_game_summary "
                                   "(game_date DATE, game_id STRING, loaded DATE) PARTITION BY "
                                   "loaded OPTIONS(require_partition_filter = TRUE)"));
    check(NULL, FIXTURE_DEADLINE_MS);
    EXPECT_LINES("pipeline.yaml:12:89: defense: the table takes only queries with a filter on its "
                 "partition column loaded, and coverage filters on game_date; write date: "
                 "loaded, or lift the requirement from the table",
                 "pipeline.yaml:13:41: zones: partitions expire after 90 days: dates before "
                 "2021-11-12 are deleted, so 10 of the 10 days on which rows can be due can never "
                 "be complete");
}

Test(online, says_once_why_nothing_could_be_asked)
{
    open_with(NULL);
    check("127.0.0.1:1", 50);
    EXPECT_LINES("pipeline.yaml:2:10: unknown: BigQuery: nothing could be asked: BigQuery: ");
    check("not a host", 50);
    EXPECT_LINES("pipeline.yaml:2:10: unknown: BigQuery: nothing could be asked: ");
    cr_expect_eq(report.bytes, BIGQUERY_UNKNOWN);
}
