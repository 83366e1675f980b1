/* Each style of job writes the rows it says, and says in its log what really happened. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "demo/calendar.h"
#include "processor_fixture.h"
#include "tests/support/warehouse.h"

static struct warehouse warehouse;
static struct text_buffer output;
static struct log_progress *progress;

static void open_warehouse(void) {
    warehouse_open(&warehouse);
}

static void close_warehouse(void) {
    log_progress_free(progress);
    text_buffer_free(&output);
    warehouse_close(&warehouse);
}

TestSuite(processor, .init = open_warehouse, .fini = close_warehouse);

#define FLAGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The schedule has the game dates, the listed tables too, and `job`'s own table is there. */
static void prepare(const char *own, const char *from, const char *to, const char *const *full) {
    struct dayset dates = warehouse_game_dates(from, to);
    warehouse_fill(&warehouse, "nbac_schedule", &dates);
    warehouse_fill(&warehouse, "precompute_failures", NULL);
    warehouse_fill(&warehouse, own, NULL);
    for (size_t i = 0; full[i] != NULL; i++) {
        warehouse_fill(&warehouse, full[i], &dates);
    }
    dayset_free(&dates);
}

static void run(const char *job, const char *const *flags, int code) {
    text_buffer_clear(&output);
    log_progress_free(progress);
    int given = processor_run(job, flags, &output);
    cr_assert_eq(given, code, "exit %d: %s", given, output.data);
    progress = processor_progress(&output);
}

static int64_t number(const char *sql) {
    char *answer = warehouse_ask(&warehouse, sql);
    int64_t value = strtoll(answer, NULL, 10);
    free(answer);
    return value;
}

/* Of the dates that the log calls ok, each has rows as many as it says; of the others none has. */
static void expect_truth(const char *table, const char *date) {
    for (size_t i = 0; i < progress->date_count; i++) {
        const struct log_date *said = &progress->dates[i];
        char day[DAY_TEXT_SIZE];
        char *sql = memory_format("SELECT COUNT(*) FROM `nba-props-platform.%s` WHERE %s = '%s'",
                                  table, date, day_format(said->day, day));
        int64_t rows = number(sql);
        cr_expect_eq(rows, said->outcome == LOG_DATE_OK ? said->rows : 0, "%s: %s, %lld rows", day,
                     log_outcome_name(said->outcome), (long long)rows);
        free(sql);
    }
}

static void expect_outcomes(uint64_t ok, uint64_t zero, uint64_t skipped, uint64_t failed) {
    cr_expect_eq(progress->outcomes[LOG_DATE_OK], ok, "%llu ok",
                 (unsigned long long)progress->outcomes[LOG_DATE_OK]);
    cr_expect_eq(progress->outcomes[LOG_DATE_ZERO], zero, "%llu zero",
                 (unsigned long long)progress->outcomes[LOG_DATE_ZERO]);
    cr_expect_eq(progress->outcomes[LOG_DATE_SKIPPED], skipped, "%llu skipped",
                 (unsigned long long)progress->outcomes[LOG_DATE_SKIPPED]);
    cr_expect_eq(progress->outcomes[LOG_DATE_FAILED], failed, "%llu failed",
                 (unsigned long long)progress->outcomes[LOG_DATE_FAILED]);
    cr_expect(progress->finished);
}

Test(processor, analytics_in_parallel_meet_a_quota_and_succeed_at_the_second_try)
{
    prepare("team_defense_game_summary", "2021-10-19", "2022-06-16", FLAGS(NULL));
    const char *const *flags = FLAGS("--start-date", "2021-10-19", "--end-date", "2022-06-16",
                                     "--parallel", "--workers", "15");
    run("team_defense_game_summary", flags, 0);
    uint64_t failed = progress->outcomes[LOG_DATE_FAILED];
    int64_t missing = 213 - number("SELECT COUNT(DISTINCT game_date) FROM "
                                   "nba_analytics.team_defense_game_summary");
    cr_expect_gt(failed, 0);
    cr_expect_eq((int64_t)failed, missing);
    cr_expect_eq(number("SELECT COUNT(*) FROM nba_processing.precompute_failures WHERE "
                        "analysis_date >= '2021-10-19'"),
                 missing);
    expect_outcomes(213 - failed, 28, 0, failed);
    cr_expect_eq(progress->marks[LOG_QUOTA], failed);
    cr_expect(progress->parallel);
    cr_expect_eq(progress->rows,
                 number("SELECT COUNT(*) FROM nba_analytics.team_defense_game_summary"));
    expect_truth("nba_analytics.team_defense_game_summary", "game_date");

    run("team_defense_game_summary", flags, 0);
    expect_outcomes(213, 28, 0, 0);
    cr_expect_eq(number("SELECT COUNT(DISTINCT game_date) FROM "
                        "nba_analytics.team_defense_game_summary"),
                 213);
    expect_truth("nba_analytics.team_defense_game_summary", "game_date");
}

Test(processor, analytics_one_after_the_other_take_every_calendar_day)
{
    /* 2022-02-18 to 2022-02-23 are the All-Star break. */
    prepare("team_offense_game_summary", "2022-02-14", "2022-02-27", FLAGS(NULL));
    run("team_offense_game_summary",
        FLAGS("--start-date", "2022-02-14", "--end-date", "2022-02-27"), 0);
    cr_expect_eq(progress->total, 14);
    cr_expect_eq(progress->mode, LOG_MODE_CALENDAR);
    cr_expect_eq(log_progress_done(progress), 14);
    cr_expect_eq(progress->rows,
                 number("SELECT COUNT(*) FROM nba_analytics.team_offense_game_summary WHERE "
                        "game_date >= '2022-02-14'"));
    expect_truth("nba_analytics.team_offense_game_summary", "game_date");
}

Test(processor, analytics_with_dates_do_only_those)
{
    prepare("team_defense_game_summary", "2022-01-01", "2022-01-20", FLAGS(NULL));
    run("team_defense_game_summary", FLAGS("--dates", "2022-01-03,2022-01-10,2022-01-07"), 0);
    expect_outcomes(3, 0, 0, 0);
    warehouse_expect(&warehouse,
                     "SELECT DISTINCT game_date FROM nba_analytics.team_defense_game_summary ORDER "
                     "BY game_date",
                     "2022-01-03\n2022-01-07\n2022-01-10\n");
}

Test(processor, context_jobs_speak_their_own_way)
{
    prepare("upcoming_team_game_context", "2022-01-01", "2022-01-20", FLAGS(NULL));
    run("upcoming_team_game_context",
        FLAGS("--start-date", "2022-01-01", "--end-date", "2022-01-20"), 0);
    expect_outcomes(20, 0, 0, 0);
    expect_truth("nba_analytics.upcoming_team_game_context", "game_date");
    warehouse_fill(&warehouse, "upcoming_player_game_context", NULL);
    run("upcoming_player_game_context",
        FLAGS("--start-date", "2022-01-01", "--end-date", "2022-01-20", "--parallel"), 0);
    cr_expect_eq(log_progress_done(progress), 20);
    cr_expect(progress->finished);
    expect_truth("nba_analytics.upcoming_player_game_context", "game_date");
}

Test(processor, precompute_skips_the_bootstrap_days_and_lacks_games_after_them)
{
    prepare("team_defense_zone_analysis", "2022-10-18", "2022-11-20",
            FLAGS("player_game_summary", "team_defense_game_summary"));
    const char *const *flags =
        FLAGS("--start-date", "2022-10-18", "--end-date", "2022-11-20", "--skip-preflight");
    run("team_defense_zone_analysis", flags, 0);
    /* 14 bootstrap days, 11 game dates without fifteen games, 8 more. */
    expect_outcomes(8, 0, 14, 11);
    cr_expect_eq(progress->mode, LOG_MODE_GAME_DATES);
    cr_expect_eq(progress->preflight, LOG_PREFLIGHT_IS_SKIPPED);
    expect_truth("nba_precompute.team_defense_zone_analysis", "analysis_date");

    run("team_defense_zone_analysis", flags, 0);
    expect_outcomes(19, 0, 14, 0);
    expect_truth("nba_precompute.team_defense_zone_analysis", "analysis_date");
}

Test(processor, precompute_fails_dates_whose_upstream_is_missing_however_often_it_tries)
{
    prepare("player_daily_cache", "2022-01-01", "2022-01-10", FLAGS("player_game_summary"));
    warehouse_fill(&warehouse, "team_offense_game_summary", NULL);
    const char *const *flags =
        FLAGS("--start-date", "2022-01-01", "--end-date", "2022-01-10", "--skip-preflight");
    for (int i = 0; i < 2; i++) {
        run("player_daily_cache", flags, 0); /* exit 0 all the same */
        expect_outcomes(0, 0, 0, 10);
        cr_expect_not_null(strstr(output.data, "['team_offense_game_summary']"));
    }
    cr_expect_eq(number("SELECT COUNT(*) FROM nba_precompute.player_daily_cache"), 0);
}

Test(processor, pcf_runs_in_parallel_and_its_failures_carry_no_date_otherwise)
{
    prepare(
        "player_composite_factors", "2022-01-01", "2022-01-10",
        FLAGS("player_game_summary", "team_defense_zone_analysis", "player_shot_zone_analysis"));
    run("player_composite_factors",
        FLAGS("--start-date", "2022-01-01", "--end-date", "2022-01-10", "--parallel", "--workers",
              "4", "--skip-preflight"),
        0);
    expect_outcomes(10, 0, 0, 0);
    cr_expect(progress->parallel);
    expect_truth("nba_precompute.player_composite_factors", "game_date");
}

Test(processor, phase_4_does_not_start_on_an_incomplete_phase_3)
{
    prepare("team_defense_zone_analysis", "2022-01-01", "2022-01-20",
            FLAGS("player_game_summary", "team_offense_game_summary", "team_defense_game_summary",
                  "upcoming_player_game_context"));
    warehouse_fill(&warehouse, "upcoming_team_game_context", NULL);
    const char *const *flags = FLAGS("--start-date", "2022-01-01", "--end-date", "2022-01-20");
    run("team_defense_zone_analysis", flags, 1);
    cr_expect_eq(progress->preflight, LOG_PREFLIGHT_IS_FAILED);
    cr_expect_eq(number("SELECT COUNT(*) FROM nba_precompute.team_defense_zone_analysis"), 0);
    struct dayset dates = warehouse_game_dates("2022-01-01", "2022-01-20");
    warehouse_fill(&warehouse, "upcoming_team_game_context", &dates);
    dayset_free(&dates);
    run("team_defense_zone_analysis", flags, 0);
    cr_expect_eq(progress->preflight, LOG_PREFLIGHT_IS_PASSED);
    cr_expect_eq(progress->outcomes[LOG_DATE_OK] + progress->outcomes[LOG_DATE_FAILED], 20);
    expect_truth("nba_precompute.team_defense_zone_analysis", "analysis_date");
}

Test(processor, a_dry_run_writes_nothing)
{
    prepare("team_defense_game_summary", "2022-01-01", "2022-01-05", FLAGS(NULL));
    run("team_defense_game_summary",
        FLAGS("--start-date", "2022-01-01", "--end-date", "2022-01-05", "--dry-run"), 0);
    cr_expect_eq(number("SELECT COUNT(*) FROM nba_analytics.team_defense_game_summary"), 0);
}

Test(processor, says_so_when_bigquery_lacks_its_tables)
{
    run("team_defense_game_summary", FLAGS("--start-date", "2022-01-01"), 1);
    cr_expect_not_null(strstr(output.data, "RetryError"), "%s", output.data);
    cr_assert_eq(unsetenv("BIGQUERY_EMULATOR_HOST"), 0);
    run("team_defense_game_summary", FLAGS("--start-date", "2022-01-01"), 1);
    cr_expect_not_null(strstr(output.data, "BIGQUERY_EMULATOR_HOST"), "%s", output.data);
}

Test(processor, a_range_that_ends_before_it_begins_is_no_work)
{
    prepare("team_defense_game_summary", "2022-01-01", "2022-01-05", FLAGS(NULL));
    run("team_defense_game_summary",
        FLAGS("--start-date", "2022-01-05", "--end-date", "2022-01-01"), 0);
    cr_expect_eq(log_progress_done(progress), 0);
}
