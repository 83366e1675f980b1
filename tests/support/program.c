#include "tests/support/program.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

enum { ENVIRONMENT_LIMIT = 128, CHUNK = 64 * 1024 };

static int64_t now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- environment ---- */

static size_t name_size(const char *entry) {
    return strcspn(entry, "=");
}

static bool same_name(const char *a, const char *b) {
    return name_size(a) == name_size(b) && strncmp(a, b, name_size(a)) == 0;
}

static void apply(char **environment, size_t *count, const char *change) {
    for (size_t i = 0; i < *count; i++) {
        if (same_name(environment[i], change)) {
            free(environment[i]);
            environment[i] = environment[--*count];
            environment[*count] = NULL;
            break;
        }
    }
    if (strchr(change, '=') != NULL && *count + 1 < ENVIRONMENT_LIMIT) {
        environment[(*count)++] = memory_copy_string(change);
    }
}

char **program_environment(const char *const *changes) {
    static const char *const inherited[] = {"PATH",         "HOME",          "TMPDIR",
                                            "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS",
                                            "LSAN_OPTIONS", "TERMINFO"};
    static const char *const own[] = {"TERM=xterm-256color", "LANG=C.UTF-8", "TZ=UTC",
                                      "PHASEGATE_TEST=1"};
    char **environment = memory_new(ENVIRONMENT_LIMIT, sizeof *environment);
    size_t count = 0;
    for (size_t i = 0; environ[i] != NULL; i++) {
        for (size_t n = 0; n < sizeof inherited / sizeof *inherited; n++) {
            if (same_name(environ[i], inherited[n])) {
                apply(environment, &count, environ[i]);
            }
        }
    }
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        apply(environment, &count, own[i]);
    }
    for (size_t i = 0; changes != NULL && changes[i] != NULL; i++) {
        apply(environment, &count, changes[i]);
    }
    return environment;
}

void program_environment_free(char **environment) {
    for (size_t i = 0; environment[i] != NULL; i++) {
        free(environment[i]);
    }
    free(environment);
}

/* ---- processes ---- */

void program_take_all_signals(void) {
    for (int number = 1; number < SIGRTMIN; number++) {
        (void)signal(number, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

struct program {
    pid_t pid;
    int process, out;
    bool ended;
    int status;
    char *buffer; /* what was read and is not yet given */
    size_t used, given, capacity;
    bool at_end;
};

static _Noreturn void become(const char *const *argv, char **environment, int out, int err) {
    char *arguments[128] = {memory_copy_string(argv[0])};
    for (size_t i = 1; argv[i] != NULL && i + 1 < sizeof arguments / sizeof *arguments; i++) {
        arguments[i] = memory_copy_string(argv[i]);
    }
    int nothing = open("/dev/null", O_RDONLY);
    program_take_all_signals();
    if (setpgid(0, 0) != 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(err, STDERR_FILENO) < 0) {
        _exit(126);
    }
    (void)execvpe(arguments[0], arguments, environment);
    fprintf(stderr, "cannot start %s: %s\n", arguments[0], strerror(errno));
    _exit(127);
}

static struct program *start(const char *const *argv, const char *const *changes, int err) {
    int pipes[2];
    struct program *program = memory_new(1, sizeof *program);
    if (pipe2(pipes, O_CLOEXEC) != 0) {
        perror("program_start: no pipe");
        abort();
    }
    char **environment = program_environment(changes);
    fflush(NULL);
    program->pid = fork();
    if (program->pid == 0) {
        become(argv, environment, pipes[1], err);
    }
    program_environment_free(environment);
    (void)close(pipes[1]);
    program->out = pipes[0];
    (void)fcntl(program->out, F_SETFL, O_NONBLOCK);
    program->process = program->pid > 0 ? pidfd_open(program->pid, 0) : -1;
    if (program->process < 0) {
        perror("program_start: no process");
        abort();
    }
    return program;
}

struct program *program_start(const char *const *argv, const char *const *changes,
                              const char *error_path) {
    int err = open(error_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct program *program = start(argv, changes, err);
    (void)close(err);
    return program;
}

static void reap(struct program *program, int options) {
    if (!program->ended && waitpid(program->pid, &program->status, options) == program->pid) {
        program->ended = true;
    }
}

/* Reads what is there; false when nothing was. */
static bool drain(struct program *program) {
    while (program->capacity < program->used + CHUNK) {
        program->buffer = memory_grow(program->buffer, program->capacity, &program->capacity, 1);
    }
    ssize_t size = read(program->out, program->buffer + program->used, CHUNK - 1);
    if (size > 0) {
        program->used += (size_t)size;
    }
    program->at_end = program->at_end || size == 0;
    program->buffer[program->used] = '\0';
    return size > 0;
}

/* Waits for output or the end, until the deadline; false at the deadline. */
static bool pump(struct program *program, int64_t deadline) {
    int64_t left = deadline - now_ms();
    if (left <= 0) {
        return false;
    }
    struct pollfd sources[] = {
        {.fd = program->at_end ? -1 : program->out, .events = POLLIN},
        {.fd = program->ended ? -1 : program->process, .events = POLLIN},
    };
    int ready = poll(sources, 2, (int)left);
    if (sources[1].revents != 0) {
        reap(program, WNOHANG);
    }
    if (sources[0].revents != 0) {
        (void)drain(program);
    }
    return ready != 0;
}

const char *program_line(struct program *program, int ms) {
    int64_t deadline = now_ms() + ms;
    (void)drain(program);
    for (;;) {
        char *start_of_line = program->buffer + program->given;
        char *end = memchr(start_of_line, '\n', program->used - program->given);
        if (end != NULL) {
            *end = '\0';
            program->given = (size_t)(end + 1 - program->buffer);
            return start_of_line;
        }
        if (program->at_end || !pump(program, deadline)) {
            return NULL;
        }
    }
}

pid_t program_pid(const struct program *program) {
    return program->pid;
}

void program_signal(struct program *program, int signal) {
    if (!program->ended) {
        (void)kill(program->pid, signal);
    }
}

int program_wait(struct program *program, int ms) {
    int64_t deadline = now_ms() + ms;
    while (!program->ended && pump(program, deadline)) {
    }
    return program->ended ? program->status : -1;
}

void program_close(struct program *program) {
    if (program == NULL) {
        return;
    }
    if (!program->ended) {
        (void)kill(-program->pid, SIGKILL);
        (void)kill(program->pid, SIGKILL);
        reap(program, 0);
    }
    (void)close(program->out);
    (void)close(program->process);
    free(program->buffer);
    free(program);
}

static char *read_back(int file) {
    off_t size = lseek(file, 0, SEEK_END);
    char *text = memory_new((size_t)size + 1, 1);
    if (pread(file, text, (size_t)size, 0) != size) {
        text[0] = '\0';
    }
    return text;
}

struct program_result program_run(const char *const *argv, const char *const *changes, int ms) {
    FILE *err = tmpfile();
    struct program *program = start(argv, changes, fileno(err));
    struct program_result result = {.code = -1};
    int64_t deadline = now_ms() + ms;
    while (!program->ended && pump(program, deadline)) {
    }
    if (!program->ended) {
        result.late = true;
        (void)kill(-program->pid, SIGKILL);
        reap(program, 0);
    }
    while (drain(program)) {
    }
    if (WIFEXITED(program->status)) {
        result.code = WEXITSTATUS(program->status);
    } else {
        result.signal = WTERMSIG(program->status);
    }
    result.out = memory_copy_part(program->buffer, program->used);
    result.err = read_back(fileno(err));
    (void)fclose(err);
    program_close(program);
    return result;
}

void program_result_free(struct program_result *result) {
    free(result->out);
    free(result->err);
    *result = (struct program_result){0};
}

char *program_directory(void) {
    const char *parent = getenv("TMPDIR");
    char *directory = memory_format("%s/phasegate-XXXXXX", parent != NULL ? parent : "/tmp");
    if (mkdtemp(directory) == NULL) {
        perror(directory);
        abort();
    }
    return directory;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    (void)status;
    (void)kind;
    (void)walk;
    (void)remove(path);
    return 0;
}

void program_remove_directory(char *directory) {
    if (directory != NULL) {
        (void)nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    }
    free(directory);
}
