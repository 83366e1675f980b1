/* The tokens of GoogleSQL, the language of BigQuery's queries: who judges SQL, judges these and
 * never the characters, which mean something else within literals, names and comments.
 *
 * Source of the rules: BigQuery's "Lexical structure and syntax", and where it is silent the open
 * lexer of GoogleSQL. Used by any thread. */
#ifndef PHASEGATE_GOOGLESQL_TOKEN_H
#define PHASEGATE_GOOGLESQL_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum googlesql_kind {
    GOOGLESQL_END,
    GOOGLESQL_NAME,      /* text; `quoted` when it stood in backticks */
    GOOGLESQL_KEYWORD,   /* a reserved word, upper case; behind a dot every word is a name */
    GOOGLESQL_INTEGER,   /* text: decimal digits or 0x… */
    GOOGLESQL_FLOAT,     /* text */
    GOOGLESQL_STRING,    /* text: the value, escapes undone */
    GOOGLESQL_BYTES,     /* text and size: the value */
    GOOGLESQL_PARAMETER, /* text: the name behind @ */
    GOOGLESQL_SIGN,      /* text: "(", "<=", "||", "|>", "?", "@" (of a hint), … */
};

/* Lines and columns from 1, as BigQuery counts them in its messages: a column is a character, and
 * a tab reaches to the next multiple of eight. */
struct googlesql_place {
    int line, column;
};

struct googlesql_token {
    enum googlesql_kind kind;
    const char *text; /* terminated; a literal's value may hold NUL bytes: see `size` */
    size_t size;
    bool quoted;
    struct googlesql_place place;
    size_t start, end; /* byte offsets in the text; what lies between tokens is white space and
                          comments */
};

struct googlesql_tokens {
    struct googlesql_token *items; /* the last is the GOOGLESQL_END */
    size_t count;
    char *room; /* where their texts lie */
};

struct googlesql_error {
    struct googlesql_place place;
    char text[256]; /* "Unclosed string literal", as BigQuery says it behind "Syntax error: " */
};

/* Splits the text; the caller frees the tokens. False after filling `error` (and nothing to free)
 * when something is no token: an unclosed literal or comment, an escape or a sign that GoogleSQL
 * does not know. */
bool googlesql_tokenise(struct text text, struct googlesql_tokens *tokens,
                        struct googlesql_error *error);
void googlesql_tokens_free(struct googlesql_tokens *tokens);

/* Whether the token is this word or sign: case does not matter, a quoted name is never a word, nor
 * is a literal. */
bool googlesql_is(const struct googlesql_token *token, const char *word_or_sign);

/* The reserved word, in upper case, that the text is without regard to case; NULL when it is none.
 * As a name it must stand in backticks. */
const char *googlesql_reserved(struct text word);

/* Whether the text can stand as a name without backticks: ASCII letters, digits and underscores,
 * no digit first, and no reserved word. */
bool googlesql_is_bare(struct text name);

/* Where `place` lies in the text: its byte offset. A place that is not in the text gives the end of
 * its line, or of the text. */
size_t googlesql_offset(struct text text, struct googlesql_place place);

#endif
