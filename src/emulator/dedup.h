/* The insertIds of the last minute: a row that comes again under the same id is not stored again.
 * Best effort, as in BigQuery: a fixed number is remembered. One thread at a time. */
#ifndef PHASEGATE_EMULATOR_DEDUP_H
#define PHASEGATE_EMULATOR_DEDUP_H

#include <stdbool.h>
#include <stdint.h>

struct dedup;

struct dedup *dedup_new(void);
void dedup_free(struct dedup *dedup);

/* A table's path and an insertId as one number. */
uint64_t dedup_key(const char *path, const char *insert_id);

bool dedup_has(const struct dedup *dedup, uint64_t key, int64_t now_ns);
void dedup_add(struct dedup *dedup, uint64_t key, int64_t now_ns);

#endif
