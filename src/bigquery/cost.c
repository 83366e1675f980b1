/* What queries cost: whole MiB, ten of them at least for each table (the on-demand price list). */
#include "bigquery/bigquery.h"

#define MINIMUM_PER_TABLE (10 * BIGQUERY_MIB)

static int64_t whole_mib(int64_t bytes) {
    int64_t mib = bytes / BIGQUERY_MIB + (bytes % BIGQUERY_MIB > 0 ? 1 : 0);
    return mib > INT64_MAX / BIGQUERY_MIB ? INT64_MAX : mib * BIGQUERY_MIB;
}

static int64_t minimum(size_t tables) {
    return (int64_t)(tables == 0 ? 1 : tables) * MINIMUM_PER_TABLE;
}

int64_t bigquery_billed_estimate(int64_t bytes, size_t tables) {
    if (bytes <= 0) {
        return 0;
    }
    int64_t rounded = whole_mib(bytes);
    int64_t least = minimum(tables);
    return rounded > least ? rounded : least;
}

int64_t bigquery_billed_limit(int64_t bytes, size_t tables) {
    int64_t headroom = (int64_t)(tables == 0 ? 1 : tables) * BIGQUERY_MIB;
    int64_t rounded = whole_mib(bytes < 0 ? 0 : bytes);
    int64_t limit = rounded > INT64_MAX - headroom ? INT64_MAX : rounded + headroom;
    int64_t least = minimum(tables);
    return limit > least ? limit : least;
}

double bigquery_cost(int64_t bytes_billed, double price_per_tib) {
    return bytes_billed <= 0 ? 0.0 : (double)bytes_billed / (double)BIGQUERY_TIB * price_per_tib;
}

/* A query that failed on the server costs nothing; one that was given up here may cost all, unless
 * the service never took it. */
static bool may_be_billed(const struct bigquery_result *result) {
    const struct bigquery_failure *failure = &result->failure;
    switch (failure->class) {
    case BIGQUERY_TIMEOUT:
    case BIGQUERY_CANCELLED:
    case BIGQUERY_PROTOCOL:
        return true;
    case BIGQUERY_BACKEND:
    case BIGQUERY_TRANSPORT:
        return failure->deadline_reached && failure->attempts > 0;
    default:
        return failure->deadline_reached && result->job.job_id != NULL;
    }
}

struct bigquery_bill bigquery_result_bill(const struct bigquery_result *result, size_t tables) {
    const struct bigquery_rows *rows = &result->rows;
    if (rows->bytes_billed != BIGQUERY_UNKNOWN) {
        return (struct bigquery_bill){BIGQUERY_BILL_TOLD, rows->bytes_billed};
    }
    if (rows->cache_hit) {
        return (struct bigquery_bill){BIGQUERY_BILL_TOLD, 0};
    }
    if (rows->bytes_processed != BIGQUERY_UNKNOWN) {
        return (struct bigquery_bill){BIGQUERY_BILL_ESTIMATED,
                                      bigquery_billed_estimate(rows->bytes_processed, tables)};
    }
    if (result->status == BIGQUERY_DONE || may_be_billed(result)) {
        return (struct bigquery_bill){BIGQUERY_BILL_UNKNOWN, BIGQUERY_UNKNOWN};
    }
    return (struct bigquery_bill){BIGQUERY_BILL_TOLD, 0};
}
