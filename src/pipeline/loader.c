#include "pipeline/loader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "googlesql/token.h"
#include "pipeline/identifier.h"
#include "pipeline/unit.h"

void loader_mistake_at(struct loader *loader, yaml_mark_t mark, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    mistakes_add(&loader->mistakes, mark.line + 1, mark.column + 1, format, arguments);
    va_end(arguments);
}

yaml_node_t *loader_value(struct loader *loader, const yaml_node_t *mapping, const char *key) {
    if (mapping->type != YAML_MAPPING_NODE) {
        return NULL;
    }
    for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
         pair < mapping->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(&loader->document, pair->key);
        if (name->type == YAML_SCALAR_NODE &&
            strcmp((const char *)name->data.scalar.value, key) == 0) {
            return yaml_document_get_node(&loader->document, pair->value);
        }
    }
    return NULL;
}

yaml_node_t *loader_node(struct loader *loader, const struct place *place) {
    if (place == NULL) {
        return yaml_document_get_root_node(&loader->document);
    }
    yaml_node_t *above = loader_node(loader, place->up);
    if (above == NULL) {
        return NULL;
    }
    if (place->key != NULL) {
        return loader_value(loader, above, place->key);
    }
    if (above->type != YAML_SEQUENCE_NODE) {
        return NULL;
    }
    yaml_node_item_t *item = above->data.sequence.items.start + place->index;
    return item < above->data.sequence.items.top ? yaml_document_get_node(&loader->document, *item)
                                                 : NULL;
}

struct pipeline_place loader_place(struct loader *loader, const struct place *place) {
    const yaml_node_t *node = loader_node(loader, place);
    return node == NULL
               ? (struct pipeline_place){0}
               : (struct pipeline_place){node->start_mark.line + 1, node->start_mark.column + 1};
}

/* Where the file has the place, or the nearest above it. */
static yaml_mark_t nearest_mark(struct loader *loader, const struct place *place) {
    const yaml_node_t *node = loader_node(loader, place);
    while (node == NULL && place != NULL) {
        place = place->up;
        node = loader_node(loader, place);
    }
    return node == NULL ? (yaml_mark_t){0} : node->start_mark;
}

void loader_mistake(struct loader *loader, const struct place *place, const char *format, ...) {
    yaml_mark_t mark = nearest_mark(loader, place);
    va_list arguments;
    va_start(arguments, format);
    mistakes_add(&loader->mistakes, mark.line + 1, mark.column + 1, format, arguments);
    va_end(arguments);
}

void loader_warning(struct loader *loader, const struct place *place, const char *format, ...) {
    yaml_mark_t mark = nearest_mark(loader, place);
    va_list arguments;
    va_start(arguments, format);
    mistakes_add(&loader->warnings, mark.line + 1, mark.column + 1, format, arguments);
    va_end(arguments);
}

void loader_warning_at(struct loader *loader, yaml_mark_t mark, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    mistakes_add(&loader->warnings, mark.line + 1, mark.column + 1, format, arguments);
    va_end(arguments);
}

static int by_name(const void *left, const void *right, void *context) {
    const size_t *a = left, *b = right;
    const struct names *names = context;
    int order = strcmp(names->items[*a], names->items[*b]);
    return order != 0 ? order : *a < *b ? -1 : 1;
}

void loader_sort_names(struct names *names) {
    names->sorted = memory_new(names->count, sizeof *names->sorted);
    for (size_t i = 0; i < names->count; i++) {
        names->sorted[i] = i;
    }
    qsort_r(names->sorted, names->count, sizeof *names->sorted, by_name, names);
}

/* The first of that name. */
static size_t index_of(const struct names *names, const char *name) {
    size_t low = 0, high = names->sorted == NULL ? 0 : names->count;
    for (size_t i = 0; names->sorted == NULL && i < names->count; i++) {
        if (strcmp(names->items[i], name) == 0) {
            return i;
        }
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(names->items[names->sorted[middle]], name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = names->sorted != NULL && low < names->count &&
                 strcmp(names->items[names->sorted[low]], name) == 0;
    return found ? names->sorted[low] : PIPELINE_NONE;
}

size_t loader_find(struct loader *loader, const struct place *place, const struct names *names,
                   const char *name) {
    size_t index = index_of(names, name);
    if (index != PIPELINE_NONE || mistakes_full(&loader->mistakes)) {
        loader->mistakes.left_out += index == PIPELINE_NONE ? 1 : 0;
        return index;
    }
    const char *meant = text_nearest(name, names->items, names->count);
    loader_mistake(loader, place, "there is no %s \"%s\"%s%s%s", names->what, name,
                   meant == NULL ? "" : "; did you mean \"", meant == NULL ? "" : meant,
                   meant == NULL ? "" : "\"?");
    return PIPELINE_NONE;
}

struct pipeline_indices loader_find_all(struct loader *loader, const struct place *place,
                                        const struct names *names, char *const *items,
                                        size_t count) {
    struct pipeline_indices found = {memory_new(count, sizeof(size_t)), 0};
    for (size_t i = 0; i < count; i++) {
        const struct place *here = PLACE_ITEM(place, i);
        size_t index = loader_find(loader, here, names, items[i]);
        for (size_t j = 0; j < found.count && index != PIPELINE_NONE; j++) {
            if (found.items[j] == index) {
                loader_mistake(loader, here, "%s \"%s\" stands twice in this list", names->what,
                               items[i]);
                index = PIPELINE_NONE;
            }
        }
        if (index != PIPELINE_NONE) {
            found.items[found.count++] = index;
        }
    }
    return found;
}

void loader_check_names(struct loader *loader, const char *list, const struct names *names) {
    const struct place *at = PLACE_KEY(NULL, list);
    for (size_t i = 0; i < names->count; i++) {
        const struct place *here = PLACE_KEY(PLACE_ITEM(at, i), "name");
        if (!identifier_is_name(text_of(names->items[i]))) {
            loader_mistake(loader, here,
                           "\"%s\" cannot be a %s's name: use letters, digits, \".\", \"_\" and "
                           "\"-\", at most 100",
                           names->items[i], names->what);
        }
        if (index_of(names, names->items[i]) != i) {
            loader_mistake(loader, here, "there are two %ss named \"%s\"", names->what,
                           names->items[i]);
        }
    }
}

/* Each value with a unit is read the same way: nothing given leaves the default, and what is wrong
 * with a text is said at its place. */
#define READ_VALUE(reader, ...)                                                                    \
    do {                                                                                           \
        char why[UNIT_WHY_SIZE];                                                                   \
        if (text != NULL && !reader(text, __VA_ARGS__, why)) {                                     \
            loader_mistake(loader, place, "%s", why);                                              \
        }                                                                                          \
    } while (0)

void loader_duration(struct loader *loader, const struct place *place, const char *text,
                     int64_t *ms) {
    READ_VALUE(unit_duration, ms);
}

void loader_size(struct loader *loader, const struct place *place, const char *text,
                 int64_t *bytes) {
    READ_VALUE(unit_size, bytes);
}

void loader_percent(struct loader *loader, const struct place *place, const char *text,
                    int *hundredths) {
    READ_VALUE(unit_percent, hundredths);
}

void loader_day(struct loader *loader, const struct place *place, const char *text,
                day_number *day) {
    READ_VALUE(unit_day, day);
}

void loader_bool(struct loader *loader, const struct place *place, const char *text, bool *value) {
    READ_VALUE(unit_bool, value);
}

void loader_integer(struct loader *loader, const struct place *place, const char *text,
                    int64_t least, int64_t most, int64_t *value) {
    READ_VALUE(unit_integer, least, most, value);
}

void loader_number(struct loader *loader, const struct place *place, const char *text,
                   double *value) {
    READ_VALUE(unit_number, value);
}

char *loader_column(struct loader *loader, const struct place *place, const char *text) {
    if (text == NULL) {
        return NULL;
    }
    bool field = strchr(text, '.') != NULL;
    if (!identifier_is_column(text_of(text))) {
        loader_mistake(loader, place,
                       field ? "\"%s\" is no column but a field of one, which BigQuery allows here "
                               "and phasegate does not; make a view that gives it a name"
                             : "\"%s\" cannot be a column: BigQuery takes letters, digits, spaces "
                               "and "
                               "_-&%%=+:'<>#|"
                               ", at most 300 of them",
                       text);
        return NULL;
    }
    return googlesql_is_bare(text_of(text)) ? memory_copy_string(text)
                                            : memory_format("`%s`", text);
}
