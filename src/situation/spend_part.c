/* What the night's measuring has cost so far, and what it is expected to cost. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "situation/parts.h"
#include "situation/spend.h"
#include "state/state_spend.h"

static const int64_t night_ms = INT64_C(3600000) * SITUATION_NIGHT_HOURS;

static struct situation_estimate *add(struct situation *situation, char *key) {
    situation->estimates = memory_resize(situation->estimates, situation->estimate_count + 1,
                                         sizeof *situation->estimates);
    struct situation_estimate *made = &situation->estimates[situation->estimate_count++];
    const struct pipeline_poll *poll = &situation->pipeline->poll;
    *made = (struct situation_estimate){.key = key, .bytes = -1};
    int64_t period = poll->recheck_ms > poll->every_ms ? poll->recheck_ms : poll->every_ms;
    made->queries = night_ms / period + 1;
    return made;
}

/* Everything that a poll measures: tables first, at their index. */
static void list_targets(struct situation *situation) {
    const struct pipeline *pipeline = situation->pipeline;
    for (size_t i = 0; i < pipeline->table_count; i++) {
        (void)add(situation, memory_copy_string(pipeline->tables[i].name));
    }
    for (size_t i = 0; i < pipeline->expected_count; i++) {
        if (pipeline->expected[i].kind == PIPELINE_EXPECTED_QUERY) {
            (void)add(situation, memory_copy_string(pipeline->expected[i].name));
        }
    }
    for (size_t i = 0; i < pipeline->gate_count; i++) {
        const struct pipeline_gate *gate = &pipeline->gates[i];
        for (size_t j = 0; j < gate->check_count; j++) {
            if (gate->checks[j].kind == PIPELINE_CHECK_QUERY) {
                (void)add(situation, memory_format("%s/%s", gate->name, gate->checks[j].name));
            }
        }
    }
}

static void take_stored(struct situation *situation, struct state_estimate *stored, size_t count) {
    for (size_t i = 0; i < situation->estimate_count; i++) {
        struct situation_estimate *estimate = &situation->estimates[i];
        for (size_t j = 0; j < count; j++) {
            if (strcmp(estimate->key, stored[j].key) == 0) {
                estimate->at = stored[j].at;
                estimate->bytes = stored[j].bytes_billed;
                estimate->error = stored[j].error;
                stored[j].error = NULL;
            }
        }
    }
}

/* Whether a group fills a table that lacks dates, as far as that is known. */
static bool fills(const struct situation *situation, size_t group, size_t table) {
    const struct pipeline *pipeline = situation->pipeline;
    const struct coverage_totals *all = &situation->coverage->tables[table].all;
    if (all->known && all->complete == all->attainable) {
        return false;
    }
    for (size_t i = 0; i < pipeline->groups[group].runs.count; i++) {
        size_t processor = pipeline->groups[group].runs.items[i];
        const struct pipeline_indices *filled = &pipeline->processors[processor].fills;
        for (size_t j = 0; j < filled->count; j++) {
            if (filled->items[j] == table) {
                return true;
            }
        }
    }
    return false;
}

/* Groups run one after the other: the one whose tables read most counts for the whole night. */
static void count_filled(struct situation *situation) {
    const struct pipeline *pipeline = situation->pipeline;
    int64_t most = -1;
    situation->busiest = PIPELINE_NONE;
    for (size_t i = 0; i < pipeline->group_count; i++) {
        int64_t sum = -1;
        for (size_t j = 0; j < pipeline->table_count; j++) {
            int64_t bytes = situation->estimates[j].bytes;
            if (fills(situation, i, j)) {
                sum = (sum < 0 ? 0 : sum) +
                      (bytes > SITUATION_LEAST_BYTES ? bytes : SITUATION_LEAST_BYTES);
            }
        }
        if (sum > most) {
            most = sum;
            situation->busiest = i;
        }
    }
    for (size_t j = 0; situation->busiest != PIPELINE_NONE && j < pipeline->table_count; j++) {
        struct situation_estimate *estimate = &situation->estimates[j];
        int64_t polls = night_ms / pipeline->poll.every_ms + 1;
        if (fills(situation, situation->busiest, j) && polls > estimate->queries) {
            estimate->queries = polls;
        }
    }
}

bool situation_load_spend(struct situation *situation, struct state *state, struct error *error) {
    struct situation_header *header = &situation->header;
    struct state_spend total = {0};
    size_t count;
    if (!state_spend_total(state, situation_night(situation->as_of), &total, error)) {
        return false;
    }
    header->bytes_billed = total.bytes_billed;
    header->cost = total.dollars;
    header->bills_unknown = total.unknown;
    header->budget = situation_budget_of(situation->pipeline, total.bytes_billed);
    struct state_estimate *stored = state_estimates(state, &count, error);
    if (stored == NULL) {
        return false;
    }
    list_targets(situation);
    take_stored(situation, stored, count);
    state_estimates_free(stored, count);
    count_filled(situation);
    return true;
}

void situation_free_spend(struct situation *situation) {
    for (size_t i = 0; i < situation->estimate_count; i++) {
        free(situation->estimates[i].key);
        free(situation->estimates[i].error);
    }
    free(situation->estimates);
}
