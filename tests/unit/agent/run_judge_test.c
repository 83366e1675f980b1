/* Verdicts and dates of ended runs: when coverage was read, when what they triggered has settled,
 * and when a verdict is taken back. */
#include "agent/run_judge.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "state/state_journal.h"
#include "state/state_lease.h"
#include "state/state_unread.h"
#include "tests/support/scene.h"

#define MINUTE INT64_C(60000)

static struct scene scene;
static struct recorder recorder;

static void open_all(void) {
    scene_open(&scene, NULL);
    scene_lead(&scene);
    recorder = (struct recorder){
        .pipeline = scene.pipeline,
        .state = scene.state,
        .actor = {.name = "agent", .session = "s-scene", .term = scene.term},
    };
}

static void close_all(void) {
    scene_close(&scene);
}

TestSuite(run_judge, .init = open_all, .fini = close_all);

/* A run of defense over all ten dates that exits 0 at SCENE_NOW. */
static void run_defense(const char *run) {
    scene.resource = "nba-props-platform.nba_analytics.team_defense_game_summary";
    scene_launch(&scene, run, "first", "defense", SCENE_NOW - 10 * MINUTE);
    scene_start(&scene, run, SCENE_NOW - 10 * MINUTE);
    scene_end(&scene, run, STATE_OUTCOME_OK, 0, SCENE_NOW);
}

/* Reads `complete` dates of defense at `at`, and judges. */
static void look(size_t complete, int64_t at) {
    struct error error = {0};
    size_t count;
    scene_measure_all(&scene, complete, 0, at);
    cr_assert(state_lease_renew(scene.state, "s-scene", scene.term, at,
                                clock_boot_ns(clock_system()), &error));
    struct situation *situation = situation_load(scene.pipeline, scene.state, at, &error);
    cr_assert_not_null(situation, "%s", error.text);
    struct run_judge judge = {.recorder = &recorder, .situation = situation};
    struct state_run_filter undecided = {.undecided = true};
    struct state_run *runs = state_runs(scene.state, &undecided, &count, &error);
    for (size_t i = 0; i < count; i++) {
        cr_assert(run_judge_verdict(&judge, &runs[i], &error), "%s", error.text);
    }
    state_runs_free(runs, count);
    cr_assert(run_judge_revise(&judge, &error) && run_judge_release(&judge, &error), "%s",
              error.text);
    run_judge_close(&judge);
    situation_free(situation);
}

static void expect(const char *run, const char *verdict, bool unread) {
    struct state_run_filter filter = {.run = run};
    size_t count;
    struct state_run *found = state_runs(scene.state, &filter, &count, &scene.error);
    cr_assert(found != NULL && count == 1);
    cr_expect_str_eq(found->verdict != NULL ? found->verdict : "none", verdict);
    cr_expect_eq(found->unread, unread, "%s: %s", run, verdict);
    state_runs_free(found, count);
}

static size_t events(const char *words) {
    struct state_journal_filter filter = {.kind = "verdict"};
    size_t count;
    size_t found = 0;
    struct state_event *all = state_journal(scene.state, &filter, &count, &scene.error);
    for (size_t i = 0; i < count; i++) {
        found += strstr(all[i].text, words) != NULL ? 1 : 0;
    }
    state_events_free(all, count);
    return found;
}

Test(run_judge, decides_and_releases_by_a_reading_after_the_end_alone)
{
    run_defense("r-1");
    look(10, SCENE_NOW);
    expect("r-1", "none", true);
    look(10, SCENE_NOW + 1000);
    expect("r-1", "verified", false);
}

Test(run_judge, what_was_only_triggered_has_its_time_to_settle)
{
    scene.settle_ms = 10 * MINUTE;
    look(0, SCENE_NOW - 20 * MINUTE);
    run_defense("r-1");
    look(0, SCENE_NOW + MINUTE);
    expect("r-1", "none", true);
    look(0, SCENE_NOW + 10 * MINUTE);
    expect("r-1", "none", true);
    look(10, SCENE_NOW + 10 * MINUTE + 1000);
    expect("r-1", "verified", false);
}

Test(run_judge, and_no_longer_than_that)
{
    scene.settle_ms = 10 * MINUTE;
    look(0, SCENE_NOW - 20 * MINUTE);
    run_defense("r-1");
    look(0, SCENE_NOW + 11 * MINUTE);
    expect("r-1", "no effect", false);
}

Test(run_judge, all_dates_there_end_the_waiting)
{
    scene.settle_ms = 10 * MINUTE;
    run_defense("r-1");
    look(10, SCENE_NOW + MINUTE);
    expect("r-1", "verified", false);
}

Test(run_judge, a_verdict_that_coverage_proves_wrong_is_taken_back)
{
    look(0, SCENE_NOW - 20 * MINUTE);
    run_defense("r-1");
    look(0, SCENE_NOW + 1000);
    expect("r-1", "no effect", false);
    look(10, SCENE_NOW + MINUTE);
    look(10, SCENE_NOW + 2 * MINUTE);
    expect("r-1", "verified", false);
    cr_expect_eq(events("\"no effect\" is taken back"), 1);
}

Test(run_judge, verified_is_taken_back_when_dates_have_gone_since)
{
    run_defense("r-1");
    look(10, SCENE_NOW + 1000);
    expect("r-1", "verified", false);
    look(10, SCENE_NOW + MINUTE);
    cr_expect_eq(events("is taken back"), 0);
    look(7, SCENE_NOW + 2 * MINUTE);
    look(7, SCENE_NOW + 3 * MINUTE);
    expect("r-1", "ended with gaps", false);
    cr_expect_eq(
        events("\"verified\" is taken back: 3 of 10 dates that were complete after its end "
               "are not any more, the first is 2021-11-09; no other run has written them "
               "since"),
        1);
    look(10, SCENE_NOW + 4 * MINUTE);
    expect("r-1", "verified", false);
}

Test(run_judge, verified_stands_when_another_run_has_taken_the_dates_on)
{
    run_defense("r-1");
    look(10, SCENE_NOW + 1000);
    scene_launch(&scene, "r-2", "first", "defense", SCENE_NOW + MINUTE);
    look(7, SCENE_NOW + 2 * MINUTE);
    expect("r-1", "verified", false);
}

Test(run_judge, verified_stands_while_nothing_fresh_speaks_against_it_and_after_a_day)
{
    run_defense("r-1");
    look(10, SCENE_NOW + 1000);
    look(7, SCENE_NOW + 25 * 60 * MINUTE);
    expect("r-1", "verified", false);
}

Test(run_judge, not_when_another_run_has_claimed_the_dates_since)
{
    look(0, SCENE_NOW - 20 * MINUTE);
    run_defense("r-1");
    look(0, SCENE_NOW + 1000);
    scene_launch(&scene, "r-2", "first", "defense", SCENE_NOW + MINUTE);
    look(10, SCENE_NOW + 2 * MINUTE);
    look(10, SCENE_NOW + 3 * MINUTE);
    expect("r-1", "no effect", false);
}
