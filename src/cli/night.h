/* A night that runs itself: every group approved and armed at its start, then nobody there, as the
 * demo's --headless does it. */
#ifndef PHASEGATE_CLI_NIGHT_H
#define PHASEGATE_CLI_NIGHT_H

#include "cli/cli.h"

/* Arms every group, then only watches what the agent does (it starts groups behind their gates,
 * retries, judges) and prints it, until nothing moves any more; then a brief. Returns 0 when every
 * gate is GO. */
int night_run(struct cli *cli);

#endif
