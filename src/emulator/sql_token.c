/* The tokeniser of GoogleSQL. */
#include "emulator/sql_token.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct reader {
    struct sql_compilation *compilation;
    struct text text;
    size_t at;
    struct sql_place place;
};

static const char *const reserved[] = {
    "ALL",
    "AND",
    "ANY",
    "ARRAY",
    "AS",
    "ASC",
    "ASSERT_ROWS_MODIFIED",
    "AT",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "COLLATE",
    "CONTAINS",
    "CREATE",
    "CROSS",
    "CUBE",
    "CURRENT",
    "DEFAULT",
    "DEFINE",
    "DESC",
    "DISTINCT",
    "ELSE",
    "END",
    "ENUM",
    "ESCAPE",
    "EXCEPT",
    "EXCLUDE",
    "EXISTS",
    "EXTRACT",
    "FALSE",
    "FETCH",
    "FOLLOWING",
    "FOR",
    "FROM",
    "FULL",
    "GROUP",
    "GROUPING",
    "GROUPS",
    "HASH",
    "HAVING",
    "IF",
    "IGNORE",
    "IN",
    "INNER",
    "INTERSECT",
    "INTERVAL",
    "INTO",
    "IS",
    "JOIN",
    "LATERAL",
    "LEFT",
    "LIKE",
    "LIMIT",
    "LOOKUP",
    "MERGE",
    "NATURAL",
    "NEW",
    "NO",
    "NOT",
    "NULL",
    "NULLS",
    "OF",
    "ON",
    "OR",
    "ORDER",
    "OUTER",
    "OVER",
    "PARTITION",
    "PRECEDING",
    "PROTO",
    "QUALIFY",
    "RANGE",
    "RECURSIVE",
    "RESPECT",
    "RIGHT",
    "ROLLUP",
    "ROWS",
    "SELECT",
    "SET",
    "SOME",
    "STRUCT",
    "TABLESAMPLE",
    "THEN",
    "TO",
    "TREAT",
    "TRUE",
    "UNBOUNDED",
    "UNION",
    "UNNEST",
    "USING",
    "WHEN",
    "WHERE",
    "WINDOW",
    "WITH",
    "WITHIN",
};

/* Longer signs first. */
static const char *const signs[] = {"<=", ">=", "<>", "!=", "||", "<<", ">>", "=>", "@@", "(", ")",
                                    "[",  "]",  "{",  "}",  ",",  ".",  ";",  "+",  "-",  "*", "/",
                                    "%",  "<",  ">",  "=",  "?",  ":",  "|",  "&",  "^",  "~", "!"};

static int peek(const struct reader *reader, size_t ahead) {
    size_t at = reader->at + ahead;
    return at < reader->text.size ? (unsigned char)reader->text.data[at] : -1;
}

/* One byte on; columns count characters, so continuation bytes do not move them. */
static void step(struct reader *reader, size_t bytes) {
    while (bytes--) {
        int byte = peek(reader, 0);
        reader->at++;
        if (byte == '\n') {
            reader->place.line++;
            reader->place.column = 1;
        } else if ((byte & 0xC0) != 0x80) {
            reader->place.column++;
        }
    }
}

static bool name_start(int byte) {
    return byte == '_' || (byte > 0 && byte < 128 && isalpha(byte));
}

static bool name_part(int byte) {
    return name_start(byte) || (byte >= '0' && byte <= '9');
}

static bool skip_block_comment(struct reader *reader) {
    struct sql_place place = reader->place;
    step(reader, 2);
    while (!(peek(reader, 0) == '*' && peek(reader, 1) == '/')) {
        if (peek(reader, 0) < 0)
            return sql_fail(reader->compilation, place, "Syntax error: Unclosed comment");
        step(reader, 1);
    }
    step(reader, 2);
    return true;
}

static bool skip_space(struct reader *reader) {
    for (;;) {
        int byte = peek(reader, 0);
        if (byte >= 0 && byte < 128 && isspace(byte)) {
            step(reader, 1);
        } else if (byte == '#' || (byte == '-' && peek(reader, 1) == '-')) {
            while (peek(reader, 0) >= 0 && peek(reader, 0) != '\n')
                step(reader, 1);
        } else if (byte == '/' && peek(reader, 1) == '*') {
            if (!skip_block_comment(reader))
                return false;
        } else {
            return true;
        }
    }
}

static bool read_digits(struct reader *reader, int base, int least, int most, uint32_t *value) {
    int count = 0;
    *value = 0;
    for (; count < most; count++) {
        int byte = peek(reader, 0);
        int digit = byte >= '0' && byte <= '9'    ? byte - '0'
                    : byte >= 0 && isxdigit(byte) ? (byte | 32) - 'a' + 10
                                                  : 99;
        if (digit >= base)
            break;
        *value = *value * (uint32_t)base + (uint32_t)digit;
        step(reader, 1);
    }
    return count >= least;
}

/* What follows a backslash; the backslash is read already. */
static bool read_escape(struct reader *reader, bool bytes, struct text_buffer *out) {
    static const char letters[] = "abfnrtv\\?\"'`";
    static const char meanings[] = "\a\b\f\n\r\t\v\\?\"'`";
    struct sql_place place = reader->place;
    int byte = peek(reader, 0);
    const char *letter = byte > 0 ? strchr(letters, byte) : NULL;
    if (letter) {
        step(reader, 1);
        text_buffer_put(out, &meanings[letter - letters], 1);
        return true;
    }
    uint32_t value = 0;
    bool good = false;
    bool point = byte == 'u' || byte == 'U';
    if (byte >= '0' && byte <= '7') {
        good = read_digits(reader, 8, 3, 3, &value);
    } else if (byte == 'x' || byte == 'X' || point) {
        step(reader, 1);
        int digits = byte == 'u' ? 4 : byte == 'U' ? 8 : 2;
        good = read_digits(reader, 16, digits, digits, &value);
    }
    if (!good || (point && bytes) || value > 0x10FFFF || (!point && value > 255) ||
        (value >= 0xD800 && value <= 0xDFFF))
        return sql_fail(reader->compilation, place,
                        "Syntax error: Illegal escape sequence in a literal");
    char encoded[4] = {(char)value};
    size_t size = bytes ? 1 : text_encode(value, encoded);
    text_buffer_put(out, encoded, size);
    return true;
}

/* The inside of quotes up to the closing ones, which `quote` repeats `width` times. */
static bool read_quoted(struct reader *reader, char quote, size_t width, bool raw, bool bytes,
                        struct sql_place place, struct text_buffer *out) {
    for (;;) {
        int byte = peek(reader, 0);
        if (byte < 0 || (byte == '\n' && width == 1))
            return sql_fail(reader->compilation, place, "Syntax error: Unclosed %s literal",
                            quote == '`' ? "identifier" : "string");
        size_t closing = 0;
        while (closing < width && peek(reader, closing) == quote)
            closing++;
        if (closing == width) {
            step(reader, width);
            return true;
        }
        if (byte == '\\' && !raw) {
            step(reader, 1);
            if (!read_escape(reader, bytes, out))
                return false;
            continue;
        }
        if (byte == '\\' && peek(reader, 1) >= 0) {
            text_buffer_put(out, "\\", 1);
            step(reader, 1);
            byte = peek(reader, 0);
        }
        char one = (char)byte;
        text_buffer_put(out, &one, 1);
        step(reader, 1);
    }
}

static bool finish_quoted(struct reader *reader, struct sql_token *token, char quote, bool raw,
                          bool bytes) {
    bool triple = quote != '`' && peek(reader, 1) == quote && peek(reader, 2) == quote;
    size_t width = triple ? 3 : 1;
    step(reader, width);
    struct text_buffer value = {0};
    bool good = read_quoted(reader, quote, width, raw, bytes, token->place, &value);
    if (good) {
        token->text =
            sql_copy(&reader->compilation->arena, value.data ? value.data : "", value.size);
        token->size = value.size;
        if (quote == '`' && value.size == 0)
            good = sql_fail(reader->compilation, token->place,
                            "Syntax error: Invalid empty identifier");
        if (good && !bytes && memchr(token->text, '\0', token->size))
            good = sql_fail(reader->compilation, token->place,
                            "NUL characters in literals are not supported by the local BigQuery");
    }
    text_buffer_free(&value);
    return good;
}

/* A string or bytes literal, whose prefix may be r, b, rb or br; `*found` tells whether it was one.
 */
static bool read_string(struct reader *reader, struct sql_token *token, bool *found) {
    bool raw = false, bytes = false;
    size_t prefix = 0;
    for (; prefix < 2; prefix++) {
        int byte = peek(reader, prefix) | 32;
        if (byte == 'r' && !raw)
            raw = true;
        else if (byte == 'b' && !bytes)
            bytes = true;
        else
            break;
    }
    int quote = peek(reader, prefix);
    *found = quote == '\'' || quote == '"';
    if (!*found)
        return true;
    step(reader, prefix);
    token->kind = bytes ? TOKEN_BYTES : TOKEN_STRING;
    return finish_quoted(reader, token, (char)quote, raw, bytes);
}

static void read_number(struct reader *reader, struct sql_token *token) {
    token->kind = TOKEN_INTEGER;
    if (peek(reader, 0) == '0' && (peek(reader, 1) | 32) == 'x') {
        step(reader, 2);
        while (peek(reader, 0) >= 0 && isxdigit(peek(reader, 0)))
            step(reader, 1);
        return;
    }
    while (peek(reader, 0) >= '0' && peek(reader, 0) <= '9')
        step(reader, 1);
    if (peek(reader, 0) == '.') {
        token->kind = TOKEN_FLOAT;
        step(reader, 1);
        while (peek(reader, 0) >= '0' && peek(reader, 0) <= '9')
            step(reader, 1);
    }
    size_t sign = peek(reader, 1) == '-' || peek(reader, 1) == '+' ? 1 : 0;
    int digit = peek(reader, 1 + sign);
    if ((peek(reader, 0) | 32) == 'e' && digit >= '0' && digit <= '9') {
        token->kind = TOKEN_FLOAT;
        step(reader, 2 + sign);
        while (peek(reader, 0) >= '0' && peek(reader, 0) <= '9')
            step(reader, 1);
    }
}

static void read_name(struct reader *reader, struct sql_token *token) {
    while (name_part(peek(reader, 0)))
        step(reader, 1);
    struct sql_arena *arena = &reader->compilation->arena;
    token->kind = TOKEN_NAME;
    token->text = sql_copy(arena, reader->text.data + token->start, reader->at - token->start);
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        if (!sql_same(reserved[i], token->text))
            continue;
        token->kind = TOKEN_KEYWORD;
        token->text = reserved[i];
        return;
    }
}

static bool read_sign(struct reader *reader, struct sql_token *token) {
    token->kind = TOKEN_SIGN;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t size = strlen(signs[i]);
        if (reader->text.size - reader->at < size ||
            memcmp(reader->text.data + reader->at, signs[i], size) != 0)
            continue;
        token->text = signs[i];
        step(reader, size);
        return true;
    }
    uint32_t point;
    size_t size =
        text_decode(reader->text.data + reader->at, reader->text.size - reader->at, &point);
    if (point == UINT32_MAX || point < ' ')
        return sql_fail(reader->compilation, reader->place,
                        "Syntax error: Illegal input character \"\\x%02x\"",
                        (unsigned)(unsigned char)reader->text.data[reader->at]);
    return sql_fail(reader->compilation, reader->place,
                    "Syntax error: Illegal input character \"%.*s\"", (int)size,
                    reader->text.data + reader->at);
}

static bool read_token(struct reader *reader, struct sql_token *token) {
    int byte = peek(reader, 0);
    bool found = false;
    if (!read_string(reader, token, &found) || found)
        return found && !reader->compilation->failed;
    if (name_start(byte)) {
        read_name(reader, token);
        return true;
    }
    int next = peek(reader, 1);
    if ((byte >= '0' && byte <= '9') || (byte == '.' && next >= '0' && next <= '9')) {
        read_number(reader, token);
        token->text = sql_copy(&reader->compilation->arena, reader->text.data + token->start,
                               reader->at - token->start);
        return true;
    }
    if (byte == '`') {
        token->kind = TOKEN_NAME;
        token->quoted = true;
        return finish_quoted(reader, token, '`', false, false);
    }
    if (byte == '@' && name_start(next)) {
        step(reader, 1);
        size_t start = reader->at;
        while (name_part(peek(reader, 0)))
            step(reader, 1);
        token->kind = TOKEN_PARAMETER;
        token->text =
            sql_copy(&reader->compilation->arena, reader->text.data + start, reader->at - start);
        return true;
    }
    return read_sign(reader, token);
}

struct sql_token *sql_tokenise(struct sql_compilation *compilation, struct text text,
                               size_t *count) {
    struct reader reader = {.compilation = compilation, .text = text, .place = {1, 1}};
    struct sql_token *tokens = NULL;
    size_t capacity = 0;
    *count = 0;
    for (bool more = true; more;) {
        if (!skip_space(&reader))
            break;
        tokens = memory_grow(tokens, *count, &capacity, sizeof *tokens);
        struct sql_token *token = &tokens[(*count)++];
        *token = (struct sql_token){.place = reader.place, .start = reader.at, .text = ""};
        more = reader.at < text.size;
        if (more && !read_token(&reader, token))
            break;
        token->end = reader.at;
    }
    struct sql_token *kept = NULL;
    if (tokens && !compilation->failed) {
        kept = sql_new(&compilation->arena, *count * sizeof *kept);
        memcpy(kept, tokens, *count * sizeof *kept);
    }
    free(tokens);
    return kept;
}

const char *sql_token_describe(struct sql_arena *arena, const struct sql_token *token) {
    switch (token->kind) {
    case TOKEN_END:
        return "end of input";
    case TOKEN_KEYWORD:
        return sql_print(arena, "keyword %s", token->text);
    case TOKEN_NAME:
        return token->quoted ? sql_print(arena, "identifier `%s`", token->text)
                             : sql_print(arena, "identifier \"%s\"", token->text);
    case TOKEN_INTEGER:
        return sql_print(arena, "integer literal \"%s\"", token->text);
    case TOKEN_FLOAT:
        return sql_print(arena, "floating point literal \"%s\"", token->text);
    case TOKEN_STRING:
        return sql_print(arena, "string literal \"%s\"", token->text);
    case TOKEN_BYTES:
        return "bytes literal";
    case TOKEN_PARAMETER:
        return "\"@\"";
    case TOKEN_SIGN:
        break;
    }
    return sql_print(arena, "\"%s\"", token->text);
}
