/* Two versions at once: a shim of the first schema goes on while the file is migrated under it. Its
 * statements are kept here as it has them compiled in, and are never to be changed. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "fixture.h"

/* ---- the statements of schema 1 ---- */

static const char old_take[] = "UPDATE runs SET state='starting',shim_pid=4242,shim_start=1,"
                               "boot_id='old' WHERE run=?1 AND state='claimed' AND stop_at IS NULL";
static const char old_running[] =
    "UPDATE runs SET state='running',child_pid=4243,child_start=2,step=0,"
    "started_at=coalesce(started_at,5) WHERE run=?1 AND stop_at IS NULL"
    " AND state IN('starting','running')";
static const char old_poll[] = "SELECT stop_by,stop_reason,coalesce(kill_at<=stop_at,0)"
                               " FROM runs WHERE run=?1 AND stop_at IS NOT NULL";
static const char old_stage[] =
    "UPDATE runs SET state='stopping',stop_at=coalesce(stop_at,6),"
    "stop_by=coalesce(stop_by,'shim'),stop_reason=coalesce(stop_reason,''),"
    "stop_stage='term',stop_stage_at=6,survivors=1,kill_at="
    "CASE WHEN 'term'='term' AND kill_at<=stop_at THEN kill_at ELSE 60 END"
    " WHERE run=?1 AND state IN('starting','running','stopping')";
#define OLD_END(outcome, status)                                                                   \
    "UPDATE runs SET state='ended',outcome='" outcome "',wait_status=" status ",step=0,"           \
    "stragglers=0,spawn_error=NULL,recorded_by='shim',ended_at=9,"                                 \
    "stop_at=CASE WHEN '" outcome "'='stopped' THEN coalesce(stop_at,9) ELSE stop_at END,"         \
    "stop_by=CASE WHEN '" outcome "'='stopped' THEN coalesce(stop_by,'shim') ELSE stop_by END,"    \
    "stop_stage=CASE WHEN stop_at IS NULL THEN stop_stage ELSE 'done' END"                         \
    " WHERE run=?1 AND state IN('starting','running','stopping')"

static struct fixture f;
static sqlite3 *old; /* the connection of a shim of schema 1 */

static void setup(void) {
    fixture_open(&f);
    char *path = memory_format("%s/state.db", f.directory);
    cr_assert(sqlite3_open(path, &old) == SQLITE_OK);
    cr_assert(sqlite3_exec(old, "PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON", NULL, NULL,
                           NULL) == SQLITE_OK);
    (void)sqlite3_busy_timeout(old, 60000);
    free(path);
}
static void teardown(void) {
    (void)sqlite3_close(old);
    fixture_close(&f);
}
TestSuite(versions, .init = setup, .fini = teardown, .timeout = 600);

/* Runs a statement of the old shim; returns how many rows it changed, or gave. */
static int run_old(const char *sql) {
    sqlite3_stmt *statement;
    cr_assert(sqlite3_prepare_v2(old, sql, -1, &statement, NULL) == SQLITE_OK, "%s",
              sqlite3_errmsg(old));
    cr_assert(sqlite3_bind_text(statement, 1, "r-1", -1, SQLITE_STATIC) == SQLITE_OK);
    int rows = 0;
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        rows++;
    }
    cr_assert(code == SQLITE_DONE, "%s", sqlite3_errmsg(old));
    (void)sqlite3_finalize(statement);
    return rows;
}

static int change_old(const char *sql) {
    (void)run_old(sql);
    return sqlite3_changes(old);
}

static void launch(bool labels_jobs) {
    struct day_range range = {DAY1, DAY1};
    struct dayset dates = dayset_new(range);
    struct state_claim claim = {"nba.nba_analytics.team_defense", &range, 1, -1};
    struct state_new_run new_run = {.run = "r-1",
                                    .processor = "defense",
                                    .range = range,
                                    .dates = &dates,
                                    .steps = "[]",
                                    .step_count = 1,
                                    .command = "true",
                                    .directory = "/nonexistent",
                                    .claims = &claim,
                                    .claim_count = 1,
                                    .labels_jobs = labels_jobs};
    struct state_launch launch = {.launch = "l-1",
                                  .group = "",
                                  .plan_hash = "abc",
                                  .owner = "naji@ops",
                                  .runs = &new_run,
                                  .run_count = 1,
                                  .at = 1,
                                  .boot_ns = clock_boot_ns(clock_system())};
    cr_assert(state_launch(f.state, &fixture_person, &launch, &f.error), "%s", f.error.text);
    dayset_free(&dates);
}

static int64_t claims_held(void) {
    return fixture_count(&f, FIXTURE_HELD);
}

Test(versions, an_old_shim_carries_a_run_through_the_new_file)
{
    launch(false);
    cr_assert(change_old(old_take) == 1);
    cr_assert(change_old(old_take) == 0, "once");
    cr_assert(change_old(old_running) == 1);
    cr_assert(run_old(old_poll) == 0, "nobody asked for a stop");
    cr_assert(change_old(OLD_END("ok", "0")) == 1);
    cr_assert(change_old(OLD_END("ok", "0")) == 0, "once");
    struct state_run *run = fixture_load(&f, "r-1");
    cr_assert(run->outcome == STATE_OUTCOME_OK && run->child.pid == 4243);
    state_runs_free(run, 1);
    cr_assert(claims_held() == 0);
}

Test(versions, an_old_shim_sees_a_stop_of_the_new_console)
{
    struct runs_stop_selector selector = {.run = "r-1"};
    size_t asked;
    launch(false);
    cr_assert(change_old(old_take) == 1 && change_old(old_running) == 1);
    cr_assert(runs_stop(f.state, &fixture_person, clock_system(), &selector, "", &asked, &f.error));
    cr_assert(run_old(old_poll) == 1);
    cr_assert(change_old(old_stage) == 1);
    cr_assert(change_old(OLD_END("stopped", "15")) == 1);
    struct state_run *run = fixture_load(&f, "r-1");
    cr_assert(run->outcome == STATE_OUTCOME_STOPPED && run->signal == 15);
    cr_assert_str_eq(run->stop_by, "naji@ops");
    state_runs_free(run, 1);
    cr_assert(claims_held() == 0);
}

/* What it knows nothing of, the triggers of the new file do for it. */
Test(versions, an_old_shim_leaves_the_dates_of_labelled_jobs_held)
{
    launch(true);
    cr_assert(change_old(old_take) == 1 && change_old(old_running) == 1);
    cr_assert(change_old(OLD_END("failed", "256")) == 1);
    struct state_run *run = fixture_load(&f, "r-1");
    cr_assert(run->outcome == STATE_OUTCOME_FAILED && run->server.held);
    state_runs_free(run, 1);
    cr_assert(claims_held() == 1);
}

/* The other way: this version's shim had the file open when a newer program migrated it. */
Test(versions, a_shim_of_this_version_ends_its_run_in_a_newer_file)
{
    char run[STATE_RUN_SIZE];
    fixture_start(&f, "echo up; while [ ! -e go ]; do sleep 0.01; done; exit 7", run);
    fixture_wait_for(&f, run, "up");
    fixture_write_sql(&f, "ALTER TABLE runs ADD COLUMN of_a_newer_program TEXT;"
                          "CREATE TABLE of_a_newer_program(x); PRAGMA user_version=99");
    fixture_let_go(&f);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_FAILED && stored->exit_code == 7);
    cr_assert_str_eq(stored->recorded_by, "shim");
    state_runs_free(stored, 1);
    cr_assert(claims_held() == 0);
}

/* A shim that starts only then cannot know the file: it starts nothing, and says why. */
Test(versions, a_shim_that_is_older_than_the_file_starts_nothing)
{
    size_t count;
    fixture_write_sql(&f, "PRAGMA user_version=99");
    fixture_script(&f, "echo up");
    struct runs_request request = fixture_request(&f);
    struct runs_started *started = fixture_launch(&f, &request, &count);
    cr_assert_not(started[0].running);
    cr_assert(strstr(started[0].problem, "newer program") != NULL, "%s", started[0].problem);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, started[0].run);
    cr_assert(stored->state == STATE_RUN_ENDED && stored->child.pid == 0);
    cr_assert(stored->outcome == STATE_OUTCOME_SPAWN_ERROR, "whoever launched it says so at once");
    cr_assert(strstr(stored->spawn_error, "newer program") != NULL, "%s", stored->spawn_error);
    state_runs_free(stored, 1);
    cr_assert(fixture_count(&f, "SELECT count(*) FROM claims WHERE released_at IS NULL") == 0);
    runs_started_free(started, count);
}
