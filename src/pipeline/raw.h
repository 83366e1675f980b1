/* The pipeline file as libcyaml loads it: every value still text, nothing judged. Members are named
 * as the keys are; what the file does not give is NULL. */
#ifndef PHASEGATE_PIPELINE_RAW_H
#define PHASEGATE_PIPELINE_RAW_H

#include <cyaml/cyaml.h>

struct raw_range {
    char *from, *to;
};
struct raw_poll {
    char *every, *changing, *recheck, *stale_after, *bytes_per_query, *bytes_per_night;
    char *price_per_tib;
};
struct raw_season {
    char *name, *from, *to, *playoffs_from;
};
struct raw_expected {
    char *query, *table;
    char **except;
    unsigned except_count;
};
struct raw_ratio {
    char *table, *at_least;
};
struct raw_rows {
    char *at_least, *per;
    struct raw_ratio *ratio_of;
};
struct raw_duplicates_above {
    char *rows, *per;
};
struct raw_quality {
    char *null_of, *null_rate_at_most, *fallback, *fallback_of;
};
struct raw_table {
    char *name, *phase, *project, *table, *date, *entity, *bootstrap_days;
    struct raw_expected *expected;
    struct raw_rows *rows;
    struct raw_duplicates_above *duplicates_above;
    struct raw_quality *quality;
    char **needs, **wants;
    unsigned needs_count, wants_count;
};
struct raw_retry {
    char *times, *after, *quota_after, *quota_workers;
};
struct raw_processor { /* `environment` and `runner` are read from the document */
    char *name, *directory, *workers, *log, *quiet_after, *settle, *timeout, *server_jobs,
        *stop_grace, *log_limit, *stop_after_failures, *processes_per_worker, *shell;
    struct raw_retry *retry;
    char **fills, **command, **dates_argument;
    unsigned fills_count, command_count, dates_argument_count;
};
struct raw_group {
    char *name, *behind;
    char **runs;
    unsigned runs_count;
};

/* coverage, rows, null_rate, fallback_rate, duplicates: one struct, each with keys of its own. */
struct raw_measure {
    char *table, *phase, *season, *segment, *of, *at_least, *target, *optimal, *missing_at_most,
        *each_season, *at_most;
};
struct raw_query {
    char *file, *sql, *at_least, *at_most, *equals;
};
struct raw_runs {
    char *group;
};
struct raw_command {
    char **run;
    unsigned run_count;
    char *timeout;
};
struct raw_disk {
    char *path, *at_least;
};
struct raw_manual {
    char *question;
};
struct raw_check {
    char *name, *credentials;
    struct raw_measure *coverage, *rows, *null_rate, *fallback_rate, *duplicates;
    struct raw_query *query;
    struct raw_runs *runs;
    struct raw_command *command;
    struct raw_disk *disk;
    struct raw_manual *manual;
};
struct raw_gate {
    char *name;
    struct raw_check *checks;
    unsigned checks_count;
};

struct raw_alert {
    char *url_file, *token_file, *every;
};
struct raw_alerts {
    struct raw_alert *slack, *ntfy, *webhook, *heartbeat;
};

struct raw_pipeline { /* `patterns` is read from the document */
    char *pipeline, *project, *location, *timezone, *endpoint, *bootstrap_days;
    struct raw_range *range;
    struct raw_poll *poll;
    struct raw_season *seasons;
    unsigned seasons_count;
    struct raw_expected *expected;
    struct raw_table *tables;
    unsigned tables_count;
    struct raw_processor *processors;
    unsigned processors_count;
    struct raw_group *groups;
    unsigned groups_count;
    struct raw_gate *gates;
    unsigned gates_count;
    struct raw_alerts *alerts;
};

/* The file's schema: the keys it knows, which of them it must have, and what each holds. */
extern const cyaml_schema_value_t raw_schema;

#endif
