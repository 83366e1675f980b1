#include "tests/support/verbs.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/stage.h"
#include "tests/support/program.h"

enum { WORD_LIMIT = 24 };

char *verbs_out, *verbs_err;

static char *place, *temporary;
static struct stage stage;

int verbs_run_into(FILE *out, const char *const *words) {
    char *argv[WORD_LIMIT + 2] = {memory_copy_string("phasegate")};
    int argc = 1;
    for (; words[argc - 1] != NULL; argc++) {
        cr_assert_lt(argc, WORD_LIMIT);
        argv[argc] = memory_copy_string(words[argc - 1]);
    }
    char *kept[WORD_LIMIT + 2]; /* getopt turns the order round */
    memcpy(kept, argv, sizeof kept);
    free(verbs_err);
    size_t size;
    FILE *errors = open_memstream(&verbs_err, &size);
    int code = cli_run(argc, argv, out, errors);
    (void)fclose(errors);
    for (int i = 0; i < argc; i++) {
        free(kept[i]);
    }
    return code;
}

int verbs_run(const char *const *words) {
    size_t size;
    free(verbs_out);
    FILE *out = open_memstream(&verbs_out, &size);
    int code = verbs_run_into(out, words);
    (void)fclose(out);
    return code;
}

json_t *verbs_json(void) {
    json_error_t mistake;
    json_t *json = json_loads(verbs_out, 0, &mistake);
    cr_assert_not_null(json, "%s: %s%s", mistake.text, verbs_out, verbs_err);
    cr_expect_eq(json_integer_value(json_object_get(json, "schema")), 1);
    return json;
}

const json_t *verbs_named(const json_t *array, const char *key, const char *name) {
    size_t index;
    const json_t *item;
    json_array_foreach(array, index, item) {
        const char *given = json_string_value(json_object_get(item, key));
        if (given != NULL && strcmp(given, name) == 0) {
            return item;
        }
    }
    cr_assert_fail("there is no %s \"%s\"", key, name);
    return NULL;
}

void verbs_expect_number(const json_t *object, const char *key, double value) {
    const json_t *member = json_object_get(object, key);
    cr_expect(json_is_number(member), "%s", key);
    cr_expect_float_eq(json_number_value(member), value, 1e-9, "%s: %g", key,
                       json_number_value(member));
}

void verbs_open(void) {
    temporary = program_directory();
    place = program_directory();
    cr_assert_eq(setenv("TMPDIR", temporary, 1), 0);
    cr_assert_eq(setenv("PHASEGATE_STATE", place, 1), 0);
    cr_assert_eq(unsetenv("PHASEGATE_PIPELINE"), 0);
    cr_assert_eq(unsetenv("BIGQUERY_EMULATOR_HOST"), 0);
}

void verbs_open_night(const char *scenario) {
    struct error error = {0};
    const struct scenario *night = scenario_find(scenario, &error);
    cr_assert(night != NULL && stage_open_private(night, 1, &stage, &error), "%s", error.text);
}

void verbs_close(void) {
    struct error error = {0};
    cr_expect(stage.directory == NULL || stage_end(&stage, &error), "%s", error.text);
    free(verbs_out);
    free(verbs_err);
    cr_assert_eq(rmdir(temporary), 0, "something was left in the temporary directory");
    free(temporary);
    program_remove_directory(place);
}

const char *verbs_place(void) {
    return place;
}

char *verbs_write(const char *name, const char *text) {
    struct error error = {0};
    char *path = file_join(place, name);
    cr_assert(file_write(path, text_of(text), &error), "%s", error.text);
    return path;
}

char *verbs_copy_pipeline(const char *name) {
    char *to = file_join(place, name);
    char *command = memory_format("cp -r %s/queries/nba %s", PHASEGATE_SOURCE_DIR, to);
    cr_assert_eq(system(command), 0);
    char *path = file_join(to, "pipeline.yaml");
    free(command);
    free(to);
    return path;
}
