/* Query requests: two shapes of JSON, one structure. */
#include "emulator/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "emulator/resource.h"

#define LONGEST_JOB_MS INT64_C(21600000) /* six hours, as in BigQuery */
#define COUNT(array)   (sizeof(array) / sizeof((array)[0]))

/* Members of jobs.query that a job keeps under configuration.query, and beside it. */
static const char *const query_members[] = {
    "query",           "useLegacySql",  "useQueryCache",      "defaultDataset",
    "queryParameters", "parameterMode", "maximumBytesBilled", "connectionProperties",
    "createSession",   "priority",      "formatOptions",
};
static const char *const job_members[] = {"dryRun", "labels", "jobTimeoutMs"};

/* What only a warehouse can do; asking for it must not look as if it had been done. */
static const char *const refused_members[] = {"destinationTable", "tableDefinitions",
                                              "scriptOptions"};

static char *member_copy(const json_t *object, const char *key) {
    return memory_copy_string(json_get_string(object, key, NULL));
}

static bool check(const json_t *query, struct emulator_failure *failure) {
    if (!*json_get_string(query, "query", ""))
        return failure_set(failure, EMULATOR_REASON_REQUIRED,
                           "Required parameter is missing: query");
    if (json_get_bool(query, "useLegacySql", true))
        return failure_set(failure, EMULATOR_REASON_INVALID,
                           "This server speaks GoogleSQL only, and legacy SQL is the default: "
                           "send \"useLegacySql\": false");
    for (size_t i = 0; i < COUNT(refused_members); i++)
        if (json_object_get(query, refused_members[i]))
            return failure_set(failure, EMULATOR_REASON_NOT_IMPLEMENTED,
                               "This server does not support %s in a query", refused_members[i]);
    return true;
}

static struct query_request *read_request(const json_t *query, const json_t *beside,
                                          const char *project, const char *location,
                                          struct emulator_failure *failure) {
    if (!check(query, failure))
        return NULL;
    struct query_request *request = memory_new(1, sizeof *request);
    request->project = memory_copy_string(project);
    request->query = member_copy(query, "query");
    request->location = memory_copy_string(location);
    request->mode = member_copy(query, "parameterMode");
    request->parameters = json_incref(json_object_get(query, "queryParameters"));
    const json_t *dataset = json_object_get(query, "defaultDataset");
    if (json_is_object(dataset)) {
        request->default_project =
            memory_copy_string(json_get_string(dataset, "projectId", project));
        request->default_dataset = member_copy(dataset, "datasetId");
    }
    request->use_cache = json_get_bool(query, "useQueryCache", true);
    request->dry_run = json_get_bool(beside, "dryRun", false);
    request->maximum_bytes_billed = resource_take_int64(query, "maximumBytesBilled", -1);
    int64_t timeout_ms = resource_take_int64(beside, "jobTimeoutMs", 0);
    request->timeout_ms = timeout_ms > LONGEST_JOB_MS ? LONGEST_JOB_MS : timeout_ms;
    request->configuration = json_pack("{s:s, s:{}}", "jobType", "QUERY", "query");
    json_t *kept = json_object_get(request->configuration, "query");
    for (size_t i = 0; i < COUNT(query_members); i++)
        if (json_object_get(query, query_members[i]))
            json_object_set(kept, query_members[i], json_object_get(query, query_members[i]));
    for (size_t i = 0; i < COUNT(job_members); i++)
        if (json_object_get(beside, job_members[i]))
            json_object_set(request->configuration, job_members[i],
                            json_object_get(beside, job_members[i]));
    return request;
}

struct query_request *request_of_query(const json_t *body, const char *project,
                                       struct emulator_failure *failure) {
    return read_request(body, body, project, json_get_string(body, "location", NULL), failure);
}

struct query_request *request_of_job(const json_t *body, const char *project,
                                     struct emulator_failure *failure) {
    const json_t *configuration = json_object_get(body, "configuration");
    const json_t *query = json_object_get(configuration, "query");
    if (!json_is_object(query)) {
        failure_set(failure, EMULATOR_REASON_NOT_IMPLEMENTED,
                    "This server runs query jobs only: configuration.query is missing");
        return NULL;
    }
    const json_t *reference = json_object_get(body, "jobReference");
    return read_request(query, configuration, project, json_get_string(reference, "location", NULL),
                        failure);
}

void request_free(struct query_request *request) {
    if (!request)
        return;
    free(request->project);
    free(request->query);
    free(request->location);
    free(request->default_project);
    free(request->default_dataset);
    free(request->mode);
    json_decref(request->parameters);
    json_decref(request->configuration);
    free(request);
}

/* Writes a string behind its length, so that no two lists of them look alike. */
static void put_part(struct text_buffer *key, const char *part) {
    text_buffer_format(key, "%zu:%s\n", part ? strlen(part) + 1 : 0, part ? part : "");
}

char *request_key(const struct query_request *request) {
    struct text_buffer key = {0};
    char *parameters = request->parameters ? json_text(request->parameters) : NULL;
    const char *const parts[] = {
        request->project,         request->location, request->default_project,
        request->default_dataset, request->mode,     parameters};
    for (size_t i = 0; i < COUNT(parts); i++)
        put_part(&key, parts[i]);
    text_buffer_add(&key, request->query);
    free(parameters);
    return text_buffer_take(&key);
}
