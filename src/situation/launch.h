/* Launches on what is known: a request and a situation become the exact plan, or the refusal.
 *
 * The console shows it before it asks, the command line prints it, and whoever launches makes it
 * anew from the same evidence: there is one way from "launch this" to commands. */
#ifndef PHASEGATE_SITUATION_LAUNCH_H
#define PHASEGATE_SITUATION_LAUNCH_H

#include "base/text.h"
#include "runs/runs_plan.h"
#include "situation/situation.h"

/* What is to be launched. */
struct situation_launch {
    size_t group, processor; /* PIPELINE_NONE: not that */
    struct day_range range;
    bool gaps;                  /* only attainable dates that are not complete */
    const struct dayset *dates; /* only these, of a processor by itself; NULL */
    bool rewrite;               /* complete dates may be written again */
    int workers;
    const char *retry_of;
    bool review; /* to be read, not to be launched: the gate in front is not asked */
};

/* A launch of a group as JSON, for an arm to keep; the caller frees it. */
char *situation_launch_write(const struct situation_launch *launch);

/* What situation_launch_write wrote, of a group of the pipeline. EXIT_DATA when it is not that. */
bool situation_launch_read(const struct pipeline *pipeline, const char *group, const char *json,
                           struct situation_launch *launch, struct error *error);

/* The plan of a launch on the situation's evidence. NULL with EXIT_NO_GO when a rule or the gate
 * refuses, with EXIT_UNKNOWN when a table that would be filled was not measured (and `dates` does
 * not name its dates); a plan that would rewrite complete dates is refused unless `rewrite`. */
struct runs_plan *situation_plan(const struct situation *situation,
                                 const struct situation_launch *launch, struct error *error);

/* What would run, for people to read before they say yes: exactly, but for the middle of commands
 * longer than `longest` bytes (0: none), which may name a thousand dates. */
void situation_plan_describe(const struct runs_plan *plan, size_t longest, struct text_buffer *out);

/* Of what moment the numbers are that chose its dates: one line for the oldest, and one for each
 * table that a run has written since. */
void situation_plan_evidence(const struct situation *situation, const struct runs_plan *plan,
                             struct text_buffer *out);

#endif
