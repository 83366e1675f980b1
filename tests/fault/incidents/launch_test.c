/* Incidents that began with a launch: what is refused, what is warned of, and what a run survives.
 * Real commands, real shims. Numbers are those of tests/fault/incidents.md. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "fixture.h"
#include "runs/lock.h"
#include "state/state_arms.h"
#include "state/state_gates.h"
#include "tests/support/program.h"

static struct fixture f;

static void begin(void) {
    fixture_open(&f);
}
static void end(void) {
    fixture_close(&f);
}
TestSuite(incident_launch, .init = begin, .fini = end, .timeout = 600);

/* Launches what must be refused, and returns how many runs there are then. */
static int64_t refuse(const struct runs_request *request) {
    struct runs_started *started = NULL;
    struct runs_launcher launcher = {
        .actor = fixture_person, .owner = "sara@ops", .clock = clock_system()};
    struct runs_plan *plan = runs_plan_new(request, &f.error);
    if (plan != NULL) {
        cr_assert_not(runs_launch(plan, f.state, &launcher, &started, &f.error));
        runs_plan_free(plan);
    }
    cr_expect_eq(f.error.code, EXIT_NO_GO, "%s", f.error.text);
    return fixture_count(&f, "SELECT count(*) FROM runs");
}

/* 4: two backfills of one table, 944 days apart from nothing, and one that came back by itself. */
Test(incident_launch, the_same_table_and_dates_are_refused_and_a_stop_disarms)
{
    char run[STATE_RUN_SIZE];
    char approval[24];
    char arm[STATE_RUN_SIZE];
    fixture_start(&f, "echo up; exec sleep 600", run);
    fixture_wait_for(&f, run, "up");
    struct runs_request again = fixture_request(&f);
    again.range = (struct day_range){DAY1 + 9, DAY1 + 20};
    cr_expect_eq(refuse(&again), 1, "one day of ten is enough");
    cr_expect(strstr(f.error.text, run) != NULL && strstr(f.error.text, "naji@ops") != NULL, "%s",
              f.error.text);
    int64_t now = clock_wall_ms(clock_system());
    struct state_approval yes = {.plan_hash = (char[]){"abc"},
                                 .group = (char[]){"phase3"},
                                 .decision = STATE_DECIDED_GO,
                                 .at = now,
                                 .expires_at = now + 3600000,
                                 .evidence = (char[]){"{}"}};
    cr_assert(state_approval_put(f.state, &fixture_person, &yes, approval, &f.error), "%s",
              f.error.text);
    struct state_arm wish = {.group = (char[]){"phase3"},
                             .plan_hash = (char[]){"abc"},
                             .approval = approval,
                             .request = (char[]){"{\"gaps\":true}"},
                             .at = now,
                             .expires_at = now + 3600000};
    cr_assert(state_arm_put(f.state, &fixture_person, &wish, arm, &f.error), "%s", f.error.text);
    size_t asked;
    cr_assert(runs_stop(f.state, &fixture_person, clock_system(),
                        &(struct runs_stop_selector){.run = run}, "would overwrite", &asked,
                        &f.error));
    fixture_wait();
    cr_expect_eq(asked, 1);
    cr_expect_eq(fixture_count(&f, "SELECT count(*) FROM arms WHERE state='armed'"), 0,
                 "nothing starts by itself what was stopped");
}

/* 5: a script that was prepared, and never started. */
Test(incident_launch, what_was_prepared_is_armed_or_it_is_not)
{
    size_t count;
    char arm[STATE_RUN_SIZE];
    struct state_arm *arms = state_arms(f.state, true, &count, &f.error);
    cr_expect_eq(count, 0, "not armed");
    state_arms_free(arms, count);
    int64_t now = clock_wall_ms(clock_system());
    struct state_arm wish = {.group = (char[]){"phase3"},
                             .plan_hash = (char[]){"abc"},
                             .approval = (char[]){"a-none"},
                             .request = (char[]){"{}"},
                             .at = now,
                             .expires_at = now + 3600000};
    cr_expect_not(state_arm_put(f.state, &fixture_person, &wish, arm, &f.error),
                  "without an approval it is not armed, and says so");
    cr_expect_eq(f.error.code, EXIT_NO_GO, "%s", f.error.text);
}

/* 8: "Connection lost / Script terminated". */
Test(incident_launch, a_run_outlives_the_session_that_launched_it)
{
    char run[STATE_RUN_SIZE];
    char *fifo = memory_format("%s/go", f.directory);
    char *script = memory_format("echo up; read word < %s; echo \"$word\"", fifo);
    cr_assert_eq(mkfifo(fifo, 0600), 0);
    cr_assert(getpgrp() == getpid() || setpgid(0, 0) == 0, "a group that is ours to signal");
    cr_assert(signal(SIGHUP, SIG_IGN) != SIG_ERR);
    fixture_start(&f, script, run);
    fixture_wait_for(&f, run, "up");
    struct state_run *stored = fixture_load(&f, run);
    cr_expect_neq(getsid((pid_t)stored->child.pid), getsid(0), "a session of its own");
    state_runs_free(stored, 1);
    cr_assert_eq(kill(0, SIGHUP), 0); /* what a terminal that goes does */
    int go = open(fifo, O_WRONLY | O_CLOEXEC);
    cr_assert_eq(write(go, "on\n", 3), 3);
    (void)close(go);
    fixture_wait();
    stored = fixture_load(&f, run);
    cr_expect_eq(stored->outcome, STATE_OUTCOME_OK);
    state_runs_free(stored, 1);
    char *log = fixture_read(&f, run, "out.log");
    cr_expect_str_eq(log, "up\non\n");
    free(log);
    free(script);
    free(fifo);
}

/* 9: 8 workers × 32 processes. */
Test(incident_launch, workers_that_start_processes_are_multiplied_before_anybody_says_yes)
{
    fixture_script(&f, "true");
    f.processors[0].workers = 8;
    f.processors[0].processes_per_worker = 32;
    struct runs_request request = fixture_request(&f);
    request.cores = 8;
    struct runs_plan *plan = runs_plan_new(&request, &f.error);
    cr_assert_not_null(plan, "%s", f.error.text);
    cr_assert_not_null(plan->items[0].warning);
    cr_expect(strstr(plan->items[0].warning, "256 processes on 8 cores") != NULL, "%s",
              plan->items[0].warning);
    runs_plan_free(plan);
    request.workers = 2;
    plan = runs_plan_new(&request, &f.error);
    cr_expect_null(plan->items[0].warning, "%s", plan->items[0].warning);
    runs_plan_free(plan);
}

/* 23: 7,139 runs for games that were not played yet. */
Test(incident_launch, dates_that_have_not_come_are_refused)
{
    fixture_script(&f, "true");
    struct runs_request request = fixture_request(&f);
    request.range = (struct day_range){TODAY - 3, TODAY + 1};
    cr_expect_eq(refuse(&request), 0);
    cr_expect(strstr(f.error.text, "is in the future") != NULL, "%s", f.error.text);
    request.range.to = TODAY;
    struct runs_plan *plan = runs_plan_new(&request, &f.error);
    cr_expect_not_null(plan, "%s", f.error.text);
    runs_plan_free(plan);
}

/* 30: a line of the runbook that can never start, and says so in its log alone. */
Test(incident_launch, a_command_that_never_starts_is_failed_with_127_at_once)
{
    static const char *const argv[] = {"nohup", "PYTHONPATH=.", "python3", "backfill.py", NULL};
    size_t count;
    fixture_command(&f, 0, argv);
    struct runs_request request = fixture_request(&f);
    struct runs_started *started = fixture_launch(&f, &request, &count);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, started[0].run);
    cr_expect_eq(stored->outcome, STATE_OUTCOME_FAILED);
    cr_expect_eq(stored->exit_code, 127);
    state_runs_free(stored, 1);
    char *log = fixture_read(&f, started[0].run, "out.log");
    cr_expect(strstr(log, "PYTHONPATH=.") != NULL, "%s", log);
    free(log);
    runs_started_free(started, count);
}

Test(incident_launch, a_program_that_is_not_there_never_ran)
{
    static const char *const argv[] = {"PYTHONPATH=.", "python3", "backfill.py", NULL};
    size_t count;
    fixture_command(&f, 0, argv);
    struct runs_request request = fixture_request(&f);
    struct runs_started *started = fixture_launch(&f, &request, &count);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, started[0].run);
    cr_expect_eq(stored->outcome, STATE_OUTCOME_SPAWN_ERROR);
    cr_expect(strstr(stored->spawn_error, "PYTHONPATH=.") != NULL, "%s", stored->spawn_error);
    state_runs_free(stored, 1);
    runs_started_free(started, count);
}

/* 31: `wait $PID` of a process that was no child. */
Test(incident_launch, the_exit_code_is_that_of_the_command_whoever_launched_it)
{
    char run[STATE_RUN_SIZE];
    fixture_start(&f, "exit 3", run);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    cr_expect(stored->has_wait_status && stored->exit_code == 3);
    cr_expect_str_eq(stored->recorded_by, "shim");
    state_runs_free(stored, 1);
}
