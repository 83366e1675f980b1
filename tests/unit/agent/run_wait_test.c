/* The whole way of a streaming buffer: from tables.get to what an ended run waits for. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "agent/run_wait.h"
#include "fixture.h"

static const struct measure_target zones = {MEASURE_TABLE, SCENE_ZONES, 0};

static void open_buffered(void) {
    fixture_open(NULL);
    warehouse_close(&warehouse);
    warehouse_open_buffered(&warehouse, 90 * 60 * 1000);
    struct dayset some = warehouse_game_dates("2021-11-02", "2021-11-06");
    warehouse_fill(&warehouse, "team_defense_zone_analysis", &some);
    dayset_free(&some);
}

TestSuite(run_wait, .init = open_buffered, .fini = fixture_close);

static void stream_a_row(void) {
    struct error error = {0};
    json_t *rows = json_pack("[{s:s, s:s}]", "analysis_date", "2021-11-08", "team_abbr", "LAL");
    struct bigquery_insert insert = {
        .table = {NULL, "nba_precompute", "team_defense_zone_analysis"}, .rows = rows};
    bigquery_request_id id = bigquery_submit_insert(warehouse.client, &insert, &error);
    cr_assert_neq(id, 0, "%s", error.text);
    struct bigquery_result *result = bigquery_client_finish(warehouse.client, id);
    cr_assert(bigquery_result_check(result, &error), "%s", error.text);
    bigquery_result_free(result);
    json_decref(rows);
}

/* Counts zones, stores it, and says what a run of zones would wait for; the caller frees it. */
static char *reason_now(const struct recorder *recorder) {
    struct error error = {0};
    struct measure_answer answer = {0};
    char zones_name[] = "zones";
    struct state_run_table table = {.table = zones_name};
    struct day_range range = {SCENE_FROM, SCENE_TO};
    struct state_run run = {.ended_at = SCENE_NOW, .tables = &table, .table_count = 1};
    size_t count;
    struct measure *measure = measure_new(scene.pipeline, NULL, &fixture_clock, &error);
    cr_assert_not_null(measure, "%s", error.text);
    measure_start(measure, zones, range, MEASURE_FORCED, false);
    cr_assert(measure_next(measure, FIXTURE_DEADLINE_MS, &answer));
    cr_assert_eq(answer.outcome, MEASURE_COUNTED, "%s", answer.error.text);
    cr_assert(record_answer(recorder, &answer, &error), "%s", error.text);
    free(answer.counts);
    measure_free(measure);
    run.dates = dayset_new(range);
    struct state_measurement *stored = state_coverage_load(scene.state, &count, &error);
    cr_assert_not_null(stored, "%s", error.text);
    char *reason = run_wait_reason(&run, stored, count);
    state_measurements_free(stored, count);
    dayset_free(&run.dates);
    return reason;
}

Test(run_wait, is_for_rows_that_tables_get_tells_to_be_in_the_buffer)
{
    struct recorder recorder = fixture_recorder();
    char *reason = reason_now(&recorder);
    cr_expect_null(reason, "%s", reason);
    free(reason);
    stream_a_row();
    fixture_wall_ms += 60000;
    reason = reason_now(&recorder);
    cr_assert_not_null(reason);
    cr_expect_str_eq(reason, "streaming buffer of zones");
    free(reason);
}
