/* FORMAT_DATE and PARSE_DATE, and their kin: the elements of a format string. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "emulator/sql_moment.h"

/* Elements that strftime writes as GoogleSQL does in the C locale. */
#define ELEMENTS(X)                                                                                \
    X('a', "%a")                                                                                   \
    X('A', "%A")                                                                                   \
    X('b', "%b")                                                                                   \
    X('B', "%B")                                                                                   \
    X('C', "%C")                                                                                   \
    X('d', "%d")                                                                                   \
    X('e', "%e")                                                                                   \
    X('F', "%F")                                                                                   \
    X('G', "%G")                                                                                   \
    X('H', "%H")                                                                                   \
    X('h', "%h")                                                                                   \
    X('I', "%I")                                                                                   \
    X('j', "%j")                                                                                   \
    X('m', "%m")                                                                                   \
    X('M', "%M")                                                                                   \
    X('n', "%n")                                                                                   \
    X('p', "%p")                                                                                   \
    X('R', "%R")                                                                                   \
    X('S', "%S")                                                                                   \
    X('t', "%t")                                                                                   \
    X('T', "%T")                                                                                   \
    X('u', "%u")                                                                                   \
    X('U', "%U")                                                                                   \
    X('V', "%V")                                                                                   \
    X('w', "%w")                                                                                   \
    X('W', "%W")                                                                                   \
    X('X', "%X")                                                                                   \
    X('Y', "%Y")                                                                                   \
    X('Z', "%Z")                                                                                   \
    X('%', "%%")

static void fill(int64_t moment, struct tm *parts) {
    int64_t seconds = moment / 1000000 - (moment % 1000000 < 0 ? 1 : 0);
    time_t when = (time_t)seconds;
    (void)gmtime_r(&when, parts);
}

/* One element by its letter; false when it is not known. */
static bool write_element(struct text_buffer *out, char letter, const struct tm *parts) {
    char written[64];
    size_t size = 0;
    switch (letter) {
#define X(element, format)                                                                         \
    case element:                                                                                  \
        size = strftime(written, sizeof written, format, parts);                                   \
        break;
        ELEMENTS(X)
#undef X
    default:
        return false;
    }
    text_buffer_put(out, written, size);
    return true;
}

bool sql_moment_format(int64_t moment, const char *format, struct text_buffer *out) {
    struct tm parts;
    fill(moment, &parts);
    for (; *format; format++) {
        if (*format != '%') {
            text_buffer_put(out, format, 1);
            continue;
        }
        format++;
        if (*format == 'Q' || *format == 'y') {
            text_buffer_format(out, *format == 'y' ? "%02d" : "%d",
                               *format == 'y' ? parts.tm_year % 100 : parts.tm_mon / 3 + 1);
            continue;
        }
        if (!write_element(out, *format, &parts))
            return false;
    }
    return true;
}

bool sql_moment_parse(const char *format, const char *text, int64_t *moment) {
    struct tm parts = {.tm_year = 70, .tm_mday = 1};
    const char *end = strptime(text, format, &parts);
    if (!end || *end)
        return false;
    char canonical[SQL_MOMENT_SIZE * 2];
    (void)snprintf(canonical, sizeof canonical, "%04d-%02d-%02d %02d:%02d:%02d",
                   parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                   parts.tm_min, parts.tm_sec);
    return sql_moment_read(EMULATOR_DATETIME, text_of(canonical), moment);
}
