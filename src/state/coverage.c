#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "state/counts.h"
#include "state/sql.h"
#include "state/state_coverage.h"

/* The newest end of a run that an answer asked for at `at` has seen: all up to it lie before. An
 * end in the same millisecond was perhaps not seen. */
#define SEEN(at)                                                                                   \
    "coalesce((SELECT min(ended_sequence)-1 FROM runs WHERE ended_sequence IS NOT NULL"            \
    " AND wrote_at>=" at "),(SELECT max(ended_sequence) FROM runs),0)"

/* Stored as NULL. */
#define NOT_STREAMING INT64_MIN

static const char *const subjects[] = {
    [STATE_SUBJECT_TABLE] = "table", [STATE_SUBJECT_EXPECTED] = "expected"};

/* The counts stored for a key: NULL with *count 0 when there are none. */
static bool load_counts(struct state *state, enum state_subject subject, const char *key,
                        struct state_count **counts, size_t *count, struct error *error) {
    struct sql_rows rows =
        SQL_ROWS(state, error, "SELECT counts FROM measurements WHERE subject=? AND key=?",
                 sql_text(subjects[subject]), sql_text(key));
    *counts = NULL;
    *count = 0;
    if (sql_next(&rows)) {
        /* A damaged blob is about to be replaced: its history is what is lost. */
        *counts = counts_decode(sql_peek_blob(&rows, 0), count);
    }
    sql_finish(&rows);
    return !rows.failed;
}

static bool write_measurement(struct state *state, int64_t term, const struct state_measurement *m,
                              struct text blob, struct error *error) {
    return SQL_RUN(
        state, error,
        "INSERT INTO measurements(subject,key,term,from_day,to_day,measured_at,confirmed_at,counts,"
        "bytes_billed,bytes_processed,cache_hit,query_hash,signal,streaming_rows,seen) "
        "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14," SEEN(
            "?6") ")"
                  " ON CONFLICT(subject,key) DO UPDATE SET "
                  "term=excluded.term,from_day=excluded.from_day,"
                  "to_day=excluded.to_day,measured_at=excluded.measured_at,"
                  "confirmed_at=excluded.confirmed_at,counts=excluded.counts,error=NULL,failed_at="
                  "NULL,"
                  "bytes_billed=excluded.bytes_billed,bytes_processed=excluded.bytes_processed,"
                  "cache_hit=excluded.cache_hit,query_hash=excluded.query_hash,signal=excluded."
                  "signal,"
                  "streaming_rows=excluded.streaming_rows,seen=max(seen,excluded.seen)",
        sql_text(subjects[m->subject]), sql_text(m->key), sql_int(term), sql_int(m->range.from),
        sql_int(m->range.to), sql_int(m->measured_at), sql_int(m->confirmed_at),
        sql_blob(blob.data, blob.size), sql_int(m->bytes_billed), sql_int(m->bytes_processed),
        sql_int(m->cache_hit), sql_text(m->query_hash), sql_text(m->signal),
        sql_int_unless(m->streaming ? m->streaming_rows : NOT_STREAMING, NOT_STREAMING));
}

bool state_coverage_store(struct state *state, int64_t term,
                          const struct state_measurement *measurement, struct error *error) {
    struct state_count *before;
    size_t before_count;
    struct text_buffer blob = {0};
    size_t count = measurement->count;
    struct state_count *counts = memory_new(count, sizeof *counts);
    if (count > 0) {
        memcpy(counts, measurement->counts, count * sizeof *counts);
    }
    if (!sql_begin(state, error)) {
        free(counts);
        return false;
    }
    bool done =
        load_counts(state, measurement->subject, measurement->key, &before, &before_count, error);
    counts_date(counts, count, before, before_count, measurement->measured_at);
    if (done && !counts_encode(counts, count, &blob)) {
        done = error_set(error, EXIT_SOFTWARE, "the counts of %s are out of order or negative",
                         measurement->key);
    }
    done = done &&
           write_measurement(state, term, measurement, (struct text){blob.data, blob.size}, error);
    text_buffer_free(&blob);
    free(before);
    free(counts);
    return sql_end(state, done, error);
}

bool state_coverage_confirm(struct state *state, int64_t term, enum state_subject subject,
                            const char *key, const char *signal, int64_t at, struct error *error) {
    if (!sql_begin(state, error)) {
        return false;
    }
    bool done = SQL_RUN(
        state, error,
        "UPDATE measurements SET term=?1,confirmed_at=max(confirmed_at,?2),"
        "error=NULL,failed_at=NULL,streaming_rows=NULL,seen=max(seen," SEEN(
            "?2") ")"
                  " WHERE subject=?3 AND key=?4 AND measured_at IS NOT NULL AND signal=?5",
        sql_int(term), sql_int(at), sql_text(subjects[subject]), sql_text(key), sql_text(signal));
    if (done && sql_changes(state) != 1) {
        done = error_set(error, EXIT_UNAVAILABLE,
                         "the stored counts of %s are not the ones to confirm: they are read anew",
                         key);
    }
    return sql_end(state, done, error);
}

bool state_coverage_fail(struct state *state, int64_t term, enum state_subject subject,
                         const char *key, int64_t at, const char *why, struct error *error) {
    return sql_begin(state, error) &&
           sql_end(state,
                   SQL_RUN(state, error,
                           "INSERT INTO measurements(subject,key,term,error,failed_at)"
                           " VALUES(?,?,?,?,?) ON CONFLICT(subject,key) DO UPDATE SET"
                           " term=excluded.term,error=excluded.error,failed_at=excluded.failed_at",
                           sql_text(subjects[subject]), sql_text(key), sql_int(term), sql_text(why),
                           sql_int(at)),
                   error);
}

#define COLUMNS                                                                                    \
    "subject,key,from_day,to_day,measured_at,confirmed_at,counts,error,failed_at,bytes_billed,"    \
    "bytes_processed,cache_hit,query_hash,signal"

static bool read_measurement(const struct sql_rows *rows, struct state_measurement *m,
                             struct error *error) {
    *m = (struct state_measurement){
        .subject = strcmp(sql_peek_text(rows, 0), "table") == 0 ? STATE_SUBJECT_TABLE
                                                                : STATE_SUBJECT_EXPECTED,
        .key = sql_get_text(rows, 1),
        .range = {(day_number)sql_get_int(rows, 2, 0), (day_number)sql_get_int(rows, 3, -1)},
        .measured = sql_get_int(rows, 4, 0) != 0,
        .measured_at = sql_get_int(rows, 4, 0),
        .confirmed_at = sql_get_int(rows, 5, 0),
        .error = sql_get_text(rows, 7),
        .failed_at = sql_get_int(rows, 8, 0),
        .bytes_billed = sql_get_int(rows, 9, 0),
        .bytes_processed = sql_get_int(rows, 10, 0),
        .cache_hit = sql_get_int(rows, 11, 0) != 0,
        .query_hash = sql_get_text(rows, 12),
        .signal = sql_get_text(rows, 13),
        .streaming_rows = sql_get_int(rows, 14, NOT_STREAMING),
        .seen = sql_get_int(rows, 15, 0),
    };
    m->streaming = m->streaming_rows != NOT_STREAMING;
    m->counts = counts_decode(sql_peek_blob(rows, 6), &m->count);
    return m->counts != NULL ||
           error_set(error, EXIT_DATA, "the stored counts of %s are damaged; poll it again",
                     m->key);
}

struct state_measurement *state_coverage_load(struct state *state, size_t *count,
                                              struct error *error) {
    struct state_measurement *measurements = NULL;
    size_t capacity = 0;
    bool sound = true;
    struct sql_rows rows =
        SQL_ALL(state, error,
                state->schema < 2   ? "SELECT " COLUMNS ",NULL,0 FROM measurements"
                : state->schema < 3 ? "SELECT " COLUMNS ",streaming_rows,0 FROM measurements"
                                    : "SELECT " COLUMNS ",streaming_rows,seen FROM measurements");
    *count = 0;
    while (sound && sql_next(&rows)) {
        measurements = memory_grow(measurements, *count, &capacity, sizeof *measurements);
        sound = read_measurement(&rows, &measurements[(*count)++], error);
    }
    sql_finish(&rows);
    if (rows.failed || !sound) {
        state_measurements_free(measurements, *count);
        *count = 0;
        return NULL;
    }
    return measurements != NULL ? measurements : memory_new(1, sizeof *measurements);
}

void state_measurements_free(struct state_measurement *measurements, size_t count) {
    for (size_t i = 0; i < count && measurements != NULL; i++) {
        free(measurements[i].key);
        free(measurements[i].counts);
        free(measurements[i].error);
        free(measurements[i].query_hash);
        free(measurements[i].signal);
    }
    free(measurements);
}
