/* One item of a gate's `checks`. */
#ifndef PHASEGATE_PIPELINE_LOAD_CHECKS_H
#define PHASEGATE_PIPELINE_LOAD_CHECKS_H

#include "pipeline/loader.h"

/* The checks of an item that measures tables, into a new array that the caller frees; `*checks`
 * stays NULL when the item is of another kind. Returns how many there are: 0 after a mistake. */
size_t load_measured(struct loader *loader, const struct place *at, const struct raw_check *raw,
                     struct pipeline_check **checks);

/* An item of any other kind: one check, named even after a mistake. */
void load_single(struct loader *loader, const struct place *at, const struct raw_check *raw,
                 struct pipeline_check *check);

#endif
