/* What must take effect while the state cannot be written, and a writer that is frozen. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "fixture.h"
#include "state/state_arms.h"
#include "state/state_emergency.h"

#define TABLE "p.d.team_defense"

static struct fixture f;

static void setup(void) {
    fixture_open(&f);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(emergency, .init = setup, .fini = teardown, .timeout = 600);

static size_t holds(void) {
    size_t count;
    struct state_mark *marks = state_marks(f.state, 0, &count, &f.error);
    cr_assert_not_null(marks, "%s", f.error.text);
    for (size_t i = 0; i < count; i++) {
        cr_expect(marks[i].hold);
        cr_expect_str_eq(marks[i].gate, "phase3 / ready");
    }
    state_marks_free(marks, count);
    return count;
}

Test(emergency, a_hold_is_in_force_at_once_comes_before_a_launch_and_is_recorded_once)
{
    size_t found;
    cr_assert(state_emergency_raise(f.directory, STATE_EMERGENCY_HOLD, "phase3 / ready", &f.error),
              "%s", f.error.text);
    cr_assert(state_emergency_raise(f.directory, STATE_EMERGENCY_HOLD, "phase3 / ready", &f.error));
    cr_expect_eq(holds(), 1);
    cr_expect_eq(fixture_count(&f, "SELECT count(*) FROM marks"), 0);
    cr_assert_not(fixture_launch(&f, "r-1", TABLE, DAY1, DAY1));
    cr_expect_eq(f.error.code, EXIT_TEMPORARY, "%s", f.error.text);
    cr_expect_eq(fixture_count(&f, "SELECT count(*) FROM marks WHERE ended_at IS NULL"), 1);
    cr_expect_eq(holds(), 1);
    cr_assert(state_mark_end(f.state, &person, "phase3 / ready", true, "over", NOON, &f.error));
    cr_assert(state_emergency_fold(f.state, NOON, &found, &f.error));
    cr_expect_eq(found, 0, "the marker went with its record");
    cr_expect_eq(holds(), 0);
    cr_expect(fixture_launch(&f, "r-1", TABLE, DAY1, DAY1), "%s", f.error.text);
}

Test(emergency, a_disarm_ends_the_arm_before_it_can_fire)
{
    char approval[STATE_RUN_SIZE];
    char arm[STATE_RUN_SIZE];
    size_t found;
    struct state_approval yes = {.plan_hash = "abc",
                                 .group = "group1",
                                 .decision = STATE_DECIDED_GO,
                                 .at = NOON,
                                 .expires_at = NOON + 3600000,
                                 .evidence = "{}"};
    struct state_arm wish = {.group = "group1",
                             .plan_hash = "abc",
                             .approval = approval,
                             .at = NOON,
                             .expires_at = NOON + 3600000,
                             .request = "{}"};
    cr_assert(state_approval_put(f.state, &person, &yes, approval, &f.error), "%s", f.error.text);
    cr_assert(state_arm_put(f.state, &person, &wish, arm, &f.error), "%s", f.error.text);
    cr_assert(state_emergency_raise(f.directory, STATE_EMERGENCY_DISARM, "another", &f.error));
    cr_assert(state_emergency_fold(f.state, NOON, &found, &f.error), "%s", f.error.text);
    cr_expect_eq(fixture_count(&f, "SELECT count(*) FROM arms WHERE state='armed'"), 1);
    cr_assert(state_emergency_raise(f.directory, STATE_EMERGENCY_DISARM, "", &f.error));
    cr_assert_not(fixture_launch(&f, "r-1", TABLE, DAY1, DAY1));
    cr_expect_eq(fixture_count(&f, "SELECT count(*) FROM arms WHERE state='armed'"), 0);
}

Test(emergency, a_stop_keeps_a_shim_from_taking_the_run_and_is_recorded)
{
    struct state_process self = state_process_self();
    size_t found;
    bool taken = true;
    cr_assert(fixture_launch(&f, "r-1", TABLE, DAY1, DAY1));
    cr_assert(state_emergency_raise(f.directory, STATE_EMERGENCY_STOP, "r-1", &f.error));
    cr_assert(state_shim_take(f.state, "r-1", &self, NOON, &taken, &f.error));
    cr_expect_not(taken);
    cr_assert(state_emergency_fold(f.state, NOON, &found, &f.error), "%s", f.error.text);
    struct state_run *run = fixture_load(&f, "r-1");
    cr_expect_eq(run->outcome, STATE_OUTCOME_STOPPED);
    cr_expect_not_null(strchr(run->stop_by, '@'), "a person's stop: %s", run->stop_by);
    state_runs_free(run, 1);
}

/* ---- a frozen writer ---- */

/* A process that looks like an agent takes the lock of a writer, and is stopped with it. */
static pid_t freeze_writer(void) {
    char *script = file_join(f.directory, "agent");
    char *path = file_join(f.directory, "state.db");
    cr_assert(file_write(script, TEXT("kill -STOP $$\n"), &f.error));
    free(script);
    pid_t pid = fork();
    if (pid == 0) {
        /* Whoever closes any descriptor of a file loses its locks: none is left to close. */
        (void)close_range(3, ~0U, 0);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        /* SQLite's bytes for a writer and its readers: the whole range. */
        struct flock lock = {
            .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000000, .l_len = 512};
        int descriptor = open(path, O_RDWR);
        char *argv[] = {"phasegate", "agent", NULL};
        if (descriptor >= 0 && fcntl(descriptor, F_SETLK, &lock) == 0 && chdir(f.directory) == 0) {
            (void)execv("/bin/sh", argv);
        }
        _exit(1);
    }
    free(path);
    int status;
    cr_assert_eq(waitpid(pid, &status, WUNTRACED), pid);
    cr_assert(WIFSTOPPED(status));
    return pid;
}

static void age_journal(int64_t seconds) {
    struct timespec times[2];
    char *path = file_join(f.directory, "state.db-journal");
    (void)clock_gettime(CLOCK_REALTIME, &times[0]);
    times[0].tv_sec -= seconds;
    times[1] = times[0];
    cr_assert_eq(utimensat(AT_FDCWD, path, times, 0), 0);
    free(path);
}

Test(emergency, a_writer_that_is_stopped_is_named)
{
    pid_t pid = freeze_writer();
    age_journal(3);
    state_set_patience(f.state, 700);
    cr_assert_not(
        state_journal_append(f.state, &person, NOON, STATE_EVENT_NOTE, NULL, "x", NULL, &f.error));
    char *words = memory_format("locked by phasegate agent, pid %d, which is stopped: `kill -CONT "
                                "%d` lets it go on",
                                (int)pid, (int)pid);
    cr_expect_eq(f.error.code, EXIT_TEMPORARY);
    cr_expect_not_null(strstr(f.error.text, words), "%s", f.error.text);
    free(words);
    cr_expect_eq(kill(pid, 0), 0);
    cr_assert_eq(kill(pid, SIGKILL), 0);
    cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

Test(emergency, an_agent_that_is_stopped_in_a_write_for_longer_than_its_lease_runs_is_ended)
{
    int status;
    pid_t pid = freeze_writer();
    age_journal(20);
    state_set_patience(f.state, 30000);
    cr_assert(
        state_journal_append(f.state, &person, NOON, STATE_EVENT_NOTE, NULL, "x", NULL, &f.error),
        "%s", f.error.text);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    cr_expect_eq(fixture_count(&f, "SELECT count(*) FROM events WHERE text LIKE 'ended the agent "
                                   "with pid %stopped (SIGSTOP)%'"),
                 1);
}
