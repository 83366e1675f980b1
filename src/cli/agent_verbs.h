/* phasegate agent --status, --stop and --restart. */
#ifndef PHASEGATE_CLI_AGENT_VERBS_H
#define PHASEGATE_CLI_AGENT_VERBS_H

#include "cli/cli.h"

/* Says which agent is at work and what keeps it; 0 when one is, 1 when none is. */
int agent_status(struct cli *cli);

/* Asks it to leave and waits until it has; refuses while groups are armed, unless --yes. */
int agent_stop(struct cli *cli);

/* Ends the one at work, if one is, and starts another by the pipeline file as it is now; waits
 * until that one is at work. */
int agent_restart(struct cli *cli);

#endif
