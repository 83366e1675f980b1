/* What comes back: rows and their cells, tables, datasets, jobs. Everything in a result lives until
 * bigquery_result_free. Any thread may read it. */
#ifndef PHASEGATE_BIGQUERY_RESULT_H
#define PHASEGATE_BIGQUERY_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/day.h"
#include "base/error.h"
#include "base/text.h"
#include "bigquery/failure.h"

#define BIGQUERY_UNKNOWN INT64_C(-1) /* a number that the service did not tell */

/* ---- Columns and cells ------------------------------------------------------------------- */

enum bigquery_type {
    BIGQUERY_STRING,
    BIGQUERY_INT64,
    BIGQUERY_FLOAT64,
    BIGQUERY_BOOL,
    BIGQUERY_DATE,
    BIGQUERY_DATETIME,
    BIGQUERY_TIME,
    BIGQUERY_TIMESTAMP,
    BIGQUERY_NUMERIC,
    BIGQUERY_BIGNUMERIC,
    BIGQUERY_BYTES,
    BIGQUERY_GEOGRAPHY,
    BIGQUERY_INTERVAL,
    BIGQUERY_JSON,
    BIGQUERY_RANGE,
    BIGQUERY_RECORD,
    BIGQUERY_OTHER_TYPE, /* one that this client does not know: its cells are still text */
};

/* "INT64": GoogleSQL's name of a type; "?" for BIGQUERY_OTHER_TYPE. */
const char *bigquery_type_name(enum bigquery_type type);

enum bigquery_mode { BIGQUERY_NULLABLE, BIGQUERY_REQUIRED, BIGQUERY_REPEATED };

/* A column of an answer or of a table. */
struct bigquery_field {
    const char *name;
    enum bigquery_type type;
    enum bigquery_mode mode;
    const struct bigquery_field *fields; /* of a RECORD */
    size_t field_count;
};

/* A cell: terminated text, or data NULL for NULL. Cells of REPEATED and RECORD columns hold plain
 * JSON: arrays, objects by field name, strings and null at the leaves. TIMESTAMP cells hold
 * microseconds. */
typedef struct text bigquery_cell;

/* Readers of a cell: false for NULL and for text of another kind; `*value` is then unchanged. */
bool bigquery_cell_int64(bigquery_cell cell, int64_t *value);
bool bigquery_cell_double(bigquery_cell cell, double *value); /* NaN, Infinity, -Infinity too */
bool bigquery_cell_bool(bigquery_cell cell, bool *value);
bool bigquery_cell_date(bigquery_cell cell, day_number *value);
bool bigquery_cell_timestamp_us(bigquery_cell cell, int64_t *value); /* since 1970-01-01 UTC */
static inline bool bigquery_cell_is_null(bigquery_cell cell) {
    return cell.data == NULL;
}

struct bigquery_job {
    const char *project;
    const char *job_id; /* NULL: no job is known */
    const char *location;
};

/* The answer to a query. Row r's cells are cells[r * column_count] and on. */
struct bigquery_rows {
    const struct bigquery_field *columns;
    size_t column_count;
    const bigquery_cell *cells;
    size_t row_count;
    bool warned; /* the answer carried errors[]: rows may be missing, so do not trust counts */
    const char *warning;     /* the first of them; NULL when there is none */
    int64_t affected_rows;   /* of DML; BIGQUERY_UNKNOWN otherwise */
    int64_t bytes_processed; /* of a dry run: what it would be */
    int64_t bytes_billed;    /* BIGQUERY_UNKNOWN when the service did not say */
    bool cache_hit;
    /* Of a dry run only: */
    const char *statement_type; /* "SELECT" …, else NULL */
    size_t referenced_tables;
    const char *const *table_names; /* of them, "project.dataset.table" */
    const char *const *undeclared;  /* parameters that the query uses and was not given; "?" for
                                       one without a name */
    size_t undeclared_count;
    const char *const *routines; /* functions of datasets that it calls, "project.dataset.name" */
    size_t routine_count;
};

/* The cell, or NULL's cell when row or column are out of range. */
bigquery_cell bigquery_rows_cell(const struct bigquery_rows *rows, size_t row, size_t column);

/* The index of a column by its name (case does not matter), or SIZE_MAX. */
size_t bigquery_rows_column(const struct bigquery_rows *rows, const char *name);

/* What tables.get says. Numbers are BIGQUERY_UNKNOWN where it does not. */
struct bigquery_table {
    bool exists;
    const char *type; /* "TABLE", "VIEW", "MATERIALIZED_VIEW", "EXTERNAL", "SNAPSHOT" */
    int64_t num_rows; /* without what is in the streaming buffer, as is num_bytes */
    int64_t num_bytes;
    int64_t created_ms;
    int64_t modified_ms;    /* of rows or of metadata; minutes late for streamed rows */
    bool streaming;         /* rows are in the streaming buffer */
    int64_t streaming_rows; /* a lower bound */
    int64_t streaming_oldest_ms;
    const char *etag;
    const char *location;
    const struct bigquery_field *fields;
    size_t field_count;
    const char *partition_field; /* NULL: not partitioned, or by ingestion time */
    const char *partition_type;  /* "DAY", "HOUR", "MONTH", "YEAR", "RANGE"; NULL: none */
    bool partition_filter_required;
    int64_t partition_expiration_ms; /* after which a partition is deleted */
    int64_t expires_ms;              /* wall time at which the table itself is deleted */
};

/* What datasets.get says. Numbers are BIGQUERY_UNKNOWN where it does not. */
struct bigquery_dataset {
    bool exists;
    const char *location;
    int64_t table_expiration_ms;     /* of tables that are made from now on */
    int64_t partition_expiration_ms; /* of their partitions; wins over table_expiration_ms */
};

/* Appends what tells by itself whether the rows are the same as another time: creation, last
 * modification, sizes and columns. Rows are surely the same when two signals are; labels and
 * descriptions move the modification time too, which costs a query and misleads nobody. False, with
 * nothing appended, for what no metadata can vouch for: a view (its times are the definition's), an
 * external table, a table whose streaming buffer holds rows (their number and the modification time
 * run behind by minutes), a table that is not there, numbers that were not told. The etag is left
 * out: all it adds to these are edits that touch no row. */
bool bigquery_table_signal(const struct bigquery_table *table, struct text_buffer *signal);

struct bigquery_job_info {
    const char *job_id;
    const char *location;
    const char *state;       /* "PENDING", "RUNNING", "DONE" */
    const char *label_value; /* of the label asked for */
    const char *failed;      /* the reason it failed for; NULL: it did not */
    int64_t created_ms;
    int64_t bytes_billed;
};

/* ---- Results ----------------------------------------------------------------------------- */

/* Never reused within a client; 0 is none. */
typedef uint64_t bigquery_request_id;

enum bigquery_kind {
    BIGQUERY_KIND_QUERY,
    BIGQUERY_KIND_TABLE,
    BIGQUERY_KIND_JOB_CANCEL,
    BIGQUERY_KIND_JOBS,
    BIGQUERY_KIND_INSERT,
    BIGQUERY_KIND_DATASET,
    BIGQUERY_KIND_TABLES,
};

enum bigquery_status {
    BIGQUERY_DONE,
    BIGQUERY_FAILED, /* `failure` says why; nothing else is to be used but job and bytes */
};

struct bigquery_result {
    bigquery_request_id request;
    enum bigquery_kind kind;
    enum bigquery_status status;
    void *user;
    struct bigquery_failure failure; /* of a missing table, too: what the service said */
    struct bigquery_job job;
    struct bigquery_rows rows;            /* BIGQUERY_KIND_QUERY */
    struct bigquery_table table;          /* BIGQUERY_KIND_TABLE */
    const struct bigquery_job_info *jobs; /* BIGQUERY_KIND_JOBS */
    size_t job_count;
    struct bigquery_dataset dataset; /* BIGQUERY_KIND_DATASET */
    const char *const *tables;       /* BIGQUERY_KIND_TABLES: names */
    size_t table_count;
    int attempts;        /* HTTP requests made */
    int64_t duration_ms; /* from submission to end */
    int64_t ended_ms;    /* wall time */
};

void bigquery_result_free(struct bigquery_result *result); /* NULL is fine */

/* True for a result that is done; otherwise fills `error` with its failure in one sentence. */
bool bigquery_result_check(const struct bigquery_result *result, struct error *error);

#endif
