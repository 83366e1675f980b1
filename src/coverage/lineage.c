#include <stdlib.h>

#include "base/memory.h"
#include "base/percent.h"
#include "coverage/compute.h"

/* Along which lines a table's incomplete dates do harm. */
enum harm { HARM_BLOCKS, HARM_DEGRADES };

struct lineage {
    struct coverage_report *report;
    size_t *order;             /* tables, upstream before downstream */
    struct dayset *incomplete; /* by table: missing, partial, excess */
    struct dayset *attainable;
    struct dayset *reached; /* by table: the dates harmed by the table in hand; scratch */
    bool *is_reached;
};

static bool visit_ready(const struct pipeline_table *facts, const bool *placed) {
    for (size_t i = 0; i < facts->needs.count; i++) {
        if (!placed[facts->needs.items[i]]) {
            return false;
        }
    }
    for (size_t i = 0; i < facts->wants.count; i++) {
        if (!placed[facts->wants.items[i]]) {
            return false;
        }
    }
    return true;
}

/* Upstream first; file order where nothing else decides. The loader refuses cycles; should one be
 * there all the same, its tables come last. */
static size_t *sort_tables(const struct pipeline *pipeline) {
    size_t *order = memory_new(pipeline->table_count, sizeof *order);
    bool *placed = memory_new(pipeline->table_count, sizeof *placed);
    size_t count = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (size_t i = 0; i < pipeline->table_count; i++) {
            if (!placed[i] && visit_ready(&pipeline->tables[i], placed)) {
                placed[i] = true;
                order[count++] = i;
                moved = true;
            }
        }
    }
    for (size_t i = 0; i < pipeline->table_count; i++) {
        if (!placed[i]) {
            order[count++] = i;
        }
    }
    free(placed);
    return order;
}

static void collect_dates(struct lineage *lineage) {
    struct coverage_report *report = lineage->report;
    size_t days = day_range_count(report->range);
    for (size_t i = 0; i < report->pipeline->table_count; i++) {
        const struct coverage_day *day = report->tables[i].days;
        lineage->incomplete[i] = dayset_new(report->range);
        lineage->attainable[i] = dayset_new(report->range);
        for (size_t word = 0; word * 64 < days; word++) {
            uint64_t attainable = 0;
            uint64_t complete = 0;
            for (size_t bit = 0; bit < 64 && word * 64 + bit < days; bit++, day++) {
                attainable |= (uint64_t)(day->state >= COVERAGE_MISSING) << bit;
                complete |= (uint64_t)(day->state == COVERAGE_COMPLETE) << bit;
            }
            lineage->attainable[i].words[word] = attainable;
            lineage->incomplete[i].words[word] = attainable & ~complete;
        }
    }
}

static void unite_all(struct dayset *sum, const struct dayset *sets,
                      const struct pipeline_indices *which) {
    for (size_t i = 0; i < which->count; i++) {
        dayset_unite(sum, &sets[which->items[i]]);
    }
}

static bool upstream_known(const struct coverage_report *report,
                           const struct pipeline_indices *which) {
    for (size_t i = 0; i < which->count; i++) {
        if (!report->tables[which->items[i]].lineage.known) {
            return false;
        }
    }
    return true;
}

static void unite_degraded(struct dayset *sum, const struct coverage_report *report,
                           const struct pipeline_indices *which) {
    for (size_t i = 0; i < which->count; i++) {
        dayset_unite(sum, &report->tables[which->items[i]].lineage.degraded);
    }
}

/* What upstream does to one table; its upstream was done before. */
static void look_up(struct lineage *lineage, size_t table) {
    struct coverage_report *report = lineage->report;
    const struct pipeline_table *facts = &report->pipeline->tables[table];
    struct coverage_lineage *out = &report->tables[table].lineage;
    out->known = report->tables[table].all.known && upstream_known(report, &facts->needs) &&
                 upstream_known(report, &facts->wants);
    out->blocked = dayset_new(report->range);
    unite_all(&out->blocked, lineage->incomplete, &facts->needs);
    dayset_intersect(&out->blocked, &lineage->incomplete[table]);
    out->degraded = dayset_new(report->range);
    unite_all(&out->degraded, lineage->incomplete, &facts->wants);
    unite_degraded(&out->degraded, report, &facts->needs);
    unite_degraded(&out->degraded, report, &facts->wants);
    dayset_intersect(&out->degraded, &lineage->incomplete[table]);
}

static void put_index(struct pipeline_indices *list, size_t *capacity, size_t index) {
    list->items = memory_grow(list->items, list->count, capacity, sizeof *list->items);
    list->items[list->count++] = index;
}

/* Adds to `sum` what comes down to a table along one kind of line; whether anything did. */
static bool come_down(const struct lineage *lineage, const struct pipeline_indices *lines,
                      size_t origin, bool from_origin, struct dayset *sum) {
    bool any = false;
    for (size_t i = 0; i < lines->count; i++) {
        size_t upstream = lines->items[i];
        bool direct = upstream == origin;
        if (direct ? from_origin : lineage->is_reached[upstream]) {
            dayset_unite(sum,
                         direct ? &lineage->incomplete[upstream] : &lineage->reached[upstream]);
            any = true;
        }
    }
    return any;
}

/* The tables that the origin harms, and in `reached` on which dates. */
static struct pipeline_indices look_down(struct lineage *lineage, size_t position, enum harm harm) {
    const struct pipeline *pipeline = lineage->report->pipeline;
    struct pipeline_indices harmed = {0};
    size_t capacity = 0;
    size_t origin = lineage->order[position];
    if (dayset_next(&lineage->incomplete[origin], lineage->report->range.from) == DAY_NONE) {
        return harmed;
    }
    for (size_t at = position + 1; at < pipeline->table_count; at++) {
        size_t table = lineage->order[at];
        const struct pipeline_table *facts = &pipeline->tables[table];
        struct dayset *dates = &lineage->reached[table];
        bool blocks = harm == HARM_BLOCKS;
        bool any = come_down(lineage, &facts->needs, origin, blocks, dates);
        if (!blocks) {
            any = come_down(lineage, &facts->wants, origin, true, dates) || any;
        }
        if (!any) {
            continue;
        }
        dayset_intersect(dates, &lineage->incomplete[table]);
        if (dayset_next(dates, dates->range.from) != DAY_NONE) {
            lineage->is_reached[table] = true;
            put_index(&harmed, &capacity, table);
        }
    }
    return harmed;
}

static void forget_reached(struct lineage *lineage, const struct pipeline_indices *harmed) {
    for (size_t i = 0; i < harmed->count; i++) {
        struct dayset *dates = &lineage->reached[harmed->items[i]];
        dayset_subtract(dates, dates);
        lineage->is_reached[harmed->items[i]] = false;
    }
}

static bool needs_directly(const struct pipeline_table *facts, size_t upstream) {
    for (size_t i = 0; i < facts->needs.count; i++) {
        if (facts->needs.items[i] == upstream) {
            return true;
        }
    }
    return false;
}

/* How much of the first phase that hangs on the table directly cannot run because of it. */
static void weigh(const struct lineage *lineage, size_t table, struct coverage_lineage *out) {
    const struct pipeline *pipeline = lineage->report->pipeline;
    out->blocked_phase = PIPELINE_NONE;
    for (size_t i = 0; i < out->blocks.count; i++) {
        const struct pipeline_table *facts = &pipeline->tables[out->blocks.items[i]];
        if (needs_directly(facts, table) && facts->phase < out->blocked_phase) {
            out->blocked_phase = facts->phase;
        }
    }
    struct dayset blocked = dayset_new(lineage->report->range);
    struct dayset all = dayset_new(lineage->report->range);
    for (size_t i = 0; i < out->blocks.count; i++) {
        size_t downstream = out->blocks.items[i];
        if (pipeline->tables[downstream].phase == out->blocked_phase) {
            dayset_unite(&blocked, &lineage->reached[downstream]);
            dayset_unite(&all, &lineage->attainable[downstream]);
        }
    }
    out->blocked_dates = dayset_count(&blocked);
    out->phase_dates = dayset_count(&all);
    dayset_free(&blocked);
    dayset_free(&all);
}

static void free_lineage(struct lineage *lineage) {
    for (size_t i = 0; i < lineage->report->pipeline->table_count; i++) {
        dayset_free(&lineage->incomplete[i]);
        dayset_free(&lineage->attainable[i]);
        dayset_free(&lineage->reached[i]);
    }
    free(lineage->order);
    free(lineage->incomplete);
    free(lineage->attainable);
    free(lineage->reached);
    free(lineage->is_reached);
}

void compute_lineage(struct coverage_report *report) {
    size_t count = report->pipeline->table_count;
    struct lineage lineage = {
        .report = report,
        .order = sort_tables(report->pipeline),
        .incomplete = memory_new(count, sizeof(struct dayset)),
        .attainable = memory_new(count, sizeof(struct dayset)),
        .reached = memory_new(count, sizeof(struct dayset)),
        .is_reached = memory_new(count, sizeof(bool)),
    };
    collect_dates(&lineage);
    for (size_t i = 0; i < count; i++) {
        lineage.reached[i] = dayset_new(report->range);
        look_up(&lineage, lineage.order[i]);
    }
    for (size_t i = 0; i < count; i++) {
        size_t table = lineage.order[i];
        struct coverage_lineage *out = &report->tables[table].lineage;
        out->blocks = look_down(&lineage, i, HARM_BLOCKS);
        weigh(&lineage, table, out);
        forget_reached(&lineage, &out->blocks);
        out->degrades = look_down(&lineage, i, HARM_DEGRADES);
        forget_reached(&lineage, &out->degrades);
    }
    free_lineage(&lineage);
}

int coverage_blocked_percent(const struct coverage_lineage *lineage) {
    return percent_tenths(lineage->blocked_dates, lineage->phase_dates, PERCENT_NO_THRESHOLD);
}
