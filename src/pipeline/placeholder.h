/* Placeholders in commands and SQL: {name}, letters and underscores in braces. {{name}} stands for
 * the text {name}; any other brace stands for itself. */
#ifndef PHASEGATE_PIPELINE_PLACEHOLDER_H
#define PHASEGATE_PIPELINE_PLACEHOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* The next piece of a text: what stands before a placeholder, and its name (empty at the end of the
 * text, or where only a literal was found). */
struct placeholder_piece {
    struct text literal;
    struct text name;
};

/* Takes the next piece off `*rest`; false when nothing is left. */
bool placeholder_next(struct text *rest, struct placeholder_piece *piece);

/* Whether the text holds {name}. */
bool placeholder_in(const char *text, const char *name);

/* What a placeholder is replaced with; a `value` of NULL means that there is nothing to put. */
struct placeholder_value {
    const char *name;
    const char *value;
};

/* The first name in the text that is not among the values, or the empty slice. */
struct text placeholder_unknown(const char *text, const struct placeholder_value *values,
                                size_t count);

/* The text with its placeholders replaced; the caller frees it. One that is unknown or has nothing
 * to put is left out. */
char *placeholder_fill(const char *text, const struct placeholder_value *values, size_t count);

/* The same for an SQL template: lines that are comments are left out, and so is a line that asks
 * for something that is not there. White space at the end is cut. */
char *placeholder_fill_sql(const char *text, const struct placeholder_value *values, size_t count);

/* Where in the template the place `line`:`column` (from 1) of placeholder_fill_sql's text comes
 * from, and the name of the placeholder whose value stands there (empty for the template's own
 * words). False when the text has no such place. */
bool placeholder_origin(const char *text, const struct placeholder_value *values, size_t count,
                        size_t line, size_t column, size_t *from_line, size_t *from_column,
                        struct text *name);

#endif
