/* The whole agent in a thread: it measures, judges, follows a run to its verdict, and leaves. */
#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "fixture.h"
#include "state/state_journal.h"
#include "state/state_lease.h"
#include "state/state_sessions.h"

static struct agent_options options;
static struct error agent_error;
static bool agent_good;
static pthread_t thread;

static void *run_agent(void *context) {
    (void)context;
    agent_good = agent_run(&options, &agent_error);
    return NULL;
}

/* SIGTERM is the agent's to take, whichever thread it reaches. */
static void open_agent(void) {
    sigset_t term;
    (void)sigemptyset(&term);
    (void)sigaddset(&term, SIGTERM);
    cr_assert_eq(pthread_sigmask(SIG_BLOCK, &term, NULL), 0);
    fixture_open(NULL);
    options = (struct agent_options){
        .pipeline = scene.pipeline, .clock = &fixture_clock, .owner = "naji@ops", .stay = true};
}

TestSuite(agent, .init = open_agent, .fini = fixture_close);

/* Loads situations until one holds what is wanted. */
static void wait_until(bool (*wanted)(const struct situation *situation)) {
    int64_t until = fixture_real_ms() + FIXTURE_DEADLINE_MS;
    for (;;) {
        struct situation *situation =
            situation_load(scene.pipeline, scene.state, SCENE_NOW, &scene.error);
        cr_assert_not_null(situation, "%s", scene.error.text);
        bool there = wanted(situation);
        situation_free(situation);
        if (there) {
            return;
        }
        cr_assert_lt(fixture_real_ms(), until, "the agent did not get there");
        (void)poll(NULL, 0, 10);
    }
}

static bool is_judged(const struct situation *situation) {
    return situation->gate_facts[0].since != 0 && situation->gates->gates[0].verdict == GATES_GO &&
           situation->coverage->tables[SCENE_ZONES].all.complete == 5;
}

static bool has_verdict(const struct situation *situation) {
    return situation->run_count == 1 && situation->runs[0].verdict != NULL;
}

static void end_agent(void) {
    int64_t began = fixture_real_ms();
    cr_assert_eq(kill(getpid(), SIGTERM), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_expect_lt(fixture_real_ms() - began, FIXTURE_DEADLINE_MS);
}

static size_t events_of(const char *kind) {
    struct state_journal_filter filter = {.kind = kind};
    size_t count;
    struct state_event *events = state_journal(scene.state, &filter, &count, &scene.error);
    cr_assert_not_null(events, "%s", scene.error.text);
    state_events_free(events, count);
    return count;
}

Test(agent, measures_judges_and_leaves_nothing_held)
{
    cr_assert_eq(pthread_create(&thread, NULL, run_agent, NULL), 0);
    wait_until(is_judged);
    end_agent();
    cr_expect(agent_good, "%s", agent_error.text);
    struct state_lease lease = {0};
    cr_assert(state_lease_load(scene.state, clock_boot_ns(clock_system()), &lease, &scene.error));
    cr_expect_not(lease.held);
    state_lease_clear(&lease);
    cr_expect_eq(events_of("agent-start"), 1);
    cr_expect_eq(events_of("agent-stop"), 1);
}

Test(agent, decides_an_ended_run_when_coverage_was_read_after_it)
{
    scene_launch(&scene, "r-zone", "second", "zones", SCENE_NOW - 60000);
    scene_start(&scene, "r-zone", SCENE_NOW - 60000);
    scene_end(&scene, "r-zone", STATE_OUTCOME_OK, 0, SCENE_NOW - 30000);
    cr_assert_eq(pthread_create(&thread, NULL, run_agent, NULL), 0);
    wait_until(has_verdict);
    end_agent();
    struct state_run_filter filter = {.run = "r-zone"};
    size_t count;
    struct state_run *runs = state_runs(scene.state, &filter, &count, &scene.error);
    cr_assert_eq(count, 1);
    /* Exit 0, five of ten dates there. */
    cr_expect_str_eq(runs[0].verdict, "ended with gaps", "%s", runs[0].verdict_text);
    state_runs_free(runs, count);
}

/* Six megabytes, and what matters at their end: coverage is read long before they are. */
static void write_long_log(void) {
    enum { LINES = 60000, FAILED = 3 };
    char *path = scene_path(&scene, "out.log");
    FILE *log = fopen(path, "we");
    cr_assert_not_null(log);
    for (int i = 0; i < LINES; i++) {
        (void)fprintf(log,
                      "INFO:worker:computed one more of very many things, the %dth of them, and "
                      "said so at length\n",
                      i);
    }
    for (int i = 0; i < FAILED; i++) {
        (void)fprintf(log, "ERROR:a:  ✗ Failed: 2021-10-%d\n", 24 + i);
    }
    cr_assert_eq(fclose(log), 0);
    free(path);
}

Test(agent, says_no_verdict_before_the_log_was_read_to_its_end, .timeout = 600)
{
    write_long_log();
    scene_launch(&scene, "r-zone", "second", "zones", SCENE_NOW - 60000);
    scene_start(&scene, "r-zone", SCENE_NOW - 60000);
    scene_end(&scene, "r-zone", STATE_OUTCOME_FAILED, 256, SCENE_NOW - 30000);
    cr_assert_eq(pthread_create(&thread, NULL, run_agent, NULL), 0);
    wait_until(has_verdict);
    end_agent();
    size_t count;
    struct state_run *runs =
        state_runs(scene.state, &(struct state_run_filter){.run = "r-zone"}, &count, &scene.error);
    cr_assert_eq(count, 1);
    cr_expect_not_null(strstr(runs[0].verdict_text, "its log reports 3 failed"), "%s",
                       runs[0].verdict_text);
    state_runs_free(runs, count);
}

Test(agent, leaves_at_once_when_another_is_at_work)
{
    scene_lead(&scene);
    cr_assert_eq(pthread_create(&thread, NULL, run_agent, NULL), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_expect_not(agent_good);
    cr_expect_eq(agent_error.code, EXIT_TEMPORARY, "%s", agent_error.text);
    size_t count;
    struct state_session *sessions = state_sessions(scene.state, &count, &scene.error);
    cr_expect_eq(count, 0);
    state_sessions_free(sessions, count);
}
