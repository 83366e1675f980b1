/* Answers of before the last write: asked again, or said to be so. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/fixture.h"

static struct fixture fixture;
static size_t gate;
static struct gates_evidence evidence;
static struct gates_report *report;
static struct gates_answer answer;

static void open_gate(void) {
    fixture_open(&fixture, "2025-11-01", "2026-02-08");
    fixture_due(&fixture, fixture.range, 6);
    gate = fixture_gate(&fixture, "ready");
    answer = (struct gates_answer){.gate = "ready", .measured = true, .value = 0};
    evidence = (struct gates_evidence){.answers = &answer, .answer_count = 1, .written_by = "r-1"};
}

static void close_gate(void) {
    gates_report_free(report);
    report = NULL;
    fixture_close(&fixture);
}

TestSuite(written_since, .init = open_gate, .fini = close_gate);

/* One check, answered 60 s ago, when a run wrote `ago` ms ago (0: none did). */
static const struct gates_gate *judge(enum pipeline_check_kind kind, double value, int64_t ago) {
    struct pipeline_check *check = fixture_check(&fixture, gate, kind, 0);
    check->comparison = PIPELINE_EQUALS;
    check->value = 0;
    answer.check = check->name;
    answer.value = value;
    answer.at = fixture.as_of - 60000;
    evidence.written_at = ago == 0 ? 0 : fixture.as_of - ago;
    evidence.coverage = fixture_compute(&fixture);
    report = gates_judge(&fixture.pipeline, &evidence, fixture.as_of);
    return &report->gates[gate];
}

Test(written_since, a_query_of_before_is_stale)
{
    const struct gates_gate *ready = judge(PIPELINE_CHECK_QUERY, 0, 30000);
    cr_expect_eq(ready->verdict, GATES_STALE);
    cr_expect_str_eq(ready->checks[0].why, "not asked since run r-1 wrote");
}

Test(written_since, a_query_asked_after_counts)
{
    const struct gates_gate *ready = judge(PIPELINE_CHECK_QUERY, 0, 90000);
    cr_expect_eq(ready->verdict, GATES_GO);
    cr_expect_null(ready->checks[0].why);
}

Test(written_since, a_query_of_before_that_fails_is_stale_too_and_keeps_its_reason)
{
    const struct gates_gate *ready = judge(PIPELINE_CHECK_QUERY, 3, 30000);
    cr_expect_eq(ready->verdict, GATES_STALE);
    cr_expect_str_eq(ready->checks[0].why, "the query returned 3, required is 0");
}

Test(written_since, a_command_of_before_is_stale)
{
    const struct gates_gate *ready = judge(PIPELINE_CHECK_COMMAND, 0, 30000);
    cr_expect_eq(ready->verdict, GATES_STALE);
    cr_expect_str_eq(ready->checks[0].why, "not tried since run r-1 wrote");
}

Test(written_since, a_command_of_after_counts)
{ cr_expect_eq(judge(PIPELINE_CHECK_COMMAND, 0, 90000)->verdict, GATES_GO); }

Test(written_since, a_persons_yes_of_before_counts_and_is_said_to_be_so)
{
    const struct gates_gate *ready = judge(PIPELINE_CHECK_MANUAL, 1, 30000);
    cr_expect_eq(ready->verdict, GATES_GO);
    cr_expect_str_eq(ready->checks[0].why, "answered before run r-1 wrote");
}

Test(written_since, a_persons_yes_of_after_is_plain)
{ cr_expect_null(judge(PIPELINE_CHECK_MANUAL, 1, 90000)->checks[0].why); }

Test(written_since, credentials_do_not_change_by_a_write)
{
    const struct gates_gate *ready = judge(PIPELINE_CHECK_CREDENTIALS, 1, 30000);
    cr_expect_eq(ready->verdict, GATES_GO);
    cr_expect_null(ready->checks[0].why);
}
