#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "state/sql.h"
#include "state/state_coverage.h"

#define NUMBERS                                                                                    \
    "expected,bootstrap,waived,attainable,complete,partial,missing,excess,with_rows,row_count"
#define COLUMNS "tbl,season,at,evidence,status," NUMBERS ",error"

static struct sql_value number(int64_t value) {
    return sql_int_unless(value, -1);
}

/* Whether the last sample of the same table and season, if young enough, says the same. */
static bool is_repeated(struct state *state, const struct state_sample *s, int64_t at_least_every,
                        bool *repeated, struct error *error) {
    int64_t same;
    bool done =
        SQL_ONE(state, error, 0, &same,
                "SELECT at>?3 AND status=?4 AND expected IS ?5 AND bootstrap IS ?6 AND waived IS ?7"
                " AND attainable IS ?8 AND complete IS ?9 AND partial IS ?10 AND missing IS ?11"
                " AND excess IS ?12 AND with_rows IS ?13 AND row_count IS ?14 AND error IS ?15"
                " FROM samples WHERE tbl=?1 AND season=?2 ORDER BY at DESC,id DESC LIMIT 1",
                sql_text(s->table), sql_text(s->season), sql_int(s->at - at_least_every),
                sql_text(s->status), number(s->expected), number(s->bootstrap), number(s->waived),
                number(s->attainable), number(s->complete), number(s->partial), number(s->missing),
                number(s->excess), number(s->with_rows), number(s->rows), sql_text(s->error));
    *repeated = same != 0;
    return done;
}

static bool append(struct state *state, int64_t term, const struct state_sample *s,
                   struct error *error) {
    return SQL_RUN(state, error,
                   "INSERT INTO samples(" COLUMNS ",term)"
                   " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                   sql_text(s->table), sql_text(s->season), sql_int(s->at), sql_int(s->evidence),
                   sql_text(s->status), number(s->expected), number(s->bootstrap),
                   number(s->waived), number(s->attainable), number(s->complete),
                   number(s->partial), number(s->missing), number(s->excess), number(s->with_rows),
                   number(s->rows), sql_text(s->error), sql_int(term));
}

bool state_samples_append(struct state *state, int64_t term, const struct state_sample *samples,
                          size_t count, int64_t at_least_every_ms, struct error *error) {
    if (!sql_begin(state, error)) {
        return false;
    }
    bool done = true;
    for (size_t i = 0; done && i < count; i++) {
        bool repeated;
        done = is_repeated(state, &samples[i], at_least_every_ms, &repeated, error) &&
               (repeated || append(state, term, &samples[i], error));
    }
    return sql_end(state, done, error);
}

static struct state_sample read_sample(const struct sql_rows *rows) {
    return (struct state_sample){
        .table = sql_get_text(rows, 0),
        .season = sql_get_text(rows, 1),
        .at = sql_get_int(rows, 2, 0),
        .evidence = sql_get_int(rows, 3, 0),
        .status = sql_get_text(rows, 4),
        .expected = sql_get_int(rows, 5, -1),
        .bootstrap = sql_get_int(rows, 6, -1),
        .waived = sql_get_int(rows, 7, -1),
        .attainable = sql_get_int(rows, 8, -1),
        .complete = sql_get_int(rows, 9, -1),
        .partial = sql_get_int(rows, 10, -1),
        .missing = sql_get_int(rows, 11, -1),
        .excess = sql_get_int(rows, 12, -1),
        .with_rows = sql_get_int(rows, 13, -1),
        .rows = sql_get_int(rows, 14, -1),
        .error = sql_get_text(rows, 15),
    };
}

static struct state_sample *collect(struct sql_rows *rows, size_t *count) {
    struct state_sample *samples = NULL;
    size_t capacity = 0;
    *count = 0;
    while (sql_next(rows)) {
        samples = memory_grow(samples, *count, &capacity, sizeof *samples);
        samples[(*count)++] = read_sample(rows);
    }
    if (rows->failed) {
        state_samples_free(samples, *count);
        *count = 0;
        return NULL;
    }
    return samples != NULL ? samples : memory_new(1, sizeof *samples);
}

struct state_sample *state_samples(struct state *state, const char *table, const char *season,
                                   int64_t from, int64_t to, size_t *count, struct error *error) {
    struct sql_rows rows =
        SQL_ROWS(state, error,
                 "SELECT " COLUMNS " FROM samples WHERE (?1 IS NULL OR tbl=?1)"
                 " AND (?2 IS NULL OR season=?2) AND at BETWEEN ?3 AND ?4 ORDER BY at,id",
                 sql_text(table), sql_text(season), sql_int(from), sql_int(to));
    return collect(&rows, count);
}

struct state_sample *state_samples_at(struct state *state, int64_t at, size_t *count,
                                      struct error *error) {
    struct sql_rows rows =
        SQL_ROWS(state, error,
                 "SELECT " COLUMNS " FROM samples WHERE id IN(SELECT"
                 " (SELECT id FROM samples s WHERE s.tbl=g.tbl AND s.season=g.season AND s.at<=?1"
                 "  ORDER BY s.at DESC,s.id DESC LIMIT 1)"
                 " FROM (SELECT DISTINCT tbl,season FROM samples) g) ORDER BY tbl,season",
                 sql_int(at));
    return collect(&rows, count);
}

void state_samples_free(struct state_sample *samples, size_t count) {
    for (size_t i = 0; i < count && samples != NULL; i++) {
        free(samples[i].table);
        free(samples[i].season);
        free(samples[i].status);
        free(samples[i].error);
    }
    free(samples);
}
