/* What the agent does about runs that go wrong: it stops one that fails date after date for one
 * reason, and writes every alarm into the journal once. */
#ifndef PHASEGATE_AGENT_RUN_ALARMS_H
#define PHASEGATE_AGENT_RUN_ALARMS_H

#include "agent/queue.h"
#include "agent/record.h"
#include "base/clock.h"

/* Stops the run (processors[].stop_after_failures) when its log shows that many of its dates in a
 * row that failed, or had no rows, for one reason which is not an expected one. The run then counts
 * as failed. */
bool run_alarms_stop(const struct recorder *recorder, const struct clock *clock,
                     const struct agent_progress *progress, struct error *error);

/* Journals the alarms of all runs of the situation, each once a run and rule: kind "stall" or
 * "alert". */
bool run_alarms_tell(const struct recorder *recorder, const struct situation *situation,
                     struct error *error);

#endif
