#include "agent/checks.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/command.h"
#include "base/environment.h"
#include "base/memory.h"
#include "state/state_gates.h"

static const int64_t default_timeout_ms = 60000;

/* One check that is answered here. */
struct own_check {
    const struct pipeline_gate *gate;
    const struct pipeline_check *check;
    int64_t due;         /* wall ms */
    int64_t started_at;  /* wall ms, of the command that runs */
    int64_t deadline_ns; /* boot time */
    pid_t pid;           /* 0: none runs */
};

struct checks {
    int64_t every_ms;
    const char *directory; /* of the pipeline file: commands run there */
    struct own_check *items;
    size_t count;
};

struct checks *checks_new(const struct pipeline *pipeline) {
    struct checks *checks = memory_new(1, sizeof *checks);
    size_t capacity = 0;
    checks->every_ms = pipeline->poll.every_ms;
    checks->directory = pipeline->directory;
    for (size_t i = 0; i < pipeline->gate_count; i++) {
        for (size_t j = 0; j < pipeline->gates[i].check_count; j++) {
            const struct pipeline_check *check = &pipeline->gates[i].checks[j];
            if (check->kind == PIPELINE_CHECK_DISK || check->kind == PIPELINE_CHECK_COMMAND ||
                check->kind == PIPELINE_CHECK_CREDENTIALS) {
                checks->items =
                    memory_grow(checks->items, checks->count, &capacity, sizeof *checks->items);
                checks->items[checks->count++] =
                    (struct own_check){.gate = &pipeline->gates[i], .check = check};
            }
        }
    }
    return checks;
}

static void end_command(struct own_check *item) {
    if (item->pid > 0) {
        (void)kill(-item->pid, SIGKILL);
        (void)waitpid(item->pid, NULL, 0);
        item->pid = 0;
    }
}

void checks_free(struct checks *checks) {
    if (checks != NULL) {
        for (size_t i = 0; i < checks->count; i++) {
            end_command(&checks->items[i]);
        }
        free(checks->items);
        free(checks);
    }
}

bool checks_busy(const struct checks *checks) {
    for (size_t i = 0; i < checks->count; i++) {
        if (checks->items[i].pid > 0) {
            return true;
        }
    }
    return false;
}

static bool store(const struct own_check *item, const struct recorder *recorder,
                  struct state_answer answer, bool *stored, struct error *error) {
    answer.gate = item->gate->name;
    answer.check = item->check->name;
    *stored = true;
    return state_answer_put(recorder->state, &recorder->actor, &answer, error);
}

static bool store_failure(const struct own_check *item, const struct recorder *recorder, int64_t at,
                          char *why, bool *stored, struct error *error) {
    bool good = store(item, recorder, (struct state_answer){.error = why, .at = at}, stored, error);
    free(why);
    return good;
}

static bool answer_disk(const struct own_check *item, const struct recorder *recorder, int64_t now,
                        bool *stored, struct error *error) {
    struct statvfs disk;
    const char *path =
        item->check->path != NULL ? item->check->path : state_directory(recorder->state);
    if (statvfs(path, &disk) != 0) {
        return store_failure(item, recorder, now,
                             memory_format("cannot look at %s: %s", path, strerror(errno)), stored,
                             error);
    }
    double bytes = (double)disk.f_bavail * (double)disk.f_frsize;
    return store(item, recorder, (struct state_answer){.measured = true, .value = bytes, .at = now},
                 stored, error);
}

/* They pass when BigQuery took them, and nothing is known that will end them too soon. */
static bool answer_credentials(const struct own_check *item, const struct recorder *recorder,
                               int64_t now, const struct checks_access *access, bool *stored,
                               struct error *error) {
    struct state_answer given = {.measured = true, .at = now};
    char left[CLOCK_SPAN_SIZE];
    char needed[CLOCK_SPAN_SIZE];
    if (access->problem != NULL) {
        given.text = memory_copy_string(access->problem);
    } else if (access->accepted_at == 0) {
        return true;
    } else if (access->ends_at != 0 && access->ends_at <= now) {
        given.text = memory_copy_string("the credentials have ended: log in again");
    } else if (access->ends_at != 0 && access->ends_at <= access->needed_until) {
        given.text = memory_format(
            "the credentials end in %s and the work under way needs them for %s: log in again",
            clock_format_span(access->ends_at - now, left),
            clock_format_span(access->needed_until - now, needed));
    } else {
        given.value = 1;
        given.at = access->accepted_at;
    }
    bool good = store(item, recorder, given, stored, error);
    free(given.text);
    return good;
}

/* Starts the command in a process group of its own, beside the pipeline file, its output nowhere.
 */
static int start_command(struct own_check *item, const char *directory) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_addchdir_np(&actions, directory);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    (void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setsigdefault(&attributes, &all);
    (void)posix_spawnattr_setpgroup(&attributes, 0);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF);
    char **argv = item->check->command.items;
    char **environment = environment_of_caller();
    int code = posix_spawnp(&item->pid, argv[0], &actions, &attributes, argv, environment);
    free(environment);
    item->pid = code == 0 ? item->pid : 0;
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    return code;
}

static bool finish_command(struct own_check *item, const struct recorder *recorder, int64_t boot_ns,
                           bool *stored, struct error *error) {
    int status;
    pid_t ended = waitpid(item->pid, &status, WNOHANG);
    if (ended == 0 && boot_ns < item->deadline_ns) {
        return true;
    }
    if (ended == 0) {
        end_command(item);
        return store_failure(item, recorder, item->started_at,
                             memory_format("no answer within its time limit"), stored, error);
    }
    item->pid = 0;
    if (ended < 0 || !WIFEXITED(status)) {
        return store_failure(item, recorder, item->started_at,
                             memory_format("the command was killed"), stored, error);
    }
    struct state_answer answer = {
        .measured = true, .value = WEXITSTATUS(status), .at = item->started_at};
    return store(item, recorder, answer, stored, error);
}

/* What is in the way, where that can be seen; the caller frees it. */
static char *why_not(const struct own_check *item, const char *directory, int code) {
    struct command_place place = {directory, item->check->command.items[0], getenv("PATH")};
    char *fault = command_fault(&place, NULL);
    char *why =
        memory_format("cannot start %s: %s", place.program, fault != NULL ? fault : strerror(code));
    free(fault);
    return why;
}

static bool begin(struct own_check *item, const char *directory, const struct recorder *recorder,
                  int64_t now, int64_t boot_ns, const struct checks_access *access, bool *stored,
                  struct error *error) {
    if (item->check->kind == PIPELINE_CHECK_DISK) {
        return answer_disk(item, recorder, now, stored, error);
    }
    if (item->check->kind == PIPELINE_CHECK_CREDENTIALS) {
        return answer_credentials(item, recorder, now, access, stored, error);
    }
    int64_t timeout = item->check->timeout_ms > 0 ? item->check->timeout_ms : default_timeout_ms;
    item->started_at = now;
    item->deadline_ns = boot_ns + timeout * 1000000;
    int code = start_command(item, directory);
    return code == 0 ||
           store_failure(item, recorder, now, why_not(item, directory, code), stored, error);
}

bool checks_step(struct checks *checks, const struct recorder *recorder, int64_t now,
                 int64_t boot_ns, const struct checks_access *access, bool *stored,
                 struct error *error) {
    for (size_t i = 0; i < checks->count; i++) {
        struct own_check *item = &checks->items[i];
        if (item->pid > 0) {
            if (!finish_command(item, recorder, boot_ns, stored, error)) {
                return false;
            }
        } else if (now >= item->due || item->due - now > checks->every_ms) {
            /* Further away than a period: the clock was put back. */
            item->due = now + checks->every_ms;
            if (!begin(item, checks->directory, recorder, now, boot_ns, access, stored, error)) {
                return false;
            }
        }
    }
    return true;
}
