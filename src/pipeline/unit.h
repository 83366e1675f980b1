/* Values of the pipeline file with a unit or a form of their own. Each reader takes the whole text
 * and, when it is wrong, leaves one phrase in `why` that says what would be right. */
#ifndef PHASEGATE_PIPELINE_UNIT_H
#define PHASEGATE_PIPELINE_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/day.h"
#include "pipeline/pipeline.h"

#define UNIT_WHY_SIZE 256

/* "60s", "5m", "6h", "1d": milliseconds, more than 0, at most 1000 days. */
bool unit_duration(const char *text, int64_t *ms, char why[UNIT_WHY_SIZE]);

/* "512B", "64KiB", "10MiB", "1GiB", "2TiB": bytes, more than 0, at most 1024 TiB. */
bool unit_size(const char *text, int64_t *bytes, char why[UNIT_WHY_SIZE]);

/* "95%", "99.5%", "99.95%": hundredths of a percent, 0 to 10000. */
bool unit_percent(const char *text, int *hundredths, char why[UNIT_WHY_SIZE]);

/* "2021-10-19". */
bool unit_day(const char *text, day_number *day, char why[UNIT_WHY_SIZE]);

/* "2021-10-19" or "2022-02-18..2022-02-23", both ends included. */
bool unit_days(const char *text, struct day_range *range, char why[UNIT_WHY_SIZE]);

/* A date, "today" or "yesterday". */
bool unit_bound(const char *text, struct pipeline_bound *bound, char why[UNIT_WHY_SIZE]);

/* "true" or "false". */
bool unit_bool(const char *text, bool *value, char why[UNIT_WHY_SIZE]);

/* A whole number between the two. */
bool unit_integer(const char *text, int64_t least, int64_t most, int64_t *value,
                  char why[UNIT_WHY_SIZE]);

/* A decimal number such as 18, 0.9 or -3, at most 10^15 either way. */
bool unit_number(const char *text, double *value, char why[UNIT_WHY_SIZE]);

#endif
