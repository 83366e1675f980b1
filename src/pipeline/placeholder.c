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

size_t placeholder_size(struct text text, struct placeholder_piece *piece) {
    size_t doubled = text.size > 1 && text.data[1] == '{' ? braced(from(text, 1)) : 0;
    if (doubled > 0 && 1 + doubled < text.size && text.data[1 + doubled] == '}') {
        *piece = (struct placeholder_piece){{text.data + 1, doubled}, {text.data, 0}};
        return doubled + 2;
    }
    size_t size = braced(text);
    *piece = (struct placeholder_piece){{text.data, 0}, {text.data + (size > 0 ? 1 : 0), 0}};
    piece->name.size = size > 0 ? size - 2 : 0;
    return size;
}

bool placeholder_next(struct text *rest, struct placeholder_piece *piece) {
    if (rest->size == 0) {
        return false;
    }
    for (size_t i = 0; i < rest->size; i++) {
        size_t size = rest->data[i] == '{' ? placeholder_size(from(*rest, i), piece) : 0;
        if (size == 0) {
            continue;
        }
        if (piece->name.size == 0 && i == 0) {
            *rest = from(*rest, size);
            return true;
        }
        /* What stands before it; one without a name is a piece of its own. */
        size_t taken = piece->name.size > 0 ? i + size : i;
        piece->literal = (struct text){rest->data, i};
        *rest = from(*rest, taken);
        return true;
    }
    *piece = (struct placeholder_piece){*rest, {rest->data, 0}};
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

char *placeholder_fill(const char *text, const struct placeholder_value *values, size_t count) {
    struct text_buffer out = {0};
    struct text rest = text_of(text);
    struct placeholder_piece piece;
    while (placeholder_next(&rest, &piece)) {
        text_buffer_put(&out, piece.literal.data, piece.literal.size);
        const struct placeholder_value *value = find(piece.name, values, count);
        text_buffer_add(&out, value != NULL && value->value != NULL ? value->value : "");
    }
    return text_buffer_take(&out);
}
