/* phasegate retry: the dates that a run left missing, launched again. */
#include "cli/carry_out.h"
#include "cli/verbs.h"
#include "situation/retry.h"

static int retry(struct cli *cli) {
    struct error error = {0};
    int64_t workers = 0;
    struct runs_plan *plan = NULL;
    struct situation *situation = cli_situation(cli, true, &error);
    if (situation != NULL && cli_number(cli, "workers", 1, 1000, &workers, &error)) {
        plan = situation_retry(situation, cli->state, cli->arguments[0], (int)workers, &error);
    }
    bool good = plan != NULL && runs_plan_check(plan, cli->state, &error);
    int code = good ? carry_out_plan(cli, situation, plan, &error) : cli_fail(cli, &error);
    runs_plan_free(plan);
    situation_free(situation);
    return code;
}

const struct cli_verb cli_verb_retry = {
    .name = "retry",
    .arguments = "RUN",
    .summary = "launch again exactly those dates of an ended run that are not complete",
    .about = "What is missing is read from the tables, not from the run's log. A pipeline file may "
             "let the agent do\nthe same by itself (retry: of a processor), after a quota error "
             "later and with fewer workers.",
    .least = 1,
    .most = 1,
    .formats = 1U << CLI_TEXT | 1U << CLI_JSON,
    .options = {{"workers", "N", "instead of the processor's own number"},
                {"dry-run", NULL, "show dates and commands; start nothing"},
                {"yes", NULL, "do not ask"}},
    .run = retry,
};
