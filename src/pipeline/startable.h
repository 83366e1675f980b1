/* Whether the commands of a pipeline could be started on this machine (base/command.h). */
#ifndef PHASEGATE_PIPELINE_STARTABLE_H
#define PHASEGATE_PIPELINE_STARTABLE_H

#include "pipeline/pipeline.h"

/* What is in the way of a processor's command, whose argv[0] is `program`: NULL when nothing is, or
 * when it runs on another host; else the caller's to free. `of_directory` may be NULL. */
char *startable_fault(const struct pipeline_processor *processor, const char *program,
                      bool *of_directory);

#endif
