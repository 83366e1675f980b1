/* What the simulated processor reads from and writes to the local BigQuery, through its REST
 * interface. */
#ifndef PHASEGATE_DEMO_PROCESSOR_STORE_H
#define PHASEGATE_DEMO_PROCESSOR_STORE_H

#include <stdbool.h>

#include "base/day.h"
#include "base/error.h"
#include "bigquery/bigquery.h"
#include "demo/tables.h"

struct processor_store;

/* Errors: EXIT_CONFIG when BIGQUERY_EMULATOR_HOST is not set. */
struct processor_store *processor_store_open(struct error *error);
void processor_store_close(struct processor_store *store);

/* The dates of a table within the range, with their number of distinct `counted` (NULL: of rows) in
 * `counts` (one for each day of the range; NULL to leave out). The caller frees the set. `where` is
 * a further condition or NULL. */
bool processor_store_dates(struct processor_store *store, const char *table, const char *counted,
                           const char *where, struct day_range range, struct dayset *dates,
                           int *counts, struct error *error);

/* Writes all rows of one date. */
bool processor_store_write(struct processor_store *store, const struct tables_table *table,
                           const struct tables_day *day, struct error *error);

/* Records that a date failed, as the real jobs do in precompute_failures. */
bool processor_store_fail(struct processor_store *store, const char *class, day_number day,
                          const char *category, const char *reason, struct error *error);

#endif
