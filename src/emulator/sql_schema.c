/* The columns of INFORMATION_SCHEMA. */
#include <string.h>

#include "emulator/sql.h"

/* The names are literals: these fields are never freed. */
#define FIELD(field_name, field_type)                                                              \
    { .name = (char[]){field_name}, .type = EMULATOR_##field_type }

static struct emulator_field tables[] = {
    FIELD("table_catalog", STRING),      FIELD("table_schema", STRING),
    FIELD("table_name", STRING),         FIELD("table_type", STRING),
    FIELD("is_insertable_into", STRING), FIELD("is_typed", STRING),
    FIELD("creation_time", TIMESTAMP),   FIELD("ddl", STRING),
};

static struct emulator_field columns[] = {
    FIELD("table_catalog", STRING),
    FIELD("table_schema", STRING),
    FIELD("table_name", STRING),
    FIELD("column_name", STRING),
    FIELD("ordinal_position", INT64),
    FIELD("is_nullable", STRING),
    FIELD("data_type", STRING),
    FIELD("is_hidden", STRING),
    FIELD("is_partitioning_column", STRING),
    FIELD("clustering_ordinal_position", INT64),
};

const struct emulator_field *sql_information_schema(const char *view, size_t *count) {
    bool of_tables = strcmp(view, "TABLES") == 0;
    *count = 0;
    if (!of_tables && strcmp(view, "COLUMNS") != 0)
        return NULL;
    *count = of_tables ? sizeof tables / sizeof *tables : sizeof columns / sizeof *columns;
    return of_tables ? tables : columns;
}
