#include "pipeline/unit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static bool refuse(char why[UNIT_WHY_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool refuse(char why[UNIT_WHY_SIZE], const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(why, UNIT_WHY_SIZE, format, arguments);
    va_end(arguments);
    return false;
}

struct unit {
    const char *name;
    int64_t factor;
};

/* What a text of digits and letters says: its digits as a number, and what stands behind them. */
static bool split_number(const char *text, int64_t *number, const char **behind) {
    size_t digits = strspn(text, "0123456789");
    *behind = text + digits;
    return digits > 0 && text_to_int64((struct text){text, digits}, number);
}

static bool with_unit(const char *text, const struct unit *units, size_t count, int64_t most,
                      const char *form, int64_t *value, char why[UNIT_WHY_SIZE]) {
    int64_t number;
    const char *unit;
    if (!split_number(text, &number, &unit)) {
        return refuse(why, "\"%s\" is not %s", text, form);
    }
    if (*unit == '\0') {
        return refuse(why, "\"%s\" has no unit; write %s%s or %s%s, for example", text, text,
                      units[0].name, text, units[1].name);
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(unit, units[i].name) == 0) {
            if (number == 0 || number > most / units[i].factor) {
                return refuse(why, "\"%s\" is %s", text,
                              number == 0 ? "nothing; leave the key out instead" : "too large");
            }
            *value = number * units[i].factor;
            return true;
        }
    }
    return refuse(why, "\"%s\" is not %s", text, form);
}

bool unit_duration(const char *text, int64_t *ms, char why[UNIT_WHY_SIZE]) {
    static const struct unit units[] = {{"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    return with_unit(text, units, sizeof units / sizeof units[0], INT64_C(86400000) * 1000,
                     "a duration such as 60s, 5m, 6h or 1d", ms, why);
}

bool unit_size(const char *text, int64_t *bytes, char why[UNIT_WHY_SIZE]) {
    static const struct unit units[] = {{"MiB", INT64_C(1) << 20},
                                        {"GiB", INT64_C(1) << 30},
                                        {"TiB", INT64_C(1) << 40},
                                        {"KiB", INT64_C(1) << 10},
                                        {"B", 1}};
    return with_unit(text, units, sizeof units / sizeof units[0], INT64_C(1) << 50,
                     "a size such as 64KiB, 10MiB, 1GiB or 2TiB", bytes, why);
}

bool unit_percent(const char *text, int *hundredths, char why[UNIT_WHY_SIZE]) {
    int64_t whole;
    const char *rest;
    if (!split_number(text, &whole, &rest)) {
        return refuse(why, "\"%s\" is not a percentage such as 95%% or 99.5%%", text);
    }
    int64_t part = 0;
    if (*rest == '.') {
        const char *fraction = rest + 1;
        size_t digits = strspn(fraction, "0123456789");
        if (digits < 1 || digits > 2) {
            return refuse(why, "\"%s\" is not a percentage with one or two decimals", text);
        }
        part = (fraction[0] - '0') * 10 + (digits == 2 ? fraction[1] - '0' : 0);
        rest = fraction + digits;
    }
    if (*rest == '\0') {
        return refuse(why, "\"%s\" has no unit; write %s%%", text, text);
    }
    if (strcmp(rest, "%") != 0) {
        return refuse(why, "\"%s\" is not a percentage such as 95%% or 99.5%%", text);
    }
    if (whole > 100 || whole * 100 + part > 10000) {
        return refuse(why, "\"%s\" is more than 100%%", text);
    }
    *hundredths = (int)(whole * 100 + part);
    return true;
}

bool unit_day(const char *text, day_number *day, char why[UNIT_WHY_SIZE]) {
    if (day_parse(text_of(text), day)) {
        return true;
    }
    int64_t year, month, day_of_month;
    const char *rest;
    if (split_number(text, &year, &rest) && (*rest == '-' || *rest == '/' || *rest == '.') &&
        split_number(rest + 1, &month, &rest) && (*rest == '-' || *rest == '/' || *rest == '.') &&
        split_number(rest + 1, &day_of_month, &rest) && *rest == '\0' && year > 0 && year < 10000 &&
        month < 100 && day_of_month < 100) {
        char meant[32];
        (void)snprintf(meant, sizeof meant, "%04d-%02d-%02d", (int)year, (int)month,
                       (int)day_of_month);
        if (day_parse(text_of(meant), day)) {
            return refuse(why, "\"%s\" is not a date of the form YYYY-MM-DD; did you mean %s?",
                          text, meant);
        }
        if (strcmp(meant, text) == 0) {
            return refuse(why, "\"%s\" is not a day of the calendar", text);
        }
    }
    return refuse(why, "\"%s\" is not a date of the form YYYY-MM-DD", text);
}

bool unit_days(const char *text, struct day_range *range, char why[UNIT_WHY_SIZE]) {
    const char *dots = strstr(text, "..");
    if (dots == NULL) {
        bool good = unit_day(text, &range->from, why);
        range->to = range->from;
        return good;
    }
    char first[64];
    (void)snprintf(first, sizeof first, "%.*s", (int)(dots - text), text);
    if (!unit_day(first, &range->from, why) || !unit_day(dots + 2, &range->to, why)) {
        return false;
    }
    return range->from <= range->to || refuse(why, "\"%s\" ends before it begins", text);
}

bool unit_bound(const char *text, struct pipeline_bound *bound, char why[UNIT_WHY_SIZE]) {
    if (strcmp(text, "today") == 0 || strcmp(text, "yesterday") == 0) {
        bound->kind = text[0] == 't' ? PIPELINE_BOUND_TODAY : PIPELINE_BOUND_YESTERDAY;
        bound->day = DAY_NONE;
        return true;
    }
    bound->kind = PIPELINE_BOUND_DATE;
    static const char *const words[] = {"today", "yesterday"};
    const char *meant = text_nearest(text, words, 2);
    if (meant != NULL) {
        return refuse(why, "\"%s\" is not a date; did you mean %s?", text, meant);
    }
    return unit_day(text, &bound->day, why);
}

bool unit_bool(const char *text, bool *value, char why[UNIT_WHY_SIZE]) {
    *value = strcmp(text, "true") == 0;
    return *value || strcmp(text, "false") == 0 ||
           refuse(why, "\"%s\" is neither true nor false", text);
}

bool unit_integer(const char *text, int64_t least, int64_t most, int64_t *value,
                  char why[UNIT_WHY_SIZE]) {
    if (text_to_int64(text_of(text), value) && *value >= least && *value <= most) {
        return true;
    }
    return refuse(why, "\"%s\" is not a whole number from %lld to %lld", text, (long long)least,
                  (long long)most);
}

bool unit_number(const char *text, double *value, char why[UNIT_WHY_SIZE]) {
    size_t sign = text[0] == '-' ? 1 : 0;
    size_t whole = strspn(text + sign, "0123456789");
    const char *rest = text + sign + whole;
    size_t part = 0;
    if (*rest == '.') {
        part = strspn(rest + 1, "0123456789");
        rest += part == 0 ? 0 : part + 1;
    }
    if (whole == 0 || *rest != '\0') {
        return refuse(why, "\"%s\" is not a number such as 18 or 0.9", text);
    }
    if (whole > 15 || part > 15) {
        return refuse(why,
                      "\"%s\" has more digits than are compared exactly (15 before the point and "
                      "15 behind it); compare within a query, which answers 1 or 0",
                      text);
    }
    *value = strtod(text, NULL);
    return true;
}
