/* Recording: what was measured goes into the state, with its cost; what follows from it goes into
 * the journal. */
#ifndef PHASEGATE_AGENT_RECORD_H
#define PHASEGATE_AGENT_RECORD_H

#include "agent/measure.h"
#include "situation/situation.h"
#include "state/state.h"

/* Who records: the holder of the lease. */
struct recorder {
    const struct pipeline *pipeline;
    struct state *state;
    struct state_actor actor; /* with the lease's term */
};

/* Lets a new `measure` rest on the stored counts that nothing has changed since (measure_recall).
 * Errors: of the state. */
bool record_recall(struct state *state, const struct pipeline *pipeline, struct measure *measure,
                   struct error *error);

/* Stores one answer and what it cost. EXIT_NO_GO when the term is stale: another agent has taken
 * over. After any other error the state holds other counts than `measure` takes it to: force its
 * next poll. */
bool record_answer(const struct recorder *recorder, const struct measure_answer *answer,
                   struct error *error);

/* Stores the verdicts that changed and samples of the totals. */
bool record_judgement(const struct recorder *recorder, const struct situation *situation,
                      struct error *error);

#endif
