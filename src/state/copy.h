/* Private to src/state: reading a published copy (state_copy.h). */
#ifndef PHASEGATE_STATE_COPY_H
#define PHASEGATE_STATE_COPY_H

#include "state/sql.h"

/* Whether this account can open the state file of `directory` only as a copy. */
bool copy_is_for_us(const char *directory);

/* Opens the newest copy in place of what the connection has open; true when it is that one already.
 * Errors: there is none yet (EXIT_TEMPORARY), or it is not its directory's owner's (EXIT_DATA). */
bool copy_open(struct state *state, struct error *error);

/* Whether a newer one was published since. */
bool copy_is_old(const struct state *state);

#endif
