/* One trial of a night: runs that are launched, watched and stopped while processes of theirs are
 * killed at random moments; and what must hold afterwards. The seed of a trial is all there is to
 * it, but for what the scheduler makes of it. */
#ifndef PHASEGATE_TEST_FAULT_TRIAL_H
#define PHASEGATE_TEST_FAULT_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What so many trials came to. */
struct trial_sums {
    int64_t trials, kills, runs;
    int64_t ok, failed, stopped, unstarted, lost; /* runs by outcome */
    int64_t replayed;                             /* runs whose end another process recorded */
};

/* Runs trials first, first + step, … below `count` in the directory, and adds to the sums. Returns
 * false after printing trial and seed when one breaks a rule. With `faults` each begins with a
 * named point of the shim instead of a random one. Called in a process of its own. */
bool trial_run_all(const char *directory, uint64_t seed, size_t first, size_t step, size_t count,
                   bool faults, struct trial_sums *sums);

#endif
