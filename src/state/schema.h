/* Private to src/state: the schema and its migrations. */
#ifndef PHASEGATE_STATE_SCHEMA_H
#define PHASEGATE_STATE_SCHEMA_H

#include "state/sql.h"

#define SCHEMA_APPLICATION 0x50474154 /* "PGAT" */

/* Looks at whose file it is and brings an older one (or an empty one) to STATE_SCHEMA, one version
 * a step; sets state->schema. Errors: somebody else's file, or one that is newer and to be written
 * (EXIT_CONFIG). */
bool schema_prepare(struct state *state, struct error *error);

#endif
