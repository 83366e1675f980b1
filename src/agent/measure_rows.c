#include "agent/measure_rows.h"

#include <math.h>
#include <stdlib.h>

#include "agent/columns.h"
#include "base/memory.h"

enum { LONGEST_SHOWN = 64 };

/* More than this is no count of a date's rows, but a mistake of the query or of its server. */
static const int64_t most_counted = INT64_C(1000000000000000);

/* A count from a cell; -1 when the column was not asked for; false when it is not a number of rows.
 */
static bool read_count(const struct bigquery_rows *rows, size_t row, size_t column,
                       int64_t *value) {
    if (column == SIZE_MAX) {
        *value = -1;
        return true;
    }
    return bigquery_cell_int64(bigquery_rows_cell(rows, row, column), value) && *value >= 0 &&
           *value <= most_counted;
}

static int by_day(const void *left, const void *right) {
    const struct coverage_count *a = left;
    const struct coverage_count *b = right;
    return (a->day > b->day) - (a->day < b->day);
}

bool measure_read_counts(const struct bigquery_rows *rows, bool expected,
                         struct measure_answer *given, struct error *error) {
    char wrong[COLUMNS_TEXT_SIZE];
    size_t at = 0;
    if (columns_mistake(expected ? COLUMNS_OF_EXPECTED : COLUMNS_OF_COVERAGE, rows, &at, wrong)) {
        return error_set(error, EXIT_DATA, "%s", wrong);
    }
    size_t day = bigquery_rows_column(rows, "day");
    size_t count = bigquery_rows_column(rows, expected ? "games" : "row_count");
    size_t entities = bigquery_rows_column(rows, "entities");
    size_t nulls = bigquery_rows_column(rows, "nulls");
    size_t fallbacks = bigquery_rows_column(rows, "fallbacks");
    given->counts = memory_new(rows->row_count, sizeof *given->counts);
    for (size_t row = 0; row < rows->row_count; row++) {
        struct coverage_count *into = &given->counts[given->count];
        bigquery_cell cell = bigquery_rows_cell(rows, row, day);
        if (bigquery_cell_is_null(cell)) {
            continue; /* rows without a date belong to no date */
        }
        if (!bigquery_cell_date(cell, &into->day) || !read_count(rows, row, count, &into->rows) ||
            !read_count(rows, row, entities, &into->entities) ||
            !read_count(rows, row, nulls, &into->nulls) ||
            !read_count(rows, row, fallbacks, &into->fallbacks)) {
            return error_set(
                error, EXIT_DATA,
                "row %zu of the query's answer is not a date and counts from 0 to 10^15", row + 1);
        }
        given->count++;
    }
    qsort(given->counts, given->count, sizeof *given->counts, by_day);
    for (size_t i = 1; i < given->count; i++) {
        if (given->counts[i].day == given->counts[i - 1].day) {
            char text[DAY_TEXT_SIZE];
            return error_set(error, EXIT_DATA, "the query's answer has %s twice",
                             day_format(given->counts[i].day, text));
        }
    }
    return true;
}

bool measure_read_value(const struct bigquery_rows *rows, struct measure_answer *given,
                        struct error *error) {
    char wrong[COLUMNS_TEXT_SIZE];
    size_t at = 0;
    if (columns_mistake(COLUMNS_OF_CHECK, rows, &at, wrong)) {
        return error_set(error, EXIT_DATA, "the check's query must answer a number: %s", wrong);
    }
    if (rows->row_count != 1) {
        return error_set(error, EXIT_DATA,
                         "the check's query must answer one row, and answered %zu",
                         rows->row_count);
    }
    bigquery_cell cell = bigquery_rows_cell(rows, 0, 0);
    if (bigquery_cell_is_null(cell)) {
        return true;
    }
    double value = 0;
    if (!bigquery_cell_double(cell, &value) || !isfinite(value)) {
        return error_set(error, EXIT_DATA,
                         "the check's query answered \"%.*s\", which cannot be compared",
                         cell.size < LONGEST_SHOWN ? (int)cell.size : LONGEST_SHOWN, cell.data);
    }
    given->value = value;
    given->has_value = true;
    return true;
}
