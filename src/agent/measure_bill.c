#include "agent/measure_bill.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

char *measure_label(const char *name, char label[MEASURE_LABEL_SIZE]) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    static const char capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t size = 0;
    for (; name[size] != '\0' && size < MEASURE_LABEL_SIZE - 1; size++) {
        const char *upper = strchr(capitals, name[size]);
        char letter = upper != NULL ? allowed[upper - capitals] : name[size];
        label[size] = strchr(allowed, letter) != NULL ? letter : '_';
    }
    label[size] = '\0';
    return label;
}

/* "Query exceeded limit for bytes billed: 1073741824. 2147483648 or higher required.": the bytes
 * required; 0 when the message does not say. */
static int64_t required_bytes(const char *message) {
    const char *end = strstr(message, " or higher required");
    if (end == NULL) {
        return 0;
    }
    const char *start = end;
    while (start > message && start[-1] >= '0' && start[-1] <= '9') {
        start--;
    }
    return end - start > 0 && end - start <= 18 ? strtoll(start, NULL, 10) : 0;
}

static void say_limit(const struct pipeline *pipeline, const char *what, const char *message,
                      struct error *error) {
    int64_t limit = pipeline->poll.bytes_per_query;
    int64_t required = required_bytes(message);
    if (required <= 0) {
        (void)error_set(error, EXIT_UNAVAILABLE,
                        "%s would bill more than poll.bytes_per_query allows (%" PRId64
                        " MiB): %s; raise "
                        "that key in %s",
                        what, limit / BIGQUERY_MIB, message, pipeline->file);
        return;
    }
    int64_t mib = required / BIGQUERY_MIB + (required % BIGQUERY_MIB > 0 ? 1 : 0);
    (void)error_set(
        error, EXIT_UNAVAILABLE,
        "%s would bill more than poll.bytes_per_query allows (%" PRId64 " MiB); BigQuery says "
        "%" PRId64 " or higher is required: write bytes_per_query: %" PRId64 "MiB, or more, in %s",
        what, limit / BIGQUERY_MIB, required, mib, pipeline->file);
}

bool measure_check_result(const struct pipeline *pipeline, const char *what,
                          const struct bigquery_result *result, struct error *error) {
    if (result->status == BIGQUERY_FAILED && result->failure.class == BIGQUERY_BYTES_LIMIT) {
        say_limit(pipeline, what, result->failure.message, error);
        return false;
    }
    return bigquery_result_check(result, error);
}
