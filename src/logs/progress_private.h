/* What progress remembers between lines beside what it shows (private to logs). */
#ifndef PHASEGATE_LOGS_PROGRESS_PRIVATE_H
#define PHASEGATE_LOGS_PROGRESS_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "logs/progress.h"
#include "logs/trace.h"

#define PROGRESS_SAMPLES 128 /* arrivals of finished dates that the rate is measured over */

/* How much a remembered cause is worth: a better one replaces it, a worse one does not. */
enum progress_cause {
    PROGRESS_CAUSE_NONE,
    PROGRESS_CAUSE_RECORD, /* the message of some error */
    PROGRESS_CAUSE_MARK,   /* a line that tells that rows were lost or not due */
    PROGRESS_CAUSE_NAMED,  /* a line that names the cause */
};

struct log_progress_private {
    bool prefixed;         /* the log has prefixes: lines without one continue a record */
    uint64_t record_marks; /* kinds counted for the record under way, as bits */
    unsigned void_records; /* records still to be passed over */
    bool in_failed_list;   /* dates that failed follow, a record each */
    bool settled;          /* the current date has its outcome */
    enum log_level level;  /* of the record under way */
    struct log_trace trace;
    bool own_trace; /* the trace is an error of its own, and no part of the one before */
    enum progress_cause cause_worth;
    day_number cause_day; /* DAY_NONE when the line did not name one */
    char cause[LOG_TEXT_SIZE];
    int64_t samples[PROGRESS_SAMPLES];
    size_t sample_count;
};

/* progress_dates.c: the outcome of a date (DAY_NONE: of one the log does not name) is noted. `text`
 * is the reason, empty for none. Returns whether that was news about the date. */
bool progress_settle(struct log_progress *progress, day_number day, enum log_outcome outcome,
                     int64_t rows, struct text reason, bool may_lift_failure);

/* A date that the list at the end calls failed. */
void progress_list_failed(struct log_progress *progress, day_number day);

/* Puts a message into its group; `dates` is 1 when a date failed with it. */
void progress_group(struct log_progress *progress, struct text message, enum log_level level,
                    uint64_t records, uint64_t dates);

#endif
