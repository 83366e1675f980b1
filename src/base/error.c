#include "base/error.h"

#include <errno.h>
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
        const char *remedy = number == EAGAIN ? NULL : error_remedy(error->text);
        if (remedy != NULL) {
            append_text(error, "; ");
            append_text(error, remedy);
        }
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

const char *error_remedy(const char *text) {
    static const struct {
        int number;
        const char *remedy;
    } table[] = {
        {EMFILE, "raise the limit of open files (ulimit -n) where it is started"},
        {ENFILE, "the machine has no more open files: end something, or raise fs.file-max"},
        {EAGAIN, "raise the limit of processes (ulimit -u), or end some"},
        {ENOMEM, "the machine has no memory left: end something"},
        {ENOSPC, "the disk is full: make room"},
        {EDQUOT, "the disk quota is used up: make room"},
    };
    for (size_t i = 0; text != NULL && i < sizeof table / sizeof *table; i++) {
        const char *reason = strerrordesc_np(table[i].number);
        const char *at = strstr(text, reason);
        /* "Too many open files" is not "Too many open files in system". */
        if (at != NULL && strncmp(at + strlen(reason), " in system", 10) != 0) {
            return table[i].remedy;
        }
    }
    return NULL;
}
