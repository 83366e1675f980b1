/* Stored coverage: what was last measured of every table and every source of expected dates, and
 * the history of the totals.
 *
 * Counts per day are kept as they are now; a poll that failed never touches them. Totals are
 * samples, append-only: they give rates, history, and any past moment of the night. All writes are
 * the agent's and carry its term (state_lease.h). */
#ifndef PHASEGATE_STATE_STATE_COVERAGE_H
#define PHASEGATE_STATE_STATE_COVERAGE_H

#include "base/day.h"
#include "state/state.h"

enum state_subject {
    STATE_SUBJECT_TABLE,    /* key: the table's name in the pipeline */
    STATE_SUBJECT_EXPECTED, /* key: the name of the source of expected dates */
};

/* One day of a measurement. */
struct state_count {
    day_number day;
    int64_t rows;
    int64_t entities, nulls, fallbacks; /* -1: not asked for */
    int64_t changed_at; /* when these numbers were first seen, to the second; filled by the store */
};

struct state_measurement {
    enum state_subject subject;
    char *key;
    bool measured; /* false: never with success; then range, counts and times mean nothing */
    struct day_range range;
    int64_t measured_at;        /* when the counts were read */
    int64_t confirmed_at;       /* when they were last known to be true */
    struct state_count *counts; /* ascending days, none twice */
    size_t count;
    char *error; /* of the last attempt; NULL when it succeeded */
    int64_t failed_at;
    int64_t bytes_billed, bytes_processed; /* of the query that gave the counts */
    bool cache_hit;
    char *query_hash;       /* of its text; NULL when not known */
    char *signal;           /* what was free to see of its tables right before that query; NULL when
                               nothing vouches for the counts */
    bool streaming;         /* rows were in the table's streaming buffer then */
    int64_t streaming_rows; /* about how many; -1 when that was not told */
    int64_t seen;           /* the newest end of a run (state_run.ended_sequence) that lies before
                               `confirmed_at`; filled by the store. Ends are numbered, so that a clock
                               that is set makes nothing look newer than a write */
};

/* Stores what a paid query returned, in place of what was there; clears the error. `measured`,
 * `error` and `failed_at` are not looked at. Refused (EXIT_NO_GO) with a stale term, and so are the
 * two below. EXIT_SOFTWARE for counts out of order. */
bool state_coverage_store(struct state *state, int64_t term,
                          const struct state_measurement *measurement, struct error *error);

/* The free check saw at `at` what it saw before the stored counts were read, `signal`: they still
 * hold; clears the error. EXIT_UNAVAILABLE when the stored counts are not those of that signal:
 * they must be read anew. */
bool state_coverage_confirm(struct state *state, int64_t term, enum state_subject subject,
                            const char *key, const char *signal, int64_t at, struct error *error);

/* A poll failed: `why` is kept beside the old counts. */
bool state_coverage_fail(struct state *state, int64_t term, enum state_subject subject,
                         const char *key, int64_t at, const char *why, struct error *error);

/* Everything that was ever polled, in no order; free with state_measurements_free. NULL on error.
 */
struct state_measurement *state_coverage_load(struct state *state, size_t *count,
                                              struct error *error);
void state_measurements_free(struct state_measurement *measurements, size_t count);

/* The totals of a table in one season, or in all (season ""), as the agent computed them. Counts
 * are of dates; -1 for what is not known. */
struct state_sample {
    char *table;
    char *season;
    int64_t at;       /* when it was computed */
    int64_t evidence; /* the oldest confirmed_at it rests on; 0 when something was never measured */
    char *status;     /* fresh, stale, unknown */
    int64_t expected, bootstrap, waived, attainable;
    int64_t complete, partial, missing, excess, with_rows;
    int64_t rows;
    char *error; /* why it is not fresh; NULL */
};

/* Appends samples in one transaction. A sample that says the same as the last of its table and
 * season within `at_least_every_ms` is left out. EXIT_NO_GO with a stale term. */
bool state_samples_append(struct state *state, int64_t term, const struct state_sample *samples,
                          size_t count, int64_t at_least_every_ms, struct error *error);

/* Samples with from <= at <= to, oldest first, of one table (NULL: all) and season (NULL: every;
 * "": the sum). NULL on error; free with state_samples_free. */
struct state_sample *state_samples(struct state *state, const char *table, const char *season,
                                   int64_t from, int64_t to, size_t *count, struct error *error);

/* The newest sample of each table and season that is not later than `at`. */
struct state_sample *state_samples_at(struct state *state, int64_t at, size_t *count,
                                      struct error *error);
void state_samples_free(struct state_sample *samples, size_t count);

#endif
