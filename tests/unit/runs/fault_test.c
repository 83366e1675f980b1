/* SIGKILL at every step of a run: never two commands, never an unrecorded one, never a status that
 * was seen and is lost, never ok without a wait status. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "fixture.h"
#include "runs/family.h"

static struct fixture f;

static void setup(void) {
    fixture_open(&f);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(fault, .init = setup, .fini = teardown, .timeout = 600);

static int64_t later_boot_ns(void *context) {
    (void)context;
    return clock_boot_ns(clock_system()) + STATE_CLAIM_PATIENCE_NS + 1000000000;
}
static int64_t same_wall_ms(void *context) {
    (void)context;
    return clock_wall_ms(clock_system());
}
static const struct clock half_a_minute_later = {same_wall_ms, later_boot_ns, NULL};

/* Launches exit 7 with the fault armed, waits until all are gone, reconciles twice. */
static struct state_run *run_with_fault(const char *point) {
    char run[STATE_RUN_SIZE];
    cr_assert(setenv("PHASEGATE_TEST_FAULT", point, 1) == 0);
    fixture_start(&f, "echo began; exit 7", run);
    fixture_wait();
    cr_assert(unsetenv("PHASEGATE_TEST_FAULT") == 0);
    (void)fixture_reconcile(&f, &half_a_minute_later);
    struct runs_reconciled again = fixture_reconcile(&f, &half_a_minute_later);
    cr_assert(again.live + again.orphans + again.replayed + again.lost + again.unstarted == 0,
              "%s: the second time there is nothing left to do", point);
    cr_assert(family_of_run(run, geteuid(), 0) == 0);
    return fixture_load(&f, run);
}

static size_t times_began(const char *run) {
    char *log = fixture_read(&f, run, "out.log");
    size_t count = 0;
    for (const char *at = log; (at = strstr(at, "began")) != NULL; at++) {
        count++;
    }
    free(log);
    return count;
}

Test(fault, before_the_gate_opens_the_command_never_runs)
{
    static const char *const points[] = {"start",  "locked",         "taken",
                                         "forked", "witness-forked", "recorded"};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        struct state_run *run = run_with_fault(points[i]);
        cr_assert(run->state == STATE_RUN_ENDED && run->outcome == STATE_OUTCOME_SPAWN_ERROR,
                  "%s: %s", points[i], state_outcome_word(run->outcome));
        cr_assert(times_began(run->run) == 0, "%s", points[i]);
        cr_assert(!run->has_wait_status);
        state_runs_free(run, 1);
    }
    cr_assert(fixture_count(&f, FIXTURE_HELD) == 0);
}

Test(fault, once_the_command_runs_its_status_is_never_lost)
{
    static const struct {
        const char *point, *recorded_by;
    } table[] = {
        {"released", "replay"},      {"running", "replay"},      {"exited", "replay"},
        {"swept", "replay"},         {"written", "replay"},      {"ended", "shim"},
        {"witness-started", "shim"}, {"witness-exited", "shim"}, {"witness-written", "shim"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct state_run *run = run_with_fault(table[i].point);
        cr_assert(run->outcome == STATE_OUTCOME_FAILED && run->exit_code == 7, "%s: %s, exit %d",
                  table[i].point, state_outcome_word(run->outcome), run->exit_code);
        cr_assert_str_eq(run->recorded_by, table[i].recorded_by, "%s: %s", table[i].point,
                         run->recorded_by);
        cr_assert(times_began(run->run) == 1, "%s", table[i].point);
        state_runs_free(run, 1);
    }
    cr_assert(fixture_count(&f, FIXTURE_HELD) == 0);
    cr_assert(fixture_count(&f,
                            "SELECT count(*) FROM runs r WHERE (SELECT count(*) FROM events e"
                            " WHERE e.subject=r.run AND e.kind IN('run-end','replay'))<>1") == 0);
}

static void let_go(void) {
    char *go = file_join(f.directory, "go");
    cr_assert(file_write(go, TEXT("x"), &f.error));
    free(go);
}

Test(fault, a_command_whose_shim_is_killed_is_an_orphan_and_keeps_its_claims)
{
    char run[STATE_RUN_SIZE];
    fixture_start(&f, "echo up; while [ ! -e go ]; do sleep 0.01; done; exit 5", run);
    fixture_wait_for(&f, run, "up");
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(kill((pid_t)stored->shim.pid, SIGKILL) == 0);
    state_runs_free(stored, 1);
    /* The lock falls when the kernel is done with the shim. */
    struct runs_reconciled sums;
    do {
        sums = fixture_reconcile(&f, clock_system());
    } while (sums.live == 1);
    cr_assert(sums.orphans == 1);
    stored = fixture_load(&f, run);
    cr_assert(stored->orphan && stored->state == STATE_RUN_RUNNING);
    state_runs_free(stored, 1);
    cr_assert(fixture_count(&f, FIXTURE_HELD) == 1);
    cr_assert(fixture_events(&f, run, "orphan") == 1);
    let_go();
    fixture_wait();
    sums = fixture_reconcile(&f, clock_system());
    cr_assert(sums.replayed == 1);
    stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_FAILED && stored->exit_code == 5 && !stored->orphan);
    state_runs_free(stored, 1);
}

/* Whatever the shims were doing when they were killed. */
Test(fault, shims_killed_at_any_moment_lose_no_status)
{
    enum { RUNS = 16 };
    for (int i = 0; i < RUNS; i++) {
        char run[STATE_RUN_SIZE];
        char *script = memory_format("echo began; sleep 0.0%02d; exit 7", i * 2);
        char *table = memory_format("t%d", i);
        f.table.table = table;
        fixture_start(&f, script, run);
        struct state_run *stored = fixture_load(&f, run);
        (void)kill((pid_t)stored->shim.pid, SIGKILL);
        state_runs_free(stored, 1);
        free(script);
        free(table);
    }
    fixture_wait();
    (void)fixture_reconcile(&f, clock_system());
    cr_assert(fixture_count(&f, "SELECT count(*) FROM runs WHERE outcome='failed' AND"
                                " wait_status=7*256") == RUNS);
    cr_assert(fixture_count(&f, FIXTURE_HELD) == 0);
}

Test(fault, an_orphan_can_be_stopped)
{
    char run[STATE_RUN_SIZE];
    size_t asked;
    fixture_start(&f, "echo up; while :; do sleep 0.01; done", run);
    fixture_wait_for(&f, run, "up");
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(kill((pid_t)stored->shim.pid, SIGKILL) == 0);
    state_runs_free(stored, 1);
    while (fixture_reconcile(&f, clock_system()).live == 1) {
    }
    struct runs_stop_selector selector = {.run = run};
    cr_assert(runs_stop(f.state, &fixture_person, clock_system(), &selector, "", &asked, &f.error));
    cr_assert(asked == 1);
    fixture_wait();
    cr_assert(fixture_reconcile(&f, clock_system()).replayed == 1);
    stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_STOPPED && stored->signal == SIGTERM);
    state_runs_free(stored, 1);
}

Test(fault, an_orphan_that_ignores_term_is_killed_after_its_grace)
{
    char run[STATE_RUN_SIZE];
    size_t asked;
    f.processors[0].stop_grace_ms = 0;
    fixture_start(&f, "trap '' TERM; echo up; while :; do sleep 0.01; done", run);
    fixture_wait_for(&f, run, "up");
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(kill((pid_t)stored->shim.pid, SIGKILL) == 0);
    state_runs_free(stored, 1);
    while (fixture_reconcile(&f, clock_system()).live == 1) {
    }
    struct runs_stop_selector selector = {.run = run};
    cr_assert(runs_stop(f.state, &fixture_person, clock_system(), &selector, "", &asked, &f.error));
    (void)fixture_reconcile(&f, clock_system());
    fixture_wait();
    (void)fixture_reconcile(&f, clock_system());
    stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_STOPPED && stored->signal == SIGKILL);
    state_runs_free(stored, 1);
}

Test(fault, an_orphan_is_killed_at_once_when_asked)
{
    char run[STATE_RUN_SIZE];
    size_t asked;
    f.processors[0].stop_grace_ms = 600000;
    fixture_start(&f, "trap '' TERM; echo up; while :; do sleep 0.01; done", run);
    fixture_wait_for(&f, run, "up");
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(kill((pid_t)stored->shim.pid, SIGKILL) == 0);
    state_runs_free(stored, 1);
    while (fixture_reconcile(&f, clock_system()).live == 1) {
    }
    struct runs_stop_selector selector = {.run = run, .at_once = true};
    cr_assert(runs_stop(f.state, &fixture_person, clock_system(), &selector, "", &asked, &f.error));
    fixture_wait();
    (void)fixture_reconcile(&f, clock_system());
    stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_STOPPED && stored->signal == SIGKILL);
    state_runs_free(stored, 1);
}

Test(fault, shim_and_witness_killed_is_lost_and_never_ok)
{
    char run[STATE_RUN_SIZE];
    fixture_start(&f, "echo up; while [ ! -e go ]; do sleep 0.01; done", run);
    fixture_wait_for(&f, run, "up");
    struct state_run *stored = fixture_load(&f, run);
    char *children =
        memory_format("/proc/%d/task/%d/children", (int)stored->shim.pid, (int)stored->shim.pid);
    struct text_buffer list = {0};
    cr_assert(file_read(children, 4096, &list, &f.error), "%s", f.error.text);
    pid_t witness = (pid_t)strtol(list.data, NULL, 10);
    cr_assert(witness > 0 && witness != stored->child.pid);
    /* The shim first, so that it cannot take the command over. */
    cr_assert(kill((pid_t)stored->shim.pid, SIGKILL) == 0 && kill(witness, SIGKILL) == 0);
    text_buffer_free(&list);
    free(children);
    state_runs_free(stored, 1);
    let_go();
    fixture_wait();
    struct runs_reconciled sums = fixture_reconcile(&f, clock_system());
    cr_assert(sums.lost == 1);
    stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_LOST && !stored->has_wait_status);
    state_runs_free(stored, 1);
    cr_assert(fixture_events(&f, run, "lost") == 1);
}

Test(fault, a_descendant_alone_keeps_the_claim)
{
    char run[STATE_RUN_SIZE];
    fixture_start(&f,
                  "setsid sh -c 'echo up; while [ ! -e go ]; do sleep 0.01; done' & "
                  "while [ ! -e end ]; do sleep 0.01; done; exit 0",
                  run);
    fixture_wait_for(&f, run, "up");
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(kill((pid_t)stored->shim.pid, SIGKILL) == 0);
    state_runs_free(stored, 1);
    char *end = file_join(f.directory, "end");
    cr_assert(file_write(end, TEXT("x"), &f.error));
    free(end);
    fixture_wait_for_file(&f, run, "wait.json");
    struct runs_reconciled sums = fixture_reconcile(&f, clock_system());
    cr_assert(sums.orphans == 1 && sums.replayed == 0);
    let_go();
    fixture_wait();
    cr_assert(fixture_reconcile(&f, clock_system()).replayed == 1);
}

/* The console died between its commit and the shim. */
Test(fault, a_claim_without_a_shim_ends_after_half_a_minute)
{
    struct day_range range = {DAY1, DAY1};
    struct dayset dates = dayset_new(range);
    struct state_new_run new_run = {.run = "r-1",
                                    .processor = "defense",
                                    .range = range,
                                    .dates = &dates,
                                    .steps = "[]",
                                    .step_count = 1,
                                    .command = "true",
                                    .directory = "/nonexistent"};
    struct state_launch launch = {.launch = "l-1",
                                  .group = "",
                                  .plan_hash = "abc",
                                  .owner = "naji@ops",
                                  .runs = &new_run,
                                  .run_count = 1,
                                  .at = 1,
                                  .boot_ns = clock_boot_ns(clock_system())};
    cr_assert(state_launch(f.state, &fixture_person, &launch, &f.error), "%s", f.error.text);
    cr_assert(fixture_reconcile(&f, clock_system()).live == 1);
    cr_assert(fixture_reconcile(&f, &half_a_minute_later).unstarted == 1);
    struct state_run *run = fixture_load(&f, "r-1");
    cr_assert(run->outcome == STATE_OUTCOME_SPAWN_ERROR);
    state_runs_free(run, 1);
    dayset_free(&dates);
}

Test(fault, a_reboot_loses_what_left_no_record_and_replays_what_did)
{
    char recorded[STATE_RUN_SIZE];
    char lost[STATE_RUN_SIZE];
    cr_assert(setenv("PHASEGATE_TEST_FAULT", "written", 1) == 0);
    fixture_start(&f, "exit 3", recorded);
    fixture_wait();
    cr_assert(setenv("PHASEGATE_TEST_FAULT", "exited", 1) == 0);
    f.table.table = (char[]){"other"};
    fixture_start(&f, "exit 0", lost);
    fixture_wait();
    char *wait = memory_format("%s/runs/%s/wait.json", f.directory, lost);
    cr_assert(unlink(wait) == 0);
    free(wait);
    fixture_write_sql(&f, "UPDATE runs SET created_boot_id='before',boot_id='before'");
    struct runs_reconciled sums = fixture_reconcile(&f, clock_system());
    cr_assert(sums.replayed == 1 && sums.lost == 1);
    struct state_run *run = fixture_load(&f, recorded);
    cr_assert(run->exit_code == 3);
    state_runs_free(run, 1);
}

/* Nobody will ask for the end of a run whose directory is gone, and so the shim goes too. */
Test(fault, a_state_that_was_removed_is_not_waited_for)
{
    char run[STATE_RUN_SIZE];
    char *gate = memory_format("%s/gate", f.root);
    char *script = memory_format("echo up; read word < %s", gate);
    cr_assert_eq(mkfifo(gate, 0600), 0);
    fixture_start(&f, script, run);
    fixture_wait_for(&f, run, "up");
    cr_assert(file_remove_tree(f.directory, &f.error), "%s", f.error.text);
    int word = open(gate, O_WRONLY | O_CLOEXEC); /* waits for the command, which then ends */
    cr_assert_geq(word, 0);
    (void)close(word);
    fixture_wait();
    free(gate);
    free(script);
}

Test(fault, faults_are_for_tests_only)
{
    char run[STATE_RUN_SIZE];
    cr_assert(setenv("PHASEGATE_TEST", "0", 1) == 0);
    cr_assert(setenv("PHASEGATE_TEST_FAULT", "running", 1) == 0);
    fixture_start(&f, "exit 0", run);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_OK);
    state_runs_free(stored, 1);
}
