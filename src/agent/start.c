#include "agent/start.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/agent.h"
#include "base/environment.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/share.h"

/* That a console, an agent or a guard may ignore. */
static const int ours[] = {SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGCHLD, SIGXFSZ};

static void set_signals(posix_spawnattr_t *attributes) {
    sigset_t none;
    sigset_t usual;
    (void)sigemptyset(&none);
    (void)sigemptyset(&usual);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        (void)sigaddset(&usual, ours[i]);
    }
    (void)posix_spawnattr_setsigmask(attributes, &none);
    (void)posix_spawnattr_setsigdefault(attributes, &usual);
    (void)posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                                   POSIX_SPAWN_SETSIGDEF);
}

/* The log by its descriptor: by its name, a link that somebody laid there would be followed. */
static void set_files(posix_spawn_file_actions_t *actions, int log, int input) {
    if (input >= 0) {
        (void)posix_spawn_file_actions_adddup2(actions, input, STDIN_FILENO);
    } else {
        (void)posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    }
    if (log >= 0) {
        (void)posix_spawn_file_actions_adddup2(actions, log, STDOUT_FILENO);
    } else {
        (void)posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    }
    (void)posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, STDERR_FILENO);
}

bool start_agent(const struct start_options *options, pid_t *pid, struct error *error) {
    char *program = file_program_directory();
    char *path = file_join(program, "phasegate");
    char *log = file_join(options->directory, "agent.log");
    char *file = memory_copy_string(options->pipeline_file);
    char *option = memory_copy_string(options->option);
    char name[] = "phasegate";
    char verb[] = "agent";
    char where[] = "--pipeline";
    char stay[] = "--stay";
    char *argv[8] = {name, verb};
    size_t count = 2;
    if (option != NULL) {
        argv[count++] = option;
    }
    argv[count++] = where;
    argv[count++] = file;
    if (options->stay) {
        argv[count++] = stay;
    }
    int descriptor =
        share_open(log, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY, SHARE_WRITTEN);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    pid_t started = 0;
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawnattr_init(&attributes);
    set_files(&actions, descriptor, options->input);
    set_signals(&attributes);
    char **environment = environment_of_caller();
    int code = posix_spawn(&started, path, &actions, &attributes, argv, environment);
    free(environment);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    bool good = code == 0 || error_set_errno(error, EXIT_OS, code, "cannot start %s agent", path);
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    if (pid != NULL) {
        *pid = started;
    }
    free(program);
    free(path);
    free(log);
    free(file);
    free(option);
    return good;
}

bool agent_start(const char *pipeline_file, const char *state_directory, struct error *error) {
    struct start_options options = {
        .pipeline_file = pipeline_file, .directory = state_directory, .input = -1};
    return start_agent(&options, NULL, error);
}
