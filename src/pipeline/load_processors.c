/* Processors, groups, and patterns of their logs. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "pipeline/argv.h"
#include "pipeline/identifier.h"
#include "pipeline/loader.h"
#include "pipeline/placeholder.h"
#include "pipeline/shape.h"

enum {
    MOST_WORKERS = 1000,
    MOST_FAILURES = 100000,
    MOST_RETRIES = 20,
    MOST_VARIABLES = 1000,
    MOST_PATTERN_SETS = 1000,
    MOST_PATTERNS = 128,
};

/* Until what a command triggered has settled, nobody launches its dates. */
static const int64_t longest_settle_ms = INT64_C(24) * 3600 * 1000;

static struct pipeline_strings copy_strings(char *const *items, size_t count) {
    struct pipeline_strings copy = {memory_new(count + 1, sizeof(char *)), count};
    for (size_t i = 0; i < count; i++) {
        copy.items[i] = memory_copy_string(items[i]);
    }
    return copy;
}

static bool any_holds(const struct pipeline_strings *strings, enum argv_placeholder placeholder) {
    for (size_t i = 0; i < strings->count; i++) {
        if (placeholder_in(strings->items[i], argv_placeholders[placeholder])) {
            return true;
        }
    }
    return false;
}

static void check_placeholders(struct loader *loader, const struct place *at,
                               const struct pipeline_strings *strings) {
    struct placeholder_value values[ARGV_PLACEHOLDERS];
    for (size_t i = 0; i < ARGV_PLACEHOLDERS; i++) {
        values[i] = (struct placeholder_value){argv_placeholders[i], ""};
    }
    for (size_t i = 0; i < strings->count; i++) {
        struct text unknown = placeholder_unknown(strings->items[i], values, ARGV_PLACEHOLDERS);
        if (unknown.size == 0) {
            continue;
        }
        char *name = memory_copy_part(unknown.data, unknown.size);
        const char *meant = text_nearest(name, argv_placeholders, ARGV_PLACEHOLDERS);
        loader_mistake(loader, PLACE_ITEM(at, i), "unknown placeholder {%s}%s%s%s", name,
                       meant == NULL ? "; known are {from}, {to}, {workers}, {dates} and {season}"
                                     : "; did you mean {",
                       meant == NULL ? "" : meant, meant == NULL ? "" : "}?");
        free(name);
    }
}

static void check_dates_argument(struct loader *loader, const struct place *at,
                                 const struct pipeline_processor *processor) {
    if (processor->dates_argument.count == 0) {
        return;
    }
    check_placeholders(loader, at, &processor->dates_argument);
    if (!any_holds(&processor->dates_argument, ARGV_DATES)) {
        loader_mistake(loader, at, "dates_argument must hold {dates}");
    }
    if (processor->shell) {
        loader_mistake(loader, at,
                       "a shell command cannot have dates_argument; put {dates} into it");
    } else if (any_holds(&processor->command, ARGV_DATES)) {
        loader_mistake(loader, at, "the command holds {dates} already; leave dates_argument out");
    }
}

static void check_command(struct loader *loader, const struct place *at,
                          const struct raw_processor *raw,
                          const struct pipeline_processor *processor) {
    const struct place *command = PLACE_KEY(at, "command");
    const struct pipeline_strings *argv = &processor->command;
    if (argv->count == 0) {
        loader_mistake(loader, command, "the command of \"%s\" is empty", raw->name);
        return;
    }
    check_placeholders(loader, command, argv);
    bool from = any_holds(argv, ARGV_FROM), to = any_holds(argv, ARGV_TO);
    if (!any_holds(argv, ARGV_DATES) && !(from && to)) {
        loader_mistake(loader, command,
                       "the command of \"%s\" does not say for which dates: {%s} is missing",
                       raw->name, from ? "to" : "from");
    }
    if (any_holds(argv, ARGV_WORKERS) && raw->workers == NULL) {
        loader_mistake(loader, command, "the command holds {workers}; add \"workers\"");
    }
    if (processor->shell && argv->count != 1) {
        loader_mistake(loader, command,
                       "with \"shell: true\" the command is a list of one text for /bin/sh -c");
    }
    if (loader->pipeline->season_count == 0 &&
        (any_holds(argv, ARGV_SEASON) || any_holds(argv, ARGV_SEASON_FROM) ||
         any_holds(argv, ARGV_SEASON_TO))) {
        loader_mistake(loader, command, "the command holds {season}; add \"seasons\"");
    }
    check_dates_argument(loader, PLACE_KEY(at, "dates_argument"), processor);
}

/* Variables that every command gets from phasegate, whatever the file says. */
static const char *const own_variables[] = {"PHASEGATE_RUN_ID", "PHASEGATE_PIPELINE_LABEL"};

static void check_variable(struct loader *loader, const yaml_node_t *key,
                           const struct pipeline_processor *processor) {
    const char *name = (const char *)key->data.scalar.value;
    if (!identifier_is_word(text_of(name))) {
        loader_mistake_at(loader, key->start_mark, "\"%s\" cannot be a variable's name", name);
    }
    for (size_t i = 0; i < sizeof own_variables / sizeof *own_variables; i++) {
        if (strcmp(own_variables[i], name) == 0) {
            loader_mistake_at(loader, key->start_mark,
                              "%s is given by phasegate to every command, in place of this value; "
                              "leave it out",
                              name);
        }
    }
    for (size_t i = 0; i < processor->environment_count; i++) {
        if (strcmp(processor->environment[i].name, name) == 0) {
            loader_mistake_at(loader, key->start_mark, "\"%s\" is given twice", name);
        }
    }
}

static void load_environment(struct loader *loader, const struct place *at,
                             struct pipeline_processor *processor) {
    const yaml_node_t *node = loader_node(loader, PLACE_KEY(at, "environment"));
    if (node == NULL || !shape_is_mapping(loader, node, "environment")) {
        return;
    }
    yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    size_t count = (size_t)(node->data.mapping.pairs.top - pair);
    if (count > MOST_VARIABLES) {
        loader_mistake_at(loader, node->start_mark, "at most %d variables can be given",
                          MOST_VARIABLES);
        return;
    }
    processor->environment = memory_new(count, sizeof processor->environment[0]);
    for (; pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = yaml_document_get_node(&loader->document, pair->key);
        const yaml_node_t *value = yaml_document_get_node(&loader->document, pair->value);
        if (!shape_is_value(loader, key, "environment") ||
            !shape_is_value(loader, value, (const char *)key->data.scalar.value)) {
            continue;
        }
        check_variable(loader, key, processor);
        const char *text = (const char *)value->data.scalar.value;
        warn_of_value(loader, value->start_mark, text);
        processor->environment[processor->environment_count++] = (struct pipeline_variable){
            memory_copy_string((const char *)key->data.scalar.value), memory_copy_string(text)};
    }
}

static void load_limits(struct loader *loader, const struct place *at,
                        const struct raw_processor *raw, struct pipeline_processor *processor) {
    int64_t workers = 1, failures = 0, processes = 1;
    loader_integer(loader, PLACE_KEY(at, "workers"), raw->workers, 1, MOST_WORKERS, &workers);
    loader_integer(loader, PLACE_KEY(at, "stop_after_failures"), raw->stop_after_failures, 0,
                   MOST_FAILURES, &failures);
    loader_integer(loader, PLACE_KEY(at, "processes_per_worker"), raw->processes_per_worker, 1,
                   MOST_WORKERS, &processes);
    processor->workers = (int)workers;
    processor->processes_per_worker = (int)processes;
    processor->stop_after_failures = (int)failures;
    processor->stop_grace_ms = 60000;
    loader_duration(loader, PLACE_KEY(at, "stop_grace"), raw->stop_grace,
                    &processor->stop_grace_ms);
    processor->log_limit = INT64_C(2) << 30;
    loader_size(loader, PLACE_KEY(at, "log_limit"), raw->log_limit, &processor->log_limit);
    loader_duration(loader, PLACE_KEY(at, "quiet_after"), raw->quiet_after,
                    &processor->quiet_after_ms);
    loader_duration(loader, PLACE_KEY(at, "settle"), raw->settle, &processor->settle_ms);
    if (processor->settle_ms > longest_settle_ms) {
        loader_mistake(loader, PLACE_KEY(at, "settle"),
                       "is at most 24h: for so long nobody launches its dates");
    }
    loader_duration(loader, PLACE_KEY(at, "timeout"), raw->timeout, &processor->timeout_ms);
    if (raw->timeout != NULL && processor->quiet_after_ms > processor->timeout_ms) {
        loader_mistake(loader, PLACE_KEY(at, "quiet_after"),
                       "the run would time out (%s) before it can be called quiet", raw->timeout);
    }
}

/* A quota is not refilled within minutes, and is met again sooner with as many workers. */
static void load_retry(struct loader *loader, const struct place *at,
                       const struct raw_processor *raw, struct pipeline_processor *processor) {
    int64_t times = 1, workers = 0;
    struct pipeline_retry *retry = &processor->retry;
    if (raw->retry == NULL) {
        return;
    }
    *retry =
        (struct pipeline_retry){.after_ms = INT64_C(60000), .quota_after_ms = INT64_C(30) * 60000};
    loader_integer(loader, PLACE_KEY(at, "times"), raw->retry->times, 1, MOST_RETRIES, &times);
    loader_duration(loader, PLACE_KEY(at, "after"), raw->retry->after, &retry->after_ms);
    loader_duration(loader, PLACE_KEY(at, "quota_after"), raw->retry->quota_after,
                    &retry->quota_after_ms);
    loader_integer(loader, PLACE_KEY(at, "quota_workers"), raw->retry->quota_workers, 1,
                   MOST_WORKERS, &workers);
    retry->times = (int)times;
    retry->quota_workers = (int)workers;
    if (workers > processor->workers) {
        loader_mistake(loader, PLACE_KEY(at, "quota_workers"),
                       "after a quota error it would run with more workers (%lld) than before (%d)",
                       (long long)workers, processor->workers);
    }
}

/* What it does on the server, by itself or through the label that names its run. */
static void load_server_jobs(struct loader *loader, const struct place *at,
                             const struct raw_processor *raw,
                             struct pipeline_processor *processor) {
    static const char *const words[] = {"labelled", "none"};
    const char *given = raw->server_jobs == NULL ? words[0] : raw->server_jobs;
    processor->labels_jobs = strcmp(given, words[0]) == 0;
    if (processor->labels_jobs || strcmp(given, words[1]) == 0) {
        return;
    }
    loader_mistake(loader, PLACE_KEY(at, "server_jobs"),
                   "\"%s\" is neither \"labelled\" (its BigQuery jobs carry the label "
                   "phasegate_run) nor \"none\" (it starts none of its own)",
                   given);
}

/* Where it runs: `local`, or `{ssh: HOST}`. */
static void load_runner(struct loader *loader, const struct place *at,
                        const struct raw_processor *raw, struct pipeline_processor *processor) {
    const struct place *place = PLACE_KEY(at, "runner");
    const yaml_node_t *node = loader_node(loader, place);
    if (node == NULL || (node->type == YAML_SCALAR_NODE &&
                         strcmp((const char *)node->data.scalar.value, "local") == 0)) {
        return;
    }
    const yaml_node_t *host =
        node->type == YAML_MAPPING_NODE ? loader_value(loader, node, "ssh") : NULL;
    size_t count = node->type == YAML_MAPPING_NODE
                       ? (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start)
                       : 0;
    if (host == NULL || count != 1) {
        loader_mistake(loader, place, "a runner is \"local\" or {ssh: HOST}");
        return;
    }
    if (!shape_is_value(loader, host, "ssh")) {
        return;
    }
    if (!identifier_is_host(text_of((const char *)host->data.scalar.value))) {
        loader_mistake_at(loader, host->start_mark, "\"%s\" cannot be a host for ssh",
                          (const char *)host->data.scalar.value);
    } else if (raw->directory == NULL || raw->directory[0] != '/') {
        loader_mistake(loader, place,
                       "over ssh, `directory` must be named, and begin with \"/\": it is one of "
                       "the other host");
    }
    processor->ssh = memory_copy_string((const char *)host->data.scalar.value);
}

static void load_processor(struct loader *loader, size_t index) {
    const struct place *at = PLACE_ITEM(PLACE_KEY(NULL, "processors"), index);
    const struct raw_processor *raw = &loader->raw->processors[index];
    struct pipeline_processor *processor = &loader->pipeline->processors[index];
    processor->name = memory_copy_string(raw->name);
    processor->fills = loader_find_all(loader, PLACE_KEY(at, "fills"), &loader->tables, raw->fills,
                                       raw->fills_count);
    if (raw->fills_count == 0) {
        loader_mistake(loader, PLACE_KEY(at, "fills"), "a processor fills at least one table");
    }
    processor->command = copy_strings(raw->command, raw->command_count);
    processor->dates_argument = copy_strings(raw->dates_argument, raw->dates_argument_count);
    loader_bool(loader, PLACE_KEY(at, "shell"), raw->shell, &processor->shell);
    check_command(loader, at, raw, processor);
    if (!processor->shell) {
        warn_of_words(loader, PLACE_KEY(at, "command"), raw->command, raw->command_count);
        warn_of_words(loader, PLACE_KEY(at, "dates_argument"), raw->dates_argument,
                      raw->dates_argument_count);
    }
    char *expanded = file_expand_home(raw->directory == NULL ? "." : raw->directory);
    processor->directory = raw->directory == NULL
                               ? memory_copy_string(loader->pipeline->directory)
                               : file_join(loader->pipeline->directory, expanded);
    free(expanded);
    load_environment(loader, at, processor);
    load_limits(loader, at, raw, processor);
    load_runner(loader, at, raw, processor);
    load_server_jobs(loader, at, raw, processor);
    load_retry(loader, PLACE_KEY(at, "retry"), raw, processor);
    processor->log = memory_copy_string(raw->log == NULL ? PIPELINE_BUILT_IN_PATTERNS : raw->log);
}

void load_processors(struct loader *loader) {
    struct pipeline *pipeline = loader->pipeline;
    pipeline->processor_count = loader->raw->processors_count;
    pipeline->processors = memory_new(pipeline->processor_count, sizeof pipeline->processors[0]);
    for (size_t i = 0; i < pipeline->processor_count; i++) {
        load_processor(loader, i);
    }
    loader_check_names(loader, "processors", &loader->processors);
}

void load_groups(struct loader *loader) {
    struct pipeline *pipeline = loader->pipeline;
    pipeline->group_count = loader->raw->groups_count;
    pipeline->groups = memory_new(pipeline->group_count, sizeof pipeline->groups[0]);
    for (size_t i = 0; i < pipeline->group_count; i++) {
        const struct place *at = PLACE_ITEM(PLACE_KEY(NULL, "groups"), i);
        const struct raw_group *raw = &loader->raw->groups[i];
        struct pipeline_group *group = &pipeline->groups[i];
        group->name = memory_copy_string(raw->name);
        group->runs = loader_find_all(loader, PLACE_KEY(at, "runs"), &loader->processors, raw->runs,
                                      raw->runs_count);
        group->behind = raw->behind == NULL ? PIPELINE_NONE
                                            : loader_find(loader, PLACE_KEY(at, "behind"),
                                                          &loader->gates, raw->behind);
        if (raw->runs_count == 0) {
            loader_mistake(loader, PLACE_KEY(at, "runs"), "group \"%s\" runs nothing", raw->name);
        }
    }
    loader_check_names(loader, "groups", &loader->groups);
}

/* One pattern of a set: {kind: …, regex: …}. */
static bool load_pattern(struct loader *loader, const yaml_node_t *node,
                         struct pipeline_pattern *pattern) {
    if (!shape_is_mapping(loader, node, "a pattern")) {
        return false;
    }
    const yaml_node_t *kind = loader_value(loader, node, "kind");
    const yaml_node_t *regex = loader_value(loader, node, "regex");
    if (kind == NULL || regex == NULL ||
        node->data.mapping.pairs.top - node->data.mapping.pairs.start != 2) {
        loader_mistake_at(loader, node->start_mark, "a pattern has the keys kind and regex");
        return false;
    }
    if (!shape_is_value(loader, kind, "kind") || !shape_is_value(loader, regex, "regex")) {
        return false;
    }
    pattern->kind = memory_copy_string((const char *)kind->data.scalar.value);
    pattern->regex = memory_copy_string((const char *)regex->data.scalar.value);
    const struct pipeline_help *help = loader->help;
    struct pipeline_pattern_fault fault = {0};
    if (help != NULL && help->check_pattern != NULL &&
        !help->check_pattern(pattern->kind, pattern->regex, &fault)) {
        loader_mistake_at(loader, (fault.of_kind ? kind : regex)->start_mark, "%s", fault.text);
    }
    return true;
}

static void load_pattern_set(struct loader *loader, const yaml_node_t *key, const yaml_node_t *list,
                             struct pipeline_pattern_set *set) {
    set->name = memory_copy_string((const char *)key->data.scalar.value);
    if (!identifier_is_name(text_of(set->name))) {
        loader_mistake_at(loader, key->start_mark, "\"%s\" cannot be the name of a set of patterns",
                          set->name);
    }
    if (strcmp(set->name, PIPELINE_BUILT_IN_PATTERNS) == 0) {
        loader_mistake_at(loader, key->start_mark, "\"%s\" is built in; choose another name",
                          set->name);
    }
    if (!shape_is_list(loader, list, set->name)) {
        return;
    }
    yaml_node_item_t *item = list->data.sequence.items.start;
    size_t count = (size_t)(list->data.sequence.items.top - item);
    if (count == 0) {
        loader_mistake_at(loader, list->start_mark, "\"%s\" holds no pattern", set->name);
    }
    if (count > MOST_PATTERNS) {
        loader_mistake_at(loader, list->start_mark, "\"%s\" holds %zu patterns; at most %d",
                          set->name, count, MOST_PATTERNS);
        return;
    }
    set->patterns = memory_new(count, sizeof set->patterns[0]);
    for (; item < list->data.sequence.items.top; item++) {
        const yaml_node_t *node = yaml_document_get_node(&loader->document, *item);
        set->pattern_count += load_pattern(loader, node, &set->patterns[set->pattern_count]);
    }
}

/* Every processor's log must name a set that there is. */
static void check_logs(struct loader *loader) {
    const struct pipeline *pipeline = loader->pipeline;
    struct names sets = {"set of patterns",
                         memory_new(pipeline->pattern_set_count + 1, sizeof(const char *)), 1,
                         NULL};
    sets.items[0] = PIPELINE_BUILT_IN_PATTERNS;
    for (size_t i = 0; i < pipeline->pattern_set_count; i++) {
        sets.items[sets.count++] = pipeline->pattern_sets[i].name;
    }
    for (size_t i = 0; i < pipeline->processor_count; i++) {
        const struct place *at = PLACE_ITEM(PLACE_KEY(NULL, "processors"), i);
        (void)loader_find(loader, PLACE_KEY(at, "log"), &sets, pipeline->processors[i].log);
    }
    free(sets.items);
}

static void load_pattern_sets(struct loader *loader) {
    struct pipeline *pipeline = loader->pipeline;
    const yaml_node_t *node = loader_node(loader, PLACE_KEY(NULL, "patterns"));
    if (node == NULL || !shape_is_mapping(loader, node, "patterns")) {
        return;
    }
    yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    size_t count = (size_t)(node->data.mapping.pairs.top - pair);
    if (count > MOST_PATTERN_SETS) {
        loader_mistake_at(loader, node->start_mark, "at most %d sets of patterns can be given",
                          MOST_PATTERN_SETS);
        return;
    }
    pipeline->pattern_sets = memory_new(count, sizeof pipeline->pattern_sets[0]);
    for (; pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = yaml_document_get_node(&loader->document, pair->key);
        const yaml_node_t *list = yaml_document_get_node(&loader->document, pair->value);
        if (!shape_is_value(loader, key, "patterns")) {
            continue;
        }
        for (size_t i = 0; i < pipeline->pattern_set_count; i++) {
            if (strcmp(pipeline->pattern_sets[i].name, (const char *)key->data.scalar.value) == 0) {
                loader_mistake_at(loader, key->start_mark, "\"%s\" is given twice",
                                  pipeline->pattern_sets[i].name);
            }
        }
        load_pattern_set(loader, key, list, &pipeline->pattern_sets[pipeline->pattern_set_count++]);
    }
}

void load_patterns(struct loader *loader) {
    load_pattern_sets(loader);
    check_logs(loader);
}
