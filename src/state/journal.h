/* Private to src/state: an event inside a transaction that is open. */
#ifndef PHASEGATE_STATE_JOURNAL_H
#define PHASEGATE_STATE_JOURNAL_H

#include "state/sql.h"
#include "state/state_journal.h"

bool journal_add(struct state *state, const struct state_actor *actor, int64_t at,
                 enum state_event_kind kind, const char *subject, const char *text,
                 const char *data, struct error *error);

#endif
