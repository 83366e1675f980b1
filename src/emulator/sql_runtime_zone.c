/* Moments in time zones within SQLite: a TIMESTAMP as the clocks of a zone show it, and back. */
#include <string.h>

#include "emulator/sql_runtime.h"
#include "emulator/zone.h"

#define SECOND INT64_C(1000000)

static void free_zone(void *zone) {
    zone_free(zone);
}

/* The zone that argument `index` names; SQLite keeps one that is constant for the statement. Given
 * back by release. NULL after failing the call. */
static struct zone *take_zone(sqlite3_context *context, sqlite3_value **values, int index,
                              bool *kept) {
    struct zone *zone = sqlite3_get_auxdata(context, index);
    *kept = zone != NULL;
    if (zone)
        return zone;
    const char *name = (const char *)sqlite3_value_text(values[index]);
    zone = zone_new(text_of(name));
    if (!zone) {
        sql_runtime_fail(context, "Invalid time zone: %s", name ? name : "");
        return NULL;
    }
    return zone;
}

static void release(sqlite3_context *context, struct zone *zone, int index, bool kept) {
    if (!kept)
        sqlite3_set_auxdata(context, index, zone, free_zone);
}

static int64_t floor_seconds(int64_t moment) {
    return moment / SECOND - (moment % SECOND < 0 ? 1 : 0);
}

static int64_t to_local(const struct zone *zone, int64_t moment) {
    return moment + zone_offset(zone, floor_seconds(moment)) * SECOND;
}

static int64_t to_utc(const struct zone *zone, int64_t local) {
    int64_t seconds = floor_seconds(local);
    return zone_utc(zone, seconds) * SECOND + (local - seconds * SECOND);
}

/* timestamp, zone: the microseconds that the zone's clocks show */
static void local(sqlite3_context *context, int count, sqlite3_value **values) {
    int64_t moment;
    bool kept;
    if (sql_runtime_any_null(count, values) ||
        !sql_runtime_moment(context, EMULATOR_TIMESTAMP, values[0], &moment))
        return;
    struct zone *zone = take_zone(context, values, 1, &kept);
    if (!zone)
        return;
    sqlite3_result_int64(context, to_local(zone, moment));
    release(context, zone, 1, kept);
}

/* type, moment as the zone's clocks show it, zone: the TIMESTAMP. Text with a zone of its own is
 * none. */
static void utc(sqlite3_context *context, int count, sqlite3_value **values) {
    int64_t moment;
    bool kept;
    enum emulator_type type = (enum emulator_type)sqlite3_value_int(values[0]);
    if (type == EMULATOR_STRING)
        type = EMULATOR_DATETIME;
    if (sql_runtime_any_null(count, values) ||
        !sql_runtime_moment(context, type, values[1], &moment))
        return;
    struct zone *zone = take_zone(context, values, 2, &kept);
    if (!zone)
        return;
    sqlite3_result_int64(context, to_utc(zone, moment));
    release(context, zone, 2, kept);
}

/* timestamp, part, zone: cut where the zone's clocks turn */
static void truncate_local(sqlite3_context *context, int count, sqlite3_value **values) {
    int64_t moment;
    enum sql_part part;
    bool kept;
    if (sql_runtime_any_null(count, values) ||
        !sql_part_read((const char *)sqlite3_value_text(values[1]), &part) ||
        !sql_runtime_moment(context, EMULATOR_TIMESTAMP, values[0], &moment))
        return;
    struct zone *zone = take_zone(context, values, 2, &kept);
    if (!zone)
        return;
    int64_t shown = to_local(zone, moment), offset = shown - moment;
    if (!sql_moment_truncate(&shown, part))
        sql_runtime_fail(context, "Truncating leaves the years 1 to 9999");
    else
        sqlite3_result_int64(context, part < PART_DAY ? shown - offset : to_utc(zone, shown));
    release(context, zone, 2, kept);
}

/* timestamp, format, zone */
static void format_local(sqlite3_context *context, int count, sqlite3_value **values) {
    int64_t moment;
    bool kept;
    if (sql_runtime_any_null(count, values) ||
        !sql_runtime_moment(context, EMULATOR_TIMESTAMP, values[0], &moment))
        return;
    struct zone *zone = take_zone(context, values, 2, &kept);
    if (!zone)
        return;
    sql_runtime_give_format(context, to_local(zone, moment),
                            zone_offset(zone, floor_seconds(moment)), values[1]);
    release(context, zone, 2, kept);
}

/* timestamp, zone: "2024-03-30 01:00:00+01" */
static void show_local(sqlite3_context *context, int count, sqlite3_value **values) {
    int64_t moment;
    bool kept;
    char text[SQL_MOMENT_SIZE + 16];
    if (sql_runtime_any_null(count, values) ||
        !sql_runtime_moment(context, EMULATOR_TIMESTAMP, values[0], &moment))
        return;
    struct zone *zone = take_zone(context, values, 1, &kept);
    if (!zone)
        return;
    sql_moment_show(EMULATOR_TIMESTAMP, to_local(zone, moment), text);
    int32_t minutes = zone_offset(zone, floor_seconds(moment)) / 60;
    unsigned size = (unsigned)(minutes < 0 ? -minutes : minutes) % 6000;
    char *end = strrchr(text, '+');
    (void)snprintf(end, 16, size % 60 ? "%c%02u:%02u" : "%c%02u", minutes < 0 ? '-' : '+',
                   size / 60, size % 60);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
    release(context, zone, 1, kept);
}

const struct sql_runtime_function sql_runtime_zones[] = {{"bq_local", 2, local},
                                                         {"bq_utc", 3, utc},
                                                         {"bq_trunc_local", 3, truncate_local},
                                                         {"bq_format_local", 3, format_local},
                                                         {"bq_show_local", 2, show_local},
                                                         {NULL, 0, NULL}};
