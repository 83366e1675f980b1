/* Arms, as the agent tends them: it counts GO samples, shows the countdown, and fires.
 *
 * Rules (operations.md D.2, B.6): an arm is void after any stop, a change of the plan, a reboot or
 * its time; two GO in a row on evidence newer than the arm start a countdown of 60 s (a gate that
 * is STALE in between neither counts nor fires, any other verdict begins anew); what stands against
 * the launch at that moment disarms the group and holds its gate, for a person to look at. */
#ifndef PHASEGATE_AGENT_ARMS_H
#define PHASEGATE_AGENT_ARMS_H

#include "agent/record.h"
#include "base/clock.h"
#include "pipeline/watch.h"

struct arms_news {
    size_t live;     /* arms left */
    int64_t due_ns;  /* boot time at which the first countdown is over; 0: none runs */
    size_t launched; /* groups that were started */
    char *said;      /* what happened, for the log; NULL; the caller frees it */
};

/* Tends every arm by what the situation says, which must have been loaded just now. An arm of
 * another plan than the situation's pipeline is void, and so are all when the file on `disk` is
 * another one; a file that cannot be read voids nothing, and nothing fires. */
bool arms_step(const struct recorder *recorder, const struct clock *clock,
               const struct situation *situation, const struct pipeline_disk *disk,
               struct arms_news *news, struct error *error);

#endif
