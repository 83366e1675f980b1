#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "runs/place.h"
#include "runs/runs_adopt.h"
#include "runs/spec.h"
#include "runs/start.h"

enum { LARGEST_FILE = 4 * 1024 * 1024 };

/* ---- the process ---- */

static bool read_of(int64_t pid, const char *name, struct text_buffer *content) {
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%lld/%s", (long long)pid, name);
    return file_read(path, LARGEST_FILE, content, NULL);
}

/* NULL when it cannot be read, or is longer than a path may be. */
static char *link_of(int64_t pid, const char *name) {
    char path[64];
    char target[PATH_MAX];
    (void)snprintf(path, sizeof path, "/proc/%lld/%s", (long long)pid, name);
    ssize_t size = readlink(path, target, sizeof target);
    return size <= 0 || size == (ssize_t)sizeof target ? NULL
                                                       : memory_copy_part(target, (size_t)size);
}

static bool is_plain_file(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* A word as it can be stored and shown: whatever is no text becomes a question mark. */
static char *readable(struct text word) {
    struct text_buffer text = {0};
    while (word.size > 0) {
        uint32_t point;
        size_t size = text_decode(word.data, word.size, &point);
        if (point == UINT32_MAX || point < ' ' || (point >= 0x7f && point < 0xa0)) {
            text_buffer_add(&text, "?");
        } else {
            text_buffer_put(&text, word.data, size);
        }
        word.data += size;
        word.size -= size;
    }
    return text_buffer_take(&text);
}

/* The words of a command line, each of which ends with a zero byte. */
static char **words_of(struct text rest) {
    size_t capacity = 0;
    size_t count = 0;
    char **words = NULL;
    while (rest.size > 0) {
        struct text word = text_cut(&rest, '\0');
        words = memory_grow(words, count, &capacity, sizeof *words);
        words[count++] = readable(word);
    }
    words = memory_grow(words, count, &capacity, sizeof *words);
    words[count] = NULL;
    return words;
}

static bool is_of_a_run(int64_t pid) {
    static const struct text variable = {"PHASEGATE_RUN_ID=", 17};
    struct text_buffer environment = {0};
    bool found = false;
    if (read_of(pid, "environ", &environment)) {
        struct text rest = {environment.data, environment.size};
        while (!found && rest.size > 0) {
            found = text_starts(text_cut(&rest, '\0'), variable);
        }
    }
    text_buffer_free(&environment);
    return found;
}

static bool is_our_users(int64_t pid) {
    char path[48];
    struct stat status;
    (void)snprintf(path, sizeof path, "/proc/%lld", (long long)pid);
    return stat(path, &status) == 0 && status.st_uid == geteuid();
}

static bool is_watched(struct state *state, const struct state_process *process, bool *watched,
                       struct error *error) {
    struct state_run_filter filter = {.live = true};
    size_t count;
    struct state_run *runs = state_runs(state, &filter, &count, error);
    *watched = false;
    for (size_t i = 0; runs != NULL && i < count; i++) {
        const struct state_process *child = &runs[i].child;
        if (child->pid == process->pid && child->start == process->start &&
            strcmp(child->boot_id, process->boot_id) == 0) {
            *watched = true;
        }
    }
    state_runs_free(runs, count);
    return runs != NULL;
}

static bool check(struct state *state, const struct runs_adoptee *adoptee, struct error *error) {
    long long pid = (long long)adoptee->process.pid;
    bool watched;
    if (!is_our_users(pid)) {
        return error_set(error, EXIT_NO_GO,
                         "pid %lld is another user's; only its own user can "
                         "adopt it",
                         pid);
    }
    if (pid == getpid() || adoptee->argv[0] == NULL) {
        return error_set(error, EXIT_NO_GO, "pid %lld is no command that could be adopted", pid);
    }
    if (!is_watched(state, &adoptee->process, &watched, error)) {
        return false;
    }
    return (!watched && !is_of_a_run(pid)) ||
           error_set(error, EXIT_NO_GO, "pid %lld belongs to a run already; see phasegate runs",
                     pid);
}

bool runs_adoptee_look(struct state *state, int64_t pid, struct runs_adoptee *adoptee,
                       struct error *error) {
    struct text_buffer line = {0};
    *adoptee = (struct runs_adoptee){.process = state_process_of(pid)};
    if (pid == 1) {
        return error_set(error, EXIT_NO_GO,
                         "pid 1 is what started this machine, no command that could be adopted");
    }
    if (pid < 1 || pid > INT_MAX || !state_process_alive(&adoptee->process)) {
        return error_set(error, EXIT_NO_GO, "no process has the pid %lld", (long long)pid);
    }
    (void)read_of(pid, "cmdline", &line);
    adoptee->argv = words_of((struct text){line.data, line.size});
    text_buffer_free(&line);
    adoptee->log = link_of(pid, "fd/1");
    if (adoptee->log != NULL && (adoptee->log[0] != '/' || !is_plain_file(adoptee->log))) {
        free(adoptee->log);
        adoptee->log = NULL;
    }
    /* All of this was read of one process, if the one that was found first still lives. */
    bool good = check(state, adoptee, error) &&
                (state_process_alive(&adoptee->process) ||
                 error_set(error, EXIT_NO_GO, "pid %lld has ended", (long long)pid));
    if (!good) {
        runs_adoptee_clear(adoptee);
    }
    return good;
}

void runs_adoptee_clear(struct runs_adoptee *adoptee) {
    for (char **word = adoptee->argv; word != NULL && *word != NULL; word++) {
        free(*word);
    }
    free(adoptee->argv);
    free(adoptee->log);
    *adoptee = (struct runs_adoptee){.argv = NULL};
}

/* ---- the run ---- */

static char *steps_json(char *const *argv) {
    json_t *words = json_array();
    for (; *argv != NULL; argv++) {
        (void)json_array_append_new(words, json_words(*argv));
    }
    json_t *steps = json_array();
    (void)json_array_append_new(steps, words);
    char *text = json_text(steps);
    json_decref(steps);
    return text;
}

static char *join(char *const *argv) {
    struct text_buffer line = {0};
    for (size_t i = 0; argv[i] != NULL; i++) {
        text_buffer_format(&line, "%s%s", i > 0 ? " " : "", argv[i]);
    }
    return text_buffer_take(&line);
}

static bool claim(const struct runs_plan *plan, const struct runs_adoptee *adoptee,
                  struct state *state, const struct runs_launcher *launcher,
                  const struct runs_started *started, const char *directory, struct error *error) {
    const struct runs_item *item = &plan->items[0];
    int64_t at = clock_wall_ms(launcher->clock);
    char id[STATE_RUN_SIZE];
    char *steps = steps_json(adoptee->argv);
    char *command = join(adoptee->argv);
    struct state_new_run run = {
        .run = started->run,
        .processor = plan->pipeline->processors[item->processor].name,
        .range = item->range,
        .dates = &item->dates,
        .steps = steps,
        .step_count = 1,
        .command = command,
        .directory = directory,
        .claims = item->claims,
        .claim_count = item->table_count,
        .tables = item->tables,
        .table_count = item->table_count,
        .adopted = true,
        .code_changed = -1,
    };
    struct state_launch launch = {
        .launch = state_make_id('l', at, id),
        .group = plan->group,
        .plan_hash = plan->pipeline->hash,
        .owner = launcher->owner,
        .runs = &run,
        .run_count = 1,
        .at = at,
        .boot_ns = clock_boot_ns(launcher->clock),
    };
    bool done = state_launch(state, &launcher->actor, &launch, error);
    free(command);
    free(steps);
    return done;
}

/* The log stays where it is; in the run directory stands a link to it. */
static bool link_log(const char *directory, const char *log, struct error *error) {
    char *path = file_join(directory, SPEC_OUT_LOG);
    bool done = log == NULL || symlink(log, path) == 0 ||
                error_set_errno(error, EXIT_CANT_CREATE, errno, "cannot make the link %s", path);
    free(path);
    return done;
}

static bool write_files(const struct runs_plan *plan, const struct runs_adoptee *adoptee,
                        const char *log, struct state *state, const struct runs_started *started,
                        const char *directory, struct error *error) {
    const struct pipeline_processor *processor =
        &plan->pipeline->processors[plan->items[0].processor];
    char root[] = "/";
    char word[] = "adopted"; /* nothing is started */
    char *none[] = {NULL};
    char *words[] = {word, NULL};
    char **steps[] = {words};
    char *home = memory_copy_string(state_directory(state));
    char *run = memory_copy_string(started->run);
    struct spec spec = {
        .run = run,
        .group = (char *)plan->group,
        .processor = processor->name,
        .state = home,
        .directory = root,
        .steps = steps,
        .step_count = 1,
        .environment = none,
        .grace_ms = processor->stop_grace_ms,
        .log_limit = processor->log_limit,
        .adopted = adoptee->process,
    };
    bool done = place_make(directory, &spec, error) && link_log(directory, log, error);
    free(run);
    free(home);
    return done;
}

static void start(const struct runs_plan *plan, const struct runs_adoptee *adoptee, const char *log,
                  struct state *state, const struct runs_launcher *launcher, const char *shim,
                  const char *directory, struct runs_started *started) {
    struct error error = {0};
    struct runs_session session;
    int status = -1;
    runs_session_self(&session);
    if (write_files(plan, adoptee, log, state, started, directory, &error)) {
        status = start_shim(shim, started->run, directory, &session, &error);
    }
    if (status < 0) {
        start_give_up(state, launcher, started, error.text);
    } else {
        start_take_word(status, state, launcher, started);
    }
}

/* An absolute path without links, or NULL with an error. */
static char *resolve_log(const char *log, struct error *error) {
    char *path = realpath(log, NULL);
    if (path == NULL || !is_plain_file(path)) {
        (void)error_set(error, EXIT_NO_INPUT, "%s is not a plain file that can be followed", log);
        free(path);
        return NULL;
    }
    return path;
}

bool runs_adopt(const struct runs_plan *plan, const struct runs_adoptee *adoptee, const char *log,
                struct state *state, const struct runs_launcher *launcher,
                struct runs_started **started, struct error *error) {
    *started = NULL;
    char *path = log != NULL ? resolve_log(log, error) : NULL;
    if (log != NULL && path == NULL) {
        return false;
    }
    char *shim =
        launcher->shim != NULL ? memory_copy_string(launcher->shim) : runs_shim_path(error);
    struct runs_started *one = memory_new(1, sizeof *one);
    bool drawn = state_draw_id(state, 'r', clock_wall_ms(launcher->clock), one->run, error);
    one->processor = plan->items[0].processor;
    char *directory = memory_format("%s/runs/%s", state_directory(state), one->run);
    bool done =
        shim != NULL && drawn && claim(plan, adoptee, state, launcher, one, directory, error);
    if (done) {
        start(plan, adoptee, path, state, launcher, shim, directory, one);
        *started = one;
    } else {
        runs_started_free(one, 1);
    }
    free(directory);
    free(shim);
    free(path);
    return done;
}
