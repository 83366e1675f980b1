/* The way from a pipeline to its BigQuery: one client, made the same for all who ask, and the login
 * it speaks with where one is needed. */
#ifndef PHASEGATE_AGENT_CONNECTION_H
#define PHASEGATE_AGENT_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "bigquery/bigquery.h"
#include "bigquery/login.h"
#include "pipeline/pipeline.h"

/* Zero-initialise and set what differs. */
struct connection_options {
    const char *endpoint;      /* NULL: BIGQUERY_EMULATOR_HOST, then the pipeline's */
    const char *purpose;       /* the value of every job's label "phasegate": "coverage" */
    const struct clock *clock; /* outlives the connection */
    int64_t deadline_ms;       /* of a request that sets none, in real milliseconds */
    int64_t probe_cap_ms;      /* 0: the client's */
};

/* Zero-initialise before it is opened. */
struct connection {
    struct bigquery_client *client; /* NULL: it is not open */
    struct bigquery_login *login;   /* NULL: none is needed, or none was found */
    bool wanting;                   /* not open for want of credentials: `missing` says why */
    struct error missing;
    int64_t opened_ns; /* boot time of the last try */
};

/* Opens it; nothing is sent yet. The real service is reached with the credentials that access_login
 * finds, everything else without. Errors: EXIT_CONFIG; those of access_login, and then `wanting` is
 * true and connection_again may be luckier. */
bool connection_open(struct connection *connection, const struct pipeline *pipeline,
                     const struct connection_options *options, struct error *error);

/* To be called now and then while nothing is under way: looks for credentials again where there
 * were none (every 15 s at most), or where those there are give no token (every 60 s). A person may
 * have logged in meanwhile. */
void connection_again(struct connection *connection, const struct pipeline *pipeline,
                      const struct connection_options *options);

/* Ends what is under way; a connection that was not opened is fine. */
void connection_close(struct connection *connection);

/* What may be shown of its credentials, as text that the caller frees, and what a check asks. */
struct connection_facts {
    char *json;      /* as access_json has it */
    char *problem;   /* why BigQuery cannot be asked; NULL: nothing is known to be wrong */
    int64_t ends_at; /* wall ms: when it ends unless a person renews it; 0: not known, or never */
};
struct connection_facts connection_facts(const struct connection *connection,
                                         const struct pipeline *pipeline, const char *endpoint);
void connection_facts_free(struct connection_facts *facts);

/* The key under which they are told to everybody who reads the state (state/state_told.h). */
#define CONNECTION_TOLD "credentials"

#endif
