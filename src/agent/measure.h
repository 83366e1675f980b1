/* Measuring: what one poll asks BigQuery, for every table, source of expected dates and query check
 * of a pipeline.
 *
 * A target is first asked about for free (tables.get); the paid query runs only when that answer
 * changed since the last query, or when the last query is older than poll.recheck
 * (bigquery.md 3.4). Targets are measured at the same time and fail alone. One thread; the agent's
 * BigQuery thread and a verb that polls once use the same code. */
#ifndef PHASEGATE_AGENT_MEASURE_H
#define PHASEGATE_AGENT_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/connection.h"
#include "agent/server_jobs.h"
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
    MEASURE_FAILED,    /* `error` says why; what was known before stays */
    MEASURE_ESTIMATED, /* what its query would bill: `bill`, unknown with `error` set; for free */
};

/* One answer. The receiver takes `counts` over and frees it. */
struct measure_answer {
    struct measure_target target;
    enum measure_outcome outcome;
    int64_t at; /* wall ms: when the answer was asked for, so that its age is never understated */
    struct day_range range;
    struct coverage_count *counts;
    size_t count;
    bool has_value; /* MEASURE_CHECK: false for NULL */
    double value;
    bool queried;              /* a query was asked: `bill` is what is known of its cost */
    struct bigquery_bill bill; /* all 0 when none was */
    int64_t bytes_processed;   /* BIGQUERY_UNKNOWN when that was not told */
    bool cache_hit;
    struct error error; /* MEASURE_FAILED, and MEASURE_ESTIMATED without a bill */
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

/* Starts to measure a target over `range`, unless it is under way. `force` asks the paid query in
 * any case, `free_only` never does (the night's budget is used up): then a change is a failure that
 * says so. */
void measure_start(struct measure *measure, struct measure_target target, struct day_range range,
                   bool force, bool free_only);

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
