#include "base/json.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/day.h"
#include "base/memory.h"
#include "base/unicode.h"

#define WRITE_FLAGS (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(12))

enum { LARGEST_TEXT = 64 * 1024 * 1024 };

/* Only strings hold anything but ASCII, and there an escape stands for any character. */
static void escape(struct text_buffer *buffer, uint32_t code_point) {
    if (code_point >= 0x10000) {
        code_point -= 0x10000;
        text_buffer_format(buffer, "\\u%04X\\u%04X", 0xD800 + (code_point >> 10),
                           0xDC00 + (code_point & 0x3FF));
    } else {
        text_buffer_format(buffer, "\\u%04X", code_point);
    }
}

char *json_text(const json_t *value) {
    char *text = json_dumps(value, WRITE_FLAGS);
    if (text == NULL) {
        return memory_copy_string("null");
    }
    struct text_buffer buffer = {0};
    for (const char *at = text; *at != '\0';) {
        size_t plain = 0;
        while (at[plain] >= ' ' && at[plain] < 0x7F) {
            plain++;
        }
        text_buffer_put(&buffer, at, plain);
        at += plain;
        if (*at != '\0') {
            uint32_t code_point = 0;
            size_t length = text_decode(at, strlen(at), &code_point);
            if (unicode_is_printable(code_point)) {
                text_buffer_put(&buffer, at, length);
            } else {
                escape(&buffer, code_point);
            }
            at += length;
        }
    }
    free(text);
    return text_buffer_take(&buffer);
}

bool json_write(FILE *stream, const json_t *value) {
    char *text = json_text(value);
    bool good = fputs(text, stream) != EOF && fputc('\n', stream) != EOF && fflush(stream) == 0;
    free(text);
    return good;
}

json_t *json_words(const char *string) {
    struct text text = text_of(string);
    if (string == NULL) {
        return json_null();
    }
    if (unicode_valid_size(text) == text.size) {
        return json_stringn(text.data, text.size);
    }
    struct text_buffer shown = {0};
    while (text.size > 0) {
        size_t valid = unicode_valid_size(text);
        text_buffer_put(&shown, text.data, valid);
        if (valid < text.size) {
            text_buffer_format(&shown, "<%02X>", (unsigned char)text.data[valid++]);
        }
        text = (struct text){text.data + valid, text.size - valid};
    }
    json_t *value = json_stringn(shown.data, shown.size);
    text_buffer_free(&shown);
    return value;
}

static char next_of(const char **format) {
    *format += strspn(*format, " ,:");
    return **format != '\0' ? *(*format)++ : '\0';
}

static json_t *make(const char **format, va_list *arguments, char kind);

static json_t *make_array(const char **format, va_list *arguments) {
    json_t *array = json_array();
    for (char kind = next_of(format); kind != ']' && kind != '\0'; kind = next_of(format)) {
        (void)json_array_append_new(array, make(format, arguments, kind));
    }
    return array;
}

static json_t *make_object(const char **format, va_list *arguments) {
    json_t *object = json_object();
    for (char kind = next_of(format); kind == 's'; kind = next_of(format)) {
        const char *key = va_arg(*arguments, const char *);
        (void)json_object_set_new(object, key, make(format, arguments, next_of(format)));
    }
    return object;
}

static json_t *given_or_null(json_t *value) {
    return value != NULL ? value : json_null();
}

static json_t *make(const char **format, va_list *arguments, char kind) {
    switch (kind) {
    case '{':
        return make_object(format, arguments);
    case '[':
        return make_array(format, arguments);
    case 's':
        *format += **format == '?' ? 1 : 0;
        return json_words(va_arg(*arguments, const char *));
    case 'o':
        return given_or_null(va_arg(*arguments, json_t *));
    case 'O':
        return given_or_null(json_incref(va_arg(*arguments, json_t *)));
    case 'b':
        return json_boolean(va_arg(*arguments, int));
    case 'i':
        return json_integer(va_arg(*arguments, int));
    case 'I':
        return json_integer(va_arg(*arguments, json_int_t));
    case 'f':
        return given_or_null(json_real(va_arg(*arguments, double)));
    default:
        return json_null();
    }
}

json_t *json_make(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    json_t *value = make(&format, &arguments, next_of(&format));
    va_end(arguments);
    return value;
}

json_t *json_read(struct text text, const char *what, struct error *error) {
    json_error_t mistake;
    if (text.size > LARGEST_TEXT) {
        (void)error_set(error, EXIT_DATA, "%s: JSON of %zu bytes is over the limit of 64 MiB", what,
                        text.size);
        return NULL;
    }
    json_t *value =
        json_loadb(text.data != NULL ? text.data : "", text.size, JSON_DECODE_ANY, &mistake);
    if (value == NULL) {
        (void)error_set(error, EXIT_DATA, "%s:%d:%d: not JSON: %s", what, mistake.line,
                        mistake.column, mistake.text);
    }
    return value;
}

json_t *json_time(int64_t wall_ms) {
    char text[CLOCK_UTC_SIZE];
    return wall_ms == 0 ? json_null() : json_string(clock_format_utc(wall_ms, text));
}

json_t *json_percent(int tenths) {
    return tenths < 0 ? json_null() : json_real((double)tenths / 10.0);
}

json_t *json_day(int32_t day) {
    char text[DAY_TEXT_SIZE];
    return day == DAY_NONE ? json_null() : json_string(day_format(day, text));
}

json_t *json_string_or_null(const char *string) {
    return json_words(string);
}

const char *json_get_string(const json_t *object, const char *key, const char *fallback) {
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? json_string_value(value) : fallback;
}

int64_t json_get_integer(const json_t *object, const char *key, int64_t fallback) {
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? (int64_t)json_integer_value(value) : fallback;
}

bool json_get_bool(const json_t *object, const char *key, bool fallback) {
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}
