#include "pipeline/shape.h"

#include <stdio.h>
#include <string.h>

enum {
    MOST_NODES = 400000,
    DEEPEST = 32,
    MOST_KEYS = 64,
    MOST_ANCHORS = 1000,
    MOST_DIRECTIVES = 16,
    LONGEST_VALUE = 8192,
};

/* The place of a byte in the text; libyaml names only the offset when it cannot decode. */
static yaml_mark_t mark_of_offset(struct text text, size_t offset) {
    yaml_mark_t mark = {0};
    for (size_t i = 0; i < offset && i < text.size; i++) {
        mark.column = text.data[i] == '\n' ? 0 : mark.column + 1;
        mark.line += text.data[i] == '\n';
    }
    return mark;
}

static bool note_parser(struct loader *loader, const yaml_parser_t *parser, struct text text) {
    const char *problem = parser->problem == NULL ? "it cannot be read" : parser->problem;
    yaml_mark_t mark = parser->error == YAML_READER_ERROR
                           ? mark_of_offset(text, parser->problem_offset)
                           : parser->problem_mark;
    loader_mistake_at(loader, mark, "this is not valid YAML: %s", problem);
    return false;
}

/* libyaml looks through all directives of a document for each of them. */
static bool count_directives(struct loader *loader, struct text text) {
    size_t count = 0, line = 0;
    while (text.size > 0) {
        struct text here = text_cut(&text, '\n');
        count += here.size > 0 && here.data[0] == '%' ? 1 : 0;
        if (count > MOST_DIRECTIVES) {
            loader_mistake_at(loader, (yaml_mark_t){.line = line},
                              "too many lines begin with %%; a pipeline file needs none");
            return false;
        }
        line++;
    }
    return true;
}

/* What a look at one event adds: how deep it is, and how many names nodes have. */
struct survey {
    size_t depth, anchors;
    yaml_mark_t at; /* of what is too deep, or too much */
};

static bool survey_event(struct survey *survey, const yaml_event_t *event) {
    survey->at = event->start_mark;
    switch (event->type) {
    case YAML_SEQUENCE_START_EVENT:
        survey->anchors += event->data.sequence_start.anchor != NULL ? 1 : 0;
        survey->depth++;
        break;
    case YAML_MAPPING_START_EVENT:
        survey->anchors += event->data.mapping_start.anchor != NULL ? 1 : 0;
        survey->depth++;
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        survey->depth--;
        break;
    case YAML_SCALAR_EVENT:
        survey->anchors += event->data.scalar.anchor != NULL ? 1 : 0;
        break;
    default:
        break;
    }
    return survey->depth <= DEEPEST && survey->anchors <= MOST_ANCHORS;
}

/* A first look that is over at once, whatever stands in the text: libyaml needs time without end
 * for a document that nests a hundred thousand levels deep, and for as many anchors. */
static bool is_plain(struct loader *loader, struct text text) {
    yaml_parser_t parser;
    if (!count_directives(loader, text) || !yaml_parser_initialize(&parser)) {
        return false;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.data, text.size);
    struct survey survey = {0};
    bool good = true, more = true;
    while (good && more) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            good = note_parser(loader, &parser, text);
            break;
        }
        more = event.type != YAML_STREAM_END_EVENT;
        good = survey_event(&survey, &event);
        yaml_event_delete(&event);
        if (!good && survey.depth > DEEPEST) {
            loader_mistake_at(loader, survey.at, "this nests too deeply (over %d levels)", DEEPEST);
        } else if (!good) {
            loader_mistake_at(loader, survey.at, "too many anchors (&name); at most %d",
                              MOST_ANCHORS);
        }
    }
    yaml_parser_delete(&parser);
    return good;
}

/* Counts the nodes below one, each as often as its aliases repeat it; false when they are too many
 * or too deep, as they are when a node holds itself. */
static bool count_nodes(struct loader *loader, int index, size_t depth, size_t *count) {
    const yaml_node_t *node = yaml_document_get_node(&loader->document, index);
    if (++*count > MOST_NODES || depth > DEEPEST) {
        return false;
    }
    if (node->type == YAML_SEQUENCE_NODE) {
        for (yaml_node_item_t *item = node->data.sequence.items.start;
             item < node->data.sequence.items.top; item++) {
            if (!count_nodes(loader, *item, depth + 1, count)) {
                return false;
            }
        }
    } else if (node->type == YAML_MAPPING_NODE) {
        for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
             pair < node->data.mapping.pairs.top; pair++) {
            if (!count_nodes(loader, pair->key, depth + 1, count) ||
                !count_nodes(loader, pair->value, depth + 1, count)) {
                return false;
            }
        }
    }
    return true;
}

/* Whether one document stands in the text and nothing behind it. */
static bool is_single(struct loader *loader, yaml_parser_t *parser, struct text text) {
    const yaml_node_t *root = yaml_document_get_root_node(&loader->document);
    if (root == NULL) {
        loader_mistake_at(loader, (yaml_mark_t){0}, "the file is empty");
        return false;
    }
    size_t count = 0;
    if (!count_nodes(loader, 1, 0, &count)) {
        loader_mistake_at(loader, root->start_mark,
                          "the file nests too deeply, or its aliases repeat too much");
        return false;
    }
    yaml_document_t next;
    if (!yaml_parser_load(parser, &next)) {
        return note_parser(loader, parser, text);
    }
    const yaml_node_t *second = yaml_document_get_root_node(&next);
    if (second != NULL) {
        loader_mistake_at(loader, second->start_mark,
                          "a second document begins here; a pipeline file holds one");
    }
    yaml_document_delete(&next);
    return second == NULL;
}

bool shape_parse(struct loader *loader, struct text text) {
    yaml_parser_t parser;
    if (!is_plain(loader, text)) {
        return false;
    }
    if (!yaml_parser_initialize(&parser)) {
        loader_mistake_at(loader, (yaml_mark_t){0}, "there is no memory to read it");
        return false;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.data, text.size);
    bool good = yaml_parser_load(&parser, &loader->document);
    if (!good) {
        note_parser(loader, &parser, text);
    } else if (!is_single(loader, &parser, text)) {
        yaml_document_delete(&loader->document);
        good = false;
    }
    yaml_parser_delete(&parser);
    return good;
}

/* What a plain `~`, `null` or nothing at all stands for. */
static bool is_null(const yaml_node_t *node) {
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) {
        return false;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp((const char *)node->data.scalar.value, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_kind(struct loader *loader, const yaml_node_t *node, yaml_node_type_t type,
                    const char *name, const char *kind) {
    if (node->type == type) {
        return true;
    }
    if (is_null(node)) {
        loader_mistake_at(loader, node->start_mark, "\"%s\" is empty; it must be %s", name, kind);
    } else {
        loader_mistake_at(loader, node->start_mark, "\"%s\" must be %s", name, kind);
    }
    return false;
}

bool shape_is_value(struct loader *loader, const yaml_node_t *node, const char *name) {
    if (!is_kind(loader, node, YAML_SCALAR_NODE, name, "one value")) {
        return false;
    }
    if (is_null(node) || node->data.scalar.length == 0) {
        loader_mistake_at(loader, node->start_mark, "\"%s\" is empty", name);
        return false;
    }
    if (memchr(node->data.scalar.value, '\0', node->data.scalar.length) != NULL) {
        loader_mistake_at(loader, node->start_mark, "\"%s\" holds a NUL character", name);
        return false;
    }
    if (node->data.scalar.length > LONGEST_VALUE) {
        loader_mistake_at(loader, node->start_mark,
                          "this text is longer than a value can be (%d bytes)", LONGEST_VALUE);
        return false;
    }
    return true;
}

bool shape_is_list(struct loader *loader, const yaml_node_t *node, const char *name) {
    return is_kind(loader, node, YAML_SEQUENCE_NODE, name, "a list");
}

bool shape_is_mapping(struct loader *loader, const yaml_node_t *node, const char *name) {
    return is_kind(loader, node, YAML_MAPPING_NODE, name, "keys with values");
}

static void check_node(struct loader *loader, const yaml_node_t *node,
                       const cyaml_schema_value_t *schema, const char *name);

/* The key of the schema that a key of the file was probably meant to be, or NULL. */
static const char *meant_key(const char *name, const cyaml_schema_field_t *fields) {
    const char *known[MOST_KEYS];
    size_t count = 0;
    for (; fields[count].key != NULL && count < MOST_KEYS; count++) {
        known[count] = fields[count].key;
    }
    return text_nearest(name, known, count);
}

static void note_unknown(struct loader *loader, const yaml_node_t *key,
                         const cyaml_schema_field_t *fields) {
    const char *name = (const char *)key->data.scalar.value;
    if (mistakes_full(&loader->mistakes)) {
        loader->mistakes.left_out++;
        return;
    }
    struct text_buffer list = {0};
    for (size_t i = 0; fields[i].key != NULL; i++) {
        text_buffer_format(&list, "%s%s", i == 0 ? "" : ", ", fields[i].key);
    }
    const char *meant = meant_key(name, fields);
    if (strcmp(name, "<<") == 0) {
        loader_mistake_at(loader, key->start_mark,
                          "merge keys (<<) are not read; write the keys out");
    } else if (meant != NULL) {
        loader_mistake_at(loader, key->start_mark, "unknown key \"%s\"; did you mean \"%s\"?", name,
                          meant);
    } else {
        loader_mistake_at(loader, key->start_mark, "unknown key \"%s\"; known here: %s", name,
                          list.data);
    }
    text_buffer_free(&list);
}

static const cyaml_schema_field_t *field_of(const cyaml_schema_field_t *fields, const char *key) {
    for (; fields->key != NULL; fields++) {
        if (strcmp(fields->key, key) == 0) {
            return fields;
        }
    }
    return NULL;
}

/* Whether the key of `pair` stood in the mapping before it. */
static bool stood_before(struct loader *loader, const yaml_node_t *node,
                         const yaml_node_pair_t *pair, const char *key) {
    for (yaml_node_pair_t *other = node->data.mapping.pairs.start; other < pair; other++) {
        const yaml_node_t *name = yaml_document_get_node(&loader->document, other->key);
        if (name->type == YAML_SCALAR_NODE &&
            strcmp((const char *)name->data.scalar.value, key) == 0) {
            return true;
        }
    }
    return false;
}

static void check_pair(struct loader *loader, const yaml_node_t *node, const yaml_node_pair_t *pair,
                       const cyaml_schema_field_t *fields) {
    const yaml_node_t *key = yaml_document_get_node(&loader->document, pair->key);
    if (key->type != YAML_SCALAR_NODE) {
        loader_mistake_at(loader, key->start_mark, "a key must be one word");
        return;
    }
    const char *name = (const char *)key->data.scalar.value;
    const cyaml_schema_field_t *field = field_of(fields, name);
    if (field == NULL) {
        note_unknown(loader, key, fields);
    } else if (stood_before(loader, node, pair, name)) {
        loader_mistake_at(loader, key->start_mark, "\"%s\" is given twice", name);
    } else {
        check_node(loader, yaml_document_get_node(&loader->document, pair->value), &field->value,
                   name);
    }
}

/* Whether the mapping has a key that was probably meant to be this one. */
static bool is_misspelt(struct loader *loader, const yaml_node_t *node,
                        const cyaml_schema_field_t *fields, const char *key) {
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(&loader->document, pair->key);
        if (name->type == YAML_SCALAR_NODE &&
            field_of(fields, (const char *)name->data.scalar.value) == NULL) {
            const char *meant = meant_key((const char *)name->data.scalar.value, fields);
            if (meant != NULL && strcmp(meant, key) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void check_mapping(struct loader *loader, const yaml_node_t *node,
                          const cyaml_schema_field_t *fields) {
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        check_pair(loader, node, pair, fields);
    }
    for (const cyaml_schema_field_t *field = fields; field->key != NULL; field++) {
        if ((field->value.flags & CYAML_FLAG_OPTIONAL) == 0 &&
            loader_value(loader, node, field->key) == NULL && !mistakes_full(&loader->mistakes) &&
            !is_misspelt(loader, node, fields, field->key)) {
            loader_mistake_at(loader, node->start_mark, "the key \"%s\" is missing", field->key);
        }
    }
}

static void check_node(struct loader *loader, const yaml_node_t *node,
                       const cyaml_schema_value_t *schema, const char *name) {
    if (schema->type == CYAML_STRING) {
        (void)shape_is_value(loader, node, name);
    } else if (schema->type == CYAML_MAPPING && shape_is_mapping(loader, node, name)) {
        check_mapping(loader, node, schema->mapping.fields);
    } else if (schema->type == CYAML_SEQUENCE && shape_is_list(loader, node, name)) {
        size_t count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
        for (size_t i = 0; i < count; i++) {
            char item[64];
            (void)snprintf(item, sizeof item, "%s[%zu]", name, i);
            check_node(
                loader,
                yaml_document_get_node(&loader->document, node->data.sequence.items.start[i]),
                schema->sequence.entry, item);
        }
    }
}

void shape_check(struct loader *loader, const cyaml_schema_value_t *schema) {
    check_node(loader, yaml_document_get_root_node(&loader->document), schema, "the file");
}
