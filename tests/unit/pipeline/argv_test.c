/* What is started for a launch: flags as each of the ten processors really takes them. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "fixture.h"

static const struct day_range october = {18919, 18925}; /* 2021-10-19 … 2021-10-25 */
static const day_number two_days[] = {18919, 18925};

static char *text_of_launch(const struct pipeline *pipeline, size_t processor,
                            const struct pipeline_launch *launch) {
    struct error error = {0};
    char **argv = pipeline_argv(pipeline, processor, launch, &error);
    if (argv == NULL) {
        cr_expect_eq(error.code, EXIT_USAGE);
        return memory_copy_string(error.text);
    }
    char *text = pipeline_argv_text(argv);
    pipeline_argv_free(argv);
    return text;
}

static void expect(const struct pipeline *pipeline, size_t processor,
                   const struct pipeline_launch *launch, const char *expected) {
    char *text = text_of_launch(pipeline, processor, launch);
    cr_expect_str_eq(text, expected, "\n  made:     %s\n  expected: %s", text, expected);
    free(text);
}

/* A fact of the operators: the script, what it takes. */
struct job {
    const char *processor, *script;
    const char *flags; /* behind the dates */
    bool takes_dates;
    int workers;
};

static const struct job jobs[] = {
    {"player_game_summary",
     "analytics/player_game_summary/player_game_summary_analytics_backfill.py",
     " --parallel --workers 15", true, 15},
    {"team_offense_game_summary",
     "analytics/team_offense_game_summary/team_offense_game_summary_analytics_backfill.py",
     " --parallel --workers 15", true, 15},
    {"team_defense_game_summary",
     "analytics/team_defense_game_summary/team_defense_game_summary_analytics_backfill.py",
     " --parallel --workers 15", true, 15},
    {"upcoming_player_game_context",
     "analytics/upcoming_player_game_context/upcoming_player_game_context_analytics_backfill.py",
     " --parallel --workers 15", false, 15},
    {"upcoming_team_game_context",
     "analytics/upcoming_team_game_context/upcoming_team_game_context_analytics_backfill.py",
     " --parallel --workers 15", false, 15},
    {"team_defense_zone_analysis",
     "precompute/team_defense_zone_analysis/team_defense_zone_analysis_precompute_backfill.py",
     " --skip-preflight", true, 1},
    {"player_shot_zone_analysis",
     "precompute/player_shot_zone_analysis/player_shot_zone_analysis_precompute_backfill.py",
     " --skip-preflight", true, 1},
    {"player_daily_cache",
     "precompute/player_daily_cache/player_daily_cache_precompute_backfill.py", " --skip-preflight",
     true, 1},
    {"player_composite_factors",
     "precompute/player_composite_factors/player_composite_factors_precompute_backfill.py",
     " --parallel --workers 15 --skip-preflight", true, 15},
    {"ml_feature_store", "precompute/ml_feature_store/ml_feature_store_precompute_backfill.py",
     " --skip-preflight", true, 1},
};

static void expect_job(const struct pipeline *nba, const struct job *job) {
    size_t processor = pipeline_find_processor(nba, job->processor);
    cr_assert_neq(processor, PIPELINE_NONE);
    cr_expect_eq(nba->processors[processor].workers, job->workers);
    struct pipeline_launch launch = {.range = october};
    char *expected = memory_format("python3 backfill_jobs/%s --start-date 2021-10-19 --end-date "
                                   "2021-10-25%s",
                                   job->script, job->flags);
    expect(nba, processor, &launch, expected);
    free(expected);
    launch.dates = two_days;
    launch.date_count = 2;
    expected = job->takes_dates
                   ? memory_format("python3 backfill_jobs/%s --dates 2021-10-19,2021-10-25%s",
                                   job->script, job->flags)
                   : memory_format("%s takes a range, not a list of dates; launch each range",
                                   job->processor);
    expect(nba, processor, &launch, expected);
    cr_expect_eq(pipeline_takes_dates(nba, processor), job->takes_dates);
    free(expected);
}

Test(argv, gives_each_of_the_ten_processors_the_flags_it_takes)
{
    struct error error = {0};
    struct pipeline *nba = pipeline_load(PHASEGATE_SOURCE_DIR "/queries/nba/pipeline.yaml", &error);
    cr_assert_not_null(nba, "%s", error.text);
    cr_assert_eq(nba->processor_count, sizeof jobs / sizeof jobs[0]);
    for (size_t i = 0; i < nba->processor_count; i++) {
        expect_job(nba, &jobs[i]);
    }
    pipeline_free(nba);
}

Test(argv, runs_them_where_and_as_they_need_it)
{
    struct error error = {0};
    struct pipeline *nba = pipeline_load(PHASEGATE_SOURCE_DIR "/queries/nba/pipeline.yaml", &error);
    cr_assert_not_null(nba, "%s", error.text);
    for (size_t i = 0; i < nba->processor_count; i++) {
        const struct pipeline_processor *processor = &nba->processors[i];
        cr_expect_str_eq(processor->directory, "/srv/nba");
        cr_expect_str_eq(processor->environment[0].name, "PYTHONPATH");
        cr_expect_str_eq(processor->environment[0].value, "/srv/nba");
        cr_expect_str_eq(processor->environment[1].name, "PYTHONUNBUFFERED");
        cr_expect_str_eq(processor->environment[1].value, "1");
        cr_expect_str_eq(processor->log, "python-backfill");
        cr_expect_eq(processor->quiet_after_ms, 1800000);
        cr_expect_eq(processor->stop_grace_ms, 60000);
    }
    pipeline_free(nba);
}

Test(argv, takes_fewer_workers_when_told_so)
{
    struct pipeline *pipeline = fixture_load_edited("workers: 4", "workers: 4");
    expect(pipeline, 0, &(struct pipeline_launch){.range = october, .workers = 2},
           "run --start 2021-10-19 --end 2021-10-25 --workers 2");
    pipeline_free(pipeline);
}

Test(argv, a_flag_and_its_date_in_one_word_leave_together)
{
    struct pipeline *pipeline = fixture_load_edited("--start, \"{from}\", --end, \"{to}\"",
                                                    "-v, \"--start={from}\", \"--end={to}\", -q");
    expect(pipeline, 0,
           &(struct pipeline_launch){.range = october, .dates = two_days, .date_count = 2},
           "run --dates 2021-10-19,2021-10-25 -q --workers 4");
    pipeline_free(pipeline);
}

Test(argv, positional_dates_leave_without_what_stands_before_them)
{
    struct pipeline *pipeline = fixture_load_edited("--start, \"{from}\", --end, \"{to}\"",
                                                    "between, \"{from}\", \"{to}\"");
    expect(pipeline, 0,
           &(struct pipeline_launch){.range = october, .dates = two_days, .date_count = 1},
           "run between --dates 2021-10-19 --workers 4");
    pipeline_free(pipeline);
}

Test(argv, dates_in_the_command_are_every_day_of_a_range)
{
    struct pipeline *pipeline = fixture_load_edited(
        "[run, --start, \"{from}\", --end, \"{to}\", --workers, \"{workers}\"]\n"
        "    dates_argument: [--dates, \"{dates}\"]",
        "[run, \"{dates}\"]");
    expect(pipeline, 0, &(struct pipeline_launch){.range = {19723, 19725}},
           "run 2024-01-01,2024-01-02,2024-01-03");
    cr_expect(pipeline_takes_dates(pipeline, 0));
    expect(pipeline, 0, &(struct pipeline_launch){.range = {0, 20000}},
           "the command of players would be longer than 100 KiB; launch fewer dates at once");
    pipeline_free(pipeline);
}

Test(argv, a_season_must_hold_the_whole_range)
{
    struct pipeline *pipeline = fixture_load_edited(
        "--workers, \"{workers}\"", "\"{season}:{season_from}:{season_to}\", \"{{from}}\"");
    expect(pipeline, 0, &(struct pipeline_launch){.range = {19723, 19725}},
           "run --start 2024-01-01 --end 2024-01-03 2024:2024-01-01:2024-06-30 '{from}'");
    expect(pipeline, 0, &(struct pipeline_launch){.range = {19723, 20100}},
           "players runs season by season, and 2024-01-01 to 2025-01-12 does not lie within one "
           "season");
    pipeline_free(pipeline);
}

Test(argv, an_empty_range_is_refused)
{
    struct pipeline *pipeline = fixture_load_edited("workers: 4", "workers: 4");
    expect(pipeline, 0, &(struct pipeline_launch){.range = {19725, 19723}},
           "players has no dates to run for: the range is empty");
    pipeline_free(pipeline);
}

Test(argv, a_shell_runs_only_what_says_so)
{
    struct pipeline *pipeline = fixture_load_edited(
        "[run, --start, \"{from}\", --end, \"{to}\", --workers, \"{workers}\"]\n"
        "    dates_argument: [--dates, \"{dates}\"]",
        "[\"run {from} {to} | tee 'a log'\"]\n    shell: true");
    expect(pipeline, 0, &(struct pipeline_launch){.range = {19723, 19725}},
           "/bin/sh -c 'run 2024-01-01 2024-01-03 | tee '\\''a log'\\'''");
    pipeline_free(pipeline);
}

Test(argv, is_quoted_as_a_person_would_type_it)
{
    char *argv[] = {(char[]){"a"}, (char[]){""}, (char[]){"b c"}, (char[]){"$d"}, NULL};
    char *text = pipeline_argv_text(argv);
    cr_expect_str_eq(text, "a '' 'b c' '$d'");
    free(text);
}
