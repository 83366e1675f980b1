/* A night without an operator: group after group, each behind its gate, as the demo's --headless
 * does it. */
#ifndef PHASEGATE_CLI_NIGHT_H
#define PHASEGATE_CLI_NIGHT_H

#include "cli/cli.h"

/* Launches the gaps of every group in order when the gate before it is GO, retries what failed
 * once, waits for every verdict, and prints what happens and a final brief. Returns 0 when every
 * gate is GO. */
int night_run(struct cli *cli);

#endif
