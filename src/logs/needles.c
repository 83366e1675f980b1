#include "logs/needles.h"

#include <ctype.h>
#include <string.h>

void needles_add(struct needles *needles, struct text literal, unsigned id) {
    struct needle *needle = &needles->list[needles->count++];
    needle->size = literal.size < NEEDLE_SIZE_MAX ? literal.size : NEEDLE_SIZE_MAX;
    memcpy(needle->literal, literal.data, needle->size);
    needle->id = id;
    needle->next = -1;
}

void needles_prepare(struct needles *needles) {
    needles->window = NEEDLE_SIZE_MAX;
    for (size_t i = 0; i < needles->count; i++) {
        if (needles->list[i].size < needles->window) {
            needles->window = needles->list[i].size;
        }
    }
    memset(needles->shift, (int)(needles->window - 1), sizeof needles->shift);
    for (size_t i = 0; i < NEEDLES_HASHES; i++) {
        needles->head[i] = -1;
    }
    for (size_t i = 0; i < needles->count; i++) {
        struct needle *needle = &needles->list[i];
        for (size_t end = 2; end <= needles->window; end++) {
            uint8_t *shift = &needles->shift[needle_hash(needle->literal + end - 2)];
            if (needles->window - end < *shift) {
                *shift = (uint8_t)(needles->window - end);
            }
        }
        int16_t *head = &needles->head[needle_hash(needle->literal + needles->window - 2)];
        needle->next = *head;
        *head = (int16_t)i;
    }
}

void needles_find(const struct needles *needles, struct text text, struct needle_set *found) {
    if (needles->count == 0 || text.size < needles->window) {
        return;
    }
    const char *end = text.data + text.size;
    const char *at = text.data + needles->window - 2; /* the last block of the window */
    while (at + 2 <= end) {
        size_t hash = needle_hash(at);
        size_t shift = needles->shift[hash];
        if (shift > 0) {
            at += shift;
            continue;
        }
        const char *start = at + 2 - needles->window;
        for (int i = needles->head[hash]; i >= 0; i = needles->list[i].next) {
            const struct needle *needle = &needles->list[i];
            if ((size_t)(end - start) >= needle->size &&
                memcmp(start, needle->literal, needle->size) == 0) {
                found->words[needle->id / 64] |= UINT64_C(1) << needle->id % 64;
            }
        }
        at++;
    }
}

/* The state of reading a pattern from left to right. */
struct literal_reader {
    const char *at;
    int depth;
    bool at_start;  /* nothing but "^" and spaces came before `run` */
    bool run_start; /* `run` began while at_start held */
    char run[NEEDLE_SIZE_MAX];
    size_t run_size;
    char *best;
    size_t best_size;
    enum needle_place place;
};

static void end_run(struct literal_reader *reader) {
    bool only_spaces = true;
    for (size_t i = 0; i < reader->run_size; i++) {
        only_spaces = only_spaces && reader->run[i] == ' ';
    }
    bool better = reader->place != NEEDLE_START && reader->run_size >= NEEDLE_SIZE_MIN &&
                  (reader->run_start || reader->run_size > reader->best_size);
    if (better && !only_spaces) {
        memcpy(reader->best, reader->run, reader->run_size);
        reader->best_size = reader->run_size;
        reader->place = reader->run_start ? NEEDLE_START : NEEDLE_INSIDE;
    }
    if (reader->run_size > 0 && !only_spaces) {
        reader->at_start = false;
    }
    reader->run_size = 0;
}

static void add_byte(struct literal_reader *reader, char byte) {
    if (reader->depth > 0) {
        return;
    }
    if (reader->run_size == NEEDLE_SIZE_MAX) {
        end_run(reader);
        reader->at_start = false;
    }
    if (byte == ' ' && reader->at_start && reader->run_size == 0) {
        return; /* spaces at the start are skipped in the line, too */
    }
    if (reader->run_size == 0) {
        reader->run_start = reader->at_start;
    }
    reader->run[reader->run_size++] = byte;
}

/* An optional byte before a quantifier is no part of the literal. */
static void drop_byte(struct literal_reader *reader) {
    if (reader->run_size > 0) {
        reader->run_size--;
        bool was_first = reader->run_size == 0;
        end_run(reader);
        reader->at_start = reader->at_start && !was_first;
    }
}

static bool skip_class(struct literal_reader *reader) {
    const char *at = reader->at + 1;
    at += *at == '^';
    at += *at == ']';
    while (*at != '\0' && *at != ']') {
        if (at[0] == '[' && at[1] == ':') {
            const char *close = strstr(at, ":]");
            at = close == NULL ? at : close + 1;
        } else if (*at == '\\' && at[1] != '\0') {
            at++;
        }
        at++;
    }
    if (*at == '\0') {
        return false;
    }
    reader->at = at;
    return true;
}

static bool enter_group(struct literal_reader *reader) {
    const char *at = reader->at + 1;
    bool known = *at != '*' && *at != '?';
    if (*at == '?') {
        known = strchr(":=!<P", at[1]) != NULL && at[1] != '\0';
    }
    reader->depth++;
    return known;
}

/* Takes the character at reader->at; false when the pattern is beyond this reader. */
static bool read_character(struct literal_reader *reader) {
    char byte = *reader->at;
    bool top = reader->depth == 0;
    switch (byte) {
    case '\\':
        byte = *++reader->at;
        if (byte != '\0' && !isalnum((unsigned char)byte)) {
            add_byte(reader, byte);
            return true;
        }
        end_run(reader);
        reader->at_start = false;
        return byte != '\0' && strchr("dDwWsSbB", byte) != NULL;
    case '[':
        end_run(reader);
        reader->at_start = reader->at_start && !top;
        return skip_class(reader);
    case '(':
        end_run(reader);
        reader->at_start = false;
        return enter_group(reader);
    case ')':
        end_run(reader);
        return --reader->depth >= 0;
    case '|':
        return !top;
    case '{':
        drop_byte(reader);
        reader->at = strchr(reader->at, '}');
        return reader->at != NULL;
    case '?':
    case '*':
        drop_byte(reader);
        return true;
    case '+':
        end_run(reader);
        return true;
    case '.':
    case '$':
    case '^':
        end_run(reader);
        reader->at_start = reader->at_start && !top;
        return true;
    default:
        add_byte(reader, byte);
        return true;
    }
}

enum needle_place needle_of_regex(const char *regex, char *out, size_t *size) {
    struct literal_reader reader = {.at = regex, .best = out, .place = NEEDLE_NOWHERE};
    if (*regex == '^') {
        reader.at_start = true;
        reader.at++;
    }
    for (; *reader.at != '\0'; reader.at++) {
        if (!read_character(&reader)) {
            *size = 0;
            return NEEDLE_NOWHERE;
        }
    }
    end_run(&reader);
    *size = reader.best_size;
    return reader.place;
}
