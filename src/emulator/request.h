/* What a client asks of jobs.query or jobs.insert, read once from its JSON. */
#ifndef PHASEGATE_EMULATOR_REQUEST_H
#define PHASEGATE_EMULATOR_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "emulator/failure.h"

struct query_request {
    char *project;
    char *query;
    char *location;
    char *default_project; /* NULL without a defaultDataset */
    char *default_dataset;
    char *mode; /* parameterMode, or NULL */
    json_t *parameters;
    json_t *configuration; /* as jobs.get answers it */
    bool use_cache;
    bool dry_run;
    int64_t maximum_bytes_billed; /* -1: no limit */
    int64_t timeout_ms;           /* of the job; 0: none */
};

/* The body of jobs.query. NULL with the failure. */
struct query_request *request_of_query(const json_t *body, const char *project,
                                       struct emulator_failure *failure);

/* The body of jobs.insert. NULL with the failure. */
struct query_request *request_of_job(const json_t *body, const char *project,
                                     struct emulator_failure *failure);

void request_free(struct query_request *request);

/* Text that is equal for two requests whose results must be equal; the caller frees it. */
char *request_key(const struct query_request *request);

#endif
