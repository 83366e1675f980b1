/* tabledata.list and tabledata.insertAll. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "emulator/resource.h"
#include "emulator/result.h"
#include "emulator/routes.h"
#include "emulator/server.h"

enum { PAGE_ROWS = 50000, INSERT_ROWS = 50000 };

static struct emulator_table *find_table(struct call *call) {
    struct emulator_table *table = catalog_table(storage_catalog(call->emulator->storage),
                                                 call->names[0], call->names[1], call->names[2]);
    if (!table)
        failure_set(&call->failure, EMULATOR_REASON_NOT_FOUND, "Not found: Table %s:%s.%s",
                    call->names[0], call->names[1], call->names[2]);
    return table;
}

/* The fields that selectedFields names (all without it), in the table's order: borrowed members in
 * a new array. */
static struct emulator_field *select_fields(struct call *call, const struct emulator_table *table,
                                            size_t *count) {
    struct emulator_field *fields = memory_new(table->field_count, sizeof *fields);
    const char *selected = call_parameter(call, "selectedFields");
    bool *wanted = memory_new(table->field_count, sizeof *wanted);
    struct text rest = text_of(selected);
    bool good = true;
    while (rest.size > 0 && good) {
        struct text name = text_trim(text_cut(&rest, ','));
        char *copy = memory_copy_part(name.data, name.size);
        size_t place;
        good = emulator_field_find(table->fields, table->field_count, copy, &place) != NULL;
        if (good)
            wanted[place] = true;
        else
            failure_set(&call->failure, EMULATOR_REASON_INVALID,
                        "No such field: %s (selectedFields takes top-level fields)", copy);
        free(copy);
    }
    *count = 0;
    for (size_t i = 0; i < table->field_count && good; i++)
        if (!selected || !*selected || wanted[i])
            fields[(*count)++] = table->fields[i];
    free(wanted);
    if (good)
        return fields;
    free(fields);
    return NULL;
}

static char *page_text(const struct emulator_table *table, const struct emulator_field *fields,
                       size_t count) {
    char *path = emulator_table_path(table);
    char *quoted = storage_quote(path);
    struct text_buffer text = {0};
    text_buffer_add(&text, "SELECT ");
    for (size_t i = 0; i < count; i++) {
        char *column = storage_quote(fields[i].name);
        text_buffer_format(&text, "%s%s", i ? ", " : "", column);
        free(column);
    }
    text_buffer_format(&text, "%s FROM %s LIMIT ?1 OFFSET ?2", count ? "" : "NULL", quoted);
    free(quoted);
    free(path);
    return text_buffer_take(&text);
}

/* Writes one page; the number of its rows. */
static size_t put_rows(struct call *call, sqlite3 *database, const struct emulator_table *table,
                       const struct emulator_field *fields, size_t count, uint64_t first,
                       int64_t most) {
    char *text = page_text(table, fields, count);
    sqlite3_stmt *statement = NULL;
    struct result *result = result_new(fields, count);
    if (sqlite3_prepare_v2(database, text, -1, &statement, NULL) == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, most < PAGE_ROWS ? most : PAGE_ROWS);
        sqlite3_bind_int64(statement, 2, (int64_t)first);
        while (sqlite3_step(statement) == SQLITE_ROW &&
               result_bytes(result) < (int64_t)CALL_PAGE_BYTES)
            result_add(result, statement);
    }
    sqlite3_finalize(statement);
    size_t written = result_put_rows(result, &call->rows, 0, result_row_count(result),
                                     CALL_PAGE_BYTES, call_timestamp(call));
    result_release(result);
    free(text);
    return written;
}

static bool list_rows(struct call *call, sqlite3 *database, uint64_t first, int64_t most) {
    const struct emulator_table *table = find_table(call);
    if (!table)
        return false;
    size_t count;
    struct emulator_field *fields = select_fields(call, table, &count);
    if (!fields)
        return false;
    call->answer = json_pack("{s:s, s:o}", "kind", "bigquery#tableDataList", "totalRows",
                             resource_int64(table->row_count));
    size_t written = most > 0 ? put_rows(call, database, table, fields, count, first, most) : 0;
    if ((int64_t)(first + written) < table->row_count)
        json_object_set_new(call->answer, "pageToken", call_token(first + written));
    free(fields);
    return true;
}

bool route_data_list(struct call *call) {
    uint64_t first;
    int64_t index;
    int64_t most;
    const char *token = call_parameter(call, "pageToken");
    if (!call_number(call, "startIndex", 0, &index) ||
        !call_number(call, "maxResults", INT64_MAX, &most))
        return false;
    first = (uint64_t)index;
    if (token && *token && !call_token_read(call, token, &first))
        return false;
    sqlite3 *database = storage_read(call->emulator->storage);
    bool good = list_rows(call, database, first, most);
    storage_read_end(call->emulator->storage, database);
    return good;
}

/* One insertAll on its way. */
struct insertion {
    struct call *call;
    struct emulator_table *table;
    struct emulator_field row; /* the table's fields as one RECORD */
    sqlite3_stmt *statement;
    char *path;
    uint64_t *keys; /* of insertIds, 0 for rows without */
    json_t **rows;  /* as value_read gave them; NULL for a bad one */
    size_t count;
    json_t *errors;
    int64_t now_ns;
    int64_t stored;
};

static void add_error(struct insertion *insertion, size_t index, const char *reason,
                      const char *location, const char *message) {
    json_array_append_new(insertion->errors,
                          json_pack("{s:I, s:[{s:s, s:s, s:s, s:s}]}", "index", (json_int_t)index,
                                    "errors", "reason", reason, "location", location, "debugInfo",
                                    "", "message", message));
}

/* Reads every row; those that do not fit leave an error. */
static void read_rows(struct insertion *insertion, const json_t *list) {
    struct value_reader reader = {
        .ignore_unknown = json_get_bool(insertion->call->body, "ignoreUnknownValues", false)};
    for (size_t i = 0; i < insertion->count; i++) {
        const json_t *item = json_array_get(list, i);
        const char *insert_id = json_get_string(item, "insertId", NULL);
        insertion->keys[i] = insert_id ? dedup_key(insertion->path, insert_id) : 0;
        reader.location[0] = '\0';
        json_t *row = json_object_get(item, "json");
        insertion->rows[i] = value_read(&reader, row, &insertion->row);
        if (!insertion->rows[i])
            add_error(insertion, i, "invalid", reader.location, reader.message);
    }
}

static bool store_row(struct insertion *insertion, json_t *row) {
    const struct emulator_table *table = insertion->table;
    bool good = true;
    for (size_t i = 0; i < table->field_count && good; i++)
        good = value_bind_json(insertion->statement, (int)i + 1, &table->fields[i],
                               json_object_get(row, table->fields[i].name));
    good = good && sqlite3_step(insertion->statement) == SQLITE_DONE;
    return sqlite3_reset(insertion->statement) == SQLITE_OK && good;
}

/* Without skipInvalidRows one bad row stops all the others. */
static void stop_others(struct insertion *insertion) {
    for (size_t i = 0; i < insertion->count; i++) {
        if (!insertion->rows[i])
            continue;
        add_error(insertion, i, "stopped", "", "");
        json_decref(insertion->rows[i]);
        insertion->rows[i] = NULL;
    }
}

static bool store_rows(struct insertion *insertion) {
    struct call *call = insertion->call;
    struct dedup *dedup = call->emulator->dedup;
    for (size_t i = 0; i < insertion->count; i++) {
        uint64_t key = insertion->keys[i];
        if (!insertion->rows[i] || (key && dedup_has(dedup, key, insertion->now_ns)))
            continue;
        if (!store_row(insertion, insertion->rows[i]))
            return failure_set(&call->failure, EMULATOR_REASON_INTERNAL_ERROR,
                               "The storage could not take row %zu", i);
        insertion->stored++;
        if (key)
            dedup_add(dedup, key, insertion->now_ns);
    }
    return true;
}

/* New rows make a new version; lastModifiedTime follows when they leave the buffer. */
static bool count_rows(struct insertion *insertion) {
    struct emulator *emulator = insertion->call->emulator;
    struct emulator_table *table = insertion->table;
    if (insertion->stored == 0)
        return true;
    int64_t now_ms = clock_wall_ms(clock_system());
    resource_stream(table, insertion->stored, now_ms, emulator->buffer_ms);
    int64_t modified_ms = emulator->buffer_ms > 0 ? table->last_modified_ms : now_ms;
    catalog_touch(storage_catalog(emulator->storage), table, modified_ms);
    return storage_save_table(emulator->storage, table, &insertion->call->failure);
}

static bool insert_rows(struct insertion *insertion, sqlite3 *database, const json_t *list) {
    struct call *call = insertion->call;
    char *text = storage_insert_text(insertion->table);
    bool good = sqlite3_prepare_v2(database, text, -1, &insertion->statement, NULL) == SQLITE_OK;
    free(text);
    if (!good)
        return failure_set(&call->failure, EMULATOR_REASON_INVALID,
                           "The destination table has no schema.");
    read_rows(insertion, list);
    if (json_array_size(insertion->errors) > 0 &&
        !json_get_bool(call->body, "skipInvalidRows", false))
        stop_others(insertion);
    return store_rows(insertion) && count_rows(insertion);
}

static void end_insertion(struct insertion *insertion) {
    for (size_t i = 0; i < insertion->count; i++)
        json_decref(insertion->rows[i]);
    free((void *)insertion->rows);
    free(insertion->keys);
    free(insertion->path);
    sqlite3_finalize(insertion->statement);
}

bool route_data_insert(struct call *call) {
    const json_t *list = json_object_get(call->body, "rows");
    size_t count = json_array_size(list);
    if (count == 0 || count > INSERT_ROWS)
        return failure_set(&call->failure, EMULATOR_REASON_INVALID,
                           count == 0 ? "No rows present in the request."
                                      : "A request may hold at most 50,000 rows.");
    struct storage *storage = call->emulator->storage;
    sqlite3 *database = storage_write(storage);
    struct emulator_table *table = find_table(call);
    bool good = table != NULL;
    char row_name[] = "row";
    if (good) {
        struct insertion insertion = {
            .call = call,
            .table = table,
            .row = {.type = EMULATOR_RECORD,
                    .required = true,
                    .name = row_name,
                    .fields = table->fields,
                    .field_count = table->field_count},
            .path = emulator_table_path(table),
            .keys = memory_new(count, sizeof(uint64_t)),
            .rows = memory_new(count, sizeof(json_t *)),
            .count = count,
            .errors = json_array(),
            .now_ns = clock_boot_ns(clock_system()),
        };
        call->answer = json_pack("{s:s}", "kind", "bigquery#tableDataInsertAllResponse");
        good = insert_rows(&insertion, database, list);
        if (json_array_size(insertion.errors) > 0)
            json_object_set(call->answer, "insertErrors", insertion.errors);
        json_decref(insertion.errors);
        end_insertion(&insertion);
    }
    return storage_write_end(storage, good) && good;
}
