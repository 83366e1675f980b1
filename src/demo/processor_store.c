#include "demo/processor_store.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "demo/scenario.h"
#include "emulator/moment.h"

struct processor_store {
    struct bigquery_client *client;
};

struct processor_store *processor_store_open(struct error *error) {
    /* As a real processor is told to label its jobs. */
    const char *run = getenv("PHASEGATE_RUN_ID");
    const char *pipeline = getenv("PHASEGATE_PIPELINE_LABEL");
    const struct bigquery_label labels[] = {{"phasegate_run", run},
                                            {"phasegate_pipeline", pipeline}};
    struct bigquery_options options = {
        .labels = labels,
        .label_count = run == NULL        ? 0
                       : pipeline == NULL ? 1
                                          : 2,
        .endpoint = bigquery_endpoint_from_environment(),
        .project = SCENARIO_PROJECT,
        .location = SCENARIO_LOCATION,
        .user_agent = "simulated-processor",
        .deadline_ms = 60000,
    };
    if (options.endpoint == NULL) {
        (void)error_set(error, EXIT_CONFIG,
                        "BIGQUERY_EMULATOR_HOST is not set: the simulated processors write to a "
                        "local BigQuery only");
        return NULL;
    }
    struct bigquery_client *client = bigquery_client_new(&options, error);
    if (client == NULL) {
        return NULL;
    }
    struct processor_store *store = memory_new(1, sizeof *store);
    store->client = client;
    return store;
}

void processor_store_close(struct processor_store *store) {
    if (store != NULL) {
        bigquery_client_free(store->client);
        free(store);
    }
}

static bool read_dates(const struct bigquery_result *result, struct day_range range,
                       struct dayset *dates, int *counts, struct error *error) {
    if (!bigquery_result_check(result, error)) {
        return false;
    }
    for (size_t row = 0; row < result->rows.row_count; row++) {
        day_number day;
        int64_t count;
        if (!bigquery_cell_date(bigquery_rows_cell(&result->rows, row, 0), &day) ||
            !bigquery_cell_int64(bigquery_rows_cell(&result->rows, row, 1), &count)) {
            return error_set(error, EXIT_DATA, "unexpected answer");
        }
        dayset_add(dates, day);
        if (counts != NULL && day_range_has(range, day)) {
            counts[day - range.from] = (int)count;
        }
    }
    return true;
}

bool processor_store_dates(struct processor_store *store, const char *table, const char *counted,
                           const char *where, struct day_range range, struct dayset *dates,
                           int *counts, struct error *error) {
    const struct tables_table *which = tables_find(table);
    char from[DAY_TEXT_SIZE];
    char to[DAY_TEXT_SIZE];
    const struct bigquery_parameter parameters[] = {
        {.name = "from", .type = BIGQUERY_DATE, .value = day_format(range.from, from)},
        {.name = "to", .type = BIGQUERY_DATE, .value = day_format(range.to, to)},
    };
    char *sql = memory_format(
        "SELECT %s AS day, COUNT(%s%s) AS n FROM `%s.%s.%s` WHERE %s BETWEEN @from AND @to%s%s "
        "GROUP BY day ORDER BY day",
        which->date, counted != NULL ? "DISTINCT " : "", counted != NULL ? counted : "*",
        SCENARIO_PROJECT, which->dataset, which->table, which->date, where != NULL ? " AND " : "",
        where != NULL ? where : "");
    struct bigquery_query query = {.sql = sql, .parameters = parameters, .parameter_count = 2};
    struct bigquery_result *result = bigquery_query_now(store->client, &query, error);
    *dates = dayset_new(range);
    bool good = result != NULL && read_dates(result, range, dates, counts, error);
    bigquery_result_free(result);
    free(sql);
    return good;
}

/* Rows on their way into one insertAll request. */
struct batch {
    const struct tables_table *table;
    json_t *rows;
};

static json_t *to_json(const struct tables_column *column, const struct emulator_value *value) {
    char moment[MOMENT_SIZE];
    if (column->type == EMULATOR_BOOL && value->kind == VALUE_INTEGER) {
        return json_boolean(value->integer != 0);
    }
    if (column->type == EMULATOR_TIMESTAMP && value->kind == VALUE_INTEGER) {
        return json_words(moment_format_iso(value->integer, moment));
    }
    switch (value->kind) {
    case VALUE_INTEGER:
        return json_integer(value->integer);
    case VALUE_REAL:
        return json_real(value->real);
    case VALUE_TEXT:
        return json_stringn(value->text.data, value->text.size);
    case VALUE_NULL:
    case VALUE_BLOB:
        break;
    }
    return json_null();
}

static bool take_row(void *context, const struct emulator_value *values) {
    struct batch *batch = context;
    json_t *row = json_object();
    size_t columns = tables_column_count(batch->table);
    for (size_t i = 0; i < columns; i++) {
        (void)json_object_set_new(row, batch->table->columns[i].name,
                                  to_json(&batch->table->columns[i], &values[i]));
    }
    (void)json_array_append_new(batch->rows, row);
    return true;
}

static bool insert(struct processor_store *store, const struct tables_table *table, json_t *rows,
                   const char *insert_id, struct error *error) {
    struct bigquery_insert request = {.table = {SCENARIO_PROJECT, table->dataset, table->table},
                                      .rows = rows,
                                      .insert_id = insert_id};
    bigquery_request_id id = bigquery_submit_insert(store->client, &request, error);
    json_decref(rows);
    if (id == 0) {
        return false;
    }
    struct bigquery_result *result = bigquery_client_finish(store->client, id);
    bool good = result != NULL && bigquery_result_check(result, error);
    bigquery_result_free(result);
    return good;
}

bool processor_store_write(struct processor_store *store, const struct tables_table *table,
                           const struct tables_day *day, struct error *error) {
    struct batch batch = {table, json_array()};
    char date[DAY_TEXT_SIZE];
    (void)tables_rows(table, day, take_row, &batch);
    char *insert_id =
        memory_format("%s-%s-%d", table->table, day_format(day->day, date), (int)getpid());
    bool good = insert(store, table, batch.rows, insert_id, error);
    free(insert_id);
    return good;
}

bool processor_store_fail(struct processor_store *store, const char *class, day_number day,
                          const char *category, const char *reason, struct error *error) {
    char date[DAY_TEXT_SIZE];
    char moment[MOMENT_SIZE];
    char *run = memory_format("%s_%d", class, (int)getpid());
    int64_t now = clock_wall_ms(clock_system());
    json_t *row = json_make("{s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:s}", "processor_name", class, "run_id",
                            run, "analysis_date", day_format(day, date), "entity_id", "DATE",
                            "failure_category", category, "failure_reason", reason, "can_retry", 1,
                            "created_at", moment_format_iso(now * 1000, moment));
    json_t *rows = json_array();
    (void)json_array_append_new(rows, row);
    bool good = insert(store, tables_find("precompute_failures"), rows, NULL, error);
    free(run);
    return good;
}
