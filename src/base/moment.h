/* How people are told of a moment, in every text, table and page: one clock, the process's zone,
 * which is the pipeline's once it is loaded (clock_setup). JSON and CSV keep UTC
 * (clock_format_utc). */
#ifndef PHASEGATE_BASE_MOMENT_H
#define PHASEGATE_BASE_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#define MOMENT_SIZE 24 /* "2026-01-05 06:42:17" and its end */

/* "06:42" on the day of `now`, "2026-01-05 06:42" on any other; "never" for 0. Returns `out`. */
char *moment_format(int64_t wall_ms, int64_t now, char out[MOMENT_SIZE]);

/* "2026-01-05 06:42", whatever the day: for sentences that are stored and read later. */
char *moment_format_dated(int64_t wall_ms, char out[MOMENT_SIZE]);

/* "2026-01-05 06:42:17": for lists, in which it sorts. */
char *moment_format_full(int64_t wall_ms, char out[MOMENT_SIZE]);

/* Reads what is printed: the three above, "01-05 06:42" (the last such before `now`), seconds or
 * none, and RFC 3339. A time without a date is the last one before `now`. False for anything else,
 * and for a time that the clocks left out on that day. */
bool moment_parse(struct text text, int64_t now, int64_t *wall_ms);

#endif
