/* Runs that are held for jobs on the server: asked about at once, then with growing pauses, until
 * none is left. What is known is in the state, so that the next agent goes on. */
#ifndef PHASEGATE_AGENT_SERVER_WATCH_H
#define PHASEGATE_AGENT_SERVER_WATCH_H

#include "agent/record.h"
#include "agent/server_jobs.h"

/* Who asks BigQuery: the agent's BigQuery thread, or a verb that waits for the answer. */
struct server_watch_ask {
    void (*ask)(void *context, const char *run, int64_t created_after_ms, bool cancel);
    void *context;
};

struct server_watch;

struct server_watch *server_watch_new(const struct recorder *recorder, const struct clock *clock,
                                      const struct server_watch_ask *ask);
void server_watch_free(struct server_watch *watch);

/* Asks about every held run whose time has come. */
bool server_watch_step(struct server_watch *watch, struct error *error);

/* Stores an answer, and tells the journal what was cancelled. */
bool server_watch_answer(struct server_watch *watch, const struct server_jobs_answer *answer,
                         struct error *error);

/* Runs that were held at the last step and are not released since. */
size_t server_watch_held(const struct server_watch *watch);

/* Of these, how many can change soon: not answered yet, seen without jobs once, or being cancelled.
 * A verb waits for them. */
size_t server_watch_open(const struct server_watch *watch);

/* Whether an agent has to stay for them: as long as BigQuery answers, and for ten minutes when it
 * does not. */
bool server_watch_busy(const struct server_watch *watch);

#endif
