/* The agent leaves when nothing needs it, and for no other reason. */
#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "fixture.h"
#include "situation/launch.h"
#include "state/state_arms.h"
#include "state/state_gates.h"
#include "state/state_lease.h"
#include "state/state_runs.h"
#include "state/state_sessions.h"
#include "state/state_unread.h"

/* So much faster than the real one runs the agent's boot clock: its patience is ten seconds. */
enum { HASTE = 20 };

static const int64_t second_ns = INT64_C(1000000000);
static const struct state_actor person = {.name = "naji@ops"};

static struct agent_options options;
static struct error agent_error;
static bool agent_good;
static pthread_t thread;

static _Atomic int64_t wall_now = SCENE_NOW;

static int64_t wall(void *context) {
    (void)context;
    return wall_now;
}

static int64_t boot(void *context) {
    (void)context;
    return clock_boot_ns(clock_system()) * HASTE;
}

static const struct clock hasty_clock = {wall, boot, NULL};

static void *run_agent(void *context) {
    (void)context;
    agent_good = agent_run(&options, &agent_error);
    return NULL;
}

static void open_agent(void) {
    sigset_t term;
    (void)sigemptyset(&term);
    (void)sigaddset(&term, SIGTERM);
    cr_assert_eq(pthread_sigmask(SIG_BLOCK, &term, NULL), 0);
    fixture_open(NULL);
    options = (struct agent_options){
        .pipeline = scene.pipeline, .clock = &hasty_clock, .owner = "naji@ops"};
}

TestSuite(agent_leaves, .init = open_agent, .fini = fixture_close);

static void start(void) {
    cr_assert_eq(pthread_create(&thread, NULL, run_agent, NULL), 0);
}

/* Waits until the agent has stayed three times as long as its patience. */
static void expect_to_stay(void) {
    int64_t until = fixture_real_ms() + FIXTURE_DEADLINE_MS;
    int64_t first = 0;
    for (;;) {
        struct state_lease lease;
        cr_assert(state_lease_load(scene.state, boot(NULL), &lease, &scene.error));
        first = first == 0 ? lease.expires_ns : first;
        bool left = first != 0 && lease.expires_ns == 0;
        bool stayed = lease.expires_ns - first > 30 * second_ns;
        state_lease_clear(&lease);
        cr_assert_not(left, "it has left");
        if (stayed) {
            return;
        }
        cr_assert_lt(fixture_real_ms(), until, "it renews no lease");
        (void)poll(NULL, 0, 10);
    }
}

static void expect_to_leave(void) {
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_expect(agent_good, "%s", agent_error.text);
}

Test(agent_leaves, when_nothing_needs_it)
{
    start();
    expect_to_leave();
}

Test(agent_leaves, when_the_last_console_is_closed_and_not_before)
{
    char session[STATE_SESSION_SIZE];
    cr_assert(state_session_open(scene.state, STATE_CONSOLE, "naji@ops", SCENE_NOW, session,
                                 &scene.error));
    start();
    expect_to_stay();
    cr_assert(state_session_close(scene.state, session, SCENE_NOW, &scene.error));
    expect_to_leave();
}

/* Rows that a run only ordered elsewhere come after its end: "no effect" is not the last word. */
Test(agent_leaves, when_ten_minutes_have_passed_since_a_run_without_an_effect_and_not_before)
{
    scene_lead(&scene);
    struct state_actor agent = {.name = "agent", .session = "s-scene", .term = scene.term};
    scene.resource = "nba-props-platform.nba_precompute.team_defense_zone_analysis";
    scene_launch(&scene, "r-1", "second", "zones", SCENE_NOW - 9 * 60000);
    scene_start(&scene, "r-1", SCENE_NOW - 9 * 60000);
    scene_end(&scene, "r-1", STATE_OUTCOME_OK, 0, SCENE_NOW - 8 * 60000);
    scene_measure_all(&scene, 10, 0, SCENE_NOW - 7 * 60000);
    cr_assert(state_run_verdict(scene.state, &agent, "r-1", "no effect", "coverage did not move",
                                SCENE_NOW - 7 * 60000, &scene.error),
              "%s", scene.error.text);
    cr_assert(state_unread_release(scene.state, &agent, "r-1", SCENE_NOW - 7 * 60000, &scene.error),
              "%s", scene.error.text);
    cr_assert(state_lease_resign(scene.state, "s-scene", scene.term, &scene.error));
    start();
    expect_to_stay();
    wall_now += 3 * 60000;
    expect_to_leave();
}

Test(agent_leaves, when_no_group_is_armed_any_more_and_not_before)
{
    char group[] = "second";
    char evidence[] = "{}";
    char approval[STATE_RUN_SIZE];
    char arm[STATE_RUN_SIZE];
    bool done;
    struct state_approval yes = {.plan_hash = scene.pipeline->hash,
                                 .group = group,
                                 .decision = STATE_DECIDED_GO,
                                 .at = SCENE_NOW,
                                 .expires_at = SCENE_NOW + 3600000,
                                 .evidence = evidence};
    cr_assert(state_approval_put(scene.state, &person, &yes, approval, &scene.error), "%s",
              scene.error.text);
    struct situation_launch launch = {.range = {SCENE_FROM, SCENE_TO}, .gaps = true};
    struct state_arm wish = {.group = group,
                             .plan_hash = scene.pipeline->hash,
                             .approval = approval,
                             .request = situation_launch_write(&launch),
                             .at = SCENE_NOW,
                             .expires_at = SCENE_NOW + 3600000};
    cr_assert(state_arm_put(scene.state, &person, &wish, arm, &scene.error), "%s",
              scene.error.text);
    free(wish.request);
    start();
    expect_to_stay(); /* its clock stands: no evidence is newer than the arm */
    cr_assert(state_arm_end(scene.state, &person, arm, STATE_ARM_DISARMED, "by hand", SCENE_NOW,
                            &done, &scene.error));
    expect_to_leave();
}

Test(agent_leaves, when_it_is_asked_to_whatever_needs_it)
{
    options.stay = true;
    start();
    expect_to_stay();
    cr_assert_eq(kill(getpid(), SIGTERM), 0);
    expect_to_leave();
}
