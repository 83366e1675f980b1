/* The logs thread: follows the logs of live runs and posts what they say.
 *
 * It is told by inotify of what is new, and looks by itself every few seconds at all of them: a run
 * is not silent because nobody was told of its output. */
#ifndef PHASEGATE_AGENT_FOLLOWER_H
#define PHASEGATE_AGENT_FOLLOWER_H

#include "agent/queue.h"

struct follower;

/* Starts the thread; progress goes to `out`, for each run at most once in `every_ms` real
 * milliseconds. The pipeline gives pattern sets that are not built in. Errors: EXIT_OS. */
struct follower *follower_start(const struct pipeline *pipeline, const struct clock *clock,
                                int every_ms, struct agent_queue *out, struct error *error);

/* Follows a run's log from where `json` (stored progress, or NULL) left off at `place`. */
void follower_follow(struct follower *follower, const char *run, const char *path,
                     const char *patterns, const struct log_place *place, const char *json);

/* What is known of a run that is followed: the process that writes the log (0: none), by which a
 * log that was renamed or replaced is read on; whether it was adopted, so that what its log holds
 * already came nobody knows when; and what was told of its file before ("" or NULL: nothing). */
void follower_facts(struct follower *follower, const char *run, int64_t writer, bool adopted,
                    const char *happened);

/* The run has ended: the rest of its log is read, posted with `drained`, and left. */
void follower_drain(struct follower *follower, const char *run);

/* Ends the thread within a second. */
void follower_stop(struct follower *follower);

#endif
