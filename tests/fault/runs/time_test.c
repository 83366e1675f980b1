/* The wall clock steps and the machine sleeps while something runs: nothing ends for it, and
 * a stop still stops. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "kin.h"

static struct fixture f;
static int64_t wall_step_ms, boot_step_ns;

static int64_t stepped_wall_ms(void *context) {
    (void)context;
    return clock_wall_ms(clock_system()) + wall_step_ms;
}
static int64_t stepped_boot_ns(void *context) {
    (void)context;
    return clock_boot_ns(clock_system()) + boot_step_ns;
}
static const struct clock stepped = {stepped_wall_ms, stepped_boot_ns, NULL};

static const int64_t hour_ms = 3600000;

static void setup(void) {
    wall_step_ms = boot_step_ns = 0;
    fixture_open(&f);
}
static void teardown(void) {
    kin_kill_all();
    fixture_close(&f);
}
TestSuite(time, .init = setup, .fini = teardown, .timeout = 600);

static void start_waiting(char run[STATE_RUN_SIZE]) {
    fixture_start(&f, "echo up; while [ ! -e go ]; do sleep 0.01; done; exit 7", run);
    fixture_wait_for(&f, run, "up");
}

static void expect_end(const char *run) {
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_FAILED && stored->exit_code == 7);
    cr_assert_str_eq(stored->recorded_by, "shim");
    state_runs_free(stored, 1);
}

Test(time, a_step_of_an_hour_either_way_ends_no_run)
{
    static const int64_t steps[] = {3600000, -3600000};
    char run[STATE_RUN_SIZE];
    start_waiting(run);
    for (size_t i = 0; i < 2; i++) {
        wall_step_ms = steps[i];
        struct runs_reconciled sums = fixture_reconcile(&f, &stepped);
        cr_assert(sums.live == 1 && sums.lost + sums.orphans + sums.replayed == 0);
    }
    fixture_let_go(&f);
    fixture_wait();
    expect_end(run);
}

/* Launched by a clock that is an hour ahead of the one its end is recorded by. */
Test(time, a_run_may_end_before_it_began)
{
    struct runs_started *started;
    fixture_script(&f, "exit 7");
    wall_step_ms = hour_ms;
    struct runs_request request = fixture_request(&f);
    struct runs_plan *plan = runs_plan_new(&request, &f.error);
    struct runs_launcher launcher = {
        .actor = fixture_person, .owner = "naji@ops", .clock = &stepped};
    cr_assert(runs_launch(plan, f.state, &launcher, &started, &f.error), "%s", f.error.text);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, started[0].run);
    cr_assert(stored->ended_at < stored->created_at);
    state_runs_free(stored, 1);
    expect_end(started[0].run);
    cr_assert(fixture_count(&f, FIXTURE_HELD) == 0);
    runs_started_free(started, plan->count);
    runs_plan_free(plan);
}

/* All of the run is frozen, as in a suspend; who looks finds an hour gone by every clock. */
Test(time, a_run_that_slept_for_an_hour_goes_on)
{
    static struct kin kin[KIN_MOST];
    char run[STATE_RUN_SIZE];
    start_waiting(run);
    size_t count = kin_list(kin);
    for (size_t i = 0; i < count; i++) {
        cr_assert(kill(kin[i].pid, SIGSTOP) == 0 || errno == ESRCH);
    }
    wall_step_ms = hour_ms;
    boot_step_ns = hour_ms * 1000000;
    struct runs_reconciled sums = fixture_reconcile(&f, &stepped);
    cr_assert(sums.live == 1 && sums.lost + sums.orphans + sums.replayed + sums.unstarted == 0);
    for (size_t i = 0; i < count; i++) {
        cr_assert(kill(kin[i].pid, SIGCONT) == 0 || errno == ESRCH);
    }
    fixture_let_go(&f);
    fixture_wait();
    expect_end(run);
}

/* The grace of an orphan is by the wall clock: set back, it would last the hour longer. KILL at
 * once does not look at clocks. */
Test(time, a_step_back_does_not_put_off_a_kill_at_once)
{
    char run[STATE_RUN_SIZE];
    size_t asked;
    f.processors[0].stop_grace_ms = 1000;
    fixture_start(&f, "trap '' TERM; echo up; while :; do sleep 0.01; done", run);
    fixture_wait_for(&f, run, "up");
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(kill((pid_t)stored->shim.pid, SIGKILL) == 0);
    state_runs_free(stored, 1);
    while (fixture_reconcile(&f, clock_system()).live == 1) {
    }
    struct runs_stop_selector selector = {.run = run};
    cr_assert(runs_stop(f.state, &fixture_person, &stepped, &selector, "", &asked, &f.error));
    wall_step_ms = -hour_ms;
    cr_assert(fixture_reconcile(&f, &stepped).orphans == 1);
    selector.at_once = true;
    cr_assert(runs_stop(f.state, &fixture_person, &stepped, &selector, "", &asked, &f.error));
    cr_assert(asked == 1);
    (void)fixture_reconcile(&f, &stepped);
    fixture_wait();
    (void)fixture_reconcile(&f, &stepped);
    stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_STOPPED && stored->signal == SIGKILL);
    state_runs_free(stored, 1);
}
