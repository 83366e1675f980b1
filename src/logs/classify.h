/* Classify: one line of a run's log turned into what it says.
 *
 * A set of patterns is data: name, kind, PCRE2 pattern, level. The built-in set "python-backfill"
 * describes the logs of the first pipeline; a pipeline file may bring its own. Patterns see the
 * message only: without carriage return, escape sequences and the prefix ("INFO:__main__:",
 * "2026-01-05 08:34:11,123 - INFO - ", and what else programs write: prefix.h). A line of those
 * other forms in whose message nothing was found is shown to them whole. Whatever the set, the
 * first line of a traceback is an error (trace.h). Most lines never meet a regular expression: a
 * pattern is tried only where a literal that it needs was found (classify.c). A progress bar is no
 * part of the message either, when something was printed behind it.
 *
 * Named groups fill the event: day (YYYY-MM-DD), position, total, rows, ok, skipped, failed
 * (numbers, commas allowed), entity, reason. A group that is missing leaves its field at "not
 * said". */
#ifndef PHASEGATE_LOGS_CLASSIFY_H
#define PHASEGATE_LOGS_CLASSIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/day.h"
#include "base/error.h"
#include "base/text.h"

enum log_level {
    LOG_LEVEL_NONE, /* the line does not say */
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_CRITICAL,
    LOG_LEVEL_COUNT,
};

/* What a line means. Those marked MARK are looked for on lines that say nothing else, and beside a
 * failure; the others are tried in the order of the set and the first that matches wins.
 * X(identifier, name in a pipeline file, is a mark) */
#define LOG_KINDS(X)                                                                               \
    X(OTHER, "other", false)                                                                       \
    X(POSITION, "position", false)         /* working on day, position of total */                 \
    X(OK_DATED, "ok-dated", false)         /* day has rows */                                      \
    X(OK_CURRENT, "ok-current", false)     /* the day of the last position has rows */             \
    X(ZERO_DATED, "zero-dated", false)     /* called a success, with 0 rows */                     \
    X(ZERO_CURRENT, "zero-current", false) /* the same, for the current day */                     \
    X(SKIP_DATED, "skip-dated", false)     /* bootstrap: nothing is due */                         \
    X(SKIP_CURRENT, "skip-current", false) /* the same, for the current day */                     \
    X(FAIL_DATED, "fail-dated", false)     /* day failed, reason if said */                        \
    X(FAIL_CURRENT, "fail-current", false) /* the current day failed */                            \
    X(PROGRESS, "progress", false)         /* position of total are done */                        \
    X(EXPECTED, "expected", false)         /* total is what will be worked on */                   \
    X(TOTALS, "totals", false)             /* the run reached its end */                           \
    X(FAILED_LIST, "failed-list", false)   /* reason holds the failed dates, or they follow */     \
    X(PARALLEL, "parallel", false)         /* several dates at once: no current day */             \
    X(DRY_RUN, "dry-run", false)           /* nothing is written */                                \
    X(RESUME, "resume", false)             /* from a checkpoint */                                 \
    X(PREFLIGHT_PASSED, "preflight-passed", false)                                                 \
    X(PREFLIGHT_FAILED, "preflight-failed", false)                                                 \
    X(PREFLIGHT_SKIPPED, "preflight-skipped", false)                                               \
    X(REFUSED, "refused", false)         /* it will do nothing at all, and says why */             \
    X(NOTHING_DUE, "nothing-due", false) /* the whole range is bootstrap */                        \
    X(REPORTED, "reported", false)       /* ok, skipped, failed as the totals say */               \
    X(CHECKPOINT_SUMMARY, "checkpoint-summary", false) /* always 0: the next 3 records are void */ \
    X(IGNORED, "ignored", false)                       /* known to be wrong, or idle talk */       \
    X(CAUSE, "cause", false)                           /* why the failure that follows happened */ \
    X(TRACEBACK, "traceback", false)                                                               \
    X(INNER_PROGRESS, "inner-progress", false) /* within one day: position of total */             \
    X(ROWS_WRITTEN, "rows-written", false)     /* rows reached the table */                        \
    X(VALIDATION_FAILED, "validation-failed", false)                                               \
    X(QUOTA_METADATA, "quota-metadata", true) /* a quota hit a tracking table: harmless */         \
    X(QUOTA, "quota", true)                   /* a quota hit a data table */                       \
    X(CONFLICT, "conflict", true)             /* a concurrent writer */                            \
    X(ROWS_LOST, "rows-lost", true)           /* rows were not saved; "success" will follow */     \
    X(LOCKED, "locked", true)                 /* another instance holds the day */                 \
    X(NOT_SCHEDULED, "not-scheduled", true)   /* the processor found no game on the day */         \
    X(UPSTREAM, "upstream", true)             /* an upstream table is missing or stale */          \
    X(HANG, "hang", true)                     /* what was seen before runs that hung */            \
    X(BUG, "bug", true)                       /* PROCESSING_ERROR and its like */                  \
    X(BREAKER, "breaker", true)               /* a circuit breaker opened */

enum log_kind {
#define LOG_KIND_IDENTIFIER(identifier, name, mark) LOG_##identifier,
    LOG_KINDS(LOG_KIND_IDENTIFIER)
#undef LOG_KIND_IDENTIFIER
        LOG_KIND_COUNT,
};

#define LOG_NOT_SAID (-1)

/* One line. The slices point into the line that was given, or into the classifier's scratch when
 * escape sequences were taken out: they hold until the next call. */
struct log_event {
    enum log_level level; /* of the prefix, or of the pattern when that is higher */
    bool prefixed;        /* false: the line continues the record before it */
    enum log_kind kind;
    enum log_kind mark; /* LOG_OTHER, or a mark beside a failure (or kind itself when a mark) */
    day_number day;     /* DAY_NONE when not said */
    int64_t position, total, rows; /* LOG_NOT_SAID when not said, like the next three */
    int64_t ok, skipped, failed;
    int64_t bar_position, bar_total; /* of a progress bar (bar.h); LOG_NOT_SAID without one */
    struct text logger, message, entity, reason;
    const char *pattern; /* the name of the pattern, NULL for LOG_OTHER */
};

struct log_pattern {
    const char *name;
    enum log_kind kind;
    enum log_level level; /* at least; LOG_LEVEL_NONE leaves the line's own */
    const char *regex;    /* PCRE2 on bytes (UTF-8 literals match as they are) */
};

#define LOG_PATTERNS_MAX 128

/* The patterns of a built-in set, or NULL for a name that is not one. */
const struct log_pattern *log_patterns_builtin(const char *name, size_t *count);

/* Compiled patterns. Not shared: one classifier is used by one thread at a time. */
struct log_classifier;

/* Compiles a set of at most LOG_PATTERNS_MAX patterns, whose strings must outlive the classifier.
 * Errors (EXIT_CONFIG): the pattern's name, the offset of the mistake and what PCRE2 says about it.
 */
struct log_classifier *log_classifier_new(const struct log_pattern *patterns, size_t count,
                                          struct error *error);
/* The same for a built-in set; an unknown name is an error that lists the known ones. */
struct log_classifier *log_classifier_builtin(const char *name, struct error *error);
void log_classifier_free(struct log_classifier *classifier); /* NULL is fine */

/* Fills `event` from a line without its newline. At most LOG_CLASSIFY_BYTES of it are looked at. */
#define LOG_CLASSIFY_BYTES 16384
void log_classify(struct log_classifier *classifier, struct text line, struct log_event *event);

const char *log_kind_name(enum log_kind kind);
bool log_kind_is_mark(enum log_kind kind);
bool log_kind_parse(struct text name, enum log_kind *kind);    /* the names of LOG_KINDS */
const char *log_level_name(enum log_level level);              /* "", "debug" … "critical" */
bool log_level_parse(struct text name, enum log_level *level); /* any case */

#endif
