/* Private to src/runs: the witness, a process between the shim and the command.
 *
 * It is the command's parent and does nothing but wait: when the shim is killed, the wait status is
 * still seen and written to wait.json; when the witness is killed, the command falls to the shim,
 * which is its subreaper. Only both at once lose a status. One witness a step. */
#ifndef PHASEGATE_RUNS_WITNESS_H
#define PHASEGATE_RUNS_WITNESS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "runs/cgroup.h"
#include "runs/runs_shim.h"

/* The descriptor at which the command holds child.lock. High, so that scripts that open their own
 * do not close it by chance. */
enum { WITNESS_CHILD_LOCK = 200 };

enum witness_word {
    WITNESS_FORKED,      /* value: pid of the command, which waits at the gate */
    WITNESS_STARTED,     /* the command runs */
    WITNESS_NOT_STARTED, /* value: errno; 0 when it was never let go */
    WITNESS_EXITED,      /* value: wait status; the command is a zombie until released */
};

struct witness_report {
    enum witness_word word;
    int value;
};

/* What it needs of the shim. */
struct witness_job {
    const char *run, *run_directory, *directory;
    char *const *argv;
    char *const *environment; /* NAME=VALUE to add */
    size_t step;
    const struct cgroup *cgroup; /* the command enters it */
    const sigset_t *mask;        /* the command's */
    const int *leave; /* descriptors of the shim that must not live on in the witness: its lock */
    size_t leave_count;
    const struct runs_title *title;
};

/* The shim's end. */
struct witness {
    pid_t pid;
    int report;  /* witness_report structures come from here; its end is the witness's end */
    int gate;    /* one byte lets the command go; closing it does not */
    int release; /* closing it lets the witness reap the command */
};

/* Forks the witness, which forks the command; it holds witness.lock, the command child.lock. */
bool witness_start(const struct witness_job *job, struct witness *witness, struct error *error);

/* Why a command was not started, by the errno of the attempt and what is to be seen now: a missing
 * directory, program or interpreter is named for what it is. The caller frees it. */
char *witness_refusal(const char *directory, char *const *argv, char *const *environment,
                      int reason);

/* Closes what is open of the shim's end. */
void witness_close(struct witness *witness);

#endif
