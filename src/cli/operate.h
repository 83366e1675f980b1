/* What a person does to a pipeline, from the command line or from the console: launch, stop, judge,
 * waive. */
#ifndef PHASEGATE_CLI_OPERATE_H
#define PHASEGATE_CLI_OPERATE_H

#include "base/text.h"
#include "runs/runs_launch.h"
#include "runs/runs_plan.h"
#include "situation/situation.h"
#include "state/state.h"

/* "user@host"; the caller frees it. */
char *operate_owner(void);

/* What is to be launched. */
struct operate_launch {
    size_t group, processor; /* PIPELINE_NONE: not that */
    struct day_range range;
    bool gaps;                  /* only attainable dates that are not complete */
    const struct dayset *dates; /* only these, of a processor by itself; NULL */
    bool rewrite;               /* complete dates may be written again */
    int workers;
    const char *retry_of;
};

/* The plan of a launch on the situation's evidence. NULL with EXIT_NO_GO when a rule or the gate
 * refuses; a plan that would rewrite complete dates is refused unless `rewrite`. */
struct runs_plan *operate_plan(const struct situation *situation,
                               const struct operate_launch *launch, struct error *error);

/* The whole of it: what would run, exactly, for people to read before they say yes. */
void operate_describe_plan(const struct runs_plan *plan, struct text_buffer *out);

/* Launches a plan; `*report` gets one line a run, and is the caller's to free. False when nothing
 * was started, or when a run of it did not come up. */
bool operate_launch_plan(const struct runs_plan *plan, struct state *state, const char *owner,
                         char **report, struct error *error);

#endif
