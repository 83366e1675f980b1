#include "state/sql.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "state/holder.h"
#include "state/schema.h"

static enum error_exit exit_of(int code) {
    static const struct {
        int code;
        enum error_exit exit;
    } table[] = {
        {SQLITE_BUSY, EXIT_TEMPORARY},
        {SQLITE_LOCKED, EXIT_TEMPORARY},
        {SQLITE_FULL, EXIT_IO},
        {SQLITE_IOERR, EXIT_IO},
        {SQLITE_READONLY, EXIT_PERMISSION},
        {SQLITE_PERM, EXIT_PERMISSION},
        {SQLITE_CANTOPEN, EXIT_PERMISSION},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].code == code) {
            return table[i].exit;
        }
    }
    return EXIT_SOFTWARE;
}

/* Our own statements are right: what they name has gone from the file. */
static bool is_damage(int code, const char *message) {
    static const char *const gone[] = {"no such ", "malformed ", "unknown database"};
    bool damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
    for (size_t i = 0; code == SQLITE_ERROR && i < sizeof gone / sizeof *gone; i++) {
        damaged = damaged || strncmp(message, gone[i], strlen(gone[i])) == 0;
    }
    return damaged;
}

bool sql_failed(struct state *state, struct error *error) {
    int extended = sqlite3_extended_errcode(state->database);
    const char *message = sqlite3_errmsg(state->database);
    if (extended == SQLITE_CONSTRAINT_TRIGGER) {
        return error_set(error, EXIT_NO_GO, "%s", message);
    }
    if ((extended & 0xFF) == SQLITE_BUSY) {
        char *holder = holder_describe(state->path);
        bool done =
            error_set(error, EXIT_TEMPORARY, "%s is %s; try again", state->path,
                      holder != NULL ? holder : "being written by another process for too long");
        free(holder);
        return done;
    }
    if ((extended & 0xFF) == SQLITE_READONLY && !state->writable) {
        return state_refuse(state, error);
    }
    if (is_damage(extended & 0xFF, message)) {
        return state_refuse_damage(state, message, error);
    }
    int reason = sqlite3_system_errno(state->database);
    if (((extended & 0xFF) == SQLITE_CANTOPEN || (extended & 0xFF) == SQLITE_IOERR) &&
        reason != 0) {
        return error_set_errno(error, exit_of(extended & 0xFF), reason, "%s: %s", state->path,
                               message);
    }
    return error_set(error, exit_of(extended & 0xFF), "%s: %s", state->path, message);
}

bool sql_script(struct state *state, const char *sql, struct error *error) {
    return sqlite3_exec(state->database, sql, NULL, NULL, NULL) == SQLITE_OK ||
           sql_failed(state, error);
}

bool sql_begin(struct state *state, struct error *error) {
    if (!state->writable) {
        return state_refuse(state, error);
    }
    return sql_script(state, "BEGIN IMMEDIATE", error);
}

bool sql_end(struct state *state, bool done, struct error *error) {
    if (done && sql_script(state, "COMMIT", error)) {
        return true;
    }
    if (sqlite3_get_autocommit(state->database) == 0) {
        (void)sqlite3_exec(state->database, "ROLLBACK", NULL, NULL, NULL);
    }
    return false;
}

static bool bind(sqlite3_stmt *statement, int index, const struct sql_value *value) {
    int code = SQLITE_OK;
    switch (value->type) {
    case SQL_NULL:
        code = sqlite3_bind_null(statement, index);
        break;
    case SQL_INTEGER:
        code = sqlite3_bind_int64(statement, index, value->integer);
        break;
    case SQL_REAL:
        code = sqlite3_bind_double(statement, index, value->real);
        break;
    case SQL_TEXT:
        code = sqlite3_bind_text(statement, index, value->data, -1, SQLITE_STATIC);
        break;
    case SQL_BLOB:
        code = sqlite3_bind_blob64(statement, index, value->size == 0 ? "" : value->data,
                                   value->size, SQLITE_STATIC);
        break;
    }
    return code == SQLITE_OK;
}

struct sql_rows sql_rows_of(struct state *state, struct error *error, const char *sql,
                            const struct sql_value *values, size_t count) {
    struct sql_rows rows = {.state = state, .error = error};
    bool ready = sqlite3_prepare_v2(state->database, sql, -1, &rows.statement, NULL) == SQLITE_OK;
    for (size_t i = 0; ready && i < count; i++) {
        ready = bind(rows.statement, (int)i + 1, &values[i]);
    }
    if (!ready) {
        rows.failed = true;
        (void)sql_failed(state, error);
        sql_finish(&rows);
    }
    return rows;
}

bool sql_next(struct sql_rows *rows) {
    if (rows->statement == NULL) {
        return false;
    }
    int code = sqlite3_step(rows->statement);
    if (code == SQLITE_ROW) {
        return true;
    }
    if (code != SQLITE_DONE) {
        rows->failed = true;
        (void)sql_failed(rows->state, rows->error);
    }
    sql_finish(rows);
    return false;
}

void sql_finish(struct sql_rows *rows) {
    (void)sqlite3_finalize(rows->statement);
    rows->statement = NULL;
}

bool sql_run(struct state *state, struct error *error, const char *sql,
             const struct sql_value *values, size_t count) {
    struct sql_rows rows = sql_rows_of(state, error, sql, values, count);
    while (sql_next(&rows)) {
    }
    return !rows.failed;
}

int64_t sql_changes(const struct state *state) {
    return sqlite3_changes64(state->database);
}

int64_t sql_get_int(const struct sql_rows *rows, int column, int64_t none) {
    return sqlite3_column_type(rows->statement, column) == SQLITE_NULL
               ? none
               : sqlite3_column_int64(rows->statement, column);
}

double sql_get_real(const struct sql_rows *rows, int column) {
    return sqlite3_column_double(rows->statement, column);
}

char *sql_get_text(const struct sql_rows *rows, int column) {
    return memory_copy_string((const char *)sqlite3_column_text(rows->statement, column));
}

const char *sql_peek_text(const struct sql_rows *rows, int column) {
    const char *text = (const char *)sqlite3_column_text(rows->statement, column);
    return text == NULL ? "" : text;
}

struct text sql_peek_blob(const struct sql_rows *rows, int column) {
    const char *data = sqlite3_column_blob(rows->statement, column);
    return (struct text){data, (size_t)sqlite3_column_bytes(rows->statement, column)};
}

bool sql_one(struct state *state, struct error *error, const char *sql,
             const struct sql_value *values, size_t count, int64_t none, int64_t *value) {
    struct sql_rows rows = sql_rows_of(state, error, sql, values, count);
    *value = none;
    if (sql_next(&rows)) {
        *value = sql_get_int(&rows, 0, none);
    }
    sql_finish(&rows);
    return !rows.failed;
}

bool sql_fence(struct state *state, int64_t term, struct error *error) {
    int64_t held;
    return sql_one(state, error, "SELECT term FROM lease WHERE holder IS NOT NULL", NULL, 0, -1,
                   &held) &&
           (held == term || error_set(error, EXIT_NO_GO, "%s", SCHEMA_STALE_TERM));
}
