/* Claims of runs that ended badly: held until BigQuery has none of their jobs left, or a person
 * says so. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "state/state_server.h"

static struct fixture f;
static struct state_actor agent;

static void open_all(void) {
    fixture_open(&f);
    agent = (struct state_actor){.name = "agent", .term = fixture_lead(&f)};
}

static void close_all(void) {
    fixture_close(&f);
}

TestSuite(server, .init = open_all, .fini = close_all);

enum { TERMINATED = 15, FAILED = 1 << 8 };

/* A run of a processor whose jobs carry its id, on five days from `from`. */
static bool launch(const char *id, day_number from) {
    f.labels_jobs = true;
    return fixture_launch(&f, id, "p.d.t", from, from + 4);
}

static void end_as(const char *id, enum state_outcome outcome, int wait_status) {
    fixture_run(&f, id);
    cr_assert(fixture_end(&f, id, outcome, wait_status), "%s", f.error.text);
}

/* Claims that are kept for jobs on the server. */
static int64_t live_claims(void) {
    return fixture_count(&f, "SELECT count(*) FROM claims c JOIN runs r ON r.run=c.run"
                             " WHERE released_at IS NULL AND server_hold=1");
}

static bool answer(const char *id, int64_t jobs, int64_t at) {
    bool released = false;
    cr_assert(state_server_store(f.state, &agent, id, jobs, jobs < 0 ? "no answer" : NULL, at,
                                 &released, &f.error),
              "%s", f.error.text);
    return released;
}

static int64_t events(const char *words) {
    size_t count = 0;
    int64_t found = 0;
    struct state_journal_filter filter = {.kind = "server-jobs"};
    struct state_event *all = state_journal(f.state, &filter, &count, &f.error);
    for (size_t i = 0; i < count; i++) {
        found += strstr(all[i].text, words) != NULL ? 1 : 0;
    }
    state_events_free(all, count);
    return found;
}

Test(server, a_failed_or_stopped_run_keeps_its_claims)
{
    cr_assert(launch("r-1", DAY1));
    end_as("r-1", STATE_OUTCOME_FAILED, FAILED);
    cr_expect_eq(live_claims(), 1);
    cr_assert(launch("r-2", DAY1 + 10));
    end_as("r-2", STATE_OUTCOME_STOPPED, TERMINATED);
    cr_expect_eq(live_claims(), 2);
    struct state_run *run = fixture_load(&f, "r-2");
    cr_expect(run->server.held);
    cr_expect_eq(run->server.jobs, -1, "unknown is never zero");
    state_runs_free(run, 1);
}

Test(server, a_clean_end_and_jobs_without_a_label_release_at_once)
{
    cr_assert(launch("r-1", DAY1));
    end_as("r-1", STATE_OUTCOME_OK, 0);
    fixture_settle(&f, "r-1");
    f.labels_jobs = false;
    cr_assert(fixture_launch(&f, "r-2", "p.d.t", DAY1, DAY1 + 4));
    end_as("r-2", STATE_OUTCOME_FAILED, FAILED);
    cr_expect_eq(live_claims(), 0);
}

Test(server, a_command_that_was_never_let_go_leaves_nothing)
{
    char id[] = "r-1";
    char *ids[] = {id};
    size_t asked;
    cr_assert(launch("r-1", DAY1));
    cr_assert(state_runs_stop(f.state, &person, ids, 1, "no", false, NOON + 5, &asked, &f.error));
    cr_expect_eq(live_claims(), 0);
}

/* Since commands go on after one that failed, its jobs may be left behind one that cannot start. */
Test(server, a_command_that_failed_before_one_that_never_started_leaves_its_jobs)
{
    struct state_actor shim = {.name = "shim"};
    bool done;
    for (int64_t failed = 0; failed < 2; failed++) {
        const char *id = failed == 0 ? "r-1" : "r-2";
        struct state_end end = {.outcome = STATE_OUTCOME_SPAWN_ERROR,
                                .step = 1,
                                .steps_failed = failed,
                                .spawn_error = "no such file",
                                .recorded_by = "shim",
                                .ended_at = NOON + 3,
                                .text = "did not start"};
        cr_assert(launch(id, DAY1 + 10 * (day_number)failed), "%s", f.error.text);
        fixture_run(&f, id);
        cr_assert(state_shim_end(f.state, &shim, id, &end, &done, &f.error) && done);
        cr_expect_eq(live_claims(), failed);
    }
}

Test(server, the_second_none_in_a_row_releases)
{
    cr_assert(launch("r-1", DAY1));
    end_as("r-1", STATE_OUTCOME_STOPPED, TERMINATED);
    cr_expect_not(answer("r-1", 2, NOON + 10));
    cr_expect_not(answer("r-1", 0, NOON + 20));
    cr_expect_not(answer("r-1", -1, NOON + 30), "not known is not none");
    cr_expect_not(answer("r-1", 0, NOON + 40));
    cr_expect_eq(live_claims(), 1);
    cr_expect(answer("r-1", 0, NOON + 50));
    cr_expect_eq(live_claims(), 0);
    fixture_settle(&f, "r-1");
    cr_expect_eq(fixture_count(&f, "SELECT count(*) FROM claims WHERE released_at IS NULL"), 0);
    cr_expect_eq(events("2 of its jobs still run"), 1);
    cr_expect_eq(events("unknown"), 1);
    cr_expect_eq(events("no longer held"), 1);
    cr_expect_not(answer("r-1", 3, NOON + 60), "what is over stays over");
    cr_expect_eq(live_claims(), 0);
}

Test(server, a_launch_is_refused_with_the_run_and_what_still_runs)
{
    cr_assert(launch("r-1", DAY1));
    end_as("r-1", STATE_OUTCOME_STOPPED, TERMINATED);
    (void)answer("r-1", 2, NOON + 10);
    cr_assert_not(launch("r-2", DAY1 + 4));
    cr_expect_eq(f.error.code, EXIT_NO_GO);
    cr_expect_not_null(strstr(f.error.text, "r-1"), "%s", f.error.text);
    cr_expect_not_null(strstr(f.error.text, "stopped at 2026-01-05 12:00 UTC"), "%s", f.error.text);
    cr_expect_not_null(strstr(f.error.text, "2 of its jobs still run in BigQuery"), "%s",
                       f.error.text);
    (void)answer("r-1", -1, NOON + 20);
    cr_assert_not(launch("r-2", DAY1 + 4));
    cr_expect_not_null(strstr(f.error.text, "--forget-jobs"), "%s", f.error.text);
}

Test(server, a_person_can_forget_with_a_reason_and_only_what_is_held)
{
    cr_assert(launch("r-1", DAY1));
    fixture_run(&f, "r-1");
    cr_expect_not(
        state_server_forget(f.state, &person, "r-1", "a long enough reason", NOON + 3, &f.error));
    cr_expect_eq(f.error.code, EXIT_NO_GO, "it lives");
    cr_assert(fixture_end(&f, "r-1", STATE_OUTCOME_FAILED, FAILED));
    cr_expect_not(state_server_forget(f.state, &person, "r-1", "short", NOON + 4, &f.error));
    cr_expect_eq(f.error.code, EXIT_USAGE);
    cr_expect_not(state_server_forget(f.state, &person, "r-1", NULL, NOON + 4, &f.error));
    cr_expect_eq(live_claims(), 1);
    cr_assert(state_server_forget(f.state, &person, "r-1", "looked in the console: none runs",
                                  NOON + 5, &f.error));
    cr_expect_eq(live_claims(), 0);
    cr_expect_eq(events("looked in the console"), 1);
}

Test(server, cancelling_is_asked_for_once_and_shown)
{
    char id[] = "r-1";
    char *ids[] = {id};
    size_t asked;
    cr_assert(launch("r-1", DAY1));
    fixture_run(&f, "r-1");
    cr_assert(state_server_cancel(f.state, &person, ids, 1, NOON + 3, &asked, &f.error));
    cr_expect_eq(asked, 1);
    cr_assert(state_server_cancel(f.state, &person, ids, 1, NOON + 4, &asked, &f.error));
    cr_expect_eq(asked, 0);
    cr_assert(fixture_end(&f, "r-1", STATE_OUTCOME_STOPPED, TERMINATED));
    (void)answer("r-1", 2, NOON + 10);
    struct state_run *run = fixture_load(&f, "r-1");
    char *text = state_server_text(&run->server);
    cr_expect_str_eq(text, "2 jobs still running server-side, being cancelled");
    cr_expect_eq(run->server.cancel_at, NOON + 3);
    free(text);
    state_runs_free(run, 1);
    cr_expect_eq(events("may still incur costs"), 1);
}

Test(server, no_program_can_go_round_a_hold)
{
    cr_assert(launch("r-1", DAY1));
    end_as("r-1", STATE_OUTCOME_FAILED, FAILED);
    fixture_refuses(&f, "UPDATE claims SET released_at=1", "held until its run has ended");
    fixture_refuses(&f, "UPDATE runs SET server_hold=0", "no job of its run");
    fixture_refuses(&f, "UPDATE runs SET server_hold=0,server_hold_ended_at=1",
                    "no job of its run");
    fixture_refuses(&f, "UPDATE runs SET server_jobs=0", "lease");
    fixture_refuses(&f, "UPDATE runs SET server_forget_by='x'", "reason of at least 10");
    (void)answer("r-1", 0, NOON + 10);
    (void)answer("r-1", 0, NOON + 20);
    fixture_settle(&f, "r-1");
    fixture_refuses(&f, "UPDATE runs SET server_hold=1", "not held again");
}

Test(server, an_agent_that_lost_its_lease_releases_nothing)
{
    bool released;
    struct state_actor old = {.name = "agent", .term = agent.term - 1};
    cr_assert(launch("r-1", DAY1));
    end_as("r-1", STATE_OUTCOME_FAILED, FAILED);
    (void)answer("r-1", 0, NOON + 10);
    cr_expect_not(
        state_server_store(f.state, &old, "r-1", 0, NULL, NOON + 20, &released, &f.error));
    cr_expect_not(released);
    cr_expect_eq(live_claims(), 1);
}

Test(server, a_lost_run_that_is_found_stays_held)
{
    bool done = false;
    struct state_actor reconciler = {.name = "agent"};
    struct state_end lost = {.outcome = STATE_OUTCOME_LOST,
                             .recorded_by = "reconciler",
                             .ended_at = NOON + 3,
                             .text = "lost"};
    struct state_end late = {.outcome = STATE_OUTCOME_FAILED,
                             .has_wait_status = true,
                             .wait_status = FAILED,
                             .recorded_by = "replay",
                             .ended_at = NOON + 4,
                             .text = "found"};
    cr_assert(launch("r-1", DAY1));
    fixture_run(&f, "r-1");
    cr_assert(state_shim_end(f.state, &reconciler, "r-1", &lost, &done, &f.error) && done);
    cr_assert(state_shim_end(f.state, &reconciler, "r-1", &late, &done, &f.error) && done);
    cr_expect_eq(live_claims(), 1);
    (void)answer("r-1", 0, NOON + 10);
    cr_expect(answer("r-1", 0, NOON + 20));
}

/* Whatever happens in whatever order, a date of a table is never claimed twice. */
Test(server, property_never_two_live_claims_on_a_date)
{
    uint32_t chance = 20260105;
    char ids[40][STATE_RUN_SIZE];
    size_t count = 0;
    for (int step = 0; step < 400; step++) {
        chance = chance * 1664525U + 1013904223U;
        uint32_t draw = chance >> 16;
        if (draw % 3 == 0 && count < 40) {
            (void)snprintf(ids[count], sizeof ids[count], "r-%zu", count);
            f.labels_jobs = draw % 5 != 0;
            if (fixture_launch(&f, ids[count], "p.d.t", DAY1 + (day_number)(draw % 61),
                               DAY1 + (day_number)(draw % 61) + 3)) {
                end_as(ids[count], draw % 2 ? STATE_OUTCOME_FAILED : STATE_OUTCOME_STOPPED, FAILED);
                count++;
            }
        } else if (count > 0) {
            (void)answer(ids[(draw >> 4) % count],
                         (draw >> 2) % 4 < 3 ? 0 : (int64_t)(draw >> 8) % 3 - 1, NOON + 10 + step);
        }
        cr_assert_eq(fixture_count(&f, "SELECT count(*) FROM claims a JOIN claims b ON a.id<b.id"
                                       " AND a.resource=b.resource AND a.released_at IS NULL AND"
                                       " b.released_at IS NULL AND a.from_day<=b.to_day AND"
                                       " b.from_day<=a.to_day"),
                     0);
    }
    cr_expect_gt(count, 5, "the walk launched too little to mean anything");
}
