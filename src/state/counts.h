/* Private to src/state: the counts of a measurement as one compact blob.
 *
 * 1,000 tables of ten years are 3.65 million days: as rows of a table they take seconds to read, as
 * blobs some ten milliseconds. Each day is six variable-length numbers: days since the one before,
 * rows, entities + 1, nulls + 1, fallbacks + 1, and seconds by which changed_at differs from the
 * one before. */
#ifndef PHASEGATE_STATE_COUNTS_H
#define PHASEGATE_STATE_COUNTS_H

#include "base/text.h"
#include "state/state_coverage.h"

/* Appends the counts to `blob`. False when days do not ascend or a number is below -1. */
bool counts_encode(const struct state_count *counts, size_t count, struct text_buffer *blob);

/* Reads a blob back; the caller frees the array. NULL when it is malformed. */
struct state_count *counts_decode(struct text blob, size_t *count);

/* Gives each day of `now` the changed_at of the same day in `before` where its numbers are the
 * same, and `at` where they are not. Both ascend. */
void counts_date(struct state_count *now, size_t now_count, const struct state_count *before,
                 size_t before_count, int64_t at);

#endif
