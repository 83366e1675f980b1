#include "tests/support/fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

day_number fixture_day(const char *date) {
    day_number day = DAY_NONE;
    cr_assert(day_parse(text_of(date), &day), "%s is not a date", date);
    return day;
}

struct day_range fixture_days(const char *from, const char *to) {
    return (struct day_range){fixture_day(from), fixture_day(to)};
}

static struct coverage_measurement measured_now(const struct fixture *fixture) {
    return (struct coverage_measurement){.measured = true,
                                         .measured_at = fixture->as_of - 14000,
                                         .confirmed_at = fixture->as_of - 14000,
                                         .range = fixture->range};
}

void fixture_open(struct fixture *fixture, const char *from, const char *to) {
    *fixture = (struct fixture){.range = fixture_days(from, to)};
    fixture->as_of = (int64_t)(fixture->range.to + 2) * 86400000 + 51300000;
    fixture->pipeline = (struct pipeline){
        .name = memory_copy_string("nba-backfill"),
        .poll = {.every_ms = 60000, .recheck_ms = 1800000, .stale_after_ms = 300000},
        .seasons = memory_new(FIXTURE_SEASONS, sizeof(struct pipeline_season)),
        .phases = memory_new(FIXTURE_TABLES, sizeof(char *)),
        .expected = memory_new(2, sizeof(struct pipeline_expected)),
        .expected_count = 1,
        .tables = memory_new(FIXTURE_TABLES, sizeof(struct pipeline_table)),
        .groups = memory_new(FIXTURE_TABLES, sizeof(struct pipeline_group)),
        .gates = memory_new(FIXTURE_GATES, sizeof(struct pipeline_gate)),
    };
    fixture->expected[0] = measured_now(fixture);
    (void)fixture_phase(fixture, "phase1");
}

static void close_gate(struct pipeline_gate *gate) {
    for (size_t i = 0; i < gate->check_count; i++) {
        free(gate->checks[i].name);
    }
    free(gate->checks);
    free(gate->name);
    free(gate->holds.items);
}

void fixture_close(struct fixture *fixture) {
    struct pipeline *pipeline = &fixture->pipeline;
    coverage_report_free(fixture->report);
    for (size_t i = 0; i < pipeline->table_count; i++) {
        free(pipeline->tables[i].name);
        free(pipeline->tables[i].entity);
        free(pipeline->tables[i].null_of);
        free(pipeline->tables[i].fallback);
        free(pipeline->tables[i].needs.items);
        free(pipeline->tables[i].wants.items);
        coverage_measurement_free(&fixture->tables[i]);
    }
    for (size_t i = 0; i < pipeline->season_count; i++) {
        free(pipeline->seasons[i].name);
    }
    for (size_t i = 0; i < pipeline->phase_count; i++) {
        free(pipeline->phases[i]);
    }
    for (size_t i = 0; i < pipeline->gate_count; i++) {
        close_gate(&pipeline->gates[i]);
    }
    for (size_t i = 0; i < pipeline->group_count; i++) {
        free(pipeline->groups[i].name);
        free(pipeline->groups[i].runs.items);
    }
    coverage_measurement_free(&fixture->expected[0]);
    coverage_measurement_free(&fixture->expected[1]);
    free(pipeline->name);
    free(pipeline->seasons);
    free(pipeline->phases);
    free(pipeline->expected);
    free(pipeline->tables);
    free(pipeline->groups);
    free(pipeline->gates);
}

size_t fixture_season(struct fixture *fixture, const char *name, const char *from, const char *to,
                      const char *playoffs_from) {
    size_t season = fixture->pipeline.season_count++;
    fixture->pipeline.seasons[season] = (struct pipeline_season){
        .name = memory_copy_string(name),
        .range = fixture_days(from, to),
        .playoffs_from = playoffs_from == NULL ? DAY_NONE : fixture_day(playoffs_from),
    };
    return season;
}

size_t fixture_phase(struct fixture *fixture, const char *name) {
    size_t phase = fixture->pipeline.phase_count++;
    fixture->pipeline.phases[phase] = memory_copy_string(name);
    return phase;
}

size_t fixture_table(struct fixture *fixture, const char *name, size_t phase) {
    size_t table = fixture->pipeline.table_count++;
    cr_assert_lt(table, FIXTURE_TABLES);
    fixture->pipeline.tables[table] = (struct pipeline_table){
        .name = memory_copy_string(name),
        .phase = phase,
        .entity = memory_copy_string("game_id"),
    };
    fixture->tables[table] = measured_now(fixture);
    return table;
}

static void put_index(struct pipeline_indices *list, size_t index) {
    list->items = memory_resize(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = index;
}

void fixture_needs(struct fixture *fixture, size_t table, size_t upstream) {
    put_index(&fixture->pipeline.tables[table].needs, upstream);
}

void fixture_wants(struct fixture *fixture, size_t table, size_t upstream) {
    put_index(&fixture->pipeline.tables[table].wants, upstream);
}

void fixture_count(struct coverage_measurement *measurement, struct coverage_count count) {
    size_t at = 0;
    while (at < measurement->count && measurement->counts[at].day < count.day) {
        at++;
    }
    bool there = at < measurement->count && measurement->counts[at].day == count.day;
    if (!there) {
        measurement->counts =
            memory_resize(measurement->counts, measurement->count + 1, sizeof *measurement->counts);
        memmove(&measurement->counts[at + 1], &measurement->counts[at],
                (measurement->count - at) * sizeof *measurement->counts);
        measurement->count++;
    }
    measurement->counts[at] = count;
    if (count.rows == 0) {
        memmove(&measurement->counts[at], &measurement->counts[at + 1],
                (measurement->count - at - 1) * sizeof *measurement->counts);
        measurement->count--;
    }
}

void fixture_due(struct fixture *fixture, struct day_range range, int64_t games) {
    for (day_number day = range.from; day <= range.to; day++) {
        fixture_count(&fixture->expected[0], (struct coverage_count){day, games, -1, -1, -1});
    }
}

void fixture_fill(struct fixture *fixture, size_t table, struct day_range range, int64_t rows,
                  int64_t entities) {
    bool nulls = fixture->pipeline.tables[table].null_of != NULL;
    bool fallbacks = fixture->pipeline.tables[table].fallback != NULL;
    for (size_t i = 0; i < fixture->expected[0].count; i++) {
        day_number day = fixture->expected[0].counts[i].day;
        if (day_range_has(range, day)) {
            fixture_count(
                &fixture->tables[table],
                (struct coverage_count){day, rows, entities, nulls ? 0 : -1, fallbacks ? 0 : -1});
        }
    }
}

void fixture_waive(struct fixture *fixture, size_t table, struct day_range range) {
    fixture->waivers[fixture->waiver_count++] = (struct coverage_waiver){table, range, NULL};
}

void fixture_error(struct coverage_measurement *measurement, const char *error) {
    free(measurement->error);
    measurement->error = memory_copy_string(error);
}

size_t fixture_gate(struct fixture *fixture, const char *name) {
    size_t gate = fixture->pipeline.gate_count++;
    fixture->pipeline.gates[gate] = (struct pipeline_gate){
        .name = memory_copy_string(name),
        .checks = memory_new(FIXTURE_CHECKS, sizeof(struct pipeline_check)),
    };
    return gate;
}

struct pipeline_check *fixture_check(struct fixture *fixture, size_t gate,
                                     enum pipeline_check_kind kind, size_t table) {
    static const char *const words[] = {
        [PIPELINE_CHECK_COVERAGE] = "coverage",
        [PIPELINE_CHECK_ROWS] = "rows",
        [PIPELINE_CHECK_NULL_RATE] = "null_rate",
        [PIPELINE_CHECK_FALLBACK_RATE] = "fallback_rate",
        [PIPELINE_CHECK_DUPLICATES] = "duplicates",
        [PIPELINE_CHECK_QUERY] = "query",
        [PIPELINE_CHECK_RUNS] = "runs",
        [PIPELINE_CHECK_COMMAND] = "command",
        [PIPELINE_CHECK_CREDENTIALS] = "credentials",
        [PIPELINE_CHECK_DISK] = "disk",
        [PIPELINE_CHECK_MANUAL] = "manual",
    };
    struct pipeline_gate *facts = &fixture->pipeline.gates[gate];
    struct pipeline_check *check = &facts->checks[facts->check_count++];
    bool of_table = kind <= PIPELINE_CHECK_DUPLICATES;
    *check = (struct pipeline_check){
        .kind = kind,
        .name = of_table ? memory_format("%s %s", fixture->pipeline.tables[table].name, words[kind])
                         : memory_copy_string(words[kind]),
        .table = table,
        .season = PIPELINE_NONE,
        .missing_at_most = -1,
    };
    return check;
}

const struct coverage_report *fixture_compute(struct fixture *fixture) {
    coverage_report_free(fixture->report);
    fixture->report =
        coverage_compute(&fixture->pipeline, fixture->as_of, fixture->range, fixture->tables,
                         fixture->expected, fixture->waivers, fixture->waiver_count);
    return fixture->report;
}

uint64_t fixture_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * UINT64_C(0x2545F4914F6CDD1D) >> 16;
}
