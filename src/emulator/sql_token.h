/* The tokens of GoogleSQL: names (bare or in backticks), literals, parameters, signs. */
#ifndef PHASEGATE_EMULATOR_SQL_TOKEN_H
#define PHASEGATE_EMULATOR_SQL_TOKEN_H

#include "emulator/sql_tree.h"

enum sql_token_kind {
    TOKEN_END,
    TOKEN_NAME,      /* text; `quoted` when it stood in backticks */
    TOKEN_KEYWORD,   /* a reserved word, upper case */
    TOKEN_INTEGER,   /* text: decimal digits or 0x… */
    TOKEN_FLOAT,     /* text */
    TOKEN_STRING,    /* text: the value, escapes undone */
    TOKEN_BYTES,     /* text and size: the value */
    TOKEN_PARAMETER, /* text: the name behind @ */
    TOKEN_SIGN,      /* text: "(", "<=", "||", "?", … */
};

struct sql_token {
    enum sql_token_kind kind;
    const char *text;
    size_t size;
    bool quoted;
    struct sql_place place;
    size_t start, end; /* byte offsets in the statement */
};

/* Splits the statement; the tokens live in the arena and end with a TOKEN_END. NULL when something
 * is no token (an unclosed string, a sign GoogleSQL does not know), with the compilation's error
 * filled. */
struct sql_token *sql_tokenise(struct sql_compilation *compilation, struct text text,
                               size_t *count);

/* "identifier "x"", "keyword WHERE", "string literal "x"", "end of input": as BigQuery's syntax
 * errors name a token. */
const char *sql_token_describe(struct sql_arena *arena, const struct sql_token *token);

#endif
