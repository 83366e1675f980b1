/* The query cache: results by the exact text that asked for them. The key names the version of
 * every table read, so that a changed table is another key and stale results age out. */
#ifndef PHASEGATE_EMULATOR_CACHE_H
#define PHASEGATE_EMULATOR_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "emulator/result.h"

/* Any thread. */
struct cache;

/* Keeps at most `bytes` of results, the latest used ones, for a day of wall time. */
struct cache *cache_new(int64_t bytes);
void cache_free(struct cache *cache);

/* The result under a key, held for the caller, or NULL. */
struct result *cache_find(struct cache *cache, const char *key, int64_t now_ms);

/* Remembers a result, holding it too; one that is larger than the cache is not kept. */
void cache_put(struct cache *cache, const char *key, struct result *result, int64_t now_ms);

/* Whether the same text may give the same rows later: it reads no clock, chance or user. */
bool cache_accepts(const char *query);

size_t cache_count(struct cache *cache);
int64_t cache_bytes(struct cache *cache);

#endif
