/* Progress: what one run's log has said so far, date by date.
 *
 * A rumour, not the truth: only coverage read from the warehouse makes a date done. Lines carry no
 * time, so rates and ages come from the arrival times that the caller gives. Fed line by line, in
 * order; feeding the rest after a restore gives exactly what feeding all would have given. Not
 * shared between threads. All strings kept here are sanitised: safe for a terminal and for JSON. */
#ifndef PHASEGATE_LOGS_PROGRESS_H
#define PHASEGATE_LOGS_PROGRESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/day.h"
#include "base/error.h"
#include "base/text.h"
#include "logs/classify.h"

#define LOG_DATES_MAX    20000 /* dates kept one by one; more are counted under `dates_dropped` */
#define LOG_GROUPS_MAX   128   /* groups of alike errors; more are counted under `ungrouped` */
#define LOG_TEXT_SIZE    256   /* room for any kept string */
#define LOG_RATE_UNKNOWN (-1.0)

enum log_outcome {
    LOG_DATE_OK,      /* success with rows, or with a number that was not said */
    LOG_DATE_ZERO,    /* "success" with 0 rows */
    LOG_DATE_SKIPPED, /* bootstrap */
    LOG_DATE_FAILED,
    LOG_OUTCOME_COUNT,
};

/* What became of a date. One entry a date; a later word about it replaces an earlier one, except
 * that a failure is only lifted by a line that names the date again. */
struct log_date {
    day_number day;
    enum log_outcome outcome;
    int64_t rows; /* LOG_NOT_SAID when not said */
    char *reason; /* of a failure, of zero rows, or of rows lost before a success; or NULL */
};

/* Errors or warnings that say the same but for numbers, dates and identifiers. */
struct log_group {
    char *signature;      /* what they share */
    char *example;        /* the first of them */
    enum log_level level; /* the highest */
    uint64_t records;     /* how often it was said */
    uint64_t dates;       /* dates that failed with it */
};

enum log_preflight {
    LOG_PREFLIGHT_UNKNOWN,
    LOG_PREFLIGHT_IS_PASSED,
    LOG_PREFLIGHT_IS_FAILED,
    LOG_PREFLIGHT_IS_SKIPPED,
};

/* How the run walks its range, as far as its log has said. */
enum log_mode {
    LOG_MODE_UNKNOWN,
    LOG_MODE_CALENDAR,   /* every calendar day: zero rows on an off day are no news */
    LOG_MODE_GAME_DATES, /* only dates on which something is due */
    LOG_MODE_DATES,      /* "date i/n": a list, or calendar days; the log does not tell */
};

/* Read what you like; write through the functions below. */
struct log_progress {
    uint64_t lines, records;
    uint64_t warnings, errors; /* records of level WARNING; ERROR and CRITICAL */

    struct log_date *dates; /* sorted by day */
    size_t date_count, date_capacity;
    uint64_t outcomes[LOG_OUTCOME_COUNT]; /* dates of each outcome, the undated ones included */
    uint64_t undated[LOG_OUTCOME_COUNT];  /* outcomes whose date the log did not tell */
    uint64_t dates_dropped;
    int64_t rows; /* sum of the rows that were said */

    int64_t position, total; /* i of n as last said; LOG_NOT_SAID before */
    day_number current;      /* being worked on; DAY_NONE in parallel runs and between dates */
    day_number last_ok;      /* the greatest date with LOG_DATE_OK; DAY_NONE */
    enum log_mode mode;
    bool understood; /* dates were talked of: else every count is unknown, and not 0 */
    bool parallel, dry_run, resumed;
    bool finished;    /* totals were printed: the run reached its end; without them it died */
    bool nothing_due; /* the range is all bootstrap */
    enum log_preflight preflight;
    char *refused; /* why it did nothing at all (it may exit 0 all the same), or NULL */
    /* As the totals at the end say, LOG_NOT_SAID before; for modes that print no dates. */
    int64_t reported[LOG_OUTCOME_COUNT];

    uint64_t marks[LOG_KIND_COUNT]; /* records with that mark: LOG_QUOTA, LOG_ROWS_LOST … */
    struct log_group *groups;       /* in order of first appearance */
    size_t group_count, group_capacity;
    uint64_t ungrouped;

    /* The last outcomes in a row that failed, or had zero rows, with one signature. */
    uint64_t streak;
    enum log_outcome streak_outcome;
    char *streak_signature; /* NULL while streak is 0 */

    /* What a progress bar said last, of whatever it counts; LOG_NOT_SAID without one. */
    int64_t bar_position, bar_total;

    int64_t last_output_ms; /* arrival of the last bytes, wall time; 0 when unknown */
    int64_t first_output_ms;
    /* The last line with something on it, without its prefix: of a bar, as it stands. */
    char last_line[LOG_TEXT_SIZE];
    /* What became of the file ("its log was truncated after 1.2 MiB: …"), kept for its reader; "".
     */
    char happened[LOG_TEXT_SIZE];

    struct log_progress_private *private; /* what the rules need to remember */
};

/* The caller frees it with log_progress_free. */
struct log_progress *log_progress_new(void);
void log_progress_free(struct log_progress *progress); /* NULL is fine */

/* Takes one line (without its newline). `arrival_ms` is wall time, or 0 when nobody was there to
 * see it arrive: such lines count, but tell nothing about age and rate. */
void log_progress_feed(struct log_progress *progress, struct log_classifier *classifier,
                       struct text line, int64_t arrival_ms);
/* The same for a line already classified. */
void log_progress_event(struct log_progress *progress, const struct log_event *event,
                        int64_t arrival_ms);

/* Takes a line that is not there to stay: one that a carriage return ended (`whole`), or the
 * unfinished last one. It is output and the newest line, and a bar's state is read off it; of a
 * whole one that says more than a bar, everything is. An unfinished one may be given again, and is
 * still to be given when it is whole. */
void log_progress_state(struct log_progress *progress, struct log_classifier *classifier,
                        struct text line, bool whole, int64_t arrival_ms);

/* Dates with any outcome, undated and dropped ones included. */
uint64_t log_progress_done(const struct log_progress *progress);

/* What became of a day, or NULL when the log has not said. */
const struct log_date *log_progress_date(const struct log_progress *progress, day_number day);

/* Dates a minute (failed and successful ones; skips do not count) over the last half hour (at most
 * the last 128 of them), or the last 8 dates when they took longer; LOG_RATE_UNKNOWN before the
 * second date. It sinks while nothing arrives. */
double log_progress_rate(const struct log_progress *progress, int64_t now_ms);

/* Milliseconds since the last output, or -1 when unknown. */
int64_t log_progress_silence(const struct log_progress *progress, int64_t now_ms);

/* All of it as JSON (to store beside the byte offset up to which it was fed), and back. The caller
 * owns the reference. Errors of reading (EXIT_DATA): not such a text, or of another version; then
 * feed the log again from its start. */
json_t *log_progress_to_json(const struct log_progress *progress);
struct log_progress *log_progress_from_json(const json_t *json, struct error *error);

/* Writes the signature of a message: dates become "D", numbers and long hexadecimal identifiers
 * "#", white space one space. Returns `out`. */
char *log_signature(struct text message, char out[LOG_TEXT_SIZE]);

const char *log_outcome_name(enum log_outcome outcome); /* "ok", "zero", "skipped", "failed" */

#endif
