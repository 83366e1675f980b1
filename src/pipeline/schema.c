/* The pipeline file's schema as libcyaml reads it. shape.c walks the same tables to find every
 * mistake at once. */
#include "pipeline/raw.h"

enum { LONGEST_TEXT = 8192, MOST_ITEMS = 10000 };

#define MUST CYAML_FLAG_DEFAULT
#define MAY  CYAML_FLAG_OPTIONAL

#define VALUE(flags, structure, key)                                                               \
    CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_POINTER | (flags), structure, key, 0, LONGEST_TEXT)
#define MAPPING(flags, structure, key, fields)                                                     \
    CYAML_FIELD_MAPPING_PTR(#key, CYAML_FLAG_POINTER | (flags), structure, key, fields)
#define LIST(flags, structure, key, entry)                                                         \
    CYAML_FIELD_SEQUENCE(#key, CYAML_FLAG_POINTER | (flags), structure, key, entry, 0, MOST_ITEMS)
#define ENTRY(structure, fields)                                                                   \
    { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, structure, fields) }

static const cyaml_schema_value_t text_entry = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, LONGEST_TEXT)};

static const cyaml_schema_field_t range_fields[] = {
    VALUE(MUST, struct raw_range, from),
    VALUE(MUST, struct raw_range, to),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t poll_fields[] = {
    VALUE(MAY, struct raw_poll, changing),        VALUE(MAY, struct raw_poll, every),
    VALUE(MAY, struct raw_poll, recheck),         VALUE(MAY, struct raw_poll, stale_after),
    VALUE(MAY, struct raw_poll, bytes_per_query), VALUE(MAY, struct raw_poll, bytes_per_night),
    VALUE(MAY, struct raw_poll, price_per_tib),   CYAML_FIELD_END,
};

static const cyaml_schema_field_t season_fields[] = {
    VALUE(MUST, struct raw_season, name),
    VALUE(MUST, struct raw_season, from),
    VALUE(MUST, struct raw_season, to),
    VALUE(MAY, struct raw_season, playoffs_from),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t season_entry = ENTRY(struct raw_season, season_fields);

static const cyaml_schema_field_t expected_fields[] = {
    VALUE(MAY, struct raw_expected, query),
    VALUE(MAY, struct raw_expected, table),
    LIST(MAY, struct raw_expected, except, &text_entry),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t ratio_fields[] = {
    VALUE(MUST, struct raw_ratio, table),
    VALUE(MUST, struct raw_ratio, at_least),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t rows_fields[] = {
    VALUE(MAY, struct raw_rows, at_least),
    VALUE(MAY, struct raw_rows, per),
    MAPPING(MAY, struct raw_rows, ratio_of, ratio_fields),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t duplicates_above_fields[] = {
    VALUE(MUST, struct raw_duplicates_above, rows),
    VALUE(MUST, struct raw_duplicates_above, per),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t quality_fields[] = {
    VALUE(MAY, struct raw_quality, null_of),
    VALUE(MAY, struct raw_quality, null_rate_at_most),
    VALUE(MAY, struct raw_quality, fallback),
    VALUE(MAY, struct raw_quality, fallback_of),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t table_fields[] = {
    VALUE(MUST, struct raw_table, name),
    VALUE(MUST, struct raw_table, phase),
    VALUE(MAY, struct raw_table, project),
    VALUE(MUST, struct raw_table, table),
    VALUE(MUST, struct raw_table, date),
    VALUE(MAY, struct raw_table, entity),
    VALUE(MAY, struct raw_table, bootstrap_days),
    MAPPING(MAY, struct raw_table, expected, expected_fields),
    MAPPING(MAY, struct raw_table, rows, rows_fields),
    MAPPING(MAY, struct raw_table, duplicates_above, duplicates_above_fields),
    MAPPING(MAY, struct raw_table, quality, quality_fields),
    LIST(MAY, struct raw_table, needs, &text_entry),
    LIST(MAY, struct raw_table, wants, &text_entry),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t table_entry = ENTRY(struct raw_table, table_fields);

static const cyaml_schema_field_t retry_fields[] = {
    VALUE(MAY, struct raw_retry, times),
    VALUE(MAY, struct raw_retry, after),
    VALUE(MAY, struct raw_retry, quota_after),
    VALUE(MAY, struct raw_retry, quota_workers),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t processor_fields[] = {
    VALUE(MUST, struct raw_processor, name),
    LIST(MUST, struct raw_processor, fills, &text_entry),
    LIST(MUST, struct raw_processor, command, &text_entry),
    LIST(MAY, struct raw_processor, dates_argument, &text_entry),
    VALUE(MAY, struct raw_processor, directory),
    CYAML_FIELD_IGNORE("environment", CYAML_FLAG_OPTIONAL),
    CYAML_FIELD_IGNORE("runner", CYAML_FLAG_OPTIONAL),
    VALUE(MAY, struct raw_processor, workers),
    VALUE(MAY, struct raw_processor, log),
    VALUE(MAY, struct raw_processor, quiet_after),
    VALUE(MAY, struct raw_processor, settle),
    VALUE(MAY, struct raw_processor, server_jobs),
    VALUE(MAY, struct raw_processor, timeout),
    VALUE(MAY, struct raw_processor, stop_grace),
    VALUE(MAY, struct raw_processor, log_limit),
    VALUE(MAY, struct raw_processor, stop_after_failures),
    MAPPING(MAY, struct raw_processor, retry, retry_fields),
    VALUE(MAY, struct raw_processor, processes_per_worker),
    VALUE(MAY, struct raw_processor, shell),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t processor_entry = ENTRY(struct raw_processor, processor_fields);

static const cyaml_schema_field_t group_fields[] = {
    VALUE(MUST, struct raw_group, name),
    VALUE(MAY, struct raw_group, behind),
    LIST(MUST, struct raw_group, runs, &text_entry),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t group_entry = ENTRY(struct raw_group, group_fields);

#define MEASURED_TABLES                                                                            \
    VALUE(MAY, struct raw_measure, table), VALUE(MAY, struct raw_measure, phase),                  \
        VALUE(MAY, struct raw_measure, season), VALUE(MAY, struct raw_measure, segment)

static const cyaml_schema_field_t coverage_fields[] = {
    MEASURED_TABLES,
    VALUE(MAY, struct raw_measure, of),
    VALUE(MAY, struct raw_measure, at_least),
    VALUE(MAY, struct raw_measure, target),
    VALUE(MAY, struct raw_measure, optimal),
    VALUE(MAY, struct raw_measure, missing_at_most),
    VALUE(MAY, struct raw_measure, each_season),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t rows_check_fields[] = {
    MEASURED_TABLES,
    VALUE(MAY, struct raw_measure, at_least),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t rate_fields[] = {
    MEASURED_TABLES,
    VALUE(MAY, struct raw_measure, at_most),
    VALUE(MAY, struct raw_measure, target),
    VALUE(MAY, struct raw_measure, optimal),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t duplicates_fields[] = {MEASURED_TABLES, CYAML_FIELD_END};

static const cyaml_schema_field_t query_fields[] = {
    VALUE(MAY, struct raw_query, file),     VALUE(MAY, struct raw_query, sql),
    VALUE(MAY, struct raw_query, at_least), VALUE(MAY, struct raw_query, at_most),
    VALUE(MAY, struct raw_query, equals),   CYAML_FIELD_END,
};
static const cyaml_schema_field_t runs_fields[] = {
    VALUE(MUST, struct raw_runs, group),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t command_fields[] = {
    LIST(MUST, struct raw_command, run, &text_entry),
    VALUE(MAY, struct raw_command, timeout),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t disk_fields[] = {
    VALUE(MUST, struct raw_disk, path),
    VALUE(MUST, struct raw_disk, at_least),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t manual_fields[] = {
    VALUE(MUST, struct raw_manual, question),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t check_fields[] = {
    VALUE(MAY, struct raw_check, name),
    MAPPING(MAY, struct raw_check, coverage, coverage_fields),
    MAPPING(MAY, struct raw_check, rows, rows_check_fields),
    MAPPING(MAY, struct raw_check, null_rate, rate_fields),
    MAPPING(MAY, struct raw_check, fallback_rate, rate_fields),
    MAPPING(MAY, struct raw_check, duplicates, duplicates_fields),
    MAPPING(MAY, struct raw_check, query, query_fields),
    MAPPING(MAY, struct raw_check, runs, runs_fields),
    MAPPING(MAY, struct raw_check, command, command_fields),
    VALUE(MAY, struct raw_check, credentials),
    MAPPING(MAY, struct raw_check, disk, disk_fields),
    MAPPING(MAY, struct raw_check, manual, manual_fields),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t check_entry = ENTRY(struct raw_check, check_fields);

static const cyaml_schema_field_t gate_fields[] = {
    VALUE(MUST, struct raw_gate, name),
    LIST(MUST, struct raw_gate, checks, &check_entry),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t gate_entry = ENTRY(struct raw_gate, gate_fields);

static const cyaml_schema_field_t slack_fields[] = {
    VALUE(MUST, struct raw_alert, url_file),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t token_fields[] = {
    VALUE(MUST, struct raw_alert, url_file),
    VALUE(MAY, struct raw_alert, token_file),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t heartbeat_fields[] = {
    VALUE(MUST, struct raw_alert, url_file),
    VALUE(MAY, struct raw_alert, every),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t alerts_fields[] = {
    MAPPING(MAY, struct raw_alerts, slack, slack_fields),
    MAPPING(MAY, struct raw_alerts, ntfy, token_fields),
    MAPPING(MAY, struct raw_alerts, webhook, token_fields),
    MAPPING(MAY, struct raw_alerts, heartbeat, heartbeat_fields),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t pipeline_fields[] = {
    VALUE(MUST, struct raw_pipeline, pipeline),
    VALUE(MAY, struct raw_pipeline, project),
    VALUE(MAY, struct raw_pipeline, location),
    VALUE(MAY, struct raw_pipeline, timezone),
    VALUE(MAY, struct raw_pipeline, endpoint),
    MAPPING(MUST, struct raw_pipeline, range, range_fields),
    MAPPING(MAY, struct raw_pipeline, poll, poll_fields),
    LIST(MAY, struct raw_pipeline, seasons, &season_entry),
    VALUE(MAY, struct raw_pipeline, bootstrap_days),
    MAPPING(MAY, struct raw_pipeline, expected, expected_fields),
    LIST(MUST, struct raw_pipeline, tables, &table_entry),
    LIST(MAY, struct raw_pipeline, processors, &processor_entry),
    LIST(MAY, struct raw_pipeline, groups, &group_entry),
    LIST(MAY, struct raw_pipeline, gates, &gate_entry),
    CYAML_FIELD_IGNORE("patterns", CYAML_FLAG_OPTIONAL),
    MAPPING(MAY, struct raw_pipeline, alerts, alerts_fields),
    CYAML_FIELD_END,
};

const cyaml_schema_value_t raw_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_pipeline, pipeline_fields)};
