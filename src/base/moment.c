#include "base/moment.h"

#include <string.h>

#include "base/clock.h"
#include "base/print.h"

enum { DAY_SECONDS = 86400, DATE_LENGTH = 10, NO_YEAR_LENGTH = 5 };

static char *format(int64_t wall_ms, bool dated, bool seconds, char out[MOMENT_SIZE]) {
    int second;
    char date[DAY_TEXT_SIZE];
    char clock[16];
    (void)day_format(clock_local_day(wall_ms, &second), date);
    (void)print_into(clock, sizeof clock, "%02d:%02d", second / 3600, second / 60 % 60);
    if (seconds) {
        (void)print_into(clock + 5, sizeof clock - 5, ":%02d", second % 60);
    }
    (void)print_into(out, MOMENT_SIZE, "%s%s%s", dated ? date : "", dated ? " " : "", clock);
    return out;
}

char *moment_format(int64_t wall_ms, int64_t now, char out[MOMENT_SIZE]) {
    if (wall_ms == 0) {
        (void)print_into(out, MOMENT_SIZE, "never");
        return out;
    }
    return format(wall_ms, clock_local_day(wall_ms, NULL) != clock_local_day(now, NULL), false,
                  out);
}

char *moment_format_dated(int64_t wall_ms, char out[MOMENT_SIZE]) {
    return format(wall_ms, true, false, out);
}

char *moment_format_full(int64_t wall_ms, char out[MOMENT_SIZE]) {
    return format(wall_ms, true, true, out);
}

/* Digits up to a colon or the end, below `limit`. */
static bool take_number(struct text *typed, int64_t limit, int64_t *number) {
    struct text part = text_cut(typed, ':');
    return part.size >= 1 && part.size <= 2 && text_to_int64(part, number) && *number >= 0 &&
           *number < limit;
}

/* Seconds since midnight of "6:42" and "06:42:17". */
static bool parse_clock(struct text typed, int64_t *wanted) {
    int64_t hour;
    int64_t minute;
    int64_t second = 0;
    bool good = memchr(typed.data, ':', typed.size) != NULL && take_number(&typed, 24, &hour) &&
                take_number(&typed, 60, &minute) &&
                (typed.size == 0 || take_number(&typed, 60, &second)) && typed.size == 0;
    if (good) {
        *wanted = (hour * 60 + minute) * 60 + second;
    }
    return good;
}

/* The moment at which the zone's clock shows `wanted` on `day`. */
static bool find(day_number day, int64_t wanted, int64_t *wall_ms) {
    int64_t guess = ((int64_t)day * DAY_SECONDS + wanted) * 1000;
    /* The zone's offset at the guess, and once more where the clocks change in between. */
    for (int i = 0; i < 3; i++) {
        int of_day;
        day_number is = clock_local_day(guess, &of_day);
        int64_t off = ((int64_t)day - is) * DAY_SECONDS + wanted - of_day;
        if (off == 0) {
            *wall_ms = guess;
            return true;
        }
        guess += off * 1000;
    }
    return false;
}

/* "2026-01-05", or "01-05": the last such day that is not after today. */
static bool parse_date(struct text typed, day_number today, day_number *day) {
    if (typed.size == DATE_LENGTH) {
        return day_parse(typed, day);
    }
    int year;
    int month;
    int of_month;
    char text[DAY_TEXT_SIZE];
    day_to_civil(today, &year, &month, &of_month);
    for (int back = 0; typed.size == NO_YEAR_LENGTH && back <= 8; back++) {
        (void)print_into(text, sizeof text, "%04d-%.*s", year - back, (int)typed.size, typed.data);
        if (day_parse(text_of(text), day) && *day <= today) {
            return true;
        }
    }
    return false;
}

bool moment_parse(struct text text, int64_t now, int64_t *wall_ms) {
    int64_t wanted;
    day_number today = clock_local_day(now, NULL);
    if (clock_parse_utc(text, wall_ms)) {
        return true;
    }
    struct text clock = text;
    struct text date = text_cut(&clock, ' ');
    if (clock.size > 0) {
        day_number day;
        return parse_date(date, today, &day) && parse_clock(clock, &wanted) &&
               find(day, wanted, wall_ms);
    }
    if (!parse_clock(text, &wanted)) {
        return false;
    }
    return (find(today, wanted, wall_ms) && *wall_ms <= now) || find(today - 1, wanted, wall_ms);
}
