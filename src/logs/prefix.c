#include "logs/prefix.h"

#include <string.h>
#include <strings.h>

enum {
    TOKENS = 6,     /* that may stand between the time and the level */
    NAMES = 2,      /* of them, that look like words: host and program, logger */
    TOKEN_MAX = 96, /* bytes of one */
    RICH_MARGIN = 9 /* blanks that stand for the time that rich does not repeat */
};

static const struct {
    const char *word;
    enum log_level level;
} words[] = {
    {"ERROR", LOG_LEVEL_ERROR},        {"INFO", LOG_LEVEL_INFO},
    {"WARNING", LOG_LEVEL_WARNING},    {"WARN", LOG_LEVEL_WARNING},
    {"DEBUG", LOG_LEVEL_DEBUG},        {"CRITICAL", LOG_LEVEL_CRITICAL},
    {"FATAL", LOG_LEVEL_CRITICAL},     {"TRACE", LOG_LEVEL_DEBUG},
    {"NOTICE", LOG_LEVEL_INFO},        {"SUCCESS", LOG_LEVEL_INFO},
    {"SEVERE", LOG_LEVEL_ERROR},       {"EXCEPTION", LOG_LEVEL_ERROR},
    {"ERRO", LOG_LEVEL_ERROR},         {"ERR", LOG_LEVEL_ERROR},
    {"CRIT", LOG_LEVEL_CRITICAL},      {"ALERT", LOG_LEVEL_CRITICAL},
    {"EMERG", LOG_LEVEL_CRITICAL},     {"PANIC", LOG_LEVEL_CRITICAL},
    {"EMERGENCY", LOG_LEVEL_CRITICAL}, {"DPANIC", LOG_LEVEL_CRITICAL},
    {"WRN", LOG_LEVEL_WARNING},        {"INF", LOG_LEVEL_INFO},
    {"DBG", LOG_LEVEL_DEBUG},
};

enum log_level log_prefix_level(struct text word, bool any_case) {
    for (size_t i = 0; word.size >= 3 && word.size <= 9 && i < sizeof words / sizeof words[0];
         i++) {
        const char *name = words[i].word;
        if (strlen(name) == word.size && (any_case ? strncasecmp(name, word.data, word.size) == 0
                                                   : memcmp(name, word.data, word.size) == 0)) {
            return words[i].level;
        }
    }
    return LOG_LEVEL_NONE;
}

static bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}

/* strchr would find a zero byte in every string. */
static bool is_in(char byte, const char *set) {
    return byte != '\0' && strchr(set, byte) != NULL;
}

static bool is_blank(char byte) {
    return byte == ' ' || byte == '\t';
}

static bool is_upper(char byte) {
    return byte >= 'A' && byte <= 'Z';
}

static struct text behind(struct text text, size_t size) {
    return (struct text){text.data + size, text.size - size};
}

static bool starts(struct text text, const char *with) {
    size_t size = strlen(with);
    return text.size >= size && memcmp(text.data, with, size) == 0;
}

static bool has(struct text text, char byte) {
    return text.size > 0 && memchr(text.data, byte, text.size) != NULL;
}

static struct text without_blanks(struct text text) {
    while (text.size > 0 && is_blank(text.data[0])) {
        text = behind(text, 1);
    }
    return text;
}

/* ---- times ---- */

/* Takes what has a shape: 0 a digit, b a blank or a digit, any other byte itself, or one of those
 * that stand for it in other countries. */
static bool take_shape(struct text *text, const char *shape) {
    size_t size = strlen(shape);
    for (size_t i = 0; i < size; i++) {
        char byte = i < text->size ? text->data[i] : '\0';
        bool fits = shape[i] == '0'   ? is_digit(byte)
                    : shape[i] == 'b' ? is_digit(byte) || byte == ' '
                    : shape[i] == '-' ? byte == '-' || byte == '/'
                    : shape[i] == 'T' ? byte == 'T' || byte == ' ' || byte == '_'
                                      : byte == shape[i];
        if (!fits) {
            return false;
        }
    }
    *text = behind(*text, size);
    return true;
}

static size_t digits_of(struct text text) {
    size_t count = 0;
    while (count < text.size && is_digit(text.data[count])) {
        count++;
    }
    return count;
}

/* ",123", ".123456789", then "Z", "+02:00", "+0200", " UTC" */
static void take_fraction_and_zone(struct text *text) {
    if (text->size > 1 && (text->data[0] == '.' || text->data[0] == ',') &&
        is_digit(text->data[1])) {
        *text = behind(*text, 1 + digits_of(behind(*text, 1)));
    }
    struct text zone = without_blanks(*text);
    if (starts(*text, "Z")) {
        *text = behind(*text, 1);
    } else if (starts(zone, "UTC") || starts(zone, "GMT")) {
        *text = behind(zone, 3);
    } else if (zone.size > 0 && (zone.data[0] == '+' || zone.data[0] == '-')) {
        zone = behind(zone, 1);
        if (take_shape(&zone, "00:00") || take_shape(&zone, "0000")) {
            *text = zone;
        }
    }
}

/* Takes a moment: a date and a clock time, a clock time alone, or seconds (milliseconds …) since
 * 1970. */
static bool take_moment(struct text *text) {
    struct text rest = *text;
    bool date = take_shape(&rest, "0000-00-00T") || take_shape(&rest, "00-00-00T") ||
                take_shape(&rest, "00-00-0000T");
    bool clock = take_shape(&rest, "00:00:00");
    size_t digits = digits_of(*text);
    bool epoch = !clock && !date && (digits == 10 || digits == 13 || digits == 16 || digits == 19);
    if (!clock && !epoch) {
        return false;
    }
    *text = epoch ? behind(*text, digits) : rest;
    take_fraction_and_zone(text);
    return text->size > 0 && (is_blank(text->data[0]) || is_in(text->data[0], "]|:)"));
}

/* ---- from the level on ---- */

/* Passes a logger that stands between the level and " - ". */
static struct text without_logger(struct text text) {
    static const char dash[] = " - ";
    size_t limit = text.size < TOKEN_MAX ? text.size : TOKEN_MAX;
    const char *found = limit == 0 ? NULL : memmem(text.data, limit, dash, sizeof dash - 1);
    struct text name = {text.data, found == NULL ? 0 : (size_t)(found - text.data)};
    while (name.size > 0 && name.data[0] == '[' && has(name, ']')) { /* the thread */
        const char *end = memchr(name.data, ']', name.size);
        name = without_blanks(behind(name, (size_t)(end - name.data) + 1));
    }
    if (name.size == 0 || has(name, ' ')) {
        return text;
    }
    return behind(text, (size_t)(found - text.data) + sizeof dash - 1);
}

/* Cuts "   run.py:13" off the right margin. */
static struct text without_margin(struct text text) {
    struct text rest = text_trim(text);
    size_t digits = 0;
    while (digits < rest.size && is_digit(rest.data[rest.size - 1 - digits])) {
        digits++;
    }
    if (digits == 0 || digits == rest.size || rest.data[rest.size - 1 - digits] != ':') {
        return text;
    }
    size_t at = rest.size - 1 - digits;
    while (at > 0 && !is_blank(rest.data[at - 1])) {
        at--;
    }
    bool apart = at > 1 && is_blank(rest.data[at - 1]) && is_blank(rest.data[at - 2]);
    size_t cut = (size_t)(rest.data - text.data) + at;
    while (apart && cut > 0 && is_blank(text.data[cut - 1])) {
        cut--;
    }
    return apart ? (struct text){text.data, cut} : text;
}

/* The message: what stands behind the level word and whatever closes it. */
static struct text message_of(struct text rest) {
    if (rest.size > 1 && rest.data[0] == '[' && is_digit(rest.data[1]) && has(rest, ']')) {
        const char *end = memchr(rest.data, ']', rest.size); /* "ERRO[0012] " */
        rest = behind(rest, (size_t)(end - rest.data) + 1);
    }
    if (starts(rest, "]") || starts(rest, ")")) {
        rest = behind(rest, 1);
    }
    struct text next = without_blanks(rest);
    bool closed = next.size > 1 && is_in(next.data[0], "-|:") && is_blank(next.data[1]);
    if (closed) {
        return without_logger(behind(next, 2));
    }
    if (starts(rest, ":")) {
        return behind(rest, 1);
    }
    return without_logger(next);
}

/* ---- up to the level ---- */

/* A word that may stand before the level: a host, a program, a logger, no word of a sentence. */
static bool is_name(struct text word) {
    bool special = false;
    for (size_t i = 0; i < word.size; i++) {
        char byte = word.data[i];
        bool letter = (byte >= 'a' && byte <= 'z') || is_upper(byte) || is_digit(byte);
        bool mark = is_in(byte, "._/:[]@=<>()$-");
        if (!letter && !mark) {
            return false;
        }
        special = special || mark;
    }
    return word.size > 0 && (special || !is_upper(word.data[0]));
}

struct walk {
    struct text rest;
    int names;
    enum log_level level;
};

/* Takes "[…]" or "{…}"; it may hold the level. */
static bool take_bracket(struct walk *walk, char close) {
    size_t limit = walk->rest.size < TOKEN_MAX ? walk->rest.size : TOKEN_MAX;
    const char *end = memchr(walk->rest.data, close, limit);
    if (end == NULL) {
        return false;
    }
    size_t size = (size_t)(end - walk->rest.data);
    struct text inner = {walk->rest.data + 1, size - 1};
    walk->level = log_prefix_level(text_trim(inner), true);
    walk->rest = behind(walk->rest, walk->level == LOG_LEVEL_NONE ? size + 1 : size);
    return true;
}

/* Takes a word; it may be the level, alone or before a colon. */
static bool take_word(struct walk *walk) {
    size_t size = 0;
    size_t level_size = 0;
    while (size < walk->rest.size && !is_blank(walk->rest.data[size])) {
        bool ends = is_in(walk->rest.data[size], ":|[");
        level_size = level_size == 0 && ends ? size : level_size;
        size++;
    }
    level_size = level_size == 0 ? size : level_size;
    walk->level = log_prefix_level((struct text){walk->rest.data, level_size}, walk->names == 0);
    if (walk->level != LOG_LEVEL_NONE) {
        walk->rest = behind(walk->rest, level_size);
        return true;
    }
    if (size > TOKEN_MAX || walk->names == NAMES ||
        !is_name((struct text){walk->rest.data, size})) {
        return false;
    }
    walk->names++;
    walk->rest = behind(walk->rest, size);
    return true;
}

/* Walks from behind the time to the level. */
static bool find_level(struct text rest, struct log_prefix *prefix) {
    struct walk walk = {.rest = rest};
    for (int i = 0; i < TOKENS; i++) {
        walk.rest = without_blanks(walk.rest);
        if (walk.rest.size == 0) {
            return false;
        }
        char first = walk.rest.data[0];
        bool alone = walk.rest.size > 1 && is_blank(walk.rest.data[1]);
        bool taken = true;
        if (first == '[' || first == '{') {
            taken = take_bracket(&walk, first == '[' ? ']' : '}');
        } else if (alone && is_in(first, "|-:")) {
            walk.rest = behind(walk.rest, 1);
            i--;
        } else {
            taken = take_word(&walk);
        }
        if (!taken) {
            return false;
        }
        if (walk.level != LOG_LEVEL_NONE) {
            *prefix = (struct log_prefix){walk.level, true, message_of(walk.rest)};
            return true;
        }
    }
    return false;
}

/* ---- the forms ---- */

/* "E0104 05:06:07.123456   12 main.cc:10] message" */
static bool read_glog(struct text line, struct log_prefix *prefix) {
    static const char letters[] = "IWEFD";
    static const enum log_level levels[] = {LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR,
                                            LOG_LEVEL_CRITICAL, LOG_LEVEL_DEBUG};
    struct text rest = behind(line, 1);
    if (!take_shape(&rest, "0000 00:00:00")) {
        return false;
    }
    size_t limit = rest.size < TOKEN_MAX ? rest.size : TOKEN_MAX;
    const char *end = memmem(rest.data, limit, "] ", 2);
    if (end == NULL) {
        return false;
    }
    rest = behind(rest, (size_t)(end - rest.data) + 2);
    *prefix = (struct log_prefix){levels[strchr(letters, line.data[0]) - letters], true, rest};
    return true;
}

/* "Jan  4 05:06:07 host prog[12]: ERROR message" */
static bool read_syslog(struct text line, struct log_prefix *prefix) {
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct text rest = line;
    const char *month = rest.size < 3 ? NULL : memmem(months, sizeof months - 1, rest.data, 3);
    if (month == NULL || (month - months) % 3 != 0) {
        return false;
    }
    rest = behind(rest, 3);
    return take_shape(&rest, " b0 00:00:00") && find_level(rest, prefix);
}

/* "ERROR: message", "ERROR message", "ERRO[0012] message" */
static bool read_bare(struct text line, struct log_prefix *prefix) {
    size_t size = 0;
    while (size < line.size && is_upper(line.data[size])) {
        size++;
    }
    enum log_level level = log_prefix_level((struct text){line.data, size}, false);
    struct text rest = behind(line, size);
    if (level == LOG_LEVEL_NONE || rest.size < 2 || !is_in(rest.data[0], ": \t[|")) {
        return false;
    }
    struct text message = message_of(rest);
    *prefix = (struct log_prefix){level, true, message};
    return message.size > 0;
}

/* "Error: message", "fatal: message": what command-line tools print, within records too. */
static bool read_tool(struct text line, struct log_prefix *prefix) {
    size_t limit = line.size < 9 ? line.size : 9;
    const char *colon = memchr(line.data, ':', limit);
    struct text word = {line.data, colon == NULL ? 0 : (size_t)(colon - line.data)};
    if (word.size + 1 >= line.size || !is_blank(line.data[word.size + 1])) {
        return false;
    }
    enum log_level level = log_prefix_level(word, true);
    *prefix = (struct log_prefix){level, false, line};
    return level != LOG_LEVEL_NONE;
}

/* The value of a logfmt key, without its quotes. */
static struct text value_of(struct text line, const char *key) {
    const char *found = memmem(line.data, line.size, key, strlen(key));
    struct text rest = line;
    if (found == NULL || (found != line.data && !is_blank(found[-1]))) {
        return TEXT("");
    }
    rest = behind(rest, (size_t)(found - line.data) + strlen(key));
    bool quoted = starts(rest, "\"");
    rest = quoted ? behind(rest, 1) : rest;
    size_t size = 0;
    while (size < rest.size && (quoted ? rest.data[size] != '"' : !is_blank(rest.data[size]))) {
        size += quoted && rest.data[size] == '\\' && size + 1 < rest.size ? 2 : 1;
    }
    return (struct text){rest.data, size};
}

/* "time=… level=error msg="message"" */
static bool read_logfmt(struct text line, struct log_prefix *prefix) {
    struct text level = value_of(line, "level=");
    struct text message = value_of(line, "msg=");
    prefix->level = log_prefix_level(level.size > 0 ? level : value_of(line, "lvl="), true);
    prefix->begins = true;
    prefix->message = message.size > 0 ? message : line;
    return prefix->level != LOG_LEVEL_NONE;
}

/* rich: "[01/04/24 05:06:07] ERROR    message     run.py:13"; within one second blanks stand for
 * the time. */
static bool read_rich(struct text line, struct log_prefix *prefix) {
    size_t blanks = line.size - without_blanks(line).size;
    bool read = blanks >= RICH_MARGIN && read_bare(without_blanks(line), prefix) &&
                is_blank(prefix->message.data[-1]);
    if (read) {
        prefix->message = without_margin(prefix->message);
    }
    return read;
}

static bool read_bracketed(struct text line, struct log_prefix *prefix) {
    struct text rest = behind(line, 1);
    if (take_moment(&rest) && starts(rest, "]")) {
        bool read = find_level(behind(rest, 1), prefix);
        if (read) {
            prefix->message = without_margin(prefix->message);
        }
        return read;
    }
    return find_level(line, prefix);
}

bool log_prefix_read(struct text line, struct text_buffer *scratch, struct log_prefix *prefix) {
    struct text rest = line;
    char first = line.size < 4 ? '\0' : line.data[0];
    if (first == '{') {
        return log_prefix_read_json(line, scratch, prefix);
    }
    if (first == '[') {
        return read_bracketed(line, prefix);
    }
    if (is_digit(first)) {
        return take_moment(&rest) && find_level(rest, prefix);
    }
    if (is_upper(first)) {
        bool glog = is_in(first, "IWEFD") && is_digit(line.data[1]);
        return glog ? read_glog(line, prefix)
                    : read_bare(line, prefix) || read_tool(line, prefix) ||
                          read_syslog(line, prefix);
    }
    if (first == ' ') {
        return read_rich(line, prefix);
    }
    if (starts(line, "time=") || starts(line, "ts=") || starts(line, "level=") ||
        starts(line, "lvl=")) {
        return read_logfmt(line, prefix);
    }
    return first >= 'a' && first <= 'z' && read_tool(line, prefix);
}
