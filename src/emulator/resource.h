/* Datasets and tables as REST resources: what a client sends, what it is answered. */
#ifndef PHASEGATE_EMULATOR_RESOURCE_H
#define PHASEGATE_EMULATOR_RESOURCE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "emulator/catalog.h"

/* How a table stands at a moment: rows in the streaming buffer do not count yet. */
struct resource_state {
    int64_t rows;          /* outside the buffer */
    int64_t buffered_rows; /* 0 once the buffer was emptied */
    int64_t last_modified_ms;
};

struct resource_state resource_table_state(const struct emulator_table *table, int64_t now_ms,
                                           int64_t buffer_ms);

/* Counts rows that were streamed in at `now_ms`, after emptying the buffer where it is due. */
void resource_stream(struct emulator_table *table, int64_t rows, int64_t now_ms, int64_t buffer_ms);

/* A new table from a Table resource (tables.insert), in the dataset the path named; the caller owns
 * it. NULL with the failure. */
struct emulator_table *resource_table_read(const json_t *body, const char *project,
                                           const char *dataset, struct emulator_failure *failure);

/* What defines the table and is kept over restarts: schema, partitioning, labels, description. */
json_t *resource_table_definition(const struct emulator_table *table);

/* Takes partitioning and the rest of `definition` into a table; the schema is the caller's. */
void resource_table_define(struct emulator_table *table, const json_t *definition);

/* A Table resource; `bytes` is the size outside the buffer, `basic` leaves statistics out. */
json_t *resource_table(const struct emulator_table *table, const struct resource_state *state,
                       const char *location, int64_t bytes, bool basic);

/* An item of tables.list. */
json_t *resource_table_item(const struct emulator_table *table);

/* A Dataset resource, and an item of datasets.list. */
json_t *resource_dataset(const struct emulator_dataset *dataset);
json_t *resource_dataset_item(const struct emulator_dataset *dataset);

/* {"projectId","datasetId","tableId"}. */
json_t *resource_table_reference(const char *project, const char *dataset, const char *table);

/* An int64 as REST writes it: a decimal string. */
json_t *resource_int64(int64_t number);

/* An int64 that a client sent as a string or a number; `fallback` for anything else. */
int64_t resource_take_int64(const json_t *object, const char *key, int64_t fallback);

#endif
