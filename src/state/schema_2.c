/* Schema 2: what the agent says of itself. */
#include "state/schema.h"

static const char told[] = "CREATE TABLE told("
                           " key TEXT PRIMARY KEY, term INTEGER NOT NULL,"
                           " json TEXT NOT NULL CHECK(json GLOB '{*}'), at INTEGER NOT NULL)"
                           " STRICT;" SCHEMA_FENCED("told");

const char *const schema_2[] = {told, NULL};
