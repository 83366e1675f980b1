/* Primaries: literals, names, calls, CASE, CAST, EXTRACT, ARRAY, subqueries, and OVER. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/sql_parse.h"

static struct sql_expression *literal(struct sql_parser *parser, enum emulator_type type) {
    struct sql_expression *node = sql_node(parser, FORM_LITERAL);
    const struct googlesql_token *token = sql_peek(parser);
    node->text = token->text;
    node->index = token->size;
    node->type = (struct sql_type){.known = true, .base = type};
    node->string = type == EMULATOR_STRING;
    parser->at++;
    return node;
}

/* DATE '…' and its kin: a cast of a literal. */
static struct sql_expression *typed_literal(struct sql_parser *parser, enum emulator_type type) {
    struct sql_expression *node = sql_node(parser, FORM_CAST);
    parser->at++;
    node->type = (struct sql_type){.known = true, .base = type};
    node->text = "literal";
    sql_add(&parser->compilation->arena, &node->arguments, literal(parser, EMULATOR_STRING));
    return node;
}

static struct sql_expression *parse_case(struct sql_parser *parser) {
    struct sql_arena *arena = &parser->compilation->arena;
    struct sql_expression *node = sql_node(parser, FORM_CASE);
    parser->at++;
    struct sql_expression *operand = sql_at(parser, "WHEN") ? NULL : sql_parse_expression(parser);
    sql_add(arena, &node->arguments, operand);
    if (!sql_at(parser, "WHEN"))
        return sql_expect(parser, "WHEN") ? node : NULL;
    while (sql_take(parser, "WHEN")) {
        struct sql_expression *when = sql_parse_expression(parser);
        if (!when || !sql_expect(parser, "THEN"))
            return NULL;
        struct sql_expression *then = sql_parse_expression(parser);
        if (!then)
            return NULL;
        sql_add(arena, &node->arguments, when);
        sql_add(arena, &node->arguments, then);
    }
    if (sql_take(parser, "ELSE")) {
        struct sql_expression *otherwise = sql_parse_expression(parser);
        if (!otherwise)
            return NULL;
        sql_add(arena, &node->arguments, otherwise);
    }
    return sql_expect(parser, "END") ? node : NULL;
}

static struct sql_expression *parse_cast(struct sql_parser *parser, bool safe) {
    struct sql_expression *node = sql_node(parser, FORM_CAST);
    node->safe = safe;
    parser->at++;
    if (!sql_expect(parser, "("))
        return NULL;
    struct sql_expression *operand = sql_parse_expression(parser);
    struct emulator_field field = {0};
    if (!operand || !sql_expect(parser, "AS") || !sql_parse_type(parser, &field))
        return NULL;
    if (sql_at(parser, "FORMAT")) {
        sql_refuse(parser, "CAST … FORMAT");
        return NULL;
    }
    node->type = (struct sql_type){.known = true,
                                   .array = field.repeated,
                                   .base = field.type,
                                   .fields = field.fields,
                                   .field_count = field.field_count};
    sql_add(&parser->compilation->arena, &node->arguments, operand);
    return sql_expect(parser, ")") ? node : NULL;
}

static struct sql_expression *parse_extract(struct sql_parser *parser) {
    struct sql_arena *arena = &parser->compilation->arena;
    struct sql_expression *node = sql_node(parser, FORM_CALL);
    node->text = "EXTRACT";
    parser->at++;
    if (!sql_expect(parser, "("))
        return NULL;
    struct sql_expression *part = sql_parse_primary(parser);
    if (!part || !sql_expect(parser, "FROM"))
        return NULL;
    struct sql_expression *value = sql_parse_expression(parser);
    if (!value)
        return NULL;
    sql_add(arena, &node->arguments, part);
    sql_add(arena, &node->arguments, value);
    if (sql_take(parser, "AT")) {
        struct sql_expression *zone = NULL;
        if (sql_expect(parser, "TIME") && sql_expect(parser, "ZONE"))
            zone = sql_parse_expression(parser);
        if (!zone)
            return NULL;
        sql_add(arena, &node->arguments, zone);
    }
    return sql_expect(parser, ")") ? node : NULL;
}

static struct sql_expression *parse_interval(struct sql_parser *parser) {
    struct sql_expression *node = sql_node(parser, FORM_INTERVAL);
    parser->at++;
    struct sql_expression *count = sql_parse_expression(parser);
    if (!count)
        return NULL;
    node->text = sql_parse_name(parser);
    sql_add(&parser->compilation->arena, &node->arguments, count);
    return node->text ? node : NULL;
}

static struct sql_expression *parse_array(struct sql_parser *parser) {
    struct sql_expression *node = sql_node(parser, FORM_ARRAY);
    if (sql_take(parser, "ARRAY")) {
        if (sql_at(parser, "<")) {
            sql_refuse(parser, "An array literal with a type");
            return NULL;
        }
        if (sql_take(parser, "(")) {
            node->query = sql_parse_query(parser);
            return sql_expect(parser, ")") ? node : NULL;
        }
    }
    if (!sql_expect(parser, "["))
        return NULL;
    if (!sql_at(parser, "]") && !sql_parse_expressions(parser, &node->arguments))
        return NULL;
    return sql_expect(parser, "]") ? node : NULL;
}

static struct sql_expression *parenthesised(struct sql_parser *parser) {
    struct sql_expression *node = NULL;
    if (sql_at_query(parser)) {
        node = sql_node(parser, FORM_SCALAR);
        parser->at++;
        node->query = sql_parse_query(parser);
    } else {
        parser->at++;
        node = sql_parse_expression(parser);
        if (node && sql_at(parser, ","))
            sql_refuse(parser, "A tuple");
    }
    return node && sql_expect(parser, ")") ? node : NULL;
}

static const char *frame_bound(struct sql_parser *parser) {
    if (sql_take(parser, "CURRENT"))
        return sql_expect(parser, "ROW") ? "CURRENT ROW" : NULL;
    const char *count = NULL;
    if (sql_take(parser, "UNBOUNDED")) {
        count = "UNBOUNDED";
    } else if (sql_peek(parser)->kind == GOOGLESQL_INTEGER) {
        count = sql_peek(parser)->text;
        parser->at++;
    } else {
        sql_unexpected(parser);
        return NULL;
    }
    const char *side = sql_at(parser, "PRECEDING") ? "PRECEDING" : "FOLLOWING";
    if (!sql_take(parser, "PRECEDING") && !sql_expect(parser, "FOLLOWING"))
        return NULL;
    return sql_print(&parser->compilation->arena, "%s %s", count, side);
}

enum frame_place { UNBOUNDED_BEFORE, BEFORE, CURRENT, AFTER, UNBOUNDED_AFTER };

static enum frame_place frame_place(const char *bound) {
    bool unbounded = strncmp(bound, "UNBOUNDED", 9) == 0;
    return strstr(bound, "PRECEDING")   ? (unbounded ? UNBOUNDED_BEFORE : BEFORE)
           : strstr(bound, "FOLLOWING") ? (unbounded ? UNBOUNDED_AFTER : AFTER)
                                        : CURRENT;
}

static bool parse_frame(struct sql_parser *parser, struct sql_window *window) {
    struct googlesql_place place = sql_peek(parser)->place;
    const char *unit = sql_at(parser, "ROWS") ? "ROWS" : "RANGE";
    parser->at++;
    bool both = sql_take(parser, "BETWEEN");
    const char *from = frame_bound(parser);
    if (!from || (both && !sql_expect(parser, "AND")))
        return false;
    const char *to = both ? frame_bound(parser) : "CURRENT ROW";
    if (!to)
        return false;
    if (frame_place(from) > frame_place(to) || frame_place(from) == UNBOUNDED_AFTER ||
        frame_place(to) == UNBOUNDED_BEFORE)
        return sql_fail(parser->compilation, place,
                        "A window frame cannot start at %s and end at %s", from, to);
    window->frame = sql_print(&parser->compilation->arena, "%s BETWEEN %s AND %s", unit, from, to);
    return true;
}

struct sql_window *sql_parse_window(struct sql_parser *parser) {
    struct sql_window *window = sql_new(&parser->compilation->arena, sizeof *window);
    window->place = sql_peek(parser)->place;
    if (!sql_at(parser, "(") && !sql_refuse(parser, "A named window"))
        return NULL;
    parser->at++;
    if (sql_take(parser, "PARTITION")) {
        if (!sql_expect(parser, "BY") || !sql_parse_expressions(parser, &window->partition))
            return NULL;
    }
    if (sql_take(parser, "ORDER")) {
        if (!sql_expect(parser, "BY") || !sql_parse_order(parser, &window->order))
            return NULL;
    }
    if ((sql_at(parser, "ROWS") || sql_at(parser, "RANGE")) && !parse_frame(parser, window))
        return NULL;
    return sql_expect(parser, ")") ? window : NULL;
}

static bool call_arguments(struct sql_parser *parser, struct sql_expression *node) {
    node->distinct = sql_take(parser, "DISTINCT");
    if (sql_at(parser, "*")) {
        sql_add(&parser->compilation->arena, &node->arguments, sql_node(parser, FORM_STAR));
        parser->at++;
    } else if (!sql_at(parser, ")") && !sql_parse_expressions(parser, &node->arguments)) {
        return false;
    }
    if (sql_at(parser, "=>"))
        return sql_refuse(parser, "A named argument");
    if (sql_at(parser, "->"))
        return sql_refuse(parser, "A lambda");
    if (sql_at(parser, "IGNORE") || sql_at(parser, "RESPECT"))
        return sql_refuse(parser, "IGNORE NULLS");
    if (sql_at(parser, "HAVING"))
        return sql_refuse(parser, "HAVING MAX or MIN within an aggregate");
    if (sql_take(parser, "ORDER") &&
        (!sql_expect(parser, "BY") || !sql_parse_order(parser, &node->order)))
        return false;
    if (sql_at(parser, "LIMIT"))
        return sql_refuse(parser, "LIMIT within an aggregate");
    return sql_expect(parser, ")");
}

/* A call; its name is read. */
static struct sql_expression *call(struct sql_parser *parser, const char *name,
                                   struct googlesql_place place) {
    struct sql_expression *node = sql_node(parser, FORM_CALL);
    node->place = place;
    node->text = name;
    if (!sql_expect(parser, "(") || !call_arguments(parser, node))
        return NULL;
    if (sql_take(parser, "OVER")) {
        node->window = sql_parse_window(parser);
        if (!node->window)
            return NULL;
    }
    return node;
}

static struct sql_expression *name_or_call(struct sql_parser *parser) {
    struct sql_arena *arena = &parser->compilation->arena;
    struct googlesql_place place = sql_peek(parser)->place;
    struct sql_expression *node = sql_node(parser, FORM_NAME);
    const char *name = sql_parse_name(parser);
    if (!name)
        return NULL;
    if (sql_at(parser, "("))
        return call(parser, name, place);
    sql_add_name(arena, &node->names, name);
    while (sql_take(parser, ".")) {
        if (sql_at(parser, "*")) {
            sql_unexpected(parser);
            return NULL;
        }
        struct googlesql_token *token = &parser->tokens[parser->at];
        if (token->kind != GOOGLESQL_NAME && token->kind != GOOGLESQL_KEYWORD) {
            sql_unexpected(parser);
            return NULL;
        }
        parser->at++;
        sql_add_name(arena, &node->names, token->text);
    }
    if (sql_at(parser, "(")) {
        struct text_buffer path = {0};
        for (size_t i = 0; i < node->names.count; i++)
            text_buffer_format(&path, "%s%s", i ? "." : "", (const char *)node->names.items[i]);
        const char *first = node->names.items[0];
        sql_fail(parser->compilation, place,
                 sql_same(first, "SAFE") ? "The prefix %s. is not supported by the local BigQuery"
                                         : "The function %s is not supported by the local BigQuery",
                 sql_same(first, "SAFE") ? first : path.data);
        text_buffer_free(&path);
        return NULL;
    }
    return node;
}

static struct sql_expression *parameter(struct sql_parser *parser) {
    struct sql_expression *node = sql_node(parser, FORM_PARAMETER);
    const struct googlesql_token *token = sql_peek(parser);
    if (token->kind == GOOGLESQL_PARAMETER)
        node->text = token->text;
    else
        node->index = parser->compilation->positional++;
    parser->at++;
    return node;
}

static struct sql_expression *constant(struct sql_parser *parser) {
    struct sql_expression *node = sql_node(parser, FORM_LITERAL);
    const char *word = sql_peek(parser)->text;
    parser->at++;
    if (strcmp(word, "NULL") != 0)
        node->type = (struct sql_type){.known = true, .base = EMULATOR_BOOL};
    node->text = strcmp(word, "TRUE") == 0 ? "1" : "0";
    return node;
}

static struct sql_expression *keyword(struct sql_parser *parser) {
    static const char *const functions[] = {"IF", "LEFT", "RIGHT"};
    if (sql_at(parser, "NULL") || sql_at(parser, "TRUE") || sql_at(parser, "FALSE"))
        return constant(parser);
    if (sql_at(parser, "CASE"))
        return parse_case(parser);
    if (sql_at(parser, "CAST"))
        return parse_cast(parser, false);
    if (sql_at(parser, "EXTRACT"))
        return parse_extract(parser);
    if (sql_at(parser, "INTERVAL"))
        return parse_interval(parser);
    if (sql_at(parser, "ARRAY"))
        return parse_array(parser);
    if (sql_at(parser, "DEFAULT")) {
        struct sql_expression *node = sql_node(parser, FORM_DEFAULT);
        parser->at++;
        return node;
    }
    if (sql_at(parser, "EXISTS")) {
        struct sql_expression *node = sql_node(parser, FORM_EXISTS);
        parser->at++;
        if (!sql_expect(parser, "("))
            return NULL;
        node->query = sql_parse_query(parser);
        return sql_expect(parser, ")") ? node : NULL;
    }
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        struct googlesql_place place = sql_peek(parser)->place;
        if (sql_at(parser, functions[i]) && sql_at_ahead(parser, 1, "(")) {
            parser->at++;
            return call(parser, functions[i], place);
        }
    }
    if (sql_at(parser, "STRUCT"))
        sql_refuse(parser, "STRUCT");
    else if (sql_at(parser, "WITH"))
        sql_refuse(parser, "The expression WITH(…)");
    else if (sql_at(parser, "NEW"))
        sql_refuse(parser, "NEW");
    else
        sql_unexpected(parser);
    return NULL;
}

static struct sql_expression *named(struct sql_parser *parser) {
    static const enum emulator_type types[] = {
        EMULATOR_DATE,    EMULATOR_DATETIME,   EMULATOR_TIME, EMULATOR_TIMESTAMP,
        EMULATOR_NUMERIC, EMULATOR_BIGNUMERIC, EMULATOR_JSON};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (sql_at(parser, emulator_type_sql(types[i])) &&
            sql_peek_ahead(parser, 1)->kind == GOOGLESQL_STRING)
            return typed_literal(parser, types[i]);
    if (sql_at(parser, "SAFE_CAST") && sql_at_ahead(parser, 1, "("))
        return parse_cast(parser, true);
    return name_or_call(parser);
}

struct sql_expression *sql_parse_primary(struct sql_parser *parser) {
    switch (sql_peek(parser)->kind) {
    case GOOGLESQL_INTEGER:
        return literal(parser, EMULATOR_INT64);
    case GOOGLESQL_FLOAT:
        if (isinf(strtod(sql_peek(parser)->text, NULL))) {
            sql_fail(parser->compilation, sql_peek(parser)->place,
                     "Invalid floating point literal: %s", sql_peek(parser)->text);
            return NULL;
        }
        return literal(parser, EMULATOR_FLOAT64);
    case GOOGLESQL_STRING:
        return literal(parser, EMULATOR_STRING);
    case GOOGLESQL_BYTES:
        return literal(parser, EMULATOR_BYTES);
    case GOOGLESQL_PARAMETER:
        return parameter(parser);
    case GOOGLESQL_KEYWORD:
        return keyword(parser);
    case GOOGLESQL_NAME:
        return named(parser);
    case GOOGLESQL_SIGN:
    case GOOGLESQL_END:
        break;
    }
    if (sql_at(parser, "?"))
        return parameter(parser);
    if (sql_at(parser, "["))
        return parse_array(parser);
    if (sql_at(parser, "("))
        return parenthesised(parser);
    if (sql_at(parser, "@@")) {
        sql_refuse(parser, "A system variable (@@)");
        return NULL;
    }
    sql_unexpected(parser);
    return NULL;
}
