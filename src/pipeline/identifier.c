#include "pipeline/identifier.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

enum {
    LONGEST_PROJECT = 63,
    LONGEST_TABLE = 1024,
    LONGEST_COLUMN = 300,
    LONGEST_NAME = 100,
    LONGEST_HOST = 255
};

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Whether all of the name is letters, digits and characters of `more`, and not longer than `most`.
 */
static bool made_of(struct text name, const char *more, size_t most) {
    if (name.size == 0 || name.size > most) {
        return false;
    }
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        if (!is_letter(c) && !is_digit(c) && (c == '\0' || strchr(more, c) == NULL)) {
            return false;
        }
    }
    return true;
}

bool identifier_is_project(struct text name) {
    struct text rest = name;
    struct text domain = text_cut(&rest, ':');
    if (domain.size < name.size) {
        if (!made_of(domain, ".-", LONGEST_PROJECT) || !is_letter(domain.data[0])) {
            return false;
        }
    } else {
        rest = name;
    }
    if (!made_of(rest, "-", LONGEST_PROJECT) || rest.data[0] < 'a' || rest.data[0] > 'z' ||
        rest.data[rest.size - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < rest.size; i++) {
        if (rest.data[i] >= 'A' && rest.data[i] <= 'Z') {
            return false;
        }
    }
    return true;
}

bool identifier_is_dataset(struct text name) {
    return made_of(name, "_", LONGEST_TABLE);
}

bool identifier_is_table(struct text name) {
    return made_of(name, "_-", LONGEST_TABLE);
}

bool identifier_is_column(struct text name) {
    return made_of(name, "_", LONGEST_COLUMN) && !is_digit(name.data[0]);
}

bool identifier_is_name(struct text name) {
    return made_of(name, "._-", LONGEST_NAME) &&
           (is_letter(name.data[0]) || is_digit(name.data[0]));
}

bool identifier_is_host(struct text name) {
    return made_of(name, "._-:@%", LONGEST_HOST) &&
           (is_letter(name.data[0]) || is_digit(name.data[0]));
}

bool identifier_is_reserved(struct text name) {
    static const char *const words[] = {
        "all",
        "and",
        "any",
        "array",
        "as",
        "asc",
        "assert_rows_modified",
        "at",
        "between",
        "by",
        "case",
        "cast",
        "collate",
        "contains",
        "create",
        "cross",
        "cube",
        "current",
        "default",
        "define",
        "desc",
        "distinct",
        "else",
        "end",
        "enum",
        "escape",
        "except",
        "exclude",
        "exists",
        "extract",
        "false",
        "fetch",
        "following",
        "for",
        "from",
        "full",
        "group",
        "grouping",
        "groups",
        "hash",
        "having",
        "if",
        "ignore",
        "in",
        "inner",
        "intersect",
        "interval",
        "into",
        "is",
        "join",
        "lateral",
        "left",
        "like",
        "limit",
        "lookup",
        "merge",
        "natural",
        "new",
        "no",
        "not",
        "null",
        "nulls",
        "of",
        "on",
        "or",
        "order",
        "outer",
        "over",
        "partition",
        "preceding",
        "proto",
        "qualify",
        "range",
        "recursive",
        "respect",
        "right",
        "rollup",
        "rows",
        "select",
        "set",
        "some",
        "struct",
        "tablesample",
        "then",
        "to",
        "treat",
        "true",
        "unbounded",
        "union",
        "unnest",
        "using",
        "when",
        "where",
        "window",
        "with",
        "within",
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (text_of(words[i]).size == name.size &&
            strncasecmp(words[i], name.data, name.size) == 0) {
            return true;
        }
    }
    return false;
}
