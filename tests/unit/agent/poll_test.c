/* A verb's one poll, and what becomes of answers in the state. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "agent/budget.h"
#include "agent/poll.h"
#include "base/memory.h"
#include "fixture.h"
#include "state/state_gates.h"
#include "state/state_journal.h"
#include "state/state_lease.h"
#include "state/state_sessions.h"
#include "state/state_spend.h"

static void open_plain(void) {
    fixture_open(NULL);
}

TestSuite(poll, .init = open_plain, .fini = fixture_close);

static struct error error;

static void poll_all(bool *agent_polls) {
    cr_assert(
        poll_once(scene.pipeline, scene.state, "naji@ops", &fixture_clock, agent_polls, &error),
        "%s", error.text);
}

static struct situation *load(void) {
    struct situation *situation =
        situation_load(scene.pipeline, scene.state, fixture_wall_ms, &error);
    cr_assert_not_null(situation, "%s", error.text);
    return situation;
}

/* Nobody holds the lease and no session is open. */
static void expect_nobody(void) {
    struct state_lease lease = {0};
    size_t count;
    cr_assert(state_lease_load(scene.state, clock_boot_ns(clock_system()), &lease, &error));
    cr_expect_not(lease.held);
    state_lease_clear(&lease);
    struct state_session *sessions = state_sessions(scene.state, &count, &error);
    cr_expect_eq(count, 0);
    state_sessions_free(sessions, count);
}

Test(poll, measures_all_judges_and_gives_the_lease_back)
{
    bool agent_polls = true;
    poll_all(&agent_polls);
    cr_expect_not(agent_polls);
    struct situation *situation = load();
    cr_expect_eq(situation->coverage->tables[SCENE_DEFENSE].all.complete, 10);
    cr_expect_eq(situation->coverage->tables[SCENE_ZONES].all.complete, 5);
    cr_expect_eq(situation->coverage->tables[SCENE_ZONES].all.missing, 5);
    cr_expect_eq(situation->gates->gates[0].verdict, GATES_GO);
    cr_expect_eq(situation->gate_facts[0].since, SCENE_NOW);
    situation_free(situation);
    expect_nobody();
}

Test(poll, pays_once_for_what_does_not_change_though_nothing_but_the_state_stays)
{
    bool agent_polls;
    poll_all(&agent_polls);
    size_t jobs = emulator_usage(warehouse.emulator).jobs;
    fixture_wall_ms += 60000;
    poll_all(&agent_polls);
    cr_expect_eq(emulator_usage(warehouse.emulator).jobs, jobs);
    struct situation *situation = load();
    cr_expect_eq(situation->coverage->tables[SCENE_ZONES].confirmed_at, fixture_wall_ms);
    cr_expect_eq(situation->gates->gates[0].verdict, GATES_GO);
    situation_free(situation);
    free(warehouse_ask(&warehouse, "DELETE FROM nba_precompute.team_defense_zone_analysis WHERE "
                                   "analysis_date = '2021-11-02'"));
    poll_all(&agent_polls);
    situation = load();
    cr_expect_eq(situation->coverage->tables[SCENE_ZONES].all.complete, 4);
    situation_free(situation);
}

Test(poll, leaves_the_work_to_an_agent_that_is_there)
{
    bool agent_polls = false;
    scene_lead(&scene);
    uint64_t requests = emulator_usage(warehouse.emulator).requests;
    poll_all(&agent_polls);
    cr_expect(agent_polls);
    cr_expect_eq(emulator_usage(warehouse.emulator).requests, requests);
}

Test(poll, stores_a_failure_beside_what_was_known)
{
    bool agent_polls;
    poll_all(&agent_polls);
    free(warehouse_ask(&warehouse, "DROP TABLE nba_precompute.team_defense_zone_analysis"));
    fixture_wall_ms += 60000;
    poll_all(&agent_polls);
    struct situation *situation = load();
    const struct coverage_table *zones = &situation->coverage->tables[SCENE_ZONES];
    cr_expect_eq(zones->all.complete, 5, "unknown is never zero");
    cr_expect_not_null(zones->error);
    cr_assert_not_null(situation->header.bigquery);
    cr_expect_not_null(strstr(situation->header.bigquery->sentence, "zones: Not found"), "%s",
                       situation->header.bigquery->sentence);
    cr_expect_eq(situation->coverage->tables[SCENE_DEFENSE].confirmed_at, fixture_wall_ms);
    situation_free(situation);
    expect_nobody();
}

Test(poll, gives_the_lease_back_when_it_cannot_begin)
{
    bool agent_polls;
    cr_assert_eq(setenv("BIGQUERY_EMULATOR_HOST", "http://", 1), 0);
    cr_expect_not(
        poll_once(scene.pipeline, scene.state, "naji@ops", &fixture_clock, &agent_polls, &error));
    cr_expect_eq(error.code, EXIT_CONFIG, "%s", error.text);
    expect_nobody();
}

Test(poll, answers_the_checks_that_need_no_bigquery_too)
{
    const char *changes[] = {"- {coverage: {table: defense, at_least: 95%}}",
                             "- {disk: {path: /, at_least: 1MiB}}\n"
                             "      - {command: {run: [/bin/true]}}\n"
                             "      - {credentials: true}",
                             NULL};
    bool agent_polls;
    fixture_close();
    fixture_open(changes);
    poll_all(&agent_polls);
    struct situation *situation = load();
    cr_expect_eq(situation->gates->gates[0].verdict, GATES_GO);
    cr_expect_eq(situation->gates->gates[0].passed, 3);
    situation_free(situation);
}

/* ---- recording --------------------------------------------------------------------------- */

static struct measure_answer counted(int64_t at) {
    struct measure_answer answer = {.target = {MEASURE_TABLE, SCENE_ZONES, 0},
                                    .outcome = MEASURE_COUNTED,
                                    .at = at,
                                    .range = {SCENE_FROM, SCENE_TO},
                                    .counts = memory_new(1, sizeof *answer.counts),
                                    .count = 1,
                                    .queried = true,
                                    .bill = {BIGQUERY_BILL_TOLD, 2000},
                                    .bytes_processed = 1500,
                                    .signal = "seen"};
    answer.counts[0] = (struct coverage_count){SCENE_FROM, 30, -1, -1, -1};
    return answer;
}

static void record(const struct recorder *recorder, struct measure_answer answer) {
    cr_assert(record_answer(recorder, &answer, &error), "%s", error.text);
    free(answer.counts);
}

static struct state_spend spent(void) {
    struct state_spend total = {0};
    cr_assert(state_spend_total(scene.state, situation_night(SCENE_NOW), &total, &error));
    return total;
}

Test(poll, adds_up_what_answers_cost)
{
    struct recorder recorder = fixture_recorder();
    record(&recorder, counted(SCENE_NOW));
    struct measure_answer cached = counted(SCENE_NOW + 1);
    cached.cache_hit = true;
    cached.bill.bytes = 0;
    record(&recorder, cached);
    record(&recorder, (struct measure_answer){.target = {MEASURE_TABLE, SCENE_ZONES, 0},
                                              .outcome = MEASURE_CONFIRMED,
                                              .at = SCENE_NOW + 2,
                                              .signal = "seen"});
    struct state_spend total = spent();
    cr_expect_eq(total.queries, 2);
    cr_expect_eq(total.cached, 1);
    cr_expect_eq(total.free_checks, 1);
    cr_expect_eq(total.bytes_billed, 2000);
}

Test(poll, does_not_confirm_counts_that_were_never_stored)
{
    struct recorder recorder = fixture_recorder();
    record(&recorder, counted(SCENE_NOW));
    struct measure_answer confirmed = {.target = {MEASURE_TABLE, SCENE_ZONES, 0},
                                       .outcome = MEASURE_CONFIRMED,
                                       .at = SCENE_NOW + 60000,
                                       .signal = "seen when the disk was full"};
    cr_expect_not(record_answer(&recorder, &confirmed, &error));
    cr_expect_eq(error.code, EXIT_UNAVAILABLE);
    fixture_wall_ms = SCENE_NOW + 60000;
    struct situation *situation = load();
    cr_expect_eq(situation->coverage->tables[SCENE_ZONES].confirmed_at, SCENE_NOW);
    situation_free(situation);
}

Test(poll, leaves_counts_to_grow_old_that_may_no_longer_be_true)
{
    struct recorder recorder = fixture_recorder();
    record(&recorder, counted(SCENE_NOW));
    record(&recorder, (struct measure_answer){.target = {MEASURE_TABLE, SCENE_ZONES, 0},
                                              .outcome = MEASURE_LEFT,
                                              .at = SCENE_NOW + 60000});
    struct situation *situation = load();
    cr_expect_eq(situation->coverage->tables[SCENE_ZONES].confirmed_at, SCENE_NOW);
    situation_free(situation);
    cr_expect_eq(spent().free_checks, 1);
}

Test(poll, counts_a_query_without_counts_for_it_may_be_billed)
{
    struct recorder recorder = fixture_recorder();
    struct measure_answer failed = {.target = {MEASURE_TABLE, SCENE_ZONES, 0},
                                    .outcome = MEASURE_FAILED,
                                    .at = SCENE_NOW,
                                    .queried = true,
                                    .bill = {BIGQUERY_BILL_TOLD, 700},
                                    .bytes_processed = 700};
    record(&recorder, failed);
    cr_expect_eq(spent().failed, 1);
    cr_expect_eq(spent().bytes_billed, 700);
    failed.bill = (struct bigquery_bill){BIGQUERY_BILL_UNKNOWN, BIGQUERY_UNKNOWN};
    failed.bytes_processed = BIGQUERY_UNKNOWN;
    record(&recorder, failed);
    failed.queried = false;
    record(&recorder, failed);
    struct state_spend total = spent();
    cr_expect_eq(total.queries, 2, "a free check that failed is no query");
    cr_expect_eq(total.failed, 2);
    cr_expect_eq(total.unknown, 1);
    cr_expect_eq(total.bytes_billed, 700, "an unknown bill is in no sum");
    cr_expect_eq(total.bytes_processed, 700);
}

Test(poll, counts_estimated_bills_apart_and_against_the_budget)
{
    struct recorder recorder = fixture_recorder();
    record(&recorder, counted(SCENE_NOW));
    struct measure_answer guessed = counted(SCENE_NOW);
    guessed.bill = (struct bigquery_bill){BIGQUERY_BILL_ESTIMATED, 10485760};
    record(&recorder, guessed);
    struct state_spend total = spent();
    cr_expect_eq(total.estimated, 1);
    cr_expect_eq(total.bytes_estimated, 10485760);
    cr_expect_eq(total.bytes_billed, 10487760);
}

Test(poll, takes_the_price_of_the_pipeline_file)
{
    const char *changes[] = {"bytes_per_night: 50GiB", "bytes_per_night: 2TiB, price_per_tib: 8",
                             NULL};
    fixture_close();
    fixture_open(changes);
    struct recorder recorder = fixture_recorder();
    struct measure_answer dear = counted(SCENE_NOW);
    dear.bill.bytes = BIGQUERY_TIB / 2;
    record(&recorder, dear);
    cr_expect_float_eq(spent().dollars, 4.0, 1e-9);
}

Test(poll, stores_what_a_query_would_bill_and_why_that_is_not_known)
{
    struct recorder recorder = fixture_recorder();
    struct measure_answer estimate = {.target = {MEASURE_TABLE, SCENE_ZONES, 0},
                                      .outcome = MEASURE_ESTIMATED,
                                      .at = SCENE_NOW,
                                      .bytes_processed = 5,
                                      .bill = {BIGQUERY_BILL_ESTIMATED, 10485760}};
    size_t count;
    record(&recorder, estimate);
    cr_expect_eq(spent().queries, 0, "a dry run is free");
    estimate.target = (struct measure_target){MEASURE_EXPECTED, 0, 0};
    estimate.bytes_processed = BIGQUERY_UNKNOWN;
    estimate.bill = (struct bigquery_bill){BIGQUERY_BILL_UNKNOWN, BIGQUERY_UNKNOWN};
    (void)error_set(&estimate.error, EXIT_UNAVAILABLE, "no such table");
    record(&recorder, estimate);
    struct state_estimate *estimates = state_estimates(scene.state, &count, &error);
    cr_assert_eq(count, 2);
    cr_expect_str_eq(estimates[0].key, "due.sql");
    cr_expect_eq(estimates[0].bytes_billed, -1);
    cr_expect_str_eq(estimates[0].error, "no such table");
    cr_expect_str_eq(estimates[1].key, "zones");
    cr_expect_eq(estimates[1].bytes_billed, 10485760);
    cr_expect_null(estimates[1].error);
    state_estimates_free(estimates, count);
}

Test(poll, knows_when_the_nights_budget_is_used_up)
{
    const char *changes[] = {"bytes_per_query: 1GiB, bytes_per_night: 50GiB",
                             "bytes_per_query: 1MiB, bytes_per_night: 1MiB", NULL};
    bool over = true;
    fixture_close();
    fixture_open(changes);
    struct recorder recorder = fixture_recorder();
    cr_assert(budget_step(&recorder, SCENE_NOW, &over, &error));
    cr_expect_not(over);
    struct measure_answer dear = counted(SCENE_NOW);
    dear.bill.bytes = 1 << 20;
    record(&recorder, dear);
    cr_assert(budget_step(&recorder, SCENE_NOW, &over, &error));
    cr_expect(over);
    cr_assert(budget_step(&recorder, SCENE_NOW + INT64_C(86400000), &over, &error));
    cr_expect_not(over, "the next night has its own");
}

Test(poll, records_nothing_for_an_agent_that_was_replaced)
{
    struct recorder recorder = fixture_recorder();
    recorder.actor.term--;
    struct measure_answer answer = counted(SCENE_NOW);
    cr_expect_not(record_answer(&recorder, &answer, &error));
    cr_expect_eq(error.code, EXIT_NO_GO);
    free(answer.counts);
}

Test(poll, stores_the_value_of_a_check_its_null_and_its_failure)
{
    const char *changes[] = {"- {coverage: {table: defense, at_least: 95%}}",
                             "- {query: {sql: SELECT 1, at_least: 1}, name: c}", NULL};
    fixture_close();
    fixture_open(changes);
    struct recorder recorder = fixture_recorder();
    static const struct {
        enum measure_outcome outcome;
        bool has_value;
        const char *error;
    } cases[] = {{MEASURE_COUNTED, true, NULL},
                 {MEASURE_COUNTED, false, "the query answered NULL"},
                 {MEASURE_FAILED, false, "403 accessDenied"}};
    for (size_t i = 0; i < 3; i++) {
        struct measure_answer answer = {.target = {MEASURE_CHECK, 0, 0},
                                        .outcome = cases[i].outcome,
                                        .at = SCENE_NOW + (int64_t)i,
                                        .has_value = cases[i].has_value,
                                        .value = 7};
        if (cases[i].outcome == MEASURE_FAILED) {
            (void)error_set(&answer.error, EXIT_PERMISSION, "%s", cases[i].error);
        }
        record(&recorder, answer);
        size_t count;
        struct state_answer *answers = state_answers(scene.state, 0, &count, &error);
        cr_assert_eq(count, 1);
        cr_expect_eq(answers[0].measured, cases[i].has_value);
        if (cases[i].error != NULL) {
            cr_expect_str_eq(answers[0].error, cases[i].error);
        } else {
            cr_expect_null(answers[0].error);
            cr_expect_float_eq(answers[0].value, 7, 0);
        }
        state_answers_free(answers, count);
    }
}

Test(poll, writes_a_verdict_into_the_journal_once)
{
    struct recorder recorder = fixture_recorder();
    scene_measure_all(&scene, 5, 0, SCENE_NOW);
    for (int i = 0; i < 2; i++) {
        struct situation *situation = load();
        cr_assert(record_judgement(&recorder, situation, &error), "%s", error.text);
        situation_free(situation);
        fixture_wall_ms += 1000;
    }
    struct state_journal_filter filter = {.kind = "gate", .subject = "ready"};
    size_t count;
    struct state_event *events = state_journal(scene.state, &filter, &count, &error);
    cr_assert_eq(count, 1);
    cr_expect_not_null(strstr(events[0].text, "defense coverage"), "%s", events[0].text);
    state_events_free(events, count);
    struct state_sample *samples =
        state_samples(scene.state, "defense", "", 0, INT64_MAX, &count, &error);
    cr_assert_eq(count, 1, "the second says nothing new");
    cr_expect_eq(samples[0].complete, 5);
    cr_expect_eq(samples[0].missing, 5);
    state_samples_free(samples, count);
}

Test(poll, samples_what_is_not_known_as_not_known)
{
    struct recorder recorder = fixture_recorder();
    struct situation *situation = load();
    cr_assert(record_judgement(&recorder, situation, &error), "%s", error.text);
    situation_free(situation);
    size_t count;
    struct state_sample *samples =
        state_samples(scene.state, "zones", "", 0, INT64_MAX, &count, &error);
    cr_assert_eq(count, 1);
    cr_expect_eq(samples[0].complete, -1);
    cr_expect_eq(samples[0].expected, -1);
    cr_expect_str_eq(samples[0].status, "unknown");
    state_samples_free(samples, count);
}
