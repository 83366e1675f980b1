#include "ui/worker.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/print.h"

enum { ANSWERS = 16 };

struct worker {
    struct console_performer performer;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t nudge;
    bool stopping;
    struct command *first, **last;
    struct worker_answer answers[ANSWERS];
    size_t taken, given;
    int wake;
};

static bool perform(struct worker *worker, const struct command *command, char *answer,
                    struct error *error) {
    if (command->kind == COMMAND_EXPORT) {
        (void)print_into(answer, WORKER_TEXT, "written to %.200s", command->path);
        return file_write(command->path, text_of(command->content), error);
    }
    if (!worker->performer.perform)
        return error_set(error, EXIT_NO_GO, "this console only shows");
    return worker->performer.perform(worker->performer.context, command, answer, WORKER_TEXT,
                                     error);
}

static void carry_out(struct worker *worker, const struct command *command) {
    struct error error = {0};
    struct worker_answer answer = {0};
    answer.done = perform(worker, command, answer.text, &error);
    if (!answer.done)
        (void)print_into(answer.text, sizeof answer.text, "%s: %.230s", command_name(command->kind),
                         error.text);
    else if (!*answer.text)
        (void)print_into(answer.text, sizeof answer.text, "%s: done", command_name(command->kind));
    (void)pthread_mutex_lock(&worker->mutex);
    if (worker->given - worker->taken == ANSWERS)
        worker->taken++; /* nobody reads: the oldest goes */
    worker->answers[worker->given++ % ANSWERS] = answer;
    (void)pthread_mutex_unlock(&worker->mutex);
    uint64_t one = 1;
    (void)!write(worker->wake, &one, sizeof one);
}

static struct command *next_command(struct worker *worker) {
    (void)pthread_mutex_lock(&worker->mutex);
    while (!worker->stopping && !worker->first)
        (void)pthread_cond_wait(&worker->nudge, &worker->mutex);
    struct command *command = worker->stopping ? NULL : worker->first;
    if (command) {
        worker->first = command->next;
        if (!worker->first)
            worker->last = &worker->first;
    }
    (void)pthread_mutex_unlock(&worker->mutex);
    return command;
}

static void *run(void *argument) {
    struct worker *worker = argument;
    for (struct command *command; (command = next_command(worker));) {
        carry_out(worker, command);
        command_free(command);
    }
    return NULL;
}

struct worker *worker_start(const struct console_performer *performer, int wake,
                            struct error *error) {
    struct worker *worker = memory_new(1, sizeof *worker);
    worker->performer = *performer;
    worker->wake = wake;
    worker->last = &worker->first;
    (void)pthread_mutex_init(&worker->mutex, NULL);
    (void)pthread_cond_init(&worker->nudge, NULL);
    int failure = pthread_create(&worker->thread, NULL, run, worker);
    if (failure) {
        error_set_errno(error, EXIT_OS, failure, "no thread to carry commands out");
        (void)pthread_cond_destroy(&worker->nudge);
        (void)pthread_mutex_destroy(&worker->mutex);
        free(worker);
        return NULL;
    }
    return worker;
}

void worker_stop(struct worker *worker) {
    if (!worker)
        return;
    (void)pthread_mutex_lock(&worker->mutex);
    worker->stopping = true;
    (void)pthread_cond_signal(&worker->nudge);
    (void)pthread_mutex_unlock(&worker->mutex);
    (void)pthread_join(worker->thread, NULL);
    while (worker->first) {
        struct command *next = worker->first->next;
        command_free(worker->first);
        worker->first = next;
    }
    (void)pthread_cond_destroy(&worker->nudge);
    (void)pthread_mutex_destroy(&worker->mutex);
    free(worker);
}

void worker_give(struct worker *worker, struct command *commands) {
    (void)pthread_mutex_lock(&worker->mutex);
    *worker->last = commands;
    while (*worker->last)
        worker->last = &(*worker->last)->next;
    (void)pthread_cond_signal(&worker->nudge);
    (void)pthread_mutex_unlock(&worker->mutex);
}

bool worker_take(struct worker *worker, struct worker_answer *answer) {
    (void)pthread_mutex_lock(&worker->mutex);
    bool any = worker->taken != worker->given;
    if (any)
        *answer = worker->answers[worker->taken++ % ANSWERS];
    (void)pthread_mutex_unlock(&worker->mutex);
    return any;
}
