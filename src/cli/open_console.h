/* The console over a pipeline, for the verbs that open one. */
#ifndef PHASEGATE_CLI_OPEN_CONSOLE_H
#define PHASEGATE_CLI_OPEN_CONSOLE_H

#include "cli/cli.h"

/* Loads, starts an agent when none is at work, shows the console until it is left; returns the exit
 * code. */
int cli_open_console(struct cli *cli);

#endif
