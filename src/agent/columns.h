/* The columns that measuring reads from an answer, and their types: one rule for the answer of a
 * query and for that of its dry run, so that what validation refuses is never taken for a count. */
#ifndef PHASEGATE_AGENT_COLUMNS_H
#define PHASEGATE_AGENT_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "bigquery/bigquery.h"

enum columns_of {
    COLUMNS_OF_COVERAGE, /* day DATE, row_count INT64; INT64 if they are there: entities, nulls,
                            fallbacks */
    COLUMNS_OF_EXPECTED, /* day DATE, games INT64 */
    COLUMNS_OF_CHECK,    /* the first: a number */
};

enum { COLUMNS_TEXT_SIZE = 512 };

/* The next thing that is wrong with the columns, as a sentence about "the query"; begin with `*at`
 * 0. False when there is nothing more. */
bool columns_mistake(enum columns_of of, const struct bigquery_rows *rows, size_t *at,
                     char text[COLUMNS_TEXT_SIZE]);

#endif
