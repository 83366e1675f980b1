/* Values: one reader a type, chosen by table, from foreign JSON to the storage form. */
#include "emulator/value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/memory.h"
#include "emulator/decimal.h"
#include "emulator/moment.h"

/* Leaves "Cannot convert value to integer (bad value): x" in the reader; returns NULL. */
static json_t *refuse(struct value_reader *reader, const char *type, json_t *json) {
    char *text = json_is_string(json) ? memory_copy_string(json_string_value(json))
                                      : json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    (void)snprintf(reader->message, sizeof reader->message,
                   "Cannot convert value to %s (bad value): %s", type, text ? text : "");
    free(text);
    return NULL;
}

static json_t *read_string(struct value_reader *reader, json_t *json) {
    if (json_is_string(json))
        return json_copy(json);
    if (json_is_number(json) || json_is_boolean(json)) {
        char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
        json_t *string = json_string(text);
        free(text);
        return string;
    }
    return refuse(reader, "string", json);
}

static json_t *read_bytes(struct value_reader *reader, json_t *json) {
    struct text_buffer bytes = {0};
    bool good = json_is_string(json) && value_take_base64(text_of(json_string_value(json)), &bytes);
    struct text_buffer canonical = {0};
    if (good)
        value_put_base64(&canonical, (struct text){bytes.data, bytes.size});
    json_t *read = good ? json_stringn(canonical.data, canonical.size) : NULL;
    text_buffer_free(&bytes);
    text_buffer_free(&canonical);
    return good ? read : refuse(reader, "bytes", json);
}

static json_t *read_integer(struct value_reader *reader, json_t *json) {
    int64_t number;
    if (json_is_integer(json))
        return json_integer(json_integer_value(json));
    if (json_is_string(json) && text_to_int64(text_of(json_string_value(json)), &number))
        return json_integer(number);
    double real = json_real_value(json);
    if (json_is_real(json) && fabs(real) < 9.0e15 && !(floor(real) < real))
        return json_integer((json_int_t)real);
    return refuse(reader, "integer", json);
}

/* NaN and the infinities go as text: JSON has no such numbers. */
static json_t *real_json(double number) {
    if (isnan(number))
        return json_string("NaN");
    if (isinf(number))
        return json_string(number > 0 ? "Infinity" : "-Infinity");
    return json_real(number);
}

static json_t *read_real(struct value_reader *reader, json_t *json) {
    if (json_is_number(json))
        return json_real(json_number_value(json));
    const char *text = json_string_value(json);
    if (text && *text) {
        char *end;
        double number = strtod(text, &end);
        if (*end == '\0' && (isfinite(number) || strpbrk(text, "nN")))
            return real_json(number);
    }
    return refuse(reader, "double", json);
}

static json_t *read_decimal_of(struct value_reader *reader, json_t *json, enum decimal_kind kind) {
    struct decimal number;
    char text[DECIMAL_SIZE];
    bool good = false;
    if (json_is_integer(json)) {
        number = decimal_of_int64(json_integer_value(json));
        good = true;
    } else if (json_is_real(json)) {
        char shortest[MOMENT_SIZE];
        good =
            decimal_read(text_of(moment_format_double(json_real_value(json), shortest)), &number);
    } else if (json_is_string(json)) {
        good = decimal_read(text_of(json_string_value(json)), &number);
    }
    return good && decimal_fit(&number, kind) ? json_string(decimal_write(&number, text))
                                              : refuse(reader, "numeric", json);
}

static json_t *read_numeric(struct value_reader *reader, json_t *json) {
    return read_decimal_of(reader, json, DECIMAL_NUMERIC);
}

static json_t *read_bignumeric(struct value_reader *reader, json_t *json) {
    return read_decimal_of(reader, json, DECIMAL_BIGNUMERIC);
}

static json_t *read_bool(struct value_reader *reader, json_t *json) {
    const char *text = json_string_value(json);
    if (json_is_boolean(json))
        return json_integer(json_is_true(json));
    if (text && strcasecmp(text, "true") == 0)
        return json_integer(1);
    if (text && strcasecmp(text, "false") == 0)
        return json_integer(0);
    return refuse(reader, "boolean", json);
}

static json_t *read_timestamp(struct value_reader *reader, json_t *json) {
    int64_t micros;
    if (json_is_number(json) && fabs(json_number_value(json)) < 3.0e11)
        return json_integer((json_int_t)llround(json_number_value(json) * 1e6));
    if (json_is_string(json) && moment_parse_timestamp(text_of(json_string_value(json)), &micros))
        return json_integer(micros);
    return refuse(reader, "timestamp", json);
}

static json_t *read_moment(struct value_reader *reader, json_t *json, const char *type,
                           bool (*normalise)(struct text, char *)) {
    char text[MOMENT_SIZE];
    if (json_is_string(json) && normalise(text_of(json_string_value(json)), text))
        return json_string(text);
    return refuse(reader, type, json);
}

static json_t *read_date(struct value_reader *reader, json_t *json) {
    return read_moment(reader, json, "date", moment_normalise_date);
}

static json_t *read_datetime(struct value_reader *reader, json_t *json) {
    return read_moment(reader, json, "datetime", moment_normalise_datetime);
}

static json_t *read_time(struct value_reader *reader, json_t *json) {
    return read_moment(reader, json, "time", moment_normalise_time);
}

/* JSON comes as text that holds JSON; anything else is taken as the JSON it is. */
static json_t *read_json(struct value_reader *reader, json_t *json) {
    json_t *parsed = json_is_string(json)
                         ? json_loads(json_string_value(json), JSON_DECODE_ANY, NULL)
                         : json_incref(json);
    if (!parsed)
        return refuse(reader, "JSON", json);
    char *text = json_dumps(parsed, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(parsed);
    json_t *string = json_string(text);
    free(text);
    return string;
}

static json_t *(*const scalar_readers[EMULATOR_TYPE_COUNT])(struct value_reader *, json_t *) = {
    [EMULATOR_STRING] = read_string,       [EMULATOR_BYTES] = read_bytes,
    [EMULATOR_INT64] = read_integer,       [EMULATOR_FLOAT64] = read_real,
    [EMULATOR_NUMERIC] = read_numeric,     [EMULATOR_BIGNUMERIC] = read_bignumeric,
    [EMULATOR_BOOL] = read_bool,           [EMULATOR_DATE] = read_date,
    [EMULATOR_DATETIME] = read_datetime,   [EMULATOR_TIME] = read_time,
    [EMULATOR_TIMESTAMP] = read_timestamp, [EMULATOR_JSON] = read_json,
    [EMULATOR_GEOGRAPHY] = read_string,
};

/* Puts the name of an enclosing field before the location that is already there. */
static void locate(struct value_reader *reader, const char *name) {
    char inner[sizeof reader->location];
    memcpy(inner, reader->location, sizeof inner);
    (void)snprintf(reader->location, sizeof reader->location, "%.400s%s%.400s", name,
                   inner[0] ? "." : "", inner);
}

static bool members_are_known(struct value_reader *reader, json_t *json,
                              const struct emulator_field *record) {
    const char *name;
    json_t *member;
    json_object_foreach(json, name, member) {
        if (reader->ignore_unknown ||
            emulator_field_find(record->fields, record->field_count, name, NULL))
            continue;
        (void)snprintf(reader->message, sizeof reader->message, "no such field: %s.", name);
        locate(reader, name);
        return false;
    }
    return true;
}

static json_t *member_of(json_t *object, const char *name) {
    json_t *exact = json_object_get(object, name);
    if (exact)
        return exact;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        if (strcasecmp(key, name) == 0)
            return value;
    }
    return NULL;
}

static json_t *read_record(struct value_reader *reader, json_t *json,
                           const struct emulator_field *record) {
    if (!json_is_object(json)) {
        (void)snprintf(reader->message, sizeof reader->message, "This field: %s is not a record.",
                       record->name ? record->name : "row");
        return NULL;
    }
    if (!members_are_known(reader, json, record))
        return NULL;
    json_t *read = json_object();
    for (size_t i = 0; i < record->field_count; i++) {
        const struct emulator_field *field = &record->fields[i];
        json_t *value = value_read(reader, member_of(json, field->name), field);
        if (!value) {
            locate(reader, field->name);
            json_decref(read);
            return NULL;
        }
        json_object_set_new(read, field->name, value);
    }
    return read;
}

static json_t *read_repeated(struct value_reader *reader, json_t *json,
                             const struct emulator_field *field) {
    json_t *read = json_array();
    if (!json || json_is_null(json))
        return read;
    struct emulator_field element = *field;
    element.repeated = false;
    element.required = true;
    size_t i;
    json_t *item;
    json_array_foreach(json, i, item) {
        json_t *value = value_read(reader, item, &element);
        if (!value) {
            json_decref(read);
            return NULL;
        }
        json_array_append_new(read, value);
    }
    return read;
}

json_t *value_read(struct value_reader *reader, json_t *json, const struct emulator_field *field) {
    bool absent = !json || json_is_null(json);
    if (field->repeated && (absent || json_is_array(json)))
        return read_repeated(reader, json, field);
    if (absent && field->required) {
        (void)snprintf(reader->message, sizeof reader->message, "Missing required field: %s.",
                       field->name);
        return NULL;
    }
    if (absent)
        return json_null();
    if (field->repeated) {
        (void)snprintf(reader->message, sizeof reader->message,
                       "Repeated field must be imported as a JSON array: %s.", field->name);
        return NULL;
    }
    if (json_is_array(json) && field->type != EMULATOR_JSON) {
        (void)snprintf(reader->message, sizeof reader->message,
                       "Array specified for non-repeated field: %s.", field->name);
        return NULL;
    }
    if (field->type == EMULATOR_RECORD)
        return read_record(reader, json, field);
    return scalar_readers[field->type](reader, json);
}

static bool bind_text(sqlite3_stmt *statement, int index, struct text text) {
    return sqlite3_bind_text64(statement, index, text.data ? text.data : "", text.size,
                               SQLITE_TRANSIENT, SQLITE_UTF8) == SQLITE_OK;
}

/* Without a copy: the text lives until the row is stored. */
static bool lend_text(sqlite3_stmt *statement, int index, struct text text) {
    return sqlite3_bind_text64(statement, index, text.data ? text.data : "", text.size,
                               SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK;
}

static bool bind_blob(sqlite3_stmt *statement, int index, struct text text) {
    return sqlite3_bind_blob64(statement, index, text.data ? text.data : "", text.size,
                               SQLITE_TRANSIENT) == SQLITE_OK;
}

bool value_bind_json(sqlite3_stmt *statement, int index, const struct emulator_field *field,
                     json_t *json) {
    switch (json_typeof(json)) {
    case JSON_INTEGER:
        return sqlite3_bind_int64(statement, index, json_integer_value(json)) == SQLITE_OK;
    case JSON_REAL:
        return sqlite3_bind_double(statement, index, json_real_value(json)) == SQLITE_OK;
    case JSON_STRING: {
        struct text text = {json_string_value(json), json_string_length(json)};
        if (field->type == EMULATOR_FLOAT64 && !field->repeated && !text_is(text, "NaN"))
            return sqlite3_bind_double(statement, index, strtod(text.data, NULL)) == SQLITE_OK;
        if (field->type != EMULATOR_BYTES || field->repeated)
            return bind_text(statement, index, text);
        struct text_buffer bytes = {0};
        bool bound = value_take_base64(text, &bytes) &&
                     bind_blob(statement, index, (struct text){bytes.data, bytes.size});
        text_buffer_free(&bytes);
        return bound;
    }
    case JSON_OBJECT:
    case JSON_ARRAY: {
        char *text = json_text(json);
        bool bound = bind_text(statement, index, text_of(text));
        free(text);
        return bound;
    }
    default:
        return sqlite3_bind_null(statement, index) == SQLITE_OK;
    }
}

/* Cuts a plain decimal of at most nine digits behind the point to its one form, without going
 * through a decimal: bulk loading does this a million times. False for any other text. */
static bool shorten(char *text) {
    char *point = strchr(text, '.');
    size_t size = strlen(text);
    if (!point || size - (size_t)(point - text) > 10 || point - text > 18 ||
        strspn(text, "-0123456789.") != size || strncmp(text, "-0.0", 4) == 0)
        return false;
    while (text[size - 1] == '0')
        text[--size] = '\0';
    if (text[size - 1] == '.')
        text[size - 1] = '\0';
    return true;
}

bool value_bind_field(sqlite3_stmt *statement, int index, const struct emulator_field *field,
                      const struct emulator_value *value) {
    bool decimal =
        !field->repeated && (field->type == EMULATOR_NUMERIC || field->type == EMULATOR_BIGNUMERIC);
    if (!decimal && value->kind == VALUE_TEXT)
        return lend_text(statement, index, value->text);
    if (!decimal || value->kind == VALUE_NULL || value->kind == VALUE_BLOB)
        return value_bind(statement, index, value);
    struct decimal number;
    char shortest[MOMENT_SIZE], text[DECIMAL_SIZE];
    bool good = true;
    if (value->kind == VALUE_INTEGER)
        number = decimal_of_int64(value->integer);
    else if (value->kind == VALUE_REAL && shorten(moment_format_double(value->real, shortest)))
        return bind_text(statement, index, text_of(shortest));
    else
        good = decimal_read(value->kind == VALUE_REAL ? text_of(shortest) : value->text, &number);
    return good &&
           decimal_fit(&number,
                       field->type == EMULATOR_NUMERIC ? DECIMAL_NUMERIC : DECIMAL_BIGNUMERIC) &&
           bind_text(statement, index, text_of(decimal_write(&number, text)));
}

bool value_bind(sqlite3_stmt *statement, int index, const struct emulator_value *value) {
    switch (value->kind) {
    case VALUE_INTEGER:
        return sqlite3_bind_int64(statement, index, value->integer) == SQLITE_OK;
    case VALUE_REAL:
        return sqlite3_bind_double(statement, index, value->real) == SQLITE_OK;
    case VALUE_TEXT:
        return bind_text(statement, index, value->text);
    case VALUE_BLOB:
        return bind_blob(statement, index, value->text);
    case VALUE_NULL:
        break;
    }
    return sqlite3_bind_null(statement, index) == SQLITE_OK;
}

struct emulator_value value_column(sqlite3_stmt *statement, int index) {
    struct emulator_value value = {0};
    switch (sqlite3_column_type(statement, index)) {
    case SQLITE_INTEGER:
        value.kind = VALUE_INTEGER;
        value.integer = sqlite3_column_int64(statement, index);
        break;
    case SQLITE_FLOAT:
        value.kind = VALUE_REAL;
        value.real = sqlite3_column_double(statement, index);
        break;
    case SQLITE_TEXT:
        value.kind = VALUE_TEXT;
        value.text.data = (const char *)sqlite3_column_text(statement, index);
        value.text.size = (size_t)sqlite3_column_bytes(statement, index);
        break;
    case SQLITE_BLOB:
        value.kind = VALUE_BLOB;
        value.text.data = sqlite3_column_blob(statement, index);
        value.text.size = (size_t)sqlite3_column_bytes(statement, index);
        break;
    default:
        break;
    }
    return value;
}

void value_put_base64(struct text_buffer *buffer, struct text bytes) {
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t left = bytes.size - i;
        unsigned group = (unsigned)(unsigned char)bytes.data[i] << 16;
        if (left > 1)
            group |= (unsigned)(unsigned char)bytes.data[i + 1] << 8;
        if (left > 2)
            group |= (unsigned)(unsigned char)bytes.data[i + 2];
        char out[4] = {alphabet[group >> 18 & 63], alphabet[group >> 12 & 63],
                       alphabet[left > 1 ? group >> 6 & 63 : 64],
                       alphabet[left > 2 ? group & 63 : 64]};
        text_buffer_put(buffer, out, sizeof out);
    }
}

static int base64_digit(char c) {
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

bool value_take_base64(struct text text, struct text_buffer *bytes) {
    while (text.size > 0 && text.data[text.size - 1] == '=')
        text.size--;
    if (text.size % 4 == 1)
        return false;
    unsigned group = 0;
    int bits = 0;
    for (size_t i = 0; i < text.size; i++) {
        int digit = base64_digit(text.data[i]);
        if (digit < 0)
            return false;
        group = (group << 6 | (unsigned)digit) & 0xFFFFu;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            char byte = (char)(group >> bits & 0xFFu);
            text_buffer_put(bytes, &byte, 1);
        }
    }
    return true;
}
