/* Incidents in which a log said success: coverage read after the end says what became of it, and
 * only once it has all arrived. Numbers are those of tests/fault/incidents.md. */
#include "night_of.h"

#include "base/percent.h"
#include "coverage/coverage.h"
#include "state/state_notice.h"

static const int64_t all[DATES] = {4, 4, 4, 4, 4, 4, 4, 4, 4, 4};
static const int64_t none[DATES] = {0};
static const int64_t half[DATES] = {4, 4, 4, 4, 4, 0, 0, 0, 0, 0};
static const int64_t first[DATES] = {4, 0, 0, 0, 0, 0, 0, 0, 0, 0};

static void begin(void) {
    night_of(NULL);
}

TestSuite(incident_coverage, .init = begin, .fini = night_over, .timeout = 600);

/* 1: 613 of 613 dates "OK", and 2 of 16 teams saved. */
Test(incident_coverage, two_rows_of_four_are_not_a_complete_date)
{
    static const int64_t two[DATES] = {2, 2, 2, 2, 2, 2, 2, 2, 2, 2};
    night_run("r-teams", "defense", SCENE_NOW);
    night_log_dates("r-teams", "day", "INFO:__main__:  ✓ @: 2 records", DATES, SCENE_NOW, MINUTE);
    night_end("r-teams", STATE_OUTCOME_OK, 0, SCENE_NOW + 11 * MINUTE);
    night_measure("defense", two, -1, SCENE_NOW + 12 * MINUTE);
    const struct situation *seen = night_look(SCENE_NOW + 12 * MINUTE);
    cr_expect_eq(seen->coverage->tables[SCENE_DEFENSE].all.partial, 10);
    cr_expect_eq(seen->coverage->tables[SCENE_DEFENSE].all.complete, 0);
    cr_expect_eq(seen->gates->gates[0].verdict, GATES_NO_GO, "what is behind it stays held");
    cr_expect_eq(night_seen("r-teams")->ok, 10, "its log is green");
    cr_expect_str_eq(night_seen("r-teams")->verdict, "no effect");
    expect_contains(night_alarm("r-teams", "no-effect"), "green run, flat coverage");
    cr_expect_eq(night_events("r-teams", "alert"), 1, "told once, however often it is looked at");
}

/* 10: the rows were in the streaming buffer, the validation failed, the night stood for 4 hours. */
Test(incident_coverage, a_streaming_buffer_is_waited_for_and_then_verified)
{
    night_measure("defense", first, -1, SCENE_NOW);
    night_run("r-wait", "defense", SCENE_NOW);
    night_end("r-wait", STATE_OUTCOME_OK, 0, SCENE_NOW + 27 * MINUTE); /* 14:42 */
    night_measure("defense", half, 1200, SCENE_NOW + 30 * MINUTE);
    (void)night_look(SCENE_NOW + 30 * MINUTE);
    const struct situation_run *run = night_seen("r-wait");
    cr_expect_null(run->verdict, "%s", run->verdict_text);
    cr_expect_eq(run->phase, SITUATION_RUN_WAITING);
    cr_expect_str_eq(run->waiting,
                     "waiting for coverage since 14:42 (streaming buffer of defense)");
    cr_expect_eq(night_events("r-wait", "note"), 1);
    night_measure("defense", all, 0, SCENE_NOW + 60 * MINUTE);
    (void)night_look(SCENE_NOW + 60 * MINUTE);
    run = night_seen("r-wait");
    cr_expect_str_eq(run->verdict, "verified", "%s", run->verdict_text);
    cr_expect_null(run->waiting);
}

Test(incident_coverage, a_streaming_buffer_is_not_waited_for_without_end)
{
    night_measure("defense", first, -1, SCENE_NOW);
    night_run("r-long", "defense", SCENE_NOW);
    night_end("r-long", STATE_OUTCOME_OK, 0, SCENE_NOW + MINUTE);
    night_measure("defense", half, 1200, SCENE_NOW + 80 * MINUTE);
    (void)night_look(SCENE_NOW + 80 * MINUTE);
    cr_expect_null(night_seen("r-long")->verdict);
    night_measure("defense", half, 1200, SCENE_NOW + 92 * MINUTE);
    (void)night_look(SCENE_NOW + 92 * MINUTE);
    cr_expect_str_eq(night_seen("r-long")->verdict, "ended with gaps");
    expect_contains(night_seen("r-long")->verdict_text,
                    "judged after 90 minutes, still waiting: streaming buffer of defense");
}

Test(incident_coverage, counts_that_still_rise_are_waited_for)
{
    night_measure("defense", first, -1, SCENE_NOW);
    night_run("r-rise", "defense", SCENE_NOW);
    night_end("r-rise", STATE_OUTCOME_OK, 0, SCENE_NOW + MINUTE);
    night_measure("defense", half, -1, SCENE_NOW + 2 * MINUTE);
    const struct situation *seen = night_look(SCENE_NOW + 2 * MINUTE);
    cr_expect_null(night_seen("r-rise")->verdict);
    expect_contains(night_seen("r-rise")->waiting, "rows of defense are still arriving");
    cr_expect_eq(seen->gates->gates[0].verdict, GATES_NO_GO, "the gate says what is there");
    night_measure("defense", half, -1, SCENE_NOW + 3 * MINUTE);
    (void)night_look(SCENE_NOW + 3 * MINUTE);
    cr_expect_str_eq(night_seen("r-rise")->verdict, "ended with gaps");
}

/* 18: "80 % complete" was the rows of a test run. */
Test(incident_coverage, rows_of_a_test_run_are_not_dates_that_are_done)
{
    static const int64_t rows[DATES] = {4, 4, 1, 1, 1, 1, 1, 1, 0, 0};
    night_measure("defense", rows, -1, SCENE_NOW);
    const struct situation *seen = night_look(SCENE_NOW);
    const struct coverage_totals *totals = &seen->coverage->tables[SCENE_DEFENSE].all;
    cr_expect_eq(totals->with_rows, 8, "80 %% of the dates have rows");
    cr_expect_eq(totals->complete, 2);
    cr_expect_eq(coverage_percent(totals, PERCENT_NO_THRESHOLD), 200, "20.0 %%");
    cr_expect_eq(seen->gates->gates[0].verdict, GATES_NO_GO);
}

/* 29: the schedule knew nothing so old: every date was skipped, and called a success. */
Test(incident_coverage, dates_that_are_skipped_in_no_time_are_an_alarm)
{
    night_measure("defense", none, -1, SCENE_NOW - MINUTE);
    night_run("r-skip", "defense", SCENE_NOW);
    for (size_t i = 0; i < DATES; i++) {
        char lines[3][160];
        char day[DAY_TEXT_SIZE];
        (void)day_format(SCENE_FROM + (day_number)i, day);
        (void)snprintf(lines[0], sizeof lines[0], "INFO:__main__:Processing day %zu/10: %s", i + 1,
                       day);
        (void)snprintf(lines[1], sizeof lines[1],
                       "INFO:analytics_base:No games scheduled on %s, skipping", day);
        (void)snprintf(lines[2], sizeof lines[2], "INFO:__main__:  ✓ Success: 0 records");
        night_log("r-skip", (const char *const[]){lines[0], lines[1], lines[2], NULL},
                  SCENE_NOW + (int64_t)i * SECOND, 100);
    }
    (void)night_look(SCENE_NOW + 11 * SECOND);
    expect_contains(night_alarm("r-skip", "too-fast"), "10 of them due and without a row");
    expect_contains(night_alarm("r-skip", "first-dates"), "the first 10 dates all had no rows");
    night_end("r-skip", STATE_OUTCOME_OK, 0, SCENE_NOW + 11 * SECOND);
    night_measure("defense", none, -1, SCENE_NOW + MINUTE);
    (void)night_look(SCENE_NOW + MINUTE);
    cr_expect_str_eq(night_seen("r-skip")->verdict, "no effect");
    cr_expect_eq(night_seen("r-skip")->phase, SITUATION_RUN_FAILED, "red, whatever it exits with");
}

/* 24: the code was another than everybody thought. */
Test(incident_coverage, code_that_moved_under_a_run_is_said)
{
    struct state_actor agent = {.name = "agent", .term = scene.term};
    struct day_range range = {SCENE_FROM, SCENE_TO};
    struct dayset dates = dayset_new(range);
    dayset_add_range(&dates, range);
    struct state_new_run run = {.run = "r-code",
                                .processor = "defense",
                                .range = range,
                                .dates = &dates,
                                .steps = "[[\"/bin/true\"]]",
                                .step_count = 1,
                                .command = "/bin/true",
                                .directory = scene.directory,
                                .code_commit = "1f3a5c7e9b1f3a5c7e9b1f3a5c7e9b1f3a5c7e9b",
                                .code_changed = 2};
    struct state_launch launch = {.launch = "l-code",
                                  .group = "first",
                                  .plan_hash = "hash",
                                  .owner = "naji@ops",
                                  .runs = &run,
                                  .run_count = 1,
                                  .at = SCENE_NOW,
                                  .boot_ns = clock_boot_ns(clock_system())};
    cr_assert(
        state_launch(scene.state, &(struct state_actor){.name = "naji@ops"}, &launch, &scene.error),
        "%s", scene.error.text);
    dayset_free(&dates);
    scene_start(&scene, "r-code", SCENE_NOW);
    cr_assert(state_notice_code(scene.state, &agent, "r-code",
                                "2e4a6c8e0b2e4a6c8e0b2e4a6c8e0b2e4a6c8e0b", SCENE_NOW + MINUTE,
                                &scene.error),
              "%s", scene.error.text);
    (void)night_look(SCENE_NOW + MINUTE);
    const struct situation_run *seen = night_seen("r-code");
    cr_expect_str_eq(seen->code_commit, "1f3a5c7e9b1f3a5c7e9b1f3a5c7e9b1f3a5c7e9b");
    cr_expect_eq(seen->code_changed, 2, "two files were not committed");
    expect_contains(seen->notices, "code moved to 2e4a6c8");
    cr_expect_eq(night_events("r-code", "code-moved"), 1);
}
