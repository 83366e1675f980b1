/* The shim's life: detach, lock, take the run, its steps one after the other, record the end. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/share.h"
#include "runs/lock.h"
#include "runs/runner.h"
#include "runs/shim.h"

enum { TAKE_PATIENCE_MS = 15000, END_PATIENCE_MS = 60000, END_TRIES_MS = 600000, NAP_MS = 1000 };

const char *runs_shim_test(const char *variable) {
    const char *testing = getenv("PHASEGATE_TEST");
    return testing != NULL && strcmp(testing, "1") == 0 ? getenv(variable) : NULL;
}

void runs_shim_fault(const char *point) {
    const char *fault = runs_shim_test("PHASEGATE_TEST_FAULT");
    if (fault != NULL && strcmp(fault, point) == 0) {
        (void)raise(SIGKILL);
    }
}

void runs_shim_retitle(const struct runs_title *title, const char *name, const char *run) {
    if (title->size > 0) {
        memset(title->start, 0, title->size);
        (void)snprintf(title->start, title->size, "%s %s", name, run);
    }
}

void shim_log(const char *format, ...) {
    char at[CLOCK_UTC_SIZE];
    va_list arguments;
    (void)fprintf(stderr, "%s ", clock_format_utc(clock_wall_ms(clock_system()), at));
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
}

void shim_tell(struct shim *shim, const char *format, ...) {
    char line[1024];
    va_list arguments;
    if (shim->status < 0) {
        return;
    }
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    size_t size = length < 0 ? 0 : (size_t)length;
    size = size < sizeof line - 1 ? size : sizeof line - 2;
    line[size] = '\n';
    (void)file_write_all(shim->status, line, size + 1);
    (void)close(shim->status);
    shim->status = -1;
}

/* Away from the launcher: own session and no way back to a terminal, nothing of its files. */
static bool detach(const char *run_directory) {
    char *log_path = file_join(run_directory, SPEC_SHIM_LOG);
    bool done = false;
    (void)setsid();
    pid_t child = fork();
    if (child > 0) {
        _exit(0);
    }
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    int log = share_open(log_path, O_WRONLY | O_CREAT | O_APPEND, SHARE_FILE);
    if (child == 0 && nothing >= 0 && log >= 0 && chdir("/") == 0) {
        done = dup2(nothing, STDIN_FILENO) >= 0 && dup2(log, STDOUT_FILENO) >= 0 &&
               dup2(log, STDERR_FILENO) >= 0;
        (void)fcntl(RUNS_SHIM_STATUS, F_SETFD, FD_CLOEXEC);
        (void)close_range(RUNS_SHIM_STATUS + 1, ~0U, 0);
        (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    }
    free(log_path);
    return done;
}

static int open_control(const char *run_directory) {
    char *path = file_join(run_directory, SPEC_CONTROL);
    int descriptor = -1;
    if (mkfifo(path, 0600) == 0 || errno == EEXIST) {
        (void)share_adopt(path, SHARE_POKED);
        /* Read and write: pokes that come before somebody reads are kept. */
        descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    }
    free(path);
    return descriptor;
}

static int open_signals(sigset_t *inherited) {
    sigset_t wanted;
    (void)sigemptyset(&wanted);
    (void)sigaddset(&wanted, SIGCHLD);
    (void)sigaddset(&wanted, SIGTERM);
    (void)sigaddset(&wanted, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &wanted, NULL);
    /* The command starts with nothing blocked, whatever the launcher had. */
    (void)sigemptyset(inherited);
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* Lock, files, state file, and the run itself; false after telling the launcher why not. */
static bool prepare(struct shim *shim) {
    struct error error = {0};
    bool taken = false;
    runs_shim_fault("start");
    shim->signals = open_signals(&shim->mask);
    shim->control = open_control(shim->run_directory);
    shim->lock = lock_take(shim->run_directory, SPEC_SHIM_LOCK);
    if (shim->signals < 0 || shim->control < 0 || shim->lock < 0) {
        shim_tell(shim, "error cannot prepare %s: %s", shim->run_directory, strerror(errno));
        return false;
    }
    runs_shim_fault("locked");
    shim->spec = spec_read_own(shim->run_directory, &error);
    if (shim->spec == NULL) {
        shim_tell(shim, "error %s", error.text);
        return false;
    }
    char *place = memory_format("%s/runs/%s", shim->spec->state, shim->spec->run);
    bool fits = strcmp(place, shim->run_directory) == 0;
    free(place);
    if (!fits) {
        shim_tell(shim, "error %s is not where its spec says", shim->run_directory);
        return false;
    }
    shim->state = state_open(shim->spec->state, STATE_WRITE, &error);
    if (shim->state == NULL) {
        shim_tell(shim, "error %s", error.text);
        return false;
    }
    struct state_process self = state_process_self();
    state_set_patience(shim->state, TAKE_PATIENCE_MS);
    if (!state_shim_take(shim->state, shim->spec->run, &self, clock_wall_ms(shim->clock), &taken,
                         &error)) {
        shim_tell(shim, "error %s", error.text);
        return false;
    }
    if (!taken) {
        shim_tell(shim, "refused the run was stopped, or has a shim already");
        return false;
    }
    runs_shim_fault("taken");
    if (shim->spec->adopted.pid == 0) {
        cgroup_make(shim->spec->run, shim->run_directory, &shim->cgroup);
    }
    return true;
}

/* What a runner that reports has not reported is not known, whatever ended here and how. */
static void listen(const struct shim *shim, struct record *record) {
    char *why;
    enum runner_word word = runner_word_of(shim->spec, shim->run_directory, shim->step, &why);
    if (word == RUNNER_NEVER) {
        record->outcome = STATE_OUTCOME_SPAWN_ERROR;
        record->spawn_error = why;
    } else if (word == RUNNER_UNHEARD) {
        record->outcome = STATE_OUTCOME_LOST;
    }
    record->has_wait_status = record->has_wait_status && word == RUNNER_HEARD;
}

static struct record end_of(const struct shim *shim) {
    int status = shim->wait_status == 0 ? shim->failed_status : shim->wait_status;
    struct record record = {.step = shim->step,
                            .steps_failed = shim->steps_failed,
                            .stragglers = shim->stragglers,
                            .out_of_memory = cgroup_ran_out(&shim->cgroup),
                            .has_wait_status = shim->has_wait_status,
                            .wait_status = status,
                            .spawn_error = memory_copy_string(shim->spawn_error),
                            .ended_at = clock_wall_ms(shim->clock)};
    if (shim->spawn_error != NULL) {
        record.outcome = STATE_OUTCOME_SPAWN_ERROR;
        record.has_wait_status = false;
    } else if (shim->adopts) {
        record.adopted = true;
        record.outcome = shim->stop_hit ? STATE_OUTCOME_STOPPED : STATE_OUTCOME_LOST;
    } else if (!shim->has_wait_status) {
        record.outcome = STATE_OUTCOME_STOPPED;
    } else if (shim->stop_hit) {
        record.outcome = shim->timed_out ? STATE_OUTCOME_FAILED : STATE_OUTCOME_STOPPED;
    } else if (shim->stop_asked && shim->step + 1 < shim->spec->step_count) {
        record.outcome = STATE_OUTCOME_STOPPED; /* between two steps */
    } else {
        record.outcome = status == 0 ? STATE_OUTCOME_OK : STATE_OUTCOME_FAILED;
    }
    if (shim->has_wait_status && shim->wait_status != 0) {
        record.steps_failed++;
    }
    if (record.has_wait_status) {
        listen(shim, &record);
    }
    return record;
}

static const char *remark_on(const struct shim *shim, const struct record *record) {
    if (shim->timed_out) {
        return "it had reached its time limit";
    }
    if (shim->stop_asked && record->outcome != STATE_OUTCOME_STOPPED) {
        return "the stop came too late";
    }
    if (record->out_of_memory &&
        !(WIFSIGNALED(record->wait_status) && WTERMSIG(record->wait_status) == SIGKILL)) {
        return "the kernel killed processes of it for want of memory";
    }
    return shim->stragglers > 0 ? "processes that outlived it were ended" : NULL;
}

/* A test has less: PHASEGATE_TEST_HURRY times. */
static int64_t patience_at_end(int64_t ms) {
    const char *hurry = runs_shim_test("PHASEGATE_TEST_HURRY");
    int64_t times = hurry == NULL ? 1 : strtoll(hurry, NULL, 10);
    return times > 1 ? ms / times : ms;
}

/* The run's directory was removed with all that is in it: nobody will ever read an end there. What
 * was moved, or cannot be reached, may come back. */
static bool is_removed(const struct shim *shim) {
    struct stat status;
    return fstat(shim->lock, &status) == 0 && status.st_nlink == 0 &&
           access(shim->run_directory, F_OK) != 0 && errno == ENOENT;
}

void shim_record_end(struct shim *shim) {
    struct record record = end_of(shim);
    shim_watch_log(shim);
    struct state_actor actor = {.name = "shim"};
    int64_t give_up = shim_now(shim) + patience_at_end(END_TRIES_MS) * 1000000;
    bool written = false;
    bool stored = false;
    state_set_patience(shim->state, (int)patience_at_end(END_PATIENCE_MS));
    for (;;) {
        struct error error = {0};
        bool done;
        written = written ||
                  record_write(shim->run_directory, SPEC_EXIT, shim->spec->run, &record, &error);
        runs_shim_fault("written");
        shim_tell_stop(shim);
        stored = record_store(shim->state, &actor, shim->spec->run, &record,
                              record.outcome == STATE_OUTCOME_LOST ? "reconciler" : "shim",
                              remark_on(shim, &record), &done, &error);
        /* What was written will be replayed; what was not is told by nobody else. */
        if (stored || (written && shim_now(shim) >= give_up) || is_removed(shim)) {
            break;
        }
        shim_log("cannot record the end, trying again: %s", error.text);
        int64_t nap_ns = patience_at_end(NAP_MS) * 1000000;
        struct timespec nap = {.tv_sec = nap_ns / 1000000000, .tv_nsec = nap_ns % 1000000000};
        (void)nanosleep(&nap, NULL);
    }
    runs_shim_fault("ended");
    if (record.spawn_error != NULL) {
        shim_tell(shim, "error %s", record.spawn_error);
    }
    record_clear(&record);
}

/* Whether the next step runs: also after one that failed, which is no reason why the dates of the
 * others should be left; but not after one that was killed or of which nobody heard. */
static bool goes_on(struct shim *shim) {
    char *why = NULL;
    struct error error;
    if (shim->spawn_error != NULL || !shim->has_wait_status || shim->stop_asked ||
        shim->step + 1 == shim->spec->step_count) {
        return false;
    }
    if (shim->wait_status == 0) {
        return true;
    }
    bool heard = WIFEXITED(shim->wait_status) &&
                 runner_word_of(shim->spec, shim->run_directory, shim->step, &why) == RUNNER_HEARD;
    free(why);
    if (!heard) {
        return false;
    }
    shim->failed_status = shim->steps_failed == 0 ? shim->wait_status : shim->failed_status;
    shim->steps_failed++;
    char *how = memory_format("exit %d", WEXITSTATUS(shim->wait_status));
    if (!state_shim_step_failed(shim->state, shim->spec->run, shim->step, shim->steps_failed, how,
                                clock_wall_ms(shim->clock), &error)) {
        shim_log("cannot say that command %zu failed: %s", shim->step + 1, error.text);
    }
    free(how);
    return true;
}

static void supervise(struct shim *shim) {
    if (shim->spec->adopted.pid != 0) {
        shim_watch_adopted(shim);
        shim_record_end(shim);
        return;
    }
    for (shim->step = 0;; shim->step++) {
        shim_run_step(shim);
        if (!goes_on(shim)) {
            break;
        }
    }
    shim_record_end(shim);
}

static void leave(struct shim *shim) {
    if (shim->control >= 0) {
        char *path = file_join(shim->run_directory, SPEC_CONTROL);
        (void)unlink(path);
        free(path);
    }
    shim_tell(shim, "refused the run was stopped before it began");
    cgroup_end(&shim->cgroup);
    tree_clear(&shim->tree);
    state_close(shim->state);
    spec_free(shim->spec);
    free(shim->spawn_error);
    free(shim->stop_by);
    free(shim->stop_reason);
    free(shim->run_directory);
}

int runs_shim_main(int argc, char **argv) {
    struct error error;
    if (argc != 2 || argv[1][0] != '/') {
        (void)fputs("phasegate-shim is started by phasegate: phasegate-shim /RUN/DIRECTORY\n",
                    stderr);
        return EXIT_USAGE;
    }
    struct shim shim = {.run_directory = memory_copy_string(argv[1]),
                        .clock = clock_system(),
                        .lock = -1,
                        .control = -1,
                        .signals = -1,
                        .status = RUNS_SHIM_STATUS,
                        .witness = {.report = -1, .gate = -1, .release = -1}};
    shim.title = (struct runs_title){argv[0], (size_t)(argv[1] + strlen(argv[1]) - argv[0])};
    if (!clock_setup(NULL, &error) || !detach(argv[1])) {
        return EXIT_OS;
    }
    bool taken = prepare(&shim);
    if (taken) {
        supervise(&shim);
    }
    leave(&shim);
    return taken ? 0 : EXIT_NO_GO;
}
