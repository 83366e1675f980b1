/* Jobs that runs left on the server: found by their label, asked about ever more rarely, cancelled
 * when somebody wants it, and their claims released when none is left. */
#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "agent/poll.h"
#include "agent/poller.h"
#include "agent/server_watch.h"
#include "fixture.h"
#include "state/state_journal.h"
#include "state/state_server.h"

static const char run[] = "r-1";
static struct recorder recorder;
static struct error error;

static void close_all(void) {
    fixture_close();
}

static void open_all(void) {
    fixture_open(NULL);
    recorder = fixture_recorder();
    scene.labels_jobs = true;
    scene_launch(&scene, run, "group1", "zones", SCENE_NOW);
    scene_start(&scene, run, SCENE_NOW + 1);
    scene_end(&scene, run, STATE_OUTCOME_STOPPED, 15, SCENE_NOW + 2);
}

TestSuite(server, .init = open_all, .fini = close_all);

/* A query that a processor of `of` started, and that runs on for ten minutes. */
static struct bigquery_client *start_job(const char *of) {
    fixture_fault(
        "{\"fault\":\"hold\",\"label\":\"phasegate_run\",\"delay_ms\":600000,\"times\":1}");
    const struct bigquery_label labels[] = {{SERVER_JOBS_LABEL, of}};
    struct bigquery_options options = {.endpoint = bigquery_endpoint_from_environment(),
                                       .project = scene.pipeline->project,
                                       .location = scene.pipeline->location,
                                       .labels = labels,
                                       .label_count = 1};
    struct bigquery_query query = {.sql = "SELECT 1 AS one", .timeout_ms = 1};
    struct bigquery_client *client = bigquery_client_new(&options, &error);
    cr_assert_not_null(client, "%s", error.text);
    cr_assert_neq(bigquery_submit_query(client, &query, &error), 0, "%s", error.text);
    struct bigquery_activity activity = {0};
    while (activity.phase != BIGQUERY_RUNNING) {
        (void)bigquery_client_wait(client, 20);
        cr_assert_eq(bigquery_client_activity(client, &activity, 1), 1);
    }
    return client; /* freed, it leaves the job behind as a killed processor does */
}

static struct state_run *load(void) {
    size_t count;
    struct state_run *runs =
        state_runs(scene.state, &(struct state_run_filter){.run = run}, &count, &error);
    cr_assert(runs != NULL && count == 1);
    return runs;
}

static size_t events(const char *words) {
    size_t count = 0;
    size_t found = 0;
    struct state_journal_filter filter = {.kind = "server-jobs"};
    struct state_event *all = state_journal(scene.state, &filter, &count, &error);
    for (size_t i = 0; i < count; i++) {
        found += strstr(all[i].text, words) != NULL ? 1 : 0;
    }
    state_events_free(all, count);
    return found;
}

/* What was asked, instead of asking it. */
struct asked {
    size_t times, cancels;
    int64_t created_after;
};
static void note(void *context, const char *of, int64_t created_after_ms, bool cancel) {
    struct asked *asked = context;
    cr_expect_str_eq(of, run);
    asked->times++;
    asked->cancels += cancel ? 1 : 0;
    asked->created_after = created_after_ms;
}

static int64_t boot_now;
static int64_t wall_ms(void *context) {
    (void)context;
    return SCENE_NOW + 10 + boot_now / 1000000;
}
static int64_t boot_ns(void *context) {
    (void)context;
    return boot_now;
}
static const struct clock still = {wall_ms, boot_ns, NULL};

Test(server, the_agent_asks_at_once_and_then_ever_more_rarely)
{
    struct asked asked = {0};
    boot_now = 1000000000;
    struct server_watch *watch =
        server_watch_new(&recorder, &still, &(struct server_watch_ask){note, &asked});
    char name[] = "r-1";
    struct server_jobs_answer two = {.run = name, .jobs = 2, .at = SCENE_NOW + 10};
    size_t seconds[] = {0, 1, 3, 7, 15, 31, 63, 123, 183};
    size_t next = 0;
    for (size_t second = 0; second <= 183; second++) {
        size_t before = asked.times;
        cr_assert(server_watch_step(watch, &error), "%s", error.text);
        if (asked.times > before) {
            cr_expect_eq(second, seconds[next], "asked after %zu s", second);
            next++;
            cr_assert(server_watch_answer(watch, &two, &error), "%s", error.text);
        }
        boot_now += 1000000000;
    }
    cr_expect_eq(next, 9);
    cr_expect_lt(asked.created_after, SCENE_NOW, "clocks may differ");
    cr_expect_eq(events("2 of its jobs still run"), 1, "said once");
    cr_expect(server_watch_busy(watch));
    server_watch_free(watch);
}

Test(server, another_agent_goes_on_where_the_first_was_killed)
{
    struct asked asked = {0};
    char name[] = "r-1";
    struct server_jobs_answer none = {.run = name, .jobs = 0, .at = SCENE_NOW + 10};
    boot_now = 1000000000;
    struct server_watch *first =
        server_watch_new(&recorder, &still, &(struct server_watch_ask){note, &asked});
    cr_assert(server_watch_step(first, &error));
    cr_assert(server_watch_answer(first, &none, &error));
    server_watch_free(first);
    struct server_watch *second =
        server_watch_new(&recorder, &still, &(struct server_watch_ask){note, &asked});
    cr_assert(server_watch_step(second, &error));
    cr_expect_eq(asked.times, 2);
    cr_expect_eq(server_watch_held(second), 1);
    cr_assert(server_watch_answer(second, &none, &error));
    cr_expect_eq(server_watch_held(second), 0);
    cr_expect_not(server_watch_busy(second));
    server_watch_free(second);
    struct state_run *stored = load();
    cr_expect_not(stored->server.held);
    state_runs_free(stored, 1);
}

Test(server, an_agent_does_not_stay_for_ever_when_bigquery_is_silent)
{
    struct asked asked = {0};
    char name[] = "r-1";
    char why[] = "no connection";
    struct server_jobs_answer unknown = {.run = name, .jobs = -1, .trouble = why, .at = SCENE_NOW};
    boot_now = 1000000000;
    struct server_watch *watch =
        server_watch_new(&recorder, &still, &(struct server_watch_ask){note, &asked});
    cr_assert(server_watch_step(watch, &error));
    cr_assert(server_watch_answer(watch, &unknown, &error));
    cr_expect(server_watch_busy(watch));
    boot_now += INT64_C(601000000000);
    cr_expect_not(server_watch_busy(watch));
    struct state_run *stored = load();
    cr_expect(stored->server.held, "unknown is never none");
    char *text = state_server_text(&stored->server);
    cr_expect_str_eq(text, "jobs on the server unknown (no connection)");
    free(text);
    state_runs_free(stored, 1);
    server_watch_free(watch);
}

Test(server, the_bigquery_thread_counts_cancels_and_counts_again)
{
    struct bigquery_client *processor = start_job(run);
    struct bigquery_client *other = start_job("r-2");
    struct agent_queue *queue = agent_queue_new(&error);
    struct measure *measure = measure_new(scene.pipeline, NULL, &fixture_clock, &error);
    cr_assert_not_null(measure, "%s", error.text);
    struct poller *poller = poller_start(measure, queue, &error);
    cr_assert_not_null(poller, "%s", error.text);
    poller_jobs(poller, run, SCENE_NOW - 600000, false);
    struct agent_message message = fixture_message(queue, AGENT_JOBS_ANSWER);
    cr_expect_eq(message.jobs_answer.jobs, 1, "%s", message.jobs_answer.trouble);
    cr_expect_null(message.jobs_answer.cancelled);
    agent_message_free(&message);
    poller_jobs(poller, run, SCENE_NOW - 600000, true);
    message = fixture_message(queue, AGENT_JOBS_ANSWER);
    cr_expect_eq(message.jobs_answer.jobs, 1);
    cr_expect_not_null(message.jobs_answer.cancelled);
    cr_expect_null(message.jobs_answer.trouble, "%s", message.jobs_answer.trouble);
    agent_message_free(&message);
    poller_jobs(poller, run, SCENE_NOW - 600000, true);
    message = fixture_message(queue, AGENT_JOBS_ANSWER);
    cr_expect_eq(message.jobs_answer.jobs, 0);
    agent_message_free(&message);
    poller_jobs(poller, "r-2", SCENE_NOW - 600000, false);
    message = fixture_message(queue, AGENT_JOBS_ANSWER);
    cr_expect_eq(message.jobs_answer.jobs, 1, "the jobs of others run on");
    agent_message_free(&message);
    poller_stop(poller);
    agent_queue_free(queue);
    bigquery_client_free(processor);
    bigquery_client_free(other);
}

Test(server, a_verb_cancels_and_waits_without_an_agent)
{
    char id[] = "r-1";
    char *ids[] = {id};
    size_t asked;
    size_t held = 0;
    bool agent_polls = true;
    struct bigquery_client *processor = start_job(run);
    bigquery_client_free(processor);
    cr_assert(state_lease_resign(scene.state, "s-scene", scene.term, &error), "%s", error.text);
    cr_assert(poll_server_jobs(scene.pipeline, scene.state, "naji@ops", &fixture_clock,
                               &agent_polls, &held, &error),
              "%s", error.text);
    cr_expect_not(agent_polls);
    cr_expect_eq(held, 1);
    struct state_run *stored = load();
    cr_expect_eq(stored->server.jobs, 1);
    state_runs_free(stored, 1);
    struct state_actor person = {.name = "naji@ops"};
    cr_assert(state_server_cancel(scene.state, &person, ids, 1, SCENE_NOW + 20, &asked, &error));
    cr_assert(poll_server_jobs(scene.pipeline, scene.state, "naji@ops", &fixture_clock,
                               &agent_polls, &held, &error),
              "%s", error.text);
    cr_expect_eq(held, 0);
    cr_expect_eq(events("BigQuery was asked to cancel job_"), 1);
    cr_expect_eq(events("no longer held"), 1);
}

/* A wall clock that no two looks find at the same time. */
static int64_t moving_wall_ms(void *context) {
    (void)context;
    static _Atomic int64_t looks;
    return SCENE_NOW + 1000 + 10 * atomic_fetch_add(&looks, 1);
}

/* The end of its jobs is a write: one poll asks for them first, and reads the tables after. */
Test(server, one_poll_frees_a_run_whose_jobs_are_gone)
{
    bool agent_polls = true;
    cr_assert(state_lease_resign(scene.state, "s-scene", scene.term, &error), "%s", error.text);
    struct clock moving = fixture_clock;
    moving.wall_ms = moving_wall_ms;
    cr_assert(poll_once(scene.pipeline, scene.state, "naji@ops", &moving, &agent_polls, &error),
              "%s", error.text);
    struct state_run *stored = load();
    cr_expect_not(stored->server.held);
    cr_expect_not(stored->unread, "its tables were read after the end of its jobs");
    state_runs_free(stored, 1);
}
