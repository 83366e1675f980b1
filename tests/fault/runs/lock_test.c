/* Somebody keeps the state file locked when a run ends. Patience is scaled down six hundred times,
 * so that its minute takes a tenth of a second, and its ten minutes one. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fixture.h"
#include "runs/spec.h"

static struct fixture f;

static void setup(void) {
    fixture_open(&f);
    cr_assert(setenv("PHASEGATE_TEST_HURRY", "600", 1) == 0);
}
static void teardown(void) {
    cr_assert(unsetenv("PHASEGATE_TEST_HURRY") == 0);
    fixture_close(&f);
}
TestSuite(locked, .init = setup, .fini = teardown, .timeout = 600);

/* A reader: nobody commits while it reads. */
static struct state *lock(void) {
    struct state *other = state_open(f.directory, STATE_WRITE, &f.error);
    cr_assert(other != NULL && state_read_begin(other, &f.error), "%s", f.error.text);
    return other;
}

static void start_waiting(char run[STATE_RUN_SIZE]) {
    fixture_start(&f, "echo up; while [ ! -e go ]; do sleep 0.01; done; exit 7", run);
    fixture_wait_for(&f, run, "up");
}

static size_t times_tried(const char *run) {
    char *said = fixture_read(&f, run, SPEC_SHIM_LOG);
    size_t count = 0;
    for (const char *at = said; (at = strstr(at, "trying again")) != NULL; at++) {
        count++;
    }
    free(said);
    return count;
}

static void expect_end(const char *run, const char *recorded_by) {
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_FAILED && stored->exit_code == 7);
    cr_assert_str_eq(stored->recorded_by, recorded_by);
    state_runs_free(stored, 1);
}

Test(locked, for_three_minutes_the_end_is_tried_again_until_it_is_recorded)
{
    char run[STATE_RUN_SIZE];
    start_waiting(run);
    struct state *other = lock();
    fixture_let_go(&f);
    while (times_tried(run) < 3) {
        struct timespec moment = {.tv_nsec = 5000000};
        (void)nanosleep(&moment, NULL);
    }
    struct runs_reconciled sums = fixture_reconcile(&f, clock_system());
    cr_assert(sums.live == 1, "its shim holds its lock");
    state_read_end(other);
    state_close(other);
    fixture_wait();
    expect_end(run, "shim");
}

Test(locked, for_longer_than_the_shim_tries_the_end_is_replayed)
{
    char run[STATE_RUN_SIZE];
    start_waiting(run);
    struct state *other = lock();
    fixture_let_go(&f);
    fixture_wait();
    cr_assert(times_tried(run) > 3);
    state_read_end(other);
    state_close(other);
    cr_assert(fixture_reconcile(&f, clock_system()).replayed == 1);
    expect_end(run, "replay");
}
