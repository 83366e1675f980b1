/* What FROM names: tables of the catalog, CTEs, subqueries, UNNEST, joins; and the columns each
 * brings into scope. */
#include <string.h>
#include <strings.h>

#include "emulator/sql_parameter.h"
#include "emulator/sql_resolve.h"
#include "emulator/sql_type.h"

/* SQLite writes out a CTE wherever it is named, so that a few that double each other are millions.
 */
enum { SOURCE_LIMIT = 2000 };

const char *sql_fresh(struct sql_compilation *compilation, char letter) {
    return sql_print(&compilation->arena, "%c%d", letter, ++compilation->names);
}

static bool join_information_schema(struct sql_compilation *compilation,
                                    const struct sql_list *path, size_t *count,
                                    const char **table) {
    if (*count < 2 || !sql_same(path->items[*count - 2], "INFORMATION_SCHEMA"))
        return false;
    const char *view = path->items[*count - 1];
    char *name = sql_print(&compilation->arena, "INFORMATION_SCHEMA.%s", view);
    for (char *letter = name; *letter; letter++)
        if (*letter >= 'a' && *letter <= 'z')
            *letter = (char)(*letter - 'a' + 'A');
    *table = name;
    *count -= 1;
    return true;
}

bool sql_resolve_path(struct sql_compilation *compilation, const struct sql_list *path,
                      struct googlesql_place place, const char *names[3]) {
    const struct sql_request *request = compilation->request;
    size_t count = path->count;
    const char *table = count ? path->items[count - 1] : "";
    bool view = join_information_schema(compilation, path, &count, &table);
    if (view && count == 1 && !request->default_dataset)
        return sql_fail(compilation, place,
                        "%s without a dataset is not supported by the local "
                        "BigQuery",
                        table);
    if (count > 3 || count == 0)
        return sql_fail(compilation, place, "Invalid table path: it has too many parts");
    if (count == 1 && !request->default_dataset)
        return sql_fail_as(compilation, "invalid", 400, place,
                           "Table \"%s\" must be qualified with a dataset (e.g. dataset.table).",
                           table);
    names[2] = table;
    names[1] = count > 1 ? path->items[count - 2] : request->default_dataset;
    names[0] = count > 2                                ? path->items[0]
               : count == 1 && request->default_project ? request->default_project
                                                        : request->project;
    for (int i = 0; i < 3; i++)
        if (!names[i] || !*names[i])
            return sql_fail(compilation, place, "Invalid table path: a part is empty");
    return true;
}

static struct emulator_table *view_table(struct sql_compilation *compilation,
                                         const char *const names[3]) {
    size_t count;
    const struct emulator_field *fields =
        sql_information_schema(names[2] + strlen("INFORMATION_SCHEMA."), &count);
    if (!fields)
        return NULL;
    struct sql_arena *arena = &compilation->arena;
    struct emulator_table *table = sql_new(arena, sizeof *table);
    table->project = sql_copy(arena, names[0], strlen(names[0]));
    table->dataset = sql_copy(arena, names[1], strlen(names[1]));
    table->table = sql_copy(arena, names[2], strlen(names[2]));
    table->fields = sql_new(arena, count * sizeof *fields);
    memcpy(table->fields, fields, count * sizeof *fields);
    table->field_count = count;
    return table;
}

/* Tables that BigQuery makes up: wildcards, decorators, views of INFORMATION_SCHEMA. */
static bool check_supported(struct sql_compilation *compilation, const char *const names[3],
                            struct googlesql_place place) {
    size_t count;
    size_t size = strlen(names[2]);
    if (size && names[2][size - 1] == '*')
        return sql_fail(compilation, place,
                        "A wildcard table (%s) is not supported by the local BigQuery", names[2]);
    if (strncmp(names[2], "__TABLES", 8) == 0)
        return sql_fail(compilation, place, "%s is not supported by the local BigQuery", names[2]);
    if (strpbrk(names[2], "$@"))
        return sql_fail(compilation, place,
                        "A table decorator (%s) is not supported by the local BigQuery", names[2]);
    if (strncmp(names[2], "INFORMATION_SCHEMA.", 19) == 0 &&
        !sql_information_schema(names[2] + 19, &count))
        return sql_fail(compilation, place, "%s is not supported by the local BigQuery", names[2]);
    return true;
}

const struct emulator_table *sql_resolve_table(struct sql_compilation *compilation,
                                               const struct sql_list *path,
                                               struct googlesql_place place, bool exists) {
    const char *names[3] = {"", "", ""};
    const struct sql_catalog *catalog = compilation->catalog;
    const char *location = compilation->request->location;
    if (!sql_resolve_path(compilation, path, place, names) ||
        !check_supported(compilation, names, place))
        return NULL;
    if (!catalog->dataset(catalog->context, names[0], names[1])) {
        sql_fail_as(compilation, "notFound", 404, place,
                    "Not found: Dataset %s:%s was not found in location %s", names[0], names[1],
                    location ? location : "US");
        return NULL;
    }
    const struct emulator_table *table =
        strncmp(names[2], "INFORMATION_SCHEMA.", 19) == 0
            ? view_table(compilation, names)
            : catalog->table(catalog->context, names[0], names[1], names[2]);
    if (!table && exists)
        sql_fail_as(compilation, "notFound", 404, place,
                    "Not found: Table %s:%s.%s was not found in location %s", names[0], names[1],
                    names[2], location ? location : "US");
    return table;
}

static struct sql_table_use *use_of(struct sql_compilation *compilation,
                                    const struct emulator_table *table) {
    for (size_t i = 0; i < compilation->uses.count; i++) {
        struct sql_table_use *use = compilation->uses.items[i];
        if (strcmp(use->table->project, table->project) == 0 &&
            strcmp(use->table->dataset, table->dataset) == 0 &&
            strcmp(use->table->table, table->table) == 0)
            return use;
    }
    struct sql_table_use *use = sql_new(&compilation->arena, sizeof *use);
    use->table = table;
    use->used = sql_new(&compilation->arena, table->field_count + 1);
    sql_add(&compilation->arena, &compilation->uses, use);
    return use;
}

static struct sql_column *add_column(struct sql_compilation *compilation, struct sql_scope *scope,
                                     struct sql_source *source, const char *name,
                                     struct sql_type type) {
    struct sql_column *column = sql_new(&compilation->arena, sizeof *column);
    *column = (struct sql_column){
        .name = name, .qualifier = source->alias, .type = type, .source = source};
    sql_add(&compilation->arena, &scope->columns, column);
    return column;
}

static const char *quoted(struct sql_compilation *compilation, const char *alias,
                          const char *name) {
    char *text = sql_print(&compilation->arena, "%s.\"%*s\"", alias, (int)strlen(name) * 2, "");
    char *out = text + strlen(alias) + 2;
    for (; *name; name++) {
        if (*name == '"')
            *out++ = '"';
        *out++ = *name;
    }
    *out++ = '"';
    *out = '\0';
    return text;
}

static bool resolve_catalog_table(struct sql_compilation *compilation, struct sql_scope *scope,
                                  struct sql_source *source) {
    const struct emulator_table *table =
        sql_resolve_table(compilation, &source->path, source->place, true);
    if (!table)
        return false;
    source->use = use_of(compilation, table);
    for (size_t i = 0; i < table->field_count; i++) {
        const struct emulator_field *field = &table->fields[i];
        struct sql_column *column =
            add_column(compilation, scope, source, field->name, sql_type_of_field(field));
        column->field = i;
        column->sqlite = quoted(compilation, source->sqlite, field->name);
    }
    return true;
}

static void add_query_columns(struct sql_compilation *compilation, struct sql_scope *scope,
                              struct sql_source *source, const struct sql_query *query) {
    for (size_t i = 0; i < query->body->columns.count; i++) {
        const struct sql_column *inner = query->body->columns.items[i];
        struct sql_column *column =
            add_column(compilation, scope, source, inner->name, inner->type);
        column->sqlite = sql_print(&compilation->arena, "%s.c%zu", source->sqlite, i + 1);
    }
}

static bool resolve_unnest(struct sql_compilation *compilation, struct sql_scope *scope,
                           struct sql_source *source) {
    if (!sql_resolve_expression(compilation, scope, source->array))
        return false;
    struct sql_type type = source->array->type;
    if (!type.known)
        sql_parameter_learn(compilation, source->array, sql_array(sql_scalar(EMULATOR_STRING)));
    else if (!type.array)
        return sql_fail(compilation, source->array->place,
                        "Values referenced in UNNEST must be arrays. UNNEST contains expression "
                        "of type %s",
                        sql_type_name(&compilation->arena, type));
    struct sql_type element = type.known ? sql_element(type) : sql_scalar(EMULATOR_STRING);
    const char *value = sql_print(&compilation->arena, "%s.value", source->sqlite);
    if (element.base == EMULATOR_RECORD) {
        for (size_t i = 0; i < element.field_count; i++) {
            struct sql_column *column =
                add_column(compilation, scope, source, element.fields[i].name,
                           sql_type_of_field(&element.fields[i]));
            column->sqlite = sql_print(&compilation->arena, "json_extract(%s, '$.\"%s\"')", value,
                                       element.fields[i].name);
        }
    } else {
        add_column(compilation, scope, source, source->alias, element)->sqlite = value;
    }
    if (!source->with_offset)
        return true;
    const char *name = source->offset_alias ? source->offset_alias : "offset";
    struct sql_column *offset =
        add_column(compilation, scope, source, name, sql_scalar(EMULATOR_INT64));
    offset->qualifier = NULL;
    offset->sqlite = sql_print(&compilation->arena, "%s.key", source->sqlite);
    return true;
}

static struct sql_cte *find_cte(struct sql_compilation *compilation, const char *name) {
    for (size_t i = compilation->ctes.count; i > 0; i--) {
        struct sql_cte *cte = compilation->ctes.items[i - 1];
        if (sql_same(cte->name, name))
            return cte;
    }
    return NULL;
}

/* `FROM t, t.array`: a path that starts with an alias in scope is an UNNEST. */
static bool becomes_unnest(struct sql_compilation *compilation, const struct sql_scope *scope,
                           struct sql_source *source) {
    if (source->path.count < 2)
        return false;
    for (size_t i = 0; i < scope->columns.count; i++) {
        const struct sql_column *column = scope->columns.items[i];
        if (!sql_same(column->qualifier, source->path.items[0]))
            continue;
        source->kind = SOURCE_UNNEST;
        source->array = sql_new(&compilation->arena, sizeof *source->array);
        source->array->form = FORM_NAME;
        source->array->place = source->place;
        source->array->names = source->path;
        return true;
    }
    return false;
}

static bool resolve_leaf(struct sql_compilation *compilation, struct sql_scope *scope,
                         struct sql_source *source) {
    if (source->kind == SOURCE_TABLE) {
        if (!source->alias && source->path.count)
            source->alias = source->path.items[source->path.count - 1];
        if (!becomes_unnest(compilation, scope, source))
            source->cte =
                source->path.count == 1 ? find_cte(compilation, source->path.items[0]) : NULL;
    }
    source->sqlite = sql_fresh(compilation, 't');
    compilation->sources += 1 + (source->cte ? source->cte->query->sources : 0);
    if (compilation->sources > SOURCE_LIMIT)
        return sql_fail_as(compilation, "resourcesExceeded", 400, source->place,
                           "Resources exceeded during query execution: Not enough resources for "
                           "query planning - too many subqueries or query is too complex.");
    for (size_t i = 0; source->alias && i < scope->columns.count; i++) {
        const struct sql_column *column = scope->columns.items[i];
        if (sql_same(column->qualifier, source->alias))
            return sql_fail(compilation, source->place,
                            "Duplicate table alias %s in the same FROM clause", source->alias);
    }
    if (source->kind == SOURCE_UNNEST)
        return resolve_unnest(compilation, scope, source);
    if (source->kind == SOURCE_QUERY) {
        if (!sql_resolve_query(compilation, scope->parent, source->query))
            return false;
        add_query_columns(compilation, scope, source, source->query);
        return true;
    }
    if (!source->cte)
        return resolve_catalog_table(compilation, scope, source);
    add_query_columns(compilation, scope, source, source->cte->query);
    return true;
}

static struct sql_column *find_side(const struct sql_scope *scope, size_t from, size_t to,
                                    const char *name, size_t *count) {
    struct sql_column *found = NULL;
    *count = 0;
    for (size_t i = from; i < to; i++) {
        struct sql_column *column = scope->columns.items[i];
        if (column->hidden || !sql_same(column->name, name))
            continue;
        found = column;
        (*count)++;
    }
    return found;
}

/* The column as it is compared with one of another type. */
static const char *converted(struct sql_compilation *compilation, const struct sql_column *column,
                             struct sql_type other) {
    struct sql_type type = column->type;
    bool converts = (sql_type_decimal(other) && !sql_type_decimal(type)) ||
                    (sql_type_is(other, EMULATOR_FLOAT64) && sql_type_decimal(type)) ||
                    (sql_type_is(other, EMULATOR_DATETIME) && sql_type_is(type, EMULATOR_DATE));
    bool wider = sql_type_widens(type, other);
    return converts && wider ? sql_print(&compilation->arena, "bq_cast(%s, %d, %d, 0)",
                                         column->sqlite, (int)type.base, (int)other.base)
                             : column->sqlite;
}

/* One column of USING: both sides' are hidden behind the merged one. */
static bool merge(struct sql_compilation *compilation, struct sql_scope *scope,
                  struct sql_source *join, size_t middle, size_t end, const char *name) {
    size_t lefts, rights;
    struct sql_column *left = find_side(scope, 0, middle, name, &lefts);
    struct sql_column *right = find_side(scope, middle, end, name, &rights);
    if (lefts != 1 || rights != 1)
        return sql_fail(compilation, join->place, "Column %s in USING clause %s on %s side of join",
                        name, lefts > 1 || rights > 1 ? "is ambiguous" : "not found",
                        lefts != 1 ? "left" : "right");
    if (!sql_type_widens(left->type, right->type) && !sql_type_widens(right->type, left->type))
        return sql_fail(compilation, join->place,
                        "Column %s in USING has incompatible types on either side of the join: %s, "
                        "%s",
                        name, sql_type_name(&compilation->arena, left->type),
                        sql_type_name(&compilation->arena, right->type));
    if (!sql_type_has_equality(left->type) || !sql_type_has_equality(right->type))
        return sql_fail(compilation, join->place,
                        "Column %s in USING has a type that cannot be compared: %s", name,
                        sql_type_name(&compilation->arena, left->type));
    struct sql_column *merged = sql_new(&compilation->arena, sizeof *merged);
    *merged = strcmp(join->join, "RIGHT JOIN") == 0 ? *right : *left;
    merged->qualifier = NULL;
    merged->hidden = false;
    merged->merged = true;
    if (strcmp(join->join, "FULL JOIN") == 0)
        merged->sqlite =
            sql_print(&compilation->arena, "coalesce(%s, %s)", left->sqlite, right->sqlite);
    join->using_sqlite =
        sql_print(&compilation->arena, "%s%s%s = %s", join->using_sqlite ? join->using_sqlite : "",
                  join->using_sqlite ? " AND " : "", converted(compilation, left, right->type),
                  converted(compilation, right, left->type));
    left->hidden = right->hidden = true;
    const struct sql_column *sides[] = {left, right};
    for (size_t i = 0; i < 2; i++)
        if (sides[i]->source && sides[i]->source->use)
            sides[i]->source->use->used[sides[i]->field] = true;
    sql_add(&compilation->arena, &scope->columns, merged);
    return true;
}

bool sql_resolve_source(struct sql_compilation *compilation, struct sql_scope *scope,
                        struct sql_source *source) {
    if (source->kind != SOURCE_JOIN)
        return resolve_leaf(compilation, scope, source);
    if (!sql_resolve_source(compilation, scope, source->left))
        return false;
    size_t middle = scope->columns.count;
    if (!sql_resolve_source(compilation, scope, source->right))
        return false;
    size_t end = scope->columns.count;
    for (size_t i = 0; i < source->using_names.count; i++)
        if (!merge(compilation, scope, source, middle, end, source->using_names.items[i]))
            return false;
    if (!source->on)
        return true;
    const char *clause = scope->clause;
    scope->clause = "JOIN ON clause";
    bool good = sql_resolve_condition(compilation, scope, source->on, "JOIN ON clause");
    scope->clause = clause;
    return good;
}
