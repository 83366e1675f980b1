/* The list of findings: noting, ordering, telling. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/online_judge.h"
#include "base/memory.h"
#include "base/print.h"
#include "base/text.h"

enum { LONGEST_TEXT = 1024 };

static const char *const words[ONLINE_SEVERITY_COUNT] = {
    [ONLINE_MISTAKE] = "mistake",
    [ONLINE_UNKNOWN] = "unknown",
    [ONLINE_WARNING] = "warning",
};

const char *online_severity_word(enum online_severity severity) {
    return words[severity];
}

void online_add(const struct online_context *context, enum online_severity severity,
                const char *file, struct pipeline_place place, const char *what, const char *format,
                ...) {
    struct online_findings *findings = context->findings;
    char text[LONGEST_TEXT];
    va_list arguments;
    va_start(arguments, format);
    (void)print_list_into(text, sizeof text, format, arguments);
    va_end(arguments);
    findings->items =
        memory_grow(findings->items, findings->count, &findings->capacity, sizeof *findings->items);
    findings->items[findings->count++] = (struct online_finding){
        .severity = severity,
        .file = memory_copy_string(file),
        .place = place,
        .what = memory_copy_string(what),
        .text = memory_copy_string(text),
    };
}

static void free_finding(struct online_finding *finding) {
    free(finding->file);
    free(finding->what);
    free(finding->text);
}

void online_findings_free(struct online_findings *findings) {
    for (size_t i = 0; i < findings->count; i++) {
        free_finding(&findings->items[i]);
    }
    free(findings->items);
    *findings = (struct online_findings){0};
}

static int order(size_t a, size_t b) {
    return (a > b) - (a < b);
}

static int by_severity_and_place(const void *left, const void *right) {
    const struct online_finding *a = left, *b = right;
    int result = order((size_t)a->severity, (size_t)b->severity);
    result = result != 0 ? result : strcmp(a->file, b->file);
    result = result != 0 ? result : order(a->place.line, b->place.line);
    result = result != 0 ? result : order(a->place.column, b->place.column);
    result = result != 0 ? result : strcmp(a->what, b->what);
    return result != 0 ? result : strcmp(a->text, b->text);
}

void online_sort(struct online_findings *findings) {
    if (findings->count == 0) {
        return;
    }
    qsort(findings->items, findings->count, sizeof *findings->items, by_severity_and_place);
    size_t kept = 1;
    for (size_t i = 1; i < findings->count; i++) {
        if (by_severity_and_place(&findings->items[kept - 1], &findings->items[i]) == 0) {
            free_finding(&findings->items[i]);
        } else {
            findings->items[kept++] = findings->items[i];
        }
    }
    findings->count = kept;
}

char *online_finding_line(const struct online_finding *finding) {
    struct text_buffer line = {0};
    text_buffer_add(&line, finding->file);
    if (finding->place.line > 0) {
        text_buffer_format(&line, ":%zu:%zu", finding->place.line, finding->place.column);
    }
    text_buffer_format(
        &line, ": %s%s%s: %s", finding->severity == ONLINE_MISTAKE ? "" : words[finding->severity],
        finding->severity == ONLINE_MISTAKE ? "" : ": ", finding->what, finding->text);
    return text_buffer_take(&line);
}

char *online_failure_text(const struct bigquery_result *result) {
    struct error error = {0};
    (void)bigquery_result_check(result, &error);
    return memory_copy_string(error.text);
}
