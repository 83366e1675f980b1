/* What BigQuery's faults do to what is stored and shown: polls as the agent makes them, measured,
 * recorded and judged, against a local BigQuery that fails on order. Time is virtual: a wait before
 * another try costs none. */
#ifndef PHASEGATE_TESTS_FAULT_STORED_H
#define PHASEGATE_TESTS_FAULT_STORED_H

#include <jansson.h>

#include "agent/measure.h"
#include "situation/situation.h"
#include "tests/support/scene.h"
#include "tests/support/warehouse.h"

#define STORED_MINUTE INT64_C(60000)

/* Two tables, both complete and each with a gate, a schedule of expected dates, and a check that is
 * a query of its own. */
void stored_open(void);
void stored_close(void);

/* Lets wall and boot time pass. */
void stored_pass(int64_t ms);

/* Adds a fault, or forgets all. */
void stored_fault(const char *json);
void stored_heal(void);

/* One poll of everything, the paid queries too, with its judgement. `hangs`: BigQuery may keep
 * silent for good, so time passes while nothing comes. `estimate`: asks by dry run as well. */
void stored_poll(bool hangs, bool estimate);

/* All counts and when they were read, as text; `times` false leaves the times out. The caller frees
 * it. */
char *stored_numbers(bool times);

/* Since the test began. */
int64_t stored_bytes_billed(void);

/* The situation now; the caller frees it. */
struct situation *stored_look(void);

/* Fails the test unless all dates are there, and GO rests on nothing that is not fresh. */
void stored_expect_invariant(const char *name);

/* Fails the test unless all is fresh and every gate is GO, and nothing is said of BigQuery. */
void stored_expect_good(const char *name);

/* One fault, from a good poll through the fault to the next good one. */
struct stored_case {
    const char *name;
    const char *rules[4]; /* faults.h; NULL ends */
    const char *sentence; /* in the error of every table it strikes; NULL: there is any */
    const char *header;   /* in what the header says; NULL: it names a table; "": whatever it is */
    bool hangs;
    bool passes;    /* the poll succeeds in spite of it */
    bool estimates; /* the dry runs are what it strikes */
};

/* Tries a case; fails the test when the fault touches a number, turns a gate to GO, lowers the bill
 * or is not told. */
void stored_try(const struct stored_case *one);

/* Descriptors that the process has open when the client is gone, without the server's ends of
 * connections; then the client is made anew. */
int stored_descriptors(void);

#endif
