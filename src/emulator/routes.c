/* Routes: the table of methods, and what their functions share. */
#include "emulator/routes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "emulator/value.h"

static const struct route routes[] = {
    {"POST", "projects/*/queries", "jobs.query", route_jobs_query},
    {"GET", "projects/*/queries/*", "jobs.getQueryResults", route_jobs_results},
    {"POST", "projects/*/jobs", "jobs.insert", route_jobs_insert},
    {"GET", "projects/*/jobs", "jobs.list", route_jobs_list},
    {"GET", "projects/*/jobs/*", "jobs.get", route_jobs_get},
    {"POST", "projects/*/jobs/*/cancel", "jobs.cancel", route_jobs_cancel},
    {"GET", "projects/*/datasets", "datasets.list", route_datasets_list},
    {"POST", "projects/*/datasets", "datasets.insert", route_datasets_insert},
    {"GET", "projects/*/datasets/*", "datasets.get", route_datasets_get},
    {"DELETE", "projects/*/datasets/*", "datasets.delete", route_datasets_delete},
    {"GET", "projects/*/datasets/*/tables", "tables.list", route_tables_list},
    {"POST", "projects/*/datasets/*/tables", "tables.insert", route_tables_insert},
    {"GET", "projects/*/datasets/*/tables/*", "tables.get", route_tables_get},
    {"DELETE", "projects/*/datasets/*/tables/*", "tables.delete", route_tables_delete},
    {"GET", "projects/*/datasets/*/tables/*/data", "tabledata.list", route_data_list},
    {"POST", "projects/*/datasets/*/tables/*/insertAll", "tabledata.insertAll", route_data_insert},
};

static void free_names(char *names[CALL_NAME_LIMIT]) {
    for (size_t i = 0; i < CALL_NAME_LIMIT; i++) {
        free(names[i]);
        names[i] = NULL;
    }
}

/* Compares segment by segment, keeping what stands at the stars. */
static bool matches(const char *pattern, struct text path, char *names[CALL_NAME_LIMIT]) {
    struct text wanted = text_of(pattern);
    size_t count = 0;
    while (wanted.size > 0 && path.size > 0) {
        struct text want = text_cut(&wanted, '/');
        struct text have = text_cut(&path, '/');
        if (text_is(want, "*") && have.size > 0)
            names[count++] = memory_copy_part(have.data, have.size);
        else if (!text_equal(want, have))
            break;
        if (wanted.size == 0 && path.size == 0)
            return true;
    }
    free_names(names);
    return false;
}

/* What stands behind /bigquery/v2/ or /. */
static struct text behind_prefix(const char *path) {
    const struct text prefix = TEXT("/bigquery/v2/");
    struct text rest = text_of(path);
    size_t skip = text_starts(rest, prefix) ? prefix.size : 1;
    if (rest.size < skip)
        return (struct text){0};
    rest.data += skip;
    rest.size -= skip;
    if (rest.size > 1 && rest.data[rest.size - 1] == '/')
        rest.size--;
    return rest;
}

/* Methods that the real API has and this server has not; * in a verb is any, at the end of a path
 * whatever follows. */
static const struct {
    const char *verb, *pattern, *method;
} unsupported[] = {
    {"PATCH", "projects/?/datasets/?", "datasets.patch"},
    {"PUT", "projects/?/datasets/?", "datasets.update"},
    {"POST", "projects/?/datasets/?:undelete", "datasets.undelete"},
    {"PATCH", "projects/?/datasets/?/tables/?", "tables.patch"},
    {"PUT", "projects/?/datasets/?/tables/?", "tables.update"},
    {"*", "projects/?/datasets/?/tables/?/rowAccessPolicies*", "rowAccessPolicies"},
    {"*", "projects/?/datasets/?/tables/?:*", "IAM of tables"},
    {"*", "projects/?/datasets/?/models*", "models"},
    {"*", "projects/?/datasets/?/routines*", "routines"},
    {"DELETE", "projects/?/jobs/?/delete", "jobs.delete"},
    {"GET", "projects/?/serviceAccount", "projects.getServiceAccount"},
    {"GET", "projects", "projects.list"},
    {"*", "upload/*", "Loading by upload"},
    {"*", "resumable/*", "Loading by upload"},
    {"*", "batch*", "Batching of requests"},
    {"GET", "discovery/*", "Discovery"},
};

/* ? is one segment's text, up to a slash or a colon. */
static bool fits(const char *pattern, struct text path) {
    size_t at = 0;
    for (; *pattern; pattern++) {
        if (*pattern == '*')
            return true;
        if (*pattern == '?') {
            size_t start = at;
            while (at < path.size && path.data[at] != '/' && path.data[at] != ':')
                at++;
            if (at == start)
                return false;
        } else if (at >= path.size || path.data[at++] != *pattern) {
            return false;
        }
    }
    return at == path.size;
}

const char *routes_unsupported(const char *verb, const char *path) {
    struct text rest = behind_prefix(path);
    for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++)
        if ((unsupported[i].verb[0] == '*' || strcmp(unsupported[i].verb, verb) == 0) &&
            fits(unsupported[i].pattern, rest))
            return unsupported[i].method;
    return NULL;
}

const struct route *routes_find(const char *verb, const char *path, char *names[CALL_NAME_LIMIT]) {
    struct text rest = behind_prefix(path);
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (strcmp(routes[i].verb, verb) == 0 && matches(routes[i].pattern, rest, names))
            return &routes[i];
    return NULL;
}

const char *call_parameter(const struct call *call, const char *name) {
    return MHD_lookup_connection_value(call->connection, MHD_GET_ARGUMENT_KIND, name);
}

bool call_number(struct call *call, const char *name, int64_t fallback, int64_t *number) {
    const char *text = call_parameter(call, name);
    *number = fallback;
    if (!text || (text_to_int64(text_of(text), number) && *number >= 0))
        return true;
    return failure_set(&call->failure, EMULATOR_REASON_INVALID,
                       "Invalid value for %s: %s is not a valid value", name, text);
}

enum rows_timestamp call_timestamp(const struct call *call) {
    const char *use_int64 = call_parameter(call, "formatOptions.useInt64Timestamp");
    return rows_timestamp_parse(use_int64 && strcmp(use_int64, "true") == 0,
                                call_parameter(call, "formatOptions.timestampOutputFormat"));
}

json_t *call_token(uint64_t position) {
    char *plain = memory_format("at:%" PRIu64, position);
    struct text_buffer encoded = {0};
    value_put_base64(&encoded, text_of(plain));
    json_t *token = json_stringn(encoded.data, encoded.size);
    text_buffer_free(&encoded);
    free(plain);
    return token;
}

bool call_token_read(struct call *call, const char *token, uint64_t *position) {
    struct text_buffer plain = {0};
    int64_t number = -1;
    bool good = value_take_base64(text_of(token), &plain) && plain.size > 3 &&
                memcmp(plain.data, "at:", 3) == 0 &&
                text_to_int64((struct text){plain.data + 3, plain.size - 3}, &number) &&
                number >= 0;
    text_buffer_free(&plain);
    *position = good ? (uint64_t)number : 0;
    return good ||
           failure_set(&call->failure, EMULATOR_REASON_INVALID, "Invalid page token: %s", token);
}
