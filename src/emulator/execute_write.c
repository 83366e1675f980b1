/* Running a query: the writing half, DML and DDL. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "emulator/execution.h"
#include "emulator/resource.h"

/* Runs SQLite's statement; the number of rows it changed, or -1 with the failure. */
static int64_t change_rows(struct execution *execution, sqlite3 *database,
                           const struct sql_statement *statement) {
    if (!execution_information(execution, database, statement))
        return -1;
    sqlite3_stmt *prepared = execution_prepare(execution, database, statement);
    int64_t changed = -1;
    if (prepared && sqlite3_step(prepared) == SQLITE_DONE)
        changed = sqlite3_changes64(database);
    else if (prepared)
        execution_fail(execution, database);
    sqlite3_finalize(prepared);
    sqlite3_progress_handler(database, 0, NULL, NULL);
    execution_information_end(execution, database, statement);
    return changed;
}

static struct emulator_table *target_of(struct execution *execution,
                                        const struct sql_statement *statement) {
    return catalog_table(storage_catalog(execution->executor->storage), statement->target_project,
                         statement->target_dataset, statement->target_table);
}

/* Counts what changed, moves lastModifiedTime, keeps it. */
static bool settle(struct execution *execution, struct emulator_table *table, int64_t added,
                   bool rewritten) {
    struct storage *storage = execution->executor->storage;
    struct resource_state state =
        resource_table_state(table, execution->now_ms, execution->executor->buffer_ms);
    table->buffered_rows = rewritten ? 0 : state.buffered_rows;
    table->last_modified_ms = state.last_modified_ms;
    table->row_count += added;
    catalog_touch(storage_catalog(storage), table, execution->now_ms);
    return storage_save_table(storage, table, &execution->outcome->failure);
}

static bool run_dml(struct execution *execution, sqlite3 *database,
                    const struct sql_statement *statement) {
    struct emulator_table *table = target_of(execution, statement);
    if (!table || !execution_price(execution, database, statement))
        return false;
    int64_t changed = change_rows(execution, database, statement);
    if (changed < 0)
        return false;
    execution->outcome->affected_rows = changed;
    static const int sign[] = {
        [SQL_INSERT] = 1, [SQL_UPDATE] = 0, [SQL_DELETE] = -1, [SQL_TRUNCATE] = -1};
    bool removes = statement->kind == SQL_DELETE || statement->kind == SQL_TRUNCATE;
    return changed == 0 || settle(execution, table, sign[statement->kind] * changed, removes);
}

/* What CREATE TABLE says, as tables.insert would say it. */
static json_t *definition_json(const struct sql_definition *definition) {
    json_t *json = json_object();
    if (definition->partition_field)
        json_object_set_new(
            json, "timePartitioning",
            json_pack("{s:s, s:s}", "type", "DAY", "field", definition->partition_field));
    if (definition->partition_field && definition->partition_expiration_days > 0)
        json_object_set_new(json_object_get(json, "timePartitioning"), "expirationMs",
                            resource_int64(definition->partition_expiration_days * 86400000));
    if (definition->require_partition_filter)
        json_object_set_new(json, "requirePartitionFilter", json_true());
    if (definition->description)
        json_object_set_new(json, "description", json_string(definition->description));
    if (definition->cluster_count > 0) {
        json_t *fields = json_array();
        for (size_t i = 0; i < definition->cluster_count; i++)
            json_array_append_new(fields, json_string(definition->cluster_fields[i]));
        json_object_set_new(json, "clustering", json_pack("{s:o}", "fields", fields));
    }
    return json;
}

/* Whether a table of that name stands in the way; an OR REPLACE clears it. */
static bool make_way(struct execution *execution, const struct sql_statement *statement) {
    struct emulator_failure *failure = &execution->outcome->failure;
    struct emulator_table *old = target_of(execution, statement);
    if (!old)
        return true;
    if (!statement->or_replace)
        return failure_set(failure, EMULATOR_REASON_DUPLICATE, "Already Exists: Table %s:%s.%s",
                           old->project, old->dataset, old->table);
    for (size_t i = 0; i < statement->reference_count; i++)
        if (statement->references[i].definition == old)
            return failure_set(failure, EMULATOR_REASON_NOT_IMPLEMENTED,
                               "This server cannot replace a table by a query on itself");
    return storage_drop_table(execution->executor->storage, old, failure);
}

static bool run_create(struct execution *execution, sqlite3 *database,
                       const struct sql_statement *statement) {
    if (statement->if_not_exists && target_of(execution, statement))
        return true;
    if (!execution_price(execution, database, statement) || !make_way(execution, statement))
        return false;
    const struct sql_definition *definition = statement->definition;
    struct emulator_table *table =
        emulator_table_new(statement->target_project, statement->target_dataset,
                           statement->target_table, definition->fields, definition->field_count);
    json_t *json = definition_json(definition);
    resource_table_define(table, json);
    json_decref(json);
    if (!storage_add_table(execution->executor->storage, table, true, execution->now_ms,
                           &execution->outcome->failure))
        return false;
    if (!statement->sqlite)
        return true;
    int64_t rows = change_rows(execution, database, statement);
    return rows >= 0 && settle(execution, table, rows, false);
}

static bool run_drop(struct execution *execution, const struct sql_statement *statement) {
    struct emulator_failure *failure = &execution->outcome->failure;
    struct emulator_table *table = target_of(execution, statement);
    if (table)
        return storage_drop_table(execution->executor->storage, table, failure);
    return statement->if_exists ||
           failure_set(failure, EMULATOR_REASON_NOT_FOUND,
                       "Not found: Table %s:%s.%s was not found in location %s",
                       statement->target_project, statement->target_dataset,
                       statement->target_table,
                       execution->request->location ? execution->request->location : "US");
}

void execution_write(struct execution *execution) {
    struct storage *storage = execution->executor->storage;
    struct outcome *outcome = execution->outcome;
    sqlite3 *database = storage_write(storage);
    struct sql_statement *statement = execution_compile(execution);
    bool good = false;
    if (!statement)
        good = false;
    else if (statement->kind == SQL_DROP_TABLE)
        good = run_drop(execution, statement);
    else if (statement->definition)
        good = run_create(execution, database, statement);
    else
        good = run_dml(execution, database, statement);
    sql_free(statement);
    if (!storage_write_end(storage, good) && !outcome_failed(outcome))
        failure_set(&outcome->failure, EMULATOR_REASON_INTERNAL_ERROR,
                    "The storage could not commit");
}
