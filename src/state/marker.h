/* Private to src/state: the files that are emergency markers. */
#ifndef PHASEGATE_STATE_MARKER_H
#define PHASEGATE_STATE_MARKER_H

#include "state/state_emergency.h"

/* A marker's file name; the caller frees it. */
char *marker_name(enum state_emergency_kind kind, const char *subject);

bool marker_remove(const char *directory, const struct state_emergency *marker);

#endif
