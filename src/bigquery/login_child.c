#include "bigquery/login_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/environment.h"
#include "base/memory.h"
#include "bigquery/login_secret.h"

enum { LARGEST_OUTPUT = 65536 };

/* The caller's environment with the settings in front: the first of a name is the one that counts.
 */
static char **add_settings(char *const settings[]) {
    char **inherited = environment_of_caller();
    size_t count = 0;
    size_t used = 0;
    while (settings[count] != NULL) {
        count++;
    }
    for (size_t i = 0; inherited[i] != NULL; i++) {
        count++;
    }
    char **all = memory_new(count + 1, sizeof *all);
    for (size_t i = 0; settings[i] != NULL; i++) {
        all[used++] = settings[i];
    }
    for (size_t i = 0; inherited[i] != NULL; i++) {
        all[used++] = inherited[i];
    }
    free(inherited);
    return all;
}

static int spawn(struct child *child, char *const argv[], char *const environment[], int output) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t traits;
    sigset_t none;
    sigset_t usual;
    (void)sigemptyset(&none);
    (void)sigfillset(&usual);
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawnattr_init(&traits);
    (void)posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    (void)posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    (void)posix_spawnattr_setflags(&traits, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                POSIX_SPAWN_SETSIGDEF);
    (void)posix_spawnattr_setpgroup(&traits, 0);
    (void)posix_spawnattr_setsigmask(&traits, &none);
    (void)posix_spawnattr_setsigdefault(&traits, &usual);
    int reason = posix_spawnp(&child->pid, argv[0], &files, &traits, argv, environment);
    (void)posix_spawnattr_destroy(&traits);
    (void)posix_spawn_file_actions_destroy(&files);
    return reason;
}

bool child_start(struct child *child, char *const argv[], char *const settings[], int64_t limit_ns,
                 struct error *error) {
    int ends[2];
    *child = (struct child){.limit_ns = limit_ns};
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return error_set_errno(error, EXIT_OS, errno, "%s cannot be run", argv[0]);
    }
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    secret_reserve(&child->text, LARGEST_OUTPUT + 1);
    char **environment = add_settings(settings);
    int reason = spawn(child, argv, environment, ends[1]);
    free(environment);
    (void)close(ends[1]);
    child->output = ends[0];
    if (reason != 0) {
        child->pid = 0;
        (void)close(ends[0]);
        secret_free_buffer(&child->text);
        return error_set_errno(error, EXIT_OS, reason, "%s cannot be run", argv[0]);
    }
    return true;
}

/* False when it wrote more than any token has. */
static bool take_output(struct child *child) {
    char part[4096];
    ssize_t count = 0;
    while (!child->ended && (count = read(child->output, part, sizeof part)) > 0) {
        if (child->text.size + (size_t)count > LARGEST_OUTPUT) {
            return false;
        }
        text_buffer_put(&child->text, part, (size_t)count);
    }
    explicit_bzero(part, sizeof part);
    child->ended = child->ended || count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
    return true;
}

enum child_state child_poll(struct child *child, int64_t now_ns, const char *name,
                            struct error *error) {
    int status = 0;
    pid_t ended = 0;
    if (!take_output(child)) {
        (void)error_set(error, EXIT_PROTOCOL, "%s writes more than a token", name);
        return CHILD_FAILED;
    }
    if (child->ended) {
        ended = waitpid(child->pid, &status, WNOHANG);
    }
    if (ended == 0 && now_ns < child->limit_ns) {
        return CHILD_RUNS;
    }
    if (ended == 0) {
        (void)error_set(error, EXIT_UNAVAILABLE, "%s does not end in its time", name);
        return CHILD_FAILED;
    }
    child->pid = 0;
    (void)close(child->output);
    if (ended > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return CHILD_DONE;
    }
    if (ended > 0 && WIFEXITED(status)) {
        (void)error_set(error, EXIT_PERMISSION, "%s gives no token (exit %d)", name,
                        WEXITSTATUS(status));
    } else {
        (void)error_set(error, EXIT_OS, "%s gives no token (it was killed)", name);
    }
    return CHILD_FAILED;
}

void child_stop(struct child *child) {
    if (child->pid > 0) {
        (void)kill(-child->pid, SIGKILL);
        while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
        }
        (void)close(child->output);
    }
    secret_free_buffer(&child->text);
    *child = (struct child){0};
}
