/* Dates and times: strict readers for what BigQuery accepts, writers for what it answers. */
#include "emulator/moment.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/day.h"

#define MICROS_PER_SECOND INT64_C(1000000)
#define SECONDS_PER_DAY   INT64_C(86400)

/* Takes up to `most` digits (at least one) from the front; false when there is none. */
static bool take_number(struct text *rest, size_t most, int *number) {
    size_t used = 0;
    *number = 0;
    while (used < most && used < rest->size && rest->data[used] >= '0' && rest->data[used] <= '9') {
        *number = *number * 10 + (rest->data[used] - '0');
        used++;
    }
    rest->data += used;
    rest->size -= used;
    return used > 0;
}

static bool take_sign(struct text *rest, char sign) {
    if (rest->size == 0 || rest->data[0] != sign)
        return false;
    rest->data++;
    rest->size--;
    return true;
}

static bool take_date(struct text *rest, day_number *day) {
    int year;
    int month;
    int date;
    if (!take_number(rest, 4, &year) || !take_sign(rest, '-') || !take_number(rest, 2, &month) ||
        !take_sign(rest, '-') || !take_number(rest, 2, &date))
        return false;
    char text[48];
    int length = snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, date);
    return day_parse((struct text){text, (size_t)length}, day);
}

/* HH:MM:SS[.fraction] as microseconds since midnight. */
static bool take_time(struct text *rest, int64_t *micros) {
    int hour;
    int minute;
    int second;
    if (!take_number(rest, 2, &hour) || !take_sign(rest, ':') || !take_number(rest, 2, &minute) ||
        !take_sign(rest, ':') || !take_number(rest, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    int64_t fraction = 0;
    if (take_sign(rest, '.')) {
        int64_t unit = MICROS_PER_SECOND / 10;
        size_t digits = 0;
        while (rest->size > 0 && rest->data[0] >= '0' && rest->data[0] <= '9') {
            fraction += unit * (rest->data[0] - '0');
            unit /= 10;
            rest->data++;
            rest->size--;
            digits++;
        }
        if (digits == 0 || digits > 12)
            return false;
    }
    *micros = (((int64_t)hour * 60 + minute) * 60 + second) * MICROS_PER_SECOND + fraction;
    return true;
}

/* "", "Z", " UTC", "+02", "-05:30": seconds to subtract. */
static bool take_zone(struct text *rest, int64_t *offset) {
    *offset = 0;
    *rest = text_trim(*rest);
    if (rest->size == 0)
        return true;
    if (text_is(*rest, "Z") || text_is(*rest, "z") || text_is(*rest, "UTC")) {
        rest->size = 0;
        return true;
    }
    bool west = take_sign(rest, '-');
    if (!west && !take_sign(rest, '+'))
        return false;
    int hours;
    int minutes = 0;
    if (!take_number(rest, 2, &hours))
        return false;
    if (take_sign(rest, ':') && !take_number(rest, 2, &minutes))
        return false;
    if (hours > 14 || minutes > 59)
        return false;
    *offset = ((int64_t)hours * 60 + minutes) * 60 * (west ? -1 : 1);
    return rest->size == 0;
}

/* A date, and behind it a time where there is one. */
static bool take_datetime(struct text *rest, day_number *day, int64_t *micros) {
    *micros = 0;
    if (!take_date(rest, day))
        return false;
    if (rest->size == 0)
        return true;
    if (!take_sign(rest, 'T') && !take_sign(rest, ' ') && !take_sign(rest, 't'))
        return false;
    return take_time(rest, micros);
}

bool moment_parse_timestamp(struct text text, int64_t *micros) {
    struct text rest = text_trim(text);
    day_number day;
    int64_t within;
    int64_t offset;
    if (!take_datetime(&rest, &day, &within) || !take_zone(&rest, &offset))
        return false;
    *micros = (day * SECONDS_PER_DAY - offset) * MICROS_PER_SECOND + within;
    return true;
}

static void format_time(int64_t micros, char out[MOMENT_SIZE]) {
    int64_t seconds = micros / MICROS_PER_SECOND;
    int length = snprintf(out, MOMENT_SIZE, "%02d:%02d:%02d", (int)(seconds / 3600),
                          (int)(seconds / 60 % 60), (int)(seconds % 60));
    int fraction = (int)(micros % MICROS_PER_SECOND);
    if (fraction != 0)
        (void)snprintf(out + length, MOMENT_SIZE - (size_t)length, ".%06d", fraction);
}

bool moment_normalise_date(struct text text, char out[MOMENT_SIZE]) {
    struct text rest = text_trim(text);
    day_number day;
    if (!take_date(&rest, &day) || rest.size > 0)
        return false;
    (void)day_format(day, out);
    return true;
}

bool moment_normalise_time(struct text text, char out[MOMENT_SIZE]) {
    struct text rest = text_trim(text);
    int64_t micros;
    if (!take_time(&rest, &micros) || rest.size > 0)
        return false;
    format_time(micros, out);
    return true;
}

bool moment_normalise_datetime(struct text text, char out[MOMENT_SIZE]) {
    struct text rest = text_trim(text);
    day_number day;
    int64_t micros;
    if (!take_datetime(&rest, &day, &micros) || rest.size > 0)
        return false;
    char date[DAY_TEXT_SIZE];
    char time[MOMENT_SIZE];
    format_time(micros, time);
    (void)snprintf(out, MOMENT_SIZE, "%sT%.20s", day_format(day, date), time);
    return true;
}

char *moment_format_iso(int64_t micros, char out[MOMENT_SIZE]) {
    int64_t day_micros = SECONDS_PER_DAY * MICROS_PER_SECOND;
    int64_t day = micros / day_micros;
    int64_t within = micros % day_micros;
    if (within < 0) {
        within += day_micros;
        day--;
    }
    char date[DAY_TEXT_SIZE];
    char time[MOMENT_SIZE];
    format_time(within, time);
    (void)snprintf(out, MOMENT_SIZE, "%sT%.20sZ", day_format((day_number)day, date), time);
    return out;
}

/* What shortest() gives for a value that is a whole number of 1, 1/10, … 1/10000, without printing
 * and reading: tables are full of them. Two decimals of up to 15 digits are never one double, so
 * that the one found is the shortest. False for any other value. */
static bool shortest_of_few(double value, char digits[32], int *exponent) {
    static const double scales[] = {1, 10, 100, 1000, 10000};
    for (size_t places = 0; places < sizeof scales / sizeof *scales; places++) {
        double scaled = value * scales[places];
        if (!(scaled < 1e15))
            return false;
        int64_t whole = (int64_t)(scaled + 0.5);
        double back = (double)whole / scales[places];
        if (back < value || back > value)
            continue;
        char reversed[32];
        int count = 0;
        for (; whole > 0; whole /= 10)
            reversed[count++] = (char)('0' + whole % 10);
        *exponent = count - 1 - (int)places;
        int first = 0; /* that is no zero at the end */
        while (first < count - 1 && reversed[first] == '0')
            first++;
        for (int i = 0; i < count - first; i++)
            digits[i] = reversed[count - 1 - i];
        digits[count - first] = '\0';
        return true;
    }
    return false;
}

/* The digits and the exponent of the shortest decimal that reads back as `value` (> 0). */
static int shortest(double value, char digits[32]) {
    int known;
    if (shortest_of_few(value, digits, &known))
        return known;
    char text[40];
    for (int precision = 0; precision <= 16; precision++) {
        (void)snprintf(text, sizeof text, "%.*e", precision, value);
        double back = strtod(text, NULL);
        if (!(back < value) && !(back > value))
            break;
    }
    char *exponent = strchr(text, 'e');
    size_t count = 0;
    for (const char *c = text; c < exponent; c++)
        if (*c != '.')
            digits[count++] = *c;
    digits[count] = '\0';
    return (int)strtol(exponent + 1, NULL, 10);
}

char *moment_format_double(double value, char out[MOMENT_SIZE]) {
    if (isnan(value) || isinf(value)) {
        (void)snprintf(out, MOMENT_SIZE, "%s",
                       isnan(value) ? "NaN" : (value > 0 ? "Infinity" : "-Infinity"));
        return out;
    }
    const char *sign = signbit(value) ? "-" : "";
    double size = fabs(value);
    if (!(size > 0)) {
        (void)snprintf(out, MOMENT_SIZE, "%s0.0", sign);
        return out;
    }
    char digits[32];
    int exponent = shortest(size, digits);
    int count = (int)strlen(digits);
    if (exponent >= 7 || exponent < -3) {
        (void)snprintf(out, MOMENT_SIZE, "%s%c.%sE%d", sign, digits[0],
                       count > 1 ? digits + 1 : "0", exponent);
        return out;
    }
    char *at = out;
    if (*sign != '\0')
        *at++ = '-';
    if (exponent < 0)
        *at++ = '0';
    for (int i = 0; i <= exponent; i++)
        *at++ = i < count ? digits[i] : '0';
    *at++ = '.';
    for (int i = exponent + 1; i < 0; i++)
        *at++ = '0';
    for (int i = exponent < 0 ? 0 : exponent + 1; i < count; i++)
        *at++ = digits[i];
    if (count <= exponent + 1)
        *at++ = '0';
    *at = '\0';
    return out;
}
