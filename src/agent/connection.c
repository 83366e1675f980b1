#include "agent/connection.h"

#include "agent/measure_bill.h"

bool connection_open(struct connection *connection, const struct pipeline *pipeline,
                     const struct connection_options *options, struct error *error) {
    const char *host =
        options->endpoint != NULL ? options->endpoint : bigquery_endpoint_from_environment();
    char name[MEASURE_LABEL_SIZE];
    const struct bigquery_label labels[] = {
        {"phasegate", options->purpose},
        {"phasegate_pipeline", measure_label(pipeline->name, name)}};
    const struct bigquery_options client = {
        .endpoint = host != NULL ? host : pipeline->endpoint,
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
    connection->client = bigquery_client_new(&client, error);
    return connection->client != NULL;
}

void connection_close(struct connection *connection) {
    bigquery_client_free(connection->client);
    connection->client = NULL;
}
