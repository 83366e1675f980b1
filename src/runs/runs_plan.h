/* The plan of a launch: what a request means as runs, each with its exact commands, its dates and
 * its claims. Nothing is started here. */
#ifndef PHASEGATE_RUNS_RUNS_PLAN_H
#define PHASEGATE_RUNS_RUNS_PLAN_H

#include "base/day.h"
#include "pipeline/pipeline.h"
#include "state/state.h"
#include "state/state_runs.h"

/* The gate in front of what is to be launched, as the caller judged it. */
struct runs_gate {
    const char *name;            /* NULL: nothing holds it */
    const char *verdict;         /* GO, NO-GO, HOLD, STALE, UNKNOWN */
    const char *why;             /* one phrase for the refusal, or NULL */
    const char *override_reason; /* an override is in force, or NULL */
};

/* What somebody asks for. Per-table arrays have pipeline->table_count sets, or are NULL. */
struct runs_request {
    const struct pipeline *pipeline;
    size_t group;                  /* PIPELINE_NONE: a processor by itself */
    size_t processor;              /* PIPELINE_NONE: all of the group */
    struct day_range range;        /* of dates: a season, from–to, or the pipeline's */
    bool gaps;                     /* only the dates in `missing` */
    const struct dayset *expected; /* attainable dates per table: no others are launched; NULL: not
                                      known, then every calendar day counts */
    const struct dayset *exempt;   /* per table, on which it writes nothing by design: no command
                                      covers them; NULL: none */
    const struct dayset *excess;   /* per table, that hold too many rows; NULL: none */
    const struct dayset *missing;  /* per table; required with `gaps` */
    const struct dayset *complete; /* per table, now; NULL: not known */
    const int64_t *seen; /* per table: state_claim.seen of the coverage that the dates were
                            chosen by; NULL: coverage did not choose them */
    int workers;         /* 0: the processor's own */
    day_number today;    /* dates after it are refused */
    int cores;           /* of this machine; 0: as many as it tells */
    struct runs_gate gate;
    const char *retry_of; /* run id, or NULL */
};

/* One run to be. */
struct runs_item {
    size_t processor;
    struct day_range range;
    struct dayset dates; /* due in the range, or the gaps; `range` is from the first to the last */
    char ***steps; /* argvs, run one after the other; more than one when the processor takes no
                      list of dates and its dates are several ranges */
    struct day_range *step_ranges;
    size_t step_count;
    char *command;              /* the first argv as a person would type it; "… (1 of 7)" */
    struct state_claim *claims; /* one a table */
    struct state_run_table *tables;
    size_t table_count;
    char *warning;   /* what a person should think of before saying yes; NULL */
    size_t rewrites; /* dates in the commands' ranges that are complete already; 0 when not known */
    size_t excess; /* those of the request that hold too many rows: with `gaps` they are left out */
    size_t beside; /* days in the commands' ranges on which nothing is due */
};

struct runs_plan {
    const struct pipeline *pipeline;
    bool gaps;   /* only dates that were missing */
    char *group; /* "" for a processor by itself */
    struct runs_item *items;
    size_t count;
    char *override_reason; /* NULL */
    char *retry_of;        /* NULL */
};

/* Resolves a request. A processor of the group without gaps is left out. NULL with EXIT_NO_GO:
 * dates in the future, a gate that is not GO and not overridden, nothing to do, a command that
 * combines --dry-run with --parallel (which writes all the same), two processors of the group that
 * would write the same dates. EXIT_USAGE: an empty range, or what pipeline_argv refuses. */
struct runs_plan *runs_plan_new(const struct runs_request *request, struct error *error);
void runs_plan_free(struct runs_plan *plan);

/* Files the plan of a processor by itself under a group that it belongs to. */
void runs_plan_set_group(struct runs_plan *plan, const char *group);

/* Takes the items of `other` over, which is emptied and freed in any case: one launch of both.
 * EXIT_NO_GO when items of the two would write the same dates. */
bool runs_plan_join(struct runs_plan *plan, struct runs_plan *other, struct error *error);

/* False with EXIT_NO_GO, naming the run and its owner, when a live claim overlaps the plan. Launch
 * checks it again. */
bool runs_plan_check(const struct runs_plan *plan, struct state *state, struct error *error);

#endif
