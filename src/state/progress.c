/* What logs said of runs, and the verdict that joins it with the rest. Written by the agent. */
#include <stdlib.h>

#include "base/memory.h"
#include "state/journal.h"
#include "state/sql.h"
#include "state/state_runs.h"

bool state_progress_store(struct state *state, int64_t term, const char *run,
                          const struct state_progress *p, struct error *error) {
    return sql_begin(state, error) &&
           sql_end(state,
                   SQL_RUN(state, error,
                           "INSERT OR REPLACE INTO progress(run,term,done,ok,failed,skipped,"
                           "zero_rows,position,total,warnings,errors,last_line,last_output_at,"
                           "log_offset,json,updated_at) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                           sql_text(run), sql_int(term), sql_int(p->done), sql_int(p->ok),
                           sql_int(p->failed), sql_int(p->skipped), sql_int(p->zero_rows),
                           sql_int(p->position), sql_int(p->total), sql_int(p->warnings),
                           sql_int(p->errors), sql_text(p->last_line), sql_int(p->last_output_at),
                           sql_int(p->log_offset), sql_text(p->json), sql_int(p->updated_at)),
                   error);
}

bool state_run_dates_store(struct state *state, int64_t term, const char *run,
                           const struct state_run_date *dates, size_t count, struct error *error) {
    if (!sql_begin(state, error)) {
        return false;
    }
    bool done = true;
    for (size_t i = 0; done && i < count; i++) {
        done =
            SQL_RUN(state, error,
                    "INSERT OR REPLACE INTO run_dates(run,day,term,outcome,row_count,reason)"
                    " VALUES(?,?,?,?,?,?)",
                    sql_text(run), sql_int(dates[i].day), sql_int(term), sql_text(dates[i].outcome),
                    sql_int(dates[i].rows), sql_text(dates[i].reason));
    }
    return sql_end(state, done, error);
}

struct state_run_date *state_run_dates(struct state *state, const char *run, size_t *count,
                                       struct error *error) {
    struct state_run_date *dates = NULL;
    size_t capacity = 0;
    struct sql_rows rows = SQL_ROWS(state, error,
                                    "SELECT day,outcome,row_count,reason FROM run_dates"
                                    " WHERE run=? ORDER BY day",
                                    sql_text(run));
    *count = 0;
    while (sql_next(&rows)) {
        dates = memory_grow(dates, *count, &capacity, sizeof *dates);
        dates[(*count)++] = (struct state_run_date){
            .day = (day_number)sql_get_int(&rows, 0, 0),
            .outcome = sql_get_text(&rows, 1),
            .rows = sql_get_int(&rows, 2, -1),
            .reason = sql_get_text(&rows, 3),
        };
    }
    if (rows.failed) {
        state_run_dates_free(dates, *count);
        *count = 0;
        return NULL;
    }
    return dates != NULL ? dates : memory_new(1, sizeof *dates);
}

void state_run_dates_free(struct state_run_date *dates, size_t count) {
    for (size_t i = 0; i < count && dates != NULL; i++) {
        free(dates[i].outcome);
        free(dates[i].reason);
    }
    free(dates);
}

struct state_attempts *state_attempts(struct state *state, const char *processor, size_t *count,
                                      struct error *error) {
    struct state_attempts *attempts = NULL;
    size_t capacity = 0;
    struct sql_rows rows = SQL_ROWS(
        state, error,
        "SELECT d.day,count(*),sum(d.outcome='failed') FROM run_dates d JOIN runs r ON r.run=d.run"
        " WHERE r.processor=? GROUP BY d.day ORDER BY d.day",
        sql_text(processor));
    *count = 0;
    while (sql_next(&rows)) {
        attempts = memory_grow(attempts, *count, &capacity, sizeof *attempts);
        attempts[(*count)++] =
            (struct state_attempts){(day_number)sql_get_int(&rows, 0, 0), sql_get_int(&rows, 1, 0),
                                    sql_get_int(&rows, 2, 0)};
    }
    if (rows.failed) {
        free(attempts);
        *count = 0;
        return NULL;
    }
    return attempts != NULL ? attempts : memory_new(1, sizeof *attempts);
}

static bool write_verdict(struct state *state, const struct state_actor *actor, const char *run,
                          const char *verdict, const char *text, int64_t at, struct error *error) {
    if (!SQL_RUN(state, error,
                 "UPDATE runs SET verdict=?1,verdict_text=?2,verdict_at=?3,verdict_term=?4"
                 " WHERE run=?5 AND state='ended'"
                 " AND (verdict IS NOT ?1 OR verdict_text IS NOT ?2)",
                 sql_text(verdict), sql_text(text), sql_int(at), sql_int(actor->term),
                 sql_text(run))) {
        return false;
    }
    if (sql_changes(state) == 0) {
        return true;
    }
    char *event = memory_format("%s: %s", verdict, text);
    bool done = journal_add(state, actor, at, STATE_EVENT_VERDICT, run, event, NULL, error);
    free(event);
    return done;
}

bool state_run_verdict(struct state *state, const struct state_actor *actor, const char *run,
                       const char *verdict, const char *text, int64_t at, struct error *error) {
    return sql_begin(state, error) &&
           sql_end(state, write_verdict(state, actor, run, verdict, text, at, error), error);
}
