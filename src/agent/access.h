/* How this process reaches BigQuery: where it is, and as whom. agent/connection.h makes clients of
 * it.
 *
 * BIGQUERY_EMULATOR_HOST, then `endpoint:` of the pipeline file, name a place that needs no
 * credentials: none are looked up and none are sent. Everywhere else is the real service, which is
 * reached with a login. A process that holds credentials leaves no core file and cannot be looked
 * into by others of the same user.
 *
 * For tests: under PHASEGATE_TEST=1, PHASEGATE_TEST_SERVICE (http://127.0.0.1:PORT) stands for the
 * real service, with all that follows from it. */
#ifndef PHASEGATE_AGENT_ACCESS_H
#define PHASEGATE_AGENT_ACCESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "bigquery/bigquery.h"
#include "bigquery/login.h"
#include "pipeline/pipeline.h"

struct access_place {
    const char *endpoint; /* NULL: where Google has it */
    const char *source;   /* who names the endpoint: "BIGQUERY_EMULATOR_HOST", "endpoint:"; NULL */
    bool service;         /* the real service: with credentials */
};

/* Where BigQuery is. `pipeline` may be NULL; `endpoint` goes before everything and may be NULL. */
struct access_place access_find(const struct pipeline *pipeline, const char *endpoint);

/* The project to bill when a pipeline file names none (a pipeline_project_finder): of the
 * environment, and for the real service as bigquery_login_project finds it, which may wait 3 s for
 * a metadata server. NULL when nobody knows. */
char *access_project(const char *endpoint);

/* What the loader of a pipeline file is told here: that project, and whether patterns compile. */
extern const struct pipeline_help access_help;

/* Whether a pipeline only reads: it has no processors, nothing is ever started for it. */
bool access_reads_only(const struct pipeline *pipeline);

/* Looks for credentials and reads them; asks nobody. `pipeline` NULL asks for the wide scope; one
 * without processors only reads. Errors: those of bigquery_login_new. */
struct bigquery_login *access_login(const struct pipeline *pipeline, const struct clock *clock,
                                    struct error *error);

/* What may be shown: {"needed", "endpoint", "endpoint_source", "kind", "source", "identity",
 * "project", "quota_project", "scope", "expires_at", "problem"}, null where nothing is
 * known. `login` NULL: there is none, for the reason `problem` where one is needed. The caller
 * owns the reference. */
json_t *access_json(const struct access_place *place, const struct bigquery_login *login,
                    const char *problem);

#endif
