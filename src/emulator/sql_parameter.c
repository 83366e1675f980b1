/* Query parameters. */
#include "emulator/sql_parameter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "emulator/decimal.h"
#include "emulator/sql_moment.h"
#include "emulator/sql_type.h"
#include "emulator/value.h"

static bool refuse(struct sql_compilation *compilation, size_t index, const char *what) {
    return sql_fail_as(compilation, "invalid", 400, (struct googlesql_place){0},
                       "Invalid query parameter %zu: %s", index + 1, what);
}

static bool read_type(struct sql_compilation *compilation, const json_t *json, size_t index,
                      struct sql_type *type) {
    const char *name = json_get_string(json, "type", "");
    bool array = sql_same(name, "ARRAY");
    if (array)
        name = json_get_string(json_object_get(json, "arrayType"), "type", "");
    enum emulator_type base;
    if (sql_same(name, "STRUCT") || sql_same(name, "RANGE") || sql_same(name, "INTERVAL") ||
        sql_same(name, "GEOGRAPHY"))
        return sql_fail_as(compilation, "notImplemented", 501, (struct googlesql_place){0},
                           "A query parameter of type %s is not supported by the local BigQuery",
                           name);
    if (!emulator_type_parse(name, &base) || base == EMULATOR_RECORD)
        return refuse(compilation, index,
                      sql_print(&compilation->arena, "the type \"%s\" is not supported", name));
    *type = sql_scalar(base);
    type->array = array;
    return true;
}

/* The text of a JSON scalar; NULL stands for null. */
static const char *scalar_text(struct sql_compilation *compilation, const json_t *json) {
    if (json_is_string(json))
        return json_string_value(json);
    if (json_is_boolean(json))
        return json_is_true(json) ? "true" : "false";
    if (json_is_integer(json))
        return sql_print(&compilation->arena, "%lld", (long long)json_integer_value(json));
    if (json_is_real(json))
        return sql_print(&compilation->arena, "%.17g", json_real_value(json));
    return NULL;
}

static bool read_real(const char *text, double *value) {
    char *end;
    *value = strtod(text, &end);
    return end != text && !*end;
}

/* One scalar in the form storage has it, as a new JSON value (BYTES stay base64); NULL when the
 * text is no such thing. */
static json_t *read_scalar(enum emulator_type type, const char *text) {
    int64_t integer;
    double real;
    struct decimal number;
    char canonical[SQL_MOMENT_SIZE], decimal[DECIMAL_SIZE];
    switch (type) {
    case EMULATOR_INT64:
        return text_to_int64(text_of(text), &integer) ? json_integer(integer) : NULL;
    case EMULATOR_BOOL:
        if (!sql_same(text, "true") && !sql_same(text, "false"))
            return NULL;
        return json_integer(sql_same(text, "true"));
    case EMULATOR_FLOAT64:
        if (!read_real(text, &real))
            return NULL;
        return isnan(real) ? json_string("NaN") : isinf(real) ? json_string(text) : json_real(real);
    case EMULATOR_NUMERIC:
    case EMULATOR_BIGNUMERIC:
        return decimal_read(text_of(text), &number) &&
                       decimal_fit(&number,
                                   type == EMULATOR_NUMERIC ? DECIMAL_NUMERIC : DECIMAL_BIGNUMERIC)
                   ? json_string(decimal_write(&number, decimal))
                   : NULL;
    case EMULATOR_JSON: {
        json_t *read = json_loads(text, JSON_DECODE_ANY, NULL);
        bool good = read != NULL;
        json_decref(read);
        return good ? json_string(text) : NULL;
    }
    case EMULATOR_TIMESTAMP:
        return sql_moment_read(type, text_of(text), &integer) ? json_integer(integer) : NULL;
    case EMULATOR_DATE:
    case EMULATOR_DATETIME:
    case EMULATOR_TIME:
        return sql_moment_canonical(type, text_of(text), canonical) ? json_string(canonical) : NULL;
    default:
        return json_string(text);
    }
}

static bool set_text(struct sql_compilation *compilation, struct sql_value *value,
                     enum sql_value_kind kind, struct text text) {
    value->kind = kind;
    value->data = sql_copy(&compilation->arena, text.data ? text.data : "", text.size);
    value->size = text.size;
    return true;
}

static bool set_scalar(struct sql_compilation *compilation, struct sql_given *given,
                       const json_t *json) {
    struct sql_value *value = &given->value;
    if (json_is_integer(json)) {
        value->kind = SQL_VALUE_INTEGER;
        value->integer = json_integer_value(json);
        return true;
    }
    if (json_is_real(json)) {
        value->kind = SQL_VALUE_REAL;
        value->real = json_real_value(json);
        return true;
    }
    struct text text = {json_string_value(json), json_string_length(json)};
    if (given->type.base == EMULATOR_FLOAT64 && !text_is(text, "NaN")) {
        value->kind = SQL_VALUE_REAL;
        value->real = strtod(text.data, NULL);
        return true;
    }
    if (given->type.base != EMULATOR_BYTES)
        return set_text(compilation, value, SQL_VALUE_TEXT, text);
    struct text_buffer bytes = {0};
    bool good = value_take_base64(text, &bytes) &&
                set_text(compilation, value, SQL_VALUE_BLOB, (struct text){bytes.data, bytes.size});
    text_buffer_free(&bytes);
    return good;
}

static bool read_array(struct sql_compilation *compilation, struct sql_given *given,
                       const json_t *values, size_t index) {
    json_t *array = json_array();
    size_t i;
    const json_t *element;
    bool good = true;
    json_array_foreach(values, i, element) {
        const char *text = scalar_text(compilation, json_object_get(element, "value"));
        json_t *value = text ? read_scalar(given->type.base, text) : json_null();
        good = good && value;
        if (value)
            json_array_append_new(array, value);
    }
    char *text = json_text(array);
    set_text(compilation, &given->value, SQL_VALUE_TEXT, text_of(text));
    free(text);
    json_decref(array);
    return good || refuse(compilation, index, "an element does not fit the array's type");
}

static bool read_value(struct sql_compilation *compilation, struct sql_given *given,
                       const json_t *json, size_t index) {
    if (given->type.array)
        return read_array(compilation, given, json_object_get(json, "arrayValues"), index);
    const char *text = scalar_text(compilation, json_object_get(json, "value"));
    if (!text)
        return true;
    json_t *value = read_scalar(given->type.base, text);
    bool good = value && set_scalar(compilation, given, value);
    json_decref(value);
    return good || refuse(compilation, index,
                          sql_print(&compilation->arena, "Could not parse '%s' as %s", text,
                                    emulator_type_sql(given->type.base)));
}

bool sql_parameters_read(struct sql_compilation *compilation) {
    const struct sql_request *request = compilation->request;
    bool positional = sql_same(request->mode, "POSITIONAL");
    if (request->mode && !positional && !sql_same(request->mode, "NAMED"))
        return sql_fail_as(compilation, "invalid", 400, (struct googlesql_place){0},
                           "parameterMode must be NAMED or POSITIONAL, not \"%s\"", request->mode);
    size_t i;
    const json_t *json;
    json_array_foreach(request->parameters, i, json) {
        struct sql_given *given = sql_new(&compilation->arena, sizeof *given);
        const char *name = json_get_string(json, "name", NULL);
        given->declared = true;
        for (size_t k = 0; k < compilation->parameters.count && name && !positional; k++)
            if (sql_same(((struct sql_given *)compilation->parameters.items[k])->name, name))
                return refuse(compilation, i,
                              sql_print(&compilation->arena, "\"%s\" is given twice", name));
        given->name =
            name && !positional ? sql_copy(&compilation->arena, name, strlen(name)) : NULL;
        if (!read_type(compilation, json_object_get(json, "parameterType"), i, &given->type) ||
            !read_value(compilation, given, json_object_get(json, "parameterValue"), i))
            return false;
        sql_add(&compilation->arena, &compilation->parameters, given);
    }
    return true;
}

static bool find(const struct sql_compilation *compilation, const struct sql_expression *node,
                 size_t *index) {
    if (!node->text) {
        *index = node->index;
        return node->index < compilation->parameters.count;
    }
    for (*index = 0; *index < compilation->parameters.count; (*index)++) {
        const struct sql_given *given = compilation->parameters.items[*index];
        if (sql_same(given->name, node->text))
            return true;
    }
    return false;
}

bool sql_parameter_resolve(struct sql_compilation *compilation, struct sql_expression *node) {
    size_t index;
    bool positional = sql_same(compilation->request->mode, "POSITIONAL");
    if (compilation->request->mode && compilation->parameters.count &&
        positional == (node->text != NULL))
        return sql_fail(compilation, node->place, "%s parameters are not supported",
                        positional ? "Named" : "Positional");
    bool found = find(compilation, node, &index);
    if (!found && !compilation->request->dry_run)
        return node->text ? sql_fail(compilation, node->place, "Query parameter '%s' not found",
                                     node->text)
                          : sql_fail(compilation, node->place,
                                     "Query parameter number %zu is not given", node->index + 1);
    while (!found && compilation->parameters.count <= (node->text ? index : node->index)) {
        struct sql_given *given = sql_new(&compilation->arena, sizeof *given);
        given->name = node->text;
        sql_add(&compilation->arena, &compilation->parameters, given);
        index = compilation->parameters.count - 1;
    }
    struct sql_given *given = compilation->parameters.items[index];
    given->used = true;
    node->index = index;
    node->type = given->type;
    return true;
}

void sql_parameter_learn(struct sql_compilation *compilation, struct sql_expression *node,
                         struct sql_type type) {
    if (node->form != FORM_PARAMETER)
        return;
    struct sql_given *given = compilation->parameters.items[node->index];
    if (!given->declared && !given->type.known)
        given->type = type;
}
