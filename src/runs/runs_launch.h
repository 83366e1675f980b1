/* Launch: claims first, in one transaction, and only then a shim for each run. */
#ifndef PHASEGATE_RUNS_RUNS_LAUNCH_H
#define PHASEGATE_RUNS_RUNS_LAUNCH_H

#include "base/clock.h"
#include "runs/runs_plan.h"

struct runs_launcher {
    struct state_actor actor;
    const char *owner;    /* user@host */
    const char *approval; /* id, or NULL */
    const char *arm;      /* id of the arm that fires, or NULL */
    const struct clock *clock;
    const char *shim; /* path; NULL: runs_shim_path */
};

/* What became of one run of the plan. */
struct runs_started {
    char run[STATE_RUN_SIZE];
    size_t processor;
    bool running;  /* its command runs, or has already ended */
    int64_t pid;   /* of the command; 0 when it does not run */
    char *problem; /* why not, one sentence; NULL */
};

/* The shim's program: PHASEGATE_SHIM, or phasegate-shim beside this program, or in ../libexec; the
 * caller frees it. Errors: EXIT_OS. */
char *runs_shim_path(struct error *error);

/* Launches a plan. False with EXIT_NO_GO when a claim, the approval or a rule refuses: then nothing
 * was started. True when the claims were taken: `started` (plan->count entries, to be freed with
 * runs_started_free) says of each run whether its command runs. Waits for each shim's word, at most
 * 20 s. */
bool runs_launch(const struct runs_plan *plan, struct state *state,
                 const struct runs_launcher *launcher, struct runs_started **started,
                 struct error *error);
void runs_started_free(struct runs_started *started, size_t count);

#endif
