/* When targets are polled, whatever the clocks do. */
#include "agent/schedule.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/scene.h"

static struct scene scene;
static struct schedule schedule;
static enum measure_manner manner; /* of what was taken last */
static int64_t wall_ms, boot_ns;

static int64_t wall(void *context) {
    (void)context;
    return wall_ms;
}

static int64_t boot(void *context) {
    (void)context;
    return boot_ns;
}

static const struct clock test_clock = {wall, boot, NULL};
static const int64_t second_ns = INT64_C(1000000000);

/* Time passes: both clocks. */
static void pass(int64_t seconds) {
    wall_ms += seconds * 1000;
    boot_ns += seconds * second_ns;
}

static void open_schedule(void) {
    wall_ms = SCENE_NOW;
    boot_ns = 77 * second_ns;
    scene_open(&scene, NULL);
    schedule_open(&schedule, scene.pipeline, &test_clock);
}

static void close_schedule(void) {
    schedule_close(&schedule);
    scene_close(&scene);
}

TestSuite(schedule, .init = open_schedule, .fini = close_schedule);

static size_t take_all(void) {
    size_t place = 0;
    size_t taken = 0;
    while (schedule_take(&schedule, &place, &manner) != NULL) {
        taken++;
    }
    return taken;
}

static int64_t period_s(void) {
    return scene.pipeline->poll.every_ms / 1000;
}

Test(schedule, asks_for_everything_at_the_start_and_again_a_period_later)
{
    cr_assert_geq(schedule.count, 3);
    cr_expect_eq(take_all(), schedule.count);
    cr_expect_eq(take_all(), 0);
    cr_expect_eq(schedule_next_at(&schedule), wall_ms + scene.pipeline->poll.every_ms + 1);
    pass(period_s() - 1);
    cr_expect_eq(take_all(), 0);
    cr_expect_eq(schedule_wait_ms(&schedule), 1001);
    pass(1);
    cr_expect(schedule_due(&schedule));
    cr_expect_eq(take_all(), schedule.count);
}

Test(schedule, hurries_one_table_or_all)
{
    (void)take_all();
    schedule_hurry(&schedule, "zones");
    cr_expect_eq(take_all(), 1);
    cr_expect_eq(manner, MEASURE_PROMPT);
    schedule_hurry(&schedule, "");
    cr_expect_eq(take_all(), schedule.count);
}

Test(schedule, waits_as_long_as_bigquery_wants_but_an_hour_at_most)
{
    struct measure_target target = schedule.targets[0];
    (void)take_all();
    cr_expect_eq(schedule_put_off(&schedule, target, 120000), wall_ms + 120000);
    pass(period_s());
    cr_expect_eq(take_all(), schedule.count - 1);
    pass(60);
    cr_expect_eq(take_all(), schedule.count); /* the others a second time */
    (void)schedule_put_off(&schedule, target, INT64_C(1000) * 3600 * 1000);
    pass(3600);
    cr_expect_eq(take_all(), schedule.count);
}

Test(schedule, brings_forward_what_is_to_be_counted_before_its_period_is_over)
{
    (void)take_all();
    schedule_bring_forward(&schedule, schedule.targets[1], wall_ms + 5000);
    pass(4);
    cr_expect_eq(take_all(), 0);
    pass(1);
    cr_expect_eq(take_all(), 1);
    cr_expect_eq(manner, MEASURE_SPARING);
}

Test(schedule, forgets_a_wait_when_somebody_wants_the_table_now)
{
    struct measure_target target = schedule.targets[0];
    (void)take_all();
    schedule_hurry(&schedule, "");
    (void)schedule_put_off(&schedule, target, 120000);
    cr_expect_eq(take_all(), schedule.count);
}

Test(schedule, polls_at_once_when_the_machine_has_slept)
{
    (void)take_all();
    pass(8 * 3600);
    cr_expect_eq(take_all(), schedule.count);
    cr_expect_eq(take_all(), 0);
}

/* Whatever steps the wall clock makes: every target is asked once a period, never sooner. */
Test(schedule, no_step_of_the_wall_clock_brings_a_poll_forward_or_loses_one)
{
    unsigned seed = 20261121;
    int64_t last = boot_ns;
    cr_assert_eq(take_all(), schedule.count);
    for (int i = 0; i < 20000; i++) {
        seed = seed * 1103515245U + 12345U;
        pass(1 + (int64_t)(seed >> 16) % 3);
        if ((seed >> 8) % 10 == 0) {
            wall_ms += ((int64_t)(seed >> 12) % 7201 - 3600) * 1000;
        }
        size_t taken = take_all();
        int64_t waited = (boot_ns - last) / second_ns;
        if (taken > 0) {
            cr_assert_eq(taken, schedule.count);
            cr_assert_geq(waited, period_s(), "asked after %lld s", (long long)waited);
            last = boot_ns;
        }
        cr_assert_lt(waited, period_s() + 3, "not asked for %lld s", (long long)waited);
        cr_assert_leq(schedule_wait_ms(&schedule), scene.pipeline->poll.every_ms + 1);
    }
}
