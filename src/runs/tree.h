/* Private to src/runs: a process that somebody else started, and its descendants, as far as they
 * were seen. Each is named by boot, pid and start time, and signalled through a descriptor of its
 * own: a pid that has become another's is left alone. */
#ifndef PHASEGATE_RUNS_TREE_H
#define PHASEGATE_RUNS_TREE_H

#include <stddef.h>

#include "state/state_lease.h"

/* Zero-initialise; free with tree_clear. */
struct tree {
    struct state_process *members;
    size_t count, capacity;
};

/* Begins with a process, alive or not. */
void tree_begin(struct tree *tree, const struct state_process *root);

/* Leaves out those that are gone, takes in the children of the others, and returns how many live.
 * A descendant whose parent died before anybody looked is not found. */
size_t tree_look(struct tree *tree);

/* Looks, then signals all of them; returns how many that were. */
size_t tree_signal(struct tree *tree, int signal);

/* "KILL sent, 1 process left after 10 s: pid 17 may hang in the kernel (state D)"; the caller frees
 * it. */
char *tree_describe_stuck(const struct tree *tree);

void tree_clear(struct tree *tree);

#endif
