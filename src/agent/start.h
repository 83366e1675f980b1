/* Starting this program again, as a process of its own session. */
#ifndef PHASEGATE_AGENT_START_H
#define PHASEGATE_AGENT_START_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct start_options {
    const char *pipeline_file;
    const char *directory; /* agent.log in it takes standard output and standard error */
    const char *option;    /* of `phasegate agent`: "--guard"; NULL */
    bool stay;             /* and --stay */
    int input;             /* becomes standard input; -1: /dev/null */
};

/* Starts `phasegate agent`; `*pid` may be NULL. Its signals are the default ones. Errors: EXIT_OS.
 */
bool start_agent(const struct start_options *options, pid_t *pid, struct error *error);

#endif
