#include "ui/frame.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ui/glyph.h"

enum { SIZE_LIMIT = 1000, FORMAT_SIZE = 1024, ELLIPSIS = 0x2026 };

static int clamp(int value) {
    return value < 1 ? 1 : value > SIZE_LIMIT ? SIZE_LIMIT : value;
}

static void blank(struct frame *frame) {
    size_t count = (size_t)frame->width * (size_t)frame->height;
    for (size_t i = 0; i < count; i++)
        frame->cells[i] = (struct frame_cell){.glyph = ' ', .style = STYLE_NORMAL, .width = 1};
    frame->cursor_x = frame->cursor_y = -1;
}

struct frame frame_new(int width, int height, bool ascii) {
    struct frame frame = {.width = clamp(width), .height = clamp(height), .ascii = ascii};
    frame.cells = memory_new((size_t)frame.width * (size_t)frame.height, sizeof *frame.cells);
    blank(&frame);
    return frame;
}

void frame_free(struct frame *frame) {
    free(frame->cells);
    *frame = (struct frame){0};
}

void frame_reset(struct frame *frame, int width, int height) {
    width = clamp(width);
    height = clamp(height);
    if (width != frame->width || height != frame->height || !frame->cells) {
        free(frame->cells);
        frame->cells = memory_new((size_t)width * (size_t)height, sizeof *frame->cells);
        frame->width = width;
        frame->height = height;
    }
    blank(frame);
}

static struct frame_cell *cell_at(struct frame *frame, int x, int y) {
    return &frame->cells[(size_t)y * (size_t)frame->width + (size_t)x];
}

const struct frame_cell *frame_at(const struct frame *frame, int x, int y) {
    return &frame->cells[(size_t)y * (size_t)frame->width + (size_t)x];
}

struct frame_rect frame_row(struct frame_rect rect, int row) {
    if (row < 0 || row >= rect.height)
        return (struct frame_rect){rect.x, rect.y, 0, 0};
    return (struct frame_rect){rect.x, rect.y + row, rect.width, 1};
}

static struct frame_rect cut(const struct frame *frame, struct frame_rect rect) {
    int right = rect.x + rect.width, bottom = rect.y + rect.height;
    if (rect.x < 0)
        rect.x = 0;
    if (rect.y < 0)
        rect.y = 0;
    if (right > frame->width)
        right = frame->width;
    if (bottom > frame->height)
        bottom = frame->height;
    rect.width = right > rect.x ? right - rect.x : 0;
    rect.height = bottom > rect.y ? bottom - rect.y : 0;
    return rect;
}

/* A wide character that loses one half leaves a blank in the other. */
static void unpair(struct frame *frame, int x, int y) {
    struct frame_cell *cell = cell_at(frame, x, y);
    if (cell->width == 0 && x > 0)
        *cell_at(frame, x - 1, y) = (struct frame_cell){.glyph = ' ', .width = 1};
    if (cell->width == 2 && x + 1 < frame->width)
        *cell_at(frame, x + 1, y) = (struct frame_cell){.glyph = ' ', .width = 1};
}

static void set(struct frame *frame, int x, int y, enum theme_style style, uint32_t glyph,
                int width) {
    unpair(frame, x, y);
    if (width == 2)
        unpair(frame, x + 1, y);
    *cell_at(frame, x, y) =
        (struct frame_cell){.glyph = glyph, .style = (uint8_t)style, .width = (uint8_t)width};
    if (width == 2)
        *cell_at(frame, x + 1, y) = (struct frame_cell){.style = (uint8_t)style};
}

static uint32_t shown(const struct frame *frame, uint32_t code_point) {
    if (!glyph_is_safe(code_point))
        return frame->ascii ? '?' : GLYPH_REPLACEMENT;
    return frame->ascii ? (uint32_t)(unsigned char)glyph_ascii(code_point) : code_point;
}

int frame_put_text(struct frame *frame, struct frame_rect clip, int x, int y,
                   enum theme_style style, struct text text) {
    clip = cut(frame, clip);
    int end = clip.x + clip.width;
    bool visible = y >= clip.y && y < clip.y + clip.height;
    bool begins = x < end;
    for (size_t i = 0; i < text.size;) {
        uint32_t code_point;
        i += text_decode(text.data + i, text.size - i, &code_point);
        uint32_t glyph = shown(frame, code_point);
        int width = glyph_width(glyph);
        if (width == 0) {
            if (visible && x > clip.x && x <= end && cell_at(frame, x - 1, y)->width == 1)
                cell_at(frame, x - 1, y)->mark = glyph;
            continue;
        }
        if (x + width > end) {
            if (visible && begins && end > clip.x)
                set(frame, end - 1, y, style, shown(frame, ELLIPSIS), 1); /* every cut is marked */
            return end;
        }
        if (visible && x >= clip.x)
            set(frame, x, y, style, glyph, width);
        x += width;
    }
    return x;
}

int frame_put(struct frame *frame, struct frame_rect clip, int x, int y, enum theme_style style,
              const char *text) {
    return frame_put_text(frame, clip, x, y, style, text_of(text));
}

int frame_format(struct frame *frame, struct frame_rect clip, int x, int y, enum theme_style style,
                 const char *format, ...) {
    char text[FORMAT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return frame_put(frame, clip, x, y, style, text);
}

int frame_columns(struct text text) {
    int columns = 0;
    for (size_t i = 0; i < text.size;) {
        uint32_t code_point;
        i += text_decode(text.data + i, text.size - i, &code_point);
        columns += glyph_width(glyph_is_safe(code_point) ? code_point : GLYPH_REPLACEMENT);
    }
    return columns;
}

int frame_field(struct frame *frame, struct frame_rect clip, int x, int y, int width, bool right,
                enum theme_style style, const char *text) {
    if (width <= 0)
        return x;
    struct text whole = text_of(text);
    int columns = frame_columns(whole);
    struct frame_rect field = {x, y, width, 1};
    int left = field.x > clip.x ? field.x : clip.x;
    int end =
        field.x + field.width < clip.x + clip.width ? field.x + field.width : clip.x + clip.width;
    field = (struct frame_rect){left, y, end - left, y >= clip.y && y < clip.y + clip.height};
    frame_put_text(frame, field, right && columns <= width ? x + width - columns : x, y, style,
                   whole);
    return x + width;
}

void frame_fill(struct frame *frame, struct frame_rect rect, enum theme_style style,
                uint32_t glyph) {
    rect = cut(frame, rect);
    for (int y = rect.y; y < rect.y + rect.height; y++)
        for (int x = rect.x; x < rect.x + rect.width; x++)
            set(frame, x, y, style, shown(frame, glyph), 1);
}

void frame_select(struct frame *frame, struct frame_rect rect) {
    rect = cut(frame, rect);
    for (int y = rect.y; y < rect.y + rect.height; y++)
        for (int x = rect.x; x < rect.x + rect.width; x++)
            cell_at(frame, x, y)->selected = 1;
}

bool frame_equal(const struct frame *a, const struct frame *b) {
    return a->width == b->width && a->height == b->height && a->cursor_x == b->cursor_x &&
           a->cursor_y == b->cursor_y &&
           memcmp(a->cells, b->cells, (size_t)a->width * (size_t)a->height * sizeof *a->cells) == 0;
}
