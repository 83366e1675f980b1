#include <stdlib.h>

#include "pipeline/pipeline.h"

static void free_strings(struct pipeline_strings *strings) {
    for (size_t i = 0; i < strings->count; i++) {
        free(strings->items[i]);
    }
    free(strings->items);
}

static void free_source(struct pipeline_source *source) {
    free(source->file);
    free(source->text);
}

static void free_table(struct pipeline_table *table) {
    free(table->name);
    free(table->project);
    free(table->dataset);
    free(table->table);
    free(table->date);
    free(table->entity);
    free(table->null_of);
    free(table->fallback);
    free(table->needs.items);
    free(table->wants.items);
    free(table->coverage_sql);
}

static void free_processor(struct pipeline_processor *processor) {
    free(processor->name);
    free(processor->fills.items);
    free_strings(&processor->command);
    free_strings(&processor->dates_argument);
    free(processor->ssh);
    free(processor->directory);
    for (size_t i = 0; i < processor->environment_count; i++) {
        free(processor->environment[i].name);
        free(processor->environment[i].value);
    }
    free(processor->environment);
    free(processor->log);
}

static void free_gate(struct pipeline_gate *gate) {
    free(gate->name);
    for (size_t i = 0; i < gate->check_count; i++) {
        struct pipeline_check *check = &gate->checks[i];
        free(check->name);
        free(check->sql);
        free_source(&check->source);
        free_strings(&check->command);
        free(check->question);
        free(check->path);
    }
    free(gate->checks);
    free(gate->holds.items);
}

static void free_patterns(struct pipeline_pattern_set *set) {
    free(set->name);
    for (size_t i = 0; i < set->pattern_count; i++) {
        free(set->patterns[i].kind);
        free(set->patterns[i].regex);
    }
    free(set->patterns);
}

static void free_lists(struct pipeline *pipeline) {
    for (size_t i = 0; i < pipeline->season_count; i++) {
        free(pipeline->seasons[i].name);
    }
    for (size_t i = 0; i < pipeline->phase_count; i++) {
        free(pipeline->phases[i]);
    }
    for (size_t i = 0; i < pipeline->expected_count; i++) {
        free(pipeline->expected[i].name);
        free(pipeline->expected[i].sql);
        free_source(&pipeline->expected[i].source);
        free(pipeline->expected[i].except);
    }
    for (size_t i = 0; i < pipeline->table_count; i++) {
        free_table(&pipeline->tables[i]);
    }
    for (size_t i = 0; i < pipeline->processor_count; i++) {
        free_processor(&pipeline->processors[i]);
    }
    for (size_t i = 0; i < pipeline->group_count; i++) {
        free(pipeline->groups[i].name);
        free(pipeline->groups[i].runs.items);
    }
    for (size_t i = 0; i < pipeline->gate_count; i++) {
        free_gate(&pipeline->gates[i]);
    }
    for (size_t i = 0; i < pipeline->pattern_set_count; i++) {
        free_patterns(&pipeline->pattern_sets[i]);
    }
    for (size_t i = 0; i < PIPELINE_CHANNEL_COUNT; i++) {
        free(pipeline->alerts[i].url_file);
        free(pipeline->alerts[i].token_file);
    }
}

void pipeline_free(struct pipeline *pipeline) {
    if (pipeline == NULL) {
        return;
    }
    free_lists(pipeline);
    free_source(&pipeline->coverage);
    free(pipeline->name);
    free(pipeline->project);
    free(pipeline->location);
    free(pipeline->timezone);
    free(pipeline->endpoint);
    free(pipeline->file);
    free(pipeline->directory);
    free(pipeline->seasons);
    free(pipeline->phases);
    free(pipeline->expected);
    free(pipeline->tables);
    free(pipeline->processors);
    free(pipeline->groups);
    free(pipeline->gates);
    free(pipeline->pattern_sets);
    free(pipeline);
}
