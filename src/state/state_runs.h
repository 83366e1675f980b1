/* Stored runs: launches with their claims, what their logs say, and how they ended.
 *
 * A run goes claimed → starting → running → (stopping →) ended. Claims are exclusive holds on
 * (BigQuery table × dates); they are taken with the run, in one transaction, and released when the
 * tables it fills were read after its end (state_unread.h), and not before; those of a run that
 * ended badly only when, besides, none of its jobs is left on the server (state_server.h). What the
 * shim writes is in state_shim.h. */
#ifndef PHASEGATE_STATE_STATE_RUNS_H
#define PHASEGATE_STATE_STATE_RUNS_H

#include "base/day.h"
#include "state/state.h"
#include "state/state_lease.h"

#define STATE_RUN_SIZE 24 /* "r-…" and its end */

/* How long a claimed run may be without a shim before its start counts as failed. */
#define STATE_CLAIM_PATIENCE_NS (INT64_C(30) * 1000000000)

enum state_run_state {
    STATE_RUN_CLAIMED,
    STATE_RUN_STARTING,
    STATE_RUN_RUNNING,
    STATE_RUN_STOPPING,
    STATE_RUN_ENDED,
};

enum state_outcome {
    STATE_OUTCOME_NONE, /* it lives */
    STATE_OUTCOME_OK,   /* exit 0, by itself */
    STATE_OUTCOME_FAILED,
    STATE_OUTCOME_STOPPED,
    STATE_OUTCOME_SPAWN_ERROR, /* its command never ran */
    STATE_OUTCOME_LOST,        /* nobody saw it end */
};

const char *state_run_state_word(enum state_run_state state); /* "claimed", … */
const char *state_outcome_word(enum state_outcome outcome);   /* "ok", …; NULL for none */

/* "r-…" or "l-…": short, unique, and in the order of `at`; `kind` is 'r' (run), 'l' (launch), 's'
 * (session) or 'a' (approval). */
char *state_make_id(char kind, int64_t at, char id[STATE_RUN_SIZE]);

/* One that nothing stored has; inside a transaction it stays so. */
bool state_draw_id(struct state *state, char kind, int64_t at, char id[STATE_RUN_SIZE],
                   struct error *error);
bool state_id_is_taken(struct state *state, const char *id, bool *taken, struct error *error);

/* A hold on dates of a BigQuery table, "project.dataset.table". */
struct state_claim {
    const char *resource;
    const struct day_range *ranges; /* ascending, not touching */
    size_t range_count;
    int64_t seen; /* of the measurement that chose these dates (state_measurement.seen): a launch on
                     dates that a run has written since is refused. -1: no measurement chose them */
};

/* A table of the pipeline that the run fills. */
struct state_run_table {
    char *table;
    bool before_known;
    struct dayset before; /* dates complete at launch, where known */
};

/* A run to be. All strings are borrowed. */
struct state_new_run {
    const char *run;       /* of state_make_id */
    const char *processor; /* name */
    struct day_range range;
    const struct dayset *dates; /* it is launched for */
    const char *steps;          /* JSON: array of argv arrays */
    size_t step_count;
    const char *command;   /* for people */
    const char *directory; /* of the run */
    const char *retry_of;  /* run id, or NULL */
    const struct state_claim *claims;
    size_t claim_count;
    const struct state_run_table *tables;
    size_t table_count;
    bool labels_jobs;           /* its BigQuery jobs carry its id: see state_server.h */
    bool adopted;               /* its command runs already, started by somebody else */
    const char *code_directory; /* where its command works; NULL: not known */
    const char *code_commit;    /* of its working directory; NULL: not known */
    int64_t code_changed; /* files that differ from it; meant with a commit only, -1: not known */
    int64_t settle_ms;    /* how long after its end what it triggered may still write */
};

/* A launch: one or more runs, all or none. */
struct state_launch {
    const char *launch; /* of state_make_id */
    const char *group;  /* "" for a processor by itself */
    const char *plan_hash;
    const char *owner;    /* user@host */
    const char *approval; /* id of the approval it uses up, or NULL; one that is not GO for this
                             plan, expired, revoked or used is refused */
    const char *override_reason; /* gate overridden; NULL */
    const char *arm; /* the arm that fires, or NULL. Then the actor is the agent, and its term, the
                        arm's plan, samples, countdown, expiry and boot are checked here too */
    const struct state_new_run *runs;
    size_t run_count;
    int64_t at;
    int64_t boot_ns;
};

/* Inserts runs, claims and the event. An actor with a term must hold the lease: EXIT_NO_GO when it
 * passed to another, EXIT_TEMPORARY when it ran out. EXIT_NO_GO, naming the run, its owner and the
 * dates, when a live claim overlaps, or when a run has written dates since they were chosen. */
bool state_launch(struct state *state, const struct state_actor *actor,
                  const struct state_launch *launch, struct error *error);

/* The same refusals without a launch. */
bool state_claims_free(struct state *state, const struct state_claim *claims, size_t count,
                       struct error *error);

/* A live claim, one range of it. */
struct state_held {
    char *run, *processor, *owner, *resource;
    struct day_range range;
    int64_t at;
};
struct state_held *state_claims_held(struct state *state, size_t *count, struct error *error);
void state_claims_held_free(struct state_held *held, size_t count);

/* What a run's log has said so far. */
struct state_progress {
    int64_t done, ok, failed, skipped, zero_rows; /* dates; -1: its log does not talk of them */
    int64_t position, total;                      /* i of n; -1 before the log tells */
    int64_t warnings, errors;                     /* records */
    char *last_line;                              /* sanitised; NULL before the first */
    int64_t last_output_at;
    int64_t log_offset; /* bytes of out.log that are in these numbers */
    char *json;         /* of the logs module, to go on from; NULL */
    int64_t updated_at;
};

/* What BigQuery does for a run. Stored by state_server.h. */
struct state_server {
    bool labelled;     /* its jobs carry the label phasegate_run */
    bool held;         /* it has ended, and its claims are kept until none of its jobs runs */
    int64_t jobs;      /* pending and running at `at`; -1: not known */
    int64_t at;        /* when BigQuery was last asked; 0: never */
    char *error;       /* why they are not known, or not all cancelled; NULL */
    int64_t cancel_at; /* somebody asked for them to be cancelled; 0: not */
    char *cancel_by;   /* NULL */
};

/* What was noticed of a run. Stored by state_notice.h, state_shim.h and the launch. */
struct state_notices {
    bool adopted;         /* its command was started by somebody else: nobody can know its status */
    bool out_of_memory;   /* the kernel killed processes of it for want of memory */
    char *stuck;          /* what KILL did not end, and why; NULL */
    int64_t log_alarm;    /* bytes of its log when that was over its limit; 0: it was not */
    char *code_directory; /* where its command works; NULL: not known */
    char *code_commit;    /* of its working directory at launch; NULL: not known */
    int64_t code_changed; /* files that differed from it then; -1: not known */
    char *code_moved;     /* the commit that stands there now, when it is another; NULL */
    char *waits_for;      /* why its verdict waits although it has ended; NULL */
    int64_t stragglers;   /* processes that outlived the command and were ended */
    int64_t steps;        /* commands that it runs one after the other */
    int64_t steps_failed; /* of those */
    int64_t steps_left;   /* those that it never came to, once it has ended */
};

struct state_run {
    char *run, *launch, *group, *processor, *owner;
    char *plan_hash;
    struct day_range range;
    struct dayset dates;
    size_t date_count;
    char *steps;             /* JSON: array of argv arrays */
    size_t step_count, step; /* the step that runs or ran last, from 0 */
    char *command, *directory;
    char *retry_of; /* NULL */
    enum state_run_state state;
    enum state_outcome outcome;
    struct state_process shim, child; /* pid 0: none yet */
    bool orphan;                      /* its shim is gone, its command lives */
    bool has_wait_status;
    int wait_status;       /* raw, of waitpid */
    int exit_code, signal; /* -1 when there is none */
    bool core_dumped;
    char *spawn_error; /* why the command did not start; NULL */
    char *recorded_by; /* shim, replay, reconciler; NULL while it lives */
    int64_t sequence;  /* in the order of their making, whatever the clock did */
    int64_t created_at, created_boot_ns, started_at, ended_at;
    char created_boot_id[CLOCK_BOOT_ID_SIZE];
    int64_t stop_at;
    char *stop_by, *stop_reason;
    char *stop_stage; /* requested, term, kill, done; NULL */
    int64_t stop_stage_at, kill_at;
    int64_t survivors; /* processes left at that stage; -1 not known */
    char *verdict;     /* NULL until decided */
    char *verdict_text;
    int64_t verdict_at;
    int64_t ended_sequence; /* the number of its end among all ends of runs that wrote; 0: it lives,
                               or wrote nothing */
    int64_t settle_ms;      /* what it triggered may write for so long after its end */
    bool unread;            /* its claims are kept until its tables were read: state_unread.h */
    struct state_run_table *tables;
    size_t table_count;
    struct state_progress progress;
    struct state_server server;
    struct state_notices notices;
};

/* What to list; zero-initialised it means everything. A run is settled when it has ended, has its
 * verdict and holds no claims; `ended_since` and `newest` leave out settled ones only. */
struct state_run_filter {
    const char *run; /* one run */
    const char *group;
    const char *processor;
    const char *launch;
    bool live;              /* not ended */
    bool undecided;         /* ended, without a verdict */
    bool held;              /* ended, with claims that are held for jobs on the server */
    bool unread;            /* ended, with claims that are held until its tables were read */
    int64_t doubtful_since; /* wall ms: ended since, with a verdict that later readings may prove
                               wrong (no effect, with gaps, verified), and nobody has claimed its
                               dates after it; 0: all */
    int64_t ended_since;    /* wall ms: of the settled, those that ended since; 0: all */
    int64_t as_of;          /* wall ms, a moment past: only those created by then; 0: all */
    size_t newest;          /* of the settled, the newest so many; 0: all */
};

/* Newest first. NULL on error; free with state_runs_free. */
struct state_run *state_runs(struct state *state, const struct state_run_filter *filter,
                             size_t *count, struct error *error);
/* The how many-th try a run is: 1 for one that retries none. */
bool state_run_tries(struct state *state, const char *run, int *tries, struct error *error);

/* How many settled ones `newest` leaves out. */
bool state_runs_left_out(struct state *state, const struct state_run_filter *filter, size_t *count,
                         struct error *error);
void state_runs_free(struct state_run *runs, size_t count);

/* Asks runs to stop. A claimed one ends at once as stopped, and no shim will take it; the others
 * go to stopping, which their shims see. `at_once` leaves out TERM and the grace, also for those
 * that are in their grace already; it is stored as a `kill_at` that is not after `stop_at`.
 * Disarms every arm. `runs` are ids; ended ones and those already stopping (or being killed) are
 * passed over. `*asked` is how many were not. */
bool state_runs_stop(struct state *state, const struct state_actor *actor, char *const *runs,
                     size_t count, const char *reason, bool at_once, int64_t at, size_t *asked,
                     struct error *error);

/* Progress of a run, by the agent (fenced by `term`). */
bool state_progress_store(struct state *state, int64_t term, const char *run,
                          const struct state_progress *progress, struct error *error);

/* What the log of a run said about one date. */
struct state_run_date {
    day_number day;
    char *outcome; /* ok, zero, skipped, failed */
    int64_t rows;  /* -1 when not said */
    char *reason;  /* NULL */
};

/* Replaces what is stored of these dates (others stay), by the agent (fenced). */
bool state_run_dates_store(struct state *state, int64_t term, const char *run,
                           const struct state_run_date *dates, size_t count, struct error *error);

/* Ascending. NULL on error; free with state_run_dates_free. */
struct state_run_date *state_run_dates(struct state *state, const char *run, size_t *count,
                                       struct error *error);
void state_run_dates_free(struct state_run_date *dates, size_t count);

/* How often each date was tried by a processor: in how many of its runs the log named it. */
struct state_attempts {
    day_number day;
    int64_t attempts, failed;
};
struct state_attempts *state_attempts(struct state *state, const char *processor, size_t *count,
                                      struct error *error);

/* The verdict of an ended run, by the agent (term in `actor`, fenced), with its event; a verdict
 * that is already there may be replaced. */
bool state_run_verdict(struct state *state, const struct state_actor *actor, const char *run,
                       const char *verdict, const char *text, int64_t at, struct error *error);

#endif
