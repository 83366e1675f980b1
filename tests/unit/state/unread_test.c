/* Dates stay claimed until the tables of their run were read after its end, or a person says so;
 * and a launch never rests on numbers from before a write. */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "state/state_server.h"

static struct fixture f;
static int64_t term;

static void open_all(void) {
    fixture_open(&f);
    term = fixture_lead(&f);
}

static void close_all(void) {
    fixture_close(&f);
}

TestSuite(unread, .init = open_all, .fini = close_all);

#define TABLE "p.d.t"
enum { FAILED = 1 << 8, SIGTERM_STATUS = 15 };

static void run_to_its_end(const char *id, enum state_outcome outcome, int wait_status) {
    cr_assert(fixture_launch(&f, id, TABLE, DAY1, DAY1 + 4), "%s", f.error.text);
    fixture_run(&f, id);
    cr_assert(fixture_end(&f, id, outcome, wait_status), "%s", f.error.text);
}

static int64_t live_claims(void) {
    return fixture_count(&f, "SELECT count(*) FROM claims WHERE released_at IS NULL");
}

static void expect_refusal(const char *words) {
    cr_expect_eq(f.error.code, EXIT_NO_GO);
    cr_expect(strstr(f.error.text, words) != NULL, "%s", f.error.text);
}

static int64_t seen(void) {
    return fixture_count(&f, "SELECT seen FROM measurements");
}

Test(unread, dates_stay_claimed_however_a_run_ended)
{
    static const struct {
        enum state_outcome outcome;
        int wait_status;
    } ends[] = {{STATE_OUTCOME_OK, 0},
                {STATE_OUTCOME_FAILED, FAILED},
                {STATE_OUTCOME_STOPPED, SIGTERM_STATUS}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char id[] = "r-0";
        id[2] = (char)('1' + i);
        run_to_its_end(id, ends[i].outcome, ends[i].wait_status);
        cr_expect_eq(live_claims(), 1);
        cr_expect_not(fixture_launch(&f, "r-9", TABLE, DAY1 + 4, DAY1 + 9));
        expect_refusal(id);
        expect_refusal("team_defense");
        expect_refusal("--forget-coverage");
        fixture_read(&f, term, NOON + 10);
        cr_assert(fixture_release(&f, term, id), "%s", f.error.text);
        cr_expect_eq(live_claims(), 0);
        f.seen = seen();
    }
}

Test(unread, a_command_that_was_never_let_go_wrote_nothing)
{
    char id[] = "r-1";
    char *ids[] = {id};
    size_t asked;
    cr_assert(fixture_launch(&f, "r-1", TABLE, DAY1, DAY1));
    cr_assert(state_runs_stop(f.state, &person, ids, 1, "no", false, NOON, &asked, &f.error));
    cr_expect_eq(live_claims(), 0);
    struct state_actor shim = {.name = "shim"};
    struct state_end end = {.outcome = STATE_OUTCOME_SPAWN_ERROR,
                            .spawn_error = "no such file",
                            .recorded_by = "shim",
                            .ended_at = NOON + 3,
                            .text = "did not start"};
    struct state_process self = state_process_self();
    bool done;
    cr_assert(fixture_launch(&f, "r-2", TABLE, DAY1, DAY1));
    cr_assert(state_shim_take(f.state, "r-2", &self, NOON + 1, &done, &f.error) && done);
    cr_assert(state_shim_end(f.state, &shim, "r-2", &end, &done, &f.error) && done);
    cr_expect_eq(live_claims(), 0);
    cr_expect_eq(fixture_count(&f, "SELECT count(*) FROM writes"), 0);
}

/* Its second command could not be started: the first wrote all the same. */
Test(unread, a_run_wrote_whose_first_command_ran_and_whose_second_was_never_let_go)
{
    struct state_actor shim = {.name = "shim"};
    struct state_end end = {.outcome = STATE_OUTCOME_SPAWN_ERROR,
                            .step = 1,
                            .spawn_error = "no such file",
                            .recorded_by = "shim",
                            .ended_at = NOON + 3,
                            .text = "did not start"};
    bool done;
    cr_assert(fixture_launch(&f, "r-1", TABLE, DAY1, DAY1 + 4));
    fixture_run(&f, "r-1");
    cr_assert(state_shim_end(f.state, &shim, "r-1", &end, &done, &f.error) && done);
    cr_expect_eq(live_claims(), 1);
    cr_expect_eq(fixture_count(&f, "SELECT count(*) FROM writes"), 1);
    cr_expect_not(fixture_launch(&f, "r-9", TABLE, DAY1 + 4, DAY1 + 9));
    expect_refusal("r-1");
    fixture_read(&f, term, NOON + 10);
    cr_expect(fixture_release(&f, term, "r-1"), "%s", f.error.text);
    cr_expect_eq(live_claims(), 0);
}

Test(unread, only_a_reading_after_the_end_releases)
{
    fixture_read(&f, term, NOON);
    run_to_its_end("r-1", STATE_OUTCOME_OK, 0); /* at NOON + 3 */
    cr_expect_not(fixture_release(&f, term, "r-1"), "it was read before it was launched");
    fixture_read(&f, term, NOON + 2);
    cr_expect_not(fixture_release(&f, term, "r-1"), "the query was asked for before the end");
    fixture_read(&f, term, NOON + 3);
    cr_expect_not(fixture_release(&f, term, "r-1"), "nobody knows which of the two was first");
    cr_expect_eq(live_claims(), 1);
    fixture_read(&f, term, NOON + 4);
    cr_expect(fixture_release(&f, term, "r-1"), "%s", f.error.text);
    cr_expect_eq(live_claims(), 0);
}

Test(unread, a_free_confirmation_after_the_end_is_a_reading_and_a_failure_is_none)
{
    char signal[] = "same";
    char table[] = "team_defense";
    struct state_measurement read = {.subject = STATE_SUBJECT_TABLE,
                                     .key = table,
                                     .range = {DAY1, DAY1 + 99},
                                     .measured_at = NOON,
                                     .confirmed_at = NOON,
                                     .signal = signal};
    cr_assert(state_coverage_store(f.state, term, &read, &f.error));
    run_to_its_end("r-1", STATE_OUTCOME_OK, 0);
    cr_assert(state_coverage_fail(f.state, term, STATE_SUBJECT_TABLE, "team_defense", NOON + 5,
                                  "quota exceeded", &f.error));
    cr_expect_not(fixture_release(&f, term, "r-1"));
    cr_expect_not(fixture_launch(&f, "r-9", TABLE, DAY1, DAY1));
    expect_refusal("quota exceeded");
    cr_assert(state_coverage_confirm(f.state, term, STATE_SUBJECT_TABLE, "team_defense", "same",
                                     NOON + 6, &f.error));
    cr_expect(fixture_release(&f, term, "r-1"), "%s", f.error.text);
}

Test(unread, a_clock_that_was_set_makes_nothing_look_newer)
{
    fixture_read(&f, term, NOON + 7200000); /* while the clock was two hours fast */
    run_to_its_end("r-1", STATE_OUTCOME_OK, 0);
    cr_expect_not(fixture_release(&f, term, "r-1"));
    cr_expect_eq(seen(), 0);
}

Test(unread, a_launch_never_rests_on_numbers_from_before_a_write)
{
    run_to_its_end("r-1", STATE_OUTCOME_OK, 0);
    fixture_read(&f, term, NOON + 10);
    cr_assert(fixture_release(&f, term, "r-1"));
    f.seen = 0;
    cr_expect_not(fixture_launch(&f, "r-2", TABLE, DAY1 + 4, DAY1 + 9),
                  "chosen by coverage that was loaded before r-1 ended");
    expect_refusal("r-1");
    cr_expect(fixture_launch(&f, "r-3", TABLE, DAY1 + 5, DAY1 + 9), "dates that it did not write");
    f.seen = seen();
    cr_expect(fixture_launch(&f, "r-4", TABLE, DAY1, DAY1 + 4), "%s", f.error.text);
}

Test(unread, a_rewrite_rests_on_no_numbers)
{
    run_to_its_end("r-1", STATE_OUTCOME_OK, 0);
    fixture_read(&f, term, NOON + 10);
    cr_assert(fixture_release(&f, term, "r-1"));
    f.seen = -1;
    cr_expect(fixture_launch(&f, "r-2", TABLE, DAY1, DAY1 + 4), "%s", f.error.text);
}

Test(unread, a_person_releases_with_a_reason)
{
    run_to_its_end("r-1", STATE_OUTCOME_OK, 0);
    cr_expect_not(state_unread_forget(f.state, &person, "r-1", "  why not ", NOON, &f.error));
    cr_expect_eq(f.error.code, EXIT_USAGE);
    cr_expect_eq(live_claims(), 1);
    cr_assert(state_unread_forget(f.state, &person, "r-1", "counted by hand in the console", NOON,
                                  &f.error));
    cr_expect_eq(live_claims(), 0);
    cr_expect(fixture_launch(&f, "r-2", TABLE, DAY1, DAY1 + 4), "%s", f.error.text);
    cr_expect_not(
        state_unread_forget(f.state, &person, "r-1", "once more, to be sure", NOON, &f.error));
    expect_refusal("nothing to forget");
    cr_expect_eq(fixture_count(&f, "SELECT count(*) FROM events WHERE kind='dates-released'"), 1);
}

Test(unread, jobs_left_on_the_server_write_until_they_end)
{
    struct state_actor agent = {.name = "agent", .term = term};
    bool released;
    f.labels_jobs = true;
    run_to_its_end("r-1", STATE_OUTCOME_FAILED, FAILED);
    fixture_read(&f, term, NOON + 10); /* while a job of it still loads */
    cr_assert(fixture_release(&f, term, "r-1"), "%s", f.error.text);
    cr_expect_eq(live_claims(), 1);
    for (int i = 0; i < 2; i++) {
        cr_assert(state_server_store(f.state, &agent, "r-1", 0, NULL, NOON + 20 + i, &released,
                                     &f.error));
    }
    cr_expect_eq(live_claims(), 1, "what that job wrote was not read");
    cr_expect_not(fixture_release(&f, term, "r-1"));
    fixture_read(&f, term, NOON + 30);
    cr_expect(fixture_release(&f, term, "r-1"), "%s", f.error.text);
    cr_expect_eq(live_claims(), 0);
}

Test(unread, a_lost_run_that_is_found_wrote_again)
{
    struct state_actor someone = {.name = "agent"};
    struct state_end lost = {.outcome = STATE_OUTCOME_LOST,
                             .recorded_by = "reconciler",
                             .ended_at = NOON + 3,
                             .text = "lost"};
    bool done;
    cr_assert(fixture_launch(&f, "r-1", TABLE, DAY1, DAY1 + 4));
    fixture_run(&f, "r-1");
    cr_assert(state_shim_end(f.state, &someone, "r-1", &lost, &done, &f.error) && done);
    fixture_read(&f, term, NOON + 10);
    int64_t before = seen();
    lost.ended_at = NOON + 20;
    lost.outcome = STATE_OUTCOME_OK;
    lost.has_wait_status = true;
    lost.recorded_by = "shim";
    cr_assert(state_shim_end(f.state, &someone, "r-1", &lost, &done, &f.error) && done);
    cr_expect_not(fixture_release(&f, term, "r-1"), "it went on after that reading");
    fixture_read(&f, term, NOON + 30);
    cr_expect_gt(seen(), before);
    cr_expect(fixture_release(&f, term, "r-1"), "%s", f.error.text);
}

Test(unread, the_file_itself_refuses)
{
    run_to_its_end("r-1", STATE_OUTCOME_OK, 0);
    fixture_refuses(&f, "UPDATE claims SET released_at=1", "read since");
    fixture_refuses(&f, "UPDATE runs SET coverage_hold=0", "by a person");
    fixture_refuses(&f, "UPDATE runs SET coverage_hold=0,coverage_hold_ended_at=1", "by a person");
    fixture_refuses(&f, "UPDATE runs SET coverage_forget_by='x',coverage_forget_reason='short'",
                    "10 characters");
    fixture_refuses(&f, "UPDATE runs SET settle_ms=1", "does not change");
    fixture_refuses(&f, "UPDATE runs SET verdict='verified',verdict_term=(SELECT term FROM lease)",
                    "read after its end");
    fixture_read(&f, term, NOON + 10);
    cr_assert(fixture_release(&f, term, "r-1"));
    fixture_refuses(&f, "UPDATE runs SET coverage_hold=1", "not held again");
}

Test(unread, the_last_write_of_each_table_is_known)
{
    run_to_its_end("r-1", STATE_OUTCOME_OK, 0);
    size_t count;
    struct state_write *writes = state_writes(f.state, &count, &f.error);
    cr_assert(writes != NULL && count == 1);
    cr_expect_str_eq(writes->resource, TABLE);
    cr_expect_str_eq(writes->run, "r-1");
    cr_expect_eq(writes->ended_at, NOON + 3);
    struct state_run *run = fixture_load(&f, "r-1");
    cr_expect(run->unread && run->ended_sequence == writes->sequence);
    state_runs_free(run, 1);
    state_writes_free(writes, count);
}
