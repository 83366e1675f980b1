/* Tables: their BigQuery names, what is due on which date, when a date is complete, lineage. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "pipeline/identifier.h"
#include "pipeline/loader.h"
#include "pipeline/query.h"
#include "pipeline/unit.h"

enum { MOST_BOOTSTRAP_DAYS = 400, MOST_QUERY_BYTES = 64 << 20 };

/* The last part of a dotted name, cut off; the whole when there is no dot. */
static struct text cut_last(struct text *rest) {
    size_t at = rest->size;
    while (at > 0 && rest->data[at - 1] != '.') {
        at--;
    }
    struct text last = {rest->data + at, rest->size - at};
    rest->size = at == 0 ? 0 : at - 1;
    return last;
}

/* What BigQuery allows in a query and phasegate does not count is no mistake of writing. */
static void tell_address(struct loader *loader, const struct place *place, const char *table) {
    const char *what =
        strchr(table, '*') != NULL
            ? "is a wildcard over several tables, which BigQuery allows and phasegate does not; "
              "make a view over them and name the view"
        : strchr(table, '$') != NULL
            ? "names one partition, which BigQuery allows and phasegate does not; name the table"
            : "is not a table of the form dataset.table or project.dataset.table";
    loader_mistake(loader, place, "\"%s\" %s", table, what);
}

static void load_address(struct loader *loader, const struct place *at, const struct raw_table *raw,
                         struct pipeline_table *table) {
    struct text rest = text_of(raw->table);
    struct text name = cut_last(&rest), dataset = cut_last(&rest), project = rest;
    if (!identifier_is_table(name) || !identifier_is_dataset(dataset) ||
        (project.size > 0 && !identifier_is_project(project))) {
        tell_address(loader, PLACE_KEY(at, "table"), raw->table);
        return;
    }
    if (raw->project != NULL && project.size > 0) {
        loader_mistake(loader, PLACE_KEY(at, "project"),
                       "\"%s\" names its project already; leave this key out", raw->table);
    }
    if (raw->project != NULL && !identifier_is_project(text_of(raw->project))) {
        loader_mistake(loader, PLACE_KEY(at, "project"),
                       "\"%s\" cannot be a project: use lower-case letters, digits and \"-\"",
                       raw->project);
    }
    table->table = memory_copy_part(name.data, name.size);
    table->dataset = memory_copy_part(dataset.data, dataset.size);
    if (project.size > 0) {
        table->project = memory_copy_part(project.data, project.size);
    } else {
        table->project =
            memory_copy_string(raw->project == NULL ? loader->pipeline->project : raw->project);
    }
}

static size_t phase_index(struct loader *loader, const struct place *place, const char *name) {
    struct pipeline *pipeline = loader->pipeline;
    for (size_t i = 0; i < pipeline->phase_count; i++) {
        if (strcmp(pipeline->phases[i], name) == 0) {
            return i;
        }
    }
    if (!identifier_is_name(text_of(name))) {
        loader_mistake(loader, place,
                       "\"%s\" cannot be a phase's name: use letters, digits, \".\", \"_\" and "
                       "\"-\", at most 100",
                       name);
    }
    pipeline->phases =
        memory_resize(pipeline->phases, pipeline->phase_count + 1, sizeof pipeline->phases[0]);
    pipeline->phases[pipeline->phase_count] = memory_copy_string(name);
    return pipeline->phase_count++;
}

/* `per: day`, `game` or `entity`; `allowed` says in words what stands here. */
static enum pipeline_rows_kind load_per(struct loader *loader, const struct place *place,
                                        const char *per, bool entities) {
    static const struct {
        const char *word;
        enum pipeline_rows_kind kind;
    } words[] = {{"day", PIPELINE_ROWS_PER_DAY},
                 {"game", PIPELINE_ROWS_PER_GAME},
                 {"entity", PIPELINE_ROWS_PER_ENTITY}};
    size_t count = entities ? 3 : 2;
    for (size_t i = 0; i < count && per != NULL; i++) {
        if (strcmp(per, words[i].word) == 0) {
            return words[i].kind;
        }
    }
    if (per == NULL) {
        loader_mistake(loader, place, "rows a day or a game? add \"per: day\" or \"per: game\"");
    } else {
        loader_mistake(loader, place, "\"%s\" is not %s", per,
                       entities ? "day, game or entity" : "day or game");
    }
    return PIPELINE_ROWS_ANY;
}

static void load_ratio(struct loader *loader, const struct place *at, const struct raw_ratio *raw,
                       struct pipeline_rows_rule *rule, size_t self) {
    rule->kind = PIPELINE_ROWS_RATIO;
    rule->table = loader_find(loader, PLACE_KEY(at, "table"), &loader->tables, raw->table);
    if (rule->table == self) {
        loader_mistake(loader, PLACE_KEY(at, "table"),
                       "a table's rows cannot be measured by its own");
    }
    loader_number(loader, PLACE_KEY(at, "at_least"), raw->at_least, &rule->value);
    if (rule->value < 0 || rule->value > 1000) {
        loader_mistake(loader, PLACE_KEY(at, "at_least"), "a ratio lies between 0 and 1000");
    }
}

static void load_rows(struct loader *loader, const struct place *at, const struct raw_rows *raw,
                      struct pipeline_rows_rule *rule, size_t self) {
    if (raw == NULL) {
        return;
    }
    if (raw->ratio_of != NULL) {
        if (raw->at_least != NULL || raw->per != NULL) {
            loader_mistake(loader, at, "rows are either at_least … per …, or ratio_of");
        }
        load_ratio(loader, PLACE_KEY(at, "ratio_of"), raw->ratio_of, rule, self);
        return;
    }
    if (raw->at_least == NULL) {
        loader_mistake(loader, at, "rows need at_least and per, or ratio_of");
        return;
    }
    rule->kind = load_per(loader, PLACE_KEY(at, "per"), raw->per, false);
    loader_number(loader, PLACE_KEY(at, "at_least"), raw->at_least, &rule->value);
    if (rule->value < 0) {
        loader_mistake(loader, PLACE_KEY(at, "at_least"), "rows cannot be less than 0");
    }
}

static void load_duplicates(struct loader *loader, const struct place *at,
                            const struct raw_duplicates_above *raw, struct pipeline_table *table) {
    if (raw == NULL) {
        return;
    }
    struct pipeline_rows_rule *rule = &table->duplicates_above;
    rule->kind = load_per(loader, PLACE_KEY(at, "per"), raw->per, true);
    loader_number(loader, PLACE_KEY(at, "rows"), raw->rows, &rule->value);
    if (rule->kind == PIPELINE_ROWS_PER_ENTITY && table->entity == NULL) {
        loader_mistake(loader, PLACE_KEY(at, "per"),
                       "rows per entity need the table's entity column; add \"entity\"");
    }
    if (rule->value <= 0) {
        loader_mistake(loader, PLACE_KEY(at, "rows"), "the most rows must be more than 0");
    }
}

static void load_quality(struct loader *loader, const struct place *at,
                         const struct raw_quality *raw, struct pipeline_table *table) {
    table->null_rate_at_most = 10000;
    if (raw == NULL) {
        return;
    }
    table->null_of = loader_column(loader, PLACE_KEY(at, "null_of"), raw->null_of);
    loader_percent(loader, PLACE_KEY(at, "null_rate_at_most"), raw->null_rate_at_most,
                   &table->null_rate_at_most);
    if (raw->null_rate_at_most != NULL && raw->null_of == NULL) {
        loader_mistake(loader, PLACE_KEY(at, "null_rate_at_most"),
                       "NULLs of which column? add \"null_of\"");
    }
    if (raw->fallback != NULL && raw->fallback_of != NULL) {
        loader_mistake(loader, PLACE_KEY(at, "fallback_of"),
                       "give either a condition (fallback) or a column (fallback_of)");
    } else if (raw->fallback_of != NULL) {
        table->fallback = loader_column(loader, PLACE_KEY(at, "fallback_of"), raw->fallback_of);
    } else if (raw->fallback != NULL &&
               query_is_condition(loader, PLACE_KEY(at, "fallback"), raw->fallback)) {
        table->fallback = memory_copy_string(raw->fallback);
    }
}

static bool same_exceptions(const struct pipeline_expected *a, const struct pipeline_expected *b) {
    return a->except_count == b->except_count &&
           memcmp(a->except, b->except, a->except_count * sizeof a->except[0]) == 0;
}

/* Adds a source of expected dates, or finds the same one. Two that differ only in their exceptions
 * need two names. */
static size_t add_expected(struct pipeline *pipeline, struct pipeline_expected *made) {
    size_t namesakes = 0;
    for (size_t i = 0; i < pipeline->expected_count; i++) {
        const struct pipeline_expected *other = &pipeline->expected[i];
        size_t length = strlen(made->name);
        if (strncmp(other->name, made->name, length) == 0 &&
            (other->name[length] == '\0' || other->name[length] == '#')) {
            namesakes++;
            if (same_exceptions(other, made)) {
                free(made->name);
                free(made->sql);
                free(made->source.file);
                free(made->source.text);
                free(made->except);
                return i;
            }
        }
    }
    if (namesakes > 0) {
        char *name = memory_format("%s#%zu", made->name, namesakes + 1);
        free(made->name);
        made->name = name;
    }
    pipeline->expected = memory_resize(pipeline->expected, pipeline->expected_count + 1,
                                       sizeof pipeline->expected[0]);
    pipeline->expected[pipeline->expected_count] = *made;
    return pipeline->expected_count++;
}

size_t load_expected(struct loader *loader, const struct place *place,
                     const struct raw_expected *raw) {
    if (raw == NULL) {
        return PIPELINE_NONE;
    }
    if ((raw->query == NULL) == (raw->table == NULL)) {
        loader_mistake(loader, place, "expected dates come either from a query or from a table");
        return PIPELINE_NONE;
    }
    struct pipeline_expected made = {.table = PIPELINE_NONE};
    if (raw->query != NULL) {
        const struct place *at = PLACE_KEY(place, "query");
        made.source = query_read(loader, at, raw->query);
        const char *text = made.source.text;
        made.kind = PIPELINE_EXPECTED_QUERY;
        made.name = memory_copy_string(raw->query);
        made.sql = text == NULL ? NULL : query_fill(loader, at, raw->query, text, true);
    } else {
        const struct place *at = PLACE_KEY(place, "table");
        made.kind = PIPELINE_EXPECTED_TABLE;
        made.name = memory_format("table:%s", raw->table);
        made.table = loader_find(loader, at, &loader->tables, raw->table);
        if (made.table != PIPELINE_NONE && loader->raw->tables[made.table].entity == NULL) {
            loader_mistake(loader, at,
                           "\"%s\" has no entity column, so that its games cannot be counted",
                           raw->table);
        }
    }
    made.except = memory_new(raw->except_count, sizeof made.except[0]);
    made.except_count = raw->except_count;
    for (size_t i = 0; i < raw->except_count; i++) {
        char why[UNIT_WHY_SIZE];
        if (!unit_days(raw->except[i], &made.except[i], why)) {
            loader_mistake(loader, PLACE_ITEM(PLACE_KEY(place, "except"), i), "%s", why);
        }
    }
    return add_expected(loader->pipeline, &made);
}

static void load_lineage(struct loader *loader, const struct place *at, const struct raw_table *raw,
                         struct pipeline_table *table) {
    table->needs = loader_find_all(loader, PLACE_KEY(at, "needs"), &loader->tables, raw->needs,
                                   raw->needs_count);
    table->wants = loader_find_all(loader, PLACE_KEY(at, "wants"), &loader->tables, raw->wants,
                                   raw->wants_count);
    for (size_t i = 0; i < table->wants.count; i++) {
        for (size_t j = 0; j < table->needs.count; j++) {
            if (table->wants.items[i] == table->needs.items[j]) {
                loader_mistake(loader, PLACE_KEY(at, "wants"),
                               "\"%s\" is both needed and wanted; needs is enough",
                               loader->tables.items[table->wants.items[i]]);
            }
        }
    }
}

static void load_bootstrap(struct loader *loader, const struct place *place, const char *text,
                           int *days) {
    int64_t value = *days;
    loader_integer(loader, place, text, 0, MOST_BOOTSTRAP_DAYS, &value);
    if (text != NULL && value > 0 && loader->pipeline->season_count == 0) {
        loader_mistake(loader, place,
                       "bootstrap days count from a season's first day; add \"seasons\"");
    }
    *days = (int)value;
}

static void note_places(struct loader *loader, const struct place *at,
                        struct pipeline_table *table) {
    const struct place *quality = PLACE_KEY(at, "quality");
    table->at.table = loader_place(loader, PLACE_KEY(at, "table"));
    table->at.date = loader_place(loader, PLACE_KEY(at, "date"));
    table->at.entity = loader_place(loader, PLACE_KEY(at, "entity"));
    table->at.null_of = loader_place(loader, PLACE_KEY(quality, "null_of"));
    table->at.fallback = loader_place(loader, PLACE_KEY(quality, "fallback"));
    if (table->at.fallback.line == 0) {
        table->at.fallback = loader_place(loader, PLACE_KEY(quality, "fallback_of"));
    }
}

static void load_table(struct loader *loader, size_t index, int bootstrap_days) {
    const struct place *at = PLACE_ITEM(PLACE_KEY(NULL, "tables"), index);
    const struct raw_table *raw = &loader->raw->tables[index];
    struct pipeline_table *table = &loader->pipeline->tables[index];
    table->name = memory_copy_string(raw->name);
    table->phase = phase_index(loader, PLACE_KEY(at, "phase"), raw->phase);
    load_address(loader, at, raw, table);
    table->date = loader_column(loader, PLACE_KEY(at, "date"), raw->date);
    table->entity = loader_column(loader, PLACE_KEY(at, "entity"), raw->entity);
    table->bootstrap_days = bootstrap_days;
    load_bootstrap(loader, PLACE_KEY(at, "bootstrap_days"), raw->bootstrap_days,
                   &table->bootstrap_days);
    table->expected = loader->raw->expected == NULL ? PIPELINE_NONE : 0;
    if (raw->expected != NULL) {
        table->expected = load_expected(loader, PLACE_KEY(at, "expected"), raw->expected);
    } else if (loader->raw->expected == NULL) {
        loader_mistake(loader, at,
                       "nothing says on which dates rows of \"%s\" are due; add \"expected\" here "
                       "or to the pipeline",
                       raw->name);
    }
    table->rows.table = PIPELINE_NONE;
    table->duplicates_above.table = PIPELINE_NONE;
    load_rows(loader, PLACE_KEY(at, "rows"), raw->rows, &table->rows, index);
    load_duplicates(loader, PLACE_KEY(at, "duplicates_above"), raw->duplicates_above, table);
    load_quality(loader, PLACE_KEY(at, "quality"), raw->quality, table);
    load_lineage(loader, at, raw, table);
    note_places(loader, at, table);
    table->coverage_sql =
        loader->query_bytes > MOST_QUERY_BYTES ? NULL : query_coverage(loader, table);
    loader->query_bytes += table->coverage_sql == NULL ? 0 : strlen(table->coverage_sql);
    if (loader->query_bytes > MOST_QUERY_BYTES) {
        loader_mistake(loader, PLACE_KEY(NULL, "tables"),
                       "the coverage queries of all tables are larger than 64 MiB; make "
                       "coverage.sql shorter");
    }
}

void load_tables(struct loader *loader) {
    struct pipeline *pipeline = loader->pipeline;
    if (loader->raw->tables_count == 0) {
        loader_mistake(loader, PLACE_KEY(NULL, "tables"), "a pipeline needs at least one table");
        return;
    }
    query_load_template(loader);
    (void)load_expected(loader, PLACE_KEY(NULL, "expected"), loader->raw->expected);
    int bootstrap_days = 0;
    load_bootstrap(loader, PLACE_KEY(NULL, "bootstrap_days"), loader->raw->bootstrap_days,
                   &bootstrap_days);
    pipeline->table_count = loader->raw->tables_count;
    pipeline->tables = memory_new(pipeline->table_count, sizeof pipeline->tables[0]);
    for (size_t i = 0; i < pipeline->table_count; i++) {
        load_table(loader, i, bootstrap_days);
    }
    loader_check_names(loader, "tables", &loader->tables);
}
