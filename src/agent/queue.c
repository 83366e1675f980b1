#include "agent/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"

struct agent_queue {
    pthread_mutex_t lock;
    struct agent_message *messages;
    size_t count, capacity;
    int descriptor;
};

struct agent_queue *agent_queue_new(struct error *error) {
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (descriptor < 0) {
        (void)error_set_errno(error, EXIT_OS, errno, "cannot make an event descriptor");
        return NULL;
    }
    struct agent_queue *queue = memory_new(1, sizeof *queue);
    (void)pthread_mutex_init(&queue->lock, NULL);
    queue->descriptor = descriptor;
    return queue;
}

static void free_progress(struct agent_progress *progress) {
    free(progress->run);
    free(progress->json);
    free(progress->last_line);
    free(progress->streak_signature);
    free(progress->trouble);
}

void agent_message_free(struct agent_message *message) {
    switch (message->kind) {
    case AGENT_ANSWER:
        free(message->answer.counts);
        break;
    case AGENT_TROUBLE:
        measure_trouble_free(&message->trouble);
        break;
    case AGENT_ACCESS:
        connection_facts_free(&message->access);
        break;
    case AGENT_FOLLOW:
        free(message->follow.run);
        free(message->follow.path);
        free(message->follow.patterns);
        free(message->follow.json);
        break;
    case AGENT_FACTS:
        free(message->facts.run);
        free(message->facts.happened);
        break;
    case AGENT_DRAIN:
        free(message->run);
        break;
    case AGENT_PROGRESS:
        free_progress(&message->progress);
        break;
    case AGENT_JOBS:
        free(message->jobs.run);
        break;
    case AGENT_JOBS_ANSWER:
        server_jobs_answer_clear(&message->jobs_answer);
        break;
    case AGENT_START:
    case AGENT_QUIT:
        break;
    }
}

void agent_queue_free(struct agent_queue *queue) {
    if (queue == NULL) {
        return;
    }
    for (size_t i = 0; i < queue->count; i++) {
        agent_message_free(&queue->messages[i]);
    }
    free(queue->messages);
    (void)close(queue->descriptor);
    (void)pthread_mutex_destroy(&queue->lock);
    free(queue);
}

void agent_queue_post(struct agent_queue *queue, const struct agent_message *message) {
    uint64_t one = 1;
    (void)pthread_mutex_lock(&queue->lock);
    queue->messages =
        memory_grow(queue->messages, queue->count, &queue->capacity, sizeof *queue->messages);
    queue->messages[queue->count++] = *message;
    (void)pthread_mutex_unlock(&queue->lock);
    /* A full counter means that the reader is awake already. */
    ssize_t written = write(queue->descriptor, &one, sizeof one);
    (void)written;
}

bool agent_queue_take(struct agent_queue *queue, struct agent_message *message) {
    bool taken = false;
    (void)pthread_mutex_lock(&queue->lock);
    if (queue->count > 0) {
        *message = queue->messages[0];
        queue->count--;
        memmove(queue->messages, queue->messages + 1, queue->count * sizeof *queue->messages);
        taken = true;
    }
    if (queue->count == 0) {
        uint64_t drained;
        ssize_t count = read(queue->descriptor, &drained, sizeof drained);
        (void)count;
    }
    (void)pthread_mutex_unlock(&queue->lock);
    return taken;
}

int agent_queue_descriptor(const struct agent_queue *queue) {
    return queue->descriptor;
}
