/* Private to src/runs: what runs_stop and runs_reconcile do about a run whose shim is gone. */
#ifndef PHASEGATE_RUNS_ORPHAN_H
#define PHASEGATE_RUNS_ORPHAN_H

#include <stdbool.h>

#include "base/clock.h"
#include "state/state_shim.h"

/* Whether anything of the run is alive: the command, its witness, or a descendant. */
bool orphan_is_alive(const struct state_run *run);

/* Whether the run's processes belong to another account, so that they can be neither all seen nor
 * signalled from here: only that account, or root, can say that nothing of it is left. */
bool orphan_is_foreign(const struct state_run *run);

/* Carries a stop that was asked for one stage further: TERM and CONT, and KILL when the grace is
 * over. Does nothing about a foreign one: its account's agent does. */
bool orphan_go_on_stopping(struct state *state, const struct clock *clock,
                           const struct state_run *run, struct error *error);

#endif
