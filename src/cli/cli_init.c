/* phasegate init: a first pipeline file to fill in. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/print.h"
#include "cli/verbs.h"

enum { LARGEST_FILE = 1024 * 1024 };

static const char *const files[] = {"pipeline.yaml", "expected_dates.sql"};

enum { FILE_COUNT = sizeof files / sizeof *files };

/* Copies one shipped file; one that is there already is never overwritten. */
static bool place_file(const char *directory, const char *name, struct error *error) {
    char shipped[64];
    (void)snprintf(shipped, sizeof shipped, "example/%s", name);
    char *source = pipeline_shipped(shipped, error);
    if (source == NULL) {
        return false;
    }
    struct text_buffer content = {0};
    char *destination = file_join(directory, name);
    bool good = file_read(source, LARGEST_FILE, &content, error) &&
                file_write(destination, (struct text){content.data, content.size}, error);
    text_buffer_free(&content);
    free(destination);
    free(source);
    return good;
}

static int run(struct cli *cli) {
    struct error error = {0};
    const char *directory = cli->count == 1 ? cli->arguments[0] : ".";
    for (size_t i = 0; i < FILE_COUNT; i++) {
        char *path = file_join(directory, files[i]);
        bool there = access(path, F_OK) == 0;
        if (there) {
            (void)error_set(&error, EXIT_CANT_CREATE,
                            "%s is there already and stays as it is; name another directory", path);
        }
        free(path);
        if (there) {
            return cli_fail(cli, &error);
        }
    }
    if (!file_make_directory(directory, &error)) {
        return cli_fail(cli, &error);
    }
    for (size_t i = 0; i < FILE_COUNT; i++) {
        if (!place_file(directory, files[i], &error)) {
            return cli_fail(cli, &error);
        }
    }
    (void)print(cli->out,
                "Wrote %s/pipeline.yaml and %s/expected_dates.sql.\n"
                "Fill in what is marked, then: phasegate validate %s/pipeline.yaml\n",
                directory, directory, directory);
    return EXIT_GO;
}

const struct cli_verb cli_verb_init = {
    .name = "init",
    .arguments = "[DIRECTORY]",
    .summary = "write a first pipeline file with comments, to fill in",
    .most = 1,
    .run = run,
};
