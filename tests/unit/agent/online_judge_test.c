/* What BigQuery's answers about a table or a query mean for the pipeline file: rule by rule,
 * without a server. The scene's table "defense" is counted by game_date and game_id. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "agent/online_judge.h"
#include "base/memory.h"
#include "fixture.h"

#define DAY_MS INT64_C(86400000)
#define TABLE_KEY                                                                                  \
    "table: nba_analytics.team_defense_game_summary, date: game_date, entity: game_id, rows"
#define EDITED(rest) "table: nba_analytics.team_defense_game_summary, " rest ", rows"

static const struct bigquery_field FIELDS[] = {
    {"game_date", BIGQUERY_DATE, BIGQUERY_NULLABLE, NULL, 0},
    {"game_id", BIGQUERY_STRING, BIGQUERY_REQUIRED, NULL, 0},
    {"points", BIGQUERY_INT64, BIGQUERY_NULLABLE, NULL, 0},
    {"written_at", BIGQUERY_TIMESTAMP, BIGQUERY_NULLABLE, NULL, 0},
    {"is_guess", BIGQUERY_BOOL, BIGQUERY_NULLABLE, NULL, 0},
    {"source", BIGQUERY_STRING, BIGQUERY_NULLABLE, NULL, 0},
    {"dates", BIGQUERY_DATE, BIGQUERY_REPEATED, NULL, 0},
    {"details", BIGQUERY_RECORD, BIGQUERY_NULLABLE, NULL, 0},
};

/* An edit of the scene, an answer of BigQuery's where it differs from a sound one, and what is to
 * be told, a line each: "severity key: text". */
struct trial {
    const char *what, *find, *replace;
    const char *type, *location, *partition_type, *partition_field;
    bool no_partition, filter_required, missing_table, missing_dataset;
    int expiration_days;
    enum bigquery_failure_class refused; /* of the dry run */
    const char *message;                 /* of the dry run, or of metadata_failed */
    bool metadata_failed;
    const char *statement;
    enum bigquery_type day_type; /* of the coverage query; 0: DATE */
    int64_t bytes;
    const char *expected;
};

static const struct trial TRIALS[] = {
    {.what = "a sound table", .expected = ""},
    {.what = "a date column that is misspelt",
     .find = TABLE_KEY,
     .replace = EDITED("date: game_dte, entity: game_id"),
     .refused = BIGQUERY_QUERY,
     .message = "Unrecognized name: game_dte at [4:8]",
     .expected = "mistake date: no column game_dte; did you mean game_date?\n"},
    {.what = "a date column that is like none",
     .find = TABLE_KEY,
     .replace = EDITED("date: calendar, entity: game_id"),
     .refused = BIGQUERY_QUERY,
     .message = "Unrecognized name: calendar at [4:8]",
     .expected = "mistake date: no column calendar; the table is partitioned by game_date\n"},
    {.what = "a TIMESTAMP as date",
     .find = TABLE_KEY,
     .replace = EDITED("date: written_at, entity: game_id"),
     .partition_field = "written_at",
     .refused = BIGQUERY_QUERY,
     .message = "No matching signature for operator BETWEEN at [4:8]",
     .expected = "mistake date: written_at is TIMESTAMP; name a DATE column, or put a copy of "
                 "coverage.sql beside the pipeline file that counts by DATE({date})\n"},
    {.what = "a TIMESTAMP that the coverage query turns into a DATE",
     .find = TABLE_KEY,
     .replace = EDITED("date: written_at, entity: game_id"),
     .partition_field = "written_at",
     .expected = ""},
    {.what = "a STRING that the coverage query turns into a DATE",
     .find = TABLE_KEY,
     .replace = EDITED("date: source, entity: game_id"),
     .no_partition = true,
     .expected = ""},
    {.what = "a STRING as date",
     .find = TABLE_KEY,
     .replace = EDITED("date: source, entity: game_id"),
     .no_partition = true,
     .day_type = BIGQUERY_FLOAT64,
     .expected =
         "mistake date: source is STRING; name a DATE column, or put a copy of coverage.sql "
         "beside the pipeline file that counts by PARSE_DATE('%Y-%m-%d', {date})\n"},
    {.what = "a number as date",
     .find = TABLE_KEY,
     .replace = EDITED("date: points, entity: game_id"),
     .no_partition = true,
     .day_type = BIGQUERY_INT64,
     .expected = "mistake date: points is INT64; coverage is counted by a DATE column\n"},
    {.what = "an array as date",
     .find = TABLE_KEY,
     .replace = EDITED("date: dates, entity: game_id"),
     .no_partition = true,
     .expected = "mistake date: dates is an array; coverage is counted by one DATE\n"},
    {.what = "the day of ingestion as date",
     .find = TABLE_KEY,
     .replace = EDITED("date: _PARTITIONDATE, entity: game_id"),
     .partition_field = "",
     .filter_required = true,
     .expected = ""},
    {.what = "an entity that is misspelt",
     .find = "entity: game_id",
     .replace = "entity: gameid",
     .refused = BIGQUERY_QUERY,
     .message = "Unrecognized name: gameid at [5:24]",
     .expected = "mistake entity: no column gameid; did you mean game_id?\n"},
    {.what = "an entity that cannot be counted",
     .find = "entity: game_id",
     .replace = "entity: details",
     .expected = "mistake entity: details is STRUCT, which cannot be counted DISTINCT\n"},
    {.what = "a quality column that is not there",
     .find = "rows: {at_least: 2, per: game}",
     .replace = "rows: {at_least: 2, per: game}, quality: {null_of: pionts}",
     .expected = "mistake null_of: no column pionts; did you mean points?\n"},
    {.what = "a quality column that is never NULL",
     .find = "rows: {at_least: 2, per: game}",
     .replace = "rows: {at_least: 2, per: game}, quality: {null_of: game_id}",
     .expected =
         "warning null_of: game_id is REQUIRED and never NULL, so its NULL rate says nothing\n"},
    {.what = "a fallback column that is no BOOL",
     .find = "rows: {at_least: 2, per: game}",
     .replace = "rows: {at_least: 2, per: game}, quality: {fallback_of: source}",
     .refused = BIGQUERY_QUERY,
     .message = "No matching signature for COUNTIF(STRING) at [6:16]",
     .expected = "mistake fallback: source is STRING, not BOOL; write a condition, such as "
                 "fallback: source = …\n"},
    {.what = "a fallback column that is one",
     .find = "rows: {at_least: 2, per: game}",
     .replace = "rows: {at_least: 2, per: game}, quality: {fallback_of: is_guess}",
     .expected = ""},
    {.what = "a condition that BigQuery refuses",
     .find = "rows: {at_least: 2, per: game}",
     .replace = "rows: {at_least: 2, per: game}, quality: {fallback: sorce = 'x'}",
     .refused = BIGQUERY_QUERY,
     .message = "Unrecognized name: sorce; Did you mean source? at [6:16]",
     .expected = "mistake fallback: BigQuery refuses the coverage query: Unrecognized name: sorce; "
                 "Did you mean source?\n"},
    {.what = "a filter that the table insists on",
     .partition_field = "written_at",
     .filter_required = true,
     .refused = BIGQUERY_QUERY,
     .message = "Cannot query over table 'd.t' without a filter over column(s) 'written_at' that "
                "can be used for partition elimination",
     .expected =
         "mistake date: the table takes only queries with a filter on its partition column "
         "written_at, and coverage filters on game_date; write date: written_at, or lift the "
         "requirement from the table\n"},
    {.what = "a partition column that is another",
     .partition_field = "written_at",
     .expected = "warning date: the table is partitioned by written_at, not by game_date: every "
                 "query reads the whole table\n"},
    {.what = "partitions that expire within the range",
     .expiration_days = 1519, /* 2021-11-08 begins less than that before 2026-01-05T14:15 */
     .expected =
         "mistake table: partitions expire after 1519 days: dates before 2021-11-09 are deleted, "
         "so 7 of the 10 days on which rows can be due can never be complete; remove "
         "partition_expiration_days, or begin the range later\n"},
    {.what = "monthly partitions that expire within the range",
     .partition_type = "MONTH",
     .expiration_days = 1519,
     .expected =
         "mistake table: partitions expire after 1519 days: dates before 2021-11-12 are deleted, "
         "so 10 of the 10 days on which rows can be due can never be complete; remove "
         "partition_expiration_days, or begin the range later\n"},
    {.what = "partitions that expire later",
     .expiration_days = 4000,
     .expected = "warning table: partitions expire after 4000 days: what is complete now goes "
                 "missing later\n"},
    {.what = "a dataset that is elsewhere",
     .location = "US",
     .refused = BIGQUERY_NOT_FOUND,
     .message = "Not found: Dataset p:d was not found in location us-west2",
     .expected =
         "mistake location: the dataset is in US, and location says us-west2, where nothing "
         "will find it; write location: US\n"},
    {.what = "a location in other letters", .location = "US-West2", .expected = ""},
    {.what = "a view",
     .type = "VIEW",
     .no_partition = true,
     .expected = "warning table: it is a view: its modification time says nothing of its rows, so "
                 "that every poll is a paid query\n"},
    {.what = "a table that is not there",
     .missing_table = true,
     .refused = BIGQUERY_NOT_FOUND,
     .message = "Not found: Table p:d.t",
     .expected = "mistake table: dataset nba_analytics has no table team_defense_game_summary; did "
                 "you mean team_defence_game_summary?\n"},
    {.what = "a dataset that is not there",
     .missing_table = true,
     .missing_dataset = true,
     .refused = BIGQUERY_NOT_FOUND,
     .message = "Not found: Dataset p:d",
     .expected = "mistake table: project nba-props-platform has no dataset nba_analytics\n"},
    {.what = "no answer about the table",
     .metadata_failed = true,
     .refused = BIGQUERY_TRANSPORT,
     .message = "connection reset",
     .expected =
         "unknown table: the table could not be asked about: BigQuery: connection: connection "
         "reset\n"},
    {.what = "no answer to the dry run",
     .refused = BIGQUERY_DENIED,
     .message = "may not run jobs",
     .expected =
         "unknown table: the dry run was not answered: BigQuery: connection: may not run jobs\n"},
    {.what = "no SELECT",
     .statement = "DELETE",
     .expected = "mistake table: the query is a DELETE; only a SELECT is ever sent\n"},
    {.what = "a kind of statement that was not told",
     .statement = "",
     .expected = "unknown table: BigQuery did not say what kind of statement the query is\n"},
    {.what = "more bytes than a query may read",
     .bytes = INT64_C(3) << 30,
     .expected = "mistake table: the query is billed 3.0 GiB, more than poll.bytes_per_query (1.0 "
                 "GiB) allows, and would be refused every time\n"},
    {.what = "a coverage query without dates",
     .day_type = BIGQUERY_FLOAT64,
     .expected = "mistake table: the query's column \"day\" is FLOAT64 and must be DATE\n"},
};

static const char *key_of(const struct pipeline *pipeline, struct pipeline_place place) {
    const struct pipeline_table *table = &pipeline->tables[SCENE_DEFENSE];
    const struct {
        struct pipeline_place place;
        const char *name;
    } keys[] = {
        {table->at.date, "date"},         {table->at.entity, "entity"},
        {table->at.table, "table"},       {table->at.null_of, "null_of"},
        {table->at.fallback, "fallback"}, {pipeline->at.location, "location"},
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (place.line > 0 && place.line == keys[i].place.line &&
            place.column == keys[i].place.column) {
            return keys[i].name;
        }
    }
    return "nowhere";
}

static char *told(const struct pipeline *pipeline, const struct online_findings *findings) {
    struct text_buffer lines = {0};
    for (size_t i = 0; i < findings->count; i++) {
        const struct online_finding *finding = &findings->items[i];
        cr_expect_str_eq(finding->file, pipeline->file);
        text_buffer_format(&lines, "%s %s: %s\n", online_severity_word(finding->severity),
                           key_of(pipeline, finding->place), finding->text);
    }
    return text_buffer_take(&lines);
}

static void set_failure(struct bigquery_result *result, enum bigquery_failure_class class,
                        const char *message) {
    result->status = BIGQUERY_FAILED;
    result->failure.class = class;
    (void)snprintf(result->failure.reason, sizeof result->failure.reason, "connection");
    (void)snprintf(result->failure.message, sizeof result->failure.message, "%s", message);
}

static struct bigquery_result metadata_of(const struct trial *trial) {
    struct bigquery_result result = {.kind = BIGQUERY_KIND_TABLE, .status = BIGQUERY_DONE};
    const char *field = trial->partition_field != NULL ? trial->partition_field : "game_date";
    result.table = (struct bigquery_table){
        .exists = !trial->missing_table,
        .type = trial->type != NULL ? trial->type : "TABLE",
        .location = trial->location != NULL ? trial->location : "us-west2",
        .fields = FIELDS,
        .field_count = sizeof FIELDS / sizeof FIELDS[0],
        .partition_field = trial->no_partition || field[0] == '\0' ? NULL : field,
        .partition_type = trial->no_partition             ? NULL
                          : trial->partition_type != NULL ? trial->partition_type
                                                          : "DAY",
        .partition_filter_required = trial->filter_required,
        .partition_expiration_ms =
            trial->expiration_days > 0 ? trial->expiration_days * DAY_MS : BIGQUERY_UNKNOWN,
        .expires_ms = BIGQUERY_UNKNOWN,
    };
    if (trial->metadata_failed) {
        set_failure(&result, trial->refused, trial->message);
    }
    return result;
}

static void judge(const struct trial *trial, const struct online_context *context) {
    const char *neighbours[] = {"team_offense_game_summary", "team_defence_game_summary"};
    const struct bigquery_field columns[] = {
        {"day", trial->day_type != 0 ? trial->day_type : BIGQUERY_DATE, BIGQUERY_NULLABLE, NULL, 0},
        {"row_count", BIGQUERY_INT64, BIGQUERY_NULLABLE, NULL, 0},
    };
    const char *statement = trial->statement != NULL ? trial->statement : "SELECT";
    struct bigquery_result metadata = metadata_of(trial);
    struct bigquery_result dataset = {.kind = BIGQUERY_KIND_DATASET, .status = BIGQUERY_DONE};
    dataset.dataset = (struct bigquery_dataset){.exists = !trial->missing_dataset,
                                                .table_expiration_ms = BIGQUERY_UNKNOWN,
                                                .partition_expiration_ms = BIGQUERY_UNKNOWN};
    struct bigquery_result tables = {
        .kind = BIGQUERY_KIND_TABLES, .tables = neighbours, .table_count = 2};
    struct bigquery_result coverage = {.kind = BIGQUERY_KIND_QUERY, .status = BIGQUERY_DONE};
    coverage.rows =
        (struct bigquery_rows){.columns = columns,
                               .column_count = 2,
                               .bytes_processed = trial->bytes > 0 ? trial->bytes : 1000,
                               .statement_type = statement[0] != '\0' ? statement : NULL,
                               .referenced_tables = 1};
    if (trial->refused != BIGQUERY_NO_FAILURE) {
        set_failure(&coverage, trial->refused, trial->message);
    }
    const struct online_table_answers answers = {&metadata, &dataset, &coverage, &tables};
    online_judge_table(context, SCENE_DEFENSE, &answers);
}

Test(online_judge, tells_what_is_wrong_with_a_table_and_what_to_do)
{
    for (size_t i = 0; i < sizeof TRIALS / sizeof TRIALS[0]; i++) {
        const struct trial *trial = &TRIALS[i];
        const char *const changes[] = {trial->find, trial->replace, "bootstrap_days: 14",
                                       "bootstrap_days: 0", NULL};
        scene_open(&scene, trial->find != NULL ? changes : changes + 2);
        struct online_findings findings = {0};
        const struct online_context context = {
            scene.pipeline, {SCENE_FROM, SCENE_TO}, SCENE_NOW, &findings, NULL};
        judge(trial, &context);
        char *lines = told(scene.pipeline, &findings);
        cr_expect_str_eq(lines, trial->expected, "%s:\n%snot:\n%s", trial->what, lines,
                         trial->expected);
        free(lines);
        online_findings_free(&findings);
        scene_close(&scene);
    }
}

Test(online_judge, counts_no_bootstrap_day_among_those_that_expire)
{
    static const struct trial trial = {.what = "the first days of a season", .expiration_days = 1};
    scene_open(&scene, (const char *const[]){"from: 2021-10-19", "from: 2021-11-01", NULL});
    struct online_findings findings = {0};
    const struct online_context context = {
        scene.pipeline, {SCENE_FROM, SCENE_TO}, SCENE_NOW, &findings, NULL};
    judge(&trial, &context);
    cr_assert_eq(findings.count, 1);
    cr_expect_eq(findings.items[0].severity, ONLINE_WARNING, "nothing is due on those days");
    online_findings_free(&findings);
    scene_close(&scene);
}

Test(online_judge, counts_expected_dates_where_they_are_known)
{
    static const struct trial trial = {.what = "expected dates", .expiration_days = 1519};
    scene_open(&scene, (const char *const[]){"bootstrap_days: 14", "bootstrap_days: 0", NULL});
    struct dayset dates = dayset_new((struct day_range){SCENE_FROM, SCENE_TO});
    for (day_number day = SCENE_FROM; day <= SCENE_TO; day += 2) {
        dayset_add(&dates, day);
    }
    struct online_findings findings = {0};
    const struct online_context context = {
        scene.pipeline, {SCENE_FROM, SCENE_TO}, SCENE_NOW, &findings, &dates};
    judge(&trial, &context);
    cr_assert_eq(findings.count, 1);
    cr_expect_not_null(
        strstr(findings.items[0].text, "so 4 of the 5 expected dates can never be complete"), "%s",
        findings.items[0].text);
    online_findings_free(&findings);
    dayset_free(&dates);
    scene_close(&scene);
}

Test(online_judge, warns_of_a_dataset_whose_tables_expire)
{
    scene_open(&scene, NULL);
    struct online_findings findings = {0};
    const struct online_context context = {
        scene.pipeline, {SCENE_FROM, SCENE_TO}, SCENE_NOW, &findings, NULL};
    struct bigquery_result dataset = {.kind = BIGQUERY_KIND_DATASET, .status = BIGQUERY_DONE};
    dataset.dataset = (struct bigquery_dataset){.exists = true,
                                                .table_expiration_ms = 60 * DAY_MS,
                                                .partition_expiration_ms = BIGQUERY_UNKNOWN};
    online_judge_dataset(&context, SCENE_DEFENSE, &dataset);
    set_failure(&dataset, BIGQUERY_DENIED, "no");
    online_judge_dataset(&context, SCENE_DEFENSE, &dataset);
    char *lines = told(scene.pipeline, &findings);
    cr_expect_str_eq(lines,
                     "warning table: tables made in this dataset expire after 60 days by default\n"
                     "unknown table: the dataset could not be asked about: BigQuery: connection: "
                     "no\n");
    free(lines);
    online_findings_free(&findings);
    scene_close(&scene);
}

/* Dry runs of queries that the pipeline brings along. */
static const struct {
    const char *what;
    enum online_query_kind kind;
    const char *message; /* of a refusal; NULL: it is taken, and has the columns below */
    enum bigquery_failure_class refused;
    const char *first, *second;
    enum bigquery_type first_type, second_type;
    const char *expected; /* the end of the line */
} QUERIES[] = {
    {"sound expected dates", ONLINE_QUERY_EXPECTED, NULL, BIGQUERY_NO_FAILURE, "day", "games",
     BIGQUERY_DATE, BIGQUERY_INT64, NULL},
    {"expected dates without games", ONLINE_QUERY_EXPECTED, NULL, BIGQUERY_NO_FAILURE, "day", "n",
     BIGQUERY_DATE, BIGQUERY_INT64,
     "pipeline.yaml:10:19: due.sql: the query has no column \"games\" (INT64); write … AS games"},
    {"expected dates that are no dates", ONLINE_QUERY_EXPECTED, NULL, BIGQUERY_NO_FAILURE, "day",
     "games", BIGQUERY_TIMESTAMP, BIGQUERY_INT64,
     "pipeline.yaml:10:19: due.sql: the query's column \"day\" is TIMESTAMP and must be DATE"},
    {"a check of a number", ONLINE_QUERY_CHECK, NULL, BIGQUERY_NO_FAILURE, "f0_", NULL,
     BIGQUERY_NUMERIC, BIGQUERY_STRING, NULL},
    {"a check of a moment", ONLINE_QUERY_CHECK, NULL, BIGQUERY_NO_FAILURE, "f0_", NULL,
     BIGQUERY_TIMESTAMP, BIGQUERY_STRING,
     "pipeline.yaml:10:19: due.sql: the first column must be a number, and is TIMESTAMP"},
    {"games that are no whole numbers", ONLINE_QUERY_EXPECTED, NULL, BIGQUERY_NO_FAILURE, "day",
     "games", BIGQUERY_DATE, BIGQUERY_NUMERIC,
     "pipeline.yaml:10:19: due.sql: the query's column \"games\" is NUMERIC and must be INT64"},
    {"a check of a word", ONLINE_QUERY_CHECK, NULL, BIGQUERY_NO_FAILURE, "f0_", NULL,
     BIGQUERY_STRING, BIGQUERY_STRING,
     "pipeline.yaml:10:19: due.sql: the first column must be a number, and is STRING"},
    {"a name that BigQuery does not know", ONLINE_QUERY_EXPECTED,
     "Unrecognized name: game_status at [3:46]", BIGQUERY_QUERY, NULL, NULL, BIGQUERY_DATE,
     BIGQUERY_DATE,
     "/due.sql:3:46: due.sql: BigQuery refuses the query: Unrecognized name: game_status"},
    {"what the local BigQuery does not know", ONLINE_QUERY_EXPECTED,
     "The function JSON_VALUE is not supported by the local BigQuery at [3:46]", BIGQUERY_QUERY,
     NULL, NULL, BIGQUERY_DATE, BIGQUERY_DATE,
     "/due.sql:3:46: unknown: due.sql: the query cannot be tried locally: The function JSON_VALUE "
     "is not supported by the local BigQuery"},
    {"a message without a place", ONLINE_QUERY_EXPECTED, "too complex", BIGQUERY_QUERY, NULL, NULL,
     BIGQUERY_DATE, BIGQUERY_DATE,
     "pipeline.yaml:10:19: due.sql: BigQuery refuses the query: too complex"},
    {"a table that is not there", ONLINE_QUERY_EXPECTED,
     "Not found: Table nba-props-platform:nba_raw.nbac_schedule was not found in location US",
     BIGQUERY_NOT_FOUND, NULL, NULL, BIGQUERY_DATE, BIGQUERY_DATE,
     "/due.sql:2:25: due.sql: dataset nba_raw has no table nbac_schedule; did you mean "
     "nbac_schedules?"},
    {"too many bytes", ONLINE_QUERY_EXPECTED, "12 or higher required", BIGQUERY_BYTES_LIMIT, NULL,
     NULL, BIGQUERY_DATE, BIGQUERY_DATE,
     "pipeline.yaml:10:19: due.sql: BigQuery refuses the query: 12 or higher required"},
};

Test(online_judge, tells_what_is_wrong_with_a_query_and_where)
{
    const char *neighbours[] = {"nbac_schedules"};
    const struct bigquery_result tables = {
        .kind = BIGQUERY_KIND_TABLES, .tables = neighbours, .table_count = 1};
    scene_open(&scene, NULL);
    for (size_t i = 0; i < sizeof QUERIES / sizeof QUERIES[0]; i++) {
        struct online_findings findings = {0};
        const struct online_context context = {
            scene.pipeline, {SCENE_FROM, SCENE_TO}, SCENE_NOW, &findings, NULL};
        const struct bigquery_field columns[] = {
            {QUERIES[i].first, QUERIES[i].first_type, BIGQUERY_NULLABLE, NULL, 0},
            {QUERIES[i].second, QUERIES[i].second_type, BIGQUERY_NULLABLE, NULL, 0},
        };
        struct bigquery_result result = {.kind = BIGQUERY_KIND_QUERY, .status = BIGQUERY_DONE};
        result.rows = (struct bigquery_rows){.columns = columns,
                                             .column_count = QUERIES[i].second != NULL ? 2 : 1,
                                             .statement_type = "SELECT"};
        if (QUERIES[i].message != NULL) {
            set_failure(&result, QUERIES[i].refused, QUERIES[i].message);
        }
        const struct pipeline_expected *expected = &scene.pipeline->expected[0];
        const struct online_query query = {QUERIES[i].kind, expected->name, expected->sql,
                                           &expected->source, PIPELINE_NONE};
        online_judge_query(&context, &query, &result, &tables);
        if (QUERIES[i].expected == NULL) {
            cr_expect_eq(findings.count, 0, "%s", QUERIES[i].what);
        } else {
            cr_assert_eq(findings.count, 1, "%s", QUERIES[i].what);
            char *line = online_finding_line(&findings.items[0]);
            const char *at = strstr(line, QUERIES[i].expected);
            cr_expect(at != NULL && strcmp(at, QUERIES[i].expected) == 0, "%s: %s", QUERIES[i].what,
                      line);
            free(line);
        }
        online_findings_free(&findings);
    }
    scene_close(&scene);
}

/* All that a dry run says besides its columns bears on whether its numbers may be trusted. */
Test(online_judge, reads_all_of_a_dry_run)
{
    static const char *const undeclared[] = {"from_day", "?"};
    static const char *const routines[] = {"p.d.f"};
    const struct bigquery_field column = {"f0_", BIGQUERY_INT64, BIGQUERY_NULLABLE, NULL, 0};
    scene_open(&scene, NULL);
    struct online_findings findings = {0};
    const struct online_context context = {
        scene.pipeline, {SCENE_FROM, SCENE_TO}, SCENE_NOW, &findings, NULL};
    struct bigquery_result result = {.kind = BIGQUERY_KIND_QUERY, .status = BIGQUERY_DONE};
    result.rows = (struct bigquery_rows){.columns = &column,
                                         .column_count = 1,
                                         .statement_type = "SELECT",
                                         .undeclared = undeclared,
                                         .undeclared_count = 2,
                                         .routines = routines,
                                         .routine_count = 1,
                                         .warned = true,
                                         .warning = "a part is deprecated"};
    const struct pipeline_expected *expected = &scene.pipeline->expected[0];
    const struct online_query query = {ONLINE_QUERY_CHECK, expected->name, expected->sql,
                                       &expected->source, PIPELINE_NONE};
    online_judge_query(&context, &query, &result, NULL);
    static const char *const told_texts[] = {
        "parameter from_day is not one that phasegate gives; it gives @from and @to",
        "parameter ? is not one that phasegate gives; it gives @from and @to",
        ("it calls p.d.f, whose body may read anything: nothing free vouches for its answer, so "
         "that every poll is a paid query"),
        "BigQuery warns: a part is deprecated"};
    cr_assert_eq(findings.count, 4);
    for (size_t i = 0; i < 4; i++) {
        cr_expect_str_eq(findings.items[i].text, told_texts[i]);
        cr_expect_eq(findings.items[i].severity, i < 2 ? ONLINE_MISTAKE : ONLINE_WARNING);
    }
    online_findings_free(&findings);
    scene_close(&scene);
}

Test(online_judge, wants_a_coverage_query_to_read_its_table)
{
    static const char *const other[] = {"p.d.other"};
    const struct bigquery_field columns[] = {
        {"day", BIGQUERY_DATE, BIGQUERY_NULLABLE, NULL, 0},
        {"row_count", BIGQUERY_INT64, BIGQUERY_NULLABLE, NULL, 0}};
    scene_open(&scene, NULL);
    for (int plain = 0; plain < 2; plain++) {
        struct online_findings findings = {0};
        const struct online_context context = {
            scene.pipeline, {SCENE_FROM, SCENE_TO}, SCENE_NOW, &findings, NULL};
        struct bigquery_result result = {.kind = BIGQUERY_KIND_QUERY, .status = BIGQUERY_DONE};
        result.rows = (struct bigquery_rows){.columns = columns,
                                             .column_count = 2,
                                             .statement_type = "SELECT",
                                             .table_names = other,
                                             .referenced_tables = 1};
        const struct online_query query = {ONLINE_QUERY_COVERAGE, "defense", "",
                                           &scene.pipeline->coverage, SCENE_DEFENSE};
        online_judge_dry_run(&context, &query, &result, NULL,
                             (struct online_known){.plain = plain == 1});
        cr_assert_eq(findings.count, (size_t)plain); /* a view's query reads what the view reads */
        if (plain == 1) {
            cr_expect_not_null(strstr(findings.items[0].text, "does not read"), "%s",
                               findings.items[0].text);
            cr_expect_not_null(strstr(findings.items[0].text, "but p.d.other"), "%s",
                               findings.items[0].text);
        }
        online_findings_free(&findings);
    }
    scene_close(&scene);
}

Test(online_judge, puts_the_worst_first_and_tells_nothing_twice)
{
    scene_open(&scene, NULL);
    struct online_findings findings = {0};
    const struct online_context context = {
        scene.pipeline, {SCENE_FROM, SCENE_TO}, SCENE_NOW, &findings, NULL};
    const struct pipeline_place early = {1, 1}, late = {2, 9};
    online_add(&context, ONLINE_WARNING, "f", early, "t", "a warning");
    online_add(&context, ONLINE_MISTAKE, "f", late, "t", "a later mistake");
    online_add(&context, ONLINE_UNKNOWN, "f", early, "t", "not known");
    online_add(&context, ONLINE_MISTAKE, "f", early, "t", "%s", "a mistake\nwith\033 trouble");
    online_add(&context, ONLINE_MISTAKE, "f", late, "t", "a later mistake");
    online_add(&context, ONLINE_WARNING, "f", (struct pipeline_place){0}, "t", "of the file");
    online_sort(&findings);
    static const char *const lines[] = {"f:1:1: t: a mistake^Jwith^[ trouble",
                                        "f:2:9: t: a later mistake", "f:1:1: unknown: t: not known",
                                        "f: warning: t: of the file",
                                        "f:1:1: warning: t: a warning"};
    cr_assert_eq(findings.count, sizeof lines / sizeof lines[0]);
    for (size_t i = 0; i < findings.count; i++) {
        char *line = online_finding_line(&findings.items[i]);
        cr_expect_str_eq(line, lines[i]);
        free(line);
    }
    online_findings_free(&findings);
    scene_close(&scene);
}
