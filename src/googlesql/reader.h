/* A walk over the text of a statement, and the parts of the tokeniser that make it. */
#ifndef PHASEGATE_GOOGLESQL_READER_H
#define PHASEGATE_GOOGLESQL_READER_H

#include "googlesql/token.h"

struct reader {
    struct text text;
    size_t at;
    struct googlesql_place place;
    struct googlesql_error *error;
    bool failed;
    char *room; /* the next free byte for the texts of tokens */
};

/* The byte `ahead` of the next, or -1 behind the end. */
int reader_peek(const struct reader *reader, size_t ahead);

/* On by so many bytes, keeping the place. */
void reader_step(struct reader *reader, size_t bytes);

/* Fills the error, once; returns false. */
bool reader_fail(struct reader *reader, struct googlesql_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Ends the text that was put into the room since `from` with a NUL, as the token's. */
void reader_keep(struct reader *reader, struct googlesql_token *token, const char *from);

/* A string or bytes literal, whose prefix may be r, b, rb or br; `*found` tells whether it was one.
 * False when it is a broken one. */
bool reader_literal(struct reader *reader, struct googlesql_token *token, bool *found);

/* The inside of backticks, which are next, as the token's text. */
bool reader_backticks(struct reader *reader, struct googlesql_token *token);

#endif
