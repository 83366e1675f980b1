/* phasegate agent and phasegate poll. */
#include <signal.h>
#include <stdlib.h>

#include "agent/agent.h"
#include "agent/poll.h"
#include "base/print.h"
#include "cli/agent_verbs.h"
#include "cli/operate.h"
#include "cli/verbs.h"
#include "state/state_sessions.h"

/* The guard process, which only ever is started by an agent. */
static int guard(struct cli *cli, struct guard_options *options) {
    struct error error = {0};
    options->socket = guard_socket(&error);
    return options->socket >= 0 && guard_run(options, &error) ? EXIT_GO : cli_fail(cli, &error);
}

static int work(struct cli *cli, const struct guard_options *guard) {
    struct error error = {0};
    char *owner = operate_owner();
    struct agent_options options = {.pipeline = cli->pipeline,
                                    .clock = clock_system(),
                                    .owner = owner,
                                    .stay = guard->stay,
                                    .out = cli->out,
                                    .guard = cli_value(cli, "no-guard") == NULL ? guard : NULL};
    /* A file that has grown to the shell's limit is a full disk, and not the agent's end. */
    (void)signal(SIGXFSZ, SIG_IGN);
    bool good = agent_run(&options, &error);
    free(owner);
    return good ? EXIT_GO : cli_fail(cli, &error);
}

static int agent(struct cli *cli) {
    struct error error = {0};
    if (!cli_load_pipeline(cli, &error)) {
        return cli_fail(cli, &error);
    }
    if (cli_value(cli, "status") != NULL) {
        return agent_status(cli);
    }
    if (cli_value(cli, "stop") != NULL) {
        return agent_stop(cli);
    }
    if (cli_value(cli, "restart") != NULL) {
        return agent_restart(cli);
    }
    if (!cli_attach_state(cli, &error)) {
        return cli_fail(cli, &error);
    }
    state_close(cli->state); /* the agent has connections of its own */
    cli->state = NULL;
    char *directory = state_home(cli->pipeline->name, &error);
    struct guard_options options = {.pipeline_file = cli->pipeline->file,
                                    .directory = directory,
                                    .stay = cli_value(cli, "stay") != NULL,
                                    .socket = -1};
    bool guarded = cli_value(cli, "guarded") != NULL;
    int code;
    if (directory == NULL || (guarded && (options.socket = guard_socket(&error)) < 0)) {
        code = cli_fail(cli, &error);
    } else if (cli_value(cli, "guard") != NULL) {
        code = guard(cli, &options);
    } else {
        code = work(cli, &options);
    }
    free(directory);
    return code;
}

const struct cli_verb cli_verb_agent = {
    .name = "agent",
    .arguments = "",
    .summary = "the headless engine, in the foreground",
    .about =
        "Polls, judges, follows logs and decides verdicts until no console is open, nothing "
        "runs, no group is\n"
        "armed and nothing waits for a verdict, a retry or jobs on the server. Consoles and "
        "`launch` start one\n"
        "by themselves; one that is killed is started again by its guard, a small process "
        "beside it. Exit 75\n"
        "when another agent is at work. --status exits 0 when one is, 1 when none is; --stop "
        "refuses while\n"
        "groups are armed unless --yes; --restart takes the pipeline file as it is now (arms of "
        "another plan are void).",
    .formats = 1U << CLI_TEXT | 1U << CLI_JSON,
    .options = {{"stay", NULL, "do not leave when nothing needs it"},
                {"no-guard", NULL, "start no guard: a service manager starts it again"},
                {"status", NULL, "say which agent is at work, and what keeps it"},
                {"stop", NULL, "ask it to leave"},
                {"restart", NULL, "end it and start another, by the pipeline file as it is now"},
                {"yes", NULL, "stop it although groups are armed"},
                {"guard", NULL, "what an agent starts beside itself"},
                {"guarded", NULL, "what that starts instead of an agent that died"}},
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
        (void)print(cli->out, "Polled %zu table%s.\n", count, count == 1 ? "" : "s");
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
    (void)print(cli->out, "Asked the agent to poll now.\n");
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
