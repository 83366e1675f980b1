/* phasegate approve, arm, disarm: what may start by itself, on whose word, and until when. */
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/moment.h"
#include "base/print.h"
#include "cli/find.h"
#include "cli/operate.h"
#include "cli/verbs.h"

/* Hours of --for; the default of the deed when it was not given. */
static bool read_hours(struct cli *cli, int64_t *for_ms, struct error *error) {
    int64_t hours = 0;
    if (!cli_number(cli, "for", 1, 72, &hours, error)) {
        return false;
    }
    *for_ms = hours * 3600 * 1000;
    return true;
}

static bool find_group(struct cli *cli, const char *name, size_t *group, struct error *error) {
    size_t processor;
    if (!cli_find_launchable(cli, name, group, &processor, error)) {
        return false;
    }
    return *group != PIPELINE_NONE ||
           error_set(error, EXIT_USAGE, "%s is a processor; name a group", name);
}

static int print_answer(struct cli *cli, json_t *list, const char *key, const char *text) {
    bool good;
    if (cli->format == CLI_JSON) {
        json_t *answer = json_make("{s:i,s:O}", "schema", 1, key, list);
        good = cli_json(cli, answer);
        json_decref(answer);
    } else {
        good = print_lines(cli->out, text);
    }
    return good ? EXIT_GO : EXIT_IO;
}

static int approve(struct cli *cli) {
    struct error error = {0};
    struct operate_arm wish = {.group = PIPELINE_NONE, .reason = cli_value(cli, "reason")};
    char id[STATE_RUN_SIZE];
    struct situation *situation = cli_situation(cli, true, &error);
    bool good = situation != NULL && read_hours(cli, &wish.for_ms, &error) &&
                (cli->count == 0 || find_group(cli, cli->arguments[0], &wish.group, &error));
    char *owner = operate_owner();
    if (good) {
        cli_warn_plan(cli, situation);
    }
    good = good && operate_approve(situation, cli->state, owner, &wish, id, &error);
    int code = EXIT_GO;
    if (good) {
        int64_t until = situation->as_of + (wish.for_ms > 0 ? wish.for_ms : OPERATE_APPROVAL_MS);
        char utc[CLOCK_UTC_SIZE];
        char local[MOMENT_SIZE];
        struct text_buffer text = {0};
        json_t *list = json_make("[{s:s,s:s,s:s,s:s,s:s}]", "approval", id, "group",
                                 cli->count > 0 ? cli->arguments[0] : "", "by", owner, "until",
                                 clock_format_utc(until, utc), "plan", cli->pipeline->hash);
        print_to(&text,
                 "Approved (%s) by %s until %s %s: plan %.12s%s%s. One launch uses "
                 "it up.\n",
                 id, owner, moment_format_dated(until, local), clock_zone(), cli->pipeline->hash,
                 cli->count > 0 ? ", " : "", cli->count > 0 ? cli->arguments[0] : "");
        code = print_answer(cli, list, "approvals", text.data);
        text_buffer_free(&text);
        json_decref(list);
    }
    free(owner);
    situation_free(situation);
    return good ? code : cli_fail(cli, &error);
}

/* Arms one group; with --approve on an approval of its own. */
static bool arm_one(struct cli *cli, const struct situation *situation, const char *owner,
                    const char *name, json_t *list, struct text_buffer *text, struct error *error) {
    struct operate_arm wish = {.reason = "armed by the approver"};
    int64_t workers = 0;
    char id[STATE_RUN_SIZE];
    char utc[CLOCK_UTC_SIZE];
    char local[MOMENT_SIZE];
    if (!find_group(cli, name, &wish.group, error) || !read_hours(cli, &wish.for_ms, error) ||
        !cli_number(cli, "workers", 1, 1000, &workers, error)) {
        return false;
    }
    wish.launch = (struct situation_launch){.group = wish.group,
                                            .processor = PIPELINE_NONE,
                                            .range = situation->range,
                                            .gaps = true,
                                            .workers = (int)workers};
    if (!cli_find_range(cli, &wish.launch.range, error)) {
        return false;
    }
    if (!operate_arm(situation, cli->state, owner, &wish, id, error)) {
        return false;
    }
    int64_t until = situation->as_of + (wish.for_ms > 0 ? wish.for_ms : OPERATE_ARM_MS);
    size_t gate = cli->pipeline->groups[wish.group].behind;
    (void)json_array_append_new(list, json_make("{s:s,s:s,s:s,s:s}", "arm", id, "group", name, "by",
                                                owner, "until", clock_format_utc(until, utc)));
    print_to(text,
             "%s is armed (%s) until %s %s: it starts by itself after two GO of %s and a "
             "countdown of 60 s.\n",
             name, id, moment_format_dated(until, local), clock_zone(),
             gate != PIPELINE_NONE ? cli->pipeline->gates[gate].name
                                   : "nothing (no gate is in front)");
    return true;
}

/* Records an approval of its own for every group that is to be armed. */
static bool approve_all(struct cli *cli, const struct situation *situation, const char *owner,
                        struct error *error) {
    bool good = true;
    for (int i = 0; good && i < cli->count; i++) {
        struct operate_arm wish = {.reason = cli_value(cli, "reason")};
        char id[STATE_RUN_SIZE];
        good = find_group(cli, cli->arguments[i], &wish.group, error) &&
               read_hours(cli, &wish.for_ms, error) &&
               operate_approve(situation, cli->state, owner, &wish, id, error);
    }
    return good;
}

static int arm(struct cli *cli) {
    struct error error = {0};
    struct text_buffer text = {0};
    json_t *list = json_array();
    char *owner = operate_owner();
    struct situation *situation = cli_situation(cli, true, &error);
    bool good = situation != NULL;
    if (good && cli_value(cli, "approve") != NULL) {
        good = approve_all(cli, situation, owner, &error);
        situation_free(situation);
        situation = good ? cli_situation(cli, false, &error) : NULL;
        good = situation != NULL;
    }
    for (int i = 0; good && i < cli->count; i++) {
        good = arm_one(cli, situation, owner, cli->arguments[i], list, &text, &error);
    }
    int code = json_array_size(list) > 0 ? print_answer(cli, list, "arms", text.data) : EXIT_GO;
    /* Somebody has to be awake to fire it. */
    if (good && !situation->header.agent_alive) {
        good = agent_start(cli->pipeline->file, state_directory(cli->state), &error);
    }
    text_buffer_free(&text);
    json_decref(list);
    free(owner);
    situation_free(situation);
    return good ? code : cli_fail(cli, &error);
}

static int disarm(struct cli *cli) {
    struct error error = {0};
    size_t group = PIPELINE_NONE;
    size_t ended = 0;
    char *later = NULL;
    const char *reason = cli_value(cli, "reason");
    char *owner = operate_owner();
    bool good =
        cli_load_pipeline(cli, &error) && (strcmp(cli->arguments[0], "all") == 0 ||
                                           find_group(cli, cli->arguments[0], &group, &error));
    if (good && cli_open_state(cli, &error)) {
        good = operate_disarm(cli->pipeline, cli->state, owner, group,
                              reason != NULL ? reason : "disarmed by hand", &ended, &later, &error);
    } else if (good) {
        good =
            cli_can_mark(cli, &error) &&
            operate_mark_unopened(cli->pipeline->name, STATE_EMERGENCY_DISARM,
                                  group == PIPELINE_NONE ? "" : cli->arguments[0], &later, &error);
    }
    free(owner);
    if (later != NULL) {
        (void)print(cli->out,
                    "Nothing fires: %s is disarmed by a marker beside the state, which cannot be "
                    "written (%s). It is recorded as soon as it can be.\n",
                    cli->arguments[0], later);
        free(later);
        return EXIT_GO;
    }
    if (good && ended == 0) {
        good = group == PIPELINE_NONE
                   ? error_set(&error, EXIT_NO_GO, "no group is armed")
                   : error_set(&error, EXIT_NO_GO, "%s is not armed", cli->arguments[0]);
    }
    if (!good) {
        return cli_fail(cli, &error);
    }
    (void)print(cli->out, "Disarmed %zu group%s.\n", ended, ended == 1 ? "" : "s");
    return EXIT_GO;
}

const struct cli_verb cli_verb_approve = {
    .name = "approve",
    .arguments = "[GROUP]",
    .summary = "record your yes to the plan on what is measured now",
    .about = "An approval holds for this pipeline file, for a time, and for one launch. `phasegate "
             "review` is the\npage to read before.",
    .least = 0,
    .most = 1,
    .formats = 1U << CLI_TEXT | 1U << CLI_JSON,
    .options = {{"for", "HOURS", "how long it holds (16)"}, {"reason", "TEXT", "for the journal"}},
    .run = approve,
};

const struct cli_verb cli_verb_arm = {
    .name = "arm",
    .arguments = "GROUP...",
    .summary = "let groups start by themselves once their gates say GO",
    .about =
        "Each needs a live approval. After two GO in a row on evidence newer than the arm, and "
        "a countdown of\n60 s on every console, the agent launches what is not complete. Any "
        "stop, a change of the pipeline\nfile, a reboot or the end of its time makes it "
        "void.",
    .least = 1,
    .most = -1,
    .formats = 1U << CLI_TEXT | 1U << CLI_JSON,
    .options = {{"approve", NULL, "approve each of them first, in your name"},
                {"for", "HOURS", "how long it holds (12)"},
                {"season", "SEASON", "only this season"},
                {"from", "DATE", "first date"},
                {"to", "DATE", "last date"},
                {"workers", "N", "instead of the processors' own number"},
                {"reason", "TEXT", "for the journal"}},
    .run = arm,
};

const struct cli_verb cli_verb_disarm = {
    .name = "disarm",
    .arguments = "GROUP|all",
    .summary = "take the permission back, also while the countdown runs",
    .least = 1,
    .most = 1,
    .options = {{"reason", "TEXT", "for the journal"}},
    .run = disarm,
};
