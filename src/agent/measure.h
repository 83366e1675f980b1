/* Measuring: what one poll asks BigQuery, for every table, source of expected dates and query check
 * of a pipeline, and what it does not pay for.
 *
 * A target is first asked about for free (tables.get). When everything its query reads looks as it
 * did right before the last counts were read (agent/sources.h), these are confirmed and nothing is
 * paid; all the same they are read anew when they are older than poll.recheck, which BigQuery's own
 * cache answers without a bill unless the free signal lied. Otherwise the table has changed, or
 * nothing can vouch for it: a view, an external table, a wildcard, a streaming buffer that holds
 * rows (BigQuery shows their number minutes late, and never caches), a query that reads a clock.
 * Such counts are left alone, growing older in plain sight, until they are as old as poll.changing
 * (less than poll.stale_after, so that they never become stale by it), and are then read anew:
 * a table that is written all night costs a query every few minutes, not every poll. The end of a
 * run, and a person, do not wait for that (MEASURE_PROMPT).
 *
 * Targets are measured at the same time and fail alone. One thread; the agent's BigQuery thread and
 * a verb that polls once use the same code. */
#ifndef PHASEGATE_AGENT_MEASURE_H
#define PHASEGATE_AGENT_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/connection.h"
#include "agent/server_jobs.h"
#include "agent/sources.h"
#include "base/clock.h"
#include "base/error.h"
#include "bigquery/bigquery.h"
#include "coverage/coverage.h"
#include "pipeline/pipeline.h"

enum measure_kind {
    MEASURE_TABLE,    /* index of a table */
    MEASURE_EXPECTED, /* index of a source of expected dates that is a query */
    MEASURE_CHECK,    /* index of a gate, and of a query check in it */
};

struct measure_target {
    enum measure_kind kind;
    size_t index;
    size_t check; /* MEASURE_CHECK only */
};

enum measure_outcome {
    MEASURE_COUNTED,   /* new counts, or a new value */
    MEASURE_CONFIRMED, /* the last counts are still true: nothing was paid */
    MEASURE_LEFT,      /* they may no longer be true, but are not old enough to pay for others */
    MEASURE_FAILED,    /* `error` says why; what was known before stays */
    MEASURE_ESTIMATED, /* what its query would bill: `bill`, unknown with `error` set; for free */
};

/* How much a poll may be put off; what is greater wins. */
enum measure_manner {
    MEASURE_SPARING, /* counts of what changes wait for poll.changing */
    MEASURE_PROMPT,  /* what changed is counted now */
    MEASURE_FORCED,  /* everything is */
};

/* One answer. The receiver takes `counts` over and frees it. */
struct measure_answer {
    struct measure_target target;
    enum measure_outcome outcome;
    int64_t at; /* wall ms: when the answer was asked for, so that its age is never understated */
    struct day_range range;
    struct coverage_count *counts;
    size_t count;
    bool has_value; /* MEASURE_CHECK, confirmed or new: false for NULL */
    double value;
    int64_t again_at; /* MEASURE_LEFT: wall ms; a poll then reads new counts */
    /* MEASURE_COUNTED: what vouches for the counts from now on, "" for nothing; MEASURE_CONFIRMED:
     * what vouched for them. */
    char signal[SOURCES_DIGEST_SIZE];
    char query_hash[SOURCES_DIGEST_SIZE]; /* MEASURE_COUNTED */
    bool queried;              /* a query was asked: `bill` is what is known of its cost */
    struct bigquery_bill bill; /* all 0 when none was */
    int64_t bytes_processed;   /* BIGQUERY_UNKNOWN when that was not told */
    bool cache_hit;
    bool streaming;         /* MEASURE_COUNTED: rows were in a streaming buffer */
    int64_t streaming_rows; /* about how many; BIGQUERY_UNKNOWN */
    struct error error;     /* MEASURE_FAILED, and MEASURE_ESTIMATED without a bill */
    /* MEASURE_FAILED: what BigQuery said last; of BIGQUERY_NO_FAILURE when it is no fault of its.
     */
    struct bigquery_failure failure;
};

/* What BigQuery makes the questions under way wait for. */
struct measure_trouble {
    struct bigquery_failure failure; /* of the oldest of them; BIGQUERY_NO_FAILURE: of none */
    int64_t next_try;                /* of that one: wall ms; 0 while it is being asked again */
    const char **names;              /* of the targets whose last call failed so; the pipeline's */
    size_t count;
};

struct measure;

/* `endpoint` NULL takes BIGQUERY_EMULATOR_HOST, then the pipeline's, then the real service. Without
 * credentials for that every target fails with the sentence that says what to do, and they are
 * looked for again at a later poll. Errors: EXIT_CONFIG. The pipeline must outlive the object. */
struct measure *measure_new(const struct pipeline *pipeline, const char *endpoint,
                            const struct clock *clock, struct error *error);
void measure_free(struct measure *measure);

/* Gives up on an answer after so many real milliseconds, retries included; without it after a poll
 * period (5 s to 10 min). */
void measure_set_deadline(struct measure *measure, int64_t deadline_ms);

/* Every target of the pipeline; the caller frees the array. */
struct measure_target *measure_targets(const struct pipeline *pipeline, size_t *count);

/* Counts that were read before, by this agent or another: a restart does not pay for them again. */
struct measure_memory {
    struct measure_target target;
    const char *query_hash; /* of their answer; NULL: not known */
    const char *signal;     /* NULL or "": nothing vouches for them */
    struct day_range range;
    int64_t counted_at; /* wall ms */
};

/* Rests on them where the query is still the same and nothing was counted since; false where not:
 * then they are paid for. Before the first measure_start. */
bool measure_recall(struct measure *measure, const struct measure_memory *memory);

/* Starts to measure a target over `range`; while it is under way already, the next start is made in
 * the greater manner of the two. `free_only` never asks the paid query (the night's budget is used
 * up): then a change is a failure that says so. */
void measure_start(struct measure *measure, struct measure_target target, struct day_range range,
                   enum measure_manner manner, bool free_only);

/* Starts a dry run of a target's query over `range`, for free, unless one is under way. */
void measure_estimate(struct measure *measure, struct measure_target target,
                      struct day_range range);

/* Asks what the jobs of a run do (server_jobs.h), on the same client. */
void measure_jobs(struct measure *measure, const char *run, int64_t created_after_ms, bool cancel);

/* The next answer to that; false when there is none yet. */
bool measure_jobs_next(struct measure *measure, struct server_jobs_answer *answer);

/* The next answer, waiting at most `timeout_ms` real milliseconds (-1: until one is there or
 * nothing is under way). False as well when there is one about jobs. */
bool measure_next(struct measure *measure, int64_t timeout_ms, struct measure_answer *answer);

/* Answers that have not been handed out, those about jobs as well. */
size_t measure_pending(const struct measure *measure);

/* The name of a target's table, source of expected dates or check. */
const char *measure_name(const struct pipeline *pipeline, struct measure_target target);

/* What is waited for now; free it with measure_trouble_free. */
struct measure_trouble measure_trouble(const struct measure *measure);
void measure_trouble_free(struct measure_trouble *trouble);

/* What may be shown of the credentials; the caller frees it. */
struct connection_facts measure_credentials(const struct measure *measure);

/* Ends a wait in measure_next from another thread. */
void measure_wakeup(struct measure *measure);

#endif
