/* Lists that are cut say so: reasons of failed dates, alarms, events. And what a plan says of its
 * commands. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "logs/classify.h"
#include "logs/progress.h"
#include "runs/runs_plan.h"
#include "situation/launch.h"
#include "situation/parts.h"
#include "situation/situation.h"
#include "state/state_gates.h"
#include "tests/support/scene.h"

static struct scene scene;

static void open_scene(void) {
    scene_open(&scene, NULL);
    scene_lead(&scene);
}

static void close_scene(void) {
    scene_close(&scene);
}

TestSuite(cuts, .init = open_scene, .fini = close_scene);

static struct situation *load(void) {
    struct error error = {0};
    struct situation *situation = situation_load(scene.pipeline, scene.state, SCENE_NOW, &error);
    cr_assert_not_null(situation, "%s", error.text);
    return situation;
}

/* A log whose first nine dates fail for a reason each and whose next three for one more. */
static char *twelve_failures(void) {
    static const char *const reasons[] = {"apples", "bread",  "cheese", "dates", "eggs",
                                          "figs",   "grapes", "honey",  "icing"};
    struct log_classifier *classifier = log_classifier_builtin("python-backfill", &scene.error);
    struct log_progress *said = log_progress_new();
    for (int i = 0; i < 12; i++) {
        char *line = memory_format("ERROR:__main__:Exception processing 2021-11-%02d: no %s", i + 2,
                                   i < 9 ? reasons[i] : "juice");
        log_progress_feed(said, classifier, text_of(line), SCENE_NOW - 60000);
        free(line);
    }
    json_t *json = log_progress_to_json(said);
    char *text = json_text(json);
    json_decref(json);
    log_progress_free(said);
    log_classifier_free(classifier);
    return text;
}

Test(cuts, the_reasons_of_most_dates_are_listed_and_the_dates_of_the_others_counted)
{
    char *json = twelve_failures();
    scene_launch(&scene, "r-1", "first", "defense", SCENE_NOW - 60000);
    scene_start(&scene, "r-1", SCENE_NOW - 60000);
    struct state_progress stored = {
        .done = 12, .failed = 12, .json = json, .updated_at = SCENE_NOW - 1000};
    cr_assert(state_progress_store(scene.state, scene.term, "r-1", &stored, &scene.error), "%s",
              scene.error.text);
    struct situation *situation = load();
    const struct situation_run *run = &situation->runs[0];
    cr_assert_eq(run->failure_count, 8);
    cr_expect_not_null(strstr(run->failures[0].reason, "juice"), "%s", run->failures[0].reason);
    cr_expect_eq(run->failures[0].dates, 3);
    cr_expect_eq(run->failures_left_out, 2);
    situation_free(situation);
    free(json);
}

Test(cuts, no_alarm_is_left_out)
{
    struct situation_run run = {0};
    for (size_t i = 0; i < 20; i++) {
        situation_raise_alarm(&run, "a-rule", false, memory_format("alarm %zu", i));
    }
    cr_expect_eq(run.alarm_count, 20);
    for (size_t i = 0; i < run.alarm_count; i++) {
        free(run.alarms[i].text);
    }
    free(run.alarms);
}

Test(cuts, older_events_are_said_to_be_left_out)
{
    struct state_actor person = {.name = "naji@ops"};
    struct situation *situation = load();
    size_t there = situation->event_count;
    cr_expect_not(situation->events_left_out);
    situation_free(situation);
    for (size_t i = there; i < 1000; i++) {
        cr_assert(state_mark_put(scene.state, &person, "ready", i % 2 == 0, "wait for the deploy",
                                 SCENE_NOW, &scene.error) ||
                  state_mark_end(scene.state, &person, "ready", i % 2 == 0, "it is there",
                                 SCENE_NOW, &scene.error));
    }
    situation = load();
    cr_expect_eq(situation->event_count, 1000);
    cr_expect_not(situation->events_left_out, "a thousand are all of them");
    situation_free(situation);
    cr_assert(state_mark_put(scene.state, &person, "done", true, "wait for the deploy", SCENE_NOW,
                             &scene.error));
    situation = load();
    cr_expect_eq(situation->event_count, 1000);
    cr_expect(situation->events_left_out);
    situation_free(situation);
}

/* The scene's processors take a range: dates with others between them are commands of their own. */
Test(cuts, a_plan_of_several_commands_says_how_they_go_on)
{
    struct error error = {0};
    scene_measure_all(&scene, 0, 0, SCENE_NOW);
    struct situation *situation = load();
    struct dayset named = dayset_new((struct day_range){SCENE_FROM, SCENE_TO});
    dayset_add(&named, SCENE_FROM);
    dayset_add(&named, SCENE_FROM + 2);
    struct situation_launch launch = {
        .group = PIPELINE_NONE, .processor = SCENE_DEFENSE, .range = named.range, .dates = &named};
    struct runs_plan *plan = situation_plan(situation, &launch, &error);
    cr_assert_not_null(plan, "%s", error.text);
    struct text_buffer text = {0};
    situation_plan_describe(plan, 0, &text);
    cr_expect_not_null(strstr(text.data, "\n  2 commands, one after another; one that fails does "
                                         "not stop the others\n"),
                       "%s", text.data);
    text_buffer_free(&text);
    runs_plan_free(plan);
    dayset_free(&named);
    situation_free(situation);
}

/* What chose the dates has its age, and what was written since is told. */
Test(cuts, a_plan_says_of_what_moment_its_numbers_are)
{
    struct error error = {0};
    struct text_buffer text = {0};
    scene_measure_all(&scene, 0, 0, SCENE_NOW - 90000);
    struct situation *situation = load();
    struct situation_launch launch = {.group = PIPELINE_NONE,
                                      .processor = SCENE_DEFENSE,
                                      .range = {SCENE_FROM, SCENE_TO},
                                      .rewrite = true};
    struct runs_plan *plan = situation_plan(situation, &launch, &error);
    cr_assert_not_null(plan, "%s", error.text);
    situation_plan_evidence(situation, plan, &text);
    cr_expect_str_eq(text.data, "  its dates are chosen by what was read 1 min ago (the oldest: "
                                "defense)\n");
    text_buffer_clear(&text);
    situation->tables[SCENE_DEFENSE].overtaken = true;
    situation->coverage->tables[SCENE_DEFENSE].error =
        memory_copy_string("not read since run r-1 (defense) wrote it, until 02:10");
    situation_plan_evidence(situation, plan, &text);
    cr_expect_not_null(
        strstr(text.data,
               "\n  ▲ defense: not read since run r-1 (defense) wrote it, until 02:10\n"),
        "%s", text.data);
    text_buffer_free(&text);
    runs_plan_free(plan);
    situation_free(situation);
}
