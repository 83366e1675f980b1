/* Queries that end well, and answers that must not be mistaken for it. */
#include <string.h>

#include "fixture.h"

static void assert_cell(const struct bigquery_result *result, size_t row, int64_t expected) {
    int64_t value = 0;
    cr_assert(bigquery_cell_int64(bigquery_rows_cell(&result->rows, row, 0), &value));
    cr_assert_eq(value, expected);
}

Test(query, answers_with_rows_bytes_and_the_job)
{
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    script_add(fixture.script, (struct reply){.target = "POST", .body = ONE_ROW});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
    cr_assert_eq(result->rows.row_count, 1);
    cr_assert_str_eq(result->rows.columns[0].name, "n");
    cr_assert_eq(result->rows.columns[0].type, BIGQUERY_INT64);
    assert_cell(result, 0, 42);
    cr_assert_eq(result->rows.bytes_processed, 1000);
    cr_assert_eq(result->rows.bytes_billed, 10485760);
    cr_assert_str_eq(result->job.job_id, "job_1");
    cr_assert_eq(result->attempts, 1);
    cr_assert_not(result->rows.warned);
    cr_assert_eq(bigquery_client_pending(fixture.client), 0);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(query, polls_until_the_job_is_complete)
{
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    script_add(fixture.script, (struct reply){.target = "POST", .body = RUNNING});
    script_add(fixture.script,
               (struct reply){.target = "/queries/job_1", .body = RUNNING, .times = 7});
    script_add(fixture.script, (struct reply){.target = "/queries/job_1", .body = ONE_ROW});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
    cr_assert_eq(result->rows.row_count, 1);
    cr_assert_eq(script_count(fixture.script, NULL), 9);
    struct seen poll = script_seen(fixture.script, 1);
    cr_assert_str_eq(poll.line, "GET /bigquery/v2/projects/p/queries/job_1?location=us-west2"
                                "&maxResults=10000&timeoutMs=10000"
                                "&formatOptions.useInt64Timestamp=true&prettyPrint=false");
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(query, asks_the_job_for_the_bill_that_a_poll_does_not_tell)
{
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    script_add(fixture.script, (struct reply){.target = "POST", .body = RUNNING});
    script_add(fixture.script,
               (struct reply){.target = "/queries/job_1",
                              .body = "{\"jobComplete\":true," JOB "," SCHEMA
                                      ",\"totalRows\":\"0\",\"totalBytesProcessed\":\"5\"}"});
    script_add(
        fixture.script,
        (struct reply){.target = "/jobs/job_1",
                       .body = "{\"statistics\":{\"query\":{\"totalBytesBilled\":\"20971520\"}}}"});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->status, BIGQUERY_DONE);
    cr_assert_eq(result->rows.bytes_billed, 20971520);
    struct bigquery_totals totals = bigquery_client_totals(fixture.client);
    cr_assert_eq(totals.bytes_billed, 20971520);
    cr_assert_eq(totals.bills_estimated, 0);
    cr_assert_eq(totals.queries, 1);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(query, keeps_its_rows_and_estimates_when_the_bill_cannot_be_had)
{
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    script_add(fixture.script,
               (struct reply){.target = "POST",
                              .body = "{\"jobComplete\":true," JOB "," SCHEMA
                                      ",\"totalRows\":\"0\",\"totalBytesProcessed\":\"5\"}"});
    script_add(fixture.script,
               (struct reply){.target = "/jobs/", .status = 503, .times = REPLY_FOREVER});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->status, BIGQUERY_DONE);
    cr_assert_eq(result->rows.bytes_billed, BIGQUERY_UNKNOWN);
    cr_assert_eq(bigquery_client_totals(fixture.client).bytes_billed, 10 * BIGQUERY_MIB);
    cr_assert_eq(bigquery_client_totals(fixture.client).bills_estimated, 1);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(query, reads_all_pages)
{
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    script_add(fixture.script,
               (struct reply){
                   .target = "POST",
                   .body = "{\"jobComplete\":true," JOB "," SCHEMA "," BYTES
                           ",\"totalRows\":\"3\",\"pageToken\":\"A==\",\"rows\":[" ROW("1") "]}"});
    script_add(fixture.script,
               (struct reply){
                   .target = "pageToken=A%3D%3D",
                   .body = "{\"jobComplete\":true," JOB "," SCHEMA
                           ",\"totalRows\":\"3\",\"pageToken\":\"B\",\"rows\":[" ROW("2") "]}"});
    script_add(fixture.script,
               (struct reply){.target = "pageToken=B",
                              .body = "{\"jobComplete\":true," JOB "," SCHEMA
                                      ",\"totalRows\":\"3\",\"rows\":[" ROW("3") "]}"});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
    cr_assert_eq(result->rows.row_count, 3);
    for (size_t row = 0; row < 3; row++) {
        assert_cell(result, row, (int64_t)row + 1);
    }
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

/* Second pages that contradict a first page of 1 row, 2 announced. */
static const char *const CONTRADICTIONS[] = {
    "{\"jobComplete\":true," JOB "," SCHEMA ",\"totalRows\":\"3\",\"rows\":[" ROW("2") "]}",
    "{\"jobComplete\":true," JOB "," SCHEMA
    ",\"totalRows\":\"3\",\"rows\":[" ROW("2") "," ROW("3") "]}",
    "{\"jobComplete\":true," JOB "," SCHEMA ",\"totalRows\":\"2\"}",
    "{\"jobComplete\":true," JOB "," SCHEMA
    ",\"totalRows\":\"2\",\"rows\":[" ROW("2") "," ROW("3") "]}",
    "{\"jobComplete\":true," JOB "," SCHEMA ",\"totalRows\":\"2\",\"pageToken\":\"A\"}",
    "{\"jobComplete\":true," JOB ",\"schema\":{\"fields\":[{\"name\":\"n\",\"type\":\"STRING\"}]},"
    "\"totalRows\":\"2\",\"rows\":[" ROW("2") "]}",
    "{\"jobComplete\":true," JOB ",\"schema\":{\"fields\":[{\"name\":\"m\",\"type\":\"INTEGER\"}]},"
    "\"totalRows\":\"2\",\"rows\":[" ROW("2") "]}",
    "{\"jobComplete\":true,\"jobReference\":{\"projectId\":\"p\",\"jobId\":\"job_2\"}," SCHEMA
    ",\"totalRows\":\"2\",\"rows\":[" ROW("2") "]}",
    "{\"jobComplete\":true," JOB
    ",\"schema\":{\"fields\":[]},\"totalRows\":\"2\",\"rows\":[" ROW("2") "]}",
};

Test(query, fails_when_the_result_changes_between_pages)
{
    for (size_t i = 0; i < sizeof CONTRADICTIONS / sizeof CONTRADICTIONS[0]; i++) {
        struct fixture fixture = fixture_start((struct bigquery_options){0});
        script_add(fixture.script,
                   (struct reply){.target = "POST",
                                  .body = "{\"jobComplete\":true," JOB "," SCHEMA "," BYTES
                                          ",\"totalRows\":\"2\",\"pageToken\":\"A\",\"rows\":[" ROW(
                                              "1") "]}"});
        script_add(fixture.script,
                   (struct reply){.target = "pageToken", .body = CONTRADICTIONS[i]});
        struct bigquery_result *result = fixture_query(&fixture);
        cr_assert_eq(result->status, BIGQUERY_FAILED, "case %zu", i);
        cr_assert_str_eq(result->failure.reason, "resultChanged", "case %zu", i);
        cr_assert(result->failure.retriable);
        cr_assert_eq(result->rows.row_count, 0);
        bigquery_result_free(result);
        fixture_stop(&fixture);
    }
}

/* 200 answers that are not an answer to a query; each is tried a few times. */
static const char *const NONSENSE[] = {
    "{}",
    "{\"jobComplete\":false}",
    "{\"jobComplete\":\"yes\"," JOB "}",
    "{\"jobComplete\":true," JOB "," SCHEMA "}",
    "{\"jobComplete\":true," JOB ",\"schema\":{\"fields\":7},\"totalRows\":\"0\"}",
    "{\"jobComplete\":true," JOB ",\"totalRows\":\"1\",\"rows\":[" ROW("1") "]}",
    "{\"jobComplete\":true," JOB "," SCHEMA ",\"totalRows\":\"1\",\"rows\":[{\"f\":[]}]}",
    "{\"jobComplete\":true," JOB "," SCHEMA ",\"totalRows\":\"1\",\"rows\":{}}",
    "{\"jobComplete\":true," JOB "," SCHEMA ",\"totalRows\":\"1\",\"rows\":[{\"f\":[{}]}]}",
    "[]",
    "\"a\"",
    "",
    "{\"jobComplete\":true,",
    "<html><body>Sign in to the hotel</body></html>",
};

Test(query, never_takes_nonsense_for_an_empty_answer)
{
    for (size_t i = 0; i < sizeof NONSENSE / sizeof NONSENSE[0]; i++) {
        struct fixture fixture = fixture_start((struct bigquery_options){0});
        script_add(fixture.script, (struct reply){.body = NONSENSE[i], .times = REPLY_FOREVER});
        struct bigquery_result *result = fixture_query(&fixture);
        cr_assert_eq(result->status, BIGQUERY_FAILED, "case %zu", i);
        cr_assert_eq(result->failure.class, BIGQUERY_PROTOCOL, "case %zu", i);
        cr_assert(result->failure.retriable);
        cr_assert_geq(script_count(fixture.script, "POST"), 2, "case %zu", i);
        cr_assert_leq(script_count(fixture.script, "POST"), 5, "case %zu", i);
        cr_assert_leq(result->attempts, 9, "case %zu: %d", i, result->attempts);
        bigquery_result_free(result);
        fixture_stop(&fixture);
    }
}

Test(query, tells_of_warnings_so_that_counts_are_not_trusted)
{
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    script_add(fixture.script,
               (struct reply){.body = "{\"jobComplete\":true," JOB "," SCHEMA "," BYTES
                                      ",\"totalRows\":\"0\",\"errors\":[{\"reason\":\"stopped\","
                                      "\"message\":\"streaming data\\nskipped\"}]}"});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->status, BIGQUERY_DONE);
    cr_assert(result->rows.warned);
    cr_assert_str_eq(result->rows.warning, "streaming data skipped");
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(query, refuses_more_rows_than_the_caller_wants)
{
    struct error error = {0};
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    struct bigquery_query query = {.sql = "SELECT n", .row_limit = 9};
    script_add(fixture.script,
               (struct reply){.body = "{\"jobComplete\":true," JOB "," SCHEMA "," BYTES
                                      ",\"totalRows\":\"10\",\"pageToken\":\"A\"}"});
    struct bigquery_result *result = bigquery_query_now(fixture.client, &query, &error);
    cr_assert_eq(result->status, BIGQUERY_FAILED);
    cr_assert_str_eq(result->failure.reason, "rowLimit");
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(query, counts_cached_answers_as_free)
{
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    script_add(fixture.script, (struct reply){.body = "{\"jobComplete\":true," JOB "," SCHEMA
                                                      ",\"totalRows\":\"0\",\"cacheHit\":true,"
                                                      "\"totalBytesProcessed\":\"0\"}"});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert(result->rows.cache_hit);
    cr_assert_eq(result->rows.bytes_billed, 0);
    cr_assert_eq(bigquery_client_totals(fixture.client).cached, 1);
    cr_assert_eq(bigquery_client_totals(fixture.client).bytes_billed, 0);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(query, of_dml_tells_how_many_rows_it_changed)
{
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    script_add(fixture.script, (struct reply){.body = "{\"jobComplete\":true," JOB "," BYTES
                                                      ",\"numDmlAffectedRows\":\"12\"}"});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
    cr_assert_eq(result->rows.affected_rows, 12);
    cr_assert_eq(result->rows.column_count, 0);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(query, dry_run_judges_without_a_bill)
{
    struct error error = {0};
    struct fixture fixture = fixture_start((struct bigquery_options){.location = "US"});
    struct bigquery_query query = {.sql = "SELECT n", .dry_run = true};
    script_add(fixture.script,
               (struct reply){.target = "POST /bigquery/v2/projects/p/jobs?prettyPrint=false",
                              .body = "{\"statistics\":{\"totalBytesProcessed\":\"7\",\"query\":{"
                                      "\"statementType\":\"SELECT\",\"referencedTables\":[{},{"
                                      "\"projectId\":\"p\",\"datasetId\":\"d\",\"tableId\":\"t\"}],"
                                      "\"referencedRoutines\":[{\"projectId\":\"p\",\"datasetId\":"
                                      "\"d\",\"routineId\":\"f\"}],\"undeclaredQueryParameters\":[{"
                                      "\"name\":\"from_day\"},{}],"
                                      "\"totalBytesProcessed\":\"7\"," SCHEMA "}},"
                                      "\"status\":{\"state\":\"DONE\",\"errors\":[{\"message\":"
                                      "\"old\\nsyntax\"}]}}"});
    struct bigquery_result *result = bigquery_query_now(fixture.client, &query, &error);
    cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
    cr_assert_str_eq(result->rows.statement_type, "SELECT");
    cr_assert_str_eq(result->rows.table_names[1], "p.d.t");
    cr_assert_eq(result->rows.routine_count, 1);
    cr_assert_str_eq(result->rows.routines[0], "p.d.f");
    cr_assert_eq(result->rows.undeclared_count, 2);
    cr_assert_str_eq(result->rows.undeclared[0], "from_day");
    cr_assert_str_eq(result->rows.undeclared[1], "?");
    cr_assert(result->rows.warned);
    cr_assert_str_eq(result->rows.warning, "old syntax");
    cr_assert_eq(result->rows.bytes_processed, 7);
    cr_assert_eq(result->rows.referenced_tables, 2);
    cr_assert_eq(result->rows.column_count, 1);
    cr_assert_eq(bigquery_client_totals(fixture.client).queries, 0);
    cr_assert_str_eq(script_seen(fixture.script, 0).body,
                     "{\"configuration\":{\"query\":{\"query\":\"SELECT n\",\"useLegacySql\":false,"
                     "\"useQueryCache\":true},\"dryRun\":true,\"labels\":{}},"
                     "\"jobReference\":{\"location\":\"US\"}}");
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(query, is_sent_exactly_so)
{
    static const char *const DAYS[] = {"2024-10-01", "2024-10-02"};
    static const struct bigquery_parameter PARAMETERS[] = {
        {.name = "from", .type = BIGQUERY_DATE, .value = "2024-10-01"},
        {.name = "i", .type = BIGQUERY_INT64, .value = "42"},
        {.name = "nothing", .type = BIGQUERY_STRING},
        {.name = "days", .type = BIGQUERY_DATE, .array = true, .values = DAYS, .count = 2},
        {.name = "none", .type = BIGQUERY_STRING, .array = true},
    };
    static const struct bigquery_label CLIENT[] = {{"app", "x"}, {"night", "1"}};
    static const struct bigquery_label QUERY[] = {{"night", "2"}};
    struct error error = {0};
    struct fixture fixture = fixture_start(
        (struct bigquery_options){.location = "us-west2", .labels = CLIENT, .label_count = 2});
    struct bigquery_query query = {.sql = "SELECT @from",
                                   .parameters = PARAMETERS,
                                   .parameter_count = 5,
                                   .labels = QUERY,
                                   .label_count = 1,
                                   .maximum_bytes_billed = 1073741824,
                                   .timeout_ms = 5000,
                                   .deadline_ms = 60000,
                                   .page_rows = 100,
                                   .no_cache = true};
    script_add(fixture.script, (struct reply){.body = ONE_ROW});
    bigquery_result_free(bigquery_query_now(fixture.client, &query, &error));
    char *id = fixture_sent(&fixture, 0, "requestId");
    cr_assert_eq(strlen(id), 36);
    struct seen seen = script_seen(fixture.script, 0);
    cr_assert_str_eq(seen.line, "POST /bigquery/v2/projects/p/queries?prettyPrint=false");
    cr_assert_not_null(strstr(seen.headers, "\r\nContent-Type: application/json\r\n"));
    cr_assert_not_null(strstr(seen.headers, "\r\nAccept-Encoding: gzip\r\n"));
    cr_assert_not_null(strstr(seen.headers, "\r\nUser-Agent: phasegate (gzip)\r\n"));
    cr_assert_null(strstr(seen.headers, "Authorization"));
    for (int i = 0; i < 2; i++) { /* as the requestId and as a label */
        char *at = strstr(seen.body, id);
        cr_assert_not_null(at);
        memset(at, 'R', 36);
    }
    cr_assert_str_eq(
        seen.body,
        "{\"query\":\"SELECT @from\",\"useLegacySql\":false,\"useQueryCache\":false,"
        "\"parameterMode\":\"NAMED\",\"queryParameters\":["
        "{\"name\":\"from\",\"parameterType\":{\"type\":\"DATE\"},\"parameterValue\":{\"value\":"
        "\"2024-10-01\"}},"
        "{\"name\":\"i\",\"parameterType\":{\"type\":\"INT64\"},\"parameterValue\":{\"value\":"
        "\"42\"}},"
        "{\"name\":\"nothing\",\"parameterType\":{\"type\":\"STRING\"},\"parameterValue\":{"
        "\"value\":null}},"
        "{\"name\":\"days\",\"parameterType\":{\"type\":\"ARRAY\",\"arrayType\":{\"type\":"
        "\"DATE\"}},\"parameterValue\":{\"arrayValues\":[{\"value\":\"2024-10-01\"},{\"value\":"
        "\"2024-10-02\"}]}},"
        "{\"name\":\"none\",\"parameterType\":{\"type\":\"ARRAY\",\"arrayType\":{\"type\":"
        "\"STRING\"}},\"parameterValue\":{\"arrayValues\":[]}}],"
        "\"labels\":{\"app\":\"x\",\"night\":\"2\",\"request_id\":"
        "\"RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\"},"
        "\"maximumBytesBilled\":\"1073741824\","
        "\"maxResults\":100,\"timeoutMs\":5000,\"jobTimeoutMs\":\"60000\","
        "\"formatOptions\":{\"useInt64Timestamp\":true},\"location\":\"us-west2\","
        "\"requestId\":\"RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR\"}");
    free(id);
    fixture_stop(&fixture);
}

Test(query, that_is_malformed_is_refused_before_it_is_sent)
{
    static const struct bigquery_parameter BAD[] = {
        {.name = "a b", .value = "1"},
        {.name = NULL, .value = "1"},
        {.name = "9", .value = "1"},
        {.name = "ok", .value = "\xff"},
        {.name = "ok", .type = BIGQUERY_RECORD, .value = "1"},
    };
    static const struct bigquery_label LABELS[] = {{"Upper", "x"}, {"9", "x"}, {NULL, "x"}};
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    struct bigquery_query empty = {0};
    struct error error = {0};
    cr_assert_eq(bigquery_submit_query(fixture.client, &empty, &error), 0);
    cr_assert_eq(error.code, EXIT_USAGE);
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct bigquery_query query = {.sql = "x", .parameters = &BAD[i], .parameter_count = 1};
        cr_assert_eq(bigquery_submit_query(fixture.client, &query, &error), 0, "case %zu", i);
    }
    for (size_t i = 0; i < sizeof LABELS / sizeof LABELS[0]; i++) {
        struct bigquery_query query = {.sql = "x", .labels = &LABELS[i], .label_count = 1};
        cr_assert_eq(bigquery_submit_query(fixture.client, &query, &error), 0, "case %zu", i);
    }
    cr_assert_eq(bigquery_client_pending(fixture.client), 0);
    fixture_stop(&fixture);
}
