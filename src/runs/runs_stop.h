/* Stop: a state before it is a signal. The shims see it and go through TERM, grace and KILL, or
 * straight to KILL when that was asked for. */
#ifndef PHASEGATE_RUNS_RUNS_STOP_H
#define PHASEGATE_RUNS_RUNS_STOP_H

#include "base/clock.h"
#include "state/state.h"
#include "state/state_runs.h"

/* What is to be stopped: all live runs that match every name that is set. */
struct runs_stop_selector {
    const char *run, *group, *processor;
    bool at_once; /* KILL now: no TERM, and no grace for those that are in theirs */
};

/* Marks them in one transaction, disarms every arm, then pokes their shims. `*asked` runs were
 * told; 0 when none was live or all were stopping (or being killed) already. A run whose shim is
 * gone is signalled here (and by runs_reconcile further on), after its process was verified. */
bool runs_stop(struct state *state, const struct state_actor *actor, const struct clock *clock,
               const struct runs_stop_selector *selector, const char *reason, size_t *asked,
               struct error *error);

/* The same without the state file, for when it cannot be read or written: finds what lives in the
 * run directories, tells the shims through their control pipes by whom and why, signals what has
 * lost its shim, and leaves markers (state_emergency.h) from which the state learns of it. A group
 * or processor is known of one's own runs only. `*reached` runs were told. Errors: EXIT_NO_INPUT,
 * EXIT_CANT_CREATE when nothing was reached and no marker could be left. */
bool runs_stop_by_hand(const char *state_directory, const struct runs_stop_selector *selector,
                       const char *by, const char *reason, size_t *reached, struct error *error);

/* runs_stop, and by hand when the state (NULL: it cannot even be opened, `error` says why) cannot
 * be written within 1.5 s. `*unrecorded`, which the caller frees, then says why it is recorded
 * later; else NULL. */
bool runs_stop_anyhow(struct state *state, const char *state_directory,
                      const struct state_actor *actor, const struct clock *clock,
                      const struct runs_stop_selector *selector, const char *reason, size_t *asked,
                      char **unrecorded, struct error *error);

/* What a stop of these runs cannot do from here, as a sentence for people: runs whose shim is gone
 * and whose processes are another account's, which only that account or root can signal. NULL when
 * there is none, or the state cannot be read. The caller frees it. */
char *runs_stop_limits(struct state *state, const struct runs_stop_selector *selector);

/* Asks for the jobs in BigQuery to be cancelled that matching runs have left there, or will leave
 * when they end (state_server.h): the agent carries it out. `*asked` runs were not asked for it
 * before; `*live` of all that match live still. */
bool runs_cancel_jobs(struct state *state, const struct state_actor *actor,
                      const struct clock *clock, const struct runs_stop_selector *selector,
                      size_t *asked, size_t *live, struct error *error);

#endif
