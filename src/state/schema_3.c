/* Schema 3: what was learned from the first nights of strangers. */
#include "state/schema.h"

const char *const schema_3[] = {NULL};
