/* Reading runs back, and asking them to stop. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/memory.h"
#include "state/days.h"
#include "state/journal.h"
#include "state/run_words.h"
#include "state/sql.h"
#include "state/state_runs.h"

static const char *const state_words[] = {
    [STATE_RUN_CLAIMED] = "claimed", [STATE_RUN_STARTING] = "starting",
    [STATE_RUN_RUNNING] = "running", [STATE_RUN_STOPPING] = "stopping",
    [STATE_RUN_ENDED] = "ended",
};
static const char *const outcome_words[] = {
    [STATE_OUTCOME_NONE] = NULL,
    [STATE_OUTCOME_OK] = "ok",
    [STATE_OUTCOME_FAILED] = "failed",
    [STATE_OUTCOME_STOPPED] = "stopped",
    [STATE_OUTCOME_SPAWN_ERROR] = "spawn_error",
    [STATE_OUTCOME_LOST] = "lost",
};

const char *state_run_state_word(enum state_run_state state) {
    return state_words[state];
}

const char *state_outcome_word(enum state_outcome outcome) {
    return outcome_words[outcome];
}

enum state_run_state run_state_of(const char *word) {
    for (unsigned i = 0; i < sizeof state_words / sizeof *state_words; i++) {
        if (strcmp(state_words[i], word) == 0) {
            return (enum state_run_state)i;
        }
    }
    return STATE_RUN_RUNNING;
}

enum state_outcome run_outcome_of(const char *word) {
    if (word[0] == '\0') {
        return STATE_OUTCOME_NONE;
    }
    for (unsigned i = 1; i < sizeof outcome_words / sizeof *outcome_words; i++) {
        if (strcmp(outcome_words[i], word) == 0) {
            return (enum state_outcome)i;
        }
    }
    return STATE_OUTCOME_LOST;
}

/* The columns of a run, by name: the query and its reader are made from one list. */
#define RUN_COLUMNS(X)                                                                             \
    X(RUN, "r.run")                                                                                \
    X(LAUNCH, "r.launch")                                                                          \
    X(GROUP, "r.group_name")                                                                       \
    X(PROCESSOR, "r.processor")                                                                    \
    X(OWNER, "r.owner")                                                                            \
    X(PLAN_HASH, "r.plan_hash")                                                                    \
    X(FROM, "r.from_day")                                                                          \
    X(TO, "r.to_day")                                                                              \
    X(DATES, "r.dates")                                                                            \
    X(DATE_COUNT, "r.date_count")                                                                  \
    X(STEPS, "r.steps")                                                                            \
    X(STEP_COUNT, "r.step_count")                                                                  \
    X(STEP, "r.step")                                                                              \
    X(COMMAND, "r.command")                                                                        \
    X(DIRECTORY, "r.directory")                                                                    \
    X(RETRY_OF, "r.retry_of")                                                                      \
    X(STATE, "r.state")                                                                            \
    X(OUTCOME, "r.outcome")                                                                        \
    X(BOOT_ID, "r.boot_id")                                                                        \
    X(SHIM_PID, "r.shim_pid")                                                                      \
    X(SHIM_START, "r.shim_start")                                                                  \
    X(CHILD_PID, "r.child_pid")                                                                    \
    X(CHILD_START, "r.child_start")                                                                \
    X(ORPHAN_AT, "r.orphan_at")                                                                    \
    X(WAIT_STATUS, "r.wait_status")                                                                \
    X(STRAGGLERS, "r.stragglers")                                                                  \
    X(SPAWN_ERROR, "r.spawn_error")                                                                \
    X(RECORDED_BY, "r.recorded_by")                                                                \
    X(CREATED_AT, "r.created_at")                                                                  \
    X(CREATED_BOOT_ID, "r.created_boot_id")                                                        \
    X(CREATED_NS, "r.created_ns")                                                                  \
    X(STARTED_AT, "r.started_at")                                                                  \
    X(ENDED_AT, "r.ended_at")                                                                      \
    X(STOP_AT, "r.stop_at")                                                                        \
    X(STOP_BY, "r.stop_by")                                                                        \
    X(STOP_REASON, "r.stop_reason")                                                                \
    X(STOP_STAGE, "r.stop_stage")                                                                  \
    X(STOP_STAGE_AT, "r.stop_stage_at")                                                            \
    X(KILL_AT, "r.kill_at")                                                                        \
    X(SURVIVORS, "r.survivors")                                                                    \
    X(VERDICT, "r.verdict")                                                                        \
    X(VERDICT_TEXT, "r.verdict_text")                                                              \
    X(VERDICT_AT, "r.verdict_at")                                                                  \
    X(LABELLED, "r.server_labelled")                                                               \
    X(HELD, "r.server_hold")                                                                       \
    X(JOBS, "r.server_jobs")                                                                       \
    X(JOBS_AT, "r.server_jobs_at")                                                                 \
    X(JOBS_ERROR, "r.server_error")                                                                \
    X(CANCEL_AT, "r.server_cancel_at")                                                             \
    X(CANCEL_BY, "r.server_cancel_by")                                                             \
    X(ADOPTED, "r.adopted")                                                                        \
    X(OUT_OF_MEMORY, "r.out_of_memory")                                                            \
    X(STUCK, "r.stuck")                                                                            \
    X(LOG_ALARM, "r.log_alarm")                                                                    \
    X(CODE_DIRECTORY, "r.code_directory")                                                          \
    X(CODE_COMMIT, "r.code_commit")                                                                \
    X(CODE_CHANGED, "r.code_changed")                                                              \
    X(CODE_MOVED, "r.code_moved")                                                                  \
    X(WAITS_FOR, "r.waits_for")                                                                    \
    X(STEPS_FAILED, "r.steps_failed")                                                              \
    X(SEQUENCE, "r.rowid")                                                                         \
    X(ENDED_SEQUENCE, "r.ended_sequence")                                                          \
    X(SETTLE, "r.settle_ms")                                                                       \
    X(UNREAD, "r.coverage_hold")                                                                   \
    X(P_DONE, "p.done")                                                                            \
    X(P_OK, "p.ok")                                                                                \
    X(P_FAILED, "p.failed")                                                                        \
    X(P_SKIPPED, "p.skipped")                                                                      \
    X(P_ZERO_ROWS, "p.zero_rows")                                                                  \
    X(P_POSITION, "p.position")                                                                    \
    X(P_TOTAL, "p.total")                                                                          \
    X(P_WARNINGS, "p.warnings")                                                                    \
    X(P_ERRORS, "p.errors")                                                                        \
    X(P_LAST_LINE, "p.last_line")                                                                  \
    X(P_LAST_OUTPUT_AT, "p.last_output_at")                                                        \
    X(P_LOG_OFFSET, "p.log_offset")                                                                \
    X(P_JSON, "p.json")                                                                            \
    X(P_UPDATED_AT, "p.updated_at")

enum run_column {
#define RUN_CONSTANT(name, column) RUN_##name,
    RUN_COLUMNS(RUN_CONSTANT)
#undef RUN_CONSTANT
};
#define RUN_NAME(name, column) column ","
#define RUN_LIST               RUN_COLUMNS(RUN_NAME) "0"

/* An older file can be read without being migrated. */
#define SINCE_SCHEMA_3 "0 AS steps_failed,NULL AS ended_sequence,0 AS settle_ms,0 AS coverage_hold"
#define RUNS_OF_SCHEMA_1                                                                           \
    "(SELECT rowid,*,0 AS server_labelled,0 AS server_hold,NULL AS server_jobs,NULL AS "           \
    "server_jobs_at,"                                                                              \
    "NULL AS server_error,NULL AS server_cancel_at,NULL AS server_cancel_by,0 AS adopted,"         \
    "0 AS out_of_memory,NULL AS stuck,NULL AS log_alarm,NULL AS code_directory,NULL AS "           \
    "code_commit,NULL AS code_changed,"                                                            \
    "NULL AS code_moved,NULL AS waits_for," SINCE_SCHEMA_3 " FROM runs)"
#define RUNS_OF_SCHEMA_2 "(SELECT rowid,*," SINCE_SCHEMA_3 " FROM runs)"
/* What still matters, whatever a limit or a clock says. */
#define UNSETTLED                                                                                  \
    "(r.state<>'ended' OR r.verdict IS NULL OR r.server_hold=1 OR EXISTS(SELECT 1 FROM claims c"   \
    " WHERE c.run=r.run AND c.released_at IS NULL))"
#define RUN_WHERE                                                                                  \
    " WHERE (?1 IS NULL OR r.run=?1) AND (?2 IS NULL OR r.group_name=?2)"                          \
    " AND (?3 IS NULL OR r.processor=?3) AND (?4 IS NULL OR r.launch=?4)"                          \
    " AND (?5=0 OR r.state<>'ended') AND (?6=0 OR (r.state='ended' AND r.verdict IS NULL))"        \
    " AND (?8=0 OR r.created_at<=?8) AND (?10=0 OR r.server_hold=1)"                               \
    " AND (?11=0 OR r.coverage_hold=1)"                                                            \
    " AND (?12=0 OR (r.verdict IN('no effect','ended with gaps','verified')"                       \
    "  AND r.ended_at>=?12"                                                                        \
    "  AND NOT EXISTS(SELECT 1 FROM claims c JOIN claims o ON o.resource=c.resource"               \
    "   AND o.from_day<=c.to_day AND c.from_day<=o.to_day AND o.id>c.id AND o.run<>c.run"          \
    "   WHERE c.run=r.run)))"
#define RUN_SETTLED(source)                                                                        \
    " FROM " source " r" RUN_WHERE " AND (?7=0 OR r.ended_at>=?7) AND NOT " UNSETTLED
/* By rowid, which is the order of their making: a clock may go back. */
#define RUN_SELECT(source)                                                                         \
    "SELECT " RUN_LIST " FROM " source " r LEFT JOIN progress p ON p.run=r.run" RUN_WHERE          \
    " AND (" UNSETTLED " OR r.rowid IN(SELECT r.rowid" RUN_SETTLED(                                \
        source) "  ORDER BY r.rowid DESC LIMIT ?9)) ORDER BY r.rowid DESC"
#define RUN_COUNT(source) "SELECT count(*)" RUN_SETTLED(source)

static void copy_boot_id(const struct sql_rows *rows, int column, char out[CLOCK_BOOT_ID_SIZE]) {
    const char *text = sql_peek_text(rows, column);
    size_t size = strnlen(text, CLOCK_BOOT_ID_SIZE - 1);
    memcpy(out, text, size);
    out[size] = '\0';
}

static struct state_progress read_progress(const struct sql_rows *rows) {
    return (struct state_progress){
        .done = sql_get_int(rows, RUN_P_DONE, 0),
        .ok = sql_get_int(rows, RUN_P_OK, 0),
        .failed = sql_get_int(rows, RUN_P_FAILED, 0),
        .skipped = sql_get_int(rows, RUN_P_SKIPPED, 0),
        .zero_rows = sql_get_int(rows, RUN_P_ZERO_ROWS, 0),
        .position = sql_get_int(rows, RUN_P_POSITION, -1),
        .total = sql_get_int(rows, RUN_P_TOTAL, -1),
        .warnings = sql_get_int(rows, RUN_P_WARNINGS, 0),
        .errors = sql_get_int(rows, RUN_P_ERRORS, 0),
        .last_line = sql_get_text(rows, RUN_P_LAST_LINE),
        .last_output_at = sql_get_int(rows, RUN_P_LAST_OUTPUT_AT, 0),
        .log_offset = sql_get_int(rows, RUN_P_LOG_OFFSET, 0),
        .json = sql_get_text(rows, RUN_P_JSON),
        .updated_at = sql_get_int(rows, RUN_P_UPDATED_AT, 0),
    };
}

static struct state_server read_server(const struct sql_rows *rows) {
    return (struct state_server){
        .labelled = sql_get_int(rows, RUN_LABELLED, 0) != 0,
        .held = sql_get_int(rows, RUN_HELD, 0) != 0,
        .jobs = sql_get_int(rows, RUN_JOBS, -1),
        .at = sql_get_int(rows, RUN_JOBS_AT, 0),
        .error = sql_get_text(rows, RUN_JOBS_ERROR),
        .cancel_at = sql_get_int(rows, RUN_CANCEL_AT, 0),
        .cancel_by = sql_get_text(rows, RUN_CANCEL_BY),
    };
}

static struct state_notices read_notices(const struct sql_rows *rows) {
    int64_t steps = sql_get_int(rows, RUN_STEP_COUNT, 1);
    bool ended = sql_get_int(rows, RUN_ENDED_AT, 0) != 0;
    return (struct state_notices){
        .adopted = sql_get_int(rows, RUN_ADOPTED, 0) != 0,
        .out_of_memory = sql_get_int(rows, RUN_OUT_OF_MEMORY, 0) != 0,
        .stuck = sql_get_text(rows, RUN_STUCK),
        .log_alarm = sql_get_int(rows, RUN_LOG_ALARM, 0),
        .code_directory = sql_get_text(rows, RUN_CODE_DIRECTORY),
        .code_commit = sql_get_text(rows, RUN_CODE_COMMIT),
        .code_changed = sql_get_int(rows, RUN_CODE_CHANGED, -1),
        .code_moved = sql_get_text(rows, RUN_CODE_MOVED),
        .waits_for = sql_get_text(rows, RUN_WAITS_FOR),
        .stragglers = sql_get_int(rows, RUN_STRAGGLERS, 0),
        .steps = steps,
        .steps_failed = sql_get_int(rows, RUN_STEPS_FAILED, 0),
        .steps_left = ended ? steps - 1 - sql_get_int(rows, RUN_STEP, 0) : 0,
    };
}

static void read_process(const struct sql_rows *rows, struct state_run *run) {
    copy_boot_id(rows, RUN_BOOT_ID, run->shim.boot_id);
    copy_boot_id(rows, RUN_BOOT_ID, run->child.boot_id);
    copy_boot_id(rows, RUN_CREATED_BOOT_ID, run->created_boot_id);
    run->shim.pid = sql_get_int(rows, RUN_SHIM_PID, 0);
    run->shim.start = sql_get_int(rows, RUN_SHIM_START, 0);
    run->child.pid = sql_get_int(rows, RUN_CHILD_PID, 0);
    run->child.start = sql_get_int(rows, RUN_CHILD_START, 0);
    run->has_wait_status = sql_get_int(rows, RUN_WAIT_STATUS, -1) >= 0;
    run->wait_status = (int)sql_get_int(rows, RUN_WAIT_STATUS, 0);
    bool exited = run->has_wait_status && WIFEXITED(run->wait_status);
    bool signaled = run->has_wait_status && WIFSIGNALED(run->wait_status);
    run->exit_code = exited ? WEXITSTATUS(run->wait_status) : -1;
    run->signal = signaled ? WTERMSIG(run->wait_status) : -1;
    run->core_dumped = signaled && WCOREDUMP(run->wait_status);
}

static struct state_run read_run(const struct sql_rows *rows) {
    struct state_run run = {
        .run = sql_get_text(rows, RUN_RUN),
        .launch = sql_get_text(rows, RUN_LAUNCH),
        .group = sql_get_text(rows, RUN_GROUP),
        .processor = sql_get_text(rows, RUN_PROCESSOR),
        .owner = sql_get_text(rows, RUN_OWNER),
        .plan_hash = sql_get_text(rows, RUN_PLAN_HASH),
        .range = {(day_number)sql_get_int(rows, RUN_FROM, 0),
                  (day_number)sql_get_int(rows, RUN_TO, -1)},
        .date_count = (size_t)sql_get_int(rows, RUN_DATE_COUNT, 0),
        .steps = sql_get_text(rows, RUN_STEPS),
        .step_count = (size_t)sql_get_int(rows, RUN_STEP_COUNT, 1),
        .step = (size_t)sql_get_int(rows, RUN_STEP, 0),
        .command = sql_get_text(rows, RUN_COMMAND),
        .directory = sql_get_text(rows, RUN_DIRECTORY),
        .sequence = sql_get_int(rows, RUN_SEQUENCE, 0),
        .retry_of = sql_get_text(rows, RUN_RETRY_OF),
        .state = run_state_of(sql_peek_text(rows, RUN_STATE)),
        .outcome = run_outcome_of(sql_peek_text(rows, RUN_OUTCOME)),
        .orphan = sql_get_int(rows, RUN_ORPHAN_AT, 0) != 0 &&
                  strcmp(sql_peek_text(rows, RUN_STATE), "ended") != 0,
        .spawn_error = sql_get_text(rows, RUN_SPAWN_ERROR),
        .recorded_by = sql_get_text(rows, RUN_RECORDED_BY),
        .created_at = sql_get_int(rows, RUN_CREATED_AT, 0),
        .created_boot_ns = sql_get_int(rows, RUN_CREATED_NS, 0),
        .started_at = sql_get_int(rows, RUN_STARTED_AT, 0),
        .ended_at = sql_get_int(rows, RUN_ENDED_AT, 0),
        .stop_at = sql_get_int(rows, RUN_STOP_AT, 0),
        .stop_by = sql_get_text(rows, RUN_STOP_BY),
        .stop_reason = sql_get_text(rows, RUN_STOP_REASON),
        .stop_stage = sql_get_text(rows, RUN_STOP_STAGE),
        .stop_stage_at = sql_get_int(rows, RUN_STOP_STAGE_AT, 0),
        .kill_at = sql_get_int(rows, RUN_KILL_AT, 0),
        .survivors = sql_get_int(rows, RUN_SURVIVORS, -1),
        .verdict = sql_get_text(rows, RUN_VERDICT),
        .verdict_text = sql_get_text(rows, RUN_VERDICT_TEXT),
        .verdict_at = sql_get_int(rows, RUN_VERDICT_AT, 0),
        .ended_sequence = sql_get_int(rows, RUN_ENDED_SEQUENCE, 0),
        .settle_ms = sql_get_int(rows, RUN_SETTLE, 0),
        .unread = sql_get_int(rows, RUN_UNREAD, 0) != 0,
        .progress = read_progress(rows),
        .server = read_server(rows),
        .notices = read_notices(rows),
    };
    read_process(rows, &run);
    if (!days_from_text(text_of(sql_peek_text(rows, RUN_DATES)), &run.dates)) {
        run.dates = dayset_new(run.range);
    }
    return run;
}

static bool load_tables(struct state *state, struct state_run *run, struct error *error) {
    size_t capacity = 0;
    struct sql_rows rows =
        SQL_ROWS(state, error, "SELECT tbl,before FROM run_tables WHERE run=? ORDER BY tbl",
                 sql_text(run->run));
    while (sql_next(&rows)) {
        run->tables = memory_grow(run->tables, run->table_count, &capacity, sizeof *run->tables);
        struct state_run_table *table = &run->tables[run->table_count++];
        *table = (struct state_run_table){.table = sql_get_text(&rows, 0)};
        table->before_known = sql_get_int(&rows, 1, -1) != -1 &&
                              days_from_text(text_of(sql_peek_text(&rows, 1)), &table->before);
    }
    return !rows.failed;
}

static struct sql_rows select_runs(struct state *state, const struct state_run_filter *filter,
                                   const char *sql, struct error *error) {
    return SQL_ROWS(
        state, error, sql, sql_text(filter->run), sql_text(filter->group),
        sql_text(filter->processor), sql_text(filter->launch), sql_int(filter->live),
        sql_int(filter->undecided), sql_int(filter->ended_since), sql_int(filter->as_of),
        sql_int(filter->newest == 0 ? -1 : (int64_t)filter->newest), sql_int(filter->held),
        sql_int(filter->unread), sql_int(filter->doubtful_since));
}

/* Which query of three the file's schema has. */
static size_t query_for(const struct state *state) {
    return state->schema < 2 ? 0 : state->schema < 3 ? 1 : 2;
}

bool state_runs_left_out(struct state *state, const struct state_run_filter *filter, size_t *count,
                         struct error *error) {
    static const char *const queries[] = {RUN_COUNT(RUNS_OF_SCHEMA_1), RUN_COUNT(RUNS_OF_SCHEMA_2),
                                          RUN_COUNT("runs")};
    struct sql_rows rows = select_runs(state, filter, queries[query_for(state)], error);
    int64_t settled = sql_next(&rows) ? sql_get_int(&rows, 0, 0) : 0;
    sql_finish(&rows);
    size_t all = (size_t)settled;
    *count = filter->newest > 0 && all > filter->newest ? all - filter->newest : 0;
    return !rows.failed;
}

struct state_run *state_runs(struct state *state, const struct state_run_filter *filter,
                             size_t *count, struct error *error) {
    struct state_run *runs = NULL;
    size_t capacity = 0;
    static const char *const queries[] = {RUN_SELECT(RUNS_OF_SCHEMA_1),
                                          RUN_SELECT(RUNS_OF_SCHEMA_2), RUN_SELECT("runs")};
    struct sql_rows rows = select_runs(state, filter, queries[query_for(state)], error);
    *count = 0;
    while (sql_next(&rows)) {
        runs = memory_grow(runs, *count, &capacity, sizeof *runs);
        runs[(*count)++] = read_run(&rows);
    }
    bool done = !rows.failed;
    for (size_t i = 0; done && i < *count; i++) {
        done = load_tables(state, &runs[i], error);
    }
    if (!done) {
        state_runs_free(runs, *count);
        *count = 0;
        return NULL;
    }
    return runs != NULL ? runs : memory_new(1, sizeof *runs);
}

bool state_run_tries(struct state *state, const char *run, int *tries, struct error *error) {
    int64_t count;
    bool done = SQL_ONE(state, error, 1, &count,
                        "WITH RECURSIVE tries(run) AS (VALUES(?1) UNION SELECT r.retry_of FROM runs"
                        " r JOIN tries t ON r.run=t.run WHERE r.retry_of IS NOT NULL)"
                        " SELECT count(*) FROM tries",
                        sql_text(run));
    *tries = (int)count;
    return done;
}

static void clear_run(struct state_run *run) {
    char *strings[] = {run->run,
                       run->launch,
                       run->group,
                       run->processor,
                       run->owner,
                       run->plan_hash,
                       run->steps,
                       run->command,
                       run->directory,
                       run->retry_of,
                       run->spawn_error,
                       run->recorded_by,
                       run->stop_by,
                       run->stop_reason,
                       run->stop_stage,
                       run->verdict,
                       run->verdict_text,
                       run->progress.last_line,
                       run->progress.json,
                       run->server.error,
                       run->server.cancel_by,
                       run->notices.stuck,
                       run->notices.code_directory,
                       run->notices.code_commit,
                       run->notices.code_moved,
                       run->notices.waits_for};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        free(strings[i]);
    }
    for (size_t i = 0; i < run->table_count; i++) {
        free(run->tables[i].table);
        dayset_free(&run->tables[i].before);
    }
    free(run->tables);
    dayset_free(&run->dates);
}

void state_runs_free(struct state_run *runs, size_t count) {
    for (size_t i = 0; i < count && runs != NULL; i++) {
        clear_run(&runs[i]);
    }
    free(runs);
}
