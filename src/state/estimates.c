/* What a query of each target would bill. */
#include <stdlib.h>

#include "base/memory.h"
#include "state/sql.h"
#include "state/state_spend.h"

bool state_estimate_put(struct state *state, int64_t term, const struct state_estimate *estimate,
                        struct error *error) {
    bool known = estimate->error == NULL;
    return sql_begin(state, error) &&
           sql_end(state,
                   SQL_RUN(state, error,
                           "INSERT INTO estimates(key,term,at,bytes_processed,bytes_billed,error)"
                           " VALUES(?1,?2,?3,nullif(?4,-1),nullif(?5,-1),?6)"
                           " ON CONFLICT(key) DO UPDATE SET term=excluded.term,at=excluded.at,"
                           "bytes_processed=excluded.bytes_processed,"
                           "bytes_billed=excluded.bytes_billed,error=excluded.error",
                           sql_text(estimate->key), sql_int(term), sql_int(estimate->at),
                           sql_int(known ? estimate->bytes_processed : -1),
                           sql_int(known ? estimate->bytes_billed : -1), sql_text(estimate->error)),
                   error);
}

struct state_estimate *state_estimates(struct state *state, size_t *count, struct error *error) {
    struct state_estimate *estimates = NULL;
    size_t capacity = 0;
    *count = 0;
    struct sql_rows rows =
        SQL_ALL(state, error,
                "SELECT key,at,bytes_processed,bytes_billed,error FROM estimates ORDER BY key");
    while (sql_next(&rows)) {
        estimates = memory_grow(estimates, *count, &capacity, sizeof *estimates);
        estimates[(*count)++] = (struct state_estimate){
            .key = sql_get_text(&rows, 0),
            .at = sql_get_int(&rows, 1, 0),
            .bytes_processed = sql_get_int(&rows, 2, -1),
            .bytes_billed = sql_get_int(&rows, 3, -1),
            .error = sql_get_text(&rows, 4),
        };
    }
    if (rows.failed) {
        state_estimates_free(estimates, *count);
        *count = 0;
        return NULL;
    }
    return estimates != NULL ? estimates : memory_new(1, sizeof *estimates);
}

void state_estimates_free(struct state_estimate *estimates, size_t count) {
    for (size_t i = 0; i < count && estimates != NULL; i++) {
        free(estimates[i].key);
        free(estimates[i].error);
    }
    free(estimates);
}
