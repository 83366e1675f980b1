/* The demo's stage: a directory of its own with a local BigQuery, a pipeline file, a state, and a
 * clock, all named to this process and its children through the environment. */
#ifndef PHASEGATE_CLI_STAGE_H
#define PHASEGATE_CLI_STAGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "demo/scenario.h"

struct stage {
    char *directory;
    char *pipeline; /* path of the pipeline file */
    pid_t emulator; /* of the local BigQuery's process; 0 when it is in this process */
    struct emulator *inside;
    bool reopened; /* it was there already */
};

/* A stage that ends with this process: in a new temporary directory, its BigQuery in this process.
 * `speed` is how many times faster than the real one its clock runs (0: it stands). */
bool stage_open_private(const struct scenario *scenario, double speed, struct stage *stage,
                        struct error *error);

/* The demo that outlives its consoles: the one that is there, or a new one. There is one for each
 * place of states (PHASEGATE_STATE, XDG_STATE_HOME, HOME); `shared`: one for the whole account. */
bool stage_open(const struct scenario *scenario, double speed, bool shared, struct stage *stage,
                struct error *error);

/* The same only if it is there and its BigQuery is alive. */
bool stage_find(bool shared, struct stage *stage, struct error *error);

/* Whether anything still runs on the stage, or another console has it open. */
bool stage_busy(const struct stage *stage);

/* Stops runs, agent and BigQuery, and removes the directory. */
bool stage_end(struct stage *stage, struct error *error);

/* Leaves a stage that outlives its consoles as it is. */
void stage_leave(struct stage *stage);

#endif
