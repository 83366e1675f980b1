/* Schemas: from and to REST's JSON, with BigQuery's rules for names and modes. */
#include "emulator/schema.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

enum { NAME_LIMIT = 300, DEPTH_LIMIT = 15 };

static bool name_is_valid(const char *name) {
    size_t length = strlen(name);
    if (length == 0 || length > NAME_LIMIT || (name[0] >= '0' && name[0] <= '9'))
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)name[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '-' || c >= 0x80;
        if (!word)
            return false;
    }
    return true;
}

static bool read_fields(const json_t *array, int depth, struct emulator_field **fields,
                        size_t *count, struct emulator_failure *failure);

static bool read_mode(const char *mode, struct emulator_field *field,
                      struct emulator_failure *failure) {
    field->repeated = strcasecmp(mode, "REPEATED") == 0;
    field->required = strcasecmp(mode, "REQUIRED") == 0;
    if (field->repeated || field->required || strcasecmp(mode, "NULLABLE") == 0)
        return true;
    return failure_set(failure, EMULATOR_REASON_INVALID,
                       "Invalid value for mode: %s is not a valid value", mode);
}

static bool read_field(const json_t *json, int depth, struct emulator_field *field,
                       struct emulator_failure *failure) {
    const char *name = json_get_string(json, "name", "");
    if (!name_is_valid(name))
        return failure_set(failure, EMULATOR_REASON_INVALID,
                           "Invalid field name \"%s\". Fields must contain the allowed characters, "
                           "and be at most 300 characters long.",
                           name);
    field->name = memory_copy_string(name);
    const char *type = json_get_string(json, "type", "");
    if (!emulator_type_parse(type, &field->type))
        return failure_set(failure, EMULATOR_REASON_INVALID,
                           "Invalid value for type: %s is not a valid value", type);
    if (!read_mode(json_get_string(json, "mode", "NULLABLE"), field, failure))
        return false;
    if (field->type != EMULATOR_RECORD)
        return true;
    if (!read_fields(json_object_get(json, "fields"), depth + 1, &field->fields,
                     &field->field_count, failure))
        return false;
    if (field->field_count == 0)
        return failure_set(failure, EMULATOR_REASON_INVALID,
                           "Field %s is type RECORD but has no schema", name);
    return true;
}

static bool read_fields(const json_t *array, int depth, struct emulator_field **fields,
                        size_t *count, struct emulator_failure *failure) {
    *count = 0;
    *fields = NULL;
    size_t total = json_array_size(array);
    if (total == 0)
        return true;
    if (depth > DEPTH_LIMIT)
        return failure_set(failure, EMULATOR_REASON_INVALID,
                           "Schema has too many nested levels of RECORD; the limit is 15");
    *fields = memory_new(total, sizeof **fields);
    for (size_t i = 0; i < total; i++) {
        struct emulator_field *field = &(*fields)[i];
        (*count)++;
        bool good = read_field(json_array_get(array, i), depth, field, failure);
        if (good && emulator_field_find(*fields, i, field->name, NULL))
            good = failure_set(failure, EMULATOR_REASON_INVALID,
                               "Duplicate field name: %s in schema", field->name);
        if (!good) {
            emulator_fields_free(*fields, *count);
            *fields = NULL;
            *count = 0;
            return false;
        }
    }
    return true;
}

bool schema_read(const json_t *schema, struct emulator_field **fields, size_t *count,
                 struct emulator_failure *failure) {
    return read_fields(json_object_get(schema, "fields"), 1, fields, count, failure);
}

static json_t *fields_json(const struct emulator_field *fields, size_t count) {
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct emulator_field *field = &fields[i];
        const char *mode = field->repeated ? "REPEATED" : field->required ? "REQUIRED" : "NULLABLE";
        json_t *json = json_pack("{s:s, s:s, s:s}", "name", field->name ? field->name : "", "type",
                                 emulator_type_legacy(field->type), "mode", mode);
        if (field->type == EMULATOR_RECORD)
            json_object_set_new(json, "fields", fields_json(field->fields, field->field_count));
        json_array_append_new(array, json);
    }
    return array;
}

json_t *schema_json(const struct emulator_field *fields, size_t count) {
    return json_pack("{s:o}", "fields", fields_json(fields, count));
}

static void put_type(struct text_buffer *buffer, const struct emulator_field *field) {
    if (field->repeated)
        text_buffer_add(buffer, "ARRAY<");
    text_buffer_add(buffer, emulator_type_sql(field->type));
    if (field->type == EMULATOR_RECORD) {
        text_buffer_add(buffer, "<");
        for (size_t i = 0; i < field->field_count; i++) {
            text_buffer_format(buffer, "%s%s ", i ? ", " : "",
                               field->fields[i].name ? field->fields[i].name : "");
            put_type(buffer, &field->fields[i]);
        }
        text_buffer_add(buffer, ">");
    }
    if (field->repeated)
        text_buffer_add(buffer, ">");
}

char *schema_type_text(const struct emulator_field *field) {
    struct text_buffer buffer = {0};
    put_type(&buffer, field);
    return text_buffer_take(&buffer);
}
