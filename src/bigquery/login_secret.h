/* Secrets in memory: wiped before they are freed, and kept out of what people read. */
#ifndef PHASEGATE_BIGQUERY_LOGIN_SECRET_H
#define PHASEGATE_BIGQUERY_LOGIN_SECRET_H

#include <jansson.h>
#include <stddef.h>

#include "base/text.h"

/* Wipes and frees; NULL and empty ones are fine. */
void secret_free(char *secret);
void secret_free_buffer(struct text_buffer *buffer);
void secret_free_json(json_t *value); /* every string in it, too; the only reference */

/* Makes room for `size` bytes, so that a buffer leaves no copies behind while it grows. */
void secret_reserve(struct text_buffer *buffer, size_t size);

/* Takes out of a line whatever could be a secret: each of `count` known ones (NULL is fine), and
 * every word that is longer than words of people are. */
void secret_hide(char *line, const char *const *secrets, size_t count);

/* Puts a foreign text with "…" for each word that has the form of a token, a key or a part of one:
 * known beginnings, what follows "Bearer", and long words of mixed letters and digits as no name of
 * a table is, into `out`. */
void secret_mask(struct text text, struct text_buffer *out);

#endif
