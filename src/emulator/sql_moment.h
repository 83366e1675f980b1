/* Dates and times of GoogleSQL: reading, writing, arithmetic by parts. A moment is microseconds
 * since 1970-01-01 00:00 UTC whatever its type; a TIME counts from midnight. */
#ifndef PHASEGATE_EMULATOR_SQL_MOMENT_H
#define PHASEGATE_EMULATOR_SQL_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "emulator/catalog.h"

enum { SQL_MOMENT_SIZE = 48 };

enum sql_part {
    PART_MICROSECOND,
    PART_MILLISECOND,
    PART_SECOND,
    PART_MINUTE,
    PART_HOUR,
    PART_DAY,
    PART_WEEK, /* from Sunday; PART_WEEK + 1 from Monday, … */
    PART_WEEK_LAST = PART_WEEK + 6,
    PART_ISOWEEK,
    PART_MONTH,
    PART_QUARTER,
    PART_YEAR,
    PART_ISOYEAR,
    PART_DAYOFWEEK,
    PART_DAYOFYEAR,
    PART_DATE,
    PART_TIME,
    PART_DATETIME,
};

bool sql_part_read(const char *name, enum sql_part *part); /* "DAY", "WEEK(MONDAY)"; any case */

/* Text as a cast of STRING takes it (2026-1-5 is fine); the type is DATE, DATETIME, TIME or
 * TIMESTAMP. */
bool sql_moment_read(enum emulator_type type, struct text text, int64_t *moment);

/* Text as storage holds it; a TIMESTAMP's is the number. */
char *sql_moment_write(enum emulator_type type, int64_t moment, char out[SQL_MOMENT_SIZE]);

/* Both of them: any accepted spelling into storage's. */
bool sql_moment_canonical(enum emulator_type type, struct text text, char out[SQL_MOMENT_SIZE]);

/* Text as CAST AS STRING gives it: "2026-01-05 14:15:00+00". */
char *sql_moment_show(enum emulator_type type, int64_t moment, char out[SQL_MOMENT_SIZE]);

/* Adds, counts from b to a, cuts, takes out. Parts up to a DAY count whole or, with `boundaries`,
 * by the boundaries crossed; longer ones always so. False when the part has no meaning there or the
 * years 1 to 9999 are left. */
bool sql_moment_add(int64_t *moment, int64_t count, enum sql_part part);
bool sql_moment_difference(int64_t a, int64_t b, bool boundaries, enum sql_part part,
                           int64_t *count);
bool sql_moment_truncate(int64_t *moment, enum sql_part part);
bool sql_moment_extract(int64_t moment, enum sql_part part, int64_t *value);

/* The first element of a format string that is not known here when writing or when reading, or
 * NULL. */
const char *sql_moment_format_unknown(const char *format, bool reading);

/* strftime and strptime of GoogleSQL, for the elements that are known here. What is written is a
 * moment as clocks show it that are `offset` seconds east of UTC. */
bool sql_moment_format(int64_t local, int32_t offset, const char *format, struct text_buffer *out);
bool sql_moment_parse(const char *format, const char *text, int64_t *moment);

#endif
