/* phasegate launch. */

#include "cli/carry_out.h"
#include "cli/find.h"
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
    int code = good ? carry_out_plan(cli, situation, plan, &error) : cli_fail(cli, &error);
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
