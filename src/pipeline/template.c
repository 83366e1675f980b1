#include "pipeline/template.h"

#include <stdlib.h>
#include <string.h>

#include "googlesql/statement.h"

/* A part of the filled text and what it stands for. */
struct part {
    size_t from;      /* its first byte in the template */
    size_t sent;      /* and in the filled text */
    size_t size;      /* there */
    struct text name; /* of the placeholder that gave it; empty: the template's own words */
};

struct fill {
    const struct template *template;
    const struct placeholder_value *values;
    size_t count;
    struct text_buffer out;
    size_t wanted;     /* a byte of the filled text whose part is looked for */
    struct part found; /* the last part that begins at or before it */
};

bool template_open(struct template *template, const char *text, struct googlesql_error *error) {
    *template = (struct template){.text = text_of(text)};
    return googlesql_tokenise(template->text, &template->tokens, error);
}

void template_close(struct template *template) {
    googlesql_tokens_free(&template->tokens);
}

/* The first placeholder at or behind `*at` and before `end`; `*at` is then its first byte, and
 * `*size` tells its length with its braces, whether two or one on a side. */
static bool next(const struct template *template, size_t *at, size_t end, size_t *size,
                 struct placeholder_piece *piece) {
    for (; *at < end; (*at)++) {
        const char *here = template->text.data + *at;
        if (*here == '{' && googlesql_is_code(&template->tokens, *at)) {
            *size = placeholder_size((struct text){here, template->text.size - *at}, piece);
            if (*size > 0) {
                return true;
            }
        }
    }
    return false;
}

static const struct placeholder_value *find(const struct fill *fill, struct text name) {
    for (size_t i = 0; i < fill->count; i++) {
        if (text_is(name, fill->values[i].name)) {
            return &fill->values[i];
        }
    }
    return NULL;
}

struct text template_unknown(const struct template *template,
                             const struct placeholder_value *values, size_t count) {
    const struct fill fill = {.values = values, .count = count};
    struct placeholder_piece piece;
    size_t size;
    for (size_t at = 0; next(template, &at, template->text.size, &size, &piece); at += size) {
        if (piece.name.size > 0 && find(&fill, piece.name) == NULL) {
            return piece.name;
        }
    }
    return (struct text){"", 0};
}

bool template_has(const struct template *template, const char *name) {
    struct placeholder_piece piece;
    size_t size;
    for (size_t at = 0; next(template, &at, template->text.size, &size, &piece); at += size) {
        if (text_is(piece.name, name)) {
            return true;
        }
    }
    return false;
}

static void put(struct fill *fill, size_t from, struct text text, struct text name) {
    if (fill->out.size <= fill->wanted) {
        fill->found = (struct part){from, fill->out.size, text.size, name};
    }
    text_buffer_put(&fill->out, text.data, text.size);
}

/* A value as it stands at `at`: a name that is quoted itself gives its backticks to those that are
 * there. */
static struct text value_at(const struct fill *fill, size_t at, const char *value) {
    struct text text = text_of(value);
    const struct googlesql_token *token = googlesql_at(&fill->template->tokens, at);
    bool quoted = token != NULL && token->quoted;
    if (quoted && text.size > 1 && text.data[0] == '`' && text.data[text.size - 1] == '`') {
        text = (struct text){text.data + 1, text.size - 2};
    }
    return text;
}

/* Whether the bytes ask for something that is not there. */
static bool lacks(const struct fill *fill, size_t from, size_t end) {
    struct placeholder_piece piece;
    size_t size;
    for (size_t at = from; next(fill->template, &at, end, &size, &piece); at += size) {
        const struct placeholder_value *value = find(fill, piece.name);
        if (piece.name.size > 0 && (value == NULL || value->value == NULL)) {
            return true;
        }
    }
    return false;
}

static void fill_line(struct fill *fill, size_t from, size_t end) {
    const char *data = fill->template->text.data;
    const struct text none = {"", 0};
    struct placeholder_piece piece;
    size_t size;
    for (size_t at = from; next(fill->template, &at, end, &size, &piece); from = at) {
        put(fill, from, (struct text){data + from, at - from}, none);
        if (piece.name.size > 0) {
            const char *value = find(fill, piece.name)->value;
            put(fill, at, value_at(fill, at, value), piece.name);
        } else {
            put(fill, at, piece.literal, none);
        }
        at += size;
    }
    put(fill, from, (struct text){data + from, end - from}, none);
}

static void fill_all(struct fill *fill) {
    struct text text = fill->template->text;
    for (size_t from = 0, end; from < text.size; from = end) {
        const char *newline = memchr(text.data + from, '\n', text.size - from);
        end = newline != NULL ? (size_t)(newline - text.data) + 1 : text.size;
        if (!lacks(fill, from, end)) {
            fill_line(fill, from, end);
        }
    }
}

char *template_fill(const struct template *template, const struct placeholder_value *values,
                    size_t count) {
    struct fill fill = {template, values, count, .wanted = 0};
    fill_all(&fill);
    return text_buffer_take(&fill.out);
}

/* Lines and characters, from 1, of a byte. */
static void place_of(struct text text, size_t offset, size_t *line, size_t *column) {
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < offset && i < text.size; i++) {
        if (text.data[i] == '\n') {
            (*line)++;
            *column = 1;
        } else if ((text.data[i] & 0xC0) != 0x80) {
            (*column)++;
        }
    }
}

bool template_origin(const struct template *template, const struct placeholder_value *values,
                     size_t count, struct googlesql_place sent, size_t *line, size_t *column,
                     struct text *name) {
    char *filled = template_fill(template, values, count);
    struct text text = text_of(filled);
    struct fill fill = {template, values, count, .wanted = googlesql_offset(text, sent)};
    size_t lines = 1;
    for (size_t i = 0; i < text.size; i++) {
        lines += text.data[i] == '\n' ? 1 : 0;
    }
    bool there = sent.line >= 1 && (size_t)sent.line <= lines;
    if (there) {
        fill_all(&fill);
        const struct part *part = &fill.found;
        size_t into = part->name.size > 0 ? 0 : fill.wanted - part->sent;
        *name = part->name;
        place_of(template->text, part->from + into, line, column);
    }
    text_buffer_free(&fill.out);
    free(filled);
    return there;
}
