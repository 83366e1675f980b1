/* Retries: the dates of an ended run that are still not complete, to be launched again. */
#ifndef PHASEGATE_SITUATION_RETRY_H
#define PHASEGATE_SITUATION_RETRY_H

#include "runs/runs_plan.h"
#include "situation/situation.h"

/* The plan that launches exactly what a run was launched for and what is not complete in one of the
 * tables it fills. `workers` 0: the processor's own. NULL with EXIT_NO_GO when it has not ended,
 * nothing is left, or a rule refuses; EXIT_UNKNOWN when a table was not measured. */
struct runs_plan *situation_retry(const struct situation *situation, struct state *state,
                                  const char *run, int workers, struct error *error);

#endif
