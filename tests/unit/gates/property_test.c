/* Properties of verdicts over thousands of random pipelines and evidence: whatever else, a gate is
 * never GO on anything that was not measured, fresh, whole and enough. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/percent.h"
#include "tests/support/fixture.h"

enum { ROUNDS = 4000 };

static struct fixture fixture;
static uint64_t seed;

static size_t below(size_t limit) {
    return (size_t)(fixture_random(&seed) % limit);
}

static bool chance(size_t percent) {
    return below(100) < percent;
}

static void add_seasons(void) {
    struct day_range range = fixture.range;
    for (size_t i = 0; i < 1 + below(3); i++) {
        size_t season = fixture_season(&fixture, "season", "2026-01-01", "2026-01-31", NULL);
        struct pipeline_season *facts = &fixture.pipeline.seasons[season];
        facts->range.from = range.from + (day_number)(i * 25);
        facts->range.to = facts->range.from + (day_number)below(24);
        facts->playoffs_from = chance(50) ? facts->range.to - 5 : DAY_NONE;
    }
}

static void fill(size_t table) {
    struct pipeline_table *facts = &fixture.pipeline.tables[table];
    struct coverage_measurement *measurement = &fixture.tables[table];
    size_t density = chance(60) ? 100 : below(101);
    for (day_number day = fixture.range.from - 3; day <= fixture.range.to + 3; day++) {
        if (chance(density)) {
            int64_t rows = chance(97) ? 12 : (int64_t)(1 + below(30));
            fixture_count(measurement, (struct coverage_count){
                                           day, rows, facts->entity != NULL ? 6 : -1,
                                           facts->null_of != NULL ? (int64_t)below(2) : -1,
                                           facts->fallback != NULL ? (int64_t)below(2) : -1});
        }
    }
}

/* Something may be wrong with a measurement: never made, old, failed, too short, from the future.
 */
static void spoil(struct coverage_measurement *measurement) {
    if (chance(80)) {
        return;
    }
    int64_t age = (int64_t)below(4000000) - 500000;
    switch (below(4)) {
    case 0:
        coverage_measurement_free(measurement);
        break;
    case 1:
        measurement->measured_at = measurement->confirmed_at = fixture.as_of - age;
        break;
    case 2:
        fixture_error(measurement, "503 backendError");
        break;
    default:
        measurement->range.to -= (day_number)below(5);
        break;
    }
}

static void add_table(void) {
    static const enum pipeline_rows_kind kinds[] = {PIPELINE_ROWS_ANY, PIPELINE_ROWS_PER_DAY,
                                                    PIPELINE_ROWS_PER_GAME, PIPELINE_ROWS_RATIO};
    size_t table = fixture_table(&fixture, "table", 0);
    struct pipeline_table *facts = &fixture.pipeline.tables[table];
    facts->bootstrap_days = chance(20) ? (int)below(100) : (int)below(5);
    facts->rows = (struct pipeline_rows_rule){.kind = kinds[below(4)], .value = 2};
    facts->rows.table = table > 0 ? below(table) : table;
    facts->rows.value = facts->rows.kind == PIPELINE_ROWS_RATIO ? 0.9 : 2;
    if (chance(50)) {
        facts->duplicates_above = (struct pipeline_rows_rule){PIPELINE_ROWS_PER_GAME, 2, 0};
    }
    facts->null_of = chance(50) ? memory_copy_string("x") : NULL;
    facts->fallback = chance(50) ? memory_copy_string("y") : NULL;
    for (size_t i = 0; i < table; i++) {
        if (chance(40)) {
            (chance(70) ? fixture_needs : fixture_wants)(&fixture, table, i);
        }
    }
    fill(table);
}

static void add_checks(size_t gate) {
    for (size_t i = 0; i < below(4); i++) {
        struct pipeline_check *check =
            fixture_check(&fixture, gate, (enum pipeline_check_kind)below(5),
                          below(fixture.pipeline.table_count));
        check->minimum = chance(90) ? (int)below(10001) : 0;
        check->maximum = (int)below(6000);
        check->missing_at_most = chance(30) ? (int64_t)below(20) : -1;
        check->segment = chance(70) ? PIPELINE_SEGMENT_ALL : (unsigned)below(3);
        check->season = chance(70) ? PIPELINE_NONE : below(fixture.pipeline.season_count);
        check->unit = chance(80) ? PIPELINE_UNIT_DATES : PIPELINE_UNIT_GAMES;
        check->each_season = chance(30);
    }
}

static void open_random(int round) {
    seed = (uint64_t)round * UINT64_C(0x9E3779B97F4A7C15) + 1;
    fixture_open(&fixture, "2026-01-01", "2026-03-10");
    add_seasons();
    for (day_number day = fixture.range.from; day <= fixture.range.to && !chance(1); day++) {
        fixture_due(&fixture, (struct day_range){day, day}, chance(80) ? 6 : 0);
    }
    for (size_t i = 0; i < 1 + below(5); i++) {
        add_table();
    }
    size_t gate = fixture_gate(&fixture, "gate");
    add_checks(gate);
    for (size_t i = 0; i < fixture.pipeline.table_count; i++) {
        spoil(&fixture.tables[i]);
    }
    spoil(&fixture.expected[0]);
    if (chance(20)) {
        fixture_waive(&fixture, below(fixture.pipeline.table_count), fixture.range);
    }
}

static bool is_trusted(const struct coverage_measurement *measurement) {
    int64_t age = fixture.as_of - measurement->confirmed_at;
    return measurement->measured && measurement->error == NULL && age <= 300000 && age >= -300000;
}

/* Judged here from the measurements themselves, not from what coverage made of them. */
static void expect_sound(const struct pipeline_check *check, const struct gates_check *judged) {
    const struct pipeline_table *facts = &fixture.pipeline.tables[check->table];
    const struct coverage_totals *all = &fixture.report->tables[check->table].all;
    cr_assert(is_trusted(&fixture.tables[check->table]), "the table was not measured, or long ago");
    cr_assert(is_trusted(&fixture.expected[0]), "its expected dates were not measured");
    cr_assert(fixture.expected[0].count > 0);
    if (facts->rows.kind == PIPELINE_ROWS_RATIO) {
        cr_assert(is_trusted(&fixture.tables[facts->rows.table]));
    }
    cr_assert(all->known && all->attainable > 0 && all->unmeasured == 0);
    cr_assert(judged->measured && judged->fresh && judged->age_ms >= 0);
    cr_assert(isfinite(judged->value) && judged->margin >= 0);
}

static void expect_verdict(const struct gates_gate *gate) {
    const struct pipeline_gate *facts = &fixture.pipeline.gates[0];
    cr_assert_eq(gate->passed + gate->failed + gate->unknown, gate->total);
    cr_assert_leq(gate->measured, gate->total);
    for (size_t i = 0; i < gate->total; i++) {
        const struct gates_check *check = &gate->checks[i];
        cr_assert(check->unit != GATES_UNIT_PERCENT || check->value <= 100);
        cr_assert((check->why == NULL) == (check->result == GATES_RESULT_PASS && check->fresh));
        cr_assert(check->result != GATES_RESULT_FAIL || check->margin < 0);
        cr_assert(check->blocked_percent <= 1000);
        if (gate->verdict == GATES_GO) {
            cr_assert_eq(check->result, GATES_RESULT_PASS);
            expect_sound(&facts->checks[i], check);
        }
    }
    if (gate->verdict == GATES_GO) {
        cr_assert(gate->total > 0 && gate->measured == gate->total);
    }
}

Test(properties, a_gate_is_go_only_on_whole_fresh_evidence)
{
    size_t verdicts[GATES_GO + 1] = {0};
    for (int round = 0; round < ROUNDS; round++) {
        open_random(round);
        struct gates_evidence evidence = {.coverage = fixture_compute(&fixture)};
        struct gates_report *report = gates_judge(&fixture.pipeline, &evidence, fixture.as_of);
        expect_verdict(&report->gates[0]);
        verdicts[report->gates[0].verdict]++;
        gates_report_free(report);
        fixture_close(&fixture);
    }
    cr_assert_gt(verdicts[GATES_GO], ROUNDS / 50, "the cases must reach GO to prove anything");
    cr_assert_gt(verdicts[GATES_NO_GO], ROUNDS / 50);
    cr_assert_gt(verdicts[GATES_STALE], ROUNDS / 50);
    cr_assert_gt(verdicts[GATES_UNKNOWN], ROUNDS / 50);
}

static void expect_sums(const struct coverage_totals *totals) {
    if (!totals->known) {
        cr_assert_eq(coverage_percent(totals, PERCENT_NO_THRESHOLD), PERCENT_UNKNOWN);
        return;
    }
    cr_assert_eq(totals->bootstrap + totals->waived + totals->attainable, totals->expected);
    cr_assert_eq(totals->complete + totals->partial + totals->missing + totals->excess,
                 totals->attainable);
    cr_assert_leq(totals->with_rows, totals->expected);
    cr_assert_leq(coverage_percent(totals, PERCENT_NO_THRESHOLD), 1000);
    cr_assert_leq(coverage_raw_percent(totals), 1000);
    cr_assert_leq(coverage_games_percent(totals, PERCENT_NO_THRESHOLD), 1000);
    cr_assert(totals->attained_games <= totals->expected_games);
}

static void expect_lineage(const struct coverage_report *report, size_t table) {
    const struct coverage_lineage *lineage = &report->tables[table].lineage;
    struct dayset gaps = coverage_gaps(report, table, report->range, false);
    struct dayset outside = dayset_copy(&lineage->blocked);
    dayset_unite(&outside, &lineage->degraded);
    dayset_subtract(&outside, &gaps);
    cr_assert_eq(dayset_count(&outside), 0, "only what is not complete can be blocked");
    cr_assert_leq(lineage->blocked_dates, lineage->phase_dates);
    for (size_t i = 0; i < lineage->blocks.count; i++) {
        cr_assert_neq(lineage->blocks.items[i], table);
        cr_assert_gt(dayset_count(&report->tables[lineage->blocks.items[i]].lineage.blocked), 0);
    }
    dayset_free(&gaps);
    dayset_free(&outside);
}

Test(properties, states_add_up_to_what_is_expected)
{
    for (int round = 0; round < ROUNDS; round++) {
        open_random(round);
        const struct coverage_report *report = fixture_compute(&fixture);
        for (size_t i = 0; i < fixture.pipeline.table_count; i++) {
            const struct coverage_table *table = &report->tables[i];
            expect_sums(&table->all);
            for (size_t j = 0; j < fixture.pipeline.season_count; j++) {
                const struct coverage_season *season = &table->seasons[j];
                expect_sums(&season->all);
                cr_assert_eq(season->regular.expected + season->playoffs.expected,
                             season->all.expected);
            }
            expect_lineage(report, i);
        }
        fixture_close(&fixture);
    }
}

Test(properties, a_date_that_becomes_complete_never_lowers_a_percentage)
{
    for (int round = 0; round < ROUNDS / 4; round++) {
        open_random(round);
        fixture.pipeline.tables[0].rows = (struct pipeline_rows_rule){.kind = PIPELINE_ROWS_ANY};
        fixture.pipeline.tables[0].duplicates_above =
            (struct pipeline_rows_rule){.kind = PIPELINE_ROWS_ANY};
        int threshold = (int)below(10001);
        int before = coverage_percent(&fixture_compute(&fixture)->tables[0].all, threshold);
        bool known = fixture.report->tables[0].all.known;
        day_number day = fixture.range.from + (day_number)below(69);
        if (known) {
            fixture_count(&fixture.tables[0], (struct coverage_count){day, 12, 6, 0, 0});
        }
        cr_assert_geq(coverage_percent(&fixture_compute(&fixture)->tables[0].all, threshold),
                      before);
        fixture_close(&fixture);
    }
}
