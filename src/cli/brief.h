/* The morning brief: what happened since, what stands now, what asks for a person. */
#ifndef PHASEGATE_CLI_BRIEF_H
#define PHASEGATE_CLI_BRIEF_H

#include <stdio.h>

#include "situation/situation.h"

/* Plain text; `since` is wall ms. */
void brief_write(FILE *out, const struct situation *situation, int64_t since);

#endif
