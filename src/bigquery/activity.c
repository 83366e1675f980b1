/* What the client is doing right now, and what it has done and cost so far. */
#include <stdio.h>

#include "bigquery/client.h"

#define NS_PER_MS INT64_C(1000000)

struct bigquery_activity activity_of(const struct request *request) {
    int64_t now = client_now(request->client);
    int64_t left = request->due_ns - now;
    bool waits = request->place == PLACE_DELAYED && left > 0;
    return (struct bigquery_activity){
        .request = request->id,
        .kind = request->answer->open.kind,
        .phase = step_phase(request),
        .user = request->answer->open.user,
        .failure = request->last,
        .since_submit_ms = (now - request->submitted_ns) / NS_PER_MS,
        .next_try_in_ms = waits ? (left + NS_PER_MS - 1) / NS_PER_MS : 0,
    };
}

size_t bigquery_client_activity(const struct bigquery_client *client,
                                struct bigquery_activity *activities, size_t capacity) {
    size_t count = 0;
    for (const struct request *request = client->first; request != NULL; request = request->next) {
        if (!request->silent) {
            if (count < capacity) {
                activities[count] = activity_of(request);
            }
            count++;
        }
    }
    return count;
}

char *bigquery_activity_text(const struct bigquery_activity *activity,
                             char out[BIGQUERY_ACTIVITY_SIZE]) {
    static const char *const PHASES[] = {
        [BIGQUERY_QUEUED] = "waiting for a connection",
        [BIGQUERY_SENDING] = "asking",
        [BIGQUERY_RUNNING] = "the query runs",
        [BIGQUERY_PAGING] = "reading pages",
        [BIGQUERY_WAITING] = "waiting",
    };
    const struct bigquery_failure *failure = &activity->failure;
    char code[16] = "";
    char span[CLOCK_SPAN_SIZE];
    if (activity->phase != BIGQUERY_WAITING) {
        (void)snprintf(out, BIGQUERY_ACTIVITY_SIZE, "%s, %s", PHASES[activity->phase],
                       clock_format_span(activity->since_submit_ms, span));
        return out;
    }
    if (failure->http_code != 0) {
        (void)snprintf(code, sizeof code, "%d ", failure->http_code);
    }
    (void)snprintf(out, BIGQUERY_ACTIVITY_SIZE, "%s%s, retrying in %s (try %d)", code,
                   failure->reason, clock_format_span(activity->next_try_in_ms + 999, span),
                   failure->attempts + 1);
    return out;
}

/* A query's bill: what the service said, else what the price list makes of the bytes. */
static void count_bill(struct bigquery_client *client, const struct bigquery_rows *rows) {
    struct bigquery_totals *totals = &client->totals;
    int64_t processed = rows->bytes_processed != BIGQUERY_UNKNOWN ? rows->bytes_processed : 0;
    int64_t billed = rows->bytes_billed;
    if (billed == BIGQUERY_UNKNOWN) {
        billed = bigquery_billed_estimate(processed, 1);
        totals->bills_estimated++;
    }
    totals->bytes_processed += processed;
    totals->bytes_billed += billed;
    totals->cost = bigquery_cost(totals->bytes_billed, client->price_per_tib);
}

/* A query that failed on the server costs nothing; one that was given up here may cost all. */
static bool may_be_billed(const struct bigquery_failure *failure) {
    return failure->deadline_reached || failure->class == BIGQUERY_TIMEOUT ||
           failure->class == BIGQUERY_CANCELLED || failure->class == BIGQUERY_PROTOCOL;
}

void activity_count(struct request *request, enum bigquery_status status) {
    struct bigquery_client *client = request->client;
    const struct bigquery_result *result = &request->answer->open;
    if (result->kind != BIGQUERY_KIND_QUERY || request->step == STEP_DRY_RUN) {
        return;
    }
    client->totals.queries++;
    if (status == BIGQUERY_FAILED) {
        client->totals.failed++;
        if (result->rows.bytes_processed == BIGQUERY_UNKNOWN) {
            client->totals.bills_unknown += may_be_billed(&result->failure) ? 1 : 0;
            return;
        }
    }
    client->totals.cached += result->rows.cache_hit ? 1 : 0;
    count_bill(client, &result->rows);
}

struct bigquery_totals bigquery_client_totals(const struct bigquery_client *client) {
    return client->totals;
}
