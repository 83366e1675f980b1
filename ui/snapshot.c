#include "ui/snapshot.h"
#include "base/print.h"

#include <stdio.h>
#include <string.h>

#include "ui/decide.h"
#include "ui/log_ask.h"
#include "ui/log_reader.h"
#include "ui/view.h"

enum { CELL_WIDTH = 9, CELL_HEIGHT = 19, BASELINE = 14, PADDING = 14 };

/* The picture's own ground and text colour; all other colours are the theme's. */
#define GROUND     "#16181d"
#define FOREGROUND "#d8dade"

static void put_glyph(const struct frame_cell *cell, struct text_buffer *out) {
    char bytes[4];
    text_buffer_put(out, bytes, text_encode(cell->glyph, bytes));
    if (cell->mark)
        text_buffer_put(out, bytes, text_encode(cell->mark, bytes));
}

/* The column behind the last cell of a row that shows anything. */
static int row_end(const struct frame *frame, int y) {
    int end = frame->width;
    while (end > 0) {
        const struct frame_cell *cell = frame_at(frame, end - 1, y);
        if (cell->glyph != ' ' || cell->selected)
            break;
        end--;
    }
    return end;
}

static bool same_look(const struct frame_cell *a, const struct frame_cell *b) {
    return a->style == b->style && a->selected == b->selected;
}

static void write_text(const struct frame *frame, struct text_buffer *out) {
    for (int y = 0; y < frame->height; y++) {
        int end = row_end(frame, y);
        for (int x = 0; x < end; x++)
            if (frame_at(frame, x, y)->width)
                put_glyph(frame_at(frame, x, y), out);
        text_buffer_add(out, "\n");
    }
}

/* "S" is the text of a row, "A" its styles: "style from-to", columns from 0, normal left out. */
static void write_golden(const struct frame *frame, struct text_buffer *out) {
    for (int y = 0; y < frame->height; y++) {
        int end = row_end(frame, y);
        text_buffer_add(out, "S|");
        for (int x = 0; x < end; x++)
            if (frame_at(frame, x, y)->width)
                put_glyph(frame_at(frame, x, y), out);
        text_buffer_add(out, "\n");
        bool any = false;
        for (int x = 0; x < end;) {
            const struct frame_cell *cell = frame_at(frame, x, y);
            int stop = x;
            while (stop < end && same_look(frame_at(frame, stop, y), cell))
                stop++;
            if (cell->style != STYLE_NORMAL || cell->selected) {
                text_buffer_format(out, "%s%s%s %d-%d", any ? ", " : "A|",
                                   theme_style_name((enum theme_style)cell->style),
                                   cell->selected ? "+selected" : "", x, stop - 1);
                any = true;
            }
            x = stop;
        }
        if (any)
            text_buffer_add(out, "\n");
    }
    if (frame->cursor_x >= 0)
        text_buffer_format(out, "C|%d,%d\n", frame->cursor_x, frame->cursor_y);
}

static void write_sgr(const struct frame_cell *cell, enum theme_depth depth,
                      struct text_buffer *out) {
    struct theme_look look = theme_look((enum theme_style)cell->style, cell->selected, depth);
    static const struct {
        unsigned attribute;
        int code;
    } codes[] = {{THEME_BOLD, 1}, {THEME_DIM, 2}, {THEME_UNDERLINE, 4}, {THEME_REVERSE, 7}};
    text_buffer_add(out, "\033[0");
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (look.attributes & codes[i].attribute)
            text_buffer_format(out, ";%d", codes[i].code);
    const int colours[] = {look.foreground, look.background};
    for (int i = 0; i < 2; i++) {
        if (colours[i] < 0)
            continue;
        if (colours[i] < 8)
            text_buffer_format(out, ";%d", 30 + 10 * i + colours[i]);
        else if (colours[i] < 16)
            text_buffer_format(out, ";%d", 90 + 10 * i + colours[i] - 8);
        else
            text_buffer_format(out, ";%d;5;%d", 38 + 10 * i, colours[i]);
    }
    text_buffer_add(out, "m");
}

static void write_ansi(const struct frame *frame, enum theme_depth depth, struct text_buffer *out) {
    for (int y = 0; y < frame->height; y++) {
        int end = row_end(frame, y);
        struct frame_cell last = {.style = STYLE_NORMAL};
        for (int x = 0; x < end; x++) {
            const struct frame_cell *cell = frame_at(frame, x, y);
            if (!cell->width)
                continue;
            if (!same_look(cell, &last))
                write_sgr(cell, depth, out);
            last = *cell;
            put_glyph(cell, out);
        }
        if (last.style != STYLE_NORMAL || last.selected)
            text_buffer_add(out, "\033[0m");
        text_buffer_add(out, "\n");
    }
}

static void write_escaped(const struct frame_cell *cell, struct text_buffer *out) {
    switch (cell->glyph) {
    case '<':
        text_buffer_add(out, "&lt;");
        break;
    case '>':
        text_buffer_add(out, "&gt;");
        break;
    case '&':
        text_buffer_add(out, "&amp;");
        break;
    default:
        put_glyph(cell, out);
        break;
    }
}

static void colour_text(int colour, const char *fallback, char out[8]) {
    if (colour < 0)
        (void)print_into(out, 8, "%s", fallback);
    else
        (void)snprintf(out, 8, "#%06x", theme_rgb(colour) & 0xFFFFFFU);
}

/* Blocks are drawn as rectangles: fonts leave gaps between them. True when the glyph was one. */
static bool write_block(uint32_t glyph, int x, int y, const char *colour, struct text_buffer *out) {
    double left = 0, top = 0, width = CELL_WIDTH, height = CELL_HEIGHT - 4, opacity = 1;
    if (glyph >= 0x2588 && glyph <= 0x258F)
        width = CELL_WIDTH * (double)(0x2590 - glyph) / 8.0;
    else if (glyph == 0x2584)
        top = height / 2, height /= 2;
    else if (glyph == 0x2591)
        opacity = 0.35;
    else if (glyph == 0x2502)
        left = 4, width = 1;
    else
        return false;
    if (glyph == 0x2502)
        height = CELL_HEIGHT, top = -2;
    text_buffer_format(out,
                       "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"%s\"",
                       PADDING + x * CELL_WIDTH + left, PADDING + y * CELL_HEIGHT + 2 + top, width,
                       height, colour);
    if (opacity < 1)
        text_buffer_format(out, " opacity=\"%.2f\"", opacity);
    text_buffer_add(out, "/>\n");
    return true;
}

static void write_run(const struct frame *frame, int x, int stop, int y, struct text_buffer *out) {
    const struct frame_cell *cell = frame_at(frame, x, y);
    struct theme_look look =
        theme_look((enum theme_style)cell->style, cell->selected, THEME_256_COLOURS);
    char foreground[8], background[8];
    bool reverse = (look.attributes & THEME_REVERSE) != 0;
    colour_text(look.foreground, FOREGROUND, foreground);
    colour_text(look.background, GROUND, background);
    if (reverse || look.background >= 0)
        text_buffer_format(out,
                           "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>\n",
                           PADDING + x * CELL_WIDTH, PADDING + y * CELL_HEIGHT,
                           (stop - x) * CELL_WIDTH, CELL_HEIGHT, reverse ? foreground : background);
    const char *colour = reverse ? background : foreground;
    bool open = false;
    for (int i = x; i < stop; i++) {
        const struct frame_cell *one = frame_at(frame, i, y);
        bool plain = one->width && one->glyph != ' ' &&
                     !(one->glyph >= 0x2588 && one->glyph <= 0x2591) && one->glyph != 0x2584 &&
                     one->glyph != 0x2502;
        bool gap = one->glyph == ' ' && open && i + 1 < stop;
        if (!plain && !gap && open) {
            text_buffer_add(out, "</text>\n");
            open = false;
        }
        if (one->width && one->glyph != ' ' && !plain)
            (void)write_block(one->glyph, i, y, colour, out);
        if (plain && !open) {
            text_buffer_format(out, "<text x=\"%d\" y=\"%d\" fill=\"%s\"%s%s>",
                               PADDING + i * CELL_WIDTH, PADDING + y * CELL_HEIGHT + BASELINE,
                               colour, look.attributes & THEME_BOLD ? " font-weight=\"bold\"" : "",
                               look.attributes & THEME_UNDERLINE ? " text-decoration=\"underline\""
                                                                 : "");
            open = true;
        }
        if (plain || (gap && open))
            write_escaped(one, out);
    }
    if (open)
        text_buffer_add(out, "</text>\n");
}

static void write_svg(const struct frame *frame, struct text_buffer *out) {
    int width = frame->width * CELL_WIDTH + 2 * PADDING;
    int height = frame->height * CELL_HEIGHT + 2 * PADDING;
    text_buffer_format(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
        "viewBox=\"0 0 %d %d\" font-family=\"DejaVu Sans Mono,Menlo,Consolas,monospace\" "
        "font-size=\"14.95\" xml:space=\"preserve\">\n"
        "<rect width=\"%d\" height=\"%d\" rx=\"8\" fill=\"" GROUND "\"/>\n",
        width, height, width, height, width, height);
    for (int y = 0; y < frame->height; y++) {
        int end = row_end(frame, y);
        for (int x = 0; x < end;) {
            int stop = x + 1;
            while (stop < end && same_look(frame_at(frame, stop, y), frame_at(frame, x, y)))
                stop++;
            write_run(frame, x, stop, y, out);
            x = stop;
        }
    }
    text_buffer_add(out, "</svg>\n");
}

void snapshot_frame(const struct frame *frame, enum snapshot_format format, enum theme_depth depth,
                    struct text_buffer *out) {
    switch (format) {
    case SNAPSHOT_TEXT:
        write_text(frame, out);
        break;
    case SNAPSHOT_ANSI:
        write_ansi(frame, depth, out);
        break;
    case SNAPSHOT_SVG:
        write_svg(frame, out);
        break;
    case SNAPSHOT_GOLDEN:
        write_golden(frame, out);
        break;
    }
}

bool snapshot_format_parse(const char *name, enum snapshot_format *format) {
    static const char *const names[] = {"text", "ansi", "svg"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) {
            *format = (enum snapshot_format)i;
            return true;
        }
    return false;
}

static bool open_strip(struct screen *screen, struct text rest, struct error *error) {
    char name[SCREEN_TEXT], season[SCREEN_TEXT];
    struct text table = text_cut(&rest, ':');
    (void)print_into(name, sizeof name, "%.*s", (int)table.size, table.data);
    (void)print_into(season, sizeof season, "%.*s", (int)rest.size, rest.data ? rest.data : "");
    size_t index = pipeline_find_table(screen->pipeline, name);
    if (index == PIPELINE_NONE)
        return error_set(error, EXIT_USAGE, "the pipeline has no table \"%s\"", name);
    size_t place = screen->pipeline->season_count;
    if (*season) {
        place = pipeline_find_season(screen->pipeline, season);
        if (place == PIPELINE_NONE)
            return error_set(error, EXIT_USAGE, "the pipeline has no season \"%s\"", season);
    }
    view_strip_open(screen, index, place);
    return true;
}

static bool open_log(struct screen *screen, const char *id, struct error *error) {
    const struct situation_run *run = log_ask_run(screen, id);
    if (!run)
        return error_set(error, EXIT_USAGE, "there is no run %s", id);
    view_logs_open(screen, run);
    return true;
}

static bool open_view(struct screen *screen, const char *name, struct error *error) {
    struct text view = text_of(name ? name : "coverage");
    if (text_starts(view, TEXT("strip:")))
        return open_strip(screen, (struct text){view.data + 6, view.size - 6}, error);
    if (text_starts(view, TEXT("logs:")))
        return open_log(screen, view.data + 5, error);
    static const enum action views[] = {ACTION_COVERAGE, ACTION_GATES,   ACTION_RUNS, ACTION_LOGS,
                                        ACTION_REVIEW,   ACTION_JOURNAL, ACTION_HELP};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        if (text_is(view, actions_entry(views[i])->name)) {
            screen_act(screen, views[i]);
            return true;
        }
    return error_set(
        error, EXIT_USAGE,
        "\"%s\" is no view: coverage, gates, runs, logs, logs:RUN, review, journal, help "
        "or strip:TABLE[:SEASON]",
        name);
}

/* A snapshot may wait for its log page; the console may not. */
static void read_log(struct screen *screen, const char *path) {
    if (!screen->log.wanted)
        return;
    if (path) {
        (void)print_into(screen->log.request.path, sizeof screen->log.request.path, "%s", path);
        screen->log.request.source_count = 0;
    }
    log_view_page_free(screen->log.page);
    screen->log.page = log_reader_read_once(&screen->log.request);
    screen->log.wanted = false;
}

bool snapshot_render(const struct pipeline *pipeline, const struct situation *situation,
                     const struct snapshot_options *options, struct text_buffer *out,
                     struct error *error) {
    struct screen screen;
    text_buffer_clear(out);
    screen_init(&screen, pipeline, options->user ? options->user : "");
    screen_update(&screen, situation);
    screen.now = options->now;
    screen_settle(&screen, options->width, options->height);
    bool done = open_view(&screen, options->view, error);
    if (done) {
        screen.toast_until_ms = 0;
        screen_settle(&screen, options->width, options->height);
        read_log(&screen, options->log_path);
        screen_settle(&screen, options->width, options->height);
        struct frame frame = frame_new(options->width, options->height, options->ascii);
        screen_draw(&screen, &frame);
        snapshot_frame(&frame, options->format, options->depth, out);
        frame_free(&frame);
    }
    screen_free(&screen);
    return done;
}

char *snapshot_review(const struct pipeline *pipeline, const struct situation *situation,
                      int64_t now, const char *user) {
    enum { WIDTH = 120, HEIGHT = 36 };
    struct screen screen;
    screen_init(&screen, pipeline, user);
    screen_update(&screen, situation);
    screen.now = now;
    screen_settle(&screen, WIDTH, HEIGHT);
    screen_act(&screen, ACTION_REVIEW);
    screen_settle(&screen, WIDTH, HEIGHT);
    char *text = view_review_markdown(&screen);
    screen_free(&screen);
    return text;
}
