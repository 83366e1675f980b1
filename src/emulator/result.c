/* Results: cells packed one after the other, a kind byte and then the value. */
#include "emulator/result.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct result {
    atomic_int holders;
    struct emulator_field *fields;
    size_t field_count;
    struct text_buffer cells;
    size_t *offsets; /* where each row starts in `cells` */
    size_t row_count;
    size_t row_capacity;
};

struct result *result_new(const struct emulator_field *fields, size_t field_count) {
    struct result *result = memory_new(1, sizeof *result);
    atomic_init(&result->holders, 1);
    result->fields = emulator_fields_copy(fields, field_count);
    result->field_count = field_count;
    return result;
}

struct result *result_keep(struct result *result) {
    atomic_fetch_add(&result->holders, 1);
    return result;
}

void result_release(struct result *result) {
    if (!result || atomic_fetch_sub(&result->holders, 1) > 1)
        return;
    emulator_fields_free(result->fields, result->field_count);
    text_buffer_free(&result->cells);
    free(result->offsets);
    free(result);
}

static void put_cell(struct text_buffer *cells, const struct emulator_value *value) {
    char kind = (char)value->kind;
    text_buffer_put(cells, &kind, 1);
    switch (value->kind) {
    case VALUE_NULL:
        break;
    case VALUE_INTEGER:
        text_buffer_put(cells, (const char *)&value->integer, sizeof value->integer);
        break;
    case VALUE_REAL:
        text_buffer_put(cells, (const char *)&value->real, sizeof value->real);
        break;
    case VALUE_TEXT:
    case VALUE_BLOB:
        text_buffer_put(cells, (const char *)&value->text.size, sizeof value->text.size);
        text_buffer_put(cells, value->text.data, value->text.size);
        break;
    }
}

static const char *take_cell(const char *cursor, struct emulator_value *value) {
    *value = (struct emulator_value){.kind = (enum emulator_value_kind) * cursor++};
    switch (value->kind) {
    case VALUE_NULL:
        return cursor;
    case VALUE_INTEGER:
        memcpy(&value->integer, cursor, sizeof value->integer);
        return cursor + sizeof value->integer;
    case VALUE_REAL:
        memcpy(&value->real, cursor, sizeof value->real);
        return cursor + sizeof value->real;
    case VALUE_TEXT:
    case VALUE_BLOB:
        break;
    }
    memcpy(&value->text.size, cursor, sizeof value->text.size);
    value->text.data = cursor + sizeof value->text.size;
    return value->text.data + value->text.size;
}

void result_add(struct result *result, sqlite3_stmt *statement) {
    result->offsets =
        memory_grow(result->offsets, result->row_count, &result->row_capacity, sizeof(size_t));
    result->offsets[result->row_count++] = result->cells.size;
    for (size_t i = 0; i < result->field_count; i++) {
        struct emulator_value value = value_column(statement, (int)i);
        put_cell(&result->cells, &value);
    }
}

size_t result_row_count(const struct result *result) {
    return result->row_count;
}

int64_t result_bytes(const struct result *result) {
    return (int64_t)(sizeof *result + result->cells.capacity +
                     result->row_capacity * sizeof(size_t) +
                     result->field_count * sizeof(struct emulator_field));
}

const struct emulator_field *result_fields(const struct result *result, size_t *count) {
    *count = result->field_count;
    return result->fields;
}

size_t result_put_rows(const struct result *result, struct text_buffer *buffer, size_t first,
                       size_t most, size_t byte_limit, enum rows_timestamp timestamp) {
    struct emulator_value *values = memory_new(result->field_count, sizeof *values);
    size_t start = buffer->size;
    size_t written = 0;
    text_buffer_add(buffer, "[");
    while (written < most && first + written < result->row_count &&
           (written == 0 || buffer->size - start < byte_limit)) {
        const char *cursor = result->cells.data + result->offsets[first + written];
        for (size_t i = 0; i < result->field_count; i++)
            cursor = take_cell(cursor, &values[i]);
        if (written > 0)
            text_buffer_add(buffer, ",");
        rows_put_row(buffer, result->fields, result->field_count, values, timestamp);
        written++;
    }
    text_buffer_add(buffer, "]");
    free(values);
    return written;
}
