/* The situation: all that is known at one moment, read from the state file and judged, as one
 * immutable object.
 *
 * The console draws it, the command line prints it, the agent acts on it: there is one way from
 * stored evidence to coverage, gates and runs, and this is it. A situation owns all it holds but
 * the pipeline; once loaded nobody writes to it, so that it may be handed from thread to thread by
 * pointer. Times are wall milliseconds (base/clock.h). */
#ifndef PHASEGATE_SITUATION_SITUATION_H
#define PHASEGATE_SITUATION_SITUATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/day.h"
#include "base/error.h"
#include "coverage/coverage.h"
#include "gates/gates.h"
#include "pipeline/pipeline.h"
#include "situation/preflight.h"
#include "situation/trouble.h"

struct state;

/* Worst first, as the console lists them (UI.md rule 4). */
enum situation_run_phase {
    SITUATION_RUN_FAILED,  /* ended, and neither verified nor stopped by a person */
    SITUATION_RUN_STALLED, /* running, quiet for longer than its processor may be */
    SITUATION_RUN_STOPPING,
    SITUATION_RUN_RUNNING,
    SITUATION_RUN_WAITING, /* claimed or starting, or ended and waiting for coverage */
    SITUATION_RUN_DONE,    /* verified, or stopped */
};

/* What an operator should look at, of one run; each names what to do. */
struct situation_alarm {
    const char *rule; /* "died-early", "quiet", "slow-date", "no-effect", … */
    bool stall;       /* it seems to hang */
    char *text;
};

/* Failed dates of one run with the same normalised reason. */
struct situation_failure {
    char *reason;
    size_t dates;
    day_number first;
};

struct situation_run {
    char *run;              /* "r-…" */
    char *group;            /* "" when it was launched by itself */
    char *processor;        /* name; index below */
    size_t processor_index; /* PIPELINE_NONE when the pipeline file no longer has it */
    struct day_range range;
    size_t dates;       /* it was launched for */
    char *command;      /* argv as a person would type it */
    char *state;        /* claimed, starting, running, stopping, ended */
    char *outcome;      /* ok, failed, stopped, spawn_error, lost; NULL while it lives */
    char *verdict;      /* verified, ended with gaps, no effect, failed, stopped, lost; NULL until
                           decided */
    char *verdict_text; /* "213 of 213 dates verified", "exit 0 but 37 of 213 dates still missing";
                           NULL */
    enum situation_run_phase phase;
    bool orphan;           /* its shim is gone, its command lives */
    int exit_code, signal; /* -1 when there is none */
    int64_t pid;           /* of the command; 0 when there is none */
    char *owner;           /* user@host */
    char *directory;       /* of the run; out.log is in it */
    char *log_path;
    int64_t sequence; /* in the order of their making, whatever the clock did */
    int64_t created_at, started_at, ended_at, verdict_at, stop_at; /* 0 when not */
    char *stop_by, *stop_reason;                                   /* NULL */
    bool unread; /* it has ended, and its claims are kept until its tables were read */
    /* Jobs in BigQuery that it left running: state_server.h. */
    bool server_held;       /* its claims are kept for them */
    int64_t server_jobs;    /* -1: not known */
    int64_t server_jobs_at; /* when BigQuery was last asked; 0: never */
    char *server_text;      /* "2 jobs still running server-side"; NULL when it is not held */
    char *notices;          /* what a person should know of it (state_notice.h); NULL */
    bool adopted;           /* its command was started by somebody else */
    char *code_commit;      /* of its working directory at launch; NULL: not known */
    int64_t code_changed;   /* files that differed from it then; -1: not known */
    char *code_moved;       /* the commit that stands there now, when it is another; NULL */
    char *stop_stage;       /* "TERM sent, KILL in 42 s, 2 processes left"; NULL */
    char *retry_of;         /* the run whose dates it tries again; NULL */
    bool other_plan;        /* it was launched by another plan than situation->pipeline */
    /* Set for a run that will be tried again by itself. */
    int64_t retry_at; /* when; 0: not */
    int retry_number; /* the which try it will be, of retry_times */
    int retry_times;
    int retry_workers; /* 0: as many as before */
    bool hit_quota;    /* its log tells of a quota on a data table */
    /* From its log; counts of dates. `total` is 0 until the log tells. A log that tells nothing of
     * dates leaves `done` to `zero_rows` at 0, which then mean nothing. */
    bool log_unknown;
    size_t done, ok, failed, skipped, zero_rows, total;
    int64_t position;                /* i of `total`, as the log last said; -1 before */
    int64_t bar_position, bar_total; /* of a progress bar, of whatever it counts; -1 without one */
    char *log_notice;                /* what became of its log's file; NULL */
    size_t warnings, errors;
    char *last_line;                    /* sanitised; NULL before the first */
    int64_t last_output_at;             /* 0 before the first */
    double dates_per_minute;            /* negative when not known */
    int64_t eta;                        /* when it will end at that rate; 0 when not known */
    struct situation_failure *failures; /* those of the most dates, most first */
    size_t failure_count;
    size_t failures_left_out;       /* failed dates of other reasons than these */
    struct situation_alarm *alarms; /* worst first */
    size_t alarm_count;
    char *waiting; /* "waiting for coverage since 02:42 (streaming buffer of zones)", while it has
                      ended and has no verdict, or still holds its dates; NULL */
    /* From coverage: how many of its dates are complete in all tables it fills, now and at launch.
     */
    size_t complete_now, complete_before;
    size_t excess_now;        /* of its dates, those that hold too many rows in one of them */
    day_number first_missing; /* of its dates, the first that is not; DAY_NONE */
};

struct situation_table {
    int64_t
        rose_last_hour; /* complete dates gained in the last hour of wall time; -1 when not known */
    struct coverage_rate rate;
    int64_t seen;        /* the newest end of a run that its coverage has seen:
                            state_measurement.seen */
    bool overtaken;      /* a run has written it since */
    const char *held_by; /* the gate that is not GO and holds the group that fills it; NULL */
};

struct situation_gate {
    int64_t since; /* when the verdict became what it is; 0 when not known */
};

/* What stands between a group and its start. */
struct situation_group {
    char *approval, *approved_by;        /* of a live approval; NULL without one */
    int64_t approved_at, approved_until; /* 0 without one */
    char *arm, *armed_by;                /* NULL: it is not armed */
    int64_t armed_at, armed_until;
    int64_t arm_streak, arm_need; /* GO samples in a row: seen, wanted */
    int64_t fires_at;             /* when it starts by itself; 0: no countdown */
    char *arm_ended;              /* why the newest arm ended without firing; NULL */
    int64_t arm_ended_at;
};

struct situation_event {
    int64_t sequence;
    int64_t at;
    char *actor, *kind, *subject, *text;
};

/* What is left of poll.bytes_per_night. */
enum situation_budget {
    SITUATION_BUDGET_FINE,    /* or the file sets none */
    SITUATION_BUDGET_NEAR,    /* 80 % of it is spent */
    SITUATION_BUDGET_USED_UP, /* no paid query is asked before the night ends */
};

/* What one query of a target would bill, as the last dry run told, and how many of them a night may
 * see (situation/spend.h). */
struct situation_estimate {
    char *key;       /* a table, a source of expected dates, or "GATE/CHECK" */
    int64_t at;      /* 0: never estimated */
    int64_t bytes;   /* -1: not known */
    char *error;     /* why not; NULL */
    int64_t queries; /* in a night, at most */
};

/* What the header says. */
/* What plan the agent works by, as it told; everything else is judged by situation->pipeline. */
struct situation_plan {
    char agent[65];     /* its hash; "" when none is at work, or it told nothing */
    char disk[65];      /* of the file as the agent last saw it; "" when that cannot be loaded */
    int64_t disk_since; /* when it saw the file become another; 0: it is the agent's */
    char *notice;       /* one sentence, with what to do; NULL: all work by one plan */
    char *notice_short; /* the same for a header; NULL */
};

/* Under which the agent tells its plan (state/state_told.h): {"term", "plan", "file", "disk": word
 * of pipeline/watch.h, "disk_plan", "disk_since": wall ms, "disk_why"}. */
#define SITUATION_TOLD_PLAN "plan"

struct situation_header {
    struct situation_plan plan;
    bool agent_alive;
    char *agent_trouble; /* why nothing is stored although its process is there: "disk full: …" */
    int64_t polled_at;   /* of the youngest successful answer from BigQuery; 0 when never */
    struct situation_trouble *bigquery; /* NULL when all is well */
    int64_t bytes_billed;               /* of the night */
    double cost;                        /* US dollars */
    int64_t bills_unknown; /* queries given up, perhaps billed: both are then lower bounds */
    enum situation_budget budget;
    size_t consoles;
    size_t running; /* runs alive */
    size_t gate; /* the first gate in pipeline order that is not GO; PIPELINE_NONE when all are */
    size_t next_group; /* held by that gate; PIPELINE_NONE */
    size_t launchable; /* the first group that fills what keeps that gate from GO, that nothing
                          holds, and of which nothing runs or waits for its verdict;
                          PIPELINE_NONE */
    int64_t
        go_expected; /* when the running work would turn that gate at its rate; 0 when not known */
};

/* As whom BigQuery is asked, as the last one that polled told. */
struct situation_credentials {
    bool known; /* somebody has told, and the real service is meant: else all below is empty */
    char *kind; /* "service_account", …; NULL without a login, and so on */
    char *source, *identity, *quota_project;
    int64_t expires_at; /* when the present token ends; 0: there is none */
    char *problem;      /* why BigQuery cannot be asked, one sentence; NULL */
};

struct situation {
    const struct pipeline *pipeline;
    int64_t as_of;
    struct day_range range;
    struct coverage_report *coverage;
    int64_t written_at; /* when the last run that wrote any table ended; 0: none did */
    char *written_by;   /* that run; NULL */
    struct gates_report *gates;
    struct situation_header header;
    struct situation_credentials credentials;
    struct situation_preflight preflight;
    struct situation_table *tables;    /* pipeline->table_count */
    struct situation_gate *gate_facts; /* pipeline->gate_count */
    struct situation_group *groups;    /* pipeline->group_count */
    /* Worst first, then newest: all that live, wait for their verdict or hold claims, and of the
     * others those that ended within 24 h (or within the longest wait for a retry), at most 500. */
    struct situation_run *runs;
    size_t run_count;
    size_t runs_left_out;           /* of those others, how many more there are */
    struct situation_event *events; /* oldest first, the last 1,000 */
    size_t event_count;
    bool events_left_out;                 /* there are older ones */
    struct situation_estimate *estimates; /* tables, expected dates, checks: the file's order */
    size_t estimate_count;
    int64_t until;  /* what was stored later does not count; 0: all does. Private */
    size_t busiest; /* the group whose tables the night's estimate counts as filled;
                       PIPELINE_NONE */
    void *marks;    /* what the gates report's marks point into; private */
};

/* The night a moment belongs to: the day on whose evening it began; a night lasts from noon to noon
 * in the process's time zone. Spending is summed by it. */
day_number situation_night(int64_t wall_ms);

/* How far a run is. */
struct situation_progress {
    size_t done, total;
    bool by_log; /* false: its log does not tell, these are its dates that are complete */
};
struct situation_progress situation_progress_of(const struct situation_run *run);

/* The same in words, with what its log does not tell: "12 of 59 dates in the log, 2 failed",
 * "3 of 10 dates complete; its log is not understood". The caller frees it. */
char *situation_progress_text(const struct situation_run *run);

/* Reads the state and judges it as it is now, `now` being the wall clock: all that is stored
 * counts, also what was stored before the clock went back. NULL with `error` when the state cannot
 * be read; a table that was never measured is no error but an unknown. Any thread that has a
 * connection of its own. */
struct situation *situation_load(const struct pipeline *pipeline, struct state *state, int64_t now,
                                 struct error *error);

/* The same for a moment past: what was stored later does not count. */
struct situation *situation_load_at(const struct pipeline *pipeline, struct state *state,
                                    int64_t as_of, struct error *error);
void situation_free(struct situation *situation);

#endif
