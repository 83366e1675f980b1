/* At the moment a run ends its disk is full, its directory read-only, or its state file locked: the
 * shim waits and tries again, the run counts as live, and its status is the true one in the end. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "fixture.h"
#include "kin.h"
#include "place.h"

static struct fixture f;

static char *path_in(const char *run, const char *name) {
    return memory_format("%s/runs/%s/%s", f.directory, run, name);
}

static int watch_directory(const char *run) {
    char *directory = path_in(run, "");
    int watch = inotify_init1(IN_CLOEXEC);
    PLACE_MUST(inotify_add_watch(watch, directory, IN_CREATE | IN_MODIFY | IN_MOVED_TO) >= 0,
               "inotify");
    free(directory);
    return watch;
}

/* Waits until something happens to that file; whatever happened since the watch began counts. */
static void wait_for_touch(int watch, const char *name) {
    for (bool seen = false; !seen;) {
        _Alignas(struct inotify_event) char events[4096];
        struct pollfd waiting = {.fd = watch, .events = POLLIN};
        PLACE_MUST(poll(&waiting, 1, 120000) == 1, "%s was not touched", name);
        ssize_t size = read(watch, events, sizeof events);
        for (ssize_t at = 0; at < size;) {
            const struct inotify_event *event = (const struct inotify_event *)(events + at);
            seen = seen || (event->len > 0 && strcmp(event->name, name) == 0);
            at += (ssize_t)(sizeof *event + event->len);
        }
    }
}

static void start_waiting(char run[STATE_RUN_SIZE]) {
    fixture_start(&f, "echo up; while [ ! -e go ]; do sleep 0.01; done; exit 7", run);
    fixture_wait_for(&f, run, "up");
}

static void expect_live(void) {
    struct runs_reconciled sums = fixture_reconcile(&f, clock_system());
    PLACE_MUST(sums.live == 1 && sums.lost + sums.replayed + sums.orphans == 0,
               "the run is not said to live");
}

static void expect_end(const char *run, const char *recorded_by) {
    struct state_run *stored = fixture_load(&f, run);
    PLACE_MUST(stored->outcome == STATE_OUTCOME_FAILED && stored->exit_code == 7, "%s, exit %d",
               state_outcome_word(stored->outcome), stored->exit_code);
    PLACE_MUST(strcmp(stored->recorded_by, recorded_by) == 0, "%s", stored->recorded_by);
    state_runs_free(stored, 1);
    PLACE_MUST(fixture_count(&f, FIXTURE_HELD) == 0, "claims are left");
}

static void limit_files(pid_t pid, rlim_t size) {
    struct rlimit limit = {size, RLIM_INFINITY};
    PLACE_MUST(prlimit(pid, RLIMIT_FSIZE, &limit, NULL) == 0, "prlimit");
}

static void limit_supervisors(rlim_t size) {
    static struct kin kin[KIN_MOST];
    size_t count = kin_list(kin);
    for (size_t i = 0; i < count; i++) {
        if (kin_supervises(&kin[i])) {
            limit_files(kin[i].pid, size);
        }
    }
}

/* ---- no byte can be written ---- */

Test(disk, that_takes_no_byte_at_the_end_is_waited_for, .timeout = 600)
{
    char run[STATE_RUN_SIZE];
    fixture_open(&f);
    (void)signal(SIGXFSZ, SIG_IGN); /* inherited: a write fails as it does on a full disk */
    start_waiting(run);
    int watch = watch_directory(run);
    limit_supervisors(0);
    fixture_let_go(&f);
    wait_for_touch(watch, "exit.json.tmp");
    expect_live();
    limit_supervisors(RLIM_INFINITY);
    fixture_wait();
    expect_end(run, "shim");
    (void)close(watch);
    fixture_close(&f);
}

Test(disk, that_takes_no_byte_until_the_shim_is_killed_leaves_the_status_to_the_witness,
     .timeout = 600)
{
    char run[STATE_RUN_SIZE];
    fixture_open(&f);
    (void)signal(SIGXFSZ, SIG_IGN);
    start_waiting(run);
    int watch = watch_directory(run);
    struct state_run *stored = fixture_load(&f, run);
    limit_files((pid_t)stored->shim.pid, 0);
    fixture_let_go(&f);
    wait_for_touch(watch, "exit.json.tmp");
    cr_assert(kill((pid_t)stored->shim.pid, SIGKILL) == 0);
    state_runs_free(stored, 1);
    fixture_wait();
    (void)fixture_reconcile(&f, clock_system());
    expect_end(run, "replay");
    (void)close(watch);
    fixture_close(&f);
}

/* ---- a file system of its own, full ---- */

enum { DISK_BYTES = 4 * 1024 * 1024 };

/* A state directory on a disk of its own. */
static void open_on_disk(void) {
    fixture_open(&f);
    state_close(f.state);
    place_mount(f.directory, DISK_BYTES);
    f.state = state_open(f.directory, STATE_WRITE, &f.error);
    PLACE_MUST(f.state != NULL, "%s", f.error.text);
    state_set_patience(f.state, 60000);
}

/* To the last byte. */
static void fill_disk(void) {
    static char block[4096];
    char *path = file_join(f.directory, "ballast");
    int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    PLACE_MUST(descriptor >= 0, "ballast");
    while (file_write_all(descriptor, block, sizeof block)) {
    }
    while (file_write_all(descriptor, block, 1)) {
    }
    (void)close(descriptor);
    free(path);
}

static void free_disk(void) {
    char *path = file_join(f.directory, "ballast");
    PLACE_MUST(unlink(path) == 0, "ballast");
    free(path);
}

/* An empty file needs no room. */
static void let_go_on_a_full_disk(void) {
    char *path = file_join(f.directory, "go");
    int descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    PLACE_MUST(descriptor >= 0, "go");
    (void)close(descriptor);
    free(path);
}

static void end_on_a_full_disk(void) {
    char run[STATE_RUN_SIZE];
    open_on_disk();
    start_waiting(run);
    int watch = watch_directory(run);
    fill_disk();
    let_go_on_a_full_disk();
    wait_for_touch(watch, "exit.json.tmp");
    expect_live();
    free_disk();
    fixture_wait();
    expect_end(run, "shim");
}

Test(disk, that_is_full_at_the_end_is_waited_for, .timeout = 600)
{ cr_assert(place_run(PLACE_MOUNTS, end_on_a_full_disk) != PLACE_BROKEN); }

/* The command fills the disk with its own log, and goes on when there is room again. */
static void fill_with_a_log(void) {
    char run[STATE_RUN_SIZE];
    open_on_disk();
    fixture_start(&f,
                  "echo up; while [ ! -e go ]; do sleep 0.01; done; "
                  "while head -c 65536 /dev/zero 2>/dev/null; do :; done; : >full; "
                  "while ! echo again 2>/dev/null; do sleep 0.01; done; exit 7",
                  run);
    fixture_wait_for(&f, run, "up");
    fixture_let_go(&f);
    char *log = path_in(run, "out.log");
    /* It says so itself: whoever made room before it met the full disk would be filled again. */
    char *full = file_join(f.directory, "full");
    while (access(full, F_OK) != 0) {
        (void)poll(NULL, 0, 10);
    }
    free(full);
    expect_live();
    PLACE_MUST(truncate(log, 0) == 0, "truncate");
    fixture_wait();
    expect_end(run, "shim");
    char *said = fixture_read(&f, run, "out.log");
    PLACE_MUST(strstr(said, "again") != NULL, "%s", said);
    free(said);
    free(log);
}

Test(disk, that_a_log_filled_stops_no_supervision, .timeout = 600)
{ cr_assert(place_run(PLACE_MOUNTS, fill_with_a_log) != PLACE_BROKEN); }

/* ---- a directory that is read-only ---- */

static void set_modes(const char *run, mode_t directory_mode, mode_t journal_mode) {
    char *run_directory = path_in(run, "");
    char *journal = file_join(f.directory, "state.db-journal");
    PLACE_MUST(chmod(run_directory, directory_mode) == 0 && chmod(journal, journal_mode) == 0,
               "chmod");
    free(journal);
    free(run_directory);
}

static void end_in_a_read_only_directory(void) {
    char run[STATE_RUN_SIZE];
    fixture_open(&f);
    if (access(getenv("PHASEGATE_SHIM"), X_OK) != 0) {
        (void)fprintf(stderr, "not permitted here: nobody cannot start the shim\n");
        _exit(0);
    }
    start_waiting(run);
    int watch = watch_directory(run);
    set_modes(run, 0500, 0400);
    fixture_let_go(&f);
    for (bool tried = false; !tried;) {
        wait_for_touch(watch, "shim.log");
        char *said = fixture_read(&f, run, "shim.log");
        tried = strstr(said, "cannot record the end, trying again") != NULL;
        free(said);
    }
    expect_live();
    set_modes(run, 0700, 0600);
    fixture_wait();
    expect_end(run, "shim");
    fixture_close(&f);
}

Test(disk, that_is_read_only_at_the_end_is_waited_for, .timeout = 600)
{ cr_assert(place_run(PLACE_UNPRIVILEGED, end_in_a_read_only_directory) != PLACE_BROKEN); }
