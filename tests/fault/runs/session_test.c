/* The end of a login session takes everything in its cgroup, by SIGKILL and in any order
 * (KillUserProcesses=yes). There is no logind here: what it does is done by hand, to launcher,
 * shim, witness and command, and to those of them that were in the session. */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "fixture.h"
#include "kin.h"
#include "runs/family.h"

static struct fixture f;

static void setup(void) {
    fixture_open(&f);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(session, .init = setup, .fini = teardown, .timeout = 600);

static void start_waiting(const char *then, char run[STATE_RUN_SIZE]) {
    char *script = memory_format("echo up; while [ ! -e go ]; do sleep 0.01; done; %s", then);
    fixture_start(&f, script, run);
    fixture_wait_for(&f, run, "up");
    free(script);
}

/* Shim and witness, frozen first as a cgroup is, so that neither sees the other go. */
static void kill_supervisors(void) {
    static struct kin kin[KIN_MOST];
    static const int signals[] = {SIGSTOP, SIGKILL};
    for (size_t round = 0; round < 2; round++) {
        size_t count = kin_list(kin);
        for (size_t i = 0; i < count; i++) {
            if (kin_supervises(&kin[i])) {
                cr_assert(kill(kin[i].pid, signals[round]) == 0);
            }
        }
    }
}

static size_t claims_held(void) {
    return (size_t)fixture_count(&f, FIXTURE_HELD);
}

Test(session, that_takes_all_of_a_run_leaves_it_lost_and_its_dates_free)
{
    char run[STATE_RUN_SIZE];
    start_waiting("exit 0", run);
    cr_assert(claims_held() == 1);
    kin_kill_all();
    struct runs_reconciled sums = fixture_reconcile(&f, clock_system());
    cr_assert(sums.lost == 1 && sums.live + sums.orphans + sums.replayed == 0);
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_LOST && !stored->has_wait_status);
    cr_assert_str_eq(stored->recorded_by, "reconciler");
    state_runs_free(stored, 1);
    cr_assert(claims_held() == 0);
    cr_assert(family_of_run(run, geteuid(), 0) == 0);
}

Test(session, that_takes_a_run_with_jobs_on_the_server_keeps_its_dates)
{
    char run[STATE_RUN_SIZE];
    f.processors[0].labels_jobs = true;
    start_waiting("exit 0", run);
    kin_kill_all();
    cr_assert(fixture_reconcile(&f, clock_system()).lost == 1);
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_LOST && stored->server.held);
    state_runs_free(stored, 1);
    cr_assert(claims_held() == 1, "its jobs may still write");
    fixture_settle(&f);
    cr_assert(claims_held() == 1, "and go on writing after its tables were read");
}

Test(session, that_spares_the_command_leaves_an_orphan_and_then_lost)
{
    char run[STATE_RUN_SIZE];
    start_waiting("exit 0", run);
    kill_supervisors();
    /* The locks of the two fall when the kernel is done with them. */
    struct runs_reconciled sums;
    do {
        sums = fixture_reconcile(&f, clock_system());
    } while (sums.live == 1);
    cr_assert(sums.orphans == 1 && claims_held() == 1);
    fixture_let_go(&f);
    fixture_wait();
    cr_assert(fixture_reconcile(&f, clock_system()).lost == 1, "exit 0 that nobody saw is not ok");
    cr_assert(claims_held() == 0);
}

Test(session, that_takes_launcher_and_shim_leaves_the_status_to_the_witness)
{
    pid_t launcher = fork();
    if (launcher == 0) {
        char run[STATE_RUN_SIZE];
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)setsid();
        f.state = state_open(f.directory, STATE_WRITE, NULL);
        fixture_start(&f, "echo up; while [ ! -e go ]; do sleep 0.01; done; exit 9", run);
        for (;;) {
            (void)pause();
        }
    }
    struct runs_reconciled sums;
    do {
        sums = fixture_reconcile(&f, clock_system());
    } while (fixture_count(&f, "SELECT count(*) FROM runs WHERE state='running'") == 0);
    struct state_run_filter all = {0};
    size_t count;
    struct state_run *runs = state_runs(f.state, &all, &count, &f.error);
    cr_assert(runs != NULL && count == 1);
    fixture_wait_for(&f, runs[0].run, "up");
    cr_assert(kill(-launcher, SIGKILL) == 0 && kill((pid_t)runs[0].shim.pid, SIGKILL) == 0);
    state_runs_free(runs, count);
    fixture_let_go(&f);
    fixture_wait();
    sums = fixture_reconcile(&f, clock_system());
    cr_assert(sums.replayed == 1);
    cr_assert(fixture_count(&f, "SELECT count(*) FROM runs WHERE outcome='failed' AND"
                                " wait_status=9*256 AND recorded_by='replay'") == 1);
}
