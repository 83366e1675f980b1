#include <stdlib.h>
#include <string.h>

#include "fixture.h"

static struct fixture f;

static void setup(void) {
    static const char *const argv[] = {"python3", "job.py", "--start-date", "{from}", "--end-date",
                                       "{to}",    NULL};
    fixture_open(&f);
    fixture_command(&f, 0, argv);
}
static void teardown(void) {
    fixture_close(&f);
}
TestSuite(plan, .init = setup, .fini = teardown);

static struct runs_plan *resolve(const struct runs_request *request) {
    struct runs_plan *plan = runs_plan_new(request, &f.error);
    cr_assert(plan != NULL, "%s", f.error.text);
    return plan;
}

static void refuses(const struct runs_request *request, enum error_exit code, const char *words) {
    struct runs_plan *plan = runs_plan_new(request, &f.error);
    cr_assert(plan == NULL);
    cr_assert(f.error.code == code, "%d %s", (int)f.error.code, f.error.text);
    cr_assert(strstr(f.error.text, words) != NULL, "%s", f.error.text);
}

Test(plan, a_range_is_one_command_and_claims_every_day_of_it)
{
    struct runs_request request = fixture_request(&f);
    struct runs_plan *plan = resolve(&request);
    cr_assert(plan->count == 1 && plan->items[0].step_count == 1);
    cr_assert_str_eq(plan->items[0].command,
                     "python3 job.py --start-date 2021-10-19 --end-date 2021-10-28");
    cr_assert_str_eq(plan->items[0].claims[0].resource, "nba.nba_analytics.team_defense");
    cr_assert(plan->items[0].claims[0].range_count == 1);
    cr_assert(plan->items[0].claims[0].ranges[0].to == DAY1 + 9);
    cr_assert(dayset_count(&plan->items[0].dates) == 10);
    runs_plan_free(plan);
}

Test(plan, counts_what_is_due_and_what_would_be_rewritten)
{
    struct dayset expected = dayset_new((struct day_range){DAY1, DAY1 + 30});
    struct dayset complete = dayset_new((struct day_range){DAY1, DAY1 + 30});
    dayset_add_range(&expected, (struct day_range){DAY1 + 2, DAY1 + 20});
    dayset_add_range(&complete, (struct day_range){DAY1 + 2, DAY1 + 4});
    struct runs_request request = fixture_request(&f);
    request.expected = &expected;
    request.complete = &complete;
    struct runs_plan *plan = resolve(&request);
    cr_assert(dayset_count(&plan->items[0].dates) == 8);
    cr_assert(plan->items[0].rewrites == 3);
    cr_assert(plan->items[0].range.from == DAY1 + 2, "it begins with the first date that is due");
    cr_assert(plan->items[0].tables[0].before_known &&
              dayset_count(&plan->items[0].tables[0].before) == 3);
    runs_plan_free(plan);
    dayset_free(&expected);
    dayset_free(&complete);
}

Test(plan, gaps_become_a_list_where_the_processor_takes_one)
{
    char *words[] = {(char[]){"--dates"}, (char[]){"{dates}"}, NULL};
    struct dayset missing = dayset_new((struct day_range){DAY1, DAY1 + 9});
    dayset_add_range(&missing, (struct day_range){DAY1, DAY1 + 1});
    dayset_add(&missing, DAY1 + 5);
    f.processors[0].dates_argument = (struct pipeline_strings){words, 2};
    struct runs_request request = fixture_request(&f);
    request.gaps = true;
    request.missing = &missing;
    struct runs_plan *plan = resolve(&request);
    cr_assert_str_eq(plan->items[0].command,
                     "python3 job.py --dates 2021-10-19,2021-10-20,2021-10-24");
    cr_assert(plan->items[0].claims[0].range_count == 2, "exactly the dates that are written");
    cr_assert(plan->items[0].range.to == DAY1 + 5);
    runs_plan_free(plan);
    dayset_free(&missing);
}

Test(plan, days_on_which_nothing_is_due_do_not_split_a_gap)
{
    struct dayset missing = dayset_new((struct day_range){DAY1, DAY1 + 9});
    struct dayset expected = dayset_new((struct day_range){DAY1, DAY1 + 9});
    dayset_add(&missing, DAY1);
    dayset_add(&missing, DAY1 + 3);
    dayset_add(&missing, DAY1 + 9);
    dayset_unite(&expected, &missing);
    dayset_add(&expected, DAY1 + 6);
    struct runs_request request = fixture_request(&f);
    request.gaps = true;
    request.missing = &missing;
    request.expected = &expected;
    struct runs_plan *plan = resolve(&request);
    cr_assert(plan->items[0].step_count == 2);
    cr_assert(plan->items[0].step_ranges[0].to == DAY1 + 3);
    cr_assert(strstr(plan->items[0].command, "(1 of 2)") != NULL);
    runs_plan_free(plan);
    dayset_free(&missing);
    dayset_free(&expected);
}

/* Working days of two weeks, the first of which is exempt. */
struct calendar {
    struct dayset due, exempt, excess, missing;
};

static struct calendar make_calendar(void) {
    struct day_range range = {DAY1, DAY1 + 20};
    struct calendar calendar = {dayset_new(range), dayset_new(range), dayset_new(range),
                                dayset_new(range)};
    for (int i = 0; i < 14; i++) {
        if (i % 7 < 5) {
            dayset_add(i == 0 ? &calendar.exempt : &calendar.due, DAY1 + i);
        }
    }
    return calendar;
}

static void free_calendar(struct calendar *calendar) {
    dayset_free(&calendar->due);
    dayset_free(&calendar->exempt);
    dayset_free(&calendar->excess);
    dayset_free(&calendar->missing);
}

static struct runs_request request_of(const struct calendar *calendar) {
    struct runs_request request = fixture_request(&f);
    request.range = (struct day_range){DAY1, DAY1 + 13};
    request.expected = &calendar->due;
    request.exempt = &calendar->exempt;
    request.excess = &calendar->excess;
    return request;
}

Test(plan, only_dates_that_are_due_are_listed)
{
    static const char list[] = "2021-10-20,2021-10-21,2021-10-22,2021-10-23,2021-10-26,2021-10-27,"
                               "2021-10-28,2021-10-29,2021-10-30";
    static const char *const in_command[] = {"job", "{dates}", NULL};
    static const char *const instead[] = {"job", "{from}", "{to}", NULL};
    char *words[] = {(char[]){"{dates}"}, NULL};
    struct calendar calendar = make_calendar();
    struct runs_request request = request_of(&calendar);
    fixture_command(&f, 0, in_command);
    for (int i = 0; i < 2; i++) {
        struct runs_plan *plan = resolve(&request);
        cr_expect_str_eq(plan->items[0].command + strlen("job "), list);
        cr_expect_eq(plan->items[0].claims[0].range_count, 2, "and nothing else is claimed");
        cr_expect_eq(plan->items[0].beside, 0);
        runs_plan_free(plan);
        fixture_command(&f, 0, instead);
        f.processors[0].dates_argument = (struct pipeline_strings){words, 1};
    }
    free_calendar(&calendar);
}

Test(plan, a_range_goes_from_the_first_due_date_to_the_last_and_tells_what_lies_between)
{
    struct calendar calendar = make_calendar();
    struct runs_request request = request_of(&calendar);
    struct runs_plan *plan = resolve(&request);
    cr_expect_str_eq(plan->items[0].command,
                     "python3 job.py --start-date 2021-10-20 --end-date 2021-10-30");
    cr_expect_eq(dayset_count(&plan->items[0].dates), 9);
    cr_expect_eq(plan->items[0].beside, 2, "the weekend");
    runs_plan_free(plan);
    free_calendar(&calendar);
}

Test(plan, no_command_covers_exempt_dates_between_two_seasons)
{
    struct calendar calendar = make_calendar();
    for (int i = 7; i < 10; i++) {
        dayset_remove(&calendar.due, DAY1 + i);
        dayset_add(&calendar.exempt, DAY1 + i);
    }
    struct runs_request request = request_of(&calendar);
    struct runs_plan *plan = resolve(&request);
    cr_expect_eq(plan->items[0].step_count, 2);
    cr_expect(plan->items[0].step_ranges[0].to == DAY1 + 4 &&
              plan->items[0].step_ranges[1].from == DAY1 + 10);
    cr_expect_eq(plan->items[0].beside, 0);
    runs_plan_free(plan);
    free_calendar(&calendar);
}

Test(plan, dates_with_too_many_rows_are_no_gaps)
{
    struct calendar calendar = make_calendar();
    dayset_add(&calendar.missing, DAY1 + 1);
    dayset_add(&calendar.missing, DAY1 + 3);
    dayset_add(&calendar.excess, DAY1 + 2);
    struct runs_request request = request_of(&calendar);
    request.gaps = true;
    request.missing = &calendar.missing;
    struct runs_plan *plan = resolve(&request);
    cr_expect_eq(plan->items[0].step_count, 2, "not even between two gaps");
    cr_expect_eq(plan->items[0].excess, 1);
    runs_plan_free(plan);
    dayset_remove(&calendar.missing, DAY1 + 1);
    dayset_remove(&calendar.missing, DAY1 + 3);
    refuses(&request, EXIT_NO_GO, "1 holds too many rows");
    free_calendar(&calendar);
}

Test(plan, refuses_the_future_an_empty_range_and_nothing_to_do)
{
    struct dayset none = dayset_new((struct day_range){DAY1, DAY1 + 9});
    struct runs_request request = fixture_request(&f);
    request.range.to = TODAY + 1;
    refuses(&request, EXIT_NO_GO, "future");
    request.range = (struct day_range){DAY1 + 1, DAY1};
    refuses(&request, EXIT_USAGE, "empty");
    request = fixture_request(&f);
    request.gaps = true;
    refuses(&request, EXIT_UNKNOWN, "not known");
    request.missing = &none;
    refuses(&request, EXIT_NO_GO, "nothing to do: no date is missing from 2021-10-19");
    dayset_free(&none);
}

Test(plan, only_go_or_an_override_passes_the_gate)
{
    static const char *const verdicts[] = {"NO-GO", "HOLD", "STALE", "UNKNOWN"};
    struct runs_request request = fixture_request(&f);
    request.gate.name = "phase3-ready";
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        request.gate.verdict = verdicts[i];
        refuses(&request, EXIT_NO_GO, verdicts[i]);
    }
    request.gate.override_reason = "two dates are postponed";
    struct runs_plan *plan = resolve(&request);
    cr_assert_str_eq(plan->override_reason, "two dates are postponed");
    runs_plan_free(plan);
    request.gate = (struct runs_gate){.name = "phase3-ready", .verdict = "GO"};
    runs_plan_free(resolve(&request));
}

Test(plan, refuses_a_dry_run_that_writes)
{
    static const char *const argv[] = {"python3",   "job.py",     "{from}",
                                       "--dry-run", "--parallel", NULL};
    fixture_command(&f, 0, argv);
    struct runs_request request = fixture_request(&f);
    refuses(&request, EXIT_NO_GO, "writes all the same");
}

Test(plan, refuses_a_group_that_would_write_the_same_dates_twice)
{
    static const char *const argv[] = {"python3", "{from}", NULL};
    f.group.runs.count = 2;
    f.pipeline.processor_count = 2;
    fixture_command(&f, 1, argv);
    struct runs_request request = fixture_request(&f);
    request.group = 0;
    request.processor = PIPELINE_NONE;
    refuses(&request, EXIT_NO_GO, "would both write");
}

Test(plan, says_before_the_launch_what_a_command_lacks)
{
    static const char *const lost[] = {"./no-such-job", "{from}", "{to}", NULL};
    static const char *const there[] = {"/bin/true", "{from}", "{to}", NULL};
    char nowhere[] = "/nonexistent/jobs", host[] = "far";
    fixture_command(&f, 0, there);
    struct runs_request request = fixture_request(&f);
    struct runs_plan *plan = resolve(&request);
    cr_expect_null(plan->items[0].warning, "%s", plan->items[0].warning);
    runs_plan_free(plan);
    f.processors[0].directory = nowhere;
    plan = resolve(&request);
    cr_expect_str_eq(plan->items[0].warning, "it will not start: the working directory "
                                             "/nonexistent/jobs is not there");
    runs_plan_free(plan);
    f.processors[0].ssh = host; /* it is one of the other host */
    plan = resolve(&request);
    cr_expect_null(plan->items[0].warning, "%s", plan->items[0].warning);
    runs_plan_free(plan);
    f.processors[0].ssh = NULL;
    f.processors[0].directory = f.directory;
    fixture_command(&f, 0, lost);
    plan = resolve(&request);
    cr_expect_str_eq(plan->items[0].warning, "it will not start: ./no-such-job is not there");
    runs_plan_free(plan);
}
