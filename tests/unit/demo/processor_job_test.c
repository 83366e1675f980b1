/* The flags of the ten jobs, taken and refused as the real ones do. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "demo/processor_job.h"
#include "processor_fixture.h"

static struct text_buffer output;

static void free_output(void) {
    text_buffer_free(&output);
}

TestSuite(processor_job, .fini = free_output);

static int run(const char *job, const char *const *flags) {
    text_buffer_clear(&output);
    return processor_run(job, flags, &output);
}

#define FLAGS(...) ((const char *const[]){__VA_ARGS__, NULL})

Test(processor_job, is_found_by_its_script)
{
    cr_expect_str_eq(processor_job_find("a/ml_feature_store_precompute_backfill.py")->table,
                     "ml_feature_store_v2");
    cr_expect_not_null(processor_job_find("player_game_summary_analytics_backfill.py"));
    cr_expect_null(processor_job_find("player_game_summary_precompute_backfill.py"));
    cr_expect_null(processor_job_find("player_game_summary"));
    cr_expect_null(processor_job_find(""));
}

Test(processor_job, refuses_unknown_flags_with_2)
{
    cr_expect_eq(run("player_game_summary", FLAGS("--start-date", "2022-01-01", "--bogus", "1")),
                 2);
    cr_expect_not_null(strstr(output.data, "error: unrecognized arguments: --bogus"), "%s",
                       output.data);
    cr_expect_eq(run("player_game_summary", FLAGS("--start-date")), 2);
    cr_expect_eq(
        run("player_game_summary", FLAGS("--start-date", "2022-01-01", "--skip-preflight")), 2,
        "only phase 4 has a pre-flight");
}

Test(processor_job, psza_refuses_to_run_in_parallel)
{
    cr_expect_eq(
        run("player_shot_zone_analysis", FLAGS("--start-date", "2022-01-01", "--parallel")), 2);
    cr_expect_eq(
        run("player_shot_zone_analysis", FLAGS("--start-date", "2022-01-01", "--workers", "5")), 2);
}

Test(processor_job, the_context_jobs_take_no_list_of_dates)
{
    cr_expect_eq(run("upcoming_player_game_context", FLAGS("--dates", "2022-01-01")), 2);
    cr_expect_eq(run("upcoming_team_game_context", FLAGS("--dates", "2022-01-01")), 2);
}

Test(processor_job, needs_a_start_date_or_dates)
{
    cr_expect_eq(run("team_defense_game_summary", FLAGS("--parallel")), 1);
    cr_expect_not_null(strstr(output.data, "--start-date is required"), "%s", output.data);
    cr_expect_eq(run("team_defense_game_summary", FLAGS("--start-date", "2022-13-01")), 1);
    cr_expect_not_null(strstr(output.data, "Invalid date format"), "%s", output.data);
    cr_expect_eq(run("team_defense_game_summary", FLAGS("--dates", "2022-01-01,yesterday")), 1);
    cr_expect_not_null(strstr(output.data, "Invalid date format"), "%s", output.data);
    cr_expect_eq(run("team_defense_game_summary", FLAGS("--dates", "")), 1);
}

Test(processor_job, reads_dates_range_and_workers)
{
    char script[] = "team_defense_game_summary_analytics_backfill.py";
    char dates_flag[] = "--dates";
    char dates[] = "2022-01-01, 2022-01-03";
    char workers_flag[] = "--workers";
    char workers[] = "7";
    char parallel[] = "--parallel";
    char *argv[] = {script, dates_flag, dates, workers_flag, workers, parallel, NULL};
    struct processor_arguments arguments;
    cr_assert_eq(processor_arguments_read(processor_job_find(script), 6, argv, &arguments), -1);
    cr_expect_eq(arguments.date_count, 2);
    cr_expect_eq(arguments.dates[1] - arguments.dates[0], 2);
    cr_expect_eq(arguments.workers, 7);
    cr_expect(arguments.parallel);
    free(arguments.dates);
}

Test(processor_job, takes_the_last_of_several_lists_of_dates)
{
    char script[] = "team_defense_game_summary_analytics_backfill.py";
    char flag[] = "--dates";
    char many[] = "2022-01-01,2022-01-02,2022-01-03,2022-01-04,2022-01-05,2022-01-06,2022-01-07,"
                  "2022-01-08,2022-01-09";
    char one[] = "2022-02-01";
    char *argv[] = {script, flag, many, flag, one, NULL};
    struct processor_arguments arguments;
    cr_assert_eq(processor_arguments_read(processor_job_find(script), 5, argv, &arguments), -1);
    cr_expect_eq(arguments.date_count, 1);
    char text[DAY_TEXT_SIZE];
    cr_expect_str_eq(day_format(arguments.dates[0], text), "2022-02-01");
    free(arguments.dates);
}

Test(processor_job, without_a_script_that_is_there_is_refused_as_python_does)
{ cr_expect_null(processor_job_find("backfill_jobs/no_such_job.py")); }
