/* Failures: the table of reasons, and the two JSON shapes they are answered in. */
#include "emulator/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int code;
    const char *status;
    const char *domain;
} reasons[EMULATOR_REASON_COUNT] = {
#define X(name, json, code, status, domain)                                                        \
    [EMULATOR_REASON_##name] = {(json), (code), (status), (domain)},
    EMULATOR_REASONS(X)
#undef X
};

/* Cuts a text at the last whole UTF-8 character that fits. */
static void cut_at_character(char *text, size_t size) {
    size_t end = size - 1;
    while (end > 0 && ((unsigned char)text[end] & 0xC0u) == 0x80u)
        end--;
    text[end] = '\0';
}

__attribute__((format(printf, 2, 0))) static void
write_message(struct emulator_failure *failure, const char *format, va_list arguments) {
    int length = vsnprintf(failure->message, sizeof failure->message, format, arguments);
    if (length < 0)
        failure->message[0] = '\0';
    else if ((size_t)length >= sizeof failure->message)
        cut_at_character(failure->message, sizeof failure->message - 1);
}

bool failure_set(struct emulator_failure *failure, enum emulator_reason reason, const char *format,
                 ...) {
    failure->reason = reason;
    failure->code = failure_reason_code(reason);
    va_list arguments;
    va_start(arguments, format);
    write_message(failure, format, arguments);
    va_end(arguments);
    return false;
}

const char *failure_reason_name(enum emulator_reason reason) {
    return reasons[reason].name;
}

bool failure_reason_parse(const char *name, enum emulator_reason *reason) {
    for (int i = EMULATOR_REASON_NONE + 1; i < EMULATOR_REASON_COUNT; i++) {
        if (strcmp(reasons[i].name, name) == 0) {
            *reason = (enum emulator_reason)i;
            return true;
        }
    }
    return false;
}

int failure_reason_code(enum emulator_reason reason) {
    return reasons[reason].code;
}

json_t *failure_body(const struct emulator_failure *failure) {
    const char *reason = reasons[failure->reason].name;
    json_t *entry = json_pack("{s:s, s:s, s:s}", "message", failure->message, "domain",
                              reasons[failure->reason].domain, "reason", reason);
    if (failure->reason == EMULATOR_REASON_INVALID_QUERY) {
        json_object_set_new(entry, "location", json_string("q"));
        json_object_set_new(entry, "locationType", json_string("parameter"));
    }
    return json_pack("{s:{s:i, s:s, s:[o], s:s}}", "error", "code", failure->code, "message",
                     failure->message, "errors", entry, "status", reasons[failure->reason].status);
}

json_t *failure_proto(const struct emulator_failure *failure) {
    json_t *proto = json_pack("{s:s, s:s}", "reason", reasons[failure->reason].name, "message",
                              failure->message);
    if (failure->reason == EMULATOR_REASON_INVALID_QUERY)
        json_object_set_new(proto, "location", json_string("query"));
    return proto;
}
