#include "pipeline/placeholder.h"

#include <string.h>

/* The length of "{name}" at the start of the text, or 0. */
static size_t braced(struct text text) {
    size_t i = 1;
    while (i < text.size && ((text.data[i] >= 'a' && text.data[i] <= 'z') || text.data[i] == '_')) {
        i++;
    }
    return i > 1 && i < text.size && text.data[i] == '}' ? i + 1 : 0;
}

static struct text from(struct text text, size_t offset) {
    return (struct text){text.data + offset, text.size - offset};
}

bool placeholder_next(struct text *rest, struct placeholder_piece *piece) {
    if (rest->size == 0) {
        return false;
    }
    *piece = (struct placeholder_piece){*rest, {rest->data, 0}};
    for (size_t i = 0; i < rest->size; i++) {
        if (rest->data[i] != '{') {
            continue;
        }
        struct text here = from(*rest, i);
        size_t doubled = here.size > 1 && here.data[1] == '{' ? braced(from(here, 1)) : 0;
        if (doubled > 0 && 1 + doubled < here.size && here.data[1 + doubled] == '}') {
            if (i > 0) {
                piece->literal.size = i;
                *rest = here;
            } else {
                piece->literal = (struct text){here.data + 1, doubled};
                *rest = from(here, doubled + 2);
            }
            return true;
        }
        size_t length = braced(here);
        if (length > 0) {
            piece->literal.size = i;
            piece->name = (struct text){here.data + 1, length - 2};
            *rest = from(here, length);
            return true;
        }
    }
    *rest = from(*rest, rest->size);
    return true;
}

bool placeholder_in(const char *text, const char *name) {
    struct text rest = text_of(text);
    struct placeholder_piece piece;
    while (placeholder_next(&rest, &piece)) {
        if (text_is(piece.name, name)) {
            return true;
        }
    }
    return false;
}

static const struct placeholder_value *find(struct text name,
                                            const struct placeholder_value *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (text_is(name, values[i].name)) {
            return &values[i];
        }
    }
    return NULL;
}

struct text placeholder_unknown(const char *text, const struct placeholder_value *values,
                                size_t count) {
    struct text rest = text_of(text);
    struct placeholder_piece piece;
    while (placeholder_next(&rest, &piece)) {
        if (piece.name.size > 0 && find(piece.name, values, count) == NULL) {
            return piece.name;
        }
    }
    return (struct text){text, 0};
}

/* Appends the filled text; false when something that it asks for is not there. */
static bool fill(struct text_buffer *out, struct text text, const struct placeholder_value *values,
                 size_t count) {
    bool whole = true;
    struct placeholder_piece piece;
    while (placeholder_next(&text, &piece)) {
        text_buffer_put(out, piece.literal.data, piece.literal.size);
        const struct placeholder_value *value = find(piece.name, values, count);
        if (value != NULL && value->value != NULL) {
            text_buffer_add(out, value->value);
        } else if (piece.name.size > 0) {
            whole = false;
        }
    }
    return whole;
}

char *placeholder_fill(const char *text, const struct placeholder_value *values, size_t count) {
    struct text_buffer out = {0};
    (void)fill(&out, text_of(text), values, count);
    return text_buffer_take(&out);
}

static bool is_comment(struct text line) {
    return text_starts(text_trim(line), TEXT("--"));
}

char *placeholder_fill_sql(const char *text, const struct placeholder_value *values, size_t count) {
    struct text_buffer out = {0}, filled = {0};
    struct text rest = text_of(text);
    while (rest.size > 0) {
        struct text line = text_cut(&rest, '\n');
        if (is_comment(line)) {
            continue;
        }
        text_buffer_clear(&filled);
        if (fill(&filled, line, values, count)) {
            text_buffer_put(&out, filled.data, filled.size);
            text_buffer_add(&out, "\n");
        }
    }
    text_buffer_free(&filled);
    struct text trimmed = text_trim((struct text){out.data, out.size});
    struct text_buffer result = {0};
    text_buffer_put(&result, trimmed.data, trimmed.size);
    text_buffer_free(&out);
    return text_buffer_take(&result);
}

/* The column of a line of the template that the `offset`-th byte of the filled line comes from. */
static size_t column_origin(struct text line, const struct placeholder_value *values, size_t count,
                            size_t offset, struct text *name) {
    struct text rest = line;
    struct placeholder_piece piece;
    size_t at = 0;
    while (placeholder_next(&rest, &piece)) {
        if (offset < at + piece.literal.size) {
            return (size_t)(piece.literal.data - line.data) + (offset - at) + 1;
        }
        at += piece.literal.size;
        const struct placeholder_value *value = find(piece.name, values, count);
        size_t size = value == NULL || value->value == NULL ? 0 : strlen(value->value);
        if (offset < at + size) {
            *name = piece.name;
            return (size_t)(piece.name.data - line.data);
        }
        at += size;
    }
    return line.size + 1;
}

bool placeholder_origin(const char *text, const struct placeholder_value *values, size_t count,
                        size_t line, size_t column, size_t *from_line, size_t *from_column,
                        struct text *name) {
    struct text_buffer filled = {0};
    struct text rest = text_of(text);
    size_t sent = 0;
    bool found = false;
    *name = (struct text){text, 0};
    for (size_t number = 1; rest.size > 0 && !found; number++) {
        struct text here = text_cut(&rest, '\n');
        text_buffer_clear(&filled);
        if (is_comment(here) || !fill(&filled, here, values, count)) {
            continue;
        }
        /* The text begins with the first thing on it: blank lines and an indent are cut. */
        struct text put = {filled.data, filled.size};
        struct text trimmed = text_trim(put);
        if (sent == 0 && trimmed.size == 0) {
            continue;
        }
        size_t cut = sent == 0 ? (size_t)(trimmed.data - put.data) : 0;
        found = ++sent == line;
        if (found) {
            *from_line = number;
            *from_column =
                column_origin(here, values, count, cut + (column > 0 ? column - 1 : 0), name);
        }
    }
    text_buffer_free(&filled);
    return found;
}
