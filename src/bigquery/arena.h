/* Memory that grows and is freed as a whole: what a result's text and columns live in. */
#ifndef PHASEGATE_BIGQUERY_ARENA_H
#define PHASEGATE_BIGQUERY_ARENA_H

#include <stddef.h>

struct arena_chunk;

/* Zero-initialise; pointers into it stay valid until arena_free. */
struct arena {
    struct arena_chunk *chunks; /* the one in use first */
};

/* Zeroed room for `count` objects of `size` bytes, aligned for anything. */
void *arena_new(struct arena *arena, size_t count, size_t size);

/* A terminated copy of `size` bytes. */
const char *arena_copy(struct arena *arena, const char *data, size_t size);

/* A copy of a string; NULL gives NULL. */
const char *arena_string(struct arena *arena, const char *string);

void arena_free(struct arena *arena);

#endif
