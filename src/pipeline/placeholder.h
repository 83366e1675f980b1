/* Placeholders in commands (and, by template.h, in SQL): {name}, letters and underscores in braces.
 * {{name}} stands for the text {name}; any other brace stands for itself. */
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

/* The length of what `text`, which begins with a brace, begins with: {name}, whose name is given,
 * or
 * {{name}}, whose literal is; 0 when it is neither. */
size_t placeholder_size(struct text text, struct placeholder_piece *piece);

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

#endif
