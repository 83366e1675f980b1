/* After a failed call: another try after a wait, or the end. Waits have full jitter: anything from
 * nothing to a bound that doubles with every failure in a row. In an outage the gate says who tries
 * when. */
#include <string.h>

#include "bigquery/client.h"

#define NS_PER_MS INT64_C(1000000)

enum { BILL_TRIES = 3 };

static int64_t wait_ms(struct request *request, const struct bigquery_failure *failure) {
    struct bigquery_client *client = request->client;
    int64_t bound = client->retry_base_ms;
    for (int i = 0; i < request->waits && bound < client->retry_cap_ms; i++) {
        bound *= 2;
    }
    bound = bound < client->retry_cap_ms ? bound : client->retry_cap_ms;
    int64_t wait = random_upto(&client->random, bound * NS_PER_MS) / NS_PER_MS;
    return wait > failure->retry_after_ms ? wait : failure->retry_after_ms;
}

void retry_fail(struct request *request, const struct bigquery_failure *failure) {
    struct bigquery_failure *told = &request->answer->open.failure;
    *told = *failure;
    if (told->retry_after_ms > 0 && told->retry_at_ms == 0) {
        told->retry_at_ms = clock_wall_ms(request->client->clock) + told->retry_after_ms;
    }
    client_end(request, BIGQUERY_FAILED);
}

static void wait_and_retry(struct request *request) {
    struct bigquery_client *client = request->client;
    bool out = gate_is_out(&client->gate, step_method(request));
    if (request->last.class == BIGQUERY_THROTTLED) {
        request->due_ns = gate_slow_down(&client->gate, request->waits, request->sent_ns,
                                         client->active + 1, &request->last);
    } else {
        request->due_ns =
            client_now(client) + (out ? 0 : wait_ms(request, &request->last) * NS_PER_MS);
    }
    request->waits++;
    if (request->due_ns >= request->deadline_ns) {
        retry_expire(request);
        return;
    }
    request->place = PLACE_DELAYED;
    client->totals.retries++;
    if (!out) { /* else the gate holds it, and says so */
        activity_tell(request);
    }
}

/* "Not found: Job …" soon after the job was made is a matter of time. */
static bool is_lost_job(const struct request *request, const struct verdict *verdict) {
    bool asks_for_job = request->step == STEP_POLL || request->step == STEP_PAGE ||
                        request->step == STEP_CHECK || request->step == STEP_BILL;
    return asks_for_job && verdict->failure.class == BIGQUERY_NOT_FOUND &&
           strcasestr(verdict->failure.message, "not found: job") != NULL;
}

/* Whether BigQuery may have taken the query although no answer of its own came back. */
static bool is_unclear(const struct request *request, const struct verdict *verdict) {
    const struct bigquery_failure *failure = &verdict->failure;
    bool gateway = failure->class == BIGQUERY_BACKEND && strcmp(failure->reason, "http") == 0;
    return request->step == STEP_QUERY && request->exchange.sent &&
           (gateway || failure->class == BIGQUERY_TRANSPORT || failure->class == BIGQUERY_PROTOCOL);
}

/* A dead job answers its polls with its own error: only jobs.get tells that from a failed call. */
static void choose_step(struct request *request, const struct verdict *verdict) {
    bool polled = request->step == STEP_POLL || request->step == STEP_PAGE;
    if (polled && verdict->failure.http_code >= 400) {
        request->resume = request->step;
        request->step = STEP_CHECK;
    } else if (is_unclear(request, verdict)) {
        request->step = STEP_FIND;
    } else if (verdict->action == VERDICT_NEW_JOB && request->step == request->start) {
        (void)random_id(&request->client->random, request->request_id);
    }
}

static bool refresh_credentials(struct request *request) {
    static const char HEADER[] = "Authorization: ";
    const struct bigquery_credentials *credentials = request->client->credentials;
    const struct curl_slist *header = request->exchange.headers; /* it was added first */
    if (credentials == NULL || request->refreshed || header == NULL ||
        strncmp(header->data, HEADER, sizeof HEADER - 1) != 0) {
        return false;
    }
    credentials->rejected(credentials->context, header->data + sizeof HEADER - 1);
    request->refreshed = true;
    request->place = PLACE_READY;
    return true;
}

static bool is_missing_thing(const struct request *request, const struct verdict *verdict) {
    return (request->step == STEP_TABLE || request->step == STEP_DATASET) &&
           verdict->failure.http_code == 404 && verdict->failure.class == BIGQUERY_NOT_FOUND;
}

void retry_or_end(struct request *request, const struct verdict *given) {
    struct verdict verdict = *given;
    if (is_lost_job(request, &verdict)) {
        verdict = verdict_of_reason("jobLost", verdict.failure.http_code,
                                    text_of(given->failure.message));
    }
    if (verdict.failure.class == BIGQUERY_QUOTA) {
        gate_run_out(&request->client->gate, step_method(request), &verdict.failure);
    }
    verdict.failure.attempts = request->attempts;
    request->last = verdict.failure;
    if (is_missing_thing(request, &verdict)) {
        request->answer->open.failure = verdict.failure;
        client_end(request, BIGQUERY_DONE);
        return;
    }
    if (request->step == STEP_START && strcmp(verdict.failure.reason, "duplicate") == 0) {
        step_found_job(request);
        return;
    }
    bool final =
        verdict.action == VERDICT_STOP ||
        (verdict.tries > 0 && verdict.action == VERDICT_RETRY && ++request->few > verdict.tries);
    if (request->step == STEP_BILL && (final || request->waits >= BILL_TRIES)) {
        client_end(request, BIGQUERY_DONE); /* the rows are good, only their bill is not known */
        return;
    }
    if (verdict.action == VERDICT_REFRESH) {
        if (!refresh_credentials(request)) {
            retry_fail(request, &request->last);
        }
        return;
    }
    if (final && request->step == STEP_FIND) { /* nobody can say: the query is sent again */
        request->step = STEP_QUERY;
        request->place = PLACE_READY;
        return;
    }
    if (final) {
        retry_fail(request, &request->last);
        return;
    }
    choose_step(request, &verdict);
    wait_and_retry(request);
}

void retry_expire(struct request *request) {
    struct bigquery_client *client = request->client;
    struct bigquery_failure failure = request->last;
    bool runs = step_job_runs(request);
    if (request->step == STEP_BILL) {
        client_end(request, BIGQUERY_DONE);
        return;
    }
    if (failure.class == BIGQUERY_NO_FAILURE) {
        failure =
            verdict_format("deadline", 0,
                           runs ? "the query still ran after %.1f s" : "no answer within %.1f s",
                           (double)request->deadline_ms / 1000.0)
                .failure;
    }
    failure.deadline_reached = true;
    failure.attempts = request->attempts;
    if (runs) {
        submit_silent_cancel(client, &request->answer->open.job);
    }
    retry_fail(request, &failure);
}
