/* FORMAT_DATE and PARSE_DATE, and their kin: the elements of a format string. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "emulator/sql_moment.h"

/* Elements that strftime writes as GoogleSQL does in the C locale. */
#define ELEMENTS(X)                                                                                \
    X('a', "%a")                                                                                   \
    X('A', "%A")                                                                                   \
    X('b', "%b")                                                                                   \
    X('B', "%B")                                                                                   \
    X('c', "%a %b %e %T %Y")                                                                       \
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
    X('X', "%T")                                                                                   \
    X('Y', "%Y")                                                                                   \
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

/* %E4Y, %E*S, %E3S, %Ez: their length behind the %, or 0. */
static size_t extended(const char *element) {
    if (element[0] != 'E' || !element[1])
        return 0;
    if (element[1] == 'z')
        return 2;
    bool seconds =
        (element[1] == '*' || (element[1] >= '0' && element[1] <= '9')) && element[2] == 'S';
    return seconds || (element[1] == '4' && element[2] == 'Y') ? 3 : 0;
}

const char *sql_moment_format_unknown(const char *format, bool reading) {
    static const char readable[] = "aAbBdeDFHhIklmMnpPRStTyYz%";
    static const char writable[] = "QysDxklPzZ";
    for (; *format; format++) {
        if (*format != '%')
            continue;
        const char *element = format++;
        size_t size = reading ? 0 : extended(format);
        bool known = size > 0 || (*format && strchr(reading ? readable : writable, *format));
        struct text_buffer room = {0};
        struct tm parts = {.tm_mday = 1};
        known = known || (!reading && *format && write_element(&room, *format, &parts));
        text_buffer_free(&room);
        if (!known)
            return element;
        format += size ? size - 1 : 0;
    }
    return NULL;
}

static void write_offset(struct text_buffer *out, int32_t offset, const char *between) {
    int32_t minutes = offset / 60, size = minutes < 0 ? -minutes : minutes;
    text_buffer_format(out, "%c%02d%s%02d", minutes < 0 ? '-' : '+', size / 60, between, size % 60);
}

/* %Z: UTC, UTC-8, UTC+5:30. */
static void write_zone(struct text_buffer *out, int32_t offset) {
    text_buffer_add(out, "UTC");
    if (offset % 3600)
        text_buffer_format(out, "%c%d:%02d", offset < 0 ? '-' : '+', abs(offset) / 3600,
                           abs(offset) / 60 % 60);
    else if (offset)
        text_buffer_format(out, "%+d", offset / 3600);
}

/* Seconds with so many digits behind the point; with -1 as many as it takes. */
static void write_seconds(struct text_buffer *out, int second, int micros, int digits) {
    char text[16];
    int size = snprintf(text, sizeof text, "%02u.%06u000", (unsigned)second % 100,
                        (unsigned)micros % 1000000U);
    if (digits < 0)
        while (text[size - 1] == '0' || text[size - 1] == '.')
            if (text[--size] == '.')
                break;
    if (digits >= 0)
        size = digits ? 3 + digits : 2;
    text_buffer_put(out, text, (size_t)size);
}

/* The elements that strftime does not know, at `element` behind the %; their length or 0. */
static size_t write_own(struct text_buffer *out, const char *element, int64_t local, int32_t offset,
                        const struct tm *parts) {
    int64_t micros = (local % 1000000 + 1000000) % 1000000;
    size_t size = extended(element);
    if (size == 2)
        write_offset(out, offset, ":");
    else if (size == 3 && element[2] == 'Y')
        text_buffer_format(out, "%04d", parts->tm_year + 1900);
    else if (size == 3)
        write_seconds(out, parts->tm_sec, (int)micros, element[1] == '*' ? -1 : element[1] - '0');
    else if (*element == 'Q')
        text_buffer_format(out, "%d", parts->tm_mon / 3 + 1);
    else if (*element == 'y')
        text_buffer_format(out, "%02d", parts->tm_year % 100);
    else if (*element == 's')
        text_buffer_format(out, "%lld", (long long)((local - micros) / 1000000 - offset));
    else if (*element == 'D' || *element == 'x')
        text_buffer_format(out, "%02d/%02d/%02d", parts->tm_mon + 1, parts->tm_mday,
                           parts->tm_year % 100);
    else if (*element == 'k')
        text_buffer_format(out, "%2d", parts->tm_hour);
    else if (*element == 'l')
        text_buffer_format(out, "%2d", (parts->tm_hour + 11) % 12 + 1);
    else if (*element == 'P')
        text_buffer_add(out, parts->tm_hour < 12 ? "am" : "pm");
    else if (*element == 'z')
        write_offset(out, offset, "");
    else if (*element == 'Z')
        write_zone(out, offset);
    else
        return 0;
    return size ? size : 1;
}

bool sql_moment_format(int64_t local, int32_t offset, const char *format, struct text_buffer *out) {
    struct tm parts;
    fill(local, &parts);
    while (*format) {
        if (*format != '%') {
            text_buffer_put(out, format++, 1);
            continue;
        }
        format++;
        size_t size = write_own(out, format, local, offset, &parts);
        if (!size && !write_element(out, *format, &parts))
            return false;
        format += size ? size : 1;
    }
    return true;
}

bool sql_moment_parse(const char *format, const char *text, int64_t *moment) {
    struct tm parts = {.tm_year = 70, .tm_mday = 1};
    static const char space[] = " \t\n\v\f\r"; /* allowed on both sides of the text */
    const char *end = strptime(text + strspn(text, space), format, &parts);
    if (!end || end[strspn(end, space)])
        return false;
    char canonical[SQL_MOMENT_SIZE * 2];
    (void)snprintf(canonical, sizeof canonical, "%04d-%02d-%02d %02d:%02d:%02d",
                   parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                   parts.tm_min, parts.tm_sec);
    if (!sql_moment_read(EMULATOR_DATETIME, text_of(canonical), moment))
        return false;
    *moment -= (int64_t)parts.tm_gmtoff * 1000000;
    return true;
}
