#include "state/sql.h"
#include "state/state_told.h"

bool state_told_put(struct state *state, int64_t term, const char *key, const char *json,
                    int64_t at, struct error *error) {
    return sql_begin(state, error) &&
           sql_end(state,
                   SQL_RUN(state, error,
                           "INSERT INTO told(key,term,json,at) VALUES(?,?,?,?)"
                           " ON CONFLICT(key) DO UPDATE SET term=excluded.term,json=excluded.json,"
                           "at=excluded.at",
                           sql_text(key), sql_int(term), sql_text(json), sql_int(at)),
                   error);
}

bool state_told(struct state *state, const char *key, char **json, int64_t *at,
                struct error *error) {
    struct sql_rows rows =
        SQL_ROWS(state, error, "SELECT json,at FROM told WHERE key=?", sql_text(key));
    *json = NULL;
    *at = 0;
    if (sql_next(&rows)) {
        *json = sql_get_text(&rows, 0);
        *at = sql_get_int(&rows, 1, 0);
    }
    sql_finish(&rows);
    return !rows.failed;
}
