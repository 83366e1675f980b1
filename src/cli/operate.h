/* What a person does to a pipeline, from the command line or from the console: launch, stop, judge,
 * waive. */
#ifndef PHASEGATE_CLI_OPERATE_H
#define PHASEGATE_CLI_OPERATE_H

#include "runs/runs_launch.h"
#include "runs/runs_plan.h"
#include "situation/situation.h"
#include "state/state.h"

/* "user@host"; the caller frees it. */
char *operate_owner(void);

/* Launches a plan; `*report` gets one line a run, and is the caller's to free. False when nothing
 * was started, or when a run of it did not come up. */
bool operate_launch_plan(const struct runs_plan *plan, struct state *state, const char *owner,
                         char **report, struct error *error);

#endif
