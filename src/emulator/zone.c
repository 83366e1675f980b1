/* Time zones: TZif files of version 2 and later (RFC 8536), and the rule in their last line for the
 * years after the last transition. */
#include "emulator/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/day.h"
#include "base/file.h"
#include "base/memory.h"

enum { FILE_LIMIT = 1024 * 1024, HEADER = 44, DAY_SECONDS = 86400 };

/* A day of the year and the second of it at which a rule takes hold, in the local time before. */
struct rule {
    char kind; /* M: month, week, weekday; J: day without 29 February; 0: day of the year from 0 */
    int month, week, day;
    int32_t second;
};

struct transition {
    int64_t at;
    int32_t offset; /* from then on */
};

struct zone {
    struct transition *transitions;
    size_t count;
    int32_t first; /* the offset before the first transition */
    bool has_rule; /* behind the last transition the footer says more than one offset */
    int32_t standard, summer;
    struct rule start, end; /* of the summer */
};

static int64_t take_big(const unsigned char *data, size_t size) {
    uint64_t value = data[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | data[i];
    return (int64_t)value;
}

/* [+-]H[H][:MM[:SS]] in seconds. */
static bool take_clock(const char **text, int32_t *seconds) {
    const char *at = *text;
    int sign = *at == '-' ? -1 : 1;
    at += *at == '-' || *at == '+';
    int parts[3] = {0};
    for (int i = 0; i < 3; i++) {
        if (*at < '0' || *at > '9')
            return false;
        while (*at >= '0' && *at <= '9' && parts[i] < 1000)
            parts[i] = parts[i] * 10 + (*at++ - '0');
        if (*at != ':')
            break;
        at++;
    }
    *seconds = sign * (parts[0] * 3600 + parts[1] * 60 + parts[2]);
    *text = at;
    return parts[0] <= 167 && parts[1] < 60 && parts[2] < 60;
}

static bool take_name(const char **text) {
    const char *at = *text;
    if (*at == '<') {
        at = strchr(at, '>');
        *text = at ? at + 1 : *text;
        return at != NULL;
    }
    while ((*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z'))
        at++;
    bool good = at > *text;
    *text = at;
    return good;
}

/* ,M3.5.0/2 ,J60 ,59 */
static bool take_rule(const char **text, struct rule *rule) {
    int used = 0;
    const char *at = *text;
    rule->second = 7200;
    if (*at++ != ',')
        return false;
    if (*at == 'M') {
        rule->kind = 'M';
        if (sscanf(at, "M%2d.%1d.%1d%n", &rule->month, &rule->week, &rule->day, &used) != 3)
            return false;
    } else {
        rule->kind = *at == 'J' ? 'J' : '0';
        at += *at == 'J';
        if (sscanf(at, "%3d%n", &rule->day, &used) != 1)
            return false;
    }
    at += used;
    if (*at == '/') {
        at++;
        if (!take_clock(&at, &rule->second))
            return false;
    }
    *text = at;
    return rule->day >= 0 && rule->day <= 366 &&
           (rule->kind != 'M' || (rule->month >= 1 && rule->month <= 12 && rule->week >= 1 &&
                                  rule->week <= 5 && rule->day <= 6));
}

/* The footer, "CET-1CEST,M3.5.0,M10.5.0/3": offsets count west there. */
static bool read_rule(struct zone *zone, const char *text) {
    int32_t west;
    if (!take_name(&text) || !take_clock(&text, &west))
        return false;
    zone->standard = zone->summer = -west;
    if (!*text)
        return true;
    if (!take_name(&text))
        return false;
    zone->summer = zone->standard + 3600;
    if (*text && *text != ',') {
        if (!take_clock(&text, &west))
            return false;
        zone->summer = -west;
    }
    zone->has_rule = take_rule(&text, &zone->start) && take_rule(&text, &zone->end) && !*text;
    return zone->has_rule;
}

/* The second of the year's rule, as the clocks show it before. */
static int64_t rule_second(const struct rule *rule, int year) {
    int64_t day = day_from_civil(year, 1, 1);
    bool leap = day_from_civil(year, 3, 1) - day == 60;
    if (rule->kind == 'M') {
        int64_t first = day_from_civil(year, rule->month, 1);
        int64_t next = rule->month == 12 ? first + 31 : day_from_civil(year, rule->month + 1, 1);
        int weekday = (day_of_week((day_number)first) + 1) % 7; /* 0 is Sunday */
        day = first + (rule->day - weekday + 7) % 7 + (int64_t)(rule->week - 1) * 7;
        while (day >= next)
            day -= 7;
    } else if (rule->kind == 'J') {
        day += rule->day - 1 + (leap && rule->day >= 60);
    } else {
        day += rule->day;
    }
    return day * DAY_SECONDS + rule->second;
}

static int32_t offset_by_rule(const struct zone *zone, int64_t utc) {
    int year, month, day;
    if (!zone->has_rule)
        return zone->standard;
    int64_t local = utc + zone->standard;
    day_to_civil((day_number)(local / DAY_SECONDS - (local % DAY_SECONDS < 0)), &year, &month,
                 &day);
    int64_t start = rule_second(&zone->start, year) - zone->standard;
    int64_t end = rule_second(&zone->end, year) - zone->summer;
    bool summer = start < end ? utc >= start && utc < end : utc >= start || utc < end;
    return summer ? zone->summer : zone->standard;
}

/* The counts of a TZif header, in its order: isut, isstd, leap, time, type, char. */
static bool read_counts(struct text data, int64_t counts[6]) {
    if (data.size < HEADER || memcmp(data.data, "TZif", 4) != 0)
        return false;
    for (size_t i = 0; i < 6; i++) {
        counts[i] = take_big((const unsigned char *)data.data + 20 + 4 * i, 4);
        if (counts[i] < 0 || counts[i] > FILE_LIMIT)
            return false;
    }
    return true;
}

static size_t block_size(const int64_t counts[6], int64_t width) {
    return (size_t)(counts[3] * width + counts[3] + counts[4] * 6 + counts[5] +
                    counts[2] * (width + 4) + counts[1] + counts[0]);
}

static bool read_file(struct zone *zone, struct text data) {
    int64_t counts[6];
    if (!read_counts(data, counts) || data.data[4] < '2')
        return false;
    size_t skip = HEADER + block_size(counts, 4);
    if (skip > data.size)
        return false;
    data.data += skip;
    data.size -= skip;
    if (!read_counts(data, counts) || HEADER + block_size(counts, 8) + 2 > data.size ||
        counts[4] < 1)
        return false;
    size_t count = (size_t)counts[3];
    const unsigned char *times = (const unsigned char *)data.data + HEADER;
    const unsigned char *kinds = times + count * 8, *types = kinds + count;
    zone->transitions = memory_new(count, sizeof *zone->transitions);
    zone->count = count;
    zone->first = (int32_t)take_big(types, 4);
    for (size_t i = 0; i < count; i++) {
        if (kinds[i] >= counts[4])
            return false;
        zone->transitions[i] = (struct transition){take_big(times + i * 8, 8),
                                                   (int32_t)take_big(types + kinds[i] * 6, 4)};
    }
    size_t footer = HEADER + block_size(counts, 8) + 1;
    const char *end = memchr(data.data + footer, '\n', data.size - footer);
    char *rule = memory_copy_part(data.data + footer, end ? (size_t)(end - data.data) - footer : 0);
    bool good = end && read_rule(zone, rule);
    free(rule);
    return good;
}

static bool read_named(struct zone *zone, const char *name) {
    const char *directory = getenv("TZDIR");
    char *path =
        memory_format("%s/%s", directory && *directory ? directory : "/usr/share/zoneinfo", name);
    struct text_buffer data = {0};
    struct error error;
    bool good = file_read(path, FILE_LIMIT, &data, &error) &&
                read_file(zone, (struct text){data.data, data.size});
    text_buffer_free(&data);
    free(path);
    return good;
}

static bool is_name(const char *name) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    size_t size = strlen(name);
    return size > 0 && size < 64 && strspn(name, letters) == size && name[0] != '/';
}

struct zone *zone_new(struct text name) {
    char *copy = memory_copy_part(name.data ? name.data : "", name.size);
    struct zone *zone = memory_new(1, sizeof *zone);
    const char *at = copy;
    bool good = false;
    if (strcmp(copy, "UTC") == 0 || strcmp(copy, "Z") == 0 || strcmp(copy, "z") == 0)
        good = true;
    else if (copy[0] == '+' || copy[0] == '-')
        good = take_clock(&at, &zone->standard) && !*at && zone->standard >= -14 * 3600 &&
               zone->standard <= 14 * 3600;
    else
        good = is_name(copy) && read_named(zone, copy);
    if (zone->count == 0)
        zone->first = zone->standard;
    free(copy);
    if (good)
        return zone;
    zone_free(zone);
    return NULL;
}

void zone_free(struct zone *zone) {
    if (zone)
        free(zone->transitions);
    free(zone);
}

int32_t zone_offset(const struct zone *zone, int64_t utc) {
    if (zone->count == 0 || utc >= zone->transitions[zone->count - 1].at)
        return zone->has_rule || zone->count == 0 ? offset_by_rule(zone, utc)
                                                  : zone->transitions[zone->count - 1].offset;
    size_t low = 0, high = zone->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (zone->transitions[middle].at <= utc)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? zone->transitions[low - 1].offset : zone->first;
}

int64_t zone_utc(const struct zone *zone, int64_t local) {
    /* Offsets never exceed a day, so those a day before and after are the two that can count. */
    int32_t before = zone_offset(zone, local - DAY_SECONDS);
    int32_t after = zone_offset(zone, local + DAY_SECONDS);
    int64_t early = local - before, late = local - after;
    if (zone_offset(zone, early) == before)
        return early;
    if (zone_offset(zone, late) == after)
        return late;
    int64_t low = late, high = early; /* skipped: the transition lies between */
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (zone_offset(zone, middle) == before)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
