/* CREATE TABLE: columns and their types, PARTITION BY, CLUSTER BY, OPTIONS, AS. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "emulator/sql_parse.h"

enum { LONGEST_EXPIRATION_DAYS = 3650000 };

static bool parse_struct(struct sql_parser *parser, struct emulator_field *field);

static bool parse_array_type(struct sql_parser *parser, struct emulator_field *field) {
    if (!sql_expect(parser, "<") || !sql_parse_type(parser, field))
        return false;
    if (field->repeated)
        return sql_fail(parser->compilation, sql_peek(parser)->place,
                        "Arrays of arrays are not supported");
    field->repeated = true;
    return sql_expect(parser, ">");
}

/* Two angle brackets that close two types come as one sign; this makes them two again. */
static void split_shift(struct sql_parser *parser) {
    struct googlesql_token *token = &parser->tokens[parser->at];
    if (token->kind != GOOGLESQL_SIGN || strcmp(token->text, ">>") != 0)
        return;
    token->text = ">";
    parser->at--;
    parser->tokens[parser->at] = *token;
}

bool sql_parse_type(struct sql_parser *parser, struct emulator_field *field) {
    if (!sql_enter(parser))
        return false;
    bool good = false;
    struct googlesql_place place = sql_peek(parser)->place;
    if (sql_take(parser, "ARRAY")) {
        good = parse_array_type(parser, field);
    } else if (sql_take(parser, "STRUCT")) {
        good = parse_struct(parser, field);
    } else if (sql_at(parser, "INTERVAL") || sql_at(parser, "RANGE")) {
        sql_fail(parser->compilation, place, "The type %s is not supported by the local BigQuery",
                 sql_peek(parser)->text);
    } else {
        const char *name = sql_parse_name(parser);
        /* FLOAT is a name of REST and of legacy SQL only. */
        good = name && !sql_same(name, "FLOAT") && emulator_type_parse(name, &field->type) &&
               field->type != EMULATOR_RECORD;
        if (name && !good)
            sql_fail(parser->compilation, place, "Type not found: %s", name);
        /* STRING(5), NUMERIC(5, 1): what does not fit would have to be refused or rounded. */
        if (good && sql_at(parser, "("))
            good = sql_refuse(parser, "A type with parameters");
    }
    if (good)
        split_shift(parser);
    sql_leave(parser);
    return good;
}

static bool parse_struct(struct sql_parser *parser, struct emulator_field *field) {
    struct sql_arena *arena = &parser->compilation->arena;
    struct sql_list fields = {0};
    field->type = EMULATOR_RECORD;
    if (!sql_expect(parser, "<"))
        return false;
    do {
        struct emulator_field *inner = sql_new(arena, sizeof *inner);
        const char *name = sql_parse_name(parser);
        if (!name || !sql_parse_type(parser, inner))
            return false;
        inner->name = sql_copy(arena, name, strlen(name));
        sql_add(arena, &fields, inner);
    } while (sql_take(parser, ","));
    field->field_count = fields.count;
    field->fields = sql_new(arena, fields.count * sizeof *field->fields);
    for (size_t i = 0; i < fields.count; i++)
        field->fields[i] = *(struct emulator_field *)fields.items[i];
    return sql_expect(parser, ">");
}

/* OPTIONS(name = literal, …): those of the table that are understood are kept, the rest is passed
 * over as it has no meaning here. */
static bool parse_options(struct sql_parser *parser, struct sql_definition *definition) {
    if (!sql_take(parser, "OPTIONS"))
        return true;
    if (!sql_expect(parser, "("))
        return false;
    while (!sql_at(parser, ")")) {
        const char *name = sql_parse_name(parser);
        if (!name || !sql_expect(parser, "="))
            return false;
        const struct googlesql_token *token = sql_peek(parser);
        struct sql_expression *value = sql_parse_expression(parser);
        if (!value)
            return false;
        if (definition && sql_same(name, "require_partition_filter"))
            definition->require_partition_filter = sql_same(token->text, "TRUE");
        if (definition && sql_same(name, "partition_expiration_days") &&
            (!text_to_int64(text_of(token->text), &definition->partition_expiration_days) ||
             definition->partition_expiration_days > LONGEST_EXPIRATION_DAYS))
            return sql_fail(parser->compilation, token->place,
                            "partition_expiration_days must be a whole number of days");
        if (definition && sql_same(name, "description") && token->kind == GOOGLESQL_STRING) {
            free(definition->description);
            definition->description = memory_copy_string(token->text);
        }
        if (!sql_take(parser, ","))
            break;
    }
    return sql_expect(parser, ")");
}

static bool parse_column(struct sql_parser *parser, struct sql_list *fields) {
    struct sql_arena *arena = &parser->compilation->arena;
    struct emulator_field *field = sql_new(arena, sizeof *field);
    struct googlesql_place place = sql_peek(parser)->place;
    if (sql_at(parser, "PRIMARY") || sql_at(parser, "FOREIGN") || sql_at(parser, "CONSTRAINT"))
        return sql_refuse(parser, "A table constraint");
    const char *name = sql_parse_name(parser);
    if (!name || !sql_parse_type(parser, field))
        return false;
    field->name = sql_copy(arena, name, strlen(name));
    for (size_t i = 0; i < fields->count; i++)
        if (sql_same(((struct emulator_field *)fields->items[i])->name, name))
            return sql_fail(parser->compilation, place, "Duplicate column name %s in CREATE TABLE",
                            name);
    if (sql_take(parser, "NOT")) {
        field->required = true;
        if (!sql_expect(parser, "NULL"))
            return false;
    }
    if (sql_at(parser, "DEFAULT"))
        return sql_refuse(parser, "DEFAULT of a column");
    sql_add(arena, fields, field);
    return parse_options(parser, NULL);
}

static bool parse_columns(struct sql_parser *parser, struct sql_tree *tree) {
    if (!sql_take(parser, "("))
        return true;
    tree->has_columns = true;
    struct sql_list fields = {0};
    do {
        if (fields.count && sql_at(parser, ")"))
            break;
        if (!parse_column(parser, &fields))
            return false;
    } while (sql_take(parser, ","));
    struct emulator_field *flat = sql_new(&parser->compilation->arena, fields.count * sizeof *flat);
    for (size_t i = 0; i < fields.count; i++)
        flat[i] = *(struct emulator_field *)fields.items[i];
    tree->definition->fields = emulator_fields_copy(flat, fields.count);
    tree->definition->field_count = fields.count;
    return sql_expect(parser, ")");
}

/* PARTITION BY column, or DATE(column). */
static bool parse_partition(struct sql_parser *parser, struct sql_tree *tree) {
    if (!sql_take(parser, "PARTITION"))
        return true;
    if (!sql_expect(parser, "BY"))
        return false;
    bool date = sql_at(parser, "DATE") && sql_at_ahead(parser, 1, "(");
    if (date)
        parser->at += 2;
    tree->partition_place = sql_peek(parser)->place;
    const char *name = sql_parse_name(parser);
    if (name && sql_at(parser, "("))
        return sql_refuse(parser, "Partitioning by anything but days");
    tree->definition->partition_field = memory_copy_string(name);
    return name && (!date || sql_expect(parser, ")"));
}

static bool parse_cluster(struct sql_parser *parser, struct sql_definition *definition) {
    size_t capacity = 0;
    if (!sql_take(parser, "CLUSTER"))
        return true;
    if (!sql_expect(parser, "BY"))
        return false;
    do {
        const char *name = sql_parse_name(parser);
        if (!name)
            return false;
        definition->cluster_fields =
            memory_grow(definition->cluster_fields, definition->cluster_count, &capacity,
                        sizeof *definition->cluster_fields);
        definition->cluster_fields[definition->cluster_count++] = memory_copy_string(name);
    } while (sql_take(parser, ","));
    return true;
}

static bool parse_head(struct sql_parser *parser, struct sql_tree *tree) {
    if (sql_take(parser, "OR")) {
        tree->or_replace = true;
        if (!sql_expect(parser, "REPLACE"))
            return false;
    }
    if (!sql_at(parser, "TABLE"))
        return sql_refuse_word(parser, "CREATE");
    parser->at++;
    if (!sql_take(parser, "IF"))
        return true;
    tree->if_not_exists = true;
    return sql_expect(parser, "NOT") && sql_expect(parser, "EXISTS");
}

struct sql_tree *sql_parse_create(struct sql_parser *parser, struct sql_tree *tree) {
    tree->kind = SQL_CREATE_TABLE;
    if (!parse_head(parser, tree))
        return NULL;
    tree->target = sql_new(&parser->compilation->arena, sizeof *tree->target);
    tree->target->place = sql_peek(parser)->place;
    if (!sql_parse_path(parser, &tree->target->path))
        return NULL;
    tree->definition = parser->compilation->definition = memory_new(1, sizeof *tree->definition);
    if (sql_at(parser, "LIKE") || sql_at(parser, "COPY") || sql_at(parser, "CLONE")) {
        sql_refuse(parser, "CREATE TABLE … LIKE, COPY or CLONE");
        return NULL;
    }
    if (!parse_columns(parser, tree) || !parse_partition(parser, tree) ||
        !parse_cluster(parser, tree->definition) || !parse_options(parser, tree->definition))
        return NULL;
    if (sql_take(parser, "AS")) {
        tree->kind = SQL_CREATE_TABLE_AS_SELECT;
        tree->query = sql_parse_query(parser);
        return tree->query ? tree : NULL;
    }
    if (!tree->has_columns) {
        sql_fail(parser->compilation, tree->target->place,
                 "CREATE TABLE must have columns or AS SELECT");
        return NULL;
    }
    return tree;
}
