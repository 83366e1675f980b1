#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "coverage/coverage_json.h"
#include "coverage/coverage_text.h"
#include "tests/support/fixture.h"

static struct fixture fixture;
static size_t table;

/* 2 to 5 January and the 8th are missing, 3 and 4 are off, the 7th is partial. */
static void open_gaps(void) {
    fixture_open(&fixture, "2026-01-01", "2026-01-10");
    fixture_due(&fixture, fixture.range, 6);
    fixture_due(&fixture, fixture_days("2026-01-03", "2026-01-04"), 0);
    table = fixture_table(&fixture, "summary", 0);
    fixture.pipeline.tables[table].rows =
        (struct pipeline_rows_rule){.kind = PIPELINE_ROWS_PER_GAME, .value = 2};
    fixture_fill(&fixture, table, fixture.range, 12, 6);
    fixture_fill(&fixture, table, fixture_days("2026-01-02", "2026-01-05"), 0, 0);
    fixture_fill(&fixture, table, fixture_days("2026-01-08", "2026-01-08"), 0, 0);
    fixture_fill(&fixture, table, fixture_days("2026-01-07", "2026-01-07"), 3, 2);
    fixture_compute(&fixture);
}

static void close_gaps(void) {
    fixture_close(&fixture);
}

TestSuite(gaps, .init = open_gaps, .fini = close_gaps);

static char *written(enum coverage_gaps_format format, bool missing_only) {
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    cr_assert(
        coverage_write_gaps(stream, fixture.report, table, fixture.range, missing_only, format));
    (void)fclose(stream);
    return text;
}

static void expect(enum coverage_gaps_format format, bool missing_only, const char *text) {
    char *got = written(format, missing_only);
    cr_assert_str_eq(got, text);
    free(got);
}

Test(gaps, a_gap_over_days_off_is_one_range_and_counts_its_dates_only)
{
    json_t *json = coverage_gaps_to_json(fixture.report, table, fixture.range, true);
    char *text = json_text(json);
    cr_assert_str_eq(text, "{\"schema\":1,\"table\":\"summary\",\"missing\":3,\"ranges\":["
                           "{\"from\":\"2026-01-02\",\"to\":\"2026-01-05\",\"dates\":2},"
                           "{\"from\":\"2026-01-08\",\"to\":\"2026-01-08\",\"dates\":1}],"
                           "\"excess\":0,\"excess_ranges\":[]}");
    free(text);
    json_decref(json);
}

Test(gaps, partial_dates_are_gaps_unless_only_missing_ones_are_asked_for)
{
    expect(COVERAGE_GAPS_LIST, true, "2026-01-02\n2026-01-05\n2026-01-08\n");
    expect(COVERAGE_GAPS_LIST, false, "2026-01-02\n2026-01-05\n2026-01-07\n2026-01-08\n");
}

Test(gaps, are_written_for_people_and_for_programs)
{
    expect(COVERAGE_GAPS_RANGES, false,
           "summary: 4 dates in 2 ranges, fresh, 14 s ago\n"
           "  2026-01-02 to 2026-01-05     2 dates\n"
           "  2026-01-07 to 2026-01-08     2 dates\n");
    expect(COVERAGE_GAPS_CSV, true,
           "from,to,dates,kind\n2026-01-02,2026-01-05,2,gap\n2026-01-08,2026-01-08,1,gap\n");
}

Test(gaps, dates_with_too_many_rows_are_told_apart)
{
    fixture.pipeline.tables[table].duplicates_above =
        (struct pipeline_rows_rule){.kind = PIPELINE_ROWS_PER_DAY, .value = 20};
    fixture_fill(&fixture, table, fixture_days("2026-01-09", "2026-01-10"), 24, 6);
    fixture_compute(&fixture);
    expect(COVERAGE_GAPS_RANGES, false,
           "summary: 4 dates in 2 ranges, fresh, 14 s ago\n"
           "  2026-01-02 to 2026-01-05     2 dates\n"
           "  2026-01-07 to 2026-01-08     2 dates\n"
           "  2 dates hold too many rows, which no launch of gaps mends:\n"
           "  2026-01-09 to 2026-01-10     2 dates\n");
    expect(COVERAGE_GAPS_CSV, true,
           "from,to,dates,kind\n2026-01-02,2026-01-05,2,gap\n2026-01-08,2026-01-08,1,gap\n"
           "2026-01-09,2026-01-10,2,excess\n");
    expect(COVERAGE_GAPS_LIST, false, "2026-01-02\n2026-01-05\n2026-01-07\n2026-01-08\n");
    json_t *json = coverage_gaps_to_json(fixture.report, table, fixture.range, false);
    cr_expect_eq(json_integer_value(json_object_get(json, "missing")), 4);
    cr_expect_eq(json_integer_value(json_object_get(json, "excess")), 2);
    cr_expect_eq(json_array_size(json_object_get(json, "excess_ranges")), 1);
    json_decref(json);
}

Test(gaps, within_a_range_are_those_within_it)
{
    struct dayset part =
        coverage_gaps(fixture.report, table, fixture_days("2026-01-05", "2026-01-07"), false);
    cr_assert_eq(dayset_count(&part), 2);
    dayset_free(&part);
}

Test(gaps, of_a_table_that_was_not_measured_are_not_none)
{
    coverage_measurement_free(&fixture.tables[table]);
    fixture_compute(&fixture);
    expect(COVERAGE_GAPS_RANGES, true, "summary: not known, never measured\n");
    json_t *json = coverage_gaps_to_json(fixture.report, table, fixture.range, true);
    cr_assert(json_is_null(json_object_get(json, "missing")));
    cr_assert(json_is_null(json_object_get(json, "excess")));
    json_decref(json);
}

Test(gaps, expected_dates_are_known_even_where_the_table_is_not)
{
    coverage_measurement_free(&fixture.tables[table]);
    fixture_compute(&fixture);
    struct dayset expected = coverage_expected(fixture.report, table);
    cr_assert_eq(dayset_count(&expected), 8);
    dayset_free(&expected);
}
