/* Retries by itself: when, of what, how often, and behind which rules. */
#include "agent/retry.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "logs/progress.h"
#include "situation/retry.h"
#include "state/state_gates.h"
#include "state/state_lease.h"
#include "state/state_unread.h"
#include "tests/support/scene.h"

#define MINUTE INT64_C(60000)

static struct scene scene;
static struct recorder recorder;
static struct pipeline_disk disk; /* the file is as it was loaded */
static struct retry_news news;
static int64_t wall_ms;

static int64_t boot_of(void *context) {
    (void)context;
    return clock_boot_ns(clock_system());
}

static int64_t wall_of(void *context) {
    (void)context;
    return wall_ms;
}

static const struct clock hand_clock = {wall_of, boot_of, NULL};

static const char processor[] = "quiet_after: 30m}\n  - {name: zones";
static const char with_retry[] =
    "quiet_after: 30m, workers: 4, server_jobs: none, "
    "retry: {times: 2, after: 5m, quota_after: 40m, quota_workers: 2}}\n  - {name: zones";

static void open_retry(void) {
    const char *changes[] = {processor, with_retry, NULL};
    scene_open(&scene, changes);
    scene_lead(&scene);
    recorder = (struct recorder){
        .pipeline = scene.pipeline,
        .state = scene.state,
        .actor = {.name = "agent", .session = "s-scene", .term = scene.term},
    };
    cr_assert_eq(setenv("PHASEGATE_SHIM", PHASEGATE_BINARY_DIR "/phasegate-shim", 1), 0);
}

static void close_retry(void) {
    free(news.said);
    scene_close(&scene);
}

TestSuite(retry, .init = open_retry, .fini = close_retry);

/* A run of defense that ended at SCENE_NOW with this verdict. */
static void end_run(const char *run, enum state_outcome outcome, int status, const char *verdict) {
    scene_launch(&scene, run, "first", "defense", SCENE_NOW - 60 * MINUTE);
    scene_start(&scene, run, SCENE_NOW - 60 * MINUTE);
    scene_end(&scene, run, outcome, status, SCENE_NOW);
    scene_measure_all(&scene, 0, 0, SCENE_NOW + 1);
    cr_assert(state_run_verdict(scene.state, &recorder.actor, run, verdict, "some", SCENE_NOW,
                                &scene.error) &&
                  state_unread_release(scene.state, &recorder.actor, run, SCENE_NOW, &scene.error),
              "%s", scene.error.text);
}

/* What the run's log says. */
static void log_says(const char *run, const char *line) {
    struct log_classifier *classifier = log_classifier_builtin("python-backfill", &scene.error);
    struct log_progress *said = log_progress_new();
    log_progress_feed(said, classifier, text_of(line), SCENE_NOW - MINUTE);
    json_t *json = log_progress_to_json(said);
    char *text = json_text(json);
    struct state_progress stored = {.failed = 1,
                                    .position = -1,
                                    .total = -1,
                                    .last_output_at = SCENE_NOW - MINUTE,
                                    .json = text,
                                    .updated_at = SCENE_NOW - MINUTE};
    cr_assert(state_progress_store(scene.state, scene.term, run, &stored, &scene.error));
    free(text);
    json_decref(json);
    log_progress_free(said);
    log_classifier_free(classifier);
}

static void look(size_t defense, int64_t at) {
    scene_measure_all(&scene, defense, 0, at);
    cr_assert(state_lease_renew(scene.state, "s-scene", scene.term, at,
                                clock_boot_ns(clock_system()), &scene.error));
    struct situation *situation = situation_load(scene.pipeline, scene.state, at, &scene.error);
    cr_assert_not_null(situation, "%s", scene.error.text);
    free(news.said);
    wall_ms = at;
    cr_assert(retry_step(&recorder, &hand_clock, situation, &disk, &news, &scene.error), "%s",
              scene.error.text);
    situation_free(situation);
}

static size_t count_of(const struct state_run_filter *filter, struct state_run **all) {
    size_t count;
    *all = state_runs(scene.state, filter, &count, &scene.error);
    cr_assert_not_null(*all);
    return count;
}

static size_t runs(void) {
    struct state_run_filter filter = {0};
    struct state_run *all;
    size_t count = count_of(&filter, &all);
    state_runs_free(all, count);
    return count;
}

Test(retry, launches_what_is_missing_once_its_time_has_come)
{
    end_run("r-1", STATE_OUTCOME_FAILED, 256, "failed");
    look(7, SCENE_NOW + 4 * MINUTE);
    cr_expect_eq(runs(), 1, "a minute is left");
    cr_expect_eq(news.due_at, SCENE_NOW + 5 * MINUTE);
    cr_expect_eq(news.waiting, 1);
    look(7, SCENE_NOW + 5 * MINUTE);
    struct state_run_filter filter = {.newest = 1};
    struct state_run *all;
    size_t count = count_of(&filter, &all);
    cr_expect_eq(runs(), 2);
    cr_expect_str_eq(all->retry_of, "r-1");
    cr_expect_str_eq(all->group, "first");
    cr_expect_str_eq(all->owner, "naji@ops");
    cr_expect_eq(all->date_count, 3, "seven of ten were complete");
    cr_expect_not_null(strstr(news.said, "try 1 of 2 of r-1"), "%s", news.said);
    state_runs_free(all, count);
    look(7, SCENE_NOW + 6 * MINUTE);
    cr_expect_eq(runs(), 2, "it is launched once");
}

Test(retry, waits_longer_and_takes_fewer_workers_after_a_quota_error)
{
    end_run("r-1", STATE_OUTCOME_OK, 0, "ended with gaps");
    log_says("r-1", "ERROR:__main__:Exception processing 2021-11-05: 403 Quota exceeded: too much");
    look(7, SCENE_NOW + 39 * MINUTE);
    cr_expect_eq(runs(), 1);
    struct situation *situation =
        situation_load(scene.pipeline, scene.state, SCENE_NOW + 39 * MINUTE, &scene.error);
    cr_expect_eq(situation->runs[0].retry_workers, 2);
    cr_expect_eq(situation->runs[0].retry_at, SCENE_NOW + 40 * MINUTE);
    situation_free(situation);
    look(7, SCENE_NOW + 40 * MINUTE);
    cr_expect_eq(runs(), 2);
}

Test(retry, leaves_to_a_person_what_a_person_must_judge)
{
    static const struct {
        enum state_outcome outcome;
        int status;
        const char *verdict;
    } cases[] = {{STATE_OUTCOME_OK, 0, "verified"}, {STATE_OUTCOME_OK, 0, "no effect"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char run[16];
        (void)snprintf(run, sizeof run, "r-%zu", i);
        end_run(run, cases[i].outcome, cases[i].status, cases[i].verdict);
    }
    look(7, SCENE_NOW + 60 * MINUTE);
    cr_expect_eq(runs(), 2);
    cr_expect_eq(news.waiting, 0);
}

/* Waits for the end of the newest run, which does nothing, and says that it left gaps. */
static void end_newest(int64_t at) {
    struct state_run_filter filter = {.newest = 1};
    struct state_run *all;
    size_t count;
    for (int tries = 0;; tries++) {
        cr_assert_lt(tries, 2000, "the run did not end");
        count = count_of(&filter, &all);
        if (all->state == STATE_RUN_ENDED) {
            break;
        }
        state_runs_free(all, count);
        (void)poll(NULL, 0, 10);
    }
    scene_measure_all(&scene, 7, 0, all->ended_at + 1);
    cr_assert(state_run_verdict(scene.state, &recorder.actor, all->run, "ended with gaps", "some",
                                at, &scene.error) &&
                  state_unread_release(scene.state, &recorder.actor, all->run, at, &scene.error),
              "%s", scene.error.text);
    state_runs_free(all, count);
}

Test(retry, ends_with_the_number_of_times_that_the_file_allows)
{
    end_run("r-1", STATE_OUTCOME_FAILED, 256, "failed");
    for (int i = 1; i <= 3; i++) {
        int64_t at = SCENE_NOW + i * 20 * MINUTE;
        look(7, at);
        cr_expect_eq(runs(), i < 3 ? (size_t)i + 1 : 3, "after look %d", i);
        end_newest(at);
    }
    cr_expect_eq(news.waiting, 0);
}

Test(retry, waits_while_its_gate_holds_it)
{
    scene_close(&scene);
    const char *changes[] = {processor,
                             with_retry,
                             "  - {name: first, runs: [defense]}",
                             "  - {name: first, behind: done, runs: [defense]}",
                             "behind: ready, runs: [zones]",
                             "runs: [zones]",
                             "needs: [defense]",
                             "needs: []",
                             NULL};
    scene_open(&scene, changes);
    scene_lead(&scene);
    recorder.pipeline = scene.pipeline;
    recorder.state = scene.state;
    recorder.actor.term = scene.term;
    end_run("r-1", STATE_OUTCOME_FAILED, 256, "failed");
    look(7, SCENE_NOW + 10 * MINUTE);
    cr_expect_eq(runs(), 1, "the gate is NO-GO");
    cr_expect_eq(news.waiting, 1, "and it goes on waiting");
}

Test(retry, launches_nothing_for_an_agent_that_was_replaced)
{
    end_run("r-1", STATE_OUTCOME_FAILED, 256, "failed");
    scene_lead(&scene); /* with a new term */
    scene_measure_all(&scene, 7, 0, SCENE_NOW + 10 * MINUTE);
    struct situation *situation =
        situation_load(scene.pipeline, scene.state, SCENE_NOW + 10 * MINUTE, &scene.error);
    (void)retry_step(&recorder, &hand_clock, situation, &disk, &news, &scene.error);
    situation_free(situation);
    cr_expect_eq(runs(), 1);
}

Test(retry, by_hand_names_exactly_what_is_missing_and_nothing_when_all_is_there)
{
    end_run("r-1", STATE_OUTCOME_OK, 0, "ended with gaps");
    scene_measure_all(&scene, 8, 0, SCENE_NOW + MINUTE);
    struct situation *situation =
        situation_load(scene.pipeline, scene.state, SCENE_NOW + MINUTE, &scene.error);
    struct runs_plan *plan = situation_retry(situation, scene.state, "r-1", 3, &scene.error);
    cr_assert_not_null(plan, "%s", scene.error.text);
    cr_expect_eq(dayset_count(&plan->items[0].dates), 2);
    cr_expect_str_eq(plan->retry_of, "r-1");
    runs_plan_free(plan);
    cr_expect_null(situation_retry(situation, scene.state, "r-none", 0, &scene.error));
    situation_free(situation);
    scene_measure_all(&scene, 10, 0, SCENE_NOW + 2 * MINUTE);
    situation = situation_load(scene.pipeline, scene.state, SCENE_NOW + 2 * MINUTE, &scene.error);
    scene.error = (struct error){0};
    cr_expect_null(situation_retry(situation, scene.state, "r-1", 0, &scene.error));
    cr_expect_eq(scene.error.code, EXIT_NO_GO);
    cr_expect_not_null(strstr(scene.error.text, "nothing to retry"));
    situation_free(situation);
}

Test(retry, launches_nothing_by_a_file_that_is_not_the_run_s)
{
    end_run("r-1", STATE_OUTCOME_FAILED, 256, "failed");
    disk = (struct pipeline_disk){.kind = PIPELINE_DISK_CHANGED};
    look(7, SCENE_NOW + 6 * MINUTE);
    cr_expect_eq(runs(), 1);
    cr_expect_eq(news.waiting, 0);
    disk = (struct pipeline_disk){.kind = PIPELINE_DISK_INVALID};
    look(7, SCENE_NOW + 7 * MINUTE);
    cr_expect_eq(runs(), 1, "what cannot be compared is not launched");
    cr_expect_eq(news.waiting, 1);
    disk = (struct pipeline_disk){.kind = PIPELINE_DISK_SAME};
    look(7, SCENE_NOW + 8 * MINUTE);
    cr_expect_eq(runs(), 2);
}
