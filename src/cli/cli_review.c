/* phasegate review: the page that a second person reads before saying yes. */
#include <errno.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/print.h"
#include "cli/operate.h"
#include "cli/verbs.h"
#include "gates/gates_json.h"
#include "ui/snapshot.h"

/* The page with the gates it rests on, and the plan that an approval of it would name. */
static bool write_json(struct cli *cli, const struct situation *situation, const char *page) {
    json_t *approvals = json_array();
    for (size_t i = 0; i < cli->pipeline->group_count; i++) {
        const struct situation_group *group = &situation->groups[i];
        (void)json_array_append_new(
            approvals, json_make("{s:s,s:o,s:o,s:o}", "group", cli->pipeline->groups[i].name,
                                 "approved_by", json_string_or_null(group->approved_by),
                                 "approved_until", json_time(group->approved_until), "armed_until",
                                 json_time(group->armed_until)));
    }
    json_t *answer = gates_to_json(situation->gates, PIPELINE_NONE, NULL);
    (void)json_object_set_new(answer, "pipeline", json_words(cli->pipeline->name));
    (void)json_object_set_new(answer, "plan", json_words(cli->pipeline->hash));
    (void)json_object_set_new(answer, "groups", approvals);
    (void)json_object_set_new(answer, "page", json_words(page));
    bool good = cli_json(cli, answer);
    json_decref(answer);
    return good;
}

static int run(struct cli *cli) {
    struct error error = {0};
    struct situation *situation = cli_situation(cli, true, &error);
    if (situation == NULL) {
        return cli_fail(cli, &error);
    }
    cli_warn_plan(cli, situation);
    char *owner = operate_owner();
    char *page = snapshot_review(cli->pipeline, situation, situation->as_of, owner);
    bool good =
        cli->format == CLI_JSON ? write_json(cli, situation, page) : print_lines(cli->out, page);
    int code = EXIT_GO;
    if (!good) {
        (void)error_set_errno(&error, EXIT_IO, errno, "cannot write the review");
        code = cli_fail(cli, &error);
    }
    free(page);
    free(owner);
    situation_free(situation);
    return code;
}

const struct cli_verb cli_verb_review = {
    .name = "review",
    .arguments = "",
    .instead = "approve takes a GROUP",
    .summary = "the pre-flight page: what is missing and what it blocks, exact commands, cost, "
               "checklist",
    .about = "Markdown, for a second person to read; `phasegate approve` records the yes.",
    .formats = 1U << CLI_TEXT | 1U << CLI_MARKDOWN | 1U << CLI_JSON,
    .run = run,
};
