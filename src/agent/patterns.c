#include "agent/patterns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct log_classifier *patterns_classifier(const struct pipeline *pipeline, const char *name,
                                           struct error *error) {
    for (size_t i = 0; i < pipeline->pattern_set_count; i++) {
        const struct pipeline_pattern_set *set = &pipeline->pattern_sets[i];
        if (strcmp(set->name, name) != 0) {
            continue;
        }
        struct log_pattern *patterns = memory_new(set->pattern_count, sizeof *patterns);
        bool good = true;
        for (size_t j = 0; good && j < set->pattern_count; j++) {
            patterns[j].name = set->patterns[j].kind;
            patterns[j].regex = set->patterns[j].regex;
            patterns[j].level = LOG_LEVEL_NONE;
            good = log_kind_parse(text_of(set->patterns[j].kind), &patterns[j].kind) ||
                   error_set(error, EXIT_CONFIG, "patterns.%s: there is no kind \"%s\"", name,
                             set->patterns[j].kind);
        }
        struct log_classifier *classifier =
            good ? log_classifier_new(patterns, set->pattern_count, error) : NULL;
        free(patterns);
        return classifier;
    }
    return log_classifier_builtin(name, error);
}

/* The kinds that there are, and the one that was probably meant. */
static void tell_kinds(const char *kind, struct pipeline_pattern_fault *fault) {
    const char *names[LOG_KIND_COUNT];
    struct text_buffer list = {0};
    for (size_t i = 0; i < LOG_KIND_COUNT; i++) {
        names[i] = log_kind_name((enum log_kind)i);
        text_buffer_format(&list, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    const char *meant = text_nearest(kind, names, LOG_KIND_COUNT);
    (void)snprintf(fault->text, sizeof fault->text,
                   "there is no kind \"%.60s\"%s%s%s; kinds are: %s", kind,
                   meant != NULL ? "; did you mean \"" : "", meant != NULL ? meant : "",
                   meant != NULL ? "\"" : "", list.data);
    text_buffer_free(&list);
}

bool patterns_check(const char *kind, const char *regex, struct pipeline_pattern_fault *fault) {
    struct error error = {0};
    struct log_pattern pattern = {.name = kind, .regex = regex, .level = LOG_LEVEL_NONE};
    fault->of_kind = !log_kind_parse(text_of(kind), &pattern.kind);
    if (fault->of_kind) {
        tell_kinds(kind, fault);
        return false;
    }
    struct log_classifier *classifier = log_classifier_new(&pattern, 1, &error);
    (void)snprintf(fault->text, sizeof fault->text, "%.1000s", error.text);
    log_classifier_free(classifier);
    return classifier != NULL;
}
