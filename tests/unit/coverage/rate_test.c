#include <criterion/criterion.h>

#include "tests/support/fixture.h"

enum { HOUR = 3600000 };

Test(rate, needs_two_samples_and_time_between_them)
{
    const struct coverage_sample one[] = {{1000, 5}};
    const struct coverage_sample same[] = {{1000, 5}, {1000, 6}};
    const struct coverage_sample back[] = {{2000, 5}, {1000, 6}};
    cr_assert_not(coverage_rate_of(NULL, 0, 10).known);
    cr_assert_not(coverage_rate_of(one, 1, 10).known);
    cr_assert_not(coverage_rate_of(same, 2, 10).known);
    cr_assert_not(coverage_rate_of(back, 2, 10).known);
    cr_assert_eq(coverage_rate_of(one, 1, 10).left_ms, -1);
}

Test(rate, is_the_slope_from_the_first_sample_to_the_last)
{
    const struct coverage_sample samples[] = {{0, 100}, {HOUR / 2, 160}, {HOUR, 175}};
    struct coverage_rate rate = coverage_rate_of(samples, 3, 150);
    cr_assert(rate.known);
    cr_assert_float_eq(rate.dates_per_hour, 75, 1e-9);
    cr_assert_eq(rate.left_ms, 2 * HOUR);
}

Test(rate, passes_over_a_dip_that_recovered)
{
    const struct coverage_sample samples[] = {{0, 500}, {HOUR / 2, 450}, {HOUR, 520}};
    cr_assert_float_eq(coverage_rate_of(samples, 3, 1).dates_per_hour, 20, 1e-9);
}

Test(rate, begins_anew_after_a_fall_that_did_not_recover)
{
    const struct coverage_sample samples[] = {{0, 848}, {HOUR, 0}, {2 * HOUR, 30}};
    cr_assert_float_eq(coverage_rate_of(samples, 3, 1).dates_per_hour, 30, 1e-9);
}

Test(rate, knows_no_end_when_nothing_moves)
{
    const struct coverage_sample samples[] = {{0, 10}, {HOUR, 10}};
    struct coverage_rate rate = coverage_rate_of(samples, 2, 5);
    cr_assert(rate.known);
    cr_assert_eq(rate.left_ms, -1);
    cr_assert_eq(coverage_rate_of(samples, 2, 0).left_ms, 0);
}

Test(rate, left_is_never_negative_whatever_the_history)
{
    uint64_t seed = 11;
    for (int round = 0; round < 20000; round++) {
        struct coverage_sample samples[8];
        size_t count = fixture_random(&seed) % 9;
        int64_t at = 0;
        for (size_t i = 0; i < count; i++) {
            at += (int64_t)(fixture_random(&seed) % 100000) - 5000;
            samples[i] = (struct coverage_sample){at, fixture_random(&seed) % 1000};
        }
        size_t remaining = fixture_random(&seed) >> (fixture_random(&seed) % 60);
        struct coverage_rate rate = coverage_rate_of(samples, count, remaining);
        cr_assert(rate.left_ms >= -1);
        cr_assert(!rate.known || rate.dates_per_hour >= 0);
        cr_assert(rate.known || rate.left_ms == -1);
    }
}
