#include "gates/gates.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "gates/checks.h"

static const char *const verdict_names[] = {
    [GATES_UNKNOWN] = "UNKNOWN", [GATES_STALE] = "STALE", [GATES_HOLD] = "HOLD",
    [GATES_NO_GO] = "NO-GO",     [GATES_GO] = "GO",
};

static const char *const result_names[] = {
    [GATES_RESULT_UNKNOWN] = "unknown",
    [GATES_RESULT_FAIL] = "fail",
    [GATES_RESULT_PASS] = "pass",
};

const char *gates_verdict_name(enum gates_verdict verdict) {
    return verdict_names[verdict];
}

const char *gates_result_name(enum gates_result result) {
    return result_names[result];
}

/* The mark in force: a hold before an override, then the newest. */
static const struct gates_mark *find_mark(const struct gates_evidence *evidence, const char *gate) {
    const struct gates_mark *found = NULL;
    for (size_t i = 0; i < evidence->mark_count; i++) {
        const struct gates_mark *mark = &evidence->marks[i];
        if (strcmp(mark->gate, gate) != 0) {
            continue;
        }
        if (found == NULL || mark->hold > found->hold ||
            (mark->hold == found->hold && mark->at > found->at)) {
            found = mark;
        }
    }
    return found;
}

static enum gates_verdict decide(const struct gates_gate *gate) {
    if (gate->mark != NULL && gate->mark->hold) {
        return GATES_HOLD;
    }
    if (gate->unknown > 0 || gate->total == 0) {
        return GATES_UNKNOWN;
    }
    if (gate->measured < gate->total) {
        return GATES_STALE;
    }
    return gate->passed == gate->total ? GATES_GO : GATES_NO_GO;
}

static void judge_gate(const struct pipeline *pipeline, const struct gates_evidence *evidence,
                       int64_t as_of, struct gates_gate *gate) {
    const struct pipeline_gate *facts = &pipeline->gates[gate->gate];
    struct checks_context context = {pipeline, evidence, as_of, gate->gate};
    gate->total = facts->check_count;
    gate->checks = memory_new(facts->check_count, sizeof *gate->checks);
    for (size_t i = 0; i < facts->check_count; i++) {
        struct gates_check *check = &gate->checks[i];
        check->check = &facts->checks[i];
        checks_judge(&context, check);
        gate->passed += check->result == GATES_RESULT_PASS;
        gate->failed += check->result == GATES_RESULT_FAIL;
        gate->unknown += check->result == GATES_RESULT_UNKNOWN;
        gate->measured += check->measured && check->fresh;
    }
    gate->mark = find_mark(evidence, facts->name);
    gate->verdict = decide(gate);
}

struct gates_report *gates_judge(const struct pipeline *pipeline,
                                 const struct gates_evidence *evidence, int64_t as_of) {
    struct gates_report *report = memory_new(1, sizeof *report);
    *report = (struct gates_report){
        .pipeline = pipeline,
        .as_of = as_of,
        .gates = memory_new(pipeline->gate_count, sizeof *report->gates),
    };
    for (size_t i = 0; i < pipeline->gate_count; i++) {
        report->gates[i].gate = i;
        judge_gate(pipeline, evidence, as_of, &report->gates[i]);
    }
    return report;
}

void gates_report_free(struct gates_report *report) {
    if (report == NULL) {
        return;
    }
    for (size_t i = 0; i < report->pipeline->gate_count; i++) {
        struct gates_gate *gate = &report->gates[i];
        for (size_t j = 0; j < gate->total; j++) {
            free(gate->checks[j].why);
            free(gate->checks[j].blocks.items);
            free(gate->checks[j].degrades.items);
        }
        free(gate->checks);
    }
    free(report->gates);
    free(report);
}

/* Margins of different units are compared as shares of what is required. */
static double weight(const struct gates_check *check) {
    double required = fabs(check->required);
    return check->margin / (required > 1 ? required : 1);
}

static bool is_before(const struct gates_check *a, const struct gates_check *b) {
    if (a->result != b->result) {
        return a->result < b->result;
    }
    return a->result == GATES_RESULT_FAIL && weight(a) < weight(b);
}

void gates_order(const struct gates_gate *gate, size_t count, size_t *order) {
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        for (; at > 0 && is_before(&gate->checks[i], &gate->checks[order[at - 1]]); at--) {
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
}

enum error_exit gates_exit(const struct gates_report *report, size_t gate) {
    size_t first = gate == PIPELINE_NONE ? 0 : gate;
    size_t end = gate == PIPELINE_NONE ? report->pipeline->gate_count : gate + 1;
    enum error_exit code = first < end ? EXIT_GO : EXIT_UNKNOWN;
    for (size_t i = first; i < end; i++) {
        enum gates_verdict verdict = report->gates[i].verdict;
        if (verdict == GATES_NO_GO || verdict == GATES_HOLD) {
            return EXIT_NO_GO;
        }
        if (verdict != GATES_GO) {
            code = EXIT_UNKNOWN;
        }
    }
    return code;
}
