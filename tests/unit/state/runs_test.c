#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "state/days.h"

static struct fixture f;

static void setup(void) {
    fixture_open(&f);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(runs, .init = setup, .fini = teardown);

#define TABLE "nba.nba_analytics.team_defense"

Test(runs, a_launch_is_read_back_as_it_was_given)
{
    cr_assert(fixture_launch(&f, "r-1", TABLE, DAY1, DAY1 + 9), "%s", f.error.text);
    struct state_run *run = fixture_load(&f, "r-1");
    cr_assert_str_eq(run->processor, "team_defense");
    cr_assert_str_eq(run->group, "phase3");
    cr_assert_str_eq(run->owner, "naji@ops");
    cr_assert(run->state == STATE_RUN_CLAIMED && run->outcome == STATE_OUTCOME_NONE);
    cr_assert(run->range.from == DAY1 && run->range.to == DAY1 + 9);
    cr_assert(run->date_count == 10 && dayset_count(&run->dates) == 10);
    cr_assert(run->table_count == 1 && run->tables[0].before_known);
    cr_assert(dayset_count(&run->tables[0].before) == 10);
    cr_assert(run->exit_code == -1 && run->signal == -1 && !run->has_wait_status);
    state_runs_free(run, 1);
}

Test(runs, dates_survive_as_text)
{
    struct dayset set = dayset_new((struct day_range){DAY1, DAY1 + 400});
    dayset_add(&set, DAY1);
    dayset_add_range(&set, (struct day_range){DAY1 + 7, DAY1 + 9});
    dayset_add(&set, DAY1 + 400);
    char *text = days_to_text(&set);
    cr_assert_str_eq(text, "2021-10-19,2021-10-26..2021-10-28,2022-11-23");
    struct dayset again;
    cr_assert(days_from_text(text_of(text), &again));
    cr_assert(dayset_count(&again) == 5 && dayset_has(&again, DAY1 + 8));
    dayset_free(&again);
    free(text);
    dayset_free(&set);
    const char *const wrong[] = {"2021",         "2021-10-19..", "2021-10-19..2021-10-18",
                                 "x,2021-10-19", "2021-13-01",   "2021-10-19.2021-10-20"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_assert_not(days_from_text(text_of(wrong[i]), &again), "%s", wrong[i]);
    }
}

Test(runs, overlapping_claims_are_refused_by_name)
{
    cr_assert(fixture_launch(&f, "r-1", TABLE, DAY1, DAY1 + 9));
    cr_assert_not(fixture_launch(&f, "r-2", TABLE, DAY1 + 9, DAY1 + 20));
    cr_assert(f.error.code == EXIT_NO_GO);
    cr_assert(strstr(f.error.text, "2021-10-28 to 2021-10-28") != NULL, "%s", f.error.text);
    cr_assert(strstr(f.error.text, "r-1") != NULL && strstr(f.error.text, "naji@ops") != NULL);
    cr_assert(fixture_count(&f, "SELECT count(*) FROM runs") == 1);
    cr_assert(fixture_count(&f, "SELECT count(*) FROM events WHERE kind='launch'") == 1);
    cr_assert(fixture_launch(&f, "r-3", TABLE, DAY1 + 10, DAY1 + 20), "%s", f.error.text);
    cr_assert(fixture_launch(&f, "r-4", TABLE "_2", DAY1, DAY1 + 20), "%s", f.error.text);
}

Test(runs, no_program_can_write_an_overlapping_claim)
{
    cr_assert(fixture_launch(&f, "r-1", TABLE, DAY1, DAY1 + 9));
    cr_assert(fixture_launch(&f, "r-2", TABLE, DAY1 + 10, DAY1 + 19));
    fixture_refuses(&f,
                    "INSERT INTO claims(run,resource,from_day,to_day,at) VALUES('r-2','" TABLE
                    "',18900,18919,1)",
                    "claimed by another run");
    fixture_refuses(&f, "UPDATE claims SET from_day=from_day-5 WHERE run='r-2'", "never changed");
    fixture_refuses(&f, "DELETE FROM claims", "kept");
    fixture_refuses(&f,
                    "INSERT INTO claims(run,resource,from_day,to_day,at)"
                    " VALUES('r-1','other',9,8,1)",
                    "CHECK");
}

Test(runs, claims_are_held_until_the_run_has_ended)
{
    cr_assert(fixture_launch(&f, "r-1", TABLE, DAY1, DAY1 + 9));
    fixture_run(&f, "r-1");
    fixture_refuses(&f, "UPDATE claims SET released_at=1", "until its run has ended");
    cr_assert_not(fixture_launch(&f, "r-2", TABLE, DAY1, DAY1));
    cr_assert(fixture_end(&f, "r-1", STATE_OUTCOME_OK, 0), "%s", f.error.text);
    fixture_settle(&f, "r-1");
    cr_assert(fixture_launch(&f, "r-2", TABLE, DAY1, DAY1), "%s", f.error.text);
    fixture_refuses(&f,
                    "INSERT INTO claims(run,resource,from_day,to_day,at)"
                    " VALUES('r-1','other',1,2,1)",
                    "only a run that begins");
    fixture_refuses(&f, "UPDATE claims SET released_at=NULL WHERE run='r-1'", "never changed");
}

Test(runs, nothing_is_ok_without_a_wait_status)
{
    cr_assert(fixture_launch(&f, "r-1", TABLE, DAY1, DAY1));
    fixture_run(&f, "r-1");
    fixture_refuses(&f, "UPDATE runs SET state='ended',outcome='ok',recorded_by='shim',ended_at=1",
                    "CHECK");
    fixture_refuses(&f,
                    "UPDATE runs SET state='ended',outcome='ok',recorded_by='reconciler',"
                    "wait_status=0,ended_at=1",
                    "CHECK");
    fixture_refuses(&f,
                    "UPDATE runs SET state='ended',outcome='ok',recorded_by='shim',"
                    "wait_status=256,ended_at=1",
                    "CHECK");
    fixture_refuses(&f,
                    "UPDATE runs SET state='ended',outcome='failed',recorded_by='shim',"
                    "ended_at=1",
                    "CHECK");
    fixture_refuses(&f,
                    "UPDATE runs SET state='ended',outcome='lost',recorded_by='reconciler',"
                    "wait_status=0,ended_at=1",
                    "CHECK");
    fixture_refuses(&f, "UPDATE runs SET state='ended',ended_at=1", "CHECK");
    fixture_refuses(&f, "UPDATE runs SET outcome='ok',wait_status=0", "CHECK");
}

Test(runs, a_run_never_goes_back)
{
    cr_assert(fixture_launch(&f, "r-1", TABLE, DAY1, DAY1));
    fixture_refuses(&f, "UPDATE runs SET state='running',child_pid=1,shim_pid=1", "never");
    fixture_run(&f, "r-1");
    fixture_refuses(&f, "UPDATE runs SET state='claimed'", "never");
    fixture_refuses(&f, "UPDATE runs SET state='starting'", "never");
    fixture_refuses(&f, "UPDATE runs SET steps='[[\"rm\"]]'", "does not change");
    cr_assert(fixture_end(&f, "r-1", STATE_OUTCOME_FAILED, 256));
    fixture_refuses(&f, "UPDATE runs SET outcome='ok',wait_status=0", "does not change");
    fixture_refuses(&f,
                    "UPDATE runs SET state='running',outcome=NULL,ended_at=NULL,"
                    "recorded_by=NULL",
                    "");
    fixture_refuses(&f, "DELETE FROM runs", "kept");
    fixture_refuses(
        &f,
        "INSERT INTO runs SELECT 'r-9',launch,group_name,processor,owner,from_day,"
        "to_day,dates,date_count,plan_hash,steps,step_count,step,command,directory,"
        "retry_of,state,outcome,boot_id,shim_pid,shim_start,child_pid,child_start,"
        "orphan_at,wait_status,stragglers,spawn_error,recorded_by,created_at,"
        "created_boot_id,created_ns,started_at,ended_at,stop_at,stop_by,stop_reason,"
        "stop_stage,stop_stage_at,kill_at,survivors,verdict,verdict_text,"
        "verdict_at,verdict_term,server_labelled,server_hold,server_jobs,"
        "server_jobs_at,server_error,server_term,server_cancel_at,server_cancel_by,"
        "server_forget_by,server_forget_reason,server_hold_ended_at,"
        "adopted,out_of_memory,stuck,log_alarm,code_directory,code_commit,code_changed,"
        "code_moved,waits_for,steps_failed,wrote_at,ended_sequence,settle_ms,coverage_hold,"
        "coverage_hold_ended_at,coverage_forget_by,coverage_forget_reason FROM runs",
        "begins as claimed");
}

Test(runs, only_one_shim_takes_a_run)
{
    struct state_process self = state_process_self();
    bool done;
    cr_assert(fixture_launch(&f, "r-1", TABLE, DAY1, DAY1));
    cr_assert(state_shim_take(f.state, "r-1", &self, NOON, &done, &f.error) && done);
    cr_assert(state_shim_take(f.state, "r-1", &self, NOON, &done, &f.error) && !done);
}

Test(runs, a_stop_beats_a_start_that_is_pending)
{
    struct state_process self = state_process_self();
    char id[] = "r-1";
    char *ids[] = {id};
    size_t asked;
    bool done;
    cr_assert(fixture_launch(&f, "r-1", TABLE, DAY1, DAY1));
    cr_assert(state_runs_stop(f.state, &person, ids, 1, "changed my mind", false, NOON, &asked,
                              &f.error));
    cr_assert(asked == 1);
    cr_assert(state_shim_take(f.state, "r-1", &self, NOON, &done, &f.error) && !done);
    struct state_run *run = fixture_load(&f, "r-1");
    cr_assert(run->outcome == STATE_OUTCOME_STOPPED);
    cr_assert_str_eq(run->stop_by, "naji@ops");
    state_runs_free(run, 1);
    cr_assert(fixture_launch(&f, "r-2", TABLE, DAY1, DAY1), "its claim is released");
}

Test(runs, a_stop_at_the_gate_keeps_the_command_from_starting)
{
    struct state_process self = state_process_self();
    char id[] = "r-1";
    char *ids[] = {id};
    size_t asked;
    bool done;
    cr_assert(fixture_launch(&f, "r-1", TABLE, DAY1, DAY1));
    cr_assert(state_shim_take(f.state, "r-1", &self, NOON, &done, &f.error) && done);
    cr_assert(state_runs_stop(f.state, &person, ids, 1, "", false, NOON, &asked, &f.error) &&
              asked == 1);
    cr_assert(state_runs_stop(f.state, &person, ids, 1, "", false, NOON, &asked, &f.error) &&
              asked == 0);
    cr_assert(state_shim_running(f.state, "r-1", &self, 0, NOON, &done, &f.error) && !done);
    struct state_stop stop;
    cr_assert(state_shim_poll(f.state, "r-1", &stop, &f.error) && stop.asked && !stop.at_once);
    cr_assert_str_eq(stop.by, "naji@ops");
    free(stop.by);
    free(stop.reason);
}

Test(runs, what_was_lost_can_be_found_and_nothing_else_changes)
{
    struct state_actor reconciler = {.name = "reconciler"};
    struct state_end lost = {.outcome = STATE_OUTCOME_LOST,
                             .recorded_by = "reconciler",
                             .ended_at = NOON,
                             .text = "nobody saw it end"};
    bool done;
    cr_assert(fixture_launch(&f, "r-1", TABLE, DAY1, DAY1));
    fixture_run(&f, "r-1");
    cr_assert(state_shim_end(f.state, &reconciler, "r-1", &lost, &done, &f.error) && done);
    cr_assert(fixture_end(&f, "r-1", STATE_OUTCOME_FAILED, 256), "%s", f.error.text);
    cr_assert_not(fixture_end(&f, "r-1", STATE_OUTCOME_OK, 0));
    struct state_run *run = fixture_load(&f, "r-1");
    cr_assert(run->outcome == STATE_OUTCOME_FAILED && run->exit_code == 1);
    state_runs_free(run, 1);
    cr_assert(fixture_count(&f, "SELECT count(*) FROM events WHERE kind='late-exit'") == 1);
    cr_assert(fixture_count(&f, "SELECT count(*) FROM events WHERE kind='lost'") == 1);
}

Test(runs, wait_statuses_are_kept_raw)
{
    static const struct {
        int status, exit_code, signal;
        bool core;
    } table[] = {
        {0, 0, -1, false},
        {1 << 8, 1, -1, false},
        {125 << 8, 125, -1, false},
        {127 << 8, 127, -1, false},
        {255 << 8, 255, -1, false},
        {SIGTERM, -1, SIGTERM, false},
        {SIGKILL, -1, SIGKILL, false},
        {SIGSEGV | 0x80, -1, SIGSEGV, true},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "r-%zu", i);
        cr_assert(fixture_launch(&f, id, TABLE, DAY1, DAY1));
        fixture_run(&f, id);
        cr_assert(fixture_end(&f, id,
                              table[i].status == 0 ? STATE_OUTCOME_OK : STATE_OUTCOME_FAILED,
                              table[i].status));
        struct state_run *run = fixture_load(&f, id);
        cr_assert(run->exit_code == table[i].exit_code && run->signal == table[i].signal &&
                  run->core_dumped == table[i].core);
        state_runs_free(run, 1);
        fixture_settle(&f, id);
    }
}

Test(runs, lists_newest_first_and_filters)
{
    size_t count;
    cr_assert(fixture_launch(&f, "r-1", TABLE, DAY1, DAY1));
    fixture_run(&f, "r-1");
    cr_assert(fixture_end(&f, "r-1", STATE_OUTCOME_OK, 0));
    fixture_settle(&f, "r-1");
    cr_assert(fixture_launch(&f, "r-2", TABLE, DAY1, DAY1));
    struct state_run_filter filter = {0};
    struct state_run *runs = state_runs(f.state, &filter, &count, &f.error);
    cr_assert(count == 2);
    cr_assert_str_eq(runs[0].run, "r-2");
    state_runs_free(runs, count);
    filter = (struct state_run_filter){.live = true, .processor = "team_defense"};
    runs = state_runs(f.state, &filter, &count, &f.error);
    cr_assert(count == 1);
    cr_assert_str_eq(runs[0].run, "r-2");
    state_runs_free(runs, count);
    filter = (struct state_run_filter){.undecided = true, .group = "phase3"};
    runs = state_runs(f.state, &filter, &count, &f.error);
    cr_assert(count == 1);
    cr_assert_str_eq(runs[0].run, "r-1");
    state_runs_free(runs, count);
}

Test(runs, what_the_log_said_is_kept_and_attempts_are_counted)
{
    int64_t term = fixture_lead(&f);
    char last[] = "✓ Success: 30 records";
    struct state_progress progress = {.done = 3,
                                      .ok = 2,
                                      .failed = 1,
                                      .position = 3,
                                      .total = 10,
                                      .last_line = last,
                                      .log_offset = 512,
                                      .updated_at = NOON};
    char failed[] = "failed";
    char ok[] = "ok";
    char reason[] = "quota";
    struct state_run_date dates[] = {{DAY1, ok, 30, NULL}, {DAY1 + 1, failed, -1, reason}};
    size_t count;
    cr_assert(fixture_launch(&f, "r-1", TABLE, DAY1, DAY1 + 9));
    cr_assert(state_progress_store(f.state, term, "r-1", &progress, &f.error), "%s", f.error.text);
    progress.done = 4;
    cr_assert(state_progress_store(f.state, term, "r-1", &progress, &f.error), "%s", f.error.text);
    cr_assert(state_run_dates_store(f.state, term, "r-1", dates, 2, &f.error), "%s", f.error.text);
    struct state_run *run = fixture_load(&f, "r-1");
    cr_assert(run->progress.done == 4 && run->progress.total == 10);
    cr_assert_str_eq(run->progress.last_line, last);
    state_runs_free(run, 1);
    struct state_run_date *stored = state_run_dates(f.state, "r-1", &count, &f.error);
    cr_assert(count == 2 && stored[1].rows == -1);
    cr_assert_str_eq(stored[1].reason, "quota");
    state_run_dates_free(stored, count);
    struct state_attempts *attempts = state_attempts(f.state, "team_defense", &count, &f.error);
    cr_assert(count == 2 && attempts[1].attempts == 1 && attempts[1].failed == 1);
    free(attempts);
}

Test(runs, a_verdict_is_journalled_once)
{
    struct state_actor agent = {.name = "agent", .term = fixture_lead(&f)};
    cr_assert(fixture_launch(&f, "r-1", TABLE, DAY1, DAY1));
    fixture_run(&f, "r-1");
    cr_assert(fixture_end(&f, "r-1", STATE_OUTCOME_OK, 0));
    fixture_read(&f, agent.term, NOON + 10);
    for (int i = 0; i < 2; i++) {
        cr_assert(state_run_verdict(f.state, &agent, "r-1", "verified", "1 of 1 dates verified",
                                    NOON, &f.error),
                  "%s", f.error.text);
    }
    cr_assert(fixture_count(&f, "SELECT count(*) FROM events WHERE kind='verdict'") == 1);
    struct state_run *run = fixture_load(&f, "r-1");
    cr_assert_str_eq(run->verdict, "verified");
    state_runs_free(run, 1);
}

Test(runs, an_approval_is_used_once_for_its_own_plan)
{
    struct state_approval approval = {.plan_hash = (char[]){"abc"},
                                      .group = (char[]){"phase3"},
                                      .decision = STATE_DECIDED_GO,
                                      .at = NOON,
                                      .expires_at = NOON + 1000,
                                      .evidence = (char[]){"{}"}};
    char id[24];
    cr_assert(state_approval_put(f.state, &person, &approval, id, &f.error), "%s", f.error.text);
    struct day_range range = {DAY1, DAY1};
    struct dayset dates = dayset_new(range);
    struct state_new_run run = {.run = "r-1",
                                .processor = "p",
                                .range = range,
                                .dates = &dates,
                                .steps = "[[\"x\"]]",
                                .step_count = 1,
                                .command = "x",
                                .directory = "/d"};
    struct state_launch launch = {.launch = "l-1",
                                  .group = "",
                                  .plan_hash = "other",
                                  .owner = "o",
                                  .approval = id,
                                  .runs = &run,
                                  .run_count = 1,
                                  .at = NOON + 1};
    cr_assert_not(state_launch(f.state, &person, &launch, &f.error));
    launch.plan_hash = "abc";
    launch.at = NOON + 2000;
    cr_assert_not(state_launch(f.state, &person, &launch, &f.error), "expired");
    launch.at = NOON + 1;
    cr_assert(state_launch(f.state, &person, &launch, &f.error), "%s", f.error.text);
    run.run = "r-2";
    launch.launch = "l-2";
    cr_assert_not(state_launch(f.state, &person, &launch, &f.error), "used");
    cr_assert(f.error.code == EXIT_NO_GO);
    dayset_free(&dates);
}

Test(runs, ids_sort_by_time)
{
    char early[STATE_RUN_SIZE];
    char late[STATE_RUN_SIZE];
    (void)state_make_id('r', NOON, early);
    (void)state_make_id('r', NOON + 1000, late);
    cr_assert(strcmp(early, late) < 0);
    (void)state_make_id('r', NOON, late);
    cr_assert(strcmp(early, late) != 0);
    cr_assert(strlen(late) == 16);
}

/* Forty thousand made in one second: as many launches of two hundred processors as a night has. */
Test(runs, ids_of_one_second_differ)
{
    enum { MANY = 40000 };
    char(*ids)[STATE_RUN_SIZE] = calloc(MANY, sizeof *ids);
    for (size_t i = 0; i < MANY; i++) {
        (void)state_make_id('r', NOON, ids[i]);
    }
    qsort(ids, MANY, sizeof *ids, (int (*)(const void *, const void *))strcmp);
    for (size_t i = 1; i < MANY; i++) {
        cr_assert_str_neq(ids[i - 1], ids[i]);
    }
    free(ids);
}

Test(runs, a_drawn_id_is_nobody_elses)
{
    bool taken;
    char id[STATE_RUN_SIZE];
    cr_assert(state_draw_id(f.state, 'r', NOON, id, &f.error));
    cr_assert(state_id_is_taken(f.state, id, &taken, &f.error));
    cr_expect_not(taken);
    cr_assert(fixture_launch(&f, id, TABLE, DAY1, DAY1));
    cr_assert(state_id_is_taken(f.state, id, &taken, &f.error));
    cr_expect(taken);
}

static void settle_as(const char *id, enum state_outcome outcome, int wait_status) {
    struct state_actor agent = {"agent", "s-test", fixture_lead(&f)};
    fixture_run(&f, id);
    cr_assert(fixture_end(&f, id, outcome, wait_status));
    fixture_read(&f, agent.term, NOON + 10);
    cr_assert(fixture_release(&f, agent.term, id), "%s", f.error.text);
    cr_assert(state_run_verdict(f.state, &agent, id, "verified", "1 of 1 dates", NOON, &f.error),
              "%s", f.error.text);
    f.seen = -1;
}

static void settle(const char *id) {
    settle_as(id, STATE_OUTCOME_OK, 0);
}

static bool is_listed(const struct state_run_filter *filter, const char *id) {
    size_t count;
    bool listed = false;
    struct state_run *runs = state_runs(f.state, filter, &count, &f.error);
    cr_assert_not_null(runs, "%s", f.error.text);
    for (size_t i = 0; i < count; i++) {
        listed = listed || strcmp(runs[i].run, id) == 0;
    }
    state_runs_free(runs, count);
    return listed;
}

Test(runs, no_limit_hides_what_lives_waits_for_its_verdict_or_holds_claims)
{
    size_t left_out;
    cr_assert(fixture_launch(&f, "r-lives", TABLE, DAY1, DAY1));
    fixture_run(&f, "r-lives");
    cr_assert(fixture_launch(&f, "r-waits", TABLE, DAY1 + 1, DAY1 + 1));
    fixture_run(&f, "r-waits");
    cr_assert(fixture_end(&f, "r-waits", STATE_OUTCOME_OK, 0));
    f.labels_jobs = true; /* its jobs on the server may still run */
    cr_assert(fixture_launch(&f, "r-holds", TABLE, DAY1 + 2, DAY1 + 2));
    settle_as("r-holds", STATE_OUTCOME_FAILED, 9);
    f.labels_jobs = false;
    static const char *const later[] = {"r-a", "r-b", "r-c", "r-d"};
    for (size_t i = 0; i < 4; i++) {
        cr_assert(fixture_launch(&f, later[i], TABLE, DAY1 + 3, DAY1 + 3));
        settle(later[i]);
    }
    struct state_run_filter filter = {.newest = 2, .ended_since = NOON * 2};
    cr_expect(is_listed(&filter, "r-lives"));
    cr_expect(is_listed(&filter, "r-waits"), "the clock says that it ended long ago");
    cr_expect(is_listed(&filter, "r-holds"));
    cr_expect_not(is_listed(&filter, "r-d"));
    filter.ended_since = 0;
    cr_expect(is_listed(&filter, "r-lives"));
    cr_expect(is_listed(&filter, "r-waits"));
    cr_expect(is_listed(&filter, "r-holds"));
    cr_expect(is_listed(&filter, "r-d"));
    cr_expect(is_listed(&filter, "r-c"));
    cr_expect_not(is_listed(&filter, "r-b"));
    cr_assert(state_runs_left_out(f.state, &filter, &left_out, &f.error));
    cr_expect_eq(left_out, 2, "%zu", left_out);
}

Test(runs, a_later_one_is_newer_whatever_the_clock_did)
{
    size_t count;
    cr_assert(fixture_launch(&f, "r-before", TABLE, DAY1, DAY1));
    fixture_takes(&f, "UPDATE runs SET created_at=created_at+7200000");
    cr_assert(fixture_launch(&f, "r-after", TABLE, DAY1 + 1, DAY1 + 1));
    struct state_run *runs = state_runs(f.state, &(struct state_run_filter){0}, &count, &f.error);
    cr_assert(count == 2);
    cr_expect_str_eq(runs[0].run, "r-after");
    cr_expect_lt(runs[1].sequence, runs[0].sequence);
    state_runs_free(runs, count);
}

Test(runs, tries_are_counted_over_any_time)
{
    int tries;
    cr_assert(fixture_launch(&f, "r-1", TABLE, DAY1, DAY1));
    cr_assert(fixture_launch(&f, "r-2", TABLE, DAY1 + 1, DAY1 + 1));
    cr_assert(fixture_launch(&f, "r-3", TABLE, DAY1 + 2, DAY1 + 2));
    fixture_takes(&f, "UPDATE runs SET retry_of='r-1' WHERE run='r-2'");
    fixture_takes(&f, "UPDATE runs SET retry_of='r-2' WHERE run='r-3'");
    cr_assert(state_run_tries(f.state, "r-1", &tries, &f.error));
    cr_expect_eq(tries, 1);
    cr_assert(state_run_tries(f.state, "r-3", &tries, &f.error));
    cr_expect_eq(tries, 3);
}
