/* Private to src/runs: what a shim is told, in the run's spec.json (0600), and where its files are.
 *
 * Of a run directory: spec.json, control (a FIFO to poke the shim), out.log (stdout and stderr of
 * the command), shim.log, shim.lock, witness.lock, child.lock, wait.json (the wait status as the
 * witness saw it), exit.json (how the run ended), cgroup (the path of the
 * command's own cgroup, where it has one), remote.json (what the other host said of the end). */
#ifndef PHASEGATE_RUNS_SPEC_H
#define PHASEGATE_RUNS_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "state/state_lease.h"

#define SPEC_FILE         "spec.json"
#define SPEC_OUT_LOG      "out.log"
#define SPEC_SHIM_LOG     "shim.log"
#define SPEC_CONTROL      "control"
#define SPEC_SHIM_LOCK    "shim.lock"
#define SPEC_WITNESS_LOCK "witness.lock"
#define SPEC_CHILD_LOCK   "child.lock"
#define SPEC_WAIT         "wait.json"
#define SPEC_EXIT         "exit.json"
#define SPEC_CGROUP       "cgroup"
#define SPEC_REMOTE       "remote.json"

/* What a control pipe takes besides a byte that means "look": one of these, who asks for it, a tab,
 * why, and a newline. For when the state file cannot be written. */
#define SPEC_ORDER_STOP 't'
#define SPEC_ORDER_KILL 'k'

struct spec {
    char *run;
    char *group, *processor;      /* what it is a run of, for a stop by hand; NULL: not known */
    char *ssh;                    /* host to run the command on; NULL: here */
    char *state;                  /* directory of the state file */
    char *directory;              /* working directory of the command */
    char ***steps;                /* argvs, each ending with NULL; run one after the other */
    size_t step_count;            /* at least 1 */
    char **environment;           /* NAME=VALUE, added to the launcher's; ends with NULL */
    int64_t grace_ms;             /* between TERM and KILL, wall */
    int64_t timeout_ms;           /* 0: none; wall */
    int64_t linger_ms;            /* how long processes may outlive the command; real */
    int64_t log_limit;            /* bytes of out.log that are an alarm; 0: none */
    struct state_process adopted; /* the process to watch instead of starting one; pid 0: none */
};

bool spec_write(const char *run_directory, const struct spec *spec, struct error *error);

/* Free with spec_free. NULL when the file is missing or malformed, of another run than the
 * directory is named for, or not to be believed (base/trust.h). */
struct spec *spec_read(const char *run_directory, struct error *error);

/* The same, to be carried out: of this very account. */
struct spec *spec_read_own(const char *run_directory, struct error *error);
void spec_free(struct spec *spec);

#endif
