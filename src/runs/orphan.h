/* Private to src/runs: what runs_stop and runs_reconcile do about a run whose shim is gone. */
#ifndef PHASEGATE_RUNS_ORPHAN_H
#define PHASEGATE_RUNS_ORPHAN_H

#include <stdbool.h>

#include "base/clock.h"
#include "state/state_shim.h"

/* Whether anything of the run is alive: the command, its witness, or a descendant. */
bool orphan_is_alive(const struct state_run *run);

/* Carries a stop that was asked for one stage further: TERM and CONT, and KILL when the grace is
 * over. */
bool orphan_go_on_stopping(struct state *state, const struct clock *clock,
                           const struct state_run *run, struct error *error);

#endif
