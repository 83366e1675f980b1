/* The night's spending against poll.bytes_per_night: when paying stops, and what the journal is
 * told of it, once each: that the budget is nearly used up, that it is used up, that paying goes
 * on, and what a night has cost. */
#ifndef PHASEGATE_AGENT_BUDGET_H
#define PHASEGATE_AGENT_BUDGET_H

#include "agent/record.h"

/* Looks at the night of `wall_ms`, and at the one before when it has ended since. `*over`: nothing
 * is paid for any more. What was told is kept in the state, so that a later agent does not tell it
 * again. EXIT_NO_GO with a stale term. */
bool budget_step(const struct recorder *recorder, int64_t wall_ms, bool *over, struct error *error);

/* Tells what the night has cost so far, unless that was told already or nothing was asked. */
bool budget_close(const struct recorder *recorder, int64_t wall_ms, struct error *error);

#endif
