/* The one rule of types: for dry runs, and for the rows that are measured. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "agent/columns.h"
#include "agent/measure_rows.h"

static const struct {
    const char *what;
    enum columns_of of;
    struct bigquery_field columns[3];
    size_t count;
    const char *first; /* mistake; NULL: none */
} CASES[] = {
    {"coverage",
     COLUMNS_OF_COVERAGE,
     {{"day", BIGQUERY_DATE, BIGQUERY_NULLABLE, NULL, 0},
      {"row_count", BIGQUERY_INT64, BIGQUERY_NULLABLE, NULL, 0},
      {"nulls", BIGQUERY_INT64, BIGQUERY_NULLABLE, NULL, 0}},
     3,
     NULL},
    {"a day as text",
     COLUMNS_OF_COVERAGE,
     {{"day", BIGQUERY_STRING, BIGQUERY_NULLABLE, NULL, 0},
      {"row_count", BIGQUERY_INT64, BIGQUERY_NULLABLE, NULL, 0}},
     2,
     "the query's column \"day\" is STRING and must be DATE"},
    {"a rate of fractions",
     COLUMNS_OF_COVERAGE,
     {{"day", BIGQUERY_DATE, BIGQUERY_NULLABLE, NULL, 0},
      {"row_count", BIGQUERY_INT64, BIGQUERY_NULLABLE, NULL, 0},
      {"fallbacks", BIGQUERY_FLOAT64, BIGQUERY_NULLABLE, NULL, 0}},
     3,
     "the query's column \"fallbacks\" is FLOAT64 and must be INT64"},
    {"games as NUMERIC",
     COLUMNS_OF_EXPECTED,
     {{"day", BIGQUERY_DATE, BIGQUERY_NULLABLE, NULL, 0},
      {"games", BIGQUERY_NUMERIC, BIGQUERY_NULLABLE, NULL, 0}},
     2,
     "the query's column \"games\" is NUMERIC and must be INT64"},
    {"no games",
     COLUMNS_OF_EXPECTED,
     {{"day", BIGQUERY_DATE, BIGQUERY_NULLABLE, NULL, 0}},
     1,
     "the query has no column \"games\" (INT64); write … AS games"},
    {"a NUMERIC check",
     COLUMNS_OF_CHECK,
     {{"x", BIGQUERY_NUMERIC, BIGQUERY_NULLABLE, NULL, 0}},
     1,
     NULL},
    {"a TIMESTAMP check",
     COLUMNS_OF_CHECK,
     {{"x", BIGQUERY_TIMESTAMP, BIGQUERY_NULLABLE, NULL, 0}},
     1,
     "the first column must be a number, and is TIMESTAMP"},
    {"a check of many",
     COLUMNS_OF_CHECK,
     {{"x", BIGQUERY_INT64, BIGQUERY_REPEATED, NULL, 0}},
     1,
     "the first column must be a number, and is an array of INT64"},
    {"a check of nothing",
     COLUMNS_OF_CHECK,
     {{0}},
     0,
     "the first column must be a number, and is not there"},
};

Test(columns, are_judged_alike_when_tried_and_when_measured)
{
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const struct bigquery_rows rows = {.columns = CASES[i].columns,
                                           .column_count = CASES[i].count};
        char text[COLUMNS_TEXT_SIZE];
        size_t at = 0;
        bool wrong = columns_mistake(CASES[i].of, &rows, &at, text);
        cr_expect_eq(wrong, CASES[i].first != NULL, "%s", CASES[i].what);
        struct measure_answer given = {0};
        struct error error = {0};
        bool read =
            CASES[i].of == COLUMNS_OF_CHECK
                ? measure_read_value(&rows, &given, &error)
                : measure_read_counts(&rows, CASES[i].of == COLUMNS_OF_EXPECTED, &given, &error);
        free(given.counts);
        if (CASES[i].first != NULL) {
            cr_expect_str_eq(text, CASES[i].first, "%s", CASES[i].what);
            cr_expect_not(read, "%s", CASES[i].what);
            cr_expect_not_null(strstr(error.text, CASES[i].first), "%s", error.text);
        } else if (CASES[i].of != COLUMNS_OF_CHECK) {
            cr_expect(read, "%s: %s", CASES[i].what, error.text);
        }
    }
}

Test(columns, hold_numbers_that_can_be_compared_and_added)
{
    static const struct {
        const char *value;
        bool good;
    } values[] = {
        {"0.3", true}, {"-5", true}, {"NaN", false}, {"Infinity", false}, {"1e999", false}};
    const struct bigquery_field number = {"x", BIGQUERY_FLOAT64, BIGQUERY_NULLABLE, NULL, 0};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        const bigquery_cell cell = text_of(values[i].value);
        const struct bigquery_rows rows = {
            .columns = &number, .column_count = 1, .cells = &cell, .row_count = 1};
        struct measure_answer given = {0};
        struct error error = {0};
        cr_expect_eq(measure_read_value(&rows, &given, &error), values[i].good, "%s",
                     values[i].value);
        cr_expect_eq(given.has_value, values[i].good, "%s", values[i].value);
    }
    const struct bigquery_field columns[] = {
        {"day", BIGQUERY_DATE, BIGQUERY_NULLABLE, NULL, 0},
        {"row_count", BIGQUERY_INT64, BIGQUERY_NULLABLE, NULL, 0}};
    const bigquery_cell cells[] = {TEXT("2024-01-01"), TEXT("9223372036854775807")};
    const struct bigquery_rows rows = {
        .columns = columns, .column_count = 2, .cells = cells, .row_count = 1};
    struct measure_answer given = {0};
    struct error error = {0};
    cr_expect_not(measure_read_counts(&rows, false, &given, &error));
    cr_expect_str_eq(error.text,
                     "row 1 of the query's answer is not a date and counts from 0 to 10^15");
    free(given.counts);
}
