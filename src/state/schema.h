/* Private to src/state: the schema and its migrations. */
#ifndef PHASEGATE_STATE_SCHEMA_H
#define PHASEGATE_STATE_SCHEMA_H

#include "state/sql.h"

#define SCHEMA_APPLICATION 0x50474154 /* "PGAT" */

#define SCHEMA_STALE_TERM "the lease of this agent has passed to another; nothing was written"

/* Writes of polled state carry the term of the lease that is held now. */
#define SCHEMA_FENCE(table, event)                                                                 \
    "CREATE TRIGGER " table "_fence_" event " BEFORE " event " ON " table                          \
    " WHEN NEW.term IS NOT (SELECT term FROM lease WHERE holder IS NOT NULL)"                      \
    " BEGIN SELECT RAISE(ABORT,'" SCHEMA_STALE_TERM "'); END;"
#define SCHEMA_FENCED(table) SCHEMA_FENCE(table, "INSERT") SCHEMA_FENCE(table, "UPDATE")

#define SCHEMA_NEVER(table, event, what)                                                           \
    "CREATE TRIGGER " table "_no_" event " BEFORE " event " ON " table                             \
    " BEGIN SELECT RAISE(ABORT,'" what "'); END;"

/* The parts of the steps to schemas 2 and 3; a NULL ends them. */
extern const char *const schema_2[];
extern const char *const schema_3[];
/* Parts of schema 3 (a string may have 4095 bytes). */
extern const char schema_bounded_reasons[];
extern const char schema_bounded_releases[];
extern const char schema_bounded_names[];
extern const char schema_bounded_actors[];

/* Looks at whose file it is and brings an older one (or an empty one) to STATE_SCHEMA, one version
 * a step; sets state->schema. Errors: somebody else's file, or one that is newer and to be written
 * (EXIT_CONFIG). */
bool schema_prepare(struct state *state, struct error *error);

#endif
