/* Reconcile: the runs that the state file calls live, against what is really there.
 *
 * Called by the agent at start and every few seconds, and by every console and verb at start.
 * Liveness is the shim's lock on its file, never a bare pid. Ended with exit.json: replayed. Shim
 * gone, command alive: orphan; it keeps its claims, and a stop that was asked for is carried out
 * here, stage by stage. Nothing there: the status its witness left, or lost. Claimed for 30 s
 * without a shim: spawn error. Records that are not to be believed (base/trust.h, or with what
 * cannot be) count as none, and the end says so. Any number of processes may do it at the same
 * time. */
#ifndef PHASEGATE_RUNS_RUNS_RECONCILE_H
#define PHASEGATE_RUNS_RUNS_RECONCILE_H

#include "base/clock.h"
#include "state/state.h"
#include "state/state_runs.h"

struct runs_reconciled {
    size_t live;      /* supervised by a shim, or not yet overdue */
    size_t orphans;   /* command alive without a shim */
    size_t replayed;  /* ended now, with the status that was left on disk */
    size_t lost;      /* ended now, nobody knows how */
    size_t elsewhere; /* of another account, and only that one can tell whether all has ended */
    size_t unstarted; /* ended now, their command never ran */
    size_t aside;     /* left as they are, with a notice: the state file refuses what is found */
};

bool runs_reconcile(struct state *state, const struct state_actor *actor, const struct clock *clock,
                    struct runs_reconciled *reconciled, struct error *error);

#endif
