#include <criterion/criterion.h>
#include <string.h>

#include "base/percent.h"
#include "tests/support/fixture.h"

/* Ten days in January, six games each, one table. */
static struct fixture fixture;
static size_t table;

static void open_ten_days(void) {
    fixture_open(&fixture, "2026-01-01", "2026-01-10");
    (void)fixture_season(&fixture, "2025-26", "2026-01-01", "2026-06-30", NULL);
    fixture_due(&fixture, fixture.range, 6);
    table = fixture_table(&fixture, "summary", 0);
}

static void close_ten_days(void) {
    fixture_close(&fixture);
}

TestSuite(days, .init = open_ten_days, .fini = close_ten_days);

static enum coverage_day_state state_on(const char *date) {
    return coverage_day_at(fixture.report, table, fixture_day(date))->state;
}

static struct pipeline_table *facts(void) {
    return &fixture.pipeline.tables[table];
}

Test(days, a_date_is_done_when_its_rows_are_in_the_table)
{
    fixture_fill(&fixture, table, fixture_days("2026-01-01", "2026-01-04"), 12, 6);
    const struct coverage_totals *all = &fixture_compute(&fixture)->tables[table].all;
    cr_assert(all->known);
    cr_assert_eq(all->expected, 10);
    cr_assert_eq(all->complete, 4);
    cr_assert_eq(all->missing, 6);
    cr_assert_eq(all->last_with_rows, fixture_day("2026-01-04"));
    cr_assert_eq(coverage_percent(all, PERCENT_NO_THRESHOLD), 400);
    cr_assert_eq(state_on("2026-01-04"), COVERAGE_COMPLETE);
    cr_assert_eq(state_on("2026-01-05"), COVERAGE_MISSING);
}

/* Incident 1: 613 of 613 dates OK, two of sixteen teams saved. */
Test(days, fewer_rows_than_two_a_game_are_partial)
{
    facts()->rows = (struct pipeline_rows_rule){.kind = PIPELINE_ROWS_PER_GAME, .value = 2};
    fixture_fill(&fixture, table, fixture.range, 12, 6);
    fixture_fill(&fixture, table, fixture_days("2026-01-03", "2026-01-03"), 2, 1);
    fixture_compute(&fixture);
    cr_assert_eq(state_on("2026-01-03"), COVERAGE_PARTIAL);
    cr_assert_eq(state_on("2026-01-04"), COVERAGE_COMPLETE);
    cr_assert_eq(coverage_day_at(fixture.report, table, fixture_day("2026-01-03"))->required, 12);
}

/* Incident 11: 1 of 187 players, reported as a success. */
Test(days, one_row_is_not_complete_where_another_table_has_many)
{
    size_t players = fixture_table(&fixture, "players", 0);
    facts()->rows = (struct pipeline_rows_rule){PIPELINE_ROWS_RATIO, 0.9, players};
    fixture_fill(&fixture, players, fixture.range, 187, 6);
    fixture_fill(&fixture, table, fixture.range, 169, 6);
    fixture_fill(&fixture, table, fixture_days("2026-01-02", "2026-01-02"), 1, 1);
    fixture_fill(&fixture, table, fixture_days("2026-01-03", "2026-01-03"), 168, 6);
    fixture_compute(&fixture);
    cr_assert_eq(state_on("2026-01-01"), COVERAGE_COMPLETE);
    cr_assert_eq(state_on("2026-01-02"), COVERAGE_PARTIAL);
    cr_assert_eq(state_on("2026-01-03"), COVERAGE_PARTIAL);
}

Test(days, a_date_without_rows_to_compare_with_is_not_complete)
{
    size_t players = fixture_table(&fixture, "players", 0);
    facts()->rows = (struct pipeline_rows_rule){PIPELINE_ROWS_RATIO, 0.9, players};
    fixture_fill(&fixture, table, fixture_days("2026-01-01", "2026-01-01"), 1, 1);
    fixture_compute(&fixture);
    cr_assert_eq(state_on("2026-01-01"), COVERAGE_PARTIAL);
    cr_assert_eq(state_on("2026-01-02"), COVERAGE_MISSING);
}

Test(days, a_ratio_to_a_table_that_was_not_measured_is_unknown)
{
    size_t players = fixture_table(&fixture, "players", 0);
    facts()->rows = (struct pipeline_rows_rule){PIPELINE_ROWS_RATIO, 0.9, players};
    fixture_fill(&fixture, table, fixture.range, 100, 6);
    coverage_measurement_free(&fixture.tables[players]);
    const struct coverage_table *report = &fixture_compute(&fixture)->tables[table];
    cr_assert_not(report->all.known);
    cr_assert_eq(report->status, COVERAGE_STATUS_UNKNOWN);
    cr_assert_eq(state_on("2026-01-01"), COVERAGE_UNKNOWN);
    cr_assert_str_eq(report->error, "players: never measured");
}

/* Incident 15: rows inserted twice. */
Test(days, more_rows_than_there_can_be_are_excess_and_not_complete)
{
    facts()->rows = (struct pipeline_rows_rule){.kind = PIPELINE_ROWS_PER_GAME, .value = 2};
    facts()->duplicates_above =
        (struct pipeline_rows_rule){.kind = PIPELINE_ROWS_PER_GAME, .value = 2};
    fixture_fill(&fixture, table, fixture.range, 12, 6);
    fixture_fill(&fixture, table, fixture_days("2026-01-05", "2026-01-05"), 13, 6);
    const struct coverage_totals *all = &fixture_compute(&fixture)->tables[table].all;
    cr_assert_eq(state_on("2026-01-05"), COVERAGE_EXCESS);
    cr_assert_eq(all->excess, 1);
    cr_assert_eq(all->complete, 9);
    cr_assert_eq(all->attainable, 10);
}

Test(days, more_rows_than_distinct_entities_are_excess)
{
    facts()->duplicates_above =
        (struct pipeline_rows_rule){.kind = PIPELINE_ROWS_PER_ENTITY, .value = 2};
    fixture_fill(&fixture, table, fixture.range, 12, 6);
    fixture_fill(&fixture, table, fixture_days("2026-01-05", "2026-01-05"), 12, 5);
    fixture_compute(&fixture);
    cr_assert_eq(state_on("2026-01-04"), COVERAGE_COMPLETE);
    cr_assert_eq(state_on("2026-01-05"), COVERAGE_EXCESS);
}

/* A date that was written twice, by each rule of a shipped file: 6 games, 300 players. */
static void expect_doubled_dates_to_be_seen(const char *name) {
    struct error error = {0};
    struct pipeline *shipped = pipeline_load(name, &error);
    cr_assert_not_null(shipped, "%s", error.text);
    for (size_t i = 0; i < shipped->table_count; i++) {
        const struct pipeline_table *it = &shipped->tables[i];
        bool by_entity = it->duplicates_above.kind == PIPELINE_ROWS_PER_ENTITY;
        if (strcmp(shipped->phases[it->phase], "phase5") == 0) {
            continue; /* each game is predicted many times */
        }
        cr_assert_neq(it->duplicates_above.kind, PIPELINE_ROWS_ANY, "%s: %s", name, it->name);
        int usual = by_entity                                ? 300
                    : it->rows.kind == PIPELINE_ROWS_PER_DAY ? (int)it->rows.value
                                                             : 6 * (int)it->rows.value;
        facts()->duplicates_above = it->duplicates_above;
        fixture_fill(&fixture, table, fixture.range, usual, by_entity ? 300 : 6);
        fixture_fill(&fixture, table, fixture_days("2026-01-05", "2026-01-05"), 2 * usual,
                     by_entity ? 300 : 6);
        fixture_compute(&fixture);
        cr_expect_eq(state_on("2026-01-04"), COVERAGE_COMPLETE, "%s: %s", name, it->name);
        cr_expect_eq(state_on("2026-01-05"), COVERAGE_EXCESS, "%s: %s", name, it->name);
    }
    pipeline_free(shipped);
}

Test(days, a_date_written_twice_is_excess_by_every_shipped_rule)
{
    expect_doubled_dates_to_be_seen(PHASEGATE_SOURCE_DIR "/queries/nba/pipeline.yaml");
    expect_doubled_dates_to_be_seen(PHASEGATE_SOURCE_DIR "/queries/nba/playoffs.yaml");
}

Test(days, a_product_that_is_whole_needs_no_row_more)
{
    facts()->rows = (struct pipeline_rows_rule){.kind = PIPELINE_ROWS_PER_GAME, .value = 1.1};
    fixture_due(&fixture, fixture.range, 10);
    fixture_fill(&fixture, table, fixture.range, 11, 10);
    fixture_compute(&fixture);
    cr_assert_eq(state_on("2026-01-01"), COVERAGE_COMPLETE);
}

/* Incident 19: bootstrap dates read as silent failures. */
Test(days, bootstrap_dates_are_a_state_of_their_own_and_not_attainable)
{
    facts()->bootstrap_days = 3;
    fixture_fill(&fixture, table, fixture_days("2026-01-02", "2026-01-10"), 12, 6);
    const struct coverage_totals *all = &fixture_compute(&fixture)->tables[table].all;
    cr_assert_eq(state_on("2026-01-01"), COVERAGE_BOOTSTRAP);
    cr_assert_eq(state_on("2026-01-03"), COVERAGE_BOOTSTRAP, "whatever rows are there");
    cr_assert_eq(all->bootstrap, 3);
    cr_assert_eq(all->attainable, 7);
    cr_assert_eq(coverage_percent(all, PERCENT_NO_THRESHOLD), 1000);
    cr_assert_eq(coverage_raw_percent(all), 900);
}

Test(days, a_waived_date_leaves_the_attainable_unless_it_became_complete)
{
    fixture_waive(&fixture, table, fixture_days("2026-01-01", "2026-01-02"));
    fixture_fill(&fixture, table, fixture_days("2026-01-02", "2026-01-03"), 12, 6);
    const struct coverage_totals *all = &fixture_compute(&fixture)->tables[table].all;
    cr_assert_eq(state_on("2026-01-01"), COVERAGE_WAIVED);
    cr_assert_eq(state_on("2026-01-02"), COVERAGE_COMPLETE);
    cr_assert_eq(all->waived, 1);
    cr_assert_eq(all->attainable, 9);
    cr_assert_eq(all->complete, 2);
}

Test(days, rows_on_dates_that_are_not_due_lift_nothing)
{
    fixture_due(&fixture, fixture_days("2026-01-09", "2026-01-10"), 0);
    fixture_fill(&fixture, table, fixture.range, 12, 6);
    fixture_count(&fixture.tables[table],
                  (struct coverage_count){fixture_day("2026-01-09"), 12, 6, -1, -1});
    const struct coverage_totals *all = &fixture_compute(&fixture)->tables[table].all;
    cr_assert_eq(state_on("2026-01-09"), COVERAGE_OFF);
    cr_assert_eq(all->expected, 8);
    cr_assert_eq(all->unexpected, 1);
    cr_assert_eq(all->rows, 96);
    cr_assert_eq(coverage_raw_percent(all), 1000);
}

/* Incident 27: postponed games stay on their first date for ever. */
Test(days, a_date_on_the_list_of_exceptions_is_never_due)
{
    struct day_range except[] = {fixture_days("2026-01-04", "2026-01-05")};
    fixture.pipeline.expected[0].except = except;
    fixture.pipeline.expected[0].except_count = 1;
    const struct coverage_totals *all = &fixture_compute(&fixture)->tables[table].all;
    cr_assert_eq(all->expected, 8);
    cr_assert_eq(state_on("2026-01-04"), COVERAGE_OFF);
}

Test(days, another_table_can_say_what_is_due_and_how_many_games)
{
    size_t upstream = fixture_table(&fixture, "boxscores", 0);
    fixture.pipeline.expected[1] =
        (struct pipeline_expected){.kind = PIPELINE_EXPECTED_TABLE, .table = upstream};
    fixture.pipeline.expected_count = 2;
    facts()->expected = 1;
    fixture_fill(&fixture, upstream, fixture_days("2026-01-01", "2026-01-04"), 120, 5);
    fixture_fill(&fixture, table, fixture_days("2026-01-01", "2026-01-03"), 20, 4);
    const struct coverage_totals *all = &fixture_compute(&fixture)->tables[table].all;
    cr_assert_eq(all->expected, 4);
    cr_assert_eq(all->complete, 3);
    cr_assert_eq(all->expected_games, 20);
    cr_assert_eq(all->attained_games, 12);
    cr_assert_eq(coverage_games_percent(all, PERCENT_NO_THRESHOLD), 600);
}

Test(days, games_beyond_those_due_do_not_make_up_for_others)
{
    fixture_fill(&fixture, table, fixture_days("2026-01-01", "2026-01-05"), 12, 9);
    const struct coverage_totals *all = &fixture_compute(&fixture)->tables[table].all;
    cr_assert_eq(all->expected_games, 60);
    cr_assert_eq(all->attained_games, 30);
}

Test(days, a_season_has_its_segments)
{
    fixture.pipeline.seasons[0].playoffs_from = fixture_day("2026-01-08");
    fixture_fill(&fixture, table, fixture_days("2026-01-01", "2026-01-08"), 12, 6);
    const struct coverage_season *season = &fixture_compute(&fixture)->tables[table].seasons[0];
    cr_assert_eq(season->regular.expected, 7);
    cr_assert_eq(season->regular.complete, 7);
    cr_assert_eq(season->playoffs.expected, 3);
    cr_assert_eq(season->playoffs.complete, 1);
    cr_assert_eq(season->all.complete, 8);
    struct coverage_totals playoffs =
        coverage_totals_of(fixture.report, table, PIPELINE_NONE, PIPELINE_SEGMENT_PLAYOFFS);
    cr_assert_eq(playoffs.missing, 2);
}

Test(days, nulls_and_fallbacks_are_summed_over_expected_dates)
{
    facts()->null_of = strdup("opp_paint_attempts");
    fixture_count(&fixture.tables[table],
                  (struct coverage_count){fixture_day("2026-01-01"), 12, 6, 5, -1});
    fixture_count(&fixture.tables[table],
                  (struct coverage_count){fixture_day("2026-01-02"), 12, 6, 1, -1});
    const struct coverage_totals *all = &fixture_compute(&fixture)->tables[table].all;
    cr_assert_eq(all->nulls, 6);
    cr_assert_eq(all->fallbacks, -1);
}

Test(days, counts_without_bounds_add_up_to_the_end_of_numbers)
{
    fixture_fill(&fixture, table, fixture.range, INT64_MAX, INT64_MAX);
    const struct coverage_totals *all = &fixture_compute(&fixture)->tables[table].all;
    cr_assert_eq(all->rows, INT64_MAX);
    cr_assert_eq(all->with_rows, 10);
}
