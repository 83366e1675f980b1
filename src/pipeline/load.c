/* Loads a pipeline file: the document for places, libcyaml for its values, then part by part into
 * struct pipeline. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "pipeline/hash.h"
#include "pipeline/loader.h"
#include "pipeline/shape.h"

enum { LARGEST_FILE = 1024 * 1024 };

/* What libcyaml says of a file it does not take: the sentence, then a trace of places. */
struct complaint {
    char text[256];
    unsigned long line, column;
};

static void note_complaint(cyaml_log_t level, void *context, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static void note_complaint(cyaml_log_t level, void *context, const char *format,
                           va_list arguments) {
    struct complaint *complaint = context;
    char line[256];
    (void)level;
    (void)vsnprintf(line, sizeof line, format, arguments);
    line[strcspn(line, "\n")] = '\0';
    const char *place = strstr(line, "(line: ");
    if (place != NULL && complaint->line == 0) {
        const char *column = strstr(place, "column: ");
        complaint->line = strtoul(place + strlen("(line: "), NULL, 10);
        complaint->column = column == NULL ? 1 : strtoul(column + strlen("column: "), NULL, 10);
    } else if (place == NULL && complaint->text[0] == '\0') {
        (void)snprintf(complaint->text, sizeof complaint->text, "%s",
                       strncmp(line, "Load: ", 6) == 0 ? line + 6 : line);
    }
}

/* Its words, where ours are clearer. shape.c has told everything but sizes before. */
static void tell_complaint(struct loader *loader, const struct complaint *complaint,
                           cyaml_err_t result) {
    yaml_mark_t mark = {0};
    mark.line = complaint->line == 0 ? 0 : complaint->line - 1;
    mark.column = complaint->column == 0 ? 0 : complaint->column - 1;
    if (result == CYAML_ERR_STRING_LENGTH_MAX) {
        loader_mistake_at(loader, mark, "this text is longer than a value can be (8192 bytes)");
    } else if (result == CYAML_ERR_SEQUENCE_ENTRIES_MAX) {
        loader_mistake_at(loader, mark, "this list is longer than a list can be (10000 items)");
    } else {
        loader_mistake_at(loader, mark, "it cannot be loaded: %s",
                          complaint->text[0] == '\0' ? cyaml_strerror(result) : complaint->text);
    }
}

static const cyaml_config_t plain_config = {.mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};

static bool load_raw(struct loader *loader, struct text text) {
    struct complaint complaint = {0};
    cyaml_config_t config = plain_config;
    config.log_fn = note_complaint;
    config.log_ctx = &complaint;
    cyaml_data_t *data = NULL;
    cyaml_err_t result =
        cyaml_load_data((const uint8_t *)text.data, text.size, &config, &raw_schema, &data, NULL);
    if (result != CYAML_OK) {
        tell_complaint(loader, &complaint, result);
        return false;
    }
    loader->raw = data;
    return true;
}

#define COLLECT(loader, list, word)                                                                \
    do {                                                                                           \
        (loader)->list.what = (word);                                                              \
        (loader)->list.count = (loader)->raw->list##_count;                                        \
        (loader)->list.items = memory_new((loader)->list.count, sizeof(const char *));             \
        for (size_t i = 0; i < (loader)->list.count; i++) {                                        \
            (loader)->list.items[i] = (loader)->raw->list[i].name;                                 \
        }                                                                                          \
        loader_sort_names(&(loader)->list);                                                        \
    } while (0)

static void collect_names(struct loader *loader) {
    COLLECT(loader, tables, "table");
    COLLECT(loader, seasons, "season");
    COLLECT(loader, processors, "processor");
    COLLECT(loader, groups, "group");
    COLLECT(loader, gates, "gate");
}

/* The absolute directory of the file; of a file that is not there, the nearest guess. */
static char *absolute_directory(const char *path) {
    char *directory = file_directory(path);
    char *absolute = realpath(directory, NULL);
    if (absolute != NULL) {
        free(directory);
        return absolute;
    }
    return directory;
}

static void load_parts(struct loader *loader) {
    collect_names(loader);
    load_basics(loader);
    load_seasons(loader);
    load_tables(loader);
    load_processors(loader);
    load_groups(loader);
    load_gates(loader);
    load_patterns(loader);
    load_alerts(loader);
    check_lineage(loader);
    check_gates(loader);
    if (loader->mistakes.count == 0) { /* what a mistake left at nothing was not asked for */
        check_sense(loader);
    }
    if (loader->warns) {
        warn_of_commands(loader);
    }
}

static void free_names(struct names *names) {
    free(names->items);
    free(names->sorted);
}

static void unload(struct loader *loader) {
    free_names(&loader->tables);
    free_names(&loader->seasons);
    free_names(&loader->processors);
    free_names(&loader->groups);
    free_names(&loader->gates);
    cyaml_free(&plain_config, &raw_schema, loader->raw, 0);
    yaml_document_delete(&loader->document);
}

void pipeline_findings_free(struct pipeline_findings *findings) {
    for (size_t i = 0; i < findings->count; i++) {
        free(findings->items[i].text);
    }
    free(findings->items);
    *findings = (struct pipeline_findings){0};
}

static void tell(struct pipeline_findings *findings, const struct mistakes *mistakes,
                 bool warning) {
    findings->items =
        memory_resize(findings->items, findings->count + mistakes->count, sizeof *findings->items);
    for (size_t i = 0; i < mistakes->count; i++) {
        const struct mistake *mistake = &mistakes->items[i];
        findings->items[findings->count++] = (struct pipeline_finding){
            warning, {mistake->line, mistake->column}, memory_copy_string(mistake->text)};
    }
    findings->left_out += mistakes->left_out;
}

static struct pipeline *load_text(struct text text, const char *path,
                                  const struct pipeline_help *help,
                                  struct pipeline_findings *findings, struct error *error) {
    struct loader loader = {.path = path,
                            .pipeline = memory_new(1, sizeof(struct pipeline)),
                            .help = help,
                            .warns = findings != NULL};
    loader.pipeline->file = memory_copy_string(path);
    loader.pipeline->directory = absolute_directory(path);
    if (text.size > LARGEST_FILE) {
        loader_mistake_at(&loader, (yaml_mark_t){0}, "a pipeline file has at most 1 MiB");
    } else if (shape_parse(&loader, text)) {
        shape_check(&loader, &raw_schema);
        if (loader.mistakes.count == 0 && load_raw(&loader, text)) {
            load_parts(&loader);
        }
        unload(&loader);
    }
    mistakes_arrange(&loader.mistakes);
    mistakes_arrange(&loader.warnings);
    if (findings != NULL) {
        tell(findings, &loader.mistakes, false);
        tell(findings, &loader.warnings, true);
    }
    bool good = mistakes_report(&loader.mistakes, path, error);
    mistakes_free(&loader.mistakes);
    mistakes_free(&loader.warnings);
    if (!good || !hash_pipeline(loader.pipeline, error)) {
        pipeline_free(loader.pipeline);
        return NULL;
    }
    return loader.pipeline;
}

struct pipeline *pipeline_load_text(struct text text, const char *path, struct error *error) {
    return load_text(text, path, NULL, NULL, error);
}

struct pipeline *pipeline_load(const char *path, struct error *error) {
    return pipeline_load_for(path, NULL, NULL, error);
}

struct pipeline *pipeline_load_for(const char *path, const struct pipeline_help *help,
                                   struct pipeline_findings *findings, struct error *error) {
    struct text_buffer content = {0};
    if (!file_read(path, LARGEST_FILE + 1, &content, error)) {
        text_buffer_free(&content);
        return NULL;
    }
    struct text text = content.size > 0 ? (struct text){content.data, content.size} : text_of("");
    struct pipeline *pipeline = load_text(text, path, help, findings, error);
    text_buffer_free(&content);
    return pipeline;
}
