#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "coverage/compute.h"

int64_t compute_confirmed_at(const struct coverage_measurement *measurement) {
    if (!measurement->measured) {
        return 0;
    }
    return measurement->confirmed_at > measurement->measured_at ? measurement->confirmed_at
                                                                : measurement->measured_at;
}

enum coverage_status compute_status(const struct compute *compute,
                                    const struct coverage_measurement *measurement,
                                    char **problem) {
    const struct pipeline_poll *poll = &compute->pipeline->poll;
    char span[CLOCK_SPAN_SIZE];
    *problem = memory_copy_string(measurement->error);
    if (!measurement->measured) {
        if (*problem == NULL) {
            *problem = memory_copy_string("never measured");
        }
        return COVERAGE_STATUS_UNKNOWN;
    }
    int64_t age = compute->as_of - compute_confirmed_at(measurement);
    if (measurement->overtaken != NULL) {
        char *why = *problem == NULL ? memory_copy_string(measurement->overtaken)
                                     : memory_format("%s (%s)", measurement->overtaken, *problem);
        free(*problem);
        *problem = why;
    }
    if (*problem == NULL && age > poll->stale_after_ms) {
        *problem = memory_format("not confirmed for %s", clock_format_span(age, span));
    } else if (*problem == NULL && -age > poll->stale_after_ms) {
        *problem =
            memory_format("confirmed %s after this moment: the clock was set back, poll again",
                          clock_format_span(-age, span));
    }
    if (age > poll->recheck_ms + poll->stale_after_ms) {
        return COVERAGE_STATUS_UNKNOWN;
    }
    return *problem != NULL ? COVERAGE_STATUS_STALE : COVERAGE_STATUS_FRESH;
}

static int32_t cut(int64_t value) {
    return value > INT32_MAX ? INT32_MAX : (int32_t)value;
}

static bool is_exception(const struct pipeline_expected *facts, day_number day) {
    for (size_t i = 0; i < facts->except_count; i++) {
        if (day_range_has(facts->except[i], day)) {
            return true;
        }
    }
    return false;
}

/* Whether any date is due at all. */
static bool take_dates(const struct compute *compute, const struct pipeline_expected *facts,
                       const struct coverage_measurement *measurement, struct compute_source *out) {
    bool by_table = facts->kind == PIPELINE_EXPECTED_TABLE;
    bool any = false;
    out->games_known = true;
    for (size_t i = 0; i < measurement->count; i++) {
        const struct coverage_count *count = &measurement->counts[i];
        if (count->rows <= 0 || !day_range_has(compute->range, count->day) ||
            is_exception(facts, count->day)) {
            continue;
        }
        int64_t games = by_table ? count->entities : count->rows;
        size_t at = (size_t)(count->day - compute->range.from);
        dayset_add(&out->due, count->day);
        out->is_due[at] = true;
        out->games[at] = games < 0 ? -1 : cut(games);
        out->games_known = out->games_known && games >= 0;
        any = true;
    }
    return any;
}

void compute_source(const struct compute *compute, size_t source, struct compute_source *out) {
    const struct pipeline_expected *facts = &compute->pipeline->expected[source];
    const struct coverage_measurement *measurement = facts->kind == PIPELINE_EXPECTED_TABLE
                                                         ? &compute->tables[facts->table]
                                                         : &compute->expected[source];
    *out = (struct compute_source){
        .known = measurement->measured,
        .asked = measurement->range,
        .due = dayset_new(compute->range),
        .is_due = memory_new(compute->day_count, sizeof *out->is_due),
        .games = memory_new(compute->day_count, sizeof *out->games),
        .confirmed_at = compute_confirmed_at(measurement),
    };
    out->status = compute_status(compute, measurement, &out->problem);
    /* 0 of 0 must never read as all of them. */
    if (measurement->measured && !take_dates(compute, facts, measurement, out)) {
        free(out->problem);
        out->problem = memory_copy_string("the expected dates came back empty");
        out->known = false;
        out->status = COVERAGE_STATUS_UNKNOWN;
    }
}
