/* Dates and times as BigQuery writes and reads them. All times are UTC. */
#ifndef PHASEGATE_EMULATOR_MOMENT_H
#define PHASEGATE_EMULATOR_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum { MOMENT_SIZE = 64 };

/* "2024-10-01", "2024-10-01 12:00:00[.fraction][Z| UTC|+02:00]" with a space or a T, as
 * microseconds since 1970; digits past the sixth of the fraction are dropped. */
bool moment_parse_timestamp(struct text text, int64_t *micros);

/* The canonical storage forms: YYYY-MM-DD, HH:MM:SS[.ffffff], YYYY-MM-DDTHH:MM:SS[.ffffff]. False
 * for text that is no such thing. */
bool moment_normalise_date(struct text text, char out[MOMENT_SIZE]);
bool moment_normalise_time(struct text text, char out[MOMENT_SIZE]);
bool moment_normalise_datetime(struct text text, char out[MOMENT_SIZE]);

/* "2024-10-01T12:00:00.123456Z", the fraction only where there is one; returns `out`. */
char *moment_format_iso(int64_t micros, char out[MOMENT_SIZE]);

/* A double as BigQuery writes it: "1.5", "1.727784E9", "NaN", "Infinity"; the shortest text that
 * reads back as the same number; returns `out`. */
char *moment_format_double(double value, char out[MOMENT_SIZE]);

#endif
