/* Jobs: a bounded memory of queries, run by a few worker threads.
 *
 * A job is found by project and id, waited for, cancelled. The oldest finished ones are forgotten
 * when there are too many or their results take too much room, so that a night of requests leaves
 * memory and latency flat. */
#ifndef PHASEGATE_EMULATOR_JOBS_H
#define PHASEGATE_EMULATOR_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "emulator/execute.h"

struct jobs;

struct jobs_options {
    size_t limit;         /* finished jobs that are remembered */
    int64_t result_limit; /* bytes of their results */
    int latency_ms;       /* real time that a job takes at least */
};

enum job_state { JOB_PENDING, JOB_RUNNING, JOB_DONE };

/* Who asked, for idempotence: the same id and the same key within 15 minutes is the same job. */
struct job_origin {
    const char *id;         /* the client's jobId, or NULL: one is made */
    const char *request_id; /* of jobs.query, or NULL */
    const char *prefix;     /* of an id that is made */
    int hold_ms;            /* real time for which it does not look done, besides the latency */
};

/* What a job looks like at one moment; pointers are good while the job is held. */
struct job_view {
    const char *id;
    const char *project;
    const char *location; /* never NULL */
    const struct query_request *request;
    const struct outcome *outcome; /* NULL until the job is done */
    enum job_state state;
    uint64_t sequence;  /* later jobs have larger ones */
    int64_t created_ms; /* wall times; 0 where it is not yet */
    int64_t started_ms;
    int64_t ended_ms;
};

struct job; /* held by whoever got it, until jobs_release */

/* Starts the workers. `executor` is copied; what it points to must outlive the jobs. */
struct jobs *jobs_new(const struct executor *executor, const struct jobs_options *options);

/* Wakes every waiter, cancels every job, and makes later waits return at once. */
void jobs_stop(struct jobs *jobs);

/* Ends the workers and frees everything; nobody waits or holds any more. */
void jobs_free(struct jobs *jobs);

/* Takes the request over and returns its job, held. A requestId that is known returns the job it
 * made. NULL with the failure when the jobId is taken (duplicate) or malformed (invalid). */
struct job *jobs_submit(struct jobs *jobs, struct query_request *request,
                        const struct job_origin *origin, struct emulator_failure *failure);

/* The job, held, or NULL. */
struct job *jobs_find(struct jobs *jobs, const char *project, const char *id);
void jobs_release(struct jobs *jobs, struct job *job);

struct job_view jobs_look(struct jobs *jobs, struct job *job);

/* Waits until the job is done, `timeout_ms` real milliseconds have passed, or the jobs stop. */
void jobs_wait(struct jobs *jobs, struct job *job, int64_t timeout_ms);

void jobs_cancel(struct jobs *jobs, struct job *job);

/* Up to `most` jobs of a project whose sequence is below `before`, the newest first, each held;
 * returns how many. */
size_t jobs_list(struct jobs *jobs, const char *project, uint64_t before, struct job **found,
                 size_t most);

size_t jobs_count(struct jobs *jobs);
int64_t jobs_bytes(struct jobs *jobs); /* of results */

#endif
