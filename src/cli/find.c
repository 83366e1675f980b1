#include "cli/find.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

bool cli_find_gate(const struct cli *cli, const char *name, size_t *gate, struct error *error) {
    const struct pipeline *pipeline = cli->pipeline;
    *gate = pipeline_find_gate(pipeline, name);
    if (*gate != PIPELINE_NONE) {
        return true;
    }
    const char **names = memory_new(pipeline->gate_count, sizeof *names);
    for (size_t i = 0; i < pipeline->gate_count; i++) {
        names[i] = pipeline->gates[i].name;
    }
    (void)cli_unknown_name("gate", name, names, pipeline->gate_count, error);
    free(names);
    return false;
}

bool cli_find_table(const struct cli *cli, const char *name, size_t *table, struct error *error) {
    const struct pipeline *pipeline = cli->pipeline;
    *table = pipeline_find_table(pipeline, name);
    if (*table != PIPELINE_NONE) {
        return true;
    }
    const char **names = memory_new(pipeline->table_count, sizeof *names);
    for (size_t i = 0; i < pipeline->table_count; i++) {
        names[i] = pipeline->tables[i].name;
    }
    (void)cli_unknown_name("table", name, names, pipeline->table_count, error);
    free(names);
    return false;
}

static bool find_season(const struct cli *cli, const char *name, size_t *season,
                        struct error *error) {
    const struct pipeline *pipeline = cli->pipeline;
    *season = pipeline_find_season(pipeline, name);
    if (*season != PIPELINE_NONE) {
        return true;
    }
    const char **names = memory_new(pipeline->season_count, sizeof *names);
    for (size_t i = 0; i < pipeline->season_count; i++) {
        names[i] = pipeline->seasons[i].name;
    }
    (void)cli_unknown_name("season", name, names, pipeline->season_count, error);
    free(names);
    return false;
}

/* What --season NAME (NULL: none), --from and --to leave of a range. */
static bool narrow(const struct cli *cli, const char *name, struct day_range *range,
                   struct error *error) {
    size_t season;
    if (name != NULL) {
        if (!find_season(cli, name, &season, error)) {
            return false;
        }
        *range = day_range_intersect(*range, cli->pipeline->seasons[season].range);
    }
    struct day_range given = *range;
    if (!cli_day(cli, "from", &given.from, error) || !cli_day(cli, "to", &given.to, error)) {
        return false;
    }
    if (given.from > given.to) {
        return error_set(
            error, EXIT_USAGE,
            "the range is empty: --from lies after --to, or outside the pipeline's range");
    }
    *range = given;
    return true;
}

bool cli_find_range(const struct cli *cli, struct day_range *range, struct error *error) {
    return narrow(cli, cli_value(cli, "season"), range, error);
}

bool cli_find_ranges(const struct cli *cli, struct day_range range,
                     struct day_range ranges[CLI_MOST_SEASONS], size_t *count,
                     struct error *error) {
    const char *value = cli_value(cli, "season");
    *count = 0;
    if (value == NULL || strchr(value, ',') == NULL) {
        ranges[0] = range;
        *count = 1;
        return cli_find_range(cli, &ranges[0], error);
    }
    if (cli_value(cli, "from") != NULL || cli_value(cli, "to") != NULL) {
        return error_set(error, EXIT_USAGE,
                         "--from and --to narrow one season; with several leave them out");
    }
    for (struct text rest = text_of(value); rest.size > 0;) {
        struct text part = text_trim(text_cut(&rest, ','));
        if (*count == CLI_MOST_SEASONS) {
            return error_set(error, EXIT_USAGE, "more than %d seasons", CLI_MOST_SEASONS);
        }
        char *name = memory_copy_part(part.data, part.size);
        ranges[*count] = range;
        bool good = narrow(cli, name, &ranges[(*count)++], error);
        free(name);
        if (!good) {
            return false;
        }
    }
    return true;
}

bool cli_find_launchable(const struct cli *cli, const char *name, size_t *group, size_t *processor,
                         struct error *error) {
    const struct pipeline *pipeline = cli->pipeline;
    *group = pipeline_find_group(pipeline, name);
    *processor = *group == PIPELINE_NONE ? pipeline_find_processor(pipeline, name) : PIPELINE_NONE;
    if (*group != PIPELINE_NONE || *processor != PIPELINE_NONE) {
        return true;
    }
    size_t count = pipeline->group_count + pipeline->processor_count;
    const char **names = memory_new(count, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        names[i] = i < pipeline->group_count ? pipeline->groups[i].name
                                             : pipeline->processors[i - pipeline->group_count].name;
    }
    (void)cli_unknown_name("group or processor", name, names, count, error);
    free(names);
    return false;
}
