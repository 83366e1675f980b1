/* From a processor's command and a launch to the argv that is started. */
#include "pipeline/argv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "pipeline/pipeline.h"
#include "pipeline/placeholder.h"

enum { LARGEST_ARGV = 100 * 1024 };

const char *const argv_placeholders[ARGV_PLACEHOLDERS] = {
    [ARGV_FROM] = "from",           [ARGV_TO] = "to",         [ARGV_WORKERS] = "workers",
    [ARGV_DATES] = "dates",         [ARGV_SEASON] = "season", [ARGV_SEASON_FROM] = "season_from",
    [ARGV_SEASON_TO] = "season_to",
};

struct values {
    char from[DAY_TEXT_SIZE], to[DAY_TEXT_SIZE];
    char season_from[DAY_TEXT_SIZE], season_to[DAY_TEXT_SIZE];
    char workers[16];
    char *dates;
    struct placeholder_value list[ARGV_PLACEHOLDERS];
};

struct argv {
    char **items;
    size_t count, capacity, size;
};

static void push(struct argv *argv, char *item) {
    argv->items = memory_grow(argv->items, argv->count, &argv->capacity, sizeof argv->items[0]);
    argv->items[argv->count++] = item;
    argv->size += strlen(item) + 1;
}

static bool holds(const struct pipeline_strings *strings, enum argv_placeholder placeholder) {
    for (size_t i = 0; i < strings->count; i++) {
        if (placeholder_in(strings->items[i], argv_placeholders[placeholder])) {
            return true;
        }
    }
    return false;
}

static bool holds_range(const char *item) {
    return placeholder_in(item, argv_placeholders[ARGV_FROM]) ||
           placeholder_in(item, argv_placeholders[ARGV_TO]);
}

/* Whether an element is a flag whose value is the next one. */
static bool is_flag(const char *item) {
    for (size_t i = 0; i < ARGV_PLACEHOLDERS; i++) {
        if (placeholder_in(item, argv_placeholders[i])) {
            return false;
        }
    }
    return item[0] == '-';
}

bool pipeline_takes_dates(const struct pipeline *pipeline, size_t processor) {
    const struct pipeline_processor *it = &pipeline->processors[processor];
    return it->dates_argument.count > 0 || holds(&it->command, ARGV_DATES);
}

static char *join_dates(const struct pipeline_launch *launch) {
    struct text_buffer joined = {0};
    char text[DAY_TEXT_SIZE];
    size_t days = day_range_count(launch->range);
    size_t count = launch->date_count > 0 ? launch->date_count : days;
    for (size_t i = 0; i < count && joined.size <= LARGEST_ARGV; i++) {
        day_number day =
            launch->date_count > 0 ? launch->dates[i] : launch->range.from + (day_number)i;
        text_buffer_format(&joined, "%s%s", i == 0 ? "" : ",", day_format(day, text));
    }
    return text_buffer_take(&joined);
}

/* The season a command asks for must hold the whole range. */
static bool set_season(const struct pipeline *pipeline, const struct pipeline_processor *it,
                       struct day_range range, struct values *values, struct error *error) {
    if (!holds(&it->command, ARGV_SEASON) && !holds(&it->command, ARGV_SEASON_FROM) &&
        !holds(&it->command, ARGV_SEASON_TO)) {
        return true;
    }
    size_t season = pipeline_season_of(pipeline, range.from);
    if (season == PIPELINE_NONE || season != pipeline_season_of(pipeline, range.to)) {
        return error_set(error, EXIT_USAGE,
                         "%s runs season by season, and %s to %s does not lie within one season",
                         it->name, values->from, values->to);
    }
    day_format(pipeline->seasons[season].range.from, values->season_from);
    day_format(pipeline->seasons[season].range.to, values->season_to);
    values->list[ARGV_SEASON].value = pipeline->seasons[season].name;
    values->list[ARGV_SEASON_FROM].value = values->season_from;
    values->list[ARGV_SEASON_TO].value = values->season_to;
    return true;
}

static bool set_values(const struct pipeline *pipeline, const struct pipeline_processor *it,
                       const struct pipeline_launch *launch, struct values *values,
                       struct error *error) {
    struct day_range range = launch->range;
    if (launch->date_count > 0) {
        range = (struct day_range){launch->dates[0], launch->dates[launch->date_count - 1]};
    }
    if (day_range_count(range) == 0) {
        return error_set(error, EXIT_USAGE, "%s has no dates to run for: the range is empty",
                         it->name);
    }
    day_format(range.from, values->from);
    day_format(range.to, values->to);
    (void)snprintf(values->workers, sizeof values->workers, "%d",
                   launch->workers > 0 ? launch->workers : it->workers);
    for (size_t i = 0; i < ARGV_PLACEHOLDERS; i++) {
        values->list[i].name = argv_placeholders[i];
    }
    values->list[ARGV_FROM].value = values->from;
    values->list[ARGV_TO].value = values->to;
    values->list[ARGV_WORKERS].value = values->workers;
    if (!set_season(pipeline, it, range, values, error)) {
        return false;
    }
    values->dates = join_dates(launch);
    values->list[ARGV_DATES].value = values->dates;
    return true;
}

/* The command with dates_argument in place of what holds the range. */
static void replace_range(const struct pipeline_processor *it, const struct values *values,
                          struct argv *argv) {
    bool replaced = false;
    for (size_t i = 0; i < it->command.count; i++) {
        const char *item = it->command.items[i];
        bool flag_of_range =
            i + 1 < it->command.count && is_flag(item) && holds_range(it->command.items[i + 1]);
        if (!flag_of_range && !holds_range(item)) {
            push(argv, placeholder_fill(item, values->list, ARGV_PLACEHOLDERS));
        } else if (!replaced) {
            replaced = true;
            for (size_t j = 0; j < it->dates_argument.count; j++) {
                push(argv, placeholder_fill(it->dates_argument.items[j], values->list,
                                            ARGV_PLACEHOLDERS));
            }
        }
    }
}

char **pipeline_argv(const struct pipeline *pipeline, size_t processor,
                     const struct pipeline_launch *launch, struct error *error) {
    const struct pipeline_processor *it = &pipeline->processors[processor];
    if (launch->date_count > 0 && !pipeline_takes_dates(pipeline, processor)) {
        error_set(error, EXIT_USAGE, "%s takes a range, not a list of dates; launch each range",
                  it->name);
        return NULL;
    }
    struct values values = {0};
    if (!set_values(pipeline, it, launch, &values, error)) {
        return NULL;
    }
    struct argv argv = {0};
    if (it->shell) {
        push(&argv, memory_copy_string("/bin/sh"));
        push(&argv, memory_copy_string("-c"));
    }
    if (launch->date_count > 0 && it->dates_argument.count > 0) {
        replace_range(it, &values, &argv);
    } else {
        for (size_t i = 0; i < it->command.count; i++) {
            push(&argv, placeholder_fill(it->command.items[i], values.list, ARGV_PLACEHOLDERS));
        }
    }
    free(values.dates);
    argv.items = memory_grow(argv.items, argv.count, &argv.capacity, sizeof argv.items[0]);
    argv.items[argv.count] = NULL;
    if (argv.size > LARGEST_ARGV) {
        error_set(error, EXIT_USAGE,
                  "the command of %s would be longer than 100 KiB; launch fewer dates at once",
                  it->name);
        pipeline_argv_free(argv.items);
        return NULL;
    }
    return argv.items;
}

void pipeline_argv_free(char **argv) {
    for (size_t i = 0; argv != NULL && argv[i] != NULL; i++) {
        free(argv[i]);
    }
    free(argv);
}

/* Whether a shell takes the word as it stands. */
static bool is_plain(const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_@%+=:,./-";
    return word[0] != '\0' && word[strspn(word, plain)] == '\0';
}

char *pipeline_argv_text(char *const *argv) {
    struct text_buffer line = {0};
    for (size_t i = 0; argv[i] != NULL; i++) {
        text_buffer_add(&line, i == 0 ? "" : " ");
        if (is_plain(argv[i])) {
            text_buffer_add(&line, argv[i]);
            continue;
        }
        text_buffer_add(&line, "'");
        for (const char *c = argv[i]; *c != '\0'; c++) {
            if (*c == '\'') {
                text_buffer_add(&line, "'\\''");
            } else {
                text_buffer_put(&line, c, 1);
            }
        }
        text_buffer_add(&line, "'");
    }
    return text_buffer_take(&line);
}
