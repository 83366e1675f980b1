/* The frame: the whole screen as an array of cells with semantic styles.
 *
 * Views draw into a frame and nowhere else; the terminal gets the difference between two frames.
 * Whatever text is put passes through here, so that no byte of foreign text reaches the terminal
 * unexamined: controls, invalid UTF-8, bidirectional and zero-width characters become U+FFFD, and
 * in an ASCII frame every glyph becomes its twin. Used by one thread at a time. */
#ifndef PHASEGATE_UI_FRAME_H
#define PHASEGATE_UI_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "ui/theme.h"

struct frame_rect {
    int x, y, width, height;
};

struct frame_cell {
    uint32_t glyph; /* 0 in the right half of a wide character */
    uint32_t mark;  /* a character that joins `glyph`, or 0 */
    uint8_t style;  /* enum theme_style */
    uint8_t width;  /* 1 or 2; 0 in the right half */
    uint8_t selected;
    uint8_t spare; /* always 0: cells are compared as bytes */
};

struct frame {
    int width, height; /* at least 1 */
    bool ascii;
    int cursor_x, cursor_y; /* -1: hidden */
    struct frame_cell *cells;
};

/* A blank frame; the caller frees it with frame_free. Sizes are cut to 1 … 1000. */
struct frame frame_new(int width, int height, bool ascii);
void frame_free(struct frame *frame);

/* Changes the size when it differs, and blanks the frame in any case; the cursor is hidden. */
void frame_reset(struct frame *frame, int width, int height);

const struct frame_cell *frame_at(const struct frame *frame, int x, int y);

static inline struct frame_rect frame_whole(const struct frame *frame) {
    return (struct frame_rect){0, 0, frame->width, frame->height};
}

/* The row `row` (0 is the first) of a rectangle; empty when the rectangle has none. */
struct frame_rect frame_row(struct frame_rect rect, int row);

/* Puts text from column x of row y (of the frame), cut to `clip`; returns the column behind what
 * was put, or behind the clip when all did not fit. */
int frame_put(struct frame *frame, struct frame_rect clip, int x, int y, enum theme_style style,
              const char *text);
int frame_put_text(struct frame *frame, struct frame_rect clip, int x, int y,
                   enum theme_style style, struct text text);
int frame_format(struct frame *frame, struct frame_rect clip, int x, int y, enum theme_style style,
                 const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Puts text into a field of `width` columns: cut with "…" when it is too long; right-aligned when
 * `right`. Returns the column behind the field. */
int frame_field(struct frame *frame, struct frame_rect clip, int x, int y, int width, bool right,
                enum theme_style style, const char *text);

/* Fills a rectangle with one glyph; marks a rectangle as selected. */
void frame_fill(struct frame *frame, struct frame_rect rect, enum theme_style style,
                uint32_t glyph);
void frame_select(struct frame *frame, struct frame_rect rect);

/* Columns that a text takes in a frame. */
int frame_columns(struct text text);

bool frame_equal(const struct frame *a, const struct frame *b);

#endif
