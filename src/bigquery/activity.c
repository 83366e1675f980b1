/* What the client is doing right now, and what it has done and cost so far. */
#include "bigquery/activity.h"

#include <stdio.h>

#include "bigquery/client.h"

#include "base/count.h"
#include "base/moment.h"

#define NS_PER_MS INT64_C(1000000)

struct bigquery_activity activity_of(const struct request *request) {
    int64_t now = client_now(request->client);
    int64_t left = request->due_ns - now;
    bool waits = request->place != PLACE_ACTIVE && request->place != PLACE_READY && left > 0 &&
                 request->due_ns != INT64_MAX;
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

void activity_tell(const struct request *request) {
    const struct bigquery_client *client = request->client;
    if (client->activity != NULL && !request->silent) {
        struct bigquery_activity activity = activity_of(request);
        client->activity(client->activity_context, &activity);
    }
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

char *activity_outage(const struct bigquery_failure *failure, int64_t now_ms,
                      char out[ACTIVITY_OUTAGE_SIZE]) {
    char since[MOMENT_SIZE];
    (void)snprintf(out, ACTIVITY_OUTAGE_SIZE, "BigQuery has %s since %s",
                   failure->http_code == 0 ? "not answered" : "answered with errors only",
                   moment_format(failure->outage_since_ms, now_ms, since));
    return out;
}

/* The words of an outage and when the next probe is due. */
static void outage_text(const struct bigquery_failure *failure, int64_t now_ms, int64_t left_ms,
                        char *out, size_t size) {
    char since[ACTIVITY_OUTAGE_SIZE];
    char span[CLOCK_SPAN_SIZE];
    if (left_ms > 0) {
        (void)snprintf(out, size, "%s; next try in %s", activity_outage(failure, now_ms, since),
                       clock_format_span(left_ms + 999, span));
    } else {
        (void)snprintf(out, size, "%s; trying now", activity_outage(failure, now_ms, since));
    }
}

char *bigquery_failure_text(const struct bigquery_failure *failure, int64_t now_ms,
                            char out[BIGQUERY_MESSAGE_SIZE]) {
    char at[MOMENT_SIZE];
    char code[16] = "";
    if (failure->outage_since_ms != 0) {
        outage_text(failure, now_ms, failure->retry_at_ms - now_ms, out, BIGQUERY_MESSAGE_SIZE);
        return out;
    }
    if (failure->class == BIGQUERY_QUOTA && failure->retry_at_ms != 0) {
        (void)snprintf(out, BIGQUERY_MESSAGE_SIZE, "%s, next try %s", failure->reason,
                       moment_format(failure->retry_at_ms, now_ms, at));
        return out;
    }
    if (failure->http_code != 0) {
        (void)snprintf(code, sizeof code, "%d ", failure->http_code);
    }
    (void)snprintf(out, BIGQUERY_MESSAGE_SIZE, "%s%.64s: %.400s", code, failure->reason,
                   failure->message);
    return out;
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
    if (failure->outage_since_ms != 0) {
        outage_text(failure, failure->retry_at_ms - activity->next_try_in_ms,
                    activity->next_try_in_ms, out, BIGQUERY_ACTIVITY_SIZE);
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
    if (result->kind != BIGQUERY_KIND_QUERY || request->step == STEP_DRY_RUN ||
        request->step == STEP_DRY_QUERY) {
        return;
    }
    struct bigquery_bill bill = bigquery_result_bill(result, 1);
    int64_t processed = result->rows.bytes_processed;
    totals->queries++;
    totals->failed += status == BIGQUERY_FAILED ? 1 : 0;
    totals->cached += result->rows.cache_hit ? 1 : 0;
    totals->bills_estimated += bill.kind == BIGQUERY_BILL_ESTIMATED ? 1 : 0;
    totals->bills_unknown += bill.kind == BIGQUERY_BILL_UNKNOWN ? 1 : 0;
    totals->bytes_processed =
        count_add(totals->bytes_processed, processed != BIGQUERY_UNKNOWN ? processed : 0);
    totals->bytes_billed =
        count_add(totals->bytes_billed, bill.bytes != BIGQUERY_UNKNOWN ? bill.bytes : 0);
    totals->cost = bigquery_cost(totals->bytes_billed, request->client->price_per_tib);
}

struct bigquery_totals bigquery_client_totals(const struct bigquery_client *client) {
    return client->totals;
}
