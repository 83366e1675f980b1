/* fake_google URL: a token endpoint, and a BigQuery that wants a token before it hands a request on
 * to the local BigQuery at URL. A program of its own, so that the test that starts it has no
 * threads. Prints its own URL when it serves.
 *
 *   POST /token              gives FAKE_ACCESS_TOKEN for a signed assertion, or for the refresh
 * token POST /control/revoke     from now on every token is refused, and none is given POST
 * /control/restore    and again as before GET  /control/counts     {"tokens","refused","passed"} */
#include <curl/curl.h>
#include <jansson.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "tests/e2e/fake_google.h"

static const char *upstream;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool revoked;
static int tokens, refused, passed;

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned code, const char *type,
                              struct text text) {
    struct MHD_Response *response =
        MHD_create_response_from_buffer(text.size, (void *)text.data, MHD_RESPMEM_MUST_COPY);
    (void)MHD_add_response_header(response, "Content-Type", type);
    enum MHD_Result result = MHD_queue_response(connection, code, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result say(struct MHD_Connection *connection, unsigned code, const char *json) {
    return answer(connection, code, "application/json; charset=UTF-8", text_of(json));
}

static bool is_revoked(void) {
    (void)pthread_mutex_lock(&lock);
    bool now = revoked;
    (void)pthread_mutex_unlock(&lock);
    return now;
}

static void count(int *counter) {
    (void)pthread_mutex_lock(&lock);
    (*counter)++;
    (void)pthread_mutex_unlock(&lock);
}

static enum MHD_Result give_token(struct MHD_Connection *connection, const char *body) {
    char *refresh = curl_easy_escape(NULL, FAKE_REFRESH_TOKEN, 0);
    char *secret = curl_easy_escape(NULL, FAKE_CLIENT_SECRET, 0);
    bool user = strstr(body, refresh) != NULL && strstr(body, secret) != NULL;
    bool service = strstr(body, "assertion=eyJ") != NULL;
    curl_free(refresh);
    curl_free(secret);
    if (is_revoked() || (!user && !service)) {
        return say(connection, 400,
                   "{\"error\":\"invalid_grant\","
                   "\"error_description\":\"Token has been expired or revoked.\"}");
    }
    count(&tokens);
    return say(connection, 200,
               "{\"access_token\":\"" FAKE_ACCESS_TOKEN
               "\",\"expires_in\":3599,\"token_type\":\"Bearer\"}");
}

static enum MHD_Result control(struct MHD_Connection *connection, const char *path) {
    char counts[96];
    (void)pthread_mutex_lock(&lock);
    if (strcmp(path, "/control/counts") != 0) {
        revoked = strcmp(path, "/control/revoke") == 0;
    }
    (void)snprintf(counts, sizeof counts, "{\"tokens\":%d,\"refused\":%d,\"passed\":%d}", tokens,
                   refused, passed);
    (void)pthread_mutex_unlock(&lock);
    return say(connection, 200, counts);
}

/* ---- BigQuery ---- */

static size_t keep(char *data, size_t size, size_t number, void *buffer) {
    text_buffer_put(buffer, data, size * number);
    return size * number;
}

static enum MHD_Result add_query(void *context, enum MHD_ValueKind kind, const char *key,
                                 const char *value) {
    struct text_buffer *url = context;
    char *escaped = curl_easy_escape(NULL, value != NULL ? value : "", 0);
    (void)kind;
    text_buffer_format(url, "%c%s=%s", strchr(url->data, '?') != NULL ? '&' : '?', key, escaped);
    curl_free(escaped);
    return MHD_YES;
}

static enum MHD_Result pass_on(struct MHD_Connection *connection, const char *path,
                               const char *method, const struct text_buffer *body) {
    struct text_buffer url = {0};
    struct text_buffer content = {0};
    long code = 502;
    text_buffer_format(&url, "%s%s", upstream, path);
    (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_query, &url);
    CURL *easy = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    (void)curl_easy_setopt(easy, CURLOPT_URL, url.data);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, &content);
    if (body->size > 0) {
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->size);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body->data);
    }
    if (curl_easy_perform(easy) == CURLE_OK) {
        (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
    }
    enum MHD_Result result =
        answer(connection, (unsigned)code, "application/json; charset=UTF-8",
               (struct text){content.data != NULL ? content.data : "", content.size});
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
    text_buffer_free(&url);
    text_buffer_free(&content);
    return result;
}

static enum MHD_Result guard(struct MHD_Connection *connection, const char *path,
                             const char *method, const struct text_buffer *body) {
    const char *given =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    if (given == NULL || strcmp(given, "Bearer " FAKE_ACCESS_TOKEN) != 0 || is_revoked()) {
        count(&refused);
        return say(connection, 401,
                   "{\"error\":{\"code\":401,\"message\":\"Request had invalid authentication "
                   "credentials.\",\"errors\":[{\"message\":\"Invalid Credentials\",\"domain\":"
                   "\"global\",\"reason\":\"authError\"}],\"status\":\"UNAUTHENTICATED\"}}");
    }
    count(&passed);
    return pass_on(connection, path, method, body);
}

static enum MHD_Result take(void *context, struct MHD_Connection *connection, const char *path,
                            const char *method, const char *version, const char *data, size_t *size,
                            void **state) {
    struct text_buffer *body = *state;
    (void)context;
    (void)version;
    if (body == NULL) {
        *state = memory_new(1, sizeof *body);
        return MHD_YES;
    }
    if (*size > 0) {
        text_buffer_put(body, data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (strcmp(path, "/token") == 0) {
        return give_token(connection, body->data != NULL ? body->data : "");
    }
    return strncmp(path, "/control/", 9) == 0 ? control(connection, path)
                                              : guard(connection, path, method, body);
}

static void forget(void *context, struct MHD_Connection *connection, void **state,
                   enum MHD_RequestTerminationCode code) {
    struct text_buffer *body = *state;
    (void)context;
    (void)connection;
    (void)code;
    if (body != NULL) {
        text_buffer_free(body);
        free(body);
    }
}

int main(int argc, char **argv) {
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (argc != 2) {
        return 64;
    }
    upstream = argv[1];
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION, 0, NULL,
                         NULL, take, NULL, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&place,
                         MHD_OPTION_NOTIFY_COMPLETED, forget, NULL, MHD_OPTION_END);
    const union MHD_DaemonInfo *port =
        daemon != NULL ? MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    if (port == NULL) {
        return 69;
    }
    (void)printf("http://127.0.0.1:%u\n", (unsigned)port->port);
    (void)fflush(stdout);
    for (;;) {
        (void)pause();
    }
}
