/* phasegate validate: is the pipeline file sound, and, with --online, does BigQuery agree. */
#include <stdlib.h>

#include "agent/online.h"
#include "agent/patterns.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/print.h"
#include "cli/verbs.h"

static int print_mistakes(struct cli *cli, const struct error *error) {
    if (cli->format != CLI_JSON) {
        return cli_fail(cli, error);
    }
    json_t *answer = json_make("{s:i,s:b,s:[]}", "schema", 1, "valid", 0, "mistakes");
    struct text rest = text_of(error->text);
    while (rest.size > 0) {
        struct text line = text_cut(&rest, '\n');
        (void)json_array_append_new(json_object_get(answer, "mistakes"),
                                    json_stringn(line.data, line.size));
    }
    bool good = cli_json(cli, answer);
    json_decref(answer);
    return good ? (int)error->code : EXIT_IO;
}

static int print_valid(struct cli *cli) {
    const struct pipeline *pipeline = cli->pipeline;
    if (cli->format == CLI_JSON) {
        json_t *answer = json_make("{s:i,s:b,s:[],s:s,s:s}", "schema", 1, "valid", 1, "mistakes",
                                   "pipeline", pipeline->name, "hash", pipeline->hash);
        bool good = cli_json(cli, answer);
        json_decref(answer);
        return good ? EXIT_GO : EXIT_IO;
    }
    (void)print(cli->out,
                "%s is valid: pipeline %s, %zu tables, %zu seasons, %zu processors, %zu groups, "
                "%zu gates\n",
                pipeline->file, pipeline->name, pipeline->table_count, pipeline->season_count,
                pipeline->processor_count, pipeline->group_count, pipeline->gate_count);
    return EXIT_GO;
}

/* ---- With BigQuery ----------------------------------------------------------------------- */

static int online_code(const struct online_report *report) {
    return report->by_severity[ONLINE_MISTAKE] > 0   ? EXIT_CONFIG
           : report->by_severity[ONLINE_UNKNOWN] > 0 ? EXIT_UNKNOWN
                                                     : EXIT_GO;
}

static json_t *number_or_null(size_t number) {
    return number > 0 ? json_integer((json_int_t)number) : json_null();
}

static json_t *finding_json(const struct online_finding *finding) {
    return json_make(
        "{s:s,s:s,s:o,s:o,s:s,s:s}", "severity", online_severity_word(finding->severity), "file",
        finding->file, "line", number_or_null(finding->place.line), "column",
        number_or_null(finding->place.column), "about", finding->what, "text", finding->text);
}

static json_t *report_json(const struct pipeline *pipeline, const struct online_report *report) {
    json_t *mistakes = json_array(), *findings = json_array();
    for (size_t i = 0; i < report->findings.count; i++) {
        const struct online_finding *finding = &report->findings.items[i];
        (void)json_array_append_new(findings, finding_json(finding));
        if (finding->severity == ONLINE_MISTAKE) {
            char *line = online_finding_line(finding);
            (void)json_array_append_new(mistakes, json_words(line));
            free(line);
        }
    }
    /* What could not be asked is neither valid nor not. */
    int code = online_code(report);
    json_t *valid = code == EXIT_UNKNOWN ? json_null() : json_boolean(code == EXIT_GO);
    bool told = report->bytes >= 0;
    return json_make("{s:i,s:o,s:o,s:s,s:s,s:b,s:o,s:I,s:I,s:o,s:o}", "schema", 1, "valid", valid,
                     "mistakes", mistakes, "pipeline", pipeline->name, "hash", pipeline->hash,
                     "online", 1, "findings", findings, "tables", (json_int_t)report->tables,
                     "queries", (json_int_t)report->queries, "bytes",
                     told ? json_integer((json_int_t)report->bytes) : json_null(), "cost_usd",
                     told ? json_real(report->cost) : json_null());
}

static void add_count(struct text_buffer *text, size_t count, const char *one, const char *many) {
    if (count > 0) {
        print_to(text, "%s%zu %s", text->size > 0 ? ", " : "", count, count == 1 ? one : many);
    }
}

static void print_summary(struct cli *cli, const struct online_report *report) {
    struct text_buffer found = {0};
    add_count(&found, report->by_severity[ONLINE_MISTAKE], "mistake", "mistakes");
    add_count(&found, report->by_severity[ONLINE_UNKNOWN], "unknown", "unknown");
    add_count(&found, report->by_severity[ONLINE_WARNING], "warning", "warnings");
    (void)print(cli->out, "%s, %zu tables and %zu queries against BigQuery: %s",
                cli->pipeline->name, report->tables, report->queries,
                found.size > 0 ? found.data : "all good");
    if (report->bytes >= 0) {
        (void)print(cli->out, "; asking everything once is billed %.0f MiB ($%.4f)",
                    (double)report->bytes / 1048576.0, report->cost);
    }
    (void)print(cli->out, "\n");
    text_buffer_free(&found);
}

/* What the state knows of the pipeline already, if there is one; nothing is written. */
static struct situation *last_known(const struct cli *cli) {
    struct error error = {0};
    char *directory = state_home(cli->pipeline->name, &error);
    struct state *state = directory != NULL ? state_open(directory, STATE_READ, &error) : NULL;
    struct situation *situation = NULL;
    if (state != NULL) {
        situation = situation_load(cli->pipeline, state, clock_wall_ms(clock_system()), &error);
    }
    state_close(state);
    free(directory);
    return situation;
}

static int print_online(struct cli *cli) {
    struct online_report report;
    struct situation *known = last_known(cli);
    const struct online_options options = {.expected =
                                               known != NULL ? known->coverage->expected : NULL};
    online_check(cli->pipeline, &options, &report);
    situation_free(known);
    int code = online_code(&report);
    if (cli->format == CLI_JSON) {
        json_t *answer = report_json(cli->pipeline, &report);
        code = cli_json(cli, answer) ? code : EXIT_IO;
        json_decref(answer);
    } else {
        for (size_t i = 0; i < report.findings.count; i++) {
            char *line = online_finding_line(&report.findings.items[i]);
            (void)print(cli->out, "%s\n", line);
            free(line);
        }
        print_summary(cli, &report);
    }
    online_report_free(&report);
    return code;
}

static int run(struct cli *cli) {
    struct error error = {0};
    if (cli->count == 1) {
        cli->pipeline_path = cli->arguments[0];
    }
    if (!cli_load_pipeline(cli, &error) || !patterns_check(cli->pipeline, &error)) {
        return print_mistakes(cli, &error);
    }
    return cli_value(cli, "online") != NULL ? print_online(cli) : print_valid(cli);
}

const struct cli_verb cli_verb_validate = {
    .name = "validate",
    .arguments = "[PIPELINE]",
    .summary = "check a pipeline file; every mistake with file:line:column",
    .about = "With --online, BigQuery is asked about it too, free of charge: tables, columns and "
             "their types,\n"
             "partitions, locations, and a dry run of every query; the worst comes first.\n"
             "Exit 0 when it is valid, 78 when it is not, 66 when it cannot be read, 2 when "
             "something could\nnot be asked.",
    .most = 1,
    .formats = 1U << CLI_TEXT | 1U << CLI_JSON,
    .options = {{"online", NULL, "ask BigQuery as well; waits at most 30 s, costs nothing"}},
    .run = run,
};
