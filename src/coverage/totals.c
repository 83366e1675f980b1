#include <stdlib.h>
#include <string.h>

#include "base/count.h"
#include "base/memory.h"
#include "base/percent.h"
#include "coverage/compute.h"

/* The segment of each day, as runs of days; where seasons overlap the first in the file has them.
 */
void compute_stretches(struct compute *compute) {
    const struct pipeline *pipeline = compute->pipeline;
    size_t capacity = 0;
    for (size_t i = 0; i < compute->day_count; i++) {
        day_number day = (day_number)(compute->range.from + (int64_t)i);
        size_t season = 0;
        while (season < pipeline->season_count &&
               !day_range_has(pipeline->seasons[season].range, day)) {
            season++;
        }
        bool playoffs = false;
        if (season == pipeline->season_count) {
            season = PIPELINE_NONE;
        } else {
            day_number from = pipeline->seasons[season].playoffs_from;
            playoffs = from != DAY_NONE && day >= from;
        }
        struct compute_stretch *last =
            compute->stretch_count == 0 ? NULL : &compute->stretches[compute->stretch_count - 1];
        if (last != NULL && last->season == season && last->playoffs == playoffs) {
            last->count++;
            continue;
        }
        compute->stretches = memory_grow(compute->stretches, compute->stretch_count, &capacity,
                                         sizeof *compute->stretches);
        compute->stretches[compute->stretch_count++] = (struct compute_stretch){
            .first = i, .count = 1, .season = season, .playoffs = playoffs};
    }
}

static const struct coverage_totals nothing = {.known = true, .last_with_rows = DAY_NONE};
static const struct coverage_totals unknown = {
    .entities = -1,
    .expected_games = -1,
    .attained_games = -1,
    .nulls = -1,
    .fallbacks = -1,
    .last_with_rows = DAY_NONE,
};

/* What is not known of a part is not known of the whole. */
static void add_optional(int64_t *sum, int64_t part) {
    *sum = *sum < 0 || part < 0 ? -1 : count_add(*sum, part);
}

static void add_totals(struct coverage_totals *sum, const struct coverage_totals *part) {
    sum->expected += part->expected;
    sum->bootstrap += part->bootstrap;
    sum->waived += part->waived;
    sum->attainable += part->attainable;
    sum->complete += part->complete;
    sum->partial += part->partial;
    sum->missing += part->missing;
    sum->excess += part->excess;
    sum->with_rows += part->with_rows;
    sum->unexpected += part->unexpected;
    sum->unmeasured += part->unmeasured;
    sum->rows = count_add(sum->rows, part->rows);
    add_optional(&sum->entities, part->entities);
    add_optional(&sum->expected_games, part->expected_games);
    add_optional(&sum->attained_games, part->attained_games);
    add_optional(&sum->nulls, part->nulls);
    add_optional(&sum->fallbacks, part->fallbacks);
    if (part->last_with_rows > sum->last_with_rows) {
        sum->last_with_rows = part->last_with_rows;
    }
}

/* Sums of a stretch that need care where a part is not known. */
struct tally {
    size_t by_state[COVERAGE_EXCESS + 1];
    int64_t entities, games, attained;
    bool entities_lacking, games_lacking;
};

static void tally_day(struct tally *tally, struct coverage_totals *totals,
                      const struct coverage_day *day, day_number date) {
    totals->rows = count_add(totals->rows, day->rows);
    if (day->rows > 0) {
        totals->with_rows++;
        totals->last_with_rows = date;
    }
    tally->entities += day->entities;
    tally->entities_lacking |= day->entities < 0;
    if (day->state >= COVERAGE_MISSING) {
        tally->games += day->games;
        tally->games_lacking |= day->games < 0;
        tally->attained += day->entities < day->games ? day->entities : day->games;
    }
}

static void conclude(const struct tally *tally, struct coverage_totals *totals) {
    const size_t *by_state = tally->by_state;
    totals->unmeasured = by_state[COVERAGE_UNKNOWN];
    totals->bootstrap = by_state[COVERAGE_BOOTSTRAP];
    totals->waived = by_state[COVERAGE_WAIVED];
    totals->missing = by_state[COVERAGE_MISSING];
    totals->partial = by_state[COVERAGE_PARTIAL];
    totals->complete = by_state[COVERAGE_COMPLETE];
    totals->excess = by_state[COVERAGE_EXCESS];
    totals->attainable = totals->missing + totals->partial + totals->complete + totals->excess;
    totals->expected = totals->bootstrap + totals->waived + totals->attainable;
    totals->entities = tally->entities_lacking ? -1 : tally->entities;
    totals->expected_games = tally->games_lacking ? -1 : tally->games;
    totals->attained_games = tally->entities_lacking || tally->games_lacking ? -1 : tally->attained;
}

/* NULLs and fallbacks are not kept by day: they are read from the counts. */
static void add_quality(const struct compute *compute, const struct coverage_table *table,
                        const struct compute_stretch *stretch, struct coverage_totals *totals) {
    const struct coverage_measurement *own = &compute->tables[table->table];
    const struct pipeline_table *facts = &compute->pipeline->tables[table->table];
    day_number first = (day_number)(compute->range.from + (int64_t)stretch->first);
    struct day_range days = {first, first + (day_number)stretch->count - 1};
    totals->nulls = facts->null_of == NULL ? -1 : 0;
    totals->fallbacks = facts->fallback == NULL ? -1 : 0;
    for (size_t i = 0; i < own->count && (totals->nulls >= 0 || totals->fallbacks >= 0); i++) {
        const struct coverage_count *count = &own->counts[i];
        if (day_range_has(days, count->day) &&
            table->days[count->day - compute->range.from].state > COVERAGE_OFF) {
            add_optional(&totals->nulls, count->nulls);
            add_optional(&totals->fallbacks, count->fallbacks);
        }
    }
}

static struct coverage_totals sum_stretch(const struct compute *compute,
                                          const struct coverage_table *table,
                                          const struct compute_stretch *stretch) {
    struct coverage_totals totals = nothing;
    struct tally tally = {0};
    for (size_t i = stretch->first; i < stretch->first + stretch->count; i++) {
        const struct coverage_day *day = &table->days[i];
        tally.by_state[day->state]++;
        if (day->state > COVERAGE_OFF) {
            tally_day(&tally, &totals, day, (day_number)(compute->range.from + (int64_t)i));
        } else if (day->state == COVERAGE_OFF) {
            totals.unexpected += day->rows > 0;
        }
    }
    conclude(&tally, &totals);
    add_quality(compute, table, stretch, &totals);
    return totals;
}

static void start_totals(const struct compute *compute, struct coverage_table *table, bool known) {
    const struct pipeline *pipeline = compute->pipeline;
    const struct pipeline_table *facts = &pipeline->tables[table->table];
    struct coverage_totals start = known ? nothing : unknown;
    if (known) {
        start.nulls = facts->null_of == NULL ? -1 : 0;
        start.fallbacks = facts->fallback == NULL ? -1 : 0;
        start.entities = facts->entity == NULL ? -1 : 0;
        start.attained_games = start.entities;
        start.expected_games = compute->sources[facts->expected].games_known ? 0 : -1;
    }
    table->all = start;
    table->seasons = memory_new(pipeline->season_count, sizeof *table->seasons);
    for (size_t i = 0; i < pipeline->season_count; i++) {
        bool split = pipeline->seasons[i].playoffs_from != DAY_NONE;
        table->seasons[i] = (struct coverage_season){i, start, start, split ? start : unknown};
    }
}

void compute_totals(const struct compute *compute, struct coverage_table *table, bool known) {
    start_totals(compute, table, known);
    if (!known) {
        table->all.unmeasured = compute->day_count;
        return;
    }
    for (size_t i = 0; i < compute->stretch_count; i++) {
        const struct compute_stretch *stretch = &compute->stretches[i];
        struct coverage_totals part = sum_stretch(compute, table, stretch);
        add_totals(&table->all, &part);
        if (stretch->season != PIPELINE_NONE) {
            struct coverage_season *season = &table->seasons[stretch->season];
            add_totals(&season->all, &part);
            add_totals(stretch->playoffs ? &season->playoffs : &season->regular, &part);
        }
    }
}

static const struct coverage_totals *pick_segment(const struct coverage_season *season,
                                                  enum pipeline_segment segment) {
    switch (segment) {
    case PIPELINE_SEGMENT_REGULAR:
        return &season->regular;
    case PIPELINE_SEGMENT_PLAYOFFS:
        return &season->playoffs;
    case PIPELINE_SEGMENT_ALL:
        break;
    }
    return &season->all;
}

struct coverage_totals coverage_totals_of(const struct coverage_report *report, size_t table,
                                          size_t season, enum pipeline_segment segment) {
    const struct coverage_table *facts = &report->tables[table];
    if (season != PIPELINE_NONE) {
        return *pick_segment(&facts->seasons[season], segment);
    }
    if (segment == PIPELINE_SEGMENT_ALL) {
        return facts->all;
    }
    struct coverage_totals sum = unknown;
    for (size_t i = 0; i < report->pipeline->season_count; i++) {
        const struct coverage_totals *part = pick_segment(&facts->seasons[i], segment);
        if (part->known && !sum.known) {
            sum = *part;
        } else if (part->known) {
            add_totals(&sum, part);
        }
    }
    return sum;
}

int coverage_percent(const struct coverage_totals *totals, int threshold) {
    return totals->known ? percent_tenths(totals->complete, totals->attainable, threshold)
                         : PERCENT_UNKNOWN;
}

int coverage_raw_percent(const struct coverage_totals *totals) {
    return totals->known ? percent_tenths(totals->with_rows, totals->expected, PERCENT_NO_THRESHOLD)
                         : PERCENT_UNKNOWN;
}

int coverage_games_percent(const struct coverage_totals *totals, int threshold) {
    if (!totals->known || totals->expected_games < 0 || totals->attained_games < 0) {
        return PERCENT_UNKNOWN;
    }
    return percent_tenths((uint64_t)totals->attained_games, (uint64_t)totals->expected_games,
                          threshold);
}
