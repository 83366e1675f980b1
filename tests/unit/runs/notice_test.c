/* What is noticed of a run while it lives: its cgroup, its memory, its log, and what KILL does not
 * end. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "fixture.h"
#include "runs/family.h"
#include "state/state_notice.h"

static struct fixture f;

static void setup(void) {
    fixture_open(&f);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(notice, .init = setup, .fini = teardown, .timeout = 600);

/* A directory that looks like the run's own scope; the kernel's files are plain ones here. */
static char *make_cgroup(void) {
    static const char *const files[] = {"cgroup.procs", "cgroup.kill", "memory.events"};
    char *scope = file_join(f.directory, "scope");
    char *command = file_join(scope, "command");
    cr_assert(file_make_directory(command, &f.error), "%s", f.error.text);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = file_join(command, files[i]);
        cr_assert(file_write(path, TEXT("oom 0\noom_kill 0\n"), &f.error), "%s", f.error.text);
        free(path);
    }
    cr_assert(setenv("PHASEGATE_TEST_CGROUP", scope, 1) == 0);
    free(scope);
    return command;
}

static char *read_in(const char *directory, const char *name) {
    struct text_buffer content = {0};
    char *path = file_join(directory, name);
    (void)file_read(path, 4096, &content, NULL);
    free(path);
    return text_buffer_take(&content);
}

static size_t stop(const char *run, bool at_once) {
    struct runs_stop_selector selector = {.run = run, .at_once = at_once};
    size_t asked;
    cr_assert(runs_stop(f.state, &fixture_person, clock_system(), &selector, "wrong dates", &asked,
                        &f.error),
              "%s", f.error.text);
    return asked;
}

Test(notice, a_command_enters_its_cgroup_and_is_killed_by_it)
{
    char run[STATE_RUN_SIZE];
    char *cgroup = make_cgroup();
    fixture_start(&f, "trap '' TERM; echo up; while :; do sleep 0.01; done", run);
    fixture_wait_for(&f, run, "up");
    char *entered = read_in(cgroup, "cgroup.procs");
    char *untouched = read_in(cgroup, "cgroup.kill");
    cr_assert(entered[0] == '0' && untouched[0] == 'o', "%s %s", entered, untouched);
    cr_assert(stop(run, true) == 1);
    fixture_wait();
    char *killed = read_in(cgroup, "cgroup.kill");
    cr_assert(killed[0] == '1', "%s", killed);
    free(killed);
    free(untouched);
    free(entered);
    free(cgroup);
}

Test(notice, an_orphan_is_killed_by_its_cgroup_too)
{
    char run[STATE_RUN_SIZE];
    char *cgroup = make_cgroup();
    fixture_start(&f, "trap '' TERM; echo up; while :; do sleep 0.01; done", run);
    fixture_wait_for(&f, run, "up");
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(kill((pid_t)stored->shim.pid, SIGKILL) == 0);
    state_runs_free(stored, 1);
    while (fixture_reconcile(&f, clock_system()).live == 1) {
    }
    cr_assert(stop(run, true) == 1);
    fixture_wait();
    char *killed = read_in(cgroup, "cgroup.kill");
    cr_assert(killed[0] == '1', "%s", killed);
    free(killed);
    free(cgroup);
}

static struct state_run *run_out_of_memory(const char *end) {
    char run[STATE_RUN_SIZE];
    char *cgroup = make_cgroup();
    char *script =
        memory_format("printf 'oom 1\\noom_kill 1\\n' > %s/memory.events; %s", cgroup, end);
    fixture_start(&f, script, run);
    fixture_wait();
    free(script);
    free(cgroup);
    return fixture_load(&f, run);
}

static char *verdict_text(const struct state_run *run) {
    struct runs_witnesses witnesses = runs_witnesses_of(run);
    struct runs_judgement judgement;
    runs_judge(&witnesses, &judgement);
    char *text = memory_copy_string(judgement.text);
    runs_judgement_clear(&judgement);
    return text;
}

Test(notice, a_kill_for_want_of_memory_is_called_that)
{
    struct state_run *stored = run_out_of_memory("kill -KILL $$");
    char *text = verdict_text(stored);
    cr_assert(stored->signal == SIGKILL && stored->notices.out_of_memory);
    cr_assert(strstr(text, "killed (SIGKILL), probably for want of memory") != NULL, "%s", text);
    char *exit = fixture_read(&f, stored->run, "exit.json");
    cr_assert(strstr(exit, "\"out_of_memory\":true") != NULL, "%s", exit);
    free(exit);
    free(text);
    state_runs_free(stored, 1);
}

Test(notice, an_exit_code_stays_one_whoever_was_killed_meanwhile)
{
    struct state_run *stored = run_out_of_memory("exit 3");
    char *text = verdict_text(stored);
    cr_assert(stored->exit_code == 3 && stored->notices.out_of_memory);
    cr_assert(strstr(text, "exit 3") != NULL, "%s", text);
    free(text);
    state_runs_free(stored, 1);
}

Test(notice, a_kill_without_a_count_is_not_explained)
{
    char run[STATE_RUN_SIZE];
    char *cgroup = make_cgroup();
    fixture_start(&f, "kill -KILL $$", run);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->signal == SIGKILL && !stored->notices.out_of_memory);
    state_runs_free(stored, 1);
    free(cgroup);
}

Test(notice, a_log_over_its_limit_is_an_alarm_and_no_end)
{
    char run[STATE_RUN_SIZE];
    f.processors[0].log_limit = 1000;
    fixture_start(&f, "head -c 3000 /dev/zero | tr '\\0' x; echo up; exit 0", run);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    char *text = state_notices_text(&stored->notices);
    cr_assert(stored->outcome == STATE_OUTCOME_OK && stored->notices.log_alarm == 3003);
    cr_assert_str_eq(text, "log is over its limit: 0.00 GiB");
    cr_assert(fixture_events(&f, run, "log-size") == 1);
    free(text);
    state_runs_free(stored, 1);
}

Test(notice, a_log_within_its_limit_is_none)
{
    char run[STATE_RUN_SIZE];
    f.processors[0].log_limit = 1000;
    fixture_start(&f, "echo little", run);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->notices.log_alarm == 0 && fixture_events(&f, run, "log-size") == 0);
    state_runs_free(stored, 1);
}

/* The shim's clock runs a thousand times as fast, so that its ten seconds are ten milliseconds. */
Test(notice, what_kill_does_not_end_is_said_and_keeps_its_claims)
{
    char run[STATE_RUN_SIZE];
    cr_assert(setenv("PHASEGATE_CLOCK", "2026-01-05T14:15:00Z@0*1000", 1) == 0);
    cr_assert(setenv("PHASEGATE_TEST_FAULT", "unkillable", 1) == 0);
    fixture_start(&f, "trap '' TERM; echo up; while :; do sleep 100; done", run);
    fixture_wait_for(&f, run, "up");
    cr_assert(stop(run, true) == 1);
    struct state_run *stored;
    do {
        stored = fixture_load(&f, run);
        cr_assert(stored->state == STATE_RUN_STOPPING || stored->state == STATE_RUN_RUNNING);
        if (stored->notices.stuck == NULL) {
            state_runs_free(stored, 1);
            stored = NULL;
        }
    } while (stored == NULL);
    cr_assert(strstr(stored->notices.stuck, "KILL sent, 2 processes left after 10 s: pid ") != NULL,
              "%s", stored->notices.stuck);
    cr_assert(strstr(stored->notices.stuck, "may hang in the kernel") != NULL);
    cr_assert(stored->survivors == 2 && stored->outcome == STATE_OUTCOME_NONE);
    cr_assert(fixture_count(&f, FIXTURE_HELD) == 1);
    cr_assert(fixture_events(&f, run, "stuck") == 1);
    cr_assert(family_of_run(run, geteuid(), SIGKILL) >= 2);
    state_runs_free(stored, 1);
    fixture_wait();
    stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_STOPPED && stored->signal == SIGKILL);
    state_runs_free(stored, 1);
    cr_assert(fixture_count(&f, FIXTURE_HELD) == 0);
}

/* It goes on to fork, in sessions of their own, while it is being ended. */
Test(notice, a_fork_bomb_is_ended_to_its_last_process)
{
    char run[STATE_RUN_SIZE];
    f.processors[0].stop_grace_ms = 20;
    fixture_start(&f,
                  "trap '' TERM; i=0; while [ $i -lt 200 ]; do i=$((i+1));"
                  " setsid sh -c 'trap \"\" TERM; sleep 0.02; setsid sleep 300 & sleep 300' &"
                  " [ $i -eq 20 ] && echo up; done; sleep 300",
                  run);
    fixture_wait_for(&f, run, "up");
    cr_assert(stop(run, false) == 1);
    fixture_wait();
    cr_assert(family_of_run(run, geteuid(), 0) == 0);
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_STOPPED);
    state_runs_free(stored, 1);
}
