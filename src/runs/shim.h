/* Private to src/runs: what the parts of the shim share. */
#ifndef PHASEGATE_RUNS_SHIM_H
#define PHASEGATE_RUNS_SHIM_H

#include <signal.h>

#include "base/clock.h"
#include "runs/cgroup.h"
#include "runs/record.h"
#include "runs/runs_shim.h"
#include "runs/spec.h"
#include "runs/tree.h"
#include "runs/witness.h"
#include "state/state_shim.h"

enum shim_stage {
    SHIM_WORKING, /* nobody wants it to stop */
    SHIM_TERM,    /* TERM was sent; the grace runs */
    SHIM_KILL,    /* KILL is sent until nothing is left */
};

struct shim {
    char *run_directory;
    struct spec *spec;
    struct state *state;
    const struct clock *clock;
    struct runs_title title;
    sigset_t mask; /* as it was inherited: the command's */
    int lock, control, signals, status;

    /* The step that runs. */
    size_t step;
    struct witness witness;
    bool witness_gone;
    pid_t command;     /* 0 before it was forked */
    bool let_go;       /* through the gate */
    bool exited;       /* and not yet reaped, so that its group is its own */
    char *spawn_error; /* NULL */
    bool has_wait_status;
    int wait_status;

    /* The steps before it. */
    int64_t steps_failed;
    int failed_status; /* of the first that failed */

    struct cgroup cgroup;
    bool adopts;      /* the command was started by somebody else */
    struct tree tree; /* then: it and its descendants */
    bool log_told;    /* that the log is over its limit */

    /* The stop. */
    enum shim_stage stage;
    bool stop_asked; /* by somebody, or by the time limit */
    bool stop_hit;   /* TERM was sent while the command still ran */
    bool timed_out;
    bool stop_told;  /* who wants it is in the state file */
    bool stuck_told; /* that KILL does not help */
    bool sweeping;   /* the signals are for what outlived the command */
    char *stop_by, *stop_reason;
    int64_t stragglers;
    int64_t kill_ns, timeout_ns, linger_ns, poll_ns; /* boot time; 0: not set */
};

static inline int64_t shim_now(const struct shim *shim) {
    return clock_boot_ns(shim->clock);
}

/* Tells the launcher, once. */
void shim_tell(struct shim *shim, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes a line into shim.log. */
void shim_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Runs the current step to its end: the command is reaped and nothing of it is left. */
void shim_run_step(struct shim *shim);

/* The stop (shim_stop.c): asks for it (`at_once`: KILL without TERM and grace), and goes on with
 * it; called on every turn. */
void shim_ask_stop(struct shim *shim, const char *by, const char *reason, bool at_once);
void shim_go_on_stopping(struct shim *shim);

/* The whole of a run whose command is adopted: watches it until it and all that is known of its
 * descendants have ended (shim_adopt.c). */
void shim_watch_adopted(struct shim *shim);

/* The shim waits for hours in a few functions: the code it needs only now and then is given back
 * (the kernel reads it again from the file should it be needed), and so is free heap. */
void shim_grow_small(void);

/* Says once that the log has grown over its limit. */
void shim_watch_log(struct shim *shim);

/* Carries out what came through the control pipe when the state file could not be written
 * (spec.h); changes `order`. */
void shim_take_order(struct shim *shim, char *order);

/* Says in the state file by whom it is stopped, unless that was said. */
void shim_tell_stop(struct shim *shim);

/* Looks into the state file whether somebody wants a stop. */
void shim_look_for_stop(struct shim *shim);

/* Records the end: exit.json, then the state file, trying for minutes. */
void shim_record_end(struct shim *shim);

#endif
