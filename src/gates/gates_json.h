/* Verdicts as JSON, in the shape of DESIGN.md ("Command line"): the answer of `phasegate check`. */
#ifndef PHASEGATE_GATES_GATES_JSON_H
#define PHASEGATE_GATES_GATES_JSON_H

#include <jansson.h>

#include "gates/gates.h"

/* One gate, or all (PIPELINE_NONE). `since` holds for each gate of the pipeline when its verdict
 * became what it is (wall ms; 0 when not known), or is NULL. The caller owns the reference. */
json_t *gates_to_json(const struct gates_report *report, size_t gate, const int64_t *since);

#endif
