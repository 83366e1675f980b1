#define PCRE2_CODE_UNIT_WIDTH 8

#include "logs/search.h"

#include <pcre2.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define MATCH_LIMIT   1000000 /* backtracking steps before a line counts as not matching */
#define HEAP_LIMIT    4096    /* KiB */
#define ERROR_AT_MOST 256
#define CHUNK_SIZE    65536

struct log_regex {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *context;
    bool literal; /* no character of the pattern is special: it may be sought across lines */
};

struct log_search {
    struct log_index *index;
    struct log_regex *regex;
    bool backward, invert;
    uint64_t at; /* forward: start of the next line; backward: end of what is still to come */
    char *chunk; /* lines that are being looked at: whole ones but for a very long last one */
    size_t chunk_size, chunk_capacity;
    uint64_t chunk_offset;
    size_t next;       /* forward: where in the chunk the next line begins */
    uint64_t *waiting; /* backward: lines found in the chunk, to be offered from the last on */
    size_t waiting_count, waiting_capacity;
    uint64_t found, looked_at;
    atomic_bool cancelled;
};

static bool has_upper_case(struct text pattern) {
    for (size_t i = 0; i < pattern.size; i++) {
        bool escaped = i > 0 && pattern.data[i - 1] == '\\'; /* \S is no capital letter */
        if (pattern.data[i] >= 'A' && pattern.data[i] <= 'Z' && !escaped) {
            return true;
        }
    }
    return false;
}

struct log_regex *log_regex_new(struct text pattern, struct error *error) {
    int code = 0;
    PCRE2_SIZE offset = 0;
    if (pattern.size == 0) {
        error_set(error, EXIT_USAGE, "an empty pattern finds nothing");
        return NULL;
    }
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    options |= has_upper_case(pattern) ? 0 : PCRE2_CASELESS;
    struct log_regex *regex = memory_new(1, sizeof *regex);
    regex->literal = true;
    for (size_t i = 0; i < pattern.size; i++) {
        char byte = pattern.data[i];
        regex->literal = regex->literal && strchr("\\^$.[]|()?*+{}\n", byte) == NULL;
    }
    regex->code =
        pcre2_compile((PCRE2_SPTR)pattern.data, pattern.size, options, &code, &offset, NULL);
    if (regex->code == NULL) {
        PCRE2_UCHAR text[ERROR_AT_MOST];
        pcre2_get_error_message(code, text, sizeof text);
        error_set(error, EXIT_USAGE, "%s at offset %zu", (const char *)text, (size_t)offset);
        free(regex);
        return NULL;
    }
    (void)pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE); /* without it: slower, not wrong */
    regex->match = pcre2_match_data_create(1, NULL);
    regex->context = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(regex->context, MATCH_LIMIT);
    pcre2_set_heap_limit(regex->context, HEAP_LIMIT);
    return regex;
}

void log_regex_free(struct log_regex *regex) {
    if (regex == NULL) {
        return;
    }
    pcre2_code_free(regex->code);
    pcre2_match_data_free(regex->match);
    pcre2_match_context_free(regex->context);
    free(regex);
}

/* 0 groups fit in match data of one pair: then 0 is returned for a match, too. */
static bool match_bytes(struct log_regex *regex, struct text text, size_t from) {
    const char *data = text.size == 0 ? "" : text.data;
    return pcre2_match(regex->code, (PCRE2_SPTR)data, text.size, from, 0, regex->match,
                       regex->context) >= 0;
}

bool log_regex_find(struct log_regex *regex, struct text line, size_t from, size_t *start,
                    size_t *end) {
    if (line.size > LOG_REGEX_BYTES) {
        line.size = LOG_REGEX_BYTES;
    }
    if (from > line.size || !match_bytes(regex, line, from)) {
        return false;
    }
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(regex->match);
    if (start != NULL) {
        *start = at[0];
    }
    if (end != NULL) {
        *end = at[1];
    }
    return true;
}

struct log_search *log_search_new(struct log_index *index, struct log_regex *regex, uint64_t offset,
                                  bool backward, bool invert) {
    struct log_search *search = memory_new(1, sizeof *search);
    search->index = index;
    search->regex = regex;
    search->backward = backward;
    search->invert = invert;
    bool past = offset >= log_index_size(index);
    search->at = past ? log_index_size(index) : log_index_line_start(index, offset);
    atomic_init(&search->cancelled, false);
    return search;
}

void log_search_free(struct log_search *search) {
    if (search == NULL) {
        return;
    }
    free(search->chunk);
    free(search->waiting);
    free(search);
}

void log_search_cancel(struct log_search *search) {
    atomic_store(&search->cancelled, true);
}

uint64_t log_search_found(const struct log_search *search) {
    return search->found;
}

uint64_t log_search_looked_at(const struct log_search *search) {
    return search->looked_at;
}

static void put_chunk(struct log_search *search, struct text bytes) {
    if (search->chunk_capacity - search->chunk_size < bytes.size) {
        search->chunk_capacity = search->chunk_size + bytes.size + CHUNK_SIZE;
        search->chunk = memory_resize(search->chunk, search->chunk_capacity, 1);
    }
    memcpy(search->chunk + search->chunk_size, bytes.data, bytes.size);
    search->chunk_size += bytes.size;
}

/* Loads the bytes from `from` up to `to`: both start a line, or are the end. */
static void load(struct log_search *search, uint64_t from, uint64_t to) {
    search->chunk_size = 0;
    search->chunk_offset = from;
    search->next = 0;
    for (uint64_t at = from; at < to;) {
        struct text block;
        if (!log_index_block(search->index, at, &block)) {
            break;
        }
        if (block.size > to - at) {
            block.size = (size_t)(to - at);
        }
        put_chunk(search, block);
        at += block.size;
    }
}

/* The end of the whole lines that begin within CHUNK_SIZE from search->at. */
static uint64_t end_forward(struct log_search *search) {
    uint64_t size = log_index_size(search->index);
    uint64_t end = 0;
    if (size - search->at <= CHUNK_SIZE) {
        return size;
    }
    uint64_t last = log_index_line_start(search->index, search->at + CHUNK_SIZE);
    if (last > search->at) {
        return last;
    }
    return log_index_next(search->index, search->at, &end) ? end : size;
}

static uint64_t begin_backward(struct log_search *search) {
    uint64_t from = search->at > CHUNK_SIZE ? search->at - CHUNK_SIZE : 0;
    uint64_t start = log_index_line_start(search->index, from);
    uint64_t next = 0;
    /* The line that is cut by `from` belongs to the chunk before, unless it is all there is. */
    if (start < from && log_index_next(search->index, start, &next) && next < search->at) {
        return next;
    }
    return start;
}

/* The line of the chunk that begins at `next`, without its newline; `*after` is where it ends. */
static struct text line_of(const struct log_search *search, size_t next, size_t *after) {
    const char *data = search->chunk + next;
    size_t size = search->chunk_size - next;
    const char *newline = memchr(data, '\n', size);
    *after = newline == NULL ? search->chunk_size : next + (size_t)(newline - data) + 1;
    return (struct text){data, newline == NULL ? size : (size_t)(newline - data)};
}

/* The next line of the chunk that is sought, from search->next on. */
static bool find_in_chunk(struct log_search *search, uint64_t *offset) {
    struct text chunk = {search->chunk, search->chunk_size};
    while (search->next < search->chunk_size) {
        size_t after = 0;
        if (search->regex->literal && !search->invert) {
            /* No line can hold what the whole chunk does not. */
            if (!match_bytes(search->regex, chunk, search->next)) {
                search->next = search->chunk_size;
                return false;
            }
            size_t hit = pcre2_get_ovector_pointer(search->regex->match)[0];
            const char *newline = memrchr(search->chunk + search->next, '\n', hit - search->next);
            search->next = newline == NULL ? search->next : (size_t)(newline - search->chunk) + 1;
        }
        size_t start = search->next;
        struct text line = log_index_shown(line_of(search, start, &after));
        search->next = after;
        if (log_regex_find(search->regex, line, 0, NULL, NULL) != search->invert) {
            *offset = search->chunk_offset + start;
            return true;
        }
    }
    return false;
}

static bool next_chunk(struct log_search *search) {
    uint64_t from = search->at;
    uint64_t to = search->at;
    if (search->backward) {
        if (search->at == 0) {
            return false;
        }
        from = begin_backward(search);
        search->at = from;
    } else {
        if (search->at >= log_index_size(search->index)) {
            return false;
        }
        to = end_forward(search);
        search->at = to;
    }
    load(search, from, to);
    search->looked_at += to - from;
    return true;
}

static bool take_backward(struct log_search *search, uint64_t *offset) {
    uint64_t found = 0;
    while (find_in_chunk(search, &found)) {
        search->waiting = memory_grow(search->waiting, search->waiting_count,
                                      &search->waiting_capacity, sizeof *search->waiting);
        search->waiting[search->waiting_count++] = found;
    }
    if (search->waiting_count == 0) {
        return false;
    }
    *offset = search->waiting[--search->waiting_count];
    return true;
}

enum log_search_status log_search_step(struct log_search *search, size_t budget, uint64_t *offset) {
    uint64_t limit = search->looked_at + budget;
    for (;;) {
        if (atomic_load_explicit(&search->cancelled, memory_order_relaxed)) {
            return LOG_SEARCH_CANCELLED;
        }
        bool found =
            search->backward ? take_backward(search, offset) : find_in_chunk(search, offset);
        if (found) {
            search->found++;
            return LOG_SEARCH_FOUND;
        }
        if (search->looked_at >= limit) {
            return LOG_SEARCH_MORE;
        }
        if (!next_chunk(search)) {
            return LOG_SEARCH_END;
        }
    }
}

enum log_search_status log_search_count(struct log_search *search, size_t budget) {
    uint64_t limit = search->looked_at + budget;
    enum log_search_status status = LOG_SEARCH_FOUND;
    while (status == LOG_SEARCH_FOUND) {
        uint64_t offset = 0;
        uint64_t left = limit > search->looked_at ? limit - search->looked_at : 0;
        status = log_search_step(search, (size_t)left, &offset);
    }
    return status;
}
