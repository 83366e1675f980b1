/* The command line on each of the four nights: the figures that were measured then, exactly. Every
 * answer goes the whole way, through REST, SQL, coverage and gates. */
#include <criterion/criterion.h>

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tests/support/program.h"
#include "tests/support/verbs.h"

enum { ARGUMENTS = 12 };

TestSuite(nights, .init = verbs_open, .fini = verbs_close, .timeout = 600);

/* Runs a verb on the night as JSON, which the caller frees. */
static json_t *ask(int code, const char *verb, ...) {
    const char *words[ARGUMENTS + 4] = {verb};
    size_t count = 1;
    va_list more;
    va_start(more, verb);
    for (const char *word; (word = va_arg(more, const char *)) != NULL && count < ARGUMENTS;) {
        words[count++] = word;
    }
    va_end(more);
    words[count++] = "--format";
    words[count++] = "json";
    cr_expect_eq(verbs_run(words), code, "%s: %s", verb, verbs_err);
    return verbs_json();
}

static const json_t *member(const json_t *object, const char *list, const char *key,
                            const char *name) {
    return verbs_named(json_object_get(object, list), key, name);
}

static long long number(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    cr_assert(json_is_integer(value), "%s is no whole number", key);
    return json_integer_value(value);
}

static double percent(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    cr_assert(json_is_number(value), "%s is no number", key);
    return json_number_value(value);
}

static const char *word(const json_t *object, const char *key) {
    const char *value = json_string_value(json_object_get(object, key));
    return value != NULL ? value : "";
}

static void expect_no_go_with_five_of_five_inputs_measured(void) {
    static const struct {
        const char *check;
        double measured;
        const char *result;
    } checks[] = {{"player_game_summary coverage", 100.0, "pass"},
                  {"team_offense_game_summary coverage", 100.0, "pass"},
                  {"team_defense_game_summary coverage", 91.5, "fail"},
                  {"upcoming_player_game_context coverage", 52.6, "fail"},
                  {"upcoming_team_game_context coverage", 58.5, "fail"}};
    json_t *json = ask(1, "check", NULL);
    const json_t *gate = member(json, "gates", "gate", "phase3-ready");
    cr_expect_str_eq(word(gate, "verdict"), "NO-GO");
    cr_expect_eq(number(json_object_get(gate, "inputs"), "measured"), 5);
    cr_expect_eq(number(json_object_get(gate, "inputs"), "total"), 5);
    cr_expect_str_eq(json_string_value(json_array_get(json_object_get(gate, "holds"), 0)),
                     "group1");
    cr_expect_eq(json_array_size(json_object_get(gate, "checks")), 5);
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        const json_t *check = member(gate, "checks", "check", checks[i].check);
        cr_expect_float_eq(percent(check, "measured"), checks[i].measured, 1e-9, "%s",
                           checks[i].check);
        cr_expect_str_eq(word(check, "result"), checks[i].result, "%s", checks[i].check);
        cr_expect_float_eq(percent(check, "required"), 95.0, 1e-9);
    }
    json_decref(json);
}

/* The table of the 72 dates in every figure, and its first season. */
static void expect_all_figures_of(const json_t *table) {
    verbs_expect_number(table, "expected", 918);
    verbs_expect_number(table, "bootstrap", 70);
    verbs_expect_number(table, "waived", 0);
    verbs_expect_number(table, "attainable", 848);
    verbs_expect_number(table, "complete", 776);
    verbs_expect_number(table, "partial", 0);
    verbs_expect_number(table, "missing", 72);
    verbs_expect_number(table, "percent", 91.5);
    verbs_expect_number(table, "raw_percent", 92.2);
    verbs_expect_number(table, "rows", 10152);
    verbs_expect_number(table, "entities", 5076);
    cr_expect(json_is_null(json_object_get(table, "fallback_rate")), "it was not asked for");
    const json_t *season = member(table, "seasons", "season", "2021-22");
    verbs_expect_number(season, "expected", 213);
    verbs_expect_number(season, "bootstrap", 14);
    verbs_expect_number(season, "attainable", 199);
    verbs_expect_number(season, "complete", 185);
    verbs_expect_number(season, "missing", 14);
    verbs_expect_number(season, "percent", 93.0);
    verbs_expect_number(season, "raw_percent", 93.4);
}

static void expect_what_was_counted_of_848_attainable_dates(void) {
    static const struct {
        const char *table;
        long long complete, missing;
        double percent;
    } tables[] = {{"player_game_summary", 848, 0, 100.0},
                  {"team_offense_game_summary", 848, 0, 100.0},
                  {"team_defense_game_summary", 776, 72, 91.5},
                  {"upcoming_player_game_context", 446, 402, 52.6},
                  {"upcoming_team_game_context", 496, 352, 58.5},
                  {"team_defense_zone_analysis", 0, 848, 0.0},
                  {"player_shot_zone_analysis", 0, 848, 0.0},
                  {"player_daily_cache", 0, 848, 0.0},
                  {"player_composite_factors", 0, 848, 0.0},
                  {"ml_feature_store", 0, 848, 0.0}};
    json_t *json = ask(0, "coverage", NULL);
    cr_expect_str_eq(word(json, "pipeline"), "nba-backfill");
    cr_expect_eq(json_array_size(json_object_get(json, "tables")), 10);
    expect_all_figures_of(member(json, "tables", "table", "team_defense_game_summary"));
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const json_t *table = member(json, "tables", "table", tables[i].table);
        cr_expect_str_eq(word(table, "status"), "fresh");
        cr_expect_eq(number(table, "attainable"), 848, "%s", tables[i].table);
        cr_expect_eq(number(table, "complete"), tables[i].complete, "%s", tables[i].table);
        cr_expect_eq(number(table, "missing"), tables[i].missing, "%s", tables[i].table);
        cr_expect_float_eq(percent(table, "percent"), tables[i].percent, 1e-9, "%s",
                           tables[i].table);
    }
    json_decref(json);
}

Test(nights, jan05_is_no_go_and_has_what_was_counted)
{
    verbs_open_night("jan05");
    expect_no_go_with_five_of_five_inputs_measured();
    expect_what_was_counted_of_848_attainable_dates();
}

/* Dates present of all game dates. */
static void expect_raw(const json_t *table, const char *season, int expected, int present) {
    const json_t *found = member(table, "seasons", "season", season);
    double exact = 100.0 * present / expected;
    cr_expect_eq(number(found, "expected"), expected, "%s %s", word(table, "table"), season);
    cr_expect_float_eq(percent(found, "raw_percent"), exact, 0.0501, "%s %s: %.1f is not %d of %d",
                       word(table, "table"), season, percent(found, "raw_percent"), present,
                       expected);
}

Test(nights, jan09_is_a_finished_night_date_by_date_and_season_by_season)
{
    static const struct {
        const char *table;
        int present[3];
    } tables[] = {{"player_composite_factors", {199, 198, 193}},
                  {"team_defense_zone_analysis", {200, 187, 181}},
                  {"player_shot_zone_analysis", {197, 195, 191}},
                  {"player_daily_cache", {199, 197, 193}},
                  {"ml_feature_store", {199, 198, 193}},
                  {"player_game_summary", {213, 212, 207}},
                  {"team_offense_game_summary", {213, 212, 207}},
                  {"team_defense_game_summary", {213, 212, 207}}};
    verbs_open_night("jan09");
    json_t *json = ask(0, "coverage", NULL);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const json_t *table = member(json, "tables", "table", tables[i].table);
        expect_raw(table, "2021-22", 213, tables[i].present[0]);
        expect_raw(table, "2022-23", 212, tables[i].present[1]);
        expect_raw(table, "2023-24", 207, tables[i].present[2]);
    }
    /* What looked like 93 % is all that can be had. */
    const json_t *factors = member(json, "tables", "table", "player_composite_factors");
    cr_expect_float_eq(percent(factors, "percent"), 100.0, 1e-9);
    cr_expect_float_eq(percent(factors, "raw_percent"), 93.4, 1e-9);
    /* All-Star days have rows and are not expected: they lift nothing over 100 %. */
    const json_t *offense = member(json, "tables", "table", "team_offense_game_summary");
    cr_expect_float_eq(percent(offense, "raw_percent"), 100.0, 1e-9);
    json_decref(json);
}

static void expect_layers_counted_in_games(void) {
    json_t *json = ask(1, "check", NULL);
    const json_t *third = member(json, "gates", "gate", "layer3-ready");
    const json_t *fourth = member(json, "gates", "gate", "layer4-done");
    cr_expect_str_eq(word(third, "verdict"), "GO");
    cr_expect_str_eq(word(fourth, "verdict"), "NO-GO");
    const json_t *summaries =
        member(third, "checks", "check", "player_game_summary coverage in games");
    cr_expect_float_eq(percent(summaries, "measured"), 89.5, 1e-9); /* 1,815 of 2,027 */
    const json_t *factors =
        member(fourth, "checks", "check", "player_composite_factors coverage in games");
    cr_expect_float_eq(percent(factors, "measured"), 17.6, 1e-9);
    cr_expect_str_eq(word(factors, "why"), "1670 of 2027 games are not complete");
    json_decref(json);
}

static void expect_230_missing_dates(void) {
    json_t *json = ask(1, "gaps", "--table", "player_composite_factors", NULL);
    cr_expect_eq(number(json, "missing"), 230);
    long long dates = 0;
    size_t index;
    const json_t *range;
    json_array_foreach(json_object_get(json, "ranges"), index, range) {
        dates += number(range, "dates");
    }
    cr_expect_eq(dates, 230);
    json_decref(json);
}

Test(nights, jan03_counts_games_of_layers_and_lists_what_is_missing)
{
    verbs_open_night("jan03");
    expect_layers_counted_in_games();
    expect_230_missing_dates();
}

Test(nights, jan02_expects_the_playoff_dates_of_three_seasons)
{
    verbs_open_night("jan02");
    json_t *json = ask(0, "coverage", NULL);
    const json_t *factors = member(json, "tables", "table", "player_composite_factors");
    cr_expect_eq(number(member(factors, "seasons", "season", "2021-22"), "expected"), 45);
    cr_expect_eq(number(member(factors, "seasons", "season", "2022-23"), "expected"), 45);
    cr_expect_eq(number(member(factors, "seasons", "season", "2023-24"), "expected"), 47);
    const json_t *zones = member(json, "tables", "table", "team_defense_zone_analysis");
    cr_expect_eq(number(member(zones, "seasons", "season", "2021-22"), "complete"), 45);
    json_decref(json);
}

/* The program itself sets a night up for one verb and leaves nothing of it behind. */
Test(nights, are_told_by_the_program_which_leaves_nothing_behind)
{
    const char *const argv[] = {PHASEGATE_BINARY_DIR "/phasegate",
                                "demo",
                                "--scenario",
                                "jan02",
                                "coverage",
                                "--format",
                                "json",
                                NULL};
    struct program_result result = program_run(argv, NULL, 240000);
    cr_expect_eq(result.code, 0, "%s", result.err);
    json_t *json = json_loads(result.out, 0, NULL);
    const json_t *factors = member(json, "tables", "table", "player_composite_factors");
    cr_expect_eq(number(member(factors, "seasons", "season", "2021-22"), "expected"), 45);
    json_decref(json);
    program_result_free(&result);
}
