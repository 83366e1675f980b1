#include "agent/server_jobs.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct question {
    struct server_jobs_answer answer;
    bool cancel, answered;
    int64_t deadline_ms;
    size_t cancelling; /* cancellations that were not answered yet */
    struct text_buffer cancelled;
};

struct server_jobs {
    struct bigquery_client *client;
    struct error missing; /* why there is no client */
    const struct clock *clock;
    struct question **questions;
    size_t count, capacity;
};

void server_jobs_answer_clear(struct server_jobs_answer *answer) {
    free(answer->run);
    free(answer->cancelled);
    free(answer->trouble);
    *answer = (struct server_jobs_answer){0};
}

struct server_jobs *server_jobs_new(struct bigquery_client *client, const struct clock *clock) {
    struct server_jobs *jobs = memory_new(1, sizeof *jobs);
    *jobs = (struct server_jobs){.client = client, .clock = clock};
    return jobs;
}

void server_jobs_use(struct server_jobs *jobs, struct bigquery_client *client,
                     const struct error *missing) {
    jobs->client = client;
    jobs->missing = *missing;
}

static void free_question(struct question *question) {
    server_jobs_answer_clear(&question->answer);
    text_buffer_free(&question->cancelled);
    free(question);
}

void server_jobs_free(struct server_jobs *jobs) {
    if (jobs == NULL) {
        return;
    }
    for (size_t i = 0; i < jobs->count; i++) {
        free_question(jobs->questions[i]);
    }
    free(jobs->questions);
    free(jobs);
}

static void note_trouble(struct question *question, const struct error *error) {
    if (question->answer.trouble == NULL) {
        question->answer.trouble = memory_copy_string(error->text);
    }
}

static void fail(struct question *question, const struct error *error) {
    question->answer.jobs = -1;
    note_trouble(question, error);
    question->answered = true;
}

void server_jobs_ask(struct server_jobs *jobs, const char *run, int64_t created_after_ms,
                     bool cancel, int64_t deadline_ms) {
    struct bigquery_job_filter filter = {.label_key = SERVER_JOBS_LABEL,
                                         .label_value = run,
                                         .created_after_ms = created_after_ms,
                                         .running_only = true};
    struct error error = {0};
    for (size_t i = 0; i < jobs->count; i++) {
        if (strcmp(jobs->questions[i]->answer.run, run) == 0) {
            return;
        }
    }
    struct question *question = memory_new(1, sizeof *question);
    question->answer = (struct server_jobs_answer){
        .run = memory_copy_string(run), .jobs = -1, .at = clock_wall_ms(jobs->clock)};
    question->cancel = cancel;
    question->deadline_ms = deadline_ms;
    jobs->questions =
        memory_grow(jobs->questions, jobs->count, &jobs->capacity, sizeof(struct question *));
    jobs->questions[jobs->count++] = question;
    if (jobs->client == NULL) {
        fail(question, &jobs->missing);
    } else if (bigquery_submit_jobs(jobs->client, &filter, deadline_ms, question, &error) == 0) {
        fail(question, &error);
    }
}

/* The service answers with the location a job runs in; without it a cancellation elsewhere than in
 * the US is not found. */
static void cancel_all(struct server_jobs *jobs, struct question *question,
                       const struct bigquery_result *result) {
    for (size_t i = 0; i < result->job_count; i++) {
        const struct bigquery_job_info *job = &result->jobs[i];
        struct error error = {0};
        if (bigquery_submit_job_cancel(jobs->client, job->job_id, job->location,
                                       question->deadline_ms, question, &error) == 0) {
            note_trouble(question, &error);
            continue;
        }
        question->cancelling++;
        text_buffer_format(&question->cancelled, "%s%s", question->cancelled.size > 0 ? ", " : "",
                           job->job_id);
    }
}

static void take_list(struct server_jobs *jobs, struct question *question,
                      const struct bigquery_result *result) {
    struct error error = {0};
    if (!bigquery_result_check(result, &error)) {
        fail(question, &error);
        return;
    }
    question->answer.jobs = (int64_t)result->job_count;
    if (question->cancel) {
        cancel_all(jobs, question, result);
    }
    question->answered = question->cancelling == 0;
}

/* A job that is gone by now needs no cancelling. */
static void take_cancellation(struct question *question, const struct bigquery_result *result) {
    struct error error = {0};
    if (!bigquery_result_check(result, &error) && result->failure.class != BIGQUERY_NOT_FOUND) {
        note_trouble(question, &error);
    }
    question->cancelling--;
    question->answered = question->cancelling == 0;
}

bool server_jobs_take(struct server_jobs *jobs, struct bigquery_result *result) {
    if (result->kind == BIGQUERY_KIND_JOBS) {
        take_list(jobs, result->user, result);
    } else if (result->kind == BIGQUERY_KIND_JOB_CANCEL) {
        take_cancellation(result->user, result);
    } else {
        return false;
    }
    bigquery_result_free(result);
    return true;
}

bool server_jobs_next(struct server_jobs *jobs, struct server_jobs_answer *answer) {
    for (size_t i = 0; i < jobs->count; i++) {
        struct question *question = jobs->questions[i];
        if (!question->answered) {
            continue;
        }
        *answer = question->answer;
        if (question->cancelled.size > 0) {
            answer->cancelled = text_buffer_take(&question->cancelled);
        }
        question->answer = (struct server_jobs_answer){0};
        free_question(question);
        jobs->count--;
        memmove(jobs->questions + i, jobs->questions + i + 1,
                (jobs->count - i) * sizeof(struct question *));
        return true;
    }
    return false;
}

size_t server_jobs_pending(const struct server_jobs *jobs) {
    return jobs->count;
}
