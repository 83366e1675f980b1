/* Needles: which of many literals occur in a line, at several bytes a step (private to logs).
 *
 * Wu and Manber's search with blocks of two bytes. It is the sieve in front of the regular
 * expressions: a line in which none of their literals occurs never meets one. */
#ifndef PHASEGATE_LOGS_NEEDLES_H
#define PHASEGATE_LOGS_NEEDLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define NEEDLES_MAX     128
#define NEEDLES_HASHES  4096
#define NEEDLE_SIZE_MIN 2
#define NEEDLE_SIZE_MAX 64

struct needle {
    char literal[NEEDLE_SIZE_MAX];
    size_t size; /* NEEDLE_SIZE_MIN to NEEDLE_SIZE_MAX */
    unsigned id;
    int next; /* with the same hash, or -1 */
};

/* Zero-initialise, add, prepare; then any thread may find. */
struct needles {
    struct needle list[NEEDLES_MAX];
    size_t count;
    size_t window; /* bytes of every needle that the tables know: the size of the shortest */
    uint8_t shift[NEEDLES_HASHES];
    int16_t head[NEEDLES_HASHES];
};

/* A set of ids below NEEDLES_MAX. */
struct needle_set {
    uint64_t words[2];
};

/* Of two bytes; below NEEDLES_HASHES. */
static inline size_t needle_hash(const char *at) {
    return (((size_t)(unsigned char)at[0] << 5) ^ (unsigned char)at[1]) & (NEEDLES_HASHES - 1);
}

void needles_add(struct needles *needles, struct text literal, unsigned id);
void needles_prepare(struct needles *needles);

/* Adds to `found` the ids of all needles that occur in `text`. */
void needles_find(const struct needles *needles, struct text text, struct needle_set *found);

/* What a regular expression cannot match without. */
enum needle_place {
    NEEDLE_NOWHERE, /* no literal was found: the expression must be tried on every line */
    NEEDLE_START,   /* the literal stands at the start, or behind spaces at the start */
    NEEDLE_INSIDE,  /* it stands somewhere */
};

/* Reads the literal off a PCRE2 pattern; when in doubt, NEEDLE_NOWHERE. `out` has room for
 * NEEDLE_SIZE_MAX bytes. */
enum needle_place needle_of_regex(const char *regex, char *out, size_t *size);

#endif
