/* Scenarios: nights that really were, rebuilt in the local BigQuery with their measured totals.
 *
 * The totals (dates present and missing for each table and season, games, rows) are the ones that
 * were measured on those nights; which dates are missing and what the rows hold is made up, the
 * same at every load. */
#ifndef PHASEGATE_DEMO_SCENARIO_H
#define PHASEGATE_DEMO_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/day.h"
#include "base/error.h"
#include "emulator/emulator.h"

#define SCENARIO_PROJECT  "nba-props-platform"
#define SCENARIO_LOCATION "us-west2"

struct scenario {
    const char *name;
    const char *summary;  /* one line */
    const char *moment;   /* RFC 3339: when the operator looks */
    const char *pipeline; /* file below queries/ */
    const char *from, *to;
};

/* All of them; the first is the demo's default. */
const struct scenario *scenario_all(size_t *count);

/* By name; NULL with EXIT_USAGE and the nearest name. */
const struct scenario *scenario_find(const char *name, struct error *error);

/* Makes the scenario's datasets and tables in an emulator and fills them. */
bool scenario_load(const struct scenario *scenario, struct emulator *emulator, struct error *error);

#endif
