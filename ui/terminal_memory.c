#include "ui/terminal_memory.h"

#include <string.h>

static void memory_size(void *context, int *width, int *height) {
    struct terminal_memory *memory = context;
    *width = memory->screen.width;
    *height = memory->screen.height;
}

static void memory_put(void *context, int x, int y, const struct frame_cell *cells, int count) {
    struct terminal_memory *memory = context;
    memory->calls++;
    for (int i = 0; i < count && x + i < memory->screen.width && y < memory->screen.height; i++) {
        memory->screen.cells[(size_t)y * (size_t)memory->screen.width + (size_t)(x + i)] = cells[i];
        memory->cells++;
    }
}

static void memory_cursor(void *context, int x, int y) {
    struct terminal_memory *memory = context;
    memory->calls++;
    memory->screen.cursor_x = x;
    memory->screen.cursor_y = y;
}

static void memory_flush(void *context) {
    struct terminal_memory *memory = context;
    memory->calls++;
    memory->flushes++;
}

static struct terminal_event memory_read(void *context) {
    struct terminal_memory *memory = context;
    if (memory->first == memory->last)
        return (struct terminal_event){.kind = TERMINAL_NOTHING};
    return memory->events[memory->first++ % TERMINAL_MEMORY_EVENTS];
}

static int memory_wait(void *context) {
    (void)context;
    return -1;
}

static void memory_repaint(void *context) {
    struct terminal_memory *memory = context;
    memory->repaints++;
}

static void memory_ignore(void *context) {
    struct terminal_memory *memory = context;
    memory->calls++;
}

static void memory_mark_idle(void *context, uint64_t number) {
    struct terminal_memory *memory = context;
    memory->calls += number > 0;
}

static void memory_close(void *context) {
    struct terminal_memory *memory = context;
    frame_free(&memory->screen);
}

void terminal_open_memory(struct terminal *terminal, struct terminal_memory *memory, int width,
                          int height) {
    static const struct terminal_operations operations = {
        .size = memory_size,
        .put = memory_put,
        .cursor = memory_cursor,
        .flush = memory_flush,
        .read = memory_read,
        .wait = memory_wait,
        .repaint = memory_repaint,
        .stop = memory_ignore,
        .resume = memory_ignore,
        .mark_idle = memory_mark_idle,
        .close = memory_close,
    };
    memset(memory, 0, sizeof *memory);
    memory->screen = frame_new(width, height, false);
    *terminal = (struct terminal){&operations, memory, false, THEME_256_COLOURS};
}

bool terminal_memory_press(struct terminal_memory *memory, struct terminal_event event) {
    if (memory->last - memory->first == TERMINAL_MEMORY_EVENTS)
        return false;
    memory->events[memory->last++ % TERMINAL_MEMORY_EVENTS] = event;
    return true;
}
