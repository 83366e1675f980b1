#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "state/state_arms.h"

#define HOUR INT64_C(3600000)

static struct fixture f;
static char approval[24];
static char arm[STATE_RUN_SIZE];
static struct state_actor agent;

static void approve(const char *group, int64_t until, char id[24]) {
    struct state_approval yes = {.plan_hash = (char[]){"abc"},
                                 .group = (char *)group, /* only read */
                                 .decision = STATE_DECIDED_GO,
                                 .at = NOON,
                                 .expires_at = until,
                                 .evidence = (char[]){"{}"}};
    cr_assert(state_approval_put(f.state, &person, &yes, id, &f.error), "%s", f.error.text);
}

static bool put(const char *group, const char *plan) {
    const struct state_arm wish = {.group = (char *)group,
                                   .plan_hash = (char *)plan,
                                   .approval = approval,
                                   .request = (char[]){"{\"gaps\":true}"},
                                   .at = NOON,
                                   .expires_at = NOON + 8 * HOUR};
    return state_arm_put(f.state, &person, &wish, arm, &f.error);
}

static void setup(void) {
    fixture_open(&f);
    agent = (struct state_actor){.name = "agent", .term = fixture_lead(&f)};
    approve("group1", NOON + 16 * HOUR, approval);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(arms, .init = setup, .fini = teardown);

static int64_t boot(void) {
    return clock_boot_ns(clock_system());
}

/* Counts a sample; its countdown, should it begin one, is over at once. */
static void sample(bool go, int64_t evidence_at) {
    cr_assert(state_arm_sample(f.state, &agent, arm, go, evidence_at, evidence_at + 60000, boot(),
                               evidence_at, &f.error),
              "%s", f.error.text);
}

static struct state_arm *only(void) {
    size_t count;
    struct state_arm *arms = state_arms(f.state, false, &count, &f.error);
    cr_assert(arms != NULL && count == 1);
    return arms;
}

static bool fire(const char *launch_id, const char *plan, int64_t term, int64_t at) {
    struct day_range range = {DAY1, DAY1};
    struct dayset dates = dayset_new(range);
    struct state_actor actor = {.name = "agent", .term = term};
    struct state_new_run run = {.run = launch_id,
                                .processor = "p",
                                .range = range,
                                .dates = &dates,
                                .steps = "[[\"x\"]]",
                                .step_count = 1,
                                .command = "x",
                                .directory = "/d"};
    struct state_launch launch = {.launch = launch_id,
                                  .group = "group1",
                                  .plan_hash = plan,
                                  .owner = "o",
                                  .approval = approval,
                                  .arm = arm,
                                  .runs = &run,
                                  .run_count = 1,
                                  .at = at,
                                  .boot_ns = boot()};
    bool done = state_launch(f.state, &actor, &launch, &f.error);
    dayset_free(&dates);
    return done;
}

Test(arms, rest_on_a_live_approval_of_their_plan_and_group)
{
    cr_assert_not(put("group2", "abc"), "the yes is to another group");
    cr_assert_not(put("group1", "other"), "the yes is to another plan");
    cr_assert(f.error.code == EXIT_NO_GO);
    cr_assert(put("group1", "abc"), "%s", f.error.text);
    cr_assert_not(put("group1", "abc"), "it is armed");
    cr_assert(fixture_count(&f, "SELECT count(*) FROM events WHERE kind='arm'") == 1);
    struct state_arm *a = only();
    cr_assert_str_eq(a->request, "{\"gaps\":true}");
    cr_assert(a->state == STATE_ARM_ARMED && a->need == 2 && a->streak == 0 && a->fire_at == 0);
    state_arms_free(a, 1);
}

Test(arms, two_arms_never_rest_on_one_approval)
{
    approve("", NOON + HOUR, approval);
    cr_assert(put("group1", "abc"), "%s", f.error.text);
    cr_assert_not(put("group2", "abc"));
}

Test(arms, count_only_evidence_newer_than_themselves_and_each_once)
{
    cr_assert(put("group1", "abc"));
    sample(true, NOON - 1);
    sample(true, NOON + 1000);
    sample(true, NOON + 1000);
    struct state_arm *a = only();
    cr_assert(a->streak == 1 && a->fire_at == 0);
    state_arms_free(a, 1);
    sample(true, NOON + 2000);
    a = only();
    cr_assert(a->streak == 2 && a->fire_at == NOON + 62000);
    state_arms_free(a, 1);
}

Test(arms, lose_streak_and_countdown_when_the_gate_is_no_longer_go)
{
    cr_assert(put("group1", "abc"));
    sample(true, NOON + 1000);
    sample(true, NOON + 2000);
    sample(false, NOON + 3000);
    struct state_arm *a = only();
    cr_assert(a->streak == 0 && a->fire_at == 0 && a->fire_ns == 0);
    state_arms_free(a, 1);
    cr_assert_not(fire("l-1", "abc", agent.term, NOON + 4000));
}

Test(arms, fire_once_in_the_launch_that_uses_the_approval)
{
    cr_assert(put("group1", "abc"));
    sample(true, NOON + 1000);
    cr_assert_not(fire("l-0", "abc", agent.term, NOON + 2000), "one GO is not enough");
    sample(true, NOON + 2000);
    cr_assert(fire("l-1", "abc", agent.term, NOON + 3000), "%s", f.error.text);
    struct state_arm *a = only();
    cr_assert(a->state == STATE_ARM_FIRED);
    cr_assert_str_eq(a->launch, "l-1");
    state_arms_free(a, 1);
    cr_assert_not(fire("l-2", "abc", agent.term, NOON + 3000));
    cr_assert(fixture_count(&f, "SELECT count(*) FROM runs") == 1);
}

Test(arms, do_not_fire_for_a_stale_term_another_plan_or_after_their_time)
{
    cr_assert(put("group1", "abc"));
    sample(true, NOON + 1000);
    sample(true, NOON + 2000);
    cr_assert_not(fire("l-1", "abc", agent.term - 1, NOON + 3000));
    cr_assert_not(fire("l-2", "new", agent.term, NOON + 3000));
    cr_assert_not(fire("l-3", "abc", agent.term, NOON + 9 * HOUR));
    cr_assert(fixture_count(&f, "SELECT count(*) FROM runs") == 0);
    cr_assert(fixture_count(&f, "SELECT count(*) FROM approvals WHERE consumed_by IS NULL") == 1);
}

Test(arms, do_not_fire_before_the_countdown_is_over)
{
    cr_assert(put("group1", "abc"));
    sample(true, NOON + 1000);
    cr_assert(state_arm_sample(f.state, &agent, arm, true, NOON + 2000, NOON + 62000,
                               boot() + INT64_C(60000000000), NOON + 2000, &f.error));
    cr_assert_not(fire("l-1", "abc", agent.term, NOON + 3000));
    fixture_refuses(&f, "UPDATE arms SET streak=0; UPDATE arms SET state='fired',launch='l'",
                    "countdown");
}

Test(arms, of_another_boot_are_void)
{
    cr_assert(put("group1", "abc"));
    sample(true, NOON + 1000);
    sample(true, NOON + 2000);
    fixture_takes(&f, "DROP TRIGGER arms_fixed; UPDATE arms SET boot_id='another'");
    cr_assert_not(fire("l-1", "abc", agent.term, NOON + 3000));
}

Test(arms, end_once_and_with_a_reason)
{
    bool done;
    cr_assert(put("group1", "abc"));
    cr_assert(state_arm_end(f.state, &person, arm, STATE_ARM_DISARMED, "not tonight", NOON + 1,
                            &done, &f.error));
    cr_assert(done);
    cr_assert(
        state_arm_end(f.state, &person, arm, STATE_ARM_EXPIRED, "late", NOON + 2, &done, &f.error));
    cr_assert_not(done);
    struct state_arm *a = only();
    cr_assert(a->state == STATE_ARM_DISARMED);
    cr_assert_str_eq(a->why, "not tonight");
    state_arms_free(a, 1);
    cr_assert(put("group1", "abc"), "the approval is free for another arm");
}

Test(arms, a_stop_ends_them_all)
{
    size_t asked;
    cr_assert(put("group1", "abc"));
    cr_assert(state_runs_stop(f.state, &person, NULL, 0, NULL, false, NOON + 1, &asked, &f.error));
    struct state_arm *a = only();
    cr_assert(a->state == STATE_ARM_DISARMED && strstr(a->why, "stopped by") != NULL);
    state_arms_free(a, 1);
}
