/* What progress tells beside its counts: how long a date takes, and whether its failures are news.
 */
#ifndef PHASEGATE_LOGS_PROGRESS_JUDGE_H
#define PHASEGATE_LOGS_PROGRESS_JUDGE_H

#include "logs/progress.h"

/* The time between finished dates, by their arrivals. Dates that are worked on in parallel finish
 * closer together than each of them takes. */
struct log_pace {
    size_t intervals;  /* known; 0: the rest means nothing */
    int64_t usual_ms;  /* median of all but the last LOG_PACE_RECENT, or of all when they are few */
    int64_t recent_ms; /* median of the last LOG_PACE_RECENT */
    int64_t last_ms;   /* wall time at which the last date was finished */
};
#define LOG_PACE_RECENT 5

struct log_pace log_progress_pace(const struct log_progress *progress);

/* Whether a reason is of a class that a healthy run has too (nba.md 1.6: INSUFFICIENT_DATA,
 * EXPECTED_INCOMPLETE, …). A text that names a bug beside it is not. */
bool log_reason_is_expected(struct text reason);

/* How many dates of `due` (NULL: of all) in a row, up to the last that was finished, failed or had
 * no rows with one reason that is not expected. `*reason` is what the log says of the last of
 * them, or of all; it belongs to `progress`. */
size_t log_progress_streak(const struct log_progress *progress, const struct dayset *due,
                           const char **reason);

#endif
