/* Runs as the agent sees them: reconciled, their logs followed, their verdicts decided when
 * coverage has been read. */
#ifndef PHASEGATE_AGENT_RUN_WATCH_H
#define PHASEGATE_AGENT_RUN_WATCH_H

#include "agent/follower.h"
#include "agent/record.h"

struct run_watch;

struct run_watch *run_watch_new(const struct recorder *recorder, const struct clock *clock,
                                struct follower *follower);
void run_watch_free(struct run_watch *watch);

/* Reconciles, follows new runs, drains ended ones. `*ended` is set when a run ended since the last
 * call, or the time that it settles in. */
bool run_watch_step(struct run_watch *watch, bool *ended, struct error *error);

/* Stores what a log says. */
bool run_watch_progress(struct run_watch *watch, const struct agent_progress *progress,
                        struct error *error);

/* Decides the verdicts of ended runs whose tables have been read since, and releases their dates.
 */
bool run_watch_judge(struct run_watch *watch, const struct situation *situation,
                     struct error *error);

/* Whether a run lives, waits for its verdict, holds dates until they were read, or has a verdict
 * that may be taken back soon. */
bool run_watch_busy(const struct run_watch *watch);

/* How many ended within ten minutes without an effect or with gaps: their rows may still come. */
size_t run_watch_doubts(const struct run_watch *watch);

#endif
