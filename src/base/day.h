/* Calendar days as integers (days since 1970-01-01, proleptic Gregorian), ranges of them, and sets
 * of them as bits. */
#ifndef PHASEGATE_BASE_DAY_H
#define PHASEGATE_BASE_DAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

typedef int32_t day_number;

#define DAY_NONE      INT32_MIN
#define DAY_TEXT_SIZE 11 /* "2026-01-05" and its end */

/* First and last day, both included. Empty when from > to. */
struct day_range {
    day_number from;
    day_number to;
};

/* year 1 to 9999; month and day are not checked: use day_parse for foreign text. */
day_number day_from_civil(int year, int month, int day);
void day_to_civil(day_number day, int *year, int *month, int *day_of_month);

/* Reads exactly YYYY-MM-DD; false for anything else, a 31st of June included. */
bool day_parse(struct text text, day_number *day);

/* Writes YYYY-MM-DD and returns `out`. */
char *day_format(day_number day, char out[DAY_TEXT_SIZE]);

/* 0 is Monday, 6 is Sunday. */
int day_of_week(day_number day);

static inline size_t day_range_count(struct day_range range) {
    return range.from > range.to ? 0 : (size_t)((int64_t)range.to - range.from + 1);
}
static inline bool day_range_has(struct day_range range, day_number day) {
    return day >= range.from && day <= range.to;
}
struct day_range day_range_intersect(struct day_range a, struct day_range b);

/* A set of days within a fixed range; zero-initialised it is the empty set over nothing. */
struct dayset {
    struct day_range range;
    uint64_t *words;
};

struct dayset dayset_new(struct day_range range); /* empty; the caller frees it */
struct dayset dayset_copy(const struct dayset *set);
void dayset_free(struct dayset *set);

/* Days outside the set's range are never in it; adding one is ignored. */
void dayset_add(struct dayset *set, day_number day);
void dayset_add_range(struct dayset *set, struct day_range range);
void dayset_remove(struct dayset *set, day_number day);
bool dayset_has(const struct dayset *set, day_number day);
size_t dayset_count(const struct dayset *set);
size_t dayset_count_within(const struct dayset *set, struct day_range range);

/* a = a ∪ b, a ∩ b, a ∖ b; the ranges may differ, a keeps its own. */
void dayset_unite(struct dayset *a, const struct dayset *b);
void dayset_intersect(struct dayset *a, const struct dayset *b);
void dayset_subtract(struct dayset *a, const struct dayset *b);

/* The first day of the set that is >= `from`, or DAY_NONE. */
day_number dayset_next(const struct dayset *set, day_number from);

/* Groups the set into runs of days, in order, into a new array that the caller frees; `*count` is
 * their number. Two days belong to one run when every day between them is missing from `expected`
 * (NULL: when they are neighbours), so that a gap over days on which nothing is due stays one gap.
 */
struct day_range *dayset_ranges(const struct dayset *set, const struct dayset *expected,
                                size_t *count);

#endif
