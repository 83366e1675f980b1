/* Quoted things: string and bytes literals, and names in backticks, with their escapes. */
#include <ctype.h>
#include <string.h>

#include "googlesql/reader.h"

struct quotes {
    char sign;
    size_t width; /* 1 or 3 */
    bool raw, bytes;
};

static bool read_digits(struct reader *reader, int base, int count, uint32_t *value) {
    *value = 0;
    for (int i = 0; i < count; i++) {
        int byte = reader_peek(reader, 0);
        int digit = byte >= '0' && byte <= '9'    ? byte - '0'
                    : byte >= 0 && isxdigit(byte) ? (byte | 32) - 'a' + 10
                                                  : base;
        if (digit >= base) {
            return false;
        }
        *value = *value * (uint32_t)base + (uint32_t)digit;
        reader_step(reader, 1);
    }
    return true;
}

static void put(struct reader *reader, char byte) {
    *reader->room++ = byte;
}

/* What follows a backslash; the backslash is read already. A value is never longer than what
 * stands for it, as the size of the room supposes. */
static bool read_escape(struct reader *reader, bool bytes) {
    static const char letters[] = "abfnrtv\\?\"'`";
    static const char meanings[] = "\a\b\f\n\r\t\v\\?\"'`";
    struct googlesql_place place = reader->place;
    int byte = reader_peek(reader, 0);
    const char *letter = byte > 0 ? strchr(letters, byte) : NULL;
    if (letter != NULL) {
        reader_step(reader, 1);
        put(reader, meanings[letter - letters]);
        return true;
    }
    uint32_t value = 0;
    bool good = false;
    bool point = byte == 'u' || byte == 'U';
    if (byte >= '0' && byte <= '7') {
        good = read_digits(reader, 8, 3, &value);
    } else if (byte == 'x' || byte == 'X' || point) {
        reader_step(reader, 1);
        good = read_digits(reader, 16, byte == 'u' ? 4 : byte == 'U' ? 8 : 2, &value);
    }
    if (!good || (point && bytes) || value > 0x10FFFF || (!point && value > 255) ||
        (value >= 0xD800 && value <= 0xDFFF)) {
        return reader_fail(reader, place, "Illegal escape sequence in a literal");
    }
    char encoded[4] = {(char)value};
    size_t size = bytes ? 1 : text_encode(value, encoded);
    for (size_t i = 0; i < size; i++) {
        put(reader, encoded[i]);
    }
    return true;
}

static bool is_break(int byte) {
    return byte == '\n' || byte == '\r';
}

/* The inside of quotes up to the closing ones. */
static bool read_inside(struct reader *reader, struct quotes quotes, struct googlesql_place place) {
    for (;;) {
        int byte = reader_peek(reader, 0);
        bool escaped = byte == '\\' && reader_peek(reader, 1) >= 0;
        int next = escaped && quotes.raw ? reader_peek(reader, 1) : byte;
        if (byte < 0 || (quotes.width == 1 && is_break(next))) {
            return reader_fail(reader, place, "Unclosed %s",
                               quotes.sign == '`' ? "identifier literal"
                               : quotes.bytes     ? "bytes literal"
                                                  : "string literal");
        }
        size_t closing = 0;
        while (closing < quotes.width && reader_peek(reader, closing) == quotes.sign) {
            closing++;
        }
        if (closing == quotes.width) {
            reader_step(reader, closing);
            return true;
        }
        if (byte == '\\' && !quotes.raw) {
            reader_step(reader, 1);
            if (!read_escape(reader, quotes.bytes)) {
                return false;
            }
            continue;
        }
        if (escaped) {
            put(reader, '\\');
            reader_step(reader, 1);
        }
        put(reader, (char)next);
        reader_step(reader, 1);
    }
}

static bool read_quoted(struct reader *reader, struct googlesql_token *token,
                        struct quotes quotes) {
    bool triple = quotes.sign != '`' && reader_peek(reader, 1) == quotes.sign &&
                  reader_peek(reader, 2) == quotes.sign;
    quotes.width = triple ? 3 : 1;
    reader_step(reader, quotes.width);
    const char *from = reader->room;
    if (!read_inside(reader, quotes, token->place)) {
        return false;
    }
    reader_keep(reader, token, from);
    return true;
}

bool reader_literal(struct reader *reader, struct googlesql_token *token, bool *found) {
    struct quotes quotes = {0};
    size_t prefix = 0;
    for (; prefix < 2; prefix++) {
        int byte = reader_peek(reader, prefix) | 32;
        if (byte == 'r' && !quotes.raw) {
            quotes.raw = true;
        } else if (byte == 'b' && !quotes.bytes) {
            quotes.bytes = true;
        } else {
            break;
        }
    }
    int sign = reader_peek(reader, prefix);
    *found = sign == '\'' || sign == '"';
    if (!*found) {
        return true;
    }
    reader_step(reader, prefix);
    token->kind = quotes.bytes ? GOOGLESQL_BYTES : GOOGLESQL_STRING;
    quotes.sign = (char)sign;
    return read_quoted(reader, token, quotes);
}

bool reader_backticks(struct reader *reader, struct googlesql_token *token) {
    if (!read_quoted(reader, token, (struct quotes){.sign = '`'})) {
        return false;
    }
    return token->size > 0 || reader_fail(reader, token->place, "Invalid empty identifier");
}
