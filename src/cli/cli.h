/* The command line: one table of verbs, each with its options and its page of help, and what all of
 * them share.
 *
 * A verb prints its answer to `out`, one sentence on trouble to `err`, and returns an exit code of
 * base/error.h. */
#ifndef PHASEGATE_CLI_CLI_H
#define PHASEGATE_CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "pipeline/pipeline.h"
#include "situation/situation.h"
#include "state/state.h"

struct cli;

enum cli_format { CLI_TEXT, CLI_JSON, CLI_CSV, CLI_MARKDOWN };

struct cli_option {
    const char *name;     /* without the dashes; NULL ends a list */
    const char *argument; /* what the help calls its value; NULL for a switch */
    const char *help;
};

enum { CLI_OPTION_LIMIT = 16 };

struct cli_verb {
    const char *name;
    const char *arguments; /* as the help shows them: "[GATE]" */
    const char *summary;   /* one line */
    const char *about;     /* further lines of help; NULL for none */
    const char *instead;   /* which verb takes what this one does not; NULL */
    int least, most;       /* arguments taken; most -1: no limit */
    unsigned formats;      /* bit set of 1 << enum cli_format */
    bool rest;             /* what follows the first argument belongs to the verb unparsed (demo) */
    struct cli_option options[CLI_OPTION_LIMIT];
    int (*run)(struct cli *cli);
};

/* One invocation. */
struct cli {
    const struct cli_verb *verb;
    enum cli_format format;
    int count; /* positional arguments */
    char **arguments;
    FILE *out, *err;
    const char
        *given[CLI_OPTION_LIMIT]; /* values of verb->options; "" for a switch; NULL when absent */
    const char *pipeline_path;    /* --pipeline; NULL when absent */
    struct pipeline *pipeline;    /* once loaded; freed by cli_run */
    struct pipeline_findings *findings; /* what loading it finds; NULL: only a refusal is told */
    struct state *state;                /* once opened; closed by cli_run */
    bool answered;   /* JSON was written: a refusal after it is a sentence only */
    bool in_demo;    /* what it starts is gone when it ends */
    bool agent_died; /* a lease was found whose holder is gone: start another agent */
};

/* Every verb; ends with a NULL name. */
extern const struct cli_verb *const cli_verbs[];

/* Runs one command line (argv[0] is the program) and returns the exit code. */
int cli_run(int argc, char **argv, FILE *out, FILE *err);

/* The value of an option of the verb; NULL when it was not given, "" for a switch. */
const char *cli_value(const struct cli *cli, const char *option);

/* Writes one answer as JSON; false (errno) when the stream does not take it. */
bool cli_json(struct cli *cli, const json_t *answer);

/* Prints "phasegate: TEXT" (one line a mistake) to `err`, and under --format json, when nothing was
 * answered yet, {"error": {"exit": CODE, "texts": [TEXT, …]}} to `out`. Returns the error's exit
 * code. */
int cli_fail(struct cli *cli, const struct error *error);

/* Loads the pipeline of --pipeline, PHASEGATE_PIPELINE or ./pipeline.yaml, and sets the clock to
 * its time zone. */
bool cli_load_pipeline(struct cli *cli, struct error *error);

/* The same, and opens its state file; one that cannot be written only for reading. */
bool cli_find_state(struct cli *cli, struct error *error);

/* The same, and sees to it that the state is kept for this file: EXIT_CONFIG, naming both, when it
 * is for another one that is there. */
bool cli_attach_state(struct cli *cli, struct error *error);

/* Records that the state is kept for this file from now on. */
bool cli_keep_state(struct cli *cli, struct error *error);

/* The same, and reconciles the runs with what is really there. */
bool cli_open_state(struct cli *cli, struct error *error);

/* Whether what makes things stand may go past the state after such a failure: a marker helps, and
 * the state is not one that this account may only watch. */
bool cli_can_mark(const struct cli *cli, const struct error *error);

/* The situation now: measured afresh when neither an agent keeps it up nor it is young enough.
 * `measure` false only reads. The caller frees it. */
struct situation *cli_situation(struct cli *cli, bool measure, struct error *error);

/* "times: America/Los_Angeles": a line of its own in a text that tells moments. */
void cli_say_zone(struct cli *cli);

/* One line on what keeps BigQuery from answering, if anything does, below an answer as text; false
 * (errno) when the stream does not take it. */
bool cli_write_bigquery(struct cli *cli, const struct situation *situation);

/* The same, after one line on the plan when not all work by one. */
bool cli_write_trouble(struct cli *cli, const struct situation *situation);

/* Says on standard error that agent, file and this verb do not go by one plan, when they do not. */
void cli_warn_plan(struct cli *cli, const struct situation *situation);

/* A yes to a question: "y" on the terminal; without one --yes, which the verb must have. Errors:
 * EXIT_USAGE, EXIT_NO_GO. */
bool cli_confirm(struct cli *cli, const char *question, struct error *error);

/* Whole numbers and dates from options; false with EXIT_USAGE. An absent option leaves `value`
 * alone. */
bool cli_number(const struct cli *cli, const char *option, int64_t least, int64_t most,
                int64_t *value, struct error *error);
bool cli_day(const struct cli *cli, const char *option, day_number *day, struct error *error);

/* "Did you mean x?" for a name that is not among the pipeline's; fills EXIT_USAGE and returns
 * false. */
bool cli_unknown_name(const char *what, const char *name, const char *const *names, size_t count,
                      struct error *error);

#endif
