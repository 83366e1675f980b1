#include "cli/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "cli/operate.h"
#include "demo/pipeline_copy.h"
#include "runs/runs_reconcile.h"
#include "runs/runs_stop.h"
#include "state/state_lease.h"
#include "state/state_runs.h"
#include "state/state_sessions.h"

enum { START_MS = 60000, URL_SIZE = 128, SMALL_FILE = 65536, STEP_MS = 50, END_MS = 90000 };

static int64_t real_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_ms(int64_t ms) {
    struct timespec span = {ms / 1000, ms % 1000 * 1000000};
    (void)nanosleep(&span, NULL);
}

static bool set_variable(const char *name, const char *value, struct error *error) {
    return setenv(name, value, 1) == 0 ||
           error_set_errno(error, EXIT_OS, errno, "cannot set %s", name);
}

/* Names the stage to this process and all that it starts. */
static bool set_environment(const struct stage *stage, const char *clock, const char *url,
                            struct error *error) {
    char *state = file_join(stage->directory, "state");
    bool good = set_variable("PHASEGATE_CLOCK", clock, error) &&
                set_variable("PHASEGATE_STATE", state, error) &&
                set_variable("PHASEGATE_PIPELINE", stage->pipeline, error) &&
                (url == NULL || set_variable("BIGQUERY_EMULATOR_HOST", url, error)) &&
                clock_setup(NULL, error);
    free(state);
    return good;
}

static char *clock_text(const struct scenario *scenario, double speed) {
    return memory_format("%s@%lld*%g", scenario->moment, (long long)real_ms(), speed);
}

static bool write_pipeline(const struct stage *stage, const struct scenario *scenario,
                           const char *url, double speed, struct error *error) {
    char *source = pipeline_shipped(scenario->pipeline, error);
    char *bin = file_program_directory();
    char *program = file_join(bin, "phasegate");
    struct pipeline_copy copy = {.source = source,
                                 .destination = stage->pipeline,
                                 .endpoint = url,
                                 .from = scenario->from,
                                 .to = scenario->to,
                                 .program = program,
                                 .fast = speed > 1};
    bool good = source != NULL && pipeline_copy_write(&copy, error);
    free(source);
    free(bin);
    free(program);
    return good;
}

bool stage_open_private(const struct scenario *scenario, double speed, struct stage *stage,
                        struct error *error) {
    const char *base = getenv("TMPDIR");
    *stage = (struct stage){
        .directory = memory_format("%s/phasegate-demo-XXXXXX", base != NULL ? base : "/tmp")};
    if (mkdtemp(stage->directory) == NULL) {
        (void)error_set_errno(error, EXIT_CANT_CREATE, errno, "cannot make the directory %s",
                              stage->directory);
        free(stage->directory);
        stage->directory = NULL;
        return false;
    }
    stage->pipeline = file_join(stage->directory, "pipeline.yaml");
    char *clock = clock_text(scenario, speed);
    struct emulator_options options = {.port = 0};
    bool good = set_environment(stage, clock, NULL, error);
    free(clock);
    stage->inside = good ? emulator_start(&options, error) : NULL;
    good = stage->inside != NULL &&
           set_variable("BIGQUERY_EMULATOR_HOST", emulator_url(stage->inside), error) &&
           scenario_load(scenario, stage->inside, error) &&
           write_pipeline(stage, scenario, emulator_url(stage->inside), speed, error);
    if (!good) {
        (void)stage_end(stage, NULL);
    }
    return good;
}

/* The first line of the program's output, within START_MS. */
static bool read_url(int descriptor, char url[URL_SIZE], struct error *error) {
    size_t size = 0;
    int64_t until = real_ms() + START_MS;
    while (size < URL_SIZE - 1) {
        struct pollfd event = {descriptor, POLLIN, 0};
        int64_t left = until - real_ms();
        if (left <= 0 || poll(&event, 1, (int)left) <= 0 || read(descriptor, url + size, 1) != 1) {
            return error_set(error, EXIT_UNAVAILABLE,
                             "phasegate-emulator did not come up; see emulator.log");
        }
        if (url[size] == '\n') {
            url[size] = '\0';
            return true;
        }
        size++;
    }
    return error_set(error, EXIT_PROTOCOL,
                     "phasegate-emulator printed something else than its URL");
}

static bool start_emulator(struct stage *stage, const struct scenario *scenario, char url[URL_SIZE],
                           struct error *error) {
    int ends[2];
    char *bin = file_program_directory();
    char *program = file_join(bin, "phasegate-emulator");
    char *database = file_join(stage->directory, "bigquery.db");
    char *log = file_join(stage->directory, "emulator.log");
    char *name = memory_copy_string(scenario->name);
    char port[] = "--port";
    char zero[] = "0";
    char database_flag[] = "--database";
    char scenario_flag[] = "--scenario";
    char idle_flag[] = "--idle-exit";
    char idle[] = "900";
    char *argv[] = {program,       port, zero,      database_flag, database,
                    scenario_flag, name, idle_flag, idle,          NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    bool good =
        pipe2(ends, O_CLOEXEC) == 0 || error_set_errno(error, EXIT_OS, errno, "cannot make a pipe");
    if (good) {
        (void)posix_spawn_file_actions_init(&actions);
        (void)posix_spawnattr_init(&attributes);
        (void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        (void)posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        (void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log,
                                               O_WRONLY | O_CREAT | O_APPEND, 0600);
        (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
        int code = posix_spawn(&stage->emulator, program, &actions, &attributes, argv, environ);
        (void)posix_spawn_file_actions_destroy(&actions);
        (void)posix_spawnattr_destroy(&attributes);
        (void)close(ends[1]);
        stage->emulator = code == 0 ? stage->emulator : 0;
        good = code == 0 ? read_url(ends[0], url, error)
                         : error_set_errno(error, EXIT_OS, code, "cannot start %s", program);
        (void)close(ends[0]);
    }
    free(bin);
    free(program);
    free(database);
    free(log);
    free(name);
    return good;
}

/* What a later `phasegate demo` needs to come back: who the emulator is, where, and by which clock.
 */
static bool write_note(const struct stage *stage, const char *url, const char *clock,
                       struct error *error) {
    struct state_process process = state_process_of(stage->emulator);
    json_t *note =
        json_make("{s:s,s:s,s:s,s:I,s:I}", "url", url, "clock", clock, "boot", process.boot_id,
                  "pid", (json_int_t)process.pid, "start", (json_int_t)process.start);
    char *text = json_text(note);
    char *path = file_join(stage->directory, "demo.json");
    bool good = file_write(path, text_of(text), error);
    json_decref(note);
    free(text);
    free(path);
    return good;
}

/* Comes back to a demo whose BigQuery is alive; false when there is none. */
static bool reopen(struct stage *stage, struct error *error) {
    char *path = file_join(stage->directory, "demo.json");
    struct text_buffer text = {0};
    json_t *note = NULL;
    if (file_read(path, SMALL_FILE, &text, error)) {
        note = json_read((struct text){text.data, text.size}, path, error);
    }
    struct state_process process = {.pid = json_get_integer(note, "pid", 0),
                                    .start = json_get_integer(note, "start", 0)};
    (void)snprintf(process.boot_id, sizeof process.boot_id, "%s",
                   json_get_string(note, "boot", ""));
    bool alive = note != NULL && process.pid > 0 && state_process_alive(&process);
    if (alive) {
        stage->emulator = (pid_t)process.pid;
        stage->reopened = true;
        alive = set_environment(stage, json_get_string(note, "clock", ""),
                                json_get_string(note, "url", ""), error);
    }
    json_decref(note);
    text_buffer_free(&text);
    free(path);
    return alive;
}

/* A directory of this name that somebody else made is not ours to use. */
static bool check_owner(const char *directory, struct error *error) {
    struct stat status;
    if (lstat(directory, &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != getuid() ||
        (status.st_mode & 077) != 0) {
        return error_set(error, EXIT_PERMISSION, "%s is not a directory of yours alone; remove it",
                         directory);
    }
    return true;
}

/* One for each place that a person keeps states in, so that two who use one account, each with an
 * XDG_STATE_HOME of his own, do not meet; `shared`: one for the account. */
static void name_stage(struct stage *stage, bool shared) {
    const char *base = getenv("XDG_RUNTIME_DIR");
    const char *const places[] = {getenv("PHASEGATE_STATE"), getenv("XDG_STATE_HOME"),
                                  getenv("HOME")};
    uint32_t hash = UINT32_C(2166136261); /* FNV-1a */
    for (size_t i = 0; i < sizeof places / sizeof *places && !shared; i++) {
        if (places[i] != NULL && places[i][0] == '/') {
            for (const char *at = places[i]; *at != '\0'; at++) {
                hash = (hash ^ (unsigned char)*at) * UINT32_C(16777619);
            }
            break;
        }
    }
    char *own = shared ? memory_copy_string("") : memory_format("-%08x", hash);
    *stage = (struct stage){.directory =
                                memory_format("%s/phasegate-demo-%ld%s",
                                              base != NULL ? base : "/tmp", (long)getuid(), own)};
    stage->pipeline = file_join(stage->directory, "pipeline.yaml");
    free(own);
}

bool stage_find(bool shared, struct stage *stage, struct error *error) {
    name_stage(stage, shared);
    if (access(stage->directory, F_OK) == 0 && check_owner(stage->directory, error) &&
        reopen(stage, error)) {
        return true;
    }
    stage_leave(stage);
    return false;
}

bool stage_open(const struct scenario *scenario, double speed, bool shared, struct stage *stage,
                struct error *error) {
    char url[URL_SIZE];
    struct error ignored;
    name_stage(stage, shared);
    if (access(stage->directory, F_OK) == 0) {
        if (!check_owner(stage->directory, error)) {
            stage_leave(stage);
            return false;
        }
        if (reopen(stage, &ignored)) {
            return true;
        }
        if (!file_remove_tree(stage->directory, error)) {
            stage_leave(stage);
            return false;
        }
    }
    char *clock = clock_text(scenario, speed);
    bool good =
        file_make_directory(stage->directory, error) && check_owner(stage->directory, error) &&
        set_environment(stage, clock, NULL, error) && start_emulator(stage, scenario, url, error) &&
        set_variable("BIGQUERY_EMULATOR_HOST", url, error) &&
        write_pipeline(stage, scenario, url, speed, error) && write_note(stage, url, clock, error);
    free(clock);
    if (!good) {
        (void)stage_end(stage, NULL);
    }
    return good;
}

static struct state *open_state(const struct stage *stage, struct error *error) {
    struct pipeline *pipeline = pipeline_load(stage->pipeline, error);
    char *directory = pipeline != NULL ? state_home(pipeline->name, error) : NULL;
    struct state *state = directory != NULL ? state_open(directory, STATE_WRITE, error) : NULL;
    free(directory);
    pipeline_free(pipeline);
    return state;
}

static size_t live_runs(struct state *state) {
    struct state_run_filter filter = {.live = true};
    size_t count = 0;
    struct state_run *runs = state_runs(state, &filter, &count, NULL);
    if (runs != NULL) {
        state_runs_free(runs, count);
    }
    return count;
}

/* Those that somebody else has open: this process's own is closed. */
static size_t consoles(struct state *state) {
    size_t count;
    size_t open = 0;
    struct state_session *sessions = state_sessions(state, &count, NULL);
    for (size_t i = 0; sessions != NULL && i < count; i++) {
        open += sessions[i].role == STATE_CONSOLE && sessions[i].pid != getpid() ? 1 : 0;
    }
    state_sessions_free(sessions, sessions != NULL ? count : 0);
    return open;
}

bool stage_busy(const struct stage *stage) {
    struct state *state = open_state(stage, NULL);
    bool busy = state != NULL && (live_runs(state) > 0 || consoles(state) > 0);
    state_close(state);
    return busy;
}

/* Waits for the end of a process, which need not be a child of this one. */
static void await_end(pid_t pid, int64_t until) {
    while (kill(pid, 0) == 0 && real_ms() < until) {
        if (waitpid(pid, NULL, WNOHANG) != pid) {
            pause_ms(STEP_MS);
        }
    }
}

/* Stops what runs and waits for its end, then the agent. */
static void end_work(struct state *state) {
    char *owner = operate_owner();
    struct state_actor actor = {.name = owner};
    struct runs_stop_selector all = {0};
    struct runs_reconciled reconciled;
    size_t asked;
    int64_t until = real_ms() + END_MS;
    (void)runs_stop(state, &actor, clock_system(), &all, "the demo ends", &asked, NULL);
    while (live_runs(state) > 0 && real_ms() < until) {
        pause_ms(STEP_MS);
        (void)runs_reconcile(state, &actor, clock_system(), &reconciled, NULL);
    }
    struct state_lease lease = {0};
    if (state_lease_load(state, clock_boot_ns(clock_system()), &lease, NULL) && lease.held &&
        lease.pid != getpid() && kill((pid_t)lease.pid, SIGTERM) == 0) {
        await_end((pid_t)lease.pid, until);
    }
    state_lease_clear(&lease);
    free(owner);
}

bool stage_end(struct stage *stage, struct error *error) {
    struct state *state = access(stage->pipeline, F_OK) == 0 ? open_state(stage, NULL) : NULL;
    if (state != NULL) {
        end_work(state);
        state_close(state);
    }
    emulator_stop(stage->inside);
    if (stage->emulator > 0) {
        (void)kill(stage->emulator, SIGTERM);
        await_end(stage->emulator, real_ms() + END_MS);
    }
    bool good = file_remove_tree(stage->directory, error);
    stage_leave(stage);
    return good;
}

void stage_leave(struct stage *stage) {
    free(stage->directory);
    free(stage->pipeline);
    *stage = (struct stage){0};
}
