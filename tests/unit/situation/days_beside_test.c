/* A command that walks a range meets days on which nothing is due: they are no part of its run. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "logs/classify.h"
#include "logs/progress.h"
#include "situation/situation.h"
#include "tests/support/scene.h"

static struct scene scene;

static void open_scene(void) {
    scene_open(&scene, NULL);
    scene_lead(&scene);
    scene_measure_all(&scene, 0, 0, SCENE_NOW - 60000);
    scene_launch(&scene, "r-walks", "first", "defense", SCENE_NOW);
    scene_start(&scene, "r-walks", SCENE_NOW);
}

static void close_scene(void) {
    scene_close(&scene);
}

TestSuite(days_beside, .init = open_scene, .fini = close_scene);

/* Stores what the agent makes of such lines. */
static void log_said(const char *const *lines) {
    struct log_classifier *classifier = log_classifier_builtin("python-backfill", &scene.error);
    struct log_progress *said = log_progress_new();
    for (; *lines != NULL; lines++) {
        log_progress_feed(said, classifier, text_of(*lines), SCENE_NOW);
    }
    json_t *json = log_progress_to_json(said);
    char *text = json_text(json);
    struct state_progress stored = {
        .ok = (int64_t)said->outcomes[LOG_DATE_OK],
        .failed = (int64_t)said->outcomes[LOG_DATE_FAILED],
        .skipped = (int64_t)said->outcomes[LOG_DATE_SKIPPED],
        .zero_rows = (int64_t)said->outcomes[LOG_DATE_ZERO],
        .position = said->position,
        .total = said->total,
        .json = text,
        .updated_at = SCENE_NOW,
    };
    stored.done = stored.ok + stored.failed + stored.skipped + stored.zero_rows;
    cr_assert(state_progress_store(scene.state, scene.term, "r-walks", &stored, &scene.error), "%s",
              scene.error.text);
    free(text);
    json_decref(json);
    log_progress_free(said);
    log_classifier_free(classifier);
}

static struct situation *load(void) {
    struct situation *situation =
        situation_load(scene.pipeline, scene.state, SCENE_NOW + 1000, &scene.error);
    cr_assert_not_null(situation, "%s", scene.error.text);
    cr_assert_eq(situation->run_count, 1);
    return situation;
}

Test(days_beside, are_not_among_the_dates_that_are_done)
{
    log_said((const char *const[]){"INFO:__main__:  \u2713 2021-11-02: 14 records",
                                   "INFO:__main__:  \u2713 2021-11-14: 0 records",
                                   "INFO:__main__:  \u2713 2021-11-15: 3 records", NULL});
    struct situation *situation = load();
    cr_expect_eq(situation->runs[0].done, 1);
    cr_expect_eq(situation->runs[0].ok, 1);
    cr_expect_eq(situation->runs[0].zero_rows, 0);
    situation_free(situation);
}

Test(days_beside, that_failed_are_told_and_are_not_done)
{
    log_said((const char *const[]){"INFO:__main__:  \u2713 2021-11-02: 14 records",
                                   "ERROR:__main__:  \u2717 2021-11-14: Processing failed", NULL});
    struct situation *situation = load();
    cr_expect_eq(situation->runs[0].done, 1);
    cr_expect_eq(situation->runs[0].failed, 1);
    situation_free(situation);
}

Test(days_beside, do_not_make_more_dates_than_the_run_has)
{
    log_said((const char *const[]){"INFO:__main__:Processing day 11/14: 2021-11-12",
                                   "INFO:__main__:  \u2713 2021-11-12: 0 records", NULL});
    struct situation *situation = load();
    struct situation_progress progress = situation_progress_of(&situation->runs[0]);
    cr_expect_eq(progress.total, 10);
    cr_expect_eq(progress.done, 0);
    situation_free(situation);
}
