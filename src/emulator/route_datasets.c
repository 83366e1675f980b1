/* datasets.list, .insert, .get, .delete, and tables.list, .insert, .get, .delete. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "emulator/resource.h"
#include "emulator/routes.h"
#include "emulator/server.h"

enum { LIST_DEFAULT = 50, LIST_LIMIT = 10000 };

static int64_t now(void) {
    return clock_wall_ms(clock_system());
}

/* The window of a list: from the token, at most maxResults long. */
static bool list_window(struct call *call, uint64_t *first, size_t *most) {
    int64_t asked;
    const char *token = call_parameter(call, "pageToken");
    *first = 0;
    if (!call_number(call, "maxResults", LIST_DEFAULT, &asked) ||
        (token && *token && !call_token_read(call, token, first)))
        return false;
    *most = asked > LIST_LIMIT ? LIST_LIMIT : (size_t)asked;
    return true;
}

/* The dataset that the path names, or notFound. */
static struct emulator_dataset *find_dataset(struct call *call) {
    struct emulator_dataset *dataset =
        catalog_dataset(storage_catalog(call->emulator->storage), call->names[0], call->names[1]);
    if (!dataset)
        failure_set(&call->failure, EMULATOR_REASON_NOT_FOUND, "Not found: Dataset %s:%s",
                    call->names[0], call->names[1]);
    return dataset;
}

static struct emulator_table *find_table(struct call *call) {
    if (!find_dataset(call))
        return NULL;
    struct emulator_table *table = catalog_table(storage_catalog(call->emulator->storage),
                                                 call->names[0], call->names[1], call->names[2]);
    if (!table)
        failure_set(&call->failure, EMULATOR_REASON_NOT_FOUND, "Not found: Table %s:%s.%s",
                    call->names[0], call->names[1], call->names[2]);
    return table;
}

static void put_datasets(struct call *call, uint64_t first, size_t most) {
    const struct emulator_catalog *catalog = storage_catalog(call->emulator->storage);
    json_t *list = json_array();
    uint64_t seen = 0;
    for (size_t i = 0; i < catalog->dataset_count; i++) {
        if (strcmp(catalog->datasets[i]->project, call->names[0]) != 0 || seen++ < first)
            continue;
        if (json_array_size(list) == most) {
            json_object_set_new(call->answer, "nextPageToken", call_token(first + most));
            break;
        }
        json_array_append_new(list, resource_dataset_item(catalog->datasets[i]));
    }
    json_object_set_new(call->answer, "datasets", list);
}

bool route_datasets_list(struct call *call) {
    uint64_t first;
    size_t most;
    if (!list_window(call, &first, &most))
        return false;
    call->answer = json_pack("{s:s}", "kind", "bigquery#datasetList");
    sqlite3 *database = storage_read(call->emulator->storage);
    put_datasets(call, first, most);
    storage_read_end(call->emulator->storage, database);
    return true;
}

bool route_datasets_insert(struct call *call) {
    const json_t *reference = json_object_get(call->body, "datasetReference");
    const char *name = json_get_string(reference, "datasetId", NULL);
    if (!name)
        return failure_set(&call->failure, EMULATOR_REASON_REQUIRED,
                           "Required parameter is missing: datasetId");
    (void)storage_write(call->emulator->storage);
    struct emulator_dataset *dataset = storage_add_dataset(
        call->emulator->storage, call->names[0], name,
        json_get_string(call->body, "location", "US"), call->body, now(), &call->failure);
    if (dataset)
        call->answer = resource_dataset(dataset);
    return storage_write_end(call->emulator->storage, dataset != NULL) && dataset != NULL;
}

bool route_datasets_get(struct call *call) {
    sqlite3 *database = storage_read(call->emulator->storage);
    const struct emulator_dataset *dataset = find_dataset(call);
    if (dataset)
        call->answer = resource_dataset(dataset);
    storage_read_end(call->emulator->storage, database);
    return dataset != NULL;
}

bool route_datasets_delete(struct call *call) {
    const char *contents = call_parameter(call, "deleteContents");
    bool all = contents && strcmp(contents, "true") == 0;
    struct storage *storage = call->emulator->storage;
    (void)storage_write(storage);
    const struct emulator_dataset *dataset = find_dataset(call);
    bool good = dataset != NULL;
    if (good && dataset->table_count > 0 && !all)
        good = failure_set(&call->failure, EMULATOR_REASON_RESOURCE_IN_USE,
                           "Dataset %s:%s is still in use", call->names[0], call->names[1]);
    good = good && storage_drop_dataset(storage, call->names[0], call->names[1], &call->failure);
    call->code = 204;
    return storage_write_end(storage, good) && good;
}

static void put_tables(struct call *call, const struct emulator_dataset *dataset, uint64_t first,
                       size_t most) {
    json_t *list = json_array();
    for (size_t i = (size_t)first; i < dataset->table_count && json_array_size(list) < most; i++)
        json_array_append_new(list, resource_table_item(dataset->tables[i]));
    if (first + json_array_size(list) < dataset->table_count)
        json_object_set_new(call->answer, "nextPageToken",
                            call_token(first + json_array_size(list)));
    json_object_set_new(call->answer, "tables", list);
    json_object_set_new(call->answer, "totalItems", json_integer((json_int_t)dataset->table_count));
}

bool route_tables_list(struct call *call) {
    uint64_t first;
    size_t most;
    if (!list_window(call, &first, &most))
        return false;
    sqlite3 *database = storage_read(call->emulator->storage);
    const struct emulator_dataset *dataset = find_dataset(call);
    if (dataset) {
        call->answer = json_pack("{s:s}", "kind", "bigquery#tableList");
        put_tables(call, dataset, first, most);
    }
    storage_read_end(call->emulator->storage, database);
    return dataset != NULL;
}

/* The Table resource as it stands; under either lock. */
static json_t *table_answer(struct call *call, sqlite3 *database, struct emulator_table *table,
                            bool basic) {
    struct storage *storage = call->emulator->storage;
    struct resource_state state = resource_table_state(table, now(), call->emulator->buffer_ms);
    int64_t bytes = 0;
    for (size_t i = 0; i < table->field_count && !basic; i++)
        bytes += storage_column_bytes(storage, database, table, i);
    if (table->row_count > 0)
        bytes = (int64_t)((double)bytes * ((double)state.rows / (double)table->row_count));
    const struct emulator_dataset *dataset =
        catalog_dataset(storage_catalog(storage), table->project, table->dataset);
    return resource_table(table, &state, dataset->location, bytes, basic);
}

bool route_tables_insert(struct call *call) {
    struct emulator_table *table =
        resource_table_read(call->body, call->names[0], call->names[1], &call->failure);
    if (!table)
        return false;
    sqlite3 *database = storage_write(call->emulator->storage);
    bool good = storage_add_table(call->emulator->storage, table, true, now(), &call->failure);
    if (good)
        call->answer = table_answer(call, database, table, false);
    return storage_write_end(call->emulator->storage, good) && good;
}

bool route_tables_get(struct call *call) {
    const char *view = call_parameter(call, "view");
    bool basic = view && strcasecmp(view, "BASIC") == 0;
    sqlite3 *database = storage_read(call->emulator->storage);
    struct emulator_table *table = find_table(call);
    if (table)
        call->answer = table_answer(call, database, table, basic);
    storage_read_end(call->emulator->storage, database);
    return table != NULL;
}

bool route_tables_delete(struct call *call) {
    struct storage *storage = call->emulator->storage;
    (void)storage_write(storage);
    const struct emulator_table *table = find_table(call);
    bool good = table && storage_drop_table(storage, table, &call->failure);
    call->code = 204;
    return storage_write_end(storage, good) && good;
}
