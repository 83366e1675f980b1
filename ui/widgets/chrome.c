/* What every view has around it: title, the answer to the three questions, tabs, footer. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/print.h"
#include "ui/view.h"
#include "ui/words.h"

static void draw_title(const struct screen *screen, struct frame *frame, struct frame_rect row) {
    const struct situation *situation = screen->situation;
    char text[WORDS_SIZE], right[SCREEN_TEXT] = "", clock[WORDS_SIZE];
    enum theme_style style = STYLE_DIM;
    if (situation && situation->header.polled_at) {
        char bytes[WORDS_SIZE];
        const char *least = situation->header.bills_unknown ? "≥ " : "";
        (void)print_into(right, sizeof right, "BigQuery %s · %s%s · %s$%.2f",
                         words_age(screen->now, situation->header.polled_at, text), least,
                         words_bytes(situation->header.bytes_billed, bytes), least,
                         situation->header.cost);
    } else if (situation) {
        (void)snprintf(right, sizeof right, "BigQuery: no answer yet");
    }
    if (situation && situation->header.bigquery) {
        char trouble[SITUATION_TROUBLE_SIZE];
        (void)print_into(right, sizeof right, "BigQuery: %s",
                         situation_trouble_text(situation->header.bigquery, screen->now, trouble));
        style = STYLE_WARN;
    }
    if (screen->paused) {
        (void)snprintf(right, sizeof right, "paused: z goes on");
        style = STYLE_HOLD;
    }
    char time[WORDS_SIZE], zone[CLOCK_ABBREVIATION_SIZE];
    (void)print_into(clock, sizeof clock, "%s %s", words_clock(screen->now, time),
                     clock_abbreviation(screen->now, zone));
    int clock_x = row.x + row.width - 1 - (int)strlen(clock);
    int x = frame_put(frame, row, row.x + 1, row.y, STYLE_STRONG, "phasegate");
    x = frame_put(frame, row, x + 2, row.y, STYLE_NORMAL, screen->pipeline->name);
    int columns = frame_columns(text_of(right));
    int right_x = clock_x - columns - (row.width >= 100 ? 8 : 2);
    if (situation && x + 2 + 23 < right_x)
        x = frame_put(frame, row, x + 2, row.y, STYLE_DIM, words_range(situation->range, text));
    if (right_x < x + 2)
        right_x = x + 2;
    if (right_x < clock_x - 2)
        frame_field(frame, row, right_x, row.y, clock_x - 2 - right_x, false, style, right);
    frame_put(frame, row, clock_x, row.y, STYLE_DIM, clock);
}

/* "3 of 5 tables under 95 %" of a gate that judges coverage and perhaps more; false when no
 * coverage is too low, or the tables have different minima, or one is too low by its number of
 * missing dates. */
static bool tables_too_low(const struct gates_gate *gate, size_t count, char *out) {
    size_t tables = 0, low = 0;
    int minimum = -1;
    for (size_t i = 0; i < count; i++) {
        const struct gates_check *judged = &gate->checks[i];
        if (judged->check->kind != PIPELINE_CHECK_COVERAGE)
            continue;
        tables++;
        if (judged->result != GATES_RESULT_FAIL)
            continue;
        low++;
        bool by_share = judged->check->minimum > 0 && judged->check->missing_at_most < 0;
        if (!by_share || (minimum >= 0 && minimum != judged->check->minimum))
            return false;
        minimum = judged->check->minimum;
    }
    if (low)
        (void)snprintf(out, WORDS_SIZE, "%zu of %zu tables under %g %%", low, tables,
                       minimum / 100.0);
    return low > 0;
}

static void only_failure(const struct gates_gate *gate, size_t count, char *out) {
    for (size_t i = 0; i < count; i++)
        if (gate->checks[i].result == GATES_RESULT_FAIL)
            (void)print_into(out, WORDS_SIZE, "%.60s",
                             gate->checks[i].why ? gate->checks[i].why
                                                 : gate->checks[i].check->name);
}

/* The failing checks of a gate in a few words. */
static void why_not_go(const struct gates_gate *gate, size_t count, char *out) {
    if (gate->mark && gate->mark->hold)
        (void)print_into(out, WORDS_SIZE, "held by %s: %.40s", gate->mark->by, gate->mark->reason);
    else if ((gate->unknown || gate->verdict == GATES_STALE) && gate->measured < gate->total)
        (void)snprintf(out, WORDS_SIZE, "%zu of %zu inputs are not fresh",
                       gate->total - gate->measured, gate->total);
    else if (tables_too_low(gate, count, out))
        return;
    else if (gate->failed == 1)
        only_failure(gate, count, out);
    else if (gate->failed)
        (void)snprintf(out, WORDS_SIZE, "%zu of %zu checks fail", gate->failed, gate->total);
    else
        (void)snprintf(out, WORDS_SIZE, "%zu of %zu inputs measured", gate->measured, gate->total);
}

static bool anything_overridden(const struct situation *situation, const char **gate) {
    for (size_t i = 0; i < situation->pipeline->gate_count; i++) {
        const struct gates_mark *mark = situation->gates->gates[i].mark;
        if (mark && !mark->hold) {
            *gate = mark->gate;
            return true;
        }
    }
    return false;
}

static int draw_right(const struct screen *screen, struct frame *frame, struct frame_rect row,
                      int left) {
    const struct situation_header *header = &screen->situation->header;
    char text[SCREEN_TEXT], moment[WORDS_SIZE];
    struct text_buffer words = {0};
    const char *gate;
    if (anything_overridden(screen->situation, &gate))
        print_to(&words, "%s overridden · ", gate);
    if (header->running)
        print_to(&words, "%zu running", header->running);
    else
        text_buffer_add(&words, "nothing runs");
    if (header->go_expected)
        print_to(&words, " · GO expected %s", words_time(screen->now, header->go_expected, moment));
    (void)print_copy(text, sizeof text, PRINT_VALUE, words.data);
    text_buffer_free(&words);
    int columns = frame_columns(text_of(text));
    int x = row.x + row.width - 1 - columns;
    if (x < left + 2)
        return row.x + row.width;
    frame_put(frame, row, x, row.y, header->running ? STYLE_MOVING : STYLE_NORMAL, text);
    return x;
}

static int draw_verdict(struct frame *frame, struct frame_rect row, enum gates_verdict verdict) {
    int x = frame_put(frame, row, row.x + 1, row.y, words_verdict_style(verdict),
                      words_verdict_mark(verdict));
    return frame_put(frame, row, x + 1, row.y, words_verdict_style(verdict),
                     gates_verdict_name(verdict));
}

/* "next: group1 (held)", "next: launch group1", "next: group1, armed until …". */
static enum theme_style what_is_next(const struct screen *screen, char *out) {
    const struct situation *situation = screen->situation;
    const struct situation_header *header = &situation->header;
    char arm[WORDS_SIZE] = "";
    bool launch = header->launchable != PIPELINE_NONE;
    size_t next = launch ? header->launchable : header->next_group;
    *out = '\0';
    if (next == PIPELINE_NONE)
        return STYLE_DIM;
    const char *group = situation->pipeline->groups[next].name;
    if (situation->groups && situation->groups[next].arm) {
        enum theme_style style = words_arm(&situation->groups[next], screen->now, arm);
        (void)print_into(out, WORDS_SIZE, "next: %.40s %.72s", group, arm);
        return style;
    }
    (void)print_into(out, WORDS_SIZE, launch ? "next: launch %s" : "next: %s (held)", group);
    return launch ? STYLE_NORMAL : STYLE_DIM;
}

/* "group1 starts in 42 s, m says no": while anybody can still say no, nothing is more urgent. */
static int draw_countdown(const struct screen *screen, struct frame *frame, struct frame_rect row,
                          int x, size_t group) {
    char text[WORDS_SIZE];
    x = frame_put(frame, row, x + 2, row.y, STYLE_STRONG, screen->pipeline->groups[group].name);
    enum theme_style style = words_arm(&screen->situation->groups[group], screen->now, text);
    return frame_put(frame, row, x + 1, row.y, style, text);
}

static void draw_answer(const struct screen *screen, struct frame *frame, struct frame_rect row) {
    const struct situation *situation = screen->situation;
    if (!situation) {
        int x = draw_verdict(frame, row, GATES_UNKNOWN);
        frame_put(frame, row, x + 1, row.y, *screen->trouble ? STYLE_WARN : STYLE_DIM,
                  *screen->trouble ? screen->trouble : "nothing measured yet");
        return;
    }
    size_t index = situation->header.gate;
    size_t counting = words_countdown(situation);
    if (index == PIPELINE_NONE) {
        int x = draw_verdict(frame, row, GATES_GO);
        x = frame_format(frame, row, x + 1, row.y, STYLE_NORMAL, "all %zu gates",
                         situation->pipeline->gate_count);
        if (counting != PIPELINE_NONE)
            x = draw_countdown(screen, frame, row, x, counting);
        (void)draw_right(screen, frame, row, x);
        return;
    }
    const struct gates_gate *gate = &situation->gates->gates[index];
    char text[WORDS_SIZE];
    int x = draw_verdict(frame, row, gate->verdict);
    x = frame_put(frame, row, x + 1, row.y, STYLE_STRONG, situation->pipeline->gates[index].name);
    if (counting != PIPELINE_NONE) {
        x = draw_countdown(screen, frame, row, x, counting);
        (void)draw_right(screen, frame, row, x);
        return;
    }
    why_not_go(gate, situation->pipeline->gates[index].check_count, text);
    x = frame_put(frame, row, x + 2, row.y, STYLE_NORMAL, text);
    int end = draw_right(screen, frame, row, x);
    enum theme_style style = what_is_next(screen, text);
    if (*text && x + 3 + frame_columns(text_of(text)) + 2 <= end)
        frame_put(frame, row, x + 3, row.y, style, text);
}

static int tab_x(int tab) {
    int x = 1;
    for (int i = 0; i < tab; i++)
        x += (int)strlen(actions_view_name((enum actions_view)i)) + 4;
    return x;
}

int view_chrome_tab(int x) {
    for (int i = 0; i < VIEW_TABS; i++)
        if (x >= tab_x(i) && x < tab_x(i + 1) - 2)
            return i;
    return -1;
}

/* The alarm of a byte budget that is nearly or wholly used up. */
static bool budget_line(const struct screen *screen, char *text, enum theme_style *style) {
    const struct situation *situation = screen->situation;
    if (!situation || situation->header.budget == SITUATION_BUDGET_FINE)
        return false;
    bool used_up = situation->header.budget == SITUATION_BUDGET_USED_UP;
    double share = (double)situation->header.bytes_billed * 100 /
                   (double)screen->pipeline->poll.bytes_per_night;
    *style = used_up ? STYLE_NO_GO : STYLE_WARN;
    (void)snprintf(text, SCREEN_TEXT,
                   used_up ? "▲ byte budget used up: paid polls stopped"
                           : "▲ %d %% of the night's byte budget",
                   (int)share);
    return true;
}

static void draw_tabs(const struct screen *screen, struct frame *frame, struct frame_rect row) {
    for (int i = 0; i < VIEW_TABS; i++) {
        enum theme_style style =
            (int)screen->tab == i && !screen->page_open ? STYLE_TAB_ACTIVE : STYLE_TAB;
        frame_format(frame, row, row.x + tab_x(i), row.y, style, "%d %s", i + 1,
                     actions_view_name((enum actions_view)i));
    }
    char text[SCREEN_TEXT];
    enum theme_style style = STYLE_DIM;
    if (screen->situation && screen->situation->header.agent_trouble) {
        (void)print_into(text, sizeof text, "%s", screen->situation->header.agent_trouble);
        style = STYLE_WARN;
    } else if (screen->situation && !screen->situation->header.agent_alive) {
        (void)snprintf(text, sizeof text, "no agent: nothing is measured");
        style = STYLE_WARN;
    } else if (screen->situation && screen->situation->header.plan.notice_short) {
        (void)print_into(text, sizeof text, "%s", screen->situation->header.plan.notice_short);
        style = STYLE_WARN;
    } else if (*screen->trouble) {
        (void)print_into(text, sizeof text, "%.80s", screen->trouble);
        style = STYLE_WARN;
    } else if (budget_line(screen, text, &style)) {
    } else if (screen->situation && screen->situation->header.consoles > 1) {
        (void)print_into(text, sizeof text, "%.64s · %zu consoles", screen->user,
                         screen->situation->header.consoles);
    } else {
        (void)print_into(text, sizeof text, "%.64s", screen->user);
    }
    int left = tab_x(VIEW_TABS), width = frame_columns(text_of(text));
    int x = row.x + row.width - 1 - width;
    if (x >= left || style == STYLE_WARN)
        frame_field(frame, row, x < left ? left : x, row.y, row.width - 1 - (x < left ? left : x),
                    false, style, text);
}

static void draw_prompt(const struct screen *screen, struct frame *frame, struct frame_rect row) {
    static const char *const labels[] = {
        [PROMPT_PALETTE] = ":",
        [PROMPT_SEARCH] = "/",
        [PROMPT_LOG_FILTER] = "only lines with (!text hides): ",
        [PROMPT_GO_TO] = "go to time (23:15), line, 50% or text: ",
        [PROMPT_JOURNAL_FILTER] = "only events with (!text hides): ",
        [PROMPT_COUNT] = "number of dates affected: ",
        [PROMPT_REASON] = "reason (at least 10 characters): ",
    };
    int x = frame_put(frame, row, row.x + 1, row.y, STYLE_KEY, labels[screen->prompt.kind]);
    const char *text = screen->prompt.text;
    int room = row.x + row.width - 1 - x, columns = frame_columns(text_of(text));
    while (columns > room && *text) { /* the end of a long text is what is being typed */
        uint32_t code_point;
        text += text_decode(text, strlen(text), &code_point);
        columns = frame_columns(text_of(text));
    }
    x = frame_put(frame, row, x, row.y, STYLE_NORMAL, text);
    frame->cursor_x = x < row.x + row.width ? x : row.x + row.width - 1;
    frame->cursor_y = row.y;
}

static int draw_hint(struct frame *frame, struct frame_rect row, int x, int end, const char *keys,
                     const char *label) {
    size_t size = strcspn(keys, " ");
    int need = (int)size + 1 + frame_columns(text_of(label));
    if (x + need > end)
        return x;
    x = frame_put_text(frame, row, x, row.y, STYLE_KEY, (struct text){keys, size});
    return frame_put(frame, row, x + 1, row.y, STYLE_HINT, label) + 2;
}

/* Help and quit have their place at the right; the view's own actions fill the rest. */
static void draw_footer(const struct screen *screen, struct frame *frame, struct frame_rect row) {
    if (screen->prompt.open) {
        draw_prompt(screen, frame, row);
        return;
    }
    if (*screen->toast && screen->monotonic_ms < screen->toast_until_ms) {
        frame_field(frame, row, row.x + 1, row.y, row.width - 2, false, screen->toast_style,
                    screen->toast);
        return;
    }
    enum actions_view top = screen_top(screen);
    int end = row.x + row.width - 1;
    if (top != VIEW_DIALOG) {
        int reserved = (int)strlen(": command  ? help  q quit");
        int x = end - reserved;
        draw_hint(frame, row, x, end, ":", "command");
        draw_hint(frame, row, x + 11, end, "?", "help");
        draw_hint(frame, row, x + 19, end, "q", "quit");
        end = x - 2;
    }
    int x = row.x + 1;
    for (int i = 0; i < ACTION_COUNT; i++) {
        const struct actions_entry *entry = actions_entry((enum action)i);
        bool always = i == ACTION_PALETTE || i == ACTION_HELP || i == ACTION_QUIT;
        bool idle_back = i == ACTION_BACK && top <= VIEW_JOURNAL;
        if (*entry->label && !always && !idle_back && actions_in_view((enum action)i, top))
            x = draw_hint(frame, row, x, end, entry->keys, entry->label);
    }
}

void view_chrome_draw(const struct screen *screen, struct frame *frame,
                      const struct layout_screen *layout) {
    draw_answer(screen, frame, layout->answer);
    if (layout->line)
        return;
    draw_title(screen, frame, layout->title);
    draw_tabs(screen, frame, layout->tabs);
    draw_footer(screen, frame, layout->footer);
}
