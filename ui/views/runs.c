/* Runs: groups in order with their processors; of each its runs, worst first, and below them all
 * that is known of the selected one. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/percent.h"
#include "ui/decide.h"
#include "ui/view.h"
#include "ui/widgets/bar.h"
#include "ui/words.h"

enum { ROW_GROUP, ROW_IDLE, ROW_RUN, ROW_OTHERS, ROW_LEFT_OUT };
enum { DETAIL_LINES = 5, NAME_WIDTH = 30, BAR_WIDTH = 8, STATE_WIDTH = 15 };

static const struct situation_run *run_at(const struct screen *screen, size_t index) {
    return &screen->situation->runs[index];
}

static bool belongs(const struct screen *screen, const struct situation_run *run, size_t group) {
    return run->group && strcmp(run->group, screen->pipeline->groups[group].name) == 0;
}

static void add_run(struct list_rows *rows, const struct screen *screen, size_t index) {
    list_add(rows, (struct list_row){ROW_RUN, index, 0, list_identity(run_at(screen, index)->run)});
}

static void add_group(struct screen *screen, struct list_rows *rows, size_t group) {
    const struct pipeline_group *facts = &screen->pipeline->groups[group];
    list_add(rows, (struct list_row){ROW_GROUP, group, 0, list_identity(facts->name)});
    size_t count = screen->situation ? screen->situation->run_count : 0;
    for (size_t i = 0; i < count; i++)
        if (belongs(screen, run_at(screen, i), group))
            add_run(rows, screen, i);
    for (size_t i = 0; i < facts->runs.count; i++) {
        size_t processor = facts->runs.items[i];
        bool ran = false;
        for (size_t k = 0; k < count && !ran; k++)
            ran = belongs(screen, run_at(screen, k), group) &&
                  run_at(screen, k)->processor_index == processor;
        if (!ran)
            list_add(rows, (struct list_row){ROW_IDLE, processor, group,
                                             list_identity(facts->name) + processor + 1});
    }
}

static void runs_rows(struct screen *screen, struct list_rows *rows) {
    for (size_t group = 0; group < screen->pipeline->group_count; group++)
        add_group(screen, rows, group);
    bool heading = false;
    for (size_t i = 0; screen->situation && i < screen->situation->run_count; i++) {
        const struct situation_run *run = run_at(screen, i);
        if (run->group && pipeline_find_group(screen->pipeline, run->group) != PIPELINE_NONE)
            continue;
        if (!heading)
            list_add(rows, (struct list_row){.kind = ROW_OTHERS});
        heading = true;
        add_run(rows, screen, i);
    }
    if (screen->situation && screen->situation->runs_left_out)
        list_add(rows, (struct list_row){.kind = ROW_LEFT_OUT});
    /* Whoever has not moved yet looks at the worst. */
    for (size_t i = 0; screen->runs.identity == 0 && i < rows->count; i++)
        if (rows->items[i].kind == ROW_RUN && rows->items[i].a == 0)
            list_select(&screen->runs, rows, i);
}

static struct list *runs_list(struct screen *screen) {
    return &screen->runs;
}

static struct frame_rect runs_area(const struct screen *screen, struct frame_rect body) {
    (void)screen;
    body.height -= body.height > DETAIL_LINES + 4 ? DETAIL_LINES + 1 : 0;
    return body;
}

static void draw_group(const struct screen *screen, struct frame *frame, struct frame_rect row,
                       size_t group, bool selected) {
    const struct pipeline_group *facts = &screen->pipeline->groups[group];
    int x = frame_put(frame, row, row.x + 1, row.y, STYLE_SECTION, facts->name);
    if (selected)
        frame_select(frame, (struct frame_rect){row.x + 1, row.y, x - row.x - 1, 1});
    if (!screen->situation)
        return;
    if (facts->behind != PIPELINE_NONE && screen->situation->gates) {
        enum gates_verdict verdict = screen->situation->gates->gates[facts->behind].verdict;
        x = frame_format(frame, row, x + 2, row.y, STYLE_DIM, "behind %s ",
                         screen->pipeline->gates[facts->behind].name);
        x = frame_put(frame, row, x, row.y, words_verdict_style(verdict),
                      gates_verdict_name(verdict));
    }
    if (screen->situation->groups) {
        char text[WORDS_SIZE];
        enum theme_style style = words_arm(&screen->situation->groups[group], screen->now, text);
        frame_put(frame, row, x + 2, row.y, style, text);
    }
}

static int draw_progress(struct frame *frame, struct frame_rect row, int x,
                         const struct situation_run *run) {
    char text[WORDS_SIZE];
    struct situation_progress progress = situation_progress_of(run);
    size_t total = progress.total, done = progress.done < total ? progress.done : total;
    int tenths = percent_tenths(done, total, PERCENT_NO_THRESHOLD);
    (void)snprintf(text, sizeof text, "%zu/%zu", progress.done, total);
    x = frame_field(frame, row, x, row.y, 9, true, STYLE_NORMAL, text) + 1;
    if (row.width >= 80) {
        bar_draw(frame, row, x, row.y, BAR_WIDTH, tenths, PERCENT_NO_THRESHOLD,
                 run->phase == SITUATION_RUN_RUNNING ? STYLE_BAR_MOVING : STYLE_BAR);
        x += BAR_WIDTH;
    }
    (void)snprintf(text, sizeof text, "%d %%", tenths < 0 ? 0 : tenths / 10);
    return frame_field(frame, row, x, row.y, 6, true, STYLE_NORMAL, text) + 2;
}

static void draw_live(const struct screen *screen, struct frame *frame, struct frame_rect row,
                      int x, const struct situation_run *run) {
    char text[WORDS_SIZE], span[CLOCK_SPAN_SIZE];
    x = draw_progress(frame, row, x, run);
    if (run->stop_stage || run->server_text) {
        frame_put(frame, row, x, row.y, STYLE_WARN,
                  run->stop_stage ? run->stop_stage : run->server_text);
        return;
    }
    if (run->phase == SITUATION_RUN_STALLED) {
        frame_format(frame, row, x, row.y, STYLE_WARN, "no output for %s",
                     clock_format_span(screen->now - run->last_output_at, span));
        return;
    }
    if (run->waiting) {
        frame_put(frame, row, x, row.y, STYLE_NORMAL, run->waiting);
        return;
    }
    if (run->alarm_count) {
        frame_put(frame, row, x, row.y, STYLE_WARN, run->alarms[0].text);
        return;
    }
    if (run->log_unknown) {
        words_log(run, text);
        frame_put(frame, row, x, row.y, STYLE_DIM, text);
        return;
    }
    if (run->dates_per_minute >= 0)
        x = frame_format(frame, row, x, row.y, STYLE_NORMAL, "%.1f/min", run->dates_per_minute) + 2;
    if (run->eta)
        x = frame_format(frame, row, x, row.y, STYLE_NORMAL, "eta %s",
                         words_time(screen->now, run->eta, text)) +
            2;
    if (run->failed)
        frame_format(frame, row, x, row.y, STYLE_BAD, "%zu failed", run->failed);
}

static void draw_run(const struct screen *screen, struct frame *frame, struct frame_rect row,
                     const struct situation_run *run, bool selected) {
    char text[WORDS_SIZE];
    enum theme_style style = words_run_style(run);
    frame_put(frame, row, row.x + 1, row.y, style, words_run_mark(run));
    int name_width = row.width >= 100 ? NAME_WIDTH : row.width / 3;
    struct frame_rect name = {row.x + 3, row.y, name_width, 1};
    frame_field(frame, row, name.x, name.y, name.width, false,
                run->phase == SITUATION_RUN_DONE ? STYLE_DIM : STYLE_NORMAL, run->processor);
    if (selected)
        frame_select(frame, name);
    int x = frame_field(frame, row, name.x + name_width + 1, row.y, STATE_WIDTH, false, style,
                        words_run_state(run)) +
            1;
    if (row.width >= 110)
        x = frame_field(
                frame, row, x, row.y, row.width >= 132 ? 24 : 12, false, STYLE_DIM,
                words_seasons(screen->pipeline, screen->situation->range, run->range, text)) +
            1;
    if (run->phase != SITUATION_RUN_FAILED && run->phase != SITUATION_RUN_DONE) {
        draw_live(screen, frame, row, x, run);
        return;
    }
    x = frame_format(frame, row, x, row.y, STYLE_DIM, "%s  ",
                     words_time(screen->now, run->ended_at, text));
    if (run->server_text)
        x = frame_format(frame, row, x, row.y, STYLE_WARN, "%s · ", run->server_text);
    if (run->verdict_text)
        x = frame_put(frame, row, x, row.y,
                      run->phase == SITUATION_RUN_DONE ? STYLE_DIM : STYLE_NORMAL,
                      run->verdict_text);
    else if (run->exit_code >= 0)
        x = frame_format(frame, row, x, row.y, STYLE_NORMAL, "exit %d", run->exit_code);
    else if (run->signal > 0)
        x = frame_format(frame, row, x, row.y, STYLE_NORMAL, "signal %d", run->signal);
    if (run->retry_at)
        x = frame_format(frame, row, x, row.y, STYLE_NORMAL, " · again %s (%d of %d)",
                         words_time(screen->now, run->retry_at, text), run->retry_number,
                         run->retry_times);
    if (run->failed)
        frame_format(frame, row, x, row.y, STYLE_BAD, "  %zu failed", run->failed);
}

static void draw_identity(const struct screen *screen, struct frame *frame, struct frame_rect row,
                          const struct situation_run *run) {
    char text[WORDS_SIZE];
    int x = frame_put(frame, row, row.x + 1, row.y, STYLE_STRONG, run->run);
    x = frame_format(frame, row, x, row.y, STYLE_NORMAL, "  %s", words_range(run->range, text));
    x = frame_format(frame, row, x, row.y, STYLE_DIM, "  %zu dates · started %s by %s", run->dates,
                     run->started_at ? words_moment(run->started_at, text) : "not yet",
                     run->owner ? run->owner : "?");
    if (run->pid)
        x = frame_format(frame, row, x, row.y, STYLE_DIM, " · pid %lld", (long long)run->pid);
    if (run->exit_code >= 0)
        x = frame_format(frame, row, x, row.y, STYLE_DIM, " · exit %d", run->exit_code);
    if (run->signal > 0)
        x = frame_format(frame, row, x, row.y, STYLE_DIM, " · signal %d", run->signal);
    if (run->code_commit)
        x = frame_format(frame, row, x, row.y, STYLE_DIM, " · code %.7s%s", run->code_commit,
                         run->code_changed > 0   ? ", changed"
                         : run->code_changed < 0 ? ", perhaps changed"
                                                 : "");
    if (run->adopted)
        x = frame_put(frame, row, x, row.y, STYLE_DIM, " · adopted");
    if (run->orphan)
        frame_put(frame, row, x, row.y, STYLE_WARN, " · its shim is gone, the command lives");
    (void)screen;
}

static void draw_counts(struct frame *frame, struct frame_rect row,
                        const struct situation_run *run) {
    char text[WORDS_SIZE];
    words_log(run, text);
    int x = run->log_unknown
                ? frame_put(frame, row, row.x + 1, row.y, STYLE_NORMAL, text)
                : frame_format(frame, row, row.x + 1, row.y, STYLE_NORMAL,
                               "log: %zu ok, %zu failed, %zu skipped, %zu with no rows", run->ok,
                               run->failed, run->skipped, run->zero_rows);
    frame_format(frame, row, x, row.y, STYLE_NORMAL,
                 " · warehouse: %zu of %zu dates complete (%zu before)", run->complete_now,
                 run->dates, run->complete_before);
}

static void draw_details(const struct screen *screen, struct frame *frame, struct frame_rect rect,
                         const struct situation_run *run) {
    char text[WORDS_SIZE], first[DAY_TEXT_SIZE];
    draw_identity(screen, frame, frame_row(rect, 0), run);
    draw_counts(frame, frame_row(rect, 1), run);
    struct frame_rect row = frame_row(rect, 2);
    if (run->last_line) {
        int x = frame_format(frame, row, row.x + 1, row.y, STYLE_DIM,
                             "%s: ", words_age(screen->now, run->last_output_at, text));
        frame_put(frame, row, x, row.y, STYLE_NORMAL, run->last_line);
    } else {
        frame_put(frame, row, row.x + 1, row.y, STYLE_DIM, "its log holds nothing yet");
    }
    int used = 3;
    int last = run->notices ? DETAIL_LINES - 1 : DETAIL_LINES;
    if (run->notices)
        frame_put(frame, frame_row(rect, last), rect.x + 1, rect.y + last, STYLE_WARN,
                  run->notices);
    if (run->alarm_count) {
        row = frame_row(rect, used++);
        int x = frame_put(frame, row, row.x + 1, row.y, STYLE_WARN, "▲ ");
        frame_put(frame, row, x, row.y, STYLE_WARN, run->alarms[0].text);
    }
    for (size_t i = 0; i < run->failure_count && used < last; i++) {
        row = frame_row(rect, used++);
        const struct situation_failure *failure = &run->failures[i];
        int x = frame_format(frame, row, row.x + 1, row.y, STYLE_BAD, "%zu × ", failure->dates);
        x = frame_put(frame, row, x, row.y, STYLE_NORMAL, failure->reason);
        if (failure->first != DAY_NONE)
            frame_format(frame, row, x, row.y, STYLE_DIM, " · first %s",
                         day_format(failure->first, first));
    }
    if (run->failures_left_out && used < last) {
        row = frame_row(rect, used++);
        frame_format(frame, row, row.x + 1, row.y, STYLE_BAD, "%zu × other reasons: see its log",
                     run->failures_left_out);
    }
    if (run->failure_count == 0 && used < last)
        frame_format(frame, frame_row(rect, used), rect.x + 1, rect.y + used, STYLE_DIM, "$ %s",
                     run->command);
}

static void draw_row(const struct screen *screen, struct frame *frame, struct frame_rect row,
                     const struct list_row *item, bool selected) {
    if (item->kind == ROW_GROUP) {
        draw_group(screen, frame, row, item->a, selected);
    } else if (item->kind == ROW_RUN) {
        draw_run(screen, frame, row, run_at(screen, item->a), selected);
    } else if (item->kind == ROW_OTHERS) {
        frame_put(frame, row, row.x + 1, row.y, STYLE_SECTION, "by themselves");
    } else if (item->kind == ROW_LEFT_OUT) {
        frame_format(frame, row, row.x + 1, row.y, STYLE_DIM,
                     "%zu older ended runs of the last 24 hours are not shown",
                     screen->situation->runs_left_out);
    } else {
        int x =
            frame_field(frame, row, row.x + 3, row.y, row.width >= 100 ? NAME_WIDTH : row.width / 3,
                        false, STYLE_DIM, screen->pipeline->processors[item->a].name);
        frame_put(frame, row, x + 1, row.y, STYLE_DIM, "not started");
        if (selected)
            frame_select(frame, (struct frame_rect){row.x + 3, row.y, x - row.x - 3, 1});
    }
}

static void runs_draw(const struct screen *screen, struct frame *frame, struct frame_rect body) {
    struct frame_rect area = runs_area(screen, body);
    for (int i = 0; i < area.height && screen->runs.top + (size_t)i < screen->rows.count; i++) {
        size_t place = screen->runs.top + (size_t)i;
        const struct list_row *item = &screen->rows.items[place];
        draw_row(screen, frame, frame_row(area, i), item,
                 place == screen->runs.selected && item->identity);
    }
    const struct list_row *selected = list_selected(&screen->runs, &screen->rows);
    if (area.height == body.height || !selected || selected->kind != ROW_RUN)
        return;
    struct frame_rect rect = {body.x, area.y + area.height + 1, body.width, DETAIL_LINES};
    draw_details(screen, frame, rect, run_at(screen, selected->a));
}

static void launch(struct screen *screen, const struct list_row *row) {
    struct decide_target target = decide_nothing;
    if (row->kind == ROW_GROUP)
        target.group = row->a;
    else if (row->kind == ROW_IDLE)
        target.processor = row->a;
    else
        target.processor = run_at(screen, row->a)->processor_index;
    decide_launch(screen, &target);
}

/* The group that a row is, or is of. */
static size_t group_at(const struct screen *screen, const struct list_row *row) {
    if (!row || row->kind == ROW_OTHERS || row->kind == ROW_LEFT_OUT)
        return PIPELINE_NONE;
    if (row->kind == ROW_RUN)
        return pipeline_find_group(screen->pipeline, run_at(screen, row->a)->group);
    return row->kind == ROW_GROUP ? row->a : row->b;
}

static bool runs_act(struct screen *screen, enum action action) {
    const struct list_row *row = list_selected(&screen->runs, &screen->rows);
    const struct situation_run *run = row && row->kind == ROW_RUN ? run_at(screen, row->a) : NULL;
    switch (action) {
    case ACTION_OPEN:
        if (run)
            view_logs_open(screen, run);
        else
            screen_toast(screen, STYLE_DIM, "it has no log: nothing was started");
        return true;
    case ACTION_STOP:
    case ACTION_KILL:
        decide_stop(screen, run, action == ACTION_KILL);
        return true;
    case ACTION_FORGET:
        decide_forget(screen, run);
        return true;
    case ACTION_RETRY:
        decide_retry(screen, run);
        return true;
    case ACTION_ARM:
        decide_arm(screen, group_at(screen, row));
        return true;
    case ACTION_LAUNCH:
        if (row)
            launch(screen, row);
        return true;
    default:
        return false;
    }
}

const struct view view_runs = {
    .rows = runs_rows,
    .list = runs_list,
    .area = runs_area,
    .draw = runs_draw,
    .act = runs_act,
};
