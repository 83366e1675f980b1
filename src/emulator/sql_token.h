/* The tokens of a statement that is being compiled. */
#ifndef PHASEGATE_EMULATOR_SQL_TOKEN_H
#define PHASEGATE_EMULATOR_SQL_TOKEN_H

#include "emulator/sql_tree.h"
#include "googlesql/token.h"

/* Splits the statement; the tokens and their texts live in the arena. NULL when something is no
 * token, or is a literal with a NUL character (SQLite's text would end there), with the
 * compilation's error filled. */
struct googlesql_token *sql_tokenise(struct sql_compilation *compilation, struct text text,
                                     size_t *count);

/* "identifier "x"", "keyword WHERE", "string literal "x"", "end of input": as BigQuery's syntax
 * errors name a token. */
const char *sql_token_describe(struct sql_arena *arena, const struct googlesql_token *token);

#endif
