#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "coverage/compute.h"

enum { MARK_BOOTSTRAP = 1, MARK_WAIVED = 2 };

/* What the state of one table's days is decided by. */
struct days {
    const struct compute *compute;
    const struct pipeline_table *facts;
    const struct coverage_measurement *own;
    const struct compute_source *source;
    unsigned char *marks; /* by day: MARK_BOOTSTRAP, MARK_WAIVED */
    int64_t *required_of; /* rows of the table that `rows` compares with, by day; -1 not measured */
    int64_t *limit_of;    /* the same for `duplicates_above` */
};

/* Figures such as 1.1 × 10 must not need a row more than they say. */
static const double tolerance = 1e-9;

static int32_t cut(int64_t value) {
    return value > INT32_MAX ? INT32_MAX : (int32_t)value;
}

static void mark(struct days *days, struct day_range range, unsigned char what) {
    struct day_range part = day_range_intersect(days->compute->range, range);
    for (int64_t day = part.from; day <= part.to; day++) {
        days->marks[day - days->compute->range.from] |= what;
    }
}

static void mark_exempt(struct days *days, size_t table) {
    const struct pipeline *pipeline = days->compute->pipeline;
    days->marks = memory_new(days->compute->day_count, sizeof *days->marks);
    for (size_t i = 0; i < pipeline->season_count; i++) {
        struct day_range season = pipeline->seasons[i].range;
        struct day_range first = {season.from, season.from + days->facts->bootstrap_days - 1};
        mark(days, day_range_intersect(season, first), MARK_BOOTSTRAP);
    }
    for (size_t i = 0; i < days->compute->waiver_count; i++) {
        if (days->compute->waivers[i].table == table) {
            mark(days, days->compute->waivers[i].range, MARK_WAIVED);
        }
    }
}

/* The rows of another table by day, or NULL when the rule does not compare with one. */
static int64_t *rows_of_reference(const struct compute *compute, struct pipeline_rows_rule rule) {
    if (rule.kind != PIPELINE_ROWS_RATIO) {
        return NULL;
    }
    const struct coverage_measurement *reference = &compute->tables[rule.table];
    int64_t *rows = memory_new(compute->day_count, sizeof *rows);
    for (size_t i = 0; i < compute->day_count; i++) {
        day_number day = (day_number)(compute->range.from + (int64_t)i);
        rows[i] = reference->measured && day_range_has(reference->range, day) ? 0 : -1;
    }
    for (size_t i = 0; i < reference->count; i++) {
        if (day_range_has(compute->range, reference->counts[i].day)) {
            rows[reference->counts[i].day - compute->range.from] = reference->counts[i].rows;
        }
    }
    return rows;
}

/* What a rule comes to on one day; negative when it cannot be told. */
static double amount(struct pipeline_rows_rule rule, const struct coverage_day *day,
                     int64_t reference) {
    switch (rule.kind) {
    case PIPELINE_ROWS_ANY:
        return 1;
    case PIPELINE_ROWS_PER_DAY:
        return rule.value;
    case PIPELINE_ROWS_PER_GAME:
        return day->games < 0 ? -1 : rule.value * (double)day->games;
    case PIPELINE_ROWS_RATIO:
        return reference <= 0 ? -1 : rule.value * (double)reference;
    case PIPELINE_ROWS_PER_ENTITY:
        return day->entities < 0 ? -1 : rule.value * (double)day->entities;
    }
    return -1;
}

static int64_t rows_at(const int64_t *reference, size_t at) {
    return reference == NULL ? -1 : reference[at];
}

/* Rounded up to whole rows, at least one; -1 when it is not known. */
static int32_t required_rows(double needed) {
    if (needed < 0) {
        return -1;
    }
    needed -= tolerance;
    if (needed >= (double)INT32_MAX) {
        return INT32_MAX;
    }
    int32_t rows = (int32_t)needed;
    rows += (double)rows < needed;
    return rows < 1 ? 1 : rows;
}

static enum coverage_day_state judge_rows(const struct days *days, const struct coverage_day *day,
                                          size_t at) {
    if (day->rows == 0) {
        return COVERAGE_MISSING;
    }
    if (days->facts->duplicates_above.kind != PIPELINE_ROWS_ANY) {
        double limit = amount(days->facts->duplicates_above, day, rows_at(days->limit_of, at));
        if (limit < 0) {
            return COVERAGE_PARTIAL;
        }
        if ((double)day->rows > limit + tolerance) {
            return COVERAGE_EXCESS;
        }
    }
    return day->required < 0 || day->rows < day->required ? COVERAGE_PARTIAL : COVERAGE_COMPLETE;
}

static bool reference_unmeasured(const int64_t *rows, size_t at) {
    return rows != NULL && rows[at] < 0;
}

static enum coverage_day_state judge(const struct days *days, struct coverage_day *day, size_t at) {
    day_number date = (day_number)(days->compute->range.from + (int64_t)at);
    if (!day_range_has(days->source->asked, date)) {
        return COVERAGE_UNKNOWN;
    }
    if (!days->source->is_due[at]) {
        day->required = 0;
        return COVERAGE_OFF;
    }
    day->required = required_rows(amount(days->facts->rows, day, rows_at(days->required_of, at)));
    if (day->rows < 0 || reference_unmeasured(days->required_of, at) ||
        reference_unmeasured(days->limit_of, at)) {
        return COVERAGE_UNKNOWN;
    }
    if ((days->marks[at] & MARK_BOOTSTRAP) != 0) {
        return COVERAGE_BOOTSTRAP;
    }
    enum coverage_day_state state = judge_rows(days, day, at);
    bool given_up = state != COVERAGE_COMPLETE && (days->marks[at] & MARK_WAIVED) != 0;
    return given_up ? COVERAGE_WAIVED : state;
}

/* What was counted, before anything is judged. */
static void take_counts(const struct days *days, struct coverage_day *out) {
    const struct compute *compute = days->compute;
    for (size_t i = 0; i < compute->day_count; i++) {
        day_number date = (day_number)(compute->range.from + (int64_t)i);
        bool asked = days->own->measured && day_range_has(days->own->range, date);
        bool due_known = days->source->known && day_range_has(days->source->asked, date);
        out[i] = (struct coverage_day){
            .rows = asked ? 0 : -1,
            .state = COVERAGE_UNKNOWN,
            .entities = asked && days->facts->entity != NULL ? 0 : -1,
            .required = -1,
            .games = due_known ? days->source->games[i] : -1,
        };
    }
    for (size_t i = 0; i < days->own->count && days->own->measured; i++) {
        const struct coverage_count *count = &days->own->counts[i];
        if (day_range_has(compute->range, count->day)) {
            struct coverage_day *day = &out[count->day - compute->range.from];
            day->rows = count->rows;
            day->entities = count->entities < 0 ? -1 : cut(count->entities);
        }
    }
}

/* Lowers the table's standing to that of something its numbers rest on. */
static void rest_on(struct coverage_table *table, enum coverage_status status, int64_t confirmed_at,
                    const char *what, const char *problem) {
    if (status < table->status) {
        table->status = status;
    }
    if (confirmed_at < table->evidence_at) {
        table->evidence_at = confirmed_at;
    }
    if (problem != NULL && table->error == NULL) {
        table->error = memory_format("%s: %s", what, problem);
    }
}

static bool rest_on_reference(const struct compute *compute, struct coverage_table *table,
                              struct pipeline_rows_rule rule) {
    if (rule.kind != PIPELINE_ROWS_RATIO) {
        return true;
    }
    const struct coverage_measurement *reference = &compute->tables[rule.table];
    char *problem;
    enum coverage_status status = compute_status(compute, reference, &problem);
    rest_on(table, status, compute_confirmed_at(reference),
            compute->pipeline->tables[rule.table].name, problem);
    free(problem);
    return reference->measured;
}

/* Status, times and error of the table; whether its days can be judged at all. */
static bool stand(const struct days *days, struct coverage_table *table) {
    const struct pipeline_table *facts = days->facts;
    table->status = compute_status(days->compute, days->own, &table->error);
    table->measured_at = days->own->measured ? days->own->measured_at : 0;
    table->confirmed_at = compute_confirmed_at(days->own);
    table->evidence_at = table->confirmed_at;
    rest_on(table, days->source->status, days->source->confirmed_at, "expected dates",
            days->source->problem);
    bool references = rest_on_reference(days->compute, table, facts->rows);
    references = rest_on_reference(days->compute, table, facts->duplicates_above) && references;
    bool by_game = facts->rows.kind == PIPELINE_ROWS_PER_GAME ||
                   facts->duplicates_above.kind == PIPELINE_ROWS_PER_GAME;
    bool games = !by_game || !days->source->known || days->source->games_known;
    if (!games) {
        rest_on(table, COVERAGE_STATUS_UNKNOWN, table->evidence_at, "expected dates",
                "they do not tell the games that the rows are counted by");
    }
    return days->own->measured && days->source->known && references && games;
}

bool compute_days(const struct compute *compute, struct coverage_table *table) {
    const struct pipeline_table *facts = &compute->pipeline->tables[table->table];
    struct days days = {
        .compute = compute,
        .facts = facts,
        .own = &compute->tables[table->table],
        .source = &compute->sources[facts->expected],
        .required_of = rows_of_reference(compute, facts->rows),
        .limit_of = rows_of_reference(compute, facts->duplicates_above),
    };
    mark_exempt(&days, table->table);
    table->days = memory_new(compute->day_count, sizeof *table->days);
    take_counts(&days, table->days);
    bool known = stand(&days, table);
    for (size_t i = 0; known && i < compute->day_count; i++) {
        table->days[i].state = judge(&days, &table->days[i], i);
    }
    free(days.marks);
    free(days.required_of);
    free(days.limit_of);
    return known;
}
