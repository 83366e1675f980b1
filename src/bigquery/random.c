#include "bigquery/random.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* splitmix64: spreads one seed over the whole state. */
static uint64_t spread(uint64_t *seed) {
    uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void random_seed(struct random *random, uint64_t seed) {
    if (seed == 0 &&
        getrandom(random->state, sizeof random->state, 0) == (ssize_t)sizeof random->state) {
        return;
    }
    struct timespec now = {0};
    if (seed == 0) { /* a kernel without getrandom */
        (void)clock_gettime(CLOCK_REALTIME, &now);
        seed = (uint64_t)now.tv_sec * UINT64_C(1000000007) + (uint64_t)now.tv_nsec;
    }
    for (int i = 0; i < 4; i++) {
        random->state[i] = spread(&seed);
    }
}

static uint64_t turn(uint64_t x, int bits) {
    return (x << bits) | (x >> (64 - bits));
}

/* xoshiro256** */
static uint64_t next(struct random *random) {
    uint64_t *s = random->state;
    uint64_t value = turn(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = turn(s[3], 45);
    return value;
}

int64_t random_upto(struct random *random, int64_t most) {
    return most <= 0 ? 0 : (int64_t)(next(random) % ((uint64_t)most + 1));
}

char *random_id(struct random *random, char out[RANDOM_ID_SIZE]) {
    uint64_t a = next(random);
    uint64_t b = next(random);
    (void)snprintf(out, RANDOM_ID_SIZE, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
                   (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
                   (unsigned)((b >> 48 & 0x3fff) | 0x8000),
                   (unsigned long long)(b & UINT64_C(0xffffffffffff)));
    return out;
}
