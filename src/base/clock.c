#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/environment.h"

/* Set once by clock_setup before any thread starts, constant from then on. */
static struct {
    int64_t wall_at;
    int64_t real_at;
    double scale;
} shift = {.scale = 1.0};

const char *clock_zone(void) {
    const char *zone = getenv("TZ");
    return zone != NULL && zone[0] != '\0' ? zone : "the machine's time zone";
}

static int64_t real_wall_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_wall_ms(void *context) {
    (void)context;
    int64_t real = real_wall_ms();
    if (shift.real_at == 0) {
        return real;
    }
    return shift.wall_at + (int64_t)((double)(real - shift.real_at) * shift.scale);
}

static int64_t system_boot_ns(void *context) {
    (void)context;
    struct timespec now;
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

const struct clock *clock_system(void) {
    static const struct clock system = {system_wall_ms, system_boot_ns, NULL};
    return &system;
}

double clock_scale(void) {
    return shift.scale;
}

int64_t clock_real_ms(int64_t wall_ms) {
    double real = shift.scale > 0 ? (double)wall_ms / shift.scale : (double)wall_ms;
    return real < 1 ? 1 : (int64_t)real;
}

static bool set_shift(const char *variable, struct error *error) {
    struct text rest = text_of(variable);
    struct text wall = text_cut(&rest, '@');
    struct text real = text_cut(&rest, '*');
    char scale[32] = "";
    char *end = scale;
    double value = -1;
    if (rest.size > 0 && rest.size < sizeof scale) {
        memcpy(scale, rest.data, rest.size);
        scale[rest.size] = '\0';
        value = strtod(scale, &end);
    }
    if (!clock_parse_utc(wall, &shift.wall_at) || !text_to_int64(real, &shift.real_at) ||
        *end != '\0' || !(value >= 0 && value <= 1e6)) {
        return error_set(error, EXIT_CONFIG,
                         "PHASEGATE_CLOCK: \"%s\" is not TIME@REAL_MS*SCALE, for example "
                         "2026-01-05T14:15:00Z@1767622500000*150",
                         variable);
    }
    shift.scale = value;
    return true;
}

static bool set_zone(const char *zone, struct error *error) {
    char path[256];
    bool sane = zone[0] != '\0' && zone[0] != '/' && strstr(zone, "..") == NULL;
    int length = snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", zone);
    if (!sane || length < 0 || (size_t)length >= sizeof path || access(path, R_OK) != 0) {
        return error_set(error, EXIT_CONFIG,
                         "timezone \"%s\" is not in /usr/share/zoneinfo; use a name such as "
                         "America/Los_Angeles, or install the package tzdata",
                         zone);
    }
    if (!environment_set_own("TZ", zone)) { /* not for the commands that are started */
        return error_set(error, EXIT_OS, "cannot set the time zone");
    }
    tzset();
    return true;
}

bool clock_setup(const char *zone, struct error *error) {
    const char *variable = getenv("PHASEGATE_CLOCK");
    if (variable != NULL && variable[0] != '\0' && !set_shift(variable, error)) {
        return false;
    }
    return zone == NULL || set_zone(zone, error);
}

static int64_t floor_divide(int64_t a, int64_t b) {
    return a / b - (a % b < 0 ? 1 : 0);
}

char *clock_format_utc(int64_t wall_ms, char out[CLOCK_UTC_SIZE]) {
    int64_t seconds = floor_divide(wall_ms, 1000);
    int64_t day = floor_divide(seconds, 86400);
    unsigned rest = (unsigned)(seconds - day * 86400) % 86400U;
    char date[DAY_TEXT_SIZE];
    char text[48];
    (void)day_format((day_number)day, date);
    (void)snprintf(text, sizeof text, "%sT%02u:%02u:%02uZ", date, rest / 3600, rest / 60 % 60,
                   rest % 60);
    memcpy(out, text, CLOCK_UTC_SIZE - 1);
    out[CLOCK_UTC_SIZE - 1] = '\0';
    return out;
}

/* Two digits at `data`, up to `limit`; -1 when they are not. */
static int two_digits(const char *data, int limit) {
    if (data[0] < '0' || data[0] > '9' || data[1] < '0' || data[1] > '9') {
        return -1;
    }
    int value = (data[0] - '0') * 10 + (data[1] - '0');
    return value <= limit ? value : -1;
}

static bool parse_offset(struct text text, int64_t *seconds) {
    if (text_is(text, "Z") || text_is(text, "z")) {
        *seconds = 0;
        return true;
    }
    if (text.size != 6 || (text.data[0] != '+' && text.data[0] != '-') || text.data[3] != ':') {
        return false;
    }
    int hours = two_digits(text.data + 1, 23);
    int minutes = two_digits(text.data + 4, 59);
    *seconds = (int64_t)(hours * 3600 + minutes * 60) * (text.data[0] == '-' ? -1 : 1);
    return hours >= 0 && minutes >= 0;
}

bool clock_parse_utc(struct text text, int64_t *wall_ms) {
    day_number day;
    if (text.size < 20 || !day_parse((struct text){text.data, 10}, &day) ||
        (text.data[10] != 'T' && text.data[10] != 't' && text.data[10] != ' ') ||
        text.data[13] != ':' || text.data[16] != ':') {
        return false;
    }
    int hours = two_digits(text.data + 11, 23);
    int minutes = two_digits(text.data + 14, 59);
    int seconds = two_digits(text.data + 17, 60);
    size_t at = 19;
    int64_t fraction = 0;
    if (text.data[at] == '.') {
        int64_t unit = 100;
        for (at++; at < text.size && text.data[at] >= '0' && text.data[at] <= '9'; at++) {
            fraction += (text.data[at] - '0') * unit;
            unit /= 10;
        }
        if (at == 20) {
            return false;
        }
    }
    int64_t offset;
    if (hours < 0 || minutes < 0 || seconds < 0 ||
        !parse_offset((struct text){text.data + at, text.size - at}, &offset)) {
        return false;
    }
    int64_t second_of_day = (int64_t)hours * 3600 + (int64_t)minutes * 60 + seconds;
    *wall_ms = ((int64_t)day * 86400 + second_of_day - offset) * 1000 + fraction;
    return true;
}

day_number clock_local_day(int64_t wall_ms, int *second_of_day) {
    time_t seconds = (time_t)floor_divide(wall_ms, 1000);
    struct tm local;
    if (localtime_r(&seconds, &local) == NULL) {
        (void)gmtime_r(&seconds, &local);
    }
    if (second_of_day != NULL) {
        *second_of_day = local.tm_hour * 3600 + local.tm_min * 60 + local.tm_sec;
    }
    return day_from_civil(local.tm_year + 1900, local.tm_mon + 1, local.tm_mday);
}

char *clock_abbreviation(int64_t wall_ms, char out[CLOCK_ABBREVIATION_SIZE]) {
    time_t seconds = (time_t)floor_divide(wall_ms, 1000);
    struct tm local;
    bool known = localtime_r(&seconds, &local) != NULL && local.tm_zone != NULL;
    (void)snprintf(out, CLOCK_ABBREVIATION_SIZE, "%.7s", known ? local.tm_zone : "UTC");
    return out;
}

char *clock_format_span(int64_t ms, char out[CLOCK_SPAN_SIZE]) {
    int64_t seconds = ms < 0 ? 0 : ms / 1000;
    long long s = (long long)seconds;
    if (seconds < 60) {
        (void)snprintf(out, CLOCK_SPAN_SIZE, "%lld s", s);
    } else if (seconds < 3600) {
        (void)snprintf(out, CLOCK_SPAN_SIZE, "%lld min", s / 60);
    } else if (seconds < 100 * 3600LL) {
        (void)snprintf(out, CLOCK_SPAN_SIZE, "%lld h %02lld", s / 3600, s / 60 % 60);
    } else {
        (void)snprintf(out, CLOCK_SPAN_SIZE, "%lld d", s / 86400);
    }
    return out;
}

char *clock_boot_id(char out[CLOCK_BOOT_ID_SIZE]) {
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    (void)snprintf(out, CLOCK_BOOT_ID_SIZE, "unknown");
    if (file != NULL) {
        char line[64];
        if (fgets(line, sizeof line, file) != NULL && strlen(line) >= CLOCK_BOOT_ID_SIZE - 1) {
            memcpy(out, line, CLOCK_BOOT_ID_SIZE - 1);
            out[CLOCK_BOOT_ID_SIZE - 1] = '\0';
        }
        (void)fclose(file);
    }
    return out;
}
