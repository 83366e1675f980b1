#include "ui/reader.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/print.h"

/* Looking for a change costs a wakeup, hence no oftener than needed; and a situation grows old by
 * itself (fresh becomes stale), hence a load now and then in any case. */
enum { LOOK_MS = 1600, RELOAD_LOOKS = 6 };

struct reader {
    struct console_source source;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t nudge;
    bool stopping, hurry;
    char trouble[ERROR_TEXT_SIZE];
    struct situation *_Atomic ready;
    int wake;
};

static void load(struct reader *reader) {
    struct error error = {0};
    struct situation *situation = reader->source.load(reader->source.context, &error);
    (void)pthread_mutex_lock(&reader->mutex);
    (void)print_into(reader->trouble, sizeof reader->trouble, "%s", situation ? "" : error.text);
    (void)pthread_mutex_unlock(&reader->mutex);
    if (situation) {
        struct situation *unread = atomic_exchange(&reader->ready, situation);
        if (unread)
            reader->source.free(unread);
    }
    uint64_t one = 1;
    (void)!write(reader->wake, &one, sizeof one);
}

static bool wait_for_look(struct reader *reader, bool *hurry) {
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (LOOK_MS % 1000) * 1000000L;
    until.tv_sec += LOOK_MS / 1000 + until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    (void)pthread_mutex_lock(&reader->mutex);
    while (!reader->stopping && !reader->hurry &&
           pthread_cond_timedwait(&reader->nudge, &reader->mutex, &until) == 0)
        continue;
    bool stopping = reader->stopping;
    *hurry = reader->hurry;
    reader->hurry = false;
    (void)pthread_mutex_unlock(&reader->mutex);
    return !stopping;
}

static void *run(void *argument) {
    struct reader *reader = argument;
    bool hurry = true;
    int looks = 0;
    do {
        if (hurry || ++looks >= RELOAD_LOOKS || reader->source.changed(reader->source.context)) {
            load(reader);
            looks = 0;
        }
    } while (wait_for_look(reader, &hurry));
    return NULL;
}

struct reader *reader_start(const struct console_source *source, int wake, struct error *error) {
    struct reader *reader = memory_new(1, sizeof *reader);
    pthread_condattr_t attributes;
    reader->source = *source;
    reader->wake = wake;
    (void)pthread_mutex_init(&reader->mutex, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&reader->nudge, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    int failure = pthread_create(&reader->thread, NULL, run, reader);
    if (failure) {
        error_set_errno(error, EXIT_OS, failure, "no thread to read the state");
        (void)pthread_cond_destroy(&reader->nudge);
        (void)pthread_mutex_destroy(&reader->mutex);
        free(reader);
        return NULL;
    }
    return reader;
}

void reader_stop(struct reader *reader) {
    if (!reader)
        return;
    (void)pthread_mutex_lock(&reader->mutex);
    reader->stopping = true;
    (void)pthread_cond_signal(&reader->nudge);
    (void)pthread_mutex_unlock(&reader->mutex);
    (void)pthread_join(reader->thread, NULL);
    struct situation *unread = atomic_exchange(&reader->ready, NULL);
    if (unread)
        reader->source.free(unread);
    (void)pthread_cond_destroy(&reader->nudge);
    (void)pthread_mutex_destroy(&reader->mutex);
    free(reader);
}

struct situation *reader_take(struct reader *reader) {
    return atomic_exchange(&reader->ready, NULL);
}

void reader_trouble(struct reader *reader, char *text, size_t size) {
    (void)pthread_mutex_lock(&reader->mutex);
    (void)print_into(text, size, "%s", reader->trouble);
    (void)pthread_mutex_unlock(&reader->mutex);
}

void reader_hurry(struct reader *reader) {
    (void)pthread_mutex_lock(&reader->mutex);
    reader->hurry = true;
    (void)pthread_cond_signal(&reader->nudge);
    (void)pthread_mutex_unlock(&reader->mutex);
}
