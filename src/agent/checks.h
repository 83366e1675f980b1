/* The checks that the agent answers by itself: disks, credentials, commands. */
#ifndef PHASEGATE_AGENT_CHECKS_H
#define PHASEGATE_AGENT_CHECKS_H

#include "agent/record.h"

struct checks;

struct checks *checks_new(const struct pipeline *pipeline);
void checks_free(struct checks *checks); /* ends commands that still run */

/* Starts what is due and stores what is answered. `accepted_at` is when BigQuery last answered, 0
 * for never. Sets
 * `*stored` when an answer was stored. */
bool checks_step(struct checks *checks, const struct recorder *recorder, int64_t now,
                 int64_t boot_ns, int64_t accepted_at, bool *stored, struct error *error);

/* Whether a command runs. */
bool checks_busy(const struct checks *checks);

#endif
