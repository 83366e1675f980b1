/* Whether coverage is still arriving: rows in a streaming buffer, or counts that rose at the last
 * reading. Until that is over a bad verdict would be a guess (nba.md C, incident 10). */
#ifndef PHASEGATE_AGENT_RUN_WAIT_H
#define PHASEGATE_AGENT_RUN_WAIT_H

#include "state/state_coverage.h"
#include "state/state_runs.h"

/* A bad verdict waits for so long after the end of its run: BigQuery empties a streaming buffer
 * within 90 minutes. */
#define RUN_WAIT_MS (INT64_C(90) * 60 * 1000)

/* What is still arriving of an ended run's dates: "streaming buffer of zones", "rows of zones are
 * still arriving"; NULL when nothing is. The caller frees it. */
char *run_wait_reason(const struct state_run *run, const struct state_measurement *measurements,
                      size_t count);

#endif
