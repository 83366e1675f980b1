/* A stop is honest: everything of the run is gone, or it is shown as not gone. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "kin.h"
#include "runs/family.h"

static struct fixture f;

static void setup(void) {
    fixture_open(&f);
    f.processors[0].stop_grace_ms = 50;
}
static void teardown(void) {
    kin_kill_all();
    fixture_close(&f);
}
TestSuite(hard_stop, .init = setup, .fini = teardown, .timeout = 600);

static void start_rascal(const char *kind, char run[STATE_RUN_SIZE]) {
    const char *const argv[] = {PHASEGATE_RASCAL, kind, NULL};
    size_t count;
    fixture_command(&f, 0, argv);
    struct runs_request request = fixture_request(&f);
    struct runs_started *started = fixture_launch(&f, &request, &count);
    memcpy(run, started[0].run, STATE_RUN_SIZE);
    runs_started_free(started, count);
    fixture_wait_for(&f, run, "up");
}

static void press_stop(const char *run, bool at_once) {
    size_t asked;
    struct runs_stop_selector selector = {.run = run, .at_once = at_once};
    cr_assert(runs_stop(f.state, &fixture_person, clock_system(), &selector, "", &asked, &f.error));
    cr_assert(asked == 1);
}

/* Stopped, nothing of it left, its dates free. */
static void expect_gone(const char *run, const char *kind) {
    fixture_wait();
    cr_assert(family_of_run(run, geteuid(), 0) == 0, "%s", kind);
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->state == STATE_RUN_ENDED && stored->outcome == STATE_OUTCOME_STOPPED, "%s",
              kind);
    cr_assert_str_eq(stored->stop_stage, "done");
    state_runs_free(stored, 1);
    cr_assert(fixture_count(&f, FIXTURE_HELD) == 0);
}

static const char *const kinds[] = {"deserter", "group", "vfork", "frozen", "deaf"};
enum { KINDS = sizeof kinds / sizeof *kinds };

Test(hard_stop, ends_whatever_hides_or_does_not_listen)
{
    for (size_t i = 0; i < KINDS; i++) {
        char run[STATE_RUN_SIZE];
        start_rascal(kinds[i], run);
        press_stop(run, false);
        expect_gone(run, kinds[i]);
    }
}

Test(hard_stop, of_an_orphan_ends_whatever_hides_or_does_not_listen)
{
    for (size_t i = 0; i < KINDS; i++) {
        char run[STATE_RUN_SIZE];
        start_rascal(kinds[i], run);
        struct state_run *stored = fixture_load(&f, run);
        cr_assert(kill((pid_t)stored->shim.pid, SIGKILL) == 0);
        state_runs_free(stored, 1);
        while (fixture_reconcile(&f, clock_system()).live == 1) {
        }
        press_stop(run, true);
        struct runs_reconciled sums;
        do {
            sums = fixture_reconcile(&f, clock_system());
        } while (sums.orphans == 1);
        expect_gone(run, kinds[i]);
    }
}

/* It forks faster than it is counted; while anything of it lives, the run lives and keeps its
 * dates. */
Test(hard_stop, of_a_fork_bomb_ends_all_of_it_and_says_so_only_then)
{
    char run[STATE_RUN_SIZE];
    start_rascal("bomb", run);
    press_stop(run, false);
    struct state_run *stored;
    bool ended;
    do {
        stored = fixture_load(&f, run);
        ended = stored->state == STATE_RUN_ENDED;
        state_runs_free(stored, 1);
        cr_assert(!ended || family_of_run(run, geteuid(), 0) == 0, "ended, and not gone");
    } while (!ended);
    expect_gone(run, "bomb");
    cr_assert(fixture_events(&f, run, "stop-stage") == 2);
}
