#include "runs/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/trust.h"

enum { LARGEST_SPEC = 4 * 1024 * 1024 };

static json_t *strings_to_json(char *const *strings) {
    json_t *array = json_array();
    for (; *strings != NULL; strings++) {
        (void)json_array_append_new(array, json_words(*strings));
    }
    return array;
}

bool spec_write(const char *run_directory, const struct spec *spec, struct error *error) {
    json_t *steps = json_array();
    for (size_t i = 0; i < spec->step_count; i++) {
        (void)json_array_append_new(steps, strings_to_json(spec->steps[i]));
    }
    json_t *json = json_make(
        "{s:i,s:s,s:s,s:s,s:o,s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:s,s:s?,s:s?,s:s?}", "schema", 1, "run",
        spec->run, "state", spec->state, "directory", spec->directory, "steps", steps,
        "environment", strings_to_json(spec->environment), "grace_ms", (json_int_t)spec->grace_ms,
        "timeout_ms", (json_int_t)spec->timeout_ms, "linger_ms", (json_int_t)spec->linger_ms,
        "log_limit", (json_int_t)spec->log_limit, "adopted_pid", (json_int_t)spec->adopted.pid,
        "adopted_start", (json_int_t)spec->adopted.start, "adopted_boot_id", spec->adopted.boot_id,
        "ssh", spec->ssh, "group", spec->group, "processor", spec->processor);
    char *path = file_join(run_directory, SPEC_FILE);
    bool done = false;
    if (json == NULL) {
        done = error_set(error, EXIT_DATA, "%s: an argument of the command is not UTF-8", path);
    } else {
        char *text = json_text(json);
        done = file_write(path, text_of(text), error);
        free(text);
    }
    json_decref(json);
    free(path);
    return done;
}

static void free_strings(char **strings) {
    for (char **string = strings; string != NULL && *string != NULL; string++) {
        free(*string);
    }
    free(strings);
}

/* NULL unless it is an array of strings. */
static char **strings_of_json(const json_t *array) {
    if (!json_is_array(array)) {
        return NULL;
    }
    size_t count = json_array_size(array);
    char **strings = memory_new(count + 1, sizeof *strings);
    for (size_t i = 0; i < count; i++) {
        const char *string = json_string_value(json_array_get(array, i));
        if (string == NULL) {
            free_strings(strings);
            return NULL;
        }
        strings[i] = memory_copy_string(string);
    }
    return strings;
}

static bool read_steps(const json_t *json, struct spec *spec) {
    const json_t *steps = json_object_get(json, "steps");
    size_t count = json_array_size(steps);
    spec->steps = memory_new(count, sizeof *spec->steps);
    for (size_t i = 0; i < count; i++) {
        char **argv = strings_of_json(json_array_get(steps, i));
        if (argv == NULL || argv[0] == NULL) {
            free_strings(argv);
            return false;
        }
        spec->steps[spec->step_count++] = argv;
    }
    return count > 0;
}

/* A time or a size: not negative, and so far from the end that a sum of some does not wrap. */
static int64_t amount(const json_t *json, const char *name, int64_t none) {
    int64_t value = json_get_integer(json, name, none);
    return value < 0 || value > INT64_MAX / 4 ? none : value;
}

static struct spec *from_json(const json_t *json) {
    struct spec *spec = memory_new(1, sizeof *spec);
    spec->run = memory_copy_string(json_get_string(json, "run", NULL));
    spec->state = memory_copy_string(json_get_string(json, "state", NULL));
    spec->ssh = memory_copy_string(json_get_string(json, "ssh", NULL));
    spec->group = memory_copy_string(json_get_string(json, "group", NULL));
    spec->processor = memory_copy_string(json_get_string(json, "processor", NULL));
    spec->directory = memory_copy_string(json_get_string(json, "directory", NULL));
    spec->environment = strings_of_json(json_object_get(json, "environment"));
    spec->grace_ms = amount(json, "grace_ms", 60000);
    spec->timeout_ms = amount(json, "timeout_ms", 0);
    spec->linger_ms = amount(json, "linger_ms", 10000);
    spec->log_limit = amount(json, "log_limit", 0);
    spec->adopted.pid = amount(json, "adopted_pid", 0);
    spec->adopted.start = amount(json, "adopted_start", 0);
    (void)snprintf(spec->adopted.boot_id, sizeof spec->adopted.boot_id, "%s",
                   json_get_string(json, "adopted_boot_id", ""));
    return spec;
}

/* Complete, and of the run that the directory is named for. */
static bool is_whole(const struct spec *spec, const char *run_directory) {
    const char *slash = strrchr(run_directory, '/');
    return spec->run != NULL && spec->state != NULL && spec->directory != NULL &&
           spec->environment != NULL && spec->adopted.pid <= INT32_MAX &&
           strcmp(spec->run, slash == NULL ? run_directory : slash + 1) == 0;
}

static struct spec *read_it(const char *run_directory, bool own, struct error *error) {
    struct text_buffer buffer = {0};
    char *path = file_join(run_directory, SPEC_FILE);
    json_t *json = NULL;
    struct spec *spec = NULL;
    if ((own ? trust_read_own : trust_read)(run_directory, SPEC_FILE, LARGEST_SPEC, &buffer,
                                            error)) {
        json = json_read((struct text){buffer.data, buffer.size}, path, error);
    }
    if (json != NULL) {
        spec = from_json(json);
        if (!read_steps(json, spec) || !is_whole(spec, run_directory)) {
            (void)error_set(error, EXIT_DATA, "%s is not a spec of this run", path);
            spec_free(spec);
            spec = NULL;
        }
    }
    json_decref(json);
    text_buffer_free(&buffer);
    free(path);
    return spec;
}

struct spec *spec_read(const char *run_directory, struct error *error) {
    return read_it(run_directory, false, error);
}

struct spec *spec_read_own(const char *run_directory, struct error *error) {
    return read_it(run_directory, true, error);
}

void spec_free(struct spec *spec) {
    if (spec == NULL) {
        return;
    }
    for (size_t i = 0; i < spec->step_count; i++) {
        free_strings(spec->steps[i]);
    }
    free(spec->steps);
    free_strings(spec->environment);
    free(spec->run);
    free(spec->group);
    free(spec->processor);
    free(spec->state);
    free(spec->directory);
    free(spec->ssh);
    free(spec);
}
