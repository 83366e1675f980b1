/* The layout: how a screen of any size is divided. Pure functions of sizes, swept by tests over
 * every size. */
#ifndef PHASEGATE_UI_LAYOUT_H
#define PHASEGATE_UI_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/frame.h"

/* Below this size one line with the verdict is all there is (UI.md rule 8). */
enum { LAYOUT_MIN_WIDTH = 60, LAYOUT_MIN_HEIGHT = 16 };

/* Rectangles that do not overlap and lie inside the screen; empty where there is no room. */
struct layout_screen {
    bool line; /* the verdict line alone, in `answer` */
    struct frame_rect title, answer, tabs, body, footer;
};
struct layout_screen layout_screen(int width, int height);

/* The columns of the coverage matrix. Each is a start and a width, from the left edge of the body;
 * a width of 0 is a column that is not shown. */
struct layout_columns {
    int name_x, name_width;
    int season_x, season_width; /* of the first season; the others follow without a gap */
    int bar_width;              /* inside a season's column; 0: the number alone */
    size_t seasons;             /* shown */
    int all_x, all_width;
    int all_bar; /* of the bar in front of the total, where no season has one */
    int gaps_x, gaps_width;
    int hour_x, hour_width;
};
struct layout_columns layout_columns(int width, int name_columns, size_t seasons);

/* Splits a body into the matrix above and the running panel below: each gets its due, the panel at
 * most a third. `rows` and `runs` are what they would like to show. */
struct layout_split {
    struct frame_rect matrix, detail, panel;
};
struct layout_split layout_split(struct frame_rect body, int rows, int runs);

/* A rectangle of at most this size in the middle of `body`, with a margin where there is room. */
struct frame_rect layout_centre(struct frame_rect body, int width, int height);

#endif
