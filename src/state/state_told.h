/* What the agent last said of itself, for everybody who reads the state: what BigQuery makes it
 * wait for, who it is to BigQuery, what the night's budget holds. One JSON object a key; the newest
 * replaces the one before. */
#ifndef PHASEGATE_STATE_STATE_TOLD_H
#define PHASEGATE_STATE_STATE_TOLD_H

#include "state/state.h"

/* Says something (fenced by `term`); EXIT_NO_GO with a stale term. `json` is an object. */
bool state_told_put(struct state *state, int64_t term, const char *key, const char *json,
                    int64_t at, struct error *error);

/* What was said last and when. True with `*json` NULL when nothing was; the caller frees it. */
bool state_told(struct state *state, const char *key, char **json, int64_t *at,
                struct error *error);

#endif
