/* Review: the page a second person reads before saying yes, generated from what is measured now. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/percent.h"
#include "base/print.h"
#include "situation/launch.h"
#include "situation/spend.h"
#include "ui/decide.h"
#include "ui/view.h"
#include "ui/words.h"

static void add_situation(struct text_buffer *text, const struct screen *screen) {
    const struct situation *situation = screen->situation;
    char percent[WORDS_SIZE], age[WORDS_SIZE];
    text_buffer_add(text, "\tSituation\n");
    for (size_t i = 0; i < screen->pipeline->table_count; i++) {
        const struct coverage_table *table = &situation->coverage->tables[i];
        const char *name = screen->pipeline->tables[i].name;
        if (!table->all.known) {
            print_to(text, "  %-32s not measured\n", name);
            continue;
        }
        print_to(text, "  %-32s %8s  %zu of %zu complete, %zu missing, measured %s\n", name,
                 words_percent(coverage_percent(&table->all, words_threshold(screen->pipeline, i)),
                               percent),
                 table->all.complete, table->all.attainable, table->all.missing,
                 words_age(screen->now, table->confirmed_at, age));
    }
}

static void add_blockers(struct text_buffer *text, const struct screen *screen) {
    char names[WORDS_SIZE], percent[PERCENT_TEXT_SIZE];
    bool any = false;
    text_buffer_add(text, "\n\tWhat is missing, and what that does\n");
    for (size_t i = 0; i < screen->pipeline->table_count; i++) {
        const struct coverage_table *table = &screen->situation->coverage->tables[i];
        const struct coverage_lineage *lineage = &table->lineage;
        const char *name = screen->pipeline->tables[i].name;
        if (lineage->blocks.count && lineage->blocked_phase != PIPELINE_NONE) {
            print_to(text, "  %s blocks %s %% of %s dates: %s\n", name,
                     percent_format(coverage_blocked_percent(lineage), percent),
                     screen->pipeline->phases[lineage->blocked_phase],
                     words_tables(screen->pipeline, &lineage->blocks, " → ", names));
            any = true;
        } else if (lineage->degrades.count) {
            print_to(text, "  %s degrades %s\n", name,
                     words_tables(screen->pipeline, &lineage->degrades, ", ", names));
            any = true;
        }
    }
    if (!any)
        text_buffer_add(text,
                        "  Nothing that is known to be missing blocks or degrades anything.\n");
}

/* Who asks BigQuery, and until when: what a launch at night rests on. */
static void add_credentials(struct text_buffer *text, const struct screen *screen) {
    const struct situation_credentials *given = &screen->situation->credentials;
    char span[CLOCK_SPAN_SIZE];
    if (!given->known) {
        return;
    }
    print_to(text, "  [%s] credentials: ", given->problem != NULL ? " " : "x");
    if (given->problem != NULL) {
        print_to(text, "%s\n", given->problem);
        return;
    }
    print_to(text, "%s", given->identity != NULL ? given->identity : given->kind);
    print_to(text, " (%s)", given->source != NULL ? given->source : "no file");
    if (given->expires_at != 0) {
        print_to(text, ", its token ends in %s",
                 clock_format_span(given->expires_at - screen->now, span));
    }
    text_buffer_add(text, "\n");
}

static void add_gates(struct text_buffer *text, const struct screen *screen) {
    const struct situation *situation = screen->situation;
    char value[WORDS_SIZE];
    text_buffer_add(text, "\n\tChecklist\n");
    add_credentials(text, screen);
    situation_preflight_describe(&situation->preflight, "  ", text);
    for (size_t i = 0; i < screen->pipeline->gate_count; i++) {
        const struct gates_gate *gate = &situation->gates->gates[i];
        print_to(text, "  %-7s %s: %zu of %zu pass, %zu of %zu inputs measured\n",
                 gates_verdict_name(gate->verdict), screen->pipeline->gates[i].name, gate->passed,
                 gate->total, gate->measured, gate->total);
        for (size_t k = 0; k < screen->pipeline->gates[i].check_count; k++) {
            const struct gates_check *check = &gate->checks[k];
            (void)snprintf(value, sizeof value, "unknown");
            if (check->measured)
                (void)snprintf(value, sizeof value, "%.1f, required %.1f", check->value,
                               check->required);
            print_to(text, "  [%s] %s: %s\n",
                     check->result == GATES_RESULT_PASS   ? "x"
                     : check->result == GATES_RESULT_FAIL ? " "
                                                          : "?",
                     check->check->name, value);
        }
    }
}

/* What a launch of the group for what is missing would run, were its gate GO. */
static void add_plan(struct text_buffer *text, const struct screen *screen, size_t group) {
    struct situation_launch launch = {.group = group,
                                      .processor = PIPELINE_NONE,
                                      .range = screen->situation->range,
                                      .gaps = true,
                                      .review = true};
    struct error error = {0};
    struct text_buffer plan_text = {0};
    struct runs_plan *plan = situation_plan(screen->situation, &launch, &error);
    if (!plan) {
        print_to(text, "    %s\n", error.text);
        return;
    }
    situation_plan_describe(plan, 0, &plan_text);
    situation_plan_evidence(screen->situation, plan, &plan_text);
    struct text rest = {plan_text.data, plan_text.size};
    while (rest.size > 0) {
        struct text line = text_cut(&rest, '\n');
        print_to(text, "    %.*s\n", (int)line.size, line.data);
    }
    text_buffer_free(&plan_text);
    runs_plan_free(plan);
}

static void add_commands(struct text_buffer *text, const struct screen *screen) {
    text_buffer_add(text, "\n\tCommands, group by group\n");
    for (size_t i = 0; i < screen->pipeline->group_count; i++) {
        const struct pipeline_group *group = &screen->pipeline->groups[i];
        print_to(text, "  %s", group->name);
        if (group->behind != PIPELINE_NONE)
            print_to(text, ", behind %s", screen->pipeline->gates[group->behind].name);
        text_buffer_add(text, "\n");
        add_plan(text, screen, i);
    }
}

/* What measuring costs: so far, and what a night would. */
static void add_cost(struct text_buffer *text, const struct screen *screen) {
    const struct situation *situation = screen->situation;
    char bytes[SITUATION_SPEND_SIZE], dollars[SITUATION_SPEND_SIZE];
    char alarm[SITUATION_BUDGET_SIZE];
    const char *least = situation->header.bills_unknown ? "≥ " : "";
    print_to(text, "\n\tCost of measuring\n  %s%s billed tonight, %s%s\n", least,
             situation_spend_bytes(situation->header.bytes_billed, bytes), least,
             situation_spend_dollars(situation->header.cost, dollars));
    situation_budget_text(screen->pipeline, situation->header.bytes_billed, alarm);
    if (*alarm)
        print_to(text, "  %s\n", alarm);
    situation_estimate_describe(situation, text);
}

static void add_footnotes(struct text_buffer *text, const struct screen *screen) {
    const struct situation *situation = screen->situation;
    char moment[WORDS_SIZE];
    text_buffer_add(text, "\n\tApproval\n");
    print_to(text, "  plan %.12s, evidence of %s; times: %s\n", screen->pipeline->hash,
             words_moment(situation->as_of, moment), clock_zone());
    bool approved = false;
    for (size_t i = 0; situation->groups && i < screen->pipeline->group_count; i++) {
        const struct situation_group *group = &situation->groups[i];
        if (!group->approved_by)
            continue;
        approved = true;
        print_to(text, "  %s approved by %s", screen->pipeline->groups[i].name, group->approved_by);
        print_to(text, " at %s", words_moment(group->approved_at, moment));
        print_to(text, ", until %s\n", words_moment(group->approved_until, moment));
    }
    if (!approved)
        text_buffer_add(text, "  not approved; a records your approval\n");
}

static void write_review(struct screen *screen) {
    struct text_buffer *text = &screen->review_text;
    text_buffer_clear(text);
    if (!screen->situation || !screen->situation->coverage || !screen->situation->gates) {
        text_buffer_add(text, "Nothing was measured yet: there is nothing to review.\n");
        return;
    }
    if (screen->review_plan) {
        print_value(text, PRINT_LINES, text_of(screen->review_plan));
        text_buffer_add(text, "\n");
    }
    add_situation(text, screen);
    add_blockers(text, screen);
    add_gates(text, screen);
    add_commands(text, screen);
    add_cost(text, screen);
    add_footnotes(text, screen);
}

static struct frame_rect review_area(const struct screen *screen, struct frame_rect body) {
    (void)screen;
    body.x += 1;
    body.width -= 2;
    return body;
}

static void review_rows(struct screen *screen, struct list_rows *rows) {
    write_review(screen);
    view_text_rows(&screen->review_text, screen->width - 2, rows);
}

static struct list *review_list(struct screen *screen) {
    return &screen->review;
}

static void review_draw(const struct screen *screen, struct frame *frame, struct frame_rect body) {
    view_text_draw(frame, review_area(screen, body),
                   screen->review_text.data ? screen->review_text.data : "", &screen->rows,
                   screen->review.top);
}

/* A fence that nothing inside can close: longer than any row of backticks there. */
static char *fence_of(struct text text) {
    size_t longest = 2, row = 0;
    for (size_t i = 0; i < text.size; i++) {
        row = text.data[i] == '`' ? row + 1 : 0;
        longest = row > longest ? row : longest;
    }
    char *fence = memory_new(longest + 2, 1);
    memset(fence, '`', longest + 1);
    return fence;
}

/* Headings become Markdown's, and the rest a block of verbatim text. */
char *view_review_markdown(const struct screen *screen) {
    struct text_buffer out = {0};
    struct text rest = {screen->review_text.data, screen->review_text.size};
    char *fence = fence_of(rest);
    bool block = false;
    text_buffer_add(&out, "# Review of ");
    print_value(&out, PRINT_MARKDOWN, text_of(screen->pipeline->name));
    text_buffer_add(&out, "\n\n");
    while (rest.size) {
        struct text line = text_cut(&rest, '\n');
        bool heading = line.size && line.data[0] == '\t';
        if (heading) {
            if (block) {
                print_to(&out, "%s\n\n", fence);
            }
            text_buffer_add(&out, "## ");
            print_value(&out, PRINT_MARKDOWN, (struct text){line.data + 1, line.size - 1});
            print_to(&out, "\n\n%stext\n", fence);
            block = true;
        } else {
            print_to(&out, "%.*s\n", (int)line.size, line.size ? line.data : "");
        }
    }
    if (block)
        print_to(&out, "%s\n", fence);
    free(fence);
    return text_buffer_take(&out);
}

static bool review_act(struct screen *screen, enum action action) {
    switch (action) {
    case ACTION_APPROVE: {
        size_t gate = screen->situation ? screen->situation->header.gate : PIPELINE_NONE;
        if (gate == PIPELINE_NONE && screen->situation && screen->pipeline->gate_count)
            gate = 0;
        decide_gate(screen, action, gate);
        return true;
    }
    case ACTION_EXPORT:
        view_export(screen, "phasegate-review.md", view_review_markdown(screen));
        return true;
    default:
        return false;
    }
}

const struct view view_review = {
    .rows = review_rows,
    .list = review_list,
    .area = review_area,
    .draw = review_draw,
    .act = review_act,
};
