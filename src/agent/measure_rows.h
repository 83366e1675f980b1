/* What the rows of an answer say: counts by date, or the value of a check. */
#ifndef PHASEGATE_AGENT_MEASURE_ROWS_H
#define PHASEGATE_AGENT_MEASURE_ROWS_H

#include "agent/measure.h"

/* Reads day and counts (of expected dates: games) into `given`, in order of the days; a row that
 * cannot be read spoils the answer, for half a table is not a table. `given->counts` is the
 * caller's to free either way. Errors: EXIT_DATA. */
bool measure_read_counts(const struct bigquery_rows *rows, bool expected,
                         struct measure_answer *given, struct error *error);

/* Reads the one number of a check's query; NULL is no value. Errors: EXIT_DATA. */
bool measure_read_value(const struct bigquery_rows *rows, struct measure_answer *given,
                        struct error *error);

#endif
