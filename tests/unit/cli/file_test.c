/* The verbs of a pipeline file: validate and init, and the state that is kept for one file. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "tests/support/verbs.h"

TestSuite(file, .init = verbs_open, .fini = verbs_close);

Test(file, validates_a_good_file)
{
    struct error error = {0};
    char *path = pipeline_shipped("nba/pipeline.yaml", &error);
    cr_assert_not_null(path, "%s", error.text);
    cr_expect_eq(VERB("validate", path), 0, "%s", verbs_err);
    cr_expect_not_null(strstr(verbs_out, "10 tables, 5 seasons, 10 processors, 4 groups, 4 gates"),
                       "%s", verbs_out);
    cr_expect_eq(VERB("validate", "--format", "json", path), 0);
    json_t *json = verbs_json();
    cr_expect(json_is_true(json_object_get(json, "valid")));
    cr_expect_eq(json_array_size(json_object_get(json, "mistakes")), 0);
    cr_expect_str_eq(json_string_value(json_object_get(json, "pipeline")), "nba-backfill");
    json_decref(json);
    free(path);
}

Test(file, validates_a_bad_file_line_by_line)
{
    char *path = verbs_write("bad.yaml", "pipeline: x\nprojct: y\n");
    cr_expect_eq(VERB("validate", path), 78);
    cr_expect_not_null(strstr(verbs_err, "bad.yaml:2:1: unknown key \"projct\"; did you mean"),
                       "%s", verbs_err);
    cr_expect_str_eq(verbs_out, "");
    cr_expect_eq(VERB("validate", path, "--format", "json"), 78);
    json_t *json = verbs_json();
    cr_expect(json_is_false(json_object_get(json, "valid")));
    cr_expect_geq(json_array_size(json_object_get(json, "mistakes")), 1);
    json_decref(json);
    free(path);
    EXPECT_REFUSED(66, "nothing.yaml", "validate", "/nothing.yaml");
}

Test(file, calls_unknown_what_bigquery_could_not_be_asked)
{
    char *path = verbs_copy_pipeline("first");
    cr_assert_eq(setenv("BIGQUERY_EMULATOR_HOST", "bad host", 1), 0);
    cr_expect_eq(VERB("validate", "--online", path), 2, "%s", verbs_err);
    cr_expect_not_null(strstr(verbs_out, "unknown: BigQuery: nothing could be asked: "), "%s",
                       verbs_out);
    cr_expect_eq(VERB("validate", "--online", path, "--format", "json"), 2, "%s", verbs_err);
    json_t *json = verbs_json();
    cr_expect(json_is_null(json_object_get(json, "valid")), "neither valid nor not");
    json_decref(json);
    free(path);
}

Test(file, keeps_a_state_for_one_file_and_names_both_when_another_comes)
{
    char *first = verbs_copy_pipeline("first");
    char *second = verbs_copy_pipeline("second");
    cr_expect_leq(VERB("runs", "--pipeline", first), 2, "%s", verbs_err);
    cr_expect_eq(VERB("runs", "--pipeline", second), EXIT_CONFIG);
    cr_expect_not_null(strstr(verbs_err, first), "%s", verbs_err);
    cr_expect_not_null(strstr(verbs_err, second), "%s", verbs_err);
    cr_expect_not_null(strstr(verbs_err, "phasegate moved --pipeline"), "%s", verbs_err);
    cr_expect_eq(VERB("moved", "--pipeline", second), 0, "%s", verbs_err);
    cr_expect_not_null(strstr(verbs_out, "; it was for "), "%s", verbs_out);
    cr_expect_eq(VERB("moved", "--pipeline", second), 0, "%s", verbs_err);
    cr_expect_not_null(strstr(verbs_out, ", as before."), "%s", verbs_out);
    cr_expect_leq(VERB("runs", "--pipeline", second), 2, "%s", verbs_err);
    cr_expect_eq(VERB("runs", "--pipeline", first), EXIT_CONFIG);
    free(first);
    free(second);
}

Test(file, takes_over_the_state_of_a_file_that_is_gone_and_says_so)
{
    char *first = verbs_copy_pipeline("first");
    char *second = verbs_copy_pipeline("second");
    cr_expect_leq(VERB("runs", "--pipeline", first), 2, "%s", verbs_err);
    cr_assert_eq(unlink(first), 0);
    cr_expect_leq(VERB("runs", "--pipeline", second), 2, "%s", verbs_err);
    cr_expect_not_null(strstr(verbs_err, "which is gone, and is kept for"), "%s", verbs_err);
    cr_expect_leq(VERB("runs", "--pipeline", second), 2, "%s", verbs_err);
    cr_expect_str_empty(verbs_err, "it is said once");
    free(first);
    free(second);
}

Test(file, says_where_the_state_of_a_renamed_pipeline_lies)
{
    char *path = verbs_copy_pipeline("first");
    cr_expect_leq(VERB("runs", "--pipeline", path), 2, "%s", verbs_err);
    char *command = memory_format("sed -i 's/^pipeline: .*/pipeline: renamed/' %s", path);
    cr_assert_eq(system(command), 0);
    cr_expect_leq(VERB("runs", "--pipeline", path), 2, "%s", verbs_err);
    cr_expect_not_null(strstr(verbs_err, "under its earlier name lies in "), "%s", verbs_err);
    cr_expect_not_null(strstr(verbs_err, "/nba-backfill"), "%s", verbs_err);
    free(command);
    free(path);
}

Test(file, init_names_the_pipeline_after_its_directory)
{
    static const char *const names[][2] = {
        {"first", "pipeline first, "},
        {".My job 2", "pipeline My-job-2, "},
        {"null", "pipeline null, "},
        {"...", "pipeline pipeline, "},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *where = file_join(verbs_place(), names[i][0]);
        char *path = file_join(where, "pipeline.yaml");
        cr_expect_eq(VERB("init", where), 0, "%s", verbs_err);
        cr_expect_eq(VERB("validate", path), 0, "%s", verbs_err);
        cr_expect_not_null(strstr(verbs_out, names[i][1]), "%s", verbs_out);
        free(path);
        free(where);
    }
}

Test(file, init_writes_a_file_that_is_valid_and_never_writes_over_one)
{
    char *where = file_join(verbs_place(), "new");
    char *path = file_join(where, "pipeline.yaml");
    cr_expect_eq(VERB("init", where), 0, "%s", verbs_err);
    cr_expect_eq(VERB("validate", path), 0, "%s", verbs_err);
    cr_expect_not_null(strstr(verbs_out, "pipeline new, "), "%s", verbs_out);
    char *mine = verbs_write("new/pipeline.yaml", "mine");
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
