/* One poll by a verb: everything is measured once and stored, under the lease, as the agent would.
 */
#ifndef PHASEGATE_AGENT_POLL_H
#define PHASEGATE_AGENT_POLL_H

#include "base/clock.h"
#include "pipeline/pipeline.h"
#include "state/state.h"

/* Measures all targets, asks about the jobs of runs that are held for them (state_server.h), and
 * answers the checks of disks, credentials and commands, each of these within its time limit. True
 * as well when some of them failed: their failure is stored beside what was known.
 * `*agent_polls` is set instead when an agent holds the lease, and nothing is done. `owner` is
 * user@host. */
bool poll_once(const struct pipeline *pipeline, struct state *state, const char *owner,
               const struct clock *clock, bool *agent_polls, struct error *error);

/* The same with dry runs, which are free: stores what one query of every target would bill, or why
 * that is not known. */
bool poll_estimate(const struct pipeline *pipeline, struct state *state, const char *owner,
                   const struct clock *clock, bool *agent_polls, struct error *error);

/* Asks about the jobs of held runs only, cancels those that were asked to be, and waits for it up
 * to ten seconds. `*held` is how many runs stay held. Otherwise like poll_once. */
bool poll_server_jobs(const struct pipeline *pipeline, struct state *state, const char *owner,
                      const struct clock *clock, bool *agent_polls, size_t *held,
                      struct error *error);

#endif
