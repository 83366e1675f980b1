#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

static struct dayset days(int from, int to) {
    struct dayset set = dayset_new((struct day_range){DAY1, DAY1 + 99});
    dayset_add_range(&set, (struct day_range){DAY1 + from, DAY1 + to});
    return set;
}

struct verdict_case {
    const char *name;
    enum state_outcome outcome;
    int exit_code;
    int before_to, after_to; /* last complete day, of days 0 to 9; -1 none, -2 not known */
    bool newer;              /* coverage was read after the end */
    enum runs_verdict verdict;
    const char *text;
};

Test(verdict, joins_wait_status_and_coverage)
{
    static const struct verdict_case table[] = {
        {"alive", STATE_OUTCOME_NONE, -1, -1, 9, true, RUNS_UNDECIDED, "not ended"},
        {"all there", STATE_OUTCOME_OK, 0, -1, 9, true, RUNS_VERIFIED, "10 of 10 dates verified"},
        {"all there again", STATE_OUTCOME_OK, 0, 9, 9, true, RUNS_VERIFIED,
         "10 of 10 dates verified"},
        {"no coverage since", STATE_OUTCOME_OK, 0, -1, 9, false, RUNS_UNDECIDED,
         "waiting for coverage"},
        {"never measured", STATE_OUTCOME_OK, 0, -1, -2, true, RUNS_UNDECIDED,
         "waiting for coverage"},
        {"some there", STATE_OUTCOME_OK, 0, -1, 6, true, RUNS_ENDED_WITH_GAPS,
         "exit 0 but 3 of 10 dates still missing"},
        {"nothing moved", STATE_OUTCOME_OK, 0, 4, 4, true, RUNS_NO_EFFECT,
         "exit 0 but coverage did not move: 5 of 10 dates still missing"},
        {"nothing there", STATE_OUTCOME_OK, 0, -2, -1, true, RUNS_NO_EFFECT,
         "exit 0 but coverage did not move: 10 of 10 dates still missing"},
        {"before not known", STATE_OUTCOME_OK, 0, -2, 4, true, RUNS_ENDED_WITH_GAPS,
         "exit 0 but 5 of 10 dates still missing"},
        {"failed early", STATE_OUTCOME_FAILED, 1, -1, 9, false, RUNS_FAILED,
         "exit 1, waiting for coverage"},
        {"failed and all there", STATE_OUTCOME_FAILED, 1, -1, 9, true, RUNS_FAILED,
         "exit 1, 10 of 10 dates complete"},
        {"stopped", STATE_OUTCOME_STOPPED, -1, -1, 3, true, RUNS_STOPPED,
         "stopped by naji@ops, 4 of 10 dates complete"},
        {"lost is never green", STATE_OUTCOME_LOST, -1, -1, 9, true, RUNS_LOST,
         "nobody saw it end, 10 of 10 dates complete"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct verdict_case *one = &table[i];
        struct dayset dates = days(0, 9);
        struct dayset before = days(0, one->before_to);
        struct dayset after = days(0, one->after_to);
        struct runs_table_witness witness = {.before = one->before_to == -2 ? NULL : &before,
                                             .after = one->after_to == -2 ? NULL : &after,
                                             .measured_at = one->newer ? 2000 : 1000};
        struct runs_witnesses witnesses = {.outcome = one->outcome,
                                           .exit_code = one->exit_code,
                                           .signal = -1,
                                           .stop_by = "naji@ops",
                                           .ended_at = 1500,
                                           .dates = &dates,
                                           .tables = &witness,
                                           .table_count = 1,
                                           .log_failed = -1};
        struct runs_judgement judgement;
        runs_judge(&witnesses, &judgement);
        cr_assert(judgement.verdict == one->verdict, "%s: %s", one->name, judgement.text);
        cr_assert_str_eq(judgement.text, one->text, "%s: %s", one->name, judgement.text);
        runs_judgement_clear(&judgement);
        dayset_free(&dates);
        dayset_free(&before);
        dayset_free(&after);
    }
}

Test(verdict, is_of_the_worst_of_its_tables)
{
    struct dayset dates = days(0, 9);
    struct dayset none = days(0, -1);
    struct dayset all = days(0, 9);
    struct dayset half = days(5, 9);
    struct runs_table_witness tables[] = {{&none, &all, NULL, 2000}, {&none, &half, NULL, 2000}};
    struct runs_witnesses witnesses = {.outcome = STATE_OUTCOME_OK,
                                       .ended_at = 1500,
                                       .dates = &dates,
                                       .tables = tables,
                                       .table_count = 2};
    struct runs_judgement judgement;
    runs_judge(&witnesses, &judgement);
    cr_assert(judgement.verdict == RUNS_ENDED_WITH_GAPS && judgement.complete == 5 &&
              judgement.gained == 5);
    cr_assert(dayset_count(&judgement.missing) == 5 && dayset_has(&judgement.missing, DAY1));
    runs_judgement_clear(&judgement);
    tables[1].measured_at = 1500;
    runs_judge(&witnesses, &judgement);
    cr_assert(judgement.verdict == RUNS_UNDECIDED, "one table was read before the end");
    runs_judgement_clear(&judgement);
    dayset_free(&dates);
    dayset_free(&none);
    dayset_free(&all);
    dayset_free(&half);
}

Test(verdict, says_what_the_log_reports_and_verifies_by_coverage_alone)
{
    struct dayset dates = days(0, 9);
    struct dayset none = days(0, -1);
    struct runs_table_witness table = {&none, &none, NULL, 2000};
    struct runs_witnesses witnesses = {.outcome = STATE_OUTCOME_OK,
                                       .ended_at = 1500,
                                       .dates = &dates,
                                       .tables = &table,
                                       .table_count = 1,
                                       .log_failed = 2,
                                       .log_skipped = 3};
    struct runs_judgement judgement;
    runs_judge(&witnesses, &judgement);
    cr_assert(judgement.verdict == RUNS_NO_EFFECT);
    cr_assert(strstr(judgement.text, "its log reports 2 failed, 3 skipped") != NULL, "%s",
              judgement.text);
    runs_judgement_clear(&judgement);
    witnesses.table_count = 0;
    runs_judge(&witnesses, &judgement);
    cr_assert(judgement.verdict == RUNS_UNDECIDED, "no table, no evidence");
    runs_judgement_clear(&judgement);
    dayset_free(&dates);
    dayset_free(&none);
}

Test(verdict, names_the_signal)
{
    struct dayset dates = days(0, 9);
    struct runs_witnesses witnesses = {
        .outcome = STATE_OUTCOME_FAILED, .exit_code = -1, .signal = SIGKILL, .dates = &dates};
    struct runs_judgement judgement;
    runs_judge(&witnesses, &judgement);
    cr_assert_str_eq(judgement.text, "killed by SIGKILL, waiting for coverage");
    runs_judgement_clear(&judgement);
    witnesses.spawn_error = "python3: No such file or directory";
    runs_judge(&witnesses, &judgement);
    cr_assert_str_eq(judgement.text,
                     "did not start: python3: No such file or directory, waiting for coverage");
    runs_judgement_clear(&judgement);
    dayset_free(&dates);
}

Test(verdict, counts_the_commands_that_ran_before_one_that_could_not_be_started)
{
    struct dayset dates = days(0, 9);
    struct runs_witnesses witnesses = {.outcome = STATE_OUTCOME_SPAWN_ERROR,
                                       .exit_code = -1,
                                       .signal = -1,
                                       .spawn_error = "there is no program dbt in PATH",
                                       .steps = 3,
                                       .steps_left = 1,
                                       .dates = &dates};
    struct runs_judgement judgement;
    runs_judge(&witnesses, &judgement);
    cr_expect_str_eq(judgement.text, "1 of 3 commands ran; command 2 could not be started: there "
                                     "is no program dbt in PATH, waiting for coverage");
    runs_judgement_clear(&judgement);
    witnesses.steps_failed = 1;
    runs_judge(&witnesses, &judgement);
    cr_expect_str_eq(judgement.text,
                     "1 of 3 commands ran; command 2 could not be started: there is no program dbt "
                     "in PATH, waiting for coverage; 1 of its 3 commands failed, 1 never ran");
    runs_judgement_clear(&judgement);
    witnesses.steps_failed = 0;
    witnesses.steps_left = 2;
    runs_judge(&witnesses, &judgement);
    cr_expect_str_eq(judgement.text, "did not start: there is no program dbt in PATH, waiting for "
                                     "coverage");
    runs_judgement_clear(&judgement);
    dayset_free(&dates);
}

Test(verdict, says_of_no_failed_run_that_its_exit_was_0)
{
    struct dayset dates = days(0, 9);
    struct runs_witnesses witnesses = {.outcome = STATE_OUTCOME_FAILED,
                                       .exit_code = 0,
                                       .signal = -1,
                                       .steps = 3,
                                       .steps_left = 1,
                                       .dates = &dates};
    struct runs_judgement judgement;
    runs_judge(&witnesses, &judgement);
    cr_expect_str_eq(judgement.text,
                     "the last command that ran ended well, but not all did, waiting for coverage; "
                     "0 of its 3 commands failed, 1 never ran");
    runs_judgement_clear(&judgement);
    dayset_free(&dates);
}

Test(verdict, dates_with_too_many_rows_are_not_missing)
{
    static const struct {
        enum state_outcome outcome;
        int exit_code, complete_to, excess_from;
        enum runs_verdict verdict;
        const char *text;
    } table[] = {
        {STATE_OUTCOME_OK, 0, -1, 0, RUNS_ENDED_WITH_GAPS,
         "exit 0 but 10 of 10 dates hold too many rows"},
        {STATE_OUTCOME_OK, 0, 4, 8, RUNS_ENDED_WITH_GAPS,
         "exit 0 but 3 of 10 dates still missing, 2 hold too many rows"},
        {STATE_OUTCOME_FAILED, 1, 4, 8, RUNS_FAILED,
         "exit 1, 5 of 10 dates complete, 2 with too many rows"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct dayset dates = days(0, 9);
        struct dayset before = days(0, -1);
        struct dayset after = days(0, table[i].complete_to);
        struct dayset excess = days(table[i].excess_from, 20);
        struct runs_table_witness witness = {&before, &after, &excess, 2000};
        struct runs_witnesses witnesses = {.outcome = table[i].outcome,
                                           .exit_code = table[i].exit_code,
                                           .signal = -1,
                                           .ended_at = 1500,
                                           .dates = &dates,
                                           .tables = &witness,
                                           .table_count = 1,
                                           .log_failed = -1};
        struct runs_judgement judgement;
        runs_judge(&witnesses, &judgement);
        cr_expect_eq(judgement.verdict, table[i].verdict);
        cr_expect_str_eq(judgement.text, table[i].text);
        runs_judgement_clear(&judgement);
        dayset_free(&dates);
        dayset_free(&before);
        dayset_free(&after);
        dayset_free(&excess);
    }
}
