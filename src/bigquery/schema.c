/* Columns: names, types and modes, nested records included. */
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "bigquery/answer.h"

enum { DEEPEST_RECORD = 32 }; /* BigQuery allows 15 */

static const struct {
    const char *name;
    enum bigquery_type type;
} TYPE_NAMES[] = {
    /* GoogleSQL's names first, in the order of the enumeration */
    {"STRING", BIGQUERY_STRING},
    {"INT64", BIGQUERY_INT64},
    {"FLOAT64", BIGQUERY_FLOAT64},
    {"BOOL", BIGQUERY_BOOL},
    {"DATE", BIGQUERY_DATE},
    {"DATETIME", BIGQUERY_DATETIME},
    {"TIME", BIGQUERY_TIME},
    {"TIMESTAMP", BIGQUERY_TIMESTAMP},
    {"NUMERIC", BIGQUERY_NUMERIC},
    {"BIGNUMERIC", BIGQUERY_BIGNUMERIC},
    {"BYTES", BIGQUERY_BYTES},
    {"GEOGRAPHY", BIGQUERY_GEOGRAPHY},
    {"INTERVAL", BIGQUERY_INTERVAL},
    {"JSON", BIGQUERY_JSON},
    {"RANGE", BIGQUERY_RANGE},
    {"STRUCT", BIGQUERY_RECORD},
    {"?", BIGQUERY_OTHER_TYPE},
    /* the names that schemas come with */
    {"INTEGER", BIGQUERY_INT64},
    {"FLOAT", BIGQUERY_FLOAT64},
    {"BOOLEAN", BIGQUERY_BOOL},
    {"RECORD", BIGQUERY_RECORD},
};

const char *bigquery_type_name(enum bigquery_type type) {
    return TYPE_NAMES[type].name;
}

static enum bigquery_type type_of(const char *name) {
    for (size_t i = 0; i < sizeof TYPE_NAMES / sizeof TYPE_NAMES[0]; i++) {
        if (strcasecmp(TYPE_NAMES[i].name, name) == 0) {
            return TYPE_NAMES[i].type;
        }
    }
    return BIGQUERY_OTHER_TYPE;
}

static enum bigquery_mode mode_of(const char *name) {
    return strcasecmp(name, "REPEATED") == 0   ? BIGQUERY_REPEATED
           : strcasecmp(name, "REQUIRED") == 0 ? BIGQUERY_REQUIRED
                                               : BIGQUERY_NULLABLE;
}

static bool read_fields(struct arena *arena, const json_t *array, int depth,
                        const struct bigquery_field **fields, size_t *count) {
    size_t size = json_array_size(array);
    struct bigquery_field *made = arena_new(arena, size, sizeof *made);
    if (depth > DEEPEST_RECORD) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        const json_t *field = json_array_get(array, i);
        const char *type = json_get_string(field, "type", NULL);
        made[i].name = answer_string(arena, field, "name");
        if (made[i].name == NULL || type == NULL) {
            return false;
        }
        made[i].type = type_of(type);
        made[i].mode = mode_of(json_get_string(field, "mode", ""));
        if (made[i].type == BIGQUERY_RECORD &&
            !read_fields(arena, json_object_get(field, "fields"), depth + 1, &made[i].fields,
                         &made[i].field_count)) {
            return false;
        }
    }
    *fields = made;
    *count = size;
    return true;
}

bool answer_read_fields(struct arena *arena, const json_t *schema,
                        const struct bigquery_field **fields, size_t *count) {
    const json_t *array = json_object_get(schema, "fields");
    if (array != NULL && !json_is_array(array)) {
        return false;
    }
    return read_fields(arena, array, 0, fields, count);
}
