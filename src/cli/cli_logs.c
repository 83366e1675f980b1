/* phasegate logs: what a run has printed, made safe for a terminal. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/print.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "logs/follow.h"
#include "logs/sanitise.h"
#include "logs/watch.h"
#include "state/state_runs.h"

enum {
    READ_BUDGET = 1 << 20,
    LINE_TEXT = 8192,
    TICK_MS = 500,
    LOOK_MS = 5000,  /* until it is looked at though nobody told that it grew */
    DRAW_MS = 100,   /* between two states of an unfinished line on a terminal … */
    STATE_MS = 1000, /* … and elsewhere */
};

/* A run's log, and what tells where it is when it has lost its name. */
struct source {
    char *run, *path;
    char *notice;   /* what the agent noticed of its file; NULL */
    int64_t writer; /* pid of its command while that lives; 0 */
    bool began;
};

static void source_free(struct source *source) {
    if (source != NULL) {
        free(source->run);
        free(source->path);
        free(source->notice);
        free(source);
    }
}

static struct source *source_of(const struct state_run *run) {
    struct error mistake;
    struct source *source = memory_new(1, sizeof *source);
    const char *stored = run->progress.json;
    json_t *json = stored != NULL ? json_read(text_of(stored), "progress", &mistake) : NULL;
    const char *notice = json_string_value(json_object_get(json, "happened"));
    source->run = memory_copy_string(run->run);
    source->path = file_join(run->directory, "out.log");
    source->notice = notice != NULL && notice[0] != '\0' ? memory_copy_string(notice) : NULL;
    source->writer =
        run->state != STATE_RUN_ENDED && state_process_alive(&run->child) ? run->child.pid : 0;
    source->began = run->started_at != 0 || run->ended_at != 0;
    json_decref(json);
    return source;
}

/* The log of a run, however old, or of a processor's newest one; the caller frees it. */
static struct source *find_log(struct cli *cli, const char *name, struct error *error) {
    struct source *source = NULL;
    size_t count = 0;
    const struct state_run_filter by_run = {.run = name};
    const struct state_run_filter by_processor = {.processor = name, .newest = 1};
    for (int i = 0; i < 2 && source == NULL; i++) {
        struct state_run *runs =
            state_runs(cli->state, i == 0 ? &by_run : &by_processor, &count, error);
        if (runs == NULL) {
            return NULL;
        }
        source = count > 0 ? source_of(runs) : NULL;
        state_runs_free(runs, count);
    }
    if (source != NULL) {
        return source;
    }
    for (size_t i = 0; i < cli->pipeline->processor_count; i++) {
        if (strcmp(cli->pipeline->processors[i].name, name) == 0) {
            (void)error_set(error, EXIT_NO_GO, "%s had no run yet, so there is no log of it", name);
            return NULL;
        }
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
        (void)print(cli->out, "%s\n", tail->lines[i % tail->size]);
    }
    tail->count = 0;
}

/* What is printed of a log, and what was said of its file. */
struct printing {
    struct cli *cli;
    struct log_follow *follow;
    struct tail tail;
    char noted[LOG_FOLLOW_NAME + 64]; /* said last of the file; "" */
    char state[LINE_TEXT];            /* of an unfinished line, as shown last; "" */
    int64_t shown_ms;                 /* when, monotonic */
    bool drawn;                       /* on the terminal's last line, to be drawn over */
};

static int64_t monotonic_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Says what became of the file, beside what stands in it. */
static void note(struct printing *printing, const char *text) {
    if (strcmp(text, printing->noted) != 0) {
        (void)snprintf(printing->noted, sizeof printing->noted, "%s", text);
        (void)print(printing->cli->err, "phasegate: %s\n", text);
    }
}

static void note_status(struct printing *printing, enum log_follow_status status) {
    char name[LOG_FOLLOW_NAME];
    char shown[LOG_FOLLOW_NAME];
    if (status == LOG_FOLLOW_TRUNCATED) {
        note(printing, "the log was truncated; what follows is from its new start");
    } else if (status == LOG_FOLLOW_REPLACED) {
        note(printing, "the log was replaced by another file; what follows is from that");
    } else if (log_follow_moved(printing->follow, name)) {
        char *text = name[0] != '\0'
                         ? memory_format("the log was renamed to %s, which is read",
                                         sanitise_string(text_of(name), shown, sizeof shown))
                         : memory_copy_string("the log was removed; its process has it open, and "
                                              "that is read");
        note(printing, text);
        free(text);
    }
}

/* Reads what is there; false when the log cannot be read. Of a line that was drawn over again and
 * again only what is left is a line. */
static bool read_all(struct printing *printing, enum log_follow_status *status,
                     struct error *error) {
    struct log_line line;
    char text[LINE_TEXT];
    do {
        *status = log_follow_fill(printing->follow, READ_BUDGET, error);
        while (log_follow_line(printing->follow, &line)) {
            if (!line.overwritten) {
                keep(&printing->tail, sanitise_string(line.text, text, sizeof text));
            }
        }
        note_status(printing, *status);
    } while (*status != LOG_FOLLOW_FAILED && *status != LOG_FOLLOW_IDLE &&
             *status != LOG_FOLLOW_MISSING);
    return *status != LOG_FOLLOW_FAILED;
}

/* Takes a drawn state off the terminal's last line. */
static void clear_state(struct printing *printing) {
    if (printing->drawn) {
        (void)print(printing->cli->out, "\r\x1b[K");
        printing->drawn = false;
    }
}

/* Shows the unfinished line as it stands: a terminal has it drawn over, anything else gets a line a
 * second at most. Returns the ms until it is due; -1 when there is nothing to show. */
static int show_state(struct printing *printing) {
    struct log_line line;
    char text[LINE_TEXT];
    if (!log_follow_peek(printing->follow, &line) || text_trim(line.text).size == 0) {
        return -1;
    }
    (void)sanitise_string(line.text, text, sizeof text);
    int64_t since = monotonic_ms() - printing->shown_ms;
    bool terminal = isatty(fileno(printing->cli->out)) == 1;
    if (strcmp(text, printing->state) == 0) {
        return -1;
    }
    if (since < (terminal ? DRAW_MS : STATE_MS)) {
        return (int)((terminal ? DRAW_MS : STATE_MS) - since);
    }
    clear_state(printing);
    (void)print(printing->cli->out, terminal ? "%s" : "%s\n", text);
    (void)snprintf(printing->state, sizeof printing->state, "%s", text);
    printing->shown_ms += since;
    printing->drawn = terminal;
    return -1;
}

static bool follow_on(struct printing *printing, const char *path, struct error *error) {
    FILE *out = printing->cli->out;
    struct log_watch *watch = log_watch_new(TICK_MS, false, error);
    bool good = watch != NULL && log_watch_add(watch, path, 1, error);
    int wait = show_state(printing);
    while (good && fflush(out) == 0 && ferror(out) == 0) {
        uint64_t token;
        enum log_follow_status status;
        struct pollfd event = {log_watch_descriptor(watch), POLLIN, 0};
        (void)poll(&event, 1, wait >= 0 && wait < LOOK_MS ? wait : LOOK_MS);
        (void)log_watch_read(watch, &token, 1);
        good = read_all(printing, &status, error);
        if (printing->tail.count > 0) {
            clear_state(printing);
            print_tail(printing->cli, &printing->tail);
            printing->state[0] = '\0';
        }
        wait = show_state(printing);
    }
    log_watch_free(watch);
    return good;
}

/* A log that is not there: not yet, or no longer. */
static bool check_there(const struct source *source, enum log_follow_status status,
                        struct error *error) {
    return status != LOG_FOLLOW_MISSING || !source->began ||
           error_set(error, EXIT_NO_INPUT,
                     "the log of %s is not there: %s was renamed or removed%s", source->run,
                     source->path,
                     source->writer != 0 ? ", and its command does not have it open" : "");
}

static int print_log(struct cli *cli, const struct source *source, size_t lines,
                     struct error *error) {
    struct printing printing = {
        .cli = cli,
        .follow = log_follow_new(source->path, NULL),
        .tail = {.lines = memory_new(lines, sizeof(char *)), .size = lines},
    };
    struct log_line rest;
    enum log_follow_status status;
    char text[LINE_TEXT];
    bool follows = cli_value(cli, "follow") != NULL;
    log_follow_writer(printing.follow, source->writer);
    if (source->notice != NULL) {
        note(&printing, source->notice);
    }
    bool good = read_all(&printing, &status, error) && check_there(source, status, error);
    if (good && !follows && log_follow_rest(printing.follow, &rest)) {
        keep(&printing.tail, sanitise_string(rest.text, text, sizeof text));
    }
    print_tail(cli, &printing.tail);
    if (good && follows) {
        good = follow_on(&printing, source->path, error);
    }
    for (size_t i = 0; i < printing.tail.size; i++) {
        free(printing.tail.lines[i]);
    }
    free(printing.tail.lines);
    log_follow_free(printing.follow);
    return good ? EXIT_GO : cli_fail(cli, error);
}

static int run(struct cli *cli) {
    struct error error = {0};
    int64_t lines = 50;
    if (!cli_number(cli, "lines", 1, 100000, &lines, &error)) {
        return cli_fail(cli, &error);
    }
    struct source *source =
        cli_open_state(cli, &error) ? find_log(cli, cli->arguments[0], &error) : NULL;
    int code =
        source != NULL ? print_log(cli, source, (size_t)lines, &error) : cli_fail(cli, &error);
    source_free(source);
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
