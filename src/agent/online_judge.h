/* Judging BigQuery's answers about a pipeline: pure, so that every rule can be tried without a
 * server. */
#ifndef PHASEGATE_AGENT_ONLINE_JUDGE_H
#define PHASEGATE_AGENT_ONLINE_JUDGE_H

#include "agent/online.h"
#include "bigquery/bigquery.h"

/* What all judgements share. */
struct online_context {
    const struct pipeline *pipeline;
    struct day_range range; /* the pipeline's, now */
    int64_t now_ms;         /* wall time */
    struct online_findings *findings;
    const struct dayset *expected; /* as struct online_options has it */
};

/* What was answered about a table of the pipeline; none is NULL but the last. */
struct online_table_answers {
    const struct bigquery_result *metadata; /* tables.get */
    const struct bigquery_result *dataset;  /* datasets.get of its dataset */
    const struct bigquery_result *coverage; /* dry run of its coverage query */
    const struct bigquery_result *tables;   /* tables.list of its dataset; NULL: not asked */
};
void online_judge_table(const struct online_context *context, size_t table,
                        const struct online_table_answers *answers);

/* A dataset as the first of the pipeline's tables in it names it. */
void online_judge_dataset(const struct online_context *context, size_t table,
                          const struct bigquery_result *dataset);

/* A query of the pipeline. */
enum online_query_kind { ONLINE_QUERY_COVERAGE, ONLINE_QUERY_EXPECTED, ONLINE_QUERY_CHECK };
struct online_query {
    enum online_query_kind kind;
    const char *what; /* borrowed */
    const char *sql;
    const struct pipeline_source *source;
    size_t table; /* of a coverage query; else PIPELINE_NONE */
};

/* The dry run of a query that is no coverage query; `tables` lists the dataset of the table that it
 * asks for and that is missing, or is NULL. */
void online_judge_query(const struct online_context *context, const struct online_query *query,
                        const struct bigquery_result *dry_run,
                        const struct bigquery_result *tables);

/* The same for any query, when a first look at its table found something already: mistakes from
 * `known` on in the list that stand at the same place are not told twice, and neither is a table
 * that was not found (`missing`), or a partition column without a filter (`unfiltered`). `plain`:
 * the table is known to be one, no view. */
struct online_known {
    size_t first;
    bool missing, unfiltered, unknown, plain;
};
void online_judge_dry_run(const struct online_context *context, const struct online_query *query,
                          const struct bigquery_result *dry_run,
                          const struct bigquery_result *tables, struct online_known known);

/* The parts of a table that a failed dry run did not find, each to be freed; false when that is not
 * why it failed. */
struct online_name {
    char *project, *dataset, *table;
};
bool online_missing_table(const struct bigquery_result *dry_run, struct online_name *name);
void online_name_free(struct online_name *name);

/* Notes a finding; the text is a format. */
void online_add(const struct online_context *context, enum online_severity severity,
                const char *file, struct pipeline_place place, const char *what, const char *format,
                ...) __attribute__((format(printf, 6, 7)));

/* Puts the worst first, then by file and place; drops what stands there twice. */
void online_sort(struct online_findings *findings);

/* "BigQuery: notFound: …" of a failed result, without line breaks; static text never. The caller
 * frees it. */
char *online_failure_text(const struct bigquery_result *result);

#endif
