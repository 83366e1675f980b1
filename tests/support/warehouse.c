#include "tests/support/warehouse.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/text.h"
#include "demo/calendar.h"
#include "demo/scenario.h"
#include "demo/tables.h"

/* 2026-01-05T10:00:00Z, when everything was written. */
#define WRITTEN_MS INT64_C(1767607200000)

void warehouse_open(struct warehouse *warehouse) {
    warehouse_open_buffered(warehouse, -1);
}

void warehouse_open_buffered(struct warehouse *warehouse, int streaming_buffer_ms) {
    struct emulator_options options = {.streaming_buffer_ms = streaming_buffer_ms};
    struct error error = {0};
    warehouse->emulator = emulator_start(&options, &error);
    cr_assert_not_null(warehouse->emulator, "%s", error.text);
    const char *url = emulator_url(warehouse->emulator);
    cr_assert_eq(setenv("BIGQUERY_EMULATOR_HOST", url, 1), 0);
    struct bigquery_options client = {
        .endpoint = url, .project = SCENARIO_PROJECT, .location = SCENARIO_LOCATION};
    warehouse->client = bigquery_client_new(&client, &error);
    cr_assert_not_null(warehouse->client, "%s", error.text);
}

void warehouse_close(struct warehouse *warehouse) {
    bigquery_client_free(warehouse->client);
    emulator_stop(warehouse->emulator);
    *warehouse = (struct warehouse){0};
}

void warehouse_load(struct warehouse *warehouse, const char *name) {
    struct error error = {0};
    const struct scenario *scenario = scenario_find(name, &error);
    cr_assert_not_null(scenario, "%s", error.text);
    cr_assert(scenario_load(scenario, warehouse->emulator, &error), "%s", error.text);
}

struct filling {
    struct emulator_load *load;
    struct error error;
};

static bool take_row(void *context, const struct emulator_value *values) {
    struct filling *filling = context;
    return emulator_load_row(filling->load, values, &filling->error);
}

static void fill(struct warehouse *warehouse, const char *name, const struct dayset *days,
                 bool filter_required) {
    const struct tables_table *table = tables_find(name);
    cr_assert_not_null(table, "%s", name);
    struct emulator_table *definition =
        tables_definition(table, SCENARIO_PROJECT, SCENARIO_LOCATION);
    definition->require_partition_filter = definition->require_partition_filter || filter_required;
    struct filling filling = {0};
    filling.load = emulator_load_begin(warehouse->emulator, definition, &filling.error);
    cr_assert_not_null(filling.load, "%s", filling.error.text);
    for (day_number day = days != NULL ? dayset_next(days, days->range.from) : DAY_NONE;
         day != DAY_NONE; day = dayset_next(days, day + 1)) {
        struct tables_day what = {day, calendar_games(day), 0, WRITTEN_MS * 1000};
        cr_assert(tables_rows(table, &what, take_row, &filling), "%s", filling.error.text);
    }
    cr_assert(emulator_load_end(filling.load, true, WRITTEN_MS, &filling.error), "%s",
              filling.error.text);
    emulator_table_free(definition);
}

void warehouse_fill(struct warehouse *warehouse, const char *table, const struct dayset *days) {
    fill(warehouse, table, days, false);
}

void warehouse_fill_guarded(struct warehouse *warehouse, const char *table,
                            const struct dayset *days) {
    fill(warehouse, table, days, true);
}

struct dayset warehouse_game_dates(const char *from, const char *to) {
    struct day_range range;
    cr_assert(day_parse(text_of(from), &range.from) && day_parse(text_of(to), &range.to));
    struct dayset all = calendar_game_dates();
    struct dayset dates = dayset_new(range);
    dayset_unite(&dates, &all);
    dayset_free(&all);
    return dates;
}

char *warehouse_ask(struct warehouse *warehouse, const char *sql) {
    struct bigquery_query query = {.sql = sql, .no_cache = true};
    struct error error = {0};
    struct bigquery_result *result = bigquery_query_now(warehouse->client, &query, &error);
    cr_assert(result != NULL && bigquery_result_check(result, &error), "%s: %s", sql, error.text);
    struct text_buffer answer = {0};
    for (size_t row = 0; row < result->rows.row_count; row++) {
        for (size_t column = 0; column < result->rows.column_count; column++) {
            bigquery_cell cell = bigquery_rows_cell(&result->rows, row, column);
            text_buffer_format(&answer, "%s%s", column > 0 ? "|" : "",
                               bigquery_cell_is_null(cell) ? "NULL" : cell.data);
        }
        text_buffer_add(&answer, "\n");
    }
    bigquery_result_free(result);
    return text_buffer_take(&answer);
}

void warehouse_expect(struct warehouse *warehouse, const char *sql, const char *answer) {
    char *given = warehouse_ask(warehouse, sql);
    cr_expect_str_eq(given, answer, "%s\ngave %snot %s", sql, given, answer);
    free(given);
}
