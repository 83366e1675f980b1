/* What launch and retry do with a plan: show it, ask, launch, say what was launched, and see to it
 * that an agent follows. */
#ifndef PHASEGATE_CLI_CARRY_OUT_H
#define PHASEGATE_CLI_CARRY_OUT_H

#include "cli/cli.h"
#include "runs/runs_plan.h"

/* Reads the options --dry-run and --yes of the verb, and its format. Returns the exit code. */
int carry_out_plan(struct cli *cli, const struct situation *situation, const struct runs_plan *plan,
                   struct error *error);

#endif
