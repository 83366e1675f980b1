/* What the parts of coverage_compute share. Private to the module. */
#ifndef PHASEGATE_COVERAGE_COMPUTE_H
#define PHASEGATE_COVERAGE_COMPUTE_H

#include "coverage/coverage.h"

/* A source of expected dates within the report's range. */
struct compute_source {
    bool known;
    bool games_known;
    struct day_range asked; /* days outside it were not measured */
    struct dayset due;      /* the report takes it over */
    bool *is_due;           /* the same by day of the report's range, for walking along it */
    int32_t *games;         /* by day of the report's range; 0 where nothing is due */
    enum coverage_status status;
    int64_t confirmed_at; /* 0 when it was never measured */
    char *problem;        /* why it is not fresh; NULL */
};

/* Neighbouring days of one segment of one season (PIPELINE_NONE between seasons), as offsets into
 * the report's range. */
struct compute_stretch {
    size_t first, count;
    size_t season;
    bool playoffs;
};

struct compute {
    const struct pipeline *pipeline;
    int64_t as_of;
    struct day_range range;
    size_t day_count;
    const struct coverage_measurement *tables;
    const struct coverage_measurement *expected;
    const struct coverage_waiver *waivers;
    size_t waiver_count;
    struct compute_source *sources;
    struct compute_stretch *stretches;
    size_t stretch_count;
};

/* How far a measurement can be trusted now, and in words why it is not fresh (NULL when it is; the
 * caller frees it). */
enum coverage_status compute_status(const struct compute *compute,
                                    const struct coverage_measurement *measurement, char **problem);
int64_t compute_confirmed_at(const struct coverage_measurement *measurement);

/* sources.c */
void compute_source(const struct compute *compute, size_t source, struct compute_source *out);

/* days.c: table->days, status, times, error; returns whether the table's states are known. */
bool compute_days(const struct compute *compute, struct coverage_table *table);

/* totals.c */
void compute_stretches(struct compute *compute);
void compute_totals(const struct compute *compute, struct coverage_table *table, bool known);

/* lineage.c */
void compute_lineage(struct coverage_report *report);

#endif
