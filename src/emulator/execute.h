/* Running one query: compile, judge its price, answer from the cache or from SQLite. */
#ifndef PHASEGATE_EMULATOR_EXECUTE_H
#define PHASEGATE_EMULATOR_EXECUTE_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "emulator/cache.h"
#include "emulator/failure.h"
#include "emulator/request.h"
#include "emulator/result.h"
#include "emulator/storage.h"

#define EXECUTION_CANCELLED "Job execution was cancelled: User requested cancellation"

struct executor {
    struct storage *storage;
    struct cache *cache;
    int64_t buffer_ms;    /* how long rows stay in the streaming buffer */
    int64_t statement_ms; /* of processor time that one statement may take */
};

/* How a query ended. Zero-initialise, then outcome_clear. */
struct outcome {
    struct emulator_failure failure;
    const char *statement_type; /* NULL until the text was understood; static */
    struct result *result;      /* of a SELECT that ran, rows and all */
    json_t *schema;             /* of a SELECT, dry or not */
    json_t *references;         /* TableReferences read */
    json_t *undeclared;         /* of a dry run */
    json_t *target;             /* of DML and DDL, a TableReference */
    bool cache_hit;
    int64_t bytes_processed;
    int64_t bytes_billed;
    int64_t affected_rows; /* of DML; -1 otherwise */
};

/* Runs the request to its end; `cancel` may be set by another thread. Any thread. */
void execute_query(const struct executor *executor, const struct query_request *request,
                   const atomic_bool *cancel, struct outcome *outcome);

void outcome_clear(struct outcome *outcome);
bool outcome_failed(const struct outcome *outcome);

/* Rounds up to whole MiB, at least 10 of them; 0 for nothing. */
int64_t execute_billed_bytes(int64_t processed);

#endif
