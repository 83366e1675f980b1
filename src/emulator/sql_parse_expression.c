/* Expressions: the precedence ladder. Primaries (literals, calls, names) are in
 * sql_parse_primary.c. */
#include "emulator/sql_parse.h"

#include <string.h>

typedef struct sql_expression *parse_level(struct sql_parser *parser);

struct sql_expression *sql_node(struct sql_parser *parser, enum sql_form form) {
    struct sql_expression *node = sql_new(&parser->compilation->arena, sizeof *node);
    node->form = form;
    node->place = sql_peek(parser)->place;
    if (++parser->nodes > SQL_NODE_LIMIT)
        sql_fail_as(parser->compilation, "resourcesExceeded", 400, node->place,
                    "Resources exceeded during query execution: the statement has more than %d "
                    "expressions",
                    (int)SQL_NODE_LIMIT);
    return node;
}

static struct sql_expression *binary(struct sql_parser *parser, struct googlesql_place place,
                                     const char *operation, struct sql_expression *left,
                                     struct sql_expression *right) {
    if (!left || !right || !sql_count(parser))
        return NULL;
    struct sql_expression *node = sql_node(parser, FORM_BINARY);
    node->place = place;
    node->text = operation;
    sql_add(&parser->compilation->arena, &node->arguments, left);
    sql_add(&parser->compilation->arena, &node->arguments, right);
    return node;
}

/* A left-associative chain of the given operators over `next`. */
static struct sql_expression *chain(struct sql_parser *parser, parse_level *next,
                                    const char *const *operators) {
    struct sql_expression *left = next(parser);
    while (left) {
        const char *found = NULL;
        for (const char *const *operation = operators; *operation && !found; operation++)
            found = sql_at(parser, *operation) ? *operation : NULL;
        if (!found)
            break;
        struct googlesql_place place = sql_peek(parser)->place;
        parser->at++;
        left = binary(parser, place, found, left, next(parser));
    }
    return left;
}

static struct sql_expression *element_of(struct sql_parser *parser, struct sql_expression *array) {
    static const char *const ways[] = {"OFFSET", "ORDINAL", "SAFE_OFFSET", "SAFE_ORDINAL"};
    struct sql_expression *node = sql_node(parser, FORM_ELEMENT);
    parser->at++;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (!sql_at(parser, ways[i]) || !sql_at_ahead(parser, 1, "("))
            continue;
        parser->at += 2;
        node->text = ways[i];
        break;
    }
    struct sql_expression *index = sql_parse_expression(parser);
    if (!index || (node->text && !sql_expect(parser, ")")) || !sql_expect(parser, "]"))
        return NULL;
    node->text = node->text ? node->text : "OFFSET";
    sql_add(&parser->compilation->arena, &node->arguments, array);
    sql_add(&parser->compilation->arena, &node->arguments, index);
    return node;
}

static struct sql_expression *postfix(struct sql_parser *parser) {
    struct sql_expression *node = sql_parse_primary(parser);
    while (node && sql_at(parser, "[") && sql_count(parser))
        node = element_of(parser, node);
    if (node && sql_at(parser, "."))
        sql_refuse(parser, "A field of an expression");
    return parser->compilation->failed ? NULL : node;
}

static struct sql_expression *unary(struct sql_parser *parser) {
    if (!sql_at(parser, "-") && !sql_at(parser, "+"))
        return sql_at(parser, "~") && !sql_refuse(parser, "The operator ~") ? NULL
                                                                            : postfix(parser);
    struct sql_expression *node = sql_node(parser, FORM_UNARY);
    node->text = sql_at(parser, "-") ? "-" : "+";
    parser->at++;
    if (!sql_enter(parser))
        return NULL;
    struct sql_expression *operand = unary(parser);
    sql_leave(parser);
    if (!operand)
        return NULL;
    sql_add(&parser->compilation->arena, &node->arguments, operand);
    return node;
}

static struct sql_expression *product(struct sql_parser *parser) {
    static const char *const operators[] = {"*", "/", "||", NULL};
    return chain(parser, unary, operators);
}

static struct sql_expression *sum(struct sql_parser *parser) {
    static const char *const operators[] = {"+", "-", NULL};
    return chain(parser, product, operators);
}

static struct sql_expression *bits(struct sql_parser *parser) {
    static const char *const operators[] = {"<<", ">>", "&", "^", "|", NULL};
    return chain(parser, sum, operators);
}

static struct sql_expression *between(struct sql_parser *parser, struct sql_expression *left,
                                      struct sql_expression *node) {
    struct sql_arena *arena = &parser->compilation->arena;
    node->form = FORM_BETWEEN;
    struct sql_expression *low = bits(parser);
    if (!low || !sql_expect(parser, "AND"))
        return NULL;
    struct sql_expression *high = bits(parser);
    if (!high)
        return NULL;
    sql_add(arena, &node->arguments, left);
    sql_add(arena, &node->arguments, low);
    sql_add(arena, &node->arguments, high);
    return node;
}

static struct sql_expression *in(struct sql_parser *parser, struct sql_expression *left,
                                 struct sql_expression *node) {
    node->form = FORM_IN;
    sql_add(&parser->compilation->arena, &node->arguments, left);
    bool unnest = sql_take(parser, "UNNEST");
    if (!sql_expect(parser, "("))
        return NULL;
    if (unnest)
        node->array = sql_parse_expression(parser);
    else if (sql_at_query(parser))
        node->query = sql_parse_query(parser);
    else
        sql_parse_expressions(parser, &node->arguments);
    return sql_expect(parser, ")") ? node : NULL;
}

static struct sql_expression *is(struct sql_parser *parser, struct sql_expression *left,
                                 struct sql_expression *node) {
    static const char *const values[] = {"NULL", "TRUE", "FALSE"};
    node->form = FORM_IS;
    node->negated = sql_take(parser, "NOT");
    if (sql_at(parser, "DISTINCT")) {
        sql_refuse(parser, "IS DISTINCT FROM");
        return NULL;
    }
    for (size_t i = 0; i < sizeof values / sizeof *values && !node->text; i++)
        node->text = sql_take(parser, values[i]) ? values[i] : NULL;
    if (!node->text) {
        sql_unexpected(parser);
        return NULL;
    }
    sql_add(&parser->compilation->arena, &node->arguments, left);
    return node;
}

static struct sql_expression *like(struct sql_parser *parser, struct googlesql_place place,
                                   struct sql_expression *left, bool negated) {
    if (sql_at(parser, "ANY") || sql_at(parser, "SOME") || sql_at(parser, "ALL")) {
        sql_refuse(parser, "LIKE ANY");
        return NULL;
    }
    struct sql_expression *node = binary(parser, place, "LIKE", left, bits(parser));
    if (node)
        node->negated = negated;
    return node;
}

static struct sql_expression *comparison(struct sql_parser *parser) {
    static const char *const operators[] = {"=", "!=", "<>", "<=", ">=", "<", ">", NULL};
    struct sql_expression *left = chain(parser, bits, operators);
    while (left && sql_count(parser)) {
        struct sql_expression *node = sql_node(parser, FORM_IS);
        size_t not = sql_at(parser, "NOT") ? 1 : 0;
        node->negated = not == 1;
        if (sql_at_ahead(parser, not, "BETWEEN")) {
            parser->at += not +1;
            left = between(parser, left, node);
        } else if (sql_at_ahead(parser, not, "IN")) {
            parser->at += not +1;
            left = in(parser, left, node);
        } else if (sql_at_ahead(parser, not, "LIKE")) {
            parser->at += not +1;
            left = like(parser, node->place, left, node->negated);
        } else if (sql_take(parser, "IS")) {
            left = is(parser, left, node);
        } else {
            return left;
        }
    }
    return NULL;
}

static struct sql_expression *negation(struct sql_parser *parser) {
    if (!sql_at(parser, "NOT"))
        return comparison(parser);
    struct sql_expression *node = sql_node(parser, FORM_UNARY);
    node->text = "NOT";
    parser->at++;
    if (!sql_enter(parser))
        return NULL;
    struct sql_expression *operand = negation(parser);
    sql_leave(parser);
    if (!operand)
        return NULL;
    sql_add(&parser->compilation->arena, &node->arguments, operand);
    return node;
}

static struct sql_expression *conjunction(struct sql_parser *parser) {
    static const char *const operators[] = {"AND", NULL};
    return chain(parser, negation, operators);
}

struct sql_expression *sql_parse_expression(struct sql_parser *parser) {
    static const char *const operators[] = {"OR", NULL};
    if (!sql_enter(parser))
        return NULL;
    struct sql_expression *node = chain(parser, conjunction, operators);
    sql_leave(parser);
    return parser->compilation->failed ? NULL : node;
}

bool sql_parse_expressions(struct sql_parser *parser, struct sql_list *list) {
    do {
        struct sql_expression *node = sql_parse_expression(parser);
        if (!node)
            return false;
        sql_add(&parser->compilation->arena, list, node);
    } while (sql_take(parser, ","));
    return true;
}

bool sql_parse_order(struct sql_parser *parser, struct sql_list *order) {
    do {
        struct sql_order *item = sql_new(&parser->compilation->arena, sizeof *item);
        item->expression = sql_parse_expression(parser);
        if (!item->expression)
            return false;
        if (sql_at(parser, "COLLATE"))
            return sql_refuse(parser, "COLLATE");
        item->descending = sql_take(parser, "DESC");
        if (!item->descending)
            sql_take(parser, "ASC");
        if (sql_take(parser, "NULLS")) {
            item->nulls = sql_at(parser, "FIRST") ? "NULLS FIRST" : "NULLS LAST";
            if (!sql_take(parser, "FIRST") && !sql_expect(parser, "LAST"))
                return false;
        }
        sql_add(&parser->compilation->arena, order, item);
    } while (sql_take(parser, ","));
    return true;
}
