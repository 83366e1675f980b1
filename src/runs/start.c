#include "runs/start.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/environment.h"
#include "base/memory.h"
#include "runs/record.h"
#include "runs/runs_shim.h"

enum { SHIM_WORD_MS = 20000, SCOPE_MS = 10000 };

/* Starts the shim with its end of the status pipe at RUNS_SHIM_STATUS and no signal blocked. */
static bool spawn(char *const *argv, int status, pid_t *pid, struct error *error) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    (void)sigemptyset(&none);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    (void)posix_spawn_file_actions_adddup2(&actions, status, RUNS_SHIM_STATUS);
    char **environment = environment_of_caller();
    int reason = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environment);
    free(environment);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    return reason == 0 || error_set_errno(error, EXIT_OS, reason, "cannot start %s", argv[0]);
}

/* The shim forks and leaves at once; what remains is nobody's child. */
static bool spawn_plain(const char *shim, const char *directory, int status, struct error *error) {
    char *argv[] = {(char *)shim, (char *)directory, NULL};
    pid_t pid;
    if (!spawn(argv, status, &pid, error)) {
        return false;
    }
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
    return true;
}

/* Whether the process ended with 0 in time; else it is killed. */
static bool ends_well(pid_t pid) {
    int status = -1;
    struct pollfd waiting = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    bool in_time = poll(&waiting, 1, SCOPE_MS) == 1;
    if (!in_time) {
        (void)kill(pid, SIGKILL);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (waiting.fd >= 0) {
        (void)close(waiting.fd);
    }
    return in_time && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* systemd-run becomes the shim, once it has put itself into the scope. Should both it and the plain
 * way start one, the run is taken by one only. Delegate: the shim divides the scope (cgroup.h). */
static bool spawn_in_scope(const char *shim, const char *run, const char *directory, int status) {
    struct error error;
    pid_t pid;
    char *unit = memory_format("--unit=phasegate-%s", run);
    char *argv[] = {"systemd-run", "--user",       "--scope",
                    "--quiet",     "-p",           "CollectMode=inactive-or-failed",
                    "-p",          "Delegate=yes", unit,
                    "--",          (char *)shim,   (char *)directory,
                    NULL};
    bool done = spawn(argv, status, &pid, &error) && ends_well(pid);
    free(unit);
    return done;
}

int start_shim(const char *shim, const char *run, const char *run_directory,
               const struct runs_session *session, struct error *error) {
    int status[2];
    if (pipe2(status, O_CLOEXEC) != 0) {
        (void)error_set_errno(error, EXIT_OS, errno, "cannot make a pipe");
        return -1;
    }
    bool done = (session->scope && spawn_in_scope(shim, run, run_directory, status[1])) ||
                spawn_plain(shim, run_directory, status[1], error);
    (void)close(status[1]);
    if (!done) {
        (void)close(status[0]);
    }
    return done ? status[0] : -1;
}

/* The one line of the shim, without its newline; empty when it said nothing in time. */
static void read_word(int descriptor, const struct clock *clock, char *line, size_t size) {
    size_t used = 0;
    int64_t give_up = clock_boot_ns(clock) + (int64_t)SHIM_WORD_MS * 1000000;
    for (;;) {
        int64_t left = (give_up - clock_boot_ns(clock)) / 1000000;
        struct pollfd waiting = {.fd = descriptor, .events = POLLIN};
        if (left <= 0 || used + 1 >= size || poll(&waiting, 1, (int)left) == 0) {
            break;
        }
        ssize_t count = read(descriptor, line + used, size - used - 1);
        if (count == 0 || (count < 0 && errno != EINTR)) {
            break;
        }
        used += count > 0 ? (size_t)count : 0;
        if (used > 0 && line[used - 1] == '\n') {
            used--;
            break;
        }
    }
    line[used] = '\0';
}

/* A run whose shim never came to be ends here: nobody else knows why. */
void start_give_up(struct state *state, const struct runs_launcher *launcher,
                   struct runs_started *started, const char *why) {
    struct error error;
    bool done;
    struct record record = {.outcome = STATE_OUTCOME_SPAWN_ERROR,
                            .never_taken = true,
                            .spawn_error = memory_copy_string(why),
                            .ended_at = clock_wall_ms(launcher->clock)};
    started->problem = memory_copy_string(why);
    /* Should this fail too, the reconciler finds it claimed without a shim. */
    (void)record_store(state, &launcher->actor, started->run, &record, "reconciler", NULL, &done,
                       &error);
    record_clear(&record);
}

void start_take_word(int descriptor, struct state *state, const struct runs_launcher *launcher,
                     struct runs_started *started) {
    char line[1024];
    static const char running[] = "running ";
    static const char failed[] = "error ";
    read_word(descriptor, launcher->clock, line, sizeof line);
    (void)close(descriptor);

    if (strncmp(line, running, sizeof running - 1) == 0) {
        started->running = true;
        started->pid = strtoll(line + sizeof running - 1, NULL, 10);
        return;
    }
    if (strncmp(line, failed, sizeof failed - 1) == 0) {
        /* It has ended, before it took the run or with the end recorded. */
        start_give_up(state, launcher, started, line + sizeof failed - 1);
        return;
    }
    const char *space = strchr(line, ' ');
    started->problem =
        space == NULL
            ? memory_copy_string("its shim said nothing; see shim.log in the run's directory")
            : memory_copy_string(space + 1);
}
