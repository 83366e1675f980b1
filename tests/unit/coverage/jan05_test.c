/* The night of 2026-01-05: the totals are facts and must come out exactly. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/percent.h"
#include "coverage/coverage_json.h"
#include "coverage/coverage_text.h"
#include "tests/support/fixture.h"

static struct fixture fixture;
static const struct coverage_report *report;

static void open_night(void) {
    fixture_jan05(&fixture);
    report = fixture_compute(&fixture);
}

static void close_night(void) {
    fixture_close(&fixture);
}

TestSuite(jan05, .init = open_night, .fini = close_night);

Test(jan05, the_calendar_adds_up)
{
    static const size_t dates[] = {213, 212, 207, 213, 73};
    const struct coverage_table *table = &report->tables[PGS];
    for (size_t i = 0; i < 5; i++) {
        cr_assert_eq(table->seasons[i].all.expected, dates[i], "season %zu has %zu", i,
                     table->seasons[i].all.expected);
        cr_assert_eq(table->seasons[i].all.bootstrap, 14);
    }
    cr_assert_eq(table->all.expected, 918);
    cr_assert_eq(table->all.bootstrap, 70);
    cr_assert_eq(table->all.attainable, 848);
    cr_assert_eq(table->seasons[0].playoffs.expected, 45);
    cr_assert_eq(table->seasons[1].playoffs.expected, 45);
    cr_assert_eq(table->seasons[2].playoffs.expected, 47);
}

Test(jan05, every_table_stands_where_it_stood)
{
    static const struct {
        size_t table, complete, missing;
        int percent;
    } facts[] = {{PGS, 848, 0, 1000},   {TOGS, 848, 0, 1000},  {TDGS, 776, 72, 915},
                 {UPGC, 446, 402, 526}, {UTGC, 496, 352, 585}, {PCF, 0, 848, 0}};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        const struct coverage_totals *all = &report->tables[facts[i].table].all;
        cr_assert_eq(all->complete, facts[i].complete);
        cr_assert_eq(all->missing, facts[i].missing);
        cr_assert_eq(coverage_percent(all, 9500), facts[i].percent);
    }
    cr_assert_eq(coverage_raw_percent(&report->tables[TDGS].all), 922);
    cr_assert_eq(coverage_percent(&report->tables[TDGS].seasons[0].all, 9500), 930);
    cr_assert_eq(coverage_raw_percent(&report->tables[TDGS].seasons[0].all), 934);
}

static bool has(const struct pipeline_indices *list, size_t table) {
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i] == table) {
            return true;
        }
    }
    return false;
}

Test(jan05, team_defense_blocks_eight_and_a_half_percent_of_phase_4)
{
    const struct coverage_lineage *lineage = &report->tables[TDGS].lineage;
    const size_t chain[] = {TDZA, PCF, MLFS};
    cr_assert_eq(lineage->blocks.count, 3);
    cr_assert_arr_eq(lineage->blocks.items, chain, sizeof chain);
    cr_assert_eq(lineage->blocked_dates, 72);
    cr_assert_eq(lineage->phase_dates, 848);
    cr_assert_eq(coverage_blocked_percent(lineage), 85);
    cr_assert_str_eq(fixture.pipeline.phases[lineage->blocked_phase], "phase4");
    cr_assert_eq(dayset_count(&report->tables[TDZA].lineage.blocked), 72);
    cr_assert_eq(dayset_count(&report->tables[PSZA].lineage.blocked), 0);
}

Test(jan05, the_contexts_only_degrade)
{
    const struct coverage_lineage *lineage = &report->tables[UPGC].lineage;
    cr_assert_eq(lineage->blocks.count, 0);
    cr_assert_eq(coverage_blocked_percent(lineage), PERCENT_UNKNOWN);
    cr_assert(has(&lineage->degrades, PCF));
    cr_assert(has(&lineage->degrades, MLFS));
    cr_assert_not(has(&lineage->degrades, TDZA));
    cr_assert_eq(dayset_count(&report->tables[PCF].lineage.degraded), 402);
}

Test(jan05, what_is_complete_blocks_nothing)
{
    cr_assert_eq(report->tables[PGS].lineage.blocks.count, 0);
    cr_assert_eq(report->tables[PGS].lineage.degrades.count, 0);
}

Test(jan05, the_json_is_that_of_the_design)
{
    json_t *all = coverage_to_json(report);
    json_t *table = json_array_get(json_object_get(all, "tables"), TDGS);
    cr_assert_eq(json_get_integer(all, "schema", 0), 1);
    cr_assert_str_eq(json_get_string(all, "pipeline", ""), "nba-backfill");
    cr_assert_str_eq(json_get_string(table, "table", ""), "team_defense_game_summary");
    cr_assert_str_eq(json_get_string(table, "phase", ""), "phase3");
    cr_assert_str_eq(json_get_string(table, "status", ""), "fresh");
    cr_assert(json_is_null(json_object_get(table, "error")));
    cr_assert(json_is_null(json_object_get(table, "null_rate")));
    cr_assert_eq(json_get_integer(table, "rows", 0), 846 * 12);
    cr_assert_eq(json_get_integer(table, "entities", 0), 5076);
    char *text = json_text(table);
    cr_assert_not_null(strstr(text, "\"expected\":918,\"bootstrap\":70,\"waived\":0,"
                                    "\"attainable\":848,\"complete\":776,\"partial\":0,"
                                    "\"missing\":72,\"excess\":0"),
                       "%s", text);
    cr_assert_not_null(strstr(text, "\"percent\":91.5,\"raw_percent\":92.2"));
    free(text);
    text = json_text(json_array_get(json_object_get(table, "seasons"), 0));
    cr_assert_not_null(strstr(text, "\"season\":\"2021-22\",\"expected\":213"));
    cr_assert_not_null(strstr(text, "\"percent\":93.0,\"raw_percent\":93.4"));
    free(text);
    json_decref(all);
}

Test(jan05, unknown_numbers_are_null_in_json)
{
    coverage_measurement_free(&fixture.tables[TDGS]);
    json_t *all = coverage_to_json(fixture_compute(&fixture));
    json_t *table = json_array_get(json_object_get(all, "tables"), TDGS);
    static const char *const keys[] = {"expected",    "complete", "missing",  "percent",
                                       "raw_percent", "rows",     "entities", "measured_at"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        cr_assert(json_is_null(json_object_get(table, keys[i])), "%s", keys[i]);
    }
    cr_assert_str_eq(json_get_string(table, "status", ""), "unknown");
    json_decref(all);
}

static char *text_of_matrix(size_t width) {
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    cr_assert(coverage_write_matrix(stream, report, width));
    (void)fclose(stream);
    return text;
}

Test(jan05, the_matrix_shows_every_table_with_its_age)
{
    char *text = text_of_matrix(0);
    cr_assert_not_null(strstr(text, "TABLE                           2021-22  2022-23"), "%s",
                       text);
    cr_assert_not_null(strstr(text, "phase3\n"));
    cr_assert_not_null(strstr(text, "  team_defense_game_summary        93.0"), "%s", text);
    cr_assert_not_null(strstr(text, "91.5     72  fresh   14 s\n"), "%s", text);
    free(text);
}

Test(jan05, a_narrow_matrix_drops_the_oldest_seasons_and_says_so)
{
    char *text = text_of_matrix(80);
    cr_assert_null(strstr(text, "2021-22"));
    cr_assert_not_null(strstr(text, "2025-26"));
    cr_assert_not_null(strstr(text, "3 older seasons do not fit into 80 columns\n"), "%s", text);
    struct text rest = text_of(text);
    while (rest.size > 0) {
        cr_assert_leq(text_cut(&rest, '\n').size, 80);
    }
    free(text);
}

Test(jan05, the_csv_has_a_line_for_each_table_and_season)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    cr_assert(coverage_write_csv(stream, report));
    (void)fclose(stream);
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    cr_assert_eq(lines, 1 + 10 * 6);
    cr_assert_not_null(strstr(text, "team_defense_game_summary,phase3,all,fresh,"
                                    "2026-01-05T14:14:46Z,918,70,0,848,776,0,72,0,91.5,92.2,10152"),
                       "%s", text);
    free(text);
}
