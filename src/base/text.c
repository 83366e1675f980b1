#include "base/text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct text text_of(const char *string) {
    return (struct text){string, string == NULL ? 0 : strlen(string)};
}

bool text_equal(struct text a, struct text b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool text_is(struct text a, const char *string) {
    return text_equal(a, text_of(string));
}

bool text_starts(struct text a, struct text prefix) {
    return a.size >= prefix.size &&
           (prefix.size == 0 || memcmp(a.data, prefix.data, prefix.size) == 0);
}

struct text text_trim(struct text a) {
    while (a.size > 0 && isspace((unsigned char)a.data[0])) {
        a.data++;
        a.size--;
    }
    while (a.size > 0 && isspace((unsigned char)a.data[a.size - 1])) {
        a.size--;
    }
    return a;
}

struct text text_cut(struct text *rest, char separator) {
    const char *at = rest->size == 0 ? NULL : memchr(rest->data, separator, rest->size);
    struct text before = *rest;
    if (at == NULL) {
        *rest = (struct text){rest->size == 0 ? rest->data : rest->data + rest->size, 0};
        return before;
    }
    before.size = (size_t)(at - rest->data);
    rest->data = at + 1;
    rest->size -= before.size + 1;
    return before;
}

bool text_to_int64(struct text a, int64_t *value) {
    bool negative = a.size > 0 && a.data[0] == '-';
    size_t at = a.size > 0 && (a.data[0] == '-' || a.data[0] == '+') ? 1 : 0;
    int64_t number = 0;
    if (at == a.size) {
        return false;
    }
    for (; at < a.size; at++) {
        if (a.data[at] < '0' || a.data[at] > '9') {
            return false;
        }
        int digit = a.data[at] - '0';
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_sub_overflow(number, digit, &number)) {
            return false;
        }
    }
    if (!negative && number == INT64_MIN) {
        return false;
    }
    *value = negative ? number : -number;
    return true;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

size_t text_distance(const char *a, const char *b) {
    enum { USUAL = 128 };
    size_t usual[USUAL + 1];
    size_t width = strlen(b);
    size_t *row = width <= USUAL ? usual : memory_new(width + 1, sizeof *row);
    for (size_t j = 0; j <= width; j++) {
        row[j] = j;
    }
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            bool same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
            size_t change = diagonal + (same ? 0 : 1);
            diagonal = row[j];
            row[j] = least(change, least(row[j], row[j - 1]) + 1);
        }
    }
    size_t distance = row[width];
    if (row != usual) {
        free(row);
    }
    return distance;
}

const char *text_nearest(const char *wrong, const char *const *names, size_t count) {
    enum { LONGEST_WORD = 128 };
    const char *best = NULL;
    size_t size = strlen(wrong);
    size_t limit = size / 3 + 1;
    for (size_t i = 0; i < count && size <= LONGEST_WORD; i++) {
        size_t other = strlen(names[i]);
        if (other > size + limit || size > other + limit) {
            continue; /* too far apart, whatever they say */
        }
        size_t distance = text_distance(wrong, names[i]);
        if (distance <= limit) {
            best = names[i];
            limit = distance - (distance > 0 ? 1 : 0);
            if (distance == 0) {
                break;
            }
        }
    }
    return best;
}

size_t text_decode(const char *data, size_t size, uint32_t *code_point) {
    const unsigned char *bytes = (const unsigned char *)data;
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t value;
    size_t length;
    if (bytes[0] < 0x80) {
        *code_point = bytes[0];
        return 1;
    }
    if ((bytes[0] & 0xE0) == 0xC0) {
        length = 2;
        value = bytes[0] & 0x1FU;
    } else if ((bytes[0] & 0xF0) == 0xE0) {
        length = 3;
        value = bytes[0] & 0x0FU;
    } else if ((bytes[0] & 0xF8) == 0xF0) {
        length = 4;
        value = bytes[0] & 0x07U;
    } else {
        *code_point = UINT32_MAX;
        return 1;
    }
    for (size_t i = 1; i < length; i++) {
        if (i >= size || (bytes[i] & 0xC0) != 0x80) {
            *code_point = UINT32_MAX;
            return 1;
        }
        value = value << 6 | (bytes[i] & 0x3FU);
    }
    if (value < smallest[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
        *code_point = UINT32_MAX;
        return 1;
    }
    *code_point = value;
    return length;
}

size_t text_encode(uint32_t code_point, char out[4]) {
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (char)(0xC0 | code_point >> 6);
        out[1] = (char)(0x80 | (code_point & 0x3F));
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = (char)(0xE0 | code_point >> 12);
        out[1] = (char)(0x80 | (code_point >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code_point & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code_point >> 18);
    out[1] = (char)(0x80 | (code_point >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code_point >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code_point & 0x3F));
    return 4;
}

static void make_room(struct text_buffer *buffer, size_t more) {
    size_t needed = buffer->size + more + 1;
    if (needed > buffer->capacity) {
        size_t capacity = buffer->capacity < 64 ? 64 : buffer->capacity * 2;
        buffer->capacity = capacity < needed ? needed : capacity;
        buffer->data = memory_resize(buffer->data, buffer->capacity, 1);
    }
}

void text_buffer_put(struct text_buffer *buffer, const char *data, size_t size) {
    make_room(buffer, size);
    if (size != 0) {
        memcpy(buffer->data + buffer->size, data, size);
    }
    buffer->size += size;
    buffer->data[buffer->size] = '\0';
}

void text_buffer_add(struct text_buffer *buffer, const char *string) {
    text_buffer_put(buffer, string, strlen(string));
}

void text_buffer_format(struct text_buffer *buffer, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length > 0) {
        make_room(buffer, (size_t)length);
        (void)vsnprintf(buffer->data + buffer->size, (size_t)length + 1, format, again);
        buffer->size += (size_t)length;
    }
    va_end(again);
}

void text_buffer_clear(struct text_buffer *buffer) {
    buffer->size = 0;
    if (buffer->data != NULL) {
        buffer->data[0] = '\0';
    }
}

char *text_buffer_take(struct text_buffer *buffer) {
    make_room(buffer, 0);
    buffer->data[buffer->size] = '\0';
    char *string = buffer->data;
    *buffer = (struct text_buffer){0};
    return string;
}

void text_buffer_free(struct text_buffer *buffer) {
    free(buffer->data);
    *buffer = (struct text_buffer){0};
}

size_t text_count_characters(struct text a) {
    size_t count = 0;
    for (size_t i = 0; i < a.size; count++) {
        uint32_t code_point;
        i += text_decode(a.data + i, a.size - i, &code_point);
    }
    return count;
}
