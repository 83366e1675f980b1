#include "ui/log_reader.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/print.h"
#include "logs/watch.h"
#include "ui/log_page.h"

enum { FOLLOW_MS = 500, NEVER_MS = -1 };

struct log_reader {
    pthread_t thread;
    pthread_mutex_t mutex;
    int bell; /* an eventfd: a request came, or the end */
    struct log_view_request request;
    bool wanted, stopping;
    atomic_bool interrupt;
    struct log_view_page *_Atomic page;
    int wake;
};

/* What the thread keeps between two waits. */
struct turn {
    struct log_reader *reader;
    struct log_page_source *source;
    struct log_view_request request;
    struct log_watch *watch;
    size_t watching; /* files */
    bool watched;    /* all of them */
    bool working;    /* on what takes long */
    bool fresh;      /* something was new: more may follow at once, and need not be told of */
};

static void deliver(struct log_reader *reader, struct log_view_page *page) {
    log_view_page_free(atomic_exchange(&reader->page, page));
    uint64_t one = 1;
    (void)!write(reader->wake, &one, sizeof one);
}

/* What is asked for lies far away: how far the search is, until the page is there. */
static void tell(void *context, const char *text) {
    struct turn *turn = context;
    struct log_view_page *page = memory_new(1, sizeof *page);
    page->number = turn->request.number;
    page->path = memory_copy_string(turn->request.path);
    page->searching = true;
    (void)print_into(page->note, sizeof page->note, "%s", text);
    deliver(turn->reader, page);
}

/* Waits for a request, for news of a watched file (`watch` may be NULL), or for `wait_ms`. False at
 * the end. */
static bool wait_for_wish(struct log_reader *reader, const struct log_watch *watch, int wait_ms,
                          struct log_view_request *request, bool *got) {
    uint64_t count;
    struct pollfd events[] = {{.fd = reader->bell, .events = POLLIN},
                              {.fd = watch ? log_watch_descriptor(watch) : -1, .events = POLLIN}};
    (void)poll(events, 2, wait_ms);
    (void)!read(reader->bell, &count, sizeof count);
    (void)pthread_mutex_lock(&reader->mutex);
    *got = reader->wanted;
    if (*got)
        *request = reader->request;
    reader->wanted = false;
    bool going = !reader->stopping;
    if (going)
        atomic_store(&reader->interrupt, false);
    (void)pthread_mutex_unlock(&reader->mutex);
    return going;
}

/* Watches the files of a request in place of `*count` others; false when one cannot be watched. */
static bool watch_files(struct log_watch *watch, const struct log_view_request *request,
                        size_t *count) {
    bool all = watch != NULL;
    for (; watch && *count > 0; --*count)
        log_watch_remove(watch, *count - 1);
    for (size_t i = 0; all && i < (request->source_count ? request->source_count : 1); i++) {
        const char *path = request->source_count ? request->sources[i].path : request->path;
        all = log_watch_add(watch, path, i, NULL);
        *count += all;
    }
    return all;
}

static void forget_news(struct log_watch *watch) {
    uint64_t tokens[LOG_VIEW_SOURCES];
    while (watch && log_watch_read(watch, tokens, LOG_VIEW_SOURCES) == LOG_VIEW_SOURCES)
        continue;
}

/* After the goal of a request is reached, its page is only read again where it is. */
static void settle(struct log_view_request *request, const struct log_view_page *page) {
    if (request->goal != LOG_VIEW_TAIL || !request->follow) {
        request->goal = LOG_VIEW_STAY;
        request->source = page->count ? page->lines[0].source : 0;
        request->offset = page->count ? page->lines[0].offset : 0;
    }
}

static void take_turn(struct log_reader *reader, struct turn *turn, bool got) {
    bool again = got;
    if (got) {
        turn->watched =
            turn->request.follow && watch_files(turn->watch, &turn->request, &turn->watching);
        turn->fresh = true;
    } else if (turn->working) {
        turn->working = log_page_work(turn->source);
        again = !turn->working; /* numbers and histogram are complete now */
    } else {
        forget_news(turn->watch);
        turn->fresh = again = log_page_changed(turn->source);
    }
    if (!again)
        return;
    struct log_view_page *page = log_page_read(turn->source, &turn->request);
    if (page->partial) { /* the one that was asked for since will be whole */
        log_view_page_free(page);
        return;
    }
    if (!got)
        page->cursor = SIZE_MAX; /* the reader's cursor stays where it is */
    turn->working = got;
    settle(&turn->request, page);
    deliver(reader, page);
}

static void *run(void *argument) {
    struct log_reader *reader = argument;
    (void)pthread_setname_np(pthread_self(), "log-reader");
    struct turn *turn = memory_new(1, sizeof *turn);
    turn->reader = reader;
    turn->source = log_page_source_new(&reader->interrupt);
    log_page_source_tell(turn->source, tell, turn);
    turn->watch = log_watch_new(FOLLOW_MS, false, NULL);
    bool got = false, listen = false;
    int wait_ms = NEVER_MS;
    while (wait_for_wish(reader, listen ? turn->watch : NULL, wait_ms, &turn->request, &got)) {
        take_turn(reader, turn, got);
        listen = turn->request.follow && !turn->working && turn->watched && !turn->fresh;
        wait_ms = turn->working ? 0 : turn->request.follow && !listen ? FOLLOW_MS : NEVER_MS;
    }
    log_watch_free(turn->watch);
    log_page_source_free(turn->source);
    free(turn);
    return NULL;
}

static void free_reader(struct log_reader *reader) {
    (void)pthread_mutex_destroy(&reader->mutex);
    if (reader->bell >= 0)
        (void)close(reader->bell);
    free(reader);
}

struct log_reader *log_reader_start(int wake, struct error *error) {
    struct log_reader *reader = memory_new(1, sizeof *reader);
    reader->wake = wake;
    reader->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    (void)pthread_mutex_init(&reader->mutex, NULL);
    int failure = reader->bell < 0 ? errno : pthread_create(&reader->thread, NULL, run, reader);
    if (failure) {
        error_set_errno(error, EXIT_OS, failure, "no thread for the logs");
        free_reader(reader);
        return NULL;
    }
    return reader;
}

static void ring(struct log_reader *reader) {
    uint64_t one = 1;
    (void)!write(reader->bell, &one, sizeof one);
}

void log_reader_stop(struct log_reader *reader) {
    if (!reader)
        return;
    (void)pthread_mutex_lock(&reader->mutex);
    reader->stopping = true;
    atomic_store(&reader->interrupt, true);
    (void)pthread_mutex_unlock(&reader->mutex);
    ring(reader);
    (void)pthread_join(reader->thread, NULL);
    log_view_page_free(atomic_exchange(&reader->page, NULL));
    free_reader(reader);
}

void log_reader_ask(struct log_reader *reader, const struct log_view_request *request) {
    (void)pthread_mutex_lock(&reader->mutex);
    reader->request = *request;
    reader->wanted = true;
    atomic_store(&reader->interrupt, true);
    (void)pthread_mutex_unlock(&reader->mutex);
    ring(reader);
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
