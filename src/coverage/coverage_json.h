/* Coverage as JSON, in the shapes of DESIGN.md ("Command line"). What is not known is null. The
 * caller owns what it gets. */
#ifndef PHASEGATE_COVERAGE_COVERAGE_JSON_H
#define PHASEGATE_COVERAGE_COVERAGE_JSON_H

#include <jansson.h>

#include "coverage/coverage.h"

/* The answer of `phasegate coverage`: every table with its seasons and their segments. */
json_t *coverage_to_json(const struct coverage_report *report);

/* The answer of `phasegate gaps` for one table within `range`, as coverage_gaps takes it; a range's
 * `dates` counts the gaps in it and not the days between them on which nothing is due. `missing`
 * and `excess` (dates with too many rows, no gaps) are null for a table that was not measured. */
json_t *coverage_gaps_to_json(const struct coverage_report *report, size_t table,
                              struct day_range range, bool missing_only);

#endif
