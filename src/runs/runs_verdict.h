/* The verdict of a run: wait status, log and coverage joined. Only coverage read after the end
 * makes it verified. Pure computation. */
#ifndef PHASEGATE_RUNS_RUNS_VERDICT_H
#define PHASEGATE_RUNS_RUNS_VERDICT_H

#include "base/day.h"
#include "state/state_runs.h"

enum runs_verdict {
    RUNS_UNDECIDED, /* alive, or waiting for coverage newer than its end */
    RUNS_VERIFIED,
    RUNS_ENDED_WITH_GAPS,
    RUNS_NO_EFFECT, /* exit 0, and coverage did not move: an alarm */
    RUNS_FAILED,
    RUNS_STOPPED,
    RUNS_LOST,
};
const char *
runs_verdict_word(enum runs_verdict verdict); /* "verified", "ended with gaps", …; NULL */

/* Whether a stop was the agent's or the shim's doing, not a person's (user@host): then the run has
 * failed. */
bool runs_stopped_by_rule(const char *stop_by);

/* What is known of one table that the run fills. */
struct runs_table_witness {
    const struct dayset *before; /* complete at launch; NULL: not known */
    const struct dayset *after;  /* complete now; NULL: not known */
    const struct dayset *excess; /* dates that hold too many rows now; NULL: none, or not known */
    int64_t measured_at;         /* when `after` was read; 0: never */
};

struct runs_witnesses {
    enum state_outcome outcome; /* NONE while it lives */
    int exit_code, signal;      /* -1: none */
    bool out_of_memory;         /* the kernel killed processes of it for want of memory */
    bool adopted;               /* its status cannot be known: coverage alone decides */
    const char *spawn_error;    /* NULL */
    const char *stop_by;        /* NULL */
    const char *stop_reason;    /* NULL */
    int64_t ended_at;
    const struct dayset *dates; /* it was launched for */
    const struct runs_table_witness *tables;
    size_t table_count;
    int64_t log_failed, log_skipped; /* dates, as its log says; -1: not known */
    /* Of the commands that it ran one after the other: 0 or 1 when there was one only. */
    int64_t steps, steps_failed, steps_left;
};

struct runs_judgement {
    enum runs_verdict verdict;
    bool measured;         /* every table was read after the end: the next five hold */
    size_t dates;          /* it was launched for */
    size_t complete;       /* of them, complete in every table, now */
    size_t gained;         /* of those, not so at launch; 0 when that was not known */
    size_t excess;         /* of them, with too many rows in one of the tables, now */
    struct dayset missing; /* of them, not complete now, those with too many rows as well */
    char *text;            /* "213 of 213 dates verified"; "waiting for coverage" */
};

/* Judges a run; free with runs_judgement_clear. Failed, stopped and lost are said at once, and
 * again, with what coverage says of them, when `measured`. */
void runs_judge(const struct runs_witnesses *witnesses, struct runs_judgement *judgement);
void runs_judgement_clear(struct runs_judgement *judgement);

/* What is said of a run whose dates were verified and of which `lost`, `first` the first of them,
 * are not complete any more. The caller frees it. */
char *runs_verdict_lost(size_t dates, size_t lost, day_number first);

/* Whether a verdict's text (NULL: none) is that: what has vanished is a person's matter. */
bool runs_verdict_is_lost(const char *text);

/* The witnesses that a stored run brings (tables excepted). */
struct runs_witnesses runs_witnesses_of(const struct state_run *run);

#endif
