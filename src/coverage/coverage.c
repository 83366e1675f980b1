#include "coverage/coverage.h"

#include <stdlib.h>

#include "base/memory.h"
#include "coverage/compute.h"

static const char *const state_names[] = {
    [COVERAGE_UNKNOWN] = "unknown",     [COVERAGE_OFF] = "off",
    [COVERAGE_BOOTSTRAP] = "bootstrap", [COVERAGE_WAIVED] = "waived",
    [COVERAGE_MISSING] = "missing",     [COVERAGE_PARTIAL] = "partial",
    [COVERAGE_COMPLETE] = "complete",   [COVERAGE_EXCESS] = "excess",
};

static const char *const status_names[] = {
    [COVERAGE_STATUS_UNKNOWN] = "unknown",
    [COVERAGE_STATUS_STALE] = "stale",
    [COVERAGE_STATUS_FRESH] = "fresh",
};

const char *coverage_day_state_name(enum coverage_day_state state) {
    return state_names[state];
}

const char *coverage_status_name(enum coverage_status status) {
    return status_names[status];
}

/* Days that were never asked for are no zero: the range grows at midnight, before the next poll. */
static void notice_unmeasured(const struct compute *compute, struct coverage_table *table) {
    if (table->all.unmeasured == 0 || !table->all.known) {
        return;
    }
    table->status = COVERAGE_STATUS_UNKNOWN;
    for (size_t i = 0; i < compute->day_count && table->error == NULL; i++) {
        if (table->days[i].state == COVERAGE_UNKNOWN) {
            char day[DAY_TEXT_SIZE];
            table->error = memory_format(
                "%zu days of the range were not measured yet, the first %s", table->all.unmeasured,
                day_format((day_number)(compute->range.from + (int64_t)i), day));
        }
    }
}

/* A person gave the dates up; a run has taken them on since, and they are not complete. */
static char *notice_of_waivers(const struct compute *compute, size_t index,
                               const struct coverage_table *table) {
    size_t dates = 0;
    const char *run = NULL;
    for (size_t i = 0; i < compute->waiver_count; i++) {
        const struct coverage_waiver *waiver = &compute->waivers[i];
        struct day_range part = day_range_intersect(waiver->range, compute->range);
        for (int64_t day = part.from;
             waiver->table == index && waiver->written_by != NULL && day <= part.to; day++) {
            if (table->days[day - compute->range.from].state == COVERAGE_WAIVED) {
                run = waiver->written_by;
                dates++;
            }
        }
    }
    return dates == 0 ? NULL
                      : memory_format("%zu date%s waived before run %s wrote among them", dates,
                                      dates == 1 ? " was" : "s were", run);
}

static void compute_table(const struct compute *compute, size_t index,
                          struct coverage_table *table) {
    table->table = index;
    bool known = compute_days(compute, table);
    compute_totals(compute, table, known);
    notice_unmeasured(compute, table);
    table->waived_notice = notice_of_waivers(compute, index, table);
}

static void free_sources(struct compute *compute) {
    for (size_t i = 0; i < compute->pipeline->expected_count; i++) {
        free(compute->sources[i].is_due);
        free(compute->sources[i].games);
        free(compute->sources[i].problem);
    }
    free(compute->sources);
    free(compute->stretches);
}

struct coverage_report *coverage_compute(const struct pipeline *pipeline, int64_t as_of,
                                         struct day_range range,
                                         const struct coverage_measurement *tables,
                                         const struct coverage_measurement *expected,
                                         const struct coverage_waiver *waivers,
                                         size_t waiver_count) {
    struct compute compute = {
        .pipeline = pipeline,
        .as_of = as_of,
        .range = range,
        .day_count = day_range_count(range),
        .tables = tables,
        .expected = expected,
        .waivers = waivers,
        .waiver_count = waiver_count,
        .sources = memory_new(pipeline->expected_count, sizeof *compute.sources),
    };
    struct coverage_report *report = memory_new(1, sizeof *report);
    *report = (struct coverage_report){
        .pipeline = pipeline,
        .as_of = as_of,
        .range = range,
        .tables = memory_new(pipeline->table_count, sizeof *report->tables),
        .expected = memory_new(pipeline->expected_count, sizeof *report->expected),
    };
    compute_stretches(&compute);
    for (size_t i = 0; i < pipeline->expected_count; i++) {
        compute_source(&compute, i, &compute.sources[i]);
        report->expected[i] = compute.sources[i].due;
    }
    for (size_t i = 0; i < pipeline->table_count; i++) {
        compute_table(&compute, i, &report->tables[i]);
    }
    compute_lineage(report);
    free_sources(&compute);
    return report;
}

void coverage_report_free(struct coverage_report *report) {
    if (report == NULL) {
        return;
    }
    for (size_t i = 0; i < report->pipeline->table_count; i++) {
        struct coverage_table *table = &report->tables[i];
        free(table->error);
        free(table->waived_notice);
        free(table->days);
        free(table->seasons);
        dayset_free(&table->lineage.blocked);
        dayset_free(&table->lineage.degraded);
        free(table->lineage.blocks.items);
        free(table->lineage.degrades.items);
    }
    for (size_t i = 0; i < report->pipeline->expected_count; i++) {
        dayset_free(&report->expected[i]);
    }
    free(report->tables);
    free(report->expected);
    free(report);
}

const struct coverage_day *coverage_day_at(const struct coverage_report *report, size_t table,
                                           day_number day) {
    if (!day_range_has(report->range, day)) {
        return NULL;
    }
    return &report->tables[table].days[day - report->range.from];
}

struct dayset coverage_gaps(const struct coverage_report *report, size_t table,
                            struct day_range range, bool missing_only) {
    struct day_range part = day_range_intersect(report->range, range);
    struct dayset gaps = dayset_new(report->range);
    for (int64_t day = part.from; day <= part.to; day++) {
        enum coverage_day_state state = report->tables[table].days[day - report->range.from].state;
        if (state == COVERAGE_MISSING ||
            (!missing_only && (state == COVERAGE_PARTIAL || state == COVERAGE_EXCESS))) {
            dayset_add(&gaps, (day_number)day);
        }
    }
    return gaps;
}

struct dayset coverage_excess(const struct coverage_report *report, size_t table,
                              struct day_range range) {
    struct day_range part = day_range_intersect(report->range, range);
    struct dayset excess = dayset_new(report->range);
    for (int64_t day = part.from; day <= part.to; day++) {
        if (report->tables[table].days[day - report->range.from].state == COVERAGE_EXCESS) {
            dayset_add(&excess, (day_number)day);
        }
    }
    return excess;
}

struct dayset coverage_expected(const struct coverage_report *report, size_t table) {
    return dayset_copy(&report->expected[report->pipeline->tables[table].expected]);
}

void coverage_measurement_free(struct coverage_measurement *measurement) {
    free(measurement->counts);
    free(measurement->error);
    free(measurement->overtaken);
    *measurement = (struct coverage_measurement){0};
}
