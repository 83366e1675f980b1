#include "pipeline/query.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "pipeline/placeholder.h"

enum { LARGEST_QUERY = 256 * 1024, MOST_ANCESTORS = 4, MOST_LISTED = 256 };

/* `directory`/`name` when it can be read, else NULL; takes the directory. */
static char *readable(char *directory, const char *name) {
    char *path = file_join(directory, name);
    free(directory);
    if (access(path, R_OK) == 0) {
        return path;
    }
    free(path);
    return NULL;
}

/* In queries/ beside the program and in the directories above it: a build tree has it at its top.
 */
static char *above_program(const char *program, const char *name) {
    char *directory = memory_copy_string(program);
    char *found = NULL;
    for (int i = 0; i < MOST_ANCESTORS && found == NULL; i++) {
        found = readable(file_join(directory, "queries"), name);
        char *parent = file_directory(directory);
        free(directory);
        directory = parent;
    }
    free(directory);
    return found;
}

static char *find_shipped(const char *name) {
    const char *chosen = getenv("PHASEGATE_QUERIES");
    char *found = chosen == NULL ? NULL : readable(memory_copy_string(chosen), name);
    char *program = file_program_directory();
    if (found == NULL) {
        found = readable(file_join(program, "../share/phasegate/queries"), name);
    }
    if (found == NULL) {
        found = readable(memory_copy_string(PHASEGATE_INSTALLED_QUERIES), name);
    }
    if (found == NULL) {
        found = above_program(program, name);
    }
    free(program);
    return found;
}

char *pipeline_shipped(const char *name, struct error *error) {
    char *found = find_shipped(name);
    if (found == NULL) {
        error_set(error, EXIT_NO_INPUT,
                  "%s is not where the program was installed; set PHASEGATE_QUERIES to the "
                  "directory that holds it",
                  name);
    }
    return found;
}

static char *find_query(const struct loader *loader, const char *name) {
    const char *directory = loader->pipeline->directory;
    char *found = readable(memory_copy_string(directory), name);
    if (found == NULL) {
        found = readable(file_directory(directory), name);
    }
    return found != NULL ? found : find_shipped(name);
}

/* The file beside the pipeline file that was probably meant; the caller frees it. */
static char *nearest_file(const struct loader *loader, const char *name) {
    char *names[MOST_LISTED];
    size_t count = 0;
    DIR *directory = opendir(loader->pipeline->directory);
    const struct dirent *entry;
    while (directory != NULL && count < MOST_LISTED && (entry = readdir(directory)) != NULL) {
        names[count++] = memory_copy_string(entry->d_name);
    }
    if (directory != NULL) {
        closedir(directory);
    }
    char *meant = memory_copy_string(text_nearest(name, (const char *const *)names, count));
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
    }
    return meant;
}

struct pipeline_source query_read(struct loader *loader, const struct place *place,
                                  const char *name) {
    struct pipeline_source source = {.at = loader_place(loader, place)};
    char *path = find_query(loader, name);
    if (path == NULL) {
        char *meant = nearest_file(loader, name);
        if (meant != NULL) {
            loader_mistake(loader, place,
                           "there is no file \"%s\" beside the pipeline file; did you mean \"%s\"?",
                           name, meant);
        } else {
            loader_mistake(loader, place,
                           "there is no file \"%s\" beside the pipeline file, in the directory "
                           "above it, or among the queries that ship with the program",
                           name);
        }
        free(meant);
        return source;
    }
    struct text_buffer text = {0};
    struct error error = {0};
    if (!file_read(path, LARGEST_QUERY, &text, &error)) {
        loader_mistake(loader, place, "%s", error.text);
        text_buffer_free(&text);
        free(path);
        return source;
    }
    source.file = path;
    source.text = text_buffer_take(&text);
    return source;
}

/* Whether a query is one SELECT: the word it begins with, and no second statement. */
static bool is_select(const char *sql) {
    const char *semicolon = strchr(sql, ';');
    return (strncasecmp(sql, "SELECT", 6) == 0 || strncasecmp(sql, "WITH", 4) == 0) &&
           (semicolon == NULL || semicolon[1 + strspn(semicolon + 1, " \t\r\n;")] == '\0');
}

char *query_fill(struct loader *loader, const struct place *place, const char *name,
                 const char *text, bool ranged) {
    const struct placeholder_value values[] = {{"project", loader->pipeline->project}};
    struct text unknown = placeholder_unknown(text, values, 1);
    if (unknown.size > 0) {
        loader_mistake(loader, place,
                       "%s holds the unknown placeholder {%.*s}; it can use {project}", name,
                       (int)unknown.size, unknown.data);
        return NULL;
    }
    char *sql = placeholder_fill_sql(text, values, 1);
    if (!is_select(sql)) {
        loader_mistake(loader, place, "%s must be one SELECT", name);
    } else if (ranged && (strstr(sql, "@from") == NULL || strstr(sql, "@to") == NULL)) {
        loader_mistake(loader, place, "%s must ask for the dates from @from to @to", name);
    } else {
        return sql;
    }
    free(sql);
    return NULL;
}

void query_load_template(struct loader *loader) {
    const struct place *tables = PLACE_KEY(NULL, "tables");
    struct pipeline_source *source = &loader->pipeline->coverage;
    *source = query_read(loader, tables, "coverage.sql");
    const char *text = source->text;
    if (text == NULL) {
        return;
    }
    static const struct placeholder_value known[] = {
        {"date", ""}, {"entity", ""}, {"null_of", ""}, {"fallback", ""}, {"table", ""}};
    struct text unknown = placeholder_unknown(text, known, sizeof known / sizeof known[0]);
    if (unknown.size > 0) {
        loader_mistake(loader, tables,
                       "coverage.sql holds the unknown placeholder {%.*s}; it can use {date}, "
                       "{entity}, {null_of}, {fallback} and {table}",
                       (int)unknown.size, unknown.data);
    } else if (!placeholder_in(text, "date") || !placeholder_in(text, "table") ||
               strstr(text, "@from") == NULL || strstr(text, "@to") == NULL) {
        loader_mistake(loader, tables, "coverage.sql must use {date}, {table}, @from and @to");
    } else {
        return;
    }
    free(source->text);
    source->text = NULL;
}

enum { COVERAGE_VALUES = 5 };

/* What is filled in for a table; `path` is its quoted name. */
static void coverage_values(const struct pipeline_table *table, const char *path,
                            struct placeholder_value values[COVERAGE_VALUES]) {
    values[0] = (struct placeholder_value){"date", table->date};
    values[1] = (struct placeholder_value){"entity", table->entity};
    values[2] = (struct placeholder_value){"null_of", table->null_of};
    values[3] = (struct placeholder_value){"fallback", table->fallback};
    values[4] = (struct placeholder_value){"table", path};
}

static char *table_path(const struct pipeline_table *table) {
    return memory_format("%s.%s.%s", table->project, table->dataset, table->table);
}

char *query_coverage(const struct loader *loader, const struct pipeline_table *table) {
    const char *text = loader->pipeline->coverage.text;
    if (text == NULL || table->date == NULL || table->table == NULL) {
        return NULL;
    }
    char *path = table_path(table);
    struct placeholder_value values[COVERAGE_VALUES];
    coverage_values(table, path, values);
    char *sql = placeholder_fill_sql(text, values, COVERAGE_VALUES);
    free(path);
    return sql;
}

/* The key of the table that a placeholder stands for. */
static struct pipeline_place key_place(const struct pipeline_table *table, struct text name) {
    const struct {
        const char *name;
        struct pipeline_place at;
    } keys[] = {{"date", table->at.date},
                {"entity", table->at.entity},
                {"null_of", table->at.null_of},
                {"fallback", table->at.fallback},
                {"table", table->at.table}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (text_is(name, keys[i].name)) {
            return keys[i].at;
        }
    }
    return (struct pipeline_place){0};
}

static bool coverage_origin(const struct pipeline *pipeline, const struct pipeline_source *source,
                            const struct pipeline_table *table, struct pipeline_place sql,
                            struct pipeline_origin *origin) {
    char *path = table_path(table);
    struct placeholder_value values[COVERAGE_VALUES];
    coverage_values(table, path, values);
    bool found = placeholder_origin(source->text, values, COVERAGE_VALUES, sql.line, sql.column,
                                    &origin->place.line, &origin->place.column, &origin->name);
    free(path);
    struct pipeline_place key = found ? key_place(table, origin->name) : (struct pipeline_place){0};
    if (key.line > 0) {
        origin->file = pipeline->file;
        origin->place = key;
    }
    return found;
}

bool pipeline_origin(const struct pipeline *pipeline, const struct pipeline_source *source,
                     size_t table, struct pipeline_place sql, struct pipeline_origin *origin) {
    *origin = (struct pipeline_origin){.file = source->file};
    if (source->text == NULL) {
        return false;
    }
    if (table != PIPELINE_NONE) {
        return coverage_origin(pipeline, source, &pipeline->tables[table], sql, origin);
    }
    const struct placeholder_value values[] = {{"project", pipeline->project}};
    bool found = placeholder_origin(source->text, values, 1, sql.line, sql.column,
                                    &origin->place.line, &origin->place.column, &origin->name);
    if (source->file == NULL) {
        origin->file = pipeline->file;
        origin->place = source->at;
    }
    return found;
}

bool query_is_condition(struct loader *loader, const struct place *place, const char *condition) {
    int depth = 0;
    char quote = '\0';
    const char *wrong = NULL;
    for (const char *c = condition; *c != '\0' && wrong == NULL; c++) {
        if (quote != '\0') {
            wrong = *c == '\\' ? "holds a backslash" : NULL;
            if (*c == quote) {
                quote = '\0';
            }
        } else if (*c == '\'' || *c == '"' || *c == '`') {
            quote = *c;
        } else if (*c == ';' || *c == '#' || strncmp(c, "--", 2) == 0 || strncmp(c, "/*", 2) == 0) {
            wrong = "holds a comment or a second statement";
        } else if (*c == '{' || *c == '@' || *c == '\n') {
            wrong = "holds a parameter, a placeholder or a line break";
        } else if (*c == '(' || *c == ')') {
            depth += *c == '(' ? 1 : -1;
            wrong = depth < 0 ? "closes a parenthesis that is not open" : NULL;
        }
    }
    if (wrong == NULL && (depth != 0 || quote != '\0')) {
        wrong = "leaves a parenthesis or a quote open";
    }
    if (wrong != NULL) {
        loader_mistake(loader, place, "the condition %s", wrong);
    }
    return wrong == NULL;
}
