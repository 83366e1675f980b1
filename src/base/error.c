#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/print.h"

enum { SMALLEST_PART = 4 };

static void append_text(struct error *error, const char *text) {
    size_t used = strlen(error->text);
    if (used + SMALLEST_PART <= sizeof error->text) {
        (void)print_copy(error->text + used, sizeof error->text - used, PRINT_LINES, text);
    }
}

bool error_set(struct error *error, enum error_exit code, const char *format, ...) {
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        error->code = code;
        (void)print_list_into(error->text, sizeof error->text, format, arguments);
        va_end(arguments);
    }
    return false;
}

bool error_set_lines(struct error *error, enum error_exit code, const char *lines) {
    if (error != NULL) {
        error->code = code;
        (void)print_copy(error->text, sizeof error->text, PRINT_LINES, lines);
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
        (void)print_list_into(error->text, sizeof error->text, format, arguments);
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
        (void)print_list_into(error->text, sizeof error->text, format, arguments);
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
