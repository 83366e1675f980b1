/* Jobs: one list, oldest first; one lock; one condition for everybody who waits. */
#include "emulator/jobs.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"

enum { WORKER_COUNT = 4, ID_LIMIT = 1024 };
#define REQUEST_ID_MS INT64_C(900000)

struct job {
    struct job *older;
    struct job *newer;
    char *id;
    char *request_id;
    char *key; /* what a repeated requestId must repeat; also the measure of its size */
    struct query_request *request;
    struct outcome outcome;
    atomic_bool cancel;
    bool started;
    bool finished;
    unsigned holders;
    uint64_t sequence;
    int64_t bytes;    /* of the result and the request, once finished */
    int64_t ready_ns; /* boot time before which it does not look done */
    int64_t created_ms;
    int64_t started_ms;
    int64_t ended_ms;
};

struct jobs {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t workers[WORKER_COUNT];
    struct executor executor;
    struct jobs_options options;
    struct job *oldest;
    struct job *newest;
    size_t count;
    int64_t bytes;
    uint64_t last_sequence;
    bool stopping;
};

static int64_t boot_now(void) {
    return clock_boot_ns(clock_system());
}

static int64_t wall_now(void) {
    return clock_wall_ms(clock_system());
}

static bool is_done(const struct job *job) {
    return job->finished && boot_now() >= job->ready_ns;
}

static void free_job(struct job *job) {
    outcome_clear(&job->outcome);
    request_free(job->request);
    free(job->id);
    free(job->request_id);
    free(job->key);
    free(job);
}

static void unlink_job(struct jobs *jobs, struct job *job) {
    if (job->older)
        job->older->newer = job->newer;
    else
        jobs->oldest = job->newer;
    if (job->newer)
        job->newer->older = job->older;
    else
        jobs->newest = job->older;
    jobs->count--;
    jobs->bytes -= job->bytes;
}

/* Forgets the oldest jobs that are finished and not held while there are too many. */
static void forget(struct jobs *jobs) {
    struct job *job = jobs->oldest;
    while (job && (jobs->count > jobs->options.limit || jobs->bytes > jobs->options.result_limit)) {
        struct job *next = job->newer;
        if (is_done(job) && job->holders == 0) {
            unlink_job(jobs, job);
            free_job(job);
        }
        job = next;
    }
}

static struct job *next_pending(const struct jobs *jobs) {
    struct job *job = jobs->oldest;
    while (job && job->started)
        job = job->newer;
    return job;
}

/* A job that was cancelled has no result, even if it came too late for SQLite to notice. */
static void stop(struct job *job) {
    outcome_clear(&job->outcome);
    failure_set(&job->outcome.failure, EMULATOR_REASON_STOPPED, EXECUTION_CANCELLED);
}

static void run(struct jobs *jobs, struct job *job) {
    job->started = true;
    job->started_ms = wall_now();
    job->holders++;
    pthread_mutex_unlock(&jobs->lock);
    struct outcome outcome = {0};
    execute_query(&jobs->executor, job->request, &job->cancel, &outcome);
    pthread_mutex_lock(&jobs->lock);
    job->outcome = outcome;
    if (atomic_load(&job->cancel))
        stop(job);
    job->finished = true;
    job->ended_ms = wall_now();
    job->bytes = (int64_t)strlen(job->request->query) +
                 (job->outcome.result ? result_bytes(job->outcome.result) : 0);
    jobs->bytes += job->bytes;
    job->holders--;
    forget(jobs);
    pthread_cond_broadcast(&jobs->changed);
}

static void *work(void *context) {
    struct jobs *jobs = context;
    pthread_mutex_lock(&jobs->lock);
    while (!jobs->stopping) {
        struct job *job = next_pending(jobs);
        if (job)
            run(jobs, job);
        else
            pthread_cond_wait(&jobs->changed, &jobs->lock);
    }
    pthread_mutex_unlock(&jobs->lock);
    return NULL;
}

struct jobs *jobs_new(const struct executor *executor, const struct jobs_options *options) {
    struct jobs *jobs = memory_new(1, sizeof *jobs);
    jobs->executor = *executor;
    jobs->options = *options;
    pthread_mutex_init(&jobs->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&jobs->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    for (size_t i = 0; i < WORKER_COUNT; i++)
        if (pthread_create(&jobs->workers[i], NULL, work, jobs) != 0)
            abort();
    return jobs;
}

void jobs_stop(struct jobs *jobs) {
    pthread_mutex_lock(&jobs->lock);
    jobs->stopping = true;
    for (struct job *job = jobs->oldest; job; job = job->newer)
        atomic_store(&job->cancel, true);
    pthread_cond_broadcast(&jobs->changed);
    pthread_mutex_unlock(&jobs->lock);
}

void jobs_free(struct jobs *jobs) {
    if (!jobs)
        return;
    jobs_stop(jobs);
    for (size_t i = 0; i < WORKER_COUNT; i++)
        pthread_join(jobs->workers[i], NULL);
    while (jobs->oldest) {
        struct job *job = jobs->oldest;
        unlink_job(jobs, job);
        free_job(job);
    }
    pthread_cond_destroy(&jobs->changed);
    pthread_mutex_destroy(&jobs->lock);
    free(jobs);
}

static bool id_is_valid(const char *id) {
    size_t length = strlen(id);
    return length > 0 && length <= ID_LIMIT &&
           strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == length;
}

static struct job *seek(const struct jobs *jobs, const char *project, const char *id) {
    struct job *job = jobs->newest;
    while (job && (strcmp(job->id, id) != 0 || strcmp(job->request->project, project) != 0))
        job = job->older;
    return job;
}

/* The job that an earlier try of the same request made. */
static struct job *seek_request(const struct jobs *jobs, const char *request_id, const char *key) {
    int64_t now = wall_now();
    for (struct job *job = jobs->newest; job; job = job->older)
        if (job->request_id && strcmp(job->request_id, request_id) == 0 &&
            strcmp(job->key, key) == 0 && now - job->created_ms <= REQUEST_ID_MS)
            return job;
    return NULL;
}

static struct job *add(struct jobs *jobs, struct query_request *request,
                       const struct job_origin *origin) {
    struct job *job = memory_new(1, sizeof *job);
    job->sequence = ++jobs->last_sequence;
    job->created_ms = wall_now();
    job->ready_ns = boot_now() + ((int64_t)jobs->options.latency_ms + origin->hold_ms) * 1000000;
    job->id = origin->id ? memory_copy_string(origin->id)
                         : memory_format("%s%" PRIx64 "_%08" PRIu64, origin->prefix,
                                         (uint64_t)job->created_ms, job->sequence);
    job->request = request;
    atomic_init(&job->cancel, false);
    job->older = jobs->newest;
    if (job->older)
        job->older->newer = job;
    else
        jobs->oldest = job;
    jobs->newest = job;
    jobs->count++;
    return job;
}

struct job *jobs_submit(struct jobs *jobs, struct query_request *request,
                        const struct job_origin *origin, struct emulator_failure *failure) {
    if (origin->id && !id_is_valid(origin->id)) {
        failure_set(failure, EMULATOR_REASON_INVALID, "Invalid job ID \"%s\"", origin->id);
        request_free(request);
        return NULL;
    }
    char *key = request_key(request);
    pthread_mutex_lock(&jobs->lock);
    struct job *job = origin->request_id ? seek_request(jobs, origin->request_id, key) : NULL;
    if (job) {
        request_free(request);
    } else if (origin->id && seek(jobs, request->project, origin->id)) {
        failure_set(failure, EMULATOR_REASON_DUPLICATE, "Already Exists: Job %s:%s.%s",
                    request->project, request->location ? request->location : "US", origin->id);
        request_free(request);
    } else {
        job = add(jobs, request, origin);
        job->request_id = memory_copy_string(origin->request_id);
        job->key = key;
        key = NULL;
        pthread_cond_broadcast(&jobs->changed);
    }
    if (job)
        job->holders++;
    pthread_mutex_unlock(&jobs->lock);
    free(key);
    return job;
}

struct job *jobs_find(struct jobs *jobs, const char *project, const char *id) {
    pthread_mutex_lock(&jobs->lock);
    struct job *job = seek(jobs, project, id);
    if (job)
        job->holders++;
    pthread_mutex_unlock(&jobs->lock);
    return job;
}

void jobs_release(struct jobs *jobs, struct job *job) {
    if (!job)
        return;
    pthread_mutex_lock(&jobs->lock);
    job->holders--;
    forget(jobs);
    pthread_mutex_unlock(&jobs->lock);
}

struct job_view jobs_look(struct jobs *jobs, struct job *job) {
    pthread_mutex_lock(&jobs->lock);
    bool done = is_done(job);
    struct job_view view = {
        .id = job->id,
        .project = job->request->project,
        .location = job->request->location ? job->request->location : "US",
        .request = job->request,
        .outcome = done ? &job->outcome : NULL,
        .state = done           ? JOB_DONE
                 : job->started ? JOB_RUNNING
                                : JOB_PENDING,
        .sequence = job->sequence,
        .created_ms = job->created_ms,
        .started_ms = job->started_ms,
        .ended_ms = done ? job->ended_ms : 0,
    };
    pthread_mutex_unlock(&jobs->lock);
    return view;
}

void jobs_wait(struct jobs *jobs, struct job *job, int64_t timeout_ms) {
    enum { LONGEST_MS = 86400000 };
    timeout_ms = timeout_ms < 0 ? 0 : timeout_ms > LONGEST_MS ? LONGEST_MS : timeout_ms;
    int64_t end_ns = boot_now() + timeout_ms * 1000000;
    pthread_mutex_lock(&jobs->lock);
    while (!jobs->stopping && !is_done(job)) {
        int64_t now_ns = boot_now();
        int64_t left_ns = end_ns - now_ns;
        if (job->finished && job->ready_ns - now_ns < left_ns)
            left_ns = job->ready_ns - now_ns;
        if (now_ns >= end_ns)
            break;
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        int64_t nanoseconds = until.tv_nsec + (left_ns > 0 ? left_ns : 0);
        until.tv_sec += (time_t)(nanoseconds / 1000000000);
        until.tv_nsec = (long)(nanoseconds % 1000000000);
        pthread_cond_timedwait(&jobs->changed, &jobs->lock, &until);
    }
    pthread_mutex_unlock(&jobs->lock);
}

void jobs_cancel(struct jobs *jobs, struct job *job) {
    pthread_mutex_lock(&jobs->lock);
    if (!is_done(job)) {
        atomic_store(&job->cancel, true);
        job->ready_ns = 0;
        if (job->finished)
            stop(job);
        pthread_cond_broadcast(&jobs->changed);
    }
    pthread_mutex_unlock(&jobs->lock);
}

size_t jobs_list(struct jobs *jobs, const char *project, uint64_t before, struct job **found,
                 size_t most) {
    size_t count = 0;
    pthread_mutex_lock(&jobs->lock);
    for (struct job *job = jobs->newest; job && count < most; job = job->older) {
        if (job->sequence >= before || strcmp(job->request->project, project) != 0)
            continue;
        job->holders++;
        found[count++] = job;
    }
    pthread_mutex_unlock(&jobs->lock);
    return count;
}

size_t jobs_count(struct jobs *jobs) {
    pthread_mutex_lock(&jobs->lock);
    size_t count = jobs->count;
    pthread_mutex_unlock(&jobs->lock);
    return count;
}

int64_t jobs_bytes(struct jobs *jobs) {
    pthread_mutex_lock(&jobs->lock);
    int64_t bytes = jobs->bytes;
    pthread_mutex_unlock(&jobs->lock);
    return bytes;
}
