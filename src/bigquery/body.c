#include "bigquery/body.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

enum { LONGEST_LABEL = 63, LONGEST_NAME = 128, NUMBER_SIZE = 24 };

static void add_encoded(struct text_buffer *url, const char *string) {
    static const char PLAIN[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
    for (const char *c = string; *c != '\0'; c++) {
        if (strchr(PLAIN, *c) != NULL) {
            text_buffer_put(url, c, 1);
        } else {
            text_buffer_format(url, "%%%02X", (unsigned)(unsigned char)*c);
        }
    }
}

void url_add_segment(struct text_buffer *url, const char *segment) {
    text_buffer_add(url, "/");
    add_encoded(url, segment);
}

void url_add_option(struct text_buffer *url, const char *name, const char *value) {
    if (value != NULL) {
        bool first = memchr(url->data, '?', url->size) == NULL;
        text_buffer_format(url, "%c%s=", first ? '?' : '&', name);
        add_encoded(url, value);
    }
}

void url_add_number(struct text_buffer *url, const char *name, int64_t value) {
    char text[NUMBER_SIZE];
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    url_add_option(url, name, text);
}

/* ---- Labels ------------------------------------------------------------------------------ */

static bool is_label(const char *text) {
    static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    return strlen(text) <= LONGEST_LABEL && strspn(text, ALLOWED) == strlen(text);
}

json_t *body_labels(const json_t *base, const struct bigquery_label *labels, size_t count,
                    struct error *error) {
    json_t *object = base != NULL ? json_copy((json_t *)base) : json_object();
    for (size_t i = 0; i < count; i++) {
        const char *key = labels[i].key != NULL ? labels[i].key : "";
        const char *value = labels[i].value != NULL ? labels[i].value : "";
        if (!is_label(key) || key[0] < 'a' || key[0] > 'z' || !is_label(value)) {
            (void)error_set(error, EXIT_USAGE,
                            "label \"%s\"=\"%s\": at most %d lower case letters, digits, _ and -, "
                            "the key starting with a letter",
                            key, value, LONGEST_LABEL);
            json_decref(object);
            return NULL;
        }
        json_object_set_new(object, key, json_string(value));
    }
    return object;
}

/* ---- Queries ----------------------------------------------------------------------------- */

/* int64 fields travel as strings. */
static json_t *int64_text(int64_t value) {
    return json_sprintf("%" JSON_INTEGER_FORMAT, (json_int_t)value);
}

static json_t *type_object(const struct bigquery_parameter *parameter) {
    json_t *type = json_pack("{s:s}", "type", bigquery_type_name(parameter->type));
    return parameter->array ? json_pack("{s:s, s:o}", "type", "ARRAY", "arrayType", type) : type;
}

/* NULL when a text is missing or is not UTF-8. */
static json_t *value_object(const struct bigquery_parameter *parameter) {
    if (!parameter->array) {
        return json_pack("{s:s?}", "value", parameter->value);
    }
    json_t *values = json_array();
    for (size_t i = 0; i < parameter->count; i++) {
        json_t *value = json_pack("{s:s}", "value", parameter->values[i]);
        if (value == NULL) {
            json_decref(values);
            return NULL;
        }
        json_array_append_new(values, value);
    }
    return json_pack("{s:o}", "arrayValues", values);
}

static bool is_parameter_name(const char *name) {
    static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    size_t size = name == NULL ? 0 : strlen(name);
    return size > 0 && size <= LONGEST_NAME && strspn(name, ALLOWED) == size &&
           (name[0] < '0' || name[0] > '9');
}

static json_t *parameters_array(const struct bigquery_query *query, struct error *error) {
    json_t *array = json_array();
    for (size_t i = 0; i < query->parameter_count; i++) {
        const struct bigquery_parameter *parameter = &query->parameters[i];
        const char *name = is_parameter_name(parameter->name) ? parameter->name : NULL;
        json_t *value = value_object(parameter);
        if (name == NULL || value == NULL || parameter->type >= BIGQUERY_RANGE) {
            (void)error_set(error, EXIT_USAGE,
                            "query parameter \"%s\": the name, the type or a value is not allowed",
                            parameter->name != NULL ? parameter->name : "");
            json_decref(value);
            json_decref(array);
            return NULL;
        }
        json_array_append_new(array, json_pack("{s:s, s:o, s:o}", "name", name, "parameterType",
                                               type_object(parameter), "parameterValue", value));
    }
    return array;
}

/* The fields that jobs.query and a job's configuration.query have in common. */
static json_t *common_query(const struct bigquery_query *query, struct error *error) {
    json_t *sql = query->sql == NULL || query->sql[0] == '\0' ? NULL : json_string(query->sql);
    json_t *parameters = sql == NULL ? NULL : parameters_array(query, error);
    if (sql == NULL) {
        (void)error_set(error, EXIT_USAGE, "the query is empty or not UTF-8");
        return NULL;
    }
    if (parameters == NULL) {
        json_decref(sql);
        return NULL;
    }
    json_t *body = json_pack("{s:o, s:b, s:b}", "query", sql, "useLegacySql", 0, "useQueryCache",
                             !query->no_cache);
    if (json_array_size(parameters) > 0) {
        json_object_set_new(body, "parameterMode", json_string("NAMED"));
        json_object_set_new(body, "queryParameters", parameters);
    } else {
        json_decref(parameters);
    }
    return body;
}

static json_t *dry_run_body(json_t *common, json_t *labels, const char *location) {
    json_t *job = json_pack("{s:{s:o, s:b, s:o}}", "configuration", "query", common, "dryRun", 1,
                            "labels", labels);
    if (location != NULL) {
        json_object_set_new(job, "jobReference", json_pack("{s:s}", "location", location));
    }
    return job;
}

/* `dryRun`, `labels` and `jobTimeoutMs` stand one level above the query. */
static json_t *job_body(json_t *common, json_t *labels, const char *location, int64_t deadline_ms) {
    json_t *job = json_pack("{s:{s:o, s:o, s:o}, s:{}}", "configuration", "query", common, "labels",
                            labels, "jobTimeoutMs", int64_text(deadline_ms), "jobReference");
    if (location != NULL) {
        json_object_set_new(json_object_get(job, "jobReference"), "location",
                            json_string(location));
    }
    return job;
}

json_t *body_query(const struct bigquery_query *query, const struct body_defaults *defaults,
                   enum body_form form, struct error *error) {
    const char *location = query->location != NULL ? query->location : defaults->location;
    json_t *common = common_query(query, error);
    if (common == NULL) {
        return NULL;
    }
    json_t *labels = body_labels(defaults->labels, query->labels, query->label_count, error);
    if (labels == NULL) {
        json_decref(common);
        return NULL;
    }
    if (form == BODY_JUDGEMENT) {
        return dry_run_body(common, labels, location);
    }
    int64_t most = query->maximum_bytes_billed > 0 ? query->maximum_bytes_billed
                                                   : defaults->maximum_bytes_billed;
    if (form == BODY_JOB) {
        json_object_set_new(common, "maximumBytesBilled", int64_text(most));
        return job_body(common, labels, location, defaults->deadline_ms);
    }
    json_object_set_new(common, "labels", labels);
    if (query->dry_run) {
        json_object_set_new(common, "dryRun", json_true());
    } else {
        json_object_set_new(common, "maximumBytesBilled", int64_text(most));
    }
    json_object_set_new(common, "maxResults", json_integer(query->page_rows));
    json_object_set_new(common, "timeoutMs", json_integer(query->timeout_ms));
    json_object_set_new(common, "jobTimeoutMs", int64_text(defaults->deadline_ms));
    json_object_set_new(common, "formatOptions", json_pack("{s:b}", "useInt64Timestamp", 1));
    if (location != NULL) {
        json_object_set_new(common, "location", json_string(location));
    }
    return common;
}

json_t *body_insert(const struct bigquery_insert *insert) {
    json_t *rows = json_array();
    size_t index = 0;
    json_t *row = NULL;
    json_array_foreach(insert->rows, index, row) {
        json_t *item = json_pack("{s:O}", "json", row);
        if (insert->insert_id != NULL) {
            json_object_set_new(item, "insertId", json_sprintf("%s-%zu", insert->insert_id, index));
        }
        json_array_append_new(rows, item);
    }
    return json_pack("{s:s, s:o}", "kind", "bigquery#tableDataInsertAllRequest", "rows", rows);
}
