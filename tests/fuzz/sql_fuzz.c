/* libFuzzer on the GoogleSQL compiler: any bytes give a statement that SQLite takes, or a reason.
 *
 *   clang -g -O1 -std=c17 -D_GNU_SOURCE -Isrc -fsanitize=fuzzer,address,undefined \
 *     tests/fuzz/sql_fuzz.c src/emulator/sql*.c src/emulator/catalog.c src/emulator/failure.c \
 *     src/emulator/moment.c src/emulator/value.c src/base/ *.c -lsqlite3 -ljansson -lm -o sql_fuzz
 * (without the blank before the asterisk), then: sql_fuzz CORPUS */
#include <stdlib.h>
#include <string.h>

#include "emulator/sql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct emulator_field fields[] = {
    {.name = (char[]){"day"}, .type = EMULATOR_DATE},
    {.name = (char[]){"id"}, .type = EMULATOR_INT64},
    {.name = (char[]){"tags"}, .type = EMULATOR_STRING, .repeated = true}};

static const struct emulator_table only = {.project = (char[]){"p"},
                                           .dataset = (char[]){"d"},
                                           .table = (char[]){"t"},
                                           .fields = fields,
                                           .field_count = sizeof fields / sizeof *fields,
                                           .partition_field = (char[]){"day"}};

static const struct emulator_table *find_table(void *context, const char *project,
                                               const char *dataset, const char *table) {
    (void)context, (void)project, (void)dataset;
    return strcmp(table, "t") == 0 ? &only : NULL;
}

static bool find_dataset(void *context, const char *project, const char *dataset) {
    (void)context, (void)project, (void)dataset;
    return true;
}

/* What compiles must be text that SQLite's parser takes. */
static void prepare(const struct sql_statement *statement) {
    sqlite3 *database = NULL;
    sqlite3_stmt *prepared = NULL;
    sqlite3_open(":memory:", &database);
    sql_register(database);
    sqlite3_exec(database, "CREATE TABLE \"p.d.t\" (day TEXT, id INTEGER, tags TEXT)", NULL, NULL,
                 NULL);
    if (sqlite3_prepare_v2(database, statement->sqlite, -1, &prepared, NULL) != SQLITE_OK &&
        strncmp(sqlite3_errmsg(database), "near ", 5) == 0)
        abort();
    sqlite3_finalize(prepared);
    sqlite3_close(database);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct sql_catalog catalog = {.table = find_table, .dataset = find_dataset};
    struct sql_request request = {.text = {(const char *)data, size},
                                  .project = "p",
                                  .default_dataset = "d",
                                  .now_us = INT64_C(1767622500000000),
                                  .dry_run = true};
    struct sql_error error;
    struct sql_statement *statement = sql_compile(&request, &catalog, &error);
    if (!statement && (!error.reason || !error.message[0]))
        abort();
    if (statement && statement->sqlite)
        prepare(statement);
    sql_free(statement);
    return 0;
}
