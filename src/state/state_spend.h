/* What polling cost: bytes and dollars of each night, per table; and what it would cost. */
#ifndef PHASEGATE_STATE_STATE_SPEND_H
#define PHASEGATE_STATE_STATE_SPEND_H

#include "base/day.h"
#include "state/state.h"

/* Sums of one night, of one key (a table, a source of expected dates, a check) or of all. */
struct state_spend {
    char *key;
    int64_t queries, cached; /* paid jobs, and those of them that the cache answered */
    int64_t failed;          /* jobs that gave no counts: failed, or given up */
    int64_t free_checks;     /* polls that free metadata answered */
    int64_t bytes_billed, bytes_processed;
    int64_t estimated;       /* queries whose bill is an estimate … */
    int64_t bytes_estimated; /* … and their part of bytes_billed */
    int64_t unknown;         /* queries given up that are perhaps billed: in no sum of bytes */
    double dollars;          /* of bytes_billed, at the price of then */
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

/* What one query of a target would bill. */
struct state_estimate {
    char *key;                             /* as in struct state_spend */
    int64_t at;                            /* wall ms of the dry run */
    int64_t bytes_processed, bytes_billed; /* -1 when it failed */
    char *error;                           /* why; NULL when it did not */
};

/* Replaces the target's estimate; EXIT_NO_GO with a stale term. */
bool state_estimate_put(struct state *state, int64_t term, const struct state_estimate *estimate,
                        struct error *error);

/* All of them, by key. NULL on error; free with state_estimates_free. */
struct state_estimate *state_estimates(struct state *state, size_t *count, struct error *error);
void state_estimates_free(struct state_estimate *estimates, size_t count);

#endif
