/* Private to src/runs: the processes of a run, as /proc shows them. */
#ifndef PHASEGATE_RUNS_FAMILY_H
#define PHASEGATE_RUNS_FAMILY_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Living processes (no zombies) in process group `group`, or whose parent is this process, except
 * the process `witness`; 0 for neither. */
size_t family_count(pid_t group, pid_t witness);

/* What is to be said of them when KILL was sent 10 s ago: "KILL sent, 1 process left after 10 s:
 * pid 17 (python3) hangs in the kernel (state D)". The caller frees it. */
char *family_describe_stuck(pid_t group, pid_t witness);

/* The next process of an open /proc and its parent; false at the end. */
bool family_next(DIR *directory, pid_t *pid, pid_t *parent);

/* Sends a signal to every direct child of this process but `witness`: only this process can reap
 * them, so that no pid is anybody else's. */
void family_signal_children(pid_t witness, int signal);

/* Living processes of account `owner` (of root: of any) whose environment says
 * PHASEGATE_RUN_ID=run, whatever their group or session, each signalled (0: not) through a
 * descriptor of its own after a second look. For runs whose shim is gone: what others may write
 * names nobody's processes but their own. */
size_t family_of_run(const char *run, uid_t owner, int signal);

/* Whether process `pid` runs as that account; root's may run as any. */
bool family_is_of(pid_t pid, uid_t owner);

#endif
