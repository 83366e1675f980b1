#include "googlesql/reads.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

/* How deep brackets may stand in each other; a query with more is one that nothing vouches for. */
enum { DEPTH_LIMIT = 256 };

/* An open bracket. */
struct level {
    bool listing; /* a list of tables: a comma leads to another */
    bool extract; /* EXTRACT(part FROM value) */
};

struct walk {
    struct googlesql_reads *reads;
    const struct googlesql_tokens *tokens;
    const char **with; /* the names of all WITHs, borrowed */
    size_t with_count, with_capacity;
    struct level levels[DEPTH_LIMIT];
    size_t depth;
    bool wanting; /* a table stands next */
    bool complete;
};

static bool is_any(const struct googlesql_token *token, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (googlesql_is(token, words[i])) {
            return true;
        }
    }
    return false;
}

/* The token that many before `index`; the end's when there is none. */
static const struct googlesql_token *before(const struct walk *walk, size_t index, size_t count) {
    const struct googlesql_tokens *tokens = walk->tokens;
    return index >= count ? &tokens->items[index - count] : &tokens->items[tokens->count - 1];
}

static void find_withs(struct walk *walk) {
    for (size_t i = 0; i + 3 < walk->tokens->count; i++) {
        const struct googlesql_token *token = &walk->tokens->items[i];
        if (token->kind == GOOGLESQL_NAME && googlesql_is(token + 1, "AS") &&
            googlesql_is(token + 2, "(")) {
            walk->with = memory_grow((void *)walk->with, walk->with_count, &walk->with_capacity,
                                     sizeof *walk->with);
            walk->with[walk->with_count++] = token->text;
        }
    }
}

static bool is_with(const struct walk *walk, const char *name) {
    for (size_t i = 0; i < walk->with_count; i++) {
        if (strcasecmp(walk->with[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Takes "project.dataset.table"; false for any other name. */
static bool add_table(struct googlesql_reads *reads, const char *path) {
    size_t dots = 0, from = 0;
    for (size_t i = 0;; i++) {
        if (path[i] == '.' || path[i] == '\0') {
            if (i == from) {
                return false;
            }
            from = i + 1;
        }
        if (path[i] == '\0') {
            break;
        }
        dots += path[i] == '.' ? 1 : 0;
    }
    if (dots != 2 || strpbrk(path, "*$@") != NULL) {
        return false;
    }
    for (size_t i = 0; i < reads->count; i++) {
        if (strcmp(reads->tables[i], path) == 0) {
            return true;
        }
    }
    reads->tables = memory_resize((void *)reads->tables, reads->count + 1, sizeof *reads->tables);
    reads->tables[reads->count++] = memory_copy_string(path);
    return true;
}

static bool in_path(const struct googlesql_token *token) {
    return token->kind == GOOGLESQL_NAME || token->kind == GOOGLESQL_KEYWORD ||
           token->kind == GOOGLESQL_INTEGER || token->kind == GOOGLESQL_FLOAT ||
           googlesql_is(token, ".") || googlesql_is(token, "-");
}

/* Takes the name of a table that begins at `index`: the tokens that touch each other, as in
 * my-project-1.data.`a b`. Returns the index of its last. */
static size_t take_table(struct walk *walk, size_t index) {
    const struct googlesql_token *items = walk->tokens->items;
    struct text_buffer path = {0};
    size_t last = index;
    text_buffer_add(&path, items[index].text);
    bool simple = items[index].kind == GOOGLESQL_NAME;
    while (in_path(&items[last + 1]) && items[last + 1].start == items[last].end) {
        last++;
        text_buffer_add(&path, items[last].text);
    }
    bool known = simple && !googlesql_is(&items[last + 1], "(") &&
                 !googlesql_is(&items[last + 1], ".") &&
                 (add_table(walk->reads, path.data) || is_with(walk, path.data));
    walk->complete = walk->complete && known;
    text_buffer_free(&path);
    return last;
}

/* Words behind which a list of tables has ended. */
static bool ends_tables(const struct googlesql_token *token) {
    static const char *const words[] = {"WHERE", "GROUP", "HAVING",    "QUALIFY", "WINDOW", "ORDER",
                                        "LIMIT", "UNION", "INTERSECT", "EXCEPT",  "SELECT", "|>"};
    return is_any(token, words, sizeof words / sizeof *words);
}

/* Whether a FROM takes a part out of a value, or compares: EXTRACT(part FROM x), IS [NOT] DISTINCT
 * FROM x. */
static bool is_other_from(const struct walk *walk, size_t index) {
    if (walk->levels[walk->depth].extract) {
        return true;
    }
    const struct googlesql_token *second = before(walk, index, 2);
    return googlesql_is(before(walk, index, 1), "DISTINCT") &&
           (googlesql_is(second, "IS") || googlesql_is(second, "NOT"));
}

/* Whether the name at `index`, which a parenthesis follows, is a function that is vouched for. */
static bool is_steady_call(const struct walk *walk, size_t index) {
    const struct googlesql_token *name = &walk->tokens->items[index];
    if (name->quoted) {
        return false;
    }
    if (!googlesql_is(before(walk, index, 1), ".")) {
        return googlesql_is_steady(name->text);
    }
    const struct googlesql_token *family = before(walk, index, 2);
    if (family->kind != GOOGLESQL_NAME || family->quoted ||
        googlesql_is(before(walk, index, 3), ".")) {
        return false;
    }
    char *whole = memory_format("%s.%s", family->text, name->text);
    bool steady = googlesql_is_steady(whole);
    free(whole);
    return steady;
}

/* Whether the answer may differ because of this token though no table does. */
static bool is_restless(const struct walk *walk, size_t index) {
    static const char *const bare[] = {"CURRENT_DATE", "CURRENT_DATETIME", "CURRENT_TIME",
                                       "CURRENT_TIMESTAMP"};
    static const char *const words[] = {"TABLESAMPLE", "@@", "@", "{", "CALL"};
    const struct googlesql_token *token = &walk->tokens->items[index];
    bool behind_dot = googlesql_is(before(walk, index, 1), ".");
    if (is_any(token, words, sizeof words / sizeof *words)) {
        return !behind_dot;
    }
    if (googlesql_is(token, "FOR") && googlesql_is(token + 1, "SYSTEM_TIME")) {
        return true;
    }
    if (token->kind != GOOGLESQL_NAME) {
        return false;
    }
    if (googlesql_is(token + 1, "(")) {
        return !is_steady_call(walk, index);
    }
    return !behind_dot && is_any(token, bare, sizeof bare / sizeof *bare);
}

/* An opening parenthesis; false when there are too many. */
static bool open_level(struct walk *walk, size_t index) {
    if (walk->depth + 1 == DEPTH_LIMIT) {
        return false;
    }
    struct level *level = &walk->levels[++walk->depth];
    level->extract = googlesql_is(before(walk, index, 1), "EXTRACT");
    level->listing = walk->wanting; /* a query within begins with a word that ends the list */
    return true;
}

/* What stands where a table is wanted; returns the index of its last token. */
static size_t take_wanted(struct walk *walk, size_t index) {
    static const char *const queries[] = {"SELECT", "WITH", "FROM", "UNNEST"};
    const struct googlesql_token *token = &walk->tokens->items[index];
    walk->wanting = false;
    if (is_any(token, queries, sizeof queries / sizeof *queries)) {
        struct level *level = &walk->levels[walk->depth];
        walk->wanting = googlesql_is(token, "FROM");
        level->listing = walk->wanting || (level->listing && googlesql_is(token, "UNNEST"));
        return index;
    }
    return take_table(walk, index);
}

static void walk_tokens(struct walk *walk) {
    for (size_t i = 0; i + 1 < walk->tokens->count; i++) {
        const struct googlesql_token *token = &walk->tokens->items[i];
        struct level *level = &walk->levels[walk->depth];
        if (googlesql_is(token, "(")) {
            if (!open_level(walk, i)) {
                walk->complete = false;
                return;
            }
        } else if (walk->wanting) {
            i = take_wanted(walk, i);
        } else if ((googlesql_is(token, "FROM") && !is_other_from(walk, i)) ||
                   googlesql_is(token, "JOIN") || (googlesql_is(token, ",") && level->listing)) {
            level->listing = true;
            walk->wanting = true;
        } else if (googlesql_is(token, ")")) {
            walk->depth -= walk->depth > 0 ? 1 : 0;
        } else {
            level->listing = level->listing && !ends_tables(token);
            walk->complete = walk->complete && !is_restless(walk, i);
        }
    }
    walk->complete = walk->complete && !walk->wanting;
}

void googlesql_reads_open(struct googlesql_reads *reads, const struct googlesql_tokens *tokens) {
    *reads = (struct googlesql_reads){0};
    struct walk *walk = memory_new(1, sizeof *walk);
    *walk = (struct walk){.reads = reads, .tokens = tokens, .complete = true};
    find_withs(walk);
    walk_tokens(walk);
    reads->complete = walk->complete && reads->count > 0;
    free((void *)walk->with);
    free(walk);
}

void googlesql_reads_close(struct googlesql_reads *reads) {
    for (size_t i = 0; i < reads->count; i++) {
        free(reads->tables[i]);
    }
    free((void *)reads->tables);
    *reads = (struct googlesql_reads){0};
}
