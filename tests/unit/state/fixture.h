/* A state file of its own for each test, and raw SQL to try to break it with. */
#ifndef PHASEGATE_TEST_STATE_FIXTURE_H
#define PHASEGATE_TEST_STATE_FIXTURE_H

#include <criterion/criterion.h>

#include "state/sql.h"
#include "state/state_coverage.h"
#include "state/state_gates.h"
#include "state/state_journal.h"
#include "state/state_lease.h"
#include "state/state_runs.h"
#include "state/state_sessions.h"
#include "state/state_shim.h"
#include "state/state_spend.h"
#include "state/state_unread.h"

#define NOON INT64_C(1767614400000) /* 2026-01-05T12:00:00Z */
#define DAY1 ((day_number)18919)    /* 2021-10-19 */

extern const struct state_actor person;

struct fixture {
    char directory[64];
    struct state *state;
    struct error error;
    bool labels_jobs; /* of what is launched next */
    int64_t seen;     /* by the coverage that chose the dates of what is launched next */
    int64_t settle_ms;
};

void fixture_open(struct fixture *fixture);
void fixture_close(struct fixture *fixture);

/* Takes the lease; returns its term. */
int64_t fixture_lead(struct fixture *fixture);

/* Launches run `id` of a processor on the days [from, to] of `resource`. */
bool fixture_launch(struct fixture *fixture, const char *id, const char *resource, day_number from,
                    day_number to);

/* Brings a run that was launched to running. */
void fixture_run(struct fixture *fixture, const char *id);

/* Ends it with this raw wait status. */
bool fixture_end(struct fixture *fixture, const char *id, enum state_outcome outcome,
                 int wait_status);

/* Reads the table that the runs fill, as the agent of `term` does, by a query that was asked for at
 * `at`; and releases what it may. */
void fixture_read(struct fixture *fixture, int64_t term, int64_t at);
bool fixture_release(struct fixture *fixture, int64_t term, const char *id);

/* Both, as somebody who has the lease for that. */
void fixture_settle(struct fixture *fixture, const char *id);

/* The one run with this id; free with state_runs_free(run, 1). */
struct state_run *fixture_load(struct fixture *fixture, const char *id);

/* Asserts that a raw statement is refused, with these words in the message. */
void fixture_refuses(struct fixture *fixture, const char *sql, const char *words);

/* Asserts that it is taken, and the integer that a query gives. */
void fixture_takes(struct fixture *fixture, const char *sql);
int64_t fixture_count(struct fixture *fixture, const char *sql);

#endif
