/* Coverage, the home view: tables by phase, seasons as columns, and what is running below. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/percent.h"
#include "base/print.h"
#include "ui/decide.h"
#include "ui/view.h"
#include "ui/widgets/bar.h"
#include "ui/words.h"

enum { ROW_PHASE, ROW_TABLE };
enum { HEADING_ROWS = 1, NAME_LIMIT = 40, RUN_BAR = 10, COMPLETE_WIDTH = 23 };

static void coverage_rows(struct screen *screen, struct list_rows *rows) {
    const struct pipeline *pipeline = screen->pipeline;
    for (size_t phase = 0; phase < pipeline->phase_count; phase++) {
        list_add(rows, (struct list_row){.kind = ROW_PHASE, .a = phase});
        for (size_t i = 0; i < pipeline->table_count; i++)
            if (pipeline->tables[i].phase == phase)
                list_add(rows, (struct list_row){ROW_TABLE, i, 0, i + 1});
    }
}

static struct list *coverage_list(struct screen *screen) {
    return &screen->coverage.list;
}

static bool worth_showing(const struct situation_run *run) {
    return run->phase != SITUATION_RUN_DONE;
}

static int run_count(const struct screen *screen) {
    int count = 0;
    for (size_t i = 0; screen->situation && i < screen->situation->run_count; i++)
        count += worth_showing(&screen->situation->runs[i]);
    return count;
}

static struct layout_split split_of(const struct screen *screen, struct frame_rect body) {
    return layout_split(body, (int)screen->rows.count + HEADING_ROWS, run_count(screen));
}

static struct frame_rect coverage_area(const struct screen *screen, struct frame_rect body) {
    struct frame_rect area = split_of(screen, body).matrix;
    area.y += HEADING_ROWS;
    area.height -= area.height > HEADING_ROWS ? HEADING_ROWS : area.height;
    return area;
}

static struct layout_columns columns_of(const struct screen *screen, int width) {
    const struct pipeline *pipeline = screen->pipeline;
    int longest = 0;
    for (size_t i = 0; i < pipeline->table_count; i++) {
        int columns = frame_columns(text_of(pipeline->tables[i].name));
        if (columns > longest)
            longest = columns;
    }
    return layout_columns(width, longest < NAME_LIMIT ? longest : NAME_LIMIT,
                          pipeline->season_count);
}

/* The first season shown, so that the one under the cursor is among them. */
static size_t first_season(const struct screen *screen, const struct layout_columns *columns) {
    size_t count = screen->pipeline->season_count;
    if (columns->seasons >= count)
        return 0;
    size_t newest = count - columns->seasons;
    size_t cursor = screen->coverage.season;
    return cursor >= count || cursor >= newest ? newest : cursor;
}

static int percent_of(const struct screen *screen, const struct coverage_totals *totals,
                      int threshold) {
    if (!totals->known)
        return PERCENT_UNKNOWN;
    return screen->coverage.raw ? coverage_raw_percent(totals)
                                : coverage_percent(totals, threshold);
}

static void draw_heading(const struct screen *screen, struct frame *frame, struct frame_rect row,
                         const struct layout_columns *columns) {
    const struct pipeline *pipeline = screen->pipeline;
    frame_put(frame, row, row.x + 1, row.y, STYLE_HEADING, "TABLE");
    size_t first = first_season(screen, columns);
    for (size_t i = 0; i < columns->seasons; i++)
        frame_field(frame, row, row.x + columns->season_x + (int)i * columns->season_width, row.y,
                    columns->season_width - 1, true, STYLE_HEADING,
                    pipeline->seasons[first + i].name +
                        (columns->season_width < 8 && strlen(pipeline->seasons[first + i].name) > 5
                             ? 2
                             : 0));
    frame_field(frame, row, row.x + columns->all_x, row.y, columns->all_width, true, STYLE_HEADING,
                screen->coverage.raw ? "RAW" : "ALL");
    frame_field(frame, row, row.x + columns->gaps_x, row.y, columns->gaps_width, true,
                STYLE_HEADING, "GAPS");
    frame_field(frame, row, row.x + columns->hour_x, row.y, columns->hour_width, true,
                STYLE_HEADING, "+1h");
}

/* What one table's row looks like, decided once for all its cells. */
struct look {
    const struct coverage_table *table;
    const struct situation_table *facts;
    int threshold;
    bool stale, held, unknown, waiting;
    const char *mark;
    enum theme_style mark_style;
};

static struct look look_of(const struct screen *screen, size_t table) {
    struct look look = {.mark = " ", .mark_style = STYLE_NORMAL};
    look.table = words_coverage(screen->situation, table);
    look.facts = screen->situation ? &screen->situation->tables[table] : NULL;
    look.threshold = words_threshold(screen->pipeline, table);
    look.waiting = screen->situation == NULL;
    look.unknown = !look.table || look.table->status == COVERAGE_STATUS_UNKNOWN;
    look.stale = look.table && look.table->status == COVERAGE_STATUS_STALE;
    look.held = look.facts && look.facts->held_by;
    if (look.waiting)
        return look;
    bool short_of =
        look.table && look.table->all.known && look.threshold > 0 &&
        !percent_reaches(look.table->all.complete, look.table->all.attainable, look.threshold);
    if (look.unknown) {
        look.mark = "?";
        look.mark_style = STYLE_UNKNOWN;
    } else if (look.stale) {
        look.mark = "▲";
        look.mark_style = STYLE_STALE;
    } else if (short_of && !look.held) {
        look.mark = "✗";
        look.mark_style = STYLE_BAD;
    } else if (look.table->all.excess || look.table->all.unexpected) {
        look.mark = "▲";
        look.mark_style = STYLE_WARN;
    }
    return look;
}

static enum theme_style fill_style(const struct look *look, int tenths) {
    if (look->stale || look->unknown)
        return STYLE_DIM;
    return look->threshold > 0 && tenths * 10 < look->threshold ? STYLE_BAR_SHORT : STYLE_BAR;
}

static enum theme_style number_style(const struct look *look) {
    return look->stale || look->unknown || look->held ? STYLE_DIM : STYLE_NORMAL;
}

static void draw_season(const struct screen *screen, struct frame *frame, struct frame_rect cell,
                        const struct layout_columns *columns, const struct look *look,
                        size_t season) {
    int tenths = PERCENT_UNKNOWN;
    bool nothing_due = false;
    if (look->table) {
        const struct coverage_totals *totals = &look->table->seasons[season].all;
        tenths = percent_of(screen, totals, look->threshold);
        nothing_due = totals->known && totals->attainable == 0;
    }
    if (look->waiting)
        return;
    char text[WORDS_SIZE] = "?";
    if (tenths != PERCENT_UNKNOWN)
        (void)snprintf(text, sizeof text, "%d %%", tenths / 10);
    else if (nothing_due)
        (void)snprintf(text, sizeof text, "–");
    if (columns->bar_width && !nothing_due)
        bar_draw(frame, cell, cell.x, cell.y, columns->bar_width, tenths, look->threshold,
                 fill_style(look, tenths));
    frame_field(frame, cell, cell.x + columns->bar_width, cell.y, cell.width - columns->bar_width,
                true, number_style(look), text);
}

static void draw_last_columns(const struct screen *screen, struct frame *frame,
                              struct frame_rect row, const struct layout_columns *columns,
                              const struct look *look) {
    const struct coverage_totals *totals = look->table ? &look->table->all : NULL;
    char text[WORDS_SIZE];
    int tenths = totals ? percent_of(screen, totals, look->threshold) : PERCENT_UNKNOWN;
    if (columns->all_bar && columns->all_width)
        bar_draw(frame, row, row.x + columns->all_x, row.y, columns->all_bar, tenths,
                 look->threshold, fill_style(look, tenths));
    enum theme_style style = number_style(look);
    if (look->mark_style == STYLE_BAD)
        style = STYLE_BAD;
    frame_field(frame, row, row.x + columns->all_x + columns->all_bar, row.y,
                columns->all_width - columns->all_bar, true, style, words_percent(tenths, text));
    if (totals && totals->known) {
        (void)snprintf(text, sizeof text, "%zu",
                       totals->missing + totals->partial + totals->excess);
        frame_field(frame, row, row.x + columns->gaps_x, row.y, columns->gaps_width, true,
                    number_style(look), text);
    }
    *text = '\0';
    style = STYLE_MOVING;
    if (look->stale && look->table) {
        (void)words_short_span(screen->now - look->table->confirmed_at, text);
        style = STYLE_STALE;
    } else if (look->facts && look->facts->rose_last_hour > 0) {
        (void)snprintf(text, sizeof text, "+%lld", (long long)look->facts->rose_last_hour);
    } else if (look->held && totals && totals->missing) {
        (void)snprintf(text, sizeof text, "held");
        style = STYLE_DIM;
    }
    frame_field(frame, row, row.x + columns->hour_x, row.y, columns->hour_width, true, style, text);
}

static void draw_table(const struct screen *screen, struct frame *frame, struct frame_rect row,
                       const struct layout_columns *columns, size_t table, bool selected) {
    struct look look = look_of(screen, table);
    frame_put(frame, row, row.x + 1, row.y, look.mark_style, look.mark);
    struct frame_rect name = {row.x + columns->name_x, row.y, columns->name_width, 1};
    frame_field(frame, row, name.x, name.y, name.width, false,
                look.stale || look.unknown ? STYLE_DIM : STYLE_NORMAL,
                screen->pipeline->tables[table].name);
    size_t first = first_season(screen, columns);
    for (size_t i = 0; i < columns->seasons; i++) {
        struct frame_rect cell = {row.x + columns->season_x + (int)i * columns->season_width, row.y,
                                  columns->season_width - 1, 1};
        if (look.waiting)
            continue;
        draw_season(screen, frame, cell, columns, &look, first + i);
        if (selected && screen->coverage.season == first + i) {
            cell.x += columns->bar_width;
            cell.width -= columns->bar_width;
            frame_select(frame, cell);
        }
    }
    if (!look.waiting)
        draw_last_columns(screen, frame, row, columns, &look);
    int taken = frame_columns(text_of(screen->pipeline->tables[table].name));
    if (taken < name.width)
        name.width = taken;
    if (selected)
        frame_select(frame, name);
    if (selected && screen->coverage.season >= screen->pipeline->season_count && columns->all_width)
        frame_select(frame, (struct frame_rect){row.x + columns->all_x + columns->all_bar, row.y,
                                                columns->all_width - columns->all_bar, 1});
}

/* One line about the selected table: how old its number is and what it is made of. What is alike
 * from row to row stands first, so that moving costs few bytes. */
static void draw_detail(const struct screen *screen, struct frame *frame, struct frame_rect row) {
    const struct list_row *selected = list_selected(&screen->coverage.list, &screen->rows);
    if (!selected || selected->kind != ROW_TABLE || row.height == 0)
        return;
    const struct coverage_table *table = words_coverage(screen->situation, selected->a);
    char text[WORDS_SIZE];
    int x = row.x + 1;
    if (!table) {
        frame_put(frame, row, x, row.y, STYLE_DIM, "nothing read yet");
        return;
    }
    x = table->confirmed_at ? frame_format(frame, row, x, row.y, STYLE_DIM, "measured %s ",
                                           words_age(screen->now, table->confirmed_at, text))
                            : frame_format(frame, row, x, row.y, STYLE_DIM, "never measured ");
    if (table->all.known) {
        const struct coverage_totals *all = &table->all;
        (void)snprintf(text, sizeof text, "· %zu of %zu complete", all->complete, all->attainable);
        x = frame_field(frame, row, x, row.y, COMPLETE_WIDTH, false, STYLE_DIM, text) + 1;
        const struct {
            size_t count;
            const char *word;
        } parts[] = {{all->missing, "missing"},     {all->partial, "partial"},
                     {all->excess, "excess"},       {all->unexpected, "with rows not due"},
                     {all->bootstrap, "bootstrap"}, {all->waived, "waived"}};
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
            if (parts[i].count)
                x = frame_format(frame, row, x, row.y, STYLE_DIM, "· %zu %s ", parts[i].count,
                                 parts[i].word);
    }
    if (table->error && (table->confirmed_at || strcmp(table->error, "never measured") != 0))
        (void)frame_format(frame, row, x, row.y, STYLE_WARN, "· %s", table->error);
    else if (table->lineage.blocks.count)
        (void)frame_format(frame, row, x, row.y, STYLE_DIM, "· blocks %zu %s",
                           table->lineage.blocks.count,
                           table->lineage.blocks.count == 1 ? "table" : "tables");
}

static void draw_run(const struct screen *screen, struct frame *frame, struct frame_rect row,
                     const struct situation_run *run, int name_width) {
    char text[WORDS_SIZE];
    int x = row.x + 1;
    frame_put(frame, row, x, row.y, words_run_style(run), words_run_mark(run));
    x = frame_field(frame, row, x + 2, row.y, name_width, false, STYLE_NORMAL, run->processor) + 1;
    struct situation_progress progress = situation_progress_of(run);
    size_t total = progress.total;
    bool wide = row.width >= 100;
    if (wide)
        x = frame_field(
                frame, row, x, row.y, row.width >= 132 ? 24 : 12, false, STYLE_DIM,
                words_seasons(screen->pipeline, screen->situation->range, run->range, text)) +
            1;
    if (run->phase == SITUATION_RUN_FAILED || run->phase == SITUATION_RUN_STALLED) {
        x = frame_format(frame, row, x, row.y, words_run_style(run), "%s", words_run_state(run));
        if (run->verdict_text)
            (void)frame_format(frame, row, x, row.y, STYLE_NORMAL, " · %s", run->verdict_text);
        else if (run->last_output_at)
            (void)frame_format(frame, row, x, row.y, STYLE_NORMAL, " · last output %s",
                               words_age(screen->now, run->last_output_at, text));
        return;
    }
    (void)snprintf(text, sizeof text, "%zu/%zu", progress.done, total);
    x = frame_field(frame, row, x, row.y, 9, true, STYLE_NORMAL, text) + 1;
    int tenths =
        percent_tenths(progress.done < total ? progress.done : total, total, PERCENT_NO_THRESHOLD);
    bar_draw(frame, row, x, row.y, RUN_BAR, tenths, PERCENT_NO_THRESHOLD, STYLE_BAR_MOVING);
    (void)snprintf(text, sizeof text, "%d %%", tenths < 0 ? 0 : tenths / 10);
    x = frame_field(frame, row, x + RUN_BAR, row.y, 6, true, STYLE_NORMAL, text);
    if (run->stop_stage) {
        frame_format(frame, row, x + 2, row.y, STYLE_WARN, "%s", run->stop_stage);
        return;
    }
    if (run->log_unknown) {
        frame_put(frame, row, x + 2, row.y, STYLE_DIM, words_log(run, text));
        return;
    }
    if (run->dates_per_minute >= 0)
        (void)print_into(text, sizeof text, "%.1f%s", run->dates_per_minute,
                         wide ? " dates/min" : "/min");
    else
        (void)snprintf(text, sizeof text, "rate ?");
    x = frame_field(frame, row, x + 2, row.y, wide ? 15 : 9, false, STYLE_NORMAL, text) + 1;
    if (run->eta)
        x = frame_format(frame, row, x, row.y, STYLE_NORMAL, "eta %s",
                         words_time(screen->now, run->eta, text));
    else
        x = frame_put(frame, row, x, row.y, STYLE_DIM, "eta ?    ");
    x = frame_format(frame, row, x + 2, row.y, STYLE_DIM, "%zu ok ", run->ok);
    frame_format(frame, row, x, row.y, run->failed ? STYLE_BAD : STYLE_DIM, "%zu failed",
                 run->failed);
}

static void draw_panel(const struct screen *screen, struct frame *frame, struct frame_rect panel,
                       int name_width) {
    if (panel.height < 2)
        return;
    int total = run_count(screen), line = 1;
    int x = frame_put(frame, panel, panel.x + 1, panel.y, STYLE_SECTION,
                      screen->situation->header.running ? "RUNNING" : "RUNS");
    if (total > panel.height - 1)
        frame_format(frame, panel, x, panel.y, STYLE_DIM, "  %d of %d, all in 3 Runs",
                     panel.height - 1, total);
    for (size_t i = 0; i < screen->situation->run_count && line < panel.height; i++)
        if (worth_showing(&screen->situation->runs[i]))
            draw_run(screen, frame, frame_row(panel, line++), &screen->situation->runs[i],
                     name_width);
}

static void coverage_draw(const struct screen *screen, struct frame *frame,
                          struct frame_rect body) {
    struct layout_columns columns = columns_of(screen, body.width);
    struct layout_split split = split_of(screen, body);
    struct frame_rect area = coverage_area(screen, body);
    draw_heading(screen, frame, frame_row(split.matrix, 0), &columns);
    const struct list *list = &screen->coverage.list;
    for (int i = 0; i < area.height; i++) {
        size_t place = list->top + (size_t)i;
        if (place >= screen->rows.count)
            break;
        const struct list_row *item = &screen->rows.items[place];
        struct frame_rect row = frame_row(area, i);
        if (item->kind == ROW_PHASE)
            frame_put(frame, row, row.x + 1, row.y, STYLE_SECTION,
                      screen->pipeline->phases[item->a]);
        else
            draw_table(screen, frame, row, &columns, item->a,
                       place == list->selected && item->identity);
    }
    if (screen->situation)
        draw_panel(screen, frame, split.panel, columns.name_width);
    draw_detail(screen, frame, split.detail);
}

static struct decide_target target_of(const struct screen *screen, size_t table) {
    struct decide_target target = decide_nothing;
    target.table = table;
    if (screen->coverage.season < screen->pipeline->season_count)
        target.season = screen->coverage.season;
    return target;
}

static bool coverage_act(struct screen *screen, enum action action) {
    struct screen_coverage *coverage = &screen->coverage;
    size_t seasons = screen->pipeline->season_count;
    const struct list_row *row = list_selected(&coverage->list, &screen->rows);
    switch (action) {
    case ACTION_LEFT:
        coverage->season -= coverage->season > 0;
        return true;
    case ACTION_RIGHT:
        coverage->season += coverage->season < seasons;
        return true;
    case ACTION_RAW:
        coverage->raw = !coverage->raw;
        return true;
    case ACTION_OPEN:
        if (row)
            view_strip_open(screen, row->a, coverage->season);
        return true;
    case ACTION_GAPS:
    case ACTION_EXPORT:
        if (row)
            view_gaps_open(screen, row->a, coverage->season);
        if (row && action == ACTION_EXPORT)
            screen_act(screen, ACTION_EXPORT);
        return true;
    case ACTION_LAUNCH:
        if (row) {
            struct decide_target target = target_of(screen, row->a);
            decide_launch(screen, &target);
        }
        return true;
    default:
        return false;
    }
}

const struct view view_coverage = {
    .rows = coverage_rows,
    .list = coverage_list,
    .area = coverage_area,
    .draw = coverage_draw,
    .act = coverage_act,
};
