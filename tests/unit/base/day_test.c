#include <criterion/criterion.h>

#include "base/day.h"

Test(day, counts_days_from_the_epoch)
{
    day_number day;
    cr_assert(day_parse(TEXT("1970-01-01"), &day));
    cr_assert_eq(day, 0);
    cr_assert(day_parse(TEXT("2021-10-19"), &day));
    cr_assert_eq(day, 18919);
}

Test(day, every_day_of_four_centuries_round_trips)
{
    day_number first = day_from_civil(1800, 1, 1);
    day_number last = day_from_civil(2200, 12, 31);
    for (day_number day = first; day <= last; day++) {
        char text[DAY_TEXT_SIZE];
        day_number again;
        cr_assert(day_parse(text_of(day_format(day, text)), &again), "%s", text);
        cr_assert_eq(again, day);
    }
}

Test(day, text_that_is_no_day_is_refused)
{
    static const char *const wrong[] = {
        "",           "2026-1-05",  "2026-02-29",  "2026-06-31", "2026-00-10", "2026-13-01",
        "0000-01-01", "2026/01/05", "2026-01-05 ", "20260105",   "2026-01-00", "-026-01-05"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        day_number day;
        cr_assert_not(day_parse(text_of(wrong[i]), &day), "%s", wrong[i]);
    }
    day_number leap;
    cr_assert(day_parse(TEXT("2024-02-29"), &leap));
}

Test(day, weeks_begin_on_monday)
{
    cr_assert_eq(day_of_week(day_from_civil(1970, 1, 1)), 3);
    cr_assert_eq(day_of_week(day_from_civil(2026, 1, 5)), 0);
    cr_assert_eq(day_of_week(day_from_civil(1969, 12, 28)), 6);
    cr_assert_eq(day_of_week(-3), 0);
}

Test(day, ranges_count_and_meet)
{
    struct day_range a = {10, 19};
    struct day_range none = day_range_intersect(a, (struct day_range){20, 30});
    cr_assert_eq(day_range_count(a), 10);
    cr_assert_eq(day_range_count(none), 0);
    cr_assert_eq(day_range_count(day_range_intersect(a, (struct day_range){0, 12})), 3);
    cr_assert(day_range_has(a, 19));
    cr_assert_not(day_range_has(a, 20));
    cr_assert_eq(day_range_count((struct day_range){INT32_MIN, INT32_MAX}), (size_t)1 << 32);
}
