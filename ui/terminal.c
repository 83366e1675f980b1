#include "ui/terminal.h"

#include <string.h>

/* One run per row, from the first to the last cell that differs: the back end skips what is equal
 * within it. */
static bool show_row(struct terminal *terminal, struct frame *shown, const struct frame *next,
                     int y) {
    size_t start = (size_t)y * (size_t)next->width;
    const struct frame_cell *new_cells = next->cells + start;
    struct frame_cell *old_cells = shown->cells + start;
    size_t bytes = (size_t)next->width * sizeof *new_cells;
    if (memcmp(old_cells, new_cells, bytes) == 0)
        return false;
    int from = 0, to = next->width - 1;
    while (memcmp(&old_cells[from], &new_cells[from], sizeof *new_cells) == 0)
        from++;
    while (memcmp(&old_cells[to], &new_cells[to], sizeof *new_cells) == 0)
        to--;
    if (from > 0 && new_cells[from].width == 0)
        from--;
    if (to + 1 < next->width && new_cells[to].width == 2)
        to++;
    terminal->operations->put(terminal->context, from, y, new_cells + from, to - from + 1);
    memcpy(old_cells, new_cells, bytes);
    return true;
}

bool terminal_show(struct terminal *terminal, struct frame *shown, const struct frame *next) {
    bool changed = false;
    if (shown->width != next->width || shown->height != next->height) {
        frame_reset(shown, next->width, next->height);
        memset(shown->cells, 0, (size_t)next->width * (size_t)next->height * sizeof *shown->cells);
        terminal->operations->repaint(terminal->context);
        changed = true;
    }
    for (int y = 0; y < next->height; y++)
        changed |= show_row(terminal, shown, next, y);
    if (shown->cursor_x != next->cursor_x || shown->cursor_y != next->cursor_y) {
        shown->cursor_x = next->cursor_x;
        shown->cursor_y = next->cursor_y;
        changed = true;
    }
    if (changed) {
        terminal->operations->cursor(terminal->context, next->cursor_x, next->cursor_y);
        terminal->operations->flush(terminal->context);
    }
    return changed;
}

void terminal_close(struct terminal *terminal) {
    if (terminal->operations)
        terminal->operations->close(terminal->context);
    *terminal = (struct terminal){0};
}
