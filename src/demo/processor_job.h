/* The ten jobs that the simulated processor can be: what each is called, writes, takes and needs.
 */
#ifndef PHASEGATE_DEMO_PROCESSOR_JOB_H
#define PHASEGATE_DEMO_PROCESSOR_JOB_H

#include <stdbool.h>

#include "base/day.h"

enum job_style {
    JOB_ANALYTICS, /* Phase 3: calendar days, "records" */
    JOB_UPCOMING,  /* Phase 3, the two context jobs */
    JOB_PRECOMPUTE /* Phase 4: game dates, pre-flight, bootstrap */
};

enum job_parallel { JOB_PARALLEL_REAL, JOB_PARALLEL_IGNORED, JOB_PARALLEL_REFUSED };

enum { JOB_NEEDS_LIMIT = 4, JOB_DATES_LIMIT = 4096 };

struct processor_job {
    const char *name;  /* also the script's file name, with a suffix */
    const char *class; /* the Python class that its summary names */
    const char *table; /* it writes */
    const char *noun;  /* of its counts */
    enum job_style style;
    enum job_parallel parallel;
    bool takes_dates;
    bool names_failed_date; /* its failure lines carry the date */
    double seconds;         /* a date takes, on a night's wall clock */
    const char *needs[JOB_NEEDS_LIMIT];
};

/* The job of a script path, or NULL. */
const struct processor_job *processor_job_find(const char *script);

/* What it was told to do. */
struct processor_arguments {
    const char *script;
    struct day_range range;
    day_number *dates; /* --dates; NULL without */
    size_t date_count;
    int workers;
    bool parallel, skip_preflight, dry_run;
};

/* Reads the flags as the real job does; an answer other than -1 is the exit code to end with, its
 * message printed. */
int processor_arguments_read(const struct processor_job *job, int argc, char **argv,
                             struct processor_arguments *arguments);

/* One line as Python's logging prints it: "LEVEL:logger:message". */
void processor_log(const char *level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void processor_log_as(const char *level, const char *logger, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
