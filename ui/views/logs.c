/* Logs: one run's log, at any size, from the pages that the log thread reads. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/moment.h"
#include "base/print.h"
#include "logs/classify.h"
#include "ui/decide.h"
#include "ui/log_ask.h"
#include "ui/view.h"
#include "ui/words.h"

enum { MARGIN = 3, SHIFT = 16, WIDE = 110 };

void log_view_page_free(struct log_view_page *page) {
    if (!page)
        return;
    for (size_t i = 0; i < page->count; i++)
        free(page->lines[i].text), free(page->lines[i].spans);
    free(page->lines);
    free(page->runs);
    free(page->path);
    free(page);
}

void view_logs_open(struct screen *screen, const struct situation_run *run) {
    log_ask_for(screen, run);
    screen_act(screen, ACTION_LOGS);
}

void view_logs_accept(struct screen *screen, enum screen_prompt_kind kind, const char *text) {
    struct log_view *log = &screen->log;
    int64_t number, moment;
    struct text typed = text_trim(text_of(text));
    switch (kind) {
    case PROMPT_SEARCH:
        (void)print_into(log->search, sizeof log->search, "%s", text);
        log->follow = log->follow && !*text;
        if (*text) {
            struct log_view_request *request = log_ask(screen, LOG_VIEW_MATCH);
            request->source = log->anchor_source;
            request->offset = log->anchor;
            request->lines = -1;
        } else {
            log_ask(screen, LOG_VIEW_STAY);
        }
        break;
    case PROMPT_LOG_FILTER:
        (void)print_into(log->filter, sizeof log->filter, "%s", text);
        log_ask(screen, log->follow ? LOG_VIEW_TAIL : LOG_VIEW_STAY);
        break;
    default:
        log->follow = false;
        if (typed.size && typed.data[typed.size - 1] == '%' &&
            text_to_int64((struct text){typed.data, typed.size - 1}, &number))
            log_ask(screen, LOG_VIEW_PERCENT)->lines = number;
        else if (moment_parse(typed, screen->now, &moment))
            log_ask(screen, LOG_VIEW_TIME)->wall_ms = moment;
        else if (text_to_int64(typed, &number))
            log_ask(screen, LOG_VIEW_LINE)->lines = number;
        else if (typed.size)
            (void)print_into(log_ask(screen, LOG_VIEW_TEXT_AT)->text, LOG_VIEW_TEXT, "%s", text);
        break;
    }
}

static void logs_rows(struct screen *screen, struct list_rows *rows) {
    (void)rows;
    struct log_view *log = &screen->log;
    size_t fit = log_ask_rows(screen);
    bool resized = log->rows != fit;
    log->rows = fit;
    log_ask_settle(screen);
    if (resized && log->path && !log->wanted)
        log_ask(screen, log->follow ? LOG_VIEW_TAIL : LOG_VIEW_STAY);
    if (log->page && log->cursor >= log->page->count)
        log->cursor = log->page->count ? log->page->count - 1 : 0;
}

static struct frame_rect logs_area(const struct screen *screen, struct frame_rect body) {
    (void)screen;
    if (body.height > 2) {
        body.y += 2;
        body.height -= 2;
    }
    return body;
}

static void draw_title(const struct screen *screen, struct frame *frame, struct frame_rect row) {
    const struct log_view *log = &screen->log;
    const struct situation_run *run = log_ask_run(screen, log->run);
    bool merged = log_ask_is_merged(screen);
    char text[WORDS_SIZE];
    int x = frame_put(frame, row, row.x + 1, row.y, STYLE_STRONG,
                      merged ? "All runs"
                      : run  ? run->processor
                             : log->run);
    if (merged)
        x = frame_format(frame, row, x + 2, row.y, STYLE_DIM, "%zu logs by arrival",
                         log->request.source_count);
    if (run && row.width >= WIDE)
        x = frame_put(frame, row, x + 2, row.y, STYLE_DIM, run->run);
    if (run)
        x = frame_put(frame, row, x + 2, row.y, words_run_style(run), words_run_state(run));
    const struct log_view_page *page = log->page;
    if (page) {
        x = frame_format(frame, row, x + 2, row.y, STYLE_DIM, "%.1f MiB",
                         (double)page->size / (1024.0 * 1024.0));
        if (page->line)
            x = frame_format(frame, row, x, row.y, STYLE_DIM, " · line %llu",
                             (unsigned long long)page->line);
        if (page->total)
            x = frame_format(frame, row, x, row.y, STYLE_DIM, " of %llu",
                             (unsigned long long)page->total);
    }
    if (log->follow)
        frame_put(frame, row, x + 2, row.y, STYLE_MOVING, "following");
    else if (run && run->last_output_at)
        frame_format(frame, row, x + 2, row.y, STYLE_DIM, "last output %s",
                     words_age(screen->now, run->last_output_at, text));
}

static void draw_state(const struct screen *screen, struct frame *frame, struct frame_rect row) {
    static const char *const levels[LOG_VIEW_LEVELS] = {"", "warnings and errors only",
                                                        "errors only"};
    const struct log_view *log = &screen->log;
    int x = row.x + 1;
    if (*log->search) {
        x = frame_format(frame, row, x, row.y, STYLE_MATCH, "/%s", log->search);
        if (log->page)
            x = frame_format(frame, row, x + 1, row.y, STYLE_NORMAL, "%llu%s lines match",
                             (unsigned long long)log->page->matches,
                             log->page->counting ? "+" : "");
        x += 2;
    }
    if (*log->filter)
        x = frame_format(frame, row, x, row.y, STYLE_WARN, "%s lines with %s",
                         *log->filter == '!' ? "without" : "only",
                         log->filter + (*log->filter == '!')) +
            2;
    if (log->level != LOG_VIEW_ALL)
        x = frame_put(frame, row, x, row.y, STYLE_WARN, levels[log->level]) + 2;
    if (*log->searching)
        frame_put(frame, row, x, row.y, STYLE_MOVING, log->searching);
    else if (log->page && *log->page->note)
        frame_put(frame, row, x, row.y, STYLE_WARN, log->page->note);
}

static enum theme_style style_of(const struct log_view_line *line) {
    return line->level >= LOG_LEVEL_ERROR     ? STYLE_LOG_ERROR
           : line->level == LOG_LEVEL_WARNING ? STYLE_LOG_WARNING
           : line->level == LOG_LEVEL_DEBUG   ? STYLE_DIM
                                              : STYLE_NORMAL;
}

/* The look of the byte `i`: of a match, as the log asked, or of the line's level. */
static enum theme_style style_at(const struct log_view_line *line, size_t i, size_t *span) {
    while (*span < line->span_count && line->spans[*span].offset <= i)
        ++*span;
    if (line->match && i >= line->match_start && i < line->match_end)
        return STYLE_MATCH;
    enum theme_style asked = *span ? (enum theme_style)line->spans[*span - 1].style : STYLE_NORMAL;
    return asked != STYLE_NORMAL ? asked : style_of(line);
}

/* Puts one line, or its part from `column` on; returns the rows it took. */
static int draw_line(struct frame *frame, struct frame_rect rect, int y,
                     const struct log_view_line *line, int column, bool wrap) {
    int x = rect.x - (wrap ? 0 : column), rows = 1;
    size_t size = strlen(line->text), span = 0;
    for (size_t i = 0; i < size;) {
        uint32_t code_point;
        size_t bytes = text_decode(line->text + i, size - i, &code_point);
        struct text one = {line->text + i, bytes};
        int columns = frame_columns(one);
        if (x + columns > rect.x + rect.width) {
            if (!wrap || y + rows >= rect.y + rect.height)
                break;
            x = rect.x;
            rows++;
        }
        enum theme_style style = style_at(line, i, &span);
        if (x >= rect.x)
            frame_put_text(frame, rect, x, y + rows - 1, style, one);
        x += columns;
        i += bytes;
    }
    return rows;
}

/* What stands before the lines of a run where several are merged: its processor, or the initials
 * of that where there is little room. */
static void prefix_of(const struct screen *screen, const char *id, int width, char *out) {
    const struct situation_run *run = log_ask_run(screen, id);
    if (!run)
        (void)snprintf(out, WORDS_SIZE, "?");
    else if (width >= WIDE)
        (void)print_into(out, WORDS_SIZE, "%.28s", run->processor);
    else
        words_initials(run->processor, out);
}

/* The columns of the widest prefix of a page and a blank; 0 for a page of one log. */
static int prefix_width(const struct screen *screen, const struct log_view_page *page, int width) {
    int widest = 0;
    char text[WORDS_SIZE];
    for (size_t i = 0; page->runs && i < screen->log.request.source_count; i++) {
        prefix_of(screen, screen->log.request.sources[i].run, width, text);
        int columns = frame_columns(text_of(text));
        widest = columns > widest ? columns : widest;
    }
    return page->runs ? widest + 1 : 0;
}

static void draw_histogram(struct frame *frame, struct frame_rect area,
                           const struct log_view_page *page) {
    static const enum theme_style styles[] = {STYLE_DIM, STYLE_LOG_WARNING, STYLE_LOG_ERROR};
    static const char *const marks[] = {" ", "▪", "■"};
    for (int i = 0; i < area.height; i++) {
        int from = i * LOG_VIEW_HISTOGRAM / area.height;
        int to = (i + 1) * LOG_VIEW_HISTOGRAM / area.height, worst = 0;
        for (int k = from; k < to || k == from; k++)
            if (page->histogram[k] > worst)
                worst = page->histogram[k];
        frame_put(frame, area, area.x + area.width - 1, area.y + i, styles[worst], marks[worst]);
    }
}

static void logs_draw(const struct screen *screen, struct frame *frame, struct frame_rect body) {
    const struct log_view *log = &screen->log;
    struct frame_rect area = logs_area(screen, body);
    if (!log->path) {
        frame_put(frame, body, body.x + 1, body.y + 1, STYLE_DIM,
                  "No run has a log yet; l in 3 Runs launches one.");
        return;
    }
    draw_title(screen, frame, frame_row(body, 0));
    draw_state(screen, frame, frame_row(body, 1));
    const struct log_view_page *page = log->page;
    if (!page) {
        frame_put(frame, area, area.x + 1, area.y, STYLE_DIM, "reading …");
        return;
    }
    int prefix = prefix_width(screen, page, area.width);
    struct frame_rect text = {area.x + MARGIN + prefix, area.y, area.width - MARGIN - prefix - 2,
                              area.height};
    char name[WORDS_SIZE];
    int y = area.y;
    for (size_t i = 0; i < page->count && y < area.y + area.height; i++) {
        const struct log_view_line *line = &page->lines[i];
        if (line->level >= LOG_LEVEL_WARNING)
            frame_put(frame, area, area.x + 1, y, style_of(line),
                      line->level >= LOG_LEVEL_ERROR ? "✗" : "▲");
        if (i == log->cursor && !log->follow)
            frame_put(frame, area, area.x, y, STYLE_STRONG, "▸");
        if (page->runs) {
            prefix_of(screen, page->runs[line->source], area.width, name);
            frame_field(frame, area, area.x + MARGIN, y, prefix - 1, false, STYLE_DIM, name);
        }
        y += draw_line(frame, text, y, line, log->column, log->wrap);
    }
    if (page->count == 0)
        frame_put(frame, area, area.x + MARGIN, area.y, STYLE_DIM,
                  *log->filter || log->level ? "no line passes the filter" : "the log is empty");
    if (!page->at_end || (page->count && !page->at_start))
        draw_histogram(frame, area, page); /* of what is not on the page */
}

static void move(struct screen *screen, int64_t lines) {
    struct log_view *log = &screen->log;
    const struct log_view_page *page = log->page;
    size_t count = page ? page->count : 0;
    log->follow = false;
    int64_t cursor = (int64_t)log->cursor + lines;
    if (lines == 1 && cursor < (int64_t)count) {
        log->cursor = (size_t)cursor;
    } else if (lines == -1 && cursor >= 0) {
        log->cursor = (size_t)cursor;
    } else {
        log_ask(screen, LOG_VIEW_MOVE)->lines = lines;
    }
}

/* The date that a line reports on, or the first that it names. */
static day_number day_of(const struct log_view_line *line) {
    day_number day = line->day;
    for (const char *at = line->text; day == DAY_NONE && strlen(at) >= DAY_TEXT_SIZE - 1; at++)
        if (!day_parse((struct text){at, DAY_TEXT_SIZE - 1}, &day))
            day = DAY_NONE;
    return day;
}

/* A line that is about a date leads to that date in the strip of the table that its run fills. */
static void open_line(struct screen *screen) {
    const struct log_view *log = &screen->log;
    if (!log->page || log->cursor >= log->page->count)
        return;
    const struct log_view_line *line = &log->page->lines[log->cursor];
    const struct situation_run *run = log_ask_run_of_line(screen, line);
    day_number day = day_of(line);
    if (day == DAY_NONE || !run || run->processor_index == PIPELINE_NONE) {
        screen_toast(screen, STYLE_DIM,
                     day == DAY_NONE ? "this line names no date"
                                     : "the pipeline file no longer has its processor");
        return;
    }
    size_t table = screen->pipeline->processors[run->processor_index].fills.items[0];
    size_t season = pipeline_season_of(screen->pipeline, day);
    screen_act(screen, ACTION_COVERAGE);
    view_strip_open(screen, table,
                    season == PIPELINE_NONE ? screen->pipeline->season_count : season);
    screen->strip.cursor = day;
}

static bool move_act(struct screen *screen, enum action action) {
    struct log_view *log = &screen->log;
    int64_t page = log->rows > 1 ? (int64_t)log->rows - 1 : 1;
    switch (action) {
    case ACTION_UP:
    case ACTION_DOWN:
        move(screen, action == ACTION_UP ? -1 : 1);
        return true;
    case ACTION_PAGE_UP:
    case ACTION_PAGE_DOWN:
        move(screen, action == ACTION_PAGE_UP ? -page : page);
        return true;
    case ACTION_TOP:
    case ACTION_TOP_LETTER:
        log->follow = false;
        log->cursor = 0;
        log_ask(screen, LOG_VIEW_PERCENT)->lines = 0;
        return true;
    case ACTION_BOTTOM:
        log_ask_tail(screen);
        return true;
    case ACTION_FOLLOW:
        if (log->follow)
            log->follow = false;
        else
            log_ask_tail(screen);
        return true;
    case ACTION_LEFT:
        log->column = log->column > SHIFT ? log->column - SHIFT : 0;
        return true;
    case ACTION_RIGHT:
        log->column += SHIFT;
        return true;
    default:
        return false;
    }
}

/* Where a search that goes backward begins, so that the line under the cursor is its first. */
static void set_anchor(struct log_view *log) {
    log->anchor_source = 0;
    log->anchor = LOG_VIEW_END;
    if (!log->page || log->page->count == 0)
        return;
    size_t last = log->page->count - 1, next = (log->follow ? last : log->cursor) + 1;
    if (next > last && log->page->at_end)
        return;
    const struct log_view_line *line = &log->page->lines[next > last ? last : next];
    log->anchor_source = line->source;
    log->anchor = line->offset;
}

static bool logs_act(struct screen *screen, enum action action) {
    struct log_view *log = &screen->log;
    switch (action) {
    case ACTION_SEARCH:
        set_anchor(log);
        decide_prompt_open(screen, PROMPT_SEARCH);
        return true;
    case ACTION_FILTER:
        decide_prompt_open(screen, PROMPT_LOG_FILTER);
        return true;
    case ACTION_GO_TO:
        decide_prompt_open(screen, PROMPT_GO_TO);
        return true;
    case ACTION_NEXT:
    case ACTION_PREVIOUS:
    case ACTION_NEXT_ERROR:
    case ACTION_PREVIOUS_ERROR:
        log->follow = false;
        log_ask(screen, action == ACTION_NEXT || action == ACTION_PREVIOUS ? LOG_VIEW_MATCH
                                                                           : LOG_VIEW_PROBLEM)
            ->lines = action == ACTION_NEXT || action == ACTION_NEXT_ERROR ? 1 : -1;
        return true;
    case ACTION_LEVEL:
        log->level = (enum log_view_level)((log->level + 1) % LOG_VIEW_LEVELS);
        log_ask(screen, log->follow ? LOG_VIEW_TAIL : LOG_VIEW_STAY);
        return true;
    case ACTION_WRAP:
        log->wrap = !log->wrap;
        return true;
    case ACTION_NEXT_LOG:
    case ACTION_PREVIOUS_LOG:
        log_ask_other(screen, action == ACTION_NEXT_LOG ? 1 : -1);
        return true;
    case ACTION_STOP:
        if (log_ask_is_merged(screen))
            return false; /* of several runs none is meant */
        decide_stop(screen, log_ask_run(screen, log->run), false);
        return true;
    case ACTION_OPEN:
        open_line(screen);
        return true;
    default:
        return move_act(screen, action);
    }
}

const struct view view_logs = {
    .rows = logs_rows,
    .list = NULL,
    .area = logs_area,
    .draw = logs_draw,
    .act = logs_act,
};
