/* What BigQuery makes the agent wait for, gathered from the calls under way and from the last
 * answers, and said in the state when it changes and when it is over. */
#ifndef PHASEGATE_AGENT_TROUBLE_H
#define PHASEGATE_AGENT_TROUBLE_H

#include "agent/measure.h"
#include "agent/record.h"

struct trouble;

struct trouble *trouble_new(const struct pipeline *pipeline);
void trouble_free(struct trouble *trouble); /* NULL is fine */

/* What the BigQuery thread waits for now, or that it no longer waits. */
void trouble_waits(struct trouble *trouble, const struct measure_trouble *waits);

/* An answer, and when its target will be asked again (wall ms). A failure that is BigQuery's own,
 * and not one of the table or of its query, is trouble until the target is answered. */
void trouble_answered(struct trouble *trouble, const struct measure_answer *answer,
                      int64_t next_try);

/* Stores what is known when it says something new. `*news` is a sentence for the log that the
 * caller frees, NULL when nothing changed. */
bool trouble_store(struct trouble *trouble, const struct recorder *recorder, int64_t now,
                   char **news, struct error *error);

/* Says that there is none: the agent leaves. */
bool trouble_end(struct trouble *trouble, const struct recorder *recorder, int64_t now,
                 struct error *error);

#endif
