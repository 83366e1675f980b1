#include "fixture.h"

#include <errno.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "state/state_journal.h"
#include "state/state_unread.h"

const struct state_actor fixture_person = {.name = "naji@ops"};

void fixture_open(struct fixture *f) {
    *f = (struct fixture){.root = "/tmp/phasegate-runs-XXXXXX"};
    cr_assert(mkdtemp(f->root) != NULL && chmod(f->root, 0711) == 0);
    (void)snprintf(f->directory, sizeof f->directory, "%s/nba", f->root);
    f->state = state_open(f->directory, STATE_WRITE, &f->error);
    cr_assert(f->state != NULL, "%s", f->error.text);
    state_set_patience(f->state, 60000);
    f->table = (struct pipeline_table){.name = "team_defense",
                                       .project = "nba",
                                       .dataset = "nba_analytics",
                                       .table = "team_defense"};
    f->pipeline = (struct pipeline){.name = "nba",
                                    .tables = &f->table,
                                    .table_count = 1,
                                    .processors = f->processors,
                                    .processor_count = 1,
                                    .groups = &f->group,
                                    .group_count = 1,
                                    .hash = "abc"};
    f->group = (struct pipeline_group){
        .name = "phase3", .behind = PIPELINE_NONE, .runs = {f->group_runs, 1}};
    for (size_t i = 0; i < FIXTURE_PROCESSORS; i++) {
        f->processors[i] = (struct pipeline_processor){.name = "defense",
                                                       .fills = {&f->table_index, 1},
                                                       .directory = f->directory,
                                                       .stop_grace_ms = 10000};
        f->group_runs[i] = i;
    }
    cr_assert(setenv("PHASEGATE_SHIM", PHASEGATE_BINARY_DIR "/phasegate-shim", 1) == 0);
    cr_assert(setenv("PHASEGATE_TEST", "1", 1) == 0);
    cr_assert(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
}

void fixture_close(struct fixture *f) {
    state_close(f->state);
    cr_assert(file_remove_tree(f->root, &f->error), "%s", f->error.text);
}

void fixture_command(struct fixture *f, size_t index, const char *const *argv) {
    size_t count = 0;
    for (; argv[count] != NULL; count++) {
        f->commands[index][count] = (char *)argv[count];
    }
    f->commands[index][count] = NULL;
    f->processors[index].command = (struct pipeline_strings){f->commands[index], count};
}

void fixture_script(struct fixture *f, const char *script) {
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    fixture_command(f, 0, argv);
}

struct runs_request fixture_request(struct fixture *f) {
    return (struct runs_request){.pipeline = &f->pipeline,
                                 .group = PIPELINE_NONE,
                                 .processor = 0,
                                 .range = {DAY1, DAY1 + 9},
                                 .today = TODAY};
}

void fixture_settle(struct fixture *f) {
    struct state_run_filter unread = {.unread = true};
    size_t count;
    struct state_run *runs = state_runs(f->state, &unread, &count, &f->error);
    cr_assert(runs != NULL, "%s", f->error.text);
    for (size_t i = 0; i < count; i++) {
        cr_assert(state_unread_forget(f->state, &fixture_person, runs[i].run,
                                      "the test knows what it wrote", clock_wall_ms(clock_system()),
                                      &f->error),
                  "%s", f->error.text);
    }
    state_runs_free(runs, count);
}

struct runs_started *fixture_launch(struct fixture *f, const struct runs_request *request,
                                    size_t *count) {
    struct runs_started *started;
    fixture_settle(f);
    struct runs_plan *plan = runs_plan_new(request, &f->error);
    cr_assert(plan != NULL, "%s", f->error.text);
    struct runs_launcher launcher = {
        .actor = fixture_person, .owner = "naji@ops", .clock = clock_system()};
    bool done = runs_launch(plan, f->state, &launcher, &started, &f->error);
    *count = plan->count;
    runs_plan_free(plan);
    cr_assert(done, "%s", f->error.text);
    return started;
}

void fixture_start(struct fixture *f, const char *script, char run[STATE_RUN_SIZE]) {
    size_t count;
    fixture_script(f, script);
    struct runs_request request = fixture_request(f);
    struct runs_started *started = fixture_launch(f, &request, &count);
    cr_assert(count == 1);
    memcpy(run, started[0].run, STATE_RUN_SIZE);
    runs_started_free(started, count);
}

void fixture_wait(void) {
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) {
    }
}

static char *path_of(struct fixture *f, const char *run, const char *name) {
    return memory_format("%s/runs/%s/%s", f->directory, run, name);
}

char *fixture_read(struct fixture *f, const char *run, const char *name) {
    struct text_buffer buffer = {0};
    char *path = path_of(f, run, name);
    (void)file_read(path, 1 << 20, &buffer, NULL);
    free(path);
    return text_buffer_take(&buffer);
}

static void wait_until(struct fixture *f, const char *run, const char *name, const char *words) {
    char *directory = path_of(f, run, "");
    char *path = path_of(f, run, name);
    int watch = inotify_init1(IN_CLOEXEC);
    cr_assert(inotify_add_watch(watch, directory, IN_CREATE | IN_MODIFY | IN_MOVED_TO) >= 0);
    for (;;) {
        char ignored[4096];
        char *content = fixture_read(f, run, name);
        bool there = words == NULL ? access(path, F_OK) == 0 : strstr(content, words) != NULL;
        free(content);
        if (there) {
            break;
        }
        struct pollfd waiting = {.fd = watch, .events = POLLIN};
        cr_assert(poll(&waiting, 1, 120000) == 1, "%s never held: %s", name, words);
        cr_assert(read(watch, ignored, sizeof ignored) > 0);
    }
    (void)close(watch);
    free(path);
    free(directory);
}

void fixture_wait_for(struct fixture *f, const char *run, const char *words) {
    wait_until(f, run, "out.log", words);
}

void fixture_wait_for_file(struct fixture *f, const char *run, const char *name) {
    wait_until(f, run, name, NULL);
}

void fixture_let_go(struct fixture *f) {
    char *go = file_join(f->directory, "go");
    cr_assert(file_write(go, TEXT("x"), &f->error));
    free(go);
}

struct state_run *fixture_load(struct fixture *f, const char *run) {
    struct state_run_filter filter = {.run = run};
    size_t count;
    struct state_run *runs = state_runs(f->state, &filter, &count, &f->error);
    cr_assert(runs != NULL && count == 1, "%s", f->error.text);
    return runs;
}

static sqlite3 *open_raw(struct fixture *f) {
    sqlite3 *database;
    char *path = memory_format("%s/state.db", f->directory);
    cr_assert(sqlite3_open(path, &database) == SQLITE_OK);
    (void)sqlite3_busy_timeout(database, 60000);
    free(path);
    return database;
}

void fixture_write_sql(struct fixture *f, const char *sql) {
    sqlite3 *database = open_raw(f);
    cr_assert(sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
              sqlite3_errmsg(database));
    (void)sqlite3_close(database);
}

int64_t fixture_count(struct fixture *f, const char *sql) {
    sqlite3 *database = open_raw(f);
    sqlite3_stmt *statement;
    cr_assert(sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK, "%s",
              sqlite3_errmsg(database));
    cr_assert(sqlite3_step(statement) == SQLITE_ROW);
    int64_t value = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(database);
    return value;
}

size_t fixture_events(struct fixture *f, const char *run, const char *kind) {
    struct state_journal_filter filter = {.subject = run, .kind = kind};
    size_t count;
    struct state_event *events = state_journal(f->state, &filter, &count, &f->error);
    cr_assert(events != NULL, "%s", f->error.text);
    state_events_free(events, count);
    return count;
}

struct runs_reconciled fixture_reconcile(struct fixture *f, const struct clock *clock) {
    struct runs_reconciled sums;
    struct state_actor agent = {.name = "reconciler"};
    cr_assert(runs_reconcile(f->state, &agent, clock, &sums, &f->error), "%s", f->error.text);
    return sums;
}
