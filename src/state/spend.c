#include <stdlib.h>

#include "base/memory.h"
#include "state/sql.h"
#include "state/state_spend.h"

#define SUMS                                                                                       \
    "queries,cached,failed,free_checks,bytes_billed,bytes_processed,estimated,bytes_estimated,"    \
    "unknown,dollars"

/* Sums of bytes that a server told end at 2^62 instead of overflowing. */
#define LIMIT          "4611686018427387904"
#define ADDED(column)  #column "=min(" #column "+min(excluded." #column "," LIMIT ")," LIMIT "),"
#define SUM_OF(column) "CAST(min(total(" #column ")," LIMIT ") AS INTEGER),"

bool state_spend_add(struct state *state, int64_t term, day_number night,
                     const struct state_spend *spend, struct error *error) {
    return sql_begin(state, error) &&
           sql_end(
               state,
               SQL_RUN(state, error,
                       "INSERT INTO spend(night,key,term," SUMS
                       ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)"
                       " ON CONFLICT(night,key) DO UPDATE SET term=excluded.term,"
                       "queries=queries+excluded.queries,cached=cached+excluded.cached,"
                       "failed=failed+excluded.failed,free_checks=free_checks+excluded.free_"
                       "checks," ADDED(bytes_billed)
                           ADDED(bytes_processed) "estimated=estimated+excluded.estimated," ADDED(
                               bytes_estimated) "unknown=unknown+excluded.unknown,dollars=dollars+"
                                                "excluded.dollars",
                       sql_int(night), sql_text(spend->key), sql_int(term), sql_int(spend->queries),
                       sql_int(spend->cached), sql_int(spend->failed), sql_int(spend->free_checks),
                       sql_int(spend->bytes_billed), sql_int(spend->bytes_processed),
                       sql_int(spend->estimated), sql_int(spend->bytes_estimated),
                       sql_int(spend->unknown), sql_real(spend->dollars)),
               error);
}

static struct state_spend read_spend(const struct sql_rows *rows) {
    return (struct state_spend){
        .key = sql_get_text(rows, 0),
        .queries = sql_get_int(rows, 1, 0),
        .cached = sql_get_int(rows, 2, 0),
        .failed = sql_get_int(rows, 3, 0),
        .free_checks = sql_get_int(rows, 4, 0),
        .bytes_billed = sql_get_int(rows, 5, 0),
        .bytes_processed = sql_get_int(rows, 6, 0),
        .estimated = sql_get_int(rows, 7, 0),
        .bytes_estimated = sql_get_int(rows, 8, 0),
        .unknown = sql_get_int(rows, 9, 0),
        .dollars = sql_get_real(rows, 10),
    };
}

struct state_spend *state_spends(struct state *state, day_number night, size_t *count,
                                 struct error *error) {
    struct state_spend *spends = NULL;
    size_t capacity = 0;
    struct sql_rows rows = SQL_ROWS(
        state, error, "SELECT key," SUMS " FROM spend WHERE night=? ORDER BY bytes_billed DESC,key",
        sql_int(night));
    *count = 0;
    while (sql_next(&rows)) {
        spends = memory_grow(spends, *count, &capacity, sizeof *spends);
        spends[(*count)++] = read_spend(&rows);
    }
    if (rows.failed) {
        state_spends_free(spends, *count);
        *count = 0;
        return NULL;
    }
    return spends != NULL ? spends : memory_new(1, sizeof *spends);
}

void state_spends_free(struct state_spend *spends, size_t count) {
    for (size_t i = 0; i < count && spends != NULL; i++) {
        free(spends[i].key);
    }
    free(spends);
}

bool state_spend_total(struct state *state, day_number night, struct state_spend *total,
                       struct error *error) {
    struct sql_rows rows = SQL_ROWS(
        state, error,
        "SELECT NULL,sum(queries),sum(cached),sum(failed),sum(free_checks)," SUM_OF(bytes_billed)
            SUM_OF(bytes_processed) "sum(estimated)," SUM_OF(
                bytes_estimated) "sum(unknown),total(dollars) FROM spend WHERE night=?",
        sql_int(night));
    *total = (struct state_spend){0};
    if (sql_next(&rows)) {
        *total = read_spend(&rows);
    }
    sql_finish(&rows);
    return !rows.failed;
}
