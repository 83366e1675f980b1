#include "ui/log_reader.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "ui/log_page.h"

enum { FOLLOW_MS = 500, NEVER_MS = -1 };

struct log_reader {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wish; /* a request came, or the end */
    struct log_view_request request;
    bool wanted, stopping;
    atomic_bool interrupt;
    struct log_view_page *_Atomic page;
    int wake;
};

static void deliver(struct log_reader *reader, struct log_view_page *page) {
    log_view_page_free(atomic_exchange(&reader->page, page));
    uint64_t one = 1;
    (void)!write(reader->wake, &one, sizeof one);
}

/* Waits for a request: as long as it takes, or half a second while a page follows. False at the
 * end. */
static bool wait_for_wish(struct log_reader *reader, int wait_ms, bool *got) {
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)FOLLOW_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    bool waiting = true;
    while (waiting && wait_ms != 0 && !reader->wanted && !reader->stopping) {
        if (wait_ms < 0)
            (void)pthread_cond_wait(&reader->wish, &reader->mutex);
        else
            waiting = pthread_cond_timedwait(&reader->wish, &reader->mutex, &until) == 0;
    }
    *got = reader->wanted;
    reader->wanted = false;
    atomic_store(&reader->interrupt, false);
    return !reader->stopping;
}

/* After the goal of a request is reached, its page is only read again where it is. */
static void settle(struct log_view_request *request, const struct log_view_page *page) {
    if (request->goal != LOG_VIEW_TAIL || !request->follow) {
        request->goal = LOG_VIEW_STAY;
        request->source = page->count ? page->lines[0].source : 0;
        request->offset = page->count ? page->lines[0].offset : 0;
    }
}

static void *run(void *argument) {
    struct log_reader *reader = argument;
    struct log_page_source *source = log_page_source_new(&reader->interrupt);
    struct log_view_request request = {0};
    int wait_ms = NEVER_MS;
    bool working = false, got = false;
    (void)pthread_mutex_lock(&reader->mutex);
    while (wait_for_wish(reader, wait_ms, &got)) {
        if (got)
            request = reader->request;
        (void)pthread_mutex_unlock(&reader->mutex);
        bool again = got;
        if (!got && working) {
            working = log_page_work(source);
            again = !working; /* numbers and histogram are complete now */
        } else if (!got) {
            again = log_page_changed(source);
        }
        if (again) {
            struct log_view_page *page = log_page_read(source, &request);
            working = working || got || request.follow;
            if (!got)
                page->cursor = SIZE_MAX; /* the reader's cursor stays where it is */
            settle(&request, page);
            deliver(reader, page);
            if (!got)
                working = false;
        }
        wait_ms = working ? 0 : request.follow ? FOLLOW_MS : NEVER_MS;
        (void)pthread_mutex_lock(&reader->mutex);
    }
    (void)pthread_mutex_unlock(&reader->mutex);
    log_page_source_free(source);
    return NULL;
}

struct log_reader *log_reader_start(int wake, struct error *error) {
    struct log_reader *reader = memory_new(1, sizeof *reader);
    pthread_condattr_t attributes;
    reader->wake = wake;
    (void)pthread_mutex_init(&reader->mutex, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&reader->wish, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    int failure = pthread_create(&reader->thread, NULL, run, reader);
    if (failure) {
        error_set_errno(error, EXIT_OS, failure, "no thread for the logs");
        (void)pthread_cond_destroy(&reader->wish);
        (void)pthread_mutex_destroy(&reader->mutex);
        free(reader);
        return NULL;
    }
    return reader;
}

void log_reader_stop(struct log_reader *reader) {
    if (!reader)
        return;
    (void)pthread_mutex_lock(&reader->mutex);
    reader->stopping = true;
    atomic_store(&reader->interrupt, true);
    (void)pthread_cond_signal(&reader->wish);
    (void)pthread_mutex_unlock(&reader->mutex);
    (void)pthread_join(reader->thread, NULL);
    log_view_page_free(atomic_exchange(&reader->page, NULL));
    (void)pthread_cond_destroy(&reader->wish);
    (void)pthread_mutex_destroy(&reader->mutex);
    free(reader);
}

void log_reader_ask(struct log_reader *reader, const struct log_view_request *request) {
    (void)pthread_mutex_lock(&reader->mutex);
    reader->request = *request;
    reader->wanted = true;
    atomic_store(&reader->interrupt, true);
    (void)pthread_cond_signal(&reader->wish);
    (void)pthread_mutex_unlock(&reader->mutex);
}

struct log_view_page *log_reader_take(struct log_reader *reader) {
    return atomic_exchange(&reader->page, NULL);
}

struct log_view_page *log_reader_read_once(const struct log_view_request *request) {
    struct log_page_source *source = log_page_source_new(NULL);
    struct log_view_page *page = log_page_read(source, request);
    while (log_page_work(source))
        continue;
    log_view_page_free(page);
    page = log_page_read(source, request);
    log_page_source_free(source);
    return page;
}
