/* What coverage says of runs that have ended: their verdicts, and the release of their dates.
 *
 * Nothing is decided by numbers from before the last write. A run's tables are read after its end;
 * while rows still arrive, or while what it triggered may write (processors[].settle), a bad
 * verdict and the dates wait. A verdict that coverage later proves wrong is taken back. */
#ifndef PHASEGATE_AGENT_RUN_JUDGE_H
#define PHASEGATE_AGENT_RUN_JUDGE_H

#include "agent/record.h"
#include "situation/situation.h"
#include "state/state_coverage.h"
#include "state/state_runs.h"

/* One look at runs; zero-initialised but for the first two, and closed at the end. */
struct run_judge {
    const struct recorder *recorder; /* the actor's term is fenced */
    const struct situation *situation;
    struct state_measurement *measurements; /* read when the first run needs them */
    size_t measurement_count;
};
void run_judge_close(struct run_judge *judge);

/* The verdict of a run that has none, as far as it is ripe. */
bool run_judge_verdict(struct run_judge *judge, const struct state_run *run, struct error *error);

/* Takes back bad verdicts of the last 24 hours that coverage has proved wrong since, where nobody
 * else has claimed the dates: each is an event. */
bool run_judge_revise(struct run_judge *judge, struct error *error);

/* Releases the dates of every run whose tables were read after its end. Also for who polls once and
 * follows no log. */
bool run_judge_release(struct run_judge *judge, struct error *error);

#endif
