/* phasegate logs: what a run has printed, made safe for a terminal. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "logs/follow.h"
#include "logs/sanitise.h"
#include "logs/watch.h"
#include "state/state_runs.h"

enum { READ_BUDGET = 1 << 20, LINE_TEXT = 8192, TICK_MS = 500 };

/* The log of a run, however old, or of a processor's newest one; the caller frees it. */
static char *find_log(struct cli *cli, const char *name, struct error *error) {
    char *path = NULL;
    size_t count = 0;
    const struct state_run_filter by_run = {.run = name};
    const struct state_run_filter by_processor = {.processor = name, .newest = 1};
    for (int i = 0; i < 2 && path == NULL; i++) {
        struct state_run *runs =
            state_runs(cli->state, i == 0 ? &by_run : &by_processor, &count, error);
        if (runs == NULL) {
            return NULL;
        }
        path = count > 0 ? file_join(runs->directory, "out.log") : NULL;
        state_runs_free(runs, count);
    }
    if (path != NULL) {
        return path;
    }
    struct state_run *all = state_runs(cli->state, &(struct state_run_filter){0}, &count, error);
    if (all == NULL) {
        return NULL;
    }
    const char **names = memory_new(count, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        names[i] = all[i].run;
    }
    (void)cli_unknown_name("run", name, names, count, error);
    free(names);
    state_runs_free(all, count);
    return NULL;
}

/* The last lines, kept in a ring until the end of the log is reached. */
struct tail {
    char **lines;
    size_t size, count;
};

static void keep(struct tail *tail, const char *line) {
    size_t at = tail->count++ % tail->size;
    free(tail->lines[at]);
    tail->lines[at] = memory_copy_string(line);
}

static void print_tail(struct cli *cli, struct tail *tail) {
    size_t shown = tail->count < tail->size ? tail->count : tail->size;
    for (size_t i = tail->count - shown; i < tail->count; i++) {
        (void)fprintf(cli->out, "%s\n", tail->lines[i % tail->size]);
    }
    tail->count = 0;
}

/* Reads what is there; false when the log cannot be read. */
static bool read_all(struct log_follow *follow, struct tail *tail, struct error *error) {
    struct log_line line;
    char text[LINE_TEXT];
    for (;;) {
        enum log_follow_status status = log_follow_fill(follow, READ_BUDGET, error);
        while (log_follow_line(follow, &line)) {
            keep(tail, sanitise_string(line.text, text, sizeof text));
        }
        if (status == LOG_FOLLOW_FAILED) {
            return false;
        }
        if (status == LOG_FOLLOW_IDLE || status == LOG_FOLLOW_MISSING) {
            return true;
        }
    }
}

static bool follow_on(struct cli *cli, const char *path, struct log_follow *follow,
                      struct tail *tail, struct error *error) {
    struct log_watch *watch = log_watch_new(TICK_MS, false, error);
    bool good = watch != NULL && log_watch_add(watch, path, 1, error);
    while (good && fflush(cli->out) == 0 && ferror(cli->out) == 0) {
        uint64_t token;
        struct pollfd event = {log_watch_descriptor(watch), POLLIN, 0};
        (void)poll(&event, 1, -1);
        (void)log_watch_read(watch, &token, 1);
        good = read_all(follow, tail, error);
        print_tail(cli, tail);
    }
    log_watch_free(watch);
    return good;
}

static int print_log(struct cli *cli, const char *path, size_t lines, struct error *error) {
    struct log_follow *follow = log_follow_new(path, NULL);
    struct tail tail = {.lines = memory_new(lines, sizeof *tail.lines), .size = lines};
    struct log_line rest;
    char text[LINE_TEXT];
    bool good = read_all(follow, &tail, error);
    if (good && log_follow_rest(follow, &rest)) {
        keep(&tail, sanitise_string(rest.text, text, sizeof text));
    }
    print_tail(cli, &tail);
    if (good && cli_value(cli, "follow") != NULL) {
        good = follow_on(cli, path, follow, &tail, error);
    }
    for (size_t i = 0; i < tail.size; i++) {
        free(tail.lines[i]);
    }
    free(tail.lines);
    log_follow_free(follow);
    return good ? EXIT_GO : cli_fail(cli, error);
}

static int run(struct cli *cli) {
    struct error error = {0};
    int64_t lines = 50;
    if (!cli_number(cli, "lines", 1, 100000, &lines, &error)) {
        return cli_fail(cli, &error);
    }
    char *path = cli_open_state(cli, &error) ? find_log(cli, cli->arguments[0], &error) : NULL;
    int code = path != NULL ? print_log(cli, path, (size_t)lines, &error) : cli_fail(cli, &error);
    free(path);
    return code;
}

const struct cli_verb cli_verb_logs = {
    .name = "logs",
    .arguments = "RUN|PROCESSOR",
    .summary = "what a run has printed; control characters are shown, not obeyed",
    .least = 1,
    .most = 1,
    .options = {{"lines", "N", "how many of the last lines (default 50)"},
                {"follow", NULL, "go on as it prints more"}},
    .run = run,
};
