/* Logs: one run's log, at any size, from the pages that the log thread reads. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "logs/classify.h"
#include "ui/decide.h"
#include "ui/view.h"
#include "ui/words.h"

enum { MARGIN = 3, SHIFT = 16 };

void log_view_page_free(struct log_view_page *page) {
    if (!page)
        return;
    for (size_t i = 0; i < page->count; i++)
        free(page->lines[i].text);
    free(page->lines);
    free(page->path);
    free(page);
}

/* A new wish replaces one that was not sent yet; it starts from what is shown. */
static struct log_view_request *want(struct screen *screen, enum log_view_goal goal) {
    struct log_view *log = &screen->log;
    struct log_view_request *request = &log->request;
    *request = (struct log_view_request){.number = ++log->number, .goal = goal};
    (void)snprintf(request->path, sizeof request->path, "%s", log->path ? log->path : "");
    (void)snprintf(request->search, sizeof request->search, "%s", log->search);
    (void)snprintf(request->filter, sizeof request->filter, "%s", log->filter);
    request->level = log->level;
    request->rows = log->rows ? log->rows : 1;
    request->follow = log->follow;
    if (log->page && log->page->count)
        request->offset = log->page
                              ->lines[log->cursor < log->page->count && goal != LOG_VIEW_MOVE &&
                                              goal != LOG_VIEW_STAY
                                          ? log->cursor
                                          : 0]
                              .offset;
    log->wanted = log->path != NULL;
    return request;
}

static void show_tail(struct screen *screen) {
    screen->log.follow = true;
    want(screen, LOG_VIEW_TAIL);
}

static void choose(struct screen *screen, const struct situation_run *run) {
    struct log_view *log = &screen->log;
    if (strcmp(log->run, run->run) == 0 && log->path)
        return;
    (void)snprintf(log->run, sizeof log->run, "%s", run->run);
    free(log->path);
    log->path = memory_copy_string(run->log_path ? run->log_path : "");
    log_view_page_free(log->page);
    log->page = NULL;
    log->cursor = 0;
    log->column = 0;
    show_tail(screen);
}

void view_logs_open(struct screen *screen, const struct situation_run *run) {
    choose(screen, run);
    screen_act(screen, ACTION_LOGS);
}

void view_logs_accept(struct screen *screen, enum screen_prompt_kind kind, const char *text) {
    struct log_view *log = &screen->log;
    int64_t number;
    struct text typed = text_trim(text_of(text));
    switch (kind) {
    case PROMPT_SEARCH:
        (void)snprintf(log->search, sizeof log->search, "%s", text);
        log->follow = log->follow && !*text;
        want(screen, *text ? LOG_VIEW_MATCH : LOG_VIEW_STAY)->offset = log->anchor;
        log->request.lines = -1;
        break;
    case PROMPT_LOG_FILTER:
        (void)snprintf(log->filter, sizeof log->filter, "%s", text);
        want(screen, log->follow ? LOG_VIEW_TAIL : LOG_VIEW_STAY);
        break;
    default:
        log->follow = false;
        if (typed.size && typed.data[typed.size - 1] == '%' &&
            text_to_int64((struct text){typed.data, typed.size - 1}, &number))
            want(screen, LOG_VIEW_PERCENT)->lines = number;
        else if (text_to_int64(typed, &number))
            want(screen, LOG_VIEW_LINE)->lines = number;
        else if (typed.size)
            (void)snprintf(want(screen, LOG_VIEW_TEXT_AT)->text, LOG_VIEW_TEXT, "%s", text);
        break;
    }
}

/* The first run that has a log, worst first, until one was chosen. */
static void logs_rows(struct screen *screen, struct list_rows *rows) {
    (void)rows;
    struct log_view *log = &screen->log;
    int lines = screen->height - 6 - (screen->height >= 20);
    size_t fit = lines > 1 ? (size_t)lines : 1;
    bool resized = log->rows != fit;
    log->rows = fit;
    if (!log->path && screen->situation && screen->situation->run_count)
        choose(screen, &screen->situation->runs[0]);
    else if (resized && log->path)
        want(screen, log->follow ? LOG_VIEW_TAIL : LOG_VIEW_STAY);
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

static const struct situation_run *run_of(const struct screen *screen) {
    for (size_t i = 0; screen->situation && i < screen->situation->run_count; i++)
        if (strcmp(screen->situation->runs[i].run, screen->log.run) == 0)
            return &screen->situation->runs[i];
    return NULL;
}

static void draw_title(const struct screen *screen, struct frame *frame, struct frame_rect row) {
    const struct log_view *log = &screen->log;
    const struct situation_run *run = run_of(screen);
    char text[WORDS_SIZE];
    int x = frame_put(frame, row, row.x + 1, row.y, STYLE_STRONG, run ? run->processor : log->run);
    if (run && row.width >= 110)
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
    if (log->page && *log->page->note)
        frame_put(frame, row, x, row.y, STYLE_WARN, log->page->note);
}

static enum theme_style style_of(const struct log_view_line *line) {
    return line->level >= LOG_LEVEL_ERROR     ? STYLE_LOG_ERROR
           : line->level == LOG_LEVEL_WARNING ? STYLE_LOG_WARNING
           : line->level == LOG_LEVEL_DEBUG   ? STYLE_DIM
                                              : STYLE_NORMAL;
}

/* Puts one line, or its part from `column` on; returns the rows it took. */
static int draw_line(struct frame *frame, struct frame_rect rect, int y,
                     const struct log_view_line *line, int column, bool wrap) {
    int x = rect.x - (wrap ? 0 : column), rows = 1;
    enum theme_style style = style_of(line);
    size_t size = strlen(line->text);
    for (size_t i = 0; i < size;) {
        uint32_t code_point;
        size_t bytes = text_decode(line->text + i, size - i, &code_point);
        bool match = line->match && i >= line->match_start && i < line->match_end;
        struct text one = {line->text + i, bytes};
        int columns = frame_columns(one);
        if (x + columns > rect.x + rect.width) {
            if (!wrap || y + rows >= rect.y + rect.height)
                break;
            x = rect.x;
            rows++;
        }
        if (x >= rect.x)
            frame_put_text(frame, rect, x, y + rows - 1, match ? STYLE_MATCH : style, one);
        x += columns;
        i += bytes;
    }
    return rows;
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
    struct frame_rect text = {area.x + MARGIN, area.y, area.width - MARGIN - 2, area.height};
    int y = area.y;
    for (size_t i = 0; i < page->count && y < area.y + area.height; i++) {
        const struct log_view_line *line = &page->lines[i];
        if (line->level >= LOG_LEVEL_WARNING)
            frame_put(frame, area, area.x + 1, y, style_of(line),
                      line->level >= LOG_LEVEL_ERROR ? "✗" : "▲");
        if (i == log->cursor && !log->follow)
            frame_put(frame, area, area.x, y, STYLE_STRONG, "▸");
        y += draw_line(frame, text, y, line, log->column, log->wrap);
    }
    if (page->count == 0)
        frame_put(frame, area, area.x + MARGIN, area.y, STYLE_DIM,
                  *log->filter || log->level ? "no line passes the filter" : "the log is empty");
    if (!page->at_end || (page->count && page->lines[0].offset > 0))
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
        want(screen, LOG_VIEW_MOVE)->lines = lines;
    }
}

static void other_log(struct screen *screen, int step) {
    const struct situation *situation = screen->situation;
    if (!situation || situation->run_count == 0)
        return;
    size_t place = 0;
    for (size_t i = 0; i < situation->run_count; i++)
        if (strcmp(situation->runs[i].run, screen->log.run) == 0)
            place = i;
    size_t count = situation->run_count;
    choose(screen, &situation->runs[(place + (step > 0 ? 1 : count - 1)) % count]);
}

/* A line that names a date leads to that date's strip. */
static void open_line(struct screen *screen) {
    const struct log_view *log = &screen->log;
    const struct situation_run *run = run_of(screen);
    if (!log->page || log->cursor >= log->page->count || !run ||
        run->processor_index == PIPELINE_NONE)
        return;
    const char *text = log->page->lines[log->cursor].text;
    for (const char *at = text; strlen(at) >= DAY_TEXT_SIZE - 1; at++) {
        day_number day;
        if (!day_parse((struct text){at, DAY_TEXT_SIZE - 1}, &day))
            continue;
        size_t table = screen->pipeline->processors[run->processor_index].fills.items[0];
        size_t season = pipeline_season_of(screen->pipeline, day);
        screen_act(screen, ACTION_COVERAGE);
        view_strip_open(screen, table,
                        season == PIPELINE_NONE ? screen->pipeline->season_count : season);
        screen->strip.cursor = day;
        return;
    }
    screen_toast(screen, STYLE_DIM, "this line names no date");
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
        want(screen, LOG_VIEW_PERCENT)->lines = 0;
        return true;
    case ACTION_BOTTOM:
        show_tail(screen);
        return true;
    case ACTION_FOLLOW:
        if (log->follow)
            log->follow = false;
        else
            show_tail(screen);
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
static uint64_t behind_cursor(const struct log_view *log) {
    if (!log->page || log->page->count == 0)
        return 0;
    size_t next = (log->follow ? log->page->count : log->cursor) + 1;
    return next < log->page->count ? log->page->lines[next].offset : log->page->size;
}

static bool logs_act(struct screen *screen, enum action action) {
    struct log_view *log = &screen->log;
    switch (action) {
    case ACTION_SEARCH:
        log->anchor = behind_cursor(log);
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
        want(screen,
             action == ACTION_NEXT || action == ACTION_PREVIOUS ? LOG_VIEW_MATCH : LOG_VIEW_PROBLEM)
            ->lines = action == ACTION_NEXT || action == ACTION_NEXT_ERROR ? 1 : -1;
        return true;
    case ACTION_LEVEL:
        log->level = (enum log_view_level)((log->level + 1) % LOG_VIEW_LEVELS);
        want(screen, log->follow ? LOG_VIEW_TAIL : LOG_VIEW_STAY);
        return true;
    case ACTION_WRAP:
        log->wrap = !log->wrap;
        return true;
    case ACTION_NEXT_LOG:
    case ACTION_PREVIOUS_LOG:
        other_log(screen, action == ACTION_NEXT_LOG ? 1 : -1);
        return true;
    case ACTION_STOP:
        decide_stop(screen, run_of(screen), false);
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
