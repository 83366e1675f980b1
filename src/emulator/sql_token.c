#include "emulator/sql_token.h"

#include <string.h>

struct googlesql_token *sql_tokenise(struct sql_compilation *compilation, struct text text,
                                     size_t *count) {
    struct googlesql_tokens tokens;
    struct googlesql_error error;
    *count = 0;
    if (!googlesql_tokenise(text, &tokens, &error)) {
        sql_fail(compilation, error.place, "Syntax error: %s", error.text);
        return NULL;
    }
    sql_adopt(&compilation->arena, tokens.items);
    sql_adopt(&compilation->arena, tokens.room);
    for (size_t i = 0; i < tokens.count; i++) {
        const struct googlesql_token *token = &tokens.items[i];
        if (token->kind != GOOGLESQL_BYTES && memchr(token->text, '\0', token->size)) {
            sql_fail(compilation, token->place,
                     "NUL characters in literals are not supported by the local BigQuery");
            return NULL;
        }
    }
    *count = tokens.count;
    return tokens.items;
}

const char *sql_token_describe(struct sql_arena *arena, const struct googlesql_token *token) {
    switch (token->kind) {
    case GOOGLESQL_END:
        return "end of input";
    case GOOGLESQL_KEYWORD:
        return sql_print(arena, "keyword %s", token->text);
    case GOOGLESQL_NAME:
        return token->quoted ? sql_print(arena, "identifier `%s`", token->text)
                             : sql_print(arena, "identifier \"%s\"", token->text);
    case GOOGLESQL_INTEGER:
        return sql_print(arena, "integer literal \"%s\"", token->text);
    case GOOGLESQL_FLOAT:
        return sql_print(arena, "floating point literal \"%s\"", token->text);
    case GOOGLESQL_STRING:
        return sql_print(arena, "string literal \"%s\"", token->text);
    case GOOGLESQL_BYTES:
        return "bytes literal";
    case GOOGLESQL_PARAMETER:
        return "\"@\"";
    case GOOGLESQL_SIGN:
        break;
    }
    return sql_print(arena, "\"%s\"", token->text);
}
