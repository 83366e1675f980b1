/* The code that processors run: once a minute git is asked which commit stands in their
 * directories. What it says is told to whoever reviews a launch, and a live run whose directory has
 * moved to another commit is noticed. */
#ifndef PHASEGATE_AGENT_CODE_WATCH_H
#define PHASEGATE_AGENT_CODE_WATCH_H

#include "agent/record.h"
#include "base/clock.h"

struct code_watch;

struct code_watch *code_watch_new(const struct recorder *recorder, const struct clock *clock);
void code_watch_free(struct code_watch *watch);

/* Asks when it is due; blocks for a few ms, at most 4 s a directory that does not answer, which is
 * then left alone for 10 minutes. */
bool code_watch_step(struct code_watch *watch, struct error *error);

#endif
