#include "bigquery/client.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "bigquery/endpoint.h"

#define NS_PER_MS        INT64_C(1000000)
#define RESPONSE_LIMIT   (UINT64_C(32) * 1024 * 1024)
#define MAXIMUM_BYTES    (INT64_C(1024) * BIGQUERY_MIB)
#define OTHER_TIMEOUT_MS INT64_C(15000) /* of calls that the server does not hold */
#define CREDENTIALS_MS   INT64_C(200)   /* how often a token that is on its way is asked for */
#define PROBE_CAP_MS     INT64_C(20000)
#define ROUNDS           16  /* of sending and receiving before results are handed out */
#define MOST_CONNECTIONS 300 /* Google's limit of calls at once */

/* ---- The client's life ------------------------------------------------------------------- */

static bool find_base(struct bigquery_client *client, const struct bigquery_options *options,
                      struct error *error) {
    if (options->endpoint == NULL) {
        client->base = memory_copy_string("https://bigquery.googleapis.com/bigquery/v2");
        client->credentials = options->credentials;
        return client->credentials != NULL ||
               error_set(error, EXIT_CONFIG,
                         "BigQuery: no credentials, and the real service answers to nobody without "
                         "them; give credentials, or name an emulator in BIGQUERY_EMULATOR_HOST");
    }
    client->base = bigquery_endpoint_url(options->endpoint, error);
    client->credentials = options->authorize_endpoint ? options->credentials : NULL;
    if (client->base == NULL) {
        return false;
    }
    return client->credentials == NULL || endpoint_is_private(client->base) ||
           error_set(error, EXIT_CONFIG,
                     "endpoint \"%s\": credentials are sent over https or to this machine only",
                     options->endpoint);
}

static bool copy_options(struct bigquery_client *client, const struct bigquery_options *options,
                         struct error *error) {
    if (options->project == NULL || options->project[0] == '\0') {
        return error_set(error, EXIT_CONFIG, "BigQuery: no project; queries are billed to one");
    }
    client->labels = body_labels(NULL, options->labels, options->label_count, error);
    if (client->labels == NULL || !find_base(client, options, error)) {
        return false;
    }
    client->project = memory_copy_string(options->project);
    client->location = memory_copy_string(options->location);
    if (client->credentials != NULL && client->credentials->quota_project != NULL) {
        client->quota_header =
            memory_format("x-goog-user-project: %s", client->credentials->quota_project);
    }
    client->defaults = (struct body_defaults){
        .location = client->location,
        .labels = client->labels,
        .maximum_bytes_billed =
            options->maximum_bytes_billed > 0 ? options->maximum_bytes_billed : MAXIMUM_BYTES,
        .deadline_ms = options->deadline_ms > 0 ? options->deadline_ms : 600000,
    };
    client->clock = options->clock != NULL ? options->clock : clock_system();
    client->retry_base_ms = options->retry_base_ms > 0 ? options->retry_base_ms : 1000;
    client->retry_cap_ms = options->retry_cap_ms > 0 ? options->retry_cap_ms : 32000;
    client->try_grace_ms = options->try_grace_ms > 0 ? options->try_grace_ms : 15000;
    client->response_limit = options->response_limit > 0 ? options->response_limit : RESPONSE_LIMIT;
    client->price_per_tib =
        options->price_per_tib > 0 ? options->price_per_tib : BIGQUERY_PRICE_PER_TIB;
    client->read_only = options->read_only;
    client->activity = options->activity;
    client->activity_context = options->activity_context;
    return true;
}

struct bigquery_client *bigquery_client_new(const struct bigquery_options *options,
                                            struct error *error) {
    struct bigquery_client *client = memory_new(1, sizeof *client);
    client->finished_end = &client->finished;
    if (!copy_options(client, options, error)) {
        bigquery_client_free(client);
        return NULL;
    }
    random_seed(&client->random, options->random_seed);
    int wanted = options->max_connections > 0 ? options->max_connections : 32;
    wanted = wanted < MOST_CONNECTIONS ? wanted : MOST_CONNECTIONS;
    gate_init(&client->gate, client->clock, &client->random, client->retry_base_ms,
              client->retry_cap_ms,
              options->probe_cap_ms > 0 ? options->probe_cap_ms : PROBE_CAP_MS, (size_t)wanted);
    /* Google packs its answers only for user agents that say gzip. */
    char *agent =
        memory_format("%s (gzip)", options->user_agent != NULL ? options->user_agent : "phasegate");
    client->transport = transport_new((size_t)wanted, agent);
    free(agent);
    if (client->transport == NULL) {
        (void)error_set(error, EXIT_SOFTWARE, "BigQuery: libcurl does not start");
        bigquery_client_free(client);
        return NULL;
    }
    if (options->ca_file != NULL) {
        transport_trust(client->transport, options->ca_file);
    }
    if (client->credentials != NULL && client->credentials->attach != NULL) {
        client->credentials->attach(client->credentials->context, client->transport);
    }
    return client;
}

static void free_request(struct request *request) {
    if (request->exchange.easy != NULL) {
        pass_gave_up(request);
        transport_stop(request->client->transport, &request->exchange);
        request->client->active--;
    }
    transport_free_headers(request->exchange.headers);
    text_buffer_free(&request->exchange.answer);
    text_buffer_free(&request->sent_url);
    json_decref(request->body);
    free(request->sent_body);
    free(request->url);
    free(request->page_token);
    free(request->label_key);
    free(request->label_value);
    free(request);
}

void bigquery_client_free(struct bigquery_client *client) {
    if (client == NULL) {
        return;
    }
    while (client->first != NULL) {
        struct request *request = client->first;
        client->first = request->next;
        bigquery_result_free(&request->answer->open);
        free_request(request);
    }
    while (client->finished != NULL) {
        struct answer *answer = client->finished;
        client->finished = answer->next;
        bigquery_result_free(&answer->open);
    }
    if (client->transport != NULL && client->credentials != NULL &&
        client->credentials->attach != NULL) {
        client->credentials->attach(client->credentials->context, NULL);
    }
    transport_free(client->transport);
    json_decref(client->labels);
    free(client->quota_header);
    free(client->location);
    free(client->project);
    free(client->base);
    free(client);
}

/* ---- Requests ---------------------------------------------------------------------------- */

int64_t client_now(const struct bigquery_client *client) {
    return clock_boot_ns(client->clock);
}

static void call_finished(struct exchange *exchange);

struct request *client_add(struct bigquery_client *client, enum bigquery_kind kind, enum step step,
                           int64_t deadline_ms, void *user) {
    struct request *request = memory_new(1, sizeof *request);
    request->client = client;
    request->id = ++client->last_id;
    request->step = step;
    request->submitted_ns = client_now(client);
    request->deadline_ms = deadline_ms > 0 ? deadline_ms : client->defaults.deadline_ms;
    request->deadline_ns = request->submitted_ns + request->deadline_ms * NS_PER_MS;
    request->timeout_ms = OTHER_TIMEOUT_MS;
    request->total_rows = BIGQUERY_UNKNOWN;
    request->exchange.finished = call_finished;
    request->exchange.context = request;
    request->exchange.answer_limit = client->response_limit;
    request->answer = answer_new();
    request->answer->open.request = request->id;
    request->answer->open.kind = kind;
    request->answer->open.user = user;
    request->previous = client->last;
    *(client->last != NULL ? &client->last->next : &client->first) = request;
    client->last = request;
    client->pending++;
    return request;
}

static void unlink_request(struct request *request) {
    struct bigquery_client *client = request->client;
    *(request->previous != NULL ? &request->previous->next : &client->first) = request->next;
    *(request->next != NULL ? &request->next->previous : &client->last) = request->previous;
}

void client_end(struct request *request, enum bigquery_status status) {
    struct bigquery_client *client = request->client;
    struct answer *answer = request->answer;
    struct bigquery_result *result = &answer->open;
    result->status = status;
    result->attempts = request->attempts;
    result->duration_ms = (client_now(client) - request->submitted_ns) / NS_PER_MS;
    result->ended_ms = clock_wall_ms(client->clock);
    activity_count(request, status);
    if (status == BIGQUERY_FAILED) {
        answer_forget_rows(answer);
    }
    unlink_request(request);
    if (request->silent) {
        bigquery_result_free(result);
    } else {
        *client->finished_end = answer;
        client->finished_end = &answer->next;
    }
    free_request(request);
}

/* ---- One call ---------------------------------------------------------------------------- */

static void call_finished(struct exchange *exchange) {
    struct request *request = exchange->context;
    struct verdict verdict = {0};
    json_t *body = NULL;
    enum outcome outcome = OUTCOME_FAILED;
    enum step step = request->step;
    request->client->active--;
    bool answered = verdict_of_exchange(exchange, &body, &verdict);
    pass_heard(request, answered ? NULL : &verdict);
    if (answered) {
        outcome = step_accept(request, body, &verdict);
        json_decref(body);
    }
    switch (outcome) {
    case OUTCOME_NEXT:
        if (step != STEP_CHECK && step != STEP_FIND) { /* asked for because of a failure */
            request->waits = 0;
            request->last = (struct bigquery_failure){0};
        }
        request->polls = request->place == PLACE_PAUSED ? request->polls : 0;
        break;
    case OUTCOME_DONE:
        client_end(request, BIGQUERY_DONE);
        break;
    case OUTCOME_FAILED:
        retry_or_end(request, &verdict);
        break;
    }
}

static void add_header(struct request *request, const char *header) {
    struct curl_slist *longer = curl_slist_append(request->exchange.headers, header);
    request->exchange.headers = longer != NULL ? longer : request->exchange.headers;
}

/* Adds the Authorization header, unless the client is anonymous. */
static enum bigquery_credentials_state add_authorization(struct request *request,
                                                         struct error *error) {
    const struct bigquery_credentials *credentials = request->client->credentials;
    struct text_buffer header = {0};
    if (credentials == NULL) {
        return BIGQUERY_CREDENTIALS_READY;
    }
    text_buffer_add(&header, "Authorization: ");
    enum bigquery_credentials_state state =
        credentials->authorize(credentials->context, &header, error);
    if (state == BIGQUERY_CREDENTIALS_READY) {
        add_header(request, header.data);
        if (request->client->quota_header != NULL) {
            add_header(request, request->client->quota_header);
        }
    }
    explicit_bzero(header.data, header.size);
    text_buffer_free(&header);
    return state;
}

/* Sends a request's next call, unless its credentials are still on their way. The request may be
 * gone afterwards. */
static void send_call(struct request *request, int64_t now) {
    struct bigquery_client *client = request->client;
    struct error error = {0};
    transport_free_headers(request->exchange.headers);
    request->exchange.headers = NULL;
    enum bigquery_credentials_state state = add_authorization(request, &error);
    if (state == BIGQUERY_CREDENTIALS_PENDING) {
        client->credentials_pending = true;
        return;
    }
    if (state != BIGQUERY_CREDENTIALS_READY) {
        const char *reason = state == BIGQUERY_CREDENTIALS_LATER ? "token" : "credentials";
        struct verdict verdict = verdict_of_reason(reason, 0, text_of(error.text));
        retry_or_end(request, &verdict);
        return;
    }
    step_prepare(request);
    add_header(request, "Expect:"); /* no 100-continue, which costs a round trip */
    if (request->exchange.body_size > 0) {
        add_header(request, "Content-Type: application/json");
    }
    int64_t left_ms = (request->deadline_ns - now + NS_PER_MS - 1) / NS_PER_MS;
    int64_t try_ms = request->timeout_ms + client->try_grace_ms;
    request->exchange.timeout_ms = try_ms < left_ms ? try_ms : left_ms;
    request->sent_ns = now;
    request->attempts++;
    client->totals.calls++;
    request->place = PLACE_ACTIVE;
    if (transport_start(client->transport, &request->exchange)) {
        client->active++;
        gate_sent(&client->gate, step_method(request), request->id);
    } else {
        struct verdict verdict = verdict_format("connection", 0, "libcurl refuses the call");
        retry_or_end(request, &verdict);
    }
}

/* ---- Waiting ----------------------------------------------------------------------------- */

/* Ends what is overdue and sends what is due. */
static void attend(struct bigquery_client *client) {
    int64_t now = client_now(client);
    const struct bigquery_credentials *credentials = client->credentials;
    client->credentials_pending = false;
    client->credentials_ns = credentials != NULL && credentials->attend != NULL
                                 ? credentials->attend(credentials->context)
                                 : INT64_MAX;
    for (struct request *request = client->first, *next = NULL; request != NULL; request = next) {
        next = request->next;
        if (now >= request->deadline_ns) {
            retry_expire(request);
            continue;
        }
        bool waits = request->place == PLACE_DELAYED || request->place == PLACE_PAUSED;
        if (request->place == PLACE_ACTIVE || (waits && now < request->due_ns)) {
            continue;
        }
        request->place = waits ? PLACE_READY : request->place;
        if (transport_has_room(client->transport) && !client->credentials_pending &&
            pass_request(request, now)) {
            send_call(request, now);
        }
    }
}

static void advance(struct bigquery_client *client) {
    for (int round = 0; round < ROUNDS; round++) {
        attend(client);
        if (transport_step(client->transport) == 0) {
            return;
        }
    }
}

/* When, at the latest, something must be done that no socket tells of. */
static int64_t next_event_ns(const struct bigquery_client *client, int64_t limit) {
    int64_t next = limit;
    for (const struct request *request = client->first; request != NULL; request = request->next) {
        bool waits = request->place == PLACE_DELAYED || request->place == PLACE_PAUSED ||
                     request->place == PLACE_HELD;
        int64_t event = waits && request->due_ns < request->deadline_ns ? request->due_ns
                                                                        : request->deadline_ns;
        next = event < next ? event : next;
    }
    next = client->credentials_ns < next ? client->credentials_ns : next;
    if (client->credentials_pending && client->credentials->attend == NULL) {
        int64_t soon = client_now(client) + CREDENTIALS_MS * NS_PER_MS;
        next = soon < next ? soon : next;
    }
    return next;
}

static bool is_sendable(const struct bigquery_client *client) {
    if (!transport_has_room(client->transport) || client->credentials_pending) {
        return false;
    }
    for (const struct request *request = client->first; request != NULL; request = request->next) {
        if (request->place == PLACE_READY) {
            return true;
        }
    }
    return false;
}

static void sleep_until(struct bigquery_client *client, int64_t limit) {
    int64_t left_ns = next_event_ns(client, limit) - client_now(client);
    if (left_ns > 0 && !is_sendable(client)) {
        int64_t left_ms = left_ns / NS_PER_MS + 1;
        transport_sleep(client->transport, left_ms < INT_MAX ? (int)left_ms : INT_MAX);
    }
}

/* Takes the oldest finished result, or that of one request, out of the queue. */
static struct bigquery_result *take_finished(struct bigquery_client *client,
                                             bigquery_request_id id) {
    for (struct answer **link = &client->finished; *link != NULL; link = &(*link)->next) {
        struct answer *answer = *link;
        if (id == 0 || answer->open.request == id) {
            *link = answer->next;
            client->finished_end = answer->next == NULL ? link : client->finished_end;
            answer->next = NULL;
            client->pending--;
            return &answer->open;
        }
    }
    return NULL;
}

struct bigquery_result *bigquery_client_wait(struct bigquery_client *client, int64_t timeout_ms) {
    int64_t start = client_now(client);
    int64_t limit = timeout_ms < 0 || timeout_ms > (INT64_MAX - start) / NS_PER_MS
                        ? INT64_MAX
                        : start + timeout_ms * NS_PER_MS;
    for (;;) {
        advance(client);
        struct bigquery_result *result = take_finished(client, 0);
        if (result != NULL || atomic_exchange(&client->woken, false) ||
            client_now(client) >= limit) {
            return result;
        }
        sleep_until(client, limit);
    }
}

static bool is_under_way(const struct bigquery_client *client, bigquery_request_id id) {
    for (const struct request *request = client->first; request != NULL; request = request->next) {
        if (request->id == id && !request->silent) {
            return true;
        }
    }
    return false;
}

struct bigquery_result *bigquery_client_finish(struct bigquery_client *client,
                                               bigquery_request_id id) {
    for (;;) {
        advance(client);
        struct bigquery_result *result = id == 0 ? NULL : take_finished(client, id);
        if (result != NULL || !is_under_way(client, id)) {
            return result;
        }
        sleep_until(client, INT64_MAX);
    }
}

void bigquery_client_wakeup(struct bigquery_client *client) {
    atomic_store(&client->woken, true);
    transport_wakeup(client->transport);
}

size_t bigquery_client_pending(const struct bigquery_client *client) {
    return client->pending;
}
