/* Adopt: a command that already runs, started by hand under nohup, say, becomes a run: it claims
 * its dates, its log is followed, it can be stopped. Only how it ends cannot be known: coverage
 * decides. */
#ifndef PHASEGATE_RUNS_RUNS_ADOPT_H
#define PHASEGATE_RUNS_RUNS_ADOPT_H

#include "runs/runs_launch.h"

/* What is known of a process that is to be adopted. */
struct runs_adoptee {
    struct state_process process;
    char **argv; /* as it was started, readable; ends with NULL */
    char *log;   /* the plain file that its standard output is; NULL: it is none */
};

/* Looks at a living process of this user. EXIT_NO_GO: there is none with that pid, it is another
 * user's, ours, a thread of the kernel, or belongs to a run already. Free with
 * runs_adoptee_clear. */
bool runs_adoptee_look(struct state *state, int64_t pid, struct runs_adoptee *adoptee,
                       struct error *error);
void runs_adoptee_clear(struct runs_adoptee *adoptee);

/* Takes the claims of a plan of one run for that process and starts a shim that watches it. `log`
 * is a file to follow, or NULL. False with EXIT_NO_GO when a claim refuses, EXIT_NO_INPUT for a log
 * that is not a plain file; `started` as of runs_launch, for the one run: free it alike. */
bool runs_adopt(const struct runs_plan *plan, const struct runs_adoptee *adoptee, const char *log,
                struct state *state, const struct runs_launcher *launcher,
                struct runs_started **started, struct error *error);

#endif
