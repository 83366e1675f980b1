/* The rows of a finished query, held as SQLite gave them and written out page by page. */
#ifndef PHASEGATE_EMULATOR_RESULT_H
#define PHASEGATE_EMULATOR_RESULT_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "emulator/rows.h"

/* Counted: a job and the query cache may hold the same one. Nothing changes it once it is shared.
 */
struct result;

struct result *result_new(const struct emulator_field *fields, size_t field_count);
struct result *result_keep(struct result *result);
void result_release(struct result *result); /* NULL is fine */

/* Adds the row a statement stands on. */
void result_add(struct result *result, sqlite3_stmt *statement);

size_t result_row_count(const struct result *result);
int64_t result_bytes(const struct result *result); /* of memory */
const struct emulator_field *result_fields(const struct result *result, size_t *count);

/* Writes a JSON array of at most `most` rows from row `first`, and no more than fit in `byte_limit`
 * bytes (but at least one); returns how many. */
size_t result_put_rows(const struct result *result, struct text_buffer *buffer, size_t first,
                       size_t most, size_t byte_limit, enum rows_timestamp timestamp);

#endif
