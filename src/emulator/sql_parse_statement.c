/* Statements: which one it is, and INSERT, UPDATE, DELETE, TRUNCATE, DROP. */
#include <string.h>

#include "emulator/sql_parse.h"

static struct sql_source *parse_target(struct sql_parser *parser) {
    struct sql_source *source = sql_new(&parser->compilation->arena, sizeof *source);
    source->place = sql_peek(parser)->place;
    return sql_parse_path(parser, &source->path) ? source : NULL;
}

static bool parse_insert_columns(struct sql_parser *parser, struct sql_tree *tree) {
    if (!sql_at(parser, "(") || sql_at_query(parser))
        return true;
    struct sql_arena *arena = &parser->compilation->arena;
    parser->at++;
    tree->has_columns = true;
    do {
        struct googlesql_place *place = sql_new(arena, sizeof *place);
        *place = sql_peek(parser)->place;
        const char *name = sql_parse_name(parser);
        if (!name)
            return false;
        sql_add_name(arena, &tree->columns, name);
        sql_add(arena, &tree->column_places, place);
    } while (sql_take(parser, ","));
    return sql_expect(parser, ")");
}

static bool parse_insert(struct sql_parser *parser, struct sql_tree *tree) {
    struct sql_arena *arena = &parser->compilation->arena;
    tree->kind = SQL_INSERT;
    sql_take(parser, "INTO");
    if (!(tree->target = parse_target(parser)) || !parse_insert_columns(parser, tree))
        return false;
    if (!sql_take(parser, "VALUES")) {
        if (!sql_at_query(parser))
            return sql_unexpected(parser);
        tree->query = sql_parse_query(parser);
        return tree->query != NULL;
    }
    do {
        struct sql_list *row = sql_new(arena, sizeof *row);
        if (!sql_expect(parser, "(") || !sql_parse_expressions(parser, row) ||
            !sql_expect(parser, ")"))
            return false;
        sql_add(arena, &tree->rows, row);
    } while (sql_take(parser, ","));
    return true;
}

static bool parse_assignments(struct sql_parser *parser, struct sql_tree *tree) {
    do {
        struct sql_assignment *assignment =
            sql_new(&parser->compilation->arena, sizeof *assignment);
        assignment->place = sql_peek(parser)->place;
        assignment->name = sql_parse_name(parser);
        if (assignment->name && sql_at(parser, ".")) {
            if (!sql_same(assignment->name, tree->target->alias))
                return sql_refuse(parser, "Setting a field of a STRUCT");
            parser->at++;
            assignment->place = sql_peek(parser)->place;
            assignment->name = sql_parse_name(parser);
        }
        if (!assignment->name || !sql_expect(parser, "="))
            return false;
        assignment->value = sql_parse_expression(parser);
        if (!assignment->value)
            return false;
        sql_add(&parser->compilation->arena, &tree->assignments, assignment);
    } while (sql_take(parser, ","));
    return true;
}

/* The WHERE that UPDATE and DELETE must have. */
static bool parse_where(struct sql_parser *parser, struct sql_tree *tree, const char *verb) {
    if (!sql_take(parser, "WHERE"))
        return sql_fail(parser->compilation, tree->place, "%s must have a WHERE clause", verb);
    tree->where = sql_parse_expression(parser);
    return tree->where != NULL;
}

static bool parse_update(struct sql_parser *parser, struct sql_tree *tree) {
    tree->kind = SQL_UPDATE;
    if (!(tree->target = parse_target(parser)))
        return false;
    tree->target->alias = sql_parse_alias(parser);
    if (!sql_expect(parser, "SET") || !parse_assignments(parser, tree))
        return false;
    if (sql_take(parser, "FROM") && !(tree->from = sql_parse_from(parser)))
        return false;
    return parse_where(parser, tree, "UPDATE");
}

static bool parse_delete(struct sql_parser *parser, struct sql_tree *tree) {
    tree->kind = SQL_DELETE;
    sql_take(parser, "FROM");
    if (!(tree->target = parse_target(parser)))
        return false;
    tree->target->alias = sql_parse_alias(parser);
    return parse_where(parser, tree, "DELETE");
}

static bool parse_truncate(struct sql_parser *parser, struct sql_tree *tree) {
    tree->kind = SQL_TRUNCATE;
    return sql_expect(parser, "TABLE") && (tree->target = parse_target(parser));
}

static bool parse_drop(struct sql_parser *parser, struct sql_tree *tree) {
    tree->kind = SQL_DROP_TABLE;
    if (!sql_at(parser, "TABLE"))
        return sql_refuse_word(parser, "DROP");
    parser->at++;
    if (sql_take(parser, "IF")) {
        tree->if_exists = true;
        if (!sql_expect(parser, "EXISTS"))
            return false;
    }
    return (tree->target = parse_target(parser)) != NULL;
}

struct sql_tree *sql_parse_change(struct sql_parser *parser, struct sql_tree *tree) {
    static const struct {
        const char *word;
        bool (*parse)(struct sql_parser *parser, struct sql_tree *tree);
    } verbs[] = {{"INSERT", parse_insert},
                 {"UPDATE", parse_update},
                 {"DELETE", parse_delete},
                 {"TRUNCATE", parse_truncate},
                 {"DROP", parse_drop}};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (sql_take(parser, verbs[i].word))
            return verbs[i].parse(parser, tree) ? tree : NULL;
    sql_unexpected(parser);
    return NULL;
}

/* Statements that BigQuery knows and the local one does not. */
static bool refuse_statement(struct sql_parser *parser) {
    static const char *const words[] = {
        "MERGE",  "ALTER",  "DECLARE", "SET",      "BEGIN",  "IF",     "LOOP", "WHILE",
        "REPEAT", "CALL",   "EXECUTE", "GRANT",    "REVOKE", "EXPORT", "LOAD", "ASSERT",
        "COMMIT", "RETURN", "RAISE",   "ROLLBACK", "FOR",    "BREAK",  "CASE", "EXPLAIN",
        "UNDROP", "CLONE",  "TABLE",   "FROM",     "ANALYZE"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (sql_at(parser, words[i]))
            return sql_refuse(parser,
                              sql_print(&parser->compilation->arena, "The statement %s", words[i]));
    return true;
}

static struct sql_tree *parse_statement(struct sql_parser *parser) {
    struct sql_tree *tree = sql_new(&parser->compilation->arena, sizeof *tree);
    tree->place = sql_peek(parser)->place;
    if (sql_at_query(parser)) {
        tree->query = sql_parse_query(parser);
        return tree->query ? tree : NULL;
    }
    if (!refuse_statement(parser))
        return NULL;
    if (sql_take(parser, "CREATE"))
        return sql_parse_create(parser, tree);
    return sql_parse_change(parser, tree);
}

struct sql_tree *sql_parse(struct sql_compilation *compilation, struct text text) {
    struct sql_parser parser = {.compilation = compilation};
    parser.tokens = sql_tokenise(compilation, text, &parser.count);
    if (!parser.tokens)
        return NULL;
    struct sql_tree *tree = parse_statement(&parser);
    if (!tree)
        return NULL;
    bool closed = sql_take(&parser, ";");
    while (sql_take(&parser, ";"))
        ;
    const struct googlesql_token *token = sql_peek(&parser);
    if (token->kind == GOOGLESQL_END)
        return tree;
    if (closed)
        sql_refuse(&parser, "A script of several statements");
    else
        sql_fail(compilation, token->place, "Syntax error: Expected end of input but got %s",
                 sql_token_describe(&compilation->arena, token));
    return NULL;
}
