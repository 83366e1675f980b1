/* INFORMATION_SCHEMA: one writer a column, found by the column's name. */
#include "emulator/information.h"

#include <stdlib.h>
#include <strings.h>

#include "base/json.h"
#include "base/memory.h"
#include "emulator/schema.h"
#include "emulator/sql.h"
#include "emulator/storage.h"
#include "emulator/value.h"

/* The row being made: a table, or one of its columns. */
struct subject {
    const struct emulator_table *table;
    const struct emulator_field *field; /* NULL in TABLES */
    size_t place;
    char *type; /* of the field, as SQL writes it */
};

static struct emulator_value text_value(const char *text) {
    return (struct emulator_value){.kind = VALUE_TEXT, .text = text_of(text)};
}

static struct emulator_value integer_value(int64_t integer) {
    return (struct emulator_value){.kind = VALUE_INTEGER, .integer = integer};
}

static struct emulator_value say(bool yes) {
    return text_value(yes ? "YES" : "NO");
}

static struct emulator_value catalog_name(const struct subject *subject) {
    return text_value(subject->table->project);
}
static struct emulator_value schema_name(const struct subject *subject) {
    return text_value(subject->table->dataset);
}
static struct emulator_value table_name(const struct subject *subject) {
    return text_value(subject->table->table);
}
static struct emulator_value table_type(const struct subject *subject) {
    (void)subject;
    return text_value("BASE TABLE");
}
static struct emulator_value yes(const struct subject *subject) {
    (void)subject;
    return say(true);
}
static struct emulator_value no(const struct subject *subject) {
    (void)subject;
    return say(false);
}
static struct emulator_value creation_time(const struct subject *subject) {
    return integer_value(subject->table->created_ms * 1000);
}
static struct emulator_value column_name(const struct subject *subject) {
    return subject->field ? text_value(subject->field->name) : (struct emulator_value){0};
}
static struct emulator_value ordinal_position(const struct subject *subject) {
    return integer_value((int64_t)subject->place + 1);
}
static struct emulator_value is_nullable(const struct subject *subject) {
    return say(subject->field && !subject->field->required && !subject->field->repeated);
}
static struct emulator_value data_type(const struct subject *subject) {
    return subject->type ? text_value(subject->type) : (struct emulator_value){0};
}
static struct emulator_value is_partitioning(const struct subject *subject) {
    return say(subject->field && subject->table->partition_field &&
               strcasecmp(subject->table->partition_field, subject->field->name) == 0);
}

static const struct {
    const char *name;
    struct emulator_value (*value)(const struct subject *subject);
} columns[] = {
    {"table_catalog", catalog_name},
    {"table_schema", schema_name},
    {"table_name", table_name},
    {"table_type", table_type},
    {"is_insertable_into", yes},
    {"is_typed", no},
    {"creation_time", creation_time},
    {"column_name", column_name},
    {"ordinal_position", ordinal_position},
    {"is_nullable", is_nullable},
    {"data_type", data_type},
    {"is_hidden", no},
    {"is_system_defined", no},
    {"is_partitioning_column", is_partitioning},
};

/* NULL for a column that we know nothing of. */
static struct emulator_value value_of(const char *column, const struct subject *subject) {
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (strcasecmp(columns[i].name, column) == 0)
            return columns[i].value(subject);
    return (struct emulator_value){0};
}

static bool insert(sqlite3_stmt *statement, const struct emulator_table *view,
                   const struct subject *subject) {
    for (size_t i = 0; i < view->field_count; i++) {
        struct emulator_value value = value_of(view->fields[i].name, subject);
        if (!value_bind(statement, (int)i + 1, &value))
            return false;
    }
    return sqlite3_step(statement) == SQLITE_DONE && sqlite3_reset(statement) == SQLITE_OK;
}

static bool insert_columns(sqlite3_stmt *statement, const struct emulator_table *view,
                           const struct emulator_table *table) {
    bool good = true;
    for (size_t i = 0; i < table->field_count && good; i++) {
        struct subject subject = {table, &table->fields[i], i, schema_type_text(&table->fields[i])};
        good = insert(statement, view, &subject);
        free(subject.type);
    }
    return good;
}

static bool fill(sqlite3 *database, const struct emulator_dataset *dataset,
                 const struct emulator_table *view, bool by_column) {
    char *text = storage_insert_text(view);
    sqlite3_stmt *statement = NULL;
    bool good = sqlite3_prepare_v2(database, text, -1, &statement, NULL) == SQLITE_OK;
    for (size_t i = 0; i < dataset->table_count && good; i++) {
        const struct emulator_table *table = dataset->tables[i];
        good = by_column ? insert_columns(statement, view, table)
                         : insert(statement, view, &(struct subject){.table = table});
    }
    sqlite3_finalize(statement);
    free(text);
    return good;
}

static struct emulator_table *view_table(const struct emulator_dataset *dataset, const char *view) {
    size_t count;
    const struct emulator_field *fields = sql_information_schema(view, &count);
    char *name = memory_format("INFORMATION_SCHEMA.%s", view);
    struct emulator_table *table =
        fields ? emulator_table_new(dataset->project, dataset->dataset, name, fields, count) : NULL;
    free(name);
    return table;
}

bool information_make(sqlite3 *database, const struct emulator_dataset *dataset, const char *view,
                      struct emulator_failure *failure) {
    struct emulator_table *table = view_table(dataset, view);
    if (!table)
        return failure_set(failure, EMULATOR_REASON_NOT_FOUND,
                           "Not found: Table %s:%s.INFORMATION_SCHEMA.%s", dataset->project,
                           dataset->dataset, view);
    char *path = emulator_table_path(table);
    char *quoted = storage_quote(path);
    struct text_buffer sql = {0};
    text_buffer_format(&sql, "CREATE TEMP TABLE %s (", quoted);
    for (size_t i = 0; i < table->field_count; i++)
        text_buffer_format(&sql, "%s%s", i ? ", " : "", table->fields[i].name);
    text_buffer_add(&sql, ")");
    bool good = storage_execute(database, sql.data, failure);
    if (good && !fill(database, dataset, table, strcasecmp(view, "COLUMNS") == 0))
        good = failure_set(failure, EMULATOR_REASON_INTERNAL_ERROR, "The storage failed: %s",
                           sqlite3_errmsg(database));
    text_buffer_free(&sql);
    free(quoted);
    free(path);
    emulator_table_free(table);
    return good;
}

void information_drop(sqlite3 *database, const struct emulator_dataset *dataset, const char *view) {
    char *path =
        memory_format("%s.%s.INFORMATION_SCHEMA.%s", dataset->project, dataset->dataset, view);
    char *quoted = storage_quote(path);
    char *sql = memory_format("DROP TABLE IF EXISTS temp.%s", quoted);
    sqlite3_exec(database, sql, NULL, NULL, NULL);
    free(sql);
    free(quoted);
    free(path);
}
