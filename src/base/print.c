#include "base/print.h"

#include <stdint.h>
#include <string.h>

#include "base/unicode.h"

enum { SPEC_SIZE = 48, NUMBER_SIZE = 512, MARKS_PER_BASE = 4 };

/* Of one conversion. */
struct spec {
    char flags[8];
    size_t flag_count;
    int width, precision; /* -1: none */
    bool slice;           /* the precision came as an argument: bytes of a slice */
    char length[3];
    char conversion;
};

static void put_escaped(struct text_buffer *buffer, unsigned char byte) {
    if (byte < 0x20 || byte == 0x7F) {
        text_buffer_format(buffer, "^%c", byte == 0x7F ? '?' : byte + '@');
    } else {
        text_buffer_format(buffer, "<%02X>", byte);
    }
}

/* Shows the bytes of `raw` that may not be obeyed; `lines` leaves line feeds and tabs. */
static void put_printable(struct text_buffer *buffer, struct text raw, bool lines) {
    unsigned marks = MARKS_PER_BASE; /* none may stand before the first character */
    for (size_t at = 0; at < raw.size;) {
        uint32_t code_point = 0;
        const char *data = raw.data + at;
        size_t length = text_decode(data, raw.size - at, &code_point);
        at += length;
        if (code_point == UINT32_MAX || code_point < 0x20 || code_point == 0x7F) {
            if (lines && (code_point == '\n' || code_point == '\t')) {
                text_buffer_put(buffer, data, 1);
            } else {
                put_escaped(buffer, (unsigned char)*data);
            }
            marks = MARKS_PER_BASE;
        } else if (!unicode_is_printable(code_point)) {
            text_buffer_format(buffer, "<U+%04X>", code_point);
            marks = MARKS_PER_BASE;
        } else if (unicode_width(code_point) > 0) {
            text_buffer_put(buffer, data, length);
            marks = 0;
        } else if (marks++ < MARKS_PER_BASE) {
            text_buffer_put(buffer, data, length);
        } else {
            text_buffer_format(buffer, "<U+%04X>", code_point);
        }
    }
    text_buffer_put(buffer, "", 0);
}

static void put_csv(struct text_buffer *buffer, struct text shown) {
    bool formula = shown.size > 0 && strchr("=+-@", shown.data[0]) != NULL;
    bool quoted = formula;
    for (size_t i = 0; i < shown.size && !quoted; i++) {
        quoted = shown.data[i] == '"' || shown.data[i] == ',' || shown.data[i] == ';';
    }
    text_buffer_add(buffer, quoted ? "\"" : "");
    text_buffer_add(buffer, formula ? "'" : "");
    for (size_t i = 0; i < shown.size; i++) {
        text_buffer_put(buffer, shown.data + i, 1);
        if (shown.data[i] == '"') {
            text_buffer_add(buffer, "\"");
        }
    }
    text_buffer_add(buffer, quoted ? "\"" : "");
}

static void put_markdown(struct text_buffer *buffer, struct text shown) {
    for (size_t i = 0; i < shown.size; i++) {
        char character = shown.data[i];
        bool inside =
            i > 0 && i + 1 < shown.size && shown.data[i - 1] != ' ' && shown.data[i + 1] != ' ';
        bool markup = strchr("\\`*[]<>|#&~!", character) != NULL || (character == '_' && !inside) ||
                      (i == 0 && strchr("+-=", character) != NULL);
        text_buffer_add(buffer, markup ? "\\" : "");
        text_buffer_put(buffer, shown.data + i, 1);
    }
}

/* A span ends at as many backticks as it begins with: one more than ever stand together in it. In a
 * table a bar ends the cell even so, and is written as an entity nowhere: it gets its backslash. */
static void put_code(struct text_buffer *buffer, struct text shown) {
    size_t longest = 0;
    size_t run = 0;
    for (size_t i = 0; i < shown.size; i++) {
        run = shown.data[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    bool padded = longest > 0 && (shown.data[0] == '`' || shown.data[shown.size - 1] == '`');
    for (size_t i = 0; i <= longest; i++) {
        text_buffer_add(buffer, "`");
    }
    text_buffer_add(buffer, padded || shown.size == 0 ? " " : "");
    text_buffer_put(buffer, shown.data, shown.size);
    text_buffer_add(buffer, padded ? " " : "");
    for (size_t i = 0; i <= longest; i++) {
        text_buffer_add(buffer, "`");
    }
}

void print_value(struct text_buffer *buffer, enum print_form form, struct text raw) {
    if (form == PRINT_VALUE || form == PRINT_LINES) {
        put_printable(buffer, raw, form == PRINT_LINES);
        return;
    }
    struct text_buffer shown = {0};
    put_printable(&shown, raw, false);
    struct text text = {shown.data, shown.size};
    if (form == PRINT_CSV) {
        put_csv(buffer, text);
    } else if (form == PRINT_MARKDOWN) {
        put_markdown(buffer, text);
    } else {
        put_code(buffer, text);
    }
    text_buffer_free(&shown);
}

static void pad(struct text_buffer *buffer, size_t columns) {
    for (size_t i = 0; i < columns; i++) {
        text_buffer_put(buffer, " ", 1);
    }
}

static void put_string(struct text_buffer *buffer, const struct spec *spec, const char *string) {
    struct text_buffer shown = {0};
    struct text raw = {string, 0};
    if (string == NULL) {
        raw = TEXT("(none)");
    } else if (spec->slice && spec->precision >= 0) {
        raw.size = strnlen(string, (size_t)spec->precision);
    } else {
        raw.size = strlen(string);
    }
    put_printable(&shown, raw, false);
    struct text text = {shown.data, shown.size};
    size_t columns = unicode_columns(text);
    bool cut = !spec->slice && spec->precision >= 0 && columns > (size_t)spec->precision;
    if (cut) {
        size_t room = spec->precision > 0 ? (size_t)spec->precision - 1 : 0;
        text.size = unicode_fit(text, room, &columns);
        columns += spec->precision > 0 ? 1 : 0;
    }
    size_t width = spec->width > 0 ? (size_t)spec->width : 0;
    size_t blanks = width > columns ? width - columns : 0;
    bool left = memchr(spec->flags, '-', spec->flag_count) != NULL;
    pad(buffer, left ? 0 : blanks);
    text_buffer_put(buffer, text.data, text.size);
    text_buffer_add(buffer, cut && spec->precision > 0 ? "…" : "");
    pad(buffer, left ? blanks : 0);
    text_buffer_free(&shown);
}

static const char *read_number(const char *at, int *number) {
    *number = 0;
    while (*at >= '0' && *at <= '9') {
        *number = *number * 10 + (*at++ - '0');
    }
    return at;
}

/* The conversion without its width and precision, which are passed as arguments. */
static void write_spec(const struct spec *spec, const char *length, char out[SPEC_SIZE]) {
    (void)snprintf(out, SPEC_SIZE, "%%%.*s*.*%s%c", (int)spec->flag_count, spec->flags, length,
                   spec->conversion);
}

/* The format is one conversion that was in a literal which the compiler has checked. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static void put_integer(struct text_buffer *buffer, const struct spec *spec, intmax_t value) {
    char format[SPEC_SIZE];
    char out[NUMBER_SIZE];
    write_spec(spec, "j", format);
    int width = spec->width > 0 ? spec->width : 0;
    (void)snprintf(out, sizeof out, format, width, spec->precision, value);
    text_buffer_add(buffer, out);
}

static void put_real(struct text_buffer *buffer, const struct spec *spec, double value) {
    char format[SPEC_SIZE];
    char out[NUMBER_SIZE];
    write_spec(spec, "", format);
    int width = spec->width > 0 ? spec->width : 0;
    (void)snprintf(out, sizeof out, format, width, spec->precision, value);
    text_buffer_add(buffer, out);
}

#pragma GCC diagnostic pop

static intmax_t take_signed(const struct spec *spec, va_list *arguments) {
    switch (spec->length[0]) {
    case 'l':
        return spec->length[1] == 'l' ? va_arg(*arguments, long long) : va_arg(*arguments, long);
    case 'j':
        return va_arg(*arguments, intmax_t);
    case 'z':
    case 't':
        return va_arg(*arguments, ptrdiff_t);
    default:
        return va_arg(*arguments, int);
    }
}

static uintmax_t take_unsigned(const struct spec *spec, va_list *arguments) {
    switch (spec->length[0]) {
    case 'l':
        return spec->length[1] == 'l' ? va_arg(*arguments, unsigned long long)
                                      : va_arg(*arguments, unsigned long);
    case 'j':
        return va_arg(*arguments, uintmax_t);
    case 'z':
    case 't':
        return va_arg(*arguments, size_t);
    default:
        return va_arg(*arguments, unsigned);
    }
}

static void convert(struct text_buffer *buffer, const struct spec *spec, va_list *arguments) {
    switch (spec->conversion) {
    case 's':
        put_string(buffer, spec, va_arg(*arguments, const char *));
        break;
    case 'c': {
        char character[2] = {(char)va_arg(*arguments, int), '\0'};
        struct spec plain = *spec;
        plain.precision = -1;
        put_string(buffer, &plain, character);
        break;
    }
    case 'd':
    case 'i':
        put_integer(buffer, spec, take_signed(spec, arguments));
        break;
    case 'u':
    case 'x':
    case 'X':
    case 'o':
        put_integer(buffer, spec, (intmax_t)take_unsigned(spec, arguments));
        break;
    case '%':
        text_buffer_add(buffer, "%");
        break;
    default:
        put_real(buffer, spec, va_arg(*arguments, double));
        break;
    }
}

static const char *read_spec(const char *at, struct spec *spec, va_list *arguments) {
    *spec = (struct spec){.width = -1, .precision = -1};
    while (*at != '\0' && strchr("-+ #0", *at) != NULL && spec->flag_count < sizeof spec->flags) {
        spec->flags[spec->flag_count++] = *at++;
    }
    if (*at == '*') {
        spec->width = va_arg(*arguments, int);
        at++;
    } else if (*at >= '1' && *at <= '9') {
        at = read_number(at, &spec->width);
    }
    if (spec->width < -1) {
        spec->width = -spec->width;
        spec->flags[spec->flag_count < sizeof spec->flags ? spec->flag_count++ : 0] = '-';
    }
    if (*at == '.' && at[1] == '*') {
        spec->precision = va_arg(*arguments, int);
        spec->slice = true;
        at += 2;
    } else if (*at == '.') {
        at = read_number(at + 1, &spec->precision);
    }
    for (size_t i = 0; *at != '\0' && strchr("hljzt", *at) != NULL && i < 2; i++) {
        spec->length[i] = *at++;
    }
    spec->conversion = *at;
    return *at != '\0' ? at + 1 : at;
}

void print_to_list(struct text_buffer *buffer, const char *format, va_list arguments) {
    va_list rest;
    va_copy(rest, arguments);
    text_buffer_put(buffer, "", 0);
    while (*format != '\0') {
        size_t plain = strcspn(format, "%");
        text_buffer_put(buffer, format, plain);
        format += plain;
        if (*format == '%') {
            struct spec spec;
            format = read_spec(format + 1, &spec, &rest);
            convert(buffer, &spec, &rest);
        }
    }
    va_end(rest);
}

void print_to(struct text_buffer *buffer, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_to_list(buffer, format, arguments);
    va_end(arguments);
}

bool print(FILE *stream, const char *format, ...) {
    struct text_buffer buffer = {0};
    va_list arguments;
    va_start(arguments, format);
    print_to_list(&buffer, format, arguments);
    va_end(arguments);
    bool good = fwrite(buffer.data, 1, buffer.size, stream) == buffer.size;
    text_buffer_free(&buffer);
    return good;
}

bool print_lines(FILE *stream, const char *lines) {
    struct text_buffer buffer = {0};
    put_printable(&buffer, text_of(lines), true);
    bool good = fwrite(buffer.data, 1, buffer.size, stream) == buffer.size;
    text_buffer_free(&buffer);
    return good;
}

/* Moves the buffer's text into `out` and frees the buffer. */
static char *move(struct text_buffer *buffer, char *out, size_t size) {
    static const char ellipsis[] = "…";
    size_t end = buffer->size;
    if (end >= size) {
        end = size - sizeof ellipsis;
        while (end > 0 && ((unsigned char)buffer->data[end] & 0xC0) == 0x80) {
            end--;
        }
        memcpy(buffer->data + end, ellipsis, sizeof ellipsis - 1);
        end += sizeof ellipsis - 1;
    }
    memcpy(out, buffer->data, end);
    out[end] = '\0';
    text_buffer_free(buffer);
    return out;
}

char *print_list_into(char *out, size_t size, const char *format, va_list arguments) {
    struct text_buffer buffer = {0};
    print_to_list(&buffer, format, arguments);
    return move(&buffer, out, size);
}

char *print_into(char *out, size_t size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)print_list_into(out, size, format, arguments);
    va_end(arguments);
    return out;
}

char *print_copy(char *out, size_t size, enum print_form form, const char *text) {
    struct text_buffer buffer = {0};
    print_value(&buffer, form, text_of(text));
    text_buffer_put(&buffer, "", 0);
    return move(&buffer, out, size);
}
