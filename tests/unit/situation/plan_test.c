/* Whether agent, file and whoever looks go by one plan, and what is said when they do not. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "situation/situation.h"
#include "state/state_told.h"
#include "tests/support/scene.h"

static struct scene scene;

static void open_scene(void) {
    scene_open(&scene, NULL);
    scene_lead(&scene);
}

static void close_scene(void) {
    scene_close(&scene);
}

TestSuite(plan, .init = open_scene, .fini = close_scene);

/* The agent tells that it works by `plan`, and that the file is `word` and of plan `disk`. */
static void tell(const char *plan, const char *word, const char *disk, int64_t term) {
    char *json = memory_format("{\"term\":%lld,\"plan\":\"%s\",\"file\":\"/srv/p.yaml\",\"disk\":"
                               "\"%s\",\"disk_plan\":\"%s\",\"disk_since\":%lld,\"disk_why\":"
                               "\"3:1: unknown key\"}",
                               (long long)term, plan, word, disk, (long long)SCENE_NOW);
    cr_assert(state_told_put(scene.state, scene.term, SITUATION_TOLD_PLAN, json, SCENE_NOW,
                             &scene.error));
    free(json);
}

/* Checks what is said; NULL: nothing. */
static void said(const char *words) {
    struct situation *situation =
        situation_load(scene.pipeline, scene.state, SCENE_NOW, &scene.error);
    cr_assert_not_null(situation, "%s", scene.error.text);
    const char *notice = situation->header.plan.notice;
    if (words == NULL) {
        cr_expect_null(notice, "%s", notice);
        cr_expect_null(situation->header.plan.notice_short);
    } else {
        cr_assert_not_null(notice);
        cr_expect_not_null(strstr(notice, words), "%s", notice);
        cr_expect_not_null(strstr(notice, "Next: ") != NULL ? notice : strstr(notice, "then: "));
        cr_expect_not_null(situation->header.plan.notice_short);
    }
    situation_free(situation);
}

Test(plan, is_not_spoken_of_while_all_work_by_one)
{
    said(NULL);
    tell(scene.pipeline->hash, "same", scene.pipeline->hash, scene.term);
    said(NULL);
}

Test(plan, that_changed_on_disk_is_told_to_who_shows_the_agent_s)
{
    tell(scene.pipeline->hash, "changed", "0123456789abcdef", scene.term);
    said("/srv/p.yaml changed at ");
}

Test(plan, that_cannot_be_read_any_more_is_told_with_its_first_mistake)
{
    tell(scene.pipeline->hash, "invalid", "", scene.term);
    said("is not valid any more since ");
    said("3:1: unknown key");
    tell(scene.pipeline->hash, "gone", "", scene.term);
    said("/srv/p.yaml is gone since ");
}

Test(plan, of_the_agent_that_is_not_the_file_s_is_called_so)
{
    tell("0123456789abcdef", "same", "0123456789abcdef", scene.term);
    said("is not what the agent works by (plan 0123456789ab of /srv/p.yaml)");
}

Test(plan, that_is_older_than_the_agent_s_is_called_so)
{
    struct pipeline *now;
    scene_edit(&scene, "at_least: 95%", "at_least: 50%");
    now = pipeline_load(scene.pipeline->file, &scene.error);
    cr_assert_not_null(now, "%s", scene.error.text);
    tell(now->hash, "same", now->hash, scene.term);
    said("what is shown here is by an older ");
    pipeline_free(now);
}

Test(plan, of_an_agent_that_is_no_more_is_not_believed)
{
    tell("0123456789abcdef", "same", "0123456789abcdef", scene.term - 1);
    said(NULL);
}

Test(plan, of_a_run_that_is_another_leaves_its_retry_to_a_person)
{
    scene_close(&scene);
    static const char *const changes[] = {
        "{name: defense, fills: [defense], command: [/bin/true, \"{from}\", \"{to}\"], ",
        "{name: defense, fills: [defense], command: [/bin/true, \"{from}\", \"{to}\"], "
        "retry: {times: 2, after: 1m}, ",
        NULL};
    scene_open(&scene, changes);
    scene_lead(&scene);
    struct pipeline *launched_by = scene.pipeline;
    scene_launch(&scene, "r-1", "first", "defense", SCENE_NOW - 60000);
    scene_start(&scene, "r-1", SCENE_NOW - 60000);
    scene_end(&scene, "r-1", STATE_OUTCOME_FAILED, 256, SCENE_NOW - 30000);
    struct state_actor agent = {.name = "agent", .session = "s-scene", .term = scene.term};
    cr_assert(state_run_verdict(scene.state, &agent, "r-1", "failed", "some", SCENE_NOW - 20000,
                                &scene.error),
              "%s", scene.error.text);
    struct situation *situation =
        situation_load(scene.pipeline, scene.state, SCENE_NOW, &scene.error);
    cr_expect_neq(situation->runs[0].retry_at, 0);
    situation_free(situation);
    (void)snprintf(launched_by->hash, sizeof launched_by->hash, "another");
    situation = situation_load(scene.pipeline, scene.state, SCENE_NOW, &scene.error);
    cr_expect_eq(situation->runs[0].retry_at, 0);
    bool told = false;
    for (size_t i = 0; i < situation->runs[0].alarm_count; i++) {
        told = told || strcmp(situation->runs[0].alarms[i].rule, "retry-void") == 0;
    }
    cr_expect(told);
    situation_free(situation);
}
