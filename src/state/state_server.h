/* Jobs on the server: a run that was stopped, killed, lost or failed may have left queries and
 * loads running in BigQuery, which still write.
 *
 * Such a run is held, by the transaction that ends it, when its jobs carry its id as a label
 * (state_new_run.labels_jobs) and its command was let go: its claims are released when BigQuery has
 * said twice that none of them runs, or when a person says so, and not before. */
#ifndef PHASEGATE_STATE_STATE_SERVER_H
#define PHASEGATE_STATE_STATE_SERVER_H

#include "state/state_runs.h"

enum { STATE_FORGET_REASON_MIN = 10 }; /* characters */

/* Stores what BigQuery said of a held run, by the agent (term in `actor`, fenced): `jobs` pending
 * and running, -1 for not known, then `trouble` says why. The second 0 in a row takes the hold away
 * and releases the claims (`*released`): a job that its command asked for with its last breath is
 * not in the first list. Changes are events. A run that is not held is left as it is. */
bool state_server_store(struct state *state, const struct state_actor *actor, const char *run,
                        int64_t jobs, const char *trouble, int64_t at, bool *released,
                        struct error *error);

/* Asks the agent to cancel the jobs of runs that are held, or that still live and will be: then
 * once they have ended. `*asked` counts those that were not asked for already. */
bool state_server_cancel(struct state *state, const struct state_actor *actor, char *const *runs,
                         size_t count, int64_t at, size_t *asked, struct error *error);

/* Takes the hold of a run away on a person's word, and releases its claims. EXIT_NO_GO when it is
 * not held, EXIT_USAGE for a reason of less than STATE_FORGET_REASON_MIN characters. */
bool state_server_forget(struct state *state, const struct state_actor *actor, const char *run,
                         const char *reason, int64_t at, struct error *error);

/* "2 jobs still running server-side", "jobs on the server unknown (WHY)", with ", being cancelled";
 * NULL when the run is not held. The caller frees it. */
char *state_server_text(const struct state_server *server);

#endif
