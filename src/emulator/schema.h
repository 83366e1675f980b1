/* Schemas as REST writes them: {"fields":[{"name","type","mode","fields"},…]}. */
#ifndef PHASEGATE_EMULATOR_SCHEMA_H
#define PHASEGATE_EMULATOR_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "emulator/catalog.h"
#include "emulator/failure.h"

/* Reads a schema into fields that the caller frees; NULL or an empty one gives none. */
bool schema_read(const json_t *schema, struct emulator_field **fields, size_t *count,
                 struct emulator_failure *failure);

/* A new reference, types by their legacy names. */
json_t *schema_json(const struct emulator_field *fields, size_t count);

/* "ARRAY<STRUCT<a INT64, b STRING>>": the type as SQL writes it; the caller frees it. */
char *schema_type_text(const struct emulator_field *field);

#endif
