/* Everything that meets a byte of a log: strip, sanitise, prefixes, bars, classify, progress and
 * its store, the literal reader, and user patterns. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "logs/bar.h"
#include "logs/index.h"
#include "logs/progress.h"
#include "logs/sanitise.h"
#include "logs/search.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
    if (!holds) {
        abort();
    }
}

static void check_sanitised(struct text raw) {
    struct sanitise_line line = {0};
    struct sanitise_options options = {.max_bytes = 200, .ascii = raw.size % 2 == 1};
    sanitise_line(raw, &options, &line);
    struct text text = {line.text.data, line.text.size};
    check(line.columns == unicode_columns(text));
    for (size_t at = 0; at < text.size;) {
        uint32_t code_point = 0;
        at += text_decode(text.data + at, text.size - at, &code_point);
        check(unicode_width(code_point) >= 0);
    }
    sanitise_free(&line);
}

/* A bar lies within its bounds, whatever it was read off; what is shown of a line is its end. */
static void check_line(struct text line) {
    struct log_bar bar;
    if (log_bar_read(line, &bar) || log_bar_count(line, &bar)) {
        check(bar.position >= 0 && bar.position <= bar.total && bar.total > 0);
        check(bar.rest.size <= line.size);
    }
    struct text shown = log_index_shown(line);
    check(shown.size <= line.size);
    check(shown.size == 0 || memchr(shown.data, '\r', shown.size) == NULL ||
          text_trim(shown).size == 0);
}

/* Takes a line as a follower does: what a carriage return ends is a state of one. */
static void take(struct log_progress *progress, struct log_classifier *classifier, struct text line,
                 int64_t arrival) {
    const char *end = line.size == 0 ? NULL : memrchr(line.data, '\r', line.size);
    if (end != NULL) {
        struct text state = {line.data, (size_t)(end - line.data)};
        log_progress_state(progress, classifier, state, arrival % 2 == 0, arrival);
        line = (struct text){end + 1, line.size - state.size - 1};
    }
    log_progress_feed(progress, classifier, line, arrival);
}

/* Fed in one go, or stored and restored after each line: the same. */
static void check_progress(struct log_classifier *classifier, struct text content) {
    struct log_progress *whole = log_progress_new();
    struct log_progress *parts = log_progress_new();
    for (int64_t arrival = 1; content.size > 0; arrival += 997) {
        struct text line = text_cut(&content, '\n');
        check_sanitised(line);
        check_line(line);
        take(whole, classifier, line, arrival);
        take(parts, classifier, line, arrival);
        json_t *stored = log_progress_to_json(parts);
        log_progress_free(parts);
        parts = log_progress_from_json(stored, NULL);
        check(parts != NULL);
        json_decref(stored);
    }
    json_t *a = log_progress_to_json(whole);
    json_t *b = log_progress_to_json(parts);
    check(json_equal(a, b) != 0);
    json_decref(a);
    json_decref(b);
    log_progress_free(whole);
    log_progress_free(parts);
}

/* The input's first line as a pattern: with and without what the sieve reads off it. */
static void check_pattern(struct text content) {
    struct text first = text_cut(&content, '\n');
    char *regex = memory_copy_part(first.data, first.size);
    struct log_pattern pattern = {"fuzz", LOG_HANG, LOG_LEVEL_NONE, regex};
    struct log_classifier *classifier = log_classifier_new(&pattern, 1, NULL);
    struct log_regex *search = log_regex_new(first, NULL);
    struct log_event event;
    if (classifier != NULL) {
        log_classify(classifier, text_cut(&content, '\n'), &event);
    }
    if (search != NULL) {
        (void)log_regex_find(search, content, 0, NULL, NULL);
    }
    log_classifier_free(classifier);
    log_regex_free(search);
    free(regex);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct log_classifier *classifier;
    if (classifier == NULL) {
        classifier = log_classifier_builtin("python-backfill", NULL);
    }
    struct text content = {(const char *)data, size};
    if (size > 0) {
        check_progress(classifier, content);
        check_pattern(content);
    }
    return 0;
}
