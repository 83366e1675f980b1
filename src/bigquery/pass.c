/* Between the requests and the gate that they share: who may go, who waits, and what each call
 * tells about the service. */
#include <string.h>

#include "bigquery/client.h"

#define NS_PER_MS      INT64_C(1000000)
#define LONG_ENOUGH_MS INT64_C(5000) /* for a call that the service does not hold */

/* ---- What calls tell --------------------------------------------------------------------- */

/* How long a call may be silent before that is the service's fault. */
static int64_t patience_ms(const struct request *request) {
    bool held = step_method(request) == GATE_QUERIES; /* until the job is complete, or timeout_ms */
    return (held ? request->timeout_ms : 0) + LONG_ENOUGH_MS;
}

static enum gate_news news_of(const struct request *request,
                              const struct bigquery_failure *failure) {
    bool answered = failure->http_code != 0;
    if (strcmp(failure->reason, "slow") == 0) {
        return request->exchange.timeout_ms >= patience_ms(request) ? GATE_FAULT : GATE_NO_VERDICT;
    }
    switch (failure->class) {
    case BIGQUERY_TRANSPORT:
        if (strcmp(failure->reason, "connection") == 0) {
            return answered ? GATE_FAULT : GATE_NO_ANSWER;
        }
        return failure->http_code == 408 ? GATE_FAULT : GATE_NO_VERDICT;
    case BIGQUERY_BACKEND:
        return failure->http_code >= 500 ? GATE_FAULT : GATE_SUCCESS;
    case BIGQUERY_PROTOCOL:
        return strcmp(failure->reason, "notJson") == 0 ? GATE_FAULT : GATE_SUCCESS;
    default:
        return answered ? GATE_SUCCESS : GATE_NO_VERDICT;
    }
}

void pass_heard(struct request *request, const struct verdict *verdict) {
    struct gate *gate = &request->client->gate;
    enum gate_method method = step_method(request);
    if (verdict != NULL) {
        gate_heard(gate, method, request->id, news_of(request, &verdict->failure),
                   &verdict->failure);
        return;
    }
    gate_heard(gate, method, request->id, GATE_SUCCESS, NULL);
    /* What is asked because of a failure proves nothing. */
    if (request->step != STEP_CHECK && request->step != STEP_FIND) {
        gate_speed_up(gate, method);
    }
}

void pass_gave_up(struct request *request) {
    struct bigquery_client *client = request->client;
    bool silent = client_now(client) - request->sent_ns >= patience_ms(request) * NS_PER_MS;
    struct verdict verdict = verdict_format("slow", 0, "no answer");
    gate_heard(&client->gate, step_method(request), request->id,
               silent ? GATE_FAULT : GATE_NO_VERDICT, &verdict.failure);
}

/* ---- Who may go -------------------------------------------------------------------------- */

/* Whether another request has waited longer for the probe that this one could be. Each gets its
 * turn, so that one which cannot succeed does not keep the gate closed for all. */
static bool is_another_turn(const struct request *request, const struct gate_pass *pass) {
    enum gate_method method = step_method(request);
    for (const struct request *other = request->client->first; other != NULL; other = other->next) {
        bool waits = other->place == PLACE_HELD || other->place == PLACE_READY;
        if (waits && other->sent_ns < request->sent_ns &&
            (pass->whole_host || step_method(other) == method)) {
            return true;
        }
    }
    return false;
}

static void hold(struct request *request, const struct gate_pass *pass) {
    bool fresh = request->place != PLACE_HELD;
    request->place = PLACE_HELD;
    request->due_ns = pass->until_ns;
    if (pass->failure.class != BIGQUERY_NO_FAILURE) {
        request->last = pass->failure;
        request->last.attempts = request->attempts;
    }
    if (pass->until_ns != INT64_MAX && pass->until_ns >= request->deadline_ns) {
        retry_expire(request);
    } else if (pass->outage && request->step == STEP_BILL) {
        client_end(request,
                   BIGQUERY_DONE); /* the rows are there; they do not wait for their bill */
    } else if (fresh && pass->failure.class != BIGQUERY_NO_FAILURE) {
        activity_tell(request);
    }
}

bool pass_request(struct request *request, int64_t now) {
    struct bigquery_client *client = request->client;
    enum gate_method method = step_method(request);
    struct gate_pass pass = gate_ask(&client->gate, method, now, client->active);
    if (pass.answer == GATE_REFUSE && request->step == STEP_FIND) {
        request->step = STEP_QUERY;
        return false;
    }
    if (pass.answer == GATE_REFUSE) {
        pass.failure.attempts = request->attempts;
        retry_fail(request, &pass.failure);
        return false;
    }
    if (pass.answer == GATE_PROBE && is_another_turn(request, &pass)) {
        pass.answer = GATE_HOLD;
        pass.until_ns = INT64_MAX;
    }
    if (pass.answer == GATE_HOLD) {
        hold(request, &pass);
        return false;
    }
    return true;
}
