/* The console's hands: its commands, carried out on a connection of their own. */
#ifndef PHASEGATE_CLI_PERFORM_H
#define PHASEGATE_CLI_PERFORM_H

#include "pipeline/pipeline.h"
#include "state/state.h"
#include "ui/console.h"

struct perform {
    const struct pipeline *pipeline;
    struct state *state; /* the worker thread's own */
    const char *owner;
};

/* As struct console_performer asks; `context` is a struct perform. */
bool perform_command(void *context, const struct command *command, char *answer, size_t size,
                     struct error *error);

#endif
