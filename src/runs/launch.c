#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "runs/place.h"
#include "runs/runs_code.h"
#include "runs/runs_launch.h"
#include "runs/spec.h"
#include "runs/start.h"

enum { LINGER_MS = 10000 };

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
            (void)json_array_append_new(argv, json_words(*word));
        }
        (void)json_array_append_new(steps, argv);
    }
    char *text = json_text(steps);
    json_decref(steps);
    return text;
}

static const char *directory_of(const struct runs_plan *plan, size_t index) {
    const char *directory = plan->pipeline->processors[plan->items[index].processor].directory;
    return directory == NULL ? "/" : directory;
}

static char *run_directory(struct state *state, const char *run) {
    return memory_format("%s/runs/%s", state_directory(state), run);
}

/* What git says of the items' directories; most have the same one. */
static struct runs_code *look_at_code(const struct runs_plan *plan) {
    struct runs_code *codes = memory_new(plan->count, sizeof *codes);
    for (size_t i = 0; i < plan->count; i++) {
        const char *directory = directory_of(plan, i);
        size_t same = 0;
        while (same < i && strcmp(directory_of(plan, same), directory) != 0) {
            same++;
        }
        if (same < i) {
            codes[i] =
                (struct runs_code){memory_copy_string(codes[same].commit), codes[same].changed};
        } else {
            runs_code_look(directory, &codes[i]);
        }
    }
    return codes;
}

static bool claim(const struct runs_plan *plan, struct state *state,
                  const struct runs_launcher *launcher, const struct runs_started *started,
                  struct error *error) {
    int64_t at = clock_wall_ms(launcher->clock);
    char id[STATE_RUN_SIZE];
    struct state_new_run *runs = memory_new(plan->count, sizeof *runs);
    char **owned = memory_new(2 * plan->count, sizeof *owned);
    struct runs_code *codes = look_at_code(plan);
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
            .code_directory = directory_of(plan, i),
            .code_commit = codes[i].commit,
            .code_changed = codes[i].changed,
            .settle_ms = plan->pipeline->processors[item->processor].settle_ms,
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
    for (size_t i = 0; i < plan->count; i++) {
        runs_code_clear(&codes[i]);
    }
    free(codes);
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

static bool write_spec(const struct runs_plan *plan, const struct pipeline_processor *processor,
                       const struct runs_item *item, const char *run, struct state *state,
                       const char *directory, struct error *error) {
    char **environment = environment_of(plan->pipeline, processor);
    char *run_name = memory_copy_string(run);
    char *home = memory_copy_string(state_directory(state));
    struct spec spec = {
        .run = run_name,
        .group = (char *)plan->group,
        .processor = processor->name,
        .state = home,
        .ssh = processor->ssh,
        .directory = processor->directory == NULL ? "/" : processor->directory,
        .steps = item->steps,
        .step_count = item->step_count,
        .environment = environment,
        .grace_ms = processor->stop_grace_ms,
        .timeout_ms = processor->timeout_ms,
        .linger_ms = LINGER_MS,
        .log_limit = processor->log_limit,
    };
    bool done = place_make(directory, &spec, error);
    for (char **entry = environment; *entry != NULL; entry++) {
        free(*entry);
    }
    free(environment);
    free(run_name);
    free(home);
    return done;
}

/* Returns the end of the status pipe to read from, or -1 when the run could not be started. */
static int start_run(const struct runs_plan *plan, size_t index, struct state *state,
                     const char *shim, const struct runs_session *session,
                     const struct runs_started *started, struct error *error) {
    const struct runs_item *item = &plan->items[index];
    const struct pipeline_processor *processor = &plan->pipeline->processors[item->processor];
    char *directory = run_directory(state, started->run);
    int status = -1;
    if (write_spec(plan, processor, item, started->run, state, directory, error)) {
        status = start_shim(shim, started->run, directory, session, error);
    }
    free(directory);
    return status;
}

static void start_all(const struct runs_plan *plan, struct state *state,
                      const struct runs_launcher *launcher, const char *shim,
                      struct runs_started *started) {
    int *pipes = memory_new(plan->count, sizeof *pipes);
    struct runs_session session;
    runs_session_self(&session);
    for (size_t i = 0; i < plan->count; i++) {
        struct error error;
        pipes[i] = start_run(plan, i, state, shim, &session, &started[i], &error);
        if (pipes[i] < 0) {
            start_give_up(state, launcher, &started[i], error.text);
        }
    }
    for (size_t i = 0; i < plan->count; i++) {
        if (pipes[i] >= 0) {
            start_take_word(pipes[i], state, launcher, &started[i]);
        }
    }
    free(pipes);
}

/* An id for each run, which neither a stored one nor another of these has. */
static bool draw_ids(const struct runs_plan *plan, struct state *state,
                     const struct runs_launcher *launcher, struct runs_started *all,
                     struct error *error) {
    bool done = true;
    for (size_t i = 0; done && i < plan->count; i++) {
        size_t same;
        all[i].processor = plan->items[i].processor;
        do {
            done = state_draw_id(state, 'r', clock_wall_ms(launcher->clock), all[i].run, error);
            for (same = 0; same < i && strcmp(all[same].run, all[i].run) != 0; same++) {
            }
        } while (done && same < i);
    }
    return done;
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
    bool done =
        draw_ids(plan, state, launcher, all, error) && claim(plan, state, launcher, all, error);
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
