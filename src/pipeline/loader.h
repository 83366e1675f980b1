/* The loading of one pipeline file: its document for places, its raw form, what becomes of it, and
 * the mistakes found on the way. Every reader notes its mistakes and goes on, so that one run tells
 * them all. */
#ifndef PHASEGATE_PIPELINE_LOADER_H
#define PHASEGATE_PIPELINE_LOADER_H

#include <yaml.h>

#include "base/text.h"
#include "pipeline/mistake.h"
#include "pipeline/pipeline.h"
#include "pipeline/raw.h"

/* A place in the file: a key of a mapping, or an item of a list when `key` is NULL. The root is
 * NULL. */
struct place {
    const struct place *up;
    const char *key;
    size_t index;
};
#define PLACE_KEY(up, key)    (&(const struct place){(up), (key), 0})
#define PLACE_ITEM(up, index) (&(const struct place){(up), NULL, (index)})

/* Names that others refer to; borrowed from the raw form. */
struct names {
    const char *what; /* "table" */
    const char **items;
    size_t count;
    size_t *sorted; /* the indices of items, by name, then in order; NULL: look at each */
};

struct loader {
    const char *path;
    yaml_document_t document;
    struct mistakes mistakes, warnings;
    struct raw_pipeline *raw;
    struct pipeline *pipeline;
    const struct pipeline_help *help; /* NULL: nobody knows anything */
    struct names tables, seasons, processors, groups, gates;
    bool warns; /* somebody reads the warnings: what costs a look at other files is looked at */
    size_t check_count; /* of all gates so far */
    size_t query_bytes; /* of all tables' coverage queries so far */
};

/* Notes a mistake at a place; at the nearest place above it that the file has when it is a key that
 * is missing. */
void loader_mistake(struct loader *loader, const struct place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same of something that is no mistake, and will not do what was meant. */
void loader_warning(struct loader *loader, const struct place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with a mark of libyaml's. */
void loader_mistake_at(struct loader *loader, yaml_mark_t mark, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void loader_warning_at(struct loader *loader, yaml_mark_t mark, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The node at a place, or NULL when the file has none there. */
yaml_node_t *loader_node(struct loader *loader, const struct place *place);

/* Where the file has it; line 0 when it does not. */
struct pipeline_place loader_place(struct loader *loader, const struct place *place);

/* The value of a key in a mapping, or NULL. */
yaml_node_t *loader_value(struct loader *loader, const yaml_node_t *mapping, const char *key);

/* Prepares names for loader_find; the caller frees `sorted`. */
void loader_sort_names(struct names *names);

/* The index of the name that `wrong` is among `names`, or PIPELINE_NONE after noting that there is
 * none of it. */
size_t loader_find(struct loader *loader, const struct place *place, const struct names *names,
                   const char *name);

/* A list of such names; a name that stands twice in it is a mistake. */
struct pipeline_indices loader_find_all(struct loader *loader, const struct place *place,
                                        const struct names *names, char *const *items,
                                        size_t count);

/* Checks the form of the names and that none stands twice. Names stand at place[i].name. */
void loader_check_names(struct loader *loader, const char *list, const struct names *names);

/* Values with a unit: `text` NULL leaves `*value` as it is; a text that is wrong is a mistake. */
void loader_duration(struct loader *loader, const struct place *place, const char *text,
                     int64_t *ms);
void loader_size(struct loader *loader, const struct place *place, const char *text,
                 int64_t *bytes);
void loader_percent(struct loader *loader, const struct place *place, const char *text,
                    int *hundredths);
void loader_day(struct loader *loader, const struct place *place, const char *text,
                day_number *day);
void loader_bool(struct loader *loader, const struct place *place, const char *text, bool *value);
void loader_integer(struct loader *loader, const struct place *place, const char *text,
                    int64_t least, int64_t most, int64_t *value);
void loader_number(struct loader *loader, const struct place *place, const char *text,
                   double *value);

/* A column's name, as it stands in SQL, or NULL for a text that is NULL or wrong. */
char *loader_column(struct loader *loader, const struct place *place, const char *text);

/* The parts of the file, each into loader->pipeline. In this order: a part may refer to those
 * before it. */
void load_basics(struct loader *loader);
void load_seasons(struct loader *loader);
void load_tables(struct loader *loader);
void load_processors(struct loader *loader);
void load_groups(struct loader *loader);
void load_gates(struct loader *loader);
void load_patterns(struct loader *loader);
void load_alerts(struct loader *loader);

/* What only the whole can show: circles of tables; gates that can never be GO, groups that can
 * never be launched. The second takes tables without a circle. */
void check_lineage(struct loader *loader);
void check_gates(struct loader *loader);

/* What is valid and cannot mean anything, as warnings: checks that nothing fails, one table twice,
 * seasons outside the range, complete dates in excess. */
void check_sense(struct loader *loader);

/* Placeholders, variables and "~/" that nobody fills in, in a value of `environment` and in the
 * words of a command: warnings. */
void warn_of_value(struct loader *loader, yaml_mark_t mark, const char *value);
void warn_of_words(struct loader *loader, const struct place *at, char *const *words, size_t count);

/* What would not start on this machine, though it may on another: warnings. */
void warn_of_commands(struct loader *loader);

/* A source of expected dates as `place` gives it; the index of the same source if it is known
 * already. PIPELINE_NONE when `raw` is NULL or wrong. */
size_t load_expected(struct loader *loader, const struct place *place,
                     const struct raw_expected *raw);

#endif
