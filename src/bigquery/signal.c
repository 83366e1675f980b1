/* What a table's metadata says about its rows without their being read. */
#include <inttypes.h>
#include <string.h>

#include "bigquery/bigquery.h"

static void add_fields(struct text_buffer *signal, const struct bigquery_field *fields,
                       size_t count) {
    text_buffer_format(signal, " %zu{", count);
    for (size_t i = 0; i < count; i++) {
        text_buffer_format(signal, "%zu:%s:%d:%d", strlen(fields[i].name), fields[i].name,
                           (int)fields[i].type, (int)fields[i].mode);
        add_fields(signal, fields[i].fields, fields[i].field_count);
    }
    text_buffer_add(signal, "}");
}

bool bigquery_table_signal(const struct bigquery_table *table, struct text_buffer *signal) {
    if (!table->exists || table->streaming || table->type == NULL ||
        strcmp(table->type, "TABLE") != 0 || table->modified_ms == BIGQUERY_UNKNOWN ||
        table->num_rows == BIGQUERY_UNKNOWN || table->num_bytes == BIGQUERY_UNKNOWN) {
        return false;
    }
    text_buffer_format(signal,
                       "created %" PRId64 " modified %" PRId64 " rows %" PRId64 " bytes %" PRId64,
                       table->created_ms, table->modified_ms, table->num_rows, table->num_bytes);
    add_fields(signal, table->fields, table->field_count);
    return true;
}
