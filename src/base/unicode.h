/* Unicode: what a code point is to a terminal. Widths come from a table of our own (Unicode 15, as
 * glibc has them), so that they do not depend on the process's locale. Any thread. */
#ifndef PHASEGATE_BASE_UNICODE_H
#define PHASEGATE_BASE_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Columns of one code point: 0 (combining), 1 or 2; -1 for one that is not printable. */
int unicode_width(uint32_t code_point);

/* Whether a terminal may be shown it as it is: no control (C0, DEL, C1), nothing that turns the
 * direction of text, joins, hides or takes no room without being a combining mark, no private use,
 * nothing unassigned. */
bool unicode_is_printable(uint32_t code_point);

/* How many bytes at the start of `text` are valid UTF-8; text.size when all are. */
size_t unicode_valid_size(struct text text);

/* Columns of valid UTF-8 text; characters that are not printable count 1. */
size_t unicode_columns(struct text text);

/* The number of bytes of `text` that fit in `columns`; a wide character is not split. `*used`
 * (NULL allowed) is the columns they take. */
size_t unicode_fit(struct text text, size_t columns, size_t *used);

#endif
