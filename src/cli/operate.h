/* What a person does to a pipeline, from the command line or from the console: launch, stop, judge,
 * waive. */
#ifndef PHASEGATE_CLI_OPERATE_H
#define PHASEGATE_CLI_OPERATE_H

#include "runs/runs_launch.h"
#include "runs/runs_plan.h"
#include "situation/launch.h"
#include "situation/situation.h"
#include "state/state.h"
#include "state/state_emergency.h"

/* "user@host"; the caller frees it. */
char *operate_owner(void);

/* Whether the pipeline file is still the one that was loaded, and so what is decided is what was
 * shown. EXIT_NO_GO, with what to do, when it is another, or cannot be read. */
bool operate_same_plan(const struct pipeline *pipeline, struct error *error);

/* Launches a plan of the file as it is; `*report` gets one line a run, and is the caller's to free.
 * False when nothing was started, or when a run of it did not come up. */
bool operate_launch_plan(const struct runs_plan *plan, struct state *state, const char *owner,
                         char **report, struct error *error);

/* What approves or arms a group; zero-initialised strings are NULL. */
struct operate_arm {
    size_t group; /* PIPELINE_NONE for an approval of the plan as a whole */
    struct situation_launch launch;
    int64_t for_ms;     /* how long it holds; 0: OPERATE_APPROVAL_MS, OPERATE_ARM_MS */
    const char *reason; /* NULL */
};
#define OPERATE_APPROVAL_MS (INT64_C(16) * 3600 * 1000) /* one night */
#define OPERATE_ARM_MS      (INT64_C(12) * 3600 * 1000)

/* Records a yes to the pipeline's plan on what the gates say now. `id` is the approval's. */
bool operate_approve(const struct situation *situation, struct state *state, const char *owner,
                     const struct operate_arm *wish, char id[STATE_RUN_SIZE], struct error *error);

/* Arms a group on its live approval; EXIT_NO_GO without one. `id` is the arm's. */
bool operate_arm(const struct situation *situation, struct state *state, const char *owner,
                 const struct operate_arm *wish, char id[STATE_RUN_SIZE], struct error *error);

/* Disarms a group, or with PIPELINE_NONE all of them; `*ended` were armed. When the state cannot be
 * written a marker is left that lets nothing fire (state_emergency.h); `*later`, which the caller
 * frees, then says why it is recorded later, and `*ended` is 0; else it is NULL. */
bool operate_disarm(const struct pipeline *pipeline, struct state *state, const char *owner,
                    size_t group, const char *reason, size_t *ended, char **later,
                    struct error *error);

/* Holds a gate, with a marker in the same way. */
bool operate_hold(struct state *state, const char *owner, const char *gate, const char *reason,
                  char **later, struct error *error);

/* The marker alone, for a state that cannot even be opened; `error` holds why, and keeps it when a
 * marker does not help with that (false). `*later` as above. */
bool operate_mark_unopened(const char *pipeline, enum state_emergency_kind kind,
                           const char *subject, char **later, struct error *error);

#endif
