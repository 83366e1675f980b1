/* What a failed call means: BigQuery's reason decides first, then the HTTP status, then curl's
 * code. */
#ifndef PHASEGATE_BIGQUERY_VERDICT_H
#define PHASEGATE_BIGQUERY_VERDICT_H

#include <jansson.h>
#include <stdbool.h>

#include "bigquery/bigquery.h"
#include "bigquery/transport.h"

enum verdict_action {
    VERDICT_STOP,    /* another try cannot help now */
    VERDICT_RETRY,   /* the same request, after a wait */
    VERDICT_NEW_JOB, /* the job is dead: the same request with a new id, after a wait */
    VERDICT_REFRESH, /* new credentials, then once more at once */
};

struct verdict {
    struct bigquery_failure failure; /* without `attempts` */
    enum verdict_action action;
    int tries; /* how many retries for this are enough; 0: as many as the deadline allows */
};

/* By a reason of BigQuery's or of ours (bigquery.h, struct bigquery_failure); one that is not known
 * is judged by the HTTP status. The message may be anything. */
struct verdict verdict_of_reason(const char *reason, int http_code, struct text message);

/* The same with a message of our own, printf style. */
struct verdict verdict_format(const char *reason, int http_code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Judges a finished exchange. True when it brought a JSON object that is no error: `*body`, owned
 * by the caller. Otherwise fills `*verdict`. */
bool verdict_of_exchange(const struct exchange *exchange, json_t **body, struct verdict *verdict);

/* Copies a message as one line: control characters, bidirectional controls and bytes that are not
 * UTF-8 become single spaces; what does not fit ends in "…". */
void verdict_sanitise(char *out, size_t size, struct text message);

#endif
