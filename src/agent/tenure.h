/* The agent's time in office: the session and the lease of one agent, kept up, taken again after a
 * pause, given back.
 *
 * The lease runs 15 s of boot time and is renewed every 5 s. A process that is gone loses it at
 * once, one that is frozen when it has run out. An agent that comes back after its lease ran out
 * (it was frozen, the machine slept, the disk was full) takes it again under a new term when nobody
 * else has, and leaves without a further write when somebody has. */
#ifndef PHASEGATE_AGENT_TENURE_H
#define PHASEGATE_AGENT_TENURE_H

#include "agent/record.h"
#include "base/clock.h"
#include "state/state_sessions.h"

/* Zero-initialise but for these two. */
struct tenure {
    const struct clock *clock;
    struct recorder *recorder; /* its actor's term and session are kept up to date */
    char session[STATE_SESSION_SIZE];
    int64_t renewed_ns; /* boot time at which the last renewal was asked for */
    bool lost;          /* another agent has taken over */
};

enum tenure_news {
    TENURE_SAME,  /* nothing that must be told */
    TENURE_AGAIN, /* the lease had run out and is held under a new term */
};

/* Opens the session and takes the lease, for which it waits while a verb polls once under it.
 * EXIT_TEMPORARY when another agent has it. */
bool tenure_begin(struct tenure *tenure, const char *owner, struct error *error);

/* Renews when it is time to. EXIT_TEMPORARY with `lost` set when another agent has taken over;
 * other errors leave the lease as it was, and the next call tries again. */
bool tenure_keep(struct tenure *tenure, enum tenure_news *news, struct error *error);

/* Whether nobody else can have the lease: it was renewed within its time, a second left over. */
bool tenure_sure(const struct tenure *tenure);

/* Writes the farewell, gives the lease back and closes the session; one that was lost writes
 * nothing but the end of its session. */
void tenure_end(struct tenure *tenure);

#endif
