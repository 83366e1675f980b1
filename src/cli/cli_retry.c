/* phasegate retry: the dates that a run left missing, launched again. */
#include <stdlib.h>

#include "agent/agent.h"
#include "cli/operate.h"
#include "cli/verbs.h"
#include "situation/launch.h"
#include "situation/retry.h"

static int carry_out(struct cli *cli, const struct runs_plan *plan, struct error *error) {
    struct text_buffer about = {0};
    char *report = NULL;
    situation_plan_describe(plan, 0, &about);
    bool only_show = cli_value(cli, "dry-run") != NULL;
    if (only_show || cli_value(cli, "yes") == NULL) {
        (void)fputs(about.data != NULL ? about.data : "", cli->out);
    }
    text_buffer_free(&about);
    if (only_show) {
        return EXIT_GO;
    }
    char *owner = operate_owner();
    bool good = cli_confirm(cli, "Launch?", error) &&
                operate_launch_plan(plan, cli->state, owner, &report, error);
    (void)fputs(report != NULL ? report : "", cli->out);
    free(report);
    free(owner);
    return good ? EXIT_GO : cli_fail(cli, error);
}

static int retry(struct cli *cli) {
    struct error error = {0};
    int64_t workers = 0;
    struct runs_plan *plan = NULL;
    struct situation *situation = cli_situation(cli, true, &error);
    if (situation != NULL && cli_number(cli, "workers", 1, 1000, &workers, &error)) {
        plan = situation_retry(situation, cli->state, cli->arguments[0], (int)workers, &error);
    }
    bool good = plan != NULL && runs_plan_check(plan, cli->state, &error);
    int code = good ? carry_out(cli, plan, &error) : cli_fail(cli, &error);
    if (good && code == EXIT_GO && cli_value(cli, "dry-run") == NULL &&
        !situation->header.agent_alive &&
        !agent_start(cli->pipeline->file, state_directory(cli->state), &error)) {
        code = cli_fail(cli, &error); /* the run goes on; nobody follows its log yet */
    }
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
    .options = {{"workers", "N", "instead of the processor's own number"},
                {"dry-run", NULL, "show dates and commands; start nothing"},
                {"yes", NULL, "do not ask"}},
    .run = retry,
};
