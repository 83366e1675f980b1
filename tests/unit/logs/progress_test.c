/* Progress: the real formats of every processor and mode, and the rules behind them. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "logs/bar.h"
#include "support.h"

/* What a fixture says: dates by outcome, failed dates with the start of their reason. */
static const struct expectation {
    const char *fixture;
    uint64_t ok, zero, skipped, failed;
    int64_t total, rows;
    enum log_mode mode;
    bool parallel, finished;
    const char *failures; /* "2021-11-02 No data;…", or "" */
} expectations[] = {
    {"pgs-sequential", 3, 1, 0, 2, 6, 1613, LOG_MODE_CALENDAR, false, true,
     "2021-11-02 No data extracted;2021-11-03 403 Quota exceeded;"},
    {"togs-sequential", 2, 0, 0, 1, 3, 36, LOG_MODE_CALENDAR, false, true, "2021-11-02 ;"},
    {"tdgs-sequential", 2, 0, 0, 1, 3, 40, LOG_MODE_CALENDAR, false, true, "2021-11-02 ;"},
    {"upgc-sequential", 2, 0, 0, 2, 4, 624, LOG_MODE_DATES, false, true,
     "2022-03-02 No data extracted;2022-03-03 403 Quota exceeded;"},
    {"utgc-sequential", 1, 0, 0, 1, 3, 18, LOG_MODE_DATES, false, true, "2022-03-03 ;"},
    {"pgs-parallel", 2, 1, 0, 2, 5, 394, LOG_MODE_CALENDAR, true, true,
     "2022-02-02 403 Quota exceeded;2022-02-05 Processing failed;"},
    {"togs-parallel", 1, 0, 0, 2, 3, 18, LOG_MODE_CALENDAR, true, true,
     "2022-02-02 NUMERIC(5,2) value out of range;2022-02-03 Processing failed;"},
    {"tdgs-parallel", 2, 0, 0, 1, 3, 36, LOG_MODE_CALENDAR, true, true,
     "2022-02-03 Processing failed;"},
    {"upgc-parallel", 2, 0, 0, 1, 3, 624, LOG_MODE_CALENDAR, true, true,
     "2022-02-03 No data extracted;"},
    {"utgc-parallel", 2, 0, 0, 1, 3, 36, LOG_MODE_CALENDAR, true, true,
     "2022-02-03 Processing failed;"},
    {"pcf-parallel", 2, 0, 1, 1, 4, 414, LOG_MODE_CALENDAR, true, true,
     "2022-02-03 Processing failed;"},
    {"tdza-sequential", 3, 0, 2, 1, 6, 90, LOG_MODE_GAME_DATES, false, true, "2021-11-03 ;"},
    {"psza-sequential", 3, 0, 2, 1, 6, 621, LOG_MODE_GAME_DATES, false, true,
     "2021-11-03 Timeout of 600.0s exceeded;"},
    {"pcf-sequential", 3, 0, 2, 1, 6, 621, LOG_MODE_GAME_DATES, false, true,
     "2021-11-03 Coverage validation failed (150 players);"},
    {"pdc-sequential", 3, 0, 2, 1, 6, 621, LOG_MODE_GAME_DATES, false, true, "2021-11-03 Unknown;"},
    {"mlfs-sequential", 3, 0, 2, 1, 6, 621, LOG_MODE_GAME_DATES, false, true,
     "2021-11-03 Hash field 'early_season_flag' not found in record;"},
    {"pgs-dates", 1, 0, 0, 1, 2, 214, LOG_MODE_DATES, false, true, "2021-11-02 Unknown error;"},
    {"tdza-dates", 1, 1, 0, 1, 3, 30, LOG_MODE_DATES, false, false, "2021-10-25 Unknown error;"},
    {"psza-dates", 0, 0, 0, 0, 3, 0, LOG_MODE_DATES, false, true, ""},
    {"pcf-dates", 1, 0, 1, 1, 3, 0, LOG_MODE_DATES, false, false, "2021-11-12 ;"},
    {"mlfs-dates", 1, 0, 0, 1, 2, 207, LOG_MODE_DATES, false, true, "2021-11-12 Failed;"},
    {"pgs-dry-run", 0, 0, 0, 0, 2, 0, LOG_MODE_CALENDAR, false, true, ""},
    {"tdza-dry-run", 0, 0, 0, 0, 1, 0, LOG_MODE_GAME_DATES, false, false, ""},
    {"tdza-preflight-failed", 0, 0, 0, 0, LOG_NOT_SAID, 0, LOG_MODE_UNKNOWN, false, false, ""},
    {"pcf-coverage-aborted", 0, 0, 0, 0, LOG_NOT_SAID, 0, LOG_MODE_UNKNOWN, false, false, ""},
    {"pcf-resumed-killed", 1, 0, 0, 0, 2, 207, LOG_MODE_GAME_DATES, false, false, ""},
    {"incident-zero-teams", 0, 4, 0, 0, 4, 0, LOG_MODE_GAME_DATES, false, true, ""},
    {"asctime-wrapped", 1, 0, 0, 1, 2, 30, LOG_MODE_GAME_DATES, false, false,
     "2021-11-21 404 Not found;"},
};

/* Compares the failed dates with "day start-of-reason;…". */
static void expect_failures(const struct log_progress *progress, const struct expectation *e) {
    const char *rest = e->failures;
    for (size_t i = 0; i < progress->date_count; i++) {
        char day[DAY_TEXT_SIZE];
        const struct log_date *date = &progress->dates[i];
        if (date->outcome != LOG_DATE_FAILED) {
            continue;
        }
        const char *end = strchr(rest, ';');
        cr_assert_not_null(end, "%s: more failures than expected", e->fixture);
        day_format(date->day, day);
        cr_assert_eq(strncmp(rest, day, DAY_TEXT_SIZE - 1), 0, "%s: %s failed", e->fixture, day);
        struct text reason = {rest + DAY_TEXT_SIZE, (size_t)(end - rest) - DAY_TEXT_SIZE};
        if (reason.size == 0) {
            cr_assert_null(date->reason, "%s: a reason for %s: %s", e->fixture, day, date->reason);
        } else {
            cr_assert(date->reason != NULL && text_starts(text_of(date->reason), reason),
                      "%s: %s: %s", e->fixture, day, date->reason);
        }
        rest = end + 1;
    }
    cr_assert_str_empty(rest, "%s: not all failures were seen", e->fixture);
}

Test(progress, reads_every_processor_and_mode)
{
    for (size_t i = 0; i < sizeof expectations / sizeof expectations[0]; i++) {
        const struct expectation *e = &expectations[i];
        struct log_progress *progress = support_progress(e->fixture);
        cr_expect_eq(progress->outcomes[LOG_DATE_OK], e->ok, "%s: ok", e->fixture);
        cr_expect_eq(progress->outcomes[LOG_DATE_ZERO], e->zero, "%s: zero", e->fixture);
        cr_expect_eq(progress->outcomes[LOG_DATE_SKIPPED], e->skipped, "%s: skipped", e->fixture);
        cr_expect_eq(progress->outcomes[LOG_DATE_FAILED], e->failed, "%s: failed", e->fixture);
        cr_expect_eq(log_progress_done(progress), e->ok + e->zero + e->skipped + e->failed);
        cr_expect_eq(progress->total, e->total, "%s: total %ld", e->fixture, progress->total);
        cr_expect_eq(progress->rows, e->rows, "%s: rows %ld", e->fixture, progress->rows);
        cr_expect_eq(progress->mode, e->mode, "%s: mode", e->fixture);
        cr_expect_eq(progress->parallel, e->parallel, "%s: parallel", e->fixture);
        cr_expect_eq(progress->finished, e->finished, "%s: finished", e->fixture);
        for (size_t j = 0; j < LOG_OUTCOME_COUNT; j++) {
            cr_expect_eq(progress->undated[j], 0, "%s: undated", e->fixture);
        }
        expect_failures(progress, e);
        log_progress_free(progress);
    }
}

Test(progress, never_believes_the_checkpoint_summary)
{
    struct log_progress *progress = support_progress("pgs-sequential");
    cr_expect_eq(progress->reported[LOG_DATE_OK], 4);
    cr_expect_eq(progress->reported[LOG_DATE_FAILED], 2);
    log_progress_free(progress);
    progress = support_progress("pcf-parallel");
    cr_expect_eq(progress->reported[LOG_DATE_OK], 2);
    cr_expect_eq(progress->reported[LOG_DATE_SKIPPED], 1);
    cr_expect_eq(progress->reported[LOG_DATE_FAILED], 1);
    log_progress_free(progress);
}

Test(progress, takes_totals_where_dates_are_not_printed)
{
    struct log_progress *progress = support_progress("psza-dates");
    cr_expect(progress->finished);
    cr_expect_eq(progress->reported[LOG_DATE_OK], 1);
    cr_expect_eq(progress->reported[LOG_DATE_SKIPPED], 1);
    cr_expect_eq(progress->reported[LOG_DATE_FAILED], 1);
    log_progress_free(progress);
}

Test(progress, says_why_zero_rows_were_a_success)
{
    struct log_progress *progress = support_progress("pgs-sequential");
    const struct log_date *date = log_progress_date(progress, day_from_civil(2021, 11, 1));
    cr_assert_not_null(date);
    cr_expect_eq(date->outcome, LOG_DATE_ZERO);
    cr_expect_str_eq(date->reason, "No games scheduled on 2021-11-01, skipping");
    log_progress_free(progress);
}

Test(progress, says_when_rows_were_lost_before_a_success)
{
    struct log_progress *progress = support_progress("incident-rows-lost");
    const struct log_date *lost = log_progress_date(progress, day_from_civil(2021, 11, 1));
    const struct log_date *locked = log_progress_date(progress, day_from_civil(2021, 11, 2));
    cr_expect_eq(progress->marks[LOG_ROWS_LOST], 1);
    cr_expect_eq(progress->marks[LOG_LOCKED], 1);
    cr_expect_eq(progress->marks[LOG_HANG], 1);
    cr_assert(lost != NULL && lost->reason != NULL && locked != NULL && locked->reason != NULL);
    cr_expect_eq(lost->outcome, LOG_DATE_OK);
    cr_expect_not_null(strstr(lost->reason, "streaming buffer"));
    cr_expect_eq(locked->outcome, LOG_DATE_ZERO);
    cr_expect_not_null(strstr(locked->reason, "processing lock"));
    cr_expect_eq(progress->current, day_from_civil(2021, 11, 3));
    log_progress_free(progress);
}

Test(progress, tells_quota_on_data_from_quota_on_tracking_tables)
{
    struct log_progress *progress = support_progress("incident-quota");
    cr_expect_eq(progress->marks[LOG_QUOTA], 1);
    cr_expect_eq(progress->marks[LOG_QUOTA_METADATA], 2);
    cr_expect_eq(progress->marks[LOG_CONFLICT], 1);
    cr_expect_eq(progress->outcomes[LOG_DATE_OK], 1);
    cr_expect_eq(progress->outcomes[LOG_DATE_FAILED], 1);
    log_progress_free(progress);
}

Test(progress, counts_a_quota_once_a_record)
{
    struct log_progress *progress = support_progress("pgs-parallel");
    cr_expect_eq(progress->marks[LOG_QUOTA], 1, "the traceback repeats it");
    log_progress_free(progress);
}

Test(progress, groups_errors_that_differ_in_numbers)
{
    struct log_progress *progress = support_progress("incident-numeric-overflow");
    cr_assert_eq(progress->group_count, 1);
    cr_expect_eq(progress->groups[0].dates, 8);
    cr_expect_eq(progress->groups[0].records, 8);
    cr_expect_str_eq(progress->groups[0].signature,
                     "# Invalid NUMERIC(#) value #: out of range for usage_rate");
    cr_expect_eq(progress->streak, 8);
    cr_expect_eq(progress->streak_outcome, LOG_DATE_FAILED);
    log_progress_free(progress);
}

Test(progress, counts_a_streak_of_empty_successes)
{
    struct log_progress *progress = support_progress("incident-zero-teams");
    cr_expect_eq(progress->streak, 4);
    cr_expect_eq(progress->streak_outcome, LOG_DATE_ZERO);
    cr_expect_str_eq(progress->streak_signature, "Processed #/# teams");
    cr_expect_eq(progress->last_ok, DAY_NONE);
    log_progress_free(progress);
}

Test(progress, sees_that_a_run_refused_to_work)
{
    struct log_progress *progress = support_progress("tdza-preflight-failed");
    cr_expect_eq(progress->preflight, LOG_PREFLIGHT_IS_FAILED);
    cr_expect_str_eq(progress->refused, "Phase 3 data is incomplete!");
    log_progress_free(progress);
    progress = support_progress("pcf-coverage-aborted");
    cr_expect_eq(progress->preflight, LOG_PREFLIGHT_IS_FAILED, "it exits 0 all the same");
    cr_expect_str_eq(progress->refused, "Pre-flight check failed. Aborting backfill");
    log_progress_free(progress);
    progress = support_progress("future-end-date");
    cr_expect_str_eq(progress->refused, "End date cannot be in the future");
    log_progress_free(progress);
    progress = support_progress("spawn-failed");
    cr_expect_not_null(progress->refused);
    log_progress_free(progress);
    progress = support_progress("all-bootstrap");
    cr_expect(progress->nothing_due && progress->refused == NULL);
    log_progress_free(progress);
    progress = support_progress("tdza-dates");
    cr_expect_eq(progress->preflight, LOG_PREFLIGHT_IS_SKIPPED);
    cr_expect_null(progress->refused);
    log_progress_free(progress);
}

Test(progress, shows_where_a_killed_run_was)
{
    struct log_progress *progress = support_progress("pcf-resumed-killed");
    cr_expect(progress->resumed && !progress->finished);
    cr_expect_eq(progress->current, day_from_civil(2021, 11, 17));
    cr_expect_eq(progress->position, 2);
    cr_expect_eq(progress->last_ok, day_from_civil(2021, 11, 16));
    cr_expect_str_eq(progress->last_line, "Processing game date 2/2: 2021-11-17");
    log_progress_free(progress);
}

Test(progress, never_takes_a_dry_run_for_work)
{
    struct log_progress *progress = support_progress("tdza-dry-run");
    cr_expect(progress->dry_run);
    cr_expect_eq(log_progress_done(progress), 0);
    log_progress_free(progress);
}

static void feed(struct log_progress *progress, struct log_classifier *classifier, const char *line,
                 int64_t arrival) {
    log_progress_feed(progress, classifier, text_of(line), arrival);
}

Test(progress, lifts_a_failure_only_when_the_date_is_named_again)
{
    struct log_classifier *classifier = support_classifier();
    struct log_progress *progress = log_progress_new();
    feed(progress, classifier, "INFO:__main__:Processing day 1/2: 2021-11-01", 0);
    feed(progress, classifier, "ERROR:__main__:  ✗ Failed: 2021-11-01", 0);
    feed(progress, classifier, "INFO:__main__:  ✓ Success: 3 records", 0);
    cr_expect_eq(progress->outcomes[LOG_DATE_FAILED], 1);
    feed(progress, classifier, "INFO:__main__:Processing day 1/2: 2021-11-01", 0);
    feed(progress, classifier, "INFO:__main__:  ✓ Success: 3 records", 0);
    cr_expect_eq(progress->outcomes[LOG_DATE_FAILED], 0);
    cr_expect_eq(progress->outcomes[LOG_DATE_OK], 1);
    cr_expect_eq(progress->rows, 3);
    log_progress_free(progress);
    log_classifier_free(classifier);
}

Test(progress, counts_what_has_no_date)
{
    struct log_classifier *classifier = support_classifier();
    struct log_progress *progress = log_progress_new();
    feed(progress, classifier, "ERROR:__main__:  ✗ Failed: Unknown", 0);
    feed(progress, classifier, "INFO:__main__:Processing day 1/2: 2021-02-31", 0);
    feed(progress, classifier, "INFO:__main__:  ✓ Success: 3 records", 0);
    cr_expect_eq(progress->undated[LOG_DATE_FAILED], 1);
    cr_expect_eq(progress->undated[LOG_DATE_OK], 1);
    cr_expect_eq(progress->date_count, 0);
    log_progress_free(progress);
    log_classifier_free(classifier);
}

Test(progress, gives_undated_failures_the_dates_of_the_list_at_the_end)
{
    struct log_classifier *classifier = support_classifier();
    struct log_progress *progress = log_progress_new();
    feed(progress, classifier, "ERROR:__main__:  ✗ Failed: Unknown", 0);
    feed(progress, classifier, "INFO:__main__:PHASE 4 BACKFILL SUMMARY - X:", 0);
    feed(progress, classifier, "INFO:__main__:  Failed dates: [datetime.date(2021, 11, 3)]", 0);
    cr_expect_eq(progress->undated[LOG_DATE_FAILED], 0);
    cr_expect_eq(progress->outcomes[LOG_DATE_FAILED], 1);
    cr_expect_not_null(log_progress_date(progress, day_from_civil(2021, 11, 3)));
    log_progress_free(progress);
    log_classifier_free(classifier);
}

Test(progress, reads_a_list_of_failed_dates_line_by_line)
{
    struct log_classifier *classifier = support_classifier();
    struct log_progress *progress = log_progress_new();
    feed(progress, classifier, "INFO:__main__:", 0);
    feed(progress, classifier, "  Failed dates (1):", 0);
    feed(progress, classifier, "INFO:__main__:    2021-11-01", 0);
    cr_expect_eq(progress->date_count, 0, "before the totals it is an old list");
    feed(progress, classifier, "INFO:__main__:BACKFILL COMPLETE", 0);
    feed(progress, classifier, "INFO:__main__:", 0);
    feed(progress, classifier, "  Failed dates (2):", 0);
    feed(progress, classifier, "INFO:__main__:    2021-11-03", 0);
    feed(progress, classifier, "INFO:__main__:    2021-11-05", 0);
    feed(progress, classifier, "INFO:__main__:", 0);
    feed(progress, classifier, "INFO:__main__:    2021-11-07", 0);
    cr_expect_eq(progress->date_count, 2);
    cr_expect_eq(progress->outcomes[LOG_DATE_FAILED], 2);
    cr_expect_not_null(log_progress_date(progress, day_from_civil(2021, 11, 5)));
    log_progress_free(progress);
    log_classifier_free(classifier);
}

Test(progress, takes_an_unprefixed_line_for_part_of_the_record_before)
{
    struct log_classifier *classifier = support_classifier();
    struct log_progress *progress = log_progress_new();
    feed(progress, classifier, "INFO:__main__:Processing day 1/2: 2021-11-01", 0);
    feed(progress, classifier, "  ✓ Success: 3 records", 0);
    cr_expect_eq(log_progress_done(progress), 0);
    cr_expect_eq(progress->records, 1);
    log_progress_free(progress);
    log_classifier_free(classifier);
}

/* Errors, and the groups of them, that a text makes. */
static void expect_errors(const char *log, uint64_t errors, const char *group) {
    struct log_classifier *classifier = support_classifier();
    struct log_progress *progress = log_progress_new();
    support_feed(progress, classifier, text_of(log), 0);
    cr_expect_eq(progress->errors, errors, "%s: %lu", log, (unsigned long)progress->errors);
    cr_assert_eq(progress->group_count, 1, "%s", log);
    cr_expect_str_eq(progress->groups[0].example, group, "%s", log);
    cr_expect_eq(progress->groups[0].records, 1);
    log_progress_free(progress);
    log_classifier_free(classifier);
}

#define FRAMES                                                                                     \
    "  File \"run.py\", line 3, in <module>\n    main()\n    ^^^^^^\n"                             \
    "  File \"run.py\", line 2, in main\n    raise ValueError(x)\n"

Test(progress, takes_a_traceback_for_one_error_that_its_last_line_names)
{
    expect_errors("INFO:a:begin\nTraceback (most recent call last):\n" FRAMES "ValueError: boom\n",
                  1, "ValueError: boom");
    expect_errors("begin\nTraceback (most recent call last):\n" FRAMES "ValueError: boom\nend\n", 1,
                  "ValueError: boom");
    expect_errors("INFO:a:b\nTraceback (most recent call last):\n" FRAMES
                  "acme.NotFound: 404\n\nDuring handling of the above exception, another exception "
                  "occurred:\n\nTraceback (most recent call last):\n" FRAMES "acme.NotFound: 404\n",
                  1, "acme.NotFound: 404");
    expect_errors("ERROR:a:it failed\nTraceback (most recent call last):\n" FRAMES
                  "ValueError: boom\n",
                  1, "it failed");
    expect_errors(
        "INFO:a:b\nException in thread Thread-1 (run):\nTraceback (most recent call last):\n" FRAMES
        "ValueError: boom\nINFO:a:c\n",
        1, "ValueError: boom");
}

Test(progress, goes_on_behind_a_traceback)
{
    struct log_classifier *classifier = support_classifier();
    struct log_progress *progress = log_progress_new();
    support_feed(
        progress, classifier,
        text_of("Processing date 1/2: 2024-01-01\nTraceback (most recent call last):\n" FRAMES
                "ValueError: boom\n  ✗ Failed: Unknown\nProcessing date 2/2: 2024-01-02\n"
                "Traceback (most recent call last):\n" FRAMES "Exception: bang\n"),
        0);
    cr_expect_eq(progress->outcomes[LOG_DATE_FAILED], 2);
    cr_expect_str_eq(log_progress_date(progress, day_from_civil(2024, 1, 1))->reason,
                     "ValueError: boom", "the cause of a failure without a reason");
    cr_expect_str_eq(log_progress_date(progress, day_from_civil(2024, 1, 2))->reason, "bang");
    log_progress_free(progress);
    log_classifier_free(classifier);
}

static const struct {
    const char *line;
    int64_t position, total; /* LOG_NOT_SAID: no bar */
    const char *rest;
} bars[] = {
    {" 25%|##5       | 15/60 [00:15<00:45,  1.00it/s]", 15, 60, ""},
    {"load: 100%|██████████| 60/60 [01:00<00:00, 1.00it/s, loss=0.1]  ", 60, 60, ""},
    {"  2%|2         | 1.50k/63.0k [00:01<00:30]INFO:a:b", 1500, 63000, "INFO:a:b"},
    {" 50%|#####     | 1,000/2,000", 1000, 2000, ""},
    {"50% | 1/2", LOG_NOT_SAID, 0, NULL},
    {"5%|the rest", LOG_NOT_SAID, 0, NULL},
    {"%|#| 1/2", LOG_NOT_SAID, 0, NULL},
    {" 50%|##| 3/2 [", LOG_NOT_SAID, 0, NULL},
    {" 50%|##| 1/0 [", LOG_NOT_SAID, 0, NULL},
    {"", LOG_NOT_SAID, 0, NULL},
};

Test(bar, is_read_with_what_stands_behind_it)
{
    for (size_t i = 0; i < sizeof bars / sizeof bars[0]; i++) {
        struct log_bar bar = {0};
        bool found = log_bar_read(text_of(bars[i].line), &bar);
        cr_assert_eq(found, bars[i].position != LOG_NOT_SAID, "%s", bars[i].line);
        if (found) {
            cr_expect_eq(bar.position, bars[i].position, "%s", bars[i].line);
            cr_expect_eq(bar.total, bars[i].total, "%s", bars[i].line);
            cr_expect(text_is(text_trim(bar.rest), bars[i].rest), "%s", bars[i].line);
        }
    }
}

Test(bar, of_another_shape_is_a_count_and_no_date_or_path)
{
    struct log_bar bar;
    cr_expect(log_bar_count(TEXT("Done 15/60 files"), &bar) && bar.position == 15);
    cr_expect(log_bar_count(TEXT("2024/01/05: (3/7)"), &bar) && bar.total == 7);
    cr_expect_not(log_bar_count(TEXT("01/05/2024 /a/1/2 3/4.5.6 7/2"), &bar));
    cr_expect_not(log_bar_count(TEXT("99999999999999999999/99999999999999999999"), &bar));
}

Test(progress, takes_a_state_that_is_drawn_over_for_output_and_no_more)
{
    struct log_classifier *classifier = support_classifier();
    struct log_progress *progress = log_progress_new();
    log_progress_state(progress, classifier, TEXT(" 3/10 files"), false, FIXTURE_ARRIVAL);
    cr_expect_eq(progress->bar_position, 3);
    cr_expect_eq(progress->bar_total, 10);
    cr_expect_eq(progress->last_output_ms, FIXTURE_ARRIVAL);
    cr_expect_str_eq(progress->last_line, "3/10 files");
    cr_expect_eq(progress->lines, 0);
    cr_expect_not(progress->understood);
    log_progress_state(progress, classifier, TEXT("ERROR:a:b"), false, FIXTURE_ARRIVAL);
    cr_expect_eq(progress->errors, 0, "it may be given again when it is whole");
    log_progress_state(progress, classifier, TEXT("ERROR:a:b"), true, FIXTURE_ARRIVAL);
    cr_expect_eq(progress->errors, 1);
    log_progress_state(progress, classifier, TEXT("Progress: 4/9"), false, FIXTURE_ARRIVAL);
    cr_expect_eq(progress->position, 4, "what the patterns know is progress of dates");
    cr_expect_not(progress->understood, "and tells nothing of what became of them");
    log_progress_feed(progress, classifier, TEXT("Processing date 4/9: 2024-01-04"), 0);
    cr_expect(progress->understood);
    log_progress_free(progress);
    log_classifier_free(classifier);
}

Test(progress, measures_the_rate_from_arrivals)
{
    struct log_classifier *classifier = support_classifier();
    struct log_progress *progress = log_progress_new();
    cr_expect_eq(log_progress_rate(progress, FIXTURE_ARRIVAL), LOG_RATE_UNKNOWN);
    cr_expect_eq(log_progress_silence(progress, FIXTURE_ARRIVAL), -1);
    for (int i = 0; i < 21; i++) {
        char line[64];
        snprintf(line, sizeof line, "INFO:__main__:  ✓ 2022-01-%02d: 9 teams", i + 1);
        feed(progress, classifier, line, FIXTURE_ARRIVAL + INT64_C(30000) * i);
    }
    int64_t last = FIXTURE_ARRIVAL + INT64_C(20) * 30000;
    cr_expect_float_eq(log_progress_rate(progress, last), 2.0, 0.0001);
    cr_expect_lt(log_progress_rate(progress, last + 600000), 1.1, "it sinks in silence");
    cr_expect_eq(log_progress_silence(progress, last + 600000), 600000);
    log_progress_free(progress);
    log_classifier_free(classifier);
}

Test(progress, measures_slow_dates_too)
{
    struct log_classifier *classifier = support_classifier();
    struct log_progress *progress = log_progress_new();
    int64_t hour = 3600000;
    for (int i = 0; i < 12; i++) {
        char line[64];
        snprintf(line, sizeof line, "INFO:__main__:  ✓ 2022-01-%02d: 9 teams", i + 1);
        feed(progress, classifier, line, FIXTURE_ARRIVAL + i * hour);
    }
    cr_expect_float_eq(log_progress_rate(progress, FIXTURE_ARRIVAL + 11 * hour), 1.0 / 60, 0.0001);
    log_progress_free(progress);
    log_classifier_free(classifier);
}

Test(progress, does_not_measure_lines_nobody_saw_arrive)
{
    struct log_classifier *classifier = support_classifier();
    struct log_progress *progress = log_progress_new();
    feed(progress, classifier, "INFO:__main__:  ✓ 2022-01-01: 9 teams", 0);
    feed(progress, classifier, "INFO:__main__:  ✓ 2022-01-02: 9 teams", 0);
    cr_expect_eq(log_progress_rate(progress, FIXTURE_ARRIVAL), LOG_RATE_UNKNOWN);
    cr_expect_eq(log_progress_silence(progress, FIXTURE_ARRIVAL), -1);
    cr_expect_eq(progress->outcomes[LOG_DATE_OK], 2);
    log_progress_free(progress);
    log_classifier_free(classifier);
}

Test(progress, is_bounded_whatever_it_is_fed)
{
    struct log_classifier *classifier = support_classifier();
    struct log_progress *progress = log_progress_new();
    char line[128];
    for (int i = 0; i < LOG_DATES_MAX + 10; i++) {
        char day[DAY_TEXT_SIZE];
        snprintf(line, sizeof line, "INFO:__main__:  ✓ %s: 1 teams", day_format(i, day));
        feed(progress, classifier, line, 0);
    }
    for (int i = 0; i < LOG_GROUPS_MAX + 5; i++) {
        snprintf(line, sizeof line, "ERROR:x:fault %c%c happened", 'g' + i % 16, 'g' + i / 16);
        feed(progress, classifier, line, 0);
    }
    cr_expect_eq(progress->date_count, LOG_DATES_MAX);
    cr_expect_eq(progress->dates_dropped, 10);
    cr_expect_eq(progress->outcomes[LOG_DATE_OK], LOG_DATES_MAX + 10);
    cr_expect_eq(progress->group_count, LOG_GROUPS_MAX);
    cr_expect_eq(progress->ungrouped, 5);
    log_progress_free(progress);
    log_classifier_free(classifier);
}

static const char *const stored[] = {
    "pgs-sequential",  "pgs-parallel",         "pcf-parallel",    "mlfs-sequential",
    "pcf-dates",       "psza-dates",           "asctime-wrapped", "incident-quota",
    "tdza-sequential", "pcf-coverage-aborted",
};

/* The text of the JSON of a fixture, restored from JSON after line `split`. */
static char *text_when_restored(struct text content, struct log_classifier *classifier,
                                size_t split) {
    struct log_progress *progress = log_progress_new();
    int64_t arrival = FIXTURE_ARRIVAL;
    for (size_t line = 0; content.size > 0; line++) {
        if (line == split) {
            struct error error = {0};
            json_t *json = log_progress_to_json(progress);
            log_progress_free(progress);
            progress = log_progress_from_json(json, &error);
            cr_assert_not_null(progress, "%s", error.text);
            json_decref(json);
        }
        log_progress_feed(progress, classifier, text_cut(&content, '\n'), arrival);
        arrival += 1000;
    }
    json_t *json = log_progress_to_json(progress);
    char *text = json_text(json);
    json_decref(json);
    log_progress_free(progress);
    return text;
}

Test(progress, goes_on_after_a_restart_as_if_there_had_been_none)
{
    struct log_classifier *classifier = support_classifier();
    for (size_t i = 0; i < sizeof stored / sizeof stored[0]; i++) {
        struct text_buffer buffer = support_fixture(stored[i]);
        struct text content = {buffer.data, buffer.size};
        char *whole = text_when_restored(content, classifier, SIZE_MAX);
        for (size_t split = 0; split < 60; split++) {
            char *parts = text_when_restored(content, classifier, split);
            cr_assert_str_eq(parts, whole, "%s restored at line %zu", stored[i], split);
            free(parts);
        }
        free(whole);
        text_buffer_free(&buffer);
    }
    log_classifier_free(classifier);
}

Test(progress, refuses_a_damaged_store)
{
    struct error error = {0};
    struct log_progress *progress = support_progress("pgs-sequential");
    static const char *const keys[] = {"version", "dates", "groups",           "inner",    "mode",
                                       "lines",   "marks", "streak_signature", "last_line"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        json_t *json = log_progress_to_json(progress);
        json_object_set_new(json, keys[i], json_integer(-7));
        cr_expect_null(log_progress_from_json(json, &error), "%s", keys[i]);
        cr_expect_eq(error.code, EXIT_DATA);
        json_decref(json);
    }
    cr_expect_null(log_progress_from_json(NULL, &error));
    log_progress_free(progress);
}

Test(signature, forgets_numbers_dates_and_identifiers)
{
    char out[LOG_TEXT_SIZE];
    cr_expect_str_eq(log_signature(TEXT("  at 2021-11-02:  12,345.6 rows "), out), "at D: # rows");
    cr_expect_str_eq(log_signature(TEXT("job 3fa9c2d1e0 in table_v2"), out), "job # in table_v#");
    cr_expect_str_eq(log_signature(TEXT("a bad face"), out), "a bad face");
    cr_expect_str_eq(log_signature(TEXT(""), out), "");
}
