/* A pipeline of one table and as many processors as a test wants, a state file of its own, and the
 * real shim. The test is the subreaper of all that it launches, so that it can wait for the last of
 * them to be gone without looking at a clock. */
#ifndef PHASEGATE_TEST_RUNS_FIXTURE_H
#define PHASEGATE_TEST_RUNS_FIXTURE_H

#include <criterion/criterion.h>

#include "runs/runs_launch.h"
#include "runs/runs_plan.h"
#include "runs/runs_reconcile.h"
#include "runs/runs_stop.h"
#include "runs/runs_verdict.h"
#include "state/state_shim.h"

#define DAY1  ((day_number)18919) /* 2021-10-19 */
#define TODAY (DAY1 + 1000)

enum { FIXTURE_PROCESSORS = 100 };

struct fixture {
    char root[48];      /* belongs to this account, and others can pass it */
    char directory[64]; /* of the state, in it */
    struct state *state;
    struct error error;
    struct pipeline pipeline;
    struct pipeline_table table;
    struct pipeline_processor processors[FIXTURE_PROCESSORS];
    struct pipeline_group group;
    size_t table_index;
    size_t group_runs[FIXTURE_PROCESSORS];
    char *commands[FIXTURE_PROCESSORS][8];
};

extern const struct state_actor fixture_person;

void fixture_open(struct fixture *fixture);
void fixture_close(struct fixture *fixture);

/* Gives processor 0 (or `index`) the command sh -c `script`, or any argv. */
void fixture_script(struct fixture *fixture, const char *script);
void fixture_command(struct fixture *fixture, size_t index, const char *const *argv);

/* A request for processor 0 on ten days from DAY1. */
struct runs_request fixture_request(struct fixture *fixture);

/* Claims that something else holds than that the tables of an ended run were not read since. */
#define FIXTURE_HELD                                                                               \
    "SELECT count(*) FROM claims c JOIN runs r ON r.run=c.run"                                     \
    " WHERE c.released_at IS NULL AND (r.coverage_hold=0 OR r.server_hold=1)"

/* Releases the dates of all runs that have ended, as if their tables had been read since. */
void fixture_settle(struct fixture *fixture);

/* Launches it, after that; the run's id goes into `run`. The result must be freed with
 * runs_started_free. */
struct runs_started *fixture_launch(struct fixture *fixture, const struct runs_request *request,
                                    size_t *count);

/* Launches sh -c `script` on ten days and returns the id of the run. */
void fixture_start(struct fixture *fixture, const char *script, char run[STATE_RUN_SIZE]);

/* Waits until every process that was launched is gone. */
void fixture_wait(void);

/* Waits until the run's out.log holds `words`; by inotify. */
void fixture_wait_for(struct fixture *fixture, const char *run, const char *words);

/* Waits until that file is in the run's directory. */
void fixture_wait_for_file(struct fixture *fixture, const char *run, const char *name);

/* Makes the file "go" in the state directory, which scripts wait for. */
void fixture_let_go(struct fixture *fixture);

struct state_run *fixture_load(struct fixture *fixture, const char *run);
char *fixture_read(struct fixture *fixture, const char *run, const char *name);
void fixture_write_sql(struct fixture *fixture, const char *sql);
int64_t fixture_count(struct fixture *fixture, const char *sql);

/* The journal holds so many events of this kind about the run. */
size_t fixture_events(struct fixture *fixture, const char *run, const char *kind);

struct runs_reconciled fixture_reconcile(struct fixture *fixture, const struct clock *clock);

#endif
