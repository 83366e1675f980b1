/* One JSON object a line, as structlog, pino, zap, slog and the cloud's agents write them. Read by
 * hand: only the members at the top, nothing allocated but an unescaped message. */
#include <string.h>

#include "logs/prefix.h"

enum value_kind { VALUE_STRING, VALUE_NUMBER, VALUE_OTHER };

struct member {
    struct text key, value; /* without quotes, escapes as they stand */
    enum value_kind kind;
};

static struct text behind(struct text text, size_t size) {
    return (struct text){text.data + size, text.size - size};
}

static void pass_blanks(struct text *rest) {
    while (rest->size > 0 && (rest->data[0] == ' ' || rest->data[0] == '\t')) {
        *rest = behind(*rest, 1);
    }
}

static bool take_byte(struct text *rest, char byte) {
    pass_blanks(rest);
    bool there = rest->size > 0 && rest->data[0] == byte;
    *rest = there ? behind(*rest, 1) : *rest;
    return there;
}

static bool take_string(struct text *rest, struct text *inner) {
    if (!take_byte(rest, '"')) {
        return false;
    }
    size_t size = 0;
    while (size < rest->size && rest->data[size] != '"') {
        size += rest->data[size] == '\\' ? 2 : 1;
    }
    if (size >= rest->size) {
        return false;
    }
    *inner = (struct text){rest->data, size};
    *rest = behind(*rest, size + 1);
    return true;
}

/* Passes a number, a word, an object or an array, as far as the comma or brace behind it. */
static bool take_other(struct text *rest, struct text *value) {
    size_t depth = 0;
    const char *start = rest->data;
    while (rest->size > 0) {
        char byte = rest->data[0];
        struct text inner;
        if (byte == '"') {
            if (!take_string(rest, &inner)) {
                return false;
            }
            continue;
        }
        if (depth == 0 && (byte == ',' || byte == '}')) {
            *value = (struct text){start, (size_t)(rest->data - start)};
            return value->size > 0;
        }
        depth += byte == '{' || byte == '[' ? 1 : 0;
        depth -= depth > 0 && (byte == '}' || byte == ']') ? 1 : 0;
        *rest = behind(*rest, 1);
    }
    return false;
}

static bool take_member(struct text *rest, struct member *member) {
    if (!take_string(rest, &member->key) || !take_byte(rest, ':')) {
        return false;
    }
    pass_blanks(rest);
    if (rest->size > 0 && rest->data[0] == '"') {
        member->kind = VALUE_STRING;
        return take_string(rest, &member->value);
    }
    if (!take_other(rest, &member->value)) {
        return false;
    }
    char first = member->value.data[0];
    member->kind = first >= '0' && first <= '9' ? VALUE_NUMBER : VALUE_OTHER;
    return true;
}

static bool is_one_of(struct text key, const char *const *names) {
    if (key.size > 0 && key.data[0] == '@') {
        key = behind(key, 1);
    }
    for (; *names != NULL; names++) {
        if (text_is(key, *names)) {
            return true;
        }
    }
    return false;
}

/* pino's and bunyan's 10 to 60, Python's levelno, the cloud's 100 to 800. */
static enum log_level level_of_number(struct text key, struct text digits) {
    int64_t number = 0;
    bool python = text_is(key, "levelno");
    if (!text_to_int64(text_trim(digits), &number)) {
        return LOG_LEVEL_NONE;
    }
    number = number >= 100 ? number / 10 + (number >= 300 ? 0 : 10) : python ? number + 10 : number;
    return number >= 60   ? LOG_LEVEL_CRITICAL
           : number >= 50 ? LOG_LEVEL_ERROR
           : number >= 40 ? LOG_LEVEL_WARNING
           : number >= 30 ? LOG_LEVEL_INFO
           : number >= 10 ? LOG_LEVEL_DEBUG
                          : LOG_LEVEL_NONE;
}

static void put_point(struct text_buffer *out, unsigned point) {
    char bytes[3];
    size_t size = 0;
    if (point < 0x80) {
        bytes[size++] = (char)(point < 0x20 ? ' ' : point);
    } else if (point < 0x800) {
        bytes[size++] = (char)(0xC0 | point >> 6);
    } else {
        bytes[size++] = (char)(0xE0 | point >> 12);
        bytes[size++] = (char)(0x80 | (point >> 6 & 0x3F));
    }
    if (point >= 0x80) {
        bytes[size++] = (char)(0x80 | (point & 0x3F));
    }
    text_buffer_put(out, bytes, size);
}

/* The four hexadecimal digits of "\uXXXX"; 0x110000 when they are none. */
static unsigned point_of(struct text digits) {
    unsigned point = 0;
    for (size_t i = 0; i < 4; i++) {
        static const char hex[] = "0123456789abcdefABCDEF";
        const char *found =
            i < digits.size && digits.data[i] != '\0' ? strchr(hex, digits.data[i]) : NULL;
        if (found == NULL) {
            return 0x110000;
        }
        unsigned digit = (unsigned)(found - hex);
        point = point * 16 + (digit > 15 ? digit - 6 : digit);
    }
    return point;
}

/* A string as it is meant; one that has no escapes stays where it is. Surrogates become "?". */
static struct text unescape(struct text raw, struct text_buffer *out) {
    static const char escaped[] = "nrtbf";
    if (raw.size == 0 || memchr(raw.data, '\\', raw.size) == NULL) {
        return raw;
    }
    text_buffer_clear(out);
    while (raw.size > 0) {
        if (raw.data[0] != '\\' || raw.size == 1) {
            text_buffer_put(out, raw.data, 1);
            raw = behind(raw, 1);
            continue;
        }
        char kind = raw.data[1];
        unsigned point = kind == 'u' ? point_of(behind(raw, 2)) : 0x110000;
        bool whole = point < 0x110000;
        if (whole && (point < 0xD800 || point > 0xDFFF)) {
            put_point(out, point);
        } else {
            bool control = kind != '\0' && strchr(escaped, kind) != NULL;
            text_buffer_put(out, whole ? "?" : control ? " " : &kind, 1);
        }
        raw = behind(raw, whole ? 6 : 2);
    }
    return (struct text){out->data, out->size};
}

bool log_prefix_read_json(struct text line, struct text_buffer *scratch,
                          struct log_prefix *prefix) {
    static const char *const levels[] = {"level",     "severity",  "levelname", "lvl",
                                         "log.level", "log_level", "levelno",   NULL};
    static const char *const messages[] = {"message", "msg", "event", "text", NULL};
    struct text rest = text_trim(line);
    struct text message = {line.data, 0};
    bool said = false;
    *prefix = (struct log_prefix){LOG_LEVEL_NONE, true, line};
    if (rest.size < 2 || rest.data[rest.size - 1] != '}' || !take_byte(&rest, '{')) {
        return false;
    }
    struct member member;
    while (take_member(&rest, &member)) {
        if (is_one_of(member.key, levels) && prefix->level == LOG_LEVEL_NONE) {
            prefix->level = member.kind == VALUE_STRING ? log_prefix_level(member.value, true)
                            : member.kind == VALUE_NUMBER
                                ? level_of_number(member.key, member.value)
                                : LOG_LEVEL_NONE;
        } else if (!said && member.kind == VALUE_STRING && is_one_of(member.key, messages)) {
            said = true;
            message = member.value;
        }
        if (!take_byte(&rest, ',')) {
            break;
        }
    }
    prefix->message = said ? unescape(message, scratch) : line;
    return said || prefix->level != LOG_LEVEL_NONE;
}
