#include "pipeline/startable.h"

#include <stdlib.h>
#include <string.h>

#include "base/command.h"
#include "base/print.h"
#include "pipeline/loader.h"

char *startable_fault(const struct pipeline_processor *processor, const char *program,
                      bool *of_directory) {
    if (processor->ssh != NULL || processor->directory == NULL) {
        return NULL;
    }
    struct command_place place = {processor->directory, program, getenv("PATH")};
    for (size_t i = 0; i < processor->environment_count; i++) {
        if (strcmp(processor->environment[i].name, "PATH") == 0) {
            place.path = processor->environment[i].value;
        }
    }
    return command_fault(&place, of_directory);
}

/* How many later processors of this machine have the same directory; none when an earlier one has,
 * which has told it already. */
static bool first_of_directory(const struct pipeline *pipeline, size_t index, size_t *others) {
    const char *directory = pipeline->processors[index].directory;
    *others = 0;
    for (size_t i = 0; i < pipeline->processor_count; i++) {
        const struct pipeline_processor *other = &pipeline->processors[i];
        if (i == index || other->ssh != NULL || strcmp(other->directory, directory) != 0) {
            continue;
        }
        if (i < index) {
            return false;
        }
        ++*others;
    }
    return true;
}

static void warn_of_processor(struct loader *loader, size_t index) {
    const struct pipeline_processor *processor = &loader->pipeline->processors[index];
    const struct place *at = PLACE_ITEM(PLACE_KEY(NULL, "processors"), index);
    if (processor->command.count == 0) {
        return;
    }
    const char *program = processor->shell ? "/bin/sh" : processor->command.items[0];
    bool of_directory = false;
    char *fault = startable_fault(processor, program, &of_directory);
    size_t others;
    if (fault != NULL && of_directory && first_of_directory(loader->pipeline, index, &others)) {
        char more[48] = "";
        if (others > 0) {
            (void)print_into(more, sizeof more, " (and %zu more)", others);
        }
        loader_warning(loader, PLACE_KEY(at, "directory"),
                       "on this machine \"%s\"%s would not start: %s", processor->name, more,
                       fault);
    } else if (fault != NULL && !of_directory && strchr(program, '{') == NULL) {
        loader_warning(loader, PLACE_ITEM(PLACE_KEY(at, "command"), 0),
                       "on this machine \"%s\" would not start: %s", processor->name, fault);
    }
    free(fault);
}

/* The items of a gate's `checks` that are commands; they run beside the pipeline file. */
static void warn_of_gate(struct loader *loader, size_t index) {
    const struct raw_gate *raw = &loader->raw->gates[index];
    const struct place *checks = PLACE_KEY(PLACE_ITEM(PLACE_KEY(NULL, "gates"), index), "checks");
    for (size_t i = 0; i < raw->checks_count; i++) {
        const struct raw_command *command = raw->checks[i].command;
        if (command == NULL || command->run_count == 0) {
            continue;
        }
        const struct place *run = PLACE_KEY(PLACE_KEY(PLACE_ITEM(checks, i), "command"), "run");
        struct command_place place = {loader->pipeline->directory, command->run[0], getenv("PATH")};
        char *fault = command_fault(&place, NULL);
        if (fault != NULL) {
            loader_warning(loader, PLACE_ITEM(run, 0),
                           "on this machine the check would not start: %s", fault);
        }
        free(fault);
    }
}

void warn_of_commands(struct loader *loader) {
    for (size_t i = 0; i < loader->pipeline->processor_count; i++) {
        warn_of_processor(loader, i);
    }
    for (size_t i = 0; i < loader->pipeline->gate_count; i++) {
        warn_of_gate(loader, i);
    }
}
