/* What is sent: URLs and JSON bodies. */
#ifndef PHASEGATE_BIGQUERY_BODY_H
#define PHASEGATE_BIGQUERY_BODY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "bigquery/bigquery.h"

/* Appends "/" and the segment, percent-encoded. */
void url_add_segment(struct text_buffer *url, const char *segment);

/* Appends "?name=value" or "&name=value", the value percent-encoded; nothing for NULL. */
void url_add_option(struct text_buffer *url, const char *name, const char *value);
void url_add_number(struct text_buffer *url, const char *name, int64_t value);

/* Labels as an object in which later ones win; NULL with EXIT_USAGE when one breaks BigQuery's
 * rules. */
json_t *body_labels(const json_t *base, const struct bigquery_label *labels, size_t count,
                    struct error *error);

/* What every query of a client is sent with. */
struct body_defaults {
    const char *location; /* or NULL */
    const json_t *labels;
    int64_t maximum_bytes_billed;
    int64_t deadline_ms;
};

enum body_form {
    BODY_QUERY,     /* of jobs.query, without its requestId; of a dry run, too */
    BODY_JOB,       /* of jobs.insert, without its job id */
    BODY_JUDGEMENT, /* of jobs.insert for a dry run */
};

/* NULL with EXIT_USAGE when the query is malformed. */
json_t *body_query(const struct bigquery_query *query, const struct body_defaults *defaults,
                   enum body_form form, struct error *error);

/* The body of tabledata.insertAll. */
json_t *body_insert(const struct bigquery_insert *insert);

#endif
