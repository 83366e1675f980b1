/* Private to src/runs: locks that live as long as a process does.
 *
 * Open file description locks: held as long as any copy of the descriptor is open, dropped by the
 * kernel when the last one closes, and not dropped because somebody else opens and closes the
 * file. */
#ifndef PHASEGATE_RUNS_LOCK_H
#define PHASEGATE_RUNS_LOCK_H

#include <stdbool.h>

/* Creates the file and takes its lock; the descriptor is close-on-exec. -1 with errno, which
 * is EAGAIN when somebody holds it. */
int lock_take(const char *directory, const char *name);

/* Whether somebody holds the lock. Takes nothing; a file that is not there is not locked, nor is
 * what is no regular file of the directory's owner; one that may not be read is. */
bool lock_is_held(const char *directory, const char *name);

#endif
