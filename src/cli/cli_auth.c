/* phasegate auth: who this machine is to BigQuery, and for how long. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/access.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/print.h"
#include "cli/verbs.h"

/* A person waits: one request to the token endpoint, with its retries. */
enum { PATIENCE_MS = 10000 };

/* What was asked and what came of it. */
struct asked {
    struct access_place place;
    struct bigquery_login *login;
    struct error error; /* EXIT_GO: nothing is wrong */
    bool offline;
    const char *project; /* billed; NULL: nobody names one */
    char *found_project; /* owned, where the credentials name it */
};

/* Takes the pipeline file that is named, or the one that lies here; neither is needed. */
static bool load_pipeline(struct cli *cli, struct error *error) {
    bool named = cli->pipeline_path != NULL || getenv("PHASEGATE_PIPELINE") != NULL;
    if (!named && access("pipeline.yaml", F_OK) != 0) {
        return true;
    }
    return cli_load_pipeline(cli, error);
}

/* A token endpoint that did not answer leaves the question open; what a person must mend does not.
 */
static enum error_exit exit_of(enum error_exit code) {
    return code == EXIT_UNAVAILABLE || code == EXIT_TEMPORARY || code == EXIT_PROTOCOL
               ? EXIT_UNKNOWN
               : code;
}

static void ask(const struct cli *cli, struct asked *asked) {
    asked->project = cli->pipeline != NULL ? cli->pipeline->project : NULL;
    if (!asked->place.service) {
        return;
    }
    asked->login = access_login(cli->pipeline, clock_system(), &asked->error);
    if (asked->login == NULL) {
        return;
    }
    if (!asked->offline && !bigquery_login_finish(asked->login, PATIENCE_MS, &asked->error)) {
        asked->error.code = exit_of(asked->error.code);
    }
    if (asked->project == NULL && !asked->offline) {
        asked->found_project = bigquery_login_project(asked->login);
        asked->project = asked->found_project;
    }
}

static const char *problem_of(const struct asked *asked) {
    return asked->error.code != EXIT_GO ? asked->error.text : NULL;
}

static int print_json(struct cli *cli, const struct asked *asked) {
    bool known = asked->place.service && (!asked->offline || asked->login == NULL);
    json_t *answer = access_json(&asked->place, asked->login, problem_of(asked));
    (void)json_object_set_new(answer, "schema", json_integer(1));
    (void)json_object_set_new(answer, "billed_project", json_string_or_null(asked->project));
    (void)json_object_set_new(answer, "token",
                              known ? json_boolean(asked->error.code == EXIT_GO) : json_null());
    bool good = cli_json(cli, answer);
    json_decref(answer);
    return good ? (int)asked->error.code : EXIT_IO;
}

static void print_line(FILE *out, const char *name, const char *value) {
    if (value != NULL) {
        (void)print(out, "%-14s %s\n", name, value);
    }
}

static void print_token(FILE *out, const struct asked *asked, int64_t expires_ms) {
    char span[CLOCK_SPAN_SIZE];
    if (asked->offline) {
        print_line(out, "token", "not asked for (--offline)");
    } else if (asked->error.code == EXIT_GO && expires_ms != 0) {
        (void)print(out, "%-14s obtained, ends in %s and is renewed ahead of it\n", "token",
                    clock_format_span(expires_ms - clock_wall_ms(clock_system()), span));
    } else {
        print_line(out, "token", asked->error.code == EXIT_GO ? "obtained" : "none");
    }
}

static int print_text(struct cli *cli, const struct asked *asked) {
    if (!asked->place.service) {
        (void)print(cli->out,
                    "BigQuery is %s, which %s names: no credential is looked up and none is "
                    "sent.\n",
                    asked->place.endpoint, asked->place.source);
        return EXIT_GO;
    }
    if (asked->login != NULL) {
        struct bigquery_login_facts facts = bigquery_login_facts(asked->login);
        print_line(cli->out, "credentials", bigquery_login_kind_word(facts.kind));
        print_line(cli->out, "from", facts.source);
        print_line(cli->out, "identity", facts.identity != NULL ? facts.identity : "not told");
        print_line(cli->out, "their project", facts.project);
        print_line(cli->out, "billed project",
                   asked->project != NULL ? asked->project : "none is named");
        print_line(cli->out, "quota project", facts.quota_project);
        print_line(cli->out, "scope", facts.scope);
        print_token(cli->out, asked, facts.expires_ms);
    }
    return asked->error.code != EXIT_GO ? cli_fail(cli, &asked->error) : EXIT_GO;
}

static int run(struct cli *cli) {
    struct error error = {0};
    if (!load_pipeline(cli, &error)) {
        return cli_fail(cli, &error);
    }
    struct asked asked = {.place = access_find(cli->pipeline, NULL),
                          .offline = cli_value(cli, "offline") != NULL};
    ask(cli, &asked);
    int code = cli->format == CLI_JSON ? print_json(cli, &asked) : print_text(cli, &asked);
    bigquery_login_free(asked.login);
    free(asked.found_project);
    return code;
}

const struct cli_verb cli_verb_auth = {
    .name = "auth",
    .arguments = "",
    .summary = "who we are to BigQuery: which credentials, whose, until when",
    .about = "Looks for credentials in the order of Google's own libraries and asks for a token. "
             "Shows nothing secret.\n"
             "Exit 0 when a token was obtained, 2 when none could be asked for (no network), 66 "
             "when there are no\n"
             "credentials, 77 when they are refused, 78 when their file is wrong. Works without a "
             "pipeline file.",
    .formats = 1U << CLI_TEXT | 1U << CLI_JSON,
    .options = {{"offline", NULL, "only look: ask for no token"}},
    .run = run,
};
