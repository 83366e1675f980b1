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
static struct measure_answer ask(struct measure_target target, enum measure_manner manner,
                                 bool free_only) {
    struct measure_answer answer = {0};
    measure_start(measure, target, range, manner, free_only);
    cr_assert(measure_next(measure, FIXTURE_DEADLINE_MS, &answer));
    cr_assert_eq(measure_pending(measure), 0);
    return answer;
}

static void expect(struct measure_target target, enum measure_manner manner, bool free_only,
                   enum measure_outcome outcome, const char *words) {
    struct measure_answer answer = ask(target, manner, free_only);
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
    struct measure_answer answer = ask(zones, MEASURE_SPARING, false);
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
    struct measure_answer of_defense = ask(defense, MEASURE_SPARING, false);
    struct measure_answer of_due = ask(due, MEASURE_SPARING, false);
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
    expect(zones, MEASURE_SPARING, false, MEASURE_COUNTED, "");
    size_t before = jobs();
    fixture_wall_ms += 60000;
    struct measure_answer again = ask(zones, MEASURE_SPARING, false);
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
    expect(zones, MEASURE_SPARING, false, MEASURE_COUNTED, "");
    expect(zones, MEASURE_FORCED, false, MEASURE_COUNTED, "");
    fixture_wall_ms += INT64_C(1800000);
    expect(zones, MEASURE_SPARING, false, MEASURE_CONFIRMED, "");
    fixture_wall_ms += 1;
    expect(zones, MEASURE_SPARING, false, MEASURE_COUNTED, "");
    expect(zones, MEASURE_SPARING, false, MEASURE_CONFIRMED, "");
    struct measure_answer answer = {0};
    measure_start(measure, zones, (struct day_range){SCENE_FROM, SCENE_TO - 7}, MEASURE_SPARING,
                  false);
    cr_assert(measure_next(measure, FIXTURE_DEADLINE_MS, &answer));
    cr_expect_eq(answer.outcome, MEASURE_COUNTED);
    cr_expect_eq(answer.count, 3);
    free(answer.counts);
}

#define CHANGING_MS INT64_C(285000) /* 5 minutes less a quarter of a period */

static void change_zones(const char *day) {
    char sql[160];
    (void)snprintf(sql, sizeof sql,
                   "DELETE FROM nba_precompute.team_defense_zone_analysis WHERE analysis_date = "
                   "'2021-11-%s'",
                   day);
    free(warehouse_ask(&warehouse, sql));
}

Test(measure, leaves_young_counts_of_a_changed_table_alone_and_says_until_when)
{
    open_measure(NULL);
    expect(zones, MEASURE_SPARING, false, MEASURE_COUNTED, "");
    change_zones("02");
    size_t before = jobs();
    for (int64_t age = 60000; age < CHANGING_MS; age += 60000) {
        fixture_wall_ms = SCENE_NOW + age;
        struct measure_answer left = ask(zones, MEASURE_SPARING, false);
        cr_assert_eq(left.outcome, MEASURE_LEFT);
        cr_expect_eq(left.again_at, SCENE_NOW + CHANGING_MS);
        cr_expect_null(left.counts);
    }
    cr_expect_eq(jobs(), before);
    fixture_wall_ms = SCENE_NOW + CHANGING_MS;
    struct measure_answer answer = ask(zones, MEASURE_SPARING, false);
    cr_expect_eq(answer.outcome, MEASURE_COUNTED);
    cr_expect_eq(answer.count, 4);
    free(answer.counts);
}

Test(measure, counts_a_changed_table_at_once_when_told_that_it_matters)
{
    open_measure(NULL);
    expect(zones, MEASURE_PROMPT, false, MEASURE_COUNTED, "");
    expect(zones, MEASURE_PROMPT, false, MEASURE_CONFIRMED, "");
    change_zones("02");
    expect(zones, MEASURE_PROMPT, false, MEASURE_COUNTED, "");
}

Test(measure, does_not_forget_that_it_matters_while_a_question_is_under_way)
{
    open_measure(NULL);
    measure_start(measure, zones, range, MEASURE_SPARING, false);
    measure_start(measure, zones, range, MEASURE_PROMPT, false);
    struct measure_answer answer;
    cr_assert(measure_next(measure, FIXTURE_DEADLINE_MS, &answer));
    free(answer.counts);
    change_zones("02");
    expect(zones, MEASURE_SPARING, false, MEASURE_COUNTED, "");
    change_zones("03");
    expect(zones, MEASURE_SPARING, false, MEASURE_LEFT, "");
}

Test(measure, reads_anew_what_could_not_be_read_however_young_the_counts_are)
{
    open_measure(NULL);
    expect(zones, MEASURE_SPARING, false, MEASURE_COUNTED, "");
    change_zones("02");
    fixture_fault("{\"fault\":\"error\",\"reason\":\"accessDenied\",\"times\":1,"
                  "\"method\":\"tables.get\"}");
    expect(zones, MEASURE_SPARING, false, MEASURE_FAILED, "accessDenied");
    expect(zones, MEASURE_SPARING, false, MEASURE_COUNTED, "");
}

Test(measure, never_rests_on_counts_of_a_time_to_come)
{
    open_measure(NULL);
    expect(zones, MEASURE_SPARING, false, MEASURE_COUNTED, "");
    fixture_wall_ms -= 3600000;
    expect(zones, MEASURE_SPARING, false, MEASURE_COUNTED, "");
}

/* ---- what an earlier agent left ---------------------------------------------------------- */

static struct measure_memory memory_of(const struct measure_answer *answer) {
    return (struct measure_memory){.target = zones,
                                   .query_hash = answer->query_hash,
                                   .signal = answer->signal,
                                   .range = range,
                                   .counted_at = answer->at};
}

/* Another agent's measure: nothing is known but what it recalls. */
static void reopen(void) {
    struct error error = {0};
    measure_free(measure);
    measure = measure_new(scene.pipeline, NULL, &fixture_clock, &error);
    cr_assert_not_null(measure, "%s", error.text);
}

Test(measure, does_not_pay_again_after_a_restart_for_a_table_that_did_not_change)
{
    open_measure(NULL);
    struct measure_answer counted = ask(zones, MEASURE_SPARING, false);
    struct measure_memory memory = memory_of(&counted);
    size_t before = jobs();
    reopen();
    cr_assert(measure_recall(measure, &memory));
    struct measure_answer confirmed = ask(zones, MEASURE_PROMPT, false);
    cr_expect_eq(confirmed.outcome, MEASURE_CONFIRMED);
    cr_expect_str_eq(confirmed.signal, counted.signal);
    cr_expect_eq(jobs(), before);
    free(counted.counts);
}

Test(measure, pays_after_a_restart_for_what_changed_meanwhile)
{
    open_measure(NULL);
    struct measure_answer counted = ask(zones, MEASURE_SPARING, false);
    struct measure_memory memory = memory_of(&counted);
    change_zones("02");
    reopen();
    cr_assert(measure_recall(measure, &memory));
    expect(zones, MEASURE_PROMPT, false, MEASURE_COUNTED, "");
    free(counted.counts);
}

Test(measure, recalls_nothing_of_another_query_range_or_server)
{
    open_measure(NULL);
    struct measure_answer counted = ask(zones, MEASURE_SPARING, false);
    struct measure_memory other_query = memory_of(&counted);
    struct measure_memory unknown_query = other_query;
    struct measure_memory other_range = other_query;
    struct measure_memory too_old = other_query;
    other_query.query_hash = "0123456789abcdef0123456789abcdef";
    unknown_query.query_hash = NULL;
    other_range.range.to--;
    too_old.counted_at -= 1800001;
    reopen();
    cr_expect_not(measure_recall(measure, &other_query));
    cr_expect_not(measure_recall(measure, &unknown_query));
    cr_expect(measure_recall(measure, &other_range));
    expect(zones, MEASURE_SPARING, false, MEASURE_COUNTED, "");
    reopen();
    cr_expect(measure_recall(measure, &too_old));
    expect(zones, MEASURE_SPARING, false, MEASURE_COUNTED, "");
    free(counted.counts);
}

/* ---- whatever happens ---------------------------------------------------------------------- */

static unsigned roll(unsigned *seed, unsigned sides) {
    *seed = *seed * 1664525U + 1013904223U;
    return (*seed >> 8) % sides;
}

/* What is done to the table or to the agent between two polls. */
static void happen(unsigned what, unsigned *seed, struct measure_answer *last) {
    char sql[200];
    switch (what) {
    case 0:
        (void)snprintf(sql, sizeof sql,
                       "UPDATE nba_precompute.team_defense_zone_analysis SET analysis_date = "
                       "'2021-11-%02u' WHERE team_abbr < '%c'",
                       2 + roll(seed, 10), (char)('B' + (int)roll(seed, 24)));
        free(warehouse_ask(&warehouse, sql));
        return;
    case 1:
        reopen();
        if (last->query_hash[0] != '\0') {
            struct measure_memory memory = memory_of(last);
            (void)measure_recall(measure, &memory);
        }
        return;
    case 2:
        fixture_fault("{\"fault\":\"error\",\"reason\":\"accessDenied\",\"times\":1}");
        return;
    case 3:
        fixture_wall_ms += INT64_C(100000) * roll(seed, 20);
        return;
    default:
        fixture_wall_ms += 60000;
        break;
    }
}

/* What the table holds now, asked past phasegate. */
static char *truth(void) {
    return warehouse_ask(&warehouse,
                         "SELECT analysis_date, COUNT(*) FROM "
                         "nba_precompute.team_defense_zone_analysis GROUP BY 1 ORDER BY 1");
}

Test(measure, never_confirms_a_table_that_changed_whatever_happened)
{
    unsigned seed = 20260105;
    size_t seen[MEASURE_ESTIMATED + 1] = {0};
    char *known = NULL; /* the truth when the last counts were read */
    struct measure_answer last = {0};
    open_measure(NULL);
    for (int step = 0; step < 400; step++) {
        happen(roll(&seed, 9), &seed, &last);
        enum measure_manner manner = roll(&seed, 4) == 0 ? MEASURE_PROMPT : MEASURE_SPARING;
        struct measure_answer answer = ask(zones, manner, roll(&seed, 10) == 0);
        char *now = truth();
        seen[answer.outcome]++;
        if (answer.outcome == MEASURE_COUNTED) {
            free(known);
            known = now;
            now = NULL;
            last = answer;
            last.counts = NULL;
        } else if (answer.outcome == MEASURE_CONFIRMED) {
            cr_assert_str_eq(now, known, "step %d confirms what is no longer true", step);
            cr_assert_str_eq(answer.signal, last.signal);
        } else if (answer.outcome == MEASURE_LEFT) {
            cr_assert_lt(answer.at - last.at, CHANGING_MS, "step %d", step);
            cr_assert_eq(manner, MEASURE_SPARING);
        }
        free(answer.counts);
        free(now);
    }
    free(known);
    cr_expect_gt(seen[MEASURE_COUNTED], 25);
    cr_expect_gt(seen[MEASURE_CONFIRMED], 50);
    cr_expect_gt(seen[MEASURE_LEFT], 10);
    cr_expect_gt(seen[MEASURE_FAILED], 10);
}

Test(measure, leaves_the_others_fresh_when_a_table_is_missing)
{
    open_measure(NULL);
    free(warehouse_ask(&warehouse, "DROP TABLE nba_precompute.team_defense_zone_analysis"));
    measure_start(measure, due, range, MEASURE_SPARING, false);
    measure_start(measure, defense, range, MEASURE_SPARING, false);
    measure_start(measure, zones, range, MEASURE_SPARING, false);
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
    expect(zones, MEASURE_SPARING, false, MEASURE_FAILED, "accessDenied");
    expect(zones, MEASURE_SPARING, false, MEASURE_COUNTED, "");
    fixture_fault("{\"fault\":\"error\",\"reason\":\"accessDenied\",\"times\":1,"
                  "\"method\":\"tables.get\"}");
    expect(zones, MEASURE_SPARING, false, MEASURE_FAILED, "accessDenied");
    expect(zones, MEASURE_SPARING, false, MEASURE_CONFIRMED, "");
}

Test(measure, stops_paying_when_the_budget_is_used_up)
{
    open_measure(NULL);
    expect(zones, MEASURE_SPARING, true, MEASURE_FAILED, "bytes_per_night");
    expect(zones, MEASURE_SPARING, false, MEASURE_COUNTED, "");
    expect(zones, MEASURE_SPARING, true, MEASURE_CONFIRMED, "");
    change_zones("02");
    expect(zones, MEASURE_PROMPT, true, MEASURE_FAILED, "bytes_per_night");
}

Test(measure, asks_at_intervals_what_has_no_free_signal)
{
    const char *changes[] = {
        "- {coverage: {table: defense, at_least: 95%}}",
        "- {query: {sql: \"SELECT COUNT(*) FROM nba_raw.nbac_schedule WHERE game_date BETWEEN "
        "@from AND @to\", at_least: 1}, name: scheduled}",
        NULL};
    open_measure(changes);
    struct measure_target check = {MEASURE_CHECK, 0, 0};
    for (size_t i = 0; i < 2; i++) {
        struct measure_answer answer = ask(check, MEASURE_SPARING, false);
        cr_expect_eq(answer.outcome, MEASURE_COUNTED, "%s", answer.error.text);
        cr_expect(answer.has_value);
        cr_expect_gt(answer.value, 10);
        cr_expect_str_empty(answer.signal);
        fixture_wall_ms += 60000;
        expect(check, MEASURE_SPARING, false, MEASURE_LEFT, "");
        fixture_wall_ms += CHANGING_MS;
    }
    expect(check, MEASURE_SPARING, true, MEASURE_FAILED, "bytes_per_night");
}

Test(measure, says_the_value_of_a_check_again_when_it_confirms_it)
{
    const char *changes[] = {
        "- {coverage: {table: defense, at_least: 95%}}",
        "- {query: {sql: \"SELECT COUNT(*) FROM `nba-props-platform.nba_raw.nbac_schedule` WHERE "
        "game_date BETWEEN @from AND @to\", at_least: 1}, name: scheduled}",
        NULL};
    open_measure(changes);
    struct measure_target check = {MEASURE_CHECK, 0, 0};
    struct measure_answer first = ask(check, MEASURE_SPARING, false);
    fixture_wall_ms += 60000;
    struct measure_answer second = ask(check, MEASURE_SPARING, false);
    cr_assert_eq(second.outcome, MEASURE_CONFIRMED, "%s", second.error.text);
    cr_expect(second.has_value);
    cr_expect_float_eq(second.value, first.value, 0);
}

/* The answer of a query check with this SQL. */
static struct measure_answer answer_of(const char *sql) {
    char check[512];
    (void)snprintf(check, sizeof check, "- {query: {sql: \"%s\", at_least: 1}, name: c}", sql);
    const char *changes[] = {"- {coverage: {table: defense, at_least: 95%}}", check, NULL};
    open_measure(changes);
    return ask((struct measure_target){MEASURE_CHECK, 0, 0}, MEASURE_SPARING, false);
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

/* What validation refuses is no number when it is measured: a TIMESTAMP comes as microseconds,
 * which are more than any threshold. */
Test(measure, refuses_the_moment_of_a_check)
{
    struct measure_answer answer = answer_of("SELECT TIMESTAMP '2024-01-01 00:00:00+00'");
    cr_expect_eq(answer.outcome, MEASURE_FAILED);
    cr_expect_not(answer.has_value);
    cr_expect_not_null(strstr(answer.error.text, "must be a number, and is TIMESTAMP"), "%s",
                       answer.error.text);
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
    struct measure_answer first = ask(zones, MEASURE_SPARING, false);
    struct measure_answer again = ask(zones, MEASURE_FORCED, false);
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
        struct measure_answer answer = ask(zones, MEASURE_FORCED, false);
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
    measure_start(measure, zones, range, MEASURE_SPARING, false);
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
    measure_start(measure, zones, range, MEASURE_SPARING, false);
    measure_start(measure, zones, range, MEASURE_FORCED, false);
    measure_start(measure, (struct measure_target){MEASURE_TABLE, 99, 0}, range, MEASURE_SPARING,
                  false);
    cr_expect_eq(measure_pending(measure), 1);
    struct measure_answer answer;
    cr_assert(measure_next(measure, FIXTURE_DEADLINE_MS, &answer));
    free(answer.counts);
    cr_expect_not(measure_next(measure, 0, &answer), "there was one question");
    measure_start(measure, zones, range, MEASURE_FORCED, false);
}

Test(measure, is_not_made_without_a_place_to_ask)
{
    struct error error = {0};
    open_measure(NULL);
    cr_assert_eq(setenv("BIGQUERY_EMULATOR_HOST", "http://", 1), 0);
    cr_expect_null(measure_new(scene.pipeline, NULL, &fixture_clock, &error));
    cr_expect_eq(error.code, EXIT_CONFIG);
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
