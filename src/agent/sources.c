#include "agent/sources.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"

/* ---- words of a query ---------------------------------------------------------------------- */

enum word_kind { WORD_END, WORD_NAME, WORD_QUOTED, WORD_SIGN };

struct word {
    enum word_kind kind;
    struct text text; /* without its backquotes */
};

static bool is_name(char c) {
    return isalnum((unsigned char)c) || c == '_' || c == '@' || (unsigned char)c >= 0x80;
}

/* Behind a comment that begins here, else here. */
static const char *skip_comment(const char *at) {
    if (at[0] == '#' || (at[0] == '-' && at[1] == '-')) {
        return at + strcspn(at, "\n");
    }
    if (at[0] == '/' && at[1] == '*') {
        const char *end = strstr(at + 2, "*/");
        return end != NULL ? end + 2 : at + strlen(at);
    }
    return at;
}

/* Behind a string literal that begins here with a quote, thrice or once. */
static const char *skip_string(const char *at) {
    size_t quotes = at[1] == at[0] && at[2] == at[0] ? 3 : 1;
    char quote = at[0];
    for (at += quotes; *at != '\0'; at++) {
        if (*at == '\\' && at[1] != '\0') {
            at++;
        } else if (*at == quote && (quotes == 1 || (at[1] == quote && at[2] == quote))) {
            return at + quotes;
        }
    }
    return at;
}

static struct word quoted_word(const char **at) {
    const char *from = *at + 1;
    size_t size = strcspn(from, "`");
    *at = from + size + (from[size] == '`' ? 1 : 0);
    return (struct word){WORD_QUOTED, {from, size}};
}

static struct word next_word(const char **at) {
    for (;;) {
        const char *behind = skip_comment(*at);
        if (behind == *at && !isspace((unsigned char)**at)) {
            break;
        }
        *at = behind == *at ? *at + 1 : behind;
    }
    const char *from = *at;
    if (*from == '\0') {
        return (struct word){WORD_END, {from, 0}};
    }
    if (*from == '`') {
        return quoted_word(at);
    }
    if (*from == '\'' || *from == '"') {
        *at = skip_string(from);
        return (struct word){WORD_SIGN, {"'", 1}};
    }
    while (is_name(**at)) {
        (*at)++;
    }
    if (*at == from) {
        (*at)++;
        return (struct word){WORD_SIGN, {from, 1}};
    }
    return (struct word){WORD_NAME, {from, (size_t)(*at - from)}};
}

static bool is_word(struct word word, const char *text) {
    return word.kind == WORD_NAME && word.text.size == strlen(text) &&
           strncasecmp(word.text.data, text, word.text.size) == 0;
}

static bool is_sign(struct word word, char sign) {
    return word.kind == WORD_SIGN && word.text.data[0] == sign;
}

/* ---- what a query reads -------------------------------------------------------------------- */

/* Whether the answer of a function, or of a part of the language, may differ though no table does.
 */
static bool is_restless(struct word word) {
    static const char *const names[] = {"CURRENT_DATE",      "CURRENT_DATETIME", "CURRENT_TIME",
                                        "CURRENT_TIMESTAMP", "SESSION_USER",     "RAND",
                                        "GENERATE_UUID",     "EXTERNAL_QUERY",   "TABLESAMPLE",
                                        "SYSTEM_TIME",       "EXECUTE",          "CALL"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (is_word(word, names[i])) {
            return true;
        }
    }
    return word.kind == WORD_NAME && word.text.size >= 2 && word.text.data[0] == '@' &&
           word.text.data[1] == '@';
}

/* Whether `name` is that of a WITH: "name AS (". */
static bool is_with(const char *sql, struct text name) {
    struct word words[3] = {{WORD_END, {"", 0}}, {WORD_END, {"", 0}}, {WORD_END, {"", 0}}};
    for (const char *at = sql;;) {
        words[0] = words[1];
        words[1] = words[2];
        words[2] = next_word(&at);
        if (words[2].kind == WORD_END) {
            return false;
        }
        if (is_sign(words[2], '(') && is_word(words[1], "AS") && words[0].kind != WORD_SIGN &&
            words[0].text.size == name.size &&
            strncasecmp(words[0].text.data, name.data, name.size) == 0) {
            return true;
        }
    }
}

static bool same(const char *a, struct text b) {
    return strlen(a) == b.size && memcmp(a, b.data, b.size) == 0;
}

/* Takes "project.dataset.table"; false for any other name. */
static bool add_table(struct sources *sources, struct text name) {
    struct text rest = name;
    struct text project = text_cut(&rest, '.');
    struct text dataset = text_cut(&rest, '.');
    if (project.size == 0 || dataset.size == 0 || rest.size == 0 ||
        memchr(rest.data, '.', rest.size) != NULL || memchr(rest.data, '*', rest.size) != NULL ||
        memchr(rest.data, '$', rest.size) != NULL || memchr(rest.data, '@', rest.size) != NULL) {
        return false;
    }
    for (size_t i = 0; i < sources->count; i++) {
        const struct sources_table *known = &sources->tables[i];
        if (same(known->project, project) && same(known->dataset, dataset) &&
            same(known->table, rest)) {
            return true;
        }
    }
    sources->tables = memory_resize(sources->tables, sources->count + 1, sizeof *sources->tables);
    sources->tables[sources->count++] = (struct sources_table){
        .project = memory_copy_part(project.data, project.size),
        .dataset = memory_copy_part(dataset.data, dataset.size),
        .table = memory_copy_part(rest.data, rest.size),
    };
    return true;
}

/* The word behind the next one, without moving on. */
static struct word peek(const char *at) {
    return next_word(&at);
}

/* Takes what stands behind FROM, JOIN or a comma between tables. */
static bool take_table(struct sources *sources, const char *sql, const char **at) {
    struct word word = peek(*at);
    if (is_word(word, "UNNEST")) {
        return true;
    }
    const char *behind = *at;
    (void)next_word(&behind);
    if (is_sign(word, '(')) { /* a query in brackets is read like the rest; a join is not */
        return is_word(peek(behind), "SELECT") || is_word(peek(behind), "WITH");
    }
    *at = behind;
    if (is_sign(peek(*at), '(') || is_sign(peek(*at), '.')) {
        return false; /* a table function, or a name in parts */
    }
    if (word.kind == WORD_QUOTED && add_table(sources, word.text)) {
        return true;
    }
    return (word.kind == WORD_NAME || word.kind == WORD_QUOTED) && is_with(sql, word.text);
}

/* Words that end a list of tables. */
static bool ends_tables(struct word word) {
    static const char *const names[] = {"WHERE", "GROUP", "HAVING", "QUALIFY",   "WINDOW", "ORDER",
                                        "LIMIT", "UNION", "EXCEPT", "INTERSECT", "SELECT"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (is_word(word, names[i])) {
            return true;
        }
    }
    return word.kind == WORD_END;
}

/* How deep brackets may stand in each other; a query with more is one that nothing vouches for. */
enum { DEPTH_LIMIT = 64 };

/* Whether a FROM takes a part out of a value: EXTRACT(part FROM x), IS DISTINCT FROM. */
static bool is_other_from(const struct word before[3]) {
    return is_word(before[2], "DISTINCT") ||
           (is_sign(before[1], '(') && is_word(before[0], "EXTRACT"));
}

static bool find_tables(struct sources *sources, const char *sql) {
    bool listing[DEPTH_LIMIT] = {false};
    size_t depth = 0;
    struct word before[3] = {{WORD_END, {"", 0}}, {WORD_END, {"", 0}}, {WORD_END, {"", 0}}};
    bool complete = true;
    for (const char *at = sql;;) {
        struct word word = next_word(&at);
        if (word.kind == WORD_END) {
            return complete;
        }
        bool from = is_word(word, "FROM") && !is_other_from(before);
        if (from || is_word(word, "JOIN") || (is_sign(word, ',') && listing[depth])) {
            listing[depth] = true;
            complete = take_table(sources, sql, &at) && complete;
        } else if (is_sign(word, '(')) {
            if (++depth == DEPTH_LIMIT) {
                return false;
            }
            listing[depth] = false;
        } else if (is_sign(word, ')')) {
            depth -= depth > 0 ? 1 : 0;
        } else if (ends_tables(word)) {
            listing[depth] = false;
        }
        complete = complete && !is_restless(word);
        before[0] = before[1];
        before[1] = before[2];
        before[2] = word;
    }
}

/* ---- digests ------------------------------------------------------------------------------- */

/* Each part with its length, so that no two lists of parts give the same bytes. */
static void add_part(EVP_MD_CTX *digest, const char *part) {
    char head[32];
    int size = snprintf(head, sizeof head, "%zu:", strlen(part));
    (void)EVP_DigestUpdate(digest, head, (size_t)size);
    (void)EVP_DigestUpdate(digest, part, strlen(part));
}

static EVP_MD_CTX *begin_digest(void) {
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    if (digest == NULL || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1) {
        abort(); /* no memory */
    }
    return digest;
}

static void end_digest(EVP_MD_CTX *digest, char out[SOURCES_DIGEST_SIZE]) {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    (void)EVP_DigestFinal_ex(digest, bytes, NULL);
    EVP_MD_CTX_free(digest);
    for (size_t i = 0; i < (SOURCES_DIGEST_SIZE - 1) / 2; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
}

void sources_open(struct sources *sources, const char *endpoint, const char *sql) {
    *sources = (struct sources){0};
    sources->complete = find_tables(sources, sql) && sources->count > 0;
    EVP_MD_CTX *digest = begin_digest();
    add_part(digest, endpoint != NULL ? endpoint : "");
    add_part(digest, sql);
    end_digest(digest, sources->query_hash);
}

void sources_begin(struct sources *sources) {
    for (size_t i = 0; i < sources->count; i++) {
        free(sources->tables[i].seen);
        sources->tables[i].seen = NULL;
    }
}

void sources_close(struct sources *sources) {
    sources_begin(sources);
    for (size_t i = 0; i < sources->count; i++) {
        free(sources->tables[i].project);
        free(sources->tables[i].dataset);
        free(sources->tables[i].table);
    }
    free(sources->tables);
    *sources = (struct sources){0};
}

void sources_see(struct sources *sources, size_t index, const struct bigquery_table *table) {
    struct text_buffer signal = {0};
    free(sources->tables[index].seen);
    sources->tables[index].seen =
        bigquery_table_signal(table, &signal) ? text_buffer_take(&signal) : NULL;
}

char *sources_signal(const struct sources *sources, struct day_range range,
                     char out[SOURCES_DIGEST_SIZE]) {
    char days[64];
    out[0] = '\0';
    if (!sources->complete) {
        return out;
    }
    for (size_t i = 0; i < sources->count; i++) {
        if (sources->tables[i].seen == NULL) {
            return out;
        }
    }
    (void)snprintf(days, sizeof days, "%ld to %ld", (long)range.from, (long)range.to);
    EVP_MD_CTX *digest = begin_digest();
    add_part(digest, sources->query_hash);
    add_part(digest, days);
    for (size_t i = 0; i < sources->count; i++) {
        add_part(digest, sources->tables[i].seen);
    }
    end_digest(digest, out);
    return out;
}
