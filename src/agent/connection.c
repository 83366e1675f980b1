#include "agent/connection.h"

#include <stdlib.h>

#include "agent/access.h"
#include "agent/measure_bill.h"
#include "base/json.h"
#include "base/memory.h"

/* A person who logs in does not wait long, and a directory is not looked at without end. */
static const int64_t look_again_ns = INT64_C(15) * 1000000000;
/* Credentials that fail look for a new file by themselves; other ones may be found elsewhere. */
static const int64_t doubt_ns = INT64_C(60) * 1000000000;

bool connection_open(struct connection *connection, const struct pipeline *pipeline,
                     const struct connection_options *options, struct error *error) {
    struct access_place place = access_find(pipeline, options->endpoint);
    char name[MEASURE_LABEL_SIZE];
    const struct bigquery_label labels[] = {
        {"phasegate", options->purpose},
        {"phasegate_pipeline", measure_label(pipeline->name, name)}};
    struct bigquery_options client = {
        .endpoint = place.endpoint,
        .project = pipeline->project,
        .location = pipeline->location,
        .labels = labels,
        .label_count = sizeof labels / sizeof labels[0],
        .clock = options->clock,
        .maximum_bytes_billed = pipeline->poll.bytes_per_query,
        .price_per_tib = pipeline->poll.price_per_tib,
        .probe_cap_ms = options->probe_cap_ms,
        .deadline_ms = options->deadline_ms,
    };
    *connection = (struct connection){.opened_ns = clock_boot_ns(options->clock)};
    if (place.service) {
        connection->login = access_login(pipeline, options->clock, &connection->missing);
        if (connection->login == NULL) {
            connection->wanting = true;
            return error_set(error, connection->missing.code, "%s", connection->missing.text);
        }
        client.credentials = bigquery_login_credentials(connection->login);
        client.authorize_endpoint = place.endpoint != NULL;
        client.read_only = access_reads_only(pipeline);
    }
    connection->client = bigquery_client_new(&client, error);
    if (connection->client == NULL) {
        connection_close(connection);
        return false;
    }
    return true;
}

void connection_again(struct connection *connection, const struct pipeline *pipeline,
                      const struct connection_options *options) {
    bool good =
        connection->client != NULL &&
        (connection->login == NULL || bigquery_login_facts(connection->login).problem == NULL);
    int64_t wait = connection->client != NULL ? doubt_ns : look_again_ns;
    if (good || clock_boot_ns(options->clock) - connection->opened_ns < wait) {
        return;
    }
    struct error error = {0};
    connection_close(connection);
    if (!connection_open(connection, pipeline, options, &error)) {
        connection->missing = error;
    }
}

void connection_close(struct connection *connection) {
    bigquery_client_free(connection->client);
    bigquery_login_free(connection->login);
    connection->client = NULL;
    connection->login = NULL;
}

struct connection_facts connection_facts(const struct connection *connection,
                                         const struct pipeline *pipeline, const char *endpoint) {
    struct access_place place = access_find(pipeline, endpoint);
    const char *problem = connection->client == NULL ? connection->missing.text : NULL;
    struct connection_facts made = {0};
    if (connection->login != NULL) {
        struct bigquery_login_facts facts = bigquery_login_facts(connection->login);
        problem = facts.problem != NULL ? facts.problem : problem;
        made.ends_at = facts.kind == BIGQUERY_LOGIN_GCLOUD ? facts.expires_ms : 0;
    }
    json_t *json = access_json(&place, connection->login, problem);
    made.json = json_text(json);
    made.problem = memory_copy_string(problem);
    json_decref(json);
    return made;
}

void connection_facts_free(struct connection_facts *facts) {
    free(facts->json);
    free(facts->problem);
    *facts = (struct connection_facts){0};
}
