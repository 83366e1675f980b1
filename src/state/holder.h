/* Private to src/state: which process holds the lock of the state file, and whether it is frozen.
 */
#ifndef PHASEGATE_STATE_HOLDER_H
#define PHASEGATE_STATE_HOLDER_H

#include <stdbool.h>
#include <stdint.h>

struct holder {
    int64_t pid;   /* 0: not known */
    int64_t start; /* in clock ticks since the machine started: with it, a pid is one process */
    bool writes;   /* it has the lock of a writer; else it reads */
    bool stopped;  /* by SIGSTOP, SIGTSTP or a terminal: it does nothing until SIGCONT */
    bool agent;    /* it is `phasegate agent` */
};

/* Looks who holds a lock on the file, as /proc/locks tells it; a writer before a reader, and never
 * this process. */
bool holder_find(const char *path, struct holder *holder);

/* Ends (SIGKILL) a stopped agent that has the lock of a writer, when nothing was written for longer
 * than a lease runs: its lease has expired, and what it had begun is rolled back by whoever comes
 * next. True when it was sent. */
bool holder_end_frozen(const char *path, struct holder *holder);

/* "locked by phasegate agent, pid 4711, which is stopped: `kill -CONT 4711` lets it go on"; NULL
 * when it is not known. The caller frees it. */
char *holder_describe(const char *path);

#endif
