/* Failures as BigQuery answers them: a reason, the HTTP code that goes with it, one message. */
#ifndef PHASEGATE_EMULATOR_FAILURE_H
#define PHASEGATE_EMULATOR_FAILURE_H

#include <jansson.h>
#include <stdbool.h>

/* name, reason in JSON, HTTP code, status in JSON, domain in JSON */
#define EMULATOR_REASONS(X)                                                                        \
    X(NONE, "", 200, "OK", "global")                                                               \
    X(INVALID, "invalid", 400, "INVALID_ARGUMENT", "global")                                       \
    X(INVALID_QUERY, "invalidQuery", 400, "INVALID_ARGUMENT", "global")                            \
    X(BAD_REQUEST, "badRequest", 400, "INVALID_ARGUMENT", "global")                                \
    X(PARSE_ERROR, "parseError", 400, "INVALID_ARGUMENT", "global")                                \
    X(REQUIRED, "required", 400, "INVALID_ARGUMENT", "global")                                     \
    X(RESOURCE_IN_USE, "resourceInUse", 400, "FAILED_PRECONDITION", "global")                      \
    X(RESOURCES_EXCEEDED, "resourcesExceeded", 400, "INVALID_ARGUMENT", "global")                  \
    X(BILLING_TIER_LIMIT_EXCEEDED, "billingTierLimitExceeded", 400, "INVALID_ARGUMENT", "global")  \
    X(ATTRIBUTE_ERROR, "attributeError", 400, "INVALID_ARGUMENT", "global")                        \
    X(INVALID_USER, "invalidUser", 400, "INVALID_ARGUMENT", "global")                              \
    X(JOB_BACKEND_ERROR, "jobBackendError", 400, "INVALID_ARGUMENT", "global")                     \
    X(JOB_INTERNAL_ERROR, "jobInternalError", 400, "INVALID_ARGUMENT", "global")                   \
    X(JOB_RATE_LIMIT_EXCEEDED, "jobRateLimitExceeded", 400, "INVALID_ARGUMENT", "global")          \
    X(TABLE_UNAVAILABLE, "tableUnavailable", 400, "FAILED_PRECONDITION", "global")                 \
    X(TIMEOUT, "timeout", 400, "INVALID_ARGUMENT", "global")                                       \
    X(STOPPED, "stopped", 200, "OK", "global")                                                     \
    X(AUTH_ERROR, "authError", 401, "UNAUTHENTICATED", "global")                                   \
    X(ACCESS_DENIED, "accessDenied", 403, "PERMISSION_DENIED", "global")                           \
    X(BILLING_NOT_ENABLED, "billingNotEnabled", 403, "PERMISSION_DENIED", "global")                \
    X(BLOCKED, "blocked", 403, "PERMISSION_DENIED", "global")                                      \
    X(RATE_LIMIT_EXCEEDED, "rateLimitExceeded", 403, "PERMISSION_DENIED", "usageLimits")           \
    X(USER_RATE_LIMIT_EXCEEDED, "userRateLimitExceeded", 403, "PERMISSION_DENIED", "usageLimits")  \
    X(QUOTA_EXCEEDED, "quotaExceeded", 403, "PERMISSION_DENIED", "usageLimits")                    \
    X(RESPONSE_TOO_LARGE, "responseTooLarge", 403, "PERMISSION_DENIED", "global")                  \
    X(NOT_FOUND, "notFound", 404, "NOT_FOUND", "global")                                           \
    X(PROXY_AUTHENTICATION_REQUIRED, "proxyAuthenticationRequired", 407, "UNAUTHENTICATED",        \
      "global")                                                                                    \
    X(DUPLICATE, "duplicate", 409, "ALREADY_EXISTS", "global")                                     \
    X(UPLOAD_TOO_LARGE, "uploadTooLarge", 413, "INVALID_ARGUMENT", "global")                       \
    X(BACKEND_ERROR, "backendError", 503, "UNAVAILABLE", "global")                                 \
    X(BAD_GATEWAY, "badGateway", 502, "UNAVAILABLE", "global")                                     \
    X(INTERNAL_ERROR, "internalError", 500, "INTERNAL", "global")                                  \
    X(BYTES_BILLED_LIMIT_EXCEEDED, "bytesBilledLimitExceeded", 500, "INTERNAL", "global")          \
    X(NOT_IMPLEMENTED, "notImplemented", 501, "UNIMPLEMENTED", "global")

enum emulator_reason {
#define X(name, json, code, status, domain) EMULATOR_REASON_##name,
    EMULATOR_REASONS(X)
#undef X
        EMULATOR_REASON_COUNT
};

enum { EMULATOR_MESSAGE_SIZE = 1024 };

struct emulator_failure {
    enum emulator_reason reason;         /* EMULATOR_REASON_NONE while nothing failed */
    int code;                            /* the HTTP code; the reason's own unless overridden */
    char message[EMULATOR_MESSAGE_SIZE]; /* as BigQuery words it, "… at [1:8]" included */
};

/* Fills `failure` and returns false, so that `return failure_set(…)` reads well. A message that is
 * too long is cut at a character. */
bool failure_set(struct emulator_failure *failure, enum emulator_reason reason, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));

/* The reason as JSON spells it, and back; false for a reason that BigQuery does not know. */
const char *failure_reason_name(enum emulator_reason reason);
bool failure_reason_parse(const char *name, enum emulator_reason *reason);

/* The HTTP code that belongs to a reason. */
int failure_reason_code(enum emulator_reason reason);

/* {"error":{"code","message","errors":[…],"status"}}, a new reference: the body of an error answer.
 */
json_t *failure_body(const struct emulator_failure *failure);

/* {"reason","message"[,"location"]}, a new reference: an ErrorProto, as in a job's status. */
json_t *failure_proto(const struct emulator_failure *failure);

#endif
