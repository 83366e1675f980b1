/* GoogleSQL for the local BigQuery: one statement in, one SQLite statement out.
 *
 * A statement is tokenised, parsed into a tree, resolved against the catalog (names, types,
 * grouping) and written as SQLite text that uses the functions of sql_register. What is not
 * supported is refused by name and position, as BigQuery refuses what it does not know.
 *
 * Storage: table p.d.t is the SQLite table "p.d.t" with one column a field. INT64 INTEGER; FLOAT64
 * REAL (NaN the TEXT NaN); NUMERIC, BIGNUMERIC TEXT, the shortest decimal "-1.5"; BOOL INTEGER 0 or
 * 1; STRING, JSON TEXT; BYTES BLOB; DATE TEXT "2026-01-05"; DATETIME TEXT
 * "2026-01-05T14:15:00[.ffffff]"; TIME TEXT "14:15:00[.ffffff]"; TIMESTAMP INTEGER microseconds
 * since 1970 UTC; a REPEATED field or a RECORD TEXT holding JSON: an array of elements, an object
 * of fields, whose scalars are as above (a BOOL may be true or false, BYTES are base64). Result
 * columns come in the same form. INFORMATION_SCHEMA.TABLES and .COLUMNS of a dataset are the SQLite
 * tables or views "p.d.INFORMATION_SCHEMA.TABLES" and "p.d.INFORMATION_SCHEMA.COLUMNS", whose
 * columns sql_information_schema names. */
#ifndef PHASEGATE_EMULATOR_SQL_H
#define PHASEGATE_EMULATOR_SQL_H

#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/day.h"
#include "base/text.h"
#include "emulator/catalog.h"

enum sql_kind {
    SQL_SELECT,
    SQL_INSERT,
    SQL_UPDATE,
    SQL_DELETE,
    SQL_TRUNCATE,
    SQL_CREATE_TABLE,
    SQL_CREATE_TABLE_AS_SELECT,
    SQL_DROP_TABLE,
};

enum { SQL_MESSAGE_SIZE = 1024 };

/* Why a statement was refused, in BigQuery's words. */
struct sql_error {
    const char *reason; /* "invalidQuery", "notFound", "invalid"; static */
    int code;           /* the HTTP status that goes with it: 400 or 404 */
    int line, column;   /* from 1, counted in characters; 0 where no place can be named */
    char message[SQL_MESSAGE_SIZE]; /* ends in " at [line:column]" where the place is known */
};

/* Where tables come from. What `table` returns stays valid as long as the compiled statement. */
struct sql_catalog {
    const struct emulator_table *(*table)(void *context, const char *project, const char *dataset,
                                          const char *table); /* NULL when there is none */
    bool (*dataset)(void *context, const char *project, const char *dataset);
    void *context;
};

struct sql_request {
    struct text text;            /* the statement */
    const json_t *parameters;    /* queryParameters as REST sent them, or NULL */
    const char *mode;            /* parameterMode in any case, or NULL */
    const char *project;         /* the project the job runs in */
    const char *default_project; /* of defaultDataset; NULL means `project` */
    const char *default_dataset; /* of defaultDataset, or NULL */
    const char *location;        /* for "was not found in location …" */
    int64_t now_us;              /* CURRENT_TIMESTAMP; 0 means the system's clock (clock_system) */
    bool dry_run;                /* parameters without a value are listed, not refused */
};

/* A value to bind to ?1, ?2, … */
enum sql_value_kind {
    SQL_VALUE_NULL,
    SQL_VALUE_INTEGER,
    SQL_VALUE_REAL,
    SQL_VALUE_TEXT,
    SQL_VALUE_BLOB
};
struct sql_value {
    enum sql_value_kind kind;
    int64_t integer;
    double real;
    char *data; /* text and blob; terminated */
    size_t size;
};

/* A table the statement reads, and what of it. */
struct sql_reference {
    char *project, *dataset, *table;         /* table may be "INFORMATION_SCHEMA.TABLES" */
    const struct emulator_table *definition; /* borrowed; NULL for INFORMATION_SCHEMA */
    char **columns; /* top-level fields used, each once, in the table's order */
    size_t column_count;
    bool partition_filtered;    /* a condition constrains the partition column */
    struct day_range partition; /* the days it admits when they are known beforehand; a side that
                                   is not known is INT32_MIN or INT32_MAX */
};

/* What CREATE TABLE asks for. */
struct sql_definition {
    struct emulator_field *fields;
    size_t field_count;
    char *partition_field; /* or NULL: not partitioned; the type is DAY */
    char **cluster_fields;
    size_t cluster_count;
    bool require_partition_filter;
    int64_t partition_expiration_days; /* 0: never */
    char *description;                 /* or NULL */
};

struct sql_parameter {
    char *name;       /* empty for a positional one */
    const char *type; /* "DATE", "ARRAY<STRING>", …; "STRING" where nothing tells */
};

struct sql_statement {
    enum sql_kind kind;
    const char *word; /* statementType: "SELECT", "CREATE_TABLE_AS_SELECT", …; static */
    char *sqlite;     /* one SQLite statement; NULL when the catalog alone does it (CREATE TABLE
                         without AS, DROP TABLE). CREATE TABLE AS SELECT: an INSERT to run once the
                         table is made from `definition` */
    struct sql_value *values; /* for ?1 … ?value_count */
    size_t value_count;
    struct emulator_field
        *fields; /* the result's schema (SELECT), unnamed columns are f0_, f1_ … */
    size_t field_count;
    struct sql_reference *references; /* tables read, each once */
    size_t reference_count;
    char *target_project, *target_dataset, *target_table; /* DML and DDL; else NULL */
    struct sql_definition *definition;                    /* CREATE TABLE …; else NULL */
    bool if_not_exists, or_replace, if_exists;            /* as the DDL says */
    struct sql_parameter *undeclared;                     /* dry run: used but not given */
    size_t undeclared_count;
};

/* Compiles one statement; the caller frees it with sql_free. On failure fills `error` and returns
 * NULL. DDL is not refused because its target exists or not: that is the catalog's to say. A table
 * that requires a partition filter and gets none is refused here. Any thread; the catalog's
 * callbacks are called on the same thread. */
struct sql_statement *sql_compile(const struct sql_request *request,
                                  const struct sql_catalog *catalog, struct sql_error *error);
void sql_free(struct sql_statement *statement); /* NULL is fine */

/* Registers the functions that compiled statements use. Once for every connection. A statement that
 * fails while it runs (division by zero: 1 / 0; Bad int64 value: x) leaves the sentence in
 * sqlite3_errmsg: answer invalidQuery with it. False when SQLite refuses. */
bool sql_register(sqlite3 *database);

/* Binds the values to a prepared statement (they are copied); false when SQLite refuses. */
bool sql_bind(const struct sql_statement *statement, sqlite3_stmt *prepared);

/* The columns of the view INFORMATION_SCHEMA.`view` ("TABLES", "COLUMNS"), or NULL; static. */
const struct emulator_field *sql_information_schema(const char *view, size_t *count);

#endif
