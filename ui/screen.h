/* The screen: everything the console shows and remembers, apart from the terminal and the threads.
 *
 * Pure state: keys and situations go in, frames and commands come out, and there is no I/O, so that
 * a test can play a whole night. The situation is borrowed and may change between two frames; what
 * was bound when a dialog opened stays bound. Belongs to the UI thread. */
#ifndef PHASEGATE_UI_SCREEN_H
#define PHASEGATE_UI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/day.h"
#include "base/text.h"
#include "situation/situation.h"
#include "ui/actions.h"
#include "ui/command.h"
#include "ui/frame.h"
#include "ui/layout.h"
#include "ui/list.h"
#include "ui/log_view.h"
#include "ui/terminal.h"

enum { SCREEN_TEXT = 256 };

struct screen_coverage {
    struct list list;
    size_t season; /* the column under the cursor; pipeline->season_count is ALL */
    bool raw;
};

/* The date strip. */
struct screen_strip {
    size_t table;
    size_t season;     /* or pipeline->season_count for the whole range */
    day_number cursor; /* the date under the cursor */
    day_number mark;   /* the other end of a selection; DAY_NONE without one */
    int top;           /* first line of weeks shown */
};

struct screen_journal {
    struct list list;
    char filter[SCREEN_TEXT]; /* "" is all; "!text" hides */
};

/* A page of text over a view. */
struct screen_page {
    char *title;
    struct text_buffer text; /* lines; a line that starts with a tab is a heading */
    char *export_name;       /* where `x` writes it; NULL when it does not */
    struct list list;
    struct list_rows rows; /* one a line, none selectable; `a` and `b` are its bytes */
};

struct screen_dialog {
    char *title;
    struct text_buffer text;
    struct command *command; /* bound when the dialog opened; NULL: it only tells */
    enum actions_confirm confirm;
    int64_t opened_ms; /* monotonic */
};

enum screen_prompt_kind {
    PROMPT_PALETTE,
    PROMPT_SEARCH,
    PROMPT_LOG_FILTER,
    PROMPT_GO_TO,
    PROMPT_JOURNAL_FILTER,
    PROMPT_COUNT,  /* the number of dates affected */
    PROMPT_REASON, /* at least 10 characters */
};

struct screen_prompt {
    bool open;
    enum screen_prompt_kind kind;
    char text[SCREEN_TEXT];
};

struct screen {
    const struct pipeline *pipeline;
    const struct situation *situation; /* NULL before the first was read */
    char trouble[SCREEN_TEXT];         /* why the state cannot be read; "" when it can */
    char user[SCREEN_TEXT];            /* "naji@ops" */
    int64_t now;                       /* wall ms */
    int64_t monotonic_ms;
    int64_t left_at; /* when this person last left a console; 0 when not known: for the brief */
    int width, height;

    enum actions_view tab; /* the view below */
    bool strip_open, page_open, dialog_open;
    bool paused, quit, repaint;
    bool read_only; /* actions that change anything are refused */

    struct list_rows rows; /* of the tab, as of the last settle */
    struct screen_coverage coverage;
    struct screen_strip strip;
    struct list gates, runs, review;
    uint64_t gates_open; /* the gate whose passing checks are listed; 0 for none */
    struct screen_journal journal;
    struct text_buffer review_text;
    const char *review_plan; /* the options side by side, as text (borrowed); NULL without */
    struct log_view log;
    struct screen_page page;
    struct screen_dialog dialog;
    struct screen_prompt prompt;

    char toast[SCREEN_TEXT];
    enum theme_style toast_style;
    int64_t toast_until_ms; /* monotonic */

    struct command *commands, **last_command; /* decided, to be taken by the worker */
};

/* Prepares a screen over a pipeline, which must outlive it. */
void screen_init(struct screen *screen, const struct pipeline *pipeline, const char *user);
void screen_free(struct screen *screen);

/* Takes a new situation (borrowed until the next call). */
void screen_update(struct screen *screen, const struct situation *situation);

/* Makes selection and scrolling fit the size and the situation. Before every screen_draw. */
void screen_settle(struct screen *screen, int width, int height);

/* Draws a frame of the size settled for. */
void screen_draw(const struct screen *screen, struct frame *frame);

/* Takes one event of the terminal. */
void screen_event(struct screen *screen, struct terminal_event event);

/* Does what a key of that action would do. */
void screen_act(struct screen *screen, enum action action);

/* What is on top and gets the keys. */
enum actions_view screen_top(const struct screen *screen);

/* Shows a line in place of the footer for some seconds. */
void screen_toast(struct screen *screen, enum theme_style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Queues a command; takes ownership. */
void screen_command(struct screen *screen, struct command *command);

/* The commands decided so far, oldest first, or NULL; the caller owns the list. */
struct command *screen_take_commands(struct screen *screen);

/* When the screen would change without any event: the next tick of the header's clock or the end of
 * a toast, in milliseconds from now; -1 for never. */
int64_t screen_next_change(const struct screen *screen);

#endif
