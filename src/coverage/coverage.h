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

/* What is known of one table or one source of expected dates. */
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

/* The words of DESIGN.md: "complete", "partial", … */
const char *coverage_day_state_name(enum coverage_day_state state);

/* fresh: confirmed within poll.stale_after; stale: older; unknown: never measured, the expected
 * dates never measured, or confirmed longer ago than poll.recheck + poll.stale_after. The status of
 * the expected dates drags a table's down. */
enum coverage_status { COVERAGE_STATUS_UNKNOWN, COVERAGE_STATUS_STALE, COVERAGE_STATUS_FRESH };
const char *coverage_status_name(enum coverage_status status);

/* An operator's waiver: expected dates of a table declared unattainable. */
struct coverage_waiver {
    size_t table;
    struct day_range range;
};

/* Sums over a table, a season or a segment. All counts are of dates unless they say otherwise, and
 * hold only where `known`; percentages are PERCENT_UNKNOWN otherwise. Days are counted once:
 * expected = bootstrap + waived + attainable, attainable = complete + partial + missing + excess.
 */
struct coverage_totals {
    bool known;
    size_t expected, bootstrap, waived, attainable;
    size_t complete, partial, missing, excess;
    size_t with_rows;          /* expected dates that have rows (raw coverage) */
    size_t unexpected;         /* dates with rows on which nothing was due; lift no percentage */
    int64_t rows, entities;    /* on expected dates; entities -1 without a column */
    int64_t expected_games;    /* of the attainable dates; with the measured entities of those dates
                                  below */
    int64_t attained_games;    /* entities on attainable dates, at most the games expected of each
                                  date; -1 without */
    int64_t nulls, fallbacks;  /* on expected dates; -1 when not asked for */
    day_number last_with_rows; /* DAY_NONE when none */
};

/* Tenths of a percent of complete ÷ attainable and of expected-with-rows ÷ expected, and of games
 * (PERCENT_UNKNOWN when not known). `threshold` as in percent_tenths. */
int coverage_percent(const struct coverage_totals *totals, int threshold);
int coverage_raw_percent(const struct coverage_totals *totals);
int coverage_games_percent(const struct coverage_totals *totals, int threshold);

struct coverage_day {
    enum coverage_day_state state;
    int64_t rows;     /* -1 when not measured */
    int64_t entities; /* -1 when not measured or no column */
    int64_t required; /* rows from which the date is complete; -1 when not known */
    int64_t games;    /* due on that date; -1 when not known */
};

struct coverage_season {
    size_t season; /* index into the pipeline */
    struct coverage_totals all;
    struct coverage_totals regular;  /* before playoffs_from; equals `all` without one */
    struct coverage_totals playoffs; /* `known` false without one */
};

/* What a table's incomplete dates do downstream, and what upstream does to its own. */
struct coverage_lineage {
    struct dayset
        blocked; /* dates it cannot fill now: a date of a table it needs is not complete */
    struct dayset
        degraded; /* dates it would fill with less: a date of a table it wants is not complete */
    struct pipeline_indices
        blocks; /* tables that need this one, directly or not, and have dates blocked by it */
    struct pipeline_indices degrades;
};

struct coverage_table {
    size_t table;
    enum coverage_status status;
    int64_t measured_at, confirmed_at;
    char *error;               /* of the last attempt, or of the expected dates'; NULL */
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

/* The day's record, or NULL outside the range. */
const struct coverage_day *coverage_day_at(const struct coverage_report *report, size_t table,
                                           day_number day);

/* The attainable dates that are not complete (missing and, unless `missing_only`, partial and
 * excess) within `range`; the caller frees the set. */
struct dayset coverage_gaps(const struct coverage_report *report, size_t table,
                            struct day_range range, bool missing_only);

/* The expected dates of a table within the report's range; the caller frees the set. */
struct dayset coverage_expected(const struct coverage_report *report, size_t table);

/* Dates per hour and time left from a history of complete dates, oldest first. */
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
