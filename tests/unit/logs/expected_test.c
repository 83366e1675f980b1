/* Failures that a healthy run has too do not count towards the rule that stops a run. */
#include <criterion/criterion.h>

#include "logs/progress_judge.h"

Test(expected, a_category_beside_a_failure_is_its_reason)
{
    struct error error = {0};
    struct log_classifier *classifier = log_classifier_builtin("python-backfill", &error);
    struct log_progress *progress = log_progress_new();
    const char *reason = NULL;
    static const char *const lines[] = {
        "INFO:__main__:Processing date 1/3: 2022-11-01",
        "INFO:precompute_base:   INSUFFICIENT_DATA: 30 (expected - data quality)",
        "ERROR:__main__:  ✗ Failed: 2022-11-01",
        "INFO:__main__:Processing date 2/3: 2022-11-02",
        "INFO:precompute_base:   INSUFFICIENT_DATA: 30 (expected - data quality)",
        "ERROR:__main__:  ✗ Failed: 2022-11-02",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        log_progress_feed(progress, classifier, text_of(lines[i]), 0);
    }
    cr_assert_eq(progress->date_count, 2);
    cr_assert_not_null(progress->dates[0].reason);
    cr_expect(log_reason_is_expected(text_of(progress->dates[0].reason)), "%s",
              progress->dates[0].reason);
    cr_expect_eq(log_progress_streak(progress, NULL, &reason), 0);
    log_progress_feed(progress, classifier, TEXT("INFO:__main__:Processing date 3/3: 2022-11-03"),
                      0);
    log_progress_feed(progress, classifier, TEXT("ERROR:__main__:  ✗ Failed: 2022-11-03"), 0);
    cr_expect_eq(log_progress_streak(progress, NULL, &reason), 1,
                 "the next date does not inherit it");
    log_progress_free(progress);
    log_classifier_free(classifier);
}
