/* What polling cost: bytes and dollars of each night, per table. */
#ifndef PHASEGATE_STATE_STATE_SPEND_H
#define PHASEGATE_STATE_STATE_SPEND_H

#include "base/day.h"
#include "state/state.h"

/* Sums of one night, of one key (a table, a source of expected dates, a check) or of all. */
struct state_spend {
    char *key;
    int64_t queries, cached; /* paid jobs, and those of them that the cache answered */
    int64_t free_checks;
    int64_t bytes_billed, bytes_processed;
    double dollars;
};

/* Adds to the sums of `night` (the day on which it began); EXIT_NO_GO with a stale term. */
bool state_spend_add(struct state *state, int64_t term, day_number night,
                     const struct state_spend *spend, struct error *error);

/* The night's sums, most bytes first. NULL on error; free with state_spends_free. */
struct state_spend *state_spends(struct state *state, day_number night, size_t *count,
                                 struct error *error);
void state_spends_free(struct state_spend *spends, size_t count);

/* All keys of the night together (`key` NULL, nothing to free). */
bool state_spend_total(struct state *state, day_number night, struct state_spend *total,
                       struct error *error);

#endif
