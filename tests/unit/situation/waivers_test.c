/* Dates that a person gave up and that a run has taken on since. */
#include <criterion/criterion.h>
#include <string.h>

#include "situation/situation.h"
#include "state/state_gates.h"
#include "tests/support/scene.h"

#define MINUTE INT64_C(60000)

static struct scene scene;
static const struct state_actor person = {.name = "naji@ops"};

static void open_scene(void) {
    scene_open(&scene, NULL);
    scene_lead(&scene);
    scene.resource = "nba-props-platform.nba_analytics.team_defense_game_summary";
}

static void close_scene(void) {
    scene_close(&scene);
}

TestSuite(waivers, .init = open_scene, .fini = close_scene);

static void waive_last_two(int64_t at) {
    cr_assert(state_waiver_put(scene.state, &person, "defense",
                               (struct day_range){SCENE_TO - 1, SCENE_TO}, "no game was played", at,
                               0, NULL, &scene.error),
              "%s", scene.error.text);
}

static void run_defense(int64_t ended_at) {
    scene_launch(&scene, "r-1", "first", "defense", ended_at - MINUTE);
    scene_start(&scene, "r-1", ended_at - MINUTE);
    scene_end(&scene, "r-1", STATE_OUTCOME_OK, 0, ended_at);
}

/* What the coverage check of gate "ready" says of them when `complete` dates are there; expects the
 * gate to be GO all the same. */
static void expect(size_t complete, const char *why) {
    struct error error = {0};
    scene_measure_all(&scene, complete, 0, SCENE_NOW);
    struct situation *situation =
        situation_load(scene.pipeline, scene.state, SCENE_NOW + 1000, &error);
    cr_assert_not_null(situation, "%s", error.text);
    const struct gates_gate *ready = &situation->gates->gates[0];
    cr_expect_eq(ready->verdict, GATES_GO);
    if (why == NULL) {
        cr_expect_null(ready->checks[0].why, "%s", ready->checks[0].why);
    } else {
        cr_assert_not_null(ready->checks[0].why);
        cr_expect_str_eq(ready->checks[0].why, why);
    }
    situation_free(situation);
}

Test(waivers, of_before_a_run_wrote_among_their_dates_are_said_to_be_so)
{
    waive_last_two(SCENE_NOW - 10 * MINUTE);
    run_defense(SCENE_NOW - 5 * MINUTE);
    expect(8, "2 dates were waived before run r-1 wrote among them");
}

Test(waivers, of_after_it_are_plain)
{
    run_defense(SCENE_NOW - 5 * MINUTE);
    waive_last_two(SCENE_NOW - 4 * MINUTE);
    expect(8, NULL);
}

Test(waivers, of_dates_that_the_run_made_complete_are_settled)
{
    waive_last_two(SCENE_NOW - 10 * MINUTE);
    run_defense(SCENE_NOW - 5 * MINUTE);
    expect(10, NULL);
}

Test(waivers, are_plain_while_no_run_wrote)
{
    waive_last_two(SCENE_NOW - 10 * MINUTE);
    expect(8, NULL);
}
