/* Storage: the SQLite connections, the lock in front of them, and the statements that make, fill
 * and drop tables. */
#include "emulator/storage.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "emulator/resource.h"
#include "emulator/schema.h"
#include "emulator/sql.h"

enum { IDLE_LIMIT = 8, SAMPLE_ROWS = 1000, APPLICATION_ID = 0x70674251 };

struct storage {
    pthread_rwlock_t lock;
    pthread_mutex_t idle_lock; /* guards idle and the measured column sizes */
    sqlite3 *idle[IDLE_LIMIT];
    size_t idle_count;
    sqlite3 *writer;
    char *name;
    struct emulator_catalog *catalog;
};

enum { VALUE_LIMIT = 64 * 1024 * 1024 }; /* bytes of one value, however it is made */

static const char pragmas[] = "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF;"
                              "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16384;";

static const char tables_of_ours[] =
    "CREATE TABLE IF NOT EXISTS _datasets (project TEXT, dataset TEXT, location TEXT,"
    " resource TEXT, created_ms INTEGER, PRIMARY KEY (project, dataset));"
    "CREATE TABLE IF NOT EXISTS _tables (project TEXT, dataset TEXT, name TEXT, definition TEXT,"
    " created_ms INTEGER, modified_ms INTEGER, row_count INTEGER, buffered_rows INTEGER,"
    " buffered_since_ms INTEGER, PRIMARY KEY (project, dataset, name));";

static sqlite3 *open_connection(const char *name) {
    sqlite3 *database = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(name, &database, flags, NULL) != SQLITE_OK ||
        sqlite3_exec(database, pragmas, NULL, NULL, NULL) != SQLITE_OK || !sql_register(database)) {
        sqlite3_close(database);
        return NULL;
    }
    (void)sqlite3_limit(database, SQLITE_LIMIT_LENGTH, VALUE_LIMIT);
    return database;
}

bool storage_execute(sqlite3 *database, const char *sql, struct emulator_failure *failure) {
    char *message = NULL;
    bool good = sqlite3_exec(database, sql, NULL, NULL, &message) == SQLITE_OK;
    if (!good)
        failure_set(failure, EMULATOR_REASON_INTERNAL_ERROR, "The storage failed: %s",
                    message ? message : sqlite3_errmsg(database));
    sqlite3_free(message);
    return good;
}

char *storage_quote(const char *name) {
    struct text_buffer quoted = {0};
    text_buffer_add(&quoted, "\"");
    for (const char *c = name; *c; c++)
        text_buffer_put(&quoted, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
    text_buffer_add(&quoted, "\"");
    return text_buffer_take(&quoted);
}

/* storage_execute of a format that has one %s, for a name to be quoted. */
static bool execute_on(sqlite3 *database, const char *before, const char *name, const char *after,
                       struct emulator_failure *failure) {
    char *quoted = storage_quote(name);
    char *sql = memory_format("%s%s%s", before, quoted, after);
    bool good = storage_execute(database, sql, failure);
    free(sql);
    free(quoted);
    return good;
}

static json_t *column_json(sqlite3_stmt *statement, int column) {
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? json_loads(text, 0, NULL) : NULL;
}

static const char *column_text(sqlite3_stmt *statement, int column) {
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "";
}

static bool read_datasets(sqlite3 *database, struct emulator_catalog *catalog) {
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(database,
                           "SELECT project, dataset, location, resource, created_ms FROM _datasets",
                           -1, &statement, NULL) != SQLITE_OK)
        return false;
    struct emulator_failure failure;
    while (sqlite3_step(statement) == SQLITE_ROW) {
        struct emulator_dataset *dataset =
            catalog_add_dataset(catalog, column_text(statement, 0), column_text(statement, 1),
                                column_text(statement, 2), &failure);
        if (!dataset)
            continue;
        dataset->resource = column_json(statement, 3);
        dataset->created_ms = sqlite3_column_int64(statement, 4);
        dataset->last_modified_ms = dataset->created_ms;
    }
    return sqlite3_finalize(statement) == SQLITE_OK;
}

static void read_table(sqlite3_stmt *statement, struct emulator_catalog *catalog) {
    json_t *definition = column_json(statement, 3);
    struct emulator_failure failure;
    struct emulator_field *fields = NULL;
    size_t count = 0;
    if (schema_read(json_object_get(definition, "schema"), &fields, &count, &failure)) {
        struct emulator_table *table =
            emulator_table_new(column_text(statement, 0), column_text(statement, 1),
                               column_text(statement, 2), fields, count);
        resource_table_define(table, definition);
        table->created_ms = sqlite3_column_int64(statement, 4);
        table->last_modified_ms = sqlite3_column_int64(statement, 5);
        table->row_count = sqlite3_column_int64(statement, 6);
        table->buffered_rows = sqlite3_column_int64(statement, 7);
        table->buffered_since_ms = sqlite3_column_int64(statement, 8);
        if (!catalog_add_table(catalog, table, &failure))
            emulator_table_free(table);
        emulator_fields_free(fields, count);
    }
    json_decref(definition);
}

static bool read_tables(sqlite3 *database, struct emulator_catalog *catalog) {
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(database,
                           "SELECT project, dataset, name, definition, created_ms, modified_ms,"
                           " row_count, buffered_rows, buffered_since_ms FROM _tables",
                           -1, &statement, NULL) != SQLITE_OK)
        return false;
    while (sqlite3_step(statement) == SQLITE_ROW)
        read_table(statement, catalog);
    return sqlite3_finalize(statement) == SQLITE_OK;
}

/* Replaces the catalog by what the database says; versions go on counting. */
static bool reload_catalog(struct storage *storage) {
    struct emulator_catalog *catalog = catalog_new();
    catalog->last_version = storage->catalog ? storage->catalog->last_version : 0;
    bool good = read_datasets(storage->writer, catalog) && read_tables(storage->writer, catalog);
    catalog_free(storage->catalog);
    storage->catalog = catalog;
    return good;
}

/* A file is ours when it is new or carries our application id. */
static bool claim_database(sqlite3 *database) {
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(database,
                           "SELECT application_id, (SELECT COUNT(*) FROM sqlite_schema)"
                           " FROM pragma_application_id",
                           -1, &statement, NULL) != SQLITE_OK)
        return false;
    bool ours = sqlite3_step(statement) == SQLITE_ROW &&
                (sqlite3_column_int(statement, 0) == APPLICATION_ID ||
                 sqlite3_column_int(statement, 1) == 0);
    sqlite3_finalize(statement);
    char pragma[64];
    (void)snprintf(pragma, sizeof pragma, "PRAGMA application_id = %d", APPLICATION_ID);
    return ours && sqlite3_exec(database, pragma, NULL, NULL, NULL) == SQLITE_OK &&
           sqlite3_exec(database, tables_of_ours, NULL, NULL, NULL) == SQLITE_OK;
}

struct storage *storage_open(const char *path, struct error *error) {
    struct storage *storage = memory_new(1, sizeof *storage);
    pthread_rwlock_init(&storage->lock, NULL);
    pthread_mutex_init(&storage->idle_lock, NULL);
    storage->name =
        path ? memory_copy_string(path)
             : memory_format("file:/phasegate-%" PRIxPTR "?vfs=memdb", (uintptr_t)storage);
    storage->writer = open_connection(storage->name);
    if (!storage->writer || !claim_database(storage->writer) || !reload_catalog(storage)) {
        error_set(error, EXIT_NO_INPUT,
                  "%s cannot be used as the emulator's database; name a new file or one it made",
                  path ? path : "memory");
        storage_close(storage);
        return NULL;
    }
    return storage;
}

void storage_close(struct storage *storage) {
    if (!storage)
        return;
    for (size_t i = 0; i < storage->idle_count; i++)
        sqlite3_close(storage->idle[i]);
    sqlite3_close(storage->writer);
    catalog_free(storage->catalog);
    pthread_mutex_destroy(&storage->idle_lock);
    pthread_rwlock_destroy(&storage->lock);
    free(storage->name);
    free(storage);
}

sqlite3 *storage_read(struct storage *storage) {
    pthread_rwlock_rdlock(&storage->lock);
    sqlite3 *database = NULL;
    pthread_mutex_lock(&storage->idle_lock);
    if (storage->idle_count > 0)
        database = storage->idle[--storage->idle_count];
    pthread_mutex_unlock(&storage->idle_lock);
    return database ? database : open_connection(storage->name);
}

void storage_read_end(struct storage *storage, sqlite3 *database) {
    pthread_mutex_lock(&storage->idle_lock);
    if (database && storage->idle_count < IDLE_LIMIT) {
        storage->idle[storage->idle_count++] = database;
        database = NULL;
    }
    pthread_mutex_unlock(&storage->idle_lock);
    sqlite3_close(database);
    pthread_rwlock_unlock(&storage->lock);
}

sqlite3 *storage_write(struct storage *storage) {
    pthread_rwlock_wrlock(&storage->lock);
    sqlite3_exec(storage->writer, "BEGIN", NULL, NULL, NULL);
    return storage->writer;
}

bool storage_write_end(struct storage *storage, bool commit) {
    bool committed =
        commit && sqlite3_exec(storage->writer, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
    if (!committed) {
        sqlite3_exec(storage->writer, "ROLLBACK", NULL, NULL, NULL);
        reload_catalog(storage);
    }
    pthread_rwlock_unlock(&storage->lock);
    return committed == commit;
}

struct emulator_catalog *storage_catalog(struct storage *storage) {
    return storage->catalog;
}

/* Prepares, or leaves internalError. */
static sqlite3_stmt *prepare(struct storage *storage, const char *sql,
                             struct emulator_failure *failure) {
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(storage->writer, sql, -1, &statement, NULL) != SQLITE_OK)
        failure_set(failure, EMULATOR_REASON_INTERNAL_ERROR, "The storage failed: %s",
                    sqlite3_errmsg(storage->writer));
    return statement;
}

/* Steps a statement that gives no rows and finalises it. */
static bool finish(struct storage *storage, sqlite3_stmt *statement,
                   struct emulator_failure *failure) {
    bool good = sqlite3_step(statement) == SQLITE_DONE;
    if (!good)
        failure_set(failure, EMULATOR_REASON_INTERNAL_ERROR, "The storage failed: %s",
                    sqlite3_errmsg(storage->writer));
    sqlite3_finalize(statement);
    return good;
}

static void bind_string(sqlite3_stmt *statement, int index, const char *text) {
    sqlite3_bind_text(statement, index, text, -1, SQLITE_TRANSIENT);
}

static void bind_json(sqlite3_stmt *statement, int index, const json_t *json) {
    if (json)
        sqlite3_bind_text(statement, index, json_text(json), -1, free);
}

struct emulator_dataset *storage_add_dataset(struct storage *storage, const char *project,
                                             const char *dataset, const char *location,
                                             const json_t *resource, int64_t now_ms,
                                             struct emulator_failure *failure) {
    struct emulator_dataset *made =
        catalog_add_dataset(storage->catalog, project, dataset, location, failure);
    if (!made)
        return NULL;
    made->resource = json_deep_copy(resource);
    made->created_ms = now_ms;
    made->last_modified_ms = now_ms;
    sqlite3_stmt *statement =
        prepare(storage, "INSERT INTO _datasets VALUES (?1, ?2, ?3, ?4, ?5)", failure);
    if (!statement)
        return NULL;
    bind_string(statement, 1, project);
    bind_string(statement, 2, dataset);
    bind_string(statement, 3, made->location);
    bind_json(statement, 4, resource);
    sqlite3_bind_int64(statement, 5, now_ms);
    return finish(storage, statement, failure) ? made : NULL;
}

bool storage_drop_dataset(struct storage *storage, const char *project, const char *dataset,
                          struct emulator_failure *failure) {
    struct emulator_dataset *gone = catalog_dataset(storage->catalog, project, dataset);
    while (gone->table_count > 0)
        if (!storage_drop_table(storage, gone->tables[gone->table_count - 1], failure))
            return false;
    sqlite3_stmt *statement =
        prepare(storage, "DELETE FROM _datasets WHERE project = ?1 AND dataset = ?2", failure);
    if (!statement)
        return false;
    bind_string(statement, 1, project);
    bind_string(statement, 2, dataset);
    return finish(storage, statement, failure) &&
           catalog_drop_dataset(storage->catalog, project, dataset);
}

static bool create_table(struct storage *storage, const struct emulator_table *table,
                         struct emulator_failure *failure) {
    struct text_buffer columns = {0};
    text_buffer_add(&columns, " (");
    for (size_t i = 0; i < table->field_count; i++) {
        const struct emulator_field *field = &table->fields[i];
        char *name = storage_quote(field->name);
        text_buffer_format(&columns, "%s%s %s%s", i ? ", " : "", name,
                           emulator_type_column(field->type, field->repeated),
                           field->required ? " NOT NULL" : "");
        free(name);
    }
    text_buffer_add(&columns, table->field_count ? ")" : "_nothing)");
    char *path = emulator_table_path(table);
    bool good = execute_on(storage->writer, "CREATE TABLE ", path, columns.data, failure);
    free(path);
    text_buffer_free(&columns);
    return good;
}

bool storage_index_table(struct storage *storage, const struct emulator_table *table,
                         struct emulator_failure *failure) {
    bool good = true;
    char *path = emulator_table_path(table);
    char *quoted = storage_quote(path);
    for (size_t i = 0; i < table->field_count && good; i++) {
        const struct emulator_field *field = &table->fields[i];
        bool partition = table->partition_field && !strcmp(table->partition_field, field->name);
        if (field->repeated || !(partition || field->type == EMULATOR_DATE))
            continue;
        char *name = memory_format("%s#%s", path, field->name);
        char *column = storage_quote(field->name);
        char *after = memory_format(" ON %s (%s)", quoted, column);
        good = execute_on(storage->writer, "CREATE INDEX IF NOT EXISTS ", name, after, failure);
        free(after);
        free(column);
        free(name);
    }
    free(quoted);
    free(path);
    return good;
}

bool storage_add_table(struct storage *storage, struct emulator_table *table, bool index,
                       int64_t now_ms, struct emulator_failure *failure) {
    if (!catalog_add_table(storage->catalog, table, failure)) {
        emulator_table_free(table);
        return false;
    }
    table->created_ms = now_ms;
    table->last_modified_ms = now_ms;
    return create_table(storage, table, failure) &&
           (!index || storage_index_table(storage, table, failure)) &&
           storage_save_table(storage, table, failure);
}

bool storage_drop_table(struct storage *storage, const struct emulator_table *table,
                        struct emulator_failure *failure) {
    char *path = emulator_table_path(table);
    bool good = execute_on(storage->writer, "DROP TABLE ", path, "", failure);
    free(path);
    sqlite3_stmt *statement =
        good ? prepare(storage,
                       "DELETE FROM _tables WHERE project = ?1 AND dataset = ?2 AND name = ?3",
                       failure)
             : NULL;
    if (!statement)
        return false;
    bind_string(statement, 1, table->project);
    bind_string(statement, 2, table->dataset);
    bind_string(statement, 3, table->table);
    return finish(storage, statement, failure) &&
           catalog_drop_table(storage->catalog, table->project, table->dataset, table->table);
}

bool storage_save_table(struct storage *storage, const struct emulator_table *table,
                        struct emulator_failure *failure) {
    sqlite3_stmt *statement = prepare(
        storage, "REPLACE INTO _tables VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", failure);
    if (!statement)
        return false;
    json_t *definition = resource_table_definition(table);
    bind_string(statement, 1, table->project);
    bind_string(statement, 2, table->dataset);
    bind_string(statement, 3, table->table);
    bind_json(statement, 4, definition);
    json_decref(definition);
    const int64_t counters[] = {table->created_ms, table->last_modified_ms, table->row_count,
                                table->buffered_rows, table->buffered_since_ms};
    for (int i = 0; i < 5; i++)
        sqlite3_bind_int64(statement, 5 + i, counters[i]);
    return finish(storage, statement, failure);
}

char *storage_insert_text(const struct emulator_table *table) {
    char *path = emulator_table_path(table);
    char *quoted = storage_quote(path);
    struct text_buffer text = {0};
    text_buffer_format(&text, "INSERT INTO %s VALUES (", quoted);
    for (size_t i = 0; i < table->field_count; i++)
        text_buffer_format(&text, "%s?%zu", i ? ", " : "", i + 1);
    text_buffer_add(&text, ")");
    free(quoted);
    free(path);
    return text_buffer_take(&text);
}

/* The integer a query answers, -1 when it fails. */
static int64_t query_integer(sqlite3 *database, const char *sql, const char *from, const char *to) {
    sqlite3_stmt *statement = NULL;
    int64_t number = -1;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK) {
        if (from && sqlite3_bind_parameter_count(statement) >= 2) {
            bind_string(statement, 1, from);
            bind_string(statement, 2, to);
        }
        if (sqlite3_step(statement) == SQLITE_ROW)
            number = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    return number;
}

static int64_t measure_column(sqlite3 *database, const struct emulator_table *table, size_t index) {
    const struct emulator_field *field = &table->fields[index];
    int64_t fixed = emulator_type_bytes(field->type);
    if (fixed > 0 && !field->repeated)
        return fixed * table->row_count;
    char *path = emulator_table_path(table);
    char *quoted = storage_quote(path);
    char *column = storage_quote(field->name);
    char *sql = memory_format("SELECT SUM(COALESCE(LENGTH(CAST(%s AS BLOB)) + 2, 0))"
                              " FROM (SELECT %s FROM %s LIMIT %d)",
                              column, column, quoted, SAMPLE_ROWS);
    int64_t bytes = query_integer(database, sql, NULL, NULL);
    free(sql);
    free(column);
    free(quoted);
    free(path);
    if (bytes <= 0)
        return 0;
    return table->row_count <= SAMPLE_ROWS
               ? bytes
               : (int64_t)((double)bytes / SAMPLE_ROWS * (double)table->row_count);
}

int64_t storage_column_bytes(struct storage *storage, sqlite3 *database,
                             struct emulator_table *table, size_t field) {
    pthread_mutex_lock(&storage->idle_lock);
    if (!table->column_bytes) {
        table->column_bytes = memory_new(table->field_count, sizeof(int64_t));
        for (size_t i = 0; i < table->field_count; i++)
            table->column_bytes[i] = -1;
    }
    int64_t bytes = table->column_bytes[field];
    pthread_mutex_unlock(&storage->idle_lock);
    if (bytes >= 0)
        return bytes;
    bytes = measure_column(database, table, field);
    pthread_mutex_lock(&storage->idle_lock);
    table->column_bytes[field] = bytes;
    pthread_mutex_unlock(&storage->idle_lock);
    return bytes;
}

double storage_partition_share(sqlite3 *database, const struct emulator_table *table,
                               struct day_range range) {
    const struct emulator_field *field =
        table->partition_field
            ? emulator_field_find(table->fields, table->field_count, table->partition_field, NULL)
            : NULL;
    if (!field || field->type != EMULATOR_DATE || table->row_count <= 0 ||
        (range.from == INT32_MIN && range.to == INT32_MAX))
        return 1;
    char from[DAY_TEXT_SIZE] = "0000";
    char to[DAY_TEXT_SIZE] = "9999-99-99";
    if (range.from != INT32_MIN)
        (void)day_format(range.from, from);
    if (range.to != INT32_MAX)
        (void)day_format(range.to, to);
    char *path = emulator_table_path(table);
    char *quoted = storage_quote(path);
    char *column = storage_quote(field->name);
    char *sql = memory_format("SELECT COUNT(*) FROM %s WHERE %s BETWEEN ?1 AND ?2", quoted, column);
    int64_t rows = query_integer(database, sql, from, to);
    free(sql);
    free(column);
    free(quoted);
    free(path);
    return rows < 0 ? 1 : (double)rows / (double)table->row_count;
}
