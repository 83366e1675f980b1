/* Private to src/runs: a run's directory, made once and for one account only. */
#ifndef PHASEGATE_RUNS_PLACE_H
#define PHASEGATE_RUNS_PLACE_H

#include "runs/spec.h"

/* Makes the directory, with the spec in it, and opens it to whom its parent is shared with. A
 * directory that is there already is another's, laid to be taken for ours, and refused. Errors:
 * EXIT_CANT_CREATE. */
bool place_make(const char *run_directory, const struct spec *spec, struct error *error);

#endif
