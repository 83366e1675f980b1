#include "pipeline/query.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "googlesql/statement.h"
#include "pipeline/template.h"

enum { LARGEST_QUERY = 256 * 1024, MOST_ANCESTORS = 4, MOST_LISTED = 256 };

/* The parameters that every query is given. */
static const char *const parameters[] = {"from", "to"};

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

/* Without the byte order mark that some editors put before a file's text: it belongs to the file,
 * and BigQuery takes none. */
static char *without_mark(char *text) {
    static const char mark[] = "\xEF\xBB\xBF";
    if (strncmp(text, mark, sizeof mark - 1) == 0) {
        memmove(text, text + sizeof mark - 1, strlen(text) - sizeof mark + 2);
    }
    return text;
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
    source.text = without_mark(text_buffer_take(&text));
    return source;
}

/* Notes what is wrong within an SQL text, and where in it. */
#define SQL_MISTAKE(loader, place, name, at, format, ...)                                          \
    loader_mistake((loader), (place), "%s:%d:%d: " format, (name), (at).line, (at).column,         \
                   __VA_ARGS__)

/* Whether the template is a query that phasegate may send, after noting what it is instead. */
static bool is_query(struct loader *loader, const struct place *place, const char *name,
                     const struct template *template) {
    struct googlesql_error error;
    const struct googlesql_token *other = googlesql_other_parameter(
        &template->tokens, parameters, sizeof parameters / sizeof *parameters);
    if (!googlesql_is_query(&template->tokens, &error)) {
        SQL_MISTAKE(loader, place, name, error.place,
                    "%s; write one query, which begins with SELECT, WITH or FROM", error.text);
        return false;
    }
    if (other != NULL) {
        bool named = other->kind == GOOGLESQL_PARAMETER;
        SQL_MISTAKE(loader, place, name, other->place,
                    "%s%s is not a parameter that phasegate gives; it gives @from and @to",
                    named ? "@" : "", other->text);
    }
    return other == NULL;
}

/* Opens the template when it is a query that holds no placeholders but the values', which `known`
 * lists; else false after noting what is wrong, and nothing to close. */
static bool open_query(struct loader *loader, const struct place *place, const char *name,
                       const char *text, const struct placeholder_value *values, size_t count,
                       const char *known, struct template *template) {
    struct googlesql_error error;
    if (!template_open(template, text, &error)) {
        SQL_MISTAKE(loader, place, name, error.place, "this is no SQL: %s", error.text);
        return false;
    }
    struct text unknown = template_unknown(template, values, count);
    if (unknown.size > 0) {
        loader_mistake(loader, place, "%s holds the unknown placeholder {%.*s}; it can use %s",
                       name, (int)unknown.size, unknown.data, known);
    }
    bool good = unknown.size == 0 && is_query(loader, place, name, template);
    if (!good) {
        template_close(template);
    }
    return good;
}

static bool asks_for_range(const struct template *template) {
    return googlesql_asks(&template->tokens, "from") && googlesql_asks(&template->tokens, "to");
}

char *query_fill(struct loader *loader, const struct place *place, const char *name,
                 const char *text, bool ranged) {
    const struct placeholder_value values[] = {{"project", loader->pipeline->project}};
    struct template template;
    char *sql = NULL;
    if (!open_query(loader, place, name, text, values, 1, "{project}", &template)) {
        return NULL;
    }
    if (ranged && !asks_for_range(&template)) {
        loader_mistake(loader, place, "%s must ask for the dates from @from to @to", name);
    } else {
        sql = template_fill(&template, values, 1);
    }
    template_close(&template);
    return sql;
}

void query_load_template(struct loader *loader) {
    const struct place *tables = PLACE_KEY(NULL, "tables");
    struct pipeline_source *source = &loader->pipeline->coverage;
    *source = query_read(loader, tables, "coverage.sql");
    if (source->text == NULL) {
        return;
    }
    static const struct placeholder_value known[] = {
        {"date", ""}, {"entity", ""}, {"null_of", ""}, {"fallback", ""}, {"table", ""}};
    struct template template;
    bool good = open_query(loader, tables, "coverage.sql", source->text, known,
                           sizeof known / sizeof known[0],
                           "{date}, {entity}, {null_of}, {fallback} and {table}", &template);
    if (good) {
        good = template_has(&template, "date") && template_has(&template, "table") &&
               asks_for_range(&template);
        if (!good) {
            loader_mistake(loader, tables, "coverage.sql must use {date}, {table}, @from and @to");
        }
        template_close(&template);
    }
    if (!good) {
        free(source->text);
        source->text = NULL;
    }
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
    struct template template;
    struct googlesql_error error;
    char *sql = template_open(&template, text, &error)
                    ? template_fill(&template, values, COVERAGE_VALUES)
                    : NULL;
    template_close(&template);
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

/* Where `sql`, a place in the text that is sent, stands in the template. */
static bool find_origin(const struct pipeline_source *source,
                        const struct placeholder_value *values, size_t count,
                        struct pipeline_place sql, struct pipeline_origin *origin) {
    struct template template;
    struct googlesql_error error;
    bool within = sql.line <= INT_MAX && sql.column <= INT_MAX;
    struct googlesql_place sent = {within ? (int)sql.line : 0, within ? (int)sql.column : 0};
    bool found = template_open(&template, source->text, &error) &&
                 template_origin(&template, values, count, sent, &origin->place.line,
                                 &origin->place.column, &origin->name);
    template_close(&template);
    return found;
}

static bool coverage_origin(const struct pipeline *pipeline, const struct pipeline_source *source,
                            const struct pipeline_table *table, struct pipeline_place sql,
                            struct pipeline_origin *origin) {
    char *path = table_path(table);
    struct placeholder_value values[COVERAGE_VALUES];
    coverage_values(table, path, values);
    bool found = find_origin(source, values, COVERAGE_VALUES, sql, origin);
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
    bool found = find_origin(source, values, 1, sql, origin);
    if (source->file == NULL) {
        origin->file = pipeline->file;
        origin->place = source->at;
    }
    return found;
}

/* What keeps the tokens from being one condition within a line of a query; NULL: nothing. */
static const char *condition_wrong(const char *condition, const struct googlesql_tokens *tokens) {
    size_t end = 0;
    int depth = 0;
    for (size_t i = 0; i < tokens->count; i++) {
        const struct googlesql_token *token = &tokens->items[i];
        size_t gap = token->start - end;
        if (strcspn(condition + end, "#-/") < gap || googlesql_is(token, ";")) {
            return "holds a comment or a second statement";
        }
        if (token->kind == GOOGLESQL_PARAMETER || googlesql_is(token, "?") ||
            googlesql_is(token, "{")) {
            return "holds a parameter or a placeholder";
        }
        depth += googlesql_is(token, "(") ? 1 : googlesql_is(token, ")") ? -1 : 0;
        if (depth < 0) {
            return "closes a parenthesis that is not open";
        }
        end = token->end;
    }
    return depth != 0 ? "leaves a parenthesis open" : tokens->count == 1 ? "is empty" : NULL;
}

bool query_is_condition(struct loader *loader, const struct place *place, const char *condition) {
    struct googlesql_tokens tokens;
    struct googlesql_error error;
    if (!googlesql_tokenise(text_of(condition), &tokens, &error)) {
        loader_mistake(loader, place, "the condition is no SQL: %s at its character %d", error.text,
                       error.place.column);
        return false;
    }
    const char *wrong = condition_wrong(condition, &tokens);
    if (wrong != NULL) {
        loader_mistake(loader, place, "the condition %s", wrong);
    }
    googlesql_tokens_free(&tokens);
    return wrong == NULL;
}
