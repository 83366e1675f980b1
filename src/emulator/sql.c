/* One compilation from end to end: parse, resolve, emit, and hand over what the server needs. */
#include "emulator/sql.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "emulator/sql_emit.h"
#include "emulator/sql_parameter.h"
#include "emulator/sql_parse.h"
#include "emulator/sql_resolve.h"
#include "emulator/sql_type.h"

static const char *const words[] = {
    [SQL_SELECT] = "SELECT",
    [SQL_INSERT] = "INSERT",
    [SQL_UPDATE] = "UPDATE",
    [SQL_DELETE] = "DELETE",
    [SQL_TRUNCATE] = "TRUNCATE_TABLE",
    [SQL_CREATE_TABLE] = "CREATE_TABLE",
    [SQL_CREATE_TABLE_AS_SELECT] = "CREATE_TABLE_AS_SELECT",
    [SQL_DROP_TABLE] = "DROP_TABLE",
};

/* The names of the result's columns; a name twice is refused as BigQuery refuses it. */
static bool give_fields(struct sql_compilation *compilation, const struct sql_tree *tree,
                        struct sql_statement *statement) {
    const struct sql_list *columns = &tree->query->body->columns;
    statement->fields = memory_new(columns->count, sizeof *statement->fields);
    statement->field_count = columns->count;
    size_t anonymous = 0;
    for (size_t i = 0; i < columns->count; i++) {
        const struct sql_column *column = columns->items[i];
        struct emulator_field *field = &statement->fields[i];
        struct sql_type type = column->type;
        field->name =
            column->name ? memory_copy_string(column->name) : memory_format("f%zu_", anonymous++);
        field->type = type.known ? type.base : EMULATOR_INT64;
        field->repeated = type.array;
        field->fields =
            type.field_count ? emulator_fields_copy(type.fields, type.field_count) : NULL;
        field->field_count = type.field_count;
        for (size_t k = 0; k < i; k++)
            if (sql_same(statement->fields[k].name, field->name))
                return sql_fail_as(compilation, "invalidQuery", 400, tree->place,
                                   "Duplicate column names in the result are not supported. Found "
                                   "duplicate(s): %s",
                                   field->name);
    }
    return true;
}

static void give_references(const struct sql_compilation *compilation,
                            struct sql_statement *statement) {
    statement->references = memory_new(compilation->uses.count, sizeof *statement->references);
    for (size_t i = 0; i < compilation->uses.count; i++) {
        const struct sql_table_use *use = compilation->uses.items[i];
        if (!use->seen)
            continue;
        struct sql_reference *reference = &statement->references[statement->reference_count++];
        const struct emulator_table *table = use->table;
        bool view = strncmp(table->table, "INFORMATION_SCHEMA.", 19) == 0;
        reference->project = memory_copy_string(table->project);
        reference->dataset = memory_copy_string(table->dataset);
        reference->table = memory_copy_string(table->table);
        reference->definition = view ? NULL : table;
        reference->partition_filtered = use->partition_filtered;
        reference->partition = use->partition;
        reference->columns = memory_new(table->field_count, sizeof *reference->columns);
        for (size_t k = 0; k < table->field_count; k++)
            if (use->used[k])
                reference->columns[reference->column_count++] =
                    memory_copy_string(table->fields[k].name);
    }
}

static void give_parameters(const struct sql_compilation *compilation,
                            struct sql_statement *statement) {
    static const char *const arrays[EMULATOR_TYPE_COUNT] = {
#define X(name, sql, legacy, column, bytes) "ARRAY<" sql ">",
        EMULATOR_TYPES(X)
#undef X
    };
    size_t count = compilation->parameters.count;
    statement->values = memory_new(count, sizeof *statement->values);
    statement->undeclared = memory_new(count, sizeof *statement->undeclared);
    statement->value_count = count;
    for (size_t i = 0; i < count; i++) {
        const struct sql_given *given = compilation->parameters.items[i];
        statement->values[i] = given->value;
        if (given->value.data)
            statement->values[i].data = memory_copy_part(given->value.data, given->value.size);
        if (given->declared)
            continue;
        struct sql_parameter *parameter = &statement->undeclared[statement->undeclared_count++];
        parameter->name = memory_copy_string(given->name ? given->name : "");
        parameter->type = !given->type.known  ? "STRING"
                          : given->type.array ? arrays[given->type.base]
                                              : emulator_type_sql(given->type.base);
    }
}

static void give_target(const struct sql_tree *tree, struct sql_statement *statement) {
    if (tree->kind == SQL_SELECT)
        return;
    statement->target_project = memory_copy_string(tree->names[0]);
    statement->target_dataset = memory_copy_string(tree->names[1]);
    statement->target_table = memory_copy_string(tree->names[2]);
    statement->if_not_exists = tree->if_not_exists;
    statement->or_replace = tree->or_replace;
    statement->if_exists = tree->if_exists;
}

static struct sql_statement *give(struct sql_compilation *compilation,
                                  const struct sql_tree *tree) {
    struct sql_statement *statement = memory_new(1, sizeof *statement);
    statement->kind = tree->kind;
    statement->word = words[tree->kind];
    if (tree->kind == SQL_SELECT && !give_fields(compilation, tree, statement)) {
        sql_free(statement);
        return NULL;
    }
    statement->sqlite = sql_emit_statement(compilation, tree);
    give_references(compilation, statement);
    give_parameters(compilation, statement);
    give_target(tree, statement);
    statement->definition = compilation->definition;
    compilation->definition = NULL;
    return statement;
}

static void free_definition(struct sql_definition *definition) {
    if (!definition)
        return;
    emulator_fields_free(definition->fields, definition->field_count);
    for (size_t i = 0; i < definition->cluster_count; i++)
        free(definition->cluster_fields[i]);
    free(definition->cluster_fields);
    free(definition->partition_field);
    free(definition->description);
    free(definition);
}

enum { LENGTH_LIMIT = 1024 * 1024 };

struct sql_statement *sql_compile(const struct sql_request *request,
                                  const struct sql_catalog *catalog, struct sql_error *error) {
    struct sql_compilation compilation = {
        .request = request, .catalog = catalog, .error = error, .now_us = request->now_us};
    *error = (struct sql_error){0};
    if (!compilation.now_us)
        compilation.now_us = clock_wall_ms(clock_system()) * 1000;
    struct sql_statement *statement = NULL;
    if (request->text.size > LENGTH_LIMIT) {
        sql_fail_as(&compilation, "invalidQuery", 400, (struct googlesql_place){0},
                    "The query is too large. The maximum standard SQL query length is 1024.00K "
                    "characters, including comments and white space characters.");
    } else if (sql_parameters_read(&compilation)) {
        struct sql_tree *tree = sql_parse(&compilation, request->text);
        if (tree && sql_resolve(&compilation, tree))
            statement = give(&compilation, tree);
    }
    free_definition(compilation.definition);
    sql_arena_free(&compilation.arena);
    return statement;
}

static void free_reference(struct sql_reference *reference) {
    for (size_t i = 0; i < reference->column_count; i++)
        free(reference->columns[i]);
    free(reference->columns);
    free(reference->project);
    free(reference->dataset);
    free(reference->table);
}

void sql_free(struct sql_statement *statement) {
    if (!statement)
        return;
    for (size_t i = 0; i < statement->reference_count; i++)
        free_reference(&statement->references[i]);
    free(statement->references);
    for (size_t i = 0; i < statement->value_count; i++)
        free(statement->values[i].data);
    free(statement->values);
    for (size_t i = 0; i < statement->undeclared_count; i++)
        free(statement->undeclared[i].name);
    free(statement->undeclared);
    emulator_fields_free(statement->fields, statement->field_count);
    free_definition(statement->definition);
    free(statement->target_project);
    free(statement->target_dataset);
    free(statement->target_table);
    free(statement->sqlite);
    free(statement);
}

bool sql_bind(const struct sql_statement *statement, sqlite3_stmt *prepared) {
    int known = sqlite3_bind_parameter_count(prepared);
    for (int i = 0; i < known && (size_t)i < statement->value_count; i++) {
        const struct sql_value *value = &statement->values[i];
        int result = SQLITE_OK;
        if (value->kind == SQL_VALUE_INTEGER)
            result = sqlite3_bind_int64(prepared, i + 1, value->integer);
        else if (value->kind == SQL_VALUE_REAL)
            result = sqlite3_bind_double(prepared, i + 1, value->real);
        else if (value->kind == SQL_VALUE_TEXT)
            result = sqlite3_bind_text64(prepared, i + 1, value->data, value->size,
                                         SQLITE_TRANSIENT, SQLITE_UTF8);
        else if (value->kind == SQL_VALUE_BLOB)
            result =
                sqlite3_bind_blob64(prepared, i + 1, value->data, value->size, SQLITE_TRANSIENT);
        if (result != SQLITE_OK)
            return false;
    }
    return true;
}
