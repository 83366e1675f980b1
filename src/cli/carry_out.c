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
    bool good = json_write(cli->out, answer);
    json_decref(answer);
    return good ? EXIT_GO : EXIT_IO;
}

/* `*launched`: at least one run may live now, whatever the exit code. */
static int show_and_launch(struct cli *cli, const struct situation *situation,
                           const struct runs_plan *plan, bool *launched, struct error *error) {
    struct text_buffer about = {0};
    char *report = NULL;
    *launched = false;
    situation_plan_describe(plan, 0, &about);
    situation_preflight_describe(&situation->preflight, "", &about);
    bool only_show = cli_value(cli, "dry-run") != NULL;
    if (only_show || cli_value(cli, "yes") == NULL) {
        (void)print_lines(cli->out, about.data);
    }
    text_buffer_free(&about);
    if (only_show) {
        return EXIT_GO;
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
    int code = show_and_launch(cli, situation, plan, &launched, error);
    struct error mistake;
    /* Also when some of them did not start: the others are to be watched and judged. */
    if (launched && !situation->header.agent_alive &&
        !agent_start(cli->pipeline->file, state_directory(cli->state), &mistake)) {
        code = cli_fail(cli, &mistake); /* the runs go on; nobody follows their logs yet */
    }
    return code;
}
