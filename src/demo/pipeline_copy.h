/* The demo's pipeline file: the shipped one, with the few values changed that make it a demo.
 *
 * The demo runs what ships: tables, gates, groups and flags are the real pipeline's. Changed are
 * the range, the endpoint, how often is polled (a night is minutes long), and `python3` in front of
 * each script, in whose place the simulated processor stands. */
#ifndef PHASEGATE_DEMO_PIPELINE_COPY_H
#define PHASEGATE_DEMO_PIPELINE_COPY_H

#include <stdbool.h>

#include "base/error.h"

struct pipeline_copy {
    const char *source; /* the shipped file */
    const char
        *destination; /* to be written; its directory gets the SQL files beside the source too */
    const char *endpoint;  /* of the local BigQuery */
    const char *from, *to; /* of the range */
    const char *program;   /* phasegate itself */
    bool fast;             /* poll as a night of minutes needs it */
};

/* Writes the copy. Errors: EXIT_NO_INPUT, EXIT_CONFIG (not YAML, or not a pipeline's shape),
 * EXIT_CANT_CREATE. */
bool pipeline_copy_write(const struct pipeline_copy *copy, struct error *error);

#endif
