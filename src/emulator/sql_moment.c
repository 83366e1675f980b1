/* Moments: reading and writing, and what their parts mean. */
#include "emulator/sql_moment.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/day.h"
#include "emulator/zone.h"

#define SECOND INT64_C(1000000)
#define DAY    (INT64_C(86400) * SECOND)

static int64_t floor_divide(int64_t a, int64_t b) {
    int64_t quotient = a / b;
    return a % b < 0 ? quotient - 1 : quotient;
}

static bool in_range(int64_t moment) {
    int64_t day = floor_divide(moment, DAY);
    return day >= day_from_civil(1, 1, 1) && day <= day_from_civil(9999, 12, 31);
}

bool sql_part_read(const char *name, enum sql_part *part) {
    static const struct {
        const char *name;
        enum sql_part part;
    } parts[] = {
        {"MICROSECOND", PART_MICROSECOND},
        {"MILLISECOND", PART_MILLISECOND},
        {"SECOND", PART_SECOND},
        {"MINUTE", PART_MINUTE},
        {"HOUR", PART_HOUR},
        {"DAY", PART_DAY},
        {"WEEK", PART_WEEK},
        {"WEEK(SUNDAY)", PART_WEEK},
        {"WEEK(MONDAY)", PART_WEEK + 1},
        {"WEEK(TUESDAY)", PART_WEEK + 2},
        {"WEEK(WEDNESDAY)", PART_WEEK + 3},
        {"WEEK(THURSDAY)", PART_WEEK + 4},
        {"WEEK(FRIDAY)", PART_WEEK + 5},
        {"WEEK(SATURDAY)", PART_WEEK + 6},
        {"ISOWEEK", PART_ISOWEEK},
        {"MONTH", PART_MONTH},
        {"QUARTER", PART_QUARTER},
        {"YEAR", PART_YEAR},
        {"ISOYEAR", PART_ISOYEAR},
        {"DAYOFWEEK", PART_DAYOFWEEK},
        {"DAYOFYEAR", PART_DAYOFYEAR},
        {"DATE", PART_DATE},
        {"TIME", PART_TIME},
        {"DATETIME", PART_DATETIME},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strcasecmp(parts[i].name, name) != 0)
            continue;
        *part = parts[i].part;
        return true;
    }
    return false;
}

/* Between `least` and `most` digits; -1 when they are not there. */
static int64_t digits(struct text *text, int least, int most) {
    int64_t value = 0;
    int count = 0;
    while (count < most && text->size && text->data[0] >= '0' && text->data[0] <= '9') {
        value = value * 10 + (text->data[0] - '0');
        text->data++;
        text->size--;
        count++;
    }
    return count >= least ? value : -1;
}

static bool sign(struct text *text, const char *choices) {
    if (!text->size || !strchr(choices, text->data[0]))
        return false;
    text->data++;
    text->size--;
    return true;
}

static bool read_date(struct text *text, int64_t *moment) {
    int64_t year = digits(text, 4, 4);
    if (year < 1 || !sign(text, "-"))
        return false;
    int64_t month = digits(text, 1, 2);
    if (month < 1 || month > 12 || !sign(text, "-"))
        return false;
    int64_t day = digits(text, 1, 2);
    char canonical[DAY_TEXT_SIZE + 16];
    (void)snprintf(canonical, sizeof canonical, "%04d-%02d-%02d", (int)year, (int)month, (int)day);
    day_number number;
    if (day < 1 || !day_parse(text_of(canonical), &number))
        return false;
    *moment = number * DAY;
    return true;
}

static bool read_time(struct text *text, int64_t *moment) {
    int64_t hour = digits(text, 1, 2);
    if (hour < 0 || hour > 23 || !sign(text, ":"))
        return false;
    int64_t minute = digits(text, 1, 2);
    if (minute < 0 || minute > 59 || !sign(text, ":"))
        return false;
    int64_t second = digits(text, 1, 2);
    if (second < 0 || second > 59)
        return false;
    *moment += ((hour * 60 + minute) * 60 + second) * SECOND;
    if (!sign(text, "."))
        return true;
    int64_t unit = SECOND;
    while (text->size && text->data[0] >= '0' && text->data[0] <= '9') {
        unit /= 10;
        *moment += digits(text, 1, 1) * unit;
    }
    return true;
}

static bool read_named_zone(struct text *text, int64_t *moment) {
    struct zone *zone = zone_new(*text);
    if (!zone)
        return false;
    int64_t seconds = floor_divide(*moment, SECOND);
    *moment = zone_utc(zone, seconds) * SECOND + (*moment - seconds * SECOND);
    zone_free(zone);
    text->size = 0;
    return true;
}

/* Z, UTC, +HH, +HH:MM, a zone's name, or nothing. */
static bool read_zone(struct text *text, int64_t *moment) {
    *text = text_trim(*text);
    if (text_is(*text, "") || text_is(*text, "Z") || text_is(*text, "z") || text_is(*text, "UTC")) {
        text->size = 0;
        return true;
    }
    if (text->data[0] >= 'A' && text->data[0] <= 'Z')
        return read_named_zone(text, moment);
    bool west = text->data[0] == '-';
    if (!sign(text, "+-"))
        return false;
    int64_t hours = digits(text, 1, 2);
    int64_t minutes = sign(text, ":") || text->size ? digits(text, 2, 2) : 0;
    if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59)
        return false;
    int64_t offset = (hours * 60 + minutes) * 60 * SECOND;
    *moment += west ? offset : -offset;
    return true;
}

bool sql_moment_read(enum emulator_type type, struct text text, int64_t *moment) {
    *moment = 0;
    if (type == EMULATOR_TIME)
        return read_time(&text, moment) && text.size == 0;
    if (!read_date(&text, moment))
        return false;
    if (type == EMULATOR_DATE)
        return text.size == 0 && in_range(*moment);
    if (text.size && sign(&text, "Tt ") && !read_time(&text, moment))
        return false;
    if (type == EMULATOR_TIMESTAMP && !read_zone(&text, moment))
        return false;
    return text.size == 0 && in_range(*moment);
}

static size_t write_clock(int64_t moment, char *out, size_t size) {
    int64_t rest = moment - floor_divide(moment, DAY) * DAY;
    int64_t seconds = rest / SECOND;
    int written = snprintf(out, size, "%02d:%02d:%02d", (int)(seconds / 3600),
                           (int)(seconds / 60 % 60), (int)(seconds % 60));
    if (rest % SECOND)
        written += snprintf(out + written, size - (size_t)written, ".%06d", (int)(rest % SECOND));
    return (size_t)written;
}

static char *write_with(enum emulator_type type, int64_t moment, char between,
                        char out[SQL_MOMENT_SIZE]) {
    if (type == EMULATOR_TIME) {
        write_clock(moment, out, SQL_MOMENT_SIZE);
        return out;
    }
    day_format((day_number)floor_divide(moment, DAY), out);
    if (type == EMULATOR_DATE)
        return out;
    out[DAY_TEXT_SIZE - 1] = between;
    write_clock(moment, out + DAY_TEXT_SIZE, SQL_MOMENT_SIZE - DAY_TEXT_SIZE);
    return out;
}

char *sql_moment_write(enum emulator_type type, int64_t moment, char out[SQL_MOMENT_SIZE]) {
    if (type != EMULATOR_TIMESTAMP)
        return write_with(type, moment, 'T', out);
    (void)snprintf(out, SQL_MOMENT_SIZE, "%lld", (long long)moment);
    return out;
}

char *sql_moment_show(enum emulator_type type, int64_t moment, char out[SQL_MOMENT_SIZE]) {
    write_with(type, moment, ' ', out);
    if (type == EMULATOR_TIMESTAMP)
        memcpy(out + strlen(out), "+00", sizeof "+00");
    return out;
}

bool sql_moment_canonical(enum emulator_type type, struct text text, char out[SQL_MOMENT_SIZE]) {
    int64_t moment;
    if (!sql_moment_read(type, text, &moment))
        return false;
    sql_moment_write(type, moment, out);
    return true;
}

/* Microseconds of the parts that are of one length; 0 for the others. */
static int64_t length_of(enum sql_part part) {
    static const int64_t lengths[] = {
        [PART_MICROSECOND] = 1,      [PART_MILLISECOND] = 1000,   [PART_SECOND] = SECOND,
        [PART_MINUTE] = 60 * SECOND, [PART_HOUR] = 3600 * SECOND, [PART_DAY] = DAY};
    if (part <= PART_DAY)
        return lengths[part];
    return part <= PART_ISOWEEK ? 7 * DAY : 0;
}

static int months_of(enum sql_part part) {
    return part == PART_MONTH ? 1 : part == PART_QUARTER ? 3 : part == PART_YEAR ? 12 : 0;
}

static bool add_months(int64_t *moment, int64_t months) {
    int year, month, day;
    int64_t number = floor_divide(*moment, DAY);
    int64_t within = *moment - number * DAY;
    day_to_civil((day_number)number, &year, &month, &day);
    if (months > 120000 || months < -120000)
        return false;
    int64_t index = (int64_t)year * 12 + month - 1 + months;
    year = (int)floor_divide(index, 12);
    month = (int)(index - (int64_t)year * 12) + 1;
    if (year < 1 || year > 9999)
        return false;
    int next = month == 12 ? 1 : month + 1;
    day_number first = day_from_civil(year, month, 1);
    int length = month == 12 ? 31 : day_from_civil(year, next, 1) - first;
    *moment = (first + (day < length ? day : length) - 1) * DAY + within;
    return true;
}

bool sql_moment_add(int64_t *moment, int64_t count, enum sql_part part) {
    int months = months_of(part);
    int64_t length = length_of(part), change;
    if (months)
        return count < 1000000 && count > -1000000 && add_months(moment, count * months);
    return length && !__builtin_mul_overflow(count, length, &change) &&
           !__builtin_add_overflow(*moment, change, moment) && in_range(*moment);
}

/* The Sunday (or the week day that starts the week) on or before a day. */
static int64_t week_start(int64_t day, enum sql_part part) {
    int first = part == PART_ISOWEEK ? 1 : (int)part - PART_WEEK; /* 0 is Sunday */
    int weekday = (day_of_week((day_number)day) + 1) % 7;
    return day - (weekday - first + 7) % 7;
}

static int64_t iso_year_start(int year) {
    return week_start(day_from_civil(year, 1, 4), PART_ISOWEEK);
}

static int iso_year(int64_t day) {
    int year, month, number;
    day_to_civil((day_number)week_start(day, PART_ISOWEEK) + 3, &year, &month, &number);
    return year;
}

bool sql_moment_truncate(int64_t *moment, enum sql_part part) {
    int64_t day = floor_divide(*moment, DAY);
    int year, month, number;
    day_to_civil((day_number)day, &year, &month, &number);
    if (part <= PART_DAY) {
        *moment = floor_divide(*moment, length_of(part)) * length_of(part);
        return true;
    }
    if (part <= PART_ISOWEEK)
        day = week_start(day, part);
    else if (part == PART_ISOYEAR)
        day = iso_year_start(iso_year(day));
    else if (months_of(part))
        day = day_from_civil(year, (month - 1) / months_of(part) * months_of(part) + 1, 1);
    else
        return false;
    *moment = day * DAY;
    return in_range(*moment);
}

bool sql_moment_difference(int64_t a, int64_t b, bool boundaries, enum sql_part part,
                           int64_t *count) {
    if (part <= PART_DAY) {
        int64_t unit = length_of(part);
        *count = boundaries ? floor_divide(a, unit) - floor_divide(b, unit) : (a - b) / unit;
        return true;
    }
    int64_t to = floor_divide(a, DAY), from = floor_divide(b, DAY);
    int year, month, day, year_b, month_b, day_b;
    day_to_civil((day_number)to, &year, &month, &day);
    day_to_civil((day_number)from, &year_b, &month_b, &day_b);
    if (part <= PART_ISOWEEK)
        *count = (week_start(to, part) - week_start(from, part)) / 7;
    else if (part == PART_ISOYEAR)
        *count = iso_year(to) - iso_year(from);
    else if (part == PART_QUARTER)
        *count = (year - year_b) * 4 + (month - 1) / 3 - (month_b - 1) / 3;
    else if (part == PART_YEAR)
        *count = year - year_b;
    else
        *count = (year - year_b) * 12 + month - month_b;
    return part <= PART_ISOYEAR;
}

static int64_t extract_date(int64_t day, enum sql_part part) {
    int year, month, number;
    day_to_civil((day_number)day, &year, &month, &number);
    int64_t of_year = day - day_from_civil(year, 1, 1);
    if (part >= PART_WEEK && part <= PART_WEEK_LAST) {
        int64_t first = week_start(day_from_civil(year, 1, 1) + 6, part);
        return day < first ? 0 : (day - first) / 7 + 1;
    }
    switch (part) {
    case PART_ISOWEEK:
        return (day - iso_year_start(iso_year(day))) / 7 + 1;
    case PART_ISOYEAR:
        return iso_year(day);
    case PART_QUARTER:
        return (month - 1) / 3 + 1;
    case PART_MONTH:
        return month;
    case PART_DAYOFWEEK:
        return (day_of_week((day_number)day) + 1) % 7 + 1;
    case PART_DAYOFYEAR:
        return of_year + 1;
    case PART_DAY:
        return number;
    default:
        return year;
    }
}

bool sql_moment_extract(int64_t moment, enum sql_part part, int64_t *value) {
    int64_t day = floor_divide(moment, DAY);
    int64_t within = moment - day * DAY;
    switch (part) {
    case PART_MICROSECOND:
        *value = within % SECOND;
        return true;
    case PART_MILLISECOND:
        *value = within % SECOND / 1000;
        return true;
    case PART_SECOND:
        *value = within / SECOND % 60;
        return true;
    case PART_MINUTE:
        *value = within / SECOND / 60 % 60;
        return true;
    case PART_HOUR:
        *value = within / SECOND / 3600;
        return true;
    case PART_DATE:
    case PART_TIME:
    case PART_DATETIME:
        return false;
    default:
        *value = extract_date(day, part);
        return true;
    }
}
