#include "bigquery/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { CHUNK_SIZE = 64 * 1024 - 64, FIRST_CHUNK_SIZE = 1024 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t used;
    size_t size;
    alignas(max_align_t) char data[];
};

static struct arena_chunk *chunk_with_room(struct arena *arena, size_t size, size_t alignment) {
    struct arena_chunk *chunk = arena->chunks;
    if (chunk != NULL) {
        chunk->used = (chunk->used + alignment - 1) / alignment * alignment;
        if (chunk->used <= chunk->size && size <= chunk->size - chunk->used) {
            return chunk;
        }
    }
    size_t room = chunk == NULL ? FIRST_CHUNK_SIZE : CHUNK_SIZE;
    room = size > room ? size : room;
    struct arena_chunk *fresh = memory_new(1, sizeof *fresh + room);
    fresh->size = room;
    fresh->next = chunk;
    arena->chunks = fresh;
    return fresh;
}

static char *take(struct arena *arena, size_t size, size_t alignment) {
    struct arena_chunk *chunk = chunk_with_room(arena, size, alignment);
    char *data = chunk->data + chunk->used;
    chunk->used += size;
    return data;
}

void *arena_new(struct arena *arena, size_t count, size_t size) {
    if (size != 0 && count > (SIZE_MAX / 2 - CHUNK_SIZE) / size) {
        return memory_new(SIZE_MAX, size); /* ends the process as any allocation too large does */
    }
    return take(arena, count * size, alignof(max_align_t));
}

const char *arena_copy(struct arena *arena, const char *data, size_t size) {
    char *copy = take(arena, size + 1, 1);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    copy[size] = '\0';
    return copy;
}

const char *arena_string(struct arena *arena, const char *string) {
    return string == NULL ? NULL : arena_copy(arena, string, strlen(string));
}

void arena_free(struct arena *arena) {
    struct arena_chunk *chunk = arena->chunks;
    while (chunk != NULL) {
        struct arena_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    arena->chunks = NULL;
}
