/* What must hold after a trial, whatever was killed: no run lost whose status somebody could have
 * told, no command started twice or without a record, no status that was not one, no date given
 * back that was written and not read, none kept for nothing, none ever claimed twice, a sound file.
 */
#ifndef PHASEGATE_TEST_FAULT_TRIAL_RULES_H
#define PHASEGATE_TEST_FAULT_TRIAL_RULES_H

#include "kin.h"
#include "state/state.h"
#include "trial.h"

enum { TRIAL_RUNS = 16 };

struct trial_rules {
    const char *directory; /* of the state file */
    const char *group;     /* of the trial's runs */
    char *marks;           /* the file the commands append to: RUN FROM PID CODE, -1 at the start */
    size_t number;
    uint64_t seed;
    const char *fault; /* the named point, or NULL */
    bool stop_asked;
    bool broken;
    int64_t kills, commands_killed;
    struct {
        char run[STATE_RUN_SIZE];
        size_t count; /* of its shim and its witness */
    } supervisors[TRIAL_RUNS];
    size_t supervisor_count;
};

void trial_rules_note_kill(struct trial_rules *rules, const struct kin *kin);

/* Prints the trial, its seed and what is wrong. */
void trial_rules_break(struct trial_rules *rules, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Lets the state file write down every claim that is taken over one that is held. */
void trial_rules_watch_claims(const char *directory);

/* Judges every run of the trial and the file, and adds to the sums. */
void trial_rules_judge(struct trial_rules *rules, struct state *state, struct trial_sums *sums);

/* Gives the dates of all runs that have ended back, as if their tables had been read since. */
bool trial_read_coverage(struct state *state, struct error *error);

/* Does so after a trial was judged: then no claim of it may be left. */
void trial_rules_read_all(struct trial_rules *rules, struct state *state);

#endif
