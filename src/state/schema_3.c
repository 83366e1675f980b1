/* Schema 3: what was learned from the first nights of strangers. */
#include "state/schema.h"

/* How many of a run's commands, one after the other, have failed so far. */
static const char steps_failed[] =
    "ALTER TABLE runs ADD COLUMN steps_failed INTEGER NOT NULL DEFAULT 0;";

const char *const schema_3[] = {steps_failed, schema_bounded_reasons, schema_bounded_names,
                                schema_bounded_actors, NULL};
