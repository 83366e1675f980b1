/* How far a run is, and in what words: its log is believed where it talks of dates, and a log that
 * says nothing has counted none. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "situation/situation.h"

static char line[] = "anything";

static void expect(const struct situation_run *run, size_t done, size_t total, bool by_log,
                   const char *words) {
    struct situation_progress progress = situation_progress_of(run);
    cr_expect_eq(progress.done, done, "%s: %zu", words, progress.done);
    cr_expect_eq(progress.total, total, "%s: %zu", words, progress.total);
    cr_expect_eq(progress.by_log, by_log, "%s", words);
    char *text = situation_progress_text(run);
    cr_expect_str_eq(text, words);
    free(text);
}

Test(progress, is_what_the_log_counted)
{
    struct situation_run run = {.dates = 59, .done = 12, .failed = 2, .total = 59, .position = -1};
    expect(&run, 12, 59, true, "12 of 59 dates in the log, 2 failed");
}

Test(progress, of_a_log_that_counts_more_than_the_dates_of_the_run_is_of_these)
{
    struct situation_run run = {.dates = 10, .done = 4, .total = 14, .position = -1};
    expect(&run, 4, 10, true, "4 of 10 dates in the log, 0 failed");
}

Test(progress, comes_from_coverage_where_the_log_says_nothing)
{
    struct situation_run run = {
        .dates = 10, .complete_now = 3, .log_unknown = true, .position = -1, .bar_total = -1};
    expect(&run, 3, 10, false, "3 of 10 dates complete; its log says nothing yet");
    run.last_line = line;
    expect(&run, 3, 10, false, "3 of 10 dates complete; its log is not understood");
}

Test(progress, of_a_bar_is_told_beside_it)
{
    struct situation_run run = {.dates = 10,
                                .complete_now = 3,
                                .log_unknown = true,
                                .position = -1,
                                .bar_position = 235,
                                .bar_total = 450,
                                .last_line = line};
    expect(&run, 3, 10, false,
           "3 of 10 dates complete; its log is not understood but for a bar at 235 of 450");
}

Test(progress, of_a_log_that_only_counts_on_does_not_tell_what_failed)
{
    struct situation_run run = {
        .dates = 10, .log_unknown = true, .position = 29, .total = 60, .last_line = line};
    expect(&run, 29, 60, true, "29 of 60 by its log, which does not tell what failed");
}
