/* The date strip: one table and season, one cell a date, weeks as columns, months labelled. */
#include <stdio.h>
#include <string.h>

#include "ui/decide.h"
#include "ui/view.h"
#include "ui/words.h"

enum { NOT_DUE = COVERAGE_EXCESS + 1 }; /* beside the states of a day */
enum { DAYS = 7, CELL = 2, LABEL = 5, BAND = 9, HEAD = 2, FOOT = 4 };

static const struct {
    const char *glyph, *word;
    enum theme_style style;
} looks[] = {
    [COVERAGE_UNKNOWN] = {"?", "unknown", STYLE_UNKNOWN},
    [COVERAGE_OFF] = {"·", "no game", STYLE_DAY_QUIET},
    [COVERAGE_BOOTSTRAP] = {"b", "bootstrap", STYLE_DAY_QUIET},
    [COVERAGE_WAIVED] = {"w", "waived", STYLE_DAY_QUIET},
    [COVERAGE_MISSING] = {"✗", "missing", STYLE_DAY_MISSING},
    [COVERAGE_PARTIAL] = {"▄", "partial", STYLE_DAY_PARTIAL},
    [COVERAGE_COMPLETE] = {"█", "complete", STYLE_DAY_COMPLETE},
    [COVERAGE_EXCESS] = {"▲", "excess", STYLE_DAY_EXCESS},
    [NOT_DUE] = {"+", "rows, not due", STYLE_DAY_EXCESS},
};

/* How a day is shown: rows on a date that is not due must not look like a day off. */
static size_t look_of(const struct coverage_day *day) {
    return day->state == COVERAGE_OFF && day->rows > 0 ? NOT_DUE : (size_t)day->state;
}

static struct day_range range_of(const struct screen *screen) {
    const struct screen_strip *strip = &screen->strip;
    struct day_range whole = screen->situation->range;
    if (strip->season >= screen->pipeline->season_count)
        return whole;
    return day_range_intersect(screen->pipeline->seasons[strip->season].range, whole);
}

static struct day_range selection_of(const struct screen *screen) {
    const struct screen_strip *strip = &screen->strip;
    if (strip->mark == DAY_NONE)
        return (struct day_range){strip->cursor, strip->cursor};
    return strip->mark < strip->cursor ? (struct day_range){strip->mark, strip->cursor}
                                       : (struct day_range){strip->cursor, strip->mark};
}

void view_strip_open(struct screen *screen, size_t table, size_t season) {
    if (!screen->situation || !screen->situation->coverage) {
        screen_toast(screen, STYLE_DIM, "nothing was measured yet");
        return;
    }
    screen->strip = (struct screen_strip){.table = table, .season = season, .mark = DAY_NONE};
    struct day_range range = range_of(screen);
    screen->strip.cursor = range.to;
    for (day_number day = range.from; day <= range.to; day++) {
        const struct coverage_day *record =
            coverage_day_at(screen->situation->coverage, table, day);
        if (record && record->state == COVERAGE_MISSING) {
            screen->strip.cursor = day; /* the first thing one looks for */
            break;
        }
    }
    screen->strip_open = true;
}

/* How the weeks are folded: bands of week columns, one under the other. */
struct fold {
    struct day_range range;
    day_number monday; /* of the first week */
    int weeks, per_band, bands, visible;
};

static struct fold fold_of(const struct screen *screen, struct frame_rect body) {
    struct fold fold = {.range = range_of(screen)};
    fold.monday = fold.range.from - day_of_week(fold.range.from);
    fold.weeks = (fold.range.to - fold.monday) / DAYS + 1;
    int room = (body.width - LABEL - 2) / CELL;
    fold.per_band = room < 1 ? 1 : room;
    fold.bands = (fold.weeks + fold.per_band - 1) / fold.per_band;
    fold.visible = (body.height - HEAD - FOOT + 1) / BAND;
    if (fold.visible < 1)
        fold.visible = 1;
    return fold;
}

void view_strip_settle(struct screen *screen, struct frame_rect body) {
    if (!screen->situation || !screen->situation->coverage) {
        screen->strip_open = false;
        return;
    }
    struct screen_strip *strip = &screen->strip;
    struct fold fold = fold_of(screen, body);
    if (strip->cursor < fold.range.from)
        strip->cursor = fold.range.from;
    if (strip->cursor > fold.range.to)
        strip->cursor = fold.range.to;
    int band = (strip->cursor - fold.monday) / DAYS / fold.per_band;
    if (strip->top > band)
        strip->top = band;
    if (strip->top < band - fold.visible + 1)
        strip->top = band - fold.visible + 1;
}

static void draw_months(struct frame *frame, struct frame_rect body, const struct fold *fold,
                        int band, int y) {
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int last_month = 0, free_x = 0;
    for (int i = 0; i < fold->per_band && band * fold->per_band + i < fold->weeks; i++) {
        day_number monday = fold->monday + (band * fold->per_band + i) * DAYS;
        int year, month, day, x = body.x + 1 + LABEL + i * CELL;
        day_to_civil(monday < fold->range.from ? fold->range.from : monday, &year, &month, &day);
        if (month == last_month || x < free_x)
            continue;
        if (month == 1 || last_month == 0)
            free_x =
                frame_format(frame, body, x, y, STYLE_HEADING, "%s %d", months[month - 1], year) +
                1;
        else
            free_x = frame_put(frame, body, x, y, STYLE_HEADING, months[month - 1]) + 1;
        last_month = month;
    }
}

static void draw_band(const struct screen *screen, struct frame *frame, struct frame_rect body,
                      const struct fold *fold, int band, int y) {
    static const char *const weekdays[] = {"Mon", "", "Wed", "", "Fri", "", "Sun"};
    struct day_range selection = selection_of(screen);
    draw_months(frame, body, fold, band, y);
    for (int weekday = 0; weekday < DAYS; weekday++) {
        int row = y + 1 + weekday;
        frame_put(frame, body, body.x + 1, row, STYLE_HEADING, weekdays[weekday]);
        for (int i = 0; i < fold->per_band; i++) {
            day_number day = fold->monday + (band * fold->per_band + i) * DAYS + weekday;
            if (!day_range_has(fold->range, day))
                continue;
            const struct coverage_day *record =
                coverage_day_at(screen->situation->coverage, screen->strip.table, day);
            size_t look = record ? look_of(record) : COVERAGE_UNKNOWN;
            int x = body.x + 1 + LABEL + i * CELL;
            frame_put(frame, body, x, row, looks[look].style, looks[look].glyph);
            if (day_range_has(selection, day) && row < body.y + body.height)
                frame_select(frame, (struct frame_rect){x, row, 1, 1});
        }
    }
}

static int draw_rows(struct frame *frame, struct frame_rect row, int x,
                     const struct coverage_day *day) {
    if (day->rows < 0)
        return frame_put(frame, row, x, row.y, STYLE_DIM, " · rows not measured");
    x = frame_format(frame, row, x, row.y, STYLE_NORMAL, " · %lld rows", (long long)day->rows);
    if (day->required >= 0)
        x = frame_format(frame, row, x, row.y, STYLE_NORMAL, " of %lld", (long long)day->required);
    if (day->games >= 0)
        x = frame_format(frame, row, x, row.y, STYLE_DIM, " · %lld games", (long long)day->games);
    return x;
}

/* When a date filled and which run filled it, from the newest run that ended with that date in it.
 */
static void draw_filled(const struct screen *screen, struct frame *frame, struct frame_rect row,
                        int x) {
    const struct situation *situation = screen->situation;
    char moment[WORDS_SIZE];
    for (size_t i = 0; i < situation->run_count; i++) {
        const struct situation_run *run = &situation->runs[i];
        if (run->processor_index == PIPELINE_NONE ||
            !day_range_has(run->range, screen->strip.cursor))
            continue;
        const struct pipeline_indices *fills =
            &screen->pipeline->processors[run->processor_index].fills;
        for (size_t k = 0; k < fills->count; k++)
            if (fills->items[k] == screen->strip.table) {
                frame_format(frame, row, x, row.y, STYLE_DIM, " · in %s of %s, %s", run->run,
                             words_moment(run->created_at, moment), words_run_state(run));
                return;
            }
    }
}

static void draw_cursor(const struct screen *screen, struct frame *frame, struct frame_rect row) {
    const struct screen_strip *strip = &screen->strip;
    const struct coverage_day *day =
        coverage_day_at(screen->situation->coverage, strip->table, strip->cursor);
    static const char *const weekdays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    char text[DAY_TEXT_SIZE];
    int x = frame_format(frame, row, row.x + 1, row.y, STYLE_STRONG, "%s %s",
                         weekdays[day_of_week(strip->cursor)], day_format(strip->cursor, text));
    if (!day)
        return;
    x = frame_put(frame, row, x + 2, row.y, looks[look_of(day)].style, looks[look_of(day)].word);
    x = draw_rows(frame, row, x, day);
    draw_filled(screen, frame, row, x);
}

static const struct coverage_totals *totals_of(const struct screen *screen) {
    const struct screen_strip *strip = &screen->strip;
    const struct coverage_table *table = words_coverage(screen->situation, strip->table);
    return strip->season < screen->pipeline->season_count ? &table->seasons[strip->season].all
                                                          : &table->all;
}

static void draw_title(const struct screen *screen, struct frame *frame, struct frame_rect row,
                       const struct fold *fold) {
    const struct screen_strip *strip = &screen->strip;
    const struct coverage_totals *totals = totals_of(screen);
    char text[WORDS_SIZE], percent[WORDS_SIZE];
    int x = frame_put(frame, row, row.x + 1, row.y, STYLE_STRONG,
                      screen->pipeline->tables[strip->table].name);
    x = frame_put(frame, row, x + 2, row.y, STYLE_NORMAL,
                  words_seasons(screen->pipeline, screen->situation->range, fold->range, text));
    if (totals->known)
        x = frame_format(
            frame, row, x + 2, row.y, STYLE_NORMAL, "%s  %zu of %zu, %zu missing",
            words_percent(coverage_percent(totals, words_threshold(screen->pipeline, strip->table)),
                          percent),
            totals->complete, totals->attainable, totals->missing);
    if (fold->bands > fold->visible)
        frame_format(frame, row, x + 2, row.y, STYLE_DIM, "part %d of %d", strip->top + 1,
                     fold->bands - fold->visible + 1);
}

void view_strip_draw(const struct screen *screen, struct frame *frame, struct frame_rect body) {
    struct fold fold = fold_of(screen, body);
    draw_title(screen, frame, frame_row(body, 0), &fold);
    struct frame_rect grid = body;
    grid.height -= FOOT - 1;
    for (int i = 0; i < fold.visible && screen->strip.top + i < fold.bands; i++)
        draw_band(screen, frame, grid, &fold, screen->strip.top + i, body.y + HEAD + i * BAND);
    struct frame_rect foot = frame_row(body, body.height - 1);
    draw_cursor(screen, frame, foot);
    struct frame_rect legend = frame_row(body, body.height - 2);
    int x = legend.x + 1;
    int last = totals_of(screen)->unexpected > 0 ? NOT_DUE : COVERAGE_EXCESS;
    for (int i = last; i >= COVERAGE_UNKNOWN && legend.height; i--) {
        x = frame_put(frame, legend, x, legend.y, looks[i].style, looks[i].glyph);
        x = frame_put(frame, legend, x + 1, legend.y, STYLE_HINT, looks[i].word) + 2;
    }
}

static bool move(struct screen *screen, enum action action) {
    struct day_range range = range_of(screen);
    int step;
    switch (action) {
    case ACTION_LEFT:
        step = -DAYS;
        break;
    case ACTION_RIGHT:
        step = DAYS;
        break;
    case ACTION_UP:
        step = -1;
        break;
    case ACTION_DOWN:
        step = 1;
        break;
    case ACTION_PAGE_UP:
        step = -4 * DAYS;
        break;
    case ACTION_PAGE_DOWN:
        step = 4 * DAYS;
        break;
    case ACTION_TOP:
        step = range.from - screen->strip.cursor;
        break;
    case ACTION_BOTTOM:
        step = range.to - screen->strip.cursor;
        break;
    default:
        return false;
    }
    day_number day = screen->strip.cursor + step;
    screen->strip.cursor = day < range.from ? range.from : day > range.to ? range.to : day;
    return true;
}

bool view_strip_act(struct screen *screen, enum action action) {
    struct screen_strip *strip = &screen->strip;
    struct decide_target target = decide_nothing;
    switch (action) {
    case ACTION_MARK:
        strip->mark = strip->mark == DAY_NONE ? strip->cursor : DAY_NONE;
        return true;
    case ACTION_GAPS:
        view_gaps_open(screen, strip->table, strip->season);
        return true;
    case ACTION_EXPORT:
        view_gaps_open(screen, strip->table, strip->season);
        screen_act(screen, ACTION_EXPORT);
        return true;
    case ACTION_LAUNCH:
        target.table = strip->table;
        if (strip->season < screen->pipeline->season_count)
            target.season = strip->season;
        if (strip->mark != DAY_NONE)
            target.dates = selection_of(screen);
        decide_launch(screen, &target);
        return true;
    case ACTION_WAIVE:
        decide_waive(screen, strip->table, selection_of(screen));
        return true;
    default:
        return move(screen, action);
    }
}
