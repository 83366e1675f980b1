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
