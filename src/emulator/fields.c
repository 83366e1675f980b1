/* One row an object of a request: the method, where in the body the object stands (behind an array
 * every element), and the members that are known there. */
#include "emulator/fields.h"

#include <string.h>

#define TABLE_OUTPUT                                                                               \
    "kind etag id selfLink type location creationTime lastModifiedTime numBytes numRows "          \
    "numLongTermBytes numTotalLogicalBytes numActiveLogicalBytes streamingBuffer "
#define QUERY                                                                                      \
    "query useLegacySql useQueryCache defaultDataset queryParameters parameterMode "               \
    "maximumBytesBilled priority "
#define PARAMETER "name parameterType parameterValue"

static const struct {
    const char *method, *path, *members;
} known[] = {
    {"jobs.query", "",
     QUERY "kind location formatOptions dryRun labels jobTimeoutMs timeoutMs maxResults requestId "
           "jobCreationMode preserveNulls"},
    {"jobs.query", "formatOptions", "useInt64Timestamp timestampOutputFormat"},
    {"jobs.query", "defaultDataset", "projectId datasetId"},
    {"jobs.query", "queryParameters", PARAMETER},
    {"jobs.insert", "", "kind etag id selfLink user_email configuration jobReference"},
    {"jobs.insert", "jobReference", "projectId jobId location"},
    {"jobs.insert", "configuration", "jobType query dryRun labels jobTimeoutMs"},
    /* Dispositions speak of a destinationTable, which is not known. */
    {"jobs.insert", "configuration.query",
     QUERY "createDisposition writeDisposition flattenResults allowLargeResults"},
    {"jobs.insert", "configuration.query.defaultDataset", "projectId datasetId"},
    {"jobs.insert", "configuration.query.queryParameters", PARAMETER},
    {"datasets.insert", "",
     "kind etag id selfLink creationTime lastModifiedTime datasetReference location description "
     "friendlyName labels access defaultTableExpirationMs defaultPartitionExpirationMs"},
    {"datasets.insert", "datasetReference", "projectId datasetId"},
    {"tables.insert", "",
     TABLE_OUTPUT "tableReference schema description friendlyName labels clustering expirationTime "
                  "timePartitioning requirePartitionFilter view materializedView "
                  "externalDataConfiguration"},
    {"tables.insert", "tableReference", "projectId datasetId tableId"},
    {"tables.insert", "timePartitioning", "type field expirationMs requirePartitionFilter"},
    {"tables.insert", "clustering", "fields"},
    {"tables.insert", "schema", "fields"},
    {"tables.insert", "schema.fields", "name type mode fields description"},
    {"tabledata.insertAll", "", "kind rows skipInvalidRows ignoreUnknownValues traceId"},
    {"tabledata.insertAll", "rows", "insertId json"},
};

/* What every method takes in its query string, and what some do. */
static const char everywhere[] = "alt key prettyPrint quotaUser userIp access_token oauth_token "
                                 "fields $.xgafv";
static const struct {
    const char *method, *names;
} parameters[] = {
    {"jobs.getQueryResults", "location maxResults pageToken startIndex timeoutMs "
                             "formatOptions.useInt64Timestamp formatOptions.timestampOutputFormat"},
    {"jobs.get", "location"},
    {"jobs.cancel", "location"},
    {"jobs.list", "maxResults minCreationTime maxCreationTime pageToken projection stateFilter"},
    {"datasets.list", "maxResults pageToken all"},
    {"datasets.get", "datasetView"},
    {"datasets.delete", "deleteContents"},
    {"tables.list", "maxResults pageToken"},
    {"tables.get", "view"},
    {"tabledata.list", "maxResults pageToken startIndex selectedFields "
                       "formatOptions.useInt64Timestamp formatOptions.timestampOutputFormat"},
};

static bool has_word(const char *words, const char *word) {
    struct text rest = text_of(words);
    while (rest.size > 0)
        if (text_is(text_cut(&rest, ' '), word))
            return true;
    return false;
}

static bool asks_for_nothing(const json_t *value) {
    return json_is_null(value) || json_is_false(value) ||
           (json_is_string(value) && json_string_length(value) == 0) ||
           (json_is_array(value) && json_array_size(value) == 0) ||
           (json_is_object(value) && json_object_size(value) == 0);
}

static bool refuse(struct call *call, const char *method, const char *path, const char *name) {
    return failure_set(&call->failure, EMULATOR_REASON_NOT_IMPLEMENTED,
                       "%s%s%.200s of %s is not supported by the local BigQuery", path,
                       *path ? "." : "", name, method);
}

static bool check_object(struct call *call, size_t row, const json_t *object) {
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value) {
        if (!has_word(known[row].members, name) && !asks_for_nothing(value))
            return refuse(call, known[row].method, known[row].path, name);
        /* Fields of a schema hold fields. */
        if (strcmp(name, "fields") == 0 && json_is_array(value) &&
            strcmp(known[row].path, "schema.fields") == 0) {
            size_t i;
            json_t *field;
            json_array_foreach(value, i, field) {
                if (!check_object(call, row, field))
                    return false;
            }
        }
    }
    return true;
}

static bool check_row(struct call *call, size_t row) {
    const json_t *object = call->body;
    struct text path = text_of(known[row].path);
    while (path.size > 0 && object) {
        struct text name = text_cut(&path, '.');
        char key[64];
        size_t size = name.size < sizeof key - 1 ? name.size : sizeof key - 1;
        memcpy(key, name.data, size);
        key[size] = '\0';
        object = json_object_get(object, key);
    }
    if (!json_is_array(object))
        return check_object(call, row, object);
    size_t i;
    const json_t *element;
    json_array_foreach(object, i, element) {
        if (!check_object(call, row, element))
            return false;
    }
    return true;
}

struct asked {
    struct call *call;
    const char *method, *names;
};

static enum MHD_Result check_parameter(void *context, enum MHD_ValueKind kind, const char *name,
                                       const char *value) {
    struct asked *asked = context;
    (void)kind;
    if (!value || !*value || has_word(everywhere, name) || has_word(asked->names, name))
        return MHD_YES;
    (void)failure_set(&asked->call->failure, EMULATOR_REASON_NOT_IMPLEMENTED,
                      "The parameter %.200s of %s is not supported by the local BigQuery", name,
                      asked->method);
    return MHD_NO;
}

bool fields_check(struct call *call, const char *method) {
    struct asked asked = {call, method, ""};
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++)
        if (strcmp(parameters[i].method, method) == 0)
            asked.names = parameters[i].names;
    MHD_get_connection_values(call->connection, MHD_GET_ARGUMENT_KIND, check_parameter, &asked);
    if (call->failure.reason != EMULATOR_REASON_NONE)
        return false;
    for (size_t row = 0; row < sizeof known / sizeof *known; row++)
        if (strcmp(known[row].method, method) == 0 && !check_row(call, row))
            return false;
    const json_t *partitioning = json_object_get(call->body, "timePartitioning");
    if (strcmp(method, "tables.insert") == 0 && json_object_size(partitioning) > 0 &&
        !json_object_get(partitioning, "field"))
        return refuse(call, method, "timePartitioning", "type without a field (ingestion time)");
    return true;
}
