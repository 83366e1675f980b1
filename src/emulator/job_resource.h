/* Jobs as REST resources. */
#ifndef PHASEGATE_EMULATOR_JOB_RESOURCE_H
#define PHASEGATE_EMULATOR_JOB_RESOURCE_H

#include <jansson.h>
#include <stdbool.h>

#include "emulator/jobs.h"

/* {"projectId","jobId","location"}; without jobId for NULL (dry runs). */
json_t *job_reference(const char *project, const char *id, const char *location);

/* A Job resource; an item of jobs.list when `item` is set, without its configuration when
 * `minimal` is. */
json_t *job_resource(const struct job_view *view, bool item, bool minimal);

/* Sets what jobs.query and jobs.getQueryResults say alike of a query that ran: schema, totalRows,
 * bytes, cacheHit, DML counts. */
void job_set_results(json_t *answer, const struct outcome *outcome);

/* {"insertedRowCount"} and so on, or NULL for what is no DML. */
json_t *job_dml_statistics(const struct outcome *outcome);

#endif
