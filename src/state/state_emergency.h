/* What takes effect although the state file cannot be written: it is locked, damaged, or its disk
 * is full.
 *
 * A marker is an empty file in STATE/emergency whose name says what is wanted of which run, group
 * or gate; a full disk takes it, because it needs no block. Who can write the state again records
 * what the markers say there before anything is launched, and takes them away. A marker can only
 * make things stand: whoever may write one may act in the state anyway. */
#ifndef PHASEGATE_STATE_STATE_EMERGENCY_H
#define PHASEGATE_STATE_STATE_EMERGENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "state/state.h"

enum state_emergency_kind {
    STATE_EMERGENCY_STOP,   /* of a run, which no shim takes any more */
    STATE_EMERGENCY_DISARM, /* of a group; "" for all */
    STATE_EMERGENCY_HOLD,   /* of a gate */
    STATE_EMERGENCY_KINDS
};

/* Lays a marker beside the state file in `directory`; one that lies there already is enough.
 * Errors: EXIT_CANT_CREATE. */
bool state_emergency_raise(const char *directory, enum state_emergency_kind kind,
                           const char *subject, struct error *error);

/* Whether an error is one that a marker helps with: a full disk, a lock, a damaged file. */
bool state_emergency_helps(const struct error *error);

/* Whether such a marker lies there. */
bool state_emergency_is_raised(const char *directory, enum state_emergency_kind kind,
                               const char *subject);

/* What lies there; free with state_emergencies_free. Never NULL. */
struct state_emergency {
    enum state_emergency_kind kind;
    char *subject;
    char *by;       /* "uid 1000@host" */
    int64_t at;     /* wall ms */
    bool removable; /* by this account */
};
struct state_emergency *state_emergencies(const char *directory, size_t *count);
void state_emergencies_free(struct state_emergency *markers, size_t count);

/* Records what the markers say and takes them away; `*found` is how many there were, those included
 * that only another account can take away. */
bool state_emergency_fold(struct state *state, int64_t at, size_t *found, struct error *error);

#endif
