#include "situation/launch.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

/* Day sets of every table, as a launch asks for them. */
struct table_sets {
    struct dayset *expected, *missing, *complete;
    size_t count;
};

static struct table_sets make_sets(const struct situation *situation, const struct dayset *only) {
    const struct coverage_report *report = situation->coverage;
    size_t days = day_range_count(report->range);
    struct table_sets sets = {.count = situation->pipeline->table_count};
    sets.expected = memory_new(sets.count, sizeof *sets.expected);
    sets.missing = memory_new(sets.count, sizeof *sets.missing);
    sets.complete = memory_new(sets.count, sizeof *sets.complete);
    for (size_t i = 0; i < sets.count; i++) {
        sets.expected[i] = dayset_new(report->range);
        sets.missing[i] = dayset_new(report->range);
        sets.complete[i] = dayset_new(report->range);
        for (size_t j = 0; j < days; j++) {
            enum coverage_day_state state = report->tables[i].days[j].state;
            day_number day = report->range.from + (day_number)j;
            bool complete = state == COVERAGE_COMPLETE;
            bool due = complete || state == COVERAGE_MISSING || state == COVERAGE_PARTIAL ||
                       state == COVERAGE_EXCESS;
            if (due) {
                dayset_add(&sets.expected[i], day);
            }
            if (complete) {
                dayset_add(&sets.complete[i], day);
            }
            if (only != NULL ? dayset_has(only, day) : due && !complete) {
                dayset_add(&sets.missing[i], day);
            }
        }
    }
    return sets;
}

static void free_sets(struct table_sets *sets) {
    for (size_t i = 0; i < sets->count; i++) {
        dayset_free(&sets->expected[i]);
        dayset_free(&sets->missing[i]);
        dayset_free(&sets->complete[i]);
    }
    free(sets->expected);
    free(sets->missing);
    free(sets->complete);
}

/* The group a launch belongs to: a processor by itself is held by its group's gate all the same. */
static size_t group_of(const struct pipeline *pipeline, const struct situation_launch *launch) {
    if (launch->group != PIPELINE_NONE) {
        return launch->group;
    }
    for (size_t i = 0; i < pipeline->group_count; i++) {
        for (size_t j = 0; j < pipeline->groups[i].runs.count; j++) {
            if (pipeline->groups[i].runs.items[j] == launch->processor) {
                return i;
            }
        }
    }
    return PIPELINE_NONE;
}

static struct runs_gate gate_of(const struct situation *situation,
                                const struct situation_launch *launch) {
    size_t group = group_of(situation->pipeline, launch);
    size_t gate =
        group != PIPELINE_NONE ? situation->pipeline->groups[group].behind : PIPELINE_NONE;
    if (gate == PIPELINE_NONE) {
        return (struct runs_gate){0};
    }
    const struct gates_gate *judged = &situation->gates->gates[gate];
    bool overridden = judged->mark != NULL && !judged->mark->hold;
    const char *why = judged->mark != NULL && judged->mark->hold ? judged->mark->reason : NULL;
    size_t count = situation->pipeline->gates[gate].check_count;
    if (why == NULL && count > 0 && judged->verdict != GATES_GO) {
        size_t *order = memory_new(count, sizeof *order);
        gates_order(judged, count, order);
        why = judged->checks[order[0]].why;
        free(order);
    }
    return (struct runs_gate){.name = situation->pipeline->gates[gate].name,
                              .verdict = gates_verdict_name(judged->verdict),
                              .why = why,
                              .override_reason = overridden ? judged->mark->reason : NULL};
}

static bool refuse_rewrites(const struct runs_plan *plan, const struct situation_launch *launch,
                            struct error *error) {
    size_t rewrites = 0;
    size_t dates = 0;
    for (size_t i = 0; i < plan->count; i++) {
        rewrites += plan->items[i].rewrites;
        dates += dayset_count(&plan->items[i].dates);
    }
    if (launch->rewrite || launch->gaps || launch->dates != NULL || rewrites == 0) {
        return true;
    }
    return error_set(error, EXIT_NO_GO,
                     "%zu of these %zu dates are complete already; --gaps launches only the "
                     "others, --rewrite writes "
                     "all of them again",
                     rewrites, dates);
}

/* Dates that nobody could measure are neither missing nor done. Only the tables that would be
 * filled count: one that cannot be read does not keep the others from being filled. */
static bool check_known(const struct situation *situation, const struct situation_launch *launch,
                        struct error *error) {
    const struct pipeline *pipeline = situation->pipeline;
    bool alone = launch->processor != PIPELINE_NONE;
    size_t count = alone ? 1
                   : launch->group < pipeline->group_count
                       ? pipeline->groups[launch->group].runs.count
                       : 0;
    for (size_t i = 0; i < count; i++) {
        size_t processor =
            alone ? launch->processor : pipeline->groups[launch->group].runs.items[i];
        const struct pipeline_indices *fills = &pipeline->processors[processor].fills;
        for (size_t j = 0; j < fills->count; j++) {
            const struct coverage_table *table = &situation->coverage->tables[fills->items[j]];
            if (!table->all.known) {
                return error_set(
                    error, EXIT_UNKNOWN,
                    "which dates %s lacks is not known: %s; it must be measured before "
                    "it is filled",
                    pipeline->tables[fills->items[j]].name,
                    table->error != NULL ? table->error : "it was never measured");
            }
        }
    }
    return true;
}

struct runs_plan *situation_plan(const struct situation *situation,
                                 const struct situation_launch *launch, struct error *error) {
    bool only_missing = launch->gaps || launch->dates != NULL;
    if (launch->dates == NULL && !check_known(situation, launch, error)) {
        return NULL;
    }
    struct table_sets sets = make_sets(situation, launch->dates);
    struct runs_request request = {
        .pipeline = situation->pipeline,
        .group = launch->group,
        .processor = launch->processor,
        .range = launch->range,
        .gaps = only_missing,
        .expected = sets.expected,
        .missing = only_missing ? sets.missing : NULL,
        .complete = sets.complete,
        .workers = launch->workers,
        .today = clock_local_day(situation->as_of, NULL),
        .gate = launch->review ? (struct runs_gate){0} : gate_of(situation, launch),
        .retry_of = launch->retry_of,
    };
    struct runs_plan *plan = runs_plan_new(&request, error);
    free_sets(&sets);
    if (plan != NULL && !refuse_rewrites(plan, launch, error)) {
        runs_plan_free(plan);
        plan = NULL;
    }
    return plan;
}

/* One command; of a longer one than `longest` bytes the middle is left out, and said to be. */
static void describe_command(const char *command, size_t longest, struct text_buffer *out) {
    size_t size = strlen(command);
    if (longest == 0 || size <= longest) {
        text_buffer_format(out, "  %s\n", command);
        return;
    }
    size_t head = longest * 3 / 4;
    size_t tail = longest / 4;
    while (head > 0 && ((unsigned char)command[head] & 0xc0U) == 0x80) {
        head--; /* no character is cut in two */
    }
    while (tail > 0 && ((unsigned char)command[size - tail] & 0xc0U) == 0x80) {
        tail--;
    }
    text_buffer_format(out, "  %.*s …%zu characters more… %s\n", (int)head, command,
                       size - head - tail, command + size - tail);
}

void situation_plan_describe(const struct runs_plan *plan, size_t longest,
                             struct text_buffer *out) {
    for (size_t i = 0; i < plan->count; i++) {
        const struct runs_item *item = &plan->items[i];
        char from[DAY_TEXT_SIZE];
        char to[DAY_TEXT_SIZE];
        text_buffer_format(out, "%s: %zu dates, %s to %s",
                           plan->pipeline->processors[item->processor].name,
                           dayset_count(&item->dates), day_format(item->range.from, from),
                           day_format(item->range.to, to));
        if (item->rewrites > 0) {
            text_buffer_format(out,
                               ", %zu complete dates lie between them and may be written again",
                               item->rewrites);
        }
        text_buffer_format(out, "\n");
        if (item->warning != NULL) {
            text_buffer_format(out, "  ▲ %s\n", item->warning);
        }
        describe_command(item->command, longest, out);
    }
}
