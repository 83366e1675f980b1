#include "bigquery/transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "bigquery/network.h"

#define CONNECT_LIMIT_MS INT64_C(10000)

struct transport {
    CURLM *multi;
    CURL **idle; /* easy handles to use again */
    size_t idle_count;
    size_t active;
    size_t capacity;
    char *user_agent;
    struct network network;
};

struct transport *transport_new(size_t capacity, const char *user_agent) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) { /* counted; any thread since 7.84 */
        return NULL;
    }
    CURLM *multi = curl_multi_init();
    if (multi == NULL) {
        curl_global_cleanup();
        return NULL;
    }
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)capacity);
    struct transport *transport = memory_new(1, sizeof *transport);
    transport->multi = multi;
    transport->idle = memory_new(capacity + 1, sizeof *transport->idle);
    transport->capacity = capacity;
    transport->user_agent = memory_copy_string(user_agent);
    network_read(&transport->network);
    return transport;
}

void transport_trust(struct transport *transport, const char *ca_file) {
    free(transport->network.ca_file);
    transport->network.ca_file = memory_copy_string(ca_file);
}

void transport_free(struct transport *transport) {
    if (transport == NULL) {
        return;
    }
    for (size_t i = 0; i < transport->idle_count; i++) {
        curl_easy_cleanup(transport->idle[i]);
    }
    curl_multi_cleanup(transport->multi);
    curl_global_cleanup();
    free(transport->idle);
    free(transport->user_agent);
    network_free(&transport->network);
    free(transport);
}

bool transport_has_room(const struct transport *transport) {
    return transport->active < transport->capacity;
}

static size_t take_bytes(char *data, size_t size, size_t count, void *context) {
    struct exchange *exchange = context;
    size_t bytes = size * count;
    if (bytes > exchange->answer_limit - exchange->answer.size) {
        exchange->too_large = true;
        return 0; /* curl ends the transfer */
    }
    text_buffer_put(&exchange->answer, data, bytes);
    return bytes;
}

static void set_network(const struct network *network, CURL *easy,
                        const struct exchange *exchange) {
    if (network->ca_file != NULL) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, network->ca_file);
    }
    if (network->http_proxy != NULL && strncmp(exchange->url, "http://", 7) == 0) {
        curl_easy_setopt(easy, CURLOPT_PROXY, network->http_proxy);
    }
    curl_easy_setopt(easy, CURLOPT_NOPROXY, exchange->direct ? "*" : network->no_proxy);
}

static void set_options(const struct transport *transport, CURL *easy, struct exchange *exchange) {
    int64_t connect_limit =
        exchange->timeout_ms < CONNECT_LIMIT_MS ? exchange->timeout_ms : CONNECT_LIMIT_MS;
    curl_easy_setopt(easy, CURLOPT_URL, exchange->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, strncmp(exchange->url, "https://", 8) == 0 ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, transport->user_agent);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)exchange->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_limit);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->headers);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->problem);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
    set_network(&transport->network, easy, exchange);
    if (exchange->body != NULL) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, exchange->body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->body_size);
    }
}

bool transport_start(struct transport *transport, struct exchange *exchange) {
    CURL *easy =
        transport->idle_count > 0 ? transport->idle[--transport->idle_count] : curl_easy_init();
    if (easy == NULL) {
        return false;
    }
    exchange->code = CURLE_OK;
    exchange->status = 0;
    exchange->connect_status = 0;
    exchange->retry_after_ms = 0;
    exchange->date_ms = 0;
    exchange->header[0] = '\0';
    exchange->sent = false;
    exchange->too_large = false;
    exchange->problem[0] = '\0';
    text_buffer_clear(&exchange->answer);
    set_options(transport, easy, exchange);
    if (curl_multi_add_handle(transport->multi, easy) != CURLM_OK) {
        curl_easy_cleanup(easy);
        return false;
    }
    exchange->easy = easy;
    transport->active++;
    return true;
}

/* Takes an easy handle back; its connection stays with the multi handle. */
static void release(struct transport *transport, struct exchange *exchange) {
    CURL *easy = exchange->easy;
    exchange->easy = NULL;
    curl_multi_remove_handle(transport->multi, easy);
    curl_easy_reset(easy);
    transport->idle[transport->idle_count++] = easy;
    transport->active--;
}

void transport_stop(struct transport *transport, struct exchange *exchange) {
    if (exchange->easy != NULL) {
        release(transport, exchange);
    }
}

/* What an answer's header says; NULL when it has none. The string is curl's. */
static const char *find_header(struct exchange *exchange, const char *name) {
    struct curl_header *header = NULL;
    bool found = curl_easy_header(exchange->easy, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK;
    return found ? header->value : NULL;
}

static void note_headers(struct exchange *exchange) {
    const char *date = find_header(exchange, "Date");
    time_t seconds = date != NULL ? curl_getdate(date, NULL) : 0;
    exchange->date_ms = seconds > 0 ? (int64_t)seconds * 1000 : 0;
    const char *watched =
        exchange->watched_header != NULL ? find_header(exchange, exchange->watched_header) : NULL;
    (void)snprintf(exchange->header, sizeof exchange->header, "%s", watched != NULL ? watched : "");
}

static void note_answer(struct exchange *exchange, CURLcode code) {
    curl_off_t retry_after = 0;
    exchange->code = code;
    curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &exchange->status);
    curl_easy_getinfo(exchange->easy, CURLINFO_HTTP_CONNECTCODE, &exchange->connect_status);
    curl_easy_getinfo(exchange->easy, CURLINFO_RETRY_AFTER, &retry_after);
    long request_size = 0;
    curl_easy_getinfo(exchange->easy, CURLINFO_REQUEST_SIZE, &request_size);
    exchange->sent = request_size > 0;
    bool sensible = retry_after > 0 && retry_after <= INT32_MAX;
    exchange->retry_after_ms = sensible ? (int64_t)retry_after * 1000 : 0;
    if (code != CURLE_OK && exchange->problem[0] == '\0') {
        (void)strncat(exchange->problem, curl_easy_strerror(code), sizeof exchange->problem - 1);
    }
}

size_t transport_step(struct transport *transport) {
    int running = 0;
    int left = 0;
    size_t finished = 0;
    (void)curl_multi_perform(transport->multi, &running);
    for (CURLMsg *message = curl_multi_info_read(transport->multi, &left); message != NULL;
         message = curl_multi_info_read(transport->multi, &left)) {
        struct exchange *exchange = NULL;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
        note_answer(exchange, code);
        note_headers(exchange);
        release(transport, exchange);
        finished++;
        exchange->finished(exchange);
    }
    return finished;
}

void transport_sleep(struct transport *transport, int timeout_ms) {
    (void)curl_multi_poll(transport->multi, NULL, 0, timeout_ms, NULL);
}

void transport_free_headers(struct curl_slist *headers) {
    for (struct curl_slist *header = headers; header != NULL; header = header->next) {
        explicit_bzero(header->data, strlen(header->data));
    }
    curl_slist_free_all(headers);
}

void transport_wakeup(struct transport *transport) {
    (void)curl_multi_wakeup(transport->multi);
}
