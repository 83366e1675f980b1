/* The terminal: the seam between frames and whatever shows them.
 *
 * Two back ends: curses (terminal_curses.c, the only file that knows curses) and memory
 * (terminal_memory.c, for tests). A terminal belongs to the UI thread. */
#ifndef PHASEGATE_UI_TERMINAL_H
#define PHASEGATE_UI_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "ui/frame.h"
#include "ui/theme.h"

enum terminal_event_kind {
    TERMINAL_NOTHING, /* no more input for now */
    TERMINAL_KEY,
    TERMINAL_PASTE, /* a character of a pasted text: for a prompt, never a key */
    TERMINAL_CLICK,
    TERMINAL_WHEEL_UP,
    TERMINAL_WHEEL_DOWN,
    TERMINAL_CLOSED, /* the other end is gone */
};

struct terminal_event {
    enum terminal_event_kind kind;
    uint32_t key; /* ui/key.h; of a paste: the character */
    int x, y;     /* of the mouse */
};

struct terminal_operations {
    void (*size)(void *context, int *width, int *height);
    void (*put)(void *context, int x, int y, const struct frame_cell *cells, int count);
    void (*cursor)(void *context, int x, int y); /* -1: hidden */
    void (*flush)(void *context);
    struct terminal_event (*read)(void *context); /* never blocks */
    int (*wait)(void *context);     /* ms until read has something without a byte more; -1: never */
    void (*repaint)(void *context); /* the next flush sends everything */
    void (*stop)(void *context);    /* gives the terminal back, stops, and takes it again */
    void (*resume)(void *context);  /* takes it again after a stop that nobody could answer */
    void (*mark_idle)(void *context, uint64_t number);
    void (*close)(void *context);
};

struct terminal {
    const struct terminal_operations *operations;
    void *context;
    bool ascii;             /* it shows ASCII only */
    enum theme_depth depth; /* of its colours */
};

/* Sends what differs between `shown` (what the terminal has; any size) and `next`, then makes
 * `shown` equal to it. Two equal frames cost no call at all; returns whether they differed. */
bool terminal_show(struct terminal *terminal, struct frame *shown, const struct frame *next);

/* Takes over the terminal of the process: alternate screen, keys, mouse, restored on every way out,
 * fatal signals included. Errors: EXIT_UNAVAILABLE when standard input or output is no terminal or
 * TERM cannot move a cursor; the caller then prints the plain report. */
bool terminal_open_curses(struct terminal *terminal, struct error *error);

/* Gives the terminal back and frees it. */
void terminal_close(struct terminal *terminal);

#endif
