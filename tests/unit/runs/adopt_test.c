/* Commands that already run become runs. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "fixture.h"
#include "runs/runs_adopt.h"

static struct fixture f;

static void setup(void) {
    fixture_open(&f);
    fixture_script(&f, "true");
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(adopt, .init = setup, .fini = teardown, .timeout = 600);

/* The kernel closes what exec closes a moment before it shows the new arguments. */
static void wait_for_arguments(pid_t pid) {
    char *path = memory_format("/proc/%d/cmdline", (int)pid);
    char byte;
    ssize_t size = 0;
    while (size == 0) {
        int file = open(path, O_RDONLY | O_CLOEXEC);
        cr_assert(file >= 0, "%s is gone", path);
        size = read(file, &byte, 1);
        (void)close(file);
        (void)sched_yield();
    }
    free(path);
}

/* sh -c `script` as a person would have started it, its output in the file "hand.log". It becomes
 * the child of nobody, as after a logout: the test is its reaper. */
static pid_t start_by_hand(const char *script) {
    int ends[2];
    pid_t pid = 0;
    cr_assert(pipe2(ends, O_CLOEXEC) == 0);
    char *log = file_join(f.directory, "hand.log");
    pid_t middle = fork();
    if (middle == 0) {
        pid_t child = fork();
        if (child == 0) {
            int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
            (void)setsid();
            (void)dup2(out, 1);
            if (chdir(f.directory) != 0) {
                _exit(126);
            }
            (void)execl("/bin/sh", "sh", "-c", script, (char *)NULL);
            _exit(127);
        }
        (void)file_write_all(ends[1], (const char *)&child, sizeof child);
        _exit(0);
    }
    cr_assert(read(ends[0], &pid, sizeof pid) == (ssize_t)sizeof pid);
    cr_assert(waitpid(middle, NULL, 0) == middle);
    /* The last copy of the other end closes when the command has been executed. */
    char none;
    (void)close(ends[1]);
    cr_assert(read(ends[0], &none, 1) == 0);
    (void)close(ends[0]);
    free(log);
    wait_for_arguments(pid);
    return pid;
}

static void wait_for_file(const char *name) {
    char *path = file_join(f.directory, name);
    while (access(path, F_OK) != 0) {
        (void)sched_yield();
    }
    free(path);
}

static void put_file(const char *name) {
    char *path = file_join(f.directory, name);
    cr_assert(file_write(path, TEXT("x"), &f.error), "%s", f.error.text);
    free(path);
}

static bool try_to_adopt(pid_t pid, const char *log, char run[STATE_RUN_SIZE]) {
    struct runs_adoptee adoptee;
    struct runs_started *started;
    struct runs_request request = fixture_request(&f);
    struct runs_plan *plan = runs_plan_new(&request, &f.error);
    struct runs_launcher launcher = {
        .actor = fixture_person, .owner = "naji@ops", .clock = clock_system()};
    cr_assert(plan != NULL, "%s", f.error.text);
    bool done = runs_adoptee_look(f.state, pid, &adoptee, &f.error);
    if (done) {
        done = runs_adopt(plan, &adoptee, log == NULL ? adoptee.log : log, f.state, &launcher,
                          &started, &f.error);
        runs_adoptee_clear(&adoptee);
    }
    if (done) {
        memcpy(run, started->run, STATE_RUN_SIZE);
        cr_assert(started->running && started->pid == pid, "%s", started->problem);
        runs_started_free(started, 1);
    }
    runs_plan_free(plan);
    return done;
}

static void adopt(pid_t pid, char run[STATE_RUN_SIZE]) {
    cr_assert(try_to_adopt(pid, NULL, run), "%s", f.error.text);
}

static size_t stop(const char *run) {
    struct runs_stop_selector selector = {.run = run};
    size_t asked;
    cr_assert(runs_stop(f.state, &fixture_person, clock_system(), &selector, "wrong dates", &asked,
                        &f.error),
              "%s", f.error.text);
    return asked;
}

static int64_t held(void) {
    return fixture_count(&f, FIXTURE_HELD);
}

Test(adopt, holds_the_dates_follows_the_log_and_leaves_the_verdict_to_coverage)
{
    char run[STATE_RUN_SIZE];
    pid_t pid = start_by_hand("echo before; touch up; while [ ! -e go ]; do sleep 0.01; done;"
                              " echo after; exit 3");
    wait_for_file("up");
    adopt(pid, run);
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->state == STATE_RUN_RUNNING && stored->notices.adopted);
    cr_assert(stored->child.pid == pid && held() == 1);
    cr_assert(strncmp(stored->command, "sh -c echo before", 17) == 0, "%s", stored->command);
    cr_assert(!stored->server.labelled, "it does not know its run");
    state_runs_free(stored, 1);
    put_file("go");
    fixture_wait();
    char *log = fixture_read(&f, run, "out.log");
    cr_assert_str_eq(log, "before\nafter\n");
    free(log);
    stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_LOST && !stored->has_wait_status);
    cr_assert(held() == 0 && fixture_events(&f, run, "run-end") == 1);
    state_runs_free(stored, 1);
}

/* What coverage says after the end. */
static void expect_verdict(const struct state_run *run, size_t complete, enum runs_verdict verdict,
                           const char *text) {
    struct dayset before = dayset_new((struct day_range){DAY1, DAY1 + 9});
    struct dayset after = dayset_new((struct day_range){DAY1, DAY1 + 9});
    for (size_t i = 0; i < complete; i++) {
        dayset_add(&after, DAY1 + (day_number)i);
    }
    struct runs_table_witness table = {&before, &after, NULL, run->ended_at + 1};
    struct runs_witnesses witnesses = runs_witnesses_of(run);
    struct runs_judgement judgement;
    witnesses.tables = &table;
    witnesses.table_count = 1;
    runs_judge(&witnesses, &judgement);
    cr_assert(judgement.verdict == verdict, "%s", judgement.text);
    cr_assert_str_eq(judgement.text, text);
    runs_judgement_clear(&judgement);
    dayset_free(&before);
    dayset_free(&after);
}

Test(adopt, coverage_decides)
{
    char run[STATE_RUN_SIZE];
    adopt(start_by_hand("while [ ! -e go ]; do sleep 0.01; done"), run);
    put_file("go");
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    expect_verdict(stored, 10, RUNS_VERIFIED, "10 of 10 dates verified");
    expect_verdict(stored, 7, RUNS_ENDED_WITH_GAPS,
                   "its exit status cannot be known but 3 of 10 dates still missing");
    expect_verdict(stored, 0, RUNS_NO_EFFECT,
                   "its exit status cannot be known but coverage did not move: 10 of 10 dates still"
                   " missing");
    stored->notices.adopted = false;
    expect_verdict(stored, 10, RUNS_LOST, "nobody saw it end, 10 of 10 dates complete");
    state_runs_free(stored, 1);
}

Test(adopt, a_stop_ends_it_and_its_descendants)
{
    char run[STATE_RUN_SIZE];
    f.processors[0].stop_grace_ms = 50;
    pid_t pid = start_by_hand("trap '' TERM; setsid sh -c 'trap \"\" TERM; touch child; while :; do"
                              " sleep 0.01; done' & touch up; while :; do sleep 0.01; done");
    wait_for_file("up");
    wait_for_file("child");
    adopt(pid, run);
    cr_assert(stop(run) == 1);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_STOPPED && !stored->has_wait_status);
    cr_assert_str_eq(stored->stop_stage, "done");
    cr_assert(fixture_events(&f, run, "stop-stage") == 2 && held() == 0);
    state_runs_free(stored, 1);
}

Test(adopt, what_it_started_keeps_the_dates_when_it_ends)
{
    char run[STATE_RUN_SIZE];
    pid_t pid =
        start_by_hand("setsid sh -c 'touch child; while [ ! -e end ]; do sleep 0.01; done' &"
                      " while [ ! -e go ]; do sleep 0.01; done");
    wait_for_file("child");
    adopt(pid, run);
    put_file("go");
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
    cr_assert(held() == 1);
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->state == STATE_RUN_RUNNING);
    state_runs_free(stored, 1);
    put_file("end");
    fixture_wait();
    cr_assert(held() == 0);
}

static void kill_shim(const char *run) {
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(kill((pid_t)stored->shim.pid, SIGKILL) == 0);
    state_runs_free(stored, 1);
    while (fixture_reconcile(&f, clock_system()).live == 1) {
    }
}

Test(adopt, without_its_shim_it_is_an_orphan_until_it_ends)
{
    char run[STATE_RUN_SIZE];
    adopt(start_by_hand("while [ ! -e go ]; do sleep 0.01; done"), run);
    kill_shim(run);
    cr_assert(fixture_reconcile(&f, clock_system()).orphans == 1);
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->orphan && held() == 1);
    state_runs_free(stored, 1);
    put_file("go");
    fixture_wait();
    cr_assert(fixture_reconcile(&f, clock_system()).lost == 1);
    stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_LOST && held() == 0);
    state_runs_free(stored, 1);
}

Test(adopt, an_orphan_can_be_stopped_all_the_same)
{
    char run[STATE_RUN_SIZE];
    adopt(start_by_hand("while :; do sleep 0.01; done"), run);
    kill_shim(run);
    cr_assert(stop(run) == 1);
    fixture_wait();
    (void)fixture_reconcile(&f, clock_system());
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_STOPPED && held() == 0);
    state_runs_free(stored, 1);
}

Test(adopt, an_end_that_only_the_disk_knows_is_replayed)
{
    char run[STATE_RUN_SIZE];
    cr_assert(setenv("PHASEGATE_TEST_FAULT", "written", 1) == 0);
    adopt(start_by_hand("while [ ! -e go ]; do sleep 0.01; done"), run);
    put_file("go");
    fixture_wait();
    cr_assert(held() == 1);
    cr_assert(fixture_reconcile(&f, clock_system()).replayed == 1);
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_LOST && held() == 0);
    state_runs_free(stored, 1);
}

Test(adopt, a_pid_that_has_become_anothers_is_left_alone)
{
    char run[STATE_RUN_SIZE];
    pid_t other = start_by_hand("while :; do sleep 0.01; done");
    adopt(start_by_hand("while [ ! -e go ]; do sleep 0.01; done"), run);
    kill_shim(run);
    char *path = memory_format("%s/runs/%s/spec.json", f.directory, run);
    char *spec = fixture_read(&f, run, "spec.json");
    char *at = strstr(spec, "\"adopted_pid\":");
    cr_assert(at != NULL);
    char *rest = strchr(at, ',');
    char *changed =
        memory_format("%.*s\"adopted_pid\":%d%s", (int)(at - spec), spec, (int)other, rest);
    cr_assert(file_write(path, text_of(changed), &f.error), "%s", f.error.text);
    cr_assert(stop(run) == 1);
    cr_assert(fixture_reconcile(&f, clock_system()).lost == 1);
    cr_assert(kill(other, 0) == 0, "the start time differs: no signal was sent");
    cr_assert(kill(other, SIGKILL) == 0);
    put_file("go");
    fixture_wait();
    free(changed);
    free(spec);
    free(path);
}

Test(adopt, refuses_what_it_cannot_watch)
{
    char run[STATE_RUN_SIZE];
    char own[STATE_RUN_SIZE];
    cr_assert(!try_to_adopt(1, NULL, run));
    cr_assert(!try_to_adopt(getpid(), NULL, run));
    cr_assert(strstr(f.error.text, "no command that could be adopted") != NULL, "%s", f.error.text);
    pid_t ended = fork();
    if (ended == 0) {
        _exit(0);
    }
    siginfo_t info;
    cr_assert(waitid(P_PID, (id_t)ended, &info, WEXITED | WNOWAIT) == 0);
    cr_assert(!try_to_adopt(ended, NULL, run), "a zombie");
    cr_assert(waitpid(ended, NULL, 0) == ended);
    fixture_start(&f, "echo up; while [ ! -e go ]; do sleep 0.01; done", own);
    fixture_wait_for(&f, own, "up");
    struct state_run *stored = fixture_load(&f, own);
    cr_assert(!try_to_adopt((pid_t)stored->child.pid, NULL, run));
    cr_assert(strstr(f.error.text, "belongs to a run already") != NULL, "%s", f.error.text);
    state_runs_free(stored, 1);
    pid_t other = start_by_hand("while [ ! -e go ]; do sleep 0.01; done");
    cr_assert(!try_to_adopt(other, NULL, run), "the dates are claimed");
    cr_assert(strstr(f.error.text, "is claimed by run") != NULL, "%s", f.error.text);
    put_file("go");
    fixture_wait();
}

Test(adopt, refuses_a_second_time_and_a_log_that_is_none)
{
    char run[STATE_RUN_SIZE];
    pid_t pid = start_by_hand("while [ ! -e go ]; do sleep 0.01; done");
    cr_assert(!try_to_adopt(pid, "/nonexistent/log", run) && f.error.code == EXIT_NO_INPUT);
    cr_assert(!try_to_adopt(pid, "/dev/null", run) && f.error.code == EXIT_NO_INPUT);
    cr_assert(held() == 0);
    adopt(pid, run);
    f.table.table = (char[]){"other"};
    cr_assert(!try_to_adopt(pid, NULL, run));
    cr_assert(strstr(f.error.text, "belongs to a run already") != NULL, "%s", f.error.text);
    put_file("go");
    fixture_wait();
}
