/* From coverage, answers, marks and runs to verdicts. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "situation/parts.h"

/* Counts a processor that never ran as idle when every table it fills is complete. */
static void count_idle(const struct situation *situation, size_t processor,
                       struct gates_group_runs *runs) {
    const struct pipeline_indices *fills = &situation->pipeline->processors[processor].fills;
    int64_t oldest = INT64_MAX;
    bool overtaken = false;
    for (size_t i = 0; i < fills->count; i++) {
        const struct coverage_table *table = &situation->coverage->tables[fills->items[i]];
        const struct coverage_totals *all = &table->all;
        if (!all->known || all->unmeasured > 0 || all->attainable == 0 ||
            all->complete != all->attainable) {
            return;
        }
        oldest = table->evidence_at < oldest ? table->evidence_at : oldest;
        overtaken = overtaken || situation->tables[fills->items[i]].overtaken;
    }
    if (fills->count > 0) {
        bool older = runs->idle == 0 || oldest < runs->idle_evidence_at;
        runs->idle_evidence_at = older ? oldest : runs->idle_evidence_at;
        runs->idle_overtaken = runs->idle_overtaken || overtaken;
        runs->idle++;
    }
}

/* Of a processor's unsettled runs and its newest settled one: one that lives, one without a
 * verdict, or the newest. NULL when it never ran. */
static const struct state_run *decisive(const struct state_run *runs, size_t count) {
    const struct state_run *found = count > 0 ? runs : NULL;
    for (size_t i = 0; i < count; i++) {
        if (runs[i].state != STATE_RUN_ENDED) {
            return &runs[i];
        }
        found = runs[i].verdict == NULL && found->verdict != NULL ? &runs[i] : found;
    }
    return found;
}

/* Adds how the newest run of a processor stands, however long ago it ended: a gate does not lose
 * its GO because a day has passed. */
static bool count_newest(const struct situation *situation, struct state *state, size_t processor,
                         struct gates_group_runs *runs, struct error *error) {
    struct state_run_filter filter = {.processor = situation->pipeline->processors[processor].name,
                                      .as_of = situation->until,
                                      .newest = 1};
    size_t count;
    struct state_run *stored = state_runs(state, &filter, &count, error);
    if (stored == NULL) {
        return false;
    }
    const struct state_run *newest = decisive(stored, count);
    if (newest != NULL) {
        bool ended = newest->state == STATE_RUN_ENDED;
        bool verified = newest->verdict != NULL && strcmp(newest->verdict, "verified") == 0;
        runs->running += ended ? 0 : 1;
        runs->ended += ended ? 1 : 0;
        runs->verified += verified ? 1 : 0;
        runs->failed += ended && !verified && newest->verdict != NULL ? 1 : 0;
    } else {
        count_idle(situation, processor, runs);
    }
    state_runs_free(stored, count);
    return true;
}

/* One entry a group, in the pipeline's order; the caller frees the array. */
static struct gates_group_runs *load_group_runs(const struct situation *situation,
                                                struct state *state, struct error *error) {
    const struct pipeline *pipeline = situation->pipeline;
    struct gates_group_runs *groups = memory_new(pipeline->group_count, sizeof *groups);
    for (size_t i = 0; i < pipeline->group_count; i++) {
        const struct pipeline_indices *runs = &pipeline->groups[i].runs;
        groups[i] = (struct gates_group_runs){.group = i, .processors = runs->count};
        for (size_t j = 0; j < runs->count; j++) {
            if (!count_newest(situation, state, runs->items[j], &groups[i], error)) {
                free(groups);
                return NULL;
            }
        }
    }
    return groups;
}

static struct situation_marks *load_marks(const struct situation *situation, struct state *state,
                                          struct error *error) {
    struct situation_marks *marks = memory_new(1, sizeof *marks);
    marks->stored = state_marks(state, situation->until, &marks->stored_count, error);
    if (marks->stored == NULL) {
        free(marks);
        return NULL;
    }
    marks->marks = memory_new(marks->stored_count, sizeof *marks->marks);
    for (size_t i = 0; i < marks->stored_count; i++) {
        const struct state_mark *stored = &marks->stored[i];
        marks->marks[i] = (struct gates_mark){.gate = stored->gate,
                                              .hold = stored->hold,
                                              .by = stored->by,
                                              .reason = stored->reason,
                                              .at = stored->at};
    }
    return marks;
}

static void judge(struct situation *situation, const struct state_answer *stored, size_t count,
                  const struct gates_group_runs *groups) {
    const struct pipeline *pipeline = situation->pipeline;
    const struct situation_marks *marks = situation->marks;
    struct gates_answer *answers = memory_new(count, sizeof *answers);
    for (size_t i = 0; i < count; i++) {
        answers[i] = (struct gates_answer){.gate = stored[i].gate,
                                           .check = stored[i].check,
                                           .measured = stored[i].measured,
                                           .value = stored[i].value,
                                           .at = stored[i].at,
                                           .error = stored[i].error};
        if (strcmp(stored[i].check, "credentials") == 0) {
            answers[i].why = stored[i].text;
        }
    }
    struct gates_evidence evidence = {
        .coverage = situation->coverage,
        .answers = answers,
        .answer_count = count,
        .groups = groups,
        .group_count = pipeline->group_count,
        .marks = marks->marks,
        .mark_count = marks->stored_count,
        .written_at = situation->written_at,
        .written_by = situation->written_by,
    };
    situation->gates = gates_judge(pipeline, &evidence, situation->as_of);
    free(answers);
}

static bool load_since(struct situation *situation, struct state *state, struct error *error) {
    size_t count;
    struct state_verdict *verdicts = state_verdicts(state, situation->until, &count, error);
    if (verdicts == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        size_t gate = pipeline_find_gate(situation->pipeline, verdicts[i].gate);
        if (gate != PIPELINE_NONE &&
            strcmp(gates_verdict_name(situation->gates->gates[gate].verdict),
                   verdicts[i].verdict) == 0) {
            situation->gate_facts[gate].since = verdicts[i].since;
        }
    }
    state_verdicts_free(verdicts, count);
    return true;
}

bool situation_load_gates(struct situation *situation, struct state *state, struct error *error) {
    size_t count;
    situation->gate_facts =
        memory_new(situation->pipeline->gate_count, sizeof *situation->gate_facts);
    situation->marks = load_marks(situation, state, error);
    if (situation->marks == NULL) {
        return false;
    }
    struct state_answer *answers = state_answers(state, situation->until, &count, error);
    if (answers == NULL) {
        return false;
    }
    struct gates_group_runs *groups = load_group_runs(situation, state, error);
    if (groups != NULL) {
        judge(situation, answers, count, groups);
    }
    state_answers_free(answers, count);
    bool good = groups != NULL;
    free(groups);
    return good && load_since(situation, state, error);
}
