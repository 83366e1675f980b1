/* HTTP exchanges on one curl multi handle: connections that are kept, easy handles that are used
 * again. Knows nothing of BigQuery. */
#ifndef PHASEGATE_BIGQUERY_TRANSPORT_H
#define PHASEGATE_BIGQUERY_TRANSPORT_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct transport;

enum { TRANSPORT_HEADER_SIZE = 64 };

/* One request and its answer. Owned by the caller, who leaves it where it is until `finished` was
 * called or transport_stop. */
struct exchange {
    const char *url;
    const char *body; /* NULL: GET; else POST of these bytes */
    size_t body_size;
    struct curl_slist *headers;
    int64_t timeout_ms;
    size_t answer_limit;
    bool direct;                /* past any proxy: for a server on this very network */
    const char *watched_header; /* a header of the answer that matters; NULL: none does */
    /* May start, stop and free exchanges, this one included. */
    void (*finished)(struct exchange *exchange);
    void *context;

    CURLcode code; /* the answer: CURLE_OK and an HTTP status, or why there is none */
    long status;
    long connect_status; /* of a proxy's CONNECT; 0 when there was none */
    int64_t retry_after_ms;
    int64_t date_ms; /* the server's wall time, by its Date header; 0 when there was none */
    char header[TRANSPORT_HEADER_SIZE]; /* the watched one; "" when there was none */
    bool sent;                          /* the server may have read the request */
    bool too_large;
    struct text_buffer answer; /* the caller frees it */
    char problem[CURL_ERROR_SIZE];

    CURL *easy; /* while it is under way */
};

/* NULL when curl cannot be initialised. At most `capacity` exchanges are to be under way at once,
 * and one more of who attends to the credentials. */
struct transport *transport_new(size_t capacity, const char *user_agent);

/* Trusts the authorities in a file (PEM) instead of the environment's or the system's. */
void transport_trust(struct transport *transport, const char *ca_file);

void transport_free(struct transport *transport); /* nothing is under way any more */

/* Whether another exchange may be started. */
bool transport_has_room(const struct transport *transport);

/* Starts an exchange; false when curl refuses. Clears the answer. */
bool transport_start(struct transport *transport, struct exchange *exchange);

/* Ends an exchange that is under way without calling `finished`; any other is left alone. */
void transport_stop(struct transport *transport, struct exchange *exchange);

/* Does what can be done without waiting and calls `finished`; returns how many have finished. */
size_t transport_step(struct transport *transport);

/* Sleeps until something can be done, at most `timeout_ms`, or transport_wakeup was called. */
void transport_sleep(struct transport *transport, int timeout_ms);

/* Wipes and frees a list of headers, which may hold a token; NULL is fine. */
void transport_free_headers(struct curl_slist *headers);

void transport_wakeup(struct transport *transport); /* any thread */

#endif
