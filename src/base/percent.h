/* Percentages as everybody sees them: one decimal, rounded half up, never rounded into a success.
 *
 * A share that is short of 100 % never shows 100.0, and one that is short of the threshold it is
 * judged by never shows the threshold: 94.96 against 95 is 94.9 (DESIGN.md, Command line). Screen,
 * JSON and gates all use this function. */
#ifndef PHASEGATE_BASE_PERCENT_H
#define PHASEGATE_BASE_PERCENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PERCENT_UNKNOWN      (-1) /* nothing to divide by, or not measured */
#define PERCENT_NO_THRESHOLD (-1)
#define PERCENT_TEXT_SIZE    16

/* Tenths of a percent (0 to 1000) of part ÷ total, or PERCENT_UNKNOWN for total 0. part <= total is
 * the caller's to keep; more is shown as 100.0; both up to 10^15. `threshold` is in hundredths of a
 * percent (95 % is 9500). */
int percent_tenths(uint64_t part, uint64_t total, int threshold);

/* Whether part ÷ total reaches the threshold (hundredths of a percent), exactly; false for total 0.
 */
bool percent_reaches(uint64_t part, uint64_t total, int threshold);

/* The same where less is better: a share over `limit` (hundredths of a percent) never shows as
 * within it, nor the other way round: 5.04 against 5 is 5.1. percent_within tells which, exactly;
 * false for total 0. */
int percent_tenths_at_most(uint64_t part, uint64_t total, int limit);
bool percent_within(uint64_t part, uint64_t total, int limit);

/* "91.5", or "?" for PERCENT_UNKNOWN; returns `out`. */
char *percent_format(int tenths, char out[PERCENT_TEXT_SIZE]);

#endif
