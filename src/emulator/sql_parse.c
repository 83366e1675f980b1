/* Queries: SELECT, set operations, WITH, ORDER BY; and the parser's dealings with tokens. */
#include "emulator/sql_parse.h"

#include <string.h>

const struct googlesql_token *sql_peek_ahead(const struct sql_parser *parser, size_t count) {
    size_t left = parser->count - 1 - parser->at;
    return &parser->tokens[parser->at + (count < left ? count : left)];
}

const struct googlesql_token *sql_peek(const struct sql_parser *parser) {
    return &parser->tokens[parser->at];
}

bool sql_at_ahead(const struct sql_parser *parser, size_t count, const char *word_or_sign) {
    const struct googlesql_token *token = sql_peek_ahead(parser, count);
    return (token->kind == GOOGLESQL_KEYWORD || token->kind == GOOGLESQL_SIGN ||
            (token->kind == GOOGLESQL_NAME && !token->quoted)) &&
           sql_same(token->text, word_or_sign);
}

bool sql_at(const struct sql_parser *parser, const char *word_or_sign) {
    return sql_at_ahead(parser, 0, word_or_sign);
}

bool sql_take(struct sql_parser *parser, const char *word_or_sign) {
    if (!sql_at(parser, word_or_sign))
        return false;
    parser->at++;
    return true;
}

bool sql_unexpected(struct sql_parser *parser) {
    const struct googlesql_token *token = sql_peek(parser);
    return sql_fail(parser->compilation, token->place, "Syntax error: Unexpected %s",
                    sql_token_describe(&parser->compilation->arena, token));
}

bool sql_expect(struct sql_parser *parser, const char *word_or_sign) {
    if (parser->compilation->failed)
        return false;
    if (sql_take(parser, word_or_sign))
        return true;
    const struct googlesql_token *token = sql_peek(parser);
    bool word = word_or_sign[0] >= 'A' && word_or_sign[0] <= 'Z';
    return sql_fail(parser->compilation, token->place,
                    word ? "Syntax error: Expected keyword %s but got %s"
                         : "Syntax error: Expected \"%s\" but got %s",
                    word_or_sign, sql_token_describe(&parser->compilation->arena, token));
}

bool sql_refuse(struct sql_parser *parser, const char *what) {
    return sql_fail(parser->compilation, sql_peek(parser)->place,
                    "%s is not supported by the local BigQuery", what);
}

bool sql_refuse_word(struct sql_parser *parser, const char *before) {
    const struct googlesql_token *token = sql_peek(parser);
    struct sql_arena *arena = &parser->compilation->arena;
    char *word = sql_copy(arena, token->text, strlen(token->text));
    for (char *at = word; *at; at++)
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
    return sql_refuse(parser, sql_print(arena, "%s %s", before, word));
}

bool sql_enter(struct sql_parser *parser) {
    if (parser->compilation->failed)
        return false;
    if (parser->depth >= SQL_DEPTH_LIMIT)
        return sql_fail_as(parser->compilation, "resourcesExceeded", 400, sql_peek(parser)->place,
                           "Resources exceeded during query execution: the statement is nested "
                           "too deeply for the local BigQuery");
    parser->depth++;
    return true;
}

void sql_leave(struct sql_parser *parser) {
    parser->depth--;
}

bool sql_count(struct sql_parser *parser) {
    if (++parser->operators > SQL_OPERATOR_LIMIT)
        return sql_fail_as(parser->compilation, "resourcesExceeded", 400, sql_peek(parser)->place,
                           "Resources exceeded during query execution: the statement has too many "
                           "operators for the local BigQuery");
    return !parser->compilation->failed;
}

const char *sql_parse_name(struct sql_parser *parser) {
    const struct googlesql_token *token = sql_peek(parser);
    if (parser->compilation->failed)
        return NULL;
    if (token->kind != GOOGLESQL_NAME) {
        sql_unexpected(parser);
        return NULL;
    }
    parser->at++;
    return token->text;
}

const char *sql_parse_alias(struct sql_parser *parser) {
    if (sql_take(parser, "AS"))
        return sql_parse_name(parser);
    return sql_peek(parser)->kind == GOOGLESQL_NAME ? sql_parse_name(parser) : NULL;
}

bool sql_at_query(const struct sql_parser *parser) {
    size_t ahead = 0;
    while (sql_at_ahead(parser, ahead, "("))
        ahead++;
    return sql_at_ahead(parser, ahead, "SELECT") || sql_at_ahead(parser, ahead, "WITH");
}

static bool parse_except(struct sql_parser *parser, struct sql_item *item) {
    if (sql_take(parser, "EXCEPT")) {
        if (!sql_expect(parser, "("))
            return false;
        do {
            const char *name = sql_parse_name(parser);
            if (!name)
                return false;
            sql_add_name(&parser->compilation->arena, &item->except, name);
        } while (sql_take(parser, ","));
        if (!sql_expect(parser, ")"))
            return false;
    }
    return !sql_at(parser, "REPLACE") || sql_refuse(parser, "SELECT * REPLACE");
}

/* `*`, `q.*`, or an expression with its alias. */
static bool parse_item(struct sql_parser *parser, struct sql_item *item) {
    struct sql_arena *arena = &parser->compilation->arena;
    item->place = sql_peek(parser)->place;
    size_t ahead = 0;
    while (sql_peek_ahead(parser, ahead)->kind == GOOGLESQL_NAME &&
           sql_at_ahead(parser, ahead + 1, "."))
        ahead += 2;
    item->star = sql_at_ahead(parser, ahead, "*");
    if (!item->star) {
        item->expression = sql_parse_expression(parser);
        item->alias = item->expression ? sql_parse_alias(parser) : NULL;
        return !parser->compilation->failed;
    }
    for (size_t i = 0; i < ahead; i += 2)
        sql_add_name(arena, &item->qualifier, sql_peek_ahead(parser, i)->text);
    parser->at += ahead + 1;
    return parse_except(parser, item);
}

/* A comma may stand behind the last item. */
static bool ends_items(struct sql_parser *parser) {
    static const char *const ends[] = {"FROM",  ")",     "UNION", "EXCEPT", "INTERSECT",
                                       "ORDER", "LIMIT", "WHERE", "|>",     ";"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (sql_at(parser, ends[i]))
            return true;
    return sql_peek(parser)->kind == GOOGLESQL_END;
}

static bool parse_items(struct sql_parser *parser, struct sql_select *select) {
    if (sql_at(parser, "AS"))
        return sql_refuse(parser, "SELECT AS STRUCT or VALUE");
    do {
        if (select->items.count && ends_items(parser))
            return true;
        struct sql_item *item = sql_new(&parser->compilation->arena, sizeof *item);
        if (!parse_item(parser, item))
            return false;
        sql_add(&parser->compilation->arena, &select->items, item);
    } while (sql_take(parser, ","));
    return true;
}

static bool parse_group(struct sql_parser *parser, struct sql_select *select) {
    if (!sql_take(parser, "GROUP"))
        return true;
    if (!sql_expect(parser, "BY"))
        return false;
    if (sql_at(parser, "ROLLUP") || sql_at(parser, "CUBE") || sql_at(parser, "GROUPING") ||
        sql_at(parser, "ALL"))
        return sql_refuse(parser, "GROUP BY ROLLUP, CUBE, GROUPING SETS or ALL");
    select->aggregated = true;
    return sql_parse_expressions(parser, &select->group);
}

static struct sql_select *parse_select(struct sql_parser *parser) {
    struct sql_select *select = sql_new(&parser->compilation->arena, sizeof *select);
    select->place = sql_peek(parser)->place;
    if (!sql_expect(parser, "SELECT"))
        return NULL;
    select->distinct = sql_take(parser, "DISTINCT");
    if (!select->distinct)
        sql_take(parser, "ALL");
    if (!parse_items(parser, select))
        return NULL;
    if (sql_take(parser, "FROM") && !(select->from = sql_parse_from(parser)))
        return NULL;
    if (!select->from && sql_at(parser, "WHERE")) {
        sql_fail(parser->compilation, sql_peek(parser)->place,
                 "Query without FROM clause cannot have a WHERE clause");
        return NULL;
    }
    if (sql_take(parser, "WHERE") && !(select->where = sql_parse_expression(parser)))
        return NULL;
    if (!parse_group(parser, select))
        return NULL;
    if (sql_take(parser, "HAVING") && !(select->having = sql_parse_expression(parser)))
        return NULL;
    if (sql_at(parser, "QUALIFY")) {
        sql_refuse(parser, "QUALIFY");
        return NULL;
    }
    if (sql_at(parser, "WINDOW")) {
        sql_refuse(parser, "The WINDOW clause");
        return NULL;
    }
    return select;
}

static struct sql_body *parse_operand(struct sql_parser *parser) {
    struct sql_body *body = sql_new(&parser->compilation->arena, sizeof *body);
    body->place = sql_peek(parser)->place;
    if (sql_take(parser, "(")) {
        body->query = sql_parse_query(parser);
        return body->query && sql_expect(parser, ")") ? body : NULL;
    }
    body->select = parse_select(parser);
    return body->select ? body : NULL;
}

/* UNION ALL | DISTINCT, EXCEPT DISTINCT, INTERSECT DISTINCT, or NULL when none follows. */
static const char *parse_operation(struct sql_parser *parser) {
    const char *operation = sql_at(parser, "UNION")       ? "UNION"
                            : sql_at(parser, "EXCEPT")    ? "EXCEPT"
                            : sql_at(parser, "INTERSECT") ? "INTERSECT"
                                                          : NULL;
    if (!operation)
        return NULL;
    parser->at++;
    if (sql_take(parser, "DISTINCT"))
        return operation;
    if (!sql_at(parser, "ALL")) {
        const struct googlesql_token *token = sql_peek(parser);
        sql_fail(parser->compilation, token->place,
                 "Syntax error: Expected keyword ALL or keyword DISTINCT but got %s",
                 sql_token_describe(&parser->compilation->arena, token));
        return NULL;
    }
    if (strcmp(operation, "UNION") != 0) {
        sql_refuse(parser, "EXCEPT ALL or INTERSECT ALL");
        return NULL;
    }
    parser->at++;
    return "UNION ALL";
}

static struct sql_body *parse_body(struct sql_parser *parser) {
    struct sql_body *left = parse_operand(parser);
    while (left) {
        struct googlesql_place place = sql_peek(parser)->place;
        const char *operation = parse_operation(parser);
        if (!operation)
            break;
        if (left->operation && left->operation != operation) {
            sql_fail(parser->compilation, place,
                     "Syntax error: Different set operations cannot be used in the same query "
                     "without using parentheses for grouping");
            break;
        }
        struct sql_body *body = sql_new(&parser->compilation->arena, sizeof *body);
        body->place = place;
        body->operation = operation;
        body->left = left;
        body->right = parse_operand(parser);
        left = body->right && sql_count(parser) ? body : NULL;
    }
    return parser->compilation->failed ? NULL : left;
}

static bool parse_ctes(struct sql_parser *parser, struct sql_query *query) {
    if (sql_at(parser, "RECURSIVE"))
        return sql_refuse(parser, "WITH RECURSIVE");
    do {
        struct sql_cte *cte = sql_new(&parser->compilation->arena, sizeof *cte);
        cte->place = sql_peek(parser)->place;
        cte->name = sql_parse_name(parser);
        if (!cte->name || !sql_expect(parser, "AS") || !sql_expect(parser, "("))
            return false;
        cte->query = sql_parse_query(parser);
        if (!cte->query || !sql_expect(parser, ")"))
            return false;
        for (size_t i = 0; i < query->ctes.count; i++) {
            const struct sql_cte *other = query->ctes.items[i];
            if (sql_same(other->name, cte->name))
                return sql_fail(parser->compilation, cte->place,
                                "Duplicate alias %s for WITH subquery", cte->name);
        }
        sql_add(&parser->compilation->arena, &query->ctes, cte);
    } while (sql_take(parser, ","));
    return true;
}

/* A LIMIT or OFFSET: an integer or a parameter. */
static struct sql_expression *parse_count(struct sql_parser *parser) {
    enum googlesql_kind kind = sql_peek(parser)->kind;
    if (kind == GOOGLESQL_INTEGER || kind == GOOGLESQL_PARAMETER || sql_at(parser, "?"))
        return sql_parse_primary(parser);
    sql_unexpected(parser);
    return NULL;
}

static bool parse_tail(struct sql_parser *parser, struct sql_query *query) {
    if (sql_take(parser, "ORDER") &&
        (!sql_expect(parser, "BY") || !sql_parse_order(parser, &query->order)))
        return false;
    if (!sql_take(parser, "LIMIT"))
        return true;
    query->limit = parse_count(parser);
    if (query->limit && sql_take(parser, "OFFSET"))
        query->offset = parse_count(parser);
    return !parser->compilation->failed;
}

struct sql_query *sql_parse_query(struct sql_parser *parser) {
    if (!sql_enter(parser))
        return NULL;
    struct sql_query *query = sql_new(&parser->compilation->arena, sizeof *query);
    query->place = sql_peek(parser)->place;
    bool good = !sql_take(parser, "WITH") || parse_ctes(parser, query);
    good = good && (query->body = parse_body(parser)) && parse_tail(parser, query);
    good = good && (!sql_at(parser, "|>") || sql_refuse(parser, "The pipe syntax (|>)"));
    sql_leave(parser);
    return good ? query : NULL;
}
