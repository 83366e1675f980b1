#include "coverage/coverage_json.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/percent.h"

static json_t *count_or_null(bool known, size_t count) {
    return known ? json_integer((json_int_t)count) : json_null();
}

static json_t *sum_or_null(bool known, int64_t sum) {
    return known && sum >= 0 ? json_integer((json_int_t)sum) : json_null();
}

static json_t *range_to_json(struct day_range range) {
    json_t *object = json_object();
    json_object_set_new(object, "from", json_day(range.from));
    json_object_set_new(object, "to", json_day(range.to));
    return object;
}

/* The counts of dates that a table, a season and a segment have alike. */
static void set_totals(json_t *object, const struct coverage_totals *totals) {
    const struct {
        const char *key;
        size_t count;
    } counts[] = {
        {"expected", totals->expected},     {"bootstrap", totals->bootstrap},
        {"waived", totals->waived},         {"attainable", totals->attainable},
        {"complete", totals->complete},     {"partial", totals->partial},
        {"missing", totals->missing},       {"excess", totals->excess},
        {"unexpected", totals->unexpected}, {"unmeasured", totals->unmeasured},
    };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        json_object_set_new(object, counts[i].key, count_or_null(totals->known, counts[i].count));
    }
    json_object_set_new(object, "percent",
                        json_percent(coverage_percent(totals, PERCENT_NO_THRESHOLD)));
    json_object_set_new(object, "raw_percent", json_percent(coverage_raw_percent(totals)));
    json_object_set_new(object, "expected_games",
                        sum_or_null(totals->known, totals->expected_games));
    json_object_set_new(object, "attained_games",
                        sum_or_null(totals->known, totals->attained_games));
    json_object_set_new(object, "games_percent",
                        json_percent(coverage_games_percent(totals, PERCENT_NO_THRESHOLD)));
}

static json_t *segment_to_json(const char *name, const struct coverage_totals *totals) {
    json_t *object = json_object();
    json_object_set_new(object, "segment", json_words(name));
    set_totals(object, totals);
    return object;
}

static json_t *season_to_json(const struct pipeline *pipeline,
                              const struct coverage_season *season) {
    const struct pipeline_season *facts = &pipeline->seasons[season->season];
    json_t *object = json_object();
    json_t *segments = json_array();
    json_object_set_new(object, "season", json_words(facts->name));
    set_totals(object, &season->all);
    if (facts->playoffs_from != DAY_NONE) {
        json_array_append_new(segments, segment_to_json("regular", &season->regular));
        json_array_append_new(segments, segment_to_json("playoffs", &season->playoffs));
    }
    json_object_set_new(object, "segments", segments);
    return object;
}

static json_t *rate_to_json(const struct coverage_totals *totals, int64_t part) {
    bool known = totals->known && part >= 0 && totals->rows > 0;
    return json_percent(
        known ? percent_tenths((uint64_t)part, (uint64_t)totals->rows, PERCENT_NO_THRESHOLD)
              : PERCENT_UNKNOWN);
}

static json_t *table_to_json(const struct pipeline *pipeline, const struct coverage_table *table) {
    const struct pipeline_table *facts = &pipeline->tables[table->table];
    const struct coverage_totals *all = &table->all;
    json_t *object = json_object();
    json_t *seasons = json_array();
    json_object_set_new(object, "table", json_words(facts->name));
    json_object_set_new(object, "phase", json_words(pipeline->phases[facts->phase]));
    json_object_set_new(object, "status", json_words(coverage_status_name(table->status)));
    json_object_set_new(object, "measured_at", json_time(table->measured_at));
    json_object_set_new(object, "confirmed_at", json_time(table->confirmed_at));
    json_object_set_new(object, "error", json_string_or_null(table->error));
    json_object_set_new(object, "waived_notice", json_string_or_null(table->waived_notice));
    set_totals(object, all);
    json_object_set_new(object, "rows", sum_or_null(all->known, all->rows));
    json_object_set_new(object, "entities", sum_or_null(all->known, all->entities));
    json_object_set_new(object, "null_rate", rate_to_json(all, all->nulls));
    json_object_set_new(object, "fallback_rate", rate_to_json(all, all->fallbacks));
    for (size_t i = 0; i < pipeline->season_count; i++) {
        json_array_append_new(seasons, season_to_json(pipeline, &table->seasons[i]));
    }
    json_object_set_new(object, "seasons", seasons);
    return object;
}

json_t *coverage_to_json(const struct coverage_report *report) {
    json_t *object = json_object();
    json_t *tables = json_array();
    for (size_t i = 0; i < report->pipeline->table_count; i++) {
        json_array_append_new(tables, table_to_json(report->pipeline, &report->tables[i]));
    }
    json_object_set_new(object, "schema", json_integer(1));
    json_object_set_new(object, "pipeline", json_words(report->pipeline->name));
    json_object_set_new(object, "as_of", json_time(report->as_of));
    json_object_set_new(object, "range", range_to_json(report->range));
    json_object_set_new(object, "tables", tables);
    return object;
}

static json_t *ranges_to_json(const struct dayset *dates, const struct dayset *expected) {
    size_t count;
    struct day_range *ranges = dayset_ranges(dates, expected, &count);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *item = range_to_json(ranges[i]);
        json_object_set_new(item, "dates",
                            json_integer((json_int_t)dayset_count_within(dates, ranges[i])));
        json_array_append_new(list, item);
    }
    free(ranges);
    return list;
}

json_t *coverage_gaps_to_json(const struct coverage_report *report, size_t table,
                              struct day_range range, bool missing_only) {
    bool known = report->tables[table].all.known;
    struct dayset gaps = coverage_gaps(report, table, range, missing_only);
    struct dayset excess = coverage_excess(report, table, range);
    struct dayset expected = coverage_expected(report, table);
    dayset_subtract(&gaps, &excess);
    json_t *object = json_object();
    json_object_set_new(object, "schema", json_integer(1));
    json_object_set_new(object, "table", json_words(report->pipeline->tables[table].name));
    json_object_set_new(object, "missing", count_or_null(known, dayset_count(&gaps)));
    json_object_set_new(object, "ranges", ranges_to_json(&gaps, &expected));
    json_object_set_new(object, "excess", count_or_null(known, dayset_count(&excess)));
    json_object_set_new(object, "excess_ranges", ranges_to_json(&excess, &expected));
    dayset_free(&gaps);
    dayset_free(&excess);
    dayset_free(&expected);
    return object;
}
