/* Pattern sets: those a pipeline file defines, compiled as the logs module asks for them. */
#ifndef PHASEGATE_AGENT_PATTERNS_H
#define PHASEGATE_AGENT_PATTERNS_H

#include "logs/classify.h"
#include "pipeline/pipeline.h"

/* The classifier of a set: the pipeline's own of that name, or a built-in one. NULL with
 * EXIT_CONFIG for a kind that there is not, or a pattern that PCRE2 refuses; the caller frees it.
 */
struct log_classifier *patterns_classifier(const struct pipeline *pipeline, const char *name,
                                           struct error *error);

/* Whether a pattern is one that patterns_classifier can compile (pipeline_pattern_checker). */
bool patterns_check(const char *kind, const char *regex, struct pipeline_pattern_fault *fault);

#endif
