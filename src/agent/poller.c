#include "agent/poller.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Between two looks at what BigQuery makes the questions under way wait for, in real milliseconds.
 */
enum { LOOK_MS = 1000, SAME_MS = 500 };

struct poller {
    pthread_t thread;
    struct measure *measure;
    struct agent_queue *in, *out;
};

/* Whether two say the same. A try that is under way was announced; the time of one that is not is
 * read anew each time, and differs a little. */
static bool same_trouble(const struct measure_trouble *a, const struct measure_trouble *b) {
    int64_t apart =
        a->next_try > b->next_try ? a->next_try - b->next_try : b->next_try - a->next_try;
    return strcmp(a->failure.reason, b->failure.reason) == 0 &&
           a->failure.http_code == b->failure.http_code && a->count == b->count &&
           (a->count == 0 || memcmp(a->names, b->names, a->count * sizeof *a->names) == 0) &&
           (b->next_try == 0 || apart < SAME_MS * (clock_scale() > 1 ? (int64_t)clock_scale() : 1));
}

static const char **copy_names(const struct measure_trouble *trouble) {
    const char **names = memory_new(trouble->count, sizeof *names);
    for (size_t i = 0; i < trouble->count; i++) {
        names[i] = trouble->names[i];
    }
    return names;
}

static void tell_trouble(struct poller *poller, struct measure_trouble *told) {
    struct measure_trouble now = measure_trouble(poller->measure);
    if (same_trouble(told, &now)) {
        measure_trouble_free(&now);
        return;
    }
    struct agent_message message = {.kind = AGENT_TROUBLE, .trouble = now};
    message.trouble.names = copy_names(&now);
    agent_queue_post(poller->out, &message);
    measure_trouble_free(told);
    *told = now;
}

static void tell_access(struct poller *poller, char **told) {
    struct agent_message message = {.kind = AGENT_ACCESS,
                                    .access = measure_credentials(poller->measure)};
    if (*told != NULL && strcmp(message.access.json, *told) == 0) {
        agent_message_free(&message);
        return;
    }
    free(*told);
    *told = memory_copy_string(message.access.json);
    agent_queue_post(poller->out, &message);
}

/* Takes what was asked for; false when the thread is to end. */
static bool take_orders(struct poller *poller) {
    struct agent_message message;
    bool going = true;
    while (agent_queue_take(poller->in, &message)) {
        if (message.kind == AGENT_QUIT) {
            going = false;
        } else if (message.kind == AGENT_START && going && message.start.estimate) {
            measure_estimate(poller->measure, message.start.target, message.start.range);
        } else if (message.kind == AGENT_START && going) {
            measure_start(poller->measure, message.start.target, message.start.range,
                          message.start.manner, message.start.free_only);
        } else if (message.kind == AGENT_JOBS && going) {
            measure_jobs(poller->measure, message.jobs.run, message.jobs.created_after_ms,
                         message.jobs.cancel);
        }
        agent_message_free(&message);
    }
    return going;
}

static void post_jobs(struct poller *poller) {
    struct agent_message message = {.kind = AGENT_JOBS_ANSWER};
    while (measure_jobs_next(poller->measure, &message.jobs_answer)) {
        agent_queue_post(poller->out, &message);
    }
}

static void *run(void *context) {
    struct poller *poller = context;
    struct measure_trouble told = {.count = 0};
    char *access = NULL;
    (void)pthread_setname_np(pthread_self(), "bigquery");
    while (take_orders(poller)) {
        struct agent_message message = {.kind = AGENT_ANSWER};
        tell_access(poller, &access);
        if (measure_pending(poller->measure) == 0) {
            struct pollfd orders = {agent_queue_descriptor(poller->in), POLLIN, 0};
            (void)poll(&orders, 1, -1);
            continue;
        }
        if (measure_next(poller->measure, LOOK_MS, &message.answer)) {
            agent_queue_post(poller->out, &message);
        }
        post_jobs(poller);
        tell_trouble(poller, &told);
    }
    measure_trouble_free(&told);
    free(access);
    return NULL;
}

struct poller *poller_start(struct measure *measure, struct agent_queue *out, struct error *error) {
    struct poller *poller = memory_new(1, sizeof *poller);
    poller->out = out;
    poller->measure = measure;
    poller->in = agent_queue_new(error);
    if (poller->in == NULL) {
        measure_free(measure);
        free(poller);
        return NULL;
    }
    int code = pthread_create(&poller->thread, NULL, run, poller);
    if (code != 0) {
        (void)error_set_errno(error, EXIT_OS, code, "cannot start the BigQuery thread");
        agent_queue_free(poller->in);
        measure_free(poller->measure);
        free(poller);
        return NULL;
    }
    return poller;
}

static void order(struct poller *poller, const struct agent_message *message) {
    agent_queue_post(poller->in, message);
    measure_wakeup(poller->measure);
}

void poller_measure(struct poller *poller, struct measure_target target, struct day_range range,
                    enum measure_manner manner, bool free_only) {
    struct agent_message message = {.kind = AGENT_START};
    message.start.target = target;
    message.start.range = range;
    message.start.manner = manner;
    message.start.free_only = free_only;
    order(poller, &message);
}

void poller_estimate(struct poller *poller, struct measure_target target, struct day_range range) {
    struct agent_message message = {.kind = AGENT_START};
    message.start.target = target;
    message.start.range = range;
    message.start.estimate = true;
    order(poller, &message);
}

void poller_jobs(struct poller *poller, const char *run, int64_t created_after_ms, bool cancel) {
    struct agent_message message = {.kind = AGENT_JOBS};
    message.jobs.run = memory_copy_string(run);
    message.jobs.created_after_ms = created_after_ms;
    message.jobs.cancel = cancel;
    order(poller, &message);
}

void poller_stop(struct poller *poller) {
    if (poller == NULL) {
        return;
    }
    struct agent_message message = {.kind = AGENT_QUIT};
    order(poller, &message);
    (void)pthread_join(poller->thread, NULL);
    agent_queue_free(poller->in);
    measure_free(poller->measure);
    free(poller);
}
