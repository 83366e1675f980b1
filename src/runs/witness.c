#include "runs/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/command.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/share.h"
#include "runs/lock.h"
#include "runs/record.h"
#include "runs/spec.h"

enum { EXIT_NOT_LET_GO = 125, NEVER_LET_GO = -1 };

/* All descriptors that pass between the three processes. */
struct wires {
    int report[2], gate[2], release[2], failure[2];
    int witness_lock, child_lock, log;
};

static void close_one(int *descriptor) {
    if (*descriptor >= 0) {
        (void)close(*descriptor);
        *descriptor = -1;
    }
}

static void close_wires(struct wires *wires) {
    int *all[] = {&wires->report[0],    &wires->report[1],  &wires->gate[0],    &wires->gate[1],
                  &wires->release[0],   &wires->release[1], &wires->failure[0], &wires->failure[1],
                  &wires->witness_lock, &wires->child_lock, &wires->log};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        close_one(all[i]);
    }
}

static bool open_wires(const char *run_directory, struct wires *wires, struct error *error) {
    *wires = (struct wires){{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}, -1, -1, -1};
    char *log = file_join(run_directory, SPEC_OUT_LOG);
    bool done = pipe2(wires->report, O_CLOEXEC) == 0 && pipe2(wires->gate, O_CLOEXEC) == 0 &&
                pipe2(wires->release, O_CLOEXEC) == 0 && pipe2(wires->failure, O_CLOEXEC) == 0;
    if (done) {
        wires->log = share_open(log, O_WRONLY | O_CREAT | O_APPEND, SHARE_FILE);
        wires->witness_lock = lock_take(run_directory, SPEC_WITNESS_LOCK);
        wires->child_lock = lock_take(run_directory, SPEC_CHILD_LOCK);
        done = wires->log >= 0 && wires->witness_lock >= 0 && wires->child_lock >= 0;
    }
    if (!done) {
        (void)error_set_errno(error, EXIT_OS, errno, "cannot prepare the files in %s",
                              run_directory);
        close_wires(wires);
    }
    free(log);
    return done;
}

/* ---- the command, before it is one ---- */

/* So that the kernel, out of memory, takes the command before the shim. */
static void offer_to_oom_killer(void) {
    int descriptor = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (descriptor >= 0) {
        (void)file_write_all(descriptor, "300", 3);
        (void)close(descriptor);
    }
}

static void reset_signals(const sigset_t *mask) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int signal = 1; signal < NSIG; signal++) {
        (void)sigaction(signal, &standard, NULL);
    }
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
}

/* execvp without its habit of giving what it cannot execute to a shell. */
static void execute(char *const *argv) {
    const char *path = getenv("PATH");
    struct text rest = text_of(path == NULL ? "/usr/local/bin:/usr/bin:/bin" : path);
    int reason = ENOENT;
    if (strchr(argv[0], '/') != NULL) {
        (void)execve(argv[0], argv, environ);
        return;
    }
    while (rest.size > 0) {
        struct text part = text_cut(&rest, ':');
        char *file = memory_format("%.*s/%s", part.size == 0 ? 1 : (int)part.size,
                                   part.size == 0 ? "." : part.data, argv[0]);
        (void)execve(file, argv, environ);
        reason = errno == ENOENT || errno == ENOTDIR ? reason : errno;
        free(file);
    }
    errno = reason;
}

static void set_environment(const struct witness_job *job) {
    (void)setenv("PYTHONUNBUFFERED", "1", 0);
    for (char *const *entry = job->environment; *entry != NULL; entry++) {
        const char *equals = strchr(*entry, '=');
        if (equals != NULL) {
            char *name = memory_copy_part(*entry, (size_t)(equals - *entry));
            (void)setenv(name, equals + 1, 1);
            free(name);
        }
    }
    (void)setenv("PHASEGATE_RUN_ID", job->run, 1);
}

static bool place_descriptors(const struct wires *wires) {
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
           dup2(wires->log, STDOUT_FILENO) >= 0 && dup2(wires->log, STDERR_FILENO) >= 0 &&
           dup2(wires->child_lock, WITNESS_CHILD_LOCK) >= 0;
}

static _Noreturn void be_command(const struct witness_job *job, struct wires *wires) {
    char go;
    int reason = NEVER_LET_GO;
    (void)setsid();
    close_one(&wires->gate[1]);
    close_one(&wires->witness_lock);
    close_one(&wires->report[1]);
    close_one(&wires->release[0]);
    reset_signals(job->mask);
    offer_to_oom_killer();
    if (!cgroup_enter(job->cgroup)) {
        (void)fprintf(stderr, "witness: cannot enter %s: %s\n", job->cgroup->path, strerror(errno));
    }
    set_environment(job);
    if (read(wires->gate[0], &go, 1) == 1) {
        if (place_descriptors(wires) && chdir(job->directory) == 0) {
            execute(job->argv);
        }
        reason = errno;
    }
    (void)file_write_all(wires->failure[1], (const char *)&reason, sizeof reason);
    _exit(EXIT_NOT_LET_GO);
}

/* ---- the witness ---- */

static void report(struct wires *wires, enum witness_word word, int value) {
    struct witness_report said = {word, value};
    /* The shim may be gone: then wait.json is all there is. */
    (void)file_write_all(wires->report[1], (const char *)&said, sizeof said);
}

static void write_wait(const struct witness_job *job, const struct record *record) {
    struct error error;
    if (!record_write(job->run_directory, SPEC_WAIT, job->run, record, &error)) {
        (void)fprintf(stderr, "witness: %s\n", error.text);
    }
}

static int read_failure(struct wires *wires) {
    int reason = 0;
    ssize_t size;
    do {
        size = read(wires->failure[0], &reason, sizeof reason);
    } while (size < 0 && errno == EINTR);
    return size == (ssize_t)sizeof reason ? reason : 0;
}

char *witness_refusal(const char *directory, char *const *argv, char *const *environment,
                      int reason) {
    static const int of_files[] = {ENOENT, ENOTDIR, EACCES, ENOEXEC};
    char *fault = NULL;
    for (size_t i = 0; i < sizeof of_files / sizeof *of_files; i++) {
        if (reason == of_files[i]) {
            fault =
                command_fault(&(const struct command_place){directory, argv[0],
                                                            command_variable(environment, "PATH")},
                              NULL);
        }
    }
    return fault != NULL ? fault : memory_format("%s: %s", argv[0], strerror(reason));
}

static void watch_failure(const struct witness_job *job, struct wires *wires, int reason) {
    struct record record = {.step = job->step, .ended_at = clock_wall_ms(clock_system())};
    record.outcome = STATE_OUTCOME_SPAWN_ERROR;
    record.spawn_error = reason == NEVER_LET_GO
                             ? memory_copy_string("its shim ended before the command was let go")
                             : witness_refusal(job->directory, job->argv, job->environment, reason);
    write_wait(job, &record);
    record_clear(&record);
    report(wires, WITNESS_NOT_STARTED, reason == NEVER_LET_GO ? 0 : reason);
}

static void watch_command(const struct witness_job *job, struct wires *wires, pid_t command) {
    siginfo_t ignored;
    int status;
    char nothing;
    report(wires, WITNESS_STARTED, 0);
    runs_shim_fault("witness-started");
    /* Seen, not yet reaped: its pid, and so its group, stay its own until the shim has swept. */
    while (waitid(P_PID, (id_t)command, &ignored, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
    runs_shim_fault("witness-exited");
    status = ignored.si_code == CLD_EXITED ? W_EXITCODE(ignored.si_status, 0)
                                           : W_EXITCODE(0, ignored.si_status) |
                                                 (ignored.si_code == CLD_DUMPED ? WCOREFLAG : 0);
    struct record record = {.has_wait_status = true,
                            .wait_status = status,
                            .step = job->step,
                            .ended_at = clock_wall_ms(clock_system())};
    write_wait(job, &record);
    runs_shim_fault("witness-written");
    report(wires, WITNESS_EXITED, status);
    while (read(wires->release[0], &nothing, 1) < 0 && errno == EINTR) {
    }
}

/* Looks different from a shim in a list of processes, so that a kill by name, "phasegate" even,
 * does not take both. */
static void rename_process(const struct witness_job *job) {
    (void)prctl(PR_SET_NAME, "run-witness", 0, 0, 0);
    runs_shim_retitle(job->title, "run-witness", job->run);
}

static _Noreturn void be_witness(const struct witness_job *job, struct wires *wires) {
    pid_t command = fork();
    if (command == 0) {
        be_command(job, wires);
    }
    close_one(&wires->gate[0]);
    close_one(&wires->gate[1]);
    close_one(&wires->failure[1]);
    close_one(&wires->child_lock);
    close_one(&wires->log);
    rename_process(job);
    if (command < 0) {
        watch_failure(job, wires, errno);
        _exit(1);
    }
    runs_shim_fault("witness-forked");
    report(wires, WITNESS_FORKED, (int)command);
    runs_shim_fault("witness-told");
    int reason = read_failure(wires);
    if (reason != 0) {
        watch_failure(job, wires, reason);
    } else {
        watch_command(job, wires, command);
    }
    while (waitpid(command, NULL, 0) < 0 && errno == EINTR) {
    }
    _exit(0);
}

bool witness_start(const struct witness_job *job, struct witness *witness, struct error *error) {
    struct wires wires;
    if (!open_wires(job->run_directory, &wires, error)) {
        return false;
    }
    pid_t pid = fork();
    if (pid == 0) {
        for (size_t i = 0; i < job->leave_count; i++) {
            (void)close(job->leave[i]);
        }
        close_one(&wires.report[0]);
        close_one(&wires.release[1]);
        be_witness(job, &wires);
    }
    if (pid < 0) {
        (void)error_set_errno(error, EXIT_OS, errno, "cannot start a process");
        close_wires(&wires);
        return false;
    }
    *witness = (struct witness){pid, wires.report[0], wires.gate[1], wires.release[1]};
    wires.report[0] = wires.gate[1] = wires.release[1] = -1;
    close_wires(&wires);
    return true;
}

void witness_close(struct witness *witness) {
    close_one(&witness->report);
    close_one(&witness->gate);
    close_one(&witness->release);
}
