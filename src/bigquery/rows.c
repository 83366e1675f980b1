/* Rows: {"f": [{"v": …}]} into cells of text. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/memory.h"
#include "bigquery/answer.h"

static json_t *plain_value(const struct bigquery_field *field, const json_t *value);

/* A record as an object by field name; NULL when it does not fit its fields. */
static json_t *plain_record(const struct bigquery_field *field, const json_t *value) {
    const json_t *cells = json_object_get(value, "f");
    if (json_array_size(cells) != field->field_count) {
        return NULL;
    }
    json_t *object = json_object();
    for (size_t i = 0; i < field->field_count; i++) {
        json_t *member =
            plain_value(&field->fields[i], json_object_get(json_array_get(cells, i), "v"));
        if (member == NULL || json_object_set_new(object, field->fields[i].name, member) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static json_t *plain_element(const struct bigquery_field *field, const json_t *value) {
    if (json_is_null(value)) {
        return json_null();
    }
    if (field->type == BIGQUERY_RECORD) {
        return plain_record(field, value);
    }
    return json_is_object(value) || json_is_array(value) ? NULL : json_copy((json_t *)value);
}

static json_t *plain_array(const struct bigquery_field *field, const json_t *value) {
    json_t *array = json_array();
    size_t index = 0;
    json_t *element = NULL;
    json_array_foreach(value, index, element) {
        json_t *plain = plain_element(field, json_object_get(element, "v"));
        if (plain == NULL || json_array_append_new(array, plain) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

/* A value without its f and v wrappings, as a new reference; NULL when it is malformed. */
static json_t *plain_value(const struct bigquery_field *field, const json_t *value) {
    if (field->mode != BIGQUERY_REPEATED) {
        return value == NULL ? NULL : plain_element(field, value);
    }
    if (json_is_null(value)) {
        return json_array(); /* some servers write an empty array so */
    }
    return json_is_array(value) ? plain_array(field, value) : NULL;
}

/* The text of a cell; false when it does not fit its column. */
static bool read_cell(struct arena *arena, const struct bigquery_field *field, const json_t *value,
                      bigquery_cell *cell) {
    if (json_is_string(value) && field->mode != BIGQUERY_REPEATED &&
        field->type != BIGQUERY_RECORD) {
        cell->size = json_string_length(value);
        cell->data = arena_copy(arena, json_string_value(value), cell->size);
        return true;
    }
    json_t *plain = plain_value(field, value);
    if (plain == NULL) {
        return false;
    }
    *cell = (bigquery_cell){NULL, 0};
    if (!json_is_null(plain)) {
        char *text = json_text(plain);
        cell->size = strlen(text);
        cell->data = arena_copy(arena, text, cell->size);
        free(text);
    }
    json_decref(plain);
    return true;
}

static bigquery_cell *room_for_rows(struct answer *answer, size_t rows) {
    size_t used = answer->open.rows.row_count * answer->open.rows.column_count;
    size_t needed = used + rows * answer->open.rows.column_count;
    if (needed > answer->cell_capacity) {
        size_t capacity = needed > answer->cell_capacity * 2 ? needed : answer->cell_capacity * 2;
        answer->cells = memory_resize(answer->cells, capacity, sizeof *answer->cells);
        answer->cell_capacity = capacity;
    }
    answer->open.rows.cells = answer->cells;
    return answer->cells == NULL ? NULL : answer->cells + used;
}

bool answer_add_rows(struct answer *answer, const json_t *rows) {
    struct bigquery_rows *open = &answer->open.rows;
    size_t count = json_array_size(rows);
    if (rows != NULL && !json_is_array(rows)) {
        return false;
    }
    if (count > 0 && open->column_count == 0) {
        return false;
    }
    bigquery_cell *cell = room_for_rows(answer, count);
    for (size_t row = 0; row < count; row++) {
        const json_t *values = json_object_get(json_array_get(rows, row), "f");
        if (json_array_size(values) != open->column_count) {
            return false;
        }
        for (size_t column = 0; column < open->column_count; column++, cell++) {
            const json_t *value = json_object_get(json_array_get(values, column), "v");
            if (!read_cell(&answer->arena, &open->columns[column], value, cell)) {
                return false;
            }
        }
    }
    open->row_count += count;
    return true;
}

void answer_forget_rows(struct answer *answer) {
    struct bigquery_rows *rows = &answer->open.rows;
    rows->columns = NULL;
    rows->column_count = 0;
    rows->row_count = 0;
    rows->warned = false;
    rows->warning = NULL;
}

bigquery_cell bigquery_rows_cell(const struct bigquery_rows *rows, size_t row, size_t column) {
    if (row >= rows->row_count || column >= rows->column_count) {
        return (bigquery_cell){NULL, 0};
    }
    return rows->cells[row * rows->column_count + column];
}

size_t bigquery_rows_column(const struct bigquery_rows *rows, const char *name) {
    for (size_t i = 0; i < rows->column_count; i++) {
        if (strcasecmp(rows->columns[i].name, name) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}
