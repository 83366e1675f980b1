/* The console: the app loop around a screen.
 *
 * One poll over the terminal, the signals, the reader, the worker, the log thread and a timer. The
 * UI thread draws and decides; a reader thread turns state into immutable situations and hands them
 * over by pointer; a worker thread carries commands out; a log thread reads logs. */
#ifndef PHASEGATE_UI_CONSOLE_H
#define PHASEGATE_UI_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "pipeline/pipeline.h"
#include "situation/situation.h"
#include "ui/command.h"

/* Where situations come from. Called by the reader thread only, but for `free`, which frees a
 * situation on any thread. */
struct console_source {
    void *context;
    /* Whether the state may have changed since the last load; cheap (PRAGMA data_version). */
    bool (*changed)(void *context);
    struct situation *(*load)(void *context, struct error *error);
    void (*free)(struct situation *situation);
};

/* Who carries commands out. Called by the worker thread only. On success `answer` gets one line
 * for the operator ("launched r-…"); on failure `error` says why not. Exports never come here. */
struct console_performer {
    void *context;
    bool (*perform)(void *context, const struct command *command, char *answer, size_t size,
                    struct error *error);
};

struct console_options {
    const struct pipeline *pipeline;
    struct console_source source;
    struct console_performer performer;
    const char *user;   /* "naji@ops" */
    const char *runs;   /* the command that lists the runs once it is closed; NULL: none is named */
    int64_t left_at;    /* when this person last left a console; 0 when not known */
    const char *plan;   /* the review's options side by side, as text; NULL without */
    bool read_only;     /* nothing that changes anything is offered: a past moment is shown */
    int64_t fixed_time; /* the clock stands there (--at); 0: it runs */
};

/* Runs the console until the operator leaves it; returns an exit code (base/error.h). `error` is
 * set when there is no terminal that can show it (EXIT_UNAVAILABLE): the caller then prints the
 * plain report. Blocks SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT in the calling thread
 * while it runs. Call it before other threads are started, or with those signals blocked in them.
 */
int console_run(const struct console_options *options, struct error *error);

#endif
