#include "cli/carry_out.h"

#include <stdlib.h>

#include "agent/agent.h"
#include "base/json.h"
#include "base/print.h"
#include "cli/operate.h"
#include "situation/launch.h"

static int print_launched(struct cli *cli, const char *report) {
    if (cli->format != CLI_JSON) {
        return print_lines(cli->out, report) ? EXIT_GO : EXIT_IO;
    }
    json_t *answer = json_make("{s:i,s:[]}", "schema", 1, "runs");
    struct text rest = text_of(report);
    while (rest.size > 0) {
        struct text line = text_cut(&rest, '\n');
        struct text run = text_cut(&line, ' ');
        (void)json_array_append_new(json_object_get(answer, "runs"),
                                    json_stringn(run.data, run.size));
    }
    bool good = cli_json(cli, answer);
    json_decref(answer);
    return good ? EXIT_GO : EXIT_IO;
}

/* What would run, exactly: the argvs of every step. */
static json_t *plan_json(const struct runs_plan *plan) {
    json_t *items = json_array();
    for (size_t i = 0; i < plan->count; i++) {
        const struct runs_item *item = &plan->items[i];
        json_t *steps = json_array();
        for (size_t step = 0; step < item->step_count; step++) {
            json_t *argv = json_array();
            for (char **word = item->steps[step]; *word != NULL; word++) {
                (void)json_array_append_new(argv, json_words(*word));
            }
            (void)json_array_append_new(steps, argv);
        }
        (void)json_array_append_new(
            items, json_make("{s:s,s:o,s:o,s:I,s:I,s:s?,s:o}", "processor",
                             plan->pipeline->processors[item->processor].name, "from",
                             json_day(item->range.from), "to", json_day(item->range.to), "dates",
                             (json_int_t)dayset_count(&item->dates), "rewrites",
                             (json_int_t)item->rewrites, "warning", item->warning, "steps", steps));
    }
    return json_make("{s:i,s:s,s:o}", "schema", 1, "group", plan->group, "plan", items);
}

static bool show_plan(struct cli *cli, const struct situation *situation,
                      const struct runs_plan *plan, bool only_show) {
    if (only_show && cli->format == CLI_JSON) {
        json_t *answer = plan_json(plan);
        bool good = cli_json(cli, answer);
        json_decref(answer);
        return good;
    }
    struct text_buffer about = {0};
    situation_plan_describe(plan, 0, &about);
    situation_plan_evidence(situation, plan, &about);
    situation_preflight_describe(&situation->preflight, "", &about);
    /* Before a question: the answer on standard output stays JSON. */
    bool good = print_lines(cli->format == CLI_JSON ? cli->err : cli->out, about.data);
    text_buffer_free(&about);
    return good;
}

/* `*launched`: at least one run may live now, whatever the exit code. */
static int show_and_launch(struct cli *cli, const struct situation *situation,
                           const struct runs_plan *plan, bool *launched, struct error *error) {
    char *report = NULL;
    *launched = false;
    bool only_show = cli_value(cli, "dry-run") != NULL;
    if (only_show || cli_value(cli, "yes") == NULL) {
        bool shown = show_plan(cli, situation, plan, only_show);
        if (only_show) {
            return shown ? EXIT_GO : EXIT_IO;
        }
    }
    char *owner = operate_owner();
    bool good = cli_confirm(cli, "Launch?", error) &&
                operate_launch_plan(plan, cli->state, owner, &report, error);
    free(owner);
    *launched = report != NULL;
    int code = report != NULL ? print_launched(cli, report) : EXIT_GO;
    free(report);
    return good ? code : cli_fail(cli, error);
}

int carry_out_plan(struct cli *cli, const struct situation *situation, const struct runs_plan *plan,
                   struct error *error) {
    bool launched;
    cli_warn_plan(cli, situation);
    int code = show_and_launch(cli, situation, plan, &launched, error);
    struct error mistake;
    /* Also when some of them did not start: the others are to be watched and judged. */
    if (launched && !situation->header.agent_alive &&
        !agent_start(cli->pipeline->file, state_directory(cli->state), &mistake)) {
        code = cli_fail(cli, &mistake); /* the runs go on; nobody follows their logs yet */
    }
    return code;
}
