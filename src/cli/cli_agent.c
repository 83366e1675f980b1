/* phasegate agent and phasegate poll. */
#include <stdlib.h>

#include "agent/agent.h"
#include "agent/poll.h"
#include "cli/operate.h"
#include "cli/verbs.h"
#include "state/state_sessions.h"

static int agent(struct cli *cli) {
    struct error error = {0};
    if (!cli_load_pipeline(cli, &error)) {
        return cli_fail(cli, &error);
    }
    char *owner = operate_owner();
    struct agent_options options = {.pipeline = cli->pipeline,
                                    .clock = clock_system(),
                                    .owner = owner,
                                    .stay = cli_value(cli, "stay") != NULL,
                                    .out = cli->out};
    bool good = agent_run(&options, &error);
    free(owner);
    return good ? EXIT_GO : cli_fail(cli, &error);
}

const struct cli_verb cli_verb_agent = {
    .name = "agent",
    .arguments = "",
    .summary = "the headless engine, in the foreground",
    .about = "Polls, judges, follows logs and decides verdicts until no console is open, nothing "
             "runs and nothing waits\n"
             "for a verdict. Consoles and `launch` start one by themselves. Exit 75 when another "
             "agent is at work.",
    .options = {{"stay", NULL, "do not leave when nothing needs it"}},
    .run = agent,
};

/* What a poll of our own came to: an answer that was not had is not a success. */
static int report_poll(struct cli *cli) {
    struct error error = {0};
    struct situation *situation =
        situation_load(cli->pipeline, cli->state, clock_wall_ms(clock_system()), &error);
    if (situation == NULL) {
        return cli_fail(cli, &error);
    }
    const char *why = NULL;
    size_t missed = 0;
    size_t count = cli->pipeline->table_count;
    for (size_t i = 0; i < count; i++) {
        const struct coverage_table *table = &situation->coverage->tables[i];
        if (table->status != COVERAGE_STATUS_FRESH) {
            missed++;
            why = why == NULL ? table->error : why;
        }
    }
    if (missed == 0) {
        (void)fprintf(cli->out, "Polled %zu table%s.\n", count, count == 1 ? "" : "s");
    } else {
        (void)error_set(&error, EXIT_UNKNOWN, "%zu of %zu tables could not be measured%s%s", missed,
                        count, why != NULL ? ": " : "", why != NULL ? why : "");
    }
    situation_free(situation);
    return missed == 0 ? EXIT_GO : cli_fail(cli, &error);
}

static int poll_now(struct cli *cli) {
    struct error error = {0};
    bool agent_polls = false;
    if (!cli_open_state(cli, &error)) {
        return cli_fail(cli, &error);
    }
    char *owner = operate_owner();
    bool good = poll_once(cli->pipeline, cli->state, owner, clock_system(), &agent_polls, &error);
    if (good && agent_polls) {
        good = state_request_put(cli->state, STATE_REQUEST_POLL, "", owner,
                                 clock_wall_ms(clock_system()), &error);
    }
    free(owner);
    if (!good) {
        return cli_fail(cli, &error);
    }
    if (!agent_polls) {
        return report_poll(cli);
    }
    (void)fprintf(cli->out, "Asked the agent to poll now.\n");
    return EXIT_GO;
}

const struct cli_verb cli_verb_poll = {
    .name = "poll",
    .arguments = "",
    .summary = "measure everything now",
    .about = "Exit 2 when a table could not be measured. An agent that is at work is asked to, and "
             "not waited for.",
    .run = poll_now,
};
