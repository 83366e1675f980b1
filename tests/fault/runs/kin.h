/* Every process that descends from this one, and what it is to a run. The process must be the
 * subreaper of all that it starts. */
#ifndef PHASEGATE_TEST_FAULT_KIN_H
#define PHASEGATE_TEST_FAULT_KIN_H

#include <stddef.h>
#include <sys/types.h>

#include "state/state_runs.h"

enum kin_role {
    KIN_OTHER, /* a launcher, an agent, whatever the test forked */
    KIN_SHIM,  /* also what it forked and is not renamed yet */
    KIN_WITNESS,
    KIN_COMMAND,
};

struct kin {
    pid_t pid;
    enum kin_role role;
    char run[STATE_RUN_SIZE]; /* of a shim or witness */
};

enum { KIN_MOST = 512 };

/* Fills `kin` and returns how many there are. */
size_t kin_list(struct kin kin[KIN_MOST]);

/* Whether `kin` supervises a run: shim or witness. */
static inline int kin_supervises(const struct kin *kin) {
    return kin->role == KIN_SHIM || kin->role == KIN_WITNESS;
}

/* SIGKILL to everything that descends from this process, until there is nothing; then reaps. */
void kin_kill_all(void);

#endif
