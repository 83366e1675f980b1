/* phasegate check: verdicts, and the exit code that scripts go by. */
#include <errno.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"
#include "cli/find.h"
#include "cli/verbs.h"
#include "gates/gates_json.h"
#include "gates/gates_text.h"

static bool write_answer(struct cli *cli, const struct situation *situation, size_t gate) {
    size_t count = situation->pipeline->gate_count;
    int64_t *since = memory_new(count, sizeof *since);
    for (size_t i = 0; i < count; i++) {
        since[i] = situation->gate_facts[i].since;
    }
    bool good;
    if (cli->format == CLI_JSON) {
        json_t *answer = gates_to_json(situation->gates, gate, since);
        json_object_set_new(answer, "plan_notice",
                            json_string_or_null(situation->header.plan.notice));
        json_object_set_new(answer, "bigquery",
                            situation_trouble_json(situation->header.bigquery, situation->as_of));
        good = cli_json(cli, answer);
        json_decref(answer);
    } else {
        good = gates_write_text(cli->out, situation->gates, gate, since) &&
               cli_write_trouble(cli, situation);
        cli_say_zone(cli); /* last: the first word is the verdict */
    }
    free(since);
    return good;
}

static int run(struct cli *cli) {
    struct error error = {0};
    size_t gate = PIPELINE_NONE;
    if (!cli_load_pipeline(cli, &error) ||
        (cli->count == 1 && !cli_find_gate(cli, cli->arguments[0], &gate, &error))) {
        return cli_fail(cli, &error);
    }
    struct situation *situation = cli_situation(cli, true, &error);
    if (situation == NULL) {
        return cli_fail(cli, &error);
    }
    int code = (int)gates_exit(situation->gates, gate);
    if (!write_answer(cli, situation, gate)) {
        (void)error_set_errno(&error, EXIT_IO, errno, "cannot write the answer");
        code = cli_fail(cli, &error);
    }
    situation_free(situation);
    return code;
}

const struct cli_verb cli_verb_check = {
    .name = "check",
    .arguments = "[GATE]",
    .summary = "the verdict of one gate or of all, as text and as an exit code",
    .about =
        "Exit 0 when every gate asked for is GO, 1 when one is NO-GO or on HOLD, else 2: one is "
        "STALE or UNKNOWN.",
    .most = 1,
    .formats = 1U << CLI_TEXT | 1U << CLI_JSON,
    .run = run,
};
