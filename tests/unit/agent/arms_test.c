/* What becomes of an arm: when it counts, when it fires, and what makes it void. */
#include "agent/arms.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "situation/launch.h"
#include "state/state_arms.h"
#include "state/state_gates.h"
#include "state/state_lease.h"
#include "tests/support/scene.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)

static struct scene scene;
static struct recorder recorder;
static struct pipeline_disk disk; /* the file is as it was loaded */
static struct arms_news news;
static char arm[STATE_RUN_SIZE];
static int64_t boot_ns;
static int64_t wall_ms;

static int64_t boot_of(void *context) {
    (void)context;
    return boot_ns;
}

static int64_t wall_of(void *context) {
    (void)context;
    return wall_ms;
}

static const struct clock hand_clock = {wall_of, boot_of, NULL};
static const struct state_actor person = {.name = "naji@ops"};

static void approve(const char *group, char id[STATE_RUN_SIZE]) {
    struct state_approval yes = {.plan_hash = scene.pipeline->hash,
                                 .group = (char *)group, /* only read */
                                 .decision = STATE_DECIDED_GO,
                                 .at = SCENE_NOW,
                                 .expires_at = SCENE_NOW + 16 * HOUR,
                                 .evidence = (char[]){"{}"}};
    cr_assert(state_approval_put(scene.state, &person, &yes, id, &scene.error), "%s",
              scene.error.text);
}

/* Arms the group "second" for the gaps of all dates, at SCENE_NOW. */
static void arm_second(const char *plan) {
    char approval[STATE_RUN_SIZE];
    approve("second", approval);
    struct situation_launch launch = {.range = {SCENE_FROM, SCENE_TO}, .gaps = true};
    char *request = situation_launch_write(&launch);
    struct state_arm wish = {.group = (char[]){"second"},
                             .plan_hash = (char *)plan,
                             .approval = approval,
                             .request = request,
                             .at = SCENE_NOW,
                             .expires_at = SCENE_NOW + 8 * HOUR};
    cr_assert(state_arm_put(scene.state, &person, &wish, arm, &scene.error), "%s",
              scene.error.text);
    free(request);
}

static void open_arms(void) {
    scene_open(&scene, NULL);
    scene_lead(&scene);
    recorder = (struct recorder){
        .pipeline = scene.pipeline,
        .state = scene.state,
        .actor = {.name = "agent", .session = "s-scene", .term = scene.term},
    };
    boot_ns = clock_boot_ns(clock_system());
    cr_assert_eq(setenv("PHASEGATE_SHIM", PHASEGATE_BINARY_DIR "/phasegate-shim", 1), 0);
}

static void close_arms(void) {
    free(news.said);
    scene_close(&scene);
}

TestSuite(arms, .init = open_arms, .fini = close_arms);

/* One look at `at`, after `defense` of ten dates were read complete `age` ago. */
static void look(size_t defense, size_t zones, int64_t age, int64_t at) {
    cr_assert(state_lease_take(scene.state, "s-scene", at, boot_ns, &scene.term, &scene.error));
    recorder.actor.term = scene.term;
    scene_measure_all(&scene, defense, zones, at - age);
    wall_ms = at;
    struct situation *situation = situation_load(scene.pipeline, scene.state, at, &scene.error);
    cr_assert_not_null(situation, "%s", scene.error.text);
    free(news.said);
    cr_assert(arms_step(&recorder, &hand_clock, situation, &disk, &news, &scene.error), "%s",
              scene.error.text);
    situation_free(situation);
}

static struct state_arm *only(void) {
    size_t count;
    struct state_arm *arms = state_arms(scene.state, false, &count, &scene.error);
    cr_assert(arms != NULL && count == 1);
    return arms;
}

static void expect(enum state_arm_state state, const char *why) {
    struct state_arm *a = only();
    cr_expect_eq(a->state, state);
    if (why != NULL) {
        cr_assert_not_null(a->why);
        cr_expect_not_null(strstr(a->why, why), "%s", a->why);
    }
    state_arms_free(a, 1);
}

static size_t runs(void) {
    struct state_run_filter filter = {0};
    size_t count;
    struct state_run *all = state_runs(scene.state, &filter, &count, &scene.error);
    cr_assert_not_null(all);
    state_runs_free(all, count);
    return count;
}

Test(arms, fire_after_two_go_newer_than_themselves_and_a_countdown_of_60_s)
{
    arm_second(scene.pipeline->hash);
    look(10, 0, 2 * MINUTE, SCENE_NOW + MINUTE);
    cr_expect_eq(news.due_ns, 0, "that evidence is older than the arm");
    look(10, 0, 0, SCENE_NOW + 2 * MINUTE);
    cr_expect_eq(news.due_ns, 0, "one GO is not two");
    look(10, 0, 0, SCENE_NOW + 3 * MINUTE);
    cr_expect_eq(news.due_ns, boot_ns + 60 * INT64_C(1000000000));
    boot_ns += 59 * INT64_C(1000000000);
    look(10, 0, 0, SCENE_NOW + 4 * MINUTE);
    cr_expect_eq(runs(), 0, "a second is left to say no");
    boot_ns += 1000000000;
    look(10, 0, 0, SCENE_NOW + 5 * MINUTE);
    cr_expect_eq(runs(), 1);
    cr_expect_eq(news.launched, 1);
    cr_expect_eq(news.live, 0);
    expect(STATE_ARM_FIRED, NULL);
    look(10, 0, 0, SCENE_NOW + 6 * MINUTE);
    cr_expect_eq(runs(), 1, "it fires once");
}

Test(arms, begin_again_when_the_gate_is_no_go_in_between)
{
    arm_second(scene.pipeline->hash);
    look(10, 0, 0, SCENE_NOW + 1 * MINUTE);
    look(10, 0, 0, SCENE_NOW + 2 * MINUTE);
    cr_expect_neq(news.due_ns, 0);
    look(5, 0, 0, SCENE_NOW + 3 * MINUTE);
    cr_expect_eq(news.due_ns, 0);
    boot_ns += 120 * INT64_C(1000000000);
    look(10, 0, 0, SCENE_NOW + 4 * MINUTE);
    cr_expect_eq(runs(), 0);
}

Test(arms, never_count_what_is_stale_or_unknown)
{
    arm_second(scene.pipeline->hash);
    look(10, 0, 6 * MINUTE, SCENE_NOW + 10 * MINUTE);
    look(10, 0, 6 * MINUTE, SCENE_NOW + 11 * MINUTE);
    look(10, 0, 6 * MINUTE, SCENE_NOW + 12 * MINUTE);
    struct state_arm *a = only();
    cr_expect_eq(a->streak, 0);
    state_arms_free(a, 1);
}

Test(arms, go_on_counting_when_the_evidence_was_stale_in_between_and_fire_on_fresh_alone)
{
    arm_second(scene.pipeline->hash);
    look(10, 0, 0, SCENE_NOW + 1 * MINUTE);
    look(10, 0, 6 * MINUTE, SCENE_NOW + 7 * MINUTE);
    look(10, 0, 0, SCENE_NOW + 8 * MINUTE);
    cr_expect_neq(news.due_ns, 0, "the second GO in a row");
    boot_ns += 60 * INT64_C(1000000000);
    look(10, 0, 6 * MINUTE, SCENE_NOW + 14 * MINUTE);
    cr_expect_eq(runs(), 0, "not on stale evidence");
    look(10, 0, 0, SCENE_NOW + 15 * MINUTE);
    cr_expect_eq(runs(), 1);
}

Test(arms, are_void_after_a_change_of_the_plan)
{
    char approval[STATE_RUN_SIZE];
    struct state_approval yes = {.plan_hash = (char[]){"an older plan"},
                                 .group = (char[]){"second"},
                                 .decision = STATE_DECIDED_GO,
                                 .at = SCENE_NOW,
                                 .expires_at = SCENE_NOW + 16 * HOUR,
                                 .evidence = (char[]){"{}"}};
    cr_assert(state_approval_put(scene.state, &person, &yes, approval, &scene.error));
    struct state_arm wish = {.group = (char[]){"second"},
                             .plan_hash = (char[]){"an older plan"},
                             .approval = approval,
                             .request = (char[]){"{}"},
                             .at = SCENE_NOW,
                             .expires_at = SCENE_NOW + 8 * HOUR};
    cr_assert(state_arm_put(scene.state, &person, &wish, arm, &scene.error));
    look(10, 0, 0, SCENE_NOW + MINUTE);
    expect(STATE_ARM_DISARMED, "it was armed for plan an older pla of the pipeline file, and the "
                               "agent works by plan ");
}

Test(arms, are_void_at_once_when_the_file_is_another)
{
    arm_second(scene.pipeline->hash);
    look(10, 0, 0, SCENE_NOW + MINUTE);
    disk = (struct pipeline_disk){.kind = PIPELINE_DISK_CHANGED, .hash = "0123456789abcdef"};
    look(10, 0, 0, SCENE_NOW + 2 * MINUTE);
    expect(STATE_ARM_DISARMED, "the pipeline file changed since it was armed: plan ");
    cr_expect_eq(news.live, 0);
    cr_expect_eq(runs(), 0);
}

Test(arms, do_not_fire_while_the_file_cannot_be_read_and_are_not_void_for_it)
{
    arm_second(scene.pipeline->hash);
    look(10, 0, 0, SCENE_NOW + 1 * MINUTE);
    look(10, 0, 0, SCENE_NOW + 2 * MINUTE);
    boot_ns += 90 * INT64_C(1000000000);
    disk = (struct pipeline_disk){.kind = PIPELINE_DISK_INVALID};
    look(10, 0, 0, SCENE_NOW + 4 * MINUTE);
    disk = (struct pipeline_disk){.kind = PIPELINE_DISK_GONE};
    look(10, 0, 0, SCENE_NOW + 5 * MINUTE);
    cr_expect_eq(runs(), 0);
    cr_expect_eq(news.live, 1);
    disk = (struct pipeline_disk){.kind = PIPELINE_DISK_SAME};
    look(10, 0, 0, SCENE_NOW + 6 * MINUTE);
    cr_expect_eq(runs(), 1);
}

Test(arms, are_void_when_their_time_is_over)
{
    arm_second(scene.pipeline->hash);
    look(10, 0, 0, SCENE_NOW + 8 * HOUR);
    expect(STATE_ARM_EXPIRED, "time is over");
}

Test(arms, disarm_and_hold_the_gate_when_a_claim_stands_in_the_way)
{
    arm_second(scene.pipeline->hash);
    look(10, 0, 0, SCENE_NOW + 1 * MINUTE);
    look(10, 0, 0, SCENE_NOW + 2 * MINUTE);
    /* A run of the scene claims the resource that it is called after. */
    scene_launch(&scene, "nba-props-platform.nba_precompute.team_defense_zone_analysis", "",
                 "zones", SCENE_NOW + 2 * MINUTE);
    boot_ns += 60 * INT64_C(1000000000);
    look(10, 0, 0, SCENE_NOW + 3 * MINUTE);
    cr_expect_eq(runs(), 1, "only the one that was there");
    expect(STATE_ARM_DISARMED, "is claimed by run");
    size_t count;
    struct state_mark *marks = state_marks(scene.state, 0, &count, &scene.error);
    cr_assert(marks != NULL && count == 1);
    cr_expect(marks[0].hold);
    cr_expect_str_eq(marks[0].gate, "ready");
    state_marks_free(marks, count);
}

Test(arms, end_without_a_launch_when_nothing_is_left_to_do)
{
    arm_second(scene.pipeline->hash);
    look(10, 10, 0, SCENE_NOW + 1 * MINUTE);
    look(10, 10, 0, SCENE_NOW + 2 * MINUTE);
    boot_ns += 60 * INT64_C(1000000000);
    look(10, 10, 0, SCENE_NOW + 3 * MINUTE);
    cr_expect_eq(runs(), 0);
    expect(STATE_ARM_DISARMED, "no date of it is missing");
}

Test(arms, wait_while_the_group_runs)
{
    arm_second(scene.pipeline->hash);
    scene_launch(&scene, "r-first", "second", "zones", SCENE_NOW);
    scene_start(&scene, "r-first", SCENE_NOW);
    look(10, 5, 0, SCENE_NOW + 1 * MINUTE);
    look(10, 5, 0, SCENE_NOW + 2 * MINUTE);
    struct state_arm *a = only();
    cr_expect_eq(a->streak, 0);
    cr_expect_eq(a->state, STATE_ARM_ARMED);
    state_arms_free(a, 1);
}

Test(arms, stay_as_they_are_when_the_agent_overslept_its_lease)
{
    arm_second(scene.pipeline->hash);
    look(10, 0, 0, SCENE_NOW + 1 * MINUTE);
    look(10, 0, 0, SCENE_NOW + 2 * MINUTE);
    boot_ns += 90 * INT64_C(1000000000);
    struct situation *situation =
        situation_load(scene.pipeline, scene.state, SCENE_NOW + 3 * MINUTE, &scene.error);
    cr_assert_not(arms_step(&recorder, &hand_clock, situation, &disk, &news, &scene.error));
    cr_expect_eq(scene.error.code, EXIT_TEMPORARY, "%s", scene.error.text);
    situation_free(situation);
    cr_expect_eq(runs(), 0);
    expect(STATE_ARM_ARMED, NULL);
}

Test(arms, do_nothing_for_an_agent_that_was_replaced)
{
    arm_second(scene.pipeline->hash);
    recorder.actor.term--;
    scene_measure_all(&scene, 10, 0, SCENE_NOW + MINUTE);
    struct situation *situation =
        situation_load(scene.pipeline, scene.state, SCENE_NOW + MINUTE, &scene.error);
    cr_assert_not(arms_step(&recorder, &hand_clock, situation, &disk, &news, &scene.error));
    cr_expect_eq(scene.error.code, EXIT_NO_GO);
    situation_free(situation);
}
