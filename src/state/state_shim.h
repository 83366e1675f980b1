/* What a shim, and who speaks for a dead one, writes about a run. Compare-and-set throughout: a
 * statement that finds the run in another state changes nothing.
 *
 * A frozen contract: shims of an older program run on while the file is migrated, so these
 * statements work on every later schema. `*done` says whether the run was found in the state that
 * was asked for; false is no error. */
#ifndef PHASEGATE_STATE_STATE_SHIM_H
#define PHASEGATE_STATE_STATE_SHIM_H

#include "state/state_runs.h"

/* claimed, and no stop asked for (nor by an emergency marker) → starting, by this shim. */
bool state_shim_take(struct state *state, const char *run, const struct state_process *shim,
                     int64_t at, bool *done, struct error *error);

/* starting, or running its step before → running this child in `step`; not when a stop was asked
 * for. To be committed before the command is let go. */
bool state_shim_running(struct state *state, const char *run, const struct state_process *child,
                        size_t step, int64_t at, bool *done, struct error *error);

/* One of several commands of a run has failed, `failed` of them by now, and the next one comes. */
bool state_shim_step_failed(struct state *state, const char *run, size_t step, int64_t failed,
                            const char *how, int64_t at, struct error *error);

/* A stop that somebody asked for. */
struct state_stop {
    bool asked;
    bool at_once;      /* without TERM and grace */
    char *by, *reason; /* NULL when not asked for; the caller frees both */
};
bool state_shim_poll(struct state *state, const char *run, struct state_stop *stop,
                     struct error *error);

/* The run goes to stopping if it has not, and the stage is shown: "term" or "kill"; `kill_at` is
 * when KILL will be sent (0: not; a KILL asked for at once stays so), `survivors` how many
 * processes are left (-1: not known). */
bool state_shim_stage(struct state *state, const struct state_actor *actor, const char *run,
                      const char *stage, const char *reason, int64_t kill_at, int64_t survivors,
                      int64_t at, struct error *error);

/* How a run ended. */
struct state_end {
    enum state_outcome outcome;
    bool never_taken; /* only if it is still claimed; else only if a shim has taken it */
    bool has_wait_status;
    int wait_status;
    size_t step;          /* the one that ran last */
    int64_t steps_failed; /* of those that ran */
    int64_t stragglers;
    bool adopted;            /* that its end was not seen is no event of its own */
    bool out_of_memory;      /* the kernel killed processes of it for want of memory */
    const char *spawn_error; /* NULL */
    const char *recorded_by; /* shim, replay, reconciler */
    int64_t ended_at;
    const char *text; /* of the event, one sentence */
};

/* starting, running or stopping (with `never_taken`: claimed) → ended, claims released, event
 * written. A run that was declared lost takes the real end later (event late-exit). */
bool state_shim_end(struct state *state, const struct state_actor *actor, const char *run,
                    const struct state_end *end, bool *done, struct error *error);

/* Marks a run whose shim is gone while its command lives; claims stay. */
bool state_run_orphan(struct state *state, const struct state_actor *actor, const char *run,
                      int64_t at, bool *done, struct error *error);

#endif
