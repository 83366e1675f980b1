/* The dialog: names what it is about, shows what would be done, and has Cancel in focus. */
#include "ui/view.h"

enum { DIALOG_WIDTH = 100, MARGIN = 3 };

static void draw_border(struct frame *frame, struct frame_rect box) {
    int right = box.x + box.width - 1, bottom = box.y + box.height - 1;
    frame_fill(frame, box, STYLE_NORMAL, ' ');
    for (int x = box.x + 1; x < right; x++) {
        frame_put(frame, box, x, box.y, STYLE_FRAME, "─");
        frame_put(frame, box, x, bottom, STYLE_FRAME, "─");
    }
    for (int y = box.y + 1; y < bottom; y++) {
        frame_put(frame, box, box.x, y, STYLE_FRAME, "│");
        frame_put(frame, box, right, y, STYLE_FRAME, "│");
    }
    frame_put(frame, box, box.x, box.y, STYLE_FRAME, "┌");
    frame_put(frame, box, right, box.y, STYLE_FRAME, "┐");
    frame_put(frame, box, box.x, bottom, STYLE_FRAME, "└");
    frame_put(frame, box, right, bottom, STYLE_FRAME, "┘");
}

void view_dialog_draw(const struct screen *screen, struct frame *frame, struct frame_rect body) {
    const struct screen_dialog *dialog = &screen->dialog;
    int width = body.width - 4 < DIALOG_WIDTH ? body.width - 4 : DIALOG_WIDTH;
    struct list_rows rows = {0};
    view_text_rows(&dialog->text, width - 2 * MARGIN, &rows);
    int wish = (int)rows.count + 6;
    struct frame_rect box = layout_centre(body, width, wish);
    draw_border(frame, box);
    frame_field(frame, box, box.x + MARGIN, box.y + 1, box.width - 2 * MARGIN, false, STYLE_STRONG,
                dialog->title);
    struct frame_rect area = {box.x + MARGIN, box.y + 3, box.width - 2 * MARGIN, box.height - 6};
    view_text_draw(frame, area, dialog->text.data ? dialog->text.data : "", &rows, 0);
    if (area.height > 0 && (int)rows.count > area.height) {
        struct frame_rect last = frame_row(area, area.height - 1);
        frame_fill(frame, last, STYLE_NORMAL, ' ');
        frame_format(frame, last, last.x, last.y, STYLE_WARN,
                     "… and %d more lines: make the terminal taller",
                     (int)rows.count - area.height + 1);
    }
    list_rows_free(&rows);
    int y = box.y + box.height - 2;
    int x = frame_put(frame, box, box.x + MARGIN, y, STYLE_BUTTON, " Cancel ");
    if (dialog->command) {
        x = frame_put(frame, box, x + 3, y, STYLE_KEY, "y");
        frame_put(frame, box, x + 1, y, STYLE_HINT,
                  dialog->confirm == CONFIRM_REASON ? "go on: number of dates, then a reason"
                                                    : "yes, do it");
    }
}
