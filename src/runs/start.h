/* Private to src/runs: how a shim is started, and what it says of its start. */
#ifndef PHASEGATE_RUNS_START_H
#define PHASEGATE_RUNS_START_H

#include "runs/runs_launch.h"
#include "runs/runs_session.h"

/* Starts the shim of a run, in a scope of its own where the session wants that and systemd-run
 * does it. Returns the end of the pipe on which it tells how it went, or -1. */
int start_shim(const char *shim, const char *run, const char *run_directory,
               const struct runs_session *session, struct error *error);

/* Waits for its word, at most 20 s, closes the pipe, and fills `started`. A run that its shim could
 * not take ends at once, with what the shim said. */
void start_take_word(int descriptor, struct state *state, const struct runs_launcher *launcher,
                     struct runs_started *started);

/* Ends a run whose shim never came to be, and says why in `started`. */
void start_give_up(struct state *state, const struct runs_launcher *launcher,
                   struct runs_started *started, const char *why);

#endif
