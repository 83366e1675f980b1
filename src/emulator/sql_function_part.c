/* Which parts of dates and times go with which function: BigQuery refuses the others before it
 * runs. */
#include <string.h>

#include "emulator/sql_function.h"
#include "emulator/sql_moment.h"
#include "emulator/sql_type.h"

#define BIT(part) (1U << (part))

enum {
    CLOCK = BIT(PART_MICROSECOND) | BIT(PART_MILLISECOND) | BIT(PART_SECOND) | BIT(PART_MINUTE) |
            BIT(PART_HOUR),
    DAY = BIT(PART_DAY),
    LONG = BIT(PART_MONTH) | BIT(PART_QUARTER) | BIT(PART_YEAR),
    WEEK = BIT(PART_WEEK),
    WEEKS = (BIT(PART_WEEK_LAST + 1) - BIT(PART_WEEK)) | BIT(PART_ISOWEEK),
    CALENDAR = LONG | WEEKS | BIT(PART_ISOYEAR),
    NUMBERS = BIT(PART_DAYOFWEEK) | BIT(PART_DAYOFYEAR),
    WHOLES = BIT(PART_DATE) | BIT(PART_TIME),
};

enum use { USE_ADD, USE_DIFF, USE_TRUNC, USE_LAST_DAY, USE_EXTRACT, USE_GENERATE };

static const unsigned allowed[][EMULATOR_TYPE_COUNT] = {
    [USE_ADD] = {[EMULATOR_DATE] = DAY | WEEK | LONG,
                 [EMULATOR_DATETIME] = CLOCK | DAY | WEEK | LONG,
                 [EMULATOR_TIMESTAMP] = CLOCK | DAY},
    [USE_DIFF] = {[EMULATOR_DATE] = DAY | CALENDAR,
                  [EMULATOR_DATETIME] = CLOCK | DAY | CALENDAR,
                  [EMULATOR_TIMESTAMP] = CLOCK | DAY},
    [USE_TRUNC] = {[EMULATOR_DATE] = DAY | CALENDAR,
                   [EMULATOR_DATETIME] = CLOCK | DAY | CALENDAR,
                   [EMULATOR_TIMESTAMP] = CLOCK | DAY | CALENDAR},
    [USE_LAST_DAY] = {[EMULATOR_DATE] = CALENDAR, [EMULATOR_DATETIME] = CALENDAR},
    [USE_EXTRACT] = {[EMULATOR_DATE] = DAY | CALENDAR | NUMBERS,
                     [EMULATOR_DATETIME] = CLOCK | DAY | CALENDAR | NUMBERS | WHOLES,
                     [EMULATOR_TIMESTAMP] =
                         CLOCK | DAY | CALENDAR | NUMBERS | WHOLES | BIT(PART_DATETIME),
                     [EMULATOR_TIME] = CLOCK},
    [USE_GENERATE] = {[EMULATOR_DATE] = DAY | WEEK | LONG},
};

static const struct {
    const char *function;
    enum use use;
} uses[] = {
    {"DATE_ADD", USE_ADD},
    {"DATE_SUB", USE_ADD},
    {"DATETIME_ADD", USE_ADD},
    {"DATETIME_SUB", USE_ADD},
    {"TIMESTAMP_ADD", USE_ADD},
    {"TIMESTAMP_SUB", USE_ADD},
    {"DATE_DIFF", USE_DIFF},
    {"DATETIME_DIFF", USE_DIFF},
    {"TIMESTAMP_DIFF", USE_DIFF},
    {"DATE_TRUNC", USE_TRUNC},
    {"DATETIME_TRUNC", USE_TRUNC},
    {"TIMESTAMP_TRUNC", USE_TRUNC},
    {"LAST_DAY", USE_LAST_DAY},
    {"EXTRACT", USE_EXTRACT},
    {"GENERATE_DATE_ARRAY", USE_GENERATE},
};

/* The argument that is a part or an INTERVAL, and the first that is neither; NULL without. */
static const struct sql_expression *find_argument(const struct sql_expression *call, bool part) {
    for (size_t i = 0; i < call->arguments.count; i++) {
        const struct sql_expression *node = call->arguments.items[i];
        if ((node->form == FORM_PART || node->form == FORM_INTERVAL) == part)
            return node;
    }
    return NULL;
}

static bool refuse(struct sql_compilation *compilation, const struct sql_expression *call,
                   const struct sql_expression *part, enum emulator_type type) {
    return sql_same(call->text, "EXTRACT")
               ? sql_fail(compilation, part->place,
                          "EXTRACT from %s does not support the %s date "
                          "part",
                          emulator_type_sql(type), part->text)
               : sql_fail(compilation, part->place, "%s does not support the %s date part",
                          call->function->name, part->text);
}

bool sql_function_check_part(struct sql_compilation *compilation,
                             const struct sql_expression *call) {
    const struct sql_expression *part = find_argument(call, true);
    const struct sql_expression *value = find_argument(call, false);
    enum sql_part read;
    if (!part || !value || !sql_part_read(part->text, &read))
        return true;
    /* A NULL reads as what the signature says first: a DATE, unless the name says otherwise. */
    enum emulator_type type = value->type.known             ? value->type.base
                              : sql_type_moment(call->type) ? call->type.base
                                                            : EMULATOR_DATETIME;
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        if (sql_same(uses[i].function, call->text))
            return (allowed[uses[i].use][type] & BIT(read)) ||
                   refuse(compilation, call, part, type);
    return true;
}

bool sql_function_check_format(struct sql_compilation *compilation,
                               const struct sql_expression *call) {
    const char *name = call->function->name;
    bool reading = strncmp(name, "PARSE_", 6) == 0;
    if (!reading && strncmp(name, "FORMAT_", 7) != 0)
        return true;
    const struct sql_expression *format = call->arguments.items[0];
    const char *unknown =
        format->form == FORM_LITERAL ? sql_moment_format_unknown(format->text, reading) : NULL;
    return !unknown ||
           sql_fail(compilation, format->place,
                    "The format element %.*s in %s is not supported by the local BigQuery",
                    unknown[1] == 'E' ? 4 : 2, unknown, name);
}
