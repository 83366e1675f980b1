#include "cli/cli.h"

#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "agent/access.h"
#include "agent/agent.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/print.h"
#include "base/text.h"
#include "base/unicode.h"

enum { NAMES_LISTED = 12 }; /* of a list in a message, when there are many */

static const struct cli_option common_options[] = {
    {"pipeline", "FILE", "the pipeline file (default: $PHASEGATE_PIPELINE, then ./pipeline.yaml)"},
    {"format", "FORMAT", NULL}, /* its help names the verb's formats */
    {"help", NULL, "this help"},
    {NULL, NULL, NULL},
};

enum { OPTION_PIPELINE = 1000, OPTION_FORMAT, OPTION_HELP, FIRST_VERB_OPTION };

static const char *const format_names[] = {
    [CLI_TEXT] = "text", [CLI_JSON] = "json", [CLI_CSV] = "csv", [CLI_MARKDOWN] = "markdown"};

enum { FORMAT_COUNT = sizeof format_names / sizeof *format_names };

bool cli_json(struct cli *cli, const json_t *answer) {
    cli->answered = true;
    return json_write(cli->out, answer);
}

int cli_fail(struct cli *cli, const struct error *error) {
    int code = error->code == EXIT_GO ? EXIT_SOFTWARE : (int)error->code;
    json_t *texts = json_array();
    struct text rest = text_of(error->text);
    while (rest.size > 0) {
        struct text line = text_cut(&rest, '\n');
        (void)print(cli->err, "phasegate: %.*s\n", (int)line.size, line.data);
        (void)json_array_append_new(texts, json_stringn(line.data, line.size));
    }
    json_t *refusal =
        json_make("{s:i,s:{s:i,s:o}}", "schema", 1, "error", "exit", code, "texts", texts);
    if (cli->format == CLI_JSON && !cli->answered) {
        (void)cli_json(cli, refusal);
    }
    json_decref(refusal);
    return code;
}

static void join_formats(unsigned formats, struct text_buffer *names) {
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        if ((formats >> i & 1U) != 0) {
            print_to(names, "%s%s", names->size > 0 ? ", " : "", format_names[i]);
        }
    }
}

static void print_option(FILE *out, const struct cli_option *option, const char *help) {
    char left[64];
    (void)snprintf(left, sizeof left, "--%s%s%s", option->name, option->argument != NULL ? " " : "",
                   option->argument != NULL ? option->argument : "");
    (void)print(out, "  %-22s %s\n", left, help);
}

static int print_verb_help(const struct cli_verb *verb, FILE *out) {
    (void)print(out, "phasegate %s%s%s: %s\n", verb->name, verb->arguments[0] != '\0' ? " " : "",
                verb->arguments, verb->summary);
    if (verb->about != NULL) {
        (void)print(out, "\n");
        (void)print_lines(out, verb->about);
        (void)print(out, "\n");
    }
    (void)print(out, "\nOptions:\n");
    for (const struct cli_option *option = verb->options; option->name != NULL; option++) {
        print_option(out, option, option->help);
    }
    struct text_buffer formats = {0};
    join_formats(verb->formats, &formats);
    for (const struct cli_option *option = common_options; option->name != NULL; option++) {
        if (option->help != NULL) {
            print_option(out, option, option->help);
        } else if (verb->formats != 0) {
            print_option(out, option, formats.data);
        }
    }
    text_buffer_free(&formats);
    return EXIT_GO;
}

static int print_help(FILE *out) {
    (void)print(out, "phasegate watches phased backfills into BigQuery: coverage, gates, runs.\n\n"
                     "  phasegate [PIPELINE]   the console\n"
                     "  phasegate VERB …       one answer; `phasegate help VERB` tells more\n\n");
    for (const struct cli_verb *const *verb = cli_verbs; *verb != NULL; verb++) {
        (void)print(out, "  %-12s %s\n", (*verb)->name, (*verb)->summary);
    }
    (void)print(
        out, "\nExit codes: 0 GO or done, 1 NO-GO or refused, 2 could not be measured, 64-78 as in "
             "sysexits.h.\n");
    return EXIT_GO;
}

static const struct cli_verb *find_verb(const char *name) {
    for (const struct cli_verb *const *verb = cli_verbs; *verb != NULL; verb++) {
        if (strcmp((*verb)->name, name) == 0) {
            return *verb;
        }
    }
    return NULL;
}

bool cli_unknown_name(const char *what, const char *name, const char *const *names, size_t count,
                      struct error *error) {
    const char *near = text_nearest(name, names, count);
    if (near != NULL) {
        return error_set(error, EXIT_USAGE, "there is no %s \"%s\"; did you mean %s?", what, name,
                         near);
    }
    struct text_buffer all = {0};
    size_t listed = count <= NAMES_LISTED + 1 ? count : NAMES_LISTED;
    for (size_t i = 0; i < listed; i++) {
        print_to(&all, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    if (listed < count) {
        print_to(&all, " and %zu more", count - listed);
    }
    (void)error_set(error, EXIT_USAGE, "there is no %s \"%s\"%s%s", what, name,
                    all.size > 0 ? "; there are: " : ", nor any other",
                    all.size > 0 ? all.data : "");
    text_buffer_free(&all);
    return false;
}

static int unknown_verb(struct cli *cli, const char *name) {
    const char *names[64];
    size_t count = 0;
    for (const struct cli_verb *const *verb = cli_verbs; *verb != NULL && count < 64; verb++) {
        names[count++] = (*verb)->name;
    }
    struct error error;
    const char *near = text_nearest(name, names, count);
    (void)error_set(
        &error, EXIT_USAGE, "there is no verb \"%s\"%s%s%s; `phasegate --help` lists them", name,
        near != NULL ? "; did you mean " : "", near != NULL ? near : "", near != NULL ? "?" : "");
    return cli_fail(cli, &error);
}

static bool set_format(struct cli *cli, const char *name, struct error *error) {
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        if (strcmp(format_names[i], name) == 0 && (cli->verb->formats >> i & 1U) != 0) {
            cli->format = (enum cli_format)i;
            return true;
        }
    }
    struct text_buffer formats = {0};
    join_formats(cli->verb->formats, &formats);
    if (formats.size == 0) {
        (void)error_set(error, EXIT_USAGE, "%s has no --format; see `phasegate %s --help`",
                        cli->verb->name, cli->verb->name);
    } else {
        (void)error_set(error, EXIT_USAGE, "%s has no format \"%s\"; it has: %s", cli->verb->name,
                        name, formats.data);
    }
    text_buffer_free(&formats);
    return false;
}

/* Says which option getopt stopped at: a letter, or the word before the next one. */
static bool refuse_option(const struct cli *cli, int code, const char *word, struct error *error) {
    char letter[] = {'-', (char)optopt, '\0'};
    const char *argument = optopt > 0 && optopt < OPTION_PIPELINE ? letter : word;
    if (code == ':') {
        return error_set(error, EXIT_USAGE, "%s needs a value; see `phasegate %s --help`", argument,
                         cli->verb->name);
    }
    const char *names[CLI_OPTION_LIMIT + 4];
    size_t count = 0;
    for (const struct cli_option *option = cli->verb->options; option->name != NULL; option++) {
        names[count++] = option->name;
    }
    for (const struct cli_option *option = common_options; option->name != NULL; option++) {
        names[count++] = option->name;
    }
    const char *bare = argument + strspn(argument, "-");
    const char *near = text_nearest(bare, names, count);
    return error_set(error, EXIT_USAGE, "%s has no option %s%s%s%s; see `phasegate %s --help`",
                     cli->verb->name, argument, near != NULL ? "; did you mean --" : "",
                     near != NULL ? near : "", near != NULL ? "?" : "", cli->verb->name);
}

static size_t fill_options(const struct cli_verb *verb, struct option *options) {
    size_t count = 0;
    for (size_t i = 0; common_options[i].name != NULL; i++) {
        int argument = common_options[i].argument != NULL ? required_argument : no_argument;
        options[count++] =
            (struct option){common_options[i].name, argument, NULL, OPTION_PIPELINE + (int)i};
    }
    for (size_t i = 0; verb->options[i].name != NULL; i++) {
        int argument = verb->options[i].argument != NULL ? required_argument : no_argument;
        options[count++] =
            (struct option){verb->options[i].name, argument, NULL, FIRST_VERB_OPTION + (int)i};
    }
    options[count] = (struct option){0};
    return count;
}

/* The format that is asked for somewhere, so that a refusal before it is read has it too. */
static void foresee_format(struct cli *cli, int argc, char **argv) {
    for (int i = 1; i < argc && !cli->verb->rest; i++) {
        bool apart =
            i + 1 < argc && strcmp(argv[i], "--format") == 0 && strcmp(argv[i + 1], "json") == 0;
        if ((apart || strcmp(argv[i], "--format=json") == 0) &&
            (cli->verb->formats >> CLI_JSON & 1U) != 0) {
            cli->format = CLI_JSON;
        }
    }
}

/* What is typed becomes part of the record: it must be text. Names of files are bytes. */
static bool check_words(const struct cli *cli, struct error *error) {
    for (size_t i = 0; cli->verb->options[i].name != NULL; i++) {
        const struct cli_option *option = &cli->verb->options[i];
        struct text given = text_of(cli->given[i]);
        bool file = option->argument != NULL && (strcmp(option->argument, "FILE") == 0 ||
                                                 strcmp(option->argument, "DIRECTORY") == 0);
        if (!file && unicode_valid_size(given) < given.size) {
            return error_set(error, EXIT_USAGE, "--%s: byte %zu of \"%s\" is no UTF-8",
                             option->name, unicode_valid_size(given) + 1, given.data);
        }
    }
    return true;
}

/* Too few or too many words behind the verb: says which, and who takes it. */
static bool check_count(const struct cli *cli, struct error *error) {
    const struct cli_verb *verb = cli->verb;
    if (cli->count < verb->least) {
        return error_set(error, EXIT_USAGE, "%s needs %s; see `phasegate %s --help`", verb->name,
                         verb->arguments, verb->name);
    }
    if (verb->most < 0 || cli->count <= verb->most) {
        return true;
    }
    const char *word = cli->arguments[verb->most];
    const char *instead = verb->instead != NULL ? verb->instead : "";
    if (verb->most == 0) {
        return error_set(error, EXIT_USAGE,
                         "%s takes no argument, and \"%s\" is one%s%s; see "
                         "`phasegate %s --help`",
                         verb->name, word, *instead != '\0' ? "; " : "", instead, verb->name);
    }
    return error_set(error, EXIT_USAGE,
                     "%s takes %s, and \"%s\" is one word too many%s%s; see "
                     "`phasegate %s --help`",
                     verb->name, verb->arguments, word, *instead != '\0' ? "; " : "", instead,
                     verb->name);
}

static bool refuse_twice(const struct cli *cli, const char *option, struct error *error) {
    return error_set(error, EXIT_USAGE, "--%s is given twice; see `phasegate %s --help`", option,
                     cli->verb->name);
}

/* Reads the options of a verb; *help when its help is asked for. */
static bool read_options(struct cli *cli, int argc, char **argv, bool *help, struct error *error) {
    struct option options[CLI_OPTION_LIMIT + 8];
    (void)fill_options(cli->verb, options);
    optind = 0;
    opterr = 0;
    const char *letters = cli->verb->rest ? "+:p:h" : ":p:h";
    bool formatted = false;
    foresee_format(cli, argc, argv);
    for (;;) {
        int code = getopt_long(argc, argv, letters, options, NULL);
        if (code == -1) {
            break;
        }
        if (code == '?' || code == ':') {
            return refuse_option(cli, code, argv[optind - 1], error);
        }
        if (code == 'h' || code == OPTION_HELP) {
            *help = true;
        } else if (code == 'p' || code == OPTION_PIPELINE) {
            if (cli->pipeline_path != NULL) {
                return refuse_twice(cli, "pipeline", error);
            }
            cli->pipeline_path = optarg;
        } else if (code == OPTION_FORMAT && optarg != NULL) {
            if (formatted) {
                return refuse_twice(cli, "format", error);
            }
            formatted = true;
            if (!set_format(cli, optarg, error)) {
                return false;
            }
        } else {
            int option = code - FIRST_VERB_OPTION;
            if (cli->given[option] != NULL && optarg != NULL) {
                return refuse_twice(cli, cli->verb->options[option].name, error);
            }
            cli->given[option] = optarg != NULL ? optarg : "";
        }
    }
    cli->count = argc - optind;
    cli->arguments = argv + optind;
    return *help || (check_count(cli, error) && check_words(cli, error));
}

const char *cli_value(const struct cli *cli, const char *option) {
    for (size_t i = 0; cli->verb->options[i].name != NULL; i++) {
        if (strcmp(cli->verb->options[i].name, option) == 0) {
            return cli->given[i];
        }
    }
    return NULL;
}

bool cli_number(const struct cli *cli, const char *option, int64_t least, int64_t most,
                int64_t *value, struct error *error) {
    const char *given = cli_value(cli, option);
    if (given == NULL) {
        return true;
    }
    if (!text_to_int64(text_of(given), value) || *value < least || *value > most) {
        return error_set(error, EXIT_USAGE, "--%s: \"%s\" is not a whole number from %lld to %lld",
                         option, given, (long long)least, (long long)most);
    }
    return true;
}

bool cli_day(const struct cli *cli, const char *option, day_number *day, struct error *error) {
    const char *given = cli_value(cli, option);
    if (given != NULL && !day_parse(text_of(given), day)) {
        return error_set(error, EXIT_USAGE, "--%s: \"%s\" is not a date such as 2026-01-05", option,
                         given);
    }
    return true;
}

bool cli_load_pipeline(struct cli *cli, struct error *error) {
    if (cli->pipeline != NULL) {
        return true;
    }
    const char *path = cli->pipeline_path;
    if (path == NULL) {
        path = getenv("PHASEGATE_PIPELINE");
    }
    cli->pipeline = pipeline_load_for(path != NULL ? path : "pipeline.yaml", &access_help,
                                      cli->findings, error);
    if (cli->pipeline == NULL) {
        if (path == NULL && error->code == EXIT_NO_INPUT) {
            (void)error_set(
                error, EXIT_NO_INPUT,
                "no pipeline file: name one with --pipeline FILE or PHASEGATE_PIPELINE, or run "
                "`phasegate demo` to look around without one");
        }
        return false;
    }
    return clock_setup(cli->pipeline->timezone, error);
}

/* A full disk or a closed pipe must not look like an answer. */
static int end_output(struct cli *cli, int code) {
    bool written = fflush(cli->out) == 0 && ferror(cli->out) == 0;
    if (written || code > EXIT_UNKNOWN) {
        return code;
    }
    struct error error;
    (void)error_set(&error, EXIT_IO, "the answer could not be written in full");
    return cli_fail(cli, &error);
}

static int run_verb(struct cli *cli, int argc, char **argv) {
    struct error error = {0};
    bool help = false;
    int code;
    if (!read_options(cli, argc, argv, &help, &error)) {
        code = cli_fail(cli, &error);
    } else if (help) {
        code = print_verb_help(cli->verb, cli->out);
    } else {
        code = cli->verb->run(cli);
    }
    code = end_output(cli, code);
    if (cli->agent_died) {
        /* What it waited for goes on; a verb that was done is done without it. */
        (void)agent_start(cli->pipeline->file, state_directory(cli->state), NULL);
    }
    if (cli->state != NULL) {
        state_close(cli->state);
    }
    pipeline_free(cli->pipeline);
    return code;
}

/* The pipeline named before the verb: how many words that took, and which file. */
static int leading_pipeline(int argc, char **argv, const char **path) {
    static const char with_value[] = "--pipeline=";
    if (argc > 3 && (strcmp(argv[1], "--pipeline") == 0 || strcmp(argv[1], "-p") == 0)) {
        *path = argv[2];
        return 2;
    }
    if (argc > 2 && strncmp(argv[1], with_value, sizeof with_value - 1) == 0) {
        *path = argv[1] + sizeof with_value - 1;
        return 1;
    }
    return 0;
}

/* `phasegate help`, and `phasegate help VERB`. */
static int help(struct cli *cli, const char *name) {
    const struct cli_verb *verb = name != NULL ? find_verb(name) : NULL;
    if (name != NULL && verb == NULL) {
        return unknown_verb(cli, name);
    }
    return end_output(cli, verb != NULL ? print_verb_help(verb, cli->out) : print_help(cli->out));
}

int cli_run(int argc, char **argv, FILE *out, FILE *err) {
    struct cli cli = {.out = out, .err = err};
    (void)signal(SIGPIPE, SIG_IGN);
    int taken = leading_pipeline(argc, argv, &cli.pipeline_path);
    argv += taken;
    argc -= taken;
    const char *first = argc > 1 ? argv[1] : "console";
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0 || strcmp(first, "help") == 0) {
        return help(&cli, argc > 2 ? argv[2] : NULL);
    }
    if (strcmp(first, "--version") == 0) {
        (void)print(out, "phasegate %s\n", PHASEGATE_VERSION);
        return end_output(&cli, EXIT_GO);
    }
    cli.verb = find_verb(first);
    if (cli.verb != NULL && argc > 1) {
        return run_verb(&cli, argc - 1, argv + 1);
    }
    /* Anything that looks like a file, or an option, opens the console. */
    bool path = first[0] == '-' || strchr(first, '/') != NULL || strchr(first, '.') != NULL;
    if (argc > 1 && !path) {
        return unknown_verb(&cli, first);
    }
    cli.verb = find_verb("console");
    return run_verb(&cli, argc, argv);
}
