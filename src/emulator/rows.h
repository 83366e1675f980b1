/* Rows and schemas as REST answers them: {"f":[{"v":…},…]}, every scalar a string. */
#ifndef PHASEGATE_EMULATOR_ROWS_H
#define PHASEGATE_EMULATOR_ROWS_H

#include <jansson.h>

#include "base/text.h"
#include "emulator/catalog.h"
#include "emulator/value.h"

/* How a TIMESTAMP is written: "1.7277840001E9", "1727784000123456", "2024-10-01T12:00:00.123456Z"
 */
enum rows_timestamp { ROWS_TIMESTAMP_FLOAT, ROWS_TIMESTAMP_INT64, ROWS_TIMESTAMP_ISO8601 };

/* Reads "FLOAT64", "INT64", "ISO8601_STRING"; NULL or anything else leaves the float, unless
 * `use_int64` is set. */
enum rows_timestamp rows_timestamp_parse(bool use_int64, const char *format);

/* Writes a JSON string, quotes included; bytes that are not UTF-8 become U+FFFD. */
void rows_put_string(struct text_buffer *buffer, struct text text);

/* Writes one value of `field` as its "v": null, a string, an array of {"v"}, or {"f"}. */
void rows_put_value(struct text_buffer *buffer, const struct emulator_field *field,
                    const struct emulator_value *value, enum rows_timestamp timestamp);

/* Writes {"f":[…]}: one value a field. */
void rows_put_row(struct text_buffer *buffer, const struct emulator_field *fields, size_t count,
                  const struct emulator_value *values, enum rows_timestamp timestamp);

#endif
