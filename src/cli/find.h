/* Names from the command line, found in the pipeline; a wrong one is answered with the nearest. */
#ifndef PHASEGATE_CLI_FIND_H
#define PHASEGATE_CLI_FIND_H

#include "cli/cli.h"

bool cli_find_gate(const struct cli *cli, const char *name, size_t *gate, struct error *error);
bool cli_find_table(const struct cli *cli, const char *name, size_t *table, struct error *error);

/* A group, or a processor: the other one becomes PIPELINE_NONE. */
bool cli_find_launchable(const struct cli *cli, const char *name, size_t *group, size_t *processor,
                         struct error *error);

enum { CLI_MOST_SEASONS = 64 };

/* The ranges that the options --season (one name, or several joined by commas), --from and --to
 * leave of `range`: one a season, or one. */
bool cli_find_ranges(const struct cli *cli, struct day_range range,
                     struct day_range ranges[CLI_MOST_SEASONS], size_t *count, struct error *error);

/* Narrows `range` by the options --season, --from and --to. */
bool cli_find_range(const struct cli *cli, struct day_range *range, struct error *error);

#endif
