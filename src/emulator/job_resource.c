/* Job resources: identity, configuration, status and statistics. */
#include "emulator/job_resource.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "emulator/resource.h"

/* A job is looked at by many threads, and jansson counts references without a lock. */
static void set_copy(json_t *object, const char *key, const json_t *shared) {
    json_object_set_new(object, key, json_deep_copy(shared));
}

json_t *job_reference(const char *project, const char *id, const char *location) {
    json_t *reference = json_pack("{s:s, s:s}", "projectId", project, "location", location);
    if (id)
        json_object_set_new(reference, "jobId", json_string(id));
    return reference;
}

static const char *state_name(enum job_state state) {
    static const char *const names[] = {
        [JOB_PENDING] = "PENDING", [JOB_RUNNING] = "RUNNING", [JOB_DONE] = "DONE"};
    return names[state];
}

json_t *job_dml_statistics(const struct outcome *outcome) {
    static const struct {
        const char *type;
        const char *member;
    } members[] = {{"INSERT", "insertedRowCount"},
                   {"UPDATE", "updatedRowCount"},
                   {"DELETE", "deletedRowCount"},
                   {"TRUNCATE_TABLE", "deletedRowCount"}};
    if (!outcome->statement_type || outcome->affected_rows < 0)
        return NULL;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (strcmp(members[i].type, outcome->statement_type) == 0)
            return json_pack("{s:o}", members[i].member, resource_int64(outcome->affected_rows));
    return NULL;
}

static void set_dml(json_t *object, const struct outcome *outcome) {
    json_t *statistics = job_dml_statistics(outcome);
    if (!statistics)
        return;
    json_object_set_new(object, "numDmlAffectedRows", resource_int64(outcome->affected_rows));
    json_object_set_new(object, "dmlStats", statistics);
}

void job_set_results(json_t *answer, const struct outcome *outcome) {
    size_t rows = outcome->result ? result_row_count(outcome->result) : 0;
    json_object_set_new(answer, "totalRows", resource_int64((int64_t)rows));
    json_object_set_new(answer, "totalBytesProcessed", resource_int64(outcome->bytes_processed));
    json_object_set_new(answer, "cacheHit", json_boolean(outcome->cache_hit));
    json_object_set_new(answer, "schema",
                        outcome->schema ? json_deep_copy(outcome->schema)
                                        : json_pack("{s:[]}", "fields"));
    set_dml(answer, outcome);
}

static json_t *query_statistics(const struct job_view *view) {
    const struct outcome *outcome = view->outcome;
    json_t *query = json_object();
    if (outcome->statement_type)
        json_object_set_new(query, "statementType", json_string(outcome->statement_type));
    json_object_set_new(query, "totalBytesProcessed", resource_int64(outcome->bytes_processed));
    json_object_set_new(query, "totalBytesBilled",
                        resource_int64(view->request->dry_run ? 0 : outcome->bytes_billed));
    json_object_set_new(query, "cacheHit", json_boolean(outcome->cache_hit));
    json_object_set_new(query, "billingTier", json_integer(1));
    json_object_set_new(query, "totalSlotMs", resource_int64(view->ended_ms - view->started_ms));
    if (outcome->references && json_array_size(outcome->references) > 0)
        set_copy(query, "referencedTables", outcome->references);
    if (outcome->target && outcome->statement_type &&
        strncmp(outcome->statement_type, "CREATE", 6) == 0)
        set_copy(query, "ddlTargetTable", outcome->target);
    set_dml(query, outcome);
    if (!view->request->dry_run)
        return query;
    json_object_set_new(query, "totalBytesProcessedAccuracy", json_string("PRECISE"));
    json_object_set_new(query, "estimatedBytesProcessed", resource_int64(outcome->bytes_processed));
    if (outcome->schema)
        set_copy(query, "schema", outcome->schema);
    if (outcome->undeclared)
        set_copy(query, "undeclaredQueryParameters", outcome->undeclared);
    return query;
}

static json_t *statistics_of(const struct job_view *view) {
    json_t *statistics = json_pack("{s:o}", "creationTime", resource_int64(view->created_ms));
    if (view->started_ms > 0)
        json_object_set_new(statistics, "startTime", resource_int64(view->started_ms));
    if (!view->outcome)
        return statistics;
    json_object_set_new(statistics, "endTime", resource_int64(view->ended_ms));
    json_object_set_new(statistics, "totalBytesProcessed",
                        resource_int64(view->outcome->bytes_processed));
    json_object_set_new(statistics, "totalSlotMs",
                        resource_int64(view->ended_ms - view->started_ms));
    json_object_set_new(statistics, "query", query_statistics(view));
    return statistics;
}

static json_t *status_of(const struct job_view *view) {
    json_t *status = json_pack("{s:s}", "state", state_name(view->state));
    if (view->outcome && outcome_failed(view->outcome)) {
        json_t *proto = failure_proto(&view->outcome->failure);
        json_object_set_new(status, "errors", json_pack("[O]", proto));
        json_object_set_new(status, "errorResult", proto);
    }
    return status;
}

static void set_format(json_t *object, const char *key, char *text) {
    json_object_set_new(object, key, json_string(text));
    free(text);
}

json_t *job_resource(const struct job_view *view, bool item, bool minimal) {
    json_t *job =
        json_pack("{s:s, s:s}", "kind", "bigquery#job", "user_email", "emulator@localhost");
    json_object_set_new(job, "jobReference",
                        job_reference(view->project, view->id, view->location));
    json_object_set_new(job, "status", status_of(view));
    json_object_set_new(job, "statistics", statistics_of(view));
    if (!minimal)
        set_copy(job, "configuration", view->request->configuration);
    if (item)
        json_object_set_new(job, "state", json_string(state_name(view->state)));
    if (item && view->outcome && outcome_failed(view->outcome))
        json_object_set_new(job, "errorResult", failure_proto(&view->outcome->failure));
    if (!view->id)
        return job;
    set_format(job, "id", memory_format("%s:%s.%s", view->project, view->location, view->id));
    set_format(job, "etag",
               memory_format("%llx-%d", (unsigned long long)view->sequence, (int)view->state));
    set_format(job, "selfLink",
               memory_format("https://bigquery.googleapis.com/bigquery/v2/projects/%s/jobs/%s"
                             "?location=%s",
                             view->project, view->id, view->location));
    return job;
}
