/* Why a request failed, and whether and when another try makes sense. */
#ifndef PHASEGATE_BIGQUERY_FAILURE_H
#define PHASEGATE_BIGQUERY_FAILURE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    BIGQUERY_REASON_SIZE = 64,
    BIGQUERY_MESSAGE_SIZE = 512,
};

enum bigquery_failure_class {
    BIGQUERY_NO_FAILURE,
    BIGQUERY_THROTTLED, /* rateLimitExceeded and its kin: slower, please */
    BIGQUERY_QUOTA,     /* quotaExceeded: nothing helps for ten minutes or longer */
    BIGQUERY_BACKEND,   /* the service had a fault, or the job died of one */
    BIGQUERY_TRANSPORT, /* no connection, reset, TLS, proxy, or the try's time was up */
    BIGQUERY_PROTOCOL,  /* an answer that is not BigQuery's, is too large, or contradicts itself */
    BIGQUERY_AUTH,      /* 401, or no credentials */
    BIGQUERY_DENIED,    /* accessDenied, billingNotEnabled, blocked */
    BIGQUERY_NOT_FOUND,
    BIGQUERY_BYTES_LIMIT, /* more bytes than maximum_bytes_billed */
    BIGQUERY_QUERY,       /* the SQL, the table or the request is wrong or too heavy */
    BIGQUERY_TIMEOUT,     /* the request's deadline, or the job's own time limit */
    BIGQUERY_CANCELLED,   /* by the caller, or the job was stopped on the server */
};

/* What went wrong last. `reason` is BigQuery's word, or one of ours: "connection", "slow",
 * "certificate", "tooLarge", "rowLimit", "notJson", "malformed", "redirect", "http",
 * "resultChanged", "jobLost", "deadline", "credentials", "token", "cancelled". */
struct bigquery_failure {
    enum bigquery_failure_class class;
    char reason[BIGQUERY_REASON_SIZE];
    int http_code;                       /* 0 when there was no answer */
    char message[BIGQUERY_MESSAGE_SIZE]; /* one line of UTF-8 without control characters */
    bool retriable;          /* the same request may succeed later; false: it needs a person */
    bool deadline_reached;   /* given up because the request's time was used up */
    int attempts;            /* HTTP requests made for this request */
    int64_t retry_after_ms;  /* no sense in asking sooner; 0 when nothing is known */
    int64_t retry_at_ms;     /* the same as wall time */
    int64_t outage_since_ms; /* nothing has worked since then (wall time), and calls are held back
                              * until a probe succeeds; 0: no outage */
};

/* "throttled", "not found": for screens and JSON. */
const char *bigquery_failure_name(enum bigquery_failure_class class);

/* What to show of a failure at wall time `now_ms`: "quotaExceeded, next try 02:40", "BigQuery has
 * not answered since 02:41; next try in 20 s", "403 accessDenied: …"; returns `out`. Times are of
 * the process's time zone. */
char *bigquery_failure_text(const struct bigquery_failure *failure, int64_t now_ms,
                            char out[BIGQUERY_MESSAGE_SIZE]);

#endif
