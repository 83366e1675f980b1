#include "cli/brief.h"

#include <string.h>

#include "base/clock.h"
#include "base/moment.h"
#include "base/percent.h"
#include "base/print.h"
#include "gates/gates_text.h"
#include "situation/spend.h"

static void write_gates(FILE *out, const struct situation *situation) {
    for (size_t i = 0; i < situation->pipeline->gate_count; i++) {
        const struct gates_gate *gate = &situation->gates->gates[i];
        char inputs[GATES_INPUTS_SIZE];
        char since[MOMENT_SIZE] = "";
        if (situation->gate_facts[i].since != 0) {
            (void)moment_format(situation->gate_facts[i].since, situation->as_of, since);
        }
        (void)print(out, "  %-8s %-16s %s%s%s%s\n", gates_verdict_name(gate->verdict),
                    situation->pipeline->gates[i].name,
                    gates_format_inputs(gate, &situation->pipeline->gates[i], inputs),
                    since[0] != '\0' ? ", since " : "", since,
                    gate->mark != NULL ? (gate->mark->hold ? ", held" : ", overridden") : "");
    }
}

static void write_tables(FILE *out, const struct situation *situation) {
    for (size_t i = 0; i < situation->pipeline->table_count; i++) {
        const struct coverage_table *table = &situation->coverage->tables[i];
        char percent[PERCENT_TEXT_SIZE];
        char age[CLOCK_SPAN_SIZE];
        if (!table->all.known) {
            (void)print(out, "  %-32s unknown%s%s\n", situation->pipeline->tables[i].name,
                        table->error != NULL ? ": " : "", table->error != NULL ? table->error : "");
            continue;
        }
        (void)print(out, "  %-32s %5s %%  %zu of %zu dates, %s, %s ago\n",
                    situation->pipeline->tables[i].name,
                    percent_format(coverage_percent(&table->all, PERCENT_NO_THRESHOLD), percent),
                    table->all.complete, table->all.attainable, coverage_status_name(table->status),
                    clock_format_span(situation->as_of - table->confirmed_at, age));
    }
}

static void write_runs(FILE *out, const struct situation *situation, int64_t since) {
    size_t shown = 0;
    for (size_t i = 0; i < situation->run_count; i++) {
        const struct situation_run *run = &situation->runs[i];
        /* What was launched before and lived on into this time belongs to it. */
        bool over = run->verdict != NULL && !run->server_held && run->ended_at < since;
        if (over && run->created_at < since) {
            continue;
        }
        shown++;
        (void)print(out, "  %s %-30s %s\n", run->run, run->processor,
                    run->verdict_text != NULL ? run->verdict_text
                    : run->waiting != NULL    ? run->waiting
                                              : run->state);
        if (run->notices != NULL) {
            (void)print(out, "      %s\n", run->notices);
        }
        for (size_t j = 0; j < run->alarm_count; j++) {
            (void)print(out, "      ▲ %s\n", run->alarms[j].text);
        }
        for (size_t j = 0; j < run->failure_count; j++) {
            (void)print(out, "      %zu dates: %s\n", run->failures[j].dates,
                        run->failures[j].reason);
        }
        if (run->failures_left_out > 0) {
            (void)print(out, "      %zu dates for other reasons: see its log\n",
                        run->failures_left_out);
        }
    }
    if (shown == 0) {
        (void)print(out, "  none\n");
    }
    if (situation->runs_left_out > 0) {
        (void)print(out, "  and %zu older ended runs of the last 24 hours\n",
                    situation->runs_left_out);
    }
}

static void write_spend(FILE *out, const struct situation *situation) {
    const struct situation_header *header = &situation->header;
    char bytes[SITUATION_SPEND_SIZE];
    char dollars[SITUATION_SPEND_SIZE];
    char text[SITUATION_BUDGET_SIZE];
    const char *mark = header->bills_unknown > 0 ? "≥ " : "";
    (void)print(out, "\nBigQuery billed %s%s, %s%s this night", mark,
                situation_spend_bytes(header->bytes_billed, bytes), mark,
                situation_spend_dollars(header->cost, dollars));
    if (header->bills_unknown > 0) {
        (void)print(out, "; %lld queries were given up and are perhaps billed",
                    (long long)header->bills_unknown);
    }
    (void)print(out, ".\n");
    (void)situation_budget_text(situation->pipeline, header->bytes_billed, text);
    if (text[0] != '\0') {
        (void)print(out, "ALARM: %s.\n", text);
    }
}

static void write_preflight(FILE *out, const struct situation *situation) {
    struct text_buffer text = {0};
    situation_preflight_describe(&situation->preflight, "  ", &text);
    if (text.size > 0) {
        (void)print(out, "\nPre-flight\n");
        (void)print_lines(out, text.data);
    }
    text_buffer_free(&text);
}

void brief_write(FILE *out, const struct situation *situation, int64_t since) {
    char from[MOMENT_SIZE];
    char to[MOMENT_SIZE];
    (void)print(out, "%s: brief of %s to %s  times: %s\n\nGates\n", situation->pipeline->name,
                moment_format_dated(since, from), moment_format_dated(situation->as_of, to),
                clock_zone());
    write_gates(out, situation);
    if (situation->header.plan.notice != NULL) {
        (void)print(out, "\nPlan: %s.\n", situation->header.plan.notice);
    }
    (void)print(out, "\nCoverage\n");
    write_tables(out, situation);
    (void)print(out, "\nRuns\n");
    write_runs(out, situation, since);
    write_preflight(out, situation);
    write_spend(out, situation);
    if (situation->credentials.problem != NULL) {
        (void)print(out, "Credentials: %s\n", situation->credentials.problem);
    }
    if (situation->header.bigquery != NULL) {
        char trouble[SITUATION_TROUBLE_SIZE];
        (void)print(
            out, "BigQuery: %s\n",
            situation_trouble_report(situation->header.bigquery, situation->as_of, trouble));
    }
}
