/* The way from a pipeline to its BigQuery: one client, made the same for all who ask. */
#ifndef PHASEGATE_AGENT_CONNECTION_H
#define PHASEGATE_AGENT_CONNECTION_H

#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "bigquery/bigquery.h"
#include "pipeline/pipeline.h"

/* Zero-initialise and set what differs. */
struct connection_options {
    const char *endpoint;      /* NULL: BIGQUERY_EMULATOR_HOST, then the pipeline's */
    const char *purpose;       /* the value of every job's label "phasegate": "coverage" */
    const struct clock *clock; /* outlives the connection */
    int64_t deadline_ms;       /* of a request that sets none, in real milliseconds */
    int64_t probe_cap_ms;      /* 0: the client's */
};

struct connection {
    struct bigquery_client *client;
};

/* Opens it; nothing is sent yet. Errors: EXIT_CONFIG. */
bool connection_open(struct connection *connection, const struct pipeline *pipeline,
                     const struct connection_options *options, struct error *error);

/* Ends what is under way; a connection that was not opened is fine. */
void connection_close(struct connection *connection);

#endif
