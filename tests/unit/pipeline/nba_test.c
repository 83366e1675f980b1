/* The shipped pipeline says what the operators' facts say. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "pipeline/pipeline.h"

#define QUERIES PHASEGATE_SOURCE_DIR "/queries/"

static struct pipeline *load(const char *name) {
    struct error error = {0};
    char *path = memory_format(QUERIES "%s", name);
    struct pipeline *pipeline = pipeline_load(path, &error);
    cr_assert_not_null(pipeline, "%s", error.text);
    free(path);
    return pipeline;
}

static day_number day(const char *text) {
    day_number number;
    cr_assert(day_parse(text_of(text), &number));
    return number;
}

/* The names of the tables in a list, joined by spaces; the caller frees it. */
static char *names_of(const struct pipeline *pipeline, const struct pipeline_indices *indices) {
    struct text_buffer names = {0};
    for (size_t i = 0; i < indices->count; i++) {
        text_buffer_format(&names, "%s%s", i == 0 ? "" : " ",
                           pipeline->tables[indices->items[i]].name);
    }
    return text_buffer_take(&names);
}

Test(nba, has_ten_tables_with_their_own_names_and_date_columns)
{
    static const struct {
        const char *name, *phase, *dataset, *table, *date, *entity;
    } facts[] = {
        {"player_game_summary", "phase3", "nba_analytics", "player_game_summary", "game_date",
         "game_id"},
        {"team_offense_game_summary", "phase3", "nba_analytics", "team_offense_game_summary",
         "game_date", "game_id"},
        {"team_defense_game_summary", "phase3", "nba_analytics", "team_defense_game_summary",
         "game_date", "game_id"},
        {"upcoming_player_game_context", "phase3", "nba_analytics", "upcoming_player_game_context",
         "game_date", "player_lookup"},
        {"upcoming_team_game_context", "phase3", "nba_analytics", "upcoming_team_game_context",
         "game_date", "game_id"},
        {"team_defense_zone_analysis", "phase4", "nba_precompute", "team_defense_zone_analysis",
         "analysis_date", "team_abbr"},
        {"player_shot_zone_analysis", "phase4", "nba_precompute", "player_shot_zone_analysis",
         "analysis_date", "player_lookup"},
        {"player_daily_cache", "phase4", "nba_precompute", "player_daily_cache", "cache_date",
         "player_lookup"},
        {"player_composite_factors", "phase4", "nba_precompute", "player_composite_factors",
         "game_date", "player_lookup"},
        {"ml_feature_store", "phase4", "nba_predictions", "ml_feature_store_v2", "game_date",
         "player_lookup"},
    };
    struct pipeline *nba = load("nba/pipeline.yaml");
    cr_assert_eq(nba->table_count, sizeof facts / sizeof facts[0]);
    for (size_t i = 0; i < nba->table_count; i++) {
        const struct pipeline_table *table = &nba->tables[i];
        cr_expect_str_eq(table->name, facts[i].name);
        cr_expect_str_eq(nba->phases[table->phase], facts[i].phase);
        cr_expect_str_eq(table->project, "nba-props-platform");
        cr_expect_str_eq(table->dataset, facts[i].dataset);
        cr_expect_str_eq(table->table, facts[i].table);
        cr_expect_str_eq(table->date, facts[i].date);
        cr_expect_str_eq(table->entity, facts[i].entity);
        cr_expect_eq(table->bootstrap_days, 14);
        cr_expect_eq(table->expected, 0);
    }
    pipeline_free(nba);
}

Test(nba, knows_what_needs_and_wants_what)
{
    static const struct {
        const char *name, *needs, *wants;
    } facts[] = {
        {"player_game_summary", "team_offense_game_summary", ""},
        {"team_offense_game_summary", "", ""},
        {"team_defense_game_summary", "", ""},
        {"upcoming_player_game_context", "", ""},
        {"upcoming_team_game_context", "", ""},
        {"team_defense_zone_analysis", "player_game_summary team_defense_game_summary", ""},
        {"player_shot_zone_analysis", "player_game_summary", ""},
        {"player_daily_cache", "player_game_summary team_offense_game_summary", ""},
        {"player_composite_factors",
         "player_game_summary team_defense_zone_analysis player_shot_zone_analysis",
         "upcoming_player_game_context upcoming_team_game_context"},
        {"ml_feature_store",
         "player_game_summary team_defense_zone_analysis player_shot_zone_analysis "
         "player_daily_cache player_composite_factors",
         ""},
    };
    struct pipeline *nba = load("nba/pipeline.yaml");
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        size_t table = pipeline_find_table(nba, facts[i].name);
        cr_assert_neq(table, PIPELINE_NONE);
        char *needs = names_of(nba, &nba->tables[table].needs);
        char *wants = names_of(nba, &nba->tables[table].wants);
        cr_expect_str_eq(needs, facts[i].needs, "%s needs %s", facts[i].name, needs);
        cr_expect_str_eq(wants, facts[i].wants, "%s wants %s", facts[i].name, wants);
        free(needs);
        free(wants);
    }
    pipeline_free(nba);
}

Test(nba, knows_the_seasons_and_their_playoffs)
{
    static const struct {
        const char *name, *from, *to, *playoffs;
    } facts[] = {
        {"2021-22", "2021-10-19", "2022-06-17", "2022-04-16"},
        {"2022-23", "2022-10-18", "2023-06-13", "2023-04-15"},
        {"2023-24", "2023-10-24", "2024-06-18", "2024-04-16"},
        {"2024-25", "2024-10-22", "2025-06-22", "2025-04-19"},
        {"2025-26", "2025-10-21", "2026-06-30", "2026-04-18"},
    };
    struct pipeline *nba = load("nba/pipeline.yaml");
    cr_assert_eq(nba->season_count, 5);
    for (size_t i = 0; i < 5; i++) {
        cr_expect_str_eq(nba->seasons[i].name, facts[i].name);
        cr_expect_eq(nba->seasons[i].range.from, day(facts[i].from));
        cr_expect_eq(nba->seasons[i].range.to, day(facts[i].to));
        cr_expect_eq(nba->seasons[i].playoffs_from, day(facts[i].playoffs));
        cr_expect_eq(pipeline_find_season(nba, facts[i].name), i);
    }
    pipeline_free(nba);
}

Test(nba, bootstrap_is_day_0_to_13_of_a_season)
{
    struct pipeline *nba = load("nba/pipeline.yaml");
    cr_expect_not(pipeline_is_bootstrap(nba, 5, day("2021-10-18")));
    cr_expect(pipeline_is_bootstrap(nba, 5, day("2021-10-19")));
    cr_expect(pipeline_is_bootstrap(nba, 5, day("2021-11-01")));
    cr_expect_not(pipeline_is_bootstrap(nba, 5, day("2021-11-02")));
    cr_expect(pipeline_is_bootstrap(nba, 5, day("2023-11-06")));
    cr_expect_not(pipeline_is_bootstrap(nba, 5, day("2023-11-07")));
    cr_expect_eq(pipeline_season_of(nba, day("2022-06-17")), 0);
    cr_expect_eq(pipeline_season_of(nba, day("2022-06-18")), PIPELINE_NONE);
    cr_expect_eq(pipeline_season_of(nba, day("2026-01-03")), 4);
    pipeline_free(nba);
}

Test(nba, its_range_ends_yesterday)
{
    struct pipeline *nba = load("nba/pipeline.yaml");
    int64_t noon = ((int64_t)day("2026-01-05") * 24 + 12) * 3600 * 1000;
    struct day_range range = pipeline_range(nba, noon);
    cr_expect_eq(range.from, day("2021-10-19"));
    cr_expect_eq(range.to, day("2026-01-04"));
    pipeline_free(nba);
}

Test(nba, the_gate_of_phase_3_has_five_inputs_and_holds_group_1)
{
    struct pipeline *nba = load("nba/pipeline.yaml");
    size_t index = pipeline_find_gate(nba, "phase3-ready");
    cr_assert_eq(index, 0);
    const struct pipeline_gate *gate = &nba->gates[index];
    cr_assert_eq(gate->check_count, 5);
    for (size_t i = 0; i < 5; i++) {
        cr_expect_eq(gate->checks[i].kind, PIPELINE_CHECK_COVERAGE);
        cr_expect_eq(gate->checks[i].table, i);
        cr_expect_eq(gate->checks[i].minimum, 9500);
        cr_expect_eq(gate->checks[i].target, 9900);
        cr_expect_eq(gate->checks[i].missing_at_most, -1);
    }
    cr_expect_str_eq(gate->checks[2].name, "team_defense_game_summary coverage");
    cr_assert_eq(gate->holds.count, 1);
    cr_expect_eq(gate->holds.items[0], pipeline_find_group(nba, "group1"));
    pipeline_free(nba);
}

Test(nba, groups_run_in_order_behind_their_gates)
{
    static const struct {
        const char *group, *behind, *runs;
    } facts[] = {
        {"phase3", NULL,
         "team_offense_game_summary player_game_summary team_defense_game_summary "
         "upcoming_player_game_context upcoming_team_game_context"},
        {"group1", "phase3-ready",
         "team_defense_zone_analysis player_shot_zone_analysis player_daily_cache"},
        {"group2", "group1-done", "player_composite_factors"},
        {"group3", "group2-done", "ml_feature_store"},
    };
    struct pipeline *nba = load("nba/pipeline.yaml");
    cr_assert_eq(nba->group_count, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct pipeline_group *group = &nba->groups[i];
        cr_expect_str_eq(group->name, facts[i].group);
        struct text_buffer runs = {0};
        for (size_t j = 0; j < group->runs.count; j++) {
            text_buffer_format(&runs, "%s%s", j == 0 ? "" : " ",
                               nba->processors[group->runs.items[j]].name);
        }
        cr_expect_str_eq(runs.data, facts[i].runs);
        text_buffer_free(&runs);
        cr_expect_eq(group->behind, facts[i].behind == NULL
                                        ? PIPELINE_NONE
                                        : pipeline_find_gate(nba, facts[i].behind));
    }
    pipeline_free(nba);
}

Test(nba, the_final_gate_asks_for_coverage_fallback_duplicates_and_runs)
{
    static const char *const names[] = {
        "team_defense_zone_analysis coverage each season",
        "player_shot_zone_analysis coverage each season",
        "player_daily_cache coverage each season",
        "player_composite_factors coverage each season",
        "ml_feature_store coverage each season",
        "player_composite_factors fallback rate",
        "ml_feature_store fallback rate",
        "team_defense_zone_analysis duplicates",
        "player_shot_zone_analysis duplicates",
        "player_daily_cache duplicates",
        "player_composite_factors duplicates",
        "ml_feature_store duplicates",
        "group3 runs",
    };
    struct pipeline *nba = load("nba/pipeline.yaml");
    const struct pipeline_gate *gate = &nba->gates[pipeline_find_gate(nba, "phase4-final")];
    cr_assert_eq(gate->check_count, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < gate->check_count; i++) {
        cr_expect_str_eq(gate->checks[i].name, names[i]);
    }
    cr_expect(gate->checks[0].each_season);
    cr_expect_eq(gate->checks[5].maximum, 500);
    cr_expect_eq(gate->checks[12].group, pipeline_find_group(nba, "group3"));
    cr_expect_eq(gate->holds.count, 0);
    pipeline_free(nba);
}

Test(nba, the_layers_are_counted_in_games_with_three_steps)
{
    struct pipeline *layers = load("nba/layers.yaml");
    cr_expect_eq(layers->expected[0].kind, PIPELINE_EXPECTED_TABLE);
    cr_expect_str_eq(layers->expected[0].name, "table:bdl_player_boxscores");
    cr_expect_eq(layers->expected[0].table, 0);
    cr_expect_null(layers->expected[0].sql);
    const struct pipeline_check *layer3 = &layers->gates[0].checks[0];
    cr_expect_eq(layer3->unit, PIPELINE_UNIT_GAMES);
    cr_expect_eq(layer3->minimum, 8500);
    cr_expect_eq(layer3->target, 9000);
    cr_expect_eq(layer3->optimal, 9500);
    const struct pipeline_check *nulls = &layers->gates[0].checks[1];
    cr_expect_eq(nulls->maximum, 5000);
    cr_expect_eq(nulls->target, 1000);
    cr_expect_eq(nulls->optimal, 500);
    cr_expect_eq(layers->gates[1].checks[0].minimum, 8000);
    cr_expect_eq(layers->tables[0].bootstrap_days, 0);
    pipeline_free(layers);
}

Test(nba, the_playoffs_of_three_seasons_are_disjoint)
{
    struct pipeline *playoffs = load("nba/playoffs.yaml");
    cr_assert_eq(playoffs->season_count, 3);
    cr_expect_eq(playoffs->from.day, day("2022-04-16"));
    cr_expect_eq(playoffs->to.day, day("2024-06-18"));
    cr_expect_not(pipeline_is_bootstrap(playoffs, 0, day("2022-04-16")));
    cr_expect_eq(playoffs->tables[2].duplicates_above.kind, PIPELINE_ROWS_PER_ENTITY);
    cr_expect_float_eq(playoffs->tables[2].duplicates_above.value, 1, 0);
    cr_expect_not_null(strstr(playoffs->expected[0].sql, "DATE '2023-04-15'"));
    pipeline_free(playoffs);
}

Test(nba, the_example_loads)
{
    struct pipeline *example = load("example/pipeline.yaml");
    cr_expect_str_eq(example->tables[1].fallback, "source = 'default'");
    cr_expect_str_eq(example->processors[1].directory, "/srv/example");
    pipeline_free(example);
}
