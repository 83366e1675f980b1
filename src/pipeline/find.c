#include <string.h>

#include "base/clock.h"
#include "pipeline/pipeline.h"

/* The index of the element of `list` whose name is `name`. */
#define FIND(pipeline, list, list_count, wanted)                                                   \
    do {                                                                                           \
        for (size_t i = 0; i < (pipeline)->list_count; i++) {                                      \
            if (strcmp((pipeline)->list[i].name, (wanted)) == 0) {                                 \
                return i;                                                                          \
            }                                                                                      \
        }                                                                                          \
        return PIPELINE_NONE;                                                                      \
    } while (0)

size_t pipeline_find_table(const struct pipeline *pipeline, const char *name) {
    FIND(pipeline, tables, table_count, name);
}

size_t pipeline_find_processor(const struct pipeline *pipeline, const char *name) {
    FIND(pipeline, processors, processor_count, name);
}

size_t pipeline_find_group(const struct pipeline *pipeline, const char *name) {
    FIND(pipeline, groups, group_count, name);
}

size_t pipeline_find_gate(const struct pipeline *pipeline, const char *name) {
    FIND(pipeline, gates, gate_count, name);
}

size_t pipeline_find_season(const struct pipeline *pipeline, const char *name) {
    FIND(pipeline, seasons, season_count, name);
}

size_t pipeline_season_of(const struct pipeline *pipeline, day_number day) {
    size_t low = 0, high = pipeline->season_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (day > pipeline->seasons[middle].range.to) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool inside = low < pipeline->season_count && day >= pipeline->seasons[low].range.from;
    return inside ? low : PIPELINE_NONE;
}

bool pipeline_is_bootstrap(const struct pipeline *pipeline, size_t table, day_number day) {
    size_t season = pipeline_season_of(pipeline, day);
    return season != PIPELINE_NONE &&
           day - pipeline->seasons[season].range.from < pipeline->tables[table].bootstrap_days;
}

static day_number resolve(const struct pipeline_bound *bound, day_number today) {
    static const int before_today[] = {
        [PIPELINE_BOUND_DATE] = 0, [PIPELINE_BOUND_TODAY] = 0, [PIPELINE_BOUND_YESTERDAY] = 1};
    return bound->kind == PIPELINE_BOUND_DATE ? bound->day : today - before_today[bound->kind];
}

struct day_range pipeline_range(const struct pipeline *pipeline, int64_t wall_ms) {
    int second_of_day;
    day_number today = clock_local_day(wall_ms, &second_of_day);
    return (struct day_range){resolve(&pipeline->from, today), resolve(&pipeline->to, today)};
}
