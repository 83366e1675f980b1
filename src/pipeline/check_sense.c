/* What is valid and yet cannot mean anything: checks that nothing can fail, two tables that are
 * one, seasons that the range leaves out, complete dates that would be in excess. Warnings, for
 * somebody may mean it all the same. */
#include <string.h>

#include "pipeline/loader.h"

/* Tables and seasons compared with each other; more are not looked through. */
enum { MOST_COMPARED = 1000, WHOLE = 10000 };

static bool same_text(const char *a, const char *b) {
    return a != NULL && b != NULL ? strcmp(a, b) == 0 : a == b;
}

static yaml_mark_t mark_of(struct pipeline_place place) {
    return (yaml_mark_t){.line = place.line > 0 ? place.line - 1 : 0,
                         .column = place.column > 0 ? place.column - 1 : 0};
}

/* The range where both its bounds are dates; one that moves with today has no fixed length. */
static bool fixed_range(const struct pipeline *pipeline, struct day_range *range) {
    *range = (struct day_range){.from = pipeline->from.day, .to = pipeline->to.day};
    return pipeline->from.kind == PIPELINE_BOUND_DATE && pipeline->to.kind == PIPELINE_BOUND_DATE;
}

static const char *passes_always(const struct pipeline *pipeline,
                                 const struct pipeline_check *check) {
    const struct pipeline_season *season =
        check->season == PIPELINE_NONE ? NULL : &pipeline->seasons[check->season];
    struct day_range range;
    bool fixed = fixed_range(pipeline, &range) || season != NULL;
    range = season != NULL ? season->range : range;
    switch (check->kind) {
    case PIPELINE_CHECK_COVERAGE:
        if (check->missing_at_most >= 0) {
            return fixed && check->minimum == 0 && check->missing_at_most > range.to - range.from &&
                           check->unit == PIPELINE_UNIT_DATES
                       ? "missing_at_most is not less than all dates there are"
                       : NULL;
        }
        return check->minimum == 0 && !check->each_season ? "at_least is 0 %" : NULL;
    case PIPELINE_CHECK_ROWS:
        return check->minimum == 0 ? "at_least is 0 %" : NULL;
    case PIPELINE_CHECK_NULL_RATE:
    case PIPELINE_CHECK_FALLBACK_RATE:
        return check->maximum >= WHOLE ? "at_most is 100 %" : NULL;
    default:
        return NULL;
    }
}

static void check_demands(struct loader *loader) {
    const struct pipeline *pipeline = loader->pipeline;
    for (size_t i = 0; i < pipeline->gate_count; i++) {
        const struct pipeline_gate *gate = &pipeline->gates[i];
        for (size_t j = 0; j < gate->check_count; j++) {
            const char *why = passes_always(pipeline, &gate->checks[j]);
            if (why != NULL) {
                loader_warning_at(loader, mark_of(gate->checks[j].at),
                                  "the check \"%s\" passes whatever is measured: %s",
                                  gate->checks[j].name, why);
            }
        }
    }
}

static void check_twins(struct loader *loader) {
    const struct pipeline *pipeline = loader->pipeline;
    for (size_t i = 0; i < pipeline->table_count && i < MOST_COMPARED; i++) {
        const struct pipeline_table *table = &pipeline->tables[i];
        for (size_t j = 0; j < i; j++) {
            const struct pipeline_table *other = &pipeline->tables[j];
            if (strcmp(table->table, other->table) == 0 &&
                strcmp(table->dataset, other->dataset) == 0 &&
                same_text(table->project, other->project) && same_text(table->date, other->date) &&
                same_text(table->entity, other->entity)) {
                loader_warning_at(loader, mark_of(table->at.table),
                                  "\"%s\" counts the very rows of \"%s\": both are %s.%s by \"%s\"",
                                  table->name, other->name, table->dataset, table->table,
                                  table->date);
                break;
            }
        }
    }
}

static void check_seasons(struct loader *loader) {
    const struct pipeline *pipeline = loader->pipeline;
    struct day_range range;
    bool fixed = fixed_range(pipeline, &range);
    for (size_t i = 0; i < pipeline->season_count && fixed; i++) {
        const struct pipeline_season *season = &pipeline->seasons[i];
        if (season->range.to < range.from || season->range.from > range.to) {
            loader_warning(loader, PLACE_ITEM(PLACE_KEY(NULL, "seasons"), i),
                           "season \"%s\" lies outside the range: nothing of it is ever looked at",
                           season->name);
        }
    }
}

/* No season is longer than what a table leaves out at the start of each. */
static void check_bootstrap(struct loader *loader) {
    const struct pipeline *pipeline = loader->pipeline;
    day_number longest = 0;
    for (size_t i = 0; i < pipeline->season_count; i++) {
        const struct day_range range = pipeline->seasons[i].range;
        longest = range.to - range.from + 1 > longest ? range.to - range.from + 1 : longest;
    }
    for (size_t i = 0; i < pipeline->table_count && longest > 0; i++) {
        if (pipeline->tables[i].bootstrap_days >= longest) {
            loader_warning(loader,
                           PLACE_KEY(PLACE_ITEM(PLACE_KEY(NULL, "tables"), i), "bootstrap_days"),
                           "nothing is ever due in \"%s\": no season is longer than its "
                           "bootstrap_days",
                           pipeline->tables[i].name);
        }
    }
}

/* A date that holds what it must, and is in excess by it. */
static void check_excess(struct loader *loader) {
    const struct pipeline *pipeline = loader->pipeline;
    for (size_t i = 0; i < pipeline->table_count; i++) {
        const struct pipeline_table *table = &pipeline->tables[i];
        const struct pipeline_rows_rule *least = &table->rows, *most = &table->duplicates_above;
        if (least->kind != PIPELINE_ROWS_ANY && least->kind == most->kind &&
            least->kind != PIPELINE_ROWS_RATIO && most->value < least->value) {
            loader_warning(loader,
                           PLACE_KEY(PLACE_ITEM(PLACE_KEY(NULL, "tables"), i), "duplicates_above"),
                           "every complete date of \"%s\" would be in excess: rows.at_least asks "
                           "for more than duplicates_above allows",
                           table->name);
        }
    }
}

void check_sense(struct loader *loader) {
    check_demands(loader);
    check_twins(loader);
    check_seasons(loader);
    check_bootstrap(loader);
    check_excess(loader);
}
