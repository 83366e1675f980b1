#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "pipeline/startable.h"
#include "runs/runs_plan.h"

/* ---- refusals ---- */

static bool check_gate(const struct runs_gate *gate, struct error *error) {
    if (gate->name == NULL || gate->override_reason != NULL || strcmp(gate->verdict, "GO") == 0) {
        return true;
    }
    return error_set(error, EXIT_NO_GO, "gate %s is %s%s%s%s; only GO starts what is behind it",
                     gate->name, gate->verdict, gate->why == NULL ? "" : " (",
                     gate->why == NULL ? "" : gate->why, gate->why == NULL ? "" : ")");
}

static bool check_range(const struct runs_request *request, struct error *error) {
    char to[DAY_TEXT_SIZE];
    char today[DAY_TEXT_SIZE];
    if (day_range_count(request->range) == 0) {
        return error_set(error, EXIT_USAGE, "the range of dates is empty");
    }
    if (request->range.to > request->today) {
        return error_set(error, EXIT_NO_GO,
                         "%s is in the future (today is %s); nothing has been played yet then",
                         day_format(request->range.to, to), day_format(request->today, today));
    }
    if (request->gaps && request->missing == NULL) {
        return error_set(error, EXIT_UNKNOWN,
                         "the gaps are not known: no coverage was measured yet");
    }
    return true;
}

/* Several processors write all the same when they run in parallel (nba.md 2.2). */
static bool check_dry_run(char *const *argv, const char *processor, struct error *error) {
    bool dry = false;
    bool parallel = false;
    for (; *argv != NULL; argv++) {
        dry = dry || strcmp(*argv, "--dry-run") == 0;
        parallel = parallel || strcmp(*argv, "--parallel") == 0;
    }
    return !(dry && parallel) ||
           error_set(error, EXIT_NO_GO,
                     "%s: --dry-run with --parallel writes all the same; take one of them out of "
                     "its command",
                     processor);
}

/* ---- dates ---- */

/* Dates of any table that the processor fills, within the range. */
static struct dayset unite(const struct runs_request *request,
                           const struct pipeline_processor *processor, const struct dayset *sets) {
    struct dayset all = dayset_new(request->range);
    for (size_t i = 0; i < processor->fills.count; i++) {
        dayset_unite(&all, &sets[processor->fills.items[i]]);
    }
    return all;
}

static struct dayset dates_of(const struct runs_request *request,
                              const struct pipeline_processor *processor) {
    if (request->gaps) {
        return unite(request, processor, request->missing);
    }
    if (request->expected != NULL) {
        return unite(request, processor, request->expected);
    }
    struct dayset all = dayset_new(request->range);
    dayset_add_range(&all, request->range);
    return all;
}

static struct day_range span_of(const struct dayset *dates) {
    size_t count;
    struct day_range *ranges = dayset_ranges(dates, NULL, &count);
    struct day_range span = {ranges[0].from, ranges[count - 1].to};
    free(ranges);
    return span;
}

/* Whether there are days between the first and the last that are not in the set. */
static bool has_holes(const struct dayset *dates) {
    return dayset_count(dates) < day_range_count(span_of(dates));
}

/* What the commands are given: every day of their ranges, or exactly the listed dates. */
static struct dayset covered_by(const struct runs_request *request, const struct runs_item *item,
                                bool as_list) {
    struct dayset covered = dayset_new(request->range);
    for (size_t i = 0; i < item->step_count && !as_list; i++) {
        dayset_add_range(&covered, item->step_ranges[i]);
    }
    if (as_list) {
        dayset_unite(&covered, &item->dates);
    }
    return covered;
}

/* Counts what else lies in the commands' ranges: dates that are complete in every table the
 * processor fills, and days on which nothing is due in any; and dates with too many rows. */
static void count_others(const struct runs_request *request,
                         const struct pipeline_processor *processor, struct runs_item *item,
                         bool as_list) {
    struct dayset covered = covered_by(request, item, as_list);
    if (request->expected != NULL) {
        struct dayset beside = dayset_copy(&covered);
        struct dayset due = unite(request, processor, request->expected);
        dayset_subtract(&beside, &due);
        dayset_subtract(&beside, &item->dates);
        item->beside = dayset_count(&beside);
        dayset_free(&beside);
        dayset_free(&due);
    }
    if (request->excess != NULL) {
        struct dayset excess = unite(request, processor, request->excess);
        item->excess = dayset_count(&excess);
        dayset_free(&excess);
    }
    for (size_t i = 0; i < processor->fills.count && request->complete != NULL; i++) {
        dayset_intersect(&covered, &request->complete[processor->fills.items[i]]);
    }
    item->rewrites = request->complete != NULL ? dayset_count(&covered) : 0;
    dayset_free(&covered);
}

/* ---- commands ---- */

static bool add_step(const struct runs_request *request, struct runs_item *item,
                     const struct pipeline_launch *launch, struct error *error) {
    const char *name = request->pipeline->processors[item->processor].name;
    char **argv = pipeline_argv(request->pipeline, item->processor, launch, error);
    if (argv == NULL || !check_dry_run(argv, name, error)) {
        if (argv != NULL) {
            pipeline_argv_free(argv);
        }
        return false;
    }
    item->steps = memory_resize(item->steps, item->step_count + 1, sizeof *item->steps);
    item->step_ranges =
        memory_resize(item->step_ranges, item->step_count + 1, sizeof *item->step_ranges);
    item->steps[item->step_count] = argv;
    item->step_ranges[item->step_count++] = launch->range;
    return true;
}

static bool add_list_step(const struct runs_request *request, struct runs_item *item,
                          struct error *error) {
    size_t count = dayset_count(&item->dates);
    day_number *dates = memory_new(count, sizeof *dates);
    size_t used = 0;
    for (day_number day = dayset_next(&item->dates, item->dates.range.from); day != DAY_NONE;
         day = dayset_next(&item->dates, day + 1)) {
        dates[used++] = day;
    }
    struct pipeline_launch launch = {
        .range = item->range, .dates = dates, .date_count = used, .workers = request->workers};
    bool done = add_step(request, item, &launch, error);
    free(dates);
    return done;
}

/* The dates of a processor without a list of dates: one command for each range, one after the
 * other. Days on which nothing is due do not split a range; dates that are due and not wanted do,
 * and so do those that are exempt. */
static bool add_range_steps(const struct runs_request *request, struct runs_item *item,
                            struct error *error) {
    const struct pipeline_processor *processor = &request->pipeline->processors[item->processor];
    struct dayset due = request->expected == NULL ? dayset_copy(&item->dates)
                                                  : unite(request, processor, request->expected);
    if (request->exempt != NULL) {
        struct dayset exempt = unite(request, processor, request->exempt);
        dayset_unite(&due, &exempt);
        dayset_free(&exempt);
    }
    size_t count;
    struct day_range *ranges =
        dayset_ranges(&item->dates, request->expected == NULL ? NULL : &due, &count);
    bool done = true;
    for (size_t i = 0; done && i < count; i++) {
        struct pipeline_launch launch = {.range = ranges[i], .workers = request->workers};
        done = add_step(request, item, &launch, error);
    }
    free(ranges);
    dayset_free(&due);
    return done;
}

static char *describe(const struct runs_item *item) {
    char *first = pipeline_argv_text(item->steps[0]);
    if (item->step_count == 1) {
        return first;
    }
    char *text = memory_format("%s (1 of %zu)", first, item->step_count);
    free(first);
    return text;
}

/* ---- claims ---- */

/* What the commands may write: every day of their ranges, or exactly the listed dates. */
static struct day_range *claimed_ranges(const struct runs_item *item, bool as_list, size_t *count) {
    if (as_list) {
        return dayset_ranges(&item->dates, NULL, count);
    }
    struct day_range *ranges = memory_new(item->step_count, sizeof *ranges);
    memcpy(ranges, item->step_ranges, item->step_count * sizeof *ranges);
    *count = item->step_count;
    return ranges;
}

static void add_tables(const struct runs_request *request, struct runs_item *item, bool as_list) {
    const struct pipeline *pipeline = request->pipeline;
    const struct pipeline_processor *processor = &pipeline->processors[item->processor];
    item->table_count = processor->fills.count;
    item->claims = memory_new(item->table_count, sizeof *item->claims);
    item->tables = memory_new(item->table_count, sizeof *item->tables);
    for (size_t i = 0; i < item->table_count; i++) {
        size_t index = processor->fills.items[i];
        const struct pipeline_table *table = &pipeline->tables[index];
        size_t count;
        struct day_range *ranges = claimed_ranges(item, as_list, &count);
        item->claims[i] = (struct state_claim){
            memory_format("%s.%s.%s", table->project, table->dataset, table->table), ranges, count,
            request->seen == NULL ? -1 : request->seen[index]};
        item->tables[i].table = memory_copy_string(table->name);
        item->tables[i].before_known = request->complete != NULL;
        if (request->complete != NULL) {
            item->tables[i].before = dayset_new(request->range);
            dayset_unite(&item->tables[i].before, &request->complete[index]);
            dayset_intersect(&item->tables[i].before, &item->dates);
        }
    }
}

/* ---- warnings ---- */

enum { PROCESSES_PER_CORE = 16 }; /* that mostly wait for BigQuery; more hung real nights */

/* Workers that start processes of their own multiply. */
static char *warn_of_processes(const struct runs_request *request,
                               const struct pipeline_processor *processor) {
    int workers = request->workers > 0 ? request->workers : processor->workers;
    long cores = request->cores > 0 ? request->cores : sysconf(_SC_NPROCESSORS_ONLN);
    long processes = (long)workers * processor->processes_per_worker;
    if (processor->processes_per_worker < 2 || cores < 1 ||
        processes < cores * PROCESSES_PER_CORE) {
        return NULL;
    }
    return memory_format("%d workers of %d processes each are %ld processes on %ld core%s; launch "
                         "with fewer workers",
                         workers, processor->processes_per_worker, processes, cores,
                         cores == 1 ? "" : "s");
}

static char *warn(const struct runs_request *request, const struct pipeline_processor *processor,
                  const char *program) {
    char *fault = startable_fault(processor, program, NULL);
    char *processes = warn_of_processes(request, processor);
    if (fault == NULL) {
        return processes;
    }
    char *both = memory_format("it will not start: %s%s%s", fault, processes == NULL ? "" : "; ",
                               processes == NULL ? "" : processes);
    free(fault);
    free(processes);
    return both;
}

/* ---- items ---- */

static void clear_item(struct runs_item *item) {
    for (size_t i = 0; i < item->step_count; i++) {
        pipeline_argv_free(item->steps[i]);
    }
    for (size_t i = 0; i < item->table_count; i++) {
        free((char *)item->claims[i].resource);
        free((struct day_range *)item->claims[i].ranges);
        free(item->tables[i].table);
        dayset_free(&item->tables[i].before);
    }
    free(item->claims);
    free(item->tables);
    free(item->steps);
    free(item->step_ranges);
    free(item->command);
    free(item->warning);
    dayset_free(&item->dates);
}

static bool add_item(const struct runs_request *request, size_t index, struct runs_plan *plan,
                     struct error *error) {
    const struct pipeline_processor *processor = &request->pipeline->processors[index];
    struct dayset dates = dates_of(request, processor);
    if (dayset_count(&dates) == 0) {
        dayset_free(&dates);
        return true;
    }
    struct runs_item *item = &plan->items[plan->count++];
    *item = (struct runs_item){.processor = index, .range = span_of(&dates), .dates = dates};
    bool as_list =
        pipeline_takes_dates(request->pipeline, index) && (request->gaps || has_holes(&dates));
    bool done =
        as_list ? add_list_step(request, item, error) : add_range_steps(request, item, error);
    if (!done) {
        return error_prefix(error, "%s", processor->name);
    }
    item->command = describe(item);
    item->warning = warn(request, processor, item->steps[0][0]);
    count_others(request, processor, item, as_list);
    add_tables(request, item, as_list);
    return true;
}

static bool ranges_overlap(const struct state_claim *a, const struct state_claim *b) {
    for (size_t i = 0; i < a->range_count; i++) {
        for (size_t j = 0; j < b->range_count; j++) {
            if (day_range_count(day_range_intersect(a->ranges[i], b->ranges[j])) > 0) {
                return true;
            }
        }
    }
    return false;
}

static bool check_items(const struct runs_plan *plan, const struct runs_item *a,
                        const struct runs_item *b, struct error *error) {
    for (size_t i = 0; i < a->table_count; i++) {
        for (size_t j = 0; j < b->table_count; j++) {
            if (strcmp(a->claims[i].resource, b->claims[j].resource) == 0 &&
                ranges_overlap(&a->claims[i], &b->claims[j])) {
                return error_set(error, EXIT_NO_GO,
                                 "%s and %s would both write %s on the same dates; launch one "
                                 "after the other",
                                 plan->pipeline->processors[a->processor].name,
                                 plan->pipeline->processors[b->processor].name,
                                 a->claims[i].resource);
            }
        }
    }
    return true;
}

/* Dates with too many rows in what the processors fill. */
static size_t count_excess(const struct runs_request *request) {
    const struct pipeline *pipeline = request->pipeline;
    bool alone = request->processor != PIPELINE_NONE;
    size_t count = alone ? 1 : pipeline->groups[request->group].runs.count;
    size_t excess = 0;
    for (size_t i = 0; i < count && request->excess != NULL; i++) {
        size_t index = alone ? request->processor : pipeline->groups[request->group].runs.items[i];
        struct dayset dates = unite(request, &pipeline->processors[index], request->excess);
        excess += dayset_count(&dates);
        dayset_free(&dates);
    }
    return excess;
}

static bool refuse_nothing(const struct runs_request *request, struct error *error) {
    char from[DAY_TEXT_SIZE];
    char to[DAY_TEXT_SIZE];
    (void)day_format(request->range.from, from);
    (void)day_format(request->range.to, to);
    size_t excess = request->gaps ? count_excess(request) : 0;
    if (excess == 0) {
        return error_set(error, EXIT_NO_GO, "nothing to do: %s from %s to %s",
                         request->gaps ? "no date is missing" : "nothing is due", from, to);
    }
    return error_set(error, EXIT_NO_GO,
                     "nothing to do: no date is missing from %s to %s, but %zu hold%s too many "
                     "rows, which another run may only add to; look at them, and launch them by "
                     "their range with --rewrite",
                     from, to, excess, excess == 1 ? "s" : "");
}

static bool check_plan(const struct runs_request *request, const struct runs_plan *plan,
                       struct error *error) {
    if (plan->count == 0) {
        return refuse_nothing(request, error);
    }
    for (size_t i = 0; i < plan->count; i++) {
        for (size_t j = i + 1; j < plan->count; j++) {
            if (!check_items(plan, &plan->items[i], &plan->items[j], error)) {
                return false;
            }
        }
    }
    return true;
}

static bool fill_plan(const struct runs_request *request, struct runs_plan *plan,
                      struct error *error) {
    bool whole_group = request->processor == PIPELINE_NONE;
    const struct pipeline_indices *group = &(const struct pipeline_indices){0};
    if (whole_group && request->group == PIPELINE_NONE) {
        return error_set(error, EXIT_USAGE, "name a group or a processor to launch");
    }
    if (whole_group) {
        group = &request->pipeline->groups[request->group].runs;
    }
    size_t count = whole_group ? group->count : 1;
    plan->items = memory_new(count, sizeof *plan->items);
    for (size_t i = 0; i < count; i++) {
        size_t index = whole_group ? group->items[i] : request->processor;
        if (!add_item(request, index, plan, error)) {
            return false;
        }
    }
    return check_plan(request, plan, error);
}

struct runs_plan *runs_plan_new(const struct runs_request *request, struct error *error) {
    if (!check_range(request, error) || !check_gate(&request->gate, error)) {
        return NULL;
    }
    struct runs_plan *plan = memory_new(1, sizeof *plan);
    plan->pipeline = request->pipeline;
    plan->gaps = request->gaps;
    plan->group = memory_copy_string(
        request->group == PIPELINE_NONE ? "" : request->pipeline->groups[request->group].name);
    plan->override_reason = memory_copy_string(request->gate.override_reason);
    plan->retry_of = memory_copy_string(request->retry_of);
    if (!fill_plan(request, plan, error)) {
        runs_plan_free(plan);
        return NULL;
    }
    return plan;
}

void runs_plan_set_group(struct runs_plan *plan, const char *group) {
    free(plan->group);
    plan->group = memory_copy_string(group);
}

bool runs_plan_join(struct runs_plan *plan, struct runs_plan *other, struct error *error) {
    bool good = true;
    for (size_t i = 0; good && i < plan->count; i++) {
        for (size_t j = 0; good && j < other->count; j++) {
            good = check_items(plan, &plan->items[i], &other->items[j], error);
        }
    }
    if (good) {
        plan->items = memory_resize(plan->items, plan->count + other->count, sizeof *plan->items);
        memcpy(plan->items + plan->count, other->items, other->count * sizeof *other->items);
        plan->count += other->count;
        other->count = 0;
    }
    runs_plan_free(other);
    return good;
}

void runs_plan_free(struct runs_plan *plan) {
    if (plan == NULL) {
        return;
    }
    for (size_t i = 0; i < plan->count; i++) {
        clear_item(&plan->items[i]);
    }
    free(plan->items);
    free(plan->group);
    free(plan->override_reason);
    free(plan->retry_of);
    free(plan);
}

bool runs_plan_check(const struct runs_plan *plan, struct state *state, struct error *error) {
    bool free = true;
    for (size_t i = 0; free && i < plan->count; i++) {
        free = state_claims_free(state, plan->items[i].claims, plan->items[i].table_count, error);
    }
    return free;
}
