/* phasegate validate: is the pipeline file sound. */
#include "agent/patterns.h"
#include "base/json.h"
#include "cli/verbs.h"

static int print_mistakes(struct cli *cli, const struct error *error) {
    if (cli->format != CLI_JSON) {
        return cli_fail(cli, error);
    }
    json_t *answer = json_pack("{s:i,s:b,s:[]}", "schema", 1, "valid", 0, "mistakes");
    struct text rest = text_of(error->text);
    while (rest.size > 0) {
        struct text line = text_cut(&rest, '\n');
        (void)json_array_append_new(json_object_get(answer, "mistakes"),
                                    json_stringn(line.data, line.size));
    }
    bool good = json_write(cli->out, answer);
    json_decref(answer);
    return good ? (int)error->code : EXIT_IO;
}

static int run(struct cli *cli) {
    struct error error = {0};
    if (cli->count == 1) {
        cli->pipeline_path = cli->arguments[0];
    }
    if (!cli_load_pipeline(cli, &error) || !patterns_check(cli->pipeline, &error)) {
        return print_mistakes(cli, &error);
    }
    const struct pipeline *pipeline = cli->pipeline;
    if (cli->format == CLI_JSON) {
        json_t *answer = json_pack("{s:i,s:b,s:[],s:s,s:s}", "schema", 1, "valid", 1, "mistakes",
                                   "pipeline", pipeline->name, "hash", pipeline->hash);
        bool good = json_write(cli->out, answer);
        json_decref(answer);
        return good ? EXIT_GO : EXIT_IO;
    }
    (void)fprintf(cli->out,
                  "%s is valid: pipeline %s, %zu tables, %zu seasons, %zu processors, %zu groups, "
                  "%zu gates\n",
                  pipeline->file, pipeline->name, pipeline->table_count, pipeline->season_count,
                  pipeline->processor_count, pipeline->group_count, pipeline->gate_count);
    return EXIT_GO;
}

const struct cli_verb cli_verb_validate = {
    .name = "validate",
    .arguments = "[PIPELINE]",
    .summary = "check a pipeline file; every mistake with file:line:column",
    .about = "Exit 0 when it is valid, 78 when it is not, 66 when it cannot be read.",
    .most = 1,
    .formats = 1U << CLI_TEXT | 1U << CLI_JSON,
    .run = run,
};
