/* A pid is nobody's name: a number that was stored and belongs to another process now is never
 * signalled, however stop is pressed. */
#include <criterion/criterion.h>

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "fixture.h"
#include "kin.h"
#include "place.h"

static struct fixture f;

/* A process that has nothing to do with any run. */
static pid_t start_bystander(void) {
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            (void)pause();
        }
    }
    return pid;
}

static bool lives(pid_t pid) {
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

static void press_stop(const char *run, bool at_once) {
    size_t asked;
    struct runs_stop_selector selector = {.run = run, .at_once = at_once};
    PLACE_MUST(runs_stop(f.state, &fixture_person, clock_system(), &selector, "", &asked, &f.error),
               "%s", f.error.text);
}

static void expect_lost(const char *run) {
    struct state_run *stored = fixture_load(&f, run);
    PLACE_MUST(stored->state == STATE_RUN_ENDED && stored->outcome == STATE_OUTCOME_LOST, "%s",
               state_outcome_word(stored->outcome));
    state_runs_free(stored, 1);
    PLACE_MUST(fixture_count(&f, FIXTURE_HELD) == 0, "claims are left");
}

/* A running run whose shim and command are said to be `pid`, started a moment before it was. */
static void forge_run(const char *run, pid_t pid) {
    struct day_range range = {DAY1, DAY1};
    struct dayset dates = dayset_new(range);
    struct state_claim claim = {"nba.nba_analytics.team_defense", &range, 1, -1};
    struct state_new_run new_run = {.run = run,
                                    .processor = "defense",
                                    .range = range,
                                    .dates = &dates,
                                    .steps = "[]",
                                    .step_count = 1,
                                    .command = "true",
                                    .directory = "/nonexistent",
                                    .claims = &claim,
                                    .claim_count = 1};
    struct state_launch launch = {.launch = "l-1",
                                  .group = "",
                                  .plan_hash = "abc",
                                  .owner = "naji@ops",
                                  .runs = &new_run,
                                  .run_count = 1,
                                  .at = 1,
                                  .boot_ns = clock_boot_ns(clock_system())};
    struct state_process before = state_process_of(pid);
    bool done = false;
    before.start--;
    cr_assert(!state_process_alive(&before), "another process with the same number");
    cr_assert(state_launch(f.state, &fixture_person, &launch, &f.error), "%s", f.error.text);
    cr_assert(state_shim_take(f.state, run, &before, 1, &done, &f.error) && done);
    cr_assert(state_shim_running(f.state, run, &before, 0, 2, &done, &f.error) && done);
    dayset_free(&dates);
}

Test(identity, a_number_that_is_anothers_now_is_never_signalled, .timeout = 600)
{
    fixture_open(&f);
    pid_t bystander = start_bystander();
    struct state_process itself = state_process_of(bystander);
    cr_assert(state_process_alive(&itself));
    forge_run("r-1", bystander);
    press_stop("r-1", false);
    press_stop("r-1", true);
    (void)fixture_reconcile(&f, clock_system());
    expect_lost("r-1");
    cr_assert(lives(bystander));
    cr_assert(kill(bystander, SIGKILL) == 0);
    fixture_wait();
    fixture_close(&f);
}

/* ---- the same with a real run and a number that the kernel gave away again ---- */

static pid_t fork_as(pid_t number) {
    struct clone_args arguments = {
        .exit_signal = SIGCHLD, .set_tid = (uint64_t)(uintptr_t)&number, .set_tid_size = 1};
    pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0) {
        for (;;) {
            (void)syscall(SYS_pause);
        }
    }
    return pid;
}

static void recycle_and_stop(void) {
    char run[STATE_RUN_SIZE];
    fixture_open(&f);
    fixture_start(&f, "echo up; while :; do sleep 0.01; done", run);
    fixture_wait_for(&f, run, "up");
    struct state_run *stored = fixture_load(&f, run);
    pid_t numbers[] = {(pid_t)stored->shim.pid, (pid_t)stored->child.pid};
    state_runs_free(stored, 1);
    PLACE_MUST(numbers[1] > 1 && numbers[1] < 1000, "pid %d", (int)numbers[1]);
    kin_kill_all();
    fixture_wait();
    for (size_t i = 0; i < 2; i++) {
        PLACE_MUST(fork_as(numbers[i]) == numbers[i], "clone3: %s", strerror(errno));
    }
    press_stop(run, false);
    press_stop(run, true);
    (void)fixture_reconcile(&f, clock_system());
    expect_lost(run);
    for (size_t i = 0; i < 2; i++) {
        PLACE_MUST(lives(numbers[i]), "pid %d was signalled", (int)numbers[i]);
        (void)kill(numbers[i], SIGKILL);
    }
    fixture_wait();
    fixture_close(&f);
}

Test(identity, a_recycled_number_is_never_signalled, .timeout = 600)
{ cr_assert(place_run(PLACE_PIDS, recycle_and_stop) != PLACE_BROKEN); }
