/* The query cache: a short array, the latest used entry last. */
#include "emulator/cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { ENTRY_LIMIT = 256 };
#define LIFETIME_MS INT64_C(86400000)

struct entry {
    char *key;
    struct result *result;
    int64_t made_ms;
};

struct cache {
    pthread_mutex_t lock;
    struct entry entries[ENTRY_LIMIT];
    size_t count;
    int64_t bytes;
    int64_t limit;
};

struct cache *cache_new(int64_t bytes) {
    struct cache *cache = memory_new(1, sizeof *cache);
    pthread_mutex_init(&cache->lock, NULL);
    cache->limit = bytes;
    return cache;
}

static int64_t entry_bytes(const struct entry *entry) {
    return result_bytes(entry->result) + (int64_t)strlen(entry->key);
}

static void drop(struct cache *cache, size_t place) {
    struct entry *entry = &cache->entries[place];
    cache->bytes -= entry_bytes(entry);
    free(entry->key);
    result_release(entry->result);
    cache->count--;
    memmove(entry, entry + 1, (cache->count - place) * sizeof *entry);
}

void cache_free(struct cache *cache) {
    if (!cache)
        return;
    while (cache->count > 0)
        drop(cache, cache->count - 1);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

/* The place of a key, or `count`. */
static size_t seek(const struct cache *cache, const char *key) {
    size_t place = 0;
    while (place < cache->count && strcmp(cache->entries[place].key, key) != 0)
        place++;
    return place;
}

struct result *cache_find(struct cache *cache, const char *key, int64_t now_ms) {
    struct result *found = NULL;
    pthread_mutex_lock(&cache->lock);
    size_t place = seek(cache, key);
    if (place < cache->count && now_ms - cache->entries[place].made_ms > LIFETIME_MS) {
        drop(cache, place);
    } else if (place < cache->count) {
        struct entry used = cache->entries[place];
        found = result_keep(used.result);
        memmove(cache->entries + place, cache->entries + place + 1,
                (cache->count - 1 - place) * sizeof used);
        cache->entries[cache->count - 1] = used;
    }
    pthread_mutex_unlock(&cache->lock);
    return found;
}

void cache_put(struct cache *cache, const char *key, struct result *result, int64_t now_ms) {
    struct entry entry = {NULL, result, now_ms};
    if (result_bytes(result) + (int64_t)strlen(key) > cache->limit)
        return;
    pthread_mutex_lock(&cache->lock);
    size_t place = seek(cache, key);
    if (place < cache->count)
        drop(cache, place);
    entry.key = memory_copy_string(key);
    result_keep(result);
    cache->bytes += entry_bytes(&entry);
    while (cache->count > 0 && (cache->count == ENTRY_LIMIT || cache->bytes > cache->limit))
        drop(cache, 0);
    cache->entries[cache->count++] = entry;
    pthread_mutex_unlock(&cache->lock);
}

bool cache_accepts(const char *query) {
    static const char *const moving[] = {
        "CURRENT_DATE", "CURRENT_TIMESTAMP", "CURRENT_DATETIME", "CURRENT_TIME",
        "RAND",         "GENERATE_UUID",     "SESSION_USER",     "INFORMATION_SCHEMA"};
    for (size_t i = 0; i < sizeof moving / sizeof moving[0]; i++)
        if (strcasestr(query, moving[i]))
            return false;
    return true;
}

size_t cache_count(struct cache *cache) {
    pthread_mutex_lock(&cache->lock);
    size_t count = cache->count;
    pthread_mutex_unlock(&cache->lock);
    return count;
}

int64_t cache_bytes(struct cache *cache) {
    pthread_mutex_lock(&cache->lock);
    int64_t bytes = cache->bytes;
    pthread_mutex_unlock(&cache->lock);
    return bytes;
}
