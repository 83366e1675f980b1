/* A local BigQuery: REST v2 on a loopback port, rows in SQLite. In a process of its own
 * (phasegate-emulator) or inside a test or the demo.
 *
 * Every function may be called from any thread; a handle is stopped once, by one of them. */
#ifndef PHASEGATE_EMULATOR_EMULATOR_H
#define PHASEGATE_EMULATOR_EMULATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "emulator/catalog.h"
#include "emulator/value.h"

struct emulator;

struct emulator_options {
    const char *database;    /* a file that outlives the server; NULL: in memory */
    uint16_t port;           /* on 127.0.0.1; 0: a free one */
    bool allow_faults;       /* serve /emulator/faults; without it that path does not exist */
    int latency_ms;          /* a query job takes at least so long (real milliseconds) */
    int streaming_buffer_ms; /* rows of insertAll stay in the buffer so long (wall milliseconds, so
                                that a scaled clock scales it); 0: 90 seconds; -1: no buffer */
    int statement_ms;        /* of processor time that one statement may take; 0: 60 seconds */
    int job_limit;           /* finished jobs that are remembered; 0: 1,000 */
    int64_t result_limit;    /* bytes of results that are remembered; 0: 64 MiB */
};

/* What is remembered now: what a night of requests must not let grow. */
struct emulator_usage {
    size_t jobs;
    size_t cached_results;
    int64_t result_bytes;
    uint64_t requests; /* served since the start */
};

/* Starts the server and returns when it answers. NULL options: the defaults. Errors:
 * EXIT_UNAVAILABLE when the port is taken, EXIT_NO_INPUT when the database cannot be opened or is
 * not the emulator's. */
struct emulator *emulator_start(const struct emulator_options *options, struct error *error);

/* Closes every connection, ends every job, frees the handle. NULL is fine. */
void emulator_stop(struct emulator *emulator);

/* "http://127.0.0.1:PORT", owned by the handle. */
const char *emulator_url(const struct emulator *emulator);

struct emulator_usage emulator_usage(struct emulator *emulator);

/* Adds a fault as POST /emulator/faults does (faults.h says what the JSON holds), whatever
 * allow_faults says. Errors: EXIT_DATA. */
bool emulator_add_fault(struct emulator *emulator, const char *json, struct error *error);

/* Forgets all of them. */
void emulator_clear_faults(struct emulator *emulator);

/* Bulk loading: one transaction, hundreds of thousands of rows a second. Begin makes the dataset
 * (in the "location" of the table's resource, or the US) and the table where they are missing (an
 * existing table must have the same fields: EXIT_DATA) and holds the writer's lock until end, so
 * the caller must not use the server in between. A DATE field and the partition field get an index.
 * `table` stays the caller's. */
struct emulator_load *emulator_load_begin(struct emulator *emulator,
                                          const struct emulator_table *table, struct error *error);

/* One value a field, as catalog.h says they are stored; they are copied. Errors: EXIT_DATA; the
 * load must still be ended. */
bool emulator_load_row(struct emulator_load *load, const struct emulator_value *values,
                       struct error *error);

/* Commits when `commit` is true and frees the load either way. The table was modified `at_ms` (wall
 * time; 0: now). Errors: EXIT_IO. */
bool emulator_load_end(struct emulator_load *load, bool commit, int64_t at_ms, struct error *error);

/* Reads a schema as BigQuery writes it, {"fields":[{"name","type","mode","fields"}]}, into fields
 * that the caller frees (emulator_fields_free). Errors: EXIT_DATA. */
bool emulator_schema_read(const char *json, struct emulator_field **fields, size_t *count,
                          struct error *error);

#endif
