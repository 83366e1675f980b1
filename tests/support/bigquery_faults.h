/* What BigQuery and the networks before it can answer, and what the client has to make of it: the
 * one list that the suites of the client, of the agent and of the console are built from. */
#ifndef TESTS_BIGQUERY_FAULTS_H
#define TESTS_BIGQUERY_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "bigquery/bigquery.h"

enum fault_rule {
    FAULT_SAME,  /* tried again, with the same id */
    FAULT_FRESH, /* tried again, with another id: the job is dead */
    FAULT_NEVER, /* the request fails */
};

/* X(reason, HTTP status, rule, class); reason NULL is an answer that is not BigQuery's: HTML. */
#define BIGQUERY_FAULTS(X)                                                                         \
    X("rateLimitExceeded", 403, FAULT_SAME, BIGQUERY_THROTTLED)                                    \
    X("rateLimitExceeded", 429, FAULT_SAME, BIGQUERY_THROTTLED)                                    \
    X("userRateLimitExceeded", 403, FAULT_SAME, BIGQUERY_THROTTLED)                                \
    X("backendError", 500, FAULT_SAME, BIGQUERY_BACKEND)                                           \
    X("backendError", 502, FAULT_SAME, BIGQUERY_BACKEND)                                           \
    X("backendError", 503, FAULT_SAME, BIGQUERY_BACKEND)                                           \
    X("backendError", 504, FAULT_SAME, BIGQUERY_BACKEND)                                           \
    X("internalError", 500, FAULT_SAME, BIGQUERY_BACKEND)                                          \
    X("badGateway", 502, FAULT_SAME, BIGQUERY_BACKEND)                                             \
    X("tableUnavailable", 400, FAULT_SAME, BIGQUERY_BACKEND)                                       \
    X("aReasonOfTomorrow", 503, FAULT_SAME, BIGQUERY_BACKEND)                                      \
    X("rateLimitExceeded", 200, FAULT_SAME, BIGQUERY_THROTTLED) /* an error in a 200 */            \
    X("jobBackendError", 400, FAULT_FRESH, BIGQUERY_BACKEND)                                       \
    X("jobInternalError", 400, FAULT_FRESH, BIGQUERY_BACKEND)                                      \
    X("jobRateLimitExceeded", 400, FAULT_FRESH, BIGQUERY_THROTTLED)                                \
    X("quotaExceeded", 403, FAULT_NEVER, BIGQUERY_QUOTA) /* not for ten minutes */                 \
    X("bytesBilledLimitExceeded", 500, FAULT_NEVER, BIGQUERY_BYTES_LIMIT)                          \
    X("notFound", 404, FAULT_NEVER, BIGQUERY_NOT_FOUND)                                            \
    X("accessDenied", 403, FAULT_NEVER, BIGQUERY_DENIED)                                           \
    X("billingNotEnabled", 403, FAULT_NEVER, BIGQUERY_DENIED)                                      \
    X("blocked", 403, FAULT_NEVER, BIGQUERY_DENIED)                                                \
    X("authError", 401, FAULT_NEVER, BIGQUERY_AUTH) /* once more, if there are credentials */      \
    X("invalidQuery", 400, FAULT_NEVER, BIGQUERY_QUERY)                                            \
    X("invalid", 400, FAULT_NEVER, BIGQUERY_QUERY)                                                 \
    X("badRequest", 400, FAULT_NEVER, BIGQUERY_QUERY)                                              \
    X("attributeError", 400, FAULT_NEVER, BIGQUERY_QUERY)                                          \
    X("invalidUser", 400, FAULT_NEVER, BIGQUERY_QUERY)                                             \
    X("resourcesExceeded", 400, FAULT_NEVER, BIGQUERY_QUERY)                                       \
    X("billingTierLimitExceeded", 400, FAULT_NEVER, BIGQUERY_QUERY)                                \
    X("responseTooLarge", 403, FAULT_NEVER, BIGQUERY_QUERY)                                        \
    X("resourceInUse", 400, FAULT_NEVER, BIGQUERY_QUERY)                                           \
    X("duplicate", 409, FAULT_NEVER, BIGQUERY_QUERY) /* of a job id of ours: it got through */     \
    X("timeout", 400, FAULT_NEVER, BIGQUERY_TIMEOUT)                                               \
    X("stopped", 400, FAULT_NEVER, BIGQUERY_CANCELLED)                                             \
    X("notImplemented", 501, FAULT_NEVER, BIGQUERY_QUERY)                                          \
    X("proxyAuthenticationRequired", 407, FAULT_NEVER, BIGQUERY_TRANSPORT)                         \
    X("aReasonOfTomorrow", 400, FAULT_NEVER, BIGQUERY_QUERY)                                       \
    X(NULL, 301, FAULT_NEVER, BIGQUERY_PROTOCOL)                                                   \
    X(NULL, 400, FAULT_NEVER, BIGQUERY_QUERY)                                                      \
    X(NULL, 401, FAULT_NEVER, BIGQUERY_AUTH)                                                       \
    X(NULL, 403, FAULT_NEVER, BIGQUERY_DENIED)                                                     \
    X(NULL, 404, FAULT_NEVER, BIGQUERY_PROTOCOL)                                                   \
    X(NULL, 407, FAULT_NEVER, BIGQUERY_TRANSPORT)                                                  \
    X(NULL, 408, FAULT_SAME, BIGQUERY_TRANSPORT)                                                   \
    X(NULL, 429, FAULT_SAME, BIGQUERY_THROTTLED)                                                   \
    X(NULL, 500, FAULT_SAME, BIGQUERY_BACKEND)                                                     \
    X(NULL, 501, FAULT_NEVER, BIGQUERY_QUERY)                                                      \
    X(NULL, 502, FAULT_SAME, BIGQUERY_BACKEND)                                                     \
    X(NULL, 503, FAULT_SAME, BIGQUERY_BACKEND)                                                     \
    X(NULL, 504, FAULT_SAME, BIGQUERY_BACKEND)

struct bigquery_fault {
    const char *reason;
    int status;
    enum fault_rule rule;
    enum bigquery_failure_class class;
};

#define BIGQUERY_FAULT_ROW(reason, status, rule, class) {reason, status, rule, class},
static const struct bigquery_fault BIGQUERY_FAULT_LIST[] = {BIGQUERY_FAULTS(BIGQUERY_FAULT_ROW)};
#undef BIGQUERY_FAULT_ROW

enum {
    BIGQUERY_FAULT_COUNT = sizeof BIGQUERY_FAULT_LIST / sizeof BIGQUERY_FAULT_LIST[0],
    BIGQUERY_FAULT_BODY_SIZE = 512,
};

/* The body that such an answer has, saying "it failed"; returns `out`. */
static inline char *bigquery_fault_body(const struct bigquery_fault *fault,
                                        char out[BIGQUERY_FAULT_BODY_SIZE]) {
    if (fault->reason == NULL) {
        (void)snprintf(out, BIGQUERY_FAULT_BODY_SIZE, "<html>%d</html>", fault->status);
    } else {
        (void)snprintf(out, BIGQUERY_FAULT_BODY_SIZE,
                       "{\"error\":{\"code\":%d,\"message\":\"it failed\",\"errors\":[{"
                       "\"message\":\"it failed\",\"domain\":\"global\",\"reason\":\"%s\"}]}}",
                       fault->status, fault->reason);
    }
    return out;
}

/* "503 backendError", "502 without a reason": to say which case failed. */
static inline const char *bigquery_fault_name(const struct bigquery_fault *fault) {
    static _Thread_local char name[96];
    (void)snprintf(name, sizeof name, "%d %s", fault->status,
                   fault->reason != NULL ? fault->reason : "without a reason");
    return name;
}

#endif
