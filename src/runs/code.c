#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/environment.h"
#include "base/memory.h"
#include "base/text.h"
#include "runs/runs_code.h"

enum { LIMIT_MS = 2000, KEPT = 256, SHORTEST_COMMIT = 40, LONGEST_COMMIT = 64, SHORT_COMMIT = 7 };

/* What a program wrote: how it begins, and how many lines. */
struct answer {
    char start[KEPT];
    size_t kept;
    int64_t lines;
};

static int64_t left_ms(int64_t until) {
    int64_t left = (until - clock_boot_ns(clock_system())) / 1000000;
    return left < 0 ? 0 : left;
}

/* Without a shell, a terminal or our signals, in a group of its own. */
static pid_t start(char *const *argv, int output) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t all;
    pid_t pid = -1;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    (void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setsigdefault(&attributes, &all);
    (void)posix_spawnattr_setpgroup(&attributes, 0);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF);
    char **environment = environment_of_caller();
    if (posix_spawnp(&pid, argv[0], &actions, &attributes, argv, environment) != 0) {
        pid = -1;
    }
    free(environment);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    return pid;
}

static void take(struct answer *answer, const char *data, size_t size) {
    size_t room = sizeof answer->start - answer->kept;
    size_t part = size < room ? size : room;
    memcpy(answer->start + answer->kept, data, part);
    answer->kept += part;
    for (size_t i = 0; i < size; i++) {
        answer->lines += data[i] == '\n' ? 1 : 0;
    }
}

/* Reads to the end; false when that does not come in time. */
static bool read_all(int descriptor, int64_t until, struct answer *answer) {
    for (;;) {
        char data[4096];
        struct pollfd waiting = {.fd = descriptor, .events = POLLIN};
        int ready = poll(&waiting, 1, (int)left_ms(until));
        if (ready == 0 || (ready < 0 && errno != EINTR)) {
            return false;
        }
        ssize_t size = ready < 0 ? -1 : read(descriptor, data, sizeof data);
        if (size == 0) {
            return true;
        }
        if (size > 0) {
            take(answer, data, (size_t)size);
        } else if (errno != EINTR) {
            return false;
        }
    }
}

/* Whether it ended with 0 in time; what does not is killed, and not waited for: it may hang in the
 * kernel. */
static bool ended_well(pid_t pid, bool in_time, int64_t until) {
    enum { AFTER_KILL_MS = 100 };
    int status = -1;
    struct pollfd waiting = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    if (!in_time || poll(&waiting, 1, (int)left_ms(until)) != 1) {
        (void)kill(-pid, SIGKILL);
        (void)poll(&waiting, 1, AFTER_KILL_MS);
        in_time = false;
    }
    bool reaped = waitpid(pid, &status, WNOHANG) == pid;
    if (waiting.fd >= 0) {
        (void)close(waiting.fd);
    }
    return in_time && reaped && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool ask(char *const *argv, struct answer *answer) {
    int ends[2];
    int64_t until = clock_boot_ns(clock_system()) + (int64_t)LIMIT_MS * 1000000;
    *answer = (struct answer){.kept = 0};
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    pid_t pid = start(argv, ends[1]);
    (void)close(ends[1]);
    bool in_time = pid > 0 && read_all(ends[0], until, answer);
    (void)close(ends[0]);
    return pid > 0 && ended_well(pid, in_time, until);
}

/* The commit's name at the start of the answer; NULL when it is not one. */
static char *commit_of(const struct answer *answer) {
    struct text rest = {answer->start, answer->kept};
    struct text line = text_cut(&rest, '\n');
    bool good = line.size >= SHORTEST_COMMIT && line.size <= LONGEST_COMMIT;
    for (size_t i = 0; good && i < line.size; i++) {
        good = strchr("0123456789abcdef", line.data[i]) != NULL;
    }
    return good ? memory_copy_part(line.data, line.size) : NULL;
}

void runs_code_look(const char *directory, struct runs_code *code) {
    char *where = memory_copy_string(directory == NULL ? "/" : directory);
    /* --no-optional-locks: somebody else may be committing there. */
    char *const head[] = {"git", "--no-optional-locks", "-C", where, "rev-parse", "HEAD", NULL};
    char *const status[] = {"git",         "--no-optional-locks",  "-C", where, "status",
                            "--porcelain", "--untracked-files=no", NULL};
    struct answer answer;
    *code = (struct runs_code){.changed = -1};
    if (ask(head, &answer)) {
        code->commit = commit_of(&answer);
    }
    if (code->commit != NULL && ask(status, &answer)) {
        code->changed = answer.lines;
    }
    free(where);
}

void runs_code_clear(struct runs_code *code) {
    free(code->commit);
    *code = (struct runs_code){.changed = -1};
}

char *runs_code_text(const char *commit, int64_t changed) {
    if (commit == NULL) {
        return memory_copy_string("not known: no git repository, or git does not answer");
    }
    if (changed < 0) {
        return memory_format("%.*s, whether files changed is not known", SHORT_COMMIT, commit);
    }
    if (changed == 0) {
        return memory_format("%.*s, nothing changed", SHORT_COMMIT, commit);
    }
    return memory_format("%.*s, %lld file%s changed", SHORT_COMMIT, commit, (long long)changed,
                         changed == 1 ? "" : "s");
}
