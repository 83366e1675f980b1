/* Verdicts as they are printed, on the night of 2026-01-05. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "gates/gates_json.h"
#include "gates/gates_text.h"
#include "tests/support/fixture.h"

static struct fixture fixture;
static struct gates_report *report;

static void open_night(void) {
    fixture_jan05(&fixture);
    size_t gate = fixture_gate(&fixture, "phase3-ready");
    for (size_t table = PGS; table <= UTGC; table++) {
        struct pipeline_check *check =
            fixture_check(&fixture, gate, PIPELINE_CHECK_COVERAGE, table);
        check->minimum = 9500;
        check->target = 9900;
    }
    fixture.pipeline.groups[0].name = memory_copy_string("group1");
    fixture.pipeline.group_count = 1;
    fixture.pipeline.gates[gate].holds =
        (struct pipeline_indices){memory_new(1, sizeof(size_t)), 1};
    struct gates_evidence evidence = {.coverage = fixture_compute(&fixture)};
    report = gates_judge(&fixture.pipeline, &evidence, fixture.as_of);
}

static void close_night(void) {
    gates_report_free(report);
    fixture_close(&fixture);
}

TestSuite(writing, .init = open_night, .fini = close_night);

Test(writing, the_json_is_that_of_the_design)
{
    int64_t since[] = {fixture.as_of - 60000};
    json_t *json = gates_to_json(report, PIPELINE_NONE, since);
    json_t *gate = json_array_get(json_object_get(json, "gates"), 0);
    json_t *check = json_array_get(json_object_get(gate, "checks"), TDGS);
    cr_assert_eq(json_get_integer(json, "schema", 0), 1);
    cr_assert_str_eq(json_get_string(json, "as_of", ""), "2026-01-05T14:15:00Z");
    cr_assert_str_eq(json_get_string(gate, "gate", ""), "phase3-ready");
    cr_assert_str_eq(json_get_string(gate, "verdict", ""), "NO-GO");
    cr_assert_str_eq(json_get_string(gate, "since", ""), "2026-01-05T14:14:00Z");
    char *text = json_text(json_object_get(gate, "inputs"));
    cr_assert_str_eq(text, "{\"measured\":5,\"total\":5}");
    free(text);
    text = json_text(json_object_get(gate, "holds"));
    cr_assert_str_eq(text, "[\"group1\"]");
    free(text);
    text = json_text(check);
    cr_assert_not_null(strstr(text, "\"check\":\"team_defense_game_summary coverage\","
                                    "\"result\":\"fail\""),
                       "%s", text);
    cr_assert_not_null(strstr(text, "\"measured\":91.5,\"required\":95.0,\"margin\":-3.5,"
                                    "\"age_seconds\":14"),
                       "%s", text);
    cr_assert_not_null(strstr(text, "\"blocks\":[\"team_defense_zone_analysis\","
                                    "\"player_composite_factors\",\"ml_feature_store_v2\"]"),
                       "%s", text);
    cr_assert_not_null(strstr(text, "\"blocked_percent\":8.5"), "%s", text);
    free(text);
    json_decref(json);
}

Test(writing, the_text_begins_with_the_verdict_and_what_fails)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    cr_assert(gates_write_text(stream, report, 0, NULL));
    (void)fclose(stream);
    static const char expected[] =
        "NO-GO  phase3-ready  holds group1\n"
        "  5 of 5 tables measured, 2 pass, 3 fail, 0 unknown\n"
        "  fail      upcoming_player_game_context coverage     52.6 % of 95.0 %     -42.4 %    14 "
        "s\n"
        "            402 of 848 dates are not complete\n"
        "            degrades player_composite_factors, ml_feature_store_v2\n"
        "  fail      upcoming_team_game_context coverage       58.5 % of 95.0 %     -36.5 %    14 "
        "s\n"
        "            352 of 848 dates are not complete\n"
        "            degrades player_composite_factors, ml_feature_store_v2\n"
        "  fail      team_defense_game_summary coverage        91.5 % of 95.0 %     -3.5 %     14 "
        "s\n"
        "            72 of 848 dates are not complete\n"
        "            8.5 % of phase4 dates cannot run: team_defense_zone_analysis → "
        "player_composite_factors → ml_feature_store_v2\n"
        "  pass      player_game_summary coverage             100.0 % of 95.0 %     +5.0 %     14 "
        "s\n"
        "  pass      team_offense_game_summary coverage       100.0 % of 95.0 %     +5.0 %     14 "
        "s\n";
    cr_assert_str_eq(text, expected);
    free(text);
}

Test(writing, values_carry_their_unit)
{
    static const struct {
        double value;
        enum gates_unit unit;
        const char *text;
    } cases[] = {{91.5, GATES_UNIT_PERCENT, "91.5 %"}, {95.25, GATES_UNIT_PERCENT, "95.25 %"},
                 {-3.5, GATES_UNIT_PERCENT, "-3.5 %"}, {72, GATES_UNIT_COUNT, "72"},
                 {512, GATES_UNIT_BYTES, "512 B"},     {1288490188.8, GATES_UNIT_BYTES, "1.2 GiB"},
                 {0.25, GATES_UNIT_NUMBER, "0.25"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[GATES_VALUE_SIZE];
        cr_assert_str_eq(gates_format_value(cases[i].value, cases[i].unit, text), cases[i].text);
    }
}

/* Rounding never makes a value read as the threshold that it misses. */
Test(writing, a_value_beside_its_threshold_is_never_rounded_onto_it)
{
    static const struct {
        double value, required;
        enum gates_unit unit;
        const char *text;
    } cases[] = {{12884901888, 12884901888, GATES_UNIT_BYTES, "12.0 GiB"},
                 {12841901888, 12884901888, GATES_UNIT_BYTES, "11.96 GiB"},
                 {12884891888, 12884901888, GATES_UNIT_BYTES, "12884891888 B"},
                 {12884901887, 12884901888, GATES_UNIT_BYTES, "12884901887 B"},
                 {11884901888, 12884901888, GATES_UNIT_BYTES, "11.1 GiB"},
                 {12884901889, 12884901888, GATES_UNIT_BYTES, "12884901889 B"},
                 {94.999, 95, GATES_UNIT_PERCENT, "94.999 %"},
                 {94.9, 95, GATES_UNIT_PERCENT, "94.9 %"},
                 {2.5, 2, GATES_UNIT_COUNT, "2.5"},
                 {0.1 + 0.2, 0.3, GATES_UNIT_NUMBER, "0.30000000000000004"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[GATES_VALUE_SIZE];
        cr_expect_str_eq(
            gates_format_judged(cases[i].value, cases[i].required, cases[i].unit, text),
            cases[i].text, "%s, not %s", text, cases[i].text);
    }
}
