/* What a text of tokens is as a whole: one query, and of what it asks. Used by any thread. */
#ifndef PHASEGATE_GOOGLESQL_STATEMENT_H
#define PHASEGATE_GOOGLESQL_STATEMENT_H

#include "googlesql/token.h"

/* Whether the tokens are one query that reads and does nothing else: it begins with SELECT, WITH,
 * FROM or a parenthesis before one of these, closes what it opens, and nothing but semicolons
 * follows. What it means is not judged. False after filling `error` with a sentence's end that
 * says what it is instead ("a second statement begins here"), and where. */
bool googlesql_is_query(const struct googlesql_tokens *tokens, struct googlesql_error *error);

/* The first parameter whose name is none of the `count` names (case does not matter), or a
 * positional "?"; NULL when there is none. */
const struct googlesql_token *googlesql_other_parameter(const struct googlesql_tokens *tokens,
                                                        const char *const *names, size_t count);

/* Whether it asks for the parameter. */
bool googlesql_asks(const struct googlesql_tokens *tokens, const char *parameter);

/* Whether the byte at `offset` belongs to the statement's own words, signs and names: not to a
 * literal, a comment or white space. */
bool googlesql_is_code(const struct googlesql_tokens *tokens, size_t offset);

/* The token that holds the byte at `offset`; NULL for white space and comments. */
const struct googlesql_token *googlesql_at(const struct googlesql_tokens *tokens, size_t offset);

#endif
