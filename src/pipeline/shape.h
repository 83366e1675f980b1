/* The second look at the file: libyaml's document, compared with the schema that libcyaml loads by,
 * so that every unknown key, missing key and wrong kind of value is told at once with its place. */
#ifndef PHASEGATE_PIPELINE_SHAPE_H
#define PHASEGATE_PIPELINE_SHAPE_H

#include "pipeline/loader.h"

/* Parses the text into loader->document. False after noting why it is no YAML, holds no or several
 * documents, or expands through its aliases to more than a pipeline can be; the document need then
 * not be deleted. */
bool shape_parse(struct loader *loader, struct text text);

/* Notes everything in which the document departs from the schema. */
void shape_check(struct loader *loader, const cyaml_schema_value_t *schema);

/* Notes what is wrong with a node that must be one value, a list, or a mapping; `name` is its key.
 * True when it is what it must be. */
bool shape_is_value(struct loader *loader, const yaml_node_t *node, const char *name);
bool shape_is_list(struct loader *loader, const yaml_node_t *node, const char *name);
bool shape_is_mapping(struct loader *loader, const yaml_node_t *node, const char *name);

#endif
