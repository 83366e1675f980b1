/* Rates, and what the header says. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "situation/parts.h"
#include "state/state_coverage.h"

static const int64_t rate_window_ms = INT64_C(3600) * 1000;

static bool load_table_rate(struct situation *situation, struct state *state, size_t index,
                            struct error *error) {
    const char *name = situation->pipeline->tables[index].name;
    const struct coverage_totals *all = &situation->coverage->tables[index].all;
    struct situation_table *table = &situation->tables[index];
    size_t stored_count;
    struct state_sample *stored = state_samples(state, name, "", situation->as_of - rate_window_ms,
                                                situation->as_of, &stored_count, error);
    if (stored == NULL) {
        return false;
    }
    struct coverage_sample *samples = memory_new(stored_count, sizeof *samples);
    size_t count = 0;
    for (size_t i = 0; i < stored_count; i++) {
        if (stored[i].complete >= 0) {
            samples[count++] = (struct coverage_sample){stored[i].at, (size_t)stored[i].complete};
        }
    }
    size_t remaining = all->known ? all->attainable - all->complete : 0;
    table->rate = coverage_rate_of(samples, count, remaining);
    table->rose_last_hour =
        count > 0 && all->known ? (int64_t)all->complete - (int64_t)samples[0].complete : -1;
    free(samples);
    state_samples_free(stored, stored_count);
    return true;
}

static bool fills(const struct pipeline *pipeline, size_t group, size_t table) {
    const struct pipeline_indices *runs = &pipeline->groups[group].runs;
    for (size_t i = 0; i < runs->count; i++) {
        const struct pipeline_processor *processor = &pipeline->processors[runs->items[i]];
        for (size_t j = 0; j < processor->fills.count; j++) {
            if (processor->fills.items[j] == table) {
                return true;
            }
        }
    }
    return false;
}

/* The gate that is not GO and holds the group whose processor fills the table. */
static const char *holder_of(const struct situation *situation, size_t table) {
    const struct pipeline *pipeline = situation->pipeline;
    for (size_t i = 0; i < pipeline->group_count; i++) {
        size_t gate = pipeline->groups[i].behind;
        if (gate != PIPELINE_NONE && situation->gates->gates[gate].verdict != GATES_GO &&
            fills(pipeline, i, table)) {
            return pipeline->gates[gate].name;
        }
    }
    return NULL;
}

/* Whether a gate keeps the group from being launched. */
static bool held(const struct situation *situation, size_t group) {
    size_t gate = situation->pipeline->groups[group].behind;
    if (gate == PIPELINE_NONE) {
        return false;
    }
    const struct gates_gate *judged = &situation->gates->gates[gate];
    bool overridden = judged->mark != NULL && !judged->mark->hold;
    return judged->verdict != GATES_GO && !overridden;
}

/* Whether a run of one of the group's processors lives, or waits for its verdict or a reading. */
static bool busy(const struct situation *situation, size_t group) {
    const struct pipeline_indices *runs = &situation->pipeline->groups[group].runs;
    for (size_t i = 0; i < situation->run_count; i++) {
        bool open = situation->runs[i].verdict == NULL || situation->runs[i].unread;
        for (size_t j = 0; j < runs->count && open; j++) {
            if (situation->runs[i].processor_index == runs->items[j]) {
                return true;
            }
        }
    }
    return false;
}

/* Whether one of the gate's checks fails on the group's runs, or on a table that it fills. */
static bool would_help(const struct situation *situation, size_t gate, size_t group) {
    for (size_t i = 0; i < situation->pipeline->gates[gate].check_count; i++) {
        const struct gates_check *judged = &situation->gates->gates[gate].checks[i];
        if (judged->result != GATES_RESULT_FAIL) {
            continue;
        }
        if (judged->check->kind == PIPELINE_CHECK_RUNS ? judged->check->group == group
            : judged->check->kind == PIPELINE_CHECK_COVERAGE
                ? fills(situation->pipeline, group, judged->check->table)
                : false) {
            return true;
        }
    }
    return false;
}

static size_t launchable(const struct situation *situation, size_t gate) {
    for (size_t i = 0; i < situation->pipeline->group_count; i++) {
        if (would_help(situation, gate, i) && !held(situation, i) && !busy(situation, i)) {
            return i;
        }
    }
    return PIPELINE_NONE;
}

/* When a failing check would pass at its table's rate; 0 when it does not move, when its numbers
 * are not those of now, or when it asks for something else than the share of all the table's dates,
 * which is what has a rate. */
static int64_t pass_expected(const struct situation *situation, const struct gates_check *judged) {
    const struct pipeline_check *check = judged->check;
    if (judged->result == GATES_RESULT_UNKNOWN || !judged->fresh ||
        check->kind != PIPELINE_CHECK_COVERAGE || check->season != PIPELINE_NONE ||
        check->segment != PIPELINE_SEGMENT_ALL || check->unit != PIPELINE_UNIT_DATES ||
        check->each_season || check->missing_at_most >= 0) {
        return 0;
    }
    const struct coverage_rate *rate = &situation->tables[check->table].rate;
    const struct coverage_totals *all = &situation->coverage->tables[check->table].all;
    if (!rate->known || rate->dates_per_hour <= 0) {
        return 0;
    }
    double needed = (double)all->attainable * check->minimum / 10000.0 - (double)all->complete;
    return situation->as_of + (int64_t)(needed / rate->dates_per_hour * 3600000.0);
}

/* When the last failing check of a gate would pass; 0 when that is not known of one of them. */
static int64_t go_expected(const struct situation *situation, size_t index) {
    const struct gates_gate *gate = &situation->gates->gates[index];
    int64_t latest = 0;
    for (size_t i = 0; i < situation->pipeline->gates[index].check_count; i++) {
        if (gate->checks[i].result == GATES_RESULT_PASS) {
            continue;
        }
        int64_t at = pass_expected(situation, &gate->checks[i]);
        if (at == 0) {
            return 0;
        }
        latest = at > latest ? at : latest;
    }
    return latest;
}

static void find_next(struct situation *situation) {
    struct situation_header *header = &situation->header;
    header->gate = PIPELINE_NONE;
    header->next_group = PIPELINE_NONE;
    header->launchable = PIPELINE_NONE;
    for (size_t i = 0; i < situation->pipeline->gate_count; i++) {
        if (situation->gates->gates[i].verdict != GATES_GO) {
            const struct pipeline_indices *holds = &situation->pipeline->gates[i].holds;
            header->gate = i;
            header->next_group = holds->count > 0 ? holds->items[0] : PIPELINE_NONE;
            header->launchable = launchable(situation, i);
            header->go_expected = go_expected(situation, i);
            return;
        }
    }
}

bool situation_load_rates(struct situation *situation, struct state *state, struct error *error) {
    struct situation_header *header = &situation->header;
    for (size_t i = 0; i < situation->pipeline->table_count; i++) {
        if (!load_table_rate(situation, state, i, error)) {
            return false;
        }
        situation->tables[i].held_by = holder_of(situation, i);
    }
    for (size_t i = 0; i < situation->run_count; i++) {
        header->running += strcmp(situation->runs[i].state, "ended") != 0 ? 1 : 0;
    }
    find_next(situation);
    return situation_load_agent(situation, state, error);
}
