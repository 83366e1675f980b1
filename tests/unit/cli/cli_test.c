/* The command line as a program meets it: help, usage, exit codes, and one sentence on trouble. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "tests/support/verbs.h"

TestSuite(cli, .init = verbs_open, .fini = verbs_close);

Test(cli, helps)
{
    static const char *const ways[] = {"--help", "-h", "help"};
    for (size_t i = 0; i < 3; i++) {
        cr_expect_eq(VERB(ways[i]), 0);
        for (const struct cli_verb *const *verb = cli_verbs; *verb != NULL; verb++) {
            cr_expect_not_null(strstr(verbs_out, (*verb)->name), "%s", (*verb)->name);
        }
    }
    for (const struct cli_verb *const *verb = cli_verbs; *verb != NULL; verb++) {
        cr_expect_eq(VERB((*verb)->name, "--help"), 0, "%s", (*verb)->name);
        cr_expect_not_null(strstr(verbs_out, (*verb)->summary), "%s", verbs_out);
        cr_expect_null(strstr(verbs_out, "^J"), "its lines stay lines: %s", verbs_out);
        cr_expect_str_eq(verbs_err, "");
    }
}

Test(cli, helps_with_one_verb_named_before_or_behind)
{
    for (const struct cli_verb *const *verb = cli_verbs; *verb != NULL; verb++) {
        cr_expect_eq(VERB("help", (*verb)->name), 0, "%s", (*verb)->name);
        cr_expect_not_null(strstr(verbs_out, (*verb)->summary), "%s", verbs_out);
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
        int code = VERB((*verb)->name, "--bogus", "--format", "json");
        json_t *json = verbs_json();
        const json_t *refusal = json_object_get(json, "error");
        cr_expect_eq(code, 64, "%s", (*verb)->name);
        cr_expect_eq(json_integer_value(json_object_get(refusal, "exit")), 64);
        const char *text = json_string_value(json_array_get(json_object_get(refusal, "texts"), 0));
        cr_assert_not_null(text, "%s", verbs_out);
        cr_expect_not_null(strstr(verbs_err, text), "%s", verbs_err);
        json_decref(json);
    }
}

Test(cli, tells_its_version)
{
    cr_expect_eq(VERB("--version"), 0);
    cr_expect_eq(strncmp(verbs_out, "phasegate ", 10), 0, "%s", verbs_out);
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
    cr_assert_eq(chdir(verbs_place()), 0);
    EXPECT_REFUSED(66, "phasegate demo", "check");
    EXPECT_REFUSED(66, "/no/such/file", "check", "--pipeline", "/no/such/file");
}

Test(cli, refuses_a_scenario_it_does_not_have)
{
    EXPECT_REFUSED(64, "did you mean jan0", "demo", "--scenario", "jan5", "check");
    EXPECT_REFUSED(64, "--speed", "demo", "--speed", "0", "check");
}

Test(cli, gaps_need_one_table_for_a_list)
{
    struct error error = {0};
    char *path = pipeline_shipped("nba/playoffs.yaml", &error);
    cr_assert_not_null(path, "%s", error.text);
    EXPECT_REFUSED(64, "name one table", "gaps", "--list", "--pipeline", path);
    EXPECT_REFUSED(64, "did you mean player_composite_factors?", "gaps", "--pipeline", path,
                   "player_composit_factors");
    free(path);
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
    char *file = verbs_write("layers.yaml", source);
    if (VERB("validate", file) == 0) {
        cr_expect_eq(VERB("check", "--pipeline", file), 2, "%s%s", verbs_out, verbs_err);
        cr_expect_not_null(strstr(verbs_out, "UNKNOWN"), "%s", verbs_out);
    } else {
        cr_assert_fail("%s", verbs_err);
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
        cr_expect_eq(verbs_run_into(full, lines[i]), 74, "%s %s: %s", lines[i][0],
                     lines[i][1] != NULL ? lines[i][1] : "", verbs_err);
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
    cr_expect_eq(VERB("hold", "phase3-ready", "--reason", "wait for the deploy"), 0, "%s",
                 verbs_err);
    cr_expect_str_eq(verbs_out, "phase3-ready is on HOLD.\n");
    EXPECT_REFUSED(1, "phase3-ready", "hold", "phase3-ready");
    cr_expect_eq(VERB("release", "phase3-ready"), 0, "%s", verbs_err);
    cr_expect_eq(VERB("waive", "team_defense_game_summary", "--from", "2022-02-18", "--reason",
                      "there was no game"),
                 0, "%s", verbs_err);
    cr_expect_eq(VERB("journal", "--format", "json"), 0, "%s", verbs_err);
    json_t *json = verbs_json();
    (void)verbs_named(json_object_get(json, "events"), "kind", "hold");
    (void)verbs_named(json_object_get(json, "events"), "kind", "release");
    (void)verbs_named(json_object_get(json, "events"), "kind", "waive");
    json_decref(json);
    cr_expect_eq(VERB("runs", "--format", "json"), 0, "%s", verbs_err);
    json = verbs_json();
    cr_expect_eq(json_array_size(json_object_get(json, "runs")), 0);
    json_decref(json);
    EXPECT_REFUSED(64, "there is no run \"r-none\", nor any other", "logs", "r-none");
    EXPECT_REFUSED(1, "player_daily_cache had no run yet", "logs", "player_daily_cache");
    EXPECT_REFUSED(1, "no group is armed", "disarm", "all");
    cr_expect_leq(VERB("brief"), 2, "%s", verbs_err);
    cr_expect_not_null(strstr(verbs_out, "\nPre-flight\n  ["), "%s", verbs_out);
    cr_expect_null(strstr(verbs_out, "^J"), "lines of ours stay lines: %s", verbs_out);
    free(path);
}
