#include "googlesql/statement.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { NEST_LIMIT = 1000 };

static bool is_any(const struct googlesql_token *token, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (googlesql_is(token, words[i])) {
            return true;
        }
    }
    return false;
}

static bool refuse(struct googlesql_error *error, const struct googlesql_token *token,
                   const char *what) {
    error->place = token->place;
    (void)snprintf(error->text, sizeof error->text, "%s", what);
    return false;
}

/* The sign that closes what this one opens, or '\0'. */
static char closing(const struct googlesql_token *token) {
    if (token->kind != GOOGLESQL_SIGN || token->size != 1) {
        return '\0';
    }
    switch (token->text[0]) {
    case '(':
        return ')';
    case '[':
        return ']';
    case '{':
        return '}';
    default:
        return '\0';
    }
}

static bool begins_query(const struct googlesql_tokens *tokens, struct googlesql_error *error) {
    static const char *const first[] = {"SELECT", "WITH", "FROM"};
    const struct googlesql_token *token = tokens->items;
    while (googlesql_is(token, "(")) {
        token++;
    }
    if (is_any(token, first, sizeof first / sizeof *first)) {
        return true;
    }
    if (token->kind == GOOGLESQL_END || googlesql_is(token, ";")) {
        return refuse(error, token, "there is no statement");
    }
    error->place = token->place;
    (void)snprintf(error->text, sizeof error->text, "it begins with \"%.40s\"", token->text);
    return false;
}

/* Every bracket finds its like; the statement ends with the last of its tokens. */
static bool is_closed(const struct googlesql_tokens *tokens, struct googlesql_error *error) {
    const struct googlesql_token *open[NEST_LIMIT];
    size_t depth = 0;
    bool ended = false;
    for (size_t i = 0; i + 1 < tokens->count; i++) {
        const struct googlesql_token *token = &tokens->items[i];
        if (googlesql_is(token, ";") && depth == 0) {
            ended = true;
        } else if (ended) {
            return refuse(error, token, "a second statement begins here");
        } else if (closing(token) != '\0') {
            if (depth == NEST_LIMIT) {
                return refuse(error, token, "it is nested too deeply");
            }
            open[depth++] = token;
        } else if (googlesql_is(token, ")") || googlesql_is(token, "]") ||
                   googlesql_is(token, "}")) {
            if (depth == 0 || closing(open[depth - 1]) != token->text[0]) {
                return refuse(error, token, "this closes nothing");
            }
            depth--;
        }
    }
    return depth == 0 || refuse(error, open[depth - 1], "this is never closed");
}

/* Pipes may end in an operator that writes. */
static bool only_reads(const struct googlesql_tokens *tokens, struct googlesql_error *error) {
    static const char *const writing[] = {"INSERT", "CREATE", "EXPORT"};
    for (size_t i = 0; i + 1 < tokens->count; i++) {
        if (googlesql_is(&tokens->items[i], "|>") &&
            is_any(&tokens->items[i + 1], writing, sizeof writing / sizeof *writing)) {
            return refuse(error, &tokens->items[i + 1], "it writes here");
        }
    }
    return true;
}

bool googlesql_is_query(const struct googlesql_tokens *tokens, struct googlesql_error *error) {
    return begins_query(tokens, error) && is_closed(tokens, error) && only_reads(tokens, error);
}

const struct googlesql_token *googlesql_other_parameter(const struct googlesql_tokens *tokens,
                                                        const char *const *names, size_t count) {
    for (size_t i = 0; i + 1 < tokens->count; i++) {
        const struct googlesql_token *token = &tokens->items[i];
        bool known = false;
        for (size_t j = 0; j < count && token->kind == GOOGLESQL_PARAMETER; j++) {
            known = known || strcasecmp(token->text, names[j]) == 0;
        }
        if (googlesql_is(token, "?") || (token->kind == GOOGLESQL_PARAMETER && !known)) {
            return token;
        }
    }
    return NULL;
}

bool googlesql_asks(const struct googlesql_tokens *tokens, const char *parameter) {
    for (size_t i = 0; i + 1 < tokens->count; i++) {
        if (tokens->items[i].kind == GOOGLESQL_PARAMETER &&
            strcasecmp(tokens->items[i].text, parameter) == 0) {
            return true;
        }
    }
    return false;
}

const struct googlesql_token *googlesql_at(const struct googlesql_tokens *tokens, size_t offset) {
    size_t low = 0, high = tokens->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tokens->items[middle].end <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool holds = low < tokens->count && tokens->items[low].start <= offset;
    return holds ? &tokens->items[low] : NULL;
}

bool googlesql_is_code(const struct googlesql_tokens *tokens, size_t offset) {
    const struct googlesql_token *token = googlesql_at(tokens, offset);
    return token != NULL && token->kind != GOOGLESQL_STRING && token->kind != GOOGLESQL_BYTES;
}
