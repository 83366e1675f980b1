#include "tests/support/night.h"

#include <criterion/criterion.h>
#include <curl/curl.h>
#include <glob.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "tests/support/usage.h"

enum { START_MS = 120000, VERB_MS = 120000, ARGUMENTS = 24 };

static const char *const phasegate = PHASEGATE_BINARY_DIR "/phasegate";
static const char *const emulator = PHASEGATE_BINARY_DIR "/phasegate-emulator";

static void set_variable(struct night *night, char *variable) {
    size_t count = 0;
    while (night->environment[count] != NULL) {
        count++;
    }
    cr_assert_lt(count + 1, NIGHT_VARIABLES);
    night->environment[count] = variable;
}

static const char *const *changes_of(const struct night *night) {
    return (const char *const *)night->environment;
}

static void open_directory(struct night *night) {
    *night = (struct night){.directory = program_directory()};
    set_variable(night, memory_format("XDG_RUNTIME_DIR=%s", night->directory));
    set_variable(night, memory_format("XDG_STATE_HOME=%s", night->directory));
    set_variable(night, memory_format("TMPDIR=%s", night->directory));
    set_variable(night, memory_format("HOME=%s", night->directory));
}

static void start_emulator(struct night *night, const char *port, const char *scenario) {
    char *database = memory_format("%s/warehouse.db", night->directory);
    char *errors = memory_format("%s/emulator.log", night->directory);
    const char *argv[] = {emulator,
                          "--port",
                          port,
                          "--database",
                          database,
                          "--faults",
                          scenario != NULL ? "--scenario" : NULL,
                          scenario,
                          NULL};
    night->emulator = program_start(argv, changes_of(night), errors);
    const char *url = program_line(night->emulator, START_MS);
    cr_assert_not_null(url, "the local BigQuery did not start");
    free(night->url);
    night->url = memory_copy_string(url);
    free(database);
    free(errors);
}

void night_open(struct night *night, const char *scenario, const char *moment, int speed) {
    struct timespec now;
    open_directory(night);
    start_emulator(night, "0", scenario);
    (void)clock_gettime(CLOCK_REALTIME, &now);
    set_variable(night, memory_format("PHASEGATE_CLOCK=%s@%lld*%d", moment,
                                      (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000, speed));
    set_variable(night, memory_format("BIGQUERY_EMULATOR_HOST=%s", night->url));
    set_variable(night, memory_format("PHASEGATE_STATE=%s/state", night->directory));
    set_variable(night, memory_copy_string("PHASEGATE_PIPELINE=" PHASEGATE_SOURCE_DIR
                                           "/queries/nba/pipeline.yaml"));
}

void night_kill_emulator(struct night *night) {
    program_close(night->emulator);
    night->emulator = NULL;
}

void night_restart_emulator(struct night *night) {
    char *port = memory_copy_string(strrchr(night->url, ':') + 1);
    start_emulator(night, port, NULL);
    free(port);
}

static size_t ignore(char *data, size_t size, size_t count, void *context) {
    (void)data;
    (void)context;
    return size * count;
}

void night_fault(struct night *night, const char *rule) {
    char *url = memory_format("%s/emulator/faults", night->url);
    long code = 0;
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
    if (rule != NULL) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, rule);
    } else {
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "DELETE");
    }
    cr_assert_eq(curl_easy_perform(easy), CURLE_OK, "%s does not answer", url);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
    cr_assert_eq(code, 200, "%s is refused", rule);
    curl_easy_cleanup(easy);
    free(url);
}

void night_start_agent(struct night *night) {
    const char *argv[] = {phasegate, "agent", "--stay", "--no-guard", NULL};
    char *errors = memory_format("%s/agent.err", night->directory);
    night->agent = program_start(argv, changes_of(night), errors);
    free(errors);
}

/* ---- the demo's stage ---- */

/* What the demo wrote down for the next console, as variables for our verbs. */
static void read_stage(struct night *night) {
    char *pattern = memory_format("%s/phasegate-demo-%ld-*", night->directory, (long)getuid());
    glob_t found;
    cr_assert_eq(glob(pattern, 0, NULL, &found), 0, "no %s", pattern);
    char *stage = memory_copy_string(found.gl_pathv[0]);
    globfree(&found);
    free(pattern);
    char *path = memory_format("%s/demo.json", stage);
    json_t *note = json_load_file(path, 0, NULL);
    cr_assert_not_null(note, "no %s", path);
    set_variable(night, memory_format("PHASEGATE_CLOCK=%s", night_word(note, "clock")));
    set_variable(night, memory_format("BIGQUERY_EMULATOR_HOST=%s", night_word(note, "url")));
    set_variable(night, memory_format("PHASEGATE_STATE=%s/state", stage));
    set_variable(night, memory_format("PHASEGATE_PIPELINE=%s/pipeline.yaml", stage));
    json_decref(note);
    free(path);
    free(stage);
}

static void open_terminal(struct night *night, const char *const *argv, int rows, int columns) {
    night->console = pty_open(&(struct pty_options){
        .argv = argv, .environment = changes_of(night), .rows = rows, .columns = columns});
    cr_assert(pty_wait_text(night->console, "phase3", START_MS), "no console:\n%s",
              pty_screen(night->console));
}

void night_open_demo(struct night *night, const char *scenario, int speed, int rows, int columns) {
    char pace[16];
    (void)snprintf(pace, sizeof pace, "%d", speed);
    const char *argv[] = {phasegate, "demo", "--scenario", scenario, "--speed", pace, NULL};
    open_directory(night);
    open_terminal(night, argv, rows, columns);
    read_stage(night);
}

void night_open_console(struct night *night, int rows, int columns) {
    const char *argv[] = {phasegate, "demo", NULL};
    pty_close(night->console);
    open_terminal(night, argv, rows, columns);
}

/* What still runs with our directory on its command line was started by us. */
static void kill_rest(const struct night *night) {
    for (pid_t pid; (pid = usage_find(night->directory)) > 0;) {
        if (kill(pid, SIGKILL) != 0) {
            break;
        }
    }
}

void night_close(struct night *night) {
    if (night->directory == NULL) {
        return;
    }
    if (night->console != NULL) {
        const char *argv[] = {phasegate, "demo", "--end", NULL};
        pty_close(night->console);
        struct program_result result = program_run(argv, changes_of(night), VERB_MS);
        program_result_free(&result);
    }
    program_close(night->agent);
    program_close(night->emulator);
    kill_rest(night);
    for (size_t i = 0; night->environment[i] != NULL; i++) {
        free(night->environment[i]);
    }
    free(night->url);
    program_remove_directory(night->directory);
    *night = (struct night){0};
}

/* ---- verbs ---- */

static struct program_result run_verb(struct night *night, const char *argument, va_list more,
                                      bool json) {
    const char *argv[ARGUMENTS] = {phasegate, argument};
    size_t count = 2;
    for (const char *next; (next = va_arg(more, const char *)) != NULL;) {
        cr_assert_lt(count + 3, ARGUMENTS);
        argv[count++] = next;
    }
    if (json) {
        argv[count++] = "--format";
        argv[count++] = "json";
    }
    return program_run(argv, changes_of(night), VERB_MS);
}

char *night_say(struct night *night, int *code, const char *argument, ...) {
    va_list more;
    va_start(more, argument);
    struct program_result result = run_verb(night, argument, more, false);
    va_end(more);
    *code = result.code;
    char *all = memory_format("%s%s", result.out, result.err);
    program_result_free(&result);
    return all;
}

json_t *night_ask(struct night *night, int *code, const char *argument, ...) {
    va_list more;
    va_start(more, argument);
    struct program_result result = run_verb(night, argument, more, true);
    va_end(more);
    json_t *json = json_loads(result.out, 0, NULL);
    cr_assert_not_null(json, "%s: exit %d\n%s%s", argument, result.code, result.out, result.err);
    *code = result.code;
    program_result_free(&result);
    return json;
}

const json_t *night_find(const json_t *object, const char *list, const char *key,
                         const char *name) {
    size_t index;
    const json_t *element;
    json_array_foreach(json_object_get(object, list), index, element) {
        if (strcmp(night_word(element, key), name) == 0) {
            return element;
        }
    }
    return NULL;
}

const char *night_word(const json_t *object, const char *key) {
    const char *word = json_string_value(json_object_get(object, key));
    return word != NULL ? word : "";
}

double night_number(const json_t *object, const char *key) {
    const json_t *number = json_object_get(object, key);
    return json_is_number(number) ? json_number_value(number) : -1;
}
