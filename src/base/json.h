/* JSON as every verb writes it, and as foreign JSON is read: jansson with one set of flags. */
#ifndef PHASEGATE_BASE_JSON_H
#define PHASEGATE_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "base/text.h"

/* Builds a value as json_pack does ({ } [ ] s s? o O b i I f n), but never fails for what is in it:
 * a string that is no valid UTF-8 has its bytes shown as json_words does, and a NULL is null. */
json_t *json_make(const char *format, ...);

/* A string of foreign bytes: invalid ones are shown as "<9B>", so that no answer loses a member to
 * them. NULL gives null. */
json_t *json_words(const char *string);

/* Writes `value` on one line and a newline; 91.5 stays 91.5. Characters that a terminal would obey
 * or hide are written as \u escapes. False (errno) when the stream does not take it. */
bool json_write(FILE *stream, const json_t *value);

/* The compact text of `value`, written in the same way; the caller frees it. */
char *json_text(const json_t *value);

/* Parses a whole text, at most 64 MiB; the caller owns the reference. `what` names the text in the
 * error (EXIT_DATA, "what:line:column: …"). */
json_t *json_read(struct text text, const char *what, struct error *error);

/* An RFC 3339 string in UTC, or JSON null for 0. */
json_t *json_time(int64_t wall_ms);

/* Tenths of a percent as a number with one decimal, or JSON null for PERCENT_UNKNOWN. */
json_t *json_percent(int tenths);

/* A day as "YYYY-MM-DD", or JSON null for DAY_NONE; a string, or JSON null for NULL. */
json_t *json_day(int32_t day);
json_t *json_string_or_null(const char *string);

/* Members of an object, or the fallback when it is missing or of another type. Strings are
 * borrowed. */
const char *json_get_string(const json_t *object, const char *key, const char *fallback);
int64_t json_get_integer(const json_t *object, const char *key, int64_t fallback);
bool json_get_bool(const json_t *object, const char *key, bool fallback);

#endif
