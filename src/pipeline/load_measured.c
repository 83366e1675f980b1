/* Checks that measure tables: coverage, rows, null_rate, fallback_rate, duplicates. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "pipeline/load_checks.h"

/* One item as it stands in the file. */
struct item {
    const struct raw_measure *raw;
    enum pipeline_check_kind kind;
    const char *key;  /* "null_rate" */
    const char *word; /* "null rate", as check names have it */
};

static const struct pipeline_check empty = {
    .table = PIPELINE_NONE,
    .season = PIPELINE_NONE,
    .group = PIPELINE_NONE,
    .missing_at_most = -1,
};

static bool find_item(const struct raw_check *raw, struct item *item) {
    const struct item items[] = {
        {raw->coverage, PIPELINE_CHECK_COVERAGE, "coverage", "coverage"},
        {raw->rows, PIPELINE_CHECK_ROWS, "rows", "rows"},
        {raw->null_rate, PIPELINE_CHECK_NULL_RATE, "null_rate", "null rate"},
        {raw->fallback_rate, PIPELINE_CHECK_FALLBACK_RATE, "fallback_rate", "fallback rate"},
        {raw->duplicates, PIPELINE_CHECK_DUPLICATES, "duplicates", "duplicates"},
    };
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        if (items[i].raw != NULL) {
            *item = items[i];
            return true;
        }
    }
    return false;
}

/* Whether a table has what the check measures. */
static bool can_measure(const struct pipeline_table *table, enum pipeline_check_kind kind) {
    switch (kind) {
    case PIPELINE_CHECK_NULL_RATE:
        return table->null_of != NULL;
    case PIPELINE_CHECK_FALLBACK_RATE:
        return table->fallback != NULL;
    case PIPELINE_CHECK_DUPLICATES:
        return table->duplicates_above.kind != PIPELINE_ROWS_ANY;
    default:
        return true;
    }
}

static const char *what_is_missing(enum pipeline_check_kind kind) {
    return kind == PIPELINE_CHECK_NULL_RATE       ? "quality.null_of"
           : kind == PIPELINE_CHECK_FALLBACK_RATE ? "quality.fallback or quality.fallback_of"
                                                  : "duplicates_above";
}

static void load_segment(struct loader *loader, const struct place *at,
                         const struct raw_measure *raw, struct pipeline_check *check) {
    if (raw->segment == NULL) {
        return;
    }
    const struct place *place = PLACE_KEY(at, "segment");
    if (strcmp(raw->segment, "regular") == 0) {
        check->segment = PIPELINE_SEGMENT_REGULAR;
    } else if (strcmp(raw->segment, "playoffs") == 0) {
        check->segment = PIPELINE_SEGMENT_PLAYOFFS;
    } else {
        loader_mistake(loader, place, "\"%s\" is not regular or playoffs", raw->segment);
        return;
    }
    bool any = false;
    for (size_t i = 0; i < loader->pipeline->season_count; i++) {
        bool asked = check->season == PIPELINE_NONE || check->season == i;
        any = any || (asked && loader->pipeline->seasons[i].playoffs_from != DAY_NONE);
    }
    if (!any) {
        loader_mistake(loader, place, "no season asked for has playoffs; add \"playoffs_from\"");
    }
}

static void load_unit(struct loader *loader, const struct place *at, const struct raw_measure *raw,
                      struct pipeline_check *check) {
    if (raw->of == NULL) {
        return;
    }
    if (strcmp(raw->of, "games") == 0) {
        check->unit = PIPELINE_UNIT_GAMES;
    } else if (strcmp(raw->of, "dates") != 0) {
        loader_mistake(loader, PLACE_KEY(at, "of"), "\"%s\" is not dates or games", raw->of);
    }
}

/* Steps lie in order: coverage climbs, a rate falls. */
static void load_steps(struct loader *loader, const struct place *at, const struct raw_measure *raw,
                       struct pipeline_check *check, bool climbing) {
    loader_percent(loader, PLACE_KEY(at, "target"), raw->target, &check->target);
    loader_percent(loader, PLACE_KEY(at, "optimal"), raw->optimal, &check->optimal);
    int limit = climbing ? check->minimum : check->maximum;
    int before = raw->target == NULL ? limit : check->target;
    if (raw->target != NULL && (climbing ? check->target < limit : check->target > limit)) {
        loader_mistake(loader, PLACE_KEY(at, "target"), "the target is easier than %s",
                       climbing ? "at_least" : "at_most");
    }
    if (raw->optimal != NULL && (climbing ? check->optimal < before : check->optimal > before)) {
        loader_mistake(loader, PLACE_KEY(at, "optimal"), "optimal is easier than the step before");
    }
}

static void load_coverage(struct loader *loader, const struct place *at,
                          const struct raw_measure *raw, struct pipeline_check *check) {
    load_unit(loader, at, raw, check);
    loader_percent(loader, PLACE_KEY(at, "at_least"), raw->at_least, &check->minimum);
    if (raw->missing_at_most != NULL) {
        loader_integer(loader, PLACE_KEY(at, "missing_at_most"), raw->missing_at_most, 0, INT32_MAX,
                       &check->missing_at_most);
    } else if (raw->at_least == NULL) {
        loader_mistake(loader, at, "coverage of how much? add \"at_least\" or \"missing_at_most\"");
    }
    load_steps(loader, at, raw, check, true);
    const struct place *each = PLACE_KEY(at, "each_season");
    loader_bool(loader, each, raw->each_season, &check->each_season);
    if (check->each_season && raw->season != NULL) {
        loader_mistake(loader, each, "one season or each season? leave \"season\" or this out");
    } else if (check->each_season && loader->pipeline->season_count == 0) {
        loader_mistake(loader, each, "there are no seasons; add \"seasons\"");
    }
}

static void load_rate(struct loader *loader, const struct place *at, const struct raw_measure *raw,
                      struct pipeline_check *check) {
    if (raw->at_most == NULL && check->kind == PIPELINE_CHECK_FALLBACK_RATE) {
        loader_mistake(loader, at, "a fallback rate of how much? add \"at_most\"");
    }
    check->maximum = 10000;
    loader_percent(loader, PLACE_KEY(at, "at_most"), raw->at_most, &check->maximum);
    load_steps(loader, at, raw, check, false);
}

/* What all the item's checks have in common. */
static struct pipeline_check load_common(struct loader *loader, const struct place *at,
                                         const struct item *item) {
    struct pipeline_check check = empty;
    check.kind = item->kind;
    if (item->raw->season != NULL) {
        check.season =
            loader_find(loader, PLACE_KEY(at, "season"), &loader->seasons, item->raw->season);
    }
    load_segment(loader, at, item->raw, &check);
    if (item->kind == PIPELINE_CHECK_COVERAGE) {
        load_coverage(loader, at, item->raw, &check);
    } else if (item->kind == PIPELINE_CHECK_ROWS) {
        check.minimum = 10000;
        loader_percent(loader, PLACE_KEY(at, "at_least"), item->raw->at_least, &check.minimum);
    } else if (item->kind != PIPELINE_CHECK_DUPLICATES) {
        load_rate(loader, at, item->raw, &check);
    }
    return check;
}

static char *name_check(const struct item *item, const struct pipeline_check *check,
                        const char *table) {
    static const char *const segments[] = {"", " regular", " playoffs"};
    return memory_format("%s %s%s%s%s%s%s", table, item->word, item->raw->season == NULL ? "" : " ",
                         item->raw->season == NULL ? "" : item->raw->season,
                         segments[check->segment], check->each_season ? " each season" : "",
                         check->unit == PIPELINE_UNIT_GAMES ? " in games" : "");
}

/* The tables that the item names, by table or by phase; NULL after a mistake. */
static size_t *find_tables(struct loader *loader, const struct place *at, const struct item *item,
                           size_t *count) {
    const struct pipeline *pipeline = loader->pipeline;
    const struct raw_measure *raw = item->raw;
    *count = 0;
    if ((raw->table == NULL) == (raw->phase == NULL)) {
        loader_mistake(loader, at, "%s of what? give either \"table\" or \"phase\"", item->word);
        return NULL;
    }
    struct names phases = {"phase", (const char **)pipeline->phases, pipeline->phase_count, NULL};
    size_t table = raw->table == NULL
                       ? PIPELINE_NONE
                       : loader_find(loader, PLACE_KEY(at, "table"), &loader->tables, raw->table);
    size_t phase = raw->phase == NULL
                       ? PIPELINE_NONE
                       : loader_find(loader, PLACE_KEY(at, "phase"), &phases, raw->phase);
    if (table == PIPELINE_NONE && phase == PIPELINE_NONE) {
        return NULL;
    }
    size_t *found = memory_new(pipeline->table_count, sizeof found[0]);
    for (size_t i = 0; i < pipeline->table_count; i++) {
        bool named = i == table || (phase != PIPELINE_NONE && pipeline->tables[i].phase == phase);
        if (named && can_measure(&pipeline->tables[i], item->kind)) {
            found[(*count)++] = i;
        }
    }
    if (*count == 0) {
        bool by_table = raw->table != NULL;
        loader_mistake(loader, PLACE_KEY(at, by_table ? "table" : "phase"), "%s \"%s\" has %s%s",
                       by_table ? "table" : "no table of phase", by_table ? raw->table : raw->phase,
                       by_table ? "no " : "", what_is_missing(item->kind));
    }
    return found;
}

size_t load_measured(struct loader *loader, const struct place *at, const struct raw_check *raw,
                     struct pipeline_check **checks) {
    struct item item;
    if (!find_item(raw, &item)) {
        return 0;
    }
    const struct place *here = PLACE_KEY(at, item.key);
    size_t count;
    size_t *tables = find_tables(loader, here, &item, &count);
    struct pipeline_check common = load_common(loader, here, &item);
    *checks = memory_new(count, sizeof **checks);
    for (size_t i = 0; i < count; i++) {
        const struct pipeline_table *table = &loader->pipeline->tables[tables[i]];
        struct pipeline_check *check = &(*checks)[i];
        *check = common;
        check->table = tables[i];
        check->name = name_check(&item, &common, table->name);
        if (item.kind == PIPELINE_CHECK_NULL_RATE && item.raw->at_most == NULL) {
            check->maximum = table->null_rate_at_most;
        }
    }
    free(tables);
    return count;
}
