/* The console's threads, each alone: reader, worker, log reader. Every wait is a poll on the wake
 * descriptor with a deadline. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "ui/log_reader.h"
#include "ui/reader.h"
#include "ui/worker.h"

enum { PATIENCE_MS = 120000 };

static bool woken(int wake) {
    struct pollfd source = {.fd = wake, .events = POLLIN};
    uint64_t count;
    return poll(&source, 1, PATIENCE_MS) == 1 &&
           read(wake, &count, sizeof count) == (ssize_t)sizeof count;
}

/* The next page for which `wanted` holds. */
static struct log_view_page *page_with(struct log_reader *reader, int wake, uint64_t number,
                                       const char *last) {
    while (woken(wake)) {
        struct log_view_page *page = log_reader_take(reader);
        if (page && page->number == number && page->count &&
            strcmp(page->lines[page->count - 1].text, last) == 0)
            return page;
        log_view_page_free(page);
    }
    return NULL;
}

struct log {
    char directory[32], path[64];
    int wake;
    struct log_reader *reader;
};

static void append(const struct log *log, const char *text) {
    FILE *file = fopen(log->path, "a");
    cr_assert_not_null(file);
    cr_assert_geq(fputs(text, file), 0);
    cr_assert_eq(fclose(file), 0);
}

static void open_log(struct log *log) {
    struct error error = {0};
    (void)strcpy(log->directory, "/tmp/phasegate-log-XXXXXX");
    cr_assert_not_null(mkdtemp(log->directory));
    (void)snprintf(log->path, sizeof log->path, "%s/out.log", log->directory);
    log->wake = eventfd(0, EFD_CLOEXEC);
    log->reader = log_reader_start(log->wake, &error);
    cr_assert_not_null(log->reader, "%s", error.text);
}

static void close_log(struct log *log) {
    log_reader_stop(log->reader);
    (void)close(log->wake);
    cr_expect(file_remove_tree(log->directory, NULL));
}

static struct log_view_request request_for(const struct log *log, uint64_t number,
                                           enum log_view_goal goal) {
    struct log_view_request request = {.number = number, .goal = goal, .rows = 3};
    (void)snprintf(request.path, sizeof request.path, "%s", log->path);
    return request;
}

Test(log_reader, follows_a_growing_log)
{
    struct log log;
    open_log(&log);
    append(&log, "one\ntwo\nthree\nfour\n");
    struct log_view_request request = request_for(&log, 1, LOG_VIEW_TAIL);
    request.follow = true;
    log_reader_ask(log.reader, &request);
    struct log_view_page *page = page_with(log.reader, log.wake, 1, "four");
    cr_assert_not_null(page);
    cr_expect_eq(page->count, 3);
    cr_expect(page->at_end);
    log_view_page_free(page);
    append(&log, "five\n");
    page = page_with(log.reader, log.wake, 1, "five");
    cr_assert_not_null(page);
    cr_expect_str_eq(page->lines[0].text, "three");
    log_view_page_free(page);
    close_log(&log);
}

/* A number of a thread's status; -1 when the thread is not the log reader's. */
static long sleeps_of_thread(const char *thread) {
    char path[300], line[128];
    long sleeps = -1;
    bool ours = false;
    (void)snprintf(path, sizeof path, "/proc/self/task/%.200s/status", thread);
    FILE *status = fopen(path, "re");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        ours = ours || strcmp(line, "Name:\tlog-reader\n") == 0;
        if (strncmp(line, "voluntary_ctxt_switches:", 24) == 0)
            sleeps = strtol(line + 24, NULL, 10);
    }
    if (status != NULL)
        (void)fclose(status);
    return ours ? sleeps : -1;
}

/* How often the log thread has slept: of it alone, for a sanitizer has threads of its own. */
static long sleeps_of_log_thread(void) {
    long sleeps = -1;
    DIR *threads = opendir("/proc/self/task");
    cr_assert_not_null(threads);
    for (struct dirent *entry = readdir(threads); entry != NULL; entry = readdir(threads)) {
        long found = sleeps_of_thread(entry->d_name);
        sleeps = found > sleeps ? found : sleeps;
    }
    (void)closedir(threads);
    cr_assert_geq(sleeps, 0, "there is a log thread");
    return sleeps;
}

Test(log_reader, sleeps_while_a_followed_log_is_quiet_and_wakes_when_it_grows)
{
    struct log log;
    open_log(&log);
    append(&log, "one\ntwo\n");
    struct log_view_request request = request_for(&log, 1, LOG_VIEW_TAIL);
    request.follow = true;
    log_reader_ask(log.reader, &request);
    log_view_page_free(page_with(log.reader, log.wake, 1, "two"));
    struct pollfd quiet = {.fd = log.wake, .events = POLLIN};
    uint64_t count;
    while (poll(&quiet, 1, 700) > 0) /* until its numbers are complete and it has looked again */
        (void)!read(log.wake, &count, sizeof count);
    long before = sleeps_of_log_thread();
    (void)poll(&quiet, 1, 1500);
    cr_expect_leq(sleeps_of_log_thread() - before, 2, "it does not look, it waits");
    append(&log, "three\n");
    struct log_view_page *page = page_with(log.reader, log.wake, 1, "three");
    cr_assert_not_null(page);
    log_view_page_free(page);
    close_log(&log);
}

Test(log_reader, follows_several_logs_at_once)
{
    struct log log;
    open_log(&log);
    append(&log, "one\n");
    struct log_view_request request = request_for(&log, 1, LOG_VIEW_TAIL);
    request.follow = true;
    request.source_count = 2;
    (void)snprintf(request.sources[1].path, LOG_VIEW_PATH, "%s/later.log", log.directory);
    (void)snprintf(request.sources[0].path, LOG_VIEW_PATH, "%s", log.path);
    log_reader_ask(log.reader, &request);
    struct log_view_page *page = page_with(log.reader, log.wake, 1, "one");
    cr_assert_not_null(page);
    log_view_page_free(page);
    struct error error = {0};
    cr_assert(file_write(request.sources[1].path, TEXT("later\n"), &error), "%s", error.text);
    page = page_with(log.reader, log.wake, 1, "later");
    cr_assert_not_null(page);
    cr_expect_eq(page->count, 2);
    log_view_page_free(page);
    close_log(&log);
}

Test(log_reader, answers_the_newest_request)
{
    struct log log;
    open_log(&log);
    append(&log, "one\ntwo\nthree\nfour\n");
    for (uint64_t i = 1; i <= 50; i++) {
        struct log_view_request request = request_for(&log, i, LOG_VIEW_PERCENT);
        log_reader_ask(log.reader, &request);
    }
    struct log_view_page *page = page_with(log.reader, log.wake, 50, "three");
    cr_assert_not_null(page);
    log_view_page_free(page);
    close_log(&log);
}

Test(log_reader, counts_matches_and_wraps_around_the_end)
{
    struct log log;
    open_log(&log);
    append(&log, "an error\ntwo\nthree\nno error\nfive\n");
    struct log_view_request request = request_for(&log, 1, LOG_VIEW_MATCH);
    (void)strcpy(request.search, "error");
    request.lines = -1;
    struct log_view_page *page = log_reader_read_once(&request);
    cr_expect_eq(page->matches, 2);
    cr_expect_str_eq(page->lines[page->cursor].text, "no error");
    request.offset = page->lines[page->cursor].offset;
    log_view_page_free(page);
    page = log_reader_read_once(&request);
    cr_expect_str_eq(page->lines[page->cursor].text, "an error");
    log_view_page_free(page);
    close_log(&log);
}

Test(log_reader, a_bad_pattern_is_said_and_breaks_nothing)
{
    struct log log;
    open_log(&log);
    append(&log, "one\n");
    struct log_view_request request = request_for(&log, 1, LOG_VIEW_STAY);
    (void)strcpy(request.search, "(");
    struct log_view_page *page = log_reader_read_once(&request);
    cr_expect_neq(*page->note, '\0');
    cr_expect_eq(page->count, 1);
    log_view_page_free(page);
    close_log(&log);
}

static bool perform(void *context, const struct command *command, char *answer, size_t size,
                    struct error *error) {
    atomic_int *count = context;
    if (command->kind == COMMAND_KILL)
        return error_set(error, EXIT_NO_GO, "not this one");
    (void)snprintf(answer, size, "command %d", atomic_fetch_add(count, 1) + 1);
    return true;
}

static struct worker_answer answer_of(struct worker *worker, int wake) {
    struct worker_answer answer = {0};
    while (!worker_take(worker, &answer))
        cr_assert(woken(wake));
    return answer;
}

Test(worker, carries_commands_out_in_order_and_answers_each)
{
    struct error error = {0};
    atomic_int count = 0;
    int wake = eventfd(0, EFD_CLOEXEC);
    struct console_performer performer = {&count, perform};
    struct worker *worker = worker_start(&performer, wake, &error);
    cr_assert_not_null(worker);
    struct command *commands = command_new(COMMAND_POLL, 0);
    commands->next = command_new(COMMAND_KILL, 0);
    commands->next->next = command_new(COMMAND_POLL, 0);
    worker_give(worker, commands);
    cr_expect_str_eq(answer_of(worker, wake).text, "command 1");
    struct worker_answer refused = answer_of(worker, wake);
    cr_expect_not(refused.done);
    cr_expect_str_eq(refused.text, "kill: not this one");
    cr_expect_str_eq(answer_of(worker, wake).text, "command 2");
    worker_stop(worker);
    (void)close(wake);
}

Test(worker, writes_exports_itself)
{
    struct log log;
    struct error error = {0};
    open_log(&log);
    struct console_performer nobody = {0};
    struct worker *worker = worker_start(&nobody, log.wake, &error);
    struct command *command = command_new(COMMAND_EXPORT, 0);
    command->path = memory_copy_string(log.path);
    command->content = memory_copy_string("2021-11-05\n");
    worker_give(worker, command);
    cr_expect(answer_of(worker, log.wake).done);
    struct text_buffer written = {0};
    cr_assert(file_read(log.path, 100, &written, &error), "%s", error.text);
    cr_expect_str_eq(written.data, "2021-11-05\n");
    text_buffer_free(&written);
    worker_give(worker, command_new(COMMAND_POLL, 0));
    struct worker_answer answer = answer_of(worker, log.wake);
    cr_expect_not(answer.done);
    cr_expect_str_eq(answer.text, "poll: this console only shows");
    worker_stop(worker);
    close_log(&log);
}

struct source {
    atomic_int loads;
    atomic_bool fails;
};

static bool changed(void *context) {
    (void)context;
    return false;
}

static struct situation *load(void *context, struct error *error) {
    struct source *source = context;
    int number = atomic_fetch_add(&source->loads, 1) + 1;
    if (atomic_load(&source->fails)) {
        (void)error_set(error, EXIT_IO, "the state file is gone");
        return NULL;
    }
    struct situation *situation = memory_new(1, sizeof *situation);
    situation->as_of = number;
    return situation;
}

static void free_situation(struct situation *situation) {
    free(situation);
}

Test(reader, hands_over_the_newest_situation_and_the_reason_when_there_is_none)
{
    struct source source = {0};
    struct error error = {0};
    int wake = eventfd(0, EFD_CLOEXEC);
    struct console_source seam = {&source, changed, load, free_situation};
    struct reader *reader = reader_start(&seam, wake, &error);
    cr_assert_not_null(reader);
    cr_assert(woken(wake));
    struct situation *situation = reader_take(reader);
    cr_assert_not_null(situation);
    free(situation);
    cr_expect_null(reader_take(reader), "it is handed over once");
    char trouble[64];
    reader_trouble(reader, trouble, sizeof trouble);
    cr_expect_str_eq(trouble, "");
    atomic_store(&source.fails, true);
    reader_hurry(reader);
    cr_assert(woken(wake));
    reader_trouble(reader, trouble, sizeof trouble);
    cr_expect_str_eq(trouble, "the state file is gone");
    reader_stop(reader);
    (void)close(wake);
}
