#include "ui/console.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/print.h"
#include "ui/log_reader.h"
#include "ui/reader.h"
#include "ui/screen.h"
#include "ui/terminal.h"
#include "ui/worker.h"

enum { KEYS, SIGNALS, WAKE, SOURCE_COUNT };

struct console {
    const struct console_options *options;
    struct terminal terminal;
    struct screen screen;
    struct frame shown, next;
    struct reader *reader;
    struct worker *worker;
    struct log_reader *logs;
    struct situation *situation; /* the one the screen draws */
    int signals, wake;
    sigset_t old_signals;
    bool testing; /* PHASEGATE_TEST=1: tell the harness when nothing is left to do */
    uint64_t idle;
};

static int64_t monotonic_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void read_clocks(struct console *console) {
    console->screen.now =
        console->options->fixed_time ? console->options->fixed_time : clock_wall_ms(clock_system());
    console->screen.monotonic_ms = monotonic_ms();
}

static bool open_signals(struct console *console, struct error *error) {
    static const int numbers[] = {SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaddset(&set, numbers[i]);
    (void)pthread_sigmask(SIG_BLOCK, &set, &console->old_signals);
    console->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    console->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (console->signals < 0 || console->wake < 0)
        return error_set_errno(error, EXIT_OS, errno, "no descriptor for the console's events");
    return true;
}

static void draw(struct console *console) {
    int width, height;
    console->terminal.operations->size(console->terminal.context, &width, &height);
    screen_settle(&console->screen, width, height);
    frame_reset(&console->next, width, height);
    screen_draw(&console->screen, &console->next);
    if (console->screen.repaint) {
        console->screen.repaint = false;
        frame_free(&console->shown);
    }
    (void)terminal_show(&console->terminal, &console->shown, &console->next);
}

static void take_signals(struct console *console) {
    struct signalfd_siginfo info;
    while (read(console->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        switch (info.ssi_signo) {
        case SIGCONT: /* after SIGSTOP a shell has set the terminal to its own modes */
            console->terminal.operations->resume(console->terminal.context);
            console->screen.repaint = true;
            break;
        case SIGWINCH:
            console->screen.repaint = true;
            break;
        case SIGTSTP:
            console->terminal.operations->stop(console->terminal.context);
            console->screen.repaint = true;
            break;
        default:
            console->screen.quit = true;
            break;
        }
    }
}

static void take_keys(struct console *console) {
    for (;;) {
        struct terminal_event event = console->terminal.operations->read(console->terminal.context);
        if (event.kind == TERMINAL_NOTHING)
            return;
        /* A click is about the rows as they were last drawn. */
        screen_event(&console->screen, event);
        if (event.kind == TERMINAL_CLOSED)
            return;
    }
}

static void take_situation(struct console *console) {
    if (console->screen.paused)
        return;
    struct situation *fresh = reader_take(console->reader);
    reader_trouble(console->reader, console->screen.trouble, sizeof console->screen.trouble);
    if (!fresh)
        return;
    screen_update(&console->screen, fresh);
    if (console->situation)
        console->options->source.free(console->situation);
    console->situation = fresh;
}

static void take_page(struct console *console) {
    struct log_view *log = &console->screen.log;
    struct log_view_page *page = log_reader_take(console->logs);
    if (!page)
        return;
    if (page->searching) { /* what is shown stays until there is more */
        if (page->number == log->number)
            (void)print_into(log->searching, sizeof log->searching, "%s", page->note);
        log_view_page_free(page);
        return;
    }
    log->searching[0] = '\0';
    /* The page of a log that is no longer shown came too late. */
    if (!log->path || strcmp(page->path, log->path) != 0) {
        log_view_page_free(page);
        return;
    }
    if (page->cursor == SIZE_MAX && console->screen.paused) {
        log_view_page_free(page);
        return;
    }
    if (page->cursor != SIZE_MAX)
        log->cursor = page->cursor;
    log_view_page_free(log->page);
    log->page = page;
}

static void take_wakes(struct console *console) {
    uint64_t count;
    (void)!read(console->wake, &count, sizeof count);
    take_situation(console);
    take_page(console);
    struct worker_answer answer;
    while (worker_take(console->worker, &answer)) {
        screen_toast(&console->screen, answer.done ? STYLE_NORMAL : STYLE_BAD, "%s", answer.text);
        reader_hurry(console->reader);
    }
}

static void pass_on(struct console *console) {
    struct command *commands = screen_take_commands(&console->screen);
    if (commands)
        worker_give(console->worker, commands);
    struct log_view *log = &console->screen.log;
    if (log->wanted && console->screen.tab == VIEW_LOGS) {
        log->request.ascii = console->terminal.ascii;
        log_reader_ask(console->logs, &log->request);
        log->wanted = false;
    }
}

/* The sooner of two; -1 is never. */
static int sooner(int a, int b) {
    return a < 0 ? b : b < 0 || a < b ? a : b;
}

/* Milliseconds to sleep: to the next whole second of the clock, to the end of a toast, for ever. */
static int timeout_of(const struct console *console) {
    int64_t next = screen_next_change(&console->screen);
    if (console->options->fixed_time && !console->screen.toast_until_ms)
        return -1;
    if (clock_scale() == 0 && console->screen.toast_until_ms <= console->screen.monotonic_ms)
        return -1;
    /* A clock that runs fast is still shown once a second. */
    return next < 0 ? -1 : (int)(next > 1000 ? 1000 : next) + 1;
}

static void loop(struct console *console) {
    struct pollfd sources[SOURCE_COUNT] = {
        [KEYS] = {.fd = STDIN_FILENO, .events = POLLIN},
        [SIGNALS] = {.fd = console->signals, .events = POLLIN},
        [WAKE] = {.fd = console->wake, .events = POLLIN},
    };
    while (!console->screen.quit) {
        read_clocks(console);
        draw(console);
        pass_on(console);
        int keys = console->terminal.operations->wait(console->terminal.context);
        if (console->testing && keys < 0)
            console->terminal.operations->mark_idle(console->terminal.context, ++console->idle);
        int ready = poll(sources, SOURCE_COUNT, sooner(keys, timeout_of(console)));
        if (ready < 0 && errno != EINTR)
            return;
        read_clocks(console);
        if (ready < 0)
            continue;
        if (sources[SIGNALS].revents)
            take_signals(console);
        if (keys >= 0 || sources[KEYS].revents & POLLIN) {
            bool paused = console->screen.paused;
            take_keys(console);
            if (paused && !console->screen.paused)
                take_situation(console); /* what came meanwhile */
        }
        if (sources[KEYS].revents & (POLLHUP | POLLERR | POLLNVAL))
            return; /* the terminal is gone */
        if (sources[WAKE].revents)
            take_wakes(console);
    }
}

static bool start(struct console *console, struct error *error) {
    return open_signals(console, error) &&
           (console->reader = reader_start(&console->options->source, console->wake, error)) &&
           (console->worker = worker_start(&console->options->performer, console->wake, error)) &&
           (console->logs = log_reader_start(console->wake, error)) &&
           terminal_open_curses(&console->terminal, error);
}

static void finish(struct console *console) {
    terminal_close(&console->terminal);
    log_reader_stop(console->logs);
    worker_stop(console->worker);
    reader_stop(console->reader);
    screen_free(&console->screen);
    if (console->situation)
        console->options->source.free(console->situation);
    frame_free(&console->shown);
    frame_free(&console->next);
    if (console->signals >= 0)
        (void)close(console->signals);
    if (console->wake >= 0)
        (void)close(console->wake);
    (void)pthread_sigmask(SIG_SETMASK, &console->old_signals, NULL);
}

/* Work outlives the console, and the person who leaves should know it. */
static void say_goodbye(size_t running, const char *runs) {
    if (running && runs)
        (void)print(stdout, "phasegate: the console is closed; %zu %s on. `%s` lists them.\n",
                    running, running == 1 ? "run goes" : "runs go", runs);
}

int console_run(const struct console_options *options, struct error *error) {
    struct console console = {.options = options, .signals = -1, .wake = -1};
    const char *test = getenv("PHASEGATE_TEST");
    console.testing = test && strcmp(test, "1") == 0;
    screen_init(&console.screen, options->pipeline, options->user ? options->user : "");
    console.screen.left_at = options->left_at;
    console.screen.review_plan = options->plan;
    console.screen.read_only = options->read_only;
    if (!start(&console, error)) {
        finish(&console);
        return (int)error->code;
    }
    console.next = frame_new(1, 1, console.terminal.ascii);
    loop(&console);
    size_t running = console.situation ? console.situation->header.running : 0;
    finish(&console);
    say_goodbye(running, options->runs);
    return EXIT_GO;
}
