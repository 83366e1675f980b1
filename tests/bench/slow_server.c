#include "tests/bench/slow_server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "tests/bench/figures.h"

enum { MOST_CONNECTIONS = 256, REQUEST_SIZE = 65536, LISTENER = 0, STOPPER = 1, FIRST = 2 };

struct caller {
    char *request; /* REQUEST_SIZE bytes */
    size_t size;
    int64_t due_us; /* of its answer; 0: its request is not whole yet */
};

struct slow_server {
    pthread_t thread;
    pthread_mutex_t lock; /* of the usage */
    struct slow_server_usage usage;
    int64_t latency_us;
    char url[64];
    struct pollfd watched[MOST_CONNECTIONS]; /* the first two are no callers */
    struct caller callers[MOST_CONNECTIONS];
    nfds_t count;
};

static const char table_answer[] =
    "{\"tableReference\":{\"tableId\":\"t\"},\"type\":\"TABLE\",\"numRows\":\"60\",\"numBytes\":"
    "\"6000\",\"creationTime\":\"1767225600000\",\"lastModifiedTime\":\"1767571200000\","
    "\"location\":\"US\",\"schema\":{\"fields\":[{\"name\":\"day\",\"type\":\"DATE\"}]}}";

static const char query_answer[] =
    "{\"jobComplete\":true,\"jobReference\":{\"projectId\":\"bench\",\"jobId\":\"job\","
    "\"location\":\"US\"},\"schema\":{\"fields\":[{\"name\":\"day\",\"type\":\"DATE\"},"
    "{\"name\":\"row_count\",\"type\":\"INTEGER\"}]},\"totalRows\":\"3\",\"rows\":["
    "{\"f\":[{\"v\":\"2026-01-01\"},{\"v\":\"20\"}]},{\"f\":[{\"v\":\"2026-01-02\"},{\"v\":\"20\"}]"
    "},{\"f\":[{\"v\":\"2026-01-03\"},{\"v\":\"20\"}]}],\"totalBytesProcessed\":\"6000\","
    "\"totalBytesBilled\":\"10485760\",\"cacheHit\":false}";

static void must(bool good, const char *what) {
    if (!good) {
        perror(what);
        exit(EXIT_FAILURE);
    }
}

static void add_caller(struct slow_server *server) {
    int one = 1;
    int socket = accept(server->watched[LISTENER].fd, NULL, NULL);
    must(socket >= 0 && server->count < MOST_CONNECTIONS, "accept");
    (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    server->watched[server->count] = (struct pollfd){.fd = socket, .events = POLLIN};
    server->callers[server->count] = (struct caller){.request = memory_new(REQUEST_SIZE, 1)};
    server->count++;
    (void)pthread_mutex_lock(&server->lock);
    size_t open = server->count - FIRST;
    server->usage.connections = open > server->usage.connections ? open : server->usage.connections;
    (void)pthread_mutex_unlock(&server->lock);
}

static void remove_caller(struct slow_server *server, nfds_t i) {
    (void)close(server->watched[i].fd);
    free(server->callers[i].request);
    server->count--;
    server->watched[i] = server->watched[server->count];
    server->callers[i] = server->callers[server->count];
}

static bool is_whole(const struct caller *caller) {
    const char *end = strstr(caller->request, "\r\n\r\n");
    if (end == NULL) {
        return false;
    }
    const char *length = strcasestr(caller->request, "\r\nContent-Length:");
    size_t body = length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0;
    return caller->size >= (size_t)(end - caller->request) + 4 + body;
}

/* False when the caller has gone. */
static bool hear(struct slow_server *server, nfds_t i) {
    struct caller *caller = &server->callers[i];
    ssize_t size = recv(server->watched[i].fd, caller->request + caller->size,
                        REQUEST_SIZE - 1 - caller->size, 0);
    if (size <= 0) {
        return false;
    }
    caller->size += (size_t)size;
    caller->request[caller->size] = '\0';
    if (is_whole(caller)) {
        caller->due_us = figure_now_us() + server->latency_us;
    }
    return true;
}

static void answer(struct slow_server *server, nfds_t i) {
    struct caller *caller = &server->callers[i];
    bool query = strncmp(caller->request, "POST", 4) == 0;
    const char *body = query ? query_answer : table_answer;
    (void)pthread_mutex_lock(&server->lock);
    server->usage.requests++;
    (void)pthread_mutex_unlock(&server->lock);
    char *text = memory_format("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                               "Content-Length: %zu\r\n\r\n%s",
                               strlen(body), body);
    must(send(server->watched[i].fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text),
         "send");
    free(text);
    caller->size = 0;
    caller->due_us = 0;
}

/* Gives the answers that are due; returns the time until the next one, NULL for none. */
static struct timespec *answer_due(struct slow_server *server, struct timespec *wait) {
    int64_t now = figure_now_us();
    int64_t next = INT64_MAX;
    for (nfds_t i = FIRST; i < server->count; i++) {
        int64_t due = server->callers[i].due_us;
        if (due != 0 && due <= now) {
            answer(server, i);
        } else if (due != 0 && due < next) {
            next = due;
        }
    }
    if (next == INT64_MAX) {
        return NULL;
    }
    *wait = (struct timespec){.tv_sec = (next - now) / 1000000,
                              .tv_nsec = (next - now) % 1000000 * 1000};
    return wait;
}

static void *serve(void *context) {
    struct slow_server *server = context;
    while (server->watched[STOPPER].revents == 0) {
        struct timespec wait;
        must(ppoll(server->watched, server->count, answer_due(server, &wait), NULL) >= 0, "ppoll");
        for (nfds_t i = server->count; i-- > FIRST;) {
            if (server->watched[i].revents != 0 && !hear(server, i)) {
                remove_caller(server, i);
            }
        }
        if (server->watched[LISTENER].revents != 0) {
            add_caller(server);
        }
    }
    return NULL;
}

struct slow_server *slow_server_start(int latency_ms) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    struct slow_server *server = memory_new(1, sizeof *server);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(listener >= 0 && bind(listener, (const struct sockaddr *)&address, sizeof address) == 0 &&
             getsockname(listener, (struct sockaddr *)&address, &size) == 0 &&
             listen(listener, MOST_CONNECTIONS) == 0,
         "listen");
    (void)snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d",
                   (int)ntohs(address.sin_port));
    server->latency_us = (int64_t)latency_ms * 1000;
    server->watched[LISTENER] = (struct pollfd){.fd = listener, .events = POLLIN};
    server->watched[STOPPER] = (struct pollfd){.fd = eventfd(0, EFD_CLOEXEC), .events = POLLIN};
    server->count = FIRST;
    (void)pthread_mutex_init(&server->lock, NULL);
    must(pthread_create(&server->thread, NULL, serve, server) == 0, "pthread_create");
    return server;
}

void slow_server_stop(struct slow_server *server) {
    must(eventfd_write(server->watched[STOPPER].fd, 1) == 0, "eventfd_write");
    (void)pthread_join(server->thread, NULL);
    while (server->count > FIRST) {
        remove_caller(server, server->count - 1);
    }
    (void)close(server->watched[LISTENER].fd);
    (void)close(server->watched[STOPPER].fd);
    (void)pthread_mutex_destroy(&server->lock);
    free(server);
}

const char *slow_server_url(const struct slow_server *server) {
    return server->url;
}

struct slow_server_usage slow_server_usage(struct slow_server *server) {
    (void)pthread_mutex_lock(&server->lock);
    struct slow_server_usage usage = server->usage;
    server->usage = (struct slow_server_usage){0};
    (void)pthread_mutex_unlock(&server->lock);
    return usage;
}
