/* Words for what the client waits for. */
#ifndef PHASEGATE_BIGQUERY_ACTIVITY_H
#define PHASEGATE_BIGQUERY_ACTIVITY_H

#include "bigquery/bigquery.h"

#define ACTIVITY_OUTAGE_SIZE 64

/* "BigQuery has not answered since 02:41", of a failure that an outage made; returns `out`. */
char *activity_outage(const struct bigquery_failure *failure, int64_t now_ms,
                      char out[ACTIVITY_OUTAGE_SIZE]);

#endif
