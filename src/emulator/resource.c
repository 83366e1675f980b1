/* Resources: the catalog's entries in REST's JSON, member by member. */
#include "emulator/resource.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "emulator/schema.h"

/* What a client sets on a table beside its schema, and is answered as it was set. */
static const char *const table_members[] = {
    "description", "friendlyName", "labels", "clustering", "expirationTime", "timePartitioning",
};
static const char *const item_members[] = {"labels", "clustering", "expirationTime",
                                           "timePartitioning"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Deep, here and wherever threads share a JSON value: jansson counts references without a lock. */
static void copy_members(json_t *to, const json_t *from, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        json_t *member = json_object_get(from, names[i]);
        if (member && !json_is_null(member))
            json_object_set_new(to, names[i], json_deep_copy(member));
    }
}

json_t *resource_int64(int64_t number) {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, number);
    return json_string(text);
}

int64_t resource_take_int64(const json_t *object, const char *key, int64_t fallback) {
    const json_t *member = json_object_get(object, key);
    int64_t number;
    if (json_is_integer(member))
        return json_integer_value(member);
    if (json_is_string(member) && text_to_int64(text_of(json_string_value(member)), &number))
        return number;
    return fallback;
}

struct resource_state resource_table_state(const struct emulator_table *table, int64_t now_ms,
                                           int64_t buffer_ms) {
    struct resource_state state = {table->row_count - table->buffered_rows, table->buffered_rows,
                                   table->last_modified_ms};
    if (table->buffered_rows > 0 && now_ms >= table->buffered_since_ms + buffer_ms) {
        state.rows = table->row_count;
        state.buffered_rows = 0;
        if (table->buffered_since_ms + buffer_ms > state.last_modified_ms)
            state.last_modified_ms = table->buffered_since_ms + buffer_ms;
    }
    return state;
}

void resource_stream(struct emulator_table *table, int64_t rows, int64_t now_ms,
                     int64_t buffer_ms) {
    struct resource_state state = resource_table_state(table, now_ms, buffer_ms);
    table->buffered_rows = state.buffered_rows;
    table->last_modified_ms = state.last_modified_ms;
    if (table->buffered_rows == 0)
        table->buffered_since_ms = now_ms;
    table->buffered_rows += rows;
    table->row_count += rows;
}

void resource_table_define(struct emulator_table *table, const json_t *definition) {
    const json_t *partitioning = json_object_get(definition, "timePartitioning");
    const char *field = json_get_string(partitioning, "field", NULL);
    free(table->partition_field);
    table->partition_field = memory_copy_string(field);
    table->require_partition_filter =
        json_get_bool(definition, "requirePartitionFilter",
                      json_get_bool(partitioning, "requirePartitionFilter", false));
    json_decref(table->resource);
    table->resource = json_object();
    copy_members(table->resource, definition, table_members, COUNT(table_members));
}

static bool partition_is_valid(const struct emulator_table *table,
                               struct emulator_failure *failure) {
    if (!table->partition_field)
        return true;
    const struct emulator_field *field =
        emulator_field_find(table->fields, table->field_count, table->partition_field, NULL);
    if (!field)
        return failure_set(failure, EMULATOR_REASON_INVALID,
                           "The field specified for partitioning cannot be found in the schema");
    if (field->repeated || (field->type != EMULATOR_DATE && field->type != EMULATOR_TIMESTAMP &&
                            field->type != EMULATOR_DATETIME))
        return failure_set(failure, EMULATOR_REASON_INVALID,
                           "The field specified for time partitioning can only be of type "
                           "TIMESTAMP, DATE or DATETIME. The type found is: %s.",
                           emulator_type_legacy(field->type));
    return true;
}

struct emulator_table *resource_table_read(const json_t *body, const char *project,
                                           const char *dataset, struct emulator_failure *failure) {
    const json_t *reference = json_object_get(body, "tableReference");
    const char *name = json_get_string(reference, "tableId", NULL);
    if (!name) {
        failure_set(failure, EMULATOR_REASON_REQUIRED, "Required parameter is missing: tableId");
        return NULL;
    }
    if (json_object_get(body, "view") || json_object_get(body, "materializedView") ||
        json_object_get(body, "externalDataConfiguration")) {
        failure_set(failure, EMULATOR_REASON_NOT_IMPLEMENTED,
                    "This server holds plain tables only: no views, no external tables");
        return NULL;
    }
    struct emulator_field *fields;
    size_t count;
    if (!schema_read(json_object_get(body, "schema"), &fields, &count, failure))
        return NULL;
    struct emulator_table *table = emulator_table_new(project, dataset, name, fields, count);
    emulator_fields_free(fields, count);
    resource_table_define(table, body);
    if (!partition_is_valid(table, failure)) {
        emulator_table_free(table);
        return NULL;
    }
    return table;
}

json_t *resource_table_definition(const struct emulator_table *table) {
    json_t *json = json_pack("{s:o}", "schema", schema_json(table->fields, table->field_count));
    copy_members(json, table->resource, table_members, COUNT(table_members));
    if (table->partition_field && !json_object_get(json, "timePartitioning"))
        json_object_set_new(
            json, "timePartitioning",
            json_pack("{s:s, s:s}", "type", "DAY", "field", table->partition_field));
    if (table->require_partition_filter)
        json_object_set_new(json, "requirePartitionFilter", json_true());
    return json;
}

json_t *resource_table_reference(const char *project, const char *dataset, const char *table) {
    return json_pack("{s:s, s:s, s:s}", "projectId", project, "datasetId", dataset, "tableId",
                     table);
}

static void set_format(json_t *object, const char *key, char *text) {
    json_object_set_new(object, key, json_string(text));
    free(text);
}

static void set_statistics(json_t *json, const struct emulator_table *table,
                           const struct resource_state *state, int64_t bytes) {
    json_object_set_new(json, "numBytes", resource_int64(bytes));
    json_object_set_new(json, "numLongTermBytes", resource_int64(0));
    json_object_set_new(json, "numRows", resource_int64(state->rows));
    json_object_set_new(json, "numTotalLogicalBytes", resource_int64(bytes));
    json_object_set_new(json, "numActiveLogicalBytes", resource_int64(bytes));
    json_object_set_new(json, "lastModifiedTime", resource_int64(state->last_modified_ms));
    if (state->buffered_rows == 0)
        return;
    int64_t buffered_bytes =
        state->rows > 0 ? bytes / state->rows * state->buffered_rows : state->buffered_rows * 64;
    json_object_set_new(json, "streamingBuffer",
                        json_pack("{s:o, s:o, s:o}", "estimatedRows",
                                  resource_int64(state->buffered_rows), "estimatedBytes",
                                  resource_int64(buffered_bytes), "oldestEntryTime",
                                  resource_int64(table->buffered_since_ms)));
}

static void set_identity(json_t *json, const char *kind, const struct emulator_table *table) {
    json_object_set_new(json, "kind", json_string(kind));
    set_format(json, "id", memory_format("%s:%s.%s", table->project, table->dataset, table->table));
    json_object_set_new(json, "tableReference",
                        resource_table_reference(table->project, table->dataset, table->table));
    json_object_set_new(json, "type", json_string("TABLE"));
    json_object_set_new(json, "creationTime", resource_int64(table->created_ms));
}

json_t *resource_table(const struct emulator_table *table, const struct resource_state *state,
                       const char *location, int64_t bytes, bool basic) {
    json_t *json = resource_table_definition(table);
    set_identity(json, "bigquery#table", table);
    set_format(json, "etag",
               memory_format("%" PRIx64 "-%" PRIx64 "-%" PRIx64, table->version,
                             (uint64_t)state->last_modified_ms, (uint64_t)state->buffered_rows));
    set_format(json, "selfLink",
               memory_format("https://bigquery.googleapis.com/bigquery/v2/projects/%s/datasets/%s/"
                             "tables/%s",
                             table->project, table->dataset, table->table));
    json_object_set_new(json, "location", json_string(location));
    if (!basic)
        set_statistics(json, table, state, bytes);
    return json;
}

json_t *resource_table_item(const struct emulator_table *table) {
    json_t *json = json_object();
    set_identity(json, "bigquery#table", table);
    copy_members(json, table->resource, item_members, COUNT(item_members));
    return json;
}

static const char *const dataset_members[] = {
    "description",
    "friendlyName",
    "labels",
    "defaultTableExpirationMs",
    "defaultPartitionExpirationMs",
    "access",
};

json_t *resource_dataset_item(const struct emulator_dataset *dataset) {
    json_t *json = json_pack("{s:s, s:{s:s, s:s}, s:s}", "kind", "bigquery#dataset",
                             "datasetReference", "projectId", dataset->project, "datasetId",
                             dataset->dataset, "location", dataset->location);
    set_format(json, "id", memory_format("%s:%s", dataset->project, dataset->dataset));
    static const char *const members[] = {"friendlyName", "labels"};
    copy_members(json, dataset->resource, members, COUNT(members));
    return json;
}

json_t *resource_dataset(const struct emulator_dataset *dataset) {
    json_t *json = resource_dataset_item(dataset);
    copy_members(json, dataset->resource, dataset_members, COUNT(dataset_members));
    set_format(json, "etag", memory_format("%" PRIx64, (uint64_t)dataset->last_modified_ms));
    set_format(json, "selfLink",
               memory_format("https://bigquery.googleapis.com/bigquery/v2/projects/%s/datasets/%s",
                             dataset->project, dataset->dataset));
    json_object_set_new(json, "creationTime", resource_int64(dataset->created_ms));
    json_object_set_new(json, "lastModifiedTime", resource_int64(dataset->last_modified_ms));
    return json;
}
