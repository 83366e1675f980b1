/* The night's budget: what is told of it, once, and what a night has cost. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "agent/budget.h"
#include "agent/poll.h"
#include "base/memory.h"
#include "fixture.h"
#include "situation/spend.h"
#include "state/state_journal.h"
#include "state/state_spend.h"

#define DAY_MS INT64_C(86400000)

static struct recorder recorder;
static struct error error;

static void open_small_budget(void) {
    const char *changes[] = {"bytes_per_query: 1GiB, bytes_per_night: 50GiB",
                             "bytes_per_query: 10MiB, bytes_per_night: 100MiB", NULL};
    fixture_open(changes);
    recorder = fixture_recorder();
}

TestSuite(budget, .init = open_small_budget, .fini = fixture_close);

/* Pays `mib` for one query of zones. */
static void pay(int64_t mib, int64_t at) {
    struct measure_answer answer = {.target = {MEASURE_TABLE, SCENE_ZONES, 0},
                                    .outcome = MEASURE_FAILED,
                                    .at = at,
                                    .queried = true,
                                    .bill = {BIGQUERY_BILL_TOLD, mib * BIGQUERY_MIB}};
    cr_assert(record_answer(&recorder, &answer, &error), "%s", error.text);
}

static bool step(int64_t at) {
    bool over = false;
    cr_assert(budget_step(&recorder, at, &over, &error), "%s", error.text);
    return over;
}

/* The events of a kind: how many, and whether the newest one holds these words. */
static void expect_told(const char *kind, size_t times, const char *words) {
    struct state_journal_filter filter = {.kind = kind};
    size_t count;
    struct state_event *events = state_journal(scene.state, &filter, &count, &error);
    cr_assert_not_null(events, "%s", error.text);
    cr_expect_eq(count, times, "%s %zu times", kind, count);
    if (count > 0) {
        cr_expect_not_null(strstr(events[count - 1].text, words), "%s", events[count - 1].text);
    }
    state_events_free(events, count);
}

Test(budget, warns_once_at_eighty_percent_and_alarms_once_when_it_is_used_up)
{
    cr_expect_not(step(SCENE_NOW));
    pay(79, SCENE_NOW);
    cr_expect_not(step(SCENE_NOW));
    expect_told("budget", 0, "");
    pay(1, SCENE_NOW);
    cr_expect_not(step(SCENE_NOW + 1));
    cr_expect_not(step(SCENE_NOW + 2));
    expect_told("budget", 1, "80 % of the night's byte budget is spent: 80 MiB of 100 MiB");
    pay(20, SCENE_NOW);
    cr_expect(step(SCENE_NOW + 3));
    cr_expect(step(SCENE_NOW + 4));
    expect_told("budget", 2, "used up: 100 MiB of 100 MiB; no query is paid for until noon");
}

Test(budget, goes_on_in_the_next_night_and_says_so)
{
    pay(120, SCENE_NOW);
    cr_expect(step(SCENE_NOW));
    cr_expect_not(step(SCENE_NOW + DAY_MS));
    cr_expect_not(step(SCENE_NOW + DAY_MS + 1));
    expect_told("budget", 2, "has room again");
}

Test(budget, tells_the_cost_of_a_night_when_it_ends)
{
    pay(20, SCENE_NOW);
    cr_expect_not(step(SCENE_NOW));
    expect_told("spend", 0, "");
    cr_expect_not(step(SCENE_NOW + DAY_MS));
    cr_expect_not(step(SCENE_NOW + DAY_MS + 1));
    expect_told("spend", 1,
                "night of 2026-01-05: 20 MiB billed, $0.0001, 1 query (0 cached, 1 failed); most "
                "for zones 20 MiB");
}

Test(budget, tells_the_cost_when_the_agent_leaves_and_again_only_when_more_was_asked)
{
    cr_assert(budget_close(&recorder, SCENE_NOW, &error));
    expect_told("spend", 0, "");
    pay(20, SCENE_NOW);
    cr_assert(budget_close(&recorder, SCENE_NOW, &error));
    cr_assert(budget_close(&recorder, SCENE_NOW, &error));
    expect_told("spend", 1, "1 query");
    pay(10, SCENE_NOW);
    cr_assert(budget_close(&recorder, SCENE_NOW, &error));
    expect_told("spend", 2, "2 queries");
    cr_expect_not(step(SCENE_NOW + DAY_MS));
    expect_told("spend", 2, "2 queries");
}

Test(budget, marks_a_sum_that_is_only_the_least)
{
    struct measure_answer lost = {.target = {MEASURE_TABLE, SCENE_ZONES, 0},
                                  .outcome = MEASURE_FAILED,
                                  .at = SCENE_NOW,
                                  .queried = true,
                                  .bytes_processed = BIGQUERY_UNKNOWN,
                                  .bill = {BIGQUERY_BILL_UNKNOWN, BIGQUERY_UNKNOWN}};
    cr_assert(record_answer(&recorder, &lost, &error));
    pay(10, SCENE_NOW);
    cr_assert(budget_close(&recorder, SCENE_NOW, &error));
    expect_told("spend", 1,
                "≥ 10 MiB billed, ≥ $0.0001, 2 queries (0 cached, 2 failed, 1 given up "
                "and perhaps billed)");
    struct situation *situation = situation_load(scene.pipeline, scene.state, SCENE_NOW, &error);
    cr_expect_eq(situation->header.bills_unknown, 1);
    situation_free(situation);
}

Test(budget, stops_paying_so_that_a_table_that_changed_is_stale_and_says_why)
{
    bool agent_polls;
    cr_assert(
        poll_once(scene.pipeline, scene.state, "naji@ops", &fixture_clock, &agent_polls, &error));
    cr_expect(agent_polls, "the fixture's lease is held");
    fixture_close();
    const char *changes[] = {"bytes_per_query: 1GiB, bytes_per_night: 50GiB",
                             "bytes_per_query: 10MiB, bytes_per_night: 30MiB", NULL};
    fixture_open(changes);
    cr_assert(
        poll_once(scene.pipeline, scene.state, "naji@ops", &fixture_clock, &agent_polls, &error));
    free(warehouse_ask(&warehouse, "DELETE FROM nba_precompute.team_defense_zone_analysis WHERE "
                                   "analysis_date = '2021-11-02'"));
    fixture_wall_ms += 60000;
    cr_assert(
        poll_once(scene.pipeline, scene.state, "naji@ops", &fixture_clock, &agent_polls, &error));
    struct situation *situation =
        situation_load(scene.pipeline, scene.state, fixture_wall_ms, &error);
    cr_assert_not_null(situation, "%s", error.text);
    cr_expect_eq(situation->header.budget, SITUATION_BUDGET_USED_UP);
    const struct coverage_table *zones = &situation->coverage->tables[SCENE_ZONES];
    cr_expect_eq(zones->status, COVERAGE_STATUS_STALE);
    cr_expect_not_null(strstr(zones->error, "poll.bytes_per_night"), "%s", zones->error);
    cr_expect_eq(situation->gates->gates[1].verdict == GATES_GO, false);
    situation_free(situation);
    expect_told("budget", 1, "used up: 30 MiB of 30 MiB");
}

Test(budget, estimates_a_night_by_dry_runs_and_pays_nothing)
{
    bool agent_polls = true;
    fixture_close();
    fixture_open(NULL);
    cr_assert(
        poll_once(scene.pipeline, scene.state, "naji@ops", &fixture_clock, &agent_polls, &error));
    struct state_spend before = {0};
    struct state_spend after = {0};
    cr_assert(state_spend_total(scene.state, situation_night(SCENE_NOW), &before, &error));
    cr_assert(poll_estimate(scene.pipeline, scene.state, "naji@ops", &fixture_clock, &agent_polls,
                            &error));
    cr_expect_not(agent_polls);
    cr_assert(state_spend_total(scene.state, situation_night(SCENE_NOW), &after, &error));
    cr_expect_eq(before.queries, after.queries);
    cr_expect_eq(before.bytes_billed, after.bytes_billed);
    struct situation *situation = situation_load(scene.pipeline, scene.state, SCENE_NOW, &error);
    size_t unknown;
    /* 10 h: defense is complete, so it and the due dates are asked once in 30 m; zones, which lacks
     * dates and is filled by "second", once in 60 s. */
    cr_assert_eq(situation->estimate_count, 3);
    cr_expect_eq(situation->estimates[SCENE_DEFENSE].queries, 21);
    cr_expect_eq(situation->estimates[SCENE_ZONES].queries, 601);
    cr_expect_eq(situation->busiest, 1);
    cr_expect_eq(situation_night_bytes(situation, &unknown), (2 * 21 + 601) * 10 * BIGQUERY_MIB);
    cr_expect_eq(unknown, 0);
    situation_free(situation);
}

Test(budget, does_not_take_a_target_that_was_never_estimated_for_free)
{
    size_t unknown;
    struct situation *situation = situation_load(scene.pipeline, scene.state, SCENE_NOW, &error);
    cr_expect_eq(situation_night_bytes(situation, &unknown), -1);
    cr_expect_eq(unknown, situation->estimate_count);
    struct text_buffer text = {0};
    situation_estimate_describe(situation, &text);
    cr_expect_not_null(strstr(text.data, "Not estimated yet"), "%s", text.data);
    text_buffer_free(&text);
    situation_free(situation);
}
