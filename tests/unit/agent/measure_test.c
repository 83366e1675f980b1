/* One poll: what is asked for free, what is paid for, and what fails alone. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "agent/measure_bill.h"
#include "base/memory.h"
#include "fixture.h"

static const struct measure_target due = {MEASURE_EXPECTED, 0, 0};
static const struct measure_target defense = {MEASURE_TABLE, SCENE_DEFENSE, 0};
static const struct measure_target zones = {MEASURE_TABLE, SCENE_ZONES, 0};
static const struct day_range range = {SCENE_FROM, SCENE_TO};

static struct measure *measure;

static void open_measure(const char *const *changes) {
    struct error error = {0};
    fixture_open(changes);
    measure = measure_new(scene.pipeline, NULL, &fixture_clock, &error);
    cr_assert_not_null(measure, "%s", error.text);
}

static void close_measure(void) {
    measure_free(measure);
    fixture_close();
}

TestSuite(measure, .fini = close_measure);

/* Asks for one target and waits for its answer, which the caller frees. */
static struct measure_answer ask(struct measure_target target, bool force, bool free_only) {
    struct measure_answer answer = {0};
    measure_start(measure, target, range, force, free_only);
    cr_assert(measure_next(measure, FIXTURE_DEADLINE_MS, &answer));
    cr_assert_eq(measure_pending(measure), 0);
    return answer;
}

static void expect(struct measure_target target, bool force, bool free_only,
                   enum measure_outcome outcome, const char *words) {
    struct measure_answer answer = ask(target, force, free_only);
    cr_expect_eq(answer.outcome, outcome, "%d: %s", (int)answer.outcome, answer.error.text);
    cr_expect_not_null(strstr(answer.error.text, words), "%s", answer.error.text);
    free(answer.counts);
}

static size_t jobs(void) {
    return emulator_usage(warehouse.emulator).jobs;
}

Test(measure, counts_a_table_by_date)
{
    open_measure(NULL);
    struct measure_answer answer = ask(zones, false, false);
    cr_assert_eq(answer.outcome, MEASURE_COUNTED, "%s", answer.error.text);
    cr_assert_eq(answer.count, 5);
    for (size_t i = 0; i < 5; i++) {
        cr_expect_eq(answer.counts[i].day, SCENE_FROM + (day_number)i);
        cr_expect_eq(answer.counts[i].rows, 30);
        cr_expect_eq(answer.counts[i].entities, -1, "it has no entity column");
        cr_expect_eq(answer.counts[i].nulls, -1);
    }
    cr_expect_eq(answer.at, SCENE_NOW);
    cr_expect_eq(answer.range.from, SCENE_FROM);
    cr_expect_eq(answer.range.to, SCENE_TO);
    cr_expect_gt(answer.bytes_processed, 0);
    free(answer.counts);
}

Test(measure, reads_entities_and_the_games_of_expected_dates)
{
    open_measure(NULL);
    struct measure_answer of_defense = ask(defense, false, false);
    struct measure_answer of_due = ask(due, false, false);
    cr_assert_eq(of_defense.count, 10);
    cr_assert_eq(of_due.count, 10);
    for (size_t i = 0; i < 10; i++) {
        cr_expect_eq(of_defense.counts[i].rows, 2 * of_defense.counts[i].entities);
        cr_expect_eq(of_due.counts[i].rows, of_defense.counts[i].entities);
    }
    free(of_defense.counts);
    free(of_due.counts);
}

Test(measure, pays_nothing_for_a_table_that_did_not_change)
{
    open_measure(NULL);
    expect(zones, false, false, MEASURE_COUNTED, "");
    size_t before = jobs();
    fixture_wall_ms += 60000;
    struct measure_answer again = ask(zones, false, false);
    cr_expect_eq(again.outcome, MEASURE_CONFIRMED);
    cr_expect_eq(again.at, SCENE_NOW + 60000);
    cr_expect_not(again.queried);
    cr_expect_eq(again.bill.bytes, 0);
    cr_expect_null(again.counts);
    cr_expect_eq(jobs(), before);
}

Test(measure, asks_again_when_forced_when_told_to_recheck_and_when_the_range_moves)
{
    open_measure(NULL);
    expect(zones, false, false, MEASURE_COUNTED, "");
    expect(zones, true, false, MEASURE_COUNTED, "");
    fixture_wall_ms += INT64_C(1800000);
    expect(zones, false, false, MEASURE_CONFIRMED, "");
    fixture_wall_ms += 1;
    expect(zones, false, false, MEASURE_COUNTED, "");
    expect(zones, false, false, MEASURE_CONFIRMED, "");
    struct measure_answer answer = {0};
    measure_start(measure, zones, (struct day_range){SCENE_FROM, SCENE_TO - 7}, false, false);
    cr_assert(measure_next(measure, FIXTURE_DEADLINE_MS, &answer));
    cr_expect_eq(answer.outcome, MEASURE_COUNTED);
    cr_expect_eq(answer.count, 3);
    free(answer.counts);
}

Test(measure, asks_again_when_the_table_changed)
{
    open_measure(NULL);
    expect(zones, false, false, MEASURE_COUNTED, "");
    free(warehouse_ask(&warehouse, "DELETE FROM nba_precompute.team_defense_zone_analysis WHERE "
                                   "analysis_date = '2021-11-02'"));
    struct measure_answer answer = ask(zones, false, false);
    cr_expect_eq(answer.outcome, MEASURE_COUNTED);
    cr_expect_eq(answer.count, 4);
    free(answer.counts);
}

Test(measure, leaves_the_others_fresh_when_a_table_is_missing)
{
    open_measure(NULL);
    free(warehouse_ask(&warehouse, "DROP TABLE nba_precompute.team_defense_zone_analysis"));
    measure_start(measure, due, range, false, false);
    measure_start(measure, defense, range, false, false);
    measure_start(measure, zones, range, false, false);
    cr_expect_eq(measure_pending(measure), 3);
    for (size_t i = 0; i < 3; i++) {
        struct measure_answer answer;
        cr_assert(measure_next(measure, FIXTURE_DEADLINE_MS, &answer));
        bool missing = answer.target.kind == MEASURE_TABLE && answer.target.index == SCENE_ZONES;
        cr_expect_eq(answer.outcome, missing ? MEASURE_FAILED : MEASURE_COUNTED, "%s",
                     answer.error.text);
        if (missing) {
            cr_expect_not_null(strstr(answer.error.text, "team_defense_zone_analysis"), "%s",
                               answer.error.text);
        }
        free(answer.counts);
    }
}

Test(measure, does_not_take_a_failed_query_for_the_last_counts)
{
    open_measure(NULL);
    fixture_fault("{\"fault\":\"error\",\"reason\":\"accessDenied\",\"times\":1,"
                  "\"method\":\"jobs.query\"}");
    expect(zones, false, false, MEASURE_FAILED, "accessDenied");
    expect(zones, false, false, MEASURE_COUNTED, "");
    fixture_fault("{\"fault\":\"error\",\"reason\":\"accessDenied\",\"times\":1,"
                  "\"method\":\"tables.get\"}");
    expect(zones, false, false, MEASURE_FAILED, "accessDenied");
    expect(zones, false, false, MEASURE_CONFIRMED, "");
}

Test(measure, stops_paying_when_the_budget_is_used_up)
{
    open_measure(NULL);
    expect(zones, false, true, MEASURE_FAILED, "bytes_per_night");
    expect(zones, false, false, MEASURE_COUNTED, "");
    expect(zones, false, true, MEASURE_CONFIRMED, "");
    free(warehouse_ask(&warehouse, "DELETE FROM nba_precompute.team_defense_zone_analysis WHERE "
                                   "analysis_date = '2021-11-02'"));
    expect(zones, false, true, MEASURE_FAILED, "bytes_per_night");
}

Test(measure, asks_every_time_what_has_no_free_signal)
{
    /* A view's tables are not named in the query: here, a name without its project. */
    const char *changes[] = {
        "- {coverage: {table: defense, at_least: 95%}}",
        "- {query: {sql: \"SELECT COUNT(*) FROM nba_raw.nbac_schedule WHERE game_date BETWEEN "
        "@from AND @to\", at_least: 1}, name: scheduled}",
        NULL};
    open_measure(changes);
    struct measure_target check = {MEASURE_CHECK, 0, 0};
    for (size_t i = 0; i < 2; i++) {
        struct measure_answer answer = ask(check, false, false);
        cr_expect_eq(answer.outcome, MEASURE_COUNTED, "%s", answer.error.text);
        cr_expect(answer.has_value);
        cr_expect_gt(answer.value, 10);
    }
    expect(check, false, true, MEASURE_FAILED, "bytes_per_night");
}

/* The answer of a query check with this SQL. */
static struct measure_answer answer_of(const char *sql) {
    char check[512];
    (void)snprintf(check, sizeof check, "- {query: {sql: \"%s\", at_least: 1}, name: c}", sql);
    const char *changes[] = {"- {coverage: {table: defense, at_least: 95%}}", check, NULL};
    open_measure(changes);
    return ask((struct measure_target){MEASURE_CHECK, 0, 0}, false, false);
}

Test(measure, takes_null_for_no_value)
{
    struct measure_answer answer = answer_of("SELECT CAST(NULL AS INT64)");
    cr_expect_eq(answer.outcome, MEASURE_COUNTED, "%s", answer.error.text);
    cr_expect_not(answer.has_value);
}

Test(measure, refuses_the_text_of_a_check)
{
    struct measure_answer answer = answer_of("SELECT 'many'");
    cr_expect_eq(answer.outcome, MEASURE_FAILED);
    cr_expect_not_null(strstr(answer.error.text, "a number"), "%s", answer.error.text);
}

Test(measure, refuses_two_rows_of_a_check)
{
    struct measure_answer answer = answer_of("SELECT 1 UNION ALL SELECT 2");
    cr_expect_eq(answer.outcome, MEASURE_FAILED);
    cr_expect_not_null(strstr(answer.error.text, "one row, and answered 2"), "%s",
                       answer.error.text);
}

Test(measure, tells_the_bill_and_that_the_cache_answered_without_one)
{
    open_measure(NULL);
    struct measure_answer first = ask(zones, false, false);
    struct measure_answer again = ask(zones, true, false);
    cr_expect(first.queried);
    cr_expect_eq(first.bill.kind, BIGQUERY_BILL_TOLD);
    cr_expect_eq(first.bill.bytes, 10 * BIGQUERY_MIB, "the least that a table is billed");
    cr_expect(again.queried);
    cr_expect(again.cache_hit);
    cr_expect_eq(again.bill.kind, BIGQUERY_BILL_TOLD);
    cr_expect_eq(again.bill.bytes, 0);
    free(first.counts);
    free(again.counts);
}

Test(measure, labels_its_jobs_with_the_pipeline)
{
    open_measure(NULL);
    expect(zones, false, false, MEASURE_COUNTED, "");
    static const struct bigquery_job_filter filters[] = {
        {.label_key = "phasegate", .label_value = "coverage"},
        {.label_key = "phasegate_pipeline", .label_value = "scene"},
        {.label_key = "phasegate_pipeline", .label_value = "another"},
    };
    for (size_t i = 0; i < 3; i++) {
        struct error error = {0};
        bigquery_request_id id =
            bigquery_submit_jobs(warehouse.client, &filters[i], 0, NULL, &error);
        struct bigquery_result *result = bigquery_client_finish(warehouse.client, id);
        cr_assert(result != NULL && bigquery_result_check(result, &error), "%s", error.text);
        cr_expect_eq(result->job_count, i < 2 ? 1 : 0, "%s=%s", filters[i].label_key,
                     filters[i].label_value);
        bigquery_result_free(result);
    }
}

Test(measure, makes_a_label_of_any_pipelines_name)
{
    char label[MEASURE_LABEL_SIZE];
    cr_expect_str_eq(measure_label("NBA.backfill-2", label), "nba_backfill-2");
    cr_expect_eq(strlen(measure_label("a123456789b123456789c123456789d123456789e123456789f123456789"
                                      "g123456789",
                                      label)),
                 63);
}

Test(measure, asks_in_the_same_words_so_that_the_cache_can_answer_for_streamed_rows)
{
    struct error error = {0};
    open_measure(NULL);
    json_t *rows = json_pack("[{s:s, s:s}]", "analysis_date", "2021-11-08", "team_abbr", "LAL");
    struct bigquery_insert insert = {
        .table = {NULL, "nba_precompute", "team_defense_zone_analysis"}, .rows = rows};
    bigquery_request_id id = bigquery_submit_insert(warehouse.client, &insert, &error);
    cr_assert_neq(id, 0, "%s", error.text);
    struct bigquery_result *result = bigquery_client_finish(warehouse.client, id);
    cr_assert(bigquery_result_check(result, &error), "%s", error.text);
    bigquery_result_free(result);
    json_decref(rows);
    for (int poll = 0; poll < 3; poll++) {
        struct measure_answer answer = ask(zones, true, false);
        cr_expect_eq(answer.count, 6, "%zu: %s", answer.count, answer.error.text);
        cr_expect_eq(answer.cache_hit, poll > 0, "poll %d", poll);
        cr_expect_eq(answer.bill.bytes, poll > 0 ? 0 : 10 * BIGQUERY_MIB, "poll %d", poll);
        fixture_wall_ms += 60000;
        free(answer.counts);
    }
}

Test(measure, knows_that_a_query_given_up_may_be_billed)
{
    open_measure(NULL);
    measure_set_deadline(measure, 300);
    fixture_fault("{\"fault\":\"incomplete\",\"method\":\"jobs.query\",\"delay_ms\":60000}");
    fixture_fault("{\"fault\":\"delay\",\"method\":\"jobs.getQueryResults\",\"delay_ms\":60000}");
    struct measure_answer answer = ask(zones, false, false);
    cr_expect_eq(answer.outcome, MEASURE_FAILED, "%s", answer.error.text);
    cr_expect(answer.queried);
    cr_expect_eq(answer.bill.kind, BIGQUERY_BILL_UNKNOWN);
    cr_expect_eq(answer.bill.bytes, BIGQUERY_UNKNOWN);
}

Test(measure, bills_what_was_read_although_the_rows_cannot_be_used)
{
    struct measure_answer answer =
        answer_of("SELECT CAST(game_id AS STRING) FROM `nba-props-platform.nba_raw.nbac_schedule` "
                  "WHERE game_date BETWEEN @from AND @to");
    cr_expect_eq(answer.outcome, MEASURE_FAILED);
    cr_expect(answer.queried);
    cr_expect_eq(answer.bill.bytes, 10 * BIGQUERY_MIB);
}

Test(measure, says_which_key_to_raise_when_a_query_would_bill_too_much)
{
    const char *changes[] = {"bytes_per_query: 1GiB", "bytes_per_query: 1MiB", NULL};
    open_measure(changes);
    struct measure_answer answer = ask(zones, false, false);
    cr_expect_eq(answer.outcome, MEASURE_FAILED);
    cr_expect_eq(answer.bill.kind, BIGQUERY_BILL_TOLD);
    cr_expect_eq(answer.bill.bytes, 0, "a query that was refused costs nothing");
    char *expected = memory_format(
        "zones would bill more than poll.bytes_per_query allows (1 MiB); BigQuery says 10485760 "
        "or higher is required: write bytes_per_query: 10MiB, or more, in %s",
        scene.pipeline->file);
    cr_expect_str_eq(answer.error.text, expected);
    free(expected);
}

Test(measure, estimates_for_free_beside_what_is_under_way)
{
    open_measure(NULL);
    measure_start(measure, zones, range, false, false);
    measure_estimate(measure, zones, range);
    measure_estimate(measure, zones, range);
    cr_expect_eq(measure_pending(measure), 2);
    size_t estimated = 0;
    for (size_t i = 0; i < 2; i++) {
        struct measure_answer answer = {0};
        cr_assert(measure_next(measure, FIXTURE_DEADLINE_MS, &answer));
        if (answer.outcome == MEASURE_ESTIMATED) {
            estimated++;
            cr_expect_eq(answer.bill.kind, BIGQUERY_BILL_ESTIMATED);
            cr_expect_eq(answer.bill.bytes, 10 * BIGQUERY_MIB);
            cr_expect_gt(answer.bytes_processed, 0);
            cr_expect_not(answer.queried);
        }
        free(answer.counts);
    }
    cr_expect_eq(estimated, 1);
}

Test(measure, has_no_estimate_of_a_table_that_is_not_there)
{
    open_measure(NULL);
    free(warehouse_ask(&warehouse, "DROP TABLE nba_precompute.team_defense_zone_analysis"));
    measure_estimate(measure, zones, range);
    struct measure_answer answer = {0};
    cr_assert(measure_next(measure, FIXTURE_DEADLINE_MS, &answer));
    cr_expect_eq(answer.outcome, MEASURE_ESTIMATED);
    cr_expect_eq(answer.bill.bytes, BIGQUERY_UNKNOWN);
    cr_expect_not_null(strstr(answer.error.text, "team_defense_zone_analysis"), "%s",
                       answer.error.text);
}

Test(measure, tells_what_it_waits_for)
{
    open_measure(NULL);
    fixture_fault("{\"fault\":\"error\",\"reason\":\"rateLimitExceeded\",\"method\":"
                  "\"tables.get\",\"times\":1}");
    measure_start(measure, zones, range, false, false);
    int64_t until = fixture_real_ms() + FIXTURE_DEADLINE_MS;
    struct measure_answer answer;
    struct measure_trouble trouble = measure_trouble(measure);
    cr_expect_eq(trouble.failure.class, BIGQUERY_NO_FAILURE);
    bool answered = false;
    while (trouble.count == 0 && !answered && fixture_real_ms() < until) {
        answered = measure_next(measure, 1, &answer);
        trouble = measure_trouble(measure);
    }
    cr_assert_eq(trouble.count, 1);
    cr_expect_str_eq(trouble.names[0], "zones");
    cr_expect_str_eq(trouble.failure.reason, "rateLimitExceeded");
    cr_expect_eq(trouble.failure.http_code, 403);
    cr_expect(trouble.next_try == 0 || trouble.next_try > fixture_wall_ms);
    measure_trouble_free(&trouble);
    cr_assert(measure_next(measure, FIXTURE_DEADLINE_MS, &answer));
    cr_expect_eq(answer.outcome, MEASURE_COUNTED, "%s", answer.error.text);
    trouble = measure_trouble(measure);
    cr_expect_eq(trouble.failure.class, BIGQUERY_NO_FAILURE);
    measure_trouble_free(&trouble);
    free(answer.counts);
}

Test(measure, asks_a_target_once_at_a_time_and_forgets_what_nobody_took)
{
    open_measure(NULL);
    measure_start(measure, zones, range, false, false);
    measure_start(measure, zones, range, true, false);
    measure_start(measure, (struct measure_target){MEASURE_TABLE, 99, 0}, range, false, false);
    cr_expect_eq(measure_pending(measure), 1);
    struct measure_answer answer;
    cr_assert(measure_next(measure, FIXTURE_DEADLINE_MS, &answer));
    free(answer.counts);
    cr_expect_not(measure_next(measure, 0, &answer), "there was one question");
    measure_start(measure, zones, range, true, false);
}

Test(measure, lists_every_target_of_a_pipeline)
{
    size_t count;
    open_measure(NULL);
    struct measure_target *targets = measure_targets(scene.pipeline, &count);
    cr_assert_eq(count, 3);
    cr_expect_eq(targets[0].kind, MEASURE_EXPECTED);
    cr_expect_eq(targets[1].index, SCENE_DEFENSE);
    cr_expect_eq(targets[2].index, SCENE_ZONES);
    free(targets);
}
