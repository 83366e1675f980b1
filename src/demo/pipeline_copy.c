#include "demo/pipeline_copy.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

enum { LARGEST_FILE = 1024 * 1024 };

static const char *scalar_of(yaml_document_t *document, int index) {
    const yaml_node_t *node = yaml_document_get_node(document, index);
    return node != NULL && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value
                                                          : NULL;
}

static int add_scalar(yaml_document_t *document, const char *text) {
    return yaml_document_add_scalar(document, NULL, (const yaml_char_t *)text, (int)strlen(text),
                                    YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

/* The node of a key in a mapping, or 0. */
static int member(yaml_document_t *document, int mapping, const char *key) {
    const yaml_node_t *node = yaml_document_get_node(document, mapping);
    if (node == NULL || node->type != YAML_MAPPING_NODE) {
        return 0;
    }
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const char *name = scalar_of(document, pair->key);
        if (name != NULL && strcmp(name, key) == 0) {
            return pair->value;
        }
    }
    return 0;
}

/* Gives a key of a mapping a value, whether it has one already or not. */
static bool set_member(yaml_document_t *document, int mapping, const char *key, const char *value) {
    int text = add_scalar(document, value);
    yaml_node_t *node = yaml_document_get_node(document, mapping);
    if (text == 0 || node == NULL || node->type != YAML_MAPPING_NODE) {
        return false;
    }
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const char *name = scalar_of(document, pair->key);
        if (name != NULL && strcmp(name, key) == 0) {
            pair->value = text;
            return true;
        }
    }
    int name = add_scalar(document, key);
    return name != 0 && yaml_document_append_mapping_pair(document, mapping, name, text) == 1;
}

/* The mapping that is a member of the mapping `owner`; an empty one is added when it is missing. 0
 * when there is no room for it. */
static int mapping_member(yaml_document_t *document, int owner, const char *key) {
    int found = member(document, owner, key);
    if (found != 0) {
        return found;
    }
    int name = add_scalar(document, key);
    int mapping = yaml_document_add_mapping(document, NULL, YAML_BLOCK_MAPPING_STYLE);
    bool good = name != 0 && mapping != 0 &&
                yaml_document_append_mapping_pair(document, owner, name, mapping) == 1;
    return good ? mapping : 0;
}

/* A command without its leading python3, behind the simulated processor. */
static int simulated_command(yaml_document_t *document, int command, const char *program) {
    int sequence = yaml_document_add_sequence(document, NULL, YAML_FLOW_SEQUENCE_STYLE);
    bool good = sequence != 0 &&
                yaml_document_append_sequence_item(document, sequence,
                                                   add_scalar(document, program)) == 1 &&
                yaml_document_append_sequence_item(document, sequence,
                                                   add_scalar(document, "demo-processor")) == 1;
    for (size_t i = 0; good; i++) {
        const yaml_node_t *node = yaml_document_get_node(document, command);
        yaml_node_item_t *item = node->data.sequence.items.start + i;
        if (item >= node->data.sequence.items.top) {
            break;
        }
        const char *text = scalar_of(document, *item);
        if (i > 0 || text == NULL || strcmp(text, "python3") != 0) {
            good = yaml_document_append_sequence_item(document, sequence, *item) == 1;
        }
    }
    return good ? sequence : 0;
}

static bool simulate_processor(yaml_document_t *document, int processor,
                               const struct pipeline_copy *copy, const char *directory) {
    int command = member(document, processor, "command");
    const yaml_node_t *node = yaml_document_get_node(document, command);
    if (command == 0 || node->type != YAML_SEQUENCE_NODE) {
        return false;
    }
    int simulated = simulated_command(document, command, copy->program);
    yaml_node_t *mapping = yaml_document_get_node(document, processor);
    for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
         pair < mapping->data.mapping.pairs.top; pair++) {
        if (pair->value == command) {
            pair->value = simulated;
        }
    }
    /* On a fast clock starting a process takes long: a time limit would end what is well. */
    return simulated != 0 && set_member(document, processor, "directory", directory) &&
           (!copy->fast || set_member(document, processor, "timeout", "96h"));
}

static bool change(yaml_document_t *document, const struct pipeline_copy *copy,
                   const char *directory) {
    const int root = 1; /* libyaml numbers nodes from 1 in order of appearance */
    int range = member(document, root, "range");
    int processors = member(document, root, "processors");
    bool good = set_member(document, root, "endpoint", copy->endpoint) &&
                set_member(document, range, "from", copy->from) &&
                set_member(document, range, "to", copy->to);
    if (good && copy->fast) {
        int poll = mapping_member(document, root, "poll");
        good = set_member(document, poll, "every", "5m") &&
               set_member(document, poll, "changing", "5m") &&
               set_member(document, poll, "stale_after", "20m") &&
               set_member(document, poll, "recheck", "2h");
    }
    for (size_t i = 0; good && processors != 0; i++) {
        const yaml_node_t *node = yaml_document_get_node(document, processors);
        if (node->type != YAML_SEQUENCE_NODE) {
            return false;
        }
        yaml_node_item_t *item = node->data.sequence.items.start + i;
        if (item >= node->data.sequence.items.top) {
            break;
        }
        good = simulate_processor(document, *item, copy, directory);
    }
    return good;
}

static int append_output(void *context, unsigned char *data, size_t size) {
    text_buffer_put(context, (const char *)data, size);
    return 1;
}

static bool load_document(const char *path, const struct text_buffer *text,
                          yaml_document_t *document, struct error *error) {
    yaml_parser_t parser;
    if (yaml_parser_initialize(&parser) == 0) {
        return error_set(error, EXIT_SOFTWARE, "cannot start the YAML parser");
    }
    const char *content = text->data != NULL ? text->data : "";
    yaml_parser_set_input_string(&parser, (const unsigned char *)content, text->size);
    bool good = yaml_parser_load(&parser, document) == 1;
    if (!good) {
        (void)error_set(error, EXIT_CONFIG, "%s:%zu:%zu: %s", path, parser.problem_mark.line + 1,
                        parser.problem_mark.column + 1,
                        parser.problem != NULL ? parser.problem : "not YAML");
    }
    yaml_parser_delete(&parser);
    return good;
}

/* Writes the document into `out` and frees it. */
static bool dump_document(yaml_document_t *document, struct text_buffer *out) {
    yaml_emitter_t emitter;
    if (yaml_emitter_initialize(&emitter) == 0) {
        yaml_document_delete(document);
        return false;
    }
    yaml_emitter_set_output(&emitter, append_output, out);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, -1);
    bool good = yaml_emitter_open(&emitter) == 1 && yaml_emitter_dump(&emitter, document) == 1 &&
                yaml_emitter_close(&emitter) == 1;
    yaml_emitter_delete(&emitter);
    return good;
}

/* Copies the SQL files that lie beside the source. */
static bool copy_queries(const char *from, const char *to, struct error *error) {
    DIR *directory = opendir(from);
    bool good = true;
    struct text_buffer content = {0};
    if (directory == NULL) {
        return error_set(error, EXIT_NO_INPUT, "cannot read the directory %s", from);
    }
    for (struct dirent *entry = readdir(directory); good && entry != NULL;
         entry = readdir(directory)) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot == NULL || strcmp(dot, ".sql") != 0) {
            continue;
        }
        char *source = file_join(from, entry->d_name);
        char *destination = file_join(to, entry->d_name);
        good = file_read(source, LARGEST_FILE, &content, error) &&
               file_write(destination, (struct text){content.data, content.size}, error);
        free(source);
        free(destination);
    }
    text_buffer_free(&content);
    (void)closedir(directory);
    return good;
}

bool pipeline_copy_write(const struct pipeline_copy *copy, struct error *error) {
    struct text_buffer text = {0};
    struct text_buffer out = {0};
    yaml_document_t document;
    char *from = file_directory(copy->source);
    char *to = file_directory(copy->destination);
    bool good = file_read(copy->source, LARGEST_FILE, &text, error) &&
                load_document(copy->source, &text, &document, error);
    if (good) {
        bool changed = change(&document, copy, to);
        good = dump_document(&document, &out) && changed;
        if (!good) {
            (void)error_set(error, EXIT_CONFIG, "%s does not have the shape of a pipeline file",
                            copy->source);
        }
    }
    good = good && file_write(copy->destination, (struct text){out.data, out.size}, error) &&
           copy_queries(from, to, error);
    text_buffer_free(&text);
    text_buffer_free(&out);
    free(from);
    free(to);
    return good;
}
