/* Coverage: counts per date become day states, totals, gaps, and what blocks or degrades what.
 *
 * Pure computation over a pipeline and what was measured; no I/O, no clock. A measurement is what
 * one poll read of one table (or of one source of expected dates). Whatever was not measured is
 * unknown, never zero. */
#ifndef PHASEGATE_COVERAGE_COVERAGE_H
#define PHASEGATE_COVERAGE_COVERAGE_H

#include "base/day.h"
#include "pipeline/pipeline.h"

/* One row of a coverage query. */
struct coverage_count {
    day_number day;
    int64_t rows;
    int64_t entities;  /* distinct; -1 when the table has no entity column */
    int64_t nulls;     /* -1 when not asked for */
    int64_t fallbacks; /* -1 when not asked for */
};

/* What is known of one table or one source of expected dates. A source that is another table
 * (PIPELINE_EXPECTED_TABLE) is read from that table's measurement; its own is not looked at. */
struct coverage_measurement {
    bool measured;        /* false: never; then `counts` is empty and means nothing */
    int64_t measured_at;  /* wall ms of the query that gave the counts; 0 when never */
    int64_t confirmed_at; /* wall ms at which they were last known to be true: measured_at, or a
                             later free check */
    struct coverage_count
        *counts; /* ascending days, none twice; for expected dates `rows` is the number of games */
    size_t count;
    struct day_range range; /* that was asked for */
    char *error;            /* why the last attempt failed; NULL when it did not */
    int64_t failed_at;      /* wall ms of that attempt */
    int64_t bytes_billed;   /* of the night so far */
    char *overtaken;        /* what wrote the table after these counts were asked for, as a phrase;
                               NULL when nothing did: they are then stale, however young */
};

enum coverage_day_state {
    COVERAGE_UNKNOWN, /* not measured, or what is expected is not known */
    COVERAGE_OFF,     /* nothing expected */
    COVERAGE_BOOTSTRAP,
    COVERAGE_WAIVED,
    COVERAGE_MISSING,
    COVERAGE_PARTIAL, /* fewer rows than required */
    COVERAGE_COMPLETE,
    COVERAGE_EXCESS, /* duplicates: more rows than can be */
};

/* The words of DESIGN.md: "complete", "partial", … An expected date is, in this order: bootstrap;
 * waived, unless it is complete all the same (what was had is attainable); missing without rows;
 * excess above the duplicates rule; partial; complete. A date with rows whose rule compares it with
 * a table that has no rows on it is partial: it cannot be shown to be complete. */
const char *coverage_day_state_name(enum coverage_day_state state);

/* fresh: confirmed within poll.stale_after, the last attempt did not fail, and no run that wrote
 * the table has ended since; stale: older, failed or written since, or confirmed later than `as_of`
 * by more than poll.stale_after (the clock was set back); unknown: never measured, confirmed longer
 * ago than poll.recheck + poll.stale_after, the expected dates came back empty, or part of the
 * range was never asked for. The status of the expected dates, and of the table that a ratio
 * compares with, drags a table's down. */
enum coverage_status { COVERAGE_STATUS_UNKNOWN, COVERAGE_STATUS_STALE, COVERAGE_STATUS_FRESH };
const char *coverage_status_name(enum coverage_status status);

/* An operator's waiver: expected dates of a table declared unattainable. */
struct coverage_waiver {
    size_t table;
    struct day_range range;
    char *written_by; /* a run that may have written some of the dates since; NULL. Borrowed */
};

/* Sums over a table, a season or a segment. All counts are of dates unless they say otherwise, and
 * hold only where `known`; percentages are PERCENT_UNKNOWN otherwise. `known` says that they were
 * measured, however long ago: whether to trust them is the table's status. Days are counted once:
 * expected = bootstrap + waived + attainable, attainable = complete + partial + missing + excess.
 */
struct coverage_totals {
    bool known;
    size_t expected, bootstrap, waived, attainable;
    size_t complete, partial, missing, excess;
    size_t with_rows;          /* expected dates that have rows (raw coverage) */
    size_t unexpected;         /* dates with rows on which nothing was due; lift no percentage */
    size_t unmeasured;         /* days of the range whose state is unknown; in no other count */
    int64_t rows, entities;    /* on expected dates; entities -1 without a column */
    int64_t expected_games;    /* of the attainable dates; -1 when not known */
    int64_t attained_games;    /* entities on attainable dates, at most the games expected of each
                                  date; -1 without */
    int64_t nulls, fallbacks;  /* on expected dates; -1 when not asked for */
    day_number last_with_rows; /* the last expected date with rows; DAY_NONE when none */
};

/* Tenths of a percent of complete ÷ attainable and of expected-with-rows ÷ expected, and of games
 * (PERCENT_UNKNOWN when not known). `threshold` as in percent_tenths. */
int coverage_percent(const struct coverage_totals *totals, int threshold);
int coverage_raw_percent(const struct coverage_totals *totals);
int coverage_games_percent(const struct coverage_totals *totals, int threshold);

/* Small, because there is one for every table and day; counts above 2^31 are cut to it. */
struct coverage_day {
    int64_t rows; /* -1 when not measured */
    enum coverage_day_state state;
    int32_t entities; /* -1 when not measured or no column */
    int32_t required; /* rows from which the date is complete; 0 when nothing is due, -1 when not
                         known */
    int32_t games;    /* due on that date; -1 when not known */
};

struct coverage_season {
    size_t season; /* index into the pipeline */
    struct coverage_totals all;
    struct coverage_totals regular;  /* before playoffs_from; equals `all` without one */
    struct coverage_totals playoffs; /* `known` false, all zero, without one */
};

/* What upstream does to a table's incomplete dates, and what the table's own do downstream. A date
 * is incomplete when it is missing, partial or excess; bootstrap and waived dates of an upstream
 * table block nothing. */
struct coverage_lineage {
    bool known; /* false when the table or one upstream was not measured: the sets then hold only
                   what is known */
    struct dayset blocked;  /* incomplete dates it cannot fill now: a table it needs is incomplete
                               there */
    struct dayset degraded; /* incomplete dates it would fill with less: a table it wants is
                               incomplete there, or a table it needs or wants is degraded there */
    struct pipeline_indices blocks;   /* tables that need this one, directly or not, and have dates
                                         blocked by it; upstream before downstream */
    struct pipeline_indices degrades; /* tables degraded by it in the same way */
    size_t blocked_phase;             /* of the tables it blocks directly (the first such phase), or
                                         PIPELINE_NONE */
    size_t blocked_dates; /* in how many dates of that phase: those of its blocked tables, each
                             date once … */
    size_t phase_dates;   /* … out of their attainable dates, each once */
};

/* blocked_dates ÷ phase_dates in tenths of a percent; PERCENT_UNKNOWN when it blocks nothing. */
int coverage_blocked_percent(const struct coverage_lineage *lineage);

struct coverage_table {
    size_t table;
    enum coverage_status status;
    int64_t measured_at, confirmed_at; /* of the table itself; 0 when never */
    int64_t
        evidence_at; /* the oldest confirmed_at of all its numbers rest on (itself, expected
                        dates, the table a ratio compares with); 0 when one was never measured */
    char *error; /* why it is not fresh, or why the last attempt failed; NULL when all is well */
    char *waived_notice; /* of dates that are waived and were written since, one phrase; NULL */
    struct coverage_day *days; /* day_range_count(report.range) of them */
    struct coverage_totals all;
    struct coverage_season *seasons; /* pipeline->season_count of them */
    struct coverage_lineage lineage;
};

struct coverage_report {
    const struct pipeline *pipeline;
    int64_t as_of;
    struct day_range range;
    struct coverage_table *tables; /* pipeline->table_count of them */
    struct dayset *expected;       /* dates due by each source, pipeline->expected_count of them;
                                      empty when it was not measured */
};

/* Computes everything. `tables` and `expected` hold one measurement for each table and each source
 * of the pipeline. The report copies what it needs and must not outlive the pipeline. */
struct coverage_report *coverage_compute(const struct pipeline *pipeline, int64_t as_of,
                                         struct day_range range,
                                         const struct coverage_measurement *tables,
                                         const struct coverage_measurement *expected,
                                         const struct coverage_waiver *waivers,
                                         size_t waiver_count);
void coverage_report_free(struct coverage_report *report);

/* The totals that a check means: of all seasons (PIPELINE_NONE) or one, of all dates or one
 * segment (enum pipeline_segment). A segment of all seasons is the sum over those that have it. */
struct coverage_totals coverage_totals_of(const struct coverage_report *report, size_t table,
                                          size_t season, enum pipeline_segment segment);

/* The day's record, or NULL outside the range. */
const struct coverage_day *coverage_day_at(const struct coverage_report *report, size_t table,
                                           day_number day);

/* The attainable dates that are not complete (missing and, unless `missing_only`, partial and
 * excess) within `range`; the caller frees the set. */
struct dayset coverage_gaps(const struct coverage_report *report, size_t table,
                            struct day_range range, bool missing_only);

/* The attainable dates within `range` that hold too many rows: no gaps that a launch could fill.
 * The caller frees the set. */
struct dayset coverage_excess(const struct coverage_report *report, size_t table,
                              struct day_range range);

/* The expected dates of a table within the report's range, bootstrap and waived ones too; empty
 * when they are not known. The caller frees the set. */
struct dayset coverage_expected(const struct coverage_report *report, size_t table);

/* Dates per hour and time left from a history of complete dates, oldest first: the slope from the
 * first sample to the last. A dip that recovered is passed over; after a fall that did not, the
 * history begins there. */
struct coverage_sample {
    int64_t at; /* wall ms */
    size_t complete;
};
struct coverage_rate {
    bool known; /* false with fewer than two samples or without any time between them */
    double dates_per_hour;
    int64_t left_ms; /* for `remaining` dates; -1 when nothing moves */
};
struct coverage_rate coverage_rate_of(const struct coverage_sample *samples, size_t count,
                                      size_t remaining);

/* Frees what a measurement owns and makes it "never measured". */
void coverage_measurement_free(struct coverage_measurement *measurement);

#endif
