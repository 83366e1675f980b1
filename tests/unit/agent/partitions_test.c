/* Every query that ships reads only the partitions of its range: all tables refuse a query without
 * a filter on their date, and fewer days are fewer bytes. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "agent/measure.h"
#include "base/memory.h"
#include "demo/tables.h"
#include "tests/support/warehouse.h"

static struct warehouse warehouse;

/* All tables of the demo, filled on the game dates of two months in each of two seasons. */
static void open_guarded(void) {
    size_t count;
    const struct tables_table *tables = tables_all(&count);
    struct dayset days = warehouse_game_dates("2022-04-10", "2022-05-10");
    struct dayset later = warehouse_game_dates("2025-04-10", "2025-05-10");
    struct day_range both = {days.range.from, later.range.to};
    struct dayset all = dayset_new(both);
    dayset_unite(&all, &days);
    dayset_unite(&all, &later);
    warehouse_open(&warehouse);
    for (size_t i = 0; i < count; i++) {
        warehouse_fill_guarded(&warehouse, tables[i].table, &all);
    }
    dayset_free(&all);
    dayset_free(&days);
    dayset_free(&later);
}

static void close_guarded(void) {
    warehouse_close(&warehouse);
}

TestSuite(partitions, .init = open_guarded, .fini = close_guarded);

/* What a target's query over the range would process. */
static int64_t processed(struct measure *measure, struct measure_target target, const char *from,
                         const char *to) {
    struct measure_answer answer = {0};
    struct day_range range;
    cr_assert(day_parse(text_of(from), &range.from) && day_parse(text_of(to), &range.to));
    measure_estimate(measure, target, range);
    cr_assert(measure_next(measure, 20000, &answer));
    cr_expect_eq(answer.outcome, MEASURE_ESTIMATED);
    cr_expect_str_eq(answer.error.text, "");
    return answer.bytes_processed;
}

static void expect_pruning(const char *file) {
    struct error error = {0};
    size_t count;
    char *path = memory_format("%s/queries/nba/%s", PHASEGATE_SOURCE_DIR, file);
    struct pipeline *pipeline = pipeline_load(path, &error);
    cr_assert_not_null(pipeline, "%s", error.text);
    struct measure *measure = measure_new(pipeline, NULL, clock_system(), &error);
    cr_assert_not_null(measure, "%s", error.text);
    struct measure_target *targets = measure_targets(pipeline, &count);
    cr_expect_gt(count, 0);
    for (size_t i = 0; i < count; i++) {
        int64_t all = processed(measure, targets[i], "2022-04-10", "2025-05-10");
        int64_t season = processed(measure, targets[i], "2022-04-10", "2022-05-10");
        int64_t week = processed(measure, targets[i], "2022-04-16", "2022-04-22");
        int64_t none = processed(measure, targets[i], "2021-01-01", "2021-01-07");
        /* A query may have windows of its own within the range. */
        cr_expect_geq(all, season, "%s, target %zu: %lld, %lld", file, i, (long long)all,
                      (long long)season);
        cr_expect_gt(season, week, "%s, target %zu: %lld, %lld", file, i, (long long)season,
                     (long long)week);
        cr_expect_gt(week, none, "%s, target %zu: %lld, %lld", file, i, (long long)week,
                     (long long)none);
    }
    free(targets);
    measure_free(measure);
    pipeline_free(pipeline);
    free(path);
}

Test(partitions, are_read_only_as_far_as_the_range_of_the_backfill)
{ expect_pruning("pipeline.yaml"); }

Test(partitions, are_read_only_as_far_as_the_range_of_the_playoffs)
{ expect_pruning("playoffs.yaml"); }

Test(partitions, are_read_only_as_far_as_the_range_of_the_layers)
{ expect_pruning("layers.yaml"); }

Test(partitions, refuse_what_does_not_filter_on_the_date)
{
    struct error error = {0};
    struct bigquery_query query = {
        .sql = "SELECT COUNT(*) FROM nba_precompute.team_defense_zone_analysis"};
    struct bigquery_result *result = bigquery_query_now(warehouse.client, &query, &error);
    cr_assert_not_null(result, "%s", error.text);
    cr_expect_not(bigquery_result_check(result, &error), "the guard is not there");
    bigquery_result_free(result);
}
