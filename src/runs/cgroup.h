/* Private to src/runs: the cgroup (version 2) of a command, where it can have one of its own.
 *
 * It is made below the shim's when that is the run's own scope, or was delegated, or belongs to no
 * systemd: then one write kills all that is in it, forks included, and the kernel counts there whom
 * it killed for want of memory. Without one everything works by signals. */
#ifndef PHASEGATE_RUNS_CGROUP_H
#define PHASEGATE_RUNS_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

struct cgroup {
    char *path;          /* of the command's; NULL: it has none */
    char *memory_events; /* NULL: nothing counts */
    int64_t killed;      /* for want of memory, when it was made */
};

/* Makes it, and writes its path into the run directory for whoever comes after the shim. */
void cgroup_make(const char *run, const char *run_directory, struct cgroup *cgroup);

/* Puts this process into it; false with errno. */
bool cgroup_enter(const struct cgroup *cgroup);

/* Kills all that is in it. */
void cgroup_kill(const struct cgroup *cgroup);

/* The same for a run whose shim is gone. What its directory says is believed of a cgroup of version
 * 2 that is named for the run, and was made by the account that the directory belongs to: what
 * others wrote there kills nothing that its writer could not. */
void cgroup_kill_of(const char *run, const char *run_directory);

/* Whether the kernel has killed anything in it for want of memory. */
bool cgroup_ran_out(const struct cgroup *cgroup);

/* Removes it, when it is empty, and frees what is held. */
void cgroup_end(struct cgroup *cgroup);

#endif
