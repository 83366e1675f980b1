#include "runs/runner.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "runs/carry.h"

static void build_local(const struct spec *spec, const char *run_directory, size_t step,
                        struct runner_command *command) {
    (void)run_directory;
    *command = (struct runner_command){
        .argv = spec->steps[step], .directory = spec->directory, .environment = spec->environment};
}

/* The shim's own program, which carries the rest over: no argument or variable of the command shows
 * in a list of local processes. */
static void build_ssh(const struct spec *spec, const char *run_directory, size_t step,
                      struct runner_command *command) {
    static char *const nothing[] = {NULL};
    char self[4096];
    (void)spec;
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    self[length < 0 ? 0 : length] = '\0';
    *command = (struct runner_command){.argv = memory_new(5, sizeof *command->argv),
                                       .directory = "/",
                                       .environment = nothing,
                                       .owned = true};
    command->argv[0] = memory_copy_string(self);
    command->argv[1] = memory_copy_string(CARRY_OPTION);
    command->argv[2] = memory_copy_string(run_directory);
    command->argv[3] = memory_format("%zu", step);
}

static const struct runs_runner runners[] = {
    {.name = "local", .build = build_local},
    {.name = "ssh", .reports = true, .build = build_ssh},
};

const struct runs_runner *runner_of(const struct spec *spec) {
    return &runners[spec->ssh != NULL ? 1 : 0];
}

void runner_command_clear(struct runner_command *command) {
    for (char **word = command->argv; command->owned && *word != NULL; word++) {
        free(*word);
    }
    if (command->owned) {
        free(command->argv);
    }
    *command = (struct runner_command){0};
}

enum runner_word runner_word_of(const struct spec *spec, const char *run_directory, size_t step,
                                char **why) {
    struct record record;
    *why = NULL;
    if (!runner_of(spec)->reports) {
        return RUNNER_HEARD;
    }
    enum runner_word word = RUNNER_UNHEARD;
    if (record_read(run_directory, SPEC_REMOTE, spec->run, &record, NULL) && record.step == step) {
        word = record.spawn_error != NULL ? RUNNER_NEVER : RUNNER_HEARD;
        *why = memory_copy_string(record.spawn_error);
    }
    record_clear(&record);
    return word;
}
