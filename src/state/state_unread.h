/* Runs that have ended and whose tables were not read since.
 *
 * What a run wrote is not known before coverage was read after its end; until then nobody can say
 * which of its dates are missing. So its dates stay claimed, by the transaction that ends it,
 * unless none of its commands was let go. The claims are released when all of its tables were read
 * since, by the agent, or when a person says so, and not before: the file refuses anything else. */
#ifndef PHASEGATE_STATE_STATE_UNREAD_H
#define PHASEGATE_STATE_STATE_UNREAD_H

#include "state/state_runs.h"

enum { STATE_UNREAD_REASON_MIN = 10 }; /* characters */

/* Releases the claims of a run whose tables were read after its end, by the agent (term in `actor`,
 * fenced). EXIT_SOFTWARE or EXIT_NO_GO when they were not read; a run that is not held is left as
 * it is. */
bool state_unread_release(struct state *state, const struct state_actor *actor, const char *run,
                          int64_t at, struct error *error);

/* Releases them on a person's word, with an event: its dates then count as they were last read.
 * EXIT_NO_GO when they are not held, EXIT_USAGE for a reason of less than STATE_UNREAD_REASON_MIN
 * characters. */
bool state_unread_forget(struct state *state, const struct state_actor *actor, const char *run,
                         const char *reason, int64_t at, struct error *error);

/* The last write of a BigQuery table, "project.dataset.table", by a run that has ended. */
struct state_write {
    char *resource, *run, *processor;
    int64_t sequence; /* state_run.ended_sequence */
    int64_t ended_at;
};

/* All of them, in no order; free with state_writes_free. NULL on error. */
struct state_write *state_writes(struct state *state, size_t *count, struct error *error);
void state_writes_free(struct state_write *writes, size_t count);

#endif
