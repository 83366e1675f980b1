/* FROM: tables, subqueries, UNNEST and joins. */
#include <string.h>

#include "emulator/sql_parse.h"

/* Adds one written component; one in backticks may hold a whole path. */
static void add_components(struct sql_parser *parser, struct sql_list *path, const char *text,
                           bool quoted) {
    struct text rest = text_of(text);
    /* A project of a domain, "example.com:project", is one component. */
    const char *colon = quoted ? strchr(text, ':') : NULL;
    size_t domain = colon ? (size_t)(colon - text) + strcspn(colon, ".") : 0;
    struct sql_arena *arena = &parser->compilation->arena;
    do {
        struct text part = quoted ? text_cut(&rest, '.') : rest;
        while (quoted && rest.size && (size_t)(part.data + part.size - text) < domain) {
            struct text more = text_cut(&rest, '.');
            part.size = (size_t)(more.data + more.size - part.data);
        }
        sql_add(arena, path, sql_copy(arena, part.data ? part.data : "", part.size));
        if (!quoted)
            break;
    } while (rest.size);
}

/* my-project without backticks: the tokens that touch each other are one name. */
static const char *dashed(struct sql_parser *parser) {
    const struct googlesql_token *first = sql_peek(parser);
    const struct googlesql_token *last = first;
    for (;;) {
        const struct googlesql_token *dash = last + 1;
        if (last->kind == GOOGLESQL_END || dash->kind != GOOGLESQL_SIGN ||
            strcmp(dash->text, "-") != 0 || dash->start != last->end)
            break;
        const struct googlesql_token *next = dash + 1;
        if (next->start != dash->end ||
            (next->kind != GOOGLESQL_NAME && next->kind != GOOGLESQL_KEYWORD &&
             next->kind != GOOGLESQL_INTEGER))
            break;
        last = next;
    }
    parser->at += (size_t)(last - first) + 1;
    return sql_copy(&parser->compilation->arena,
                    parser->compilation->request->text.data + first->start,
                    last->end - first->start);
}

bool sql_parse_path(struct sql_parser *parser, struct sql_list *path) {
    do {
        const struct googlesql_token *token = sql_peek(parser);
        bool first = path->count == 0;
        if (token->kind != GOOGLESQL_NAME && (first || token->kind != GOOGLESQL_KEYWORD))
            return sql_unexpected(parser);
        if (first && !token->quoted) {
            add_components(parser, path, dashed(parser), false);
        } else {
            parser->at++;
            add_components(parser, path, token->text, token->quoted);
        }
    } while (sql_take(parser, "."));
    return true;
}

static struct sql_source *unnest(struct sql_parser *parser, struct sql_source *source) {
    source->kind = SOURCE_UNNEST;
    if (!sql_expect(parser, "(") || !(source->array = sql_parse_expression(parser)) ||
        !sql_expect(parser, ")"))
        return NULL;
    source->alias = sql_parse_alias(parser);
    if (sql_take(parser, "WITH")) {
        if (!sql_expect(parser, "OFFSET"))
            return NULL;
        source->with_offset = true;
        source->offset_alias = sql_parse_alias(parser);
    }
    return parser->compilation->failed ? NULL : source;
}

static bool refuse_suffix(struct sql_parser *parser) {
    if (sql_at(parser, "TABLESAMPLE"))
        return sql_refuse(parser, "TABLESAMPLE");
    if (sql_at(parser, "FOR"))
        return sql_refuse(parser, "FOR SYSTEM_TIME AS OF");
    if (sql_at_ahead(parser, 1, "(") && (sql_at(parser, "PIVOT") || sql_at(parser, "UNPIVOT")))
        return sql_refuse(parser, "PIVOT");
    return true;
}

/* Whether two parentheses that open a subquery open a join of it: told by what follows the inner.
 */
static bool opens_join(const struct sql_parser *parser) {
    static const char *const goes_on[] = {")", "UNION", "EXCEPT", "INTERSECT", "ORDER", "LIMIT"};
    size_t ahead = 1, depth = 0;
    if (!sql_at_ahead(parser, ahead, "("))
        return false;
    do {
        depth += sql_at_ahead(parser, ahead, "(") ? 1 : 0;
        depth -= sql_at_ahead(parser, ahead, ")") ? 1 : 0;
        ahead++;
    } while (depth && sql_peek_ahead(parser, ahead)->kind != GOOGLESQL_END);
    for (size_t i = 0; i < sizeof goes_on / sizeof *goes_on; i++)
        if (sql_at_ahead(parser, ahead, goes_on[i]))
            return false;
    return true;
}

static struct sql_source *parse_join(struct sql_parser *parser);

static struct sql_source *parse_leaf(struct sql_parser *parser) {
    struct sql_source *source = sql_new(&parser->compilation->arena, sizeof *source);
    source->place = sql_peek(parser)->place;
    if (sql_take(parser, "UNNEST"))
        return unnest(parser, source);
    if (sql_at_query(parser) && !opens_join(parser)) {
        parser->at++;
        source->kind = SOURCE_QUERY;
        source->query = sql_parse_query(parser);
        if (!source->query || !sql_expect(parser, ")"))
            return NULL;
    } else if (sql_take(parser, "(")) {
        source = parse_join(parser);
        return source && sql_expect(parser, ")") ? source : NULL;
    } else if (!sql_parse_path(parser, &source->path)) {
        return NULL;
    }
    if (sql_at(parser, "(") && source->kind == SOURCE_TABLE) {
        sql_refuse(parser, "A table function");
        return NULL;
    }
    if (!refuse_suffix(parser))
        return NULL;
    source->alias = sql_parse_alias(parser);
    return refuse_suffix(parser) ? source : NULL;
}

/* The join that follows, as SQLite spells it, or NULL. */
static const char *join_word(struct sql_parser *parser) {
    static const struct {
        const char *word, *join;
    } words[] = {{"LEFT", "LEFT JOIN"}, {"RIGHT", "RIGHT JOIN"}, {"FULL", "FULL JOIN"}};
    if (sql_take(parser, ","))
        return "CROSS JOIN";
    if (sql_take(parser, "JOIN"))
        return "JOIN";
    if (sql_at(parser, "NATURAL")) {
        sql_refuse(parser, "NATURAL JOIN");
        return NULL;
    }
    if (sql_take(parser, "INNER"))
        return sql_expect(parser, "JOIN") ? "JOIN" : NULL;
    if (sql_take(parser, "CROSS"))
        return sql_expect(parser, "JOIN") ? "CROSS JOIN" : NULL;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!sql_take(parser, words[i].word))
            continue;
        sql_take(parser, "OUTER");
        return sql_expect(parser, "JOIN") ? words[i].join : NULL;
    }
    return NULL;
}

static bool parse_condition(struct sql_parser *parser, struct sql_source *join) {
    if (sql_take(parser, "ON")) {
        join->on = sql_parse_expression(parser);
        return join->on != NULL;
    }
    if (sql_take(parser, "USING")) {
        if (!sql_expect(parser, "("))
            return false;
        do {
            const char *name = sql_parse_name(parser);
            if (!name)
                return false;
            sql_add_name(&parser->compilation->arena, &join->using_names, name);
        } while (sql_take(parser, ","));
        return sql_expect(parser, ")");
    }
    if (strcmp(join->join, "CROSS JOIN") == 0 || join->right->kind == SOURCE_UNNEST)
        return true;
    return sql_fail(parser->compilation, join->place,
                    "Syntax error: %s must have an immediately following ON or USING clause",
                    strcmp(join->join, "JOIN") == 0 ? "INNER JOIN" : join->join);
}

static struct sql_source *parse_join(struct sql_parser *parser) {
    if (!sql_enter(parser))
        return NULL;
    struct sql_source *left = parse_leaf(parser);
    while (left) {
        struct googlesql_place place = sql_peek(parser)->place;
        const char *word = join_word(parser);
        if (!word)
            break;
        struct sql_source *join = sql_new(&parser->compilation->arena, sizeof *join);
        join->kind = SOURCE_JOIN;
        join->place = place;
        join->join = word;
        join->left = left;
        join->right = parse_leaf(parser);
        left = join->right && parse_condition(parser, join) && sql_count(parser) ? join : NULL;
    }
    sql_leave(parser);
    return parser->compilation->failed ? NULL : left;
}

struct sql_source *sql_parse_from(struct sql_parser *parser) {
    return parse_join(parser);
}
