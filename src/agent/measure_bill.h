/* What a poll's jobs are known by on the bill, and what is said when one would bill too much. */
#ifndef PHASEGATE_AGENT_MEASURE_BILL_H
#define PHASEGATE_AGENT_MEASURE_BILL_H

#include "bigquery/bigquery.h"
#include "pipeline/pipeline.h"

enum { MEASURE_LABEL_SIZE = 64 };

/* A name as the value of a label: lower case, "_" for what a label may not hold, cut at 63. */
char *measure_label(const char *name, char label[MEASURE_LABEL_SIZE]);

/* True for a result that is done. Otherwise fills `error`; a query over poll.bytes_per_query is
 * told with what BigQuery requires and what to write into the file. `what` names what was asked:
 * a table, a query's file, a check. */
bool measure_check_result(const struct pipeline *pipeline, const char *what,
                          const struct bigquery_result *result, struct error *error);

#endif
