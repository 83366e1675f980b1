/* The checks that the agent answers by itself: disks, credentials, commands. */
#ifndef PHASEGATE_AGENT_CHECKS_H
#define PHASEGATE_AGENT_CHECKS_H

#include "agent/record.h"

struct checks;

struct checks *checks_new(const struct pipeline *pipeline);
void checks_free(struct checks *checks); /* ends commands that still run */

/* What is known of the credentials. Times are wall ms, 0 where nothing is known. */
struct checks_access {
    int64_t accepted_at;  /* when BigQuery last answered */
    const char *problem;  /* why it cannot be asked; NULL */
    int64_t ends_at;      /* of credentials that only a person renews */
    int64_t needed_until; /* by when the work under way will have ended */
};

/* Starts what is due and stores what is answered. Sets `*stored` when an answer was stored. */
bool checks_step(struct checks *checks, const struct recorder *recorder, int64_t now,
                 int64_t boot_ns, const struct checks_access *access, bool *stored,
                 struct error *error);

/* Whether a command runs. */
bool checks_busy(const struct checks *checks);

#endif
