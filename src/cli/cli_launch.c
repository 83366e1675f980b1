/* phasegate launch. */
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/json.h"
#include "cli/find.h"
#include "cli/operate.h"
#include "cli/verbs.h"
#include "situation/launch.h"

static bool read_launch(struct cli *cli, const struct situation *situation,
                        struct situation_launch *launch, struct error *error) {
    int64_t workers = 0;
    *launch = (struct situation_launch){.range = situation->range,
                                        .gaps = cli_value(cli, "gaps") != NULL,
                                        .rewrite = cli_value(cli, "rewrite") != NULL};
    if (!cli_find_launchable(cli, cli->arguments[0], &launch->group, &launch->processor, error) ||
        !cli_number(cli, "workers", 1, 1000, &workers, error)) {
        return false;
    }
    launch->workers = (int)workers;
    return true;
}

static int print_launched(struct cli *cli, const char *report) {
    if (cli->format != CLI_JSON) {
        return fputs(report, cli->out) == EOF ? EXIT_IO : EXIT_GO;
    }
    json_t *answer = json_pack("{s:i,s:[]}", "schema", 1, "runs");
    struct text rest = text_of(report);
    while (rest.size > 0) {
        struct text line = text_cut(&rest, '\n');
        struct text run = text_cut(&line, ' ');
        (void)json_array_append_new(json_object_get(answer, "runs"),
                                    json_stringn(run.data, run.size));
    }
    bool good = json_write(cli->out, answer);
    json_decref(answer);
    return good ? EXIT_GO : EXIT_IO;
}

static int carry_out(struct cli *cli, const struct situation *situation,
                     const struct runs_plan *plan, struct error *error) {
    struct text_buffer about = {0};
    char *report = NULL;
    situation_plan_describe(plan, 0, &about);
    situation_preflight_describe(&situation->preflight, "", &about);
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
    free(owner);
    int code = report != NULL ? print_launched(cli, report) : EXIT_GO;
    free(report);
    return good ? code : cli_fail(cli, error);
}

/* One plan of all that is asked for: several seasons are one launch, refused as a whole. */
static struct runs_plan *make_plan(struct cli *cli, const struct situation *situation,
                                   struct situation_launch *wanted, struct error *error) {
    struct day_range ranges[CLI_MOST_SEASONS];
    struct runs_plan *plan = NULL;
    size_t count;
    if (!cli_find_ranges(cli, wanted->range, ranges, &count, error)) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        wanted->range = ranges[i];
        struct runs_plan *one = situation_plan(situation, wanted, error);
        if (one == NULL || (plan != NULL && !runs_plan_join(plan, one, error))) {
            runs_plan_free(plan);
            return NULL;
        }
        plan = plan == NULL ? one : plan;
    }
    if (!runs_plan_check(plan, cli->state, error)) {
        runs_plan_free(plan);
        return NULL;
    }
    return plan;
}

static int launch(struct cli *cli) {
    struct error error = {0};
    struct situation_launch wanted;
    struct runs_plan *plan = NULL;
    struct situation *situation = cli_situation(cli, true, &error);
    bool good = situation != NULL && read_launch(cli, situation, &wanted, &error);
    if (good) {
        plan = make_plan(cli, situation, &wanted, &error);
        good = plan != NULL;
    }
    int code = good ? carry_out(cli, situation, plan, &error) : cli_fail(cli, &error);
    if (good && code == EXIT_GO && cli_value(cli, "dry-run") == NULL &&
        !situation->header.agent_alive &&
        !agent_start(cli->pipeline->file, state_directory(cli->state), &error)) {
        code = cli_fail(cli, &error); /* the runs go on; nobody follows their logs yet */
    }
    runs_plan_free(plan);
    situation_free(situation);
    return code;
}

const struct cli_verb cli_verb_launch = {
    .name = "launch",
    .arguments = "GROUP|PROCESSOR",
    .summary = "claim the dates, then start a group or one processor",
    .about = "Refused (exit 1) while the gate in front is not GO, while another run holds the same "
             "dates, and when\n"
             "dates that are complete would be written again without --rewrite.",
    .least = 1,
    .most = 1,
    .formats = 1U << CLI_TEXT | 1U << CLI_JSON,
    .options = {{"gaps", NULL, "only dates that are not complete"},
                {"season", "SEASON", "only this season, or several (A,B,C) at once"},
                {"from", "DATE", "first date"},
                {"to", "DATE", "last date"},
                {"workers", "N", "instead of the processor's own number"},
                {"rewrite", NULL, "write complete dates again as well"},
                {"dry-run", NULL, "show dates and commands; start nothing"},
                {"yes", NULL, "do not ask"}},
    .run = launch,
};
