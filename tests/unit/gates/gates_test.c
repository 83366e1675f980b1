#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/percent.h"
#include "gates/gates_text.h"
#include "tests/support/fixture.h"

/* A hundred dates of one season, two tables: the second needs the first. */
static struct fixture fixture;
static size_t table;
static size_t downstream;
static size_t gate;
static struct gates_evidence evidence;
static struct gates_report *report;

static void open_gate(void) {
    fixture_open(&fixture, "2025-11-01", "2026-02-08");
    (void)fixture_season(&fixture, "2025-26", "2025-11-01", "2026-06-30", "2026-02-01");
    fixture_due(&fixture, fixture.range, 6);
    table = fixture_table(&fixture, "summary", 0);
    downstream = fixture_table(&fixture, "analysis", fixture_phase(&fixture, "phase2"));
    fixture_needs(&fixture, downstream, table);
    fixture_fill(&fixture, table, fixture.range, 12, 6);
    gate = fixture_gate(&fixture, "ready");
    evidence = (struct gates_evidence){0};
}

static void close_gate(void) {
    gates_report_free(report);
    report = NULL;
    fixture_close(&fixture);
}

TestSuite(gates, .init = open_gate, .fini = close_gate);

static const struct gates_gate *judge(void) {
    gates_report_free(report);
    evidence.coverage = fixture_compute(&fixture);
    report = gates_judge(&fixture.pipeline, &evidence, fixture.as_of);
    return &report->gates[gate];
}

static struct pipeline_check *add(enum pipeline_check_kind kind) {
    return fixture_check(&fixture, gate, kind, table);
}

static struct pipeline_check *add_coverage(int minimum) {
    struct pipeline_check *check = add(PIPELINE_CHECK_COVERAGE);
    check->minimum = minimum;
    return check;
}

/* The last dates of the table lose their rows. */
static void lose(int dates) {
    struct day_range last = {fixture.range.to - dates + 1, fixture.range.to};
    fixture_fill(&fixture, table, last, 0, 0);
}

Test(gates, all_inputs_measured_fresh_and_passing_is_go)
{
    (void)add_coverage(9500);
    lose(5);
    const struct gates_gate *ready = judge();
    cr_assert_eq(ready->verdict, GATES_GO);
    cr_assert_eq(ready->measured, 1);
    cr_assert_eq(ready->total, 1);
    cr_assert_float_eq(ready->checks[0].value, 95.0, 1e-9);
    cr_assert_float_eq(ready->checks[0].margin, 0, 1e-9);
    cr_assert_eq(ready->checks[0].age_ms, 14000);
    cr_assert_null(ready->checks[0].why);
    cr_assert_eq(gates_exit(report, gate), EXIT_GO);
}

Test(gates, short_of_the_minimum_is_no_go_and_says_what_it_blocks)
{
    (void)add_coverage(9500);
    lose(6);
    const struct gates_gate *ready = judge();
    const struct gates_check *check = &ready->checks[0];
    cr_assert_eq(ready->verdict, GATES_NO_GO);
    cr_assert_eq(check->result, GATES_RESULT_FAIL);
    cr_assert_float_eq(check->margin, -1.0, 1e-9);
    cr_assert_str_eq(check->why, "6 of 100 dates are not complete");
    cr_assert_eq(check->blocks.count, 1);
    cr_assert_eq(check->blocks.items[0], downstream);
    cr_assert_eq(check->blocked_percent, 60);
    cr_assert_eq(gates_exit(report, PIPELINE_NONE), EXIT_NO_GO);
}

Test(gates, a_gate_without_checks_proves_nothing)
{
    cr_assert_eq(judge()->verdict, GATES_UNKNOWN);
    cr_assert_eq(gates_exit(report, gate), EXIT_UNKNOWN);
}

Test(gates, no_coverage_at_all_is_unknown)
{
    (void)add_coverage(9500);
    report = gates_judge(&fixture.pipeline, &evidence, fixture.as_of);
    cr_assert_eq(report->gates[gate].verdict, GATES_UNKNOWN);
    cr_assert_eq(report->gates[gate].measured, 0);
    cr_assert_float_eq(report->gates[gate].checks[0].required, 95.0, 1e-9);
}

/* The night of 2026-01-05: two of five tables were looked at. */
Test(gates, one_table_that_was_not_measured_is_unknown_whatever_the_others_say)
{
    (void)add_coverage(9500);
    fixture_check(&fixture, gate, PIPELINE_CHECK_COVERAGE, downstream)->minimum = 9500;
    coverage_measurement_free(&fixture.tables[downstream]);
    const struct gates_gate *ready = judge();
    cr_assert_eq(ready->verdict, GATES_UNKNOWN);
    cr_assert_eq(ready->measured, 1);
    cr_assert_eq(ready->total, 2);
    cr_assert_str_eq(ready->checks[1].why, "never measured");
    cr_assert_eq(ready->checks[1].age_ms, -1);
}

Test(gates, evidence_turns_stale_then_unknown_and_keeps_its_number)
{
    (void)add_coverage(9500);
    fixture.tables[table].measured_at = fixture.tables[table].confirmed_at = fixture.as_of - 400000;
    cr_assert_eq(judge()->verdict, GATES_STALE);
    cr_assert(report->gates[gate].checks[0].measured);
    cr_assert_not(report->gates[gate].checks[0].fresh);
    cr_assert_eq(report->gates[gate].measured, 0);
    cr_assert_str_eq(report->gates[gate].checks[0].why, "not confirmed for 6 min");
    fixture.tables[table].measured_at = fixture.tables[table].confirmed_at =
        fixture.as_of - 4000000;
    cr_assert_eq(judge()->verdict, GATES_UNKNOWN);
    cr_assert_float_eq(report->gates[gate].checks[0].value, 100.0, 1e-9);
}

Test(gates, a_failed_poll_takes_go_back_at_once)
{
    (void)add_coverage(9500);
    fixture_error(&fixture.tables[table], "503 backendError");
    cr_assert_eq(judge()->verdict, GATES_STALE);
    cr_assert_str_eq(report->gates[gate].checks[0].why, "503 backendError");
}

Test(gates, stale_beats_no_go_and_a_hold_beats_everything)
{
    static const struct gates_mark hold = {.gate = "ready", .hold = true, .by = "naji", .at = 5};
    (void)add_coverage(9500);
    lose(50);
    fixture.tables[table].measured_at = fixture.tables[table].confirmed_at = fixture.as_of - 400000;
    cr_assert_eq(judge()->verdict, GATES_STALE);
    evidence.marks = &hold;
    evidence.mark_count = 1;
    cr_assert_eq(judge()->verdict, GATES_HOLD);
    cr_assert_eq(report->gates[gate].mark, &hold);
    cr_assert_eq(gates_exit(report, gate), EXIT_NO_GO);
}

Test(gates, an_override_is_shown_and_changes_no_verdict)
{
    static const struct gates_mark marks[] = {{.gate = "other", .hold = true},
                                              {.gate = "ready", .by = "naji", .at = 5}};
    (void)add_coverage(9500);
    lose(50);
    evidence.marks = marks;
    evidence.mark_count = 2;
    cr_assert_eq(judge()->verdict, GATES_NO_GO);
    cr_assert_eq(report->gates[gate].mark, &marks[1]);
}

Test(gates, nothing_attainable_is_unknown)
{
    (void)add_coverage(9500);
    fixture.pipeline.tables[table].bootstrap_days = 200;
    cr_assert_eq(judge()->verdict, GATES_UNKNOWN);
    cr_assert_str_eq(report->gates[gate].checks[0].why, "no dates are attainable");
}

Test(gates, a_check_without_a_limit_is_unknown)
{
    (void)add_coverage(0);
    cr_assert_eq(judge()->verdict, GATES_UNKNOWN);
}

Test(gates, a_share_is_judged_exactly_and_never_rounded_into_the_threshold)
{
    struct pipeline_check *check = add_coverage(9496);
    lose(5);
    cr_assert_eq(judge()->verdict, GATES_GO);
    cr_assert_geq(report->gates[gate].checks[0].margin, 0);
    check->minimum = 9501;
    cr_assert_eq(judge()->verdict, GATES_NO_GO);
    cr_assert_lt(report->gates[gate].checks[0].margin, 0);
}

Test(gates, thresholds_come_in_three_steps)
{
    struct pipeline_check *check = add_coverage(8500);
    check->target = 9000;
    check->optimal = 9500;
    static const struct { int lost, step; } cases[] = {{16, 0}, {15, 1}, {10, 2}, {5, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lose(cases[i].lost);
        cr_assert_eq(judge()->checks[0].step, cases[i].step);
        fixture_fill(&fixture, table, fixture.range, 12, 6);
    }
}

Test(gates, missing_at_most_counts_every_date_that_is_not_complete)
{
    struct pipeline_check *check = add_coverage(0);
    check->missing_at_most = 1;
    fixture.pipeline.tables[table].rows =
        (struct pipeline_rows_rule){.kind = PIPELINE_ROWS_PER_DAY, .value = 12};
    lose(1);
    cr_assert_eq(judge()->verdict, GATES_GO);
    cr_assert_eq(report->gates[gate].checks[0].unit, GATES_UNIT_COUNT);
    fixture_fill(&fixture, table, fixture_days("2025-11-01", "2025-11-01"), 3, 2);
    cr_assert_eq(judge()->verdict, GATES_NO_GO);
    cr_assert_float_eq(report->gates[gate].checks[0].value, 2, 1e-9);
    cr_assert_float_eq(report->gates[gate].checks[0].margin, -1, 1e-9);
    check->minimum = 5000;
    cr_assert_eq(judge()->verdict, GATES_NO_GO, "both limits hold");
    cr_assert_eq(report->gates[gate].checks[0].unit, GATES_UNIT_COUNT);
}

Test(gates, a_segment_is_judged_by_itself)
{
    struct pipeline_check *check = add_coverage(9500);
    lose(4);
    check->segment = PIPELINE_SEGMENT_REGULAR;
    cr_assert_eq(judge()->verdict, GATES_GO);
    check->segment = PIPELINE_SEGMENT_PLAYOFFS;
    cr_assert_eq(judge()->verdict, GATES_NO_GO);
    cr_assert_float_eq(report->gates[gate].checks[0].value, 50.0, 1e-9);
}

Test(gates, each_season_must_reach_the_minimum)
{
    struct pipeline_check *check = add_coverage(9000);
    fixture.pipeline.seasons[0].range.to = fixture_day("2026-01-31");
    fixture.pipeline.seasons[0].playoffs_from = DAY_NONE;
    (void)fixture_season(&fixture, "second", "2026-02-01", "2026-02-28", NULL);
    (void)fixture_season(&fixture, "third", "2026-10-01", "2027-06-30", NULL);
    lose(8);
    cr_assert_eq(judge()->verdict, GATES_GO, "92 of 100 over all");
    check->each_season = true;
    cr_assert_eq(judge()->verdict, GATES_NO_GO);
    cr_assert_str_eq(report->gates[gate].checks[0].why, "second: 8 of 8 dates are not complete");
    fixture_fill(&fixture, table, fixture.range, 12, 6);
    cr_assert_eq(judge()->verdict, GATES_GO, "a season that has not begun is not judged");
    fixture_due(&fixture, fixture_days("2026-02-01", "2026-02-08"), 0);
    cr_assert_eq(judge()->verdict, GATES_UNKNOWN, "a season of which nothing is due is not");
}

/* 2026-01-03: coverage in games. */
Test(gates, coverage_can_be_counted_in_games)
{
    struct pipeline_check *check = add_coverage(8000);
    check->unit = PIPELINE_UNIT_GAMES;
    fixture_fill(&fixture, table, fixture.range, 10, 5);
    cr_assert_float_eq(judge()->checks[0].value, 83.3, 1e-9);
    cr_assert_eq(report->gates[gate].verdict, GATES_GO);
    free(fixture.pipeline.tables[table].entity);
    fixture.pipeline.tables[table].entity = NULL;
    fixture_fill(&fixture, table, fixture.range, 10, -1);
    cr_assert_eq(judge()->verdict, GATES_UNKNOWN);
}

Test(gates, rows_judges_the_dates_that_have_rows)
{
    add(PIPELINE_CHECK_ROWS)->minimum = 9500;
    fixture.pipeline.tables[table].rows =
        (struct pipeline_rows_rule){.kind = PIPELINE_ROWS_PER_GAME, .value = 2};
    lose(50);
    cr_assert_eq(judge()->verdict, GATES_GO);
    fixture_fill(&fixture, table, fixture_days("2025-11-01", "2025-11-03"), 2, 1);
    cr_assert_eq(judge()->verdict, GATES_NO_GO);
    cr_assert_str_eq(report->gates[gate].checks[0].why, "3 of 50 dates with rows have too few");
    lose(100);
    cr_assert_eq(judge()->verdict, GATES_UNKNOWN);
}

/* Incidents 3 and 13: rows that are there and wrong. */
Test(gates, null_rate_has_a_limit_and_is_unknown_when_not_counted)
{
    add(PIPELINE_CHECK_NULL_RATE)->maximum = 500;
    cr_assert_eq(judge()->verdict, GATES_UNKNOWN);
    fixture.pipeline.tables[table].null_of = memory_copy_string("opp_paint_attempts");
    fixture_fill(&fixture, table, fixture.range, 12, 6);
    fixture.tables[table].counts[0].nulls = 60;
    cr_assert_eq(judge()->verdict, GATES_GO, "60 of 1200 are 5 %%");
    fixture.tables[table].counts[0].nulls = 61;
    cr_assert_eq(judge()->verdict, GATES_NO_GO);
    cr_assert_float_eq(report->gates[gate].checks[0].value, 5.1, 1e-9);
    cr_assert_str_eq(report->gates[gate].checks[0].why, "61 of 1200 rows have NULL");
    lose(100);
    cr_assert_eq(judge()->verdict, GATES_UNKNOWN, "no rows, no rate");
}

Test(gates, fallback_rate_has_a_limit)
{
    add(PIPELINE_CHECK_FALLBACK_RATE)->maximum = 500;
    fixture.pipeline.tables[table].fallback = memory_copy_string("is_synthetic");
    fixture_fill(&fixture, table, fixture.range, 12, 6);
    cr_assert_eq(judge()->verdict, GATES_GO);
    fixture.tables[table].counts[0].fallbacks = 400;
    cr_assert_eq(judge()->verdict, GATES_NO_GO);
}

/* Incident 15. */
Test(gates, duplicates_need_a_rule_and_allow_none)
{
    (void)add(PIPELINE_CHECK_DUPLICATES);
    cr_assert_eq(judge()->verdict, GATES_UNKNOWN);
    fixture.pipeline.tables[table].duplicates_above =
        (struct pipeline_rows_rule){.kind = PIPELINE_ROWS_PER_GAME, .value = 2};
    cr_assert_eq(judge()->verdict, GATES_GO);
    fixture_fill(&fixture, table, fixture_days("2025-11-03", "2025-11-03"), 24, 6);
    cr_assert_eq(judge()->verdict, GATES_NO_GO);
    cr_assert_float_eq(report->gates[gate].checks[0].margin, -1, 1e-9);
}

static struct gates_answer answer;

static void answer_with(const char *check, double value) {
    answer = (struct gates_answer){.gate = "ready",
                                   .check = check,
                                   .measured = true,
                                   .value = value,
                                   .at = fixture.as_of - 1000};
    evidence.answers = &answer;
    evidence.answer_count = 1;
}

Test(gates, a_query_is_compared_as_the_file_says)
{
    struct pipeline_check *check = add(PIPELINE_CHECK_QUERY);
    check->value = 50;
    cr_assert_eq(judge()->verdict, GATES_UNKNOWN);
    static const struct {
        int comparison;
        double value;
        enum gates_verdict verdict;
    } cases[] = {{PIPELINE_AT_LEAST, 50, GATES_GO},
                 {PIPELINE_AT_LEAST, 49, GATES_NO_GO},
                 {PIPELINE_AT_MOST, 50, GATES_GO},
                 {PIPELINE_AT_MOST, 51, GATES_NO_GO},
                 {PIPELINE_EQUALS, 50, GATES_GO},
                 {PIPELINE_EQUALS, 51, GATES_NO_GO},
                 {PIPELINE_EQUALS, 49, GATES_NO_GO},
                 {PIPELINE_AT_LEAST, NAN, GATES_UNKNOWN},
                 {PIPELINE_AT_MOST, -INFINITY, GATES_UNKNOWN}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check->comparison = (unsigned)cases[i].comparison;
        answer_with("query", cases[i].value);
        cr_assert_eq(judge()->verdict, cases[i].verdict, "case %zu", i);
    }
    check->comparison = PIPELINE_AT_LEAST;
    answer_with("query", 12);
    cr_assert_str_eq(judge()->checks[0].why, "the query returned 12, required is at least 50");
}

Test(gates, a_number_is_written_long_enough_to_decide_by)
{
    struct pipeline_check *check = add(PIPELINE_CHECK_QUERY);
    char text[GATES_VALUE_SIZE];
    check->comparison = PIPELINE_EQUALS;
    check->value = 0.3;
    answer_with("query", 0.1 + 0.2);
    cr_assert_eq(judge()->verdict, GATES_NO_GO);
    cr_assert_str_eq(report->gates[gate].checks[0].why,
                     "the query returned 0.30000000000000004, required is 0.3");
    answer_with("query", 0.3);
    cr_assert_eq(judge()->verdict, GATES_GO);
    cr_expect_not(signbit(report->gates[gate].checks[0].margin));
    static const struct {
        double value;
        const char *text;
    } numbers[] = {{0.1, "0.1"},
                   {50, "50"},
                   {-0.0, "0"},
                   {-3, "-3"},
                   {1e14, "100000000000000"},
                   {1234567890.125, "1234567890.125"},
                   {1.0 / 3, "0.3333333333333333"},
                   {1e300, "1e+300"}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        cr_expect_str_eq(gates_format_value(numbers[i].value, GATES_UNIT_NUMBER, text),
                         numbers[i].text);
        cr_expect_eq(strtod(text, NULL), numbers[i].value);
    }
}

Test(gates, credentials_that_are_refused_say_what_is_wrong_with_them)
{
    (void)add(PIPELINE_CHECK_CREDENTIALS);
    answer_with("credentials", 0);
    cr_assert_eq(judge()->verdict, GATES_NO_GO);
    cr_assert_str_eq(report->gates[gate].checks[0].why, "the credentials were refused");
    answer.why = "the login was revoked";
    cr_assert_eq(judge()->verdict, GATES_NO_GO);
    cr_assert_str_eq(report->gates[gate].checks[0].why, "the login was revoked");
}

Test(gates, an_answer_that_failed_or_belongs_elsewhere_is_unknown)
{
    add(PIPELINE_CHECK_QUERY)->value = 1;
    answer_with("query", 5);
    answer.measured = false;
    answer.error = "timed out after 60 s";
    cr_assert_eq(judge()->verdict, GATES_UNKNOWN);
    cr_assert_str_eq(report->gates[gate].checks[0].why, "timed out after 60 s");
    answer_with("query", 5);
    answer.gate = "another";
    cr_assert_eq(judge()->verdict, GATES_UNKNOWN);
}

Test(gates, an_answer_ages_as_a_measurement_does)
{
    add(PIPELINE_CHECK_QUERY)->value = 1;
    answer_with("query", 5);
    answer.at = fixture.as_of - 300001;
    cr_assert_eq(judge()->verdict, GATES_STALE);
    answer.at = fixture.as_of - 2100001;
    cr_assert_eq(judge()->verdict, GATES_UNKNOWN);
    answer.at = fixture.as_of + 300001;
    cr_assert_eq(judge()->verdict, GATES_STALE);
}

Test(gates, a_persons_answer_holds_for_one_night)
{
    (void)add(PIPELINE_CHECK_MANUAL);
    cr_assert_eq(judge()->verdict, GATES_UNKNOWN);
    cr_assert_str_eq(report->gates[gate].checks[0].why, "waits for a person's answer");
    answer_with("manual", 1);
    answer.at = fixture.as_of - GATES_MANUAL_LIMIT_MS;
    cr_assert_eq(judge()->verdict, GATES_GO);
    answer.at--;
    cr_assert_eq(judge()->verdict, GATES_STALE);
    answer_with("manual", 0);
    cr_assert_eq(judge()->verdict, GATES_NO_GO);
}

Test(gates, commands_credentials_and_disk_have_their_own_measure)
{
    struct {
        enum pipeline_check_kind kind;
        const char *name;
        double good, bad;
    } cases[] = {{PIPELINE_CHECK_COMMAND, "command", 0, 3},
                 {PIPELINE_CHECK_CREDENTIALS, "credentials", 1, 0},
                 {PIPELINE_CHECK_DISK, "disk", 2e9, 1e8}};
    for (size_t i = 0; i < 3; i++) {
        fixture.pipeline.gates[gate].check_count = 0;
        struct pipeline_check *check = add(cases[i].kind);
        char *name = check->name;
        check->value = cases[i].kind == PIPELINE_CHECK_DISK ? 1e9 : 0;
        answer_with(cases[i].name, cases[i].good);
        cr_assert_eq(judge()->verdict, GATES_GO, "%s", cases[i].name);
        answer_with(cases[i].name, cases[i].bad);
        cr_assert_eq(judge()->verdict, GATES_NO_GO, "%s", cases[i].name);
        if (i < 2) {
            gates_report_free(report);
            report = NULL;
            free(name);
        }
    }
}

Test(gates, runs_pass_when_all_of_the_group_ended_and_were_verified)
{
    static const struct {
        struct gates_group_runs runs;
        enum gates_verdict verdict;
    } cases[] = {{{0, 2, 2, 2, 0, 0, 0, 0, false}, GATES_GO},
                 {{0, 2, 2, 1, 0, 1, 0, 0, false}, GATES_NO_GO},
                 {{0, 2, 1, 1, 1, 0, 0, 0, false}, GATES_NO_GO},
                 {{0, 2, 0, 0, 0, 0, 0, 0, false}, GATES_NO_GO},
                 {{0, 1, 1, 1, 0, 0, 0, 0, false}, GATES_UNKNOWN},
                 {{1, 2, 2, 2, 0, 0, 0, 0, false}, GATES_UNKNOWN},
                 /* nothing to do is as good as verified, on evidence that is fresh */
                 {{0, 2, 1, 1, 0, 0, 1, 0, false}, GATES_GO},
                 {{0, 2, 0, 0, 0, 0, 2, 0, false}, GATES_GO},
                 {{0, 2, 0, 0, 0, 0, 1, 0, false}, GATES_NO_GO},
                 {{0, 2, 1, 0, 0, 1, 1, 0, false}, GATES_NO_GO},
                 {{0, 2, 0, 0, 0, 0, 2, 400000, false}, GATES_STALE},
                 {{0, 2, 0, 0, 0, 0, 2, 0, true}, GATES_STALE}};
    fixture.pipeline.groups[0] = (struct pipeline_group){
        .name = memory_copy_string("group1"),
        .runs = {.items = memory_new(2, sizeof(size_t)), .count = 2},
    };
    fixture.pipeline.group_count = 1;
    (void)add(PIPELINE_CHECK_RUNS);
    cr_assert_eq(judge()->verdict, GATES_UNKNOWN);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gates_group_runs runs = cases[i].runs; /* the evidence's time is given as an age */
        runs.idle_evidence_at = fixture.as_of - runs.idle_evidence_at;
        evidence.groups = &runs;
        evidence.group_count = 1;
        cr_assert_eq(judge()->verdict, cases[i].verdict, "case %zu", i);
    }
}

Test(gates, are_ordered_worst_first)
{
    size_t order[4];
    (void)add_coverage(5000);
    (void)add_coverage(9500);
    (void)add_coverage(9900);
    (void)add(PIPELINE_CHECK_QUERY);
    lose(20);
    gates_order(judge(), 4, order);
    const size_t expected[] = {3, 2, 1, 0};
    cr_assert_arr_eq(order, expected, sizeof order);
}

Test(gates, the_exit_code_is_that_of_the_worst)
{
    size_t second = fixture_gate(&fixture, "second");
    (void)add_coverage(9500);
    fixture_check(&fixture, second, PIPELINE_CHECK_COVERAGE, downstream)->minimum = 9500;
    (void)judge();
    cr_assert_eq(gates_exit(report, gate), EXIT_GO);
    cr_assert_eq(gates_exit(report, second), EXIT_NO_GO);
    cr_assert_eq(gates_exit(report, PIPELINE_NONE), EXIT_NO_GO);
    coverage_measurement_free(&fixture.tables[table]);
    (void)judge();
    cr_assert_eq(gates_exit(report, gate), EXIT_UNKNOWN);
    cr_assert_eq(gates_exit(report, PIPELINE_NONE), EXIT_NO_GO, "what is not known hides no NO-GO");
    fixture.pipeline.gate_count = 0;
    struct gates_report *none = gates_judge(&fixture.pipeline, &evidence, fixture.as_of);
    cr_assert_eq(gates_exit(none, PIPELINE_NONE), EXIT_UNKNOWN);
    gates_report_free(none);
    fixture.pipeline.gate_count = 2;
}
