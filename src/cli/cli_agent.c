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
    (void)fprintf(cli->out, agent_polls ? "Asked the agent to poll now.\n" : "Polled.\n");
    return EXIT_GO;
}

const struct cli_verb cli_verb_poll = {
    .name = "poll",
    .arguments = "",
    .summary = "measure everything now",
    .run = poll_now,
};
