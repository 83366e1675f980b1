/* Everything that meets a byte of a log: strip, sanitise, classify, progress and its store, the
 * literal reader, and user patterns. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
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
    check(line.columns == sanitise_columns(text));
    for (size_t at = 0; at < text.size;) {
        uint32_t code_point = 0;
        at += text_decode(text.data + at, text.size - at, &code_point);
        check(sanitise_width(code_point) >= 0);
    }
    sanitise_free(&line);
}

/* Fed in one go, or stored and restored after each line: the same. */
static void check_progress(struct log_classifier *classifier, struct text content) {
    struct log_progress *whole = log_progress_new();
    struct log_progress *parts = log_progress_new();
    for (int64_t arrival = 1; content.size > 0; arrival += 997) {
        struct text line = text_cut(&content, '\n');
        check_sanitised(line);
        log_progress_feed(whole, classifier, line, arrival);
        log_progress_feed(parts, classifier, line, arrival);
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
