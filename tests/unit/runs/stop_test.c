/* Stopping: a state first, then TERM, grace, KILL, until nothing is left. */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "fixture.h"
#include "runs/family.h"
#include "runs/lock.h"
#include "runs/spec.h"
#include "state/sql.h"
#include "state/state_notice.h"

static struct fixture f;

static void setup(void) {
    fixture_open(&f);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(stop, .init = setup, .fini = teardown, .timeout = 600);

static size_t stop(const char *run) {
    struct runs_stop_selector selector = {.run = run};
    size_t asked;
    cr_assert(runs_stop(f.state, &fixture_person, clock_system(), &selector, "wrong dates", &asked,
                        &f.error),
              "%s", f.error.text);
    return asked;
}

Test(stop, a_command_that_obeys_is_stopped_by_term)
{
    char run[STATE_RUN_SIZE];
    fixture_start(&f, "echo up; while :; do sleep 100; done", run);
    fixture_wait_for(&f, run, "up");
    cr_assert(stop(run) == 1);
    cr_assert(stop(run) == 0, "it is being stopped already");
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_STOPPED && stored->signal == SIGTERM);
    cr_assert_str_eq(stored->stop_by, "naji@ops");
    cr_assert_str_eq(stored->stop_reason, "wrong dates");
    cr_assert_str_eq(stored->stop_stage, "done");
    state_runs_free(stored, 1);
    cr_assert(fixture_events(&f, run, "stop") == 1);
    cr_assert(fixture_events(&f, run, "stop-stage") == 1);
    cr_assert(fixture_events(&f, run, "run-end") == 1);
}

Test(stop, a_command_that_ends_well_on_term_was_stopped_all_the_same)
{
    char run[STATE_RUN_SIZE];
    fixture_start(&f, "trap 'exit 0' TERM; echo up; while :; do sleep 0.01; done", run);
    fixture_wait_for(&f, run, "up");
    cr_assert(stop(run) == 1);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_STOPPED && stored->exit_code == 0);
    state_runs_free(stored, 1);
}

Test(stop, what_ignores_term_is_killed_after_the_grace)
{
    char run[STATE_RUN_SIZE];
    f.processors[0].stop_grace_ms = 50;
    fixture_start(&f, "trap '' TERM; echo up; while :; do sleep 0.01; done", run);
    fixture_wait_for(&f, run, "up");
    cr_assert(stop(run) == 1);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_STOPPED && stored->signal == SIGKILL);
    state_runs_free(stored, 1);
    cr_assert(fixture_events(&f, run, "stop-stage") == 2);
}

static size_t kill_at_once(const char *run) {
    struct runs_stop_selector selector = {.run = run, .at_once = true};
    size_t asked;
    cr_assert(
        runs_stop(f.state, &fixture_person, clock_system(), &selector, "now", &asked, &f.error),
        "%s", f.error.text);
    return asked;
}

static void expect_killed(const char *run, size_t stages) {
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_STOPPED && stored->signal == SIGKILL);
    cr_assert_str_eq(stored->stop_stage, "done");
    state_runs_free(stored, 1);
    cr_assert(fixture_events(&f, run, "stop-stage") == stages);
}

Test(stop, a_kill_neither_asks_nor_waits)
{
    char run[STATE_RUN_SIZE];
    f.processors[0].stop_grace_ms = 600000; /* longer than this test may take */
    fixture_start(&f, "trap '' TERM; echo up; while :; do sleep 0.01; done", run);
    fixture_wait_for(&f, run, "up");
    cr_assert(kill_at_once(run) == 1);
    fixture_wait();
    expect_killed(run, 1);
    char *said = fixture_read(&f, run, SPEC_SHIM_LOG);
    cr_expect_not_null(strstr(said, "KILL asked for by naji@ops: now"), "%s", said);
    free(said);
}

Test(stop, a_kill_ends_the_grace_of_a_stop)
{
    char run[STATE_RUN_SIZE];
    f.processors[0].stop_grace_ms = 600000;
    fixture_start(&f, "trap 'echo asked' TERM; echo up; while :; do sleep 0.01; done", run);
    fixture_wait_for(&f, run, "up");
    cr_assert(stop(run) == 1);
    fixture_wait_for(&f, run, "asked");
    cr_assert(kill_at_once(run) == 1);
    fixture_wait();
    expect_killed(run, 2);
}

Test(stop, a_leader_that_obeys_does_not_save_its_group)
{
    char run[STATE_RUN_SIZE];
    f.processors[0].stop_grace_ms = 50;
    fixture_start(&f,
                  "sh -c 'trap \"\" TERM; echo up; while :; do sleep 0.01; done' & "
                  "trap 'exit 0' TERM; while :; do sleep 0.01; done",
                  run);
    fixture_wait_for(&f, run, "up");
    cr_assert(stop(run) == 1);
    fixture_wait();
    cr_assert(family_of_run(run, geteuid(), 0) == 0);
    cr_assert(fixture_events(&f, run, "stop-stage") == 2);
}

Test(stop, a_grandchild_in_its_own_session_is_found)
{
    char run[STATE_RUN_SIZE];
    f.processors[0].stop_grace_ms = 50;
    fixture_start(&f,
                  "setsid sh -c 'trap \"\" TERM; echo up; while :; do sleep 0.01; done' & "
                  "while :; do sleep 0.01; done",
                  run);
    fixture_wait_for(&f, run, "up");
    cr_assert(family_of_run(run, geteuid(), 0) >= 2);
    cr_assert(stop(run) == 1);
    fixture_wait();
    cr_assert(family_of_run(run, geteuid(), 0) == 0);
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_STOPPED);
    state_runs_free(stored, 1);
}

Test(stop, a_frozen_command_is_woken_to_be_stopped)
{
    char run[STATE_RUN_SIZE];
    fixture_start(&f, "echo up; kill -STOP $$; while :; do sleep 0.01; done", run);
    fixture_wait_for(&f, run, "up");
    cr_assert(stop(run) == 1);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_STOPPED && stored->signal == SIGTERM);
    state_runs_free(stored, 1);
}

Test(stop, a_whole_group_is_stopped_at_once)
{
    char run[STATE_RUN_SIZE];
    size_t asked;
    struct runs_stop_selector selector = {.group = "phase3"};
    fixture_script(&f, "echo up; while :; do sleep 0.01; done");
    struct runs_request request = fixture_request(&f);
    request.group = 0;
    size_t count;
    struct runs_started *started = fixture_launch(&f, &request, &count);
    memcpy(run, started[0].run, sizeof run);
    runs_started_free(started, count);
    fixture_wait_for(&f, run, "up");
    cr_assert(runs_stop(f.state, &fixture_person, clock_system(), &selector, "", &asked, &f.error));
    cr_assert(asked == 1);
    fixture_wait();
    selector.group = "phase4";
    cr_assert(runs_stop(f.state, &fixture_person, clock_system(), &selector, "", &asked, &f.error));
    cr_assert(asked == 0);
}

Test(stop, a_run_over_its_time_limit_has_failed)
{
    char run[STATE_RUN_SIZE];
    f.processors[0].timeout_ms = 300;
    fixture_start(&f, "while :; do sleep 0.01; done", run);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_FAILED && stored->signal == SIGTERM);
    cr_assert_str_eq(stored->stop_by, "time limit");
    state_runs_free(stored, 1);
}

Test(stop, a_signal_to_the_shim_stops_its_run)
{
    char run[STATE_RUN_SIZE];
    fixture_start(&f, "echo up; while :; do sleep 0.01; done", run);
    fixture_wait_for(&f, run, "up");
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(kill((pid_t)stored->shim.pid, SIGHUP) == 0, "ignored");
    cr_assert(kill((pid_t)stored->shim.pid, SIGTERM) == 0);
    state_runs_free(stored, 1);
    fixture_wait();
    stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_STOPPED && stored->signal == SIGTERM);
    state_runs_free(stored, 1);
}

/* A run inserted by hand, with a spec of its own, and a shim for it. */
static void start_steps(const char *run, const char *script, const char *second,
                        int64_t linger_ms) {
    struct day_range range = {DAY1, DAY1};
    struct dayset dates = dayset_new(range);
    char *directory = memory_format("%s/runs/%s", f.directory, run);
    struct state_new_run new_run = {.run = run,
                                    .processor = "defense",
                                    .range = range,
                                    .dates = &dates,
                                    .steps = "[]",
                                    .step_count = second != NULL ? 2 : 1,
                                    .command = script,
                                    .directory = directory};
    struct state_launch launch = {.launch = "l-1",
                                  .group = "",
                                  .plan_hash = "abc",
                                  .owner = "naji@ops",
                                  .runs = &new_run,
                                  .run_count = 1,
                                  .at = 1,
                                  .boot_ns = clock_boot_ns(clock_system())};
    char *argv[] = {"/bin/sh", "-c", (char *)script, NULL};
    char *next[] = {"/bin/sh", "-c", (char *)second, NULL};
    char **steps[] = {argv, next};
    char *nothing[] = {NULL};
    struct spec spec = {.run = (char *)run,
                        .state = f.directory,
                        .directory = f.directory,
                        .steps = steps,
                        .step_count = new_run.step_count,
                        .environment = nothing,
                        .grace_ms = 10000,
                        .linger_ms = linger_ms};
    char *shim[] = {getenv("PHASEGATE_SHIM"), directory, NULL};
    pid_t pid;
    cr_assert(state_launch(f.state, &fixture_person, &launch, &f.error), "%s", f.error.text);
    cr_assert(file_make_directory(directory, &f.error) && spec_write(directory, &spec, &f.error));
    cr_assert(posix_spawn(&pid, shim[0], NULL, NULL, shim, environ) == 0);
    free(directory);
    dayset_free(&dates);
}

static void start_with(const char *run, const char *script, int64_t linger_ms) {
    start_steps(run, script, NULL, linger_ms);
}

Test(stop, what_a_step_leaves_behind_is_ended_and_told_and_the_next_step_is_left_alone)
{
    start_steps("r-1", "sleep 1000 & exit 0", "sleep 0.5; echo two", 0);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, "r-1");
    cr_expect_eq(stored->outcome, STATE_OUTCOME_OK);
    cr_expect_eq(stored->step, 1);
    char *notices = state_notices_text(&stored->notices);
    cr_expect_str_eq(notices, "1 background process that outlived its command was ended");
    free(notices);
    char *log = fixture_read(&f, "r-1", "out.log");
    cr_expect_str_eq(log, "two\n");
    free(log);
    state_runs_free(stored, 1);
}

Test(stop, what_outlives_its_command_is_ended_and_counted)
{
    start_with("r-1", "setsid sleep 1000 & sleep 1000 & exit 4", 0);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, "r-1");
    cr_assert(stored->outcome == STATE_OUTCOME_FAILED && stored->exit_code == 4);
    cr_assert(stored->notices.stragglers == 2, "%d", (int)stored->notices.stragglers);
    cr_assert(stored->stop_at == 0, "that is no stop of the run");
    state_runs_free(stored, 1);
}

Test(stop, what_ends_by_itself_soon_after_its_command_is_left_alone)
{
    start_with("r-1", "(while [ ! -e go ]; do sleep 0.01; done; echo late) & echo up; exit 0",
               20000);
    fixture_wait_for(&f, "r-1", "up");
    char *go = file_join(f.directory, "go");
    cr_assert(file_write(go, TEXT("x"), &f.error));
    free(go);
    fixture_wait();
    char *log = fixture_read(&f, "r-1", "out.log");
    cr_assert_str_eq(log, "up\nlate\n");
    free(log);
    struct state_run *stored = fixture_load(&f, "r-1");
    cr_assert(stored->outcome == STATE_OUTCOME_OK && stored->notices.stragglers == 0);
    state_runs_free(stored, 1);
}

Test(stop, a_stop_that_comes_too_late_leaves_ok_alone)
{
    start_with("r-1", "(while [ ! -e go ]; do sleep 0.01; done) & echo up; exit 0", 20000);
    fixture_wait_for_file(&f, "r-1", "wait.json");
    cr_assert(stop("r-1") == 1);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, "r-1");
    cr_assert(stored->outcome == STATE_OUTCOME_OK && stored->exit_code == 0);
    state_runs_free(stored, 1);
}

Test(stop, a_second_shim_for_the_same_run_starts_nothing)
{
    start_with("r-1", "echo up; while [ ! -e go ]; do sleep 0.01; done", 0);
    fixture_wait_for(&f, "r-1", "up");
    char *directory = memory_format("%s/runs/r-1", f.directory);
    char *shim[] = {getenv("PHASEGATE_SHIM"), directory, NULL};
    pid_t pid;
    cr_assert(posix_spawn(&pid, shim[0], NULL, NULL, shim, environ) == 0);
    cr_assert(waitpid(pid, NULL, 0) == pid);
    char *go = file_join(f.directory, "go");
    cr_assert(file_write(go, TEXT("x"), &f.error));
    free(go);
    fixture_wait();
    char *log = fixture_read(&f, "r-1", "out.log");
    cr_assert_str_eq(log, "up\n");
    free(log);
    free(directory);
    cr_assert(fixture_events(&f, "r-1", "run-start") == 1);
}

/* ---- past the state ---- */

static size_t stop_anyhow(struct state *state, bool at_once, char **later) {
    struct runs_stop_selector selector = {.processor = "defense", .at_once = at_once};
    size_t asked;
    f.error = (struct error){.text = "it cannot be opened"};
    cr_assert(runs_stop_anyhow(state, f.directory, &fixture_person, clock_system(), &selector,
                               "wrong dates", &asked, later, &f.error),
              "%s", f.error.text);
    return asked;
}

/* Until nothing of the run is alive: what it started holds the lock until then. */
static void wait_until_dead(const char *run) {
    char *path = memory_format("%s/runs/%s/%s", f.directory, run, SPEC_CHILD_LOCK);
    struct flock shared = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    cr_assert(descriptor >= 0 && fcntl(descriptor, F_OFD_SETLKW, &shared) == 0, "%s", path);
    (void)close(descriptor);
    free(path);
}

Test(stop, waits_for_no_lock_of_the_state_and_is_recorded_after_it)
{
    char run[STATE_RUN_SIZE];
    char *later;
    struct state *other = state_open(f.directory, STATE_WRITE, &f.error);
    fixture_start(&f, "echo up; while :; do sleep 100; done", run);
    fixture_wait_for(&f, run, "up");
    cr_assert(sql_begin(other, &f.error));
    cr_expect_eq(stop_anyhow(f.state, false, &later), 1);
    cr_expect_not_null(strstr(later, "state.db is "), "%s", later);
    free(later);
    wait_until_dead(run);
    cr_assert_not(sql_end(other, false, &f.error));
    state_close(other);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    cr_expect_eq(stored->outcome, STATE_OUTCOME_STOPPED);
    cr_expect_str_eq(stored->stop_by, "naji@ops");
    cr_expect_str_eq(stored->stop_reason, "wrong dates");
    state_runs_free(stored, 1);
}

Test(stop, needs_no_state_at_all)
{
    char run[STATE_RUN_SIZE];
    char *later;
    fixture_start(&f, "trap '' TERM; echo up; while :; do sleep 0.05; done", run);
    fixture_wait_for(&f, run, "up");
    cr_expect_eq(stop_anyhow(NULL, false, &later), 1);
    cr_expect_str_eq(later, "it cannot be opened");
    free(later);
    cr_expect_eq(stop_anyhow(NULL, true, &later), 1, "and the grace can be left out");
    free(later);
    wait_until_dead(run);
    fixture_wait();
    cr_expect_eq(stop_anyhow(NULL, true, &later), 0, "nothing lives");
    free(later);
    struct state_run *stored = fixture_load(&f, run);
    cr_expect_eq(stored->outcome, STATE_OUTCOME_STOPPED);
    cr_expect_eq(stored->signal, SIGKILL);
    cr_expect_str_eq(stored->stop_by, "naji@ops");
    state_runs_free(stored, 1);
}
