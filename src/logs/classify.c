#define PCRE2_CODE_UNIT_WIDTH 8

#include "logs/classify.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "logs/bar.h"
#include "logs/needles.h"
#include "logs/prefix.h"
#include "logs/sanitise.h"
#include "logs/trace.h"

#define MATCH_LIMIT   100000 /* backtracking steps before a line counts as not matching */
#define HEAP_LIMIT    1024   /* KiB */
#define NONE          (-1)
#define TIMESTAMP     23 /* "2026-01-05 08:34:11,123" */
#define DASH          " - "
#define DASH_SIZE     3
#define ERROR_AT_MOST 256
#define LOGGER_SIZE   128
#define LOGGER_SLOTS  16

/* The named groups, and where in the event they go. */
static const struct {
    const char *name;
    size_t number, slice; /* offsets into struct log_event; 0 for none */
} fields[] = {
    {"position", offsetof(struct log_event, position), 0},
    {"total", offsetof(struct log_event, total), 0},
    {"rows", offsetof(struct log_event, rows), 0},
    {"ok", offsetof(struct log_event, ok), 0},
    {"skipped", offsetof(struct log_event, skipped), 0},
    {"failed", offsetof(struct log_event, failed), 0},
    {"entity", 0, offsetof(struct log_event, entity)},
    {"reason", 0, offsetof(struct log_event, reason)},
    {"day", 0, 0},
};

enum { FIELDS = sizeof fields / sizeof fields[0] };

struct compiled {
    struct log_pattern source;
    pcre2_code *code;
    enum needle_place place;
    char literal[NEEDLE_SIZE_MAX];
    size_t literal_size;
    int groups[FIELDS]; /* of the fields; NONE */
    int next;           /* with the same start, for NEEDLE_START; NONE */
    bool jit;
};

/* A logger's name that was found well-formed: lines come in runs from a few loggers. */
struct logger_name {
    char bytes[LOGGER_SIZE];
    size_t size; /* 0: free */
};

struct log_classifier {
    struct compiled *patterns;
    size_t count;
    int by_start[NEEDLES_HASHES]; /* by the message's first two bytes behind spaces; NONE */
    size_t first_scanned;         /* of the kinds that are not NEEDLE_START; count for none */
    struct needle_set always;     /* patterns without a literal */
    struct needles needles;       /* literals of the others */
    pcre2_match_data *match;
    pcre2_match_context *context;
    struct text_buffer scratch, message;      /* without escape sequences; a message of JSON */
    struct logger_name loggers[LOGGER_SLOTS]; /* by size modulo the slots */
};

static const struct {
    const char *name;
    bool mark;
} kinds[] = {
#define LOG_KIND_ROW(identifier, name, mark) [LOG_##identifier] = {name, mark},
    LOG_KINDS(LOG_KIND_ROW)
#undef LOG_KIND_ROW
};

static const char *const levels[LOG_LEVEL_COUNT] = {
    [LOG_LEVEL_NONE] = "",           [LOG_LEVEL_DEBUG] = "debug", [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_CRITICAL] = "critical",
};

const char *log_kind_name(enum log_kind kind) {
    return kinds[kind].name;
}

bool log_kind_is_mark(enum log_kind kind) {
    return kinds[kind].mark;
}

bool log_kind_parse(struct text name, enum log_kind *kind) {
    for (size_t i = 0; i < LOG_KIND_COUNT; i++) {
        if (text_is(name, kinds[i].name)) {
            *kind = (enum log_kind)i;
            return true;
        }
    }
    return false;
}

const char *log_level_name(enum log_level level) {
    return levels[level];
}

bool log_level_parse(struct text name, enum log_level *level) {
    for (size_t i = LOG_LEVEL_DEBUG; i < LOG_LEVEL_COUNT; i++) {
        if (name.size == strlen(levels[i]) && strncasecmp(name.data, levels[i], name.size) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

static bool compile(struct compiled *compiled, const struct log_pattern *pattern,
                    struct error *error) {
    int code = 0;
    PCRE2_SIZE offset = 0;
    compiled->source = *pattern;
    compiled->next = NONE;
    compiled->code =
        pcre2_compile((PCRE2_SPTR)pattern->regex, PCRE2_ZERO_TERMINATED, 0, &code, &offset, NULL);
    if (compiled->code == NULL) {
        PCRE2_UCHAR text[ERROR_AT_MOST];
        pcre2_get_error_message(code, text, sizeof text);
        return error_set(error, EXIT_CONFIG, "log pattern \"%s\": %s at offset %zu of \"%s\"",
                         pattern->name, (const char *)text, (size_t)offset, pattern->regex);
    }
    /* Without it: slower, not wrong. */
    compiled->jit = pcre2_jit_compile(compiled->code, PCRE2_JIT_COMPLETE) == 0;
    for (size_t i = 0; i < FIELDS; i++) {
        int group = pcre2_substring_number_from_name(compiled->code, (PCRE2_SPTR)fields[i].name);
        compiled->groups[i] = group > 0 ? group : NONE;
    }
    compiled->place = needle_of_regex(pattern->regex, compiled->literal, &compiled->literal_size);
    return true;
}

/* Sorts the patterns by how they are found. */
static void arrange(struct log_classifier *classifier) {
    classifier->first_scanned = classifier->count;
    for (size_t i = 0; i < NEEDLES_HASHES; i++) {
        classifier->by_start[i] = NONE;
    }
    for (size_t i = classifier->count; i-- > 0;) {
        struct compiled *compiled = &classifier->patterns[i];
        if (compiled->place == NEEDLE_START) {
            int *first = &classifier->by_start[needle_hash(compiled->literal)];
            compiled->next = *first;
            *first = (int)i;
            continue;
        }
        if (!kinds[compiled->source.kind].mark) {
            classifier->first_scanned = i;
        }
        if (compiled->place == NEEDLE_NOWHERE) {
            classifier->always.words[i / 64] |= UINT64_C(1) << i % 64;
        } else {
            struct text literal = {compiled->literal, compiled->literal_size};
            needles_add(&classifier->needles, literal, (unsigned)i);
        }
    }
    needles_prepare(&classifier->needles);
}

struct log_classifier *log_classifier_new(const struct log_pattern *patterns, size_t count,
                                          struct error *error) {
    if (count > LOG_PATTERNS_MAX) {
        error_set(error, EXIT_CONFIG, "%zu log patterns in one set; at most %d are possible", count,
                  LOG_PATTERNS_MAX);
        return NULL;
    }
    struct log_classifier *classifier = memory_new(1, sizeof *classifier);
    classifier->patterns = memory_new(count, sizeof *classifier->patterns);
    for (; classifier->count < count; classifier->count++) {
        if (!compile(&classifier->patterns[classifier->count], &patterns[classifier->count],
                     error)) {
            log_classifier_free(classifier);
            return NULL;
        }
    }
    arrange(classifier);
    uint32_t pairs = 1;
    for (size_t i = 0; i < count; i++) {
        uint32_t groups = 0;
        pcre2_pattern_info(classifier->patterns[i].code, PCRE2_INFO_CAPTURECOUNT, &groups);
        pairs = groups + 1 > pairs ? groups + 1 : pairs;
    }
    classifier->match = pcre2_match_data_create(pairs, NULL);
    classifier->context = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(classifier->context, MATCH_LIMIT);
    pcre2_set_heap_limit(classifier->context, HEAP_LIMIT);
    return classifier;
}

struct log_classifier *log_classifier_builtin(const char *name, struct error *error) {
    size_t count = 0;
    const struct log_pattern *patterns = log_patterns_builtin(name, &count);
    if (patterns == NULL) {
        error_set(error, EXIT_CONFIG,
                  "no set of log patterns is called \"%s\"; built in: python-backfill", name);
        return NULL;
    }
    return log_classifier_new(patterns, count, error);
}

void log_classifier_free(struct log_classifier *classifier) {
    if (classifier == NULL) {
        return;
    }
    for (size_t i = 0; i < classifier->count; i++) {
        pcre2_code_free(classifier->patterns[i].code);
    }
    pcre2_match_data_free(classifier->match);
    pcre2_match_context_free(classifier->context);
    text_buffer_free(&classifier->scratch);
    text_buffer_free(&classifier->message);
    free(classifier->patterns);
    free(classifier);
}

static bool is_logger_byte(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_' || byte == '.';
}

static bool is_logger(struct log_classifier *classifier, struct text name) {
    struct logger_name *known = &classifier->loggers[name.size % LOGGER_SLOTS];
    if (name.size > 0 && known->size == name.size &&
        memcmp(known->bytes, name.data, name.size) == 0) {
        return true;
    }
    for (size_t i = 0; i < name.size; i++) {
        if (!is_logger_byte(name.data[i])) {
            return false;
        }
    }
    if (name.size > 0 && name.size <= LOGGER_SIZE) {
        memcpy(known->bytes, name.data, name.size);
        known->size = name.size;
    }
    return name.size > 0;
}

/* The level whose upper-case name is `word`, or LOG_LEVEL_NONE. */
static enum log_level level_of(const char *word, size_t size) {
    enum log_level level = LOG_LEVEL_NONE;
    switch (size == 0 ? '\0' : word[0]) {
    case 'D':
        level = LOG_LEVEL_DEBUG;
        break;
    case 'I':
        level = LOG_LEVEL_INFO;
        break;
    case 'W':
        level = LOG_LEVEL_WARNING;
        break;
    case 'E':
        level = LOG_LEVEL_ERROR;
        break;
    case 'C':
        level = LOG_LEVEL_CRITICAL;
        break;
    default:
        return LOG_LEVEL_NONE;
    }
    static const char *const names[LOG_LEVEL_COUNT] = {
        "", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL",
    };
    bool same = size == strlen(names[level]) && memcmp(word, names[level], size) == 0;
    return same ? level : LOG_LEVEL_NONE;
}

/* "LEVEL:logger:message" */
static bool read_colon_prefix(struct log_classifier *classifier, struct text line,
                              struct log_event *event) {
    size_t limit = line.size < 9 ? line.size : 9; /* "CRITICAL:" */
    const char *colon = limit == 0 ? NULL : memchr(line.data, ':', limit);
    if (colon == NULL) {
        return false;
    }
    event->level = level_of(line.data, (size_t)(colon - line.data));
    if (event->level == LOG_LEVEL_NONE) {
        return false;
    }
    const char *end = line.data + line.size;
    const char *logger = colon + 1;
    const char *at = memchr(logger, ':', (size_t)(end - logger));
    if (at == NULL || !is_logger(classifier, (struct text){logger, (size_t)(at - logger)})) {
        event->level = LOG_LEVEL_NONE;
        return false;
    }
    event->logger = (struct text){logger, (size_t)(at - logger)};
    event->message = (struct text){at + 1, (size_t)(end - at - 1)};
    return true;
}

static struct text cut_dash(struct text *rest) {
    struct text word = *rest;
    const char *dash = rest->size == 0 ? NULL : memmem(rest->data, rest->size, DASH, DASH_SIZE);
    if (dash == NULL) {
        return (struct text){rest->data, 0};
    }
    word.size = (size_t)(dash - rest->data);
    rest->data = dash + DASH_SIZE;
    rest->size -= word.size + DASH_SIZE;
    return word;
}

/* "2026-01-05 08:34:11,123 - LEVEL - message", with "logger - " before the level or not */
static bool read_time_prefix(struct text line, struct log_event *event) {
    static const char shape[TIMESTAMP + 1] = "0000-00-00 00:00:00,000";
    if (line.size < TIMESTAMP + 2 * DASH_SIZE || line.data[4] != '-') {
        return false;
    }
    for (size_t i = 0; i < TIMESTAMP; i++) {
        char byte = line.data[i];
        bool fits = shape[i] == '0'   ? byte >= '0' && byte <= '9'
                    : shape[i] == ',' ? byte == ',' || byte == '.'
                                      : byte == shape[i];
        if (!fits) {
            return false;
        }
    }
    struct text rest = {line.data + TIMESTAMP, line.size - TIMESTAMP};
    if (cut_dash(&rest).size != 0 || rest.data == line.data + TIMESTAMP) {
        return false;
    }
    struct text word = cut_dash(&rest);
    enum log_level level = level_of(word.data, word.size);
    struct text logger = {line.data, 0};
    if (level == LOG_LEVEL_NONE && word.size > 0) {
        logger = word;
        word = cut_dash(&rest);
        level = level_of(word.data, word.size);
    }
    if (level == LOG_LEVEL_NONE) {
        return false;
    }
    event->level = level;
    event->logger = logger;
    event->message = rest;
    return true;
}

/* Python's own two forms, which most lines have. */
static bool read_usual(struct log_classifier *classifier, struct text line,
                       struct log_event *event) {
    return read_colon_prefix(classifier, line, event) || read_time_prefix(line, event);
}

/* Any other. */
static bool read_other(struct log_classifier *classifier, struct text line,
                       struct log_event *event) {
    struct log_prefix prefix;
    if (!log_prefix_read(line, &classifier->message, &prefix)) {
        return false;
    }
    event->level = prefix.level;
    event->message = prefix.message;
    event->prefixed = prefix.begins;
    return true;
}

/* Takes a bar off the head of the line when something stands behind it. */
static void read_bar(struct log_classifier *classifier, struct log_event *event) {
    struct log_bar bar;
    if (!log_bar_read(event->message, &bar)) {
        return;
    }
    event->bar_position = bar.position;
    event->bar_total = bar.total;
    if (bar.rest.size > 0) {
        event->message = bar.rest;
        event->prefixed = read_usual(classifier, bar.rest, event);
    }
}

static int64_t read_number(struct text digits) {
    int64_t number = 0;
    for (size_t i = 0; i < digits.size; i++) {
        char byte = digits.data[i];
        if (byte == ',') {
            continue;
        }
        if (byte < '0' || byte > '9' || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, byte - '0', &number)) {
            return LOG_NOT_SAID;
        }
    }
    return digits.size == 0 ? LOG_NOT_SAID : number;
}

static bool try_pattern(struct log_classifier *classifier, size_t index, struct text message) {
    const struct compiled *compiled = &classifier->patterns[index];
    PCRE2_SPTR subject = (PCRE2_SPTR)message.data;
    if (compiled->jit) {
        return pcre2_jit_match(compiled->code, subject, message.size, 0, 0, classifier->match,
                               classifier->context) > 0;
    }
    return pcre2_match(compiled->code, subject, message.size, 0, 0, classifier->match,
                       classifier->context) > 0;
}

/* Takes the groups of the match that has just succeeded. */
static void take_groups(struct log_classifier *classifier, size_t index, struct log_event *event) {
    const struct compiled *compiled = &classifier->patterns[index];
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(classifier->match);
    uint32_t pairs = pcre2_get_ovector_count(classifier->match);
    for (size_t i = 0; i < FIELDS; i++) {
        size_t group = (size_t)compiled->groups[i];
        if (compiled->groups[i] == NONE || group >= pairs || at[2 * group] == PCRE2_UNSET) {
            continue;
        }
        struct text slice = {event->message.data + at[2 * group],
                             at[2 * group + 1] - at[2 * group]};
        if (fields[i].number != 0) {
            *(int64_t *)(void *)((char *)event + fields[i].number) = read_number(slice);
        } else if (fields[i].slice != 0) {
            *(struct text *)(void *)((char *)event + fields[i].slice) = slice;
        } else if (!day_parse(slice, &event->day)) {
            event->day = DAY_NONE;
        }
    }
}

static void decide(struct log_classifier *classifier, size_t index, struct log_event *event) {
    const struct log_pattern *pattern = &classifier->patterns[index].source;
    event->kind = pattern->kind;
    event->pattern = pattern->name;
    if (pattern->level > event->level) {
        event->level = pattern->level;
    }
    take_groups(classifier, index, event);
    if (event->rows == 0 && event->kind == LOG_OK_DATED) {
        event->kind = LOG_ZERO_DATED;
    } else if (event->rows == 0 && event->kind == LOG_OK_CURRENT) {
        event->kind = LOG_ZERO_CURRENT;
    }
}

/* The first pattern whose literal starts the message; `count` for none. */
static size_t find_at_start(struct log_classifier *classifier, struct text message) {
    struct text rest = message;
    while (rest.size > 0 && rest.data[0] == ' ') {
        rest.data++;
        rest.size--;
    }
    if (rest.size < NEEDLE_SIZE_MIN) {
        return classifier->count;
    }
    int index = classifier->by_start[needle_hash(rest.data)];
    for (; index != NONE; index = classifier->patterns[index].next) {
        const struct compiled *compiled = &classifier->patterns[index];
        size_t last = compiled->literal_size - 1;
        if (rest.size > last && rest.data[last] == compiled->literal[last] &&
            memcmp(rest.data, compiled->literal, compiled->literal_size) == 0 &&
            try_pattern(classifier, (size_t)index, message)) {
            return (size_t)index;
        }
    }
    return classifier->count;
}

/* Tries the patterns whose literal occurs somewhere: kinds before `best`, and the first mark. */
static void find_inside(struct log_classifier *classifier, size_t best, struct log_event *event) {
    struct needle_set found = classifier->always;
    needles_find(&classifier->needles, event->message, &found);
    for (size_t word = 0; word < 2; word++) {
        for (uint64_t bits = found.words[word]; bits != 0; bits &= bits - 1) {
            size_t index = word * 64 + (size_t)__builtin_ctzll(bits);
            const struct log_pattern *pattern = &classifier->patterns[index].source;
            bool wanted = kinds[pattern->kind].mark ? event->mark == LOG_OTHER : index < best;
            if (!wanted || !try_pattern(classifier, index, event->message)) {
                continue;
            }
            if (!kinds[pattern->kind].mark) {
                decide(classifier, index, event);
                best = index;
                continue;
            }
            event->mark = pattern->kind;
            if (event->kind == LOG_OTHER) {
                decide(classifier, index, event);
                event->kind = pattern->kind;
            } else if (pattern->level > event->level) {
                event->level = pattern->level;
            }
        }
    }
}

static void find_kind(struct log_classifier *classifier, struct log_event *event) {
    if (event->level < LOG_LEVEL_ERROR && log_trace_begins(event->message)) {
        event->level = LOG_LEVEL_ERROR;
    }
    size_t best = find_at_start(classifier, event->message);
    if (best < classifier->count) {
        decide(classifier, best, event);
        bool failure = event->kind == LOG_FAIL_DATED || event->kind == LOG_FAIL_CURRENT;
        if (best < classifier->first_scanned && !failure) {
            return;
        }
    }
    find_inside(classifier, best, event);
}

void log_classify(struct log_classifier *classifier, struct text line, struct log_event *event) {
    if (line.size > LOG_CLASSIFY_BYTES) {
        line.size = LOG_CLASSIFY_BYTES;
    }
    line = line.size == 0 ? TEXT("") : sanitise_strip(line, &classifier->scratch);
    *event = (struct log_event){
        .day = DAY_NONE,
        .position = LOG_NOT_SAID,
        .total = LOG_NOT_SAID,
        .rows = LOG_NOT_SAID,
        .ok = LOG_NOT_SAID,
        .skipped = LOG_NOT_SAID,
        .failed = LOG_NOT_SAID,
        .bar_position = LOG_NOT_SAID,
        .bar_total = LOG_NOT_SAID,
        .message = line,
    };
    event->prefixed = read_usual(classifier, line, event);
    if (event->prefixed) {
        find_kind(classifier, event);
        return;
    }
    read_bar(classifier, event);
    struct text whole = event->message;
    if (event->prefixed || !read_other(classifier, whole, event)) {
        find_kind(classifier, event);
        return;
    }
    struct text message = event->message;
    find_kind(classifier, event);
    if (event->kind == LOG_OTHER && message.data != whole.data) {
        event->message = whole; /* patterns that were written for the whole line */
        find_kind(classifier, event);
        event->message = event->kind == LOG_OTHER ? message : whole;
    }
}
