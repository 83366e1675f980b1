/* A terminal in memory: what the console would have shown, for tests. */
#ifndef PHASEGATE_UI_TERMINAL_MEMORY_H
#define PHASEGATE_UI_TERMINAL_MEMORY_H

#include <stddef.h>

#include "ui/terminal.h"

enum { TERMINAL_MEMORY_EVENTS = 256 };

struct terminal_memory {
    struct frame screen; /* what was put */
    size_t cells;        /* put since the start */
    size_t flushes, repaints, calls;
    struct terminal_event events[TERMINAL_MEMORY_EVENTS]; /* to be read */
    size_t first, last;
};

/* Makes a terminal of this size on `memory`, which must outlive it; terminal_close frees the cells.
 */
void terminal_open_memory(struct terminal *terminal, struct terminal_memory *memory, int width,
                          int height);

/* Queues an event for the console to read; false when the queue is full. */
bool terminal_memory_press(struct terminal_memory *memory, struct terminal_event event);

#endif
