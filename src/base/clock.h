/* Clocks: wall time for people, boot time for leases and timeouts. A seam: tests and the demo bring
 * their own.
 *
 * Wall time is milliseconds since 1970-01-01 UTC. The demo and the tests may shift and scale it for
 * a whole family of processes through the environment variable PHASEGATE_CLOCK,
 * "2026-01-05T14:15:00Z@REAL_MS*SCALE": wall time stood at the first value when the real clock said
 * REAL_MS, and runs SCALE times as fast. "…@REAL_MS*0" is a clock that stands. Boot time is
 * CLOCK_BOOTTIME: it advances through suspend and knows no steps (operations.md B.4); it is never
 * scaled. */
#ifndef PHASEGATE_BASE_CLOCK_H
#define PHASEGATE_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/day.h"
#include "base/error.h"

#define CLOCK_UTC_SIZE     21 /* "2026-01-05T14:15:00Z" and its end */
#define CLOCK_BOOT_ID_SIZE 37
#define CLOCK_SPAN_SIZE    16

struct clock {
    int64_t (*wall_ms)(void *context);
    int64_t (*boot_ns)(void *context);
    void *context;
};

/* Reads PHASEGATE_CLOCK and, unless it is NULL, sets the process's time zone to `timezone` (an IANA
 * name). Called once, before any thread starts. Errors: a malformed variable or an unknown zone
 * (EXIT_CONFIG). */
bool clock_setup(const char *timezone, struct error *error);

/* The name of the zone that times are told in: what clock_setup was given, the process's TZ before
 * it, or "the machine's time zone". */
const char *clock_zone(void);

/* What the zone is called at that moment, where there is little room: "PST", "+0530". */
#define CLOCK_ABBREVIATION_SIZE 8
char *clock_abbreviation(int64_t wall_ms, char out[CLOCK_ABBREVIATION_SIZE]);

/* The system's clocks as PHASEGATE_CLOCK shifts them. Any thread, after clock_setup. */
const struct clock *clock_system(void);

static inline int64_t clock_wall_ms(const struct clock *clock) {
    return clock->wall_ms(clock->context);
}
static inline int64_t clock_boot_ns(const struct clock *clock) {
    return clock->boot_ns(clock->context);
}

/* How many times faster than the real one the wall clock runs: 1 but in demos and tests; 0 when it
 * stands. */
double clock_scale(void);

/* The real milliseconds that pass while the wall clock advances by `wall_ms`; at least 1. */
int64_t clock_real_ms(int64_t wall_ms);

/* RFC 3339 in UTC, to the second; returns `out`. */
char *clock_format_utc(int64_t wall_ms, char out[CLOCK_UTC_SIZE]);

/* Reads RFC 3339 with Z or an offset; fractions of a second are read to the millisecond. */
bool clock_parse_utc(struct text text, int64_t *wall_ms);

/* The calendar day and the seconds since its midnight in the process's time zone. */
day_number clock_local_day(int64_t wall_ms, int *second_of_day);

/* "14 s", "3 min", "2 h 05", "4 d": an age or a time left as the screens show it; negative spans
 * count as 0. */
char *clock_format_span(int64_t ms, char out[CLOCK_SPAN_SIZE]);

/* The kernel's boot id, or "unknown" when /proc is not there. */
char *clock_boot_id(char out[CLOCK_BOOT_ID_SIZE]);

#endif
