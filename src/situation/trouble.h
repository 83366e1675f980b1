/* What keeps BigQuery from answering, while it lasts: what the agent said of it last, or the newest
 * poll that failed.
 *
 * The agent stores the moment of the next try and not the time left, so that screens count down by
 * themselves. What an agent said that is no longer there is never shown: only the holder of the
 * lease is believed. Times are wall milliseconds. */
#ifndef PHASEGATE_SITUATION_TROUBLE_H
#define PHASEGATE_SITUATION_TROUBLE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* What the agent says of BigQuery, in state_told.h. */
#define SITUATION_TOLD_BIGQUERY "bigquery"

enum { SITUATION_TROUBLE_SIZE = 700 };

struct situation_trouble {
    char *reason;   /* BigQuery's word or one of bigquery.h; NULL when only `sentence` is known */
    char *sentence; /* of the newest poll that failed: "zones: …"; NULL when the agent spoke */
    int http_code;  /* 0: no answer came */
    int64_t since;
    int64_t next_try; /* 0 when it is not known */
    char **names;     /* the tables, sources of expected dates and checks that wait for it */
    size_t name_count;
};

void situation_trouble_free(struct situation_trouble *trouble); /* NULL is fine */

/* "403 rateLimitExceeded, retrying in 8 s", "403 quotaExceeded, next try 02:40": for a header;
 * "" for NULL. Returns `out`. */
char *situation_trouble_text(const struct situation_trouble *trouble, int64_t now,
                             char out[SITUATION_TROUBLE_SIZE]);

/* The same with since when, what waits for it, and what a person can do about it, as one sentence
 * or two. */
char *situation_trouble_report(const struct situation_trouble *trouble, int64_t now,
                               char out[SITUATION_TROUBLE_SIZE]);

/* The member "bigquery" of answers in JSON: {"text","reason","code","since","next_try","tables",
 * "advice"}, or null when all is well. A new reference. */
json_t *situation_trouble_json(const struct situation_trouble *trouble, int64_t now);

/* What an agent with this term stores, and what is read of it: NULL when it says that all is well,
 * when another term said it, or when it is not as this function's pair wrote it. The caller owns
 * either. */
char *situation_trouble_told(const struct situation_trouble *trouble, int64_t term);
struct situation_trouble *situation_trouble_read(const char *json, int64_t term);

#endif
