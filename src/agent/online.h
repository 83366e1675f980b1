/* Online validation: what only BigQuery can say about a pipeline file. Do its tables and columns
 * exist, do their types fit, do partitions and locations agree with it, and would every query be
 * taken?
 *
 * All of it is free of charge: tables.get, datasets.get, tables.list and dry runs. Everything is
 * asked at the same time and fails alone; what could not be asked is unknown, never good. */
#ifndef PHASEGATE_AGENT_ONLINE_H
#define PHASEGATE_AGENT_ONLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/day.h"
#include "pipeline/pipeline.h"

/* The worst first. */
enum online_severity {
    ONLINE_MISTAKE, /* measuring would fail, or could never come to 100 % */
    ONLINE_UNKNOWN, /* it could not be asked */
    ONLINE_WARNING, /* it works, and costs or means something else than one would think */
    ONLINE_SEVERITY_COUNT
};

/* "mistake", "unknown", "warning". */
const char *online_severity_word(enum online_severity severity);

struct online_finding {
    enum online_severity severity;
    char *file;                  /* the pipeline file, or an SQL file */
    struct pipeline_place place; /* there; line 0: none */
    char *what;                  /* the table, query or dataset it is about */
    char *text;                  /* one sentence without its end */
};

/* Zero-initialise, then online_findings_free. */
struct online_findings {
    struct online_finding *items;
    size_t count, capacity;
};
void online_findings_free(struct online_findings *findings);

/* "pipeline.yaml:73:12: warning: TABLE: …"; a mistake says no severity. The caller frees it. */
char *online_finding_line(const struct online_finding *finding);

/* Zero-initialise and set what differs. */
struct online_options {
    const char *endpoint;          /* NULL: BIGQUERY_EMULATOR_HOST, then the pipeline's */
    const struct clock *clock;     /* NULL: clock_system() */
    const struct dayset *expected; /* dates due by each source of the pipeline, as last measured (an
                                      empty set: not known); NULL: none is known */
    int64_t deadline_ms; /* real milliseconds after which no answer is waited for: 30,000 */
};

struct online_report {
    struct online_findings findings; /* the worst first, then in the order of the files */
    size_t by_severity[ONLINE_SEVERITY_COUNT];
    size_t tables, queries; /* that were to be asked about */
    int64_t bytes; /* that BigQuery bills for asking every query once; -1: not all of them told */
    double cost;   /* of them, in US dollars at the pipeline's price */
};

/* Asks BigQuery about all of a pipeline; waits at most the deadline. The caller frees the report
 * (online_report_free). */
void online_check(const struct pipeline *pipeline, const struct online_options *options,
                  struct online_report *report);
void online_report_free(struct online_report *report);

#endif
