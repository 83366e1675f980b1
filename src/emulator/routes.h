/* The methods of the API: which path leads to which function. */
#ifndef PHASEGATE_EMULATOR_ROUTES_H
#define PHASEGATE_EMULATOR_ROUTES_H

#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "emulator/failure.h"
#include "emulator/rows.h"

struct emulator;

enum { CALL_NAME_LIMIT = 3 };
#define CALL_PAGE_BYTES ((size_t)10 * 1024 * 1024) /* of rows in one answer */

/* One call of a method: the request as it came, and the answer as it is made. */
struct call {
    struct emulator *emulator;
    struct MHD_Connection *connection;
    char *names[CALL_NAME_LIMIT]; /* from the path: project, then dataset or job, then table */
    const json_t *body;           /* NULL without one */
    bool incomplete;              /* a fault: jobs look as if they were still running */
    int code;                     /* 200 unless the method says otherwise */
    json_t *answer;               /* NULL: no body */
    struct text_buffer rows;      /* a JSON array, answered as "rows" unless empty */
    struct emulator_failure failure;
};

struct route {
    const char *verb;                  /* of HTTP */
    const char *pattern;               /* behind /bigquery/v2/; * is a name */
    const char *method;                /* "jobs.query" */
    bool (*handle)(struct call *call); /* false: the failure is the answer */
};

/* The route of a request, and the names in its path, which the caller frees; NULL when there is
 * none. */
const struct route *routes_find(const char *verb, const char *path, char *names[CALL_NAME_LIMIT]);

/* "tables.patch": the method of the real API that a request without a route means, or NULL when
 * there is none such. */
const char *routes_unsupported(const char *verb, const char *path);

/* A query parameter, or NULL. */
const char *call_parameter(const struct call *call, const char *name);

/* A whole number >= 0 from a query parameter; `fallback` when it is absent; fails (invalid) for
 * anything else. */
bool call_number(struct call *call, const char *name, int64_t fallback, int64_t *number);

/* formatOptions of a GET request. */
enum rows_timestamp call_timestamp(const struct call *call);

/* Opaque page tokens over a position; false (invalid) for a token that is none of ours. */
json_t *call_token(uint64_t position);
bool call_token_read(struct call *call, const char *token, uint64_t *position);

bool route_jobs_query(struct call *call);
bool route_jobs_results(struct call *call);
bool route_jobs_insert(struct call *call);
bool route_jobs_get(struct call *call);
bool route_jobs_cancel(struct call *call);
bool route_jobs_list(struct call *call);
bool route_datasets_list(struct call *call);
bool route_datasets_insert(struct call *call);
bool route_datasets_get(struct call *call);
bool route_datasets_delete(struct call *call);
bool route_tables_list(struct call *call);
bool route_tables_insert(struct call *call);
bool route_tables_get(struct call *call);
bool route_tables_delete(struct call *call);
bool route_data_list(struct call *call);
bool route_data_insert(struct call *call);

#endif
