/* The catalog: sorted arrays of datasets and tables, and the names that may enter them. */
#include "emulator/catalog.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

enum { NAME_LIMIT = 1024 };

static const struct {
    const char *sql;
    const char *legacy;
    const char *column;
    int64_t bytes;
} types[EMULATOR_TYPE_COUNT] = {
#define X(name, sql, legacy, column, bytes)                                                        \
    [EMULATOR_##name] = {(sql), (legacy), (column), (bytes)},
    EMULATOR_TYPES(X)
#undef X
};

static const struct {
    const char *name;
    enum emulator_type type;
} type_aliases[] = {
    {"DECIMAL", EMULATOR_NUMERIC}, {"BIGDECIMAL", EMULATOR_BIGNUMERIC}, {"INT", EMULATOR_INT64},
    {"SMALLINT", EMULATOR_INT64},  {"BIGINT", EMULATOR_INT64},          {"TINYINT", EMULATOR_INT64},
    {"BYTEINT", EMULATOR_INT64},
};

bool emulator_type_parse(const char *name, enum emulator_type *type) {
    for (int i = 0; i < EMULATOR_TYPE_COUNT; i++) {
        if (strcasecmp(types[i].sql, name) == 0 || strcasecmp(types[i].legacy, name) == 0) {
            *type = (enum emulator_type)i;
            return true;
        }
    }
    for (size_t i = 0; i < sizeof type_aliases / sizeof type_aliases[0]; i++) {
        if (strcasecmp(type_aliases[i].name, name) == 0) {
            *type = type_aliases[i].type;
            return true;
        }
    }
    return false;
}

const char *emulator_type_sql(enum emulator_type type) {
    return types[type].sql;
}

const char *emulator_type_legacy(enum emulator_type type) {
    return types[type].legacy;
}

const char *emulator_type_column(enum emulator_type type, bool repeated) {
    return repeated ? "TEXT" : types[type].column;
}

int64_t emulator_type_bytes(enum emulator_type type) {
    return types[type].bytes;
}

struct emulator_field emulator_field_copy(const struct emulator_field *field) {
    struct emulator_field copy = *field;
    copy.name = memory_copy_string(field->name);
    copy.fields = emulator_fields_copy(field->fields, field->field_count);
    return copy;
}

struct emulator_field *emulator_fields_copy(const struct emulator_field *fields, size_t count) {
    if (count == 0)
        return NULL;
    struct emulator_field *copy = memory_new(count, sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = emulator_field_copy(&fields[i]);
    return copy;
}

void emulator_field_clear(struct emulator_field *field) {
    free(field->name);
    emulator_fields_free(field->fields, field->field_count);
    *field = (struct emulator_field){0};
}

void emulator_fields_free(struct emulator_field *fields, size_t count) {
    for (size_t i = 0; i < count; i++)
        emulator_field_clear(&fields[i]);
    free(fields);
}

const struct emulator_field *emulator_field_find(const struct emulator_field *fields, size_t count,
                                                 const char *name, size_t *index) {
    for (size_t i = 0; i < count; i++) {
        if (fields[i].name && strcasecmp(fields[i].name, name) == 0) {
            if (index)
                *index = i;
            return &fields[i];
        }
    }
    return NULL;
}

struct emulator_table *emulator_table_new(const char *project, const char *dataset,
                                          const char *table, const struct emulator_field *fields,
                                          size_t field_count) {
    struct emulator_table *made = memory_new(1, sizeof *made);
    made->project = memory_copy_string(project);
    made->dataset = memory_copy_string(dataset);
    made->table = memory_copy_string(table);
    made->fields = emulator_fields_copy(fields, field_count);
    made->field_count = field_count;
    return made;
}

void emulator_table_free(struct emulator_table *table) {
    if (!table)
        return;
    free(table->project);
    free(table->dataset);
    free(table->table);
    free(table->partition_field);
    free(table->column_bytes);
    emulator_fields_free(table->fields, table->field_count);
    json_decref(table->resource);
    free(table);
}

char *emulator_table_path(const struct emulator_table *table) {
    return memory_format("%s.%s.%s", table->project, table->dataset, table->table);
}

struct emulator_catalog *catalog_new(void) {
    return memory_new(1, sizeof(struct emulator_catalog));
}

static void free_dataset(struct emulator_dataset *dataset) {
    for (size_t i = 0; i < dataset->table_count; i++)
        emulator_table_free(dataset->tables[i]);
    free(dataset->tables);
    free(dataset->project);
    free(dataset->dataset);
    free(dataset->location);
    json_decref(dataset->resource);
    free(dataset);
}

void catalog_free(struct emulator_catalog *catalog) {
    if (!catalog)
        return;
    for (size_t i = 0; i < catalog->dataset_count; i++)
        free_dataset(catalog->datasets[i]);
    free(catalog->datasets);
    free(catalog);
}

/* The place of a dataset in the sorted array, or where it belongs; `*found` tells which. */
static size_t seek_dataset(const struct emulator_catalog *catalog, const char *project,
                           const char *dataset, bool *found) {
    size_t low = 0;
    size_t high = catalog->dataset_count;
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct emulator_dataset *here = catalog->datasets[middle];
        int order = strcmp(here->project, project);
        if (order == 0)
            order = strcmp(here->dataset, dataset);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t seek_table(const struct emulator_dataset *dataset, const char *table, bool *found) {
    size_t low = 0;
    size_t high = dataset->table_count;
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(dataset->tables[middle]->table, table);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct emulator_dataset *catalog_dataset(const struct emulator_catalog *catalog,
                                         const char *project, const char *dataset) {
    bool found;
    size_t place = seek_dataset(catalog, project, dataset, &found);
    return found ? catalog->datasets[place] : NULL;
}

struct emulator_table *catalog_table(const struct emulator_catalog *catalog, const char *project,
                                     const char *dataset, const char *table) {
    struct emulator_dataset *owner = catalog_dataset(catalog, project, dataset);
    if (!owner)
        return NULL;
    bool found;
    size_t place = seek_table(owner, table, &found);
    return found ? owner->tables[place] : NULL;
}

/* Projects may hold a domain and hyphens; datasets are plain words; tables may hold hyphens too. */
static bool name_is_valid(const char *name, const char *also) {
    size_t length = strlen(name);
    if (length == 0 || length > NAME_LIMIT)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = name[i];
        bool word =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        if (!word && !strchr(also, c))
            return false;
    }
    return true;
}

struct emulator_dataset *catalog_add_dataset(struct emulator_catalog *catalog, const char *project,
                                             const char *dataset, const char *location,
                                             struct emulator_failure *failure) {
    if (!name_is_valid(project, "-.:")) {
        failure_set(failure, EMULATOR_REASON_INVALID, "Invalid project ID '%s'.", project);
        return NULL;
    }
    if (!name_is_valid(dataset, "")) {
        failure_set(failure, EMULATOR_REASON_INVALID,
                    "Invalid dataset ID \"%s\". Dataset IDs must be alphanumeric (plus "
                    "underscores) and must be at most 1024 characters long.",
                    dataset);
        return NULL;
    }
    bool found;
    size_t place = seek_dataset(catalog, project, dataset, &found);
    if (found) {
        failure_set(failure, EMULATOR_REASON_DUPLICATE, "Already Exists: Dataset %s:%s", project,
                    dataset);
        return NULL;
    }
    struct emulator_dataset *made = memory_new(1, sizeof *made);
    made->project = memory_copy_string(project);
    made->dataset = memory_copy_string(dataset);
    made->location = memory_copy_string(location ? location : "US");
    catalog->datasets = memory_grow(catalog->datasets, catalog->dataset_count,
                                    &catalog->dataset_capacity, sizeof(struct emulator_dataset *));
    memmove(catalog->datasets + place + 1, catalog->datasets + place,
            (catalog->dataset_count - place) * sizeof(struct emulator_dataset *));
    catalog->datasets[place] = made;
    catalog->dataset_count++;
    return made;
}

bool catalog_add_table(struct emulator_catalog *catalog, struct emulator_table *table,
                       struct emulator_failure *failure) {
    struct emulator_dataset *dataset = catalog_dataset(catalog, table->project, table->dataset);
    if (!dataset)
        return failure_set(failure, EMULATOR_REASON_NOT_FOUND, "Not found: Dataset %s:%s",
                           table->project, table->dataset);
    if (!name_is_valid(table->table, "-$ "))
        return failure_set(failure, EMULATOR_REASON_INVALID, "Invalid table ID \"%s\".",
                           table->table);
    bool found;
    size_t place = seek_table(dataset, table->table, &found);
    if (found)
        return failure_set(failure, EMULATOR_REASON_DUPLICATE, "Already Exists: Table %s:%s.%s",
                           table->project, table->dataset, table->table);
    dataset->tables = memory_grow(dataset->tables, dataset->table_count, &dataset->table_capacity,
                                  sizeof(struct emulator_table *));
    memmove(dataset->tables + place + 1, dataset->tables + place,
            (dataset->table_count - place) * sizeof(struct emulator_table *));
    dataset->tables[place] = table;
    dataset->table_count++;
    table->version = ++catalog->last_version;
    return true;
}

bool catalog_drop_table(struct emulator_catalog *catalog, const char *project, const char *dataset,
                        const char *table) {
    struct emulator_dataset *owner = catalog_dataset(catalog, project, dataset);
    if (!owner)
        return false;
    bool found;
    size_t place = seek_table(owner, table, &found);
    if (!found)
        return false;
    emulator_table_free(owner->tables[place]);
    owner->table_count--;
    memmove(owner->tables + place, owner->tables + place + 1,
            (owner->table_count - place) * sizeof(struct emulator_table *));
    return true;
}

bool catalog_drop_dataset(struct emulator_catalog *catalog, const char *project,
                          const char *dataset) {
    bool found;
    size_t place = seek_dataset(catalog, project, dataset, &found);
    if (!found)
        return false;
    free_dataset(catalog->datasets[place]);
    catalog->dataset_count--;
    memmove(catalog->datasets + place, catalog->datasets + place + 1,
            (catalog->dataset_count - place) * sizeof(struct emulator_dataset *));
    return true;
}

void catalog_touch(struct emulator_catalog *catalog, struct emulator_table *table, int64_t now_ms) {
    table->version = ++catalog->last_version;
    if (now_ms > table->last_modified_ms)
        table->last_modified_ms = now_ms;
    free(table->column_bytes);
    table->column_bytes = NULL;
}
