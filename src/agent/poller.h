/* The BigQuery thread: measures what it is told to, and posts the answers. */
#ifndef PHASEGATE_AGENT_POLLER_H
#define PHASEGATE_AGENT_POLLER_H

#include "agent/queue.h"

struct poller;

/* Starts the thread, which takes `measure` over (and frees it when it cannot start); answers and
 * trouble go to `out`. Errors: EXIT_OS. */
struct poller *poller_start(struct measure *measure, struct agent_queue *out, struct error *error);

/* Asks for a target as measure_start does. */
void poller_measure(struct poller *poller, struct measure_target target, struct day_range range,
                    enum measure_manner manner, bool free_only);

/* Asks for the estimate of a target. */
void poller_estimate(struct poller *poller, struct measure_target target, struct day_range range);

/* Asks about the jobs of a run (measure_jobs). */
void poller_jobs(struct poller *poller, const char *run, int64_t created_after_ms, bool cancel);

/* Ends the thread, whatever it waits for, within a second. */
void poller_stop(struct poller *poller);

#endif
