/* Rows: one writer a kind of type, from the storage form to REST's strings. */
#include "emulator/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "emulator/moment.h"

enum rows_timestamp rows_timestamp_parse(bool use_int64, const char *format) {
    if (use_int64 || (format && strcasecmp(format, "INT64") == 0))
        return ROWS_TIMESTAMP_INT64;
    if (format && strcasecmp(format, "ISO8601_STRING") == 0)
        return ROWS_TIMESTAMP_ISO8601;
    return ROWS_TIMESTAMP_FLOAT;
}

static void put_character(struct text_buffer *buffer, const char *data, size_t size,
                          uint32_t code_point) {
    switch (code_point) {
    case '"':
        text_buffer_put(buffer, "\\\"", 2);
        break;
    case '\\':
        text_buffer_put(buffer, "\\\\", 2);
        break;
    case '\n':
        text_buffer_put(buffer, "\\n", 2);
        break;
    case UINT32_MAX:
        text_buffer_put(buffer, "\\ufffd", 6);
        break;
    default:
        if (code_point < 0x20)
            text_buffer_format(buffer, "\\u%04x", (unsigned)code_point);
        else
            text_buffer_put(buffer, data, size);
    }
}

void rows_put_string(struct text_buffer *buffer, struct text text) {
    text_buffer_put(buffer, "\"", 1);
    size_t at = 0;
    while (at < text.size) {
        size_t plain = at;
        while (plain < text.size && (unsigned char)text.data[plain] >= 0x20 &&
               (unsigned char)text.data[plain] < 0x80 && text.data[plain] != '"' &&
               text.data[plain] != '\\')
            plain++;
        text_buffer_put(buffer, text.data + at, plain - at);
        at = plain;
        if (at == text.size)
            break;
        uint32_t code_point;
        size_t size = text_decode(text.data + at, text.size - at, &code_point);
        put_character(buffer, text.data + at, size, code_point);
        at += size;
    }
    text_buffer_put(buffer, "\"", 1);
}

/* NUMERIC is written without an exponent: the shortest fraction that reads back. */
static void put_decimal(struct text_buffer *buffer, double value) {
    char text[400];
    for (int precision = 0; precision <= 18; precision++) {
        (void)snprintf(text, sizeof text, "%.*f", precision, value);
        double back = strtod(text, NULL);
        if (!(back < value) && !(back > value))
            break;
    }
    text_buffer_format(buffer, "\"%s\"", text);
}

static void put_timestamp(struct text_buffer *buffer, int64_t micros,
                          enum rows_timestamp timestamp) {
    char text[MOMENT_SIZE];
    if (timestamp == ROWS_TIMESTAMP_INT64)
        text_buffer_format(buffer, "\"%" PRId64 "\"", micros);
    else if (timestamp == ROWS_TIMESTAMP_ISO8601)
        text_buffer_format(buffer, "\"%s\"", moment_format_iso(micros, text));
    else
        text_buffer_format(buffer, "\"%s\"", moment_format_double((double)micros / 1e6, text));
}

static void put_integer(struct text_buffer *buffer, enum emulator_type type, int64_t integer,
                        enum rows_timestamp timestamp) {
    char text[MOMENT_SIZE];
    if (type == EMULATOR_BOOL)
        text_buffer_add(buffer, integer ? "\"true\"" : "\"false\"");
    else if (type == EMULATOR_TIMESTAMP)
        put_timestamp(buffer, integer, timestamp);
    else if (type == EMULATOR_FLOAT64)
        text_buffer_format(buffer, "\"%s\"", moment_format_double((double)integer, text));
    else
        text_buffer_format(buffer, "\"%" PRId64 "\"", integer);
}

static void put_real(struct text_buffer *buffer, enum emulator_type type, double real) {
    char text[MOMENT_SIZE];
    if (type == EMULATOR_NUMERIC || type == EMULATOR_BIGNUMERIC)
        put_decimal(buffer, real);
    else
        text_buffer_format(buffer, "\"%s\"", moment_format_double(real, text));
}

static void put_scalar(struct text_buffer *buffer, enum emulator_type type,
                       const struct emulator_value *value, enum rows_timestamp timestamp) {
    switch (value->kind) {
    case VALUE_NULL:
        text_buffer_add(buffer, "null");
        break;
    case VALUE_INTEGER:
        put_integer(buffer, type, value->integer, timestamp);
        break;
    case VALUE_REAL:
        put_real(buffer, type, value->real);
        break;
    case VALUE_BLOB:
        text_buffer_put(buffer, "\"", 1);
        value_put_base64(buffer, value->text);
        text_buffer_put(buffer, "\"", 1);
        break;
    case VALUE_TEXT:
        rows_put_string(buffer, value->text);
        break;
    }
}

/* The value of a leaf inside stored JSON; text is borrowed from it. */
static struct emulator_value leaf_value(json_t *json) {
    struct emulator_value value = {0};
    if (json_is_integer(json) || json_is_boolean(json)) {
        value.kind = VALUE_INTEGER;
        value.integer = json_is_integer(json) ? json_integer_value(json) : json_is_true(json);
    } else if (json_is_real(json)) {
        value.kind = VALUE_REAL;
        value.real = json_real_value(json);
    } else if (json_is_string(json)) {
        value.kind = VALUE_TEXT;
        value.text = (struct text){json_string_value(json), json_string_length(json)};
    }
    return value;
}

static void put_json(struct text_buffer *buffer, const struct emulator_field *field, json_t *json,
                     enum rows_timestamp timestamp);

static void put_record(struct text_buffer *buffer, const struct emulator_field *field, json_t *json,
                       enum rows_timestamp timestamp) {
    text_buffer_add(buffer, "{\"f\":[");
    for (size_t i = 0; i < field->field_count; i++) {
        text_buffer_add(buffer, i ? ",{\"v\":" : "{\"v\":");
        const char *name = field->fields[i].name;
        put_json(buffer, &field->fields[i], json_object_get(json, name ? name : ""), timestamp);
        text_buffer_add(buffer, "}");
    }
    text_buffer_add(buffer, "]}");
}

static void put_json(struct text_buffer *buffer, const struct emulator_field *field, json_t *json,
                     enum rows_timestamp timestamp) {
    if (field->repeated) {
        struct emulator_field element = *field;
        element.repeated = false;
        text_buffer_add(buffer, "[");
        size_t i;
        json_t *item;
        json_array_foreach(json, i, item) {
            text_buffer_add(buffer, i ? ",{\"v\":" : "{\"v\":");
            put_json(buffer, &element, item, timestamp);
            text_buffer_add(buffer, "}");
        }
        text_buffer_add(buffer, "]");
    } else if (!json || json_is_null(json)) {
        text_buffer_add(buffer, "null");
    } else if (field->type == EMULATOR_RECORD) {
        put_record(buffer, field, json, timestamp);
    } else if (field->type == EMULATOR_JSON && !json_is_string(json)) {
        char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
        rows_put_string(buffer, text_of(text));
        free(text);
    } else {
        struct emulator_value value = leaf_value(json);
        put_scalar(buffer, field->type, &value, timestamp);
    }
}

void rows_put_value(struct text_buffer *buffer, const struct emulator_field *field,
                    const struct emulator_value *value, enum rows_timestamp timestamp) {
    if (!field->repeated && field->type != EMULATOR_RECORD) {
        put_scalar(buffer, field->type, value, timestamp);
        return;
    }
    json_t *json =
        value->kind == VALUE_TEXT ? json_loadb(value->text.data, value->text.size, 0, NULL) : NULL;
    put_json(buffer, field, json, timestamp);
    json_decref(json);
}

void rows_put_row(struct text_buffer *buffer, const struct emulator_field *fields, size_t count,
                  const struct emulator_value *values, enum rows_timestamp timestamp) {
    text_buffer_add(buffer, "{\"f\":[");
    for (size_t i = 0; i < count; i++) {
        text_buffer_add(buffer, i ? ",{\"v\":" : "{\"v\":");
        rows_put_value(buffer, &fields[i], &values[i], timestamp);
        text_buffer_add(buffer, "}");
    }
    text_buffer_add(buffer, "]}");
}
