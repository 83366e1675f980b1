/* The parser of GoogleSQL: recursive descent over the tokens. sql_parse is the way in; the rest is
 * shared by the parser's files. */
#ifndef PHASEGATE_EMULATOR_SQL_PARSE_H
#define PHASEGATE_EMULATOR_SQL_PARSE_H

#include "emulator/sql_token.h"

struct sql_parser {
    struct sql_compilation *compilation;
    struct googlesql_token *tokens;
    size_t count; /* of tokens, the end included */
    size_t at;
    int depth;     /* of nesting; bounded, so that foreign text cannot exhaust the stack */
    int nodes;     /* of expressions; bounded, for each takes room */
    int operators; /* seen so far; bounded for the same reason: chains lean to the left */
};

enum { SQL_DEPTH_LIMIT = 64, SQL_OPERATOR_LIMIT = 1000, SQL_NODE_LIMIT = 250000 };

/* Parses the whole text into a tree of the compilation's arena; NULL with the error filled. */
struct sql_tree *sql_parse(struct sql_compilation *compilation, struct text text);

/* Tokens. The words are compared without case; a quoted name is never a word. */
const struct googlesql_token *sql_peek(const struct sql_parser *parser);
const struct googlesql_token *sql_peek_ahead(const struct sql_parser *parser, size_t count);
bool sql_at(const struct sql_parser *parser, const char *word_or_sign);
bool sql_at_ahead(const struct sql_parser *parser, size_t count, const char *word_or_sign);
bool sql_take(struct sql_parser *parser, const char *word_or_sign); /* when it stands there */
bool sql_expect(struct sql_parser *parser, const char *word_or_sign);
bool sql_unexpected(struct sql_parser *parser); /* fails with "Unexpected …"; false */
bool sql_refuse(struct sql_parser *parser, const char *what); /* "what is not supported"; false */
bool sql_refuse_word(struct sql_parser *parser, const char *before); /* and the next word */
bool sql_enter(struct sql_parser *parser); /* one level deeper; pairs with sql_leave */
void sql_leave(struct sql_parser *parser);
bool sql_count(struct sql_parser *parser); /* one operator, set operation or join more */

/* Parts. Each returns NULL (or false) once the compilation has failed. */
const char *sql_parse_name(struct sql_parser *parser);
struct sql_expression *sql_parse_expression(struct sql_parser *parser);
struct sql_expression *sql_parse_primary(struct sql_parser *parser); /* calls, literals, names */
struct sql_expression *sql_node(struct sql_parser *parser, enum sql_form form);
bool sql_parse_expressions(struct sql_parser *parser, struct sql_list *list);
bool sql_parse_order(struct sql_parser *parser, struct sql_list *order);
struct sql_window *sql_parse_window(struct sql_parser *parser);
struct sql_query *sql_parse_query(struct sql_parser *parser);
bool sql_at_query(const struct sql_parser *parser); /* SELECT, WITH or ( that opens a query */
struct sql_source *sql_parse_from(struct sql_parser *parser);
bool sql_parse_path(struct sql_parser *parser, struct sql_list *path);
const char *sql_parse_alias(struct sql_parser *parser); /* [AS] name, or NULL when there is none */
bool sql_parse_type(struct sql_parser *parser,
                    struct emulator_field *field); /* name is left NULL */
struct sql_tree *sql_parse_create(struct sql_parser *parser, struct sql_tree *tree);
struct sql_tree *sql_parse_change(struct sql_parser *parser, struct sql_tree *tree); /* DML, DROP */

#endif
