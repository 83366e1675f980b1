/* Gates: one block a gate in pipeline order, failing checks first, passing ones folded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/percent.h"
#include "base/print.h"
#include "gates/gates_text.h"
#include "ui/decide.h"
#include "ui/view.h"
#include "ui/words.h"

enum { ROW_GATE, ROW_CHECK, ROW_NOTE, ROW_PASSING, ROW_BLANK };
enum { NOTE_WHY, NOTE_BLOCKS, NOTE_DEGRADES, NOTE_OVERRIDE };
enum { CHECKS_LIMIT = 256, VALUE_WIDTH = 10, AGE_WIDTH = 8 };

static uint64_t identity_of(size_t gate, size_t check) {
    return (uint64_t)gate * 100000U + check + 1;
}

static void add_check(struct list_rows *rows, size_t gate, size_t place,
                      const struct gates_check *check) {
    list_add(rows, (struct list_row){ROW_CHECK, gate, place, identity_of(gate, place + 1)});
    struct list_row note = {.kind = ROW_NOTE, .a = gate, .b = place * 8};
    if (check->result == GATES_RESULT_PASS) {
        if (check->why) {
            note.b += NOTE_WHY;
            list_add(rows, note);
        }
        return;
    }
    bool of_runs = check->check->kind == PIPELINE_CHECK_RUNS;
    if (check->why && (check->result == GATES_RESULT_UNKNOWN || !check->fresh || of_runs)) {
        note.b = place * 8 + NOTE_WHY;
        list_add(rows, note);
    }
    if (check->blocks.count) {
        note.b = place * 8 + NOTE_BLOCKS;
        list_add(rows, note);
    } else if (check->degrades.count) {
        note.b = place * 8 + NOTE_DEGRADES;
        list_add(rows, note);
    }
}

static void gates_rows(struct screen *screen, struct list_rows *rows) {
    if (!screen->situation || !screen->situation->gates)
        return;
    for (size_t i = 0; i < screen->pipeline->gate_count; i++) {
        const struct gates_gate *gate = &screen->situation->gates->gates[i];
        size_t count = screen->pipeline->gates[i].check_count, order[CHECKS_LIMIT];
        bool open = screen->gates_open == identity_of(i, 0);
        list_add(rows, (struct list_row){ROW_GATE, i, 0, identity_of(i, 0)});
        if (gate->mark)
            list_add(rows, (struct list_row){ROW_NOTE, i, NOTE_OVERRIDE, 0});
        size_t *places = count <= CHECKS_LIMIT ? order : memory_new(count, sizeof *places);
        gates_order(gate, count, places);
        for (size_t k = 0; k < count; k++)
            if (open || gate->checks[places[k]].result != GATES_RESULT_PASS)
                add_check(rows, i, places[k], &gate->checks[places[k]]);
        if (places != order)
            free(places);
        if (gate->passed && !open)
            list_add(rows, (struct list_row){ROW_PASSING, i, 0, 0});
        list_add(rows, (struct list_row){.kind = ROW_BLANK});
    }
}

static struct list *gates_list(struct screen *screen) {
    return &screen->gates;
}

static struct frame_rect gates_area(const struct screen *screen, struct frame_rect body) {
    (void)screen;
    if (body.height > 1) {
        body.y++;
        body.height--;
    }
    return body;
}

/* Columns from the right: age, margin, required, measured; the name has the rest. */
static int column_x(const struct frame_rect *row, int from_right) {
    int width = row->width > 130 ? 130 : row->width;
    return row->x + width - 1 - AGE_WIDTH - from_right * VALUE_WIDTH;
}

static void draw_gate(const struct screen *screen, struct frame *frame, struct frame_rect row,
                      size_t index, bool selected) {
    const struct gates_gate *gate = &screen->situation->gates->gates[index];
    const struct pipeline_gate *facts = &screen->pipeline->gates[index];
    enum theme_style style = words_verdict_style(gate->verdict);
    char text[WORDS_SIZE], span[CLOCK_SPAN_SIZE];
    int x = frame_put(frame, row, row.x + 1, row.y, style, words_verdict_mark(gate->verdict));
    x = frame_put(frame, row, x + 1, row.y, style, gates_verdict_name(gate->verdict));
    int name_x = x + 1;
    x = frame_put(frame, row, name_x, row.y, STYLE_STRONG, facts->name);
    if (selected)
        frame_select(frame, (struct frame_rect){name_x, row.y, x - name_x, 1});
    int64_t since = screen->situation->gate_facts ? screen->situation->gate_facts[index].since : 0;
    if (since)
        x = frame_format(frame, row, x + 2, row.y, STYLE_DIM, "since %s (%s)",
                         words_time(screen->now, since, text),
                         clock_format_span(screen->now - since, span));
    for (size_t i = 0; i < facts->holds.count; i++)
        x = frame_format(frame, row, x + (i ? 0 : 2), row.y, STYLE_DIM, "%s%s",
                         i                           ? ", "
                         : gate->verdict == GATES_GO ? "lets pass "
                                                     : "holds ",
                         screen->pipeline->groups[facts->holds.items[i]].name);
    if (facts->holds.count && screen->situation->groups) {
        style = words_arm(&screen->situation->groups[facts->holds.items[0]], screen->now, text);
        x = *text ? frame_put(frame, row, x + 2, row.y, style, text) : x;
    }
    (void)snprintf(text, sizeof text, "%zu of %zu pass · %zu of %zu measured", gate->passed,
                   gate->total, gate->measured, gate->total);
    int end = column_x(&row, 0) + AGE_WIDTH, left = end - frame_columns(text_of(text));
    if (left > x + 1)
        frame_put(frame, row, left, row.y, STYLE_DIM, text);
}

/* "+2.5", "-3", "-1.0 KiB"; the unit of a percentage stands with the value. */
static void format_margin(const struct gates_check *check, char *out) {
    char value[GATES_VALUE_SIZE];
    if (check->unit == GATES_UNIT_PERCENT)
        (void)snprintf(out, WORDS_SIZE, "%+.1f", check->margin);
    else
        (void)print_into(out, WORDS_SIZE, "%s%s", check->margin < 0 ? "" : "+",
                         gates_format_value(check->margin, check->unit, value));
}

static void draw_check(const struct screen *screen, struct frame *frame, struct frame_rect row,
                       const struct list_row *item, bool selected) {
    static const struct {
        const char *mark;
        enum theme_style style;
    } looks[] = {
        [GATES_RESULT_UNKNOWN] = {"?", STYLE_UNKNOWN},
        [GATES_RESULT_FAIL] = {"✗", STYLE_BAD},
        [GATES_RESULT_PASS] = {" ", STYLE_NORMAL},
    };
    const struct gates_check *check = &screen->situation->gates->gates[item->a].checks[item->b];
    char text[WORDS_SIZE], span[CLOCK_SPAN_SIZE];
    frame_put(frame, row, row.x + 3, row.y, looks[check->result].style, looks[check->result].mark);
    struct frame_rect name = {row.x + 5, row.y, column_x(&row, 3) - row.x - 6, 1};
    frame_field(frame, row, name.x, name.y, name.width, false, STYLE_NORMAL, check->check->name);
    if (selected)
        frame_select(frame, name);
    enum theme_style style = check->fresh ? STYLE_NORMAL : STYLE_DIM;
    (void)snprintf(text, sizeof text, "unknown");
    if (check->measured)
        (void)gates_format_judged(check->value, check->required, check->unit, text);
    frame_field(frame, row, column_x(&row, 3), row.y, VALUE_WIDTH, true,
                check->result == GATES_RESULT_FAIL ? STYLE_BAD : style, text);
    if (check->check->kind != PIPELINE_CHECK_MANUAL) {
        (void)gates_format_value(check->required, check->unit, text);
        frame_field(frame, row, column_x(&row, 2), row.y, VALUE_WIDTH, true, STYLE_DIM, text);
    }
    if (check->measured) {
        format_margin(check, text);
        frame_field(frame, row, column_x(&row, 1), row.y, VALUE_WIDTH, true, style, text);
    }
    frame_field(frame, row, column_x(&row, 0), row.y, AGE_WIDTH, true,
                check->fresh ? STYLE_DIM : STYLE_STALE,
                check->age_ms < 0 ? "never" : clock_format_span(check->age_ms, span));
}

static void draw_note(const struct screen *screen, struct frame *frame, struct frame_rect row,
                      const struct list_row *item) {
    const struct gates_gate *gate = &screen->situation->gates->gates[item->a];
    char text[WORDS_SIZE], percent[PERCENT_TEXT_SIZE];
    int x = row.x + 7;
    if (item->b == NOTE_OVERRIDE && gate->mark) {
        frame_format(frame, row, row.x + 5, row.y, STYLE_HOLD, "%s by %s at %s: %s",
                     gate->mark->hold ? "held" : "overridden", gate->mark->by,
                     words_time(screen->now, gate->mark->at, text), gate->mark->reason);
        return;
    }
    const struct gates_check *check = &gate->checks[item->b / 8];
    switch (item->b % 8) {
    case NOTE_WHY:
        frame_put(frame, row, x, row.y, STYLE_WARN, check->why);
        break;
    case NOTE_BLOCKS:
        if (check->blocked_percent != PERCENT_UNKNOWN && check->blocked_phase != PIPELINE_NONE)
            x = frame_format(frame, row, x, row.y, STYLE_NORMAL, "%s %% of %s dates cannot run: ",
                             percent_format(check->blocked_percent, percent),
                             screen->pipeline->phases[check->blocked_phase]);
        else
            x = frame_put(frame, row, x, row.y, STYLE_NORMAL, "blocks ");
        frame_put(frame, row, x, row.y, STYLE_NORMAL,
                  words_tables(screen->pipeline, &check->blocks, " → ", text));
        break;
    case NOTE_DEGRADES:
        frame_format(frame, row, x, row.y, STYLE_DIM, "degrades %s",
                     words_tables(screen->pipeline, &check->degrades, ", ", text));
        break;
    default:
        break;
    }
}

static void draw_heading(struct frame *frame, struct frame_rect row) {
    static const char *const names[] = {"AGE", "MARGIN", "REQUIRED", "MEASURED"};
    frame_put(frame, row, row.x + 1, row.y, STYLE_HEADING, "GATE");
    for (int i = 0; i < 4; i++)
        frame_field(frame, row, column_x(&row, i), row.y, i ? VALUE_WIDTH : AGE_WIDTH, true,
                    STYLE_HEADING, names[i]);
}

static void gates_draw(const struct screen *screen, struct frame *frame, struct frame_rect body) {
    draw_heading(frame, frame_row(body, 0));
    struct frame_rect area = gates_area(screen, body);
    if (screen->rows.count == 0)
        frame_put(frame, area, area.x + 1, area.y + 1, STYLE_DIM,
                  screen->pipeline->gate_count ? "Nothing was judged yet."
                                               : "This pipeline has no gates.");
    for (int i = 0; i < area.height && screen->gates.top + (size_t)i < screen->rows.count; i++) {
        size_t place = screen->gates.top + (size_t)i;
        const struct list_row *item = &screen->rows.items[place];
        struct frame_rect row = frame_row(area, i);
        bool selected = place == screen->gates.selected && item->identity;
        if (item->kind == ROW_GATE)
            draw_gate(screen, frame, row, item->a, selected);
        else if (item->kind == ROW_CHECK)
            draw_check(screen, frame, row, item, selected);
        else if (item->kind == ROW_NOTE)
            draw_note(screen, frame, row, item);
        else if (item->kind == ROW_PASSING)
            frame_format(frame, row, row.x + 5, row.y, STYLE_DIM, "%zu of %zu pass",
                         screen->situation->gates->gates[item->a].passed,
                         screen->situation->gates->gates[item->a].total);
    }
}

static void add_history(struct text_buffer *text, const struct screen *screen, const char *gate,
                        const char *check) {
    size_t shown = 0;
    char moment[WORDS_SIZE];
    text_buffer_add(text, "\n\tHistory\n");
    for (size_t i = screen->situation->event_count; i-- > 0 && shown < 200;) {
        const struct situation_event *event = &screen->situation->events[i];
        bool about = event->subject && (strcmp(event->subject, gate) == 0 ||
                                        (check && strcmp(event->subject, check) == 0));
        if (!about)
            continue;
        print_to(text, "%s  %-10s %s\n", words_moment(event->at, moment), event->kind, event->text);
        shown++;
    }
    if (shown == 0)
        text_buffer_add(text, "The journal holds nothing about it yet.\n");
}

static void open_check(struct screen *screen, const struct list_row *item) {
    const struct gates_check *check = &screen->situation->gates->gates[item->a].checks[item->b];
    const char *gate = screen->pipeline->gates[item->a].name;
    struct text_buffer *text = view_page_open(screen, NULL, "%s · %s", gate, check->check->name);
    char value[WORDS_SIZE] = "unknown", span[CLOCK_SPAN_SIZE];
    if (check->measured)
        (void)gates_format_judged(check->value, check->required, check->unit, value);
    print_to(text, "%s: measured %s, ", gates_result_name(check->result), value);
    print_to(text, "required %s, ", gates_format_value(check->required, check->unit, value));
    format_margin(check, value);
    print_to(text, "margin %s, %s%s old\n", value, check->age_ms < 0 ? "never measured, " : "",
             clock_format_span(check->age_ms, span));
    if (check->why)
        print_to(text, "%s\n", check->why);
    if (check->check->kind == PIPELINE_CHECK_COVERAGE && check->check->target)
        print_to(text, "minimum %g %%, target %g %%, optimal %g %%\n",
                 check->check->minimum / 100.0, check->check->target / 100.0,
                 check->check->optimal / 100.0);
    if (check->check->kind == PIPELINE_CHECK_MANUAL && check->check->question)
        print_to(text, "question: %s\n", check->check->question);
    if (check->blocks.count)
        print_to(text, "blocks %s\n", words_tables(screen->pipeline, &check->blocks, " → ", value));
    if (check->degrades.count)
        print_to(text, "degrades %s\n",
                 words_tables(screen->pipeline, &check->degrades, ", ", value));
    add_history(text, screen, gate, check->check->name);
}

static bool gates_act(struct screen *screen, enum action action) {
    const struct list_row *row = list_selected(&screen->gates, &screen->rows);
    size_t gate = row ? row->a : PIPELINE_NONE;
    struct decide_target target = decide_nothing;
    switch (action) {
    case ACTION_OPEN:
        if (row && row->kind == ROW_GATE)
            screen->gates_open = screen->gates_open == row->identity ? 0 : row->identity;
        else if (row)
            open_check(screen, row);
        return true;
    case ACTION_APPROVE:
    case ACTION_OVERRIDE:
    case ACTION_HOLD:
        decide_gate(screen, action, gate);
        return true;
    case ACTION_ARM:
        if (gate != PIPELINE_NONE && screen->pipeline->gates[gate].holds.count)
            target.group = screen->pipeline->gates[gate].holds.items[0];
        decide_arm(screen, target.group);
        return true;
    case ACTION_LAUNCH:
        if (gate != PIPELINE_NONE && screen->pipeline->gates[gate].holds.count)
            target.group = screen->pipeline->gates[gate].holds.items[0];
        if (target.group == PIPELINE_NONE)
            screen_toast(screen, STYLE_DIM, "no group stands behind this gate");
        else
            decide_launch(screen, &target);
        return true;
    default:
        return false;
    }
}

const struct view view_gates = {
    .rows = gates_rows,
    .list = gates_list,
    .area = gates_area,
    .draw = gates_draw,
    .act = gates_act,
};
