/* Private to src/runs: how a run ended, as a file: exit.json by the shim, wait.json by the witness.
 *
 * Written before the state file is, so that whoever comes later can say it there. */
#ifndef PHASEGATE_RUNS_RECORD_H
#define PHASEGATE_RUNS_RECORD_H

#include "base/error.h"
#include "state/state_shim.h"

struct record {
    enum state_outcome outcome; /* NONE in wait.json: who replays it decides */
    bool never_taken;           /* store only if no shim has taken the run; not in the file */
    bool has_wait_status;
    int wait_status;
    size_t step;
    int64_t steps_failed;
    int64_t stragglers;
    bool adopted;       /* nobody can know its exit status; not in the file */
    bool out_of_memory; /* see state_shim.h */
    char *spawn_error;  /* NULL */
    int64_t ended_at;
};

/* Writes it to `name` in the directory: temporary, fsync, rename, fsync of the directory. */
bool record_write(const char *run_directory, const char *name, const char *run,
                  const struct record *record, struct error *error);

/* False when there is none (EXIT_NO_INPUT), or it is not to be believed: malformed, of another run,
 * with a number that cannot be, or by another account (EXIT_DATA, with why). Free with
 * record_clear. */
bool record_read(const char *run_directory, const char *name, const char *run,
                 struct record *record, struct error *error);
void record_clear(struct record *record);

/* "exit 0", "exit 1", "killed by SIGTERM", "killed (SIGKILL), probably for want of memory", "did
 * not start: No such file or directory". The caller frees it. */
char *record_describe(const struct record *record);

/* Writes the end into the state file, event included. */
bool record_store(struct state *state, const struct state_actor *actor, const char *run,
                  const struct record *record, const char *recorded_by, const char *remark,
                  bool *done, struct error *error);

#endif
