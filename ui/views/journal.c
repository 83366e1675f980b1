/* Journal: everything that happened, newest last, and the morning brief. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/moment.h"
#include "base/print.h"
#include "ui/decide.h"
#include "ui/view.h"
#include "ui/words.h"

enum { AT_WIDTH = 12, KIND_WIDTH = 12, SUBJECT_WIDTH = 30, ACTOR_WIDTH = 10, BRIEF_HOURS = 12 };

static bool holds(const char *text, const char *part) {
    return text && strcasestr(text, part);
}

static bool shown(const struct screen *screen, const struct situation_event *event) {
    const char *filter = screen->journal.filter;
    bool hide = *filter == '!';
    if (hide)
        filter++;
    if (!*filter)
        return true;
    bool found = holds(event->text, filter) || holds(event->kind, filter) ||
                 holds(event->subject, filter) || holds(event->actor, filter);
    return found != hide;
}

static void journal_rows(struct screen *screen, struct list_rows *rows) {
    for (size_t i = 0; screen->situation && i < screen->situation->event_count; i++) {
        const struct situation_event *event = &screen->situation->events[i];
        if (shown(screen, event))
            list_add(rows, (struct list_row){0, i, 0, (uint64_t)event->sequence + 1});
    }
    /* Whoever has not moved yet reads the newest. */
    if (screen->journal.list.identity == 0 && rows->count)
        list_select(&screen->journal.list, rows, rows->count - 1);
}

static struct list *journal_list(struct screen *screen) {
    return &screen->journal.list;
}

static struct frame_rect journal_area(const struct screen *screen, struct frame_rect body) {
    (void)screen;
    if (body.height > 1) {
        body.y++;
        body.height--;
    }
    return body;
}

static enum theme_style style_of(const struct situation_event *event) {
    return holds(event->kind, "alarm") || holds(event->kind, "fail") ? STYLE_BAD : STYLE_NORMAL;
}

static void draw_event(struct frame *frame, struct frame_rect row,
                       const struct situation_event *event, bool selected) {
    char text[WORDS_SIZE];
    int x = frame_field(frame, row, row.x + 1, row.y, AT_WIDTH, false, STYLE_DIM,
                        words_moment(event->at, text));
    if (selected)
        frame_select(frame, (struct frame_rect){row.x + 1, row.y, AT_WIDTH - 1, 1});
    x = frame_field(frame, row, x, row.y, KIND_WIDTH, false, style_of(event), event->kind) + 1;
    if (row.width >= 100)
        x = frame_field(frame, row, x, row.y, SUBJECT_WIDTH, false, STYLE_NORMAL,
                        event->subject ? event->subject : "") +
            1;
    if (row.width >= 80)
        x = frame_field(frame, row, x, row.y, ACTOR_WIDTH, false, STYLE_DIM,
                        event->actor ? event->actor : "") +
            1;
    frame_put(frame, row, x, row.y, STYLE_NORMAL, event->text);
}

static void journal_draw(const struct screen *screen, struct frame *frame, struct frame_rect body) {
    const struct screen_journal *journal = &screen->journal;
    struct frame_rect head = frame_row(body, 0), area = journal_area(screen, body);
    int x = frame_put(frame, head, head.x + 1, head.y, STYLE_HEADING, "WHEN");
    x = frame_put(frame, head, x + 8, head.y, STYLE_HEADING, "WHAT");
    if (*journal->filter)
        frame_format(frame, head, x + 10, head.y, STYLE_WARN, "only %s: %zu of %zu events",
                     journal->filter, screen->rows.count, screen->situation->event_count);
    else if (screen->situation && screen->situation->events_left_out)
        frame_format(frame, head, x + 10, head.y, STYLE_DIM,
                     "the newest %zu events; `phasegate journal --lines N` lists more",
                     screen->situation->event_count);
    if (screen->rows.count == 0)
        frame_put(frame, area, area.x + 1, area.y, STYLE_DIM,
                  *journal->filter ? "No event matches; f with nothing shows all."
                                   : "Nothing has happened yet.");
    for (int i = 0; i < area.height && journal->list.top + (size_t)i < screen->rows.count; i++) {
        size_t place = journal->list.top + (size_t)i;
        draw_event(frame, frame_row(area, i),
                   &screen->situation->events[screen->rows.items[place].a],
                   place == journal->list.selected);
    }
}

static void brief_tables(struct text_buffer *text, const struct screen *screen) {
    char percent[WORDS_SIZE];
    text_buffer_add(text, "\n\tTables now\n");
    for (size_t i = 0; i < screen->pipeline->table_count; i++) {
        const struct coverage_table *table = words_coverage(screen->situation, i);
        int threshold = words_threshold(screen->pipeline, i);
        print_to(text, "%-32s %8s", screen->pipeline->tables[i].name,
                 table ? words_percent(coverage_percent(&table->all, threshold), percent) : "?");
        if (table && table->all.known)
            print_to(text, "  %zu missing", table->all.attainable - table->all.complete);
        if (screen->situation->tables[i].rose_last_hour > 0)
            print_to(text, ", +%lld in the last hour",
                     (long long)screen->situation->tables[i].rose_last_hour);
        text_buffer_add(text, "\n");
    }
}

static void add_progress(struct text_buffer *text, const struct situation_run *run) {
    struct situation_progress progress = situation_progress_of(run);
    print_to(text, "%zu of %zu dates%s", progress.done, progress.total,
             progress.by_log ? "" : " complete");
}

static void brief_runs(struct text_buffer *text, const struct screen *screen, int64_t since) {
    char moment[WORDS_SIZE];
    text_buffer_add(text, "\n\tRuns since\n");
    size_t count = 0;
    for (size_t i = 0; i < screen->situation->run_count; i++) {
        const struct situation_run *run = &screen->situation->runs[i];
        if (run->ended_at && run->ended_at < since)
            continue;
        count++;
        print_to(text, "%-32s %-10s %s", run->processor, words_run_state(run),
                 run->ended_at ? words_time(screen->now, run->ended_at, moment) : "");
        if (run->verdict_text)
            print_to(text, "  %s", run->verdict_text);
        else if (!run->ended_at)
            add_progress(text, run);
        text_buffer_add(text, "\n");
    }
    if (count == 0)
        text_buffer_add(text, "none\n");
}

static void open_brief(struct screen *screen) {
    const struct situation *situation = screen->situation;
    if (!situation) {
        screen_toast(screen, STYLE_DIM, "nothing was read yet");
        return;
    }
    int64_t since =
        screen->left_at ? screen->left_at : screen->now - (int64_t)BRIEF_HOURS * 3600 * 1000;
    char moment[WORDS_SIZE], span[CLOCK_SPAN_SIZE];
    struct text_buffer *text =
        view_page_open(screen, "phasegate-brief.txt", "Since %s (%s)", words_moment(since, moment),
                       clock_format_span(screen->now - since, span));
    text_buffer_add(text, "\tGates now\n");
    for (size_t i = 0; situation->gates && i < screen->pipeline->gate_count; i++)
        print_to(text, "%-8s %s  %zu of %zu pass\n",
                 gates_verdict_name(situation->gates->gates[i].verdict),
                 screen->pipeline->gates[i].name, situation->gates->gates[i].passed,
                 situation->gates->gates[i].total);
    if (situation->coverage)
        brief_tables(text, screen);
    brief_runs(text, screen, since);
    text_buffer_add(text, "\n\tWhat happened\n");
    for (size_t i = 0; i < situation->event_count; i++)
        if (situation->events[i].at >= since)
            print_to(text, "%s  %-12s %s\n",
                     words_time(screen->now, situation->events[i].at, moment),
                     situation->events[i].kind, situation->events[i].text);
}

static void open_event(struct screen *screen, const struct situation_event *event) {
    char when[MOMENT_SIZE];
    struct text_buffer *text =
        view_page_open(screen, NULL, "Event %lld: %s", (long long)event->sequence, event->kind);
    print_to(text, "%s %s\nby %s\nabout %s\n\n%s\n", moment_format_full(event->at, when),
             clock_zone(), event->actor ? event->actor : "?", event->subject ? event->subject : "?",
             event->text);
}

static char *journal_text(const struct screen *screen) {
    struct text_buffer text = {0};
    char when[MOMENT_SIZE];
    print_to(&text, "times: %s\n", clock_zone());
    for (size_t i = 0; i < screen->rows.count; i++) {
        const struct situation_event *event = &screen->situation->events[screen->rows.items[i].a];
        print_to(&text, "%s\t%s\t%s\t%s\t%s\n", moment_format_full(event->at, when), event->kind,
                 event->subject ? event->subject : "", event->actor ? event->actor : "",
                 event->text);
    }
    return text_buffer_take(&text);
}

static bool journal_act(struct screen *screen, enum action action) {
    const struct list_row *row = list_selected(&screen->journal.list, &screen->rows);
    switch (action) {
    case ACTION_BRIEF:
        open_brief(screen);
        return true;
    case ACTION_FILTER:
        decide_prompt_open(screen, PROMPT_JOURNAL_FILTER);
        return true;
    case ACTION_OPEN:
        if (row)
            open_event(screen, &screen->situation->events[row->a]);
        return true;
    case ACTION_EXPORT:
        view_export(screen, "phasegate-journal.tsv", journal_text(screen));
        return true;
    default:
        return false;
    }
}

const struct view view_journal = {
    .rows = journal_rows,
    .list = journal_list,
    .area = journal_area,
    .draw = journal_draw,
    .act = journal_act,
};
