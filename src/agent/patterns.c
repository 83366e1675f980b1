#include "agent/patterns.h"

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

bool patterns_check(const struct pipeline *pipeline, struct error *error) {
    for (size_t i = 0; i < pipeline->pattern_set_count; i++) {
        struct log_classifier *classifier =
            patterns_classifier(pipeline, pipeline->pattern_sets[i].name, error);
        if (classifier == NULL) {
            return error_prefix(error, "%s", pipeline->file);
        }
        log_classifier_free(classifier);
    }
    return true;
}
