/* The verbs on the morning of 5 January, one after another in one state, as a person asks them:
 * every form of an answer, lists and ranges, a file that BigQuery does not agree with, review and
 * approval. The figures of every night are in nights_test.c. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "tests/support/verbs.h"

TestSuite(verbs, .init = verbs_open, .fini = verbs_close, .timeout = 600);

static void expect_one_gate(void) {
    cr_expect_eq(VERB("check", "phase3-ready"), 1, "%s", verbs_err);
    cr_expect_not_null(strstr(verbs_out, "NO-GO"), "%s", verbs_out);
    cr_expect_null(strstr(verbs_out, "group1-done"), "%s", verbs_out);
    EXPECT_REFUSED(64, "there is no gate \"phase3-redy\"; did you mean phase3-ready?", "check",
                   "phase3-redy");
}

static void expect_a_line_of_csv_for_each_table_and_season(void) {
    cr_expect_eq(VERB("coverage", "--format", "csv"), 0, "%s", verbs_err);
    size_t lines = 0;
    bool season = false;
    struct text rest = text_of(verbs_out);
    while (rest.size > 0) {
        struct text line = text_cut(&rest, '\n');
        lines++;
        season = season || (strstr(line.data, "team_defense_game_summary") == line.data &&
                            memmem(line.data, line.size, "2021-22", 7) != NULL &&
                            memmem(line.data, line.size, "213,14,", 7) != NULL);
    }
    cr_expect_geq(lines, 51, "%zu lines", lines);
    cr_expect(season, "%s", verbs_out);
}

static void expect_a_list_of_72_dates(void) {
    cr_expect_eq(VERB("gaps", "team_defense_game_summary", "--list"), 1, "%s", verbs_err);
    size_t lines = 0;
    for (const char *at = verbs_out; *at != '\0'; at++) {
        lines += *at == '\n';
    }
    cr_expect_eq(lines, 72, "%zu", lines);
}

static void expect_ranges_of_a_season(void) {
    cr_expect_eq(VERB("gaps", "--table", "team_defense_game_summary", "--season", "2021-22",
                      "--format", "json"),
                 1, "%s", verbs_err);
    json_t *json = verbs_json();
    verbs_expect_number(json, "missing", 14);
    size_t index;
    const json_t *range;
    double dates = 0;
    json_array_foreach(json_object_get(json, "ranges"), index, range) {
        dates += json_number_value(json_object_get(range, "dates"));
    }
    cr_expect_float_eq(dates, 14, 1e-9);
    json_decref(json);
}

Test(verbs, tell_gates_coverage_and_gaps_in_every_form)
{
    verbs_open_night("jan05");
    expect_one_gate();
    expect_a_line_of_csv_for_each_table_and_season();
    expect_a_list_of_72_dates();
    expect_ranges_of_a_season();
}

static void expect_the_file_to_agree_with_bigquery(void) {
    cr_expect_eq(VERB("validate", "--online"), 0, "%s%s", verbs_err, verbs_out);
    cr_expect_not_null(strstr(verbs_out,
                              "10 tables and 11 queries against BigQuery: all good; asking "
                              "everything once is billed "),
                       "%s", verbs_out);
}

/* A copy of the shipped pipeline in which one column is misspelt; the caller frees its path. */
static char *misspell_a_column(void) {
    char *path = verbs_copy_pipeline("misspelt");
    char *command = memory_format("sed -i 's/null_of: opp_paint_attempts/null_of: "
                                  "opp_pain_attempts/' %s",
                                  path);
    cr_assert_eq(system(command), 0);
    free(command);
    return path;
}

static void expect_a_wrong_column_to_be_found(void) {
    char *path = misspell_a_column();
    cr_expect_eq(VERB("validate", path), 0, "%s", verbs_err);
    cr_expect_eq(VERB("validate", "--online", path), 78, "%s", verbs_err);
    cr_expect_not_null(strstr(verbs_out,
                              "pipeline.yaml:61:24: team_defense_game_summary: no column "
                              "opp_pain_attempts; did you mean opp_paint_attempts?\n"
                              "nba-backfill, 10 tables and 11 queries against BigQuery: 1 "
                              "mistake\n"),
                       "%s", verbs_out);
    cr_expect_eq(VERB("validate", "--online", path, "--format", "json"), 78, "%s", verbs_err);
    json_t *json = verbs_json();
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

static void expect_a_review_for_a_second_person(void) {
    cr_expect_eq(VERB("review"), 0, "%s", verbs_err);
    cr_expect_not_null(strstr(verbs_out, "\n```\n\n## Checklist\n"), "%s", verbs_out);
    cr_expect_not_null(strstr(verbs_out, "# Review of nba-backfill"), "%s", verbs_out);
    cr_expect_not_null(strstr(verbs_out, "team_defense_game_summary_analytics_backfill.py"), "%s",
                       verbs_out);
    cr_expect_eq(VERB("review", "--format", "json"), 0, "%s", verbs_err);
    json_t *json = verbs_json();
    cr_expect_eq(json_array_size(json_object_get(json, "groups")), 4);
    cr_expect_eq(json_array_size(json_object_get(json, "gates")), 4);
    json_decref(json);
}

static void expect_only_what_is_approved_to_be_armed(void) {
    EXPECT_REFUSED(1, "no live approval", "arm", "group1");
    EXPECT_REFUSED(1, "is not armed", "disarm", "group1");
    EXPECT_REFUSED(64, "did you mean", "arm", "gruop1");
    EXPECT_REFUSED(64, "name a group", "arm", "player_daily_cache");
    cr_expect_eq(VERB("approve", "group1", "--format", "json"), 0, "%s", verbs_err);
    json_t *json = verbs_json();
    json_t *yes = json_array_get(json_object_get(json, "approvals"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(yes, "group")), "group1");
    json_decref(json);
}

Test(verbs, validate_review_and_approve)
{
    verbs_open_night("jan05");
    expect_the_file_to_agree_with_bigquery();
    expect_a_wrong_column_to_be_found();
    expect_a_review_for_a_second_person();
    expect_only_what_is_approved_to_be_armed();
}
