#include "script.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

enum { MOST_CONNECTIONS = 1024, READ_SIZE = 16384, TLS_HELLO = 0x16 };

struct connection {
    struct script *script;
    pthread_t thread;
    int socket;
    int number;
};

struct script {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t listener;
    int socket;
    char endpoint[32];
    bool stopping;
    struct reply *replies;
    size_t reply_count;
    size_t reply_capacity;
    struct seen *seen;
    size_t seen_count;
    size_t seen_capacity;
    struct connection connections[MOST_CONNECTIONS];
    int connection_count;
    int open;
    int most_open;
};

static void fail(const char *what) {
    perror(what);
    abort();
}

/* ---- Reading a request ------------------------------------------------------------------- */

/* Reads until the buffer holds `needed` bytes, or a whole head for 0; false when the peer is gone.
 */
static bool read_more(int from, struct text_buffer *buffer, size_t needed) {
    char data[READ_SIZE];
    while (needed > 0 ? buffer->size < needed
                      : buffer->size == 0 || strstr(buffer->data, "\r\n\r\n") == NULL) {
        ssize_t size = recv(from, data, sizeof data, 0);
        if (size <= 0) {
            return false;
        }
        text_buffer_put(buffer, data, (size_t)size);
        if (buffer->data[0] == TLS_HELLO) {
            return false;
        }
    }
    return true;
}

static size_t content_length(const char *head) {
    const char *field = strcasestr(head, "\r\nContent-Length:");
    return field == NULL ? 0 : strtoul(field + strlen("\r\nContent-Length:"), NULL, 10);
}

/* One request off the front of the buffer. */
static bool read_request(int from, struct text_buffer *buffer, struct seen *seen) {
    if (!read_more(from, buffer, 0)) {
        return false;
    }
    size_t head = (size_t)(strstr(buffer->data, "\r\n\r\n") - buffer->data) + 4;
    size_t body = content_length(buffer->data);
    if (!read_more(from, buffer, head + body)) {
        return false;
    }
    size_t line = strcspn(buffer->data, "\r\n");
    const char *version = memmem(buffer->data, line, " HTTP/", 6);
    size_t shown = version != NULL ? (size_t)(version - buffer->data) : line;
    seen->line = memory_copy_part(buffer->data, shown);
    seen->headers = memory_copy_part(buffer->data + line, head - line);
    seen->body = memory_copy_part(buffer->data + head, body);
    size_t rest = buffer->size - head - body;
    char *left = memory_copy_part(buffer->data + head + body, rest);
    text_buffer_clear(buffer);
    text_buffer_put(buffer, left, rest);
    free(left);
    return true;
}

/* ---- Answering --------------------------------------------------------------------------- */

static struct reply choose_reply(struct script *script, const struct seen *seen) {
    static const char UNSCRIPTED[] =
        "{\"error\":{\"code\":400,\"message\":\"not in the script\",\"errors\":"
        "[{\"reason\":\"invalid\",\"message\":\"not in the script\"}]}}";
    for (size_t i = 0; i < script->reply_count; i++) {
        struct reply *reply = &script->replies[i];
        bool matches = reply->target == NULL || strstr(seen->line, reply->target) != NULL;
        if (matches && reply->times != 0) {
            reply->times -= reply->times > 0 ? 1 : 0;
            return *reply;
        }
    }
    return (struct reply){.status = 400, .body = UNSCRIPTED};
}

static bool send_all(int to, const char *data, size_t size) {
    while (size > 0) {
        ssize_t sent = send(to, data, size, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        data += sent;
        size -= (size_t)sent;
    }
    return true;
}

static void reset_connection(int socket) {
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void await_stop(struct script *script) {
    (void)pthread_mutex_lock(&script->lock);
    while (!script->stopping) {
        (void)pthread_cond_wait(&script->changed, &script->lock);
    }
    (void)pthread_mutex_unlock(&script->lock);
}

/* The id of the job that a request names, in its body or behind /jobs/ or /queries/ of its path. */
static char *named_job(const struct seen *seen) {
    static const char MEMBER[] = "\"jobId\":\"";
    const char *member = strstr(seen->body, MEMBER);
    const char *path = strstr(seen->line, "/jobs/");
    path = path != NULL ? path : strstr(seen->line, "/queries/");
    const char *start = member != NULL ? member + strlen(MEMBER)
                        : path != NULL ? strchr(path + 1, '/') + 1
                                       : "";
    return memory_copy_part(start, strcspn(start, "\"/?"));
}

/* The body with the request's own job in it; the caller frees it. */
static char *echoed_body(const char *body, const struct seen *seen) {
    struct text_buffer out = {0};
    char *job = named_job(seen);
    for (const char *at = body; *at != '\0';) {
        const char *next = strstr(at, "job_1");
        size_t plain = next != NULL ? (size_t)(next - at) : strlen(at);
        text_buffer_put(&out, at, plain);
        text_buffer_add(&out, next != NULL ? job : "");
        at += plain + (next != NULL ? strlen("job_1") : 0);
    }
    free(job);
    return text_buffer_take(&out);
}

static void put_chunks(struct text_buffer *out, const char *body, size_t size) {
    enum { CHUNK = 1000 };
    for (size_t at = 0; at < size; at += CHUNK) {
        size_t part = size - at < CHUNK ? size - at : CHUNK;
        text_buffer_format(out, "%zx\r\n", part);
        text_buffer_put(out, body + at, part);
        text_buffer_add(out, "\r\n");
    }
    text_buffer_add(out, "0\r\n\r\n");
}

/* False when the connection is to be closed. */
static bool answer(struct connection *connection, const struct reply *reply) {
    size_t size = reply->size != 0 ? reply->size : reply->body != NULL ? strlen(reply->body) : 0;
    struct text_buffer out = {0};
    switch (reply->fault) {
    case FAULT_RESET:
        reset_connection(connection->socket);
        return false;
    case FAULT_CLOSE:
        return false;
    case FAULT_HANG:
        await_stop(connection->script);
        return false;
    default:
        break;
    }
    text_buffer_format(&out, "HTTP/1.1 %d Scripted\r\n%s", reply->status != 0 ? reply->status : 200,
                       reply->headers != NULL ? reply->headers : "");
    if (reply->headers == NULL || strstr(reply->headers, "Content-Type") == NULL) {
        text_buffer_add(&out, "Content-Type: application/json; charset=UTF-8\r\n");
    }
    if (reply->chunked) {
        text_buffer_add(&out, "Transfer-Encoding: chunked\r\n\r\n");
        put_chunks(&out, reply->body, size);
    } else {
        text_buffer_format(&out, "Content-Length: %zu\r\n\r\n", size);
    }
    if (size > 0 && !reply->chunked) {
        text_buffer_put(&out, reply->body, reply->fault == FAULT_TRUNCATE ? size / 2 : size);
    }
    bool sent = send_all(connection->socket, out.data, out.size);
    text_buffer_free(&out);
    return sent && reply->fault != FAULT_TRUNCATE && !reply->goodbye;
}

static struct reply note_request(struct connection *connection, struct seen *seen) {
    struct script *script = connection->script;
    seen->connection = connection->number;
    (void)pthread_mutex_lock(&script->lock);
    script->seen =
        memory_grow(script->seen, script->seen_count, &script->seen_capacity, sizeof *seen);
    script->seen[script->seen_count++] = *seen;
    struct reply reply = choose_reply(script, seen);
    (void)pthread_cond_broadcast(&script->changed);
    (void)pthread_mutex_unlock(&script->lock);
    return reply;
}

static void *serve(void *context) {
    struct connection *connection = context;
    struct script *script = connection->script;
    struct text_buffer buffer = {0};
    struct seen seen = {0};
    while (read_request(connection->socket, &buffer, &seen)) {
        struct reply reply = note_request(connection, &seen);
        char *echo = reply.echo_job ? echoed_body(reply.body, &seen) : NULL;
        reply.body = echo != NULL ? echo : reply.body;
        bool stays = answer(connection, &reply);
        free(echo);
        if (!stays) {
            break;
        }
    }
    text_buffer_free(&buffer);
    (void)pthread_mutex_lock(&script->lock);
    (void)close(connection->socket);
    connection->socket = -1;
    script->open--;
    (void)pthread_mutex_unlock(&script->lock);
    return NULL;
}

/* ---- The server -------------------------------------------------------------------------- */

static void *listen_loop(void *context) {
    struct script *script = context;
    for (;;) {
        int socket = accept(script->socket, NULL, NULL);
        (void)pthread_mutex_lock(&script->lock);
        if (socket < 0 || script->stopping || script->connection_count == MOST_CONNECTIONS) {
            (void)pthread_mutex_unlock(&script->lock);
            if (socket >= 0) {
                (void)close(socket);
            }
            return NULL;
        }
        int number = script->connection_count++;
        struct connection *connection = &script->connections[number];
        *connection = (struct connection){.script = script, .socket = socket, .number = number};
        script->open++;
        script->most_open = script->open > script->most_open ? script->open : script->most_open;
        if (pthread_create(&connection->thread, NULL, serve, connection) != 0) {
            fail("pthread_create");
        }
        (void)pthread_mutex_unlock(&script->lock);
    }
}

static struct script *start(int socket, const char *host, in_port_t port) {
    struct script *script = memory_new(1, sizeof *script);
    script->socket = socket;
    if (listen(socket, 128) != 0) {
        fail("listen");
    }
    (void)snprintf(script->endpoint, sizeof script->endpoint, "%s:%d", host, (int)ntohs(port));
    (void)pthread_mutex_init(&script->lock, NULL);
    (void)pthread_cond_init(&script->changed, NULL);
    if (pthread_create(&script->listener, NULL, listen_loop, script) != 0) {
        fail("pthread_create");
    }
    return script;
}

struct script *script_start(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listening < 0 || bind(listening, (const struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(listening, (struct sockaddr *)&address, &size) != 0) {
        fail("script_start");
    }
    return start(listening, "127.0.0.1", address.sin_port);
}

struct script *script_start_ipv6(void) {
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t size = sizeof address;
    int listening = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listening < 0) {
        return NULL;
    }
    if (bind(listening, (const struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(listening, (struct sockaddr *)&address, &size) != 0) {
        (void)close(listening);
        return NULL;
    }
    return start(listening, "[::1]", address.sin6_port);
}

void script_stop(struct script *script) {
    (void)pthread_mutex_lock(&script->lock);
    script->stopping = true;
    (void)pthread_cond_broadcast(&script->changed);
    (void)shutdown(script->socket, SHUT_RDWR);
    (void)pthread_mutex_unlock(&script->lock);
    (void)pthread_join(script->listener, NULL);
    (void)pthread_mutex_lock(&script->lock);
    for (int i = 0; i < script->connection_count; i++) {
        if (script->connections[i].socket >= 0) {
            (void)shutdown(script->connections[i].socket, SHUT_RDWR);
        }
    }
    (void)pthread_mutex_unlock(&script->lock);
    for (int i = 0; i < script->connection_count; i++) {
        (void)pthread_join(script->connections[i].thread, NULL);
    }
    (void)close(script->socket);
    for (size_t i = 0; i < script->seen_count; i++) {
        free(script->seen[i].line);
        free(script->seen[i].headers);
        free(script->seen[i].body);
    }
    (void)pthread_mutex_destroy(&script->lock);
    (void)pthread_cond_destroy(&script->changed);
    free(script->seen);
    free(script->replies);
    free(script);
}

const char *script_endpoint(const struct script *script) {
    return script->endpoint;
}

void script_add(struct script *script, struct reply reply) {
    reply.times = reply.times == 0 ? 1 : reply.times;
    (void)pthread_mutex_lock(&script->lock);
    script->replies = memory_grow(script->replies, script->reply_count, &script->reply_capacity,
                                  sizeof *script->replies);
    script->replies[script->reply_count++] = reply;
    (void)pthread_mutex_unlock(&script->lock);
}

void script_clear(struct script *script) {
    (void)pthread_mutex_lock(&script->lock);
    script->reply_count = 0;
    (void)pthread_mutex_unlock(&script->lock);
}

size_t script_count(struct script *script, const char *part) {
    size_t count = 0;
    (void)pthread_mutex_lock(&script->lock);
    for (size_t i = 0; i < script->seen_count; i++) {
        count += part == NULL || strstr(script->seen[i].line, part) != NULL ? 1 : 0;
    }
    (void)pthread_mutex_unlock(&script->lock);
    return count;
}

struct seen script_seen(struct script *script, size_t index) {
    (void)pthread_mutex_lock(&script->lock);
    if (index >= script->seen_count) {
        (void)fprintf(stderr, "there was no request %zu\n", index);
        abort();
    }
    struct seen seen = script->seen[index];
    (void)pthread_mutex_unlock(&script->lock);
    return seen;
}

void script_await(struct script *script, size_t count) {
    (void)pthread_mutex_lock(&script->lock);
    while (script->seen_count < count) {
        (void)pthread_cond_wait(&script->changed, &script->lock);
    }
    (void)pthread_mutex_unlock(&script->lock);
}

int script_connections(struct script *script) {
    (void)pthread_mutex_lock(&script->lock);
    int most = script->most_open;
    (void)pthread_mutex_unlock(&script->lock);
    return most;
}
