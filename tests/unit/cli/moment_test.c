/* One clock in every text: the zone of the pipeline, named once, in a zone that is never UTC. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "state/state_gates.h"
#include "tests/support/scene.h"
#include "tests/support/verbs.h"

/* Everything in the scene happens within a minute of 14:15 UTC on January 5. */
#define ZONE "Pacific/Auckland"
static const char *const elsewhere[] = {"14:14", "14:15", "14:13", "06:15", "06:14"};

static struct scene scene;
static char *path;

static void open_night(void) {
    verbs_open();
    cr_assert_eq(setenv("PHASEGATE_CLOCK", "2026-01-05T14:15:00Z@1*0", 1), 0);
    scene_open(&scene, (const char *const[]){"timezone: UTC", "timezone: " ZONE, NULL});
    scene_lead(&scene);
    scene_measure_all(&scene, 10, 4, SCENE_NOW - 1000);
    scene_launch(&scene, "r-one", "first", "defense", SCENE_NOW - 60000);
    scene_start(&scene, "r-one", SCENE_NOW - 50000);
    scene_end(&scene, "r-one", STATE_OUTCOME_FAILED, 256, SCENE_NOW - 40000);
    scene_launch(&scene, "r-two", "second", "zones", SCENE_NOW - 30000);
    scene_start(&scene, "r-two", SCENE_NOW - 20000);
    path = scene_path(&scene, "pipeline.yaml");
    cr_assert_eq(setenv("PHASEGATE_PIPELINE", path, 1), 0);
}

static void close_night(void) {
    free(path);
    scene_close(&scene);
    verbs_close();
}

TestSuite(moment, .init = open_night, .fini = close_night, .timeout = 120);

/* "2026-01-05T14:15:00Z", "19:19Z" and the like. */
static const char *find_utc(const char *text) {
    for (const char *at = text; (at = strchr(at, 'Z')) != NULL; at++) {
        if (at >= text + 3 && isdigit((unsigned char)at[-1]) && isdigit((unsigned char)at[-2]) &&
            at[-3] == ':') {
            return at;
        }
    }
    return NULL;
}

static size_t count_of(const char *text, const char *word) {
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++) {
        count++;
    }
    return count;
}

static void expect_one_clock(const char *what, const char *text) {
    cr_expect_null(find_utc(text), "%s tells UTC:\n%s", what, text);
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        cr_expect_null(strstr(text, elsewhere[i]), "%s tells %s:\n%s", what, elsewhere[i], text);
    }
}

Test(moment, every_text_tells_the_time_of_the_pipeline)
{
    /* Whether the verb tells moments whatever happened, so that its zone must be named. */
    static const struct {
        const char *words[6];
        bool timed;
    } verbs[] = {
        {{"check"}, true},
        {{"check", "ready"}, true},
        {{"coverage"}, true},
        {{"gaps"}, false},
        {{"gaps", "--list"}, false},
        {{"runs"}, true},
        {{"journal"}, true},
        {{"brief"}, true},
        {{"review"}, true},
        {{"review", "--format", "markdown"}, true},
        {{"cost"}, true},
        {{"agent", "--status"}, true},
        {{"logs", "r-one"}, false},
        {{"launch", "first", "--dry-run"}, false},
        {{"launch", "second", "--yes"}, false},
        {{"retry", "r-one", "--dry-run"}, false},
        {{"approve"}, true},
        {{"arm", "second"}, true},
        {{"disarm", "second"}, false},
        {{"hold", "ready", "--reason", "for the night"}, false},
        {{"release", "ready", "--reason", "it is day"}, false},
        {{"waive", "zones", "--from", "2026-01-01", "--reason", "no games"}, false},
        {{"stop", "r-two", "--forget-coverage", "--reason", "gone"}, false},
        {{"validate"}, false},
    };
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        char *what = memory_format("%s %s", verbs[i].words[0],
                                   verbs[i].words[1] != NULL ? verbs[i].words[1] : "");
        (void)verbs_run(verbs[i].words);
        expect_one_clock(what, verbs_out);
        expect_one_clock(what, verbs_err);
        size_t named = count_of(verbs_out, ZONE);
        cr_expect(verbs[i].timed ? named == 1 : named <= 1, "%s names the zone %zu times:\n%s%s",
                  what, named, verbs_out, verbs_err);
        free(what);
    }
}

Test(moment, every_view_tells_the_time_of_the_pipeline)
{
    static const char *const views[] = {"coverage", "gates", "runs", "review", "journal", "logs"};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        cr_expect_eq(VERB("snapshot", views[i]), 0, "%s: %s", views[i], verbs_err);
        expect_one_clock(views[i], verbs_out);
        cr_expect_eq(count_of(verbs_out, "03:15:00 NZDT"), 1, "%s:\n%s", views[i], verbs_out);
    }
}

Test(moment, json_keeps_utc)
{
    cr_expect_eq(VERB("journal", "--format", "json"), 0, "%s", verbs_err);
    cr_expect_not_null(strstr(verbs_out, "2026-01-05T14:14:00Z"), "%s", verbs_out);
}
