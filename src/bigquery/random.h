/* Random numbers for jitter and request ids; a seed makes them repeatable. Not for secrets. */
#ifndef PHASEGATE_BIGQUERY_RANDOM_H
#define PHASEGATE_BIGQUERY_RANDOM_H

#include <stdint.h>

#define RANDOM_ID_SIZE 37

struct random {
    uint64_t state[4];
};

/* seed 0 draws one from the kernel. */
void random_seed(struct random *random, uint64_t seed);

/* 0 to `most`, both included, evenly. */
int64_t random_upto(struct random *random, int64_t most);

/* A UUID, version 4; returns `out`. */
char *random_id(struct random *random, char out[RANDOM_ID_SIZE]);

#endif
