/* Asking BigQuery for the jobs of one run, by their label, and cancelling them.
 *
 * One thread, on a client that others use as well. Cancelling ends a job soon, not at once: the
 * next question tells. */
#ifndef PHASEGATE_AGENT_SERVER_JOBS_H
#define PHASEGATE_AGENT_SERVER_JOBS_H

#include "bigquery/bigquery.h"

#define SERVER_JOBS_LABEL "phasegate_run" /* its value is the id of the run */

/* What BigQuery said about one run. Strings are owned. */
struct server_jobs_answer {
    char *run;
    int64_t jobs;    /* pending and running; -1: not known */
    char *cancelled; /* "job_1, job_2": those it was asked to cancel; NULL: none */
    char *trouble;   /* why they are not known, or why one could not be cancelled; NULL */
    int64_t at;      /* wall ms when the question was asked */
};

void server_jobs_answer_clear(struct server_jobs_answer *answer);

struct server_jobs;

struct server_jobs *server_jobs_new(struct bigquery_client *client, const struct clock *clock);

/* Another client from now on, while no question is under way; NULL: there is none, and every
 * question is answered with the reason in `missing`. */
void server_jobs_use(struct server_jobs *jobs, struct bigquery_client *client,
                     const struct error *missing);
void server_jobs_free(struct server_jobs *jobs); /* before the client */

/* Asks about the jobs of a run that were created after a wall time, and with `cancel` cancels those
 * that it finds; not when a question about the run is under way. Gives up after `deadline_ms` (0:
 * the client's). */
void server_jobs_ask(struct server_jobs *jobs, const char *run, int64_t created_after_ms,
                     bool cancel, int64_t deadline_ms);

/* Whether this result of the client answers one of its questions; takes it over if so. */
bool server_jobs_take(struct server_jobs *jobs, struct bigquery_result *result);

/* The next answer; false when there is none yet. */
bool server_jobs_next(struct server_jobs *jobs, struct server_jobs_answer *answer);

/* Questions whose answers were not taken. */
size_t server_jobs_pending(const struct server_jobs *jobs);

#endif
