/* The tokeniser of GoogleSQL: white space, comments, names, numbers and signs. */
#include "googlesql/token.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "googlesql/reader.h"

enum { TAB_WIDTH = 8 };

/* Longer signs first. */
static const char *const signs[] = {"<=", ">=", "<>", "!=", "||", "<<", ">>", "=>", "->",
                                    "@@", "|>", "(",  ")",  "[",  "]",  "{",  "}",  ",",
                                    ".",  ";",  "+",  "-",  "*",  "/",  "%",  "<",  ">",
                                    "=",  "?",  ":",  "|",  "&",  "^",  "~",  "!",  "@"};

int reader_peek(const struct reader *reader, size_t ahead) {
    size_t at = reader->at + ahead;
    return at < reader->text.size ? (unsigned char)reader->text.data[at] : -1;
}

/* Columns count characters, so continuation bytes do not move them; \r\n is one break. */
void reader_step(struct reader *reader, size_t bytes) {
    while (bytes--) {
        int byte = reader_peek(reader, 0);
        reader->at++;
        if (byte == '\n' || (byte == '\r' && reader_peek(reader, 0) != '\n')) {
            reader->place.line++;
            reader->place.column = 1;
        } else if (byte == '\t') {
            reader->place.column += TAB_WIDTH - (reader->place.column - 1) % TAB_WIDTH;
        } else if ((byte & 0xC0) != 0x80) {
            reader->place.column++;
        }
    }
}

bool reader_fail(struct reader *reader, struct googlesql_place place, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    reader->error->place = place;
    (void)vsnprintf(reader->error->text, sizeof reader->error->text, format, arguments);
    va_end(arguments);
    reader->failed = true;
    return false;
}

void reader_keep(struct reader *reader, struct googlesql_token *token, const char *from) {
    token->text = from;
    token->size = (size_t)(reader->room - from);
    *reader->room++ = '\0';
}

/* The bytes of the text from `start` to here. */
static void keep_written(struct reader *reader, struct googlesql_token *token, size_t start) {
    const char *from = reader->room;
    size_t size = reader->at - start;
    memcpy(reader->room, reader->text.data + start, size);
    reader->room += size;
    reader_keep(reader, token, from);
}

static bool name_start(int byte) {
    return byte == '_' || (byte > 0 && byte < 128 && isalpha(byte));
}

static bool is_digit(int byte) {
    return byte >= '0' && byte <= '9';
}

static bool name_part(int byte) {
    return name_start(byte) || is_digit(byte);
}

/* The length of the white space that is next, in bytes: ASCII's, and the spaces of Unicode that
 * have a width and do not look like a dash. */
static size_t space_size(const struct reader *reader) {
    int byte = reader_peek(reader, 0);
    if (byte >= 0 && byte < 128) {
        return isspace(byte) || byte == '\b' ? 1 : 0;
    }
    if (byte < 0) {
        return 0;
    }
    uint32_t point;
    size_t size =
        text_decode(reader->text.data + reader->at, reader->text.size - reader->at, &point);
    bool space = point == 0xA0 || (point >= 0x2000 && point <= 0x200A) || point == 0x202F ||
                 point == 0x205F || point == 0x3000;
    return space ? size : 0;
}

static bool skip_block_comment(struct reader *reader) {
    struct googlesql_place place = reader->place;
    reader_step(reader, 2);
    while (!(reader_peek(reader, 0) == '*' && reader_peek(reader, 1) == '/')) {
        if (reader_peek(reader, 0) < 0) {
            return reader_fail(reader, place, "Unclosed comment");
        }
        reader_step(reader, 1);
    }
    reader_step(reader, 2);
    return true;
}

static void skip_line(struct reader *reader) {
    int byte = reader_peek(reader, 0);
    while (byte >= 0 && byte != '\n' && byte != '\r') {
        reader_step(reader, 1);
        byte = reader_peek(reader, 0);
    }
}

/* White space and comments. */
static bool skip_space(struct reader *reader) {
    for (;;) {
        int byte = reader_peek(reader, 0);
        size_t space = space_size(reader);
        if (space > 0) {
            reader_step(reader, space);
        } else if (byte == '#' || (byte == '-' && reader_peek(reader, 1) == '-')) {
            skip_line(reader);
        } else if (byte == '/' && reader_peek(reader, 1) == '*') {
            if (!skip_block_comment(reader)) {
                return false;
            }
        } else {
            return true;
        }
    }
}

static void skip_digits(struct reader *reader) {
    while (is_digit(reader_peek(reader, 0))) {
        reader_step(reader, 1);
    }
}

static enum googlesql_kind skip_number(struct reader *reader) {
    enum googlesql_kind kind = GOOGLESQL_INTEGER;
    int third = reader_peek(reader, 2);
    if (reader_peek(reader, 0) == '0' && (reader_peek(reader, 1) | 32) == 'x' && third >= 0 &&
        isxdigit(third)) {
        reader_step(reader, 2);
        while (reader_peek(reader, 0) >= 0 && isxdigit(reader_peek(reader, 0))) {
            reader_step(reader, 1);
        }
        return kind;
    }
    skip_digits(reader);
    if (reader_peek(reader, 0) == '.') {
        kind = GOOGLESQL_FLOAT;
        reader_step(reader, 1);
        skip_digits(reader);
    }
    size_t sign = reader_peek(reader, 1) == '-' || reader_peek(reader, 1) == '+' ? 1 : 0;
    if ((reader_peek(reader, 0) | 32) == 'e' && is_digit(reader_peek(reader, 1 + sign))) {
        kind = GOOGLESQL_FLOAT;
        reader_step(reader, 2 + sign);
        skip_digits(reader);
    }
    return kind;
}

static bool read_number(struct reader *reader, struct googlesql_token *token) {
    token->kind = skip_number(reader);
    keep_written(reader, token, token->start);
    /* "1.abc" is left to the parser: it is a part of my-project-1.abc. */
    if (token->text[token->size - 1] != '.' && name_start(reader_peek(reader, 0))) {
        return reader_fail(reader, reader->place, "Missing whitespace between literal and alias");
    }
    return true;
}

static void read_name(struct reader *reader, struct googlesql_token *token, size_t start) {
    while (name_part(reader_peek(reader, 0))) {
        reader_step(reader, 1);
    }
    keep_written(reader, token, start);
}

static bool read_sign(struct reader *reader, struct googlesql_token *token) {
    token->kind = GOOGLESQL_SIGN;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t size = strlen(signs[i]);
        if (reader->text.size - reader->at >= size &&
            memcmp(reader->text.data + reader->at, signs[i], size) == 0) {
            token->text = signs[i];
            token->size = size;
            reader_step(reader, size);
            return true;
        }
    }
    uint32_t point;
    size_t size =
        text_decode(reader->text.data + reader->at, reader->text.size - reader->at, &point);
    if (point == UINT32_MAX || point < ' ') {
        return reader_fail(reader, reader->place, "Illegal input character \"\\x%02x\"",
                           (unsigned)(unsigned char)reader->text.data[reader->at]);
    }
    return reader_fail(reader, reader->place, "Illegal input character \"%.*s\"", (int)size,
                       reader->text.data + reader->at);
}

/* A parameter, @name or @`name`, with white space behind the @ if one likes; false when it is
 * something else (a hint, a system variable) or a broken one. */
static bool read_parameter(struct reader *reader, struct googlesql_token *token) {
    struct reader ahead = *reader;
    reader_step(&ahead, 1);
    if (!skip_space(&ahead)) {
        reader->failed = true;
        return false;
    }
    int byte = reader_peek(&ahead, 0);
    if (byte != '`' && !name_start(byte)) {
        return false;
    }
    *reader = ahead;
    token->kind = GOOGLESQL_PARAMETER;
    if (byte == '`') {
        return reader_backticks(reader, token);
    }
    read_name(reader, token, reader->at);
    return true;
}

/* Whether a dot behind this token is followed by a part of a name, whatever its letters: a reserved
 * word, or digits. */
static bool leads_path(const struct googlesql_token *token) {
    return token->kind == GOOGLESQL_NAME || token->kind == GOOGLESQL_PARAMETER ||
           googlesql_is(token, ")") || googlesql_is(token, "]") || googlesql_is(token, "?");
}

/* `before`: the tokens before this one. */
static bool read_token(struct reader *reader, struct googlesql_token *token, size_t before) {
    int byte = reader_peek(reader, 0);
    int next = reader_peek(reader, 1);
    bool path = before > 0 && leads_path(token - 1);
    bool part = before > 1 && googlesql_is(token - 1, ".") && leads_path(token - 2);
    if (part && name_part(byte)) {
        token->kind = GOOGLESQL_NAME;
        read_name(reader, token, token->start);
        return true;
    }
    bool found = false;
    if (!reader_literal(reader, token, &found) || found) {
        return found && !reader->failed;
    }
    if (name_start(byte)) {
        read_name(reader, token, token->start);
        const char *word = googlesql_reserved((struct text){token->text, token->size});
        token->kind = word != NULL ? GOOGLESQL_KEYWORD : GOOGLESQL_NAME;
        token->text = word != NULL ? word : token->text;
        return true;
    }
    if (is_digit(byte) || (byte == '.' && is_digit(next) && !path)) {
        return read_number(reader, token);
    }
    if (byte == '`') {
        token->kind = GOOGLESQL_NAME;
        token->quoted = true;
        return reader_backticks(reader, token);
    }
    if (byte == '@' && next != '@' && (read_parameter(reader, token) || reader->failed)) {
        return !reader->failed;
    }
    return read_sign(reader, token);
}

bool googlesql_tokenise(struct text text, struct googlesql_tokens *tokens,
                        struct googlesql_error *error) {
    *tokens = (struct googlesql_tokens){0};
    /* A token's text is no longer than what was written, and ends with a NUL. */
    tokens->room = memory_new(2 * text.size + 2, 1);
    struct reader reader = {.text = text, .place = {1, 1}, .error = error, .room = tokens->room};
    size_t capacity = 0;
    for (bool more = true; more && skip_space(&reader);) {
        tokens->items = memory_grow(tokens->items, tokens->count, &capacity, sizeof *tokens->items);
        struct googlesql_token *token = &tokens->items[tokens->count];
        *token = (struct googlesql_token){.place = reader.place, .start = reader.at, .text = ""};
        more = reader.at < text.size && read_token(&reader, token, tokens->count);
        token->end = reader.at;
        tokens->count++;
    }
    if (reader.failed) {
        googlesql_tokens_free(tokens);
    }
    return !reader.failed;
}

void googlesql_tokens_free(struct googlesql_tokens *tokens) {
    free(tokens->items);
    free(tokens->room);
    *tokens = (struct googlesql_tokens){0};
}

size_t googlesql_offset(struct text text, struct googlesql_place place) {
    struct reader reader = {.text = text, .place = {1, 1}};
    while (reader.at < text.size && reader.place.line < place.line) {
        reader_step(&reader, 1);
    }
    while (reader.at < text.size && reader.place.column < place.column &&
           text.data[reader.at] != '\n' && text.data[reader.at] != '\r') {
        reader_step(&reader, 1);
    }
    while (reader.at < text.size && (text.data[reader.at] & 0xC0) == 0x80) {
        reader_step(&reader, 1);
    }
    return reader.at;
}
