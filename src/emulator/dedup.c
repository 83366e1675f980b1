/* insertIds: a hash table of fixed size in which a newcomer takes the oldest place of its row. */
#include "emulator/dedup.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/memory.h"

enum { ROW_COUNT = 8192, PLACE_COUNT = 8 };
#define LIFETIME_NS INT64_C(60000000000)

struct place {
    uint64_t key;
    int64_t added_ns; /* 0: free */
};

struct dedup {
    struct place rows[ROW_COUNT][PLACE_COUNT];
};

struct dedup *dedup_new(void) {
    return memory_new(1, sizeof(struct dedup));
}

void dedup_free(struct dedup *dedup) {
    free(dedup);
}

static uint64_t mix(uint64_t hash, const char *text) {
    do
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    while (*text++);
    return hash;
}

uint64_t dedup_key(const char *path, const char *insert_id) {
    return mix(mix(UINT64_C(14695981039346656037), path), insert_id);
}

bool dedup_has(const struct dedup *dedup, uint64_t key, int64_t now_ns) {
    const struct place *row = dedup->rows[key % ROW_COUNT];
    for (size_t i = 0; i < PLACE_COUNT; i++)
        if (row[i].added_ns > 0 && row[i].key == key && now_ns - row[i].added_ns < LIFETIME_NS)
            return true;
    return false;
}

void dedup_add(struct dedup *dedup, uint64_t key, int64_t now_ns) {
    struct place *row = dedup->rows[key % ROW_COUNT];
    struct place *oldest = &row[0];
    for (size_t i = 1; i < PLACE_COUNT; i++)
        if (row[i].added_ns < oldest->added_ns)
            oldest = &row[i];
    *oldest = (struct place){key, now_ns};
}
