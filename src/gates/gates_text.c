#include "gates/gates_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/percent.h"
#include "base/print.h"
#include "base/text.h"

enum { MOST_BYTE_DIGITS = 4 };

/* Bytes with so many digits behind the point; whole bytes for more than it can have. */
static char *format_bytes(double value, int digits, char out[GATES_VALUE_SIZE]) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t unit = 0;
    while ((value >= 1024 || value <= -1024) && digits <= MOST_BYTE_DIGITS &&
           unit + 1 < sizeof units / sizeof *units) {
        value /= 1024;
        unit++;
    }
    (void)snprintf(out, GATES_VALUE_SIZE, "%.*f %s", unit == 0 ? 0 : digits, value, units[unit]);
    return out;
}

/* The shortest text that reads back as the number: what decides is never printed away. */
static char *format_number(double value, char out[GATES_VALUE_SIZE]) {
    enum { FEW_DIGITS = 12, MOST_DIGITS = 17 };
    if (value > -1e15 && value < 1e15 && value == (double)(int64_t)value) {
        (void)snprintf(out, GATES_VALUE_SIZE, "%.0f", value);
        return out;
    }
    for (int digits = FEW_DIGITS; digits <= MOST_DIGITS; digits++) {
        (void)snprintf(out, GATES_VALUE_SIZE, "%.*g", digits, value);
        if (strtod(out, NULL) == value) {
            break;
        }
    }
    return out;
}

/* Nothing is ever "-0". */
static double without_sign_of_zero(double value) {
    return value == 0 ? 0 : value;
}

char *gates_format_value(double value, enum gates_unit unit, char out[GATES_VALUE_SIZE]) {
    value = without_sign_of_zero(value);
    switch (unit) {
    case GATES_UNIT_PERCENT: {
        /* Thresholds may have two decimals; measured shares have one. */
        bool one = (long long)(value * 100 + (value < 0 ? -0.5 : 0.5)) % 10 == 0;
        (void)snprintf(out, GATES_VALUE_SIZE, one ? "%.1f %%" : "%.2f %%", value);
        return out;
    }
    case GATES_UNIT_BYTES:
        return format_bytes(value, 1, out);
    case GATES_UNIT_COUNT:
        (void)snprintf(out, GATES_VALUE_SIZE, "%.0f", value);
        return out;
    case GATES_UNIT_NUMBER:
        break;
    }
    return format_number(value, out);
}

char *gates_format_judged(double value, double required, enum gates_unit unit,
                          char out[GATES_VALUE_SIZE]) {
    char other[GATES_VALUE_SIZE];
    (void)gates_format_value(value, unit, out);
    bool same = strcmp(out, gates_format_value(required, unit, other)) == 0;
    for (int digits = 2;
         same && value != required && unit == GATES_UNIT_BYTES && digits <= MOST_BYTE_DIGITS + 1;
         digits++) {
        same = strcmp(format_bytes(value, digits, out), format_bytes(required, digits, other)) == 0;
    }
    if (same && value != required && unit != GATES_UNIT_BYTES) {
        char number[GATES_VALUE_SIZE];
        (void)snprintf(out, GATES_VALUE_SIZE, "%.24s%s", format_number(value, number),
                       unit == GATES_UNIT_PERCENT ? " %" : "");
    }
    return out;
}

char *gates_format_inputs(const struct gates_gate *gate, const struct pipeline_gate *facts,
                          char out[GATES_INPUTS_SIZE]) {
    bool tables = true;
    for (size_t i = 0; i < facts->check_count; i++) {
        tables = tables && facts->checks[i].kind <= PIPELINE_CHECK_DUPLICATES;
        for (size_t j = 0; tables && j < i; j++) {
            tables = facts->checks[j].table != facts->checks[i].table;
        }
    }
    (void)snprintf(out, GATES_INPUTS_SIZE, "%zu of %zu %s measured", gate->measured, gate->total,
                   tables ? "tables" : "inputs");
    return out;
}

static void put_names(struct text_buffer *line, const struct pipeline *pipeline,
                      const struct pipeline_indices *tables, const char *separator) {
    for (size_t i = 0; i < tables->count; i++) {
        print_to(line, "%s%s", i == 0 ? "" : separator, pipeline->tables[tables->items[i]].name);
    }
}

static void put_harm(struct text_buffer *text, const struct pipeline *pipeline,
                     const struct gates_check *check) {
    if (check->blocks.count > 0) {
        char percent[PERCENT_TEXT_SIZE];
        print_to(text, "            %s %% of %s dates cannot run: ",
                 percent_format(check->blocked_percent, percent),
                 check->blocked_phase == PIPELINE_NONE ? "downstream"
                                                       : pipeline->phases[check->blocked_phase]);
        put_names(text, pipeline, &check->blocks, " → ");
        text_buffer_add(text, "\n");
    }
    if (check->degrades.count > 0) {
        text_buffer_add(text, "            degrades ");
        put_names(text, pipeline, &check->degrades, ", ");
        text_buffer_add(text, "\n");
    }
}

static void put_check(struct text_buffer *text, const struct pipeline *pipeline,
                      const struct gates_check *check, int width) {
    char value[GATES_VALUE_SIZE] = "?";
    char required[GATES_VALUE_SIZE];
    char margin[GATES_VALUE_SIZE] = "";
    char age[CLOCK_SPAN_SIZE] = "never";
    if (check->measured) {
        (void)gates_format_judged(check->value, check->required, check->unit, value);
        (void)gates_format_value(check->margin, check->unit, margin);
    }
    if (check->age_ms >= 0) {
        (void)clock_format_span(check->age_ms, age);
    }
    bool plus = check->measured && check->margin > 0;
    print_to(text, "  %-8s  %-*s  %9s of %-9s  %s%-*s  %s%s\n", gates_result_name(check->result),
             width, check->check->name, value,
             gates_format_value(check->required, check->unit, required), plus ? "+" : "",
             plus ? 8 : 9, margin, age, check->measured && !check->fresh ? " (stale)" : "");
    if (check->why != NULL) {
        print_to(text, "            %s\n", check->why);
    }
    if (check->result != GATES_RESULT_PASS) {
        put_harm(text, pipeline, check);
    }
}

static void put_heading(struct text_buffer *text, const struct gates_report *report,
                        const struct gates_gate *gate, int64_t since) {
    const struct pipeline *pipeline = report->pipeline;
    const struct pipeline_gate *facts = &pipeline->gates[gate->gate];
    char inputs[GATES_INPUTS_SIZE];
    print_to(text, "%s  %s", gates_verdict_name(gate->verdict), facts->name);
    if (since > 0) {
        char span[CLOCK_SPAN_SIZE];
        print_to(text, "  for %s", clock_format_span(report->as_of - since, span));
    }
    for (size_t i = 0; i < facts->holds.count; i++) {
        print_to(text, "%s%s", i == 0 ? "  holds " : ", ",
                 pipeline->groups[facts->holds.items[i]].name);
    }
    print_to(text, "\n  %s, %zu pass, %zu fail, %zu unknown\n",
             gates_format_inputs(gate, facts, inputs), gate->passed, gate->failed, gate->unknown);
    if (gate->mark != NULL) {
        print_to(text, "  %s by %s: %s\n", gate->mark->hold ? "held" : "overridden", gate->mark->by,
                 gate->mark->reason);
    }
}

static void put_gate(struct text_buffer *text, const struct gates_report *report,
                     const struct gates_gate *gate, int64_t since) {
    size_t *order = memory_new(gate->total, sizeof *order);
    int width = 0;
    put_heading(text, report, gate, since);
    gates_order(gate, gate->total, order);
    for (size_t i = 0; i < gate->total; i++) {
        int length = (int)strnlen(gate->checks[i].check->name, 60);
        width = length > width ? length : width;
    }
    for (size_t i = 0; i < gate->total; i++) {
        put_check(text, report->pipeline, &gate->checks[order[i]], width);
    }
    free(order);
}

bool gates_write_text(FILE *stream, const struct gates_report *report, size_t gate,
                      const int64_t *since) {
    struct text_buffer text = {0};
    size_t first = gate == PIPELINE_NONE ? 0 : gate;
    size_t end = gate == PIPELINE_NONE ? report->pipeline->gate_count : gate + 1;
    for (size_t i = first; i < end; i++) {
        text_buffer_add(&text, i == first ? "" : "\n");
        put_gate(&text, report, &report->gates[i], since == NULL ? 0 : since[i]);
    }
    bool done = text.size == 0 || print_lines(stream, text.data);
    text_buffer_free(&text);
    return done && fflush(stream) == 0;
}
