/* Whose state it is: the pipeline file that a state directory is kept for. Two files that call
 * themselves by one name would else take each other's runs, arms and counts for their own. */
#ifndef PHASEGATE_STATE_STATE_FILE_H
#define PHASEGATE_STATE_STATE_FILE_H

#include "state/state.h"

/* The absolute path that was recorded; NULL when none was (a file of an older schema has none). The
 * caller frees it. False on an error. */
bool state_file_path(struct state *state, char **path, struct error *error);

/* Records that the state is kept for `path` from now on, whatever it was kept for before; an event.
 */
bool state_file_keep(struct state *state, const struct state_actor *actor, const char *path,
                     int64_t at, struct error *error);

/* The directory beside that of `state` whose state is kept for the same `path`: what it was called
 * before it was renamed. NULL: there is none; the caller frees it. At most 1,000 are looked at. */
char *state_file_elsewhere(struct state *state, const char *path);

#endif
