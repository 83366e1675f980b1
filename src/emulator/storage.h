/* The rows and the catalog behind one lock: many readers or one writer at a time.
 *
 * Readers get an SQLite connection each, the writer has its own; the catalog may be read under
 * either lock and changed under the writer's. Nothing else touches the database. */
#ifndef PHASEGATE_EMULATOR_STORAGE_H
#define PHASEGATE_EMULATOR_STORAGE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/day.h"
#include "base/error.h"
#include "emulator/catalog.h"

struct storage;

/* Opens the file, or memory for NULL, and reads the catalog from it. Errors: EXIT_NO_INPUT. */
struct storage *storage_open(const char *path, struct error *error);
void storage_close(struct storage *storage);

/* Waits for the lock and returns a connection to read through; the same thread gives it back. */
sqlite3 *storage_read(struct storage *storage);
void storage_read_end(struct storage *storage, sqlite3 *database);

/* Waits for the lock, opens a transaction, returns the writer's connection. End commits or rolls
 * back rows and catalog alike (pointers into the catalog are void after a rollback); false when
 * SQLite could not commit, and then it was rolled back. */
sqlite3 *storage_write(struct storage *storage);
bool storage_write_end(struct storage *storage, bool commit);

/* The catalog; the caller holds either lock. */
struct emulator_catalog *storage_catalog(struct storage *storage);

/* Under the writer's lock; each does the rows, the catalog and what is kept over restarts. After a
 * failure the writer must roll back. */
struct emulator_dataset *storage_add_dataset(struct storage *storage, const char *project,
                                             const char *dataset, const char *location,
                                             const json_t *resource, int64_t now_ms,
                                             struct emulator_failure *failure);
bool storage_drop_dataset(struct storage *storage, const char *project, const char *dataset,
                          struct emulator_failure *failure);
/* Takes the table over, come what may. Partition and DATE columns get an index, now or, when rows
 * are to be loaded first, by storage_index_table. */
bool storage_add_table(struct storage *storage, struct emulator_table *table, bool index,
                       int64_t now_ms, struct emulator_failure *failure);
bool storage_index_table(struct storage *storage, const struct emulator_table *table,
                         struct emulator_failure *failure);
bool storage_drop_table(struct storage *storage, const struct emulator_table *table,
                        struct emulator_failure *failure);

/* Keeps the table's definition and counters over restarts. */
bool storage_save_table(struct storage *storage, const struct emulator_table *table,
                        struct emulator_failure *failure);

/* "INSERT INTO "p.d.t" VALUES (?1, …)", one parameter a field; the caller frees it. */
char *storage_insert_text(const struct emulator_table *table);

/* The bytes that reading a column of every row counts, measured on a sample for types of no fixed
 * size; under either lock. */
int64_t storage_column_bytes(struct storage *storage, sqlite3 *database,
                             struct emulator_table *table, size_t field);

/* The share of rows whose partition field lies within the days, 0 to 1; 1 when it is not known. */
double storage_partition_share(sqlite3 *database, const struct emulator_table *table,
                               struct day_range range);

/* Runs statements that give no rows; false leaves the sentence in `failure` (internalError). */
bool storage_execute(sqlite3 *database, const char *sql, struct emulator_failure *failure);

/* A name as SQLite quotes it, "a""b"; the caller frees it. */
char *storage_quote(const char *name);

#endif
