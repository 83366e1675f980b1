/* The agent's mailboxes: typed messages from one thread to another, and a descriptor to wait on.
 *
 * The threads of the agent share nothing but these. A message is moved: who takes it owns what it
 * points to. */
#ifndef PHASEGATE_AGENT_QUEUE_H
#define PHASEGATE_AGENT_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/measure.h"
#include "logs/follow.h"

/* What a run's log has said so far, as stored. Strings are owned by the message. */
struct agent_progress {
    char *run;
    struct log_place place;
    char *json;      /* of the whole struct log_progress */
    char *last_line; /* sanitised */
    int64_t last_output_at;
    uint64_t ok, failed, skipped, zero, warnings, errors;
    int64_t position, total;
    double dates_per_minute;
    bool finished; /* the log's totals were printed */
    bool drained;  /* the run has ended and its log was read to the end */
    char *streak_signature;
    uint64_t streak;
    char *trouble;    /* why the log cannot be read, or what became of its file; NULL */
    const char *rule; /* names that trouble: told once a run; NULL when it is old */
    bool understood;  /* the log talks of dates; else its counts are unknown */
};

enum agent_message_kind {
    AGENT_START,       /* to the BigQuery thread: measure this */
    AGENT_ANSWER,      /* from it */
    AGENT_TROUBLE,     /* from it: what BigQuery makes it wait for, or that this is over */
    AGENT_ACCESS,      /* from it: what its credentials are now */
    AGENT_FOLLOW,      /* to the logs thread: follow this run */
    AGENT_FACTS,       /* to it: what is known of a run that it follows */
    AGENT_DRAIN,       /* to it: the run has ended; read the rest and leave it */
    AGENT_PROGRESS,    /* from it */
    AGENT_JOBS,        /* to the BigQuery thread: ask about the jobs of this run */
    AGENT_JOBS_ANSWER, /* from it */
    AGENT_QUIT,        /* to any */
};

struct agent_message {
    enum agent_message_kind kind;
    union {
        struct {
            struct measure_target target;
            struct day_range range;
            bool estimate; /* a dry run instead */
            enum measure_manner manner;
            bool free_only;
        } start;
        struct measure_answer answer;
        struct measure_trouble trouble; /* of BIGQUERY_NO_FAILURE: over */
        struct connection_facts access;
        struct {
            char *run;
            int64_t created_after_ms;
            bool cancel;
        } jobs;
        struct server_jobs_answer jobs_answer;
        struct {
            char *run, *path, *patterns;
            struct log_place place;
            char *json; /* progress so far, or NULL */
        } follow;
        struct {
            char *run;
            int64_t writer; /* pid; 0 */
            bool adopted;
            char *happened;
        } facts;
        char *run; /* AGENT_DRAIN */
        struct agent_progress progress;
    };
};

struct agent_queue;

struct agent_queue *agent_queue_new(struct error *error); /* EXIT_OS */
void agent_queue_free(struct agent_queue *queue);         /* with all that is in it */

/* Any thread. */
void agent_queue_post(struct agent_queue *queue, const struct agent_message *message);

/* The next message; false when there is none. */
bool agent_queue_take(struct agent_queue *queue, struct agent_message *message);

/* Readable while messages may be waiting. */
int agent_queue_descriptor(const struct agent_queue *queue);

/* Frees what a message owns. */
void agent_message_free(struct agent_message *message);

#endif
