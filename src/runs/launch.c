#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "runs/record.h"
#include "runs/runs_launch.h"
#include "runs/runs_shim.h"
#include "runs/spec.h"

enum { SHIM_WORD_MS = 20000, LINGER_MS = 10000 };

char *runs_shim_path(struct error *error) {
    static const char *const beside[] = {"phasegate-shim", "../libexec/phasegate-shim",
                                         "../libexec/phasegate/phasegate-shim"};
    const char *named = getenv("PHASEGATE_SHIM");
    if (named != NULL && named[0] != '\0') {
        return memory_copy_string(named);
    }
    char *directory = file_program_directory();
    char *path = NULL;
    for (size_t i = 0; path == NULL && i < sizeof beside / sizeof *beside; i++) {
        path = file_join(directory, beside[i]);
        if (access(path, X_OK) != 0) {
            free(path);
            path = NULL;
        }
    }
    if (path == NULL) {
        (void)error_set(error, EXIT_OS,
                        "phasegate-shim is not beside this program in %s; install it there or name "
                        "it in PHASEGATE_SHIM",
                        directory);
    }
    free(directory);
    return path;
}

/* ---- the transaction ---- */

static char *steps_json(const struct runs_item *item) {
    json_t *steps = json_array();
    for (size_t i = 0; i < item->step_count; i++) {
        json_t *argv = json_array();
        for (char **word = item->steps[i]; *word != NULL; word++) {
            (void)json_array_append_new(argv, json_string(*word));
        }
        (void)json_array_append_new(steps, argv);
    }
    char *text = json_text(steps);
    json_decref(steps);
    return text;
}

static char *run_directory(struct state *state, const char *run) {
    return memory_format("%s/runs/%s", state_directory(state), run);
}

static bool claim(const struct runs_plan *plan, struct state *state,
                  const struct runs_launcher *launcher, const struct runs_started *started,
                  struct error *error) {
    int64_t at = clock_wall_ms(launcher->clock);
    char id[STATE_RUN_SIZE];
    struct state_new_run *runs = memory_new(plan->count, sizeof *runs);
    char **owned = memory_new(2 * plan->count, sizeof *owned);
    for (size_t i = 0; i < plan->count; i++) {
        const struct runs_item *item = &plan->items[i];
        owned[2 * i] = steps_json(item);
        owned[2 * i + 1] = run_directory(state, started[i].run);
        runs[i] = (struct state_new_run){
            .run = started[i].run,
            .processor = plan->pipeline->processors[item->processor].name,
            .range = item->range,
            .dates = &item->dates,
            .steps = owned[2 * i],
            .step_count = item->step_count,
            .command = item->command,
            .directory = owned[2 * i + 1],
            .retry_of = plan->retry_of,
            .claims = item->claims,
            .claim_count = item->table_count,
            .tables = item->tables,
            .table_count = item->table_count,
            .labels_jobs = plan->pipeline->processors[item->processor].labels_jobs,
        };
    }
    struct state_launch launch = {
        .launch = state_make_id('l', at, id),
        .group = plan->group,
        .plan_hash = plan->pipeline->hash,
        .owner = launcher->owner,
        .approval = launcher->approval,
        .arm = launcher->arm,
        .override_reason = plan->override_reason,
        .runs = runs,
        .run_count = plan->count,
        .at = at,
        .boot_ns = clock_boot_ns(launcher->clock),
    };
    bool done = state_launch(state, &launcher->actor, &launch, error);
    for (size_t i = 0; i < 2 * plan->count; i++) {
        free(owned[i]);
    }
    free(owned);
    free(runs);
    return done;
}

/* ---- the shim ---- */

/* The pipeline's name as BigQuery takes it for the value of a label. */
static char *label_variable(const struct pipeline *pipeline) {
    static const size_t longest = 63;
    char *variable = memory_format("PHASEGATE_PIPELINE_LABEL=%s", pipeline->name);
    char *value = strchr(variable, '=') + 1;
    for (size_t i = 0; value[i] != '\0'; i++) {
        bool capital = value[i] >= 'A' && value[i] <= 'Z';
        value[i] = (char)(capital ? value[i] - 'A' + 'a' : value[i] == '.' ? '-' : value[i]);
    }
    if (strlen(value) > longest) {
        value[longest] = '\0';
    }
    return variable;
}

static char **environment_of(const struct pipeline *pipeline,
                             const struct pipeline_processor *processor) {
    char **environment = memory_new(processor->environment_count + 2, sizeof *environment);
    environment[processor->environment_count] = label_variable(pipeline);
    for (size_t i = 0; i < processor->environment_count; i++) {
        environment[i] =
            memory_format("%s=%s", processor->environment[i].name, processor->environment[i].value);
    }
    return environment;
}

static bool write_spec(const struct pipeline *pipeline, const struct pipeline_processor *processor,
                       const struct runs_item *item, const char *run, struct state *state,
                       const char *directory, struct error *error) {
    char **environment = environment_of(pipeline, processor);
    char *run_name = memory_copy_string(run);
    char *home = memory_copy_string(state_directory(state));
    struct spec spec = {
        .run = run_name,
        .state = home,
        .directory = processor->directory == NULL ? "/" : processor->directory,
        .steps = item->steps,
        .step_count = item->step_count,
        .environment = environment,
        .grace_ms = processor->stop_grace_ms,
        .timeout_ms = processor->timeout_ms,
        .linger_ms = LINGER_MS,
        .log_limit = processor->log_limit,
    };
    bool done = file_make_directory(directory, error) && spec_write(directory, &spec, error);
    for (char **entry = environment; *entry != NULL; entry++) {
        free(*entry);
    }
    free(environment);
    free(run_name);
    free(home);
    return done;
}

/* Starts the shim with its end of the status pipe at RUNS_SHIM_STATUS and no signal blocked. */
static bool spawn(const char *shim, const char *directory, int status, struct error *error) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    pid_t pid;
    char *arguments[] = {(char *)shim, (char *)directory, NULL};
    (void)sigemptyset(&none);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    (void)posix_spawn_file_actions_adddup2(&actions, status, RUNS_SHIM_STATUS);
    int reason = posix_spawn(&pid, shim, &actions, &attributes, arguments, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    if (reason != 0) {
        return error_set_errno(error, EXIT_OS, reason, "cannot start %s", shim);
    }
    /* It forks and leaves at once; what remains is nobody's child. */
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
    return true;
}

/* The one line of the shim, without its newline; empty when it said nothing in time. */
static void read_word(int descriptor, const struct clock *clock, char *line, size_t size) {
    size_t used = 0;
    int64_t give_up = clock_boot_ns(clock) + (int64_t)SHIM_WORD_MS * 1000000;
    for (;;) {
        int64_t left = (give_up - clock_boot_ns(clock)) / 1000000;
        struct pollfd waiting = {.fd = descriptor, .events = POLLIN};
        if (left <= 0 || used + 1 >= size || poll(&waiting, 1, (int)left) == 0) {
            break;
        }
        ssize_t count = read(descriptor, line + used, size - used - 1);
        if (count == 0 || (count < 0 && errno != EINTR)) {
            break;
        }
        used += count > 0 ? (size_t)count : 0;
        if (used > 0 && line[used - 1] == '\n') {
            used--;
            break;
        }
    }
    line[used] = '\0';
}

static void take_word(const char *line, struct runs_started *started) {
    static const char running[] = "running ";
    if (strncmp(line, running, sizeof running - 1) == 0) {
        started->running = true;
        started->pid = strtoll(line + sizeof running - 1, NULL, 10);
        return;
    }
    const char *space = strchr(line, ' ');
    started->problem =
        space == NULL
            ? memory_copy_string("its shim said nothing; see shim.log in the run's directory")
            : memory_copy_string(space + 1);
}

/* A run whose shim never came to be ends here: nobody else knows why. */
static void give_up(struct state *state, const struct runs_launcher *launcher,
                    struct runs_started *started, const struct error *why) {
    struct error error;
    bool done;
    struct record record = {.outcome = STATE_OUTCOME_SPAWN_ERROR,
                            .never_taken = true,
                            .spawn_error = memory_copy_string(why->text),
                            .ended_at = clock_wall_ms(launcher->clock)};
    started->problem = memory_copy_string(why->text);
    /* Should this fail too, the reconciler finds it claimed without a shim. */
    (void)record_store(state, &launcher->actor, started->run, &record, "reconciler", NULL, &done,
                       &error);
    record_clear(&record);
}

/* Returns the end of the status pipe to read from, or -1 when the run could not be started. */
static int start_shim(const struct runs_plan *plan, size_t index, struct state *state,
                      const char *shim, const struct runs_started *started, struct error *error) {
    const struct runs_item *item = &plan->items[index];
    const struct pipeline_processor *processor = &plan->pipeline->processors[item->processor];
    char *directory = run_directory(state, started->run);
    int status[2] = {-1, -1};
    bool done =
        write_spec(plan->pipeline, processor, item, started->run, state, directory, error) &&
        (pipe2(status, O_CLOEXEC) == 0 ||
         error_set_errno(error, EXIT_OS, errno, "cannot make a pipe")) &&
        spawn(shim, directory, status[1], error);
    if (status[1] >= 0) {
        (void)close(status[1]);
    }
    if (!done && status[0] >= 0) {
        (void)close(status[0]);
    }
    free(directory);
    return done ? status[0] : -1;
}

static void start_all(const struct runs_plan *plan, struct state *state,
                      const struct runs_launcher *launcher, const char *shim,
                      struct runs_started *started) {
    int *pipes = memory_new(plan->count, sizeof *pipes);
    for (size_t i = 0; i < plan->count; i++) {
        struct error error;
        pipes[i] = start_shim(plan, i, state, shim, &started[i], &error);
        if (pipes[i] < 0) {
            give_up(state, launcher, &started[i], &error);
        }
    }
    for (size_t i = 0; i < plan->count; i++) {
        if (pipes[i] >= 0) {
            char line[1024];
            read_word(pipes[i], launcher->clock, line, sizeof line);
            take_word(line, &started[i]);
            (void)close(pipes[i]);
        }
    }
    free(pipes);
}

bool runs_launch(const struct runs_plan *plan, struct state *state,
                 const struct runs_launcher *launcher, struct runs_started **started,
                 struct error *error) {
    char *shim =
        launcher->shim != NULL ? memory_copy_string(launcher->shim) : runs_shim_path(error);
    *started = NULL;
    if (shim == NULL) {
        return false;
    }
    struct runs_started *all = memory_new(plan->count, sizeof *all);
    for (size_t i = 0; i < plan->count; i++) {
        (void)state_make_id('r', clock_wall_ms(launcher->clock), all[i].run);
        all[i].processor = plan->items[i].processor;
    }
    bool done = claim(plan, state, launcher, all, error);
    if (done) {
        start_all(plan, state, launcher, shim, all);
        *started = all;
    } else {
        runs_started_free(all, plan->count);
    }
    free(shim);
    return done;
}

void runs_started_free(struct runs_started *started, size_t count) {
    for (size_t i = 0; i < count && started != NULL; i++) {
        free(started[i].problem);
    }
    free(started);
}
