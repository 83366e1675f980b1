/* The pipeline's fingerprint: an approval given to one holds for no other. */
#ifndef PHASEGATE_PIPELINE_HASH_H
#define PHASEGATE_PIPELINE_HASH_H

#include "pipeline/pipeline.h"

/* Fills pipeline->hash with the SHA-256 of everything that changes what runs or what is judged, in
 * one fixed order. Errors: EXIT_SOFTWARE. */
bool hash_pipeline(struct pipeline *pipeline, struct error *error);

#endif
