/* phasegate init: a first pipeline file to fill in. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/print.h"
#include "cli/verbs.h"

enum { LARGEST_FILE = 1024 * 1024, LONGEST_NAME = 100 };

static const char example[] = "\npipeline: example"; /* as the shipped file has it */

static const char *const files[] = {"pipeline.yaml", "expected_dates.sql"};

enum { FILE_COUNT = sizeof files / sizeof *files };

/* The name of the pipeline of a directory: the directory's own, in the letters that a name has, so
 * that two pipelines do not share a state. The caller frees it. */
static char *name_for(const char *directory) {
    char *real = realpath(directory, NULL);
    const char *slash = strrchr(real != NULL ? real : directory, '/');
    const char *base = slash != NULL ? slash + 1 : directory;
    while (*base != '\0' && !isalnum((unsigned char)*base)) {
        base++;
    }
    char *name = memory_copy_part(base, strnlen(base, LONGEST_NAME));
    for (char *at = name; *at != '\0'; at++) {
        *at = isalnum((unsigned char)*at) || strchr("._-", *at) != NULL ? *at : '-';
    }
    if (name[0] == '\0') {
        free(name);
        name = memory_copy_string("pipeline");
    }
    free(real);
    return name;
}

/* The text with the example's name replaced. */
static void rename_pipeline(struct text_buffer *content, const char *name) {
    char *at = content->data == NULL ? NULL : strstr(content->data, example);
    if (at != NULL) {
        char *whole = memory_format("%.*s\npipeline: \"%s\"%s", (int)(at - content->data),
                                    content->data, name, at + strlen(example));
        text_buffer_free(content);
        text_buffer_add(content, whole);
        free(whole);
    }
}

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
    bool good = file_read(source, LARGEST_FILE, &content, error);
    char *pipeline = name_for(directory);
    rename_pipeline(&content, pipeline);
    free(pipeline);
    good = good && file_write(destination, (struct text){content.data, content.size}, error);
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
    .about = "The pipeline is named after the directory; its name is where its state is kept.",
    .most = 1,
    .run = run,
};
