/* From what is stored to what a person sees. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "logs/progress.h"
#include "situation/launch.h"
#include "situation/situation.h"
#include "state/state_arms.h"
#include "state/state_gates.h"
#include "state/state_journal.h"
#include "state/state_lease.h"
#include "state/state_sessions.h"
#include "state/state_shim.h"
#include "state/state_spend.h"
#include "state/state_told.h"
#include "state/state_unread.h"
#include "tests/support/scene.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)

static struct scene scene;
static struct situation *situation;

static void open_scene(void) {
    scene_open(&scene, NULL);
    scene_lead(&scene);
}

static void close_scene(void) {
    situation_free(situation);
    scene_close(&scene);
}

TestSuite(situation, .init = open_scene, .fini = close_scene);

static const struct situation *load(int64_t as_of) {
    situation_free(situation);
    situation = situation_load(scene.pipeline, scene.state, as_of, &scene.error);
    cr_assert_not_null(situation, "%s", scene.error.text);
    return situation;
}

static const struct situation *load_past(int64_t as_of) {
    situation_free(situation);
    situation = situation_load_at(scene.pipeline, scene.state, as_of, &scene.error);
    cr_assert_not_null(situation, "%s", scene.error.text);
    return situation;
}

static const struct situation_run *run_of(const char *id) {
    for (size_t i = 0; i < situation->run_count; i++) {
        if (strcmp(situation->runs[i].run, id) == 0) {
            return &situation->runs[i];
        }
    }
    cr_assert_fail("there is no run %s", id);
    return NULL;
}

static struct state_actor agent(void) {
    return (struct state_actor){.name = "agent", .session = "s-scene", .term = scene.term};
}

static const struct state_actor person = {.name = "naji@ops"};

Test(situation, of_an_empty_state_knows_nothing_and_says_so)
{
    const struct situation *now = load(SCENE_NOW);
    for (size_t i = 0; i < scene.pipeline->table_count; i++) {
        cr_expect_eq(now->coverage->tables[i].status, COVERAGE_STATUS_UNKNOWN);
        cr_expect_not(now->coverage->tables[i].all.known);
        cr_expect_eq(now->tables[i].rose_last_hour, -1);
        cr_expect_not(now->tables[i].rate.known);
    }
    cr_expect_eq(now->gates->gates[0].verdict, GATES_UNKNOWN);
    cr_expect_eq(now->gates->gates[1].verdict, GATES_UNKNOWN);
    cr_expect_eq(now->gate_facts[0].since, 0);
    cr_expect_eq(now->header.polled_at, 0);
    cr_expect_null(now->header.bigquery);
    cr_expect_eq(now->header.gate, 0);
    cr_expect_eq(now->header.next_group, 1);
    cr_expect_eq(now->header.go_expected, 0);
    cr_expect_eq(now->run_count, 0);
}

Test(situation, gives_coverage_and_verdicts_of_what_was_measured)
{
    scene_measure_all(&scene, 10, 5, SCENE_NOW - MINUTE);
    const struct situation *now = load(SCENE_NOW);
    const struct coverage_totals *defense = &now->coverage->tables[SCENE_DEFENSE].all;
    cr_expect(defense->known);
    cr_expect_eq(defense->attainable, 10);
    cr_expect_eq(defense->complete, 10);
    cr_expect_eq(now->coverage->tables[SCENE_ZONES].all.missing, 5);
    cr_expect_eq(now->coverage->tables[SCENE_DEFENSE].status, COVERAGE_STATUS_FRESH);
    cr_expect_eq(now->gates->gates[0].verdict, GATES_GO);
    cr_expect_neq(now->gates->gates[1].verdict, GATES_GO);
    cr_expect_eq(now->header.polled_at, SCENE_NOW - MINUTE);
    cr_expect_eq(now->header.gate, 1, "the first that is not GO");
    cr_expect_eq(now->header.next_group, PIPELINE_NONE, "nothing is behind it");
    cr_expect_null(now->tables[SCENE_ZONES].held_by);
}

Test(situation, names_the_gate_that_holds_a_table)
{
    scene_measure_all(&scene, 5, 0, SCENE_NOW - MINUTE);
    const struct situation *now = load(SCENE_NOW);
    cr_expect_eq(now->gates->gates[0].verdict, GATES_NO_GO);
    cr_expect_null(now->tables[SCENE_DEFENSE].held_by);
    cr_expect_str_eq(now->tables[SCENE_ZONES].held_by, "ready");
    cr_expect_eq(now->header.gate, 0);
    cr_expect_eq(now->header.next_group, 1);
}

Test(situation, names_the_group_whose_launch_the_gate_waits_for)
{
    scene_measure_all(&scene, 5, 0, SCENE_NOW - MINUTE);
    cr_expect_eq(load(SCENE_NOW)->header.launchable, 0, "the first group fills what is too low");
    scene_launch(&scene, "r-1", "first", "defense", SCENE_NOW - MINUTE);
    cr_expect_eq(load(SCENE_NOW)->header.launchable, PIPELINE_NONE, "it runs already");
}

Test(situation, names_the_next_group_once_its_gate_is_go)
{
    scene_measure_all(&scene, 10, 0, SCENE_NOW - MINUTE);
    const struct situation *now = load(SCENE_NOW);
    cr_expect_eq(now->header.gate, 1);
    cr_expect_eq(now->header.launchable, 1);
}

Test(situation, leaves_a_table_that_was_never_measured_unknown_beside_the_others)
{
    scene_measure(&scene, STATE_SUBJECT_EXPECTED, "due.sql", 10, 2, -1, SCENE_NOW);
    scene_measure(&scene, STATE_SUBJECT_TABLE, "defense", 10, 4, 2, SCENE_NOW);
    const struct situation *now = load(SCENE_NOW);
    cr_expect_eq(now->coverage->tables[SCENE_DEFENSE].status, COVERAGE_STATUS_FRESH);
    cr_expect_eq(now->coverage->tables[SCENE_ZONES].status, COVERAGE_STATUS_UNKNOWN);
    cr_expect_eq(now->gates->gates[0].verdict, GATES_GO);
    cr_expect_eq(now->gates->gates[1].verdict, GATES_UNKNOWN);
}

Test(situation, plans_a_launch_only_on_dates_that_were_measured)
{
    scene_measure(&scene, STATE_SUBJECT_EXPECTED, "due.sql", 10, 2, -1, SCENE_NOW);
    for (int gaps = 0; gaps < 2; gaps++) {
        const struct situation *now = load(SCENE_NOW);
        struct situation_launch launch = {
            .group = 0, .processor = PIPELINE_NONE, .range = now->range, .gaps = gaps != 0};
        cr_expect_null(situation_plan(now, &launch, &scene.error));
        cr_expect_eq(scene.error.code, EXIT_UNKNOWN, "%s", scene.error.text);
        cr_expect(strstr(scene.error.text, "defense") != NULL, "%s", scene.error.text);
    }
}

Test(situation, plans_a_launch_whatever_became_of_tables_it_does_not_fill)
{
    scene_measure(&scene, STATE_SUBJECT_EXPECTED, "due.sql", 10, 2, -1, SCENE_NOW);
    scene_measure(&scene, STATE_SUBJECT_TABLE, "defense", 5, 4, 2, SCENE_NOW);
    const struct situation *now = load(SCENE_NOW);
    cr_assert_not(now->coverage->tables[SCENE_ZONES].all.known);
    struct situation_launch launch = {
        .group = 0, .processor = PIPELINE_NONE, .range = now->range, .gaps = true};
    struct runs_plan *plan = situation_plan(now, &launch, &scene.error);
    cr_assert_not_null(plan, "%s", scene.error.text);
    cr_expect_eq(plan->count, 1);
    runs_plan_free(plan);
}

Test(situation, knows_nothing_without_expected_dates)
{
    scene_measure(&scene, STATE_SUBJECT_TABLE, "defense", 10, 4, 2, SCENE_NOW);
    const struct situation *now = load(SCENE_NOW);
    cr_expect_not(now->coverage->tables[SCENE_DEFENSE].all.known);
    cr_expect_eq(now->gates->gates[0].verdict, GATES_UNKNOWN);
}

Test(situation, keeps_the_numbers_of_a_table_whose_last_poll_failed_and_says_why)
{
    scene_measure_all(&scene, 10, 10, SCENE_NOW - 2 * MINUTE);
    cr_assert(state_coverage_fail(scene.state, scene.term, STATE_SUBJECT_TABLE, "zones",
                                  SCENE_NOW - MINUTE, "403 rateLimitExceeded", &scene.error));
    const struct situation *now = load(SCENE_NOW);
    cr_assert_not_null(now->header.bigquery);
    cr_expect_str_eq(now->header.bigquery->sentence, "zones: 403 rateLimitExceeded");
    cr_expect(now->coverage->tables[SCENE_ZONES].all.known);
    cr_expect_eq(now->coverage->tables[SCENE_ZONES].all.complete, 10);
    cr_assert(state_coverage_confirm(scene.state, scene.term, STATE_SUBJECT_TABLE, "zones", "seen",
                                     SCENE_NOW, &scene.error));
    cr_expect_null(load(SCENE_NOW)->header.bigquery);
}

Test(situation, counts_waived_dates_until_the_waiver_ends)
{
    struct day_range range = {SCENE_FROM + 5, SCENE_TO};
    scene_measure_all(&scene, 5, 0, SCENE_NOW - MINUTE);
    cr_assert(state_waiver_put(scene.state, &person, "defense", range, "teams need 15 games",
                               SCENE_NOW - MINUTE, SCENE_NOW + MINUTE, NULL, &scene.error));
    cr_expect_eq(load(SCENE_NOW)->coverage->tables[SCENE_DEFENSE].all.waived, 5);
    cr_expect_eq(situation->gates->gates[0].verdict, GATES_GO);
    load(SCENE_NOW + 2 * MINUTE);
    cr_expect_eq(situation->coverage->tables[SCENE_DEFENSE].all.waived, 0);
    cr_expect_eq(situation->gates->gates[0].verdict, GATES_NO_GO);
}

Test(situation, tells_since_when_a_verdict_stands)
{
    struct state_actor actor = agent();
    scene_measure_all(&scene, 10, 0, SCENE_NOW - MINUTE);
    cr_assert(state_verdict_store(scene.state, &actor, "ready", "GO", "1 of 1", SCENE_NOW - HOUR,
                                  &scene.error));
    cr_assert(state_verdict_store(scene.state, &actor, "done", "GO", "stale", SCENE_NOW - HOUR,
                                  &scene.error));
    const struct situation *now = load(SCENE_NOW);
    cr_expect_eq(now->gate_facts[0].since, SCENE_NOW - HOUR);
    cr_expect_eq(now->gate_facts[1].since, 0, "what is stored is no longer the verdict");
}

Test(situation, shows_holds_and_overrides)
{
    scene_measure_all(&scene, 10, 0, SCENE_NOW - MINUTE);
    cr_assert(state_mark_put(scene.state, &person, "ready", true, "wait for the deploy",
                             SCENE_NOW - MINUTE, &scene.error));
    const struct situation *now = load(SCENE_NOW);
    cr_expect_eq(now->gates->gates[0].verdict, GATES_HOLD);
    cr_assert_not_null(now->gates->gates[0].mark);
    cr_expect_str_eq(now->gates->gates[0].mark->reason, "wait for the deploy");
}

static void sample(int64_t at, int64_t complete) {
    char table[] = "defense";
    char season[] = "";
    char status[] = "fresh";
    struct state_sample stored = {.table = table,
                                  .season = season,
                                  .at = at,
                                  .evidence = at,
                                  .status = status,
                                  .expected = 10,
                                  .bootstrap = 0,
                                  .waived = 0,
                                  .attainable = 10,
                                  .complete = complete,
                                  .partial = 0,
                                  .missing = 10 - complete,
                                  .excess = 0,
                                  .with_rows = complete,
                                  .rows = complete * 4};
    cr_assert(state_samples_append(scene.state, scene.term, &stored, 1, 0, &scene.error), "%s",
              scene.error.text);
}

Test(situation, gives_rates_and_when_a_gate_would_be_go)
{
    scene_measure_all(&scene, 6, 0, SCENE_NOW - MINUTE);
    sample(SCENE_NOW - 30 * MINUTE, 4);
    sample(SCENE_NOW, 6);
    const struct situation *now = load(SCENE_NOW);
    cr_expect(now->tables[SCENE_DEFENSE].rate.known);
    cr_expect_float_eq(now->tables[SCENE_DEFENSE].rate.dates_per_hour, 4.0, 0.01);
    cr_expect_eq(now->tables[SCENE_DEFENSE].rose_last_hour, 2);
    cr_expect_eq(now->tables[SCENE_ZONES].rose_last_hour, -1);
    /* 9.5 of 10 dates are needed, 3.5 more at 4 an hour. */
    cr_expect_eq(now->header.go_expected, SCENE_NOW + 52 * MINUTE + 30000);
}

/* A run of defense that wrote the table itself and ended at SCENE_NOW. */
static void write_defense(void) {
    scene.resource = "nba-props-platform.nba_analytics.team_defense_game_summary";
    scene_launch(&scene, "r-1", "first", "defense", SCENE_NOW - HOUR);
    scene_start(&scene, "r-1", SCENE_NOW - HOUR);
    scene_end(&scene, "r-1", STATE_OUTCOME_OK, 0, SCENE_NOW);
}

Test(situation, no_gate_is_go_by_numbers_from_before_the_last_write)
{
    scene_measure_all(&scene, 10, 10, SCENE_NOW - MINUTE);
    cr_expect_eq(load(SCENE_NOW - 1)->gates->gates[0].verdict, GATES_GO);
    write_defense();
    const struct situation *now = load(SCENE_NOW + 1000);
    cr_expect_eq(now->gates->gates[0].verdict, GATES_STALE);
    cr_expect_eq(now->coverage->tables[SCENE_DEFENSE].status, COVERAGE_STATUS_STALE);
    cr_expect_not_null(strstr(now->coverage->tables[SCENE_DEFENSE].error,
                              "not read since run r-1 (defense) wrote it"),
                       "%s", now->coverage->tables[SCENE_DEFENSE].error);
    cr_expect_eq(now->coverage->tables[SCENE_ZONES].status, COVERAGE_STATUS_FRESH);
    scene_measure_all(&scene, 10, 10, SCENE_NOW + 2000);
    cr_expect_eq(load(SCENE_NOW + 3000)->gates->gates[0].verdict, GATES_GO);
}

Test(situation, launches_nothing_on_dates_that_were_not_read_since_they_were_written)
{
    scene_measure_all(&scene, 6, 0, SCENE_NOW - MINUTE);
    write_defense();
    load(SCENE_NOW + 1000);
    struct situation_launch gaps = {
        .group = PIPELINE_NONE, .processor = 0, .range = situation->range, .gaps = true};
    for (int read = 0; read < 2; read++) {
        struct runs_plan *plan = situation_plan(situation, &gaps, &scene.error);
        cr_assert_not_null(plan, "%s", scene.error.text);
        cr_expect_eq(runs_plan_check(plan, scene.state, &scene.error), read == 1, "%s",
                     scene.error.text);
        runs_plan_free(plan);
        scene_measure_all(&scene, 8, 0, SCENE_NOW + 2000);
        struct state_actor actor = agent();
        cr_assert(state_unread_release(scene.state, &actor, "r-1", SCENE_NOW, &scene.error));
        load(SCENE_NOW + 3000);
    }
}

Test(situation, forecasts_nothing_by_numbers_from_before_the_last_write)
{
    scene_measure_all(&scene, 6, 0, SCENE_NOW - MINUTE);
    sample(SCENE_NOW - 30 * MINUTE, 4);
    sample(SCENE_NOW, 6);
    cr_expect_neq(load(SCENE_NOW)->header.go_expected, 0);
    write_defense();
    cr_expect_eq(load(SCENE_NOW + 1000)->header.go_expected, 0);
}

Test(situation, expects_no_go_from_work_that_does_not_move)
{
    scene_measure_all(&scene, 6, 0, SCENE_NOW - MINUTE);
    sample(SCENE_NOW - 30 * MINUTE, 6);
    sample(SCENE_NOW, 6);
    cr_expect_eq(load(SCENE_NOW)->header.go_expected, 0);
}

static void tell_credentials(const char *json, int64_t at) {
    cr_assert(state_told_put(scene.state, scene.term, "credentials", json, at, &scene.error), "%s",
              scene.error.text);
}

Test(situation, tells_whose_credentials_the_last_poll_had_and_what_is_wrong_with_them)
{
    scene_lead(&scene);
    tell_credentials("{\"needed\":true,\"kind\":\"authorized_user\",\"source\":\"a file\","
                     "\"identity\":null,\"quota_project\":null,\"problem\":\"it was revoked\","
                     "\"expires_at\":\"2026-01-05T15:00:00Z\"}",
                     SCENE_NOW - 1000);
    const struct situation_credentials *given = &load(SCENE_NOW)->credentials;
    cr_assert(given->known);
    cr_expect_str_eq(given->kind, "authorized_user");
    cr_expect_str_eq(given->source, "a file");
    cr_expect_null(given->identity);
    cr_expect_str_eq(given->problem, "it was revoked");
    cr_expect_eq(given->expires_at, SCENE_NOW + 45 * 60000);
}

Test(situation, knows_no_credentials_of_an_emulator_and_none_of_the_future)
{
    scene_lead(&scene);
    tell_credentials("{\"needed\":true,\"problem\":\"later\"}", SCENE_NOW + 1000);
    cr_expect_not(load_past(SCENE_NOW)->credentials.known);
    tell_credentials("{\"needed\":false,\"problem\":null}", SCENE_NOW - 1000);
    cr_expect_not(load(SCENE_NOW)->credentials.known);
}

Test(situation, sums_the_spending_of_one_night)
{
    char key[] = "defense";
    struct state_spend spend = {
        .key = key, .queries = 1, .bytes_billed = 1000, .bytes_processed = 900, .dollars = 0.5};
    day_number night = situation_night(SCENE_NOW);
    cr_assert(state_spend_add(scene.state, scene.term, night, &spend, &scene.error));
    cr_assert(state_spend_add(scene.state, scene.term, night, &spend, &scene.error));
    cr_assert(state_spend_add(scene.state, scene.term, night - 1, &spend, &scene.error));
    const struct situation *now = load(SCENE_NOW);
    cr_expect_eq(now->header.bytes_billed, 2000);
    cr_expect_float_eq(now->header.cost, 1.0, 1e-9);
}

Test(situation, a_night_lasts_from_noon_to_noon)
{
    day_number day = (day_number)(SCENE_NOW / (24 * HOUR));
    int64_t midnight = (int64_t)day * 24 * HOUR;
    cr_expect_eq(situation_night(midnight + 12 * HOUR), day);
    cr_expect_eq(situation_night(midnight + 12 * HOUR - 1), day - 1);
    cr_expect_eq(situation_night(midnight + 24 * HOUR), day);
}

Test(situation, knows_consoles_and_the_agent)
{
    char session[STATE_SESSION_SIZE];
    cr_assert(state_session_open(scene.state, STATE_CONSOLE, "naji@ops", SCENE_NOW, session,
                                 &scene.error));
    cr_expect_eq(load(SCENE_NOW)->header.consoles, 1);
    cr_expect(situation->header.agent_alive);
    cr_assert(state_session_close(scene.state, session, SCENE_NOW, &scene.error));
    cr_assert(state_lease_resign(scene.state, "s-scene", scene.term, &scene.error));
    cr_expect_eq(load(SCENE_NOW)->header.consoles, 0);
    cr_expect_not(situation->header.agent_alive);
}

Test(situation, gives_events_oldest_first_and_none_of_the_future)
{
    static const char *const texts[] = {"one", "two", "three"};
    for (size_t i = 0; i < 3; i++) {
        cr_assert(state_journal_append(scene.state, &person, SCENE_NOW + (int64_t)i * MINUTE,
                                       STATE_EVENT_NOTE, "ready", texts[i], NULL, &scene.error));
    }
    const struct situation *now = load_past(SCENE_NOW + MINUTE);
    cr_assert_geq(now->event_count, 2);
    cr_expect_str_eq(now->events[now->event_count - 1].text, "two");
    cr_expect_str_eq(now->events[now->event_count - 2].text, "one");
    cr_expect_str_eq(now->events[now->event_count - 1].subject, "ready");
    cr_expect_str_eq(now->events[now->event_count - 1].actor, "naji@ops");
}

/* The id of a new approval of `group` that ends at `until`. */
static void approve(const char *hash, const char *group, int64_t until, char id[24]) {
    struct state_approval approval = {.plan_hash = memory_copy_string(hash),
                                      .group = memory_copy_string(group),
                                      .decision = STATE_DECIDED_GO,
                                      .by = memory_copy_string("naji@ops"),
                                      .at = SCENE_NOW - MINUTE,
                                      .expires_at = until,
                                      .evidence = memory_copy_string("{}")};
    cr_assert(state_approval_put(scene.state, &person, &approval, id, &scene.error), "%s",
              scene.error.text);
    free(approval.plan_hash);
    free(approval.group);
    free(approval.by);
    free(approval.evidence);
}

Test(situation, shows_only_approvals_that_hold_for_this_plan)
{
    char id[24];
    approve("another plan", "second", SCENE_NOW + HOUR, id);
    approve(scene.pipeline->hash, "first", SCENE_NOW, id);
    cr_expect_null(load(SCENE_NOW)->groups[0].approved_by, "it has expired");
    cr_expect_null(situation->groups[1].approved_by, "it is another plan's");
    approve(scene.pipeline->hash, "second", SCENE_NOW + HOUR, id);
    cr_expect_null(load(SCENE_NOW)->groups[0].approved_by);
    cr_expect_str_eq(situation->groups[1].approved_by, "naji@ops");
    cr_expect_eq(situation->groups[1].approved_until, SCENE_NOW + HOUR);
    cr_assert(state_approval_revoke(scene.state, &person, id, SCENE_NOW, &scene.error));
    cr_expect_null(load(SCENE_NOW)->groups[1].approved_by, "it was revoked");
}

static void load_changed(const char *find, const char *replace) {
    const char *changes[] = {find, replace, NULL};
    scene_close(&scene);
    scene_open(&scene, changes);
    scene_lead(&scene);
}

Test(situation, does_not_guess_when_a_gate_would_be_go_by_another_rate_than_its_checks_own)
{
    static const char *const checks[] = {
        "{table: defense, at_least: 95%, each_season: true}",
        "{table: defense, at_least: 95%, of: games}",
        "{table: defense, missing_at_most: 0}",
        "{table: defense, at_least: 95%, season: 2021-22}",
    };
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        load_changed("{table: defense, at_least: 95%}", checks[i]);
        scene_measure_all(&scene, 6, 0, SCENE_NOW - MINUTE);
        sample(SCENE_NOW - 30 * MINUTE, 4);
        sample(SCENE_NOW, 6);
        cr_expect_eq(load(SCENE_NOW)->gates->gates[0].verdict, GATES_NO_GO, "%s", checks[i]);
        cr_expect_eq(situation->header.go_expected, 0, "%s", checks[i]);
        situation_free(situation);
        situation = NULL;
    }
}

/* ---- runs -------------------------------------------------------------------------------- */

static void progress(const char *run, const char *json, int64_t output_at) {
    char line[] = "INFO: all is well";
    struct state_progress stored = {.done = 4,
                                    .ok = 2,
                                    .failed = 2,
                                    .position = 4,
                                    .total = 10,
                                    .warnings = 1,
                                    .errors = 2,
                                    .last_line = line,
                                    .last_output_at = output_at,
                                    .json = (char *)json,
                                    .updated_at = output_at};
    cr_assert(state_progress_store(scene.state, scene.term, run, &stored, &scene.error), "%s",
              scene.error.text);
}

Test(situation, sorts_runs_worst_first)
{
    struct state_actor actor = agent();
    size_t asked;
    char stop[] = "r-5stop";
    char *stopped[] = {stop};
    scene_launch(&scene, "r-1done", "first", "defense", SCENE_NOW - HOUR);
    scene_start(&scene, "r-1done", SCENE_NOW - HOUR);
    scene_end(&scene, "r-1done", STATE_OUTCOME_OK, 0, SCENE_NOW - MINUTE);
    scene_measure_all(&scene, 1, 0, SCENE_NOW);
    cr_assert(state_run_verdict(scene.state, &actor, "r-1done", "verified", "10 of 10", SCENE_NOW,
                                &scene.error));
    scene_launch(&scene, "r-2wait", "first", "defense", SCENE_NOW - HOUR);
    scene_launch(&scene, "r-3wait", "first", "defense", SCENE_NOW - HOUR + 1);
    scene_start(&scene, "r-3wait", SCENE_NOW - HOUR);
    scene_end(&scene, "r-3wait", STATE_OUTCOME_OK, 0, SCENE_NOW - MINUTE);
    scene_launch(&scene, "r-4runs", "first", "defense", SCENE_NOW - HOUR);
    scene_start(&scene, "r-4runs", SCENE_NOW - MINUTE);
    scene_launch(&scene, "r-5stop", "first", "defense", SCENE_NOW - HOUR);
    scene_start(&scene, "r-5stop", SCENE_NOW - HOUR);
    cr_assert(state_runs_stop(scene.state, &person, stopped, 1, "enough", false, SCENE_NOW - MINUTE,
                              &asked, &scene.error));
    scene_launch(&scene, "r-6stal", "first", "defense", SCENE_NOW - HOUR);
    scene_start(&scene, "r-6stal", SCENE_NOW - 45 * MINUTE);
    progress("r-6stal", NULL, SCENE_NOW - 31 * MINUTE);
    scene_launch(&scene, "r-7fail", "first", "defense", SCENE_NOW - HOUR);
    scene_start(&scene, "r-7fail", SCENE_NOW - HOUR);
    scene_end(&scene, "r-7fail", STATE_OUTCOME_OK, 0, SCENE_NOW - MINUTE);
    scene_measure_all(&scene, 1, 0, SCENE_NOW + 1);
    cr_assert(state_run_verdict(scene.state, &actor, "r-7fail", "no effect", "nothing moved",
                                SCENE_NOW, &scene.error));
    static const struct {
        const char *run;
        enum situation_run_phase phase;
    } order[] = {
        {"r-7fail", SITUATION_RUN_FAILED},   {"r-6stal", SITUATION_RUN_STALLED},
        {"r-5stop", SITUATION_RUN_STOPPING}, {"r-4runs", SITUATION_RUN_RUNNING},
        {"r-3wait", SITUATION_RUN_WAITING},  {"r-2wait", SITUATION_RUN_WAITING},
        {"r-1done", SITUATION_RUN_DONE},
    };
    const struct situation *now = load(SCENE_NOW);
    cr_assert_eq(now->run_count, 7);
    for (size_t i = 0; i < 7; i++) {
        cr_expect_str_eq(now->runs[i].run, order[i].run);
        cr_expect_eq(now->runs[i].phase, order[i].phase, "%s", now->runs[i].run);
    }
    cr_expect_eq(now->header.running, 4, "claimed, running, stalled, stopping");
    cr_expect_eq(run_of("r-4runs")->complete_before, 1);
    cr_expect_eq(run_of("r-4runs")->complete_now, 1);
    cr_expect_eq(run_of("r-4runs")->dates, 10);
    cr_expect_str_eq(run_of("r-5stop")->stop_by, "naji@ops");
}

Test(situation, tells_how_far_a_stop_is)
{
    size_t asked;
    char id[] = "r-stop";
    char *ids[] = {id};
    struct state_actor shim = {.name = "shim"};
    scene_launch(&scene, id, "first", "defense", SCENE_NOW - HOUR);
    scene_start(&scene, id, SCENE_NOW - HOUR);
    load(SCENE_NOW);
    cr_expect_null(run_of(id)->stop_stage);
    cr_assert(state_runs_stop(scene.state, &person, ids, 1, "enough", false, SCENE_NOW, &asked,
                              &scene.error));
    load(SCENE_NOW);
    cr_expect_str_eq(run_of(id)->stop_stage, "stop asked for");
    cr_assert(state_shim_stage(scene.state, &shim, id, "term", NULL, SCENE_NOW + 42000, 2,
                               SCENE_NOW, &scene.error));
    load(SCENE_NOW);
    cr_expect_str_eq(run_of(id)->stop_stage, "TERM sent, KILL in 42 s, 2 processes left");
    cr_assert(state_shim_stage(scene.state, &shim, id, "kill", NULL, 0, 1, SCENE_NOW + 43000,
                               &scene.error));
    load(SCENE_NOW + 43000);
    cr_expect_str_eq(run_of(id)->stop_stage, "KILL sent, 1 process left");
    scene_end(&scene, id, STATE_OUTCOME_STOPPED, 15, SCENE_NOW + 44000);
    load(SCENE_NOW + 45000);
    cr_expect_null(run_of(id)->stop_stage);
    cr_expect_eq(run_of(id)->signal, 15);
}

Test(situation, groups_the_failed_dates_of_a_log_by_their_reasons)
{
    struct log_classifier *classifier = log_classifier_builtin("python-backfill", &scene.error);
    struct log_progress *said = log_progress_new();
    static const char *const lines[] = {
        "INFO:__main__:  ✓ 2021-11-02: 14 records",
        "ERROR:__main__:  ✗ 2021-11-03: Processing failed",
        "ERROR:__main__:  ✗ 2021-11-04: Processing failed",
        "ERROR:__main__:Exception processing 2021-11-05: 403 Quota exceeded: too much",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        log_progress_feed(said, classifier, text_of(lines[i]),
                          SCENE_NOW - 4 * MINUTE + (int64_t)i * MINUTE);
    }
    json_t *json = log_progress_to_json(said);
    char *text = json_text(json);
    scene_launch(&scene, "r-log", "first", "defense", SCENE_NOW - HOUR);
    scene_start(&scene, "r-log", SCENE_NOW - HOUR);
    progress("r-log", text, SCENE_NOW - MINUTE);
    load(SCENE_NOW);
    const struct situation_run *run = run_of("r-log");
    cr_assert_eq(run->failure_count, 2);
    cr_expect_eq(run->failures[0].dates, 2);
    cr_expect_eq(run->failures[0].first, SCENE_FROM + 1);
    cr_expect_eq(run->failures[1].dates, 1);
    cr_expect_not_null(strstr(run->failures[1].reason, "Quota exceeded"), "%s",
                       run->failures[1].reason);
    cr_expect_eq(run->done, 4);
    cr_expect_eq(run->failed, 2);
    cr_expect_eq(run->total, 10);
    cr_expect_gt(run->dates_per_minute, 0);
    cr_expect_gt(run->eta, SCENE_NOW);
    cr_expect_str_eq(run->last_line, "INFO: all is well");
    free(text);
    json_decref(json);
    log_progress_free(said);
    log_classifier_free(classifier);
}

Test(situation, survives_stored_progress_that_it_cannot_read)
{
    scene_launch(&scene, "r-odd", "first", "defense", SCENE_NOW - HOUR);
    scene_start(&scene, "r-odd", SCENE_NOW - HOUR);
    progress("r-odd", "{\"version\":99}", SCENE_NOW);
    load(SCENE_NOW);
    cr_expect_eq(run_of("r-odd")->failure_count, 0);
    cr_expect_lt(run_of("r-odd")->dates_per_minute, 0);
    cr_expect_eq(run_of("r-odd")->done, 4);
}

Test(situation, passes_a_check_of_runs_only_on_verified_ones)
{
    struct state_actor actor = agent();
    scene_measure_all(&scene, 10, 10, SCENE_NOW);
    scene_launch(&scene, "r-zone", "second", "zones", SCENE_NOW - HOUR);
    scene_start(&scene, "r-zone", SCENE_NOW - HOUR);
    cr_expect_neq(load(SCENE_NOW)->gates->gates[1].verdict, GATES_GO, "it runs");
    scene_end(&scene, "r-zone", STATE_OUTCOME_OK, 0, SCENE_NOW);
    cr_expect_neq(load(SCENE_NOW)->gates->gates[1].verdict, GATES_GO, "exit 0 is a rumour");
    scene_measure_all(&scene, 10, 10, SCENE_NOW + 1);
    cr_assert(state_run_verdict(scene.state, &actor, "r-zone", "verified", "10 of 10", SCENE_NOW,
                                &scene.error));
    cr_expect_eq(load(SCENE_NOW)->gates->gates[1].verdict, GATES_GO);
    cr_expect_eq(situation->header.gate, PIPELINE_NONE);
}

Test(situation, holds_nothing_up_for_a_group_that_had_nothing_to_do)
{
    scene_measure_all(&scene, 10, 9, SCENE_NOW);
    cr_expect_neq(load(SCENE_NOW)->gates->gates[1].verdict, GATES_GO, "dates are missing");
    scene_measure_all(&scene, 10, 10, SCENE_NOW + HOUR);
    cr_expect_eq(load(SCENE_NOW + HOUR)->gates->gates[1].verdict, GATES_GO);
}

Test(situation, does_not_forget_a_verified_run_when_a_day_has_passed)
{
    struct state_actor actor = agent();
    int64_t then = SCENE_NOW - 72 * HOUR;
    scene_launch(&scene, "r-zone", "second", "zones", then);
    scene_start(&scene, "r-zone", then);
    scene_end(&scene, "r-zone", STATE_OUTCOME_OK, 0, then + HOUR);
    scene_measure_all(&scene, 10, 10, SCENE_NOW);
    cr_assert(state_run_verdict(scene.state, &actor, "r-zone", "verified", "10 of 10", then + HOUR,
                                &scene.error));
    cr_assert(state_unread_release(scene.state, &actor, "r-zone", then + HOUR, &scene.error));
    cr_expect_eq(load(SCENE_NOW)->run_count, 0, "it is shown no more");
    cr_expect_eq(situation->gates->gates[1].verdict, GATES_GO, "and holds nothing up");
}

/* The clock goes back two hours in the middle of the night. */
Test(situation, that_the_clock_left_behind_still_knows_all_that_is_in_force)
{
    char approval[STATE_RUN_SIZE];
    char arm[STATE_RUN_SIZE];
    const int64_t back = SCENE_NOW - 2 * HOUR;
    scene_measure_all(&scene, 10, 5, SCENE_NOW);
    scene_launch(&scene, "r-lives", "second", "zones", SCENE_NOW);
    scene_start(&scene, "r-lives", SCENE_NOW);
    cr_assert(state_mark_put(scene.state, &person, "ready", true, "wait for me", SCENE_NOW,
                             &scene.error));
    struct state_approval yes = {.plan_hash = scene.pipeline->hash,
                                 .group = "second",
                                 .decision = STATE_DECIDED_GO,
                                 .at = SCENE_NOW,
                                 .expires_at = SCENE_NOW + HOUR,
                                 .evidence = "{}"};
    cr_assert(state_approval_put(scene.state, &person, &yes, approval, &scene.error), "%s",
              scene.error.text);
    struct state_arm wish = {.group = "second",
                             .plan_hash = scene.pipeline->hash,
                             .approval = approval,
                             .at = SCENE_NOW,
                             .expires_at = SCENE_NOW + HOUR,
                             .request = "{}"};
    cr_assert(state_arm_put(scene.state, &person, &wish, arm, &scene.error), "%s",
              scene.error.text);
    const struct situation *now = load(back);
    cr_expect_str_eq(run_of("r-lives")->state, "running");
    cr_expect_eq(now->header.running, 1);
    cr_expect_eq(now->gates->gates[0].verdict, GATES_HOLD);
    cr_expect_not_null(now->groups[1].arm, "the group is armed still");
    cr_expect_str_eq(now->events[now->event_count - 1].kind, "arm");
    now = load_past(back);
    cr_expect_eq(now->run_count, 0, "a moment past is not the present");
    cr_expect_null(now->groups[1].arm);
}
