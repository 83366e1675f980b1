/* The command line as a program meets it: answers, exit codes, and one sentence on trouble. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "tests/support/program.h"

enum { ARGUMENT_LIMIT = 16 };

static char *directory; /* for what the verbs leave in TMPDIR: nothing */
static char *place;     /* for the files of the test */
static char *out, *err;

static void open_place(void) {
    directory = program_directory();
    place = program_directory();
    cr_assert_eq(setenv("TMPDIR", directory, 1), 0);
    cr_assert_eq(setenv("PHASEGATE_STATE", place, 1), 0);
    cr_assert_eq(unsetenv("PHASEGATE_PIPELINE"), 0);
    cr_assert_eq(unsetenv("BIGQUERY_EMULATOR_HOST"), 0);
}

static void close_place(void) {
    free(out);
    free(err);
    cr_assert_eq(rmdir(directory), 0, "something was left in the temporary directory");
    free(directory);
    program_remove_directory(place);
}

TestSuite(cli, .init = open_place, .fini = close_place);

static int run_into(FILE *to, const char *const *arguments) {
    char *argv[ARGUMENT_LIMIT + 2] = {memory_copy_string("phasegate")};
    int argc = 1;
    for (; arguments[argc - 1] != NULL; argc++) {
        cr_assert_lt(argc, ARGUMENT_LIMIT);
        argv[argc] = memory_copy_string(arguments[argc - 1]);
    }
    free(err);
    size_t size;
    FILE *errors = open_memstream(&err, &size);
    char *kept[ARGUMENT_LIMIT + 2]; /* getopt turns the order round */
    memcpy(kept, argv, sizeof kept);
    int code = cli_run(argc, argv, to, errors);
    (void)fclose(errors);
    for (int i = 0; i < argc; i++) {
        free(kept[i]);
    }
    return code;
}

static int run(const char *const *arguments) {
    size_t size;
    free(out);
    FILE *to = open_memstream(&out, &size);
    int code = run_into(to, arguments);
    (void)fclose(to);
    return code;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

/* The exit code, and words of the sentence on standard error; nothing on standard output. */
#define EXPECT_REFUSED(code, words, ...)                                                           \
    do {                                                                                           \
        cr_expect_eq(RUN(__VA_ARGS__), code, "%s", err);                                           \
        cr_expect_not_null(strstr(err, words), "%s", err);                                         \
        cr_expect_eq(strncmp(err, "phasegate: ", 11), 0, "%s", err);                               \
        cr_expect_str_eq(out, "");                                                                 \
    } while (0)

static json_t *answer(void) {
    json_error_t mistake;
    json_t *json = json_loads(out, 0, &mistake);
    cr_assert_not_null(json, "%s: %s", mistake.text, out);
    cr_expect_eq(json_integer_value(json_object_get(json, "schema")), 1);
    return json;
}

static char *write_place(const char *name, const char *text) {
    struct error error = {0};
    char *path = file_join(place, name);
    cr_assert(file_write(path, text_of(text), &error), "%s", error.text);
    return path;
}

Test(cli, helps)
{
    static const char *const ways[] = {"--help", "-h", "help"};
    for (size_t i = 0; i < 3; i++) {
        cr_expect_eq(RUN(ways[i]), 0);
        for (const struct cli_verb *const *verb = cli_verbs; *verb != NULL; verb++) {
            cr_expect_not_null(strstr(out, (*verb)->name), "%s", (*verb)->name);
        }
    }
    for (const struct cli_verb *const *verb = cli_verbs; *verb != NULL; verb++) {
        cr_expect_eq(RUN((*verb)->name, "--help"), 0, "%s", (*verb)->name);
        cr_expect_not_null(strstr(out, (*verb)->summary), "%s", out);
        cr_expect_str_eq(err, "");
    }
}

Test(cli, helps_with_one_verb_named_before_or_behind)
{
    for (const struct cli_verb *const *verb = cli_verbs; *verb != NULL; verb++) {
        cr_expect_eq(RUN("help", (*verb)->name), 0, "%s", (*verb)->name);
        cr_expect_not_null(strstr(out, (*verb)->summary), "%s", out);
    }
    EXPECT_REFUSED(64, "there is no verb \"chek\"; did you mean check?", "help", "chek");
}

/* Which of the two was meant nobody can know. */
Test(cli, refuses_an_option_that_is_given_twice)
{
    for (const struct cli_verb *const *verb = cli_verbs; *verb != NULL; verb++) {
        for (const struct cli_option *option = (*verb)->options; option->name != NULL; option++) {
            if (option->argument != NULL) {
                char given[64], words[80];
                (void)snprintf(given, sizeof given, "--%s=1", option->name);
                (void)snprintf(words, sizeof words, "--%s is given twice", option->name);
                EXPECT_REFUSED(64, words, (*verb)->name, given, given);
            }
        }
    }
    EXPECT_REFUSED(64, "--pipeline is given twice", "check", "--pipeline", "a", "-p", "b");
    EXPECT_REFUSED(64, "--format is given twice", "check", "--format", "text", "--format", "text");
}

Test(cli, refuses_words_that_are_no_text)
{
    EXPECT_REFUSED(64, "--reason: byte 4 of \"abc<FF>\" is no UTF-8", "hold", "g", "--reason",
                   "abc\xFF");
}

/* Whatever is refused, and why: who asked for JSON gets JSON, and the sentence as well. */
Test(cli, refuses_in_json_where_json_is_asked_for)
{
    for (const struct cli_verb *const *verb = cli_verbs; *verb != NULL; verb++) {
        if (((*verb)->formats >> CLI_JSON & 1U) == 0 || (*verb)->rest) {
            continue;
        }
        int code = RUN((*verb)->name, "--bogus", "--format", "json");
        json_t *json = answer();
        const json_t *refusal = json_object_get(json, "error");
        cr_expect_eq(code, 64, "%s", (*verb)->name);
        cr_expect_eq(json_integer_value(json_object_get(refusal, "exit")), 64);
        const char *text = json_string_value(json_array_get(json_object_get(refusal, "texts"), 0));
        cr_assert_not_null(text, "%s", out);
        cr_expect_not_null(strstr(err, text), "%s", err);
        json_decref(json);
    }
}

Test(cli, tells_its_version)
{
    cr_expect_eq(RUN("--version"), 0);
    cr_expect_eq(strncmp(out, "phasegate ", 10), 0, "%s", out);
}

Test(cli, answers_a_wrong_verb_option_or_format_with_the_nearest)
{
    EXPECT_REFUSED(64, "there is no verb \"chek\"; did you mean check?", "chek");
    EXPECT_REFUSED(64, "there is no verb \"\"", "");
    EXPECT_REFUSED(64, "gaps has no option --sesaon; did you mean --season?", "gaps", "--sesaon",
                   "x");
    EXPECT_REFUSED(64, "gaps has no option --sesaon;", "gaps", "some_table", "--sesaon", "x");
    EXPECT_REFUSED(64, "gaps has no option -x;", "gaps", "some_table", "-x");
    EXPECT_REFUSED(64, "--season needs a value", "gaps", "some_table", "--season");
    EXPECT_REFUSED(64, "-p needs a value", "check", "-p");
    EXPECT_REFUSED(64, "check has no format \"csv\"; it has: text, json", "check", "--format",
                   "csv");
    EXPECT_REFUSED(64, "console has no option --bogus", "--bogus");
    EXPECT_REFUSED(64, "check takes [GATE], and \"b\" is one word too many", "check", "a", "b");
    EXPECT_REFUSED(64, "hold needs GATE; see", "hold");
    EXPECT_REFUSED(64, "coverage takes no argument, and \"games\" is one; gaps takes a TABLE",
                   "coverage", "games");
    EXPECT_REFUSED(64, "runs takes no argument, and \"r-1\" is one; logs takes a RUN", "runs",
                   "r-1");
    EXPECT_REFUSED(64, "\"many\" is not a whole number", "journal", "--lines", "many");
}

Test(cli, says_that_a_verb_has_no_formats)
{ EXPECT_REFUSED(64, "console has no --format", "--format", "json"); }

Test(cli, says_what_to_do_without_a_pipeline)
{
    cr_assert_eq(chdir(place), 0);
    EXPECT_REFUSED(66, "phasegate demo", "check");
    EXPECT_REFUSED(66, "/no/such/file", "check", "--pipeline", "/no/such/file");
}

Test(cli, refuses_a_scenario_it_does_not_have)
{
    EXPECT_REFUSED(64, "did you mean jan0", "demo", "--scenario", "jan5", "check");
    EXPECT_REFUSED(64, "--speed", "demo", "--speed", "0", "check");
}

Test(cli, validates_a_good_file)
{
    struct error error = {0};
    char *path = pipeline_shipped("nba/pipeline.yaml", &error);
    cr_assert_not_null(path, "%s", error.text);
    cr_expect_eq(RUN("validate", path), 0, "%s", err);
    cr_expect_not_null(strstr(out, "10 tables, 5 seasons, 10 processors, 4 groups, 4 gates"), "%s",
                       out);
    cr_expect_eq(RUN("validate", "--format", "json", path), 0);
    json_t *json = answer();
    cr_expect(json_is_true(json_object_get(json, "valid")));
    cr_expect_eq(json_array_size(json_object_get(json, "mistakes")), 0);
    cr_expect_str_eq(json_string_value(json_object_get(json, "pipeline")), "nba-backfill");
    json_decref(json);
    free(path);
}

Test(cli, validates_a_bad_file_line_by_line)
{
    char *path = write_place("bad.yaml", "pipeline: x\nprojct: y\n");
    cr_expect_eq(RUN("validate", path), 78);
    cr_expect_not_null(strstr(err, "bad.yaml:2:1: unknown key \"projct\"; did you mean"), "%s",
                       err);
    cr_expect_str_eq(out, "");
    cr_expect_eq(RUN("validate", path, "--format", "json"), 78);
    json_t *json = answer();
    cr_expect(json_is_false(json_object_get(json, "valid")));
    cr_expect_geq(json_array_size(json_object_get(json, "mistakes")), 1);
    json_decref(json);
    free(path);
    EXPECT_REFUSED(66, "nothing.yaml", "validate", "/nothing.yaml");
}

Test(cli, validates_against_bigquery)
{
    cr_expect_eq(RUN("demo", "validate", "--online"), 0, "%s%s", err, out);
    cr_expect_not_null(strstr(out, "10 tables and 11 queries against BigQuery: all good; asking "
                                   "everything once is billed "),
                       "%s", out);
}

/* The NBA pipeline with one word replaced by another; the caller frees its path. */
static char *write_broken(const char *word, const char *other) {
    struct error error = {0};
    struct text_buffer text = {0};
    char *shipped = pipeline_shipped("nba/pipeline.yaml", &error);
    cr_assert(shipped != NULL && file_read(shipped, 1 << 20, &text, &error), "%s", error.text);
    char *at = strstr(text.data, word);
    cr_assert_not_null(at);
    char *broken =
        memory_format("%.*s%s%s", (int)(at - text.data), text.data, other, at + strlen(word));
    char *source = file_directory(shipped), *query = file_join(source, "expected_dates.sql");
    struct text_buffer sql = {0};
    cr_assert(file_read(query, 1 << 20, &sql, &error), "%s", error.text);
    free(write_place("expected_dates.sql", sql.data));
    char *path = write_place("pipeline.yaml", broken);
    text_buffer_free(&text);
    text_buffer_free(&sql);
    free(broken);
    free(shipped);
    free(source);
    free(query);
    return path;
}

Test(cli, validates_a_file_that_bigquery_does_not_agree_with)
{
    char *path = write_broken("null_of: opp_paint_attempts", "null_of: opp_pain_attempts");
    cr_expect_eq(RUN("validate", path), 0, "%s", err);
    cr_expect_eq(RUN("demo", "validate", "--online", path), 78, "%s", err);
    cr_expect_not_null(strstr(out, "pipeline.yaml:61:24: team_defense_game_summary: no column "
                                   "opp_pain_attempts; did you mean opp_paint_attempts?\n"
                                   "nba-backfill, 10 tables and 11 queries against BigQuery: 1 "
                                   "mistake\n"),
                       "%s", out);
    cr_expect_eq(RUN("demo", "validate", "--online", path, "--format", "json"), 78, "%s", err);
    json_t *json = answer();
    cr_expect(json_is_false(json_object_get(json, "valid")));
    cr_expect_eq(json_array_size(json_object_get(json, "mistakes")), 1);
    cr_expect(json_is_null(json_object_get(json, "bytes")));
    const json_t *finding = json_array_get(json_object_get(json, "findings"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(finding, "severity")), "mistake");
    cr_expect_str_eq(json_string_value(json_object_get(finding, "about")),
                     "team_defense_game_summary");
    cr_expect_eq(json_integer_value(json_object_get(finding, "line")), 61);
    cr_expect_eq(json_integer_value(json_object_get(finding, "column")), 24);
    json_decref(json);
    free(path);
}

Test(cli, calls_unknown_what_bigquery_could_not_be_asked)
{
    char *path = write_broken("location: us-west2", "location: us-west2");
    cr_assert_eq(setenv("BIGQUERY_EMULATOR_HOST", "bad host", 1), 0);
    cr_expect_eq(RUN("validate", "--online", path), 2, "%s", err);
    cr_expect_not_null(strstr(out, "unknown: BigQuery: nothing could be asked: "), "%s", out);
    cr_expect_eq(RUN("validate", "--online", path, "--format", "json"), 2, "%s", err);
    json_t *json = answer();
    cr_expect(json_is_null(json_object_get(json, "valid")), "neither valid nor not");
    json_decref(json);
    free(path);
}

/* A copy of the shipped pipeline in a directory below `place`; returns the file's path. */
static char *copy_pipeline(const char *name) {
    char *to = memory_format("%s/%s", place, name);
    char *command = memory_format("cp -r %s/queries/nba %s", PHASEGATE_SOURCE_DIR, to);
    cr_assert_eq(system(command), 0);
    char *path = memory_format("%s/pipeline.yaml", to);
    free(command);
    free(to);
    return path;
}

Test(cli, keeps_a_state_for_one_file_and_names_both_when_another_comes)
{
    char *first = copy_pipeline("first");
    char *second = copy_pipeline("second");
    cr_expect_leq(RUN("runs", "--pipeline", first), 2, "%s", err);
    cr_expect_eq(RUN("runs", "--pipeline", second), EXIT_CONFIG);
    cr_expect_not_null(strstr(err, first), "%s", err);
    cr_expect_not_null(strstr(err, second), "%s", err);
    cr_expect_not_null(strstr(err, "phasegate moved --pipeline"), "%s", err);
    cr_expect_eq(RUN("moved", "--pipeline", second), 0, "%s", err);
    cr_expect_not_null(strstr(out, "; it was for "), "%s", out);
    cr_expect_eq(RUN("moved", "--pipeline", second), 0, "%s", err);
    cr_expect_not_null(strstr(out, ", as before."), "%s", out);
    cr_expect_leq(RUN("runs", "--pipeline", second), 2, "%s", err);
    cr_expect_eq(RUN("runs", "--pipeline", first), EXIT_CONFIG);
    free(first);
    free(second);
}

Test(cli, takes_over_the_state_of_a_file_that_is_gone_and_says_so)
{
    char *first = copy_pipeline("first");
    char *second = copy_pipeline("second");
    cr_expect_leq(RUN("runs", "--pipeline", first), 2, "%s", err);
    cr_assert_eq(unlink(first), 0);
    cr_expect_leq(RUN("runs", "--pipeline", second), 2, "%s", err);
    cr_expect_not_null(strstr(err, "which is gone, and is kept for"), "%s", err);
    cr_expect_leq(RUN("runs", "--pipeline", second), 2, "%s", err);
    cr_expect_str_empty(err, "it is said once");
    free(first);
    free(second);
}

Test(cli, says_where_the_state_of_a_renamed_pipeline_lies)
{
    char *path = copy_pipeline("first");
    cr_expect_leq(RUN("runs", "--pipeline", path), 2, "%s", err);
    char *command = memory_format("sed -i 's/^pipeline: .*/pipeline: renamed/' %s", path);
    cr_assert_eq(system(command), 0);
    cr_expect_leq(RUN("runs", "--pipeline", path), 2, "%s", err);
    cr_expect_not_null(strstr(err, "under its earlier name lies in "), "%s", err);
    cr_expect_not_null(strstr(err, "/nba-backfill"), "%s", err);
    free(command);
    free(path);
}

Test(cli, init_names_the_pipeline_after_its_directory)
{
    static const char *const names[][2] = {
        {"first", "pipeline first, "},
        {".My job 2", "pipeline My-job-2, "},
        {"null", "pipeline null, "},
        {"...", "pipeline pipeline, "},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *where = file_join(place, names[i][0]);
        char *path = file_join(where, "pipeline.yaml");
        cr_expect_eq(RUN("init", where), 0, "%s", err);
        cr_expect_eq(RUN("validate", path), 0, "%s", err);
        cr_expect_not_null(strstr(out, names[i][1]), "%s", out);
        free(path);
        free(where);
    }
}

Test(cli, init_writes_a_file_that_is_valid_and_never_writes_over_one)
{
    char *where = file_join(place, "new");
    char *path = file_join(where, "pipeline.yaml");
    cr_expect_eq(RUN("init", where), 0, "%s", err);
    cr_expect_eq(RUN("validate", path), 0, "%s", err);
    cr_expect_not_null(strstr(out, "pipeline new, "), "%s", out);
    char *mine = write_place("new/pipeline.yaml", "mine");
    EXPECT_REFUSED(73, "is there already and stays as it is", "init", where);
    struct text_buffer content = {0};
    struct error error = {0};
    cr_assert(file_read(mine, 1000, &content, &error), "%s", error.text);
    cr_expect_str_eq(content.data, "mine");
    text_buffer_free(&content);
    free(mine);
    free(path);
    free(where);
}

static void expect_number(const json_t *object, const char *key, double value) {
    const json_t *member = json_object_get(object, key);
    cr_expect(json_is_number(member), "%s", key);
    cr_expect_float_eq(json_number_value(member), value, 1e-9, "%s: %g", key,
                       json_number_value(member));
}

static const json_t *named(const json_t *array, const char *key, const char *name) {
    size_t index;
    const json_t *item;
    json_array_foreach(array, index, item) {
        const char *given = json_string_value(json_object_get(item, key));
        if (given != NULL && strcmp(given, name) == 0) {
            return item;
        }
    }
    cr_assert_fail("there is no %s", name);
    return NULL;
}

Test(cli, check_of_5_january_is_no_go_with_three_of_five)
{
    static const struct {
        const char *check, *result;
        double measured;
    } checks[] = {
        {"player_game_summary coverage", "pass", 100.0},
        {"team_offense_game_summary coverage", "pass", 100.0},
        {"team_defense_game_summary coverage", "fail", 91.5},
        {"upcoming_player_game_context coverage", "fail", 52.6},
        {"upcoming_team_game_context coverage", "fail", 58.5},
    };
    cr_expect_eq(RUN("demo", "--scenario", "jan05", "check", "--format", "json"), 1, "%s", err);
    json_t *json = answer();
    const json_t *gate = named(json_object_get(json, "gates"), "gate", "phase3-ready");
    cr_expect_str_eq(json_string_value(json_object_get(gate, "verdict")), "NO-GO");
    cr_expect_str_eq(json_string_value(json_array_get(json_object_get(gate, "holds"), 0)),
                     "group1");
    expect_number(json_object_get(gate, "inputs"), "measured", 5);
    expect_number(json_object_get(gate, "inputs"), "total", 5);
    cr_assert_eq(json_array_size(json_object_get(gate, "checks")), 5);
    for (size_t i = 0; i < 5; i++) {
        const json_t *check = named(json_object_get(gate, "checks"), "check", checks[i].check);
        cr_expect_str_eq(json_string_value(json_object_get(check, "result")), checks[i].result);
        expect_number(check, "measured", checks[i].measured);
        expect_number(check, "required", 95.0);
    }
    json_decref(json);
}

Test(cli, check_of_one_gate_and_of_a_wrong_one)
{
    cr_expect_eq(RUN("demo", "check", "phase3-ready"), 1, "%s", err);
    cr_expect_not_null(strstr(out, "NO-GO"), "%s", out);
    cr_expect_null(strstr(out, "group1-done"), "%s", out);
    struct error error = {0};
    char *path = pipeline_shipped("nba/pipeline.yaml", &error);
    cr_assert_not_null(path, "%s", error.text);
    EXPECT_REFUSED(64, "there is no gate \"phase3-redy\"; did you mean phase3-ready?", "check",
                   "phase3-redy", "--pipeline", path);
    free(path);
}

Test(cli, coverage_of_5_january_is_what_was_measured)
{
    cr_expect_eq(RUN("demo", "coverage", "--format", "json"), 0, "%s", err);
    json_t *json = answer();
    cr_expect_str_eq(json_string_value(json_object_get(json, "pipeline")), "nba-backfill");
    const json_t *table =
        named(json_object_get(json, "tables"), "table", "team_defense_game_summary");
    expect_number(table, "expected", 918);
    expect_number(table, "bootstrap", 70);
    expect_number(table, "waived", 0);
    expect_number(table, "attainable", 848);
    expect_number(table, "complete", 776);
    expect_number(table, "partial", 0);
    expect_number(table, "missing", 72);
    expect_number(table, "percent", 91.5);
    expect_number(table, "raw_percent", 92.2);
    expect_number(table, "rows", 10152);
    expect_number(table, "entities", 5076);
    cr_expect(json_is_null(json_object_get(table, "fallback_rate")), "it was not asked for");
    const json_t *season = named(json_object_get(table, "seasons"), "season", "2021-22");
    expect_number(season, "expected", 213);
    expect_number(season, "bootstrap", 14);
    expect_number(season, "attainable", 199);
    expect_number(season, "complete", 185);
    expect_number(season, "missing", 14);
    expect_number(season, "percent", 93.0);
    expect_number(season, "raw_percent", 93.4);
    json_decref(json);
}

Test(cli, coverage_as_csv_has_a_line_for_each_table_and_season)
{
    cr_expect_eq(RUN("demo", "coverage", "--format", "csv"), 0, "%s", err);
    size_t lines = 0;
    bool season = false;
    struct text rest = text_of(out);
    while (rest.size > 0) {
        struct text line = text_cut(&rest, '\n');
        lines++;
        season = season || (strstr(line.data, "team_defense_game_summary") == line.data &&
                            memmem(line.data, line.size, "2021-22", 7) != NULL &&
                            memmem(line.data, line.size, "213,14,", 7) != NULL);
    }
    cr_expect_geq(lines, 51, "%zu lines", lines);
    cr_expect(season, "%s", out);
}

Test(cli, gaps_need_one_table_for_a_list)
{
    EXPECT_REFUSED(64, "name one table", "demo", "--scenario", "jan02", "gaps", "--list");
    EXPECT_REFUSED(64, "did you mean player_composite_factors?", "demo", "--scenario", "jan02",
                   "gaps", "player_composit_factors");
}

Test(cli, gaps_list_the_72_dates)
{
    cr_expect_eq(RUN("demo", "gaps", "team_defense_game_summary", "--list"), 1, "%s", err);
    size_t lines = 0;
    for (const char *at = out; *at != '\0'; at++) {
        lines += *at == '\n';
    }
    cr_expect_eq(lines, 72, "%zu", lines);
}

Test(cli, gaps_of_a_season_are_ranges)
{
    cr_expect_eq(RUN("demo", "gaps", "--table", "team_defense_game_summary", "--season", "2021-22",
                     "--format", "json"),
                 1, "%s", err);
    json_t *json = answer();
    expect_number(json, "missing", 14);
    size_t index;
    const json_t *range;
    double dates = 0;
    json_array_foreach(json_object_get(json, "ranges"), index, range) {
        dates += json_number_value(json_object_get(range, "dates"));
    }
    cr_expect_float_eq(dates, 14, 1e-9);
    json_decref(json);
}

Test(cli, answers_2_where_bigquery_cannot_be_asked)
{
    struct error error = {0};
    cr_assert_eq(setenv("BIGQUERY_EMULATOR_HOST", "127.0.0.1:1", 1), 0);
    char *path = pipeline_shipped("nba/layers.yaml", &error);
    cr_assert_not_null(path, "%s", error.text);
    /* A poll that answers soon: every attempt ends with the poll's period. */
    struct text_buffer text = {0};
    cr_assert(file_read(path, 100000, &text, &error), "%s", error.text);
    char *source = memory_format("poll: {every: 5s}\n%s", text.data);
    char *file = write_place("layers.yaml", source);
    if (RUN("validate", file) == 0) {
        cr_expect_eq(RUN("check", "--pipeline", file), 2, "%s%s", out, err);
        cr_expect_not_null(strstr(out, "UNKNOWN"), "%s", out);
    } else {
        cr_assert_fail("%s", err);
    }
    free(file);
    free(source);
    free(path);
    text_buffer_free(&text);
}

Test(cli, does_not_call_it_success_when_nobody_got_the_answer)
{
    static const char *const lines[][7] = {
        {"--help"},
        {"--version"},
        {"check", "--help"},
        {"demo", "--scenario", "jan02", "runs"},
        {"demo", "--scenario", "jan02", "check", "--format", "json"}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        FILE *full = fopen("/dev/full", "w");
        cr_assert_not_null(full);
        cr_expect_eq(run_into(full, lines[i]), 74, "%s %s: %s", lines[i][0],
                     lines[i][1] != NULL ? lines[i][1] : "", err);
        (void)fclose(full);
    }
}

/* A file of its own, so that no demo has to be set up: these verbs do not measure. */
Test(cli, holds_overrides_and_waives_only_with_what_they_need)
{
    struct error error = {0};
    char *path = pipeline_shipped("nba/pipeline.yaml", &error);
    cr_assert_not_null(path, "%s", error.text);
    cr_assert_eq(setenv("PHASEGATE_PIPELINE", path, 1), 0);
    EXPECT_REFUSED(64, "--reason TEXT", "override", "phase3-ready");
    EXPECT_REFUSED(64, "at least 10 characters", "override", "phase3-ready", "--reason", "short");
    EXPECT_REFUSED(64, "a waiver needs --from", "waive", "team_defense_game_summary");
    EXPECT_REFUSED(64, "2022-02-30", "waive", "team_defense_game_summary", "--from", "2022-02-30",
                   "--reason", "there was no game");
    EXPECT_REFUSED(1, "phase3-ready", "release", "phase3-ready");
    cr_expect_eq(RUN("hold", "phase3-ready", "--reason", "wait for the deploy"), 0, "%s", err);
    cr_expect_str_eq(out, "phase3-ready is on HOLD.\n");
    EXPECT_REFUSED(1, "phase3-ready", "hold", "phase3-ready");
    cr_expect_eq(RUN("release", "phase3-ready"), 0, "%s", err);
    cr_expect_eq(RUN("waive", "team_defense_game_summary", "--from", "2022-02-18", "--reason",
                     "there was no game"),
                 0, "%s", err);
    cr_expect_eq(RUN("journal", "--format", "json"), 0, "%s", err);
    json_t *json = answer();
    (void)named(json_object_get(json, "events"), "kind", "hold");
    (void)named(json_object_get(json, "events"), "kind", "release");
    (void)named(json_object_get(json, "events"), "kind", "waive");
    json_decref(json);
    cr_expect_eq(RUN("runs", "--format", "json"), 0, "%s", err);
    json = answer();
    cr_expect_eq(json_array_size(json_object_get(json, "runs")), 0);
    json_decref(json);
    EXPECT_REFUSED(64, "there is no run \"r-none\", nor any other", "logs", "r-none");
    EXPECT_REFUSED(1, "player_daily_cache had no run yet", "logs", "player_daily_cache");
    EXPECT_REFUSED(1, "no group is armed", "disarm", "all");
    cr_expect_leq(RUN("brief"), 2, "%s", err);
    cr_expect_not_null(strstr(out, "\nPre-flight\n  ["), "%s", out);
    cr_expect_null(strstr(out, "^J"), "lines of ours stay lines: %s", out);
    free(path);
}

Test(cli, prints_the_review_for_a_second_person)
{
    cr_expect_eq(RUN("demo", "--scenario", "jan05", "review"), 0, "%s", err);
    cr_expect_not_null(strstr(out, "# Review of nba-backfill"), "%s", out);
    cr_expect_not_null(strstr(out, "team_defense_game_summary_analytics_backfill.py"), "%s", out);
    cr_expect_eq(RUN("demo", "--scenario", "jan05", "review", "--format", "json"), 0, "%s", err);
    json_t *json = answer();
    cr_expect_eq(json_array_size(json_object_get(json, "groups")), 4);
    cr_expect_eq(json_array_size(json_object_get(json, "gates")), 4);
    json_decref(json);
}

Test(cli, arms_only_what_is_approved_and_disarms_what_is_armed)
{
    EXPECT_REFUSED(1, "no live approval", "demo", "--scenario", "jan05", "arm", "group1");
    EXPECT_REFUSED(1, "is not armed", "demo", "--scenario", "jan05", "disarm", "group1");
    EXPECT_REFUSED(64, "did you mean", "demo", "--scenario", "jan05", "arm", "gruop1");
    EXPECT_REFUSED(64, "name a group", "demo", "--scenario", "jan05", "arm", "player_daily_cache");
    cr_expect_eq(RUN("demo", "--scenario", "jan05", "approve", "group1", "--format", "json"), 0,
                 "%s", err);
    json_t *json = answer();
    json_t *yes = json_array_get(json_object_get(json, "approvals"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(yes, "group")), "group1");
    json_decref(json);
}
