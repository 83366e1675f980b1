/* Which dates a launch takes, of those that were named to it. */
#include <criterion/criterion.h>

#include "base/clock.h"
#include "runs/runs_plan.h"
#include "situation/launch.h"
#include "situation/situation.h"
#include "tests/support/scene.h"

enum { COMPLETE = 5 };

static struct scene scene;

static void open_scene(void) {
    scene_open(&scene, NULL);
    scene_lead(&scene);
}

static void close_scene(void) {
    scene_close(&scene);
}

TestSuite(situation_launch, .init = open_scene, .fini = close_scene);

/* The dates that a launch of defense takes of a range that was named. */
static struct dayset taken_of(struct day_range range) {
    struct error error = {0};
    struct situation *situation = situation_load(scene.pipeline, scene.state, SCENE_NOW, &error);
    cr_assert_not_null(situation, "%s", error.text);
    struct dayset named = dayset_new(range);
    dayset_add_range(&named, range);
    struct situation_launch launch = {
        .group = PIPELINE_NONE, .processor = SCENE_DEFENSE, .range = range, .dates = &named};
    struct runs_plan *plan = situation_plan(situation, &launch, &error);
    cr_assert_not_null(plan, "%s", error.text);
    cr_assert_eq(plan->count, 1);
    struct dayset taken = dayset_copy(&plan->items[0].dates);
    runs_plan_free(plan);
    dayset_free(&named);
    situation_free(situation);
    return taken;
}

Test(situation_launch, of_named_dates_takes_none_on_which_nothing_is_due)
{
    scene_measure_all(&scene, COMPLETE, 0, SCENE_NOW);
    struct dayset taken = taken_of((struct day_range){SCENE_FROM - 5, SCENE_TO + 20});
    cr_expect_eq(dayset_count(&taken), 10 - COMPLETE);
    cr_expect_not(dayset_has(&taken, SCENE_FROM - 1));
    cr_expect_not(dayset_has(&taken, SCENE_TO + 1));
    dayset_free(&taken);
}

Test(situation_launch, of_named_dates_takes_none_that_is_there_by_now)
{
    scene_measure_all(&scene, COMPLETE, 0, SCENE_NOW);
    struct dayset taken = taken_of((struct day_range){SCENE_FROM, SCENE_TO});
    cr_expect_eq(dayset_count(&taken), 10 - COMPLETE);
    cr_expect_not(dayset_has(&taken, SCENE_FROM));
    cr_expect(dayset_has(&taken, SCENE_TO));
    dayset_free(&taken);
}
