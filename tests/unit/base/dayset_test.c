#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/day.h"

static uint64_t seed = 42;

static day_number some_day(struct day_range range) {
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return range.from + (day_number)((seed >> 33) % day_range_count(range));
}

/* A set with about a third of its days. */
static struct dayset some_set(struct day_range range) {
    struct dayset set = dayset_new(range);
    for (size_t i = 0; i < day_range_count(range) / 2; i++) {
        dayset_add(&set, some_day(range));
    }
    return set;
}

static bool has_exactly(const struct dayset *set, const char *days) {
    for (day_number day = set->range.from; day <= set->range.to; day++) {
        if (dayset_has(set, day) != (days[day - set->range.from] == '#')) {
            return false;
        }
    }
    return true;
}

Test(dayset, holds_the_days_of_its_range_and_no_other)
{
    struct dayset set = dayset_new((struct day_range){-3, 70});
    dayset_add(&set, -3);
    dayset_add(&set, 70);
    dayset_add(&set, 71);
    dayset_add(&set, -4);
    cr_assert_eq(dayset_count(&set), 2);
    cr_assert(dayset_has(&set, -3));
    cr_assert_not(dayset_has(&set, 71));
    dayset_remove(&set, 70);
    dayset_remove(&set, 700);
    cr_assert_eq(dayset_count(&set), 1);
    dayset_free(&set);
}

Test(dayset, over_nothing_is_empty)
{
    struct dayset nothing = {0};
    struct dayset empty = dayset_new((struct day_range){5, 4});
    dayset_add(&nothing, 0);
    dayset_add(&empty, 5);
    dayset_add_range(&empty, (struct day_range){0, 100});
    cr_assert_eq(dayset_count(&nothing), 0);
    cr_assert_eq(dayset_count(&empty), 0);
    cr_assert_eq(dayset_next(&nothing, 0), DAY_NONE);
    cr_assert_eq(dayset_next(&empty, 0), DAY_NONE);
    size_t count;
    struct day_range *ranges = dayset_ranges(&empty, NULL, &count);
    cr_assert_eq(count, 0);
    free(ranges);
    dayset_free(&empty);
}

Test(dayset, a_range_is_added_day_by_day)
{
    for (day_number from = -2; from < 140; from += 3) {
        for (day_number to = from - 2; to < 140; to += 5) {
            struct dayset set = dayset_new((struct day_range){0, 130});
            struct dayset slow = dayset_new((struct day_range){0, 130});
            dayset_add_range(&set, (struct day_range){from, to});
            for (day_number day = from; day <= to; day++) {
                dayset_add(&slow, day);
            }
            for (day_number day = 0; day <= 130; day++) {
                cr_assert_eq(dayset_has(&set, day), dayset_has(&slow, day));
            }
            dayset_free(&set);
            dayset_free(&slow);
        }
    }
}

Test(dayset, union_intersection_and_difference_are_those_of_each_day)
{
    for (int round = 0; round < 200; round++) {
        struct day_range range = {round - 100, round + (round % 90)};
        struct day_range other =
            round % 2 == 0 ? range : (struct day_range){range.from + 7, range.to + 20};
        struct dayset a = some_set(range);
        struct dayset b = some_set(other);
        struct dayset both = dayset_copy(&a);
        struct dayset either = dayset_copy(&a);
        struct dayset rest = dayset_copy(&a);
        dayset_intersect(&both, &b);
        dayset_unite(&either, &b);
        dayset_subtract(&rest, &b);
        for (day_number day = range.from - 5; day <= range.to + 25; day++) {
            bool in_a = dayset_has(&a, day);
            bool in_b = dayset_has(&b, day);
            cr_assert_eq(dayset_has(&both, day), in_a && in_b);
            cr_assert_eq(dayset_has(&either, day), in_a || (in_b && day_range_has(range, day)));
            cr_assert_eq(dayset_has(&rest, day), in_a && !in_b);
        }
        cr_assert_eq(dayset_count(&both) + dayset_count(&rest), dayset_count(&a));
        dayset_free(&a);
        dayset_free(&b);
        dayset_free(&both);
        dayset_free(&either);
        dayset_free(&rest);
    }
}

Test(dayset, a_set_less_itself_is_empty)
{
    struct dayset set = some_set((struct day_range){0, 500});
    dayset_subtract(&set, &set);
    cr_assert_eq(dayset_count(&set), 0);
    dayset_free(&set);
}

Test(dayset, counting_within_a_range_counts_its_days)
{
    struct dayset set = some_set((struct day_range){10, 300});
    for (day_number from = 0; from < 310; from += 11) {
        size_t count = 0;
        for (day_number to = from; to < 310; to++) {
            count += dayset_has(&set, to);
            cr_assert_eq(dayset_count_within(&set, (struct day_range){from, to}), count);
        }
    }
    cr_assert_eq(dayset_count_within(&set, (struct day_range){5, 4}), 0);
    dayset_free(&set);
}

Test(dayset, next_walks_over_every_day_once)
{
    struct dayset set = some_set((struct day_range){-50, 400});
    size_t count = 0;
    for (day_number day = dayset_next(&set, -1000); day != DAY_NONE;
         day = dayset_next(&set, day + 1)) {
        cr_assert(dayset_has(&set, day));
        count++;
    }
    cr_assert_eq(count, dayset_count(&set));
    dayset_free(&set);
}

static struct dayset set_of(const char *days) {
    struct dayset set = dayset_new((struct day_range){0, (day_number)text_of(days).size - 1});
    for (day_number day = 0; days[day] != '\0'; day++) {
        if (days[day] == '#') {
            dayset_add(&set, day);
        }
    }
    cr_assert(has_exactly(&set, days));
    return set;
}

static void expect_ranges(const char *days, const char *expected, const char *written) {
    struct dayset set = set_of(days);
    struct dayset due = expected == NULL ? (struct dayset){0} : set_of(expected);
    struct text_buffer text = {0};
    size_t count;
    struct day_range *ranges = dayset_ranges(&set, expected == NULL ? NULL : &due, &count);
    for (size_t i = 0; i < count; i++) {
        text_buffer_format(&text, "%d-%d ", ranges[i].from, ranges[i].to);
    }
    text_buffer_add(&text, "");
    cr_assert_str_eq(text.data, written);
    text_buffer_free(&text);
    free(ranges);
    dayset_free(&set);
    dayset_free(&due);
}

Test(dayset, runs_of_days_become_ranges)
{
    expect_ranges("##.#..###", NULL, "0-1 3-3 6-8 ");
    expect_ranges(".........", NULL, "");
}

Test(dayset, a_gap_over_days_on_which_nothing_is_due_stays_one)
{
    expect_ranges("##..##..#", "##..##.##", "0-5 8-8 ");
    expect_ranges("#.#", "#.#", "0-2 ");
    expect_ranges("#.#", "###", "0-0 2-2 ");
}
