/* The catalog: datasets, tables and their fields, as the emulator knows them.
 *
 * It is the emulator's truth about shape; rows live in SQLite, one SQLite table "p.d.t" for each
 * BigQuery table, one column a field:
 *
 *   INT64 INTEGER · FLOAT64 REAL, NaN the text NaN · NUMERIC, BIGNUMERIC TEXT, the shortest decimal
 * · BOOL INTEGER 0/1 · STRING, JSON, GEOGRAPHY TEXT · BYTES BLOB · DATE TEXT YYYY-MM-DD · DATETIME
 * TEXT YYYY-MM-DDTHH:MM:SS[.ffffff] · TIME TEXT HH:MM:SS[.ffffff] · TIMESTAMP INTEGER microseconds
 * since 1970 · RECORD TEXT, a JSON object · anything repeated TEXT, a JSON array (inside JSON:
 * BYTES as base64, TIMESTAMP as microseconds)
 *
 * A catalog is not locked: whoever shares one holds the storage's lock (storage.h). Pointers to
 * tables are good until the table is dropped. Names compare exactly, fields ASCII case folded, as
 * in BigQuery. */
#ifndef PHASEGATE_EMULATOR_CATALOG_H
#define PHASEGATE_EMULATOR_CATALOG_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "emulator/failure.h"

/* name in SQL, name in a schema's answer (the legacy one), SQLite column type, bytes billed a value
 * (0: as long as it is) */
#define EMULATOR_TYPES(X)                                                                          \
    X(STRING, "STRING", "STRING", "TEXT", 0)                                                       \
    X(BYTES, "BYTES", "BYTES", "BLOB", 0)                                                          \
    X(INT64, "INT64", "INTEGER", "INTEGER", 8)                                                     \
    X(FLOAT64, "FLOAT64", "FLOAT", "REAL", 8)                                                      \
    X(NUMERIC, "NUMERIC", "NUMERIC", "TEXT", 16)                                                   \
    X(BIGNUMERIC, "BIGNUMERIC", "BIGNUMERIC", "TEXT", 32)                                          \
    X(BOOL, "BOOL", "BOOLEAN", "INTEGER", 1)                                                       \
    X(DATE, "DATE", "DATE", "TEXT", 8)                                                             \
    X(DATETIME, "DATETIME", "DATETIME", "TEXT", 8)                                                 \
    X(TIME, "TIME", "TIME", "TEXT", 8)                                                             \
    X(TIMESTAMP, "TIMESTAMP", "TIMESTAMP", "INTEGER", 8)                                           \
    X(JSON, "JSON", "JSON", "TEXT", 0)                                                             \
    X(GEOGRAPHY, "GEOGRAPHY", "GEOGRAPHY", "TEXT", 0)                                              \
    X(RECORD, "STRUCT", "RECORD", "TEXT", 0)

enum emulator_type {
#define X(name, sql, legacy, column, bytes) EMULATOR_##name,
    EMULATOR_TYPES(X)
#undef X
        EMULATOR_TYPE_COUNT
};

struct emulator_field {
    char *name; /* owned; NULL or "" for an anonymous field of a struct */
    enum emulator_type type;
    bool repeated;
    bool required;
    struct emulator_field *fields; /* of a RECORD, owned; NULL otherwise */
    size_t field_count;
};

struct emulator_table {
    char *project;
    char *dataset;
    char *table;
    struct emulator_field *fields;
    size_t field_count;
    char *partition_field;         /* NULL: not partitioned by a field */
    bool require_partition_filter; /* a query must filter on partition_field */

    /* What follows is the server's own. */
    json_t *resource;         /* what the client set beside the schema: labels, description, … */
    int64_t created_ms;       /* wall time */
    int64_t last_modified_ms; /* wall time; streamed rows move it when they leave the buffer */
    int64_t row_count;        /* streamed rows included */
    int64_t buffered_rows;    /* of them, in the streaming buffer */
    int64_t buffered_since_ms;
    uint64_t version;      /* counts every change of rows or schema, for the query cache */
    int64_t *column_bytes; /* one a field; -1 until measured at this version; NULL likewise */
};

struct emulator_dataset {
    char *project;
    char *dataset;
    char *location; /* "US" unless the client says otherwise */
    json_t *resource;
    int64_t created_ms;
    int64_t last_modified_ms;
    struct emulator_table **tables; /* sorted by name */
    size_t table_count;
    size_t table_capacity;
};

struct emulator_catalog {
    struct emulator_dataset **datasets; /* sorted by project, then name */
    size_t dataset_count;
    size_t dataset_capacity;
    uint64_t last_version;
};

/* Types by name, ASCII case folded, standard (INT64) and legacy (INTEGER) spellings alike. */
bool emulator_type_parse(const char *name, enum emulator_type *type);
const char *emulator_type_sql(enum emulator_type type);                   /* "INT64" */
const char *emulator_type_legacy(enum emulator_type type);                /* "INTEGER" */
const char *emulator_type_column(enum emulator_type type, bool repeated); /* "INTEGER" in SQLite */
int64_t emulator_type_bytes(enum emulator_type type); /* 0: as long as the value is */

/* Fields. Copies are deep and the caller's to free; clear frees what a field owns, not itself. */
struct emulator_field emulator_field_copy(const struct emulator_field *field);
struct emulator_field *emulator_fields_copy(const struct emulator_field *fields, size_t count);
void emulator_field_clear(struct emulator_field *field);
void emulator_fields_free(struct emulator_field *fields, size_t count);

/* The field of that name, ASCII case folded, or NULL; `*index` (may be NULL) is its place. */
const struct emulator_field *emulator_field_find(const struct emulator_field *fields, size_t count,
                                                 const char *name, size_t *index);

/* A new table without rows that owns copies of everything; freed by emulator_table_free, or owned
 * by the catalog once added. */
struct emulator_table *emulator_table_new(const char *project, const char *dataset,
                                          const char *table, const struct emulator_field *fields,
                                          size_t field_count);
void emulator_table_free(struct emulator_table *table);

/* "p.d.t", the name of the table in SQLite, not quoted; the caller frees it. */
char *emulator_table_path(const struct emulator_table *table);

struct emulator_catalog *catalog_new(void);
void catalog_free(struct emulator_catalog *catalog);

/* The dataset or NULL. */
struct emulator_dataset *catalog_dataset(const struct emulator_catalog *catalog,
                                         const char *project, const char *dataset);

/* The table or NULL. */
struct emulator_table *catalog_table(const struct emulator_catalog *catalog, const char *project,
                                     const char *dataset, const char *table);

/* Adds a dataset (location NULL: "US"). Failures: invalid name, duplicate. */
struct emulator_dataset *catalog_add_dataset(struct emulator_catalog *catalog, const char *project,
                                             const char *dataset, const char *location,
                                             struct emulator_failure *failure);

/* Adds a table and takes it over on success. Failures: no such dataset, invalid name, duplicate. */
bool catalog_add_table(struct emulator_catalog *catalog, struct emulator_table *table,
                       struct emulator_failure *failure);

/* Removes and frees; false when there is none. Removing a dataset removes its tables. */
bool catalog_drop_table(struct emulator_catalog *catalog, const char *project, const char *dataset,
                        const char *table);
bool catalog_drop_dataset(struct emulator_catalog *catalog, const char *project,
                          const char *dataset);

/* Says that rows or shape of the table changed at `now_ms`: a new version, a later
 * last_modified_ms, column sizes unknown. */
void catalog_touch(struct emulator_catalog *catalog, struct emulator_table *table, int64_t now_ms);

#endif
