/* The pipeline's fingerprint: an approval given to one holds for no other. */
#ifndef PHASEGATE_PIPELINE_HASH_H
#define PHASEGATE_PIPELINE_HASH_H

#include "pipeline/pipeline.h"

/* Fills pipeline->hash with the SHA-256 of everything that changes what runs or what is judged, in
 * one fixed order: which BigQuery is asked (`endpoint`) and how old a number may be (`recheck`,
 * `stale_after`) as well. How often and for how much money it is asked (`every`, `changing`, the
 * budgets, the price) only decides when something is known, and voids no approval. Errors:
 * EXIT_SOFTWARE. */
bool hash_pipeline(struct pipeline *pipeline, struct error *error);

#endif
