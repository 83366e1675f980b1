#include "cli/verbs.h"

#define X(name) &cli_verb_##name,
const struct cli_verb *const cli_verbs[] = {CLI_VERBS(X) NULL};
#undef X
