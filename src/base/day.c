#include "base/day.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Counts days in years that begin in March, so that the leap day is the last of its year. */
day_number day_from_civil(int year, int month, int day) {
    int y = month <= 2 ? year - 1 : year;
    int era = y / 400;
    int year_of_era = y - era * 400;
    int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void day_to_civil(day_number day, int *year, int *month, int *day_of_month) {
    int64_t shifted = (int64_t)day + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int day_of_era = (int)(shifted - era * 146097);
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted_month = (5 * day_of_year + 2) / 153;
    *day_of_month = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    *month = shifted_month + (shifted_month < 10 ? 3 : -9);
    *year = (int)(year_of_era + era * 400) + (*month <= 2 ? 1 : 0);
}

static bool digits(const char *data, int count, int *value) {
    *value = 0;
    for (int i = 0; i < count; i++) {
        if (data[i] < '0' || data[i] > '9') {
            return false;
        }
        *value = *value * 10 + (data[i] - '0');
    }
    return true;
}

bool day_parse(struct text text, day_number *day) {
    int year;
    int month;
    int day_of_month;
    if (text.size != 10 || text.data[4] != '-' || text.data[7] != '-' ||
        !digits(text.data, 4, &year) || !digits(text.data + 5, 2, &month) ||
        !digits(text.data + 8, 2, &day_of_month) || year < 1 || month < 1 || month > 12 ||
        day_of_month < 1 || day_of_month > 31) {
        return false;
    }
    day_number number = day_from_civil(year, month, day_of_month);
    int y;
    int m;
    int d;
    day_to_civil(number, &y, &m, &d);
    if (y != year || m != month || d != day_of_month) {
        return false;
    }
    *day = number;
    return true;
}

char *day_format(day_number day, char out[DAY_TEXT_SIZE]) {
    int year;
    int month;
    int day_of_month;
    day_to_civil(day, &year, &month, &day_of_month);
    char text[40];
    (void)snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day_of_month);
    memcpy(out, text, DAY_TEXT_SIZE - 1);
    out[DAY_TEXT_SIZE - 1] = '\0';
    return out;
}

int day_of_week(day_number day) {
    int rest = (int)(((int64_t)day + 3) % 7);
    return rest < 0 ? rest + 7 : rest;
}

struct day_range day_range_intersect(struct day_range a, struct day_range b) {
    return (struct day_range){a.from > b.from ? a.from : b.from, a.to < b.to ? a.to : b.to};
}

static size_t word_count(struct day_range range) {
    return (day_range_count(range) + 63) / 64;
}

static size_t bit_of(const struct dayset *set, day_number day) {
    return (size_t)((int64_t)day - set->range.from);
}

/* The bits of a word that lie between two bits of the set, both included. */
static uint64_t word_mask(size_t word, size_t first, size_t last) {
    uint64_t mask = UINT64_MAX;
    if (word == first / 64) {
        mask &= UINT64_MAX << (first % 64);
    }
    if (word == last / 64) {
        mask &= UINT64_MAX >> (63 - last % 64);
    }
    return mask;
}

/* Sets over the same days are worked on word by word. */
static bool same_days(const struct dayset *a, const struct dayset *b) {
    return a->words != NULL && b->words != NULL && a->range.from == b->range.from &&
           a->range.to == b->range.to;
}

struct dayset dayset_new(struct day_range range) {
    return (struct dayset){range, memory_new(word_count(range), sizeof(uint64_t))};
}

struct dayset dayset_copy(const struct dayset *set) {
    struct dayset copy = dayset_new(set->range);
    if (set->words != NULL) {
        memcpy(copy.words, set->words, word_count(set->range) * sizeof(uint64_t));
    }
    return copy;
}

void dayset_free(struct dayset *set) {
    free(set->words);
    *set = (struct dayset){0};
}

void dayset_add(struct dayset *set, day_number day) {
    if (set->words != NULL && day_range_has(set->range, day)) {
        size_t bit = bit_of(set, day);
        set->words[bit / 64] |= UINT64_C(1) << (bit % 64);
    }
}

void dayset_add_range(struct dayset *set, struct day_range range) {
    struct day_range part = day_range_intersect(set->range, range);
    if (set->words == NULL || part.from > part.to) {
        return;
    }
    size_t first = bit_of(set, part.from);
    size_t last = bit_of(set, part.to);
    for (size_t word = first / 64; word <= last / 64; word++) {
        set->words[word] |= word_mask(word, first, last);
    }
}

void dayset_remove(struct dayset *set, day_number day) {
    if (set->words != NULL && day_range_has(set->range, day)) {
        size_t bit = bit_of(set, day);
        set->words[bit / 64] &= ~(UINT64_C(1) << (bit % 64));
    }
}

bool dayset_has(const struct dayset *set, day_number day) {
    if (set->words == NULL || !day_range_has(set->range, day)) {
        return false;
    }
    size_t bit = bit_of(set, day);
    return (set->words[bit / 64] >> (bit % 64) & 1) != 0;
}

size_t dayset_count(const struct dayset *set) {
    size_t count = 0;
    size_t words = set->words == NULL ? 0 : word_count(set->range);
    for (size_t i = 0; i < words; i++) {
        count += (size_t)__builtin_popcountll(set->words[i]);
    }
    return count;
}

size_t dayset_count_within(const struct dayset *set, struct day_range range) {
    struct day_range part = day_range_intersect(set->range, range);
    if (set->words == NULL || part.from > part.to) {
        return 0;
    }
    size_t first = bit_of(set, part.from);
    size_t last = bit_of(set, part.to);
    size_t count = 0;
    for (size_t word = first / 64; word <= last / 64; word++) {
        count += (size_t)__builtin_popcountll(set->words[word] & word_mask(word, first, last));
    }
    return count;
}

void dayset_unite(struct dayset *a, const struct dayset *b) {
    if (same_days(a, b)) {
        size_t words = word_count(a->range);
        for (size_t i = 0; i < words; i++) {
            a->words[i] |= b->words[i];
        }
        return;
    }
    for (day_number day = dayset_next(b, b->range.from); day != DAY_NONE;
         day = dayset_next(b, day + 1)) {
        dayset_add(a, day);
    }
}

void dayset_intersect(struct dayset *a, const struct dayset *b) {
    if (same_days(a, b)) {
        size_t words = word_count(a->range);
        for (size_t i = 0; i < words; i++) {
            a->words[i] &= b->words[i];
        }
        return;
    }
    for (day_number day = dayset_next(a, a->range.from); day != DAY_NONE;
         day = dayset_next(a, day + 1)) {
        if (!dayset_has(b, day)) {
            dayset_remove(a, day);
        }
    }
}

void dayset_subtract(struct dayset *a, const struct dayset *b) {
    if (same_days(a, b)) {
        size_t words = word_count(a->range);
        for (size_t i = 0; i < words; i++) {
            a->words[i] &= ~b->words[i];
        }
        return;
    }
    for (day_number day = dayset_next(b, b->range.from); day != DAY_NONE;
         day = dayset_next(b, day + 1)) {
        dayset_remove(a, day);
    }
}

day_number dayset_next(const struct dayset *set, day_number from) {
    day_number start = from < set->range.from ? set->range.from : from;
    if (set->words == NULL || start > set->range.to) {
        return DAY_NONE;
    }
    size_t bit = bit_of(set, start);
    size_t words = word_count(set->range);
    uint64_t bits = set->words[bit / 64] & UINT64_MAX << (bit % 64);
    for (size_t word = bit / 64;;) {
        if (bits != 0) {
            size_t found = word * 64 + (size_t)__builtin_ctzll(bits);
            return (day_number)(set->range.from + (int64_t)found);
        }
        if (++word >= words) {
            return DAY_NONE;
        }
        bits = set->words[word];
    }
}

struct day_range *dayset_ranges(const struct dayset *set, const struct dayset *expected,
                                size_t *count) {
    struct day_range *ranges = NULL;
    size_t capacity = 0;
    *count = 0;
    for (day_number day = dayset_next(set, set->range.from); day != DAY_NONE;
         day = dayset_next(set, day + 1)) {
        bool joined = false;
        if (*count > 0) {
            day_number last = ranges[*count - 1].to;
            day_number due = expected == NULL ? last + 1 : dayset_next(expected, last + 1);
            joined = day == last + 1 || (expected != NULL && (due == DAY_NONE || due >= day));
        }
        if (joined) {
            ranges[*count - 1].to = day;
        } else {
            ranges = memory_grow(ranges, *count, &capacity, sizeof *ranges);
            ranges[(*count)++] = (struct day_range){day, day};
        }
    }
    return ranges != NULL ? ranges : memory_new(1, sizeof *ranges);
}
