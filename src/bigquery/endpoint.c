/* Where the service is: the real one, or the endpoint that an option or the environment names. */
#include "bigquery/endpoint.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "bigquery/bigquery.h"

static const char API_PATH[] = "/bigquery/v2";

const char *bigquery_endpoint_from_environment(void) {
    const char *value = getenv("BIGQUERY_EMULATOR_HOST");
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static bool has_part(CURLU *url, CURLUPart part) {
    char *value = NULL;
    bool has = curl_url_get(url, part, &value, 0) == CURLUE_OK && value != NULL;
    curl_free(value);
    return has;
}

static bool ends_with(const char *string, size_t size, const char *end) {
    size_t end_size = strlen(end);
    return size >= end_size && memcmp(string + size - end_size, end, end_size) == 0;
}

static bool is_endpoint(CURLU *url, const char *text) {
    return strpbrk(text, " \t\r\n?#@\\") == NULL &&
           (strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0) &&
           curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK && has_part(url, CURLUPART_HOST);
}

char *bigquery_endpoint_url(const char *endpoint, struct error *error) {
    char *text = strstr(endpoint, "://") != NULL ? memory_copy_string(endpoint)
                                                 : memory_format("http://%s", endpoint);
    CURLU *url = curl_url();
    bool good = url != NULL && is_endpoint(url, text);
    curl_url_cleanup(url);
    if (!good && strchr(endpoint, '@') != NULL) { /* unsaid: there may be a password in it */
        (void)error_set(error, EXIT_CONFIG,
                        "the endpoint holds a user or a password; nothing of the kind is sent to "
                        "one: expected host:port or http(s)://host:port");
        free(text);
        return NULL;
    }
    if (!good) {
        (void)error_set(error, EXIT_CONFIG,
                        "endpoint \"%s\": expected host:port or http(s)://host:port", endpoint);
        free(text);
        return NULL;
    }
    size_t size = strlen(text);
    while (text[size - 1] == '/') {
        size--;
    }
    const char *suffix = ends_with(text, size, API_PATH) ? "" : API_PATH;
    char *base = memory_format("%.*s%s", (int)size, text, suffix);
    free(text);
    return base;
}

bool endpoint_is_private(const char *base) {
    static const char *const LOOPBACK[] = {"localhost", "127.0.0.1", "[::1]"};
    if (strncmp(base, "https://", 8) == 0) {
        return true;
    }
    if (strncmp(base, "http://", 7) != 0) {
        return false;
    }
    const char *host = base + strlen("http://");
    for (size_t i = 0; i < sizeof LOOPBACK / sizeof LOOPBACK[0]; i++) {
        size_t size = strlen(LOOPBACK[i]);
        if (strncmp(host, LOOPBACK[i], size) == 0 && (host[size] == ':' || host[size] == '/')) {
            return true;
        }
    }
    return false;
}

bool endpoint_is_trusted(const char *url) {
    CURLU *parsed = curl_url();
    char *scheme = NULL;
    char *host = NULL;
    bool trusted = false;
    if (parsed != NULL && strpbrk(url, " \t\r\n#\\") == NULL &&
        curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
        !has_part(parsed, CURLUPART_USER) && !has_part(parsed, CURLUPART_PASSWORD) &&
        curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        char *base = memory_format("%s://%s/", scheme, host);
        trusted = endpoint_is_private(base);
        free(base);
    }
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(parsed);
    return trusted;
}

char *endpoint_host(const char *url) {
    CURLU *parsed = curl_url();
    char *host = NULL;
    char *port = NULL;
    if (parsed != NULL && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK) {
        (void)curl_url_get(parsed, CURLUPART_HOST, &host, 0);
        (void)curl_url_get(parsed, CURLUPART_PORT, &port, 0);
    }
    char *name = memory_format("%s%s%s", host != NULL ? host : "the server",
                               port != NULL ? ":" : "", port != NULL ? port : "");
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parsed);
    return name;
}
