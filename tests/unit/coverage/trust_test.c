#include <criterion/criterion.h>
#include <string.h>

#include "base/percent.h"
#include "tests/support/fixture.h"

static struct fixture fixture;
static size_t table;

static void open_measured(void) {
    fixture_open(&fixture, "2026-01-01", "2026-01-10");
    (void)fixture_season(&fixture, "2025-26", "2026-01-01", "2026-06-30", NULL);
    fixture_due(&fixture, fixture.range, 6);
    table = fixture_table(&fixture, "summary", 0);
    fixture_fill(&fixture, table, fixture.range, 12, 6);
}

static void close_measured(void) {
    fixture_close(&fixture);
}

TestSuite(trust, .init = open_measured, .fini = close_measured);

static const struct coverage_table *look(void) {
    return &fixture_compute(&fixture)->tables[table];
}

static void age(struct coverage_measurement *measurement, int64_t ms) {
    measurement->measured_at = fixture.as_of - ms;
    measurement->confirmed_at = fixture.as_of - ms;
}

Test(trust, what_was_confirmed_just_now_is_fresh)
{
    cr_assert_eq(look()->status, COVERAGE_STATUS_FRESH);
    cr_assert_null(look()->error);
    cr_assert_eq(look()->evidence_at, fixture.as_of - 14000);
}

Test(trust, numbers_grow_stale_then_unknown_and_stay)
{
    age(&fixture.tables[table], 300000);
    cr_assert_eq(look()->status, COVERAGE_STATUS_FRESH);
    age(&fixture.tables[table], 300001);
    cr_assert_eq(look()->status, COVERAGE_STATUS_STALE);
    cr_assert_str_eq(look()->error, "not confirmed for 5 min");
    age(&fixture.tables[table], 2100001);
    cr_assert_eq(look()->status, COVERAGE_STATUS_UNKNOWN);
    cr_assert(look()->all.known);
    cr_assert_eq(look()->all.complete, 10);
}

Test(trust, a_free_check_confirms_old_counts)
{
    age(&fixture.tables[table], 1000000);
    fixture.tables[table].confirmed_at = fixture.as_of - 1000;
    cr_assert_eq(look()->status, COVERAGE_STATUS_FRESH);
    cr_assert_eq(look()->measured_at, fixture.as_of - 1000000);
}

Test(trust, a_failed_attempt_makes_young_numbers_stale_at_once)
{
    fixture_error(&fixture.tables[table], "403 rateLimitExceeded");
    cr_assert_eq(look()->status, COVERAGE_STATUS_STALE);
    cr_assert_str_eq(look()->error, "403 rateLimitExceeded");
    cr_assert_eq(look()->all.complete, 10);
}

Test(trust, numbers_from_after_this_moment_are_not_fresh)
{
    age(&fixture.tables[table], -600000);
    cr_assert_eq(look()->status, COVERAGE_STATUS_STALE);
}

Test(trust, a_table_never_measured_is_unknown_and_not_zero)
{
    coverage_measurement_free(&fixture.tables[table]);
    const struct coverage_table *report = look();
    cr_assert_eq(report->status, COVERAGE_STATUS_UNKNOWN);
    cr_assert_not(report->all.known);
    cr_assert_eq(coverage_percent(&report->all, PERCENT_NO_THRESHOLD), PERCENT_UNKNOWN);
    cr_assert_eq(coverage_raw_percent(&report->all), PERCENT_UNKNOWN);
    cr_assert_eq(report->evidence_at, 0);
    for (size_t i = 0; i < 10; i++) {
        cr_assert_eq(report->days[i].state, COVERAGE_UNKNOWN);
        cr_assert_eq(report->days[i].rows, -1);
    }
    cr_assert_str_eq(report->error, "never measured");
}

Test(trust, without_expected_dates_everything_is_unknown_and_rows_still_show)
{
    coverage_measurement_free(&fixture.expected[0]);
    const struct coverage_table *report = look();
    cr_assert_eq(report->status, COVERAGE_STATUS_UNKNOWN);
    cr_assert_not(report->all.known);
    cr_assert_eq(report->days[0].state, COVERAGE_UNKNOWN);
    cr_assert_eq(report->days[0].rows, 12);
    cr_assert_str_eq(report->error, "expected dates: never measured");
}

Test(trust, an_empty_set_of_expected_dates_is_no_success)
{
    fixture_due(&fixture, fixture.range, 0);
    const struct coverage_table *report = look();
    cr_assert_eq(report->status, COVERAGE_STATUS_UNKNOWN);
    cr_assert_not(report->all.known);
    cr_assert_str_eq(report->error, "expected dates: the expected dates came back empty");
}

Test(trust, old_expected_dates_drag_the_table_down)
{
    age(&fixture.expected[0], 400000);
    const struct coverage_table *report = look();
    cr_assert_eq(report->status, COVERAGE_STATUS_STALE);
    cr_assert_eq(report->evidence_at, fixture.as_of - 400000);
    cr_assert_eq(report->confirmed_at, fixture.as_of - 14000);
}

/* The range ends yesterday: at midnight it grows before anything was polled. */
Test(trust, a_day_that_was_never_asked_for_is_unknown)
{
    fixture.range.to++;
    const struct coverage_table *report = look();
    cr_assert_eq(report->days[10].state, COVERAGE_UNKNOWN);
    cr_assert_eq(report->all.unmeasured, 1);
    cr_assert_eq(report->all.complete, 10, "what was measured stays");
    cr_assert_eq(report->status, COVERAGE_STATUS_UNKNOWN);
    cr_assert_str_eq(report->error, "1 days of the range were not measured yet, the first "
                                    "2026-01-11");
}

Test(trust, rows_by_game_need_games)
{
    size_t upstream = fixture_table(&fixture, "boxscores", 0);
    fixture.pipeline.expected[1] =
        (struct pipeline_expected){.kind = PIPELINE_EXPECTED_TABLE, .table = upstream};
    fixture.pipeline.expected_count = 2;
    fixture.pipeline.tables[table].expected = 1;
    fixture.pipeline.tables[table].rows =
        (struct pipeline_rows_rule){.kind = PIPELINE_ROWS_PER_GAME, .value = 2};
    fixture_fill(&fixture, upstream, fixture.range, 120, -1);
    const struct coverage_table *report = look();
    cr_assert_not(report->all.known);
    cr_assert_eq(report->status, COVERAGE_STATUS_UNKNOWN);
}
