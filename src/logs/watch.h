/* Watch: one descriptor that becomes readable when one of many files may have changed.
 *
 * inotify on the directories that hold them, so that files which appear, are replaced or truncated
 * are noticed too, on what a symbolic link leads to, and on the files, whatever name they are
 * given. Where inotify is not to be had (limits, network file systems) a timer stands in for it:
 * then every file counts as changed at each tick. Used by one thread. */
#ifndef PHASEGATE_LOGS_WATCH_H
#define PHASEGATE_LOGS_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct log_watch;

/* `tick_ms` is the period of the timer that stands in; `only_timer` does without inotify (network
 * file systems report no remote writes). Errors: EXIT_OS. */
struct log_watch *log_watch_new(int tick_ms, bool only_timer, struct error *error);
void log_watch_free(struct log_watch *watch); /* NULL is fine */

/* For poll(): readable when log_watch_read has something to say. Owned by the watch. */
int log_watch_descriptor(const struct log_watch *watch);

/* Watches a file, there or not yet, or a directory for what happens in it. `token` names it in
 * log_watch_read; adding a token again replaces its path. The directory that holds it must exist:
 * else (EXIT_NO_INPUT) nothing was added. */
bool log_watch_add(struct log_watch *watch, const char *path, uint64_t token, struct error *error);
void log_watch_remove(struct log_watch *watch, uint64_t token);

/* Takes what happened without waiting: fills `tokens` with up to `capacity` of those that may have
 * changed, each once, and returns their number; call again while it returns `capacity`. */
size_t log_watch_read(struct log_watch *watch, uint64_t *tokens, size_t capacity);

/* Whether the timer stands in for inotify. */
bool log_watch_is_timed(const struct log_watch *watch);

#endif
