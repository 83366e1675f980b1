#include <criterion/criterion.h>

#include "base/percent.h"

Test(percent, rounds_half_up_to_one_decimal)
{
    cr_assert_eq(percent_tenths(776, 848, PERCENT_NO_THRESHOLD), 915);
    cr_assert_eq(percent_tenths(1, 3, PERCENT_NO_THRESHOLD), 333);
    cr_assert_eq(percent_tenths(2, 3, PERCENT_NO_THRESHOLD), 667);
    cr_assert_eq(percent_tenths(1, 2000, PERCENT_NO_THRESHOLD), 1, "0.05 is 0.1");
    cr_assert_eq(percent_tenths(9, 20000, PERCENT_NO_THRESHOLD), 0);
    cr_assert_eq(percent_tenths(0, 5, PERCENT_NO_THRESHOLD), 0);
}

Test(percent, never_rounds_into_a_success)
{
    cr_assert_eq(percent_tenths(9496, 10000, 9500), 949);
    cr_assert_eq(percent_tenths(9496, 10000, PERCENT_NO_THRESHOLD), 950);
    cr_assert_eq(percent_tenths(9500, 10000, 9500), 950);
    cr_assert_eq(percent_tenths(9997, 10000, PERCENT_NO_THRESHOLD), 999);
    cr_assert_eq(percent_tenths(10000, 10000, 9500), 1000);
}

Test(percent, of_nothing_is_unknown_and_reaches_nothing)
{
    cr_assert_eq(percent_tenths(0, 0, 9500), PERCENT_UNKNOWN);
    cr_assert_eq(percent_tenths_at_most(0, 0, 500), PERCENT_UNKNOWN);
    cr_assert_not(percent_reaches(0, 0, 0));
    cr_assert_not(percent_within(0, 0, 10000));
}

Test(percent, more_than_all_shows_as_all)
{ cr_assert_eq(percent_tenths(215, 213, PERCENT_NO_THRESHOLD), 1000); }

Test(percent, holds_up_to_ten_to_the_fifteen)
{
    const uint64_t huge = UINT64_C(1000000000000000);
    cr_assert_eq(percent_tenths(huge - 1, huge, 10000), 999);
    cr_assert(percent_reaches(huge, huge, 10000));
    cr_assert_not(percent_reaches(huge - 1, huge, 10000));
}

Test(percent, what_is_shown_and_what_is_judged_never_disagree)
{
    for (uint64_t total = 1; total <= 120; total++) {
        for (uint64_t part = 0; part <= total; part++) {
            for (int threshold = 1; threshold <= 10000; threshold += 7) {
                int tenths = percent_tenths(part, total, threshold);
                cr_assert(percent_reaches(part, total, threshold) || tenths * 10 < threshold,
                          "%d of %d against %d shows %d", (int)part, (int)total, threshold, tenths);
                cr_assert(part == total || tenths < 1000);
                int most = percent_tenths_at_most(part, total, threshold);
                cr_assert_eq(percent_within(part, total, threshold), most * 10 <= threshold,
                             "%d of %d within %d shows %d", (int)part, (int)total, threshold, most);
            }
        }
    }
}

Test(percent, more_of_the_same_never_lowers_it)
{
    for (uint64_t total = 1; total <= 300; total++) {
        for (uint64_t part = 1; part <= total; part++) {
            cr_assert_geq(percent_tenths(part, total, 9500), percent_tenths(part - 1, total, 9500));
        }
    }
}

Test(percent, less_is_better_never_shows_within_a_limit_it_is_over)
{
    cr_assert_eq(percent_tenths_at_most(504, 10000, 500), 51);
    cr_assert_eq(percent_tenths_at_most(500, 10000, 500), 50);
    cr_assert_eq(percent_tenths_at_most(1, 1000000, 0), 1);
    cr_assert_eq(percent_tenths_at_most(0, 1000000, 0), 0);
}

Test(percent, is_written_with_one_decimal)
{
    char out[PERCENT_TEXT_SIZE];
    cr_assert_str_eq(percent_format(915, out), "91.5");
    cr_assert_str_eq(percent_format(1000, out), "100.0");
    cr_assert_str_eq(percent_format(5, out), "0.5");
    cr_assert_str_eq(percent_format(PERCENT_UNKNOWN, out), "?");
}
