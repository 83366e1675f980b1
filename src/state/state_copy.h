/* The copy of the state that those read who may only watch.
 *
 * Whoever can open state.db can lock it, and with a transaction that stays open keep every writer
 * out. So its owner leaves it closed to those who watch, and publishes copies beside it: watch.db,
 * replaced whole, never changed, and read without a lock. The agent publishes while it is at work,
 * every other process of the owner's (or root's) that has written when it closes the state. */
#ifndef PHASEGATE_STATE_STATE_COPY_H
#define PHASEGATE_STATE_STATE_COPY_H

#include "state/state.h"

#define STATE_COPY "watch.db"

/* Publishes a copy, when the directory is shared for watching (base/share.h) and is this account's
 * or this is root; removes one that is there when it is not shared so. Does nothing while another
 * process publishes. Errors: a disk that is full, no directory to write in. */
bool state_copy_publish(struct state *state, struct error *error);

/* The same, when something was written since the last time and that is long enough ago: 2 s, or 20
 * times what the copying took. Cheap otherwise: for every turn of the agent. */
bool state_copy_keep_up(struct state *state, struct error *error);

/* Of a connection that reads a copy: when it was made, wall ms. 0 for the state itself. */
int64_t state_copy_at(const struct state *state);

#endif
