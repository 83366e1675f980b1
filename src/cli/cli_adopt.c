/* phasegate adopt: a command that already runs becomes a run. */
#include <stdlib.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/print.h"
#include "cli/find.h"
#include "cli/operate.h"
#include "cli/verbs.h"
#include "runs/runs_adopt.h"
#include "situation/launch.h"

static bool read_process(struct cli *cli, struct runs_adoptee *adoptee, struct error *error) {
    int64_t pid;
    if (!text_to_int64(text_of(cli->arguments[0]), &pid)) {
        return error_set(error, EXIT_USAGE, "\"%s\" is not a pid", cli->arguments[0]);
    }
    return runs_adoptee_look(cli->state, pid, adoptee, error);
}

/* What the processor would be launched for; the gate in front is not asked: it runs already. */
static struct runs_plan *make_plan(struct cli *cli, const struct situation *situation,
                                   struct error *error) {
    struct situation_launch wanted = {
        .group = PIPELINE_NONE, .range = situation->range, .rewrite = true, .review = true};
    wanted.processor = pipeline_find_processor(cli->pipeline, cli->arguments[1]);
    if (wanted.processor == PIPELINE_NONE) {
        size_t group;
        if (cli_find_launchable(cli, cli->arguments[1], &group, &wanted.processor, error)) {
            (void)error_set(error, EXIT_USAGE, "%s is a group; name the processor that pid %s is",
                            cli->arguments[1], cli->arguments[0]);
        }
        return NULL;
    }
    return cli_find_range(cli, &wanted.range, error) ? situation_plan(situation, &wanted, error)
                                                     : NULL;
}

static void show(struct cli *cli, const struct runs_plan *plan, const struct runs_adoptee *adoptee,
                 const char *log) {
    char from[DAY_TEXT_SIZE];
    char to[DAY_TEXT_SIZE];
    (void)print(cli->out, "pid %s:", cli->arguments[0]);
    for (char **word = adoptee->argv; *word != NULL; word++) {
        (void)print(cli->out, " %s", *word);
    }
    (void)print(cli->out, "\nas %s, %s to %s, %zu dates\nlog: %s\n", cli->arguments[1],
                day_format(plan->items[0].range.from, from),
                day_format(plan->items[0].range.to, to), dayset_count(&plan->items[0].dates),
                log != NULL ? log : "none that could be followed; --log FILE names it");
}

static bool print_adopted(struct cli *cli, const struct runs_started *started) {
    if (cli->format != CLI_JSON) {
        return print(cli->out, "%s watches pid %s; coverage decides its verdict\n", started->run,
                     cli->arguments[0]);
    }
    json_t *answer = json_make("{s:i,s:s}", "schema", 1, "run", started->run);
    bool good = cli_json(cli, answer);
    json_decref(answer);
    return good;
}

static int carry_out(struct cli *cli, const struct runs_plan *plan,
                     const struct runs_adoptee *adoptee, struct error *error) {
    const char *log = cli_value(cli, "log") != NULL ? cli_value(cli, "log") : adoptee->log;
    if (cli_value(cli, "yes") == NULL) {
        show(cli, plan, adoptee, log);
    }
    char *owner = operate_owner();
    struct runs_launcher launcher = {
        .actor = {.name = owner}, .owner = owner, .clock = clock_system()};
    struct runs_started *started = NULL;
    bool good = cli_confirm(cli, "Adopt it?", error) &&
                runs_adopt(plan, adoptee, log, cli->state, &launcher, &started, error);
    if (good && started->problem != NULL) {
        good = error_set(error, EXIT_OS, "%s: %s", started->run, started->problem);
    }
    int code = !good ? cli_fail(cli, error) : print_adopted(cli, started) ? EXIT_GO : EXIT_IO;
    runs_started_free(started, 1);
    free(owner);
    return code;
}

static int adopt(struct cli *cli) {
    struct error error = {0};
    struct runs_adoptee adoptee = {.argv = NULL};
    struct runs_plan *plan = NULL;
    struct situation *situation = cli_situation(cli, true, &error);
    bool good = situation != NULL && read_process(cli, &adoptee, &error);
    if (good) {
        plan = make_plan(cli, situation, &error);
        good = plan != NULL && runs_plan_check(plan, cli->state, &error);
    }
    int code = good ? carry_out(cli, plan, &adoptee, &error) : cli_fail(cli, &error);
    if (good && code == EXIT_GO && !situation->header.agent_alive &&
        !agent_start(cli->pipeline->file, state_directory(cli->state), &error)) {
        code = cli_fail(cli, &error); /* it is watched; nobody follows its log yet */
    }
    runs_plan_free(plan);
    runs_adoptee_clear(&adoptee);
    situation_free(situation);
    return code;
}

const struct cli_verb cli_verb_adopt = {
    .name = "adopt",
    .arguments = "PID PROCESSOR",
    .summary = "make a run of a command that already runs, started by hand",
    .about = "It claims its dates, its log is followed, and stop ends it and its descendants. How "
             "it exits cannot be\n"
             "known: coverage decides. The log is the file its output goes to, unless --log names "
             "another.",
    .least = 2,
    .most = 2,
    .formats = 1U << CLI_TEXT | 1U << CLI_JSON,
    .options = {{"season", "SEASON", "only this season"},
                {"from", "DATE", "first date"},
                {"to", "DATE", "last date"},
                {"log", "FILE", "the log to follow"},
                {"yes", NULL, "do not ask"}},
    .run = adopt,
};
