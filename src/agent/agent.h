/* The agent: the headless process that polls, judges, follows logs and decides verdicts.
 *
 * One agent at a time holds the lease of a pipeline's state; it is the only writer of what is
 * measured. It starts when a console opens or `phasegate agent` is run, and leaves when no console
 * is open, nothing runs and nothing waits for a verdict or for jobs on the server. Killed at any
 * moment it loses nothing: the next one goes on from the state. Its guard starts that one
 * (agent/guard.h), or a console, or a verb that finds a lease whose holder is gone. */
#ifndef PHASEGATE_AGENT_AGENT_H
#define PHASEGATE_AGENT_AGENT_H

#include <stdbool.h>
#include <stdio.h>

#include "agent/guard.h"
#include "base/clock.h"
#include "base/error.h"
#include "pipeline/pipeline.h"

struct agent_options {
    const struct pipeline *pipeline;
    const struct clock *clock;
    const char *owner;                 /* user@host */
    bool stay;                         /* do not leave when nothing needs it */
    FILE *out;                         /* one line for what happens; NULL for none */
    const struct guard_options *guard; /* NULL: who starts it again is somebody else's care */
};

/* Under which it tells {"next_poll": wall ms, "stays": bool, "doubts": how many runs have a
 * verdict that may be taken back soon} (state/state_told.h). */
#define AGENT_TOLD "agent"

/* Runs until nothing needs it, SIGTERM or SIGINT. Errors: EXIT_TEMPORARY when another agent holds
 * the lease or took it over; what state and BigQuery client refuse. */
bool agent_run(const struct agent_options *options, struct error *error);

/* Starts an agent for a pipeline file as a process of its own session, its output in agent.log
 * beside the state. Returns at once; one that finds another agent at work leaves by itself. */
bool agent_start(const char *pipeline_file, const char *state_directory, struct error *error);

#endif
