/* Tables, datasets and jobs as tables.get, datasets.get and the lists tell of them. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "bigquery/answer.h"

struct answer *answer_new(void) {
    struct answer *answer = memory_new(1, sizeof *answer);
    answer->open.rows.affected_rows = BIGQUERY_UNKNOWN;
    answer->open.rows.bytes_processed = BIGQUERY_UNKNOWN;
    answer->open.rows.bytes_billed = BIGQUERY_UNKNOWN;
    return answer;
}

void bigquery_result_free(struct bigquery_result *result) {
    struct answer *answer = (struct answer *)result;
    if (answer != NULL) {
        arena_free(&answer->arena);
        free(answer->cells);
        free(answer->jobs);
        free((void *)answer->tables);
        free(answer);
    }
}

bool bigquery_result_check(const struct bigquery_result *result, struct error *error) {
    static const enum error_exit EXITS[] = {
        [BIGQUERY_THROTTLED] = EXIT_UNAVAILABLE, [BIGQUERY_QUOTA] = EXIT_UNAVAILABLE,
        [BIGQUERY_BACKEND] = EXIT_UNAVAILABLE,   [BIGQUERY_TRANSPORT] = EXIT_UNAVAILABLE,
        [BIGQUERY_PROTOCOL] = EXIT_PROTOCOL,     [BIGQUERY_AUTH] = EXIT_PERMISSION,
        [BIGQUERY_DENIED] = EXIT_PERMISSION,     [BIGQUERY_NOT_FOUND] = EXIT_DATA,
        [BIGQUERY_BYTES_LIMIT] = EXIT_DATA,      [BIGQUERY_QUERY] = EXIT_DATA,
        [BIGQUERY_TIMEOUT] = EXIT_UNAVAILABLE,   [BIGQUERY_CANCELLED] = EXIT_TEMPORARY,
    };
    const struct bigquery_failure *failure = &result->failure;
    if (result->status == BIGQUERY_DONE) {
        return true;
    }
    return error_set(error, EXITS[failure->class], "BigQuery: %s: %s", failure->reason,
                     failure->message);
}

int64_t answer_int64(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    int64_t number = BIGQUERY_UNKNOWN;
    if (json_is_integer(value)) {
        number = (int64_t)json_integer_value(value);
    } else if (!json_is_string(value) ||
               !text_to_int64((struct text){json_string_value(value), json_string_length(value)},
                              &number)) {
        return BIGQUERY_UNKNOWN;
    }
    return number < 0 ? BIGQUERY_UNKNOWN : number;
}

const char *answer_string(struct arena *arena, const json_t *object, const char *key) {
    return arena_string(arena, json_string_value(json_object_get(object, key)));
}

const json_t *answer_member(const json_t *object, const char *outer, const char *inner) {
    return json_object_get(json_object_get(object, outer), inner);
}

void answer_read_job(struct answer *answer, const json_t *reference) {
    struct bigquery_job *job = &answer->open.job;
    const char *id = json_get_string(reference, "jobId", NULL);
    if (id == NULL || id[0] == '\0') {
        return;
    }
    if (job->job_id != NULL && strcmp(job->job_id, id) == 0) {
        job->location = job->location != NULL
                            ? job->location
                            : answer_string(&answer->arena, reference, "location");
        return;
    }
    job->job_id = arena_string(&answer->arena, id);
    job->project = answer_string(&answer->arena, reference, "projectId");
    job->location = answer_string(&answer->arena, reference, "location");
}

static void read_streaming_buffer(struct bigquery_table *table, const json_t *buffer) {
    table->streaming = json_is_object(buffer);
    table->streaming_rows = answer_int64(buffer, "estimatedRows");
    table->streaming_oldest_ms = answer_int64(buffer, "oldestEntryTime");
}

static void read_partitioning(struct arena *arena, struct bigquery_table *table,
                              const json_t *body) {
    const json_t *by_time = json_object_get(body, "timePartitioning");
    const json_t *by_range = json_object_get(body, "rangePartitioning");
    table->partition_expiration_ms = answer_int64(by_time, "expirationMs");
    if (json_is_object(by_time)) {
        table->partition_type = answer_string(arena, by_time, "type");
        table->partition_field = answer_string(arena, by_time, "field");
    } else if (json_is_object(by_range)) {
        table->partition_type = "RANGE";
        table->partition_field = answer_string(arena, by_range, "field");
    }
    table->partition_filter_required = json_get_bool(
        body, "requirePartitionFilter", json_get_bool(by_time, "requirePartitionFilter", false));
}

bool answer_read_table(struct answer *answer, const json_t *body) {
    struct bigquery_table *table = &answer->open.table;
    struct arena *arena = &answer->arena;
    if (!json_is_object(json_object_get(body, "tableReference"))) {
        return false;
    }
    table->exists = true;
    table->type = arena_string(arena, json_get_string(body, "type", "TABLE"));
    table->num_rows = answer_int64(body, "numRows");
    table->num_bytes = answer_int64(body, "numBytes");
    table->created_ms = answer_int64(body, "creationTime");
    table->modified_ms = answer_int64(body, "lastModifiedTime");
    table->expires_ms = answer_int64(body, "expirationTime");
    table->etag = answer_string(arena, body, "etag");
    table->location = answer_string(arena, body, "location");
    read_streaming_buffer(table, json_object_get(body, "streamingBuffer"));
    read_partitioning(arena, table, body);
    return answer_read_fields(arena, json_object_get(body, "schema"), &table->fields,
                              &table->field_count);
}

bool answer_read_dataset(struct answer *answer, const json_t *body) {
    struct bigquery_dataset *dataset = &answer->open.dataset;
    if (!json_is_object(json_object_get(body, "datasetReference"))) {
        return false;
    }
    dataset->exists = true;
    dataset->location = answer_string(&answer->arena, body, "location");
    dataset->table_expiration_ms = answer_int64(body, "defaultTableExpirationMs");
    dataset->partition_expiration_ms = answer_int64(body, "defaultPartitionExpirationMs");
    return true;
}

void answer_add_tables(struct answer *answer, const json_t *tables) {
    size_t index = 0;
    json_t *table = NULL;
    json_array_foreach(tables, index, table) {
        const char *name =
            json_get_string(json_object_get(table, "tableReference"), "tableId", NULL);
        if (name == NULL) {
            continue;
        }
        answer->tables = memory_grow(answer->tables, answer->open.table_count,
                                     &answer->table_capacity, sizeof *answer->tables);
        answer->tables[answer->open.table_count++] = arena_string(&answer->arena, name);
        answer->open.tables = answer->tables;
    }
}

bool answer_same_fields(const struct bigquery_field *a, size_t a_count,
                        const struct bigquery_field *b, size_t b_count) {
    if (a_count != b_count) {
        return false;
    }
    for (size_t i = 0; i < a_count; i++) {
        if (strcmp(a[i].name, b[i].name) != 0 || a[i].type != b[i].type || a[i].mode != b[i].mode ||
            !answer_same_fields(a[i].fields, a[i].field_count, b[i].fields, b[i].field_count)) {
            return false;
        }
    }
    return true;
}

void answer_add_jobs(struct answer *answer, const json_t *jobs, const char *label_key,
                     const char *label_value, bool running_only) {
    size_t index = 0;
    json_t *job = NULL;
    json_array_foreach(jobs, index, job) {
        const json_t *labels = answer_member(job, "configuration", "labels");
        const char *value = json_get_string(labels, label_key, NULL);
        const json_t *status = json_object_get(job, "status");
        const char *state = json_get_string(status, "state", "?");
        if (value == NULL || (label_value != NULL && strcmp(value, label_value) != 0) ||
            (running_only && strcmp(state, "DONE") == 0)) {
            continue;
        }
        const json_t *reference = json_object_get(job, "jobReference");
        const json_t *statistics = json_object_get(job, "statistics");
        struct arena *arena = &answer->arena;
        answer->jobs = memory_grow(answer->jobs, answer->open.job_count, &answer->job_capacity,
                                   sizeof *answer->jobs);
        answer->jobs[answer->open.job_count++] = (struct bigquery_job_info){
            .job_id = answer_string(arena, reference, "jobId"),
            .location = answer_string(arena, reference, "location"),
            .state = arena_string(arena, state),
            .label_value = arena_string(arena, value),
            .failed = answer_string(arena, json_object_get(status, "errorResult"), "reason"),
            .created_ms = answer_int64(statistics, "creationTime"),
            .bytes_billed = answer_int64(json_object_get(statistics, "query"), "totalBytesBilled"),
        };
        answer->open.jobs = answer->jobs;
    }
}
