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
