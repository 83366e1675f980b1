/* The words that GoogleSQL reserves ("Reserved keywords" of its lexical structure). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "googlesql/token.h"

/* In the order of their letters. */
static const char *const reserved[] = {
    "ALL",
    "AND",
    "ANY",
    "ARRAY",
    "AS",
    "ASC",
    "ASSERT_ROWS_MODIFIED",
    "AT",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "COLLATE",
    "CONTAINS",
    "CREATE",
    "CROSS",
    "CUBE",
    "CURRENT",
    "DEFAULT",
    "DEFINE",
    "DESC",
    "DISTINCT",
    "ELSE",
    "END",
    "ENUM",
    "ESCAPE",
    "EXCEPT",
    "EXCLUDE",
    "EXISTS",
    "EXTRACT",
    "FALSE",
    "FETCH",
    "FOLLOWING",
    "FOR",
    "FROM",
    "FULL",
    "GROUP",
    "GROUPING",
    "GROUPS",
    "HASH",
    "HAVING",
    "IF",
    "IGNORE",
    "IN",
    "INNER",
    "INTERSECT",
    "INTERVAL",
    "INTO",
    "IS",
    "JOIN",
    "LATERAL",
    "LEFT",
    "LIKE",
    "LIMIT",
    "LOOKUP",
    "MERGE",
    "NATURAL",
    "NEW",
    "NO",
    "NOT",
    "NULL",
    "NULLS",
    "OF",
    "ON",
    "OR",
    "ORDER",
    "OUTER",
    "OVER",
    "PARTITION",
    "PRECEDING",
    "PROTO",
    "QUALIFY",
    "RANGE",
    "RECURSIVE",
    "RESPECT",
    "RIGHT",
    "ROLLUP",
    "ROWS",
    "SELECT",
    "SET",
    "SOME",
    "STRUCT",
    "TABLESAMPLE",
    "THEN",
    "TO",
    "TREAT",
    "TRUE",
    "UNBOUNDED",
    "UNION",
    "UNNEST",
    "USING",
    "WHEN",
    "WHERE",
    "WINDOW",
    "WITH",
    "WITHIN",
};

static int compare(const void *word, const void *known) {
    const struct text *text = word;
    const char *name = *(const char *const *)known;
    int order = strncasecmp(text->data, name, text->size);
    return order == 0 && name[text->size] != '\0' ? -1 : order;
}

const char *googlesql_reserved(struct text word) {
    if (word.size == 0 || memchr(word.data, '\0', word.size) != NULL) {
        return NULL;
    }
    const char *const *found =
        bsearch(&word, (const void *)reserved, sizeof reserved / sizeof *reserved, sizeof *reserved,
                compare);
    return found != NULL ? *found : NULL;
}

bool googlesql_is_bare(struct text name) {
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9')) {
            return false;
        }
    }
    return name.size > 0 && googlesql_reserved(name) == NULL;
}

bool googlesql_is(const struct googlesql_token *token, const char *word_or_sign) {
    bool word = token->kind == GOOGLESQL_KEYWORD || token->kind == GOOGLESQL_SIGN ||
                (token->kind == GOOGLESQL_NAME && !token->quoted);
    return word && strcasecmp(token->text, word_or_sign) == 0;
}
