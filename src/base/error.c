#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cuts a full buffer back to a whole UTF-8 character and marks the cut. */
static void mark_cut(char *text, size_t size) {
    static const char ellipsis[] = "…";
    size_t end = size - sizeof ellipsis;
    while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80) {
        end--;
    }
    memcpy(text + end, ellipsis, sizeof ellipsis);
}

__attribute__((format(printf, 2, 0))) static void
write_text(struct error *error, const char *format, va_list arguments) {
    int length = vsnprintf(error->text, sizeof error->text, format, arguments);
    if (length < 0) {
        error->text[0] = '\0';
    } else if ((size_t)length >= sizeof error->text) {
        mark_cut(error->text, sizeof error->text);
    }
}

static void append_text(struct error *error, const char *text) {
    size_t used = strlen(error->text);
    size_t room = sizeof error->text - used;
    int length = snprintf(error->text + used, room, "%s", text);
    if (length < 0 || (size_t)length >= room) {
        mark_cut(error->text, sizeof error->text);
    }
}

bool error_set(struct error *error, enum error_exit code, const char *format, ...) {
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        error->code = code;
        write_text(error, format, arguments);
        va_end(arguments);
    }
    return false;
}

bool error_set_errno(struct error *error, enum error_exit code, int number, const char *format,
                     ...) {
    if (error != NULL) {
        char reason[128];
        va_list arguments;
        va_start(arguments, format);
        error->code = code;
        write_text(error, format, arguments);
        va_end(arguments);
        append_text(error, ": ");
        append_text(error, strerror_r(number, reason, sizeof reason));
    }
    return false;
}

bool error_prefix(struct error *error, const char *format, ...) {
    if (error != NULL) {
        char before[ERROR_TEXT_SIZE];
        va_list arguments;
        memcpy(before, error->text, sizeof before);
        va_start(arguments, format);
        write_text(error, format, arguments);
        va_end(arguments);
        append_text(error, ": ");
        append_text(error, before);
    }
    return false;
}
