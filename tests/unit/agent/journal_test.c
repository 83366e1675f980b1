/* What the journal is told of gates while runs end and their tables are read again. */
#include <criterion/criterion.h>
#include <string.h>

#include "agent/record.h"
#include "state/state_journal.h"
#include "state/state_lease.h"
#include "tests/support/scene.h"

#define MINUTE INT64_C(60000)

static struct scene scene;
static struct recorder recorder;
static struct error error;

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

TestSuite(journal_of_gates, .init = open_all, .fini = close_all);

/* Judges and records at `at`, and expects gate "ready" to be shown as `verdict`. */
static void judge(int64_t at, enum gates_verdict verdict) {
    cr_assert(state_lease_renew(scene.state, "s-scene", scene.term, at,
                                clock_boot_ns(clock_system()), &error));
    struct situation *situation = situation_load(scene.pipeline, scene.state, at, &error);
    cr_assert_not_null(situation, "%s", error.text);
    cr_expect_eq(situation->gates->gates[0].verdict, verdict, "%s",
                 gates_verdict_name(situation->gates->gates[0].verdict));
    cr_assert(record_judgement(&recorder, situation, &error), "%s", error.text);
    situation_free(situation);
}

static void expect_events(size_t expected) {
    struct state_journal_filter filter = {.kind = "gate"};
    size_t count;
    size_t found = 0;
    struct state_event *all = state_journal(scene.state, &filter, &count, &error);
    for (size_t i = 0; i < count; i++) {
        found += strcmp(all[i].subject, "ready") == 0 ? 1 : 0;
    }
    state_events_free(all, count);
    cr_expect_eq(found, expected, "%zu", found);
}

static void run_defense(void) {
    scene.resource = "nba-props-platform.nba_analytics.team_defense_game_summary";
    scene_launch(&scene, "r-1", "first", "defense", SCENE_NOW - 10 * MINUTE);
    scene_start(&scene, "r-1", SCENE_NOW - 10 * MINUTE);
    scene_end(&scene, "r-1", STATE_OUTCOME_OK, 0, SCENE_NOW);
}

Test(journal_of_gates, is_not_told_of_a_gate_that_is_read_again_and_comes_back_as_it_was)
{
    scene_measure_all(&scene, 10, 0, SCENE_NOW - 1000);
    judge(SCENE_NOW - 500, GATES_GO);
    expect_events(1);
    run_defense();
    judge(SCENE_NOW + 500, GATES_STALE);
    expect_events(1);
    scene_measure_all(&scene, 10, 0, SCENE_NOW + 1000);
    judge(SCENE_NOW + 1500, GATES_GO);
    expect_events(1);
}

Test(journal_of_gates, is_told_what_the_reading_says_when_it_is_another)
{
    scene_measure_all(&scene, 10, 0, SCENE_NOW - 1000);
    judge(SCENE_NOW - 500, GATES_GO);
    run_defense();
    judge(SCENE_NOW + 500, GATES_STALE);
    scene_measure_all(&scene, 5, 0, SCENE_NOW + 1000);
    judge(SCENE_NOW + 1500, GATES_NO_GO);
    expect_events(2);
}

Test(journal_of_gates, is_told_when_the_reading_fails_or_does_not_come)
{
    scene_measure_all(&scene, 10, 0, SCENE_NOW - 1000);
    judge(SCENE_NOW - 500, GATES_GO);
    run_defense();
    judge(SCENE_NOW + 500, GATES_STALE);
    cr_assert(state_coverage_fail(scene.state, scene.term, STATE_SUBJECT_TABLE, "defense",
                                  SCENE_NOW + 1000, "no connection", &error));
    judge(SCENE_NOW + 1500, GATES_STALE);
    expect_events(2);
}

Test(journal_of_gates, is_told_when_the_numbers_have_grown_old_meanwhile)
{
    scene_measure_all(&scene, 10, 0, SCENE_NOW - 1000);
    judge(SCENE_NOW - 500, GATES_GO);
    run_defense();
    judge(SCENE_NOW + scene.pipeline->poll.stale_after_ms + MINUTE, GATES_STALE);
    expect_events(2);
}
