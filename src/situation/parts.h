/* The pieces a situation is put together from; private to this module. */
#ifndef PHASEGATE_SITUATION_PARTS_H
#define PHASEGATE_SITUATION_PARTS_H

#include "logs/progress.h"
#include "situation/situation.h"
#include "state/state_gates.h"
#include "state/state_runs.h"

/* Rows of the state that the gates' evidence points into. */
struct situation_marks {
    struct state_mark *stored;
    size_t stored_count;
    struct gates_mark *marks;
};

/* Fills coverage from what was measured, the tables' `seen`, and header.polled_at and
 * header.bigquery. */
bool situation_load_coverage(struct situation *situation, struct state *state, struct error *error);

/* Fills gates, gate_facts and marks; coverage and runs must be there. */
bool situation_load_gates(struct situation *situation, struct state *state, struct error *error);

/* Fills runs, worst first; coverage must be there. */
bool situation_load_runs(struct situation *situation, struct state *state, struct error *error);
void situation_free_runs(struct situation *situation);

/* Adds what became of its log's file to what a person should know of the run; `progress` may be
 * NULL. */
void situation_read_notices(struct situation_run *run, const struct log_progress *progress);

/* Fills the runs' retries, once all are there. */
bool situation_plan_retries(struct situation *situation, struct state *state, struct error *error);

/* Fills groups: their live approvals and arms. */
bool situation_load_groups(struct situation *situation, struct state *state, struct error *error);
void situation_free_groups(struct situation *situation);

/* Puts what the living holder of the lease said of BigQuery in the place of what coverage told. */
bool situation_load_trouble(struct situation *situation, struct state *state, int64_t term,
                            struct error *error);

/* Fills credentials. */
bool situation_load_credentials(struct situation *situation, struct state *state,
                                struct error *error);
void situation_free_credentials(struct situation *situation);

/* Fills preflight. */
bool situation_load_preflight(struct situation *situation, struct state *state,
                              struct error *error);
void situation_free_preflight(struct situation *situation);

/* Fills what the header says of the agent, and header.consoles. */
bool situation_load_agent(struct situation *situation, struct state *state, struct error *error);

/* Fills header.plan; `term` is that of the agent at work. */
bool situation_load_plan(struct situation *situation, struct state *state, int64_t term,
                         struct error *error);

/* What is said of an agent whose process is there and that has not renewed its lease since
 * `since` (wall ms), on a file system of `directory` with `free` bytes left (-1: not known); the
 * caller frees it. */
char *situation_agent_trouble(int64_t since, int64_t now, int64_t free, const char *directory);

/* Fills the tables' rates and the rest of the header. */
bool situation_load_rates(struct situation *situation, struct state *state, struct error *error);

/* Fills the header's spending and the estimates; coverage must be there. */
bool situation_load_spend(struct situation *situation, struct state *state, struct error *error);
void situation_free_spend(struct situation *situation);

/* Finds the alarms of a run of which all else is known; `progress` NULL when its log said nothing
 * that can be read. */
void situation_find_alarms(struct situation_run *run, const struct state_run *stored,
                           const struct log_progress *progress, const struct pipeline *pipeline,
                           int64_t as_of);

/* Adds one; takes `text`. */
void situation_raise_alarm(struct situation_run *run, const char *rule, bool stall, char *text);

#endif
