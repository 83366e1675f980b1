#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "state/journal.h"
#include "state/sql.h"
#include "state/state_gates.h"

static bool replace_verdict(struct state *state, const struct state_actor *actor, const char *gate,
                            const char *verdict, const char *text, int64_t at,
                            struct error *error) {
    return SQL_RUN(state, error,
                   "UPDATE verdicts SET until=?,term=? WHERE gate=? AND until IS NULL", sql_int(at),
                   sql_int(actor->term), sql_text(gate)) &&
           SQL_RUN(state, error,
                   "INSERT INTO verdicts(gate,term,verdict,since,text) VALUES(?,?,?,?,?)",
                   sql_text(gate), sql_int(actor->term), sql_text(verdict), sql_int(at),
                   sql_text(text));
}

bool state_verdict_store(struct state *state, const struct state_actor *actor, const char *gate,
                         const char *verdict, const char *text, int64_t at, struct error *error) {
    char *before = NULL;
    if (!sql_begin(state, error)) {
        return false;
    }
    struct sql_rows rows =
        SQL_ROWS(state, error, "SELECT verdict FROM verdicts WHERE gate=? AND until IS NULL",
                 sql_text(gate));
    if (sql_next(&rows)) {
        before = sql_get_text(&rows, 0);
    }
    sql_finish(&rows);
    bool done = !rows.failed;
    if (done && (before == NULL || strcmp(before, verdict) != 0)) {
        char *event = before == NULL ? memory_format("%s: %s", verdict, text)
                                     : memory_format("%s → %s: %s", before, verdict, text);
        done = replace_verdict(state, actor, gate, verdict, text, at, error) &&
               journal_add(state, actor, at, STATE_EVENT_GATE, gate, event, NULL, error);
        free(event);
    }
    free(before);
    return sql_end(state, done, error);
}

static struct state_verdict *collect(struct sql_rows *rows, size_t *count) {
    struct state_verdict *verdicts = NULL;
    size_t capacity = 0;
    *count = 0;
    while (sql_next(rows)) {
        verdicts = memory_grow(verdicts, *count, &capacity, sizeof *verdicts);
        verdicts[(*count)++] = (struct state_verdict){
            .gate = sql_get_text(rows, 0),
            .verdict = sql_get_text(rows, 1),
            .since = sql_get_int(rows, 2, 0),
            .until = sql_get_int(rows, 3, 0),
            .text = sql_get_text(rows, 4),
        };
    }
    if (rows->failed) {
        state_verdicts_free(verdicts, *count);
        *count = 0;
        return NULL;
    }
    return verdicts != NULL ? verdicts : memory_new(1, sizeof *verdicts);
}

struct state_verdict *state_verdicts(struct state *state, int64_t at, size_t *count,
                                     struct error *error) {
    struct sql_rows rows = SQL_ROWS(
        state, error,
        "SELECT gate,verdict,since,until,text FROM verdicts WHERE"
        " (?1=0 AND until IS NULL) OR (?1<>0 AND since<=?1 AND (until IS NULL OR until>?1))"
        " ORDER BY gate",
        sql_int(at));
    return collect(&rows, count);
}

struct state_verdict *state_verdict_history(struct state *state, const char *gate, size_t *count,
                                            struct error *error) {
    struct sql_rows rows = SQL_ROWS(
        state, error, "SELECT gate,verdict,since,until,text FROM verdicts WHERE gate=? ORDER BY id",
        sql_text(gate));
    return collect(&rows, count);
}

void state_verdicts_free(struct state_verdict *verdicts, size_t count) {
    for (size_t i = 0; i < count && verdicts != NULL; i++) {
        free(verdicts[i].gate);
        free(verdicts[i].verdict);
        free(verdicts[i].text);
    }
    free(verdicts);
}
