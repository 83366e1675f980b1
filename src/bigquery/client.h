/* Inside the client: its requests, each of which goes from step to step, one HTTP call at a time.
 *
 *   QUERY → (POLL …) → (PAGE …) → (BILL) → done        TABLE, CANCEL, INSERT, DRY_… → done
 *   QUERY whose answer was lost → FIND → POLL or QUERY again
 *   START → POLL … as above
 *   a poll or page that failed → CHECK → where it was, or QUERY again    JOBS → (JOBS …) → done */
#ifndef PHASEGATE_BIGQUERY_CLIENT_H
#define PHASEGATE_BIGQUERY_CLIENT_H

#include <stdatomic.h>

#include "bigquery/answer.h"
#include "bigquery/bigquery.h"
#include "bigquery/body.h"
#include "bigquery/gate.h"
#include "bigquery/random.h"
#include "bigquery/transport.h"
#include "bigquery/verdict.h"

enum step {
    STEP_QUERY,   /* jobs.query */
    STEP_POLL,    /* jobs.getQueryResults until the job is complete */
    STEP_PAGE,    /* jobs.getQueryResults of a further page */
    STEP_CHECK,   /* jobs.get: is the job dead, or was it only the call? */
    STEP_BILL,    /* jobs.get: what was billed? */
    STEP_FIND,    /* jobs.list: did a try of STEP_QUERY start a job though its answer was lost? */
    STEP_START,   /* jobs.insert under an id of ours; when it is taken, an earlier try started it */
    STEP_DRY_RUN, /* jobs.insert */
    STEP_DRY_QUERY, /* jobs.query, for a client that only reads */
    STEP_TABLE,
    STEP_CANCEL,
    STEP_JOBS,
    STEP_INSERT,
    STEP_DATASET,
    STEP_TABLES,
};

enum place {
    PLACE_READY,   /* to be sent as soon as there is room */
    PLACE_HELD,    /* ready, but the gate is closed until due_ns or so */
    PLACE_ACTIVE,  /* on the wire */
    PLACE_DELAYED, /* until due_ns, because of a failure */
    PLACE_PAUSED,  /* until due_ns, between two polls */
};

struct request {
    struct request *next; /* in order of submission */
    struct request *previous;
    struct bigquery_client *client;
    bigquery_request_id id;
    bool silent; /* nobody waits for the result */
    enum step step;
    enum step start;  /* of a query: how it is run, and run again */
    enum step resume; /* where to go on after STEP_CHECK */
    enum place place;

    int64_t submitted_ns;
    int64_t deadline_ns;
    int64_t due_ns;
    int64_t sent_ns;
    int attempts;   /* HTTP calls */
    int waits;      /* failures in a row */
    int few;        /* failures of the kind that only a few tries are spent on */
    int polls;      /* answers in a row that the job still runs */
    bool refreshed; /* credentials were refreshed for it */
    struct bigquery_failure last;

    json_t *body; /* what is sent; NULL: GET */
    char *url;    /* of the steps that have a fixed one */
    int64_t deadline_ms;
    int64_t timeout_ms;
    int64_t page_rows;
    int64_t total_rows;
    size_t row_limit;
    char *page_token;
    bool running_only;
    char *label_key;
    char *label_value;
    char request_id[RANDOM_ID_SIZE]; /* or the job's id */

    struct text_buffer sent_url;
    char *sent_body;
    struct exchange exchange;
    struct answer *answer;
};

struct bigquery_client {
    char *base; /* URL, without a slash at the end */
    char *project;
    char *quota_header; /* or NULL */
    struct body_defaults defaults;
    char *location;                                 /* what defaults.location points to */
    json_t *labels;                                 /* and defaults.labels */
    const struct bigquery_credentials *credentials; /* NULL: anonymous */
    const struct clock *clock;
    int64_t retry_base_ms;
    int64_t retry_cap_ms;
    int64_t try_grace_ms;
    bool read_only;
    size_t active; /* calls under way */
    size_t response_limit;
    double price_per_tib;
    void (*activity)(void *context, const struct bigquery_activity *activity);
    void *activity_context;

    struct transport *transport;
    struct random random;
    struct gate gate;
    struct request *first;
    struct request *last;
    struct answer *finished; /* the oldest first */
    struct answer **finished_end;
    size_t pending;
    bigquery_request_id last_id;
    bool credentials_pending; /* a request could not be sent for want of a token */
    int64_t credentials_ns;   /* when the credentials want to be attended to */
    struct bigquery_totals totals;
    atomic_bool woken;
};

/* client.c */
int64_t client_now(const struct bigquery_client *client); /* ns of the boot clock */

/* A new request at the end of the list, ready for its first step. */
struct request *client_add(struct bigquery_client *client, enum bigquery_kind kind, enum step step,
                           int64_t deadline_ms, void *user);

/* Ends a request and frees it; its result is queued unless it is silent. */
void client_end(struct request *request, enum bigquery_status status);

/* submit.c: asks the server to stop a request's job; nobody waits for the answer. */
void submit_silent_cancel(struct bigquery_client *client, const struct bigquery_job *job);

/* steps.c */
enum outcome {
    OUTCOME_NEXT, /* `step` and `place` say how to go on */
    OUTCOME_DONE,
    OUTCOME_FAILED, /* the verdict says why */
};

/* Fills the exchange's URL and body for the request's step. */
void step_prepare(struct request *request);
enum outcome step_accept(struct request *request, const json_t *body, struct verdict *verdict);
enum bigquery_phase step_phase(const struct request *request);

enum gate_method step_method(const struct request *request);

/* The job that a request was to start exists: an earlier try got through. */
void step_found_job(struct request *request);

/* Whether a job of the request may still be running on the server. */
bool step_job_runs(const struct request *request);

/* retry.c: goes on after a failed call: another try after a wait, or the end. The request may be
 * gone afterwards. */
void retry_or_end(struct request *request, const struct verdict *verdict);

/* retry.c: ends a request whose time is used up. */
void retry_expire(struct request *request);

/* retry.c: ends a request that failed for good. */
void retry_fail(struct request *request, const struct bigquery_failure *failure);

/* pass.c: whether a request that is ready may be sent now; otherwise it is held, or has ended and
 * is gone. */
bool pass_request(struct request *request, int64_t now);

/* pass.c: tells the gate what the call of a request told; verdict NULL is an answer that is no
 * error. */
void pass_heard(struct request *request, const struct verdict *verdict);

/* pass.c: tells the gate that a call under way is given up. */
void pass_gave_up(struct request *request);

/* activity.c: tells whoever listens that a request waits. */
void activity_tell(const struct request *request);

struct bigquery_activity activity_of(const struct request *request);
void activity_count(struct request *request, enum bigquery_status status);

#endif
