/* phasegate coverage: the table × season matrix. */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/verbs.h"
#include "coverage/coverage_json.h"
#include "coverage/coverage_text.h"

/* Columns of the terminal; no limit when the answer goes elsewhere. */
static size_t width_of(FILE *out) {
    struct winsize size;
    int descriptor = fileno(out);
    if (descriptor < 0 || isatty(descriptor) == 0 || ioctl(descriptor, TIOCGWINSZ, &size) != 0) {
        return 0;
    }
    return size.ws_col;
}

/* 0 when every table was measured and is fresh, else 2: coverage is a measurement, and gates judge
 * it. */
static int exit_of(const struct coverage_report *report) {
    for (size_t i = 0; i < report->pipeline->table_count; i++) {
        if (report->tables[i].status != COVERAGE_STATUS_FRESH) {
            return EXIT_UNKNOWN;
        }
    }
    return EXIT_GO;
}

static bool write_answer(struct cli *cli, const struct situation *situation) {
    const struct coverage_report *report = situation->coverage;
    if (cli->format == CLI_JSON) {
        json_t *answer = coverage_to_json(report);
        json_object_set_new(answer, "plan_notice",
                            json_string_or_null(situation->header.plan.notice));
        json_object_set_new(answer, "bigquery",
                            situation_trouble_json(situation->header.bigquery, situation->as_of));
        bool good = cli_json(cli, answer);
        json_decref(answer);
        return good;
    }
    if (cli->format == CLI_CSV) {
        cli_warn_plan(cli, situation);
    }
    return cli->format == CLI_CSV ? coverage_write_csv(cli->out, report)
                                  : coverage_write_matrix(cli->out, report, width_of(cli->out)) &&
                                        cli_write_trouble(cli, situation);
}

static int run(struct cli *cli) {
    struct error error = {0};
    struct situation *situation = cli_situation(cli, true, &error);
    if (situation == NULL) {
        return cli_fail(cli, &error);
    }
    int code = exit_of(situation->coverage);
    if (!write_answer(cli, situation)) {
        (void)error_set_errno(&error, EXIT_IO, errno, "cannot write the answer");
        code = cli_fail(cli, &error);
    }
    situation_free(situation);
    return code;
}

const struct cli_verb cli_verb_coverage = {
    .name = "coverage",
    .arguments = "",
    .instead = "gaps takes a TABLE",
    .summary = "how much of each table is there, by season",
    .about = "Percent is of attainable dates: expected minus bootstrap and waived. Exit 0 when "
             "every table was\n"
             "measured and is fresh, 2 otherwise.",
    .formats = 1U << CLI_TEXT | 1U << CLI_JSON | 1U << CLI_CSV,
    .run = run,
};
