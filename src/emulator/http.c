/* HTTP: from a connection of libmicrohttpd to a call, from its answer to bytes; and the faults that
 * were ordered, in between.
 *
 * Every connection has a thread of its own, so that one that is held (timeoutMs, a slow query, a
 * slow body) holds nobody else. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <zlib.h>

#include "base/json.h"
#include "base/memory.h"
#include "emulator/fields.h"
#include "emulator/routes.h"
#include "emulator/server.h"

enum {
    BODY_LIMIT = 10 * 1024 * 1024,
    PLAIN_LIMIT = 64 * 1024 * 1024, /* of a request body after inflating */
    CONNECTION_LIMIT = 512,
    IDLE_SECONDS = 600, /* longer than the longest timeoutMs */
    HEADER_BYTES = 64 * 1024,
    STACK_BYTES = 1024 * 1024,
    GZIP_FROM = 1024, /* smaller answers are not worth it */
    SLOW_PIECES = 20,
};

static const char json_content[] = "application/json; charset=UTF-8";
static const char bad_gateway[] =
    "<!DOCTYPE html>\n<html lang=en>\n<title>Error 502 (Server Error)</title>\n<p><b>502.</b> The "
    "server encountered a temporary error and could not complete your request.\n";

/* A request that is being received. */
struct exchange {
    struct text_buffer body;
    bool too_large;
};

/* An answer on its way out. */
struct reply {
    int code;
    const char *type; /* NULL: no body */
    struct text_buffer body;
    bool gzip;
};

static bool inflate_body(struct text_buffer *body) {
    z_stream stream = {0};
    struct text_buffer plain = {0};
    char chunk[16384];
    if (inflateInit2(&stream, 15 + 32) != Z_OK)
        return false;
    stream.next_in = (Bytef *)body->data;
    stream.avail_in = (uInt)body->size;
    int state = Z_OK;
    while (state == Z_OK && plain.size <= PLAIN_LIMIT) {
        stream.next_out = (Bytef *)chunk;
        stream.avail_out = sizeof chunk;
        state = inflate(&stream, Z_NO_FLUSH);
        text_buffer_put(&plain, chunk, sizeof chunk - stream.avail_out);
    }
    inflateEnd(&stream);
    text_buffer_free(body);
    *body = plain;
    return state == Z_STREAM_END;
}

static void deflate_body(struct reply *reply) {
    z_stream stream = {0};
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return;
    struct text_buffer packed = {0};
    char chunk[16384];
    stream.next_in = (Bytef *)reply->body.data;
    stream.avail_in = (uInt)reply->body.size;
    int state = Z_OK;
    while (state == Z_OK) {
        stream.next_out = (Bytef *)chunk;
        stream.avail_out = sizeof chunk;
        state = deflate(&stream, Z_FINISH);
        text_buffer_put(&packed, chunk, sizeof chunk - stream.avail_out);
    }
    deflateEnd(&stream);
    text_buffer_free(&reply->body);
    reply->body = packed;
    reply->gzip = true;
}

static const char *header(struct MHD_Connection *connection, const char *name) {
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return value ? value : "";
}

static void reply_json(struct reply *reply, int code, json_t *json) {
    reply->code = code;
    reply->type = json_content;
    char *text = json_text(json);
    text_buffer_add(&reply->body, text);
    free(text);
    json_decref(json);
}

static void reply_failure(struct reply *reply, const struct emulator_failure *failure) {
    reply_json(reply, failure->code, failure_body(failure));
}

/* Puts the rows, which are text already, into the object that stands around them. */
static void reply_call(struct reply *reply, struct call *call) {
    reply->code = call->code;
    if (!call->answer)
        return;
    reply_json(reply, call->code, call->answer);
    call->answer = NULL;
    if (call->rows.size == 0)
        return;
    while (reply->body.size > 0 && reply->body.data[reply->body.size - 1] != '}')
        reply->body.size--;
    reply->body.size--;
    text_buffer_add(&reply->body, ",\"rows\":");
    text_buffer_put(&reply->body, call->rows.data, call->rows.size);
    text_buffer_add(&reply->body, "}");
}

/* Reads the body as JSON where there is one. */
static bool read_body(struct MHD_Connection *connection, struct exchange *exchange, json_t **json,
                      struct emulator_failure *failure) {
    *json = NULL;
    if (exchange->too_large)
        return failure_set(failure, EMULATOR_REASON_UPLOAD_TOO_LARGE,
                           "Request payload size exceeds the limit: 10485760 bytes.");
    if (exchange->body.size == 0)
        return true;
    if (strcasecmp(header(connection, MHD_HTTP_HEADER_CONTENT_ENCODING), "gzip") == 0 &&
        !inflate_body(&exchange->body))
        return failure_set(failure, EMULATOR_REASON_BAD_REQUEST, "The gzip body is broken.");
    struct error error;
    *json = json_read((struct text){exchange->body.data, exchange->body.size}, "request", &error);
    if (*json)
        return true;
    return failure_set(failure, EMULATOR_REASON_PARSE_ERROR, "Invalid JSON payload received. %s",
                       error.text);
}

static void run_call(struct emulator *emulator, struct MHD_Connection *connection,
                     const struct route *route, char **names, struct exchange *exchange,
                     bool incomplete, struct reply *reply) {
    struct call call = {
        .emulator = emulator, .connection = connection, .incomplete = incomplete, .code = 200};
    memcpy((void *)call.names, (void *)names, sizeof call.names);
    json_t *body;
    bool good = read_body(connection, exchange, &body, &call.failure);
    call.body = body;
    good = good && fields_check(&call, route->method) && route->handle(&call);
    if (good) {
        reply_call(reply, &call);
    } else {
        if (call.failure.reason == EMULATOR_REASON_NONE)
            failure_set(&call.failure, EMULATOR_REASON_INTERNAL_ERROR,
                        "The storage could not commit.");
        reply_failure(reply, &call.failure);
    }
    json_decref(body);
    json_decref(call.answer);
    text_buffer_free(&call.rows);
}

/* POST, GET and DELETE /emulator/faults. */
static void run_control(struct emulator *emulator, struct MHD_Connection *connection,
                        const char *verb, struct exchange *exchange, struct reply *reply) {
    struct emulator_failure failure;
    struct error error = {0};
    json_t *body = NULL;
    if (strcmp(verb, "DELETE") == 0)
        faults_clear(emulator->faults);
    bool good = read_body(connection, exchange, &body, &failure);
    if (good && strcmp(verb, "POST") == 0 && !faults_add(emulator->faults, body, &error))
        good = failure_set(&failure, EMULATOR_REASON_INVALID, "%s", error.text);
    if (good)
        reply_json(reply, 200, faults_json(emulator->faults));
    else
        reply_failure(reply, &failure);
    json_decref(body);
}

/* A body that is sent in pieces, or half. */
struct broken_body {
    struct emulator *emulator;
    struct text_buffer body;
    size_t end; /* where the connection breaks */
    int delay_ms;
};

static ssize_t read_broken(void *context, uint64_t position, char *buffer, size_t most) {
    struct broken_body *broken = context;
    if (position >= broken->end)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t size = broken->end - (size_t)position;
    if (broken->delay_ms > 0) {
        emulator_pause(broken->emulator, broken->delay_ms / SLOW_PIECES);
        size_t piece = broken->body.size / SLOW_PIECES + 1;
        size = size < piece ? size : piece;
    }
    size = size < most ? size : most;
    memcpy(buffer, broken->body.data + position, size);
    return (ssize_t)size;
}

static void free_broken(void *context) {
    struct broken_body *broken = context;
    text_buffer_free(&broken->body);
    free(broken);
}

static struct MHD_Response *broken_response(struct emulator *emulator, const struct fault *fault,
                                            struct reply *reply) {
    struct broken_body *broken = memory_new(1, sizeof *broken);
    broken->emulator = emulator;
    broken->body = reply->body;
    reply->body = (struct text_buffer){0};
    broken->delay_ms = fault->kind == FAULT_SLOW ? fault->delay_ms : 0;
    broken->end = fault->kind == FAULT_TRUNCATE ? broken->body.size / 2 : broken->body.size;
    return MHD_create_response_from_callback(broken->body.size, 4096, read_broken, broken,
                                             free_broken);
}

/* Sends and frees the reply. */
static enum MHD_Result send_reply(struct emulator *emulator, struct MHD_Connection *connection,
                                  const struct fault *fault, struct reply *reply) {
    if (reply->body.size >= GZIP_FROM &&
        strstr(header(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING), "gzip"))
        deflate_body(reply);
    struct MHD_Response *response;
    if (fault->kind == FAULT_TRUNCATE || fault->kind == FAULT_SLOW) {
        response = broken_response(emulator, fault, reply);
    } else {
        size_t size = reply->body.size;
        response = MHD_create_response_from_buffer(size, text_buffer_take(&reply->body),
                                                   MHD_RESPMEM_MUST_FREE);
    }
    if (reply->type)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
    if (reply->gzip)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, "Accept-Encoding");
    enum MHD_Result queued = MHD_queue_response(connection, (unsigned)reply->code, response);
    MHD_destroy_response(response);
    return queued;
}

/* Breaks the connection so that the client sees a reset, not an end. */
static enum MHD_Result reset_connection(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    if (info)
        (void)connect(info->connect_fd, &nowhere, sizeof nowhere);
    return MHD_NO;
}

/* Changes the members of a true answer, and keeps the first of its rows. */
static void edit_reply(const struct fault *fault, struct reply *reply) {
    struct error error;
    json_t *answer = json_read((struct text){reply->body.data, reply->body.size}, "answer", &error);
    json_t *rows = json_object_get(answer, "rows");
    while (fault->rows >= 0 && json_array_size(rows) > (size_t)fault->rows)
        json_array_remove(rows, json_array_size(rows) - 1);
    const char *key;
    json_t *value;
    json_object_foreach(fault->set, key, value) {
        if (json_is_null(value))
            json_object_del(answer, key);
        else
            json_object_set(answer, key, value);
    }
    text_buffer_clear(&reply->body);
    reply_json(reply, reply->code, answer);
}

/* What a fault puts in the place of an answer. */
static void reply_fault(const struct fault *fault, struct reply *reply) {
    bool replaces = fault->kind == FAULT_ERROR || fault->kind == FAULT_HTML ||
                    fault->kind == FAULT_EMPTY || fault->kind == FAULT_ANSWER;
    if (fault->kind == FAULT_EDIT && reply->code == 200)
        edit_reply(fault, reply);
    if (!replaces)
        return;
    text_buffer_clear(&reply->body);
    if (fault->kind == FAULT_ERROR) {
        reply_failure(reply, &fault->failure);
        return;
    }
    if (fault->kind == FAULT_ANSWER) {
        reply->code = fault->code;
        reply->type = json_content;
        text_buffer_add(&reply->body, fault->body);
        return;
    }
    reply->code = fault->kind == FAULT_HTML ? fault->code : 200;
    reply->type = fault->kind == FAULT_HTML ? "text/html; charset=UTF-8" : json_content;
    if (fault->kind == FAULT_HTML)
        text_buffer_add(&reply->body, bad_gateway);
}

/* Whether the request is carried out in spite of the fault. */
static bool carries_out(const struct fault *fault) {
    switch (fault->kind) {
    case FAULT_ERROR:
    case FAULT_HTML:
    case FAULT_RESET:
    case FAULT_EMPTY:
    case FAULT_ANSWER:
        return fault->processed;
    default:
        return true;
    }
}

/* "127.0.0.1:9050", "localhost", "[::1]:80": a loopback name, with or without a port. */
static bool is_loopback(struct text host) {
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t size = strlen(names[i]);
        if (host.size < size || strncasecmp(host.data, names[i], size) != 0)
            continue;
        struct text rest = {host.data + size, host.size - size};
        int64_t port;
        if (rest.size == 0)
            return true;
        rest.data++;
        rest.size--;
        if (host.data[size] == ':' && text_to_int64(rest, &port) && port >= 0 && port <= 65535)
            return true;
    }
    return false;
}

/* Whether the request was meant for this machine: a page in a browser may be made to send it here
 * under a foreign name (DNS rebinding), or from a foreign page. */
static bool is_for_us(struct MHD_Connection *connection) {
    struct text host = text_of(header(connection, MHD_HTTP_HEADER_HOST));
    struct text origin = text_of(header(connection, MHD_HTTP_HEADER_ORIGIN));
    if (host.size > 0 && !is_loopback(host))
        return false;
    if (origin.size == 0)
        return true;
    const struct text scheme = TEXT("http://");
    if (!text_starts(origin, scheme))
        return false;
    return is_loopback((struct text){origin.data + scheme.size, origin.size - scheme.size});
}

static enum MHD_Result refuse_stranger(struct emulator *emulator,
                                       struct MHD_Connection *connection) {
    struct reply reply = {0};
    struct fault none = {0};
    struct emulator_failure failure;
    failure_set(&failure, EMULATOR_REASON_ACCESS_DENIED,
                "The local BigQuery answers requests to 127.0.0.1 and localhost only, and none "
                "from pages of other origins");
    reply_failure(&reply, &failure);
    enum MHD_Result result = send_reply(emulator, connection, &none, &reply);
    text_buffer_free(&reply.body);
    return result;
}

static enum MHD_Result serve(struct emulator *emulator, struct MHD_Connection *connection,
                             const char *verb, const char *path, struct exchange *exchange) {
    const char *override = header(connection, "X-HTTP-Method-Override");
    atomic_fetch_add(&emulator->requests, 1);
    if (*override)
        verb = override;
    struct reply reply = {0};
    struct fault fault = {0};
    char *names[CALL_NAME_LIMIT] = {NULL};
    const struct route *route = routes_find(verb, path, names);
    if (route)
        fault = faults_strike(emulator->faults, route->method);
    if (fault.kind == FAULT_DELAY)
        emulator_pause(emulator, fault.delay_ms);
    if (route && carries_out(&fault)) {
        run_call(emulator, connection, route, names, exchange, fault.kind == FAULT_INCOMPLETE,
                 &reply);
    } else if (!route && emulator->allow_faults && strcmp(path, "/emulator/faults") == 0) {
        run_control(emulator, connection, verb, exchange, &reply);
    } else if (!route) {
        struct emulator_failure failure;
        const char *method = routes_unsupported(verb, path);
        if (method)
            failure_set(&failure, EMULATOR_REASON_NOT_IMPLEMENTED,
                        "%s is not supported by the local BigQuery", method);
        else
            failure_set(&failure, EMULATOR_REASON_NOT_FOUND, "Not Found: %s %s", verb, path);
        reply_failure(&reply, &failure);
    }
    for (size_t i = 0; i < CALL_NAME_LIMIT; i++)
        free(names[i]);
    reply_fault(&fault, &reply);
    enum MHD_Result result = fault.kind == FAULT_RESET
                                 ? reset_connection(connection)
                                 : send_reply(emulator, connection, &fault, &reply);
    fault_clear(&fault);
    text_buffer_free(&reply.body);
    return result;
}

static enum MHD_Result take_request(void *context, struct MHD_Connection *connection,
                                    const char *path, const char *verb, const char *version,
                                    const char *data, size_t *size, void **state) {
    (void)version;
    struct exchange *exchange = *state;
    if (!exchange) {
        *state = memory_new(1, sizeof *exchange);
        return MHD_YES;
    }
    if (*size == 0)
        return is_for_us(connection) ? serve(context, connection, verb, path, exchange)
                                     : refuse_stranger(context, connection);
    exchange->too_large |= exchange->body.size + *size > BODY_LIMIT;
    if (!exchange->too_large)
        text_buffer_put(&exchange->body, data, *size);
    *size = 0;
    return MHD_YES;
}

static void end_request(void *context, struct MHD_Connection *connection, void **state,
                        enum MHD_RequestTerminationCode code) {
    (void)context;
    (void)connection;
    (void)code;
    struct exchange *exchange = *state;
    if (exchange)
        text_buffer_free(&exchange->body);
    free(exchange);
    *state = NULL;
}

bool http_start(struct emulator *emulator, uint16_t port, struct error *error) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL;
    emulator->daemon = MHD_start_daemon(
        flags, port, NULL, NULL, take_request, emulator, MHD_OPTION_SOCK_ADDR,
        (struct sockaddr *)&address, MHD_OPTION_NOTIFY_COMPLETED, end_request, NULL,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTION_LIMIT, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES,
        MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES, MHD_OPTION_END);
    if (!emulator->daemon)
        return error_set(error, EXIT_UNAVAILABLE,
                         "cannot listen on 127.0.0.1 port %u; is another server there?",
                         (unsigned)port);
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(emulator->daemon, MHD_DAEMON_INFO_BIND_PORT);
    emulator->url = memory_format("http://127.0.0.1:%u", (unsigned)(info ? info->port : port));
    return true;
}
