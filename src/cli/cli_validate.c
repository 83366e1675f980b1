/* phasegate validate: is the pipeline file sound, and, with --online, does BigQuery agree. */
#include <stdlib.h>

#include "agent/online.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/print.h"
#include "cli/verbs.h"

static char *finding_line(const char *file, const struct pipeline_finding *finding) {
    return memory_format("%s:%zu:%zu: %s%s", file, finding->place.line, finding->place.column,
                         finding->warning ? "warning: " : "", finding->text);
}

/* The mistakes, or the warnings, of the file: a line each. */
static json_t *lines_json(const char *file, const struct pipeline_findings *findings,
                          bool warnings) {
    json_t *lines = json_array();
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->items[i].warning == warnings) {
            char *line = finding_line(file, &findings->items[i]);
            (void)json_array_append_new(lines, json_words(line));
            free(line);
        }
    }
    return lines;
}

static void print_findings(FILE *out, const char *file, const struct pipeline_findings *findings,
                           const char *head) {
    for (size_t i = 0; i < findings->count; i++) {
        char *line = finding_line(file, &findings->items[i]);
        (void)print(out, "%s%s\n", head, line);
        free(line);
    }
}

/* What the file is called in messages, before there is a pipeline. */
static const char *file_of(const struct cli *cli) {
    const char *path =
        cli->pipeline_path != NULL ? cli->pipeline_path : getenv("PHASEGATE_PIPELINE");
    return path != NULL ? path : "pipeline.yaml";
}

/* All of them: `error` holds the first few. */
static int print_mistakes(struct cli *cli, const struct error *error) {
    const struct pipeline_findings *findings = cli->findings;
    if (cli->format != CLI_JSON && findings->count == 0) {
        return cli_fail(cli, error); /* it could not be read at all */
    }
    if (cli->format != CLI_JSON) {
        print_findings(cli->err, file_of(cli), findings, "phasegate: ");
        if (findings->left_out > 0) {
            (void)print(cli->err, "phasegate: … and %zu more\n", findings->left_out);
        }
        return (int)error->code;
    }
    json_t *mistakes = lines_json(file_of(cli), findings, false);
    if (json_array_size(mistakes) == 0) {
        (void)json_array_append_new(mistakes, json_words(error->text));
    }
    json_t *answer = json_make("{s:i,s:b,s:o,s:I,s:o}", "schema", 1, "valid", 0, "mistakes",
                               mistakes, "mistakes_left_out", (json_int_t)findings->left_out,
                               "warnings", lines_json(file_of(cli), findings, true));
    bool good = cli_json(cli, answer);
    json_decref(answer);
    return good ? (int)error->code : EXIT_IO;
}

static int print_valid(struct cli *cli) {
    const struct pipeline *pipeline = cli->pipeline;
    size_t warnings = cli->findings->count;
    if (cli->format == CLI_JSON) {
        json_t *answer =
            json_make("{s:i,s:b,s:[],s:o,s:s,s:s}", "schema", 1, "valid", 1, "mistakes", "warnings",
                      lines_json(pipeline->file, cli->findings, true), "pipeline", pipeline->name,
                      "hash", pipeline->hash);
        bool good = cli_json(cli, answer);
        json_decref(answer);
        return good ? EXIT_GO : EXIT_IO;
    }
    print_findings(cli->out, pipeline->file, cli->findings, "");
    (void)print(cli->out,
                "%s is valid: pipeline %s, %zu tables, %zu seasons, %zu processors, %zu groups, "
                "%zu gates",
                pipeline->file, pipeline->name, pipeline->table_count, pipeline->season_count,
                pipeline->processor_count, pipeline->group_count, pipeline->gate_count);
    if (warnings > 0) {
        (void)print(cli->out, "; %zu warning%s", warnings, warnings == 1 ? "" : "s");
    }
    (void)print(cli->out, "\n");
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

static json_t *report_json(const struct pipeline *pipeline, const struct pipeline_findings *offline,
                           const struct online_report *report) {
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
    return json_make("{s:i,s:o,s:o,s:o,s:s,s:s,s:b,s:o,s:I,s:I,s:o,s:o}", "schema", 1, "valid",
                     valid, "mistakes", mistakes, "warnings",
                     lines_json(pipeline->file, offline, true), "pipeline", pipeline->name, "hash",
                     pipeline->hash, "online", 1, "findings", findings, "tables",
                     (json_int_t)report->tables, "queries", (json_int_t)report->queries, "bytes",
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
        json_t *answer = report_json(cli->pipeline, cli->findings, &report);
        code = cli_json(cli, answer) ? code : EXIT_IO;
        json_decref(answer);
    } else {
        print_findings(cli->out, cli->pipeline->file, cli->findings, "");
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
    struct pipeline_findings findings = {0};
    if (cli->count == 1) {
        cli->pipeline_path = cli->arguments[0];
    }
    cli->findings = &findings;
    int code = !cli_load_pipeline(cli, &error)    ? print_mistakes(cli, &error)
               : cli_value(cli, "online") != NULL ? print_online(cli)
                                                  : print_valid(cli);
    cli->findings = NULL;
    pipeline_findings_free(&findings);
    return code;
}

const struct cli_verb cli_verb_validate = {
    .name = "validate",
    .arguments = "[PIPELINE]",
    .summary = "check a pipeline file; every mistake with file:line:column",
    .about = "Warnings (what will not do what was meant) leave it valid.\n"
             "With --online, BigQuery is asked about it too, free of charge: tables, columns and "
             "their types,\n"
             "partitions, locations, and a dry run of every query; the worst comes first.\n"
             "Exit 0 when it is valid, 78 when it is not, 66 when it cannot be read, 2 when "
             "something could\nnot be asked.",
    .most = 1,
    .formats = 1U << CLI_TEXT | 1U << CLI_JSON,
    .options = {{"online", NULL, "ask BigQuery as well; waits at most 30 s, costs nothing"}},
    .run = run,
};
