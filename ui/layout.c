#include "ui/layout.h"

enum {
    MARK_WIDTH = 3,
    NAME_MIN = 16,
    NUMBER_WIDTH = 6, /* " 100 %" */
    ALL_WIDTH = 8,    /* " 100.0 %" */
    COUNT_WIDTH = 6,  /* gaps, and what the last hour brought */
    BAR_MIN = 3,
    BAR_MAX = 14,
    ALL_BAR = 10,
};

struct layout_screen layout_screen(int width, int height) {
    struct layout_screen screen = {0};
    if (width < LAYOUT_MIN_WIDTH || height < LAYOUT_MIN_HEIGHT) {
        screen.line = true;
        screen.answer = (struct frame_rect){0, 0, width, 1};
        return screen;
    }
    screen.title = (struct frame_rect){0, 0, width, 1};
    screen.answer = (struct frame_rect){0, 1, width, 1};
    screen.tabs = (struct frame_rect){0, 2, width, 1};
    int top = height >= 20 ? 4 : 3;
    screen.body = (struct frame_rect){0, top, width, height - top - 1};
    screen.footer = (struct frame_rect){0, height - 1, width, 1};
    return screen;
}

static int minimum(int a, int b) {
    return a < b ? a : b;
}

static int maximum(int a, int b) {
    return a > b ? a : b;
}

/* Narrow screens give up, in this order: bars, part of the name, seasons, the last columns. */
struct layout_columns layout_columns(int width, int name_columns, size_t seasons) {
    struct layout_columns columns = {.name_x = MARK_WIDTH};
    int count_width = width >= 90 ? COUNT_WIDTH : COUNT_WIDTH - 1;
    int fixed = MARK_WIDTH + 1 + ALL_WIDTH + 2 * count_width;
    int name_wish = maximum(name_columns, NAME_MIN);
    int count = (int)minimum((int)(seasons > 100 ? 100 : seasons), 100);
    int room = width - fixed - name_wish;
    int share = count ? room / count : 0;
    if (share >= NUMBER_WIDTH + BAR_MIN + 1) {
        columns.bar_width = minimum(share - NUMBER_WIDTH - 1, BAR_MAX);
        columns.season_width = columns.bar_width + NUMBER_WIDTH + 1;
    } else {
        columns.season_width = NUMBER_WIDTH;
    }
    if (width < LAYOUT_MIN_WIDTH + 12) { /* no room for seasons: one bar for all of them */
        columns.all_bar = width >= LAYOUT_MIN_WIDTH ? ALL_BAR : 0;
        columns.season_width = columns.bar_width = 0;
        count = 0;
    }
    int season_room = width - fixed - minimum(name_wish, 28);
    if (columns.season_width)
        count = minimum(count, maximum(season_room / columns.season_width, 1));
    columns.seasons = (size_t)count;
    int left = width - fixed - count * columns.season_width - columns.all_bar;
    columns.name_width = minimum(name_wish, maximum(left, 0));
    int x = columns.name_x + columns.name_width + 1;
    columns.season_x = x;
    x += count * columns.season_width;
    const int wishes[] = {columns.all_bar + ALL_WIDTH, count_width, count_width};
    int *starts[] = {&columns.all_x, &columns.gaps_x, &columns.hour_x};
    int *widths[] = {&columns.all_width, &columns.gaps_width, &columns.hour_width};
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        *starts[i] = x;
        *widths[i] = x + wishes[i] <= width ? wishes[i] : 0;
        x += *widths[i];
    }
    if (columns.all_width == 0)
        columns.all_bar = 0;
    return columns;
}

struct layout_split layout_split(struct frame_rect body, int rows, int runs) {
    struct layout_split split = {.matrix = body};
    int panel = runs ? runs + 1 : 0;
    panel = minimum(panel, maximum(body.height / 3, minimum(panel, body.height - rows - 2)));
    if (body.height < 6)
        panel = 0;
    int detail = body.height >= 4 ? 1 : 0;
    int matrix = maximum(minimum(rows, body.height - panel - detail), 0);
    if (body.height > matrix + panel + detail + 1)
        matrix++; /* a blank line before the panel */
    split.matrix.height = matrix;
    split.panel = (struct frame_rect){body.x, body.y + matrix, body.width, panel};
    split.detail = (struct frame_rect){body.x, body.y + body.height - detail, body.width, detail};
    return split;
}

struct frame_rect layout_centre(struct frame_rect body, int width, int height) {
    width = minimum(width, body.width);
    height = minimum(height, body.height);
    return (struct frame_rect){body.x + (body.width - width) / 2,
                               body.y + (body.height - height) / 2, width, height};
}
