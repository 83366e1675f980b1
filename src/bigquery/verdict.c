#include "bigquery/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "bigquery/login_secret.h"

#define QUOTA_WAIT_MS INT64_C(600000) /* "wait 10 minutes or longer" */
#define FEW           4               /* tries for what seldom mends itself */

struct rule {
    const char *reason;
    enum bigquery_failure_class class;
    enum verdict_action action;
    bool retriable; /* worth another request later, should this one be given up */
    int tries;
};

/* Google's reasons, and below them ours. */
static const struct rule RULES[] = {
    {"rateLimitExceeded", BIGQUERY_THROTTLED, VERDICT_RETRY, true, 0},
    {"userRateLimitExceeded", BIGQUERY_THROTTLED, VERDICT_RETRY, true, 0},
    {"jobRateLimitExceeded", BIGQUERY_THROTTLED, VERDICT_NEW_JOB, true, 0},
    {"quotaExceeded", BIGQUERY_QUOTA, VERDICT_STOP, true, 0},
    {"backendError", BIGQUERY_BACKEND, VERDICT_RETRY, true, 0},
    {"internalError", BIGQUERY_BACKEND, VERDICT_RETRY, true, 0},
    {"badGateway", BIGQUERY_BACKEND, VERDICT_RETRY, true, 0},
    {"tableUnavailable", BIGQUERY_BACKEND, VERDICT_RETRY, true, 0},
    {"jobBackendError", BIGQUERY_BACKEND, VERDICT_NEW_JOB, true, 0},
    {"jobInternalError", BIGQUERY_BACKEND, VERDICT_NEW_JOB, true, 0},
    {"bytesBilledLimitExceeded", BIGQUERY_BYTES_LIMIT, VERDICT_STOP, false, 0},
    {"notFound", BIGQUERY_NOT_FOUND, VERDICT_STOP, false, 0},
    {"accessDenied", BIGQUERY_DENIED, VERDICT_STOP, false, 0},
    {"billingNotEnabled", BIGQUERY_DENIED, VERDICT_STOP, false, 0},
    {"blocked", BIGQUERY_DENIED, VERDICT_STOP, false, 0},
    {"authError", BIGQUERY_AUTH, VERDICT_REFRESH, false, 1},
    {"invalidQuery", BIGQUERY_QUERY, VERDICT_STOP, false, 0},
    {"invalid", BIGQUERY_QUERY, VERDICT_STOP, false, 0},
    {"badRequest", BIGQUERY_QUERY, VERDICT_STOP, false, 0},
    {"attributeError", BIGQUERY_QUERY, VERDICT_STOP, false, 0},
    {"invalidUser", BIGQUERY_QUERY, VERDICT_STOP, false, 0},
    {"resourcesExceeded", BIGQUERY_QUERY, VERDICT_STOP, false, 0},
    {"billingTierLimitExceeded", BIGQUERY_QUERY, VERDICT_STOP, false, 0},
    {"responseTooLarge", BIGQUERY_QUERY, VERDICT_STOP, false, 0},
    {"resourceInUse", BIGQUERY_QUERY, VERDICT_STOP, true, 0},
    {"duplicate", BIGQUERY_QUERY, VERDICT_STOP, false, 0},
    {"timeout", BIGQUERY_TIMEOUT, VERDICT_STOP, false, 0},
    {"stopped", BIGQUERY_CANCELLED, VERDICT_STOP, false, 0},
    {"notImplemented", BIGQUERY_QUERY, VERDICT_STOP, false, 0},
    {"proxyAuthenticationRequired", BIGQUERY_TRANSPORT, VERDICT_STOP, false, 0},
    {"connection", BIGQUERY_TRANSPORT, VERDICT_RETRY, true, 0},
    {"slow", BIGQUERY_TRANSPORT, VERDICT_RETRY, true, 0},
    {"certificate", BIGQUERY_TRANSPORT, VERDICT_STOP, false, 0},
    {"tooLarge", BIGQUERY_PROTOCOL, VERDICT_STOP, false, 0},
    {"notJson", BIGQUERY_PROTOCOL, VERDICT_RETRY, true, FEW},
    {"malformed", BIGQUERY_PROTOCOL, VERDICT_RETRY, true, FEW},
    {"redirect", BIGQUERY_PROTOCOL, VERDICT_STOP, false, 0},
    {"resultChanged", BIGQUERY_PROTOCOL, VERDICT_STOP, true, 0},
    {"rowLimit", BIGQUERY_PROTOCOL, VERDICT_STOP, false, 0},
    {"jobLost", BIGQUERY_NOT_FOUND, VERDICT_RETRY, true, FEW},
    {"credentials", BIGQUERY_AUTH, VERDICT_STOP, false, 0},
    {"token", BIGQUERY_TRANSPORT, VERDICT_RETRY, true, 0},
    {"deadline", BIGQUERY_TIMEOUT, VERDICT_STOP, true, 0},
    {"cancelled", BIGQUERY_CANCELLED, VERDICT_STOP, true, 0},
};

static const struct rule *rule_of_reason(const char *reason) {
    for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++) {
        if (strcmp(RULES[i].reason, reason) == 0) {
            return &RULES[i];
        }
    }
    return NULL;
}

/* For answers whose reason is missing or unknown. */
static struct rule rule_of_status(int status) {
    static const struct {
        int from;
        int to;
        struct rule rule;
    } TABLE[] = {
        {300, 399, {"redirect", BIGQUERY_PROTOCOL, VERDICT_STOP, false, 0}},
        {401, 401, {"http", BIGQUERY_AUTH, VERDICT_REFRESH, false, 1}},
        {402, 403, {"http", BIGQUERY_DENIED, VERDICT_STOP, false, 0}},
        {404, 404, {"http", BIGQUERY_PROTOCOL, VERDICT_STOP, false, 0}},
        {407, 407, {"proxyAuthenticationRequired", BIGQUERY_TRANSPORT, VERDICT_STOP, false, 0}},
        {408, 408, {"http", BIGQUERY_TRANSPORT, VERDICT_RETRY, true, 0}},
        {429, 429, {"http", BIGQUERY_THROTTLED, VERDICT_RETRY, true, 0}},
        {400, 499, {"http", BIGQUERY_QUERY, VERDICT_STOP, false, 0}},
        {501, 501, {"http", BIGQUERY_QUERY, VERDICT_STOP, false, 0}},
        {505, 505, {"http", BIGQUERY_PROTOCOL, VERDICT_STOP, false, 0}},
        {500, 599, {"http", BIGQUERY_BACKEND, VERDICT_RETRY, true, 0}},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        if (status >= TABLE[i].from && status <= TABLE[i].to) {
            return TABLE[i].rule;
        }
    }
    return *rule_of_reason("malformed");
}

static bool is_unwanted(uint32_t c) {
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == UINT32_MAX || c == 0x2028 || c == 0x2029 ||
           c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

void verdict_sanitise(char *out, size_t size, struct text foreign) {
    static const char CUT[] = "…";
    struct text_buffer masked = {0};
    secret_mask(foreign, &masked); /* before anything is cut: half a token is one, too */
    struct text message = {masked.data != NULL ? masked.data : "", masked.size};
    size_t room = size - sizeof CUT; /* the mark and the end always fit */
    size_t used = 0;
    for (size_t at = 0; at < message.size;) {
        uint32_t c = 0;
        size_t length = text_decode(message.data + at, message.size - at, &c);
        bool space = is_unwanted(c) || c == ' ';
        const char *from = space ? " " : message.data + at;
        size_t bytes = space ? 1 : length;
        at += length;
        if (space && (used == 0 || out[used - 1] == ' ')) {
            continue;
        }
        if (used + bytes > room) {
            memcpy(out + used, CUT, sizeof CUT - 1);
            used += sizeof CUT - 1;
            break;
        }
        memcpy(out + used, from, bytes);
        used += bytes;
    }
    while (used > 0 && out[used - 1] == ' ') {
        used--;
    }
    out[used] = '\0';
    text_buffer_free(&masked);
}

/* The token that a request carried is nobody's to read, wherever an answer holds it. */
static void hide_own_token(const struct exchange *exchange) {
    static const char HEADER[] = "Authorization: ";
    enum { SHORTEST = 6 };
    const struct curl_slist *header = exchange->headers; /* it was added first */
    if (header == NULL || strncmp(header->data, HEADER, sizeof HEADER - 1) != 0) {
        return;
    }
    const char *value = header->data + sizeof HEADER - 1;
    const char *space = strchr(value, ' ');
    const char *token = space != NULL ? space + 1 : value;
    size_t size = strlen(token);
    char *at = exchange->answer.data;
    size_t left = at != NULL ? exchange->answer.size : 0;
    while (size >= SHORTEST && left >= size) {
        char *found = memmem(at, left, token, size);
        if (found == NULL) {
            return;
        }
        memset(found, '*', size);
        left -= (size_t)(found + size - at);
        at = found + size;
    }
}

struct verdict verdict_of_reason(const char *reason, int http_code, struct text message) {
    const struct rule *known = rule_of_reason(reason);
    struct rule rule = known != NULL ? *known : rule_of_status(http_code);
    struct verdict verdict = {
        .failure =
            {
                .class = rule.class,
                .http_code = http_code,
                .retriable = rule.retriable,
                .retry_after_ms = rule.class == BIGQUERY_QUOTA ? QUOTA_WAIT_MS : 0,
            },
        .action = rule.action,
        .tries = rule.tries,
    };
    const char *word = reason[0] != '\0' ? reason : rule.reason;
    verdict_sanitise(verdict.failure.reason, sizeof verdict.failure.reason, text_of(word));
    verdict_sanitise(verdict.failure.message, sizeof verdict.failure.message, message);
    return verdict;
}

struct verdict verdict_format(const char *reason, int http_code, const char *format, ...) {
    char message[BIGQUERY_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return verdict_of_reason(reason, http_code, text_of(message));
}

/* The host and port of an exchange's URL. */
static struct text host_of(const struct exchange *exchange) {
    const char *scheme = strstr(exchange->url, "://");
    const char *start = scheme != NULL ? scheme + 3 : exchange->url;
    return (struct text){start, strcspn(start, "/")};
}

static struct verdict verdict_of_proxy(const struct exchange *exchange) {
    struct text host = host_of(exchange);
    return verdict_format("proxyAuthenticationRequired", 407,
                          "the proxy asks for a name and a password: put them into HTTPS_PROXY "
                          "(http://NAME:PASSWORD@HOST:PORT), or name %.*s in NO_PROXY",
                          (int)host.size, host.data);
}

static struct verdict verdict_of_curl(const struct exchange *exchange) {
    int status = (int)exchange->status;
    struct text host = host_of(exchange);
    if (exchange->too_large) {
        return verdict_format("tooLarge", status, "the answer is larger than %zu bytes",
                              exchange->answer_limit);
    }
    if (exchange->connect_status == 407) {
        return verdict_of_proxy(exchange);
    }
    switch (exchange->code) {
    case CURLE_OPERATION_TIMEDOUT:
        return verdict_of_reason("slow", status, text_of(exchange->problem));
    case CURLE_PEER_FAILED_VERIFICATION:
        return verdict_format("certificate", status,
                              "the certificate of %.*s is not trusted (%s); if it is one of your "
                              "own or a proxy's, name the CA file in SSL_CERT_FILE",
                              (int)host.size, host.data, exchange->problem);
    case CURLE_SSL_CACERT_BADFILE:
        return verdict_format("certificate", status,
                              "the CA file cannot be read (%s); correct SSL_CERT_FILE or "
                              "CURL_CA_BUNDLE",
                              exchange->problem);
    case CURLE_COULDNT_RESOLVE_HOST:
        return verdict_format("connection", status,
                              "the name of %.*s is not known here: there is no network, or the "
                              "endpoint is wrong",
                              (int)host.size, host.data);
    case CURLE_COULDNT_RESOLVE_PROXY:
        return verdict_of_reason("connection", status,
                                 TEXT("the name of the proxy is not known here: correct "
                                      "HTTPS_PROXY or HTTP_PROXY"));
    default:
        return verdict_of_reason("connection", status, text_of(exchange->problem));
    }
}

/* BigQuery's error object, {"error": {"code", "message", "errors": [{"reason"}]}}; NULL when the
 * body holds none. */
static const json_t *error_object(const json_t *body) {
    const json_t *error = json_object_get(body, "error");
    return json_is_object(error) ? error : NULL;
}

static struct text string_text(const json_t *value) {
    return json_is_string(value)
               ? (struct text){json_string_value(value), json_string_length(value)}
               : (struct text){"", 0};
}

static struct verdict verdict_of_error(const json_t *error, int status) {
    const json_t *first = json_array_get(json_object_get(error, "errors"), 0);
    const char *reason = json_string_value(json_object_get(first, "reason"));
    const json_t *message = json_object_get(error, "message");
    if (!json_is_string(message)) {
        message = json_object_get(first, "message");
    }
    if (status < 300) {
        json_int_t code = json_integer_value(json_object_get(error, "code"));
        status = code >= 300 && code <= 599 ? (int)code : status;
    }
    return verdict_of_reason(reason != NULL ? reason : "", status, string_text(message));
}

static struct verdict verdict_of_foreign(const struct exchange *exchange) {
    int status = (int)exchange->status;
    size_t size = exchange->answer.size;
    if (status >= 300 && status < 400) {
        return verdict_format("redirect", status,
                              "HTTP %d: redirects are not followed; the endpoint is wrong", status);
    }
    if (status == 407) {
        return verdict_of_proxy(exchange);
    }
    const char *start = exchange->answer.data;
    const char *what = size == 0                                ? "an empty answer"
                       : start[strspn(start, " \t\r\n")] == '<' ? "an answer in HTML"
                                                                : "an answer without an error";
    if (status >= 200 && status < 300) {
        return verdict_format("notJson", status, "HTTP %d with %s", status,
                              size == 0 ? "an empty answer" : "an answer that is not JSON");
    }
    return verdict_format("", status, "HTTP %d with %s, which is not BigQuery's", status, what);
}

bool verdict_of_exchange(const struct exchange *exchange, json_t **body, struct verdict *verdict) {
    if (exchange->code != CURLE_OK) {
        *verdict = verdict_of_curl(exchange);
        return false;
    }
    hide_own_token(exchange);
    /* Strings may hold U+0000 as any other character; json_read refuses it. */
    json_t *answer = exchange->answer.size == 0
                         ? NULL
                         : json_loadb(exchange->answer.data, exchange->answer.size,
                                      JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    const json_t *error = error_object(answer);
    bool good = error == NULL && json_is_object(answer) && exchange->status >= 200 &&
                exchange->status < 300;
    if (good) {
        *body = answer;
        return true;
    }
    *verdict = error != NULL ? verdict_of_error(error, (int)exchange->status)
                             : verdict_of_foreign(exchange);
    verdict->failure.retry_after_ms = exchange->retry_after_ms > verdict->failure.retry_after_ms
                                          ? exchange->retry_after_ms
                                          : verdict->failure.retry_after_ms;
    json_decref(answer);
    return false;
}

const char *bigquery_failure_name(enum bigquery_failure_class class) {
    static const char *const NAMES[] = {
        [BIGQUERY_NO_FAILURE] = "none",     [BIGQUERY_THROTTLED] = "throttled",
        [BIGQUERY_QUOTA] = "quota",         [BIGQUERY_BACKEND] = "backend",
        [BIGQUERY_TRANSPORT] = "transport", [BIGQUERY_PROTOCOL] = "protocol",
        [BIGQUERY_AUTH] = "auth",           [BIGQUERY_DENIED] = "denied",
        [BIGQUERY_NOT_FOUND] = "not found", [BIGQUERY_BYTES_LIMIT] = "bytes limit",
        [BIGQUERY_QUERY] = "query",         [BIGQUERY_TIMEOUT] = "timeout",
        [BIGQUERY_CANCELLED] = "cancelled",
    };
    return NAMES[class];
}
