#include "ui/widgets/bar.h"

#include "base/percent.h"

static const char *const eighths[] = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};

int bar_eighths(int tenths, int width) {
    if (tenths <= 0 || width <= 0)
        return 0;
    if (tenths >= 1000)
        return width * 8;
    int filled = tenths * width * 8 / 1000;
    return filled < 1 ? 1 : filled;
}

void bar_draw(struct frame *frame, struct frame_rect clip, int x, int y, int width, int tenths,
              int threshold, enum theme_style style) {
    if (tenths == PERCENT_UNKNOWN) {
        for (int i = 0; i < width; i++)
            frame_put(frame, clip, x + i, y, STYLE_BAR_EMPTY, "?");
        return;
    }
    int filled = bar_eighths(tenths, width);
    int mark = threshold > 0 && threshold < 10000 ? threshold * width / 10000 : -1;
    for (int i = 0; i < width; i++) {
        int part = filled - i * 8;
        if (part >= 8)
            frame_put(frame, clip, x + i, y, style, eighths[8]);
        else if (part > 0)
            frame_put(frame, clip, x + i, y, style, eighths[part]);
        else if (i == mark)
            frame_put(frame, clip, x + i, y, STYLE_THRESHOLD, "│");
        else if (filled == 0)
            frame_put(frame, clip, x + i, y, STYLE_BAR_EMPTY, "░");
    }
}
