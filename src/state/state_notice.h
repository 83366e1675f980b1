/* What is noticed of a run while it lives: by its shim, and by the agent. Each is one event. */
#ifndef PHASEGATE_STATE_STATE_NOTICE_H
#define PHASEGATE_STATE_STATE_NOTICE_H

#include "state/state_journal.h"
#include "state/state_runs.h"

/* KILL was sent, and `survivors` processes live on; `text` says which and why they may. The run
 * keeps its claims. A run that has ended is left as it is. */
bool state_notice_stuck(struct state *state, const struct state_actor *actor, const char *run,
                        int64_t survivors, const char *text, int64_t at, struct error *error);

/* Its log is longer than it may be. Said once. */
bool state_notice_log(struct state *state, const struct state_actor *actor, const char *run,
                      int64_t size, int64_t limit, int64_t at, struct error *error);

/* Another commit stands in its working directory than the one it was launched from. Said once a
 * commit, and only of runs that live and whose commit is known. */
bool state_notice_code(struct state *state, const struct state_actor *actor, const char *run,
                       const char *commit, int64_t at, struct error *error);

/* It has ended, and its verdict waits: `why` is what is still coming ("streaming buffer of zones").
 * An event the first time; nothing once it has a verdict. */
bool state_notice_waits(struct state *state, const struct state_actor *actor, const char *run,
                        const char *why, int64_t at, struct error *error);

/* An alarm of a run, by the agent (term in `actor`, fenced): an event of that kind, once a run and
 * rule. */
bool state_notice_alarm(struct state *state, const struct state_actor *actor, const char *run,
                        enum state_event_kind kind, const char *rule, const char *text, int64_t at,
                        struct error *error);

/* What a person should know of it, as one line: "log is 2.1 GiB; …"; NULL for nothing. The caller
 * frees it. */
char *state_notices_text(const struct state_notices *notices);

#endif
