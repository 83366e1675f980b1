/* What the agent starts without being asked at that moment: armed groups, and retries that the
 * pipeline file allows. */
#ifndef PHASEGATE_AGENT_UNATTENDED_H
#define PHASEGATE_AGENT_UNATTENDED_H

#include "agent/record.h"
#include "base/clock.h"
#include "pipeline/watch.h"

/* What waits, as of the last step; zero-initialised before the first. */
struct unattended {
    size_t waiting; /* arms and retries: while there are any the agent stays */
    int64_t due_ns; /* boot time at which the first countdown is over; 0: none */
    int64_t due_at; /* wall ms of the first retry; 0: none */
};

/* Starts what is due by the situation, which must have been loaded just now, while the file on
 * `disk` is the situation's pipeline. `*said`, what it did for the log, is NULL or the caller's to
 * free. */
bool unattended_step(struct unattended *unattended, const struct recorder *recorder,
                     const struct clock *clock, const struct situation *situation,
                     const struct pipeline_disk *disk, char **said, struct error *error);

/* Whether something is due, and the real milliseconds until then (INT64_MAX: nothing waits). */
bool unattended_due(const struct unattended *unattended, const struct clock *clock);
int64_t unattended_wait_ms(const struct unattended *unattended, const struct clock *clock);

#endif
