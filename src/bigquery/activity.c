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

void activity_count(struct request *request, enum bigquery_status status) {
    struct bigquery_totals *totals = &request->client->totals;
    const struct bigquery_result *result = &request->answer->open;
    if (result->kind != BIGQUERY_KIND_QUERY || request->step == STEP_DRY_RUN) {
        return;
    }
    struct bigquery_bill bill = bigquery_result_bill(result, 1);
    int64_t processed = result->rows.bytes_processed;
    totals->queries++;
    totals->failed += status == BIGQUERY_FAILED ? 1 : 0;
    totals->cached += result->rows.cache_hit ? 1 : 0;
    totals->bills_estimated += bill.kind == BIGQUERY_BILL_ESTIMATED ? 1 : 0;
    totals->bills_unknown += bill.kind == BIGQUERY_BILL_UNKNOWN ? 1 : 0;
    totals->bytes_processed += processed != BIGQUERY_UNKNOWN ? processed : 0;
    totals->bytes_billed += bill.bytes != BIGQUERY_UNKNOWN ? bill.bytes : 0;
    totals->cost = bigquery_cost(totals->bytes_billed, request->client->price_per_tib);
}

struct bigquery_totals bigquery_client_totals(const struct bigquery_client *client) {
    return client->totals;
}
