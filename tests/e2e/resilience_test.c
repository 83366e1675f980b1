/* An agent that is killed, frozen, locked out or without disk: somebody goes on, and nothing is
 * lost or done twice. */
#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "situation/launch.h"
#include "state/sql.h"
#include "state/state_arms.h"
#include "state/state_gates.h"
#include "state/state_journal.h"
#include "state/state_lease.h"
#include "state/state_sessions.h"
#include "tests/support/program.h"
#include "tests/support/scene.h"
#include "tests/support/usage.h"
#include "tests/support/warehouse.h"

enum { SPEED = 20, SOON = 120000 };

static const char *const phasegate = PHASEGATE_BINARY_DIR "/phasegate";
static struct scene scene;
static struct warehouse warehouse;
static struct program *agent;
static char *pipeline_file;

static int64_t real_ms(void) {
    return clock_boot_ns(clock_system()) / 1000000;
}

/* Pipeline, state and local BigQuery; all dates of "defense" are there, so that "ready" is GO. */
static void open_night(void) {
    char *clock =
        memory_format("2026-01-05T14:15:00Z@%lld*%d", (long long)time(NULL) * 1000, SPEED);
    cr_assert(setenv("PHASEGATE_CLOCK", clock, 1) == 0 && clock_setup(NULL, NULL));
    free(clock);
    scene_open(&scene, NULL);
    pipeline_file = scene_path(&scene, "pipeline.yaml");
    warehouse_open(&warehouse);
    struct dayset all = warehouse_game_dates("2021-11-02", "2021-11-11");
    warehouse_fill(&warehouse, "nbac_schedule", &all);
    warehouse_fill(&warehouse, "team_defense_game_summary", &all);
    warehouse_fill(&warehouse, "team_defense_zone_analysis", NULL);
    dayset_free(&all);
}

/* Whoever is left was started by us. */
static void close_night(void) {
    program_close(agent);
    for (pid_t pid; (pid = usage_find(scene.directory)) > 0;) {
        if (kill(pid, SIGKILL) != 0) {
            break;
        }
    }
    warehouse_close(&warehouse);
    free(pipeline_file);
    scene_close(&scene);
}

TestSuite(resilience, .init = open_night, .fini = close_night, .timeout = 600);

static void start_agent(const char *option) {
    const char *argv[] = {phasegate, "agent", "--pipeline", pipeline_file, option, NULL};
    const char *state = getenv("PHASEGATE_STATE");
    char *variables[] = {
        memory_format("PHASEGATE_STATE=%s", state),
        memory_format("BIGQUERY_EMULATOR_HOST=%s", getenv("BIGQUERY_EMULATOR_HOST")),
        memory_format("PHASEGATE_CLOCK=%s", getenv("PHASEGATE_CLOCK")), NULL};
    char *errors = scene_path(&scene, "agent.err");
    agent = program_start(argv, (const char *const *)variables, errors);
    free(errors);
    for (size_t i = 0; variables[i] != NULL; i++) {
        free(variables[i]);
    }
}

static struct program_result say(const char *verb, const char *option, const char *more) {
    const char *argv[] = {phasegate, verb, "--pipeline", pipeline_file, option, more, NULL};
    char *state = memory_format("PHASEGATE_STATE=%s", getenv("PHASEGATE_STATE"));
    char *host = memory_format("BIGQUERY_EMULATOR_HOST=%s", getenv("BIGQUERY_EMULATOR_HOST"));
    char *clock = memory_format("PHASEGATE_CLOCK=%s", getenv("PHASEGATE_CLOCK"));
    const char *variables[] = {state, host, clock, NULL};
    struct program_result result = program_run(argv, variables, SOON);
    free(state);
    free(host);
    free(clock);
    return result;
}

static int code_of(const char *verb, const char *option, const char *more) {
    struct program_result result = say(verb, option, more);
    int code = result.code;
    program_result_free(&result);
    return code;
}

/* The next line of the agent that holds this text. */
static void expect_line(const char *text) {
    const char *line;
    do {
        line = program_line(agent, SOON);
        cr_assert_not_null(line, "the agent never said \"%s\"", text);
    } while (strstr(line, text) == NULL);
}

static struct state_lease lease_now(void) {
    struct state_lease lease = {0};
    cr_assert(state_lease_load(scene.state, clock_boot_ns(clock_system()), &lease, &scene.error),
              "%s", scene.error.text);
    return lease;
}

/* Waits until somebody holds the lease under a term of at least this; returns the holder's pid. */
static pid_t await_agent(int64_t term) {
    int64_t until = real_ms() + SOON;
    for (;;) {
        struct state_lease lease = lease_now();
        bool there = lease.held && lease.term >= term;
        pid_t pid = (pid_t)lease.pid;
        state_lease_clear(&lease);
        if (there) {
            return pid;
        }
        cr_assert_lt(real_ms(), until, "nobody took the lease under term %lld", (long long)term);
        (void)poll(NULL, 0, 20);
    }
}

static void arm_second(void) {
    static const struct state_actor person = {.name = "naji@ops"};
    char group[] = "second";
    char evidence[] = "{}";
    char approval[STATE_RUN_SIZE];
    char arm[STATE_RUN_SIZE];
    int64_t now = clock_wall_ms(clock_system());
    struct state_approval yes = {.plan_hash = scene.pipeline->hash,
                                 .group = group,
                                 .decision = STATE_DECIDED_GO,
                                 .at = now,
                                 .expires_at = now + INT64_C(57600000),
                                 .evidence = evidence};
    cr_assert(state_approval_put(scene.state, &person, &yes, approval, &scene.error), "%s",
              scene.error.text);
    struct situation_launch launch = {.range = {SCENE_FROM, SCENE_TO}, .gaps = true};
    char *request = situation_launch_write(&launch);
    struct state_arm wish = {.group = group,
                             .plan_hash = scene.pipeline->hash,
                             .approval = approval,
                             .request = request,
                             .at = now,
                             .expires_at = now + INT64_C(28800000)};
    cr_assert(state_arm_put(scene.state, &person, &wish, arm, &scene.error), "%s",
              scene.error.text);
    free(request);
}

/* Waits until the only arm has this state, or a GO sample in the state armed. */
static void await_arm(enum state_arm_state state, int64_t streak) {
    int64_t until = real_ms() + SOON;
    for (bool there = false; !there;) {
        size_t count;
        struct state_arm *arms = state_arms(scene.state, false, &count, &scene.error);
        cr_assert(arms != NULL && count == 1);
        there = arms[0].state == state && arms[0].streak >= streak;
        cr_assert(there || real_ms() < until, "the arm is %s after %lld samples: %s",
                  state_arm_word(arms[0].state), (long long)arms[0].streak,
                  arms[0].why != NULL ? arms[0].why : "");
        state_arms_free(arms, count);
        (void)poll(NULL, 0, 20);
    }
}

static size_t runs(void) {
    struct state_run_filter filter = {0};
    size_t count;
    struct state_run *all = state_runs(scene.state, &filter, &count, &scene.error);
    cr_assert_not_null(all);
    state_runs_free(all, count);
    return count;
}

static size_t events_of(const char *kind) {
    struct state_journal_filter filter = {.kind = kind};
    size_t count;
    struct state_event *events = state_journal(scene.state, &filter, &count, &scene.error);
    cr_assert_not_null(events, "%s", scene.error.text);
    state_events_free(events, count);
    return count;
}

static void stop_agent(void) {
    int code = code_of("agent", "--stop", "--yes");
    cr_expect(code == 0 || code == 1, "exit %d", code); /* 1: it had nothing left to wait for */
}

Test(resilience, an_armed_night_goes_on_when_its_agent_is_killed_and_fires_once)
{
    arm_second();
    start_agent(NULL);
    pid_t first = await_agent(1);
    await_arm(STATE_ARM_ARMED, 1);
    cr_assert_eq(kill(first, SIGKILL), 0);
    pid_t second = await_agent(2);
    cr_expect_neq(first, second);
    await_arm(STATE_ARM_FIRED, 0);
    cr_expect_eq(runs(), 1);
    cr_expect_eq(events_of("fire"), 1);
    stop_agent();
}

Test(resilience, the_agent_replaces_its_guard_and_the_new_one_watches_too)
{
    start_agent("--stay");
    pid_t first = await_agent(1);
    char *text = memory_format("agent --guard --pipeline %s", scene.directory);
    int64_t until = real_ms() + SOON;
    pid_t guard;
    while ((guard = usage_find(text)) == 0 && real_ms() < until) {
        (void)poll(NULL, 0, 20);
    }
    cr_assert_gt(guard, 0, "there is no guard");
    cr_assert_eq(kill(guard, SIGKILL), 0);
    pid_t other;
    while (((other = usage_find(text)) == 0 || other == guard) && real_ms() < until) {
        (void)poll(NULL, 0, 20);
    }
    cr_assert_gt(other, 0, "there is no other guard");
    cr_assert_eq(kill(first, SIGKILL), 0);
    (void)await_agent(2);
    stop_agent();
    free(text);
}

/* Freezes the agent at a moment at which it holds no lock of the state file: one that does keeps
 * everybody from writing until it wakes. */
static void freeze(pid_t pid) {
    static const struct state_actor tester = {.name = "tester@test"};
    state_set_patience(scene.state, 200);
    for (int tries = 0;; tries++) {
        cr_assert_lt(tries, 100, "the agent always holds the state file");
        cr_assert_eq(kill(pid, SIGSTOP), 0);
        scene.error = (struct error){0};
        if (state_journal_append(scene.state, &tester, SCENE_NOW, STATE_EVENT_NOTE, NULL, "frozen",
                                 NULL, &scene.error)) {
            break;
        }
        cr_assert_eq(kill(pid, SIGCONT), 0);
        (void)poll(NULL, 0, 20);
    }
    state_set_patience(scene.state, 5000);
}

Test(resilience, a_frozen_agent_is_replaced_and_steps_down_when_it_wakes)
{
    arm_second();
    start_agent(NULL);
    pid_t first = await_agent(1);
    await_arm(STATE_ARM_ARMED, 1);
    freeze(first);
    (void)await_agent(2);
    await_arm(STATE_ARM_FIRED, 0);
    cr_assert_eq(kill(first, SIGCONT), 0);
    int status = program_wait(agent, SOON);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_TEMPORARY, "status %d", status);
    cr_expect_eq(runs(), 1);
    cr_expect_eq(events_of("agent-stop"), 0, "the one that was frozen says nothing any more");
    stop_agent();
}

Test(resilience, a_full_disk_stops_nothing_but_the_storing_and_the_agent_recovers)
{
    struct rlimit none = {1, RLIM_INFINITY};
    struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    start_agent("--stay");
    expect_line("started, term 1");
    pid_t pid = await_agent(1);
    cr_assert_eq(prlimit(pid, RLIMIT_FSIZE, &none, NULL), 0);
    expect_line("nothing can be stored");
    cr_assert_eq(prlimit(pid, RLIMIT_FSIZE, &all, NULL), 0);
    expect_line("it can again");
    cr_expect_eq(await_agent(1), pid, "it is the same agent");
    cr_expect_geq(events_of("note"), 1);
    cr_expect_eq(code_of("agent", "--status", NULL), EXIT_GO);
    stop_agent();
}

Test(resilience, a_locked_state_is_waited_for)
{
    start_agent("--stay");
    expect_line("started, term 1");
    pid_t pid = await_agent(1);
    cr_assert(sql_begin(scene.state, &scene.error), "%s", scene.error.text);
    expect_line("nothing can be stored");
    (void)sql_end(scene.state, false, NULL);
    expect_line("it can again");
    cr_expect_eq(await_agent(1), pid, "it is the same agent");
    stop_agent();
}

Test(resilience, an_agent_that_died_with_its_guard_is_replaced_by_the_next_verb)
{
    start_agent("--no-guard");
    pid_t first = await_agent(1);
    cr_assert_eq(kill(first, SIGKILL), 0);
    cr_expect_eq(code_of("agent", "--status", NULL), EXIT_NO_GO);
    cr_expect_eq(code_of("runs", NULL, NULL), EXIT_GO);
    cr_expect_neq(await_agent(2), first);
    stop_agent();
}

Test(resilience, status_says_what_keeps_the_agent_and_stop_respects_arms)
{
    arm_second();
    start_agent("--stay");
    (void)await_agent(1);
    struct program_result text = say("agent", "--status", NULL);
    cr_expect_eq(text.code, EXIT_GO);
    cr_expect_not_null(strstr(text.out, "kept by   1 arm, --stay"), "%s", text.out);
    program_result_free(&text);
    struct program_result json = say("agent", "--status", "--format=json");
    cr_expect_not_null(strstr(json.out, "\"alive\":true"), "%s%s", json.out, json.err);
    program_result_free(&json);
    struct program_result refused = say("agent", "--stop", NULL);
    cr_expect_eq(refused.code, EXIT_NO_GO);
    cr_expect_not_null(strstr(refused.err, "1 group is armed"), "%s", refused.err);
    program_result_free(&refused);
    cr_expect_eq(code_of("agent", "--stop", "--yes"), EXIT_GO);
    cr_expect_eq(code_of("agent", "--status", NULL), EXIT_NO_GO);
    cr_expect_eq(code_of("agent", "--stop", NULL), EXIT_NO_GO);
}
