/* phasegate gaps: the dates of a table that are not complete. */
#include <errno.h>

#include "base/json.h"
#include "cli/find.h"
#include "cli/verbs.h"
#include "coverage/coverage_json.h"
#include "coverage/coverage_text.h"

/* One table's gaps, or every table's. */
static bool write_text(struct cli *cli, const struct situation *situation, size_t only,
                       struct day_range range) {
    bool list = cli_value(cli, "list") != NULL;
    enum coverage_gaps_format format = cli->format == CLI_CSV ? COVERAGE_GAPS_CSV
                                       : list                 ? COVERAGE_GAPS_LIST
                                                              : COVERAGE_GAPS_RANGES;
    for (size_t i = 0; i < situation->pipeline->table_count; i++) {
        if ((only == PIPELINE_NONE || only == i) &&
            !coverage_write_gaps(cli->out, situation->coverage, i, range, false, format)) {
            return false;
        }
    }
    return true;
}

static bool write_json(struct cli *cli, const struct situation *situation, size_t only,
                       struct day_range range) {
    json_t *answer;
    if (only != PIPELINE_NONE) {
        answer = coverage_gaps_to_json(situation->coverage, only, range, false);
    } else {
        answer = json_make("{s:i,s:[]}", "schema", 1, "tables");
        for (size_t i = 0; i < situation->pipeline->table_count; i++) {
            (void)json_array_append_new(
                json_object_get(answer, "tables"),
                coverage_gaps_to_json(situation->coverage, i, range, false));
        }
    }
    bool good = cli_json(cli, answer);
    json_decref(answer);
    return good;
}

/* 2 when a table asked for is not known, 1 when one has gaps, else 0. */
static int exit_of(const struct situation *situation, size_t only, struct day_range range) {
    int code = EXIT_GO;
    for (size_t i = 0; i < situation->pipeline->table_count; i++) {
        if (only != PIPELINE_NONE && only != i) {
            continue;
        }
        if (situation->coverage->tables[i].status != COVERAGE_STATUS_FRESH) {
            return EXIT_UNKNOWN;
        }
        struct dayset gaps = coverage_gaps(situation->coverage, i, range, false);
        code = dayset_count(&gaps) > 0 ? EXIT_NO_GO : code;
        dayset_free(&gaps);
    }
    return code;
}

static int run(struct cli *cli) {
    struct error error = {0};
    const char *name = cli->count == 1 ? cli->arguments[0] : cli_value(cli, "table");
    size_t table = PIPELINE_NONE;
    if (!cli_load_pipeline(cli, &error) ||
        (name != NULL && !cli_find_table(cli, name, &table, &error))) {
        return cli_fail(cli, &error);
    }
    if (table == PIPELINE_NONE && (cli->format == CLI_CSV || cli_value(cli, "list") != NULL)) {
        (void)error_set(&error, EXIT_USAGE,
                        "name one table: lists and CSV of several tables could not be told apart");
        return cli_fail(cli, &error);
    }
    struct situation *situation = cli_situation(cli, true, &error);
    if (situation == NULL) {
        return cli_fail(cli, &error);
    }
    cli_warn_plan(cli, situation);
    struct day_range range = situation->range;
    int code;
    if (!cli_find_range(cli, &range, &error)) {
        code = cli_fail(cli, &error);
    } else if (!(cli->format == CLI_JSON ? write_json(cli, situation, table, range)
                                         : write_text(cli, situation, table, range))) {
        (void)error_set_errno(&error, EXIT_IO, errno, "cannot write the answer");
        code = cli_fail(cli, &error);
    } else {
        code = exit_of(situation, table, range);
    }
    situation_free(situation);
    return code;
}

const struct cli_verb cli_verb_gaps = {
    .name = "gaps",
    .arguments = "[TABLE]",
    .summary = "dates that are not complete, as ranges, a list or CSV",
    .about = "Exit 0 without gaps, 1 with gaps, 2 when a table could not be measured.",
    .most = 1,
    .formats = 1U << CLI_TEXT | 1U << CLI_JSON | 1U << CLI_CSV,
    .options = {{"table", "TABLE", "the table (the same as the argument)"},
                {"season", "SEASON", "only this season"},
                {"from", "DATE", "first date"},
                {"to", "DATE", "last date"},
                {"list", NULL, "one date a line instead of ranges"}},
    .run = run,
};
