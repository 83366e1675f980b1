/* The console over a situation that stands still: everything of it is real but what it shows, so
 * that a test of the terminal needs no warehouse and sees the same screen every time.
 *
 *   e2e_console_program KIND [running]    KIND as in fixture_names; "running" lets the clock run */
#include <stdio.h>
#include <string.h>

#include "tests/screen/fixture.h"
#include "ui/console.h"

struct source {
    enum fixture_kind kind;
    const struct pipeline *pipeline;
    bool loaded;
};

static bool changed(void *context) {
    const struct source *source = context;
    return !source->loaded;
}

static struct situation *load(void *context, struct error *error) {
    (void)error;
    struct source *source = context;
    source->loaded = true;
    return fixture_situation(source->kind, source->pipeline);
}

static bool perform(void *context, const struct command *command, char *answer, size_t size,
                    struct error *error) {
    (void)context;
    (void)error;
    (void)snprintf(answer, size, "%s done", command_name(command->kind));
    return true;
}

static enum fixture_kind kind_of(const char *name) {
    enum fixture_kind kind = FIXTURE_GREEN;
    while (kind < FIXTURE_KINDS && strcmp(fixture_names[kind], name) != 0) {
        kind++;
    }
    return kind;
}

int main(int argc, char **argv) {
    struct source source = {.kind = argc > 1 ? kind_of(argv[1]) : FIXTURE_KINDS};
    if (source.kind == FIXTURE_KINDS) {
        fprintf(stderr, "usage: %s KIND [running]\n", argv[0]);
        return EXIT_USAGE;
    }
    struct pipeline *pipeline = fixture_pipeline(source.kind);
    source.pipeline = pipeline;
    struct console_options options = {
        .pipeline = pipeline,
        .source = {&source, changed, load, fixture_situation_free},
        .performer = {NULL, perform},
        .user = "naji@ops",
        .fixed_time = argc > 2 ? 0 : FIXTURE_NOW,
    };
    struct error error = {0};
    int code = console_run(&options, &error);
    if (error.code != EXIT_GO) {
        fprintf(stderr, "%s\n", error.text);
    }
    pipeline_free(pipeline);
    return code;
}
