#include "situation/launch.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/print.h"

/* Day sets of every table, as a launch asks for them. */
struct table_sets {
    struct dayset *expected, *exempt, *missing, *complete, *excess;
    int64_t *seen;
    size_t count;
};

/* Sorts one day in. Bootstrap dates are due to nobody, and dates that hold too many rows are a
 * person's: another run may only add to them. */
static void sort_in(struct table_sets *sets, size_t table, day_number day,
                    enum coverage_day_state state, const struct dayset *only) {
    bool open = state == COVERAGE_MISSING || state == COVERAGE_PARTIAL;
    bool due = open || state == COVERAGE_COMPLETE || state == COVERAGE_EXCESS;
    if (due) {
        dayset_add(&sets->expected[table], day);
    }
    if (state == COVERAGE_BOOTSTRAP) {
        dayset_add(&sets->exempt[table], day);
    }
    if (state == COVERAGE_COMPLETE) {
        dayset_add(&sets->complete[table], day);
    }
    if (state == COVERAGE_EXCESS) {
        dayset_add(&sets->excess[table], day);
    }
    /* Of dates that were named, those that still want rows: a range spans days on which nothing is
     * due, and what was missing when it was named may be there by now. */
    if (only != NULL ? dayset_has(only, day) && (open || state == COVERAGE_UNKNOWN) : open) {
        dayset_add(&sets->missing[table], day);
    }
}

static struct dayset *new_sets(size_t count, struct day_range range) {
    struct dayset *sets = memory_new(count, sizeof *sets);
    for (size_t i = 0; i < count; i++) {
        sets[i] = dayset_new(range);
    }
    return sets;
}

static struct table_sets make_sets(const struct situation *situation, const struct dayset *only) {
    const struct coverage_report *report = situation->coverage;
    size_t days = day_range_count(report->range);
    size_t count = situation->pipeline->table_count;
    struct table_sets sets = {
        .expected = new_sets(count, report->range),
        .exempt = new_sets(count, report->range),
        .missing = new_sets(count, report->range),
        .complete = new_sets(count, report->range),
        .excess = new_sets(count, report->range),
        .seen = memory_new(count, sizeof *sets.seen),
        .count = count,
    };
    for (size_t i = 0; i < count; i++) {
        sets.seen[i] = situation->tables[i].seen;
        for (size_t j = 0; j < days; j++) {
            sort_in(&sets, i, report->range.from + (day_number)j, report->tables[i].days[j].state,
                    only);
        }
    }
    return sets;
}

static void free_sets(struct table_sets *sets) {
    struct dayset *all[] = {sets->expected, sets->exempt, sets->missing, sets->complete,
                            sets->excess};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        for (size_t j = 0; j < sets->count; j++) {
            dayset_free(&all[i][j]);
        }
        free(all[i]);
    }
    free(sets->seen);
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
    size_t excess = 0;
    size_t dates = 0;
    for (size_t i = 0; i < plan->count; i++) {
        rewrites += plan->items[i].rewrites;
        excess += plan->items[i].excess;
        dates += dayset_count(&plan->items[i].dates);
    }
    if (launch->rewrite || launch->gaps || launch->dates != NULL || rewrites + excess == 0) {
        return true;
    }
    char *more = excess > 0
                     ? memory_format("%s%zu hold%s too many rows", rewrites > 0 ? " and " : "",
                                     excess, excess == 1 ? "s" : "")
                     : memory_copy_string("");
    char *done = rewrites > 0
                     ? memory_format("%zu of these %zu dates are complete already", rewrites, dates)
                     : memory_format("of these %zu dates ", dates);
    (void)error_set(error, EXIT_NO_GO,
                    "%s%s; --gaps launches only the others, --rewrite writes all of them again",
                    done, more);
    free(more);
    free(done);
    return false;
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
        .exempt = sets.exempt,
        .excess = sets.excess,
        .missing = only_missing ? sets.missing : NULL,
        .complete = sets.complete,
        .seen = launch->rewrite ? NULL : sets.seen,
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
        print_to(out, "  %s\n", command);
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
    print_to(out, "  %.*s …%zu characters more… %s\n", (int)head, command, size - head - tail,
             command + size - tail);
}

void situation_plan_describe(const struct runs_plan *plan, size_t longest,
                             struct text_buffer *out) {
    for (size_t i = 0; i < plan->count; i++) {
        const struct runs_item *item = &plan->items[i];
        char from[DAY_TEXT_SIZE];
        char to[DAY_TEXT_SIZE];
        print_to(out, "%s: %zu date%s, %s to %s", plan->pipeline->processors[item->processor].name,
                 dayset_count(&item->dates), dayset_count(&item->dates) == 1 ? "" : "s",
                 day_format(item->range.from, from), day_format(item->range.to, to));
        if (item->rewrites > 0) {
            print_to(out, ", %zu complete dates lie between them and may be written again",
                     item->rewrites);
        }
        if (item->beside > 0) {
            print_to(out, ", %zu day%s between them on which nothing is due", item->beside,
                     item->beside == 1 ? "" : "s");
        }
        if (item->excess > 0) {
            print_to(out, ", %zu date%s with too many rows %s", item->excess,
                     item->excess == 1 ? "" : "s", plan->gaps ? "left out" : "among them");
        }
        print_to(out, "\n");
        if (item->warning != NULL) {
            print_to(out, "  ▲ %s\n", item->warning);
        }
        describe_command(item->command, longest, out);
        if (item->step_count > 1) {
            print_to(out,
                     "  %zu commands, one after another; one that fails does not stop the "
                     "others\n",
                     item->step_count);
        }
    }
}

void situation_plan_evidence(const struct situation *situation, const struct runs_plan *plan,
                             struct text_buffer *out) {
    struct text_buffer since = {0};
    const struct coverage_table *oldest = NULL;
    for (size_t i = 0; i < plan->count; i++) {
        const struct pipeline_indices *fills =
            &plan->pipeline->processors[plan->items[i].processor].fills;
        for (size_t j = 0; j < fills->count; j++) {
            const struct coverage_table *table = &situation->coverage->tables[fills->items[j]];
            oldest = oldest == NULL || table->evidence_at < oldest->evidence_at ? table : oldest;
            if (situation->tables[fills->items[j]].overtaken && table->error != NULL) {
                print_to(&since, "  ▲ %s: %s\n", plan->pipeline->tables[fills->items[j]].name,
                         table->error);
            }
        }
    }
    if (oldest != NULL) {
        char span[CLOCK_SPAN_SIZE];
        const char *name = plan->pipeline->tables[oldest->table].name;
        if (oldest->evidence_at == 0) {
            print_to(out, "  its dates are chosen without a reading of %s\n", name);
        } else {
            int64_t age = situation->as_of - oldest->evidence_at;
            print_to(out, "  its dates are chosen by what was read %s ago (the oldest: %s)\n",
                     clock_format_span(age > 0 ? age : 0, span), name);
        }
    }
    if (since.size > 0) {
        text_buffer_add(out, since.data);
    }
    text_buffer_free(&since);
}
