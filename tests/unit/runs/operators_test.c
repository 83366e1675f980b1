/* Several operators on one host: each act is done once, whoever presses first, and a second account
 * can be let in to watch or to act.
 *
 * The accounts are made up: root becomes them by setuid. Without root the modes are tested all the
 * same, and the tests of accounts say that they were not run. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/share.h"
#include "fixture.h"
#include "runs/family.h"
#include "runs/lock.h"
#include "runs/spec.h"
#include "state/state_copy.h"
#include "state/state_gates.h"

enum { ALICE = 60001, BOB = 60002, EVE = 60003, TEAM = 60100, STRANGERS = 60101, RACERS = 16 };

static struct fixture f;

static void setup(void) {
    fixture_open(&f);
    f.processors[0].directory = "/";
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(operators, .init = setup, .fini = teardown, .timeout = 600);

static mode_t mode_of(const char *run, const char *name) {
    struct stat status;
    char *path = run == NULL ? file_join(f.directory, name)
                             : memory_format("%s/runs/%s/%s", f.directory, run, name);
    cr_assert(stat(path, &status) == 0, "%s", path);
    free(path);
    return status.st_mode & 07777;
}

static void share_as(enum share_reach reach, gid_t group) {
    struct share_change change = {.reach = reach, .group = group};
    cr_assert(share_change(f.directory, &change, &f.error), "%s", f.error.text);
    cr_assert(change.changed > 0 && change.left == 0);
}

/* ---- at the same moment ---- */

/* A pipe that lets every racer go at once. */
static void race(bool (*act)(struct state *state, int number, struct error *error), int *won,
                 char refusals[RACERS][ERROR_TEXT_SIZE]) {
    int start[2];
    int said[2];
    *won = 0;
    cr_assert(pipe(start) == 0 && pipe(said) == 0);
    for (int i = 0; i < RACERS; i++) {
        if (fork() == 0) {
            struct error error = {0};
            char word;
            (void)close(start[1]);
            struct state *state = state_open(f.directory, STATE_WRITE, &error);
            if (state == NULL) {
                _exit(2);
            }
            state_set_patience(state, 60000);
            bool heard = read(start[0], &word, 1) == 0;
            if (!act(state, i, &error)) {
                heard = write(said[1], error.text, sizeof error.text) > 0 && heard;
            }
            if (!heard) {
                _exit(3);
            }
            state_close(state);
            _exit(error.code == EXIT_GO ? 0 : error.code == EXIT_NO_GO ? 1 : 2);
        }
    }
    (void)close(start[0]);
    (void)close(start[1]);
    (void)close(said[1]);
    int refused = 0;
    while (read(said[0], refusals[refused], ERROR_TEXT_SIZE) == ERROR_TEXT_SIZE) {
        refused++;
    }
    (void)close(said[0]);
    *won = RACERS - refused;
}

static bool race_launch(struct state *state, int number, struct error *error) {
    char name[24];
    struct runs_request request = fixture_request(&f);
    struct runs_plan *plan = runs_plan_new(&request, error);
    struct runs_started *started = NULL;
    (void)snprintf(name, sizeof name, "racer%d@ops", number);
    struct runs_launcher launcher = {
        .actor = {.name = name}, .owner = name, .clock = clock_system()};
    bool done = plan != NULL && runs_launch(plan, state, &launcher, &started, error);
    runs_started_free(started, done ? plan->count : 0);
    runs_plan_free(plan);
    return done;
}

Test(operators, sixteen_that_launch_at_once_launch_once_and_the_others_read_who_won)
{
    static char refusals[RACERS][ERROR_TEXT_SIZE];
    struct state_run_filter filter = {.live = true};
    size_t count;
    int won;
    fixture_script(&f, "while :; do sleep 100; done");
    race(race_launch, &won, refusals);
    cr_assert(won == 1, "%d launched", won);
    struct state_run *runs = state_runs(f.state, &filter, &count, &f.error);
    cr_assert(runs != NULL && count == 1);
    for (int i = 0; i < RACERS - 1; i++) {
        cr_assert(strstr(refusals[i], runs[0].run) != NULL && strstr(refusals[i], runs[0].owner),
                  "%s", refusals[i]);
    }
    struct runs_stop_selector selector = {.run = runs[0].run, .at_once = true};
    size_t asked;
    cr_assert(
        runs_stop(f.state, &fixture_person, clock_system(), &selector, "over", &asked, &f.error));
    fixture_wait();
    state_runs_free(runs, count);
}

static bool race_stop(struct state *state, int number, struct error *error) {
    char name[24];
    size_t asked;
    struct runs_stop_selector selector = {0};
    (void)snprintf(name, sizeof name, "racer%d@ops", number);
    struct state_actor actor = {.name = name};
    return runs_stop(state, &actor, clock_system(), &selector, name, &asked, error) &&
           (asked == 1 || error_set(error, EXIT_NO_GO, "stopping already"));
}

Test(operators, sixteen_that_stop_at_once_stop_once_and_everybody_sees_who_did)
{
    static char refusals[RACERS][ERROR_TEXT_SIZE];
    char run[STATE_RUN_SIZE];
    int won;
    fixture_start(&f, "echo up; while :; do sleep 100; done", run);
    fixture_wait_for(&f, run, "up");
    race(race_stop, &won, refusals);
    cr_assert(won == 1, "%d stopped it", won);
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(strncmp(stored->stop_by, "racer", 5) == 0);
    cr_assert(strncmp(stored->stop_reason, stored->stop_by, strlen(stored->stop_reason)) == 0);
    state_runs_free(stored, 1);
    cr_assert(fixture_events(&f, run, "stop") == 1);
    cr_assert(fixture_events(&f, run, "run-end") == 1);
}

static bool race_hold(struct state *state, int number, struct error *error) {
    char name[24];
    (void)snprintf(name, sizeof name, "racer%d@ops", number);
    struct state_actor actor = {.name = name};
    return state_mark_put(state, &actor, "phase3-ready", true, name, 1, error);
}

Test(operators, sixteen_that_hold_a_gate_at_once_hold_it_once)
{
    static char refusals[RACERS][ERROR_TEXT_SIZE];
    int won;
    race(race_hold, &won, refusals);
    cr_assert(won == 1);
    cr_assert(fixture_count(&f, "SELECT count(*) FROM marks") == 1);
    cr_assert(fixture_count(&f, "SELECT count(*) FROM events WHERE kind='hold'") == 1);
}

/* ---- modes ---- */

Test(operators, without_sharing_all_is_the_owners_only)
{
    char run[STATE_RUN_SIZE];
    fixture_start(&f, "true", run);
    fixture_wait();
    cr_assert(mode_of(NULL, "") == 0700 && mode_of(NULL, "runs") == 0700);
    cr_assert(mode_of(NULL, "state.db") == 0600 && mode_of(run, "") == 0700);
    cr_assert(mode_of(run, "out.log") == 0600 && mode_of(run, "exit.json") == 0600);
}

Test(operators, what_is_made_after_sharing_follows_it_and_what_was_there_is_changed)
{
    static const struct {
        const char *name;
        mode_t watch, act;
        bool of_run;
    } table[] = {{"", 02750, 02770, false},
                 {"state.db", 0600, 0660, false},
                 {"state.db-journal", 0600, 0660, false},
                 {"runs", 02750, 03770, false},
                 {"", 02750, 03750, true},
                 {"out.log", 0640, 0640, true},
                 {"shim.log", 0640, 0640, true},
                 {"out.times", 0640, 0660, true},
                 {"shim.lock", 0600, 0640, true},
                 {"child.lock", 0600, 0640, true},
                 {"wait.json", 0640, 0640, true},
                 {"exit.json", 0640, 0640, true},
                 {"spec.json", 0600, 0600, true}};
    char before[STATE_RUN_SIZE];
    char after[STATE_RUN_SIZE];
    fixture_start(&f, "true", before);
    fixture_wait();
    for (int act = 0; act <= 1; act++) {
        (void)umask(act == 0 ? 077 : 0);
        share_as(act == 0 ? SHARE_WATCH : SHARE_ACT, getegid());
        fixture_start(&f, "true", after);
        fixture_wait();
        for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
            mode_t want = act == 0 ? table[i].watch : table[i].act;
            for (int late = 0; late <= 1; late++) {
                const char *run = !table[i].of_run ? NULL : late ? after : before;
                mode_t mode = mode_of(run, table[i].name);
                cr_assert(mode == want, "%s %s: %o", run, table[i].name, mode);
            }
        }
    }
    share_as(SHARE_NONE, (gid_t)-1);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        mode_t mode = mode_of(table[i].of_run ? after : NULL, table[i].name);
        cr_assert((mode & 0077) == 0, "%s: %o", table[i].name, mode);
    }
}

Test(operators, a_state_that_may_only_be_read_is_watched_and_every_write_says_who_can_allow_it)
{
    char run[STATE_RUN_SIZE];
    struct error error;
    size_t count;
    size_t asked;
    fixture_start(&f, "true", run);
    fixture_wait();
    char *path = file_join(f.directory, "state.db");
    cr_assert(chmod(path, 0400) == 0);
    if (geteuid() == 0) {
        cr_assert(state_access_to(f.directory) == STATE_WRITE, "root may always");
    } else {
        cr_assert(state_access_to(f.directory) == STATE_READ);
        struct state *watcher = state_open(f.directory, STATE_READ, &error);
        cr_assert(watcher != NULL && !state_is_writable(watcher));
        struct state_run_filter filter = {0};
        struct state_run *runs = state_runs(watcher, &filter, &count, &error);
        cr_assert(runs != NULL && count == 1);
        state_runs_free(runs, count);
        struct runs_stop_selector selector = {.run = run};
        cr_assert(
            !runs_stop(watcher, &fixture_person, clock_system(), &selector, "x", &asked, &error));
        cr_assert(error.code == EXIT_PERMISSION && strstr(error.text, "share --act"));
        state_close(watcher);
    }
    free(path);
}

/* ---- accounts ---- */

static bool become(uid_t user, gid_t group) {
    return setgroups(1, &group) == 0 && setgid(group) == 0 && setuid(user) == 0;
}

/* Runs `act` as another account; false when it said so. */
static bool as(uid_t user, gid_t group, bool (*act)(void *), void *context) {
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        _exit(become(user, group) && act(context) ? 0 : 1);
    }
    cr_assert(pid > 0 && waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

#define SAY(condition)                                                                             \
    ((condition) || (fprintf(stderr, "not so, line %d: %s\n", __LINE__, #condition), false))

/* The state is Alice's, and shared with the team; false where accounts cannot be had. */
static bool give_to_alice(enum share_reach reach) {
    if (geteuid() != 0) {
        cr_log_warn("REDUCED: without root no second account can be tried, only the modes");
        return false;
    }
    state_close(f.state);
    f.state = NULL;
    static const char *const names[] = {"", "state.db", "state.db-journal"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = file_join(f.directory, names[i]);
        cr_assert(lchown(path, ALICE, TEAM) == 0);
        free(path);
    }
    share_as(reach, TEAM);
    f.state = state_open(f.directory, STATE_WRITE, &f.error);
    cr_assert(f.state != NULL, "%s", f.error.text);
    return true;
}

static bool launch_here(void *run) {
    struct error error = {0};
    struct runs_request request = fixture_request(&f);
    struct runs_started *started = NULL;
    struct runs_plan *plan = runs_plan_new(&request, &error);
    struct state *state = state_open(f.directory, STATE_WRITE, &error);
    char name[24];
    (void)snprintf(name, sizeof name, "uid%d@ops", (int)geteuid());
    struct runs_launcher launcher = {
        .actor = {.name = name}, .owner = name, .clock = clock_system()};
    bool done = state != NULL && plan != NULL &&
                runs_launch(plan, state, &launcher, &started, &error) && started[0].running;
    if (done) {
        memcpy(run, started[0].run, STATE_RUN_SIZE);
    } else {
        (void)fprintf(stderr, "%s %s\n", error.text,
                      started != NULL && started[0].problem ? started[0].problem : "");
    }
    state_close(state);
    return done;
}

/* Launches as an account; the run's id comes through a shared page. */
static void launch_as(uid_t user, const char *script, char run[STATE_RUN_SIZE]) {
    struct state_run_filter filter = {.live = true};
    char here[STATE_RUN_SIZE];
    size_t count;
    fixture_settle(&f);
    fixture_script(&f, script);
    cr_assert(as(user, TEAM, launch_here, here));
    struct state_run *runs = state_runs(f.state, &filter, &count, &f.error);
    cr_assert(runs != NULL && count == 1);
    (void)snprintf(run, STATE_RUN_SIZE, "%s", runs[0].run);
    state_runs_free(runs, count);
}

static bool can_read(const char *run, const char *name) {
    char *path = memory_format("%s/runs/%s/%s", f.directory, run, name);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    free(path);
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    return descriptor >= 0;
}

static bool watch(void *run) {
    struct error error = {0};
    struct state_run_filter filter = {0};
    struct runs_stop_selector selector = {.run = run};
    size_t count = 0;
    size_t asked;
    if (!SAY(state_access_to(f.directory) == STATE_READ)) {
        return false;
    }
    struct state *state = state_open(f.directory, STATE_READ, &error);
    struct state_run *runs = state != NULL ? state_runs(state, &filter, &count, &error) : NULL;
    bool good =
        SAY(runs != NULL && count == 1) && SAY(can_read(run, "out.log")) &&
        SAY(!can_read(run, "spec.json")) && SAY(lock_is_held(runs[0].directory, SPEC_SHIM_LOCK)) &&
        SAY(!runs_stop(state, &fixture_person, clock_system(), &selector, "no", &asked, &error)) &&
        SAY(error.code == EXIT_PERMISSION) &&
        SAY(strstr(error.text, "(uid 60001) can let your group act") != NULL) &&
        SAY(!state_mark_put(state, &fixture_person, "g", true, "no", 1, &error)) &&
        SAY(error.code == EXIT_PERMISSION) && SAY(!launch_here(run));
    state_runs_free(runs, count);
    state_close(state);
    return good;
}

static bool is_shut_out(void *run) {
    struct error error = {0};
    return SAY(state_open(f.directory, STATE_READ, &error) == NULL) &&
           SAY(!can_read(run, "out.log"));
}

static bool stop_it(void *run) {
    struct error error = {0};
    struct runs_stop_selector selector = {.run = run};
    struct state_actor bob = {.name = "bob@ops"};
    size_t asked = 0;
    struct state *state = state_open(f.directory, STATE_WRITE, &error);
    bool done = SAY(state != NULL) &&
                SAY(runs_stop(state, &bob, clock_system(), &selector, "by bob", &asked, &error)) &&
                SAY(asked == 1);
    char *limits = done ? runs_stop_limits(state, &selector) : NULL;
    bool said = limits != NULL && strstr(limits, "belong to uid 60001") != NULL;
    free(limits);
    state_close(state);
    return done && said == (getenv("PHASEGATE_TEST_ORPHAN") != NULL);
}

Test(operators, a_second_account_that_may_watch_reads_all_but_secrets_and_changes_nothing)
{
    char run[STATE_RUN_SIZE];
    if (!give_to_alice(SHARE_WATCH)) {
        return;
    }
    launch_as(ALICE, "echo up; while :; do sleep 100; done", run);
    fixture_wait_for(&f, run, "up");
    cr_assert(as(BOB, TEAM, watch, run));
    cr_assert(as(EVE, STRANGERS, is_shut_out, run));
    cr_assert(fixture_count(&f, "SELECT count(*) FROM runs WHERE stop_at IS NULL") == 1);
    struct runs_stop_selector selector = {.run = run};
    size_t asked;
    cr_assert(
        runs_stop(f.state, &fixture_person, clock_system(), &selector, "over", &asked, &f.error));
    fixture_wait();
}

Test(operators, a_second_account_that_may_act_stops_the_firsts_run_and_launches_its_own)
{
    char run[STATE_RUN_SIZE];
    char second[STATE_RUN_SIZE];
    if (!give_to_alice(SHARE_ACT)) {
        return;
    }
    launch_as(ALICE, "echo up; while :; do sleep 100; done", run);
    fixture_wait_for(&f, run, "up");
    cr_assert(as(BOB, TEAM, stop_it, run));
    fixture_wait();
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(stored->outcome == STATE_OUTCOME_STOPPED && stored->signal == SIGTERM);
    cr_assert_str_eq(stored->stop_by, "bob@ops");
    state_runs_free(stored, 1);
    launch_as(BOB, "echo bobs; sleep 0.01; while :; do sleep 100; done", second);
    fixture_wait_for(&f, second, "bobs");
    cr_assert(mode_of(second, "") == 03750 && mode_of(second, "spec.json") == 0600);
    cr_assert(as(ALICE, TEAM, stop_it, second));
    fixture_wait();
    stored = fixture_load(&f, second);
    cr_assert(stored->outcome == STATE_OUTCOME_STOPPED);
    cr_assert_str_eq(stored->owner, "uid60002@ops");
    state_runs_free(stored, 1);
}

/* The witness is the parent of the command. */
static pid_t parent_of(pid_t pid) {
    char path[48];
    char state;
    int parent = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    cr_assert(file != NULL && fscanf(file, "%*d (%*[^)]) %c %d", &state, &parent) == 2);
    (void)fclose(file);
    cr_assert(parent > 1 && parent != getpid());
    return parent;
}

static bool reconcile_here(void *elsewhere) {
    struct error error = {0};
    struct runs_reconciled sums = {0};
    struct state *state = state_open(f.directory, STATE_WRITE, &error);
    bool done = SAY(state != NULL) &&
                SAY(runs_reconcile(state, &fixture_person, clock_system(), &sums, &error)) &&
                SAY(sums.lost == 0 && sums.unstarted == 0) &&
                SAY(*(bool *)elsewhere ? sums.elsewhere == 1 : sums.orphans == 1);
    state_close(state);
    return done;
}

/* The last process of the run has let go of every lock, and its account has something left that
 * another cannot see. */
Test(operators, nobody_says_of_another_accounts_run_that_nothing_of_it_is_left)
{
    char run[STATE_RUN_SIZE];
    bool elsewhere = false;
    if (!give_to_alice(SHARE_ACT)) {
        return;
    }
    launch_as(ALICE, "exec bash -c 'exec 200>&-; echo up; while :; do sleep 100; done'", run);
    fixture_wait_for(&f, run, "up");
    struct state_run *stored = fixture_load(&f, run);
    cr_assert(kill((pid_t)stored->shim.pid, SIGKILL) == 0);
    cr_assert(waitpid((pid_t)stored->shim.pid, NULL, 0) == stored->shim.pid);
    cr_assert(as(BOB, TEAM, reconcile_here, &elsewhere), "the witness holds its lock");
    cr_assert(setenv("PHASEGATE_TEST_ORPHAN", "1", 1) == 0);
    cr_assert(as(BOB, TEAM, stop_it, run));
    cr_assert(kill((pid_t)stored->child.pid, 0) == 0, "he could not signal it, and did not");
    elsewhere = true;
    pid_t witness = parent_of((pid_t)stored->child.pid);
    cr_assert(kill(witness, SIGKILL) == 0 && waitpid(witness, NULL, 0) == witness);
    cr_assert(as(BOB, TEAM, reconcile_here, &elsewhere));
    cr_assert(fixture_count(&f, FIXTURE_HELD) == 1);
    (void)kill(-(pid_t)stored->child.pid, SIGKILL);
    fixture_wait();
    struct runs_reconciled sums = fixture_reconcile(&f, clock_system());
    cr_assert(sums.lost + sums.replayed == 1, "root can tell");
    state_runs_free(stored, 1);
}

/* ---- who watches keeps nobody out ---- */

static bool cannot_open(const char *name) {
    char *path = memory_format("%s/%s", f.directory, name);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    bool refused = descriptor < 0 && errno == EACCES;
    free(path);
    return refused;
}

static bool leave_a_transaction_open(void *run) {
    struct error error = {0};
    char *lock = memory_format("runs/%s/child.lock", (char *)run);
    bool good = SAY(cannot_open("state.db")) && SAY(cannot_open("state.db-journal")) &&
                SAY(cannot_open(lock));
    struct state *state = state_open(f.directory, STATE_READ, &error);
    good = good && SAY(state != NULL) && SAY(state_copy_at(state) > 0) &&
           SAY(state_read_begin(state, &error));
    if (!good) {
        (void)fprintf(stderr, "%s\n", error.text);
        return false;
    }
    free(lock);
    (void)raise(SIGSTOP); /* for ever: what he holds now, he holds */
    return good;
}

Test(operators, a_watcher_with_a_transaction_open_keeps_no_writer_out)
{
    char run[STATE_RUN_SIZE];
    int status;
    if (!give_to_alice(SHARE_WATCH)) {
        return;
    }
    launch_as(ALICE, "echo up; while :; do sleep 100; done", run);
    fixture_wait_for(&f, run, "up");
    pid_t watcher = fork();
    if (watcher == 0) {
        _exit(become(BOB, TEAM) && leave_a_transaction_open(run) ? 0 : 1);
    }
    cr_assert(waitpid(watcher, &status, WUNTRACED) == watcher && WIFSTOPPED(status));
    state_set_patience(f.state, 0);
    cr_assert(state_mark_put(f.state, &fixture_person, "g", true, "not yet, Bob", 1, &f.error),
              "%s", f.error.text);
    (void)kill(watcher, SIGKILL);
    cr_assert(waitpid(watcher, &status, 0) == watcher);
    struct runs_stop_selector selector = {.run = run};
    size_t asked;
    state_set_patience(f.state, 60000);
    cr_assert(
        runs_stop(f.state, &fixture_person, clock_system(), &selector, "over", &asked, &f.error));
    fixture_wait();
}

static bool see_hold(void *context) {
    int *pipes = context;
    struct error error = {0};
    char word;
    size_t count;
    struct state *state = state_open(f.directory, STATE_READ, &error);
    if (!SAY(state != NULL)) {
        return false;
    }
    (void)state_changed(state);
    int64_t first = state_copy_at(state);
    (void)(write(pipes[1], "r", 1) + read(pipes[2], &word, 1));
    struct state_mark *marks = NULL;
    bool good = SAY(state_changed(state)) &&
                SAY((marks = state_marks(state, 0, &count, &error)) != NULL) && SAY(count == 1) &&
                SAY(state_copy_at(state) >= first) && SAY(!state_changed(state));
    state_marks_free(marks, good ? count : 0);
    state_close(state);
    return good;
}

Test(operators, a_watcher_sees_what_is_published_next)
{
    int there[2];
    int back[2];
    int status;
    char word;
    if (!give_to_alice(SHARE_WATCH)) {
        return;
    }
    cr_assert(state_copy_publish(f.state, &f.error), "root may: %s", f.error.text);
    cr_assert(pipe(there) == 0 && pipe(back) == 0);
    int pipes[] = {there[0], there[1], back[0]};
    pid_t watcher = fork();
    if (watcher == 0) {
        _exit(become(BOB, TEAM) && see_hold(pipes) ? 0 : 1);
    }
    cr_assert(read(there[0], &word, 1) == 1);
    cr_assert(state_mark_put(f.state, &fixture_person, "g", true, "seen next", 1, &f.error));
    cr_assert(state_copy_keep_up(f.state, &f.error), "%s", f.error.text);
    cr_assert(write(back[1], "x", 1) == 1);
    cr_assert(waitpid(watcher, &status, 0) == watcher && WIFEXITED(status) &&
              WEXITSTATUS(status) == 0);
}

Test(operators, what_is_not_shared_for_watching_leaves_no_copy)
{
    share_as(SHARE_WATCH, getegid());
    cr_assert(state_copy_publish(f.state, &f.error), "%s", f.error.text);
    cr_assert(mode_of(NULL, STATE_COPY) == 0640);
    share_as(SHARE_ACT, (gid_t)-1);
    cr_assert(state_copy_publish(f.state, &f.error), "%s", f.error.text);
    char *path = file_join(f.directory, STATE_COPY);
    cr_assert(access(path, F_OK) != 0);
    free(path);
}

static bool watch_nothing(void *unused) {
    struct error error = {0};
    (void)unused;
    return SAY(state_open(f.directory, STATE_READ, &error) == NULL) &&
           SAY(error.code == EXIT_TEMPORARY) &&
           SAY(strstr(error.text, "nothing was published there yet") != NULL);
}

Test(operators, before_anything_was_published_a_watcher_is_told_so)
{
    if (!give_to_alice(SHARE_WATCH)) {
        return;
    }
    cr_assert(as(BOB, TEAM, watch_nothing, NULL));
}

/* ---- whose it is ---- */

static bool open_refused(const char *directory, const char *says) {
    struct error error = {0};
    static const enum state_access accesses[] = {STATE_READ, STATE_WRITE};
    bool good = true;
    for (size_t i = 0; i < 2; i++) {
        struct state *state = state_open(directory, accesses[i], &error);
        good = SAY(state == NULL) && SAY(strstr(error.text, says) != NULL) && good;
        if (!good) {
            (void)fprintf(stderr, "%s\n", error.text);
        }
        state_close(state);
    }
    return good;
}

static bool act_of_bob(void *unused) {
    struct error error = {0};
    (void)unused;
    struct state *state = state_open(f.directory, STATE_WRITE, &error);
    bool good = SAY(state != NULL);
    if (!good) {
        (void)fprintf(stderr, "%s\n", error.text);
    }
    state_close(state);
    return good;
}

Test(operators, a_parent_that_others_write_in_is_refused_with_who_and_what_to_do)
{
    if (!give_to_alice(SHARE_ACT)) {
        return;
    }
    char *parent = file_join(f.root, "srv");
    char *moved = file_join(parent, "nba");
    state_close(f.state);
    f.state = NULL;
    cr_assert(mkdir(parent, 0755) == 0 && rename(f.directory, moved) == 0);
    (void)snprintf(f.directory, sizeof f.directory, "%s", moved);
    cr_assert(chown(parent, ALICE, TEAM) == 0 && chmod(parent, 02750) == 0);
    cr_assert(as(BOB, TEAM, act_of_bob, NULL), "the parent is the owner's");
    cr_assert(chown(parent, 0, TEAM) == 0 && chmod(parent, 02750) == 0);
    cr_assert(as(BOB, TEAM, act_of_bob, NULL), "or root's");
    cr_assert(chmod(parent, 02770) == 0);
    cr_assert(open_refused(f.directory, "its group may write in /tmp/phasegate-runs-"));
    cr_assert(chmod(parent, 0777) == 0);
    cr_assert(open_refused(f.directory, "everybody may write in"));
    cr_assert(chmod(parent, 01777) == 0);
    cr_assert(open_refused(f.directory, "whoever came first"));
    cr_assert(chown(parent, EVE, TEAM) == 0 && chmod(parent, 0755) == 0);
    cr_assert(open_refused(f.directory, "belongs to uid 60003, who could put another"));
    free(moved);
    free(parent);
}

Test(operators, a_link_on_the_way_is_looked_at_where_it_stands)
{
    char *own = file_join(f.root, "own");
    char *open_to_all = file_join(f.root, "open");
    char *good = file_join(own, "state");
    char *bad = file_join(open_to_all, "state");
    cr_assert(mkdir(own, 0700) == 0 && mkdir(open_to_all, 0700) == 0);
    cr_assert(chmod(open_to_all, 0777) == 0);
    cr_assert(symlink(f.directory, good) == 0 && symlink(f.directory, bad) == 0);
    struct state *state = state_open(good, STATE_WRITE, &f.error);
    cr_assert(state != NULL, "%s", f.error.text);
    state_close(state);
    cr_assert(open_refused(bad, "everybody may write in"));
    free(bad);
    free(good);
    free(open_to_all);
    free(own);
}

Test(operators, what_another_laid_in_the_directory_is_not_opened)
{
    char *path = file_join(f.directory, "state.db");
    char *aside = file_join(f.root, "aside");
    char *runs = file_join(f.directory, "runs");
    state_close(f.state);
    f.state = NULL;
    cr_assert(rename(path, aside) == 0);
    cr_assert(mkfifo(path, 0600) == 0);
    cr_assert(open_refused(f.directory, "is not believed"));
    cr_assert(unlink(path) == 0 && symlink(aside, path) == 0);
    cr_assert(open_refused(f.directory, "is not believed"));
    cr_assert(unlink(path) == 0 && link(aside, path) == 0);
    cr_assert(open_refused(f.directory, "is not believed"), "of two names");
    cr_assert(unlink(aside) == 0 && chmod(path, 0666) == 0);
    struct state *state = state_open(f.directory, STATE_WRITE, &f.error);
    cr_assert(state != NULL && mode_of(NULL, "state.db") == 0600, "%s", f.error.text);
    state_close(state);
    cr_assert(symlink("/tmp", runs) == 0);
    cr_assert(open_refused(f.directory, "runs is not believed"));
    cr_assert(unlink(runs) == 0);
    if (geteuid() == 0) {
        cr_assert(chown(path, EVE, STRANGERS) == 0);
        cr_assert(chown(f.directory, ALICE, TEAM) == 0);
        cr_assert(open_refused(f.directory, "belongs to uid 60003, and the directory around it"));
    } else {
        cr_log_warn("REDUCED: without root nothing can be given to another account");
    }
    free(runs);
    free(aside);
    free(path);
}
