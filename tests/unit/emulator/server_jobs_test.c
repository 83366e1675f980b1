/* Queries and jobs over HTTP. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "server_fixture.h"

static const char job_body[] =
    "{\"configuration\":{\"query\":{\"query\":\"SELECT 1 AS one\",\"useLegacySql\":false},"
    "\"labels\":{\"run\":\"r1\"}},\"jobReference\":{\"projectId\":\"p\",\"jobId\":\"mine-1\","
    "\"location\":\"us-west2\"}}";

static void make_numbers(struct emulator *emulator, int count) {
    server_make_table(emulator, "{\"name\":\"n\",\"type\":\"INTEGER\"}");
    struct text_buffer body = {0};
    text_buffer_add(&body, "{\"rows\":[");
    for (int i = 0; i < count; i++)
        text_buffer_format(&body, "%s{\"json\":{\"n\":%d}}", i ? "," : "", i);
    text_buffer_add(&body, "]}");
    json_decref(server_expect(emulator, 200, "POST", "/datasets/d/tables/t/insertAll", body.data));
    text_buffer_free(&body);
}

static const struct emulator_options no_buffer = {.streaming_buffer_ms = -1};

Test(server_jobs, a_query_answers_rows_schema_and_its_job)
{
    struct emulator *emulator = server_start(NULL);
    json_t *json =
        server_query(emulator, "SELECT 1 AS one, 'x' AS s", ",\"location\":\"us-west2\"");
    cr_assert_str_eq(at(json, "/kind"), "bigquery#queryResponse");
    cr_assert(json_is_true(node(json, "/jobComplete")));
    cr_assert_str_eq(at(json, "/totalRows"), "1");
    cr_assert_str_eq(at(json, "/rows/0/f/0/v"), "1");
    cr_assert_str_eq(at(json, "/rows/0/f/1/v"), "x");
    cr_assert_str_eq(at(json, "/schema/fields/0/name"), "one");
    cr_assert_str_eq(at(json, "/schema/fields/0/type"), "INTEGER");
    cr_assert_str_eq(at(json, "/jobReference/projectId"), "p");
    cr_assert_str_eq(at(json, "/jobReference/location"), "us-west2");
    cr_assert_str_eq(at(json, "/totalBytesProcessed"), "0");
    cr_assert(json_is_false(node(json, "/cacheHit")));
    json_decref(json);
    emulator_stop(emulator);
}

Test(server_jobs, parameters_come_named_or_positional_as_strings_numbers_or_nulls)
{
    struct emulator *emulator = server_start(NULL);
    json_t *json = server_query(
        emulator, "SELECT @a + 1, @d, @l[OFFSET(1)]",
        ",\"parameterMode\":\"named\",\"queryParameters\":["
        "{\"name\":\"a\",\"parameterType\":{\"type\":\"INT64\"},\"parameterValue\":{\"value\":41}},"
        "{\"name\":\"d\",\"parameterType\":{\"type\":\"DATE\"},\"parameterValue\":{}},"
        "{\"name\":\"l\",\"parameterType\":{\"type\":\"ARRAY\",\"arrayType\":{\"type\":\"STRING\"}}"
        ","
        "\"parameterValue\":{\"arrayValues\":[{\"value\":\"x\"},{\"value\":\"y\"}]}}]");
    cr_assert_str_eq(at(json, "/rows/0/f/0/v"), "42");
    cr_assert(json_is_null(node(json, "/rows/0/f/1/v")));
    cr_assert_str_eq(at(json, "/rows/0/f/2/v"), "y");
    json_decref(json);
    json = server_query(emulator, "SELECT ? || 'b'",
                        ",\"parameterMode\":\"POSITIONAL\",\"queryParameters\":[{\"parameterType\":"
                        "{\"type\":\"STRING\"},\"parameterValue\":{\"value\":\"a\"}}]");
    cr_assert_str_eq(at(json, "/rows/0/f/0/v"), "ab");
    json_decref(json);
    emulator_stop(emulator);
}

Test(server_jobs, mistakes_are_answered_as_bigquery_words_them)
{
    struct emulator *emulator = server_start(NULL);
    const struct {
        const char *body;
        long code;
        const char *reason, *part;
    } mistakes[] = {
        {"{\"query\":\"SELEC 1\",\"useLegacySql\":false}", 400, "invalidQuery", "at [1:1]"},
        {"{\"query\":\"SELECT * FROM d.t\",\"useLegacySql\":false,\"location\":\"EU\"}", 404,
         "notFound", "was not found in location EU"},
        {"{\"query\":\"SELECT 1\"}", 400, "invalid", "useLegacySql"},
        {"{\"useLegacySql\":false}", 400, "required", "query"},
        {"{\"query\":", 400, "parseError", "Invalid JSON"},
        {"{\"query\":\"SELECT 1 / n FROM UNNEST([0]) n\",\"useLegacySql\":false}", 400,
         "invalidQuery", "division by zero"},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        json_t *json =
            server_expect(emulator, mistakes[i].code, "POST", "/queries", mistakes[i].body);
        cr_expect_str_eq(reason_of(json), mistakes[i].reason);
        cr_expect_not_null(strstr(at(json, "/error/message"), mistakes[i].part), "%s",
                           at(json, "/error/message"));
        cr_expect_str_eq(at(json, "/error/errors/0/domain"), "global");
        cr_expect_str_eq(at(json, "/error/errors/0/message"), at(json, "/error/message"));
        json_decref(json);
    }
    emulator_stop(emulator);
}

Test(server_jobs, a_partition_filter_that_is_required_is_asked_for)
{
    struct emulator *emulator = server_start(NULL);
    json_decref(server_expect(emulator, 200, "POST", "/datasets",
                              "{\"datasetReference\":{\"datasetId\":\"d\"}}"));
    json_decref(
        server_expect(emulator, 200, "POST", "/datasets/d/tables",
                      "{\"tableReference\":{\"tableId\":\"t\"},\"requirePartitionFilter\":true,"
                      "\"timePartitioning\":{\"type\":\"DAY\",\"field\":\"day\"},"
                      "\"schema\":{\"fields\":[{\"name\":\"day\",\"type\":\"DATE\"}]}}"));
    json_t *json = server_expect(emulator, 400, "POST", "/queries",
                                 "{\"query\":\"SELECT COUNT(*) FROM d.t\",\"useLegacySql\":false}");
    cr_assert_not_null(strstr(at(json, "/error/message"),
                              "Cannot query over table 'p.d.t' without a filter over column(s) "
                              "'day' that can be used for partition elimination"));
    json_decref(json);
    json_decref(server_query(emulator, "SELECT COUNT(*) FROM d.t WHERE day > '2024-01-01'", ""));
    emulator_stop(emulator);
}

Test(server_jobs, a_query_is_paged_by_maxResults_and_its_tokens)
{
    struct emulator *emulator = server_start(NULL);
    make_numbers(emulator, 7);
    json_t *json = server_query(emulator, "SELECT n FROM d.t ORDER BY n", ",\"maxResults\":3");
    char *job = memory_copy_string(at(json, "/jobReference/jobId"));
    int seen = 0;
    while (true) {
        for (size_t i = 0; i < json_array_size(node(json, "/rows")); i++)
            cr_assert_eq(atoi(at(json_array_get(node(json, "/rows"), i), "/f/0/v")), seen++);
        cr_assert_str_eq(at(json, "/totalRows"), "7");
        if (!node(json, "/pageToken"))
            break;
        char *path = memory_format("/queries/%s?location=US&maxResults=3&pageToken=%s", job,
                                   at(json, "/pageToken"));
        json_decref(json);
        json = server_expect(emulator, 200, "GET", path, NULL);
        free(path);
    }
    cr_assert_eq(seen, 7);
    json_decref(json);
    char *path = memory_format("/queries/%s?startIndex=5", job);
    json = server_expect(emulator, 200, "GET", path, NULL);
    cr_assert_str_eq(at(json, "/rows/0/f/0/v"), "5");
    json_decref(json);
    free(path);
    free(job);
    emulator_stop(emulator);
}

Test(server_jobs, maxResults_of_zero_gives_the_count_and_no_rows)
{
    struct emulator *emulator = server_start(NULL);
    make_numbers(emulator, 3);
    json_t *json = server_query(emulator, "SELECT n FROM d.t", ",\"maxResults\":0");
    cr_assert_str_eq(at(json, "/totalRows"), "3");
    cr_assert_eq(json_array_size(node(json, "/rows")), 0);
    char *path = memory_format("/queries/%s?maxResults=0", at(json, "/jobReference/jobId"));
    json_decref(json);
    json = server_expect(emulator, 200, "GET", path, NULL);
    cr_assert_str_eq(at(json, "/totalRows"), "3");
    cr_assert_eq(json_array_size(node(json, "/rows")), 0);
    cr_assert_not_null(node(json, "/schema"));
    json_decref(json);
    free(path);
    emulator_stop(emulator);
}

Test(server_jobs, a_job_that_takes_longer_than_timeoutMs_is_not_complete_and_says_nothing_else)
{
    const struct emulator_options options = {.latency_ms = 300};
    struct emulator *emulator = server_start(&options);
    json_t *json = server_query(emulator, "SELECT 1", ",\"timeoutMs\":0");
    cr_assert(json_is_false(node(json, "/jobComplete")));
    cr_assert_null(node(json, "/rows"));
    cr_assert_null(node(json, "/totalRows"));
    cr_assert_null(node(json, "/schema"));
    char *job = memory_copy_string(at(json, "/jobReference/jobId"));
    json_decref(json);
    char *path = memory_format("/queries/%s?timeoutMs=1", job);
    json = server_expect(emulator, 200, "GET", path, NULL);
    cr_assert(json_is_false(node(json, "/jobComplete")));
    json_decref(json);
    free(path);
    path = memory_format("/jobs/%s", job);
    json = server_expect(emulator, 200, "GET", path, NULL);
    cr_assert_str_neq(at(json, "/status/state"), "DONE");
    json_decref(json);
    free(path);
    path = memory_format("/queries/%s", job);
    json = server_expect(emulator, 200, "GET", path, NULL);
    cr_assert(json_is_true(node(json, "/jobComplete")));
    cr_assert_str_eq(at(json, "/rows/0/f/0/v"), "1");
    json_decref(json);
    free(path);
    free(job);
    emulator_stop(emulator);
}

Test(server_jobs, an_inserted_job_runs_and_is_found_in_its_location_only)
{
    struct emulator *emulator = server_start(NULL);
    json_t *json = server_expect(emulator, 200, "POST", "/jobs", job_body);
    cr_assert_str_eq(at(json, "/jobReference/jobId"), "mine-1");
    cr_assert_str_neq(at(json, "/status/state"), "");
    json_decref(json);
    json = server_expect(emulator, 200, "GET", "/queries/mine-1?location=us-west2", NULL);
    cr_assert_str_eq(at(json, "/rows/0/f/0/v"), "1");
    json_decref(json);
    json = server_expect(emulator, 200, "GET", "/jobs/mine-1?location=US-WEST2", NULL);
    cr_assert_str_eq(at(json, "/status/state"), "DONE");
    cr_assert_str_eq(at(json, "/statistics/query/statementType"), "SELECT");
    cr_assert_str_eq(at(json, "/configuration/labels/run"), "r1");
    json_decref(json);
    const char *const wrong[] = {"/jobs/mine-1", "/jobs/mine-1?location=EU", "/queries/mine-1",
                                 "/queries/none?location=us-west2"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        json = server_expect(emulator, 404, "GET", wrong[i], NULL);
        cr_assert_str_eq(reason_of(json), "notFound");
        json_decref(json);
    }
    emulator_stop(emulator);
}

Test(server_jobs, a_job_id_is_used_once)
{
    struct emulator *emulator = server_start(NULL);
    json_decref(server_expect(emulator, 200, "POST", "/jobs", job_body));
    json_t *json = server_expect(emulator, 409, "POST", "/jobs", job_body);
    cr_assert_str_eq(reason_of(json), "duplicate");
    cr_assert_str_eq(at(json, "/error/message"), "Already Exists: Job p:us-west2.mine-1");
    json_decref(json);
    json = server_expect(
        emulator, 400, "POST", "/jobs",
        "{\"configuration\":{\"query\":{\"query\":\"SELECT 1\",\"useLegacySql\":false}},"
        "\"jobReference\":{\"jobId\":\"no blanks\"}}");
    cr_assert_str_eq(reason_of(json), "invalid");
    json_decref(json);
    emulator_stop(emulator);
}

Test(server_jobs, a_request_id_that_comes_again_is_the_same_job)
{
    struct emulator *emulator = server_start(NULL);
    server_make_table(emulator, "{\"name\":\"n\",\"type\":\"INTEGER\"}");
    char *first = NULL;
    for (int i = 0; i < 2; i++) {
        json_t *json =
            server_query(emulator, "INSERT INTO d.t (n) VALUES (1)",
                         i ? ",\"requestId\":\"r\",\"timeoutMs\":5000" : ",\"requestId\":\"r\"");
        cr_assert_str_eq(at(json, "/numDmlAffectedRows"), "1");
        cr_assert_str_eq(at(json, "/dmlStats/insertedRowCount"), "1");
        if (first)
            cr_assert_str_eq(at(json, "/jobReference/jobId"), first);
        else
            first = memory_copy_string(at(json, "/jobReference/jobId"));
        json_decref(json);
    }
    json_t *json = server_query(emulator, "SELECT COUNT(*) FROM d.t", ",\"requestId\":\"r\"");
    cr_assert_str_eq(at(json, "/rows/0/f/0/v"), "1", "the statement ran once");
    cr_assert_str_neq(at(json, "/jobReference/jobId"), first, "another text is another request");
    json_decref(json);
    free(first);
    emulator_stop(emulator);
}

Test(server_jobs, a_failed_job_is_an_error_for_getQueryResults_and_a_status_for_get)
{
    struct emulator *emulator = server_start(NULL);
    json_decref(server_expect(
        emulator, 200, "POST", "/jobs",
        "{\"configuration\":{\"query\":{\"query\":\"SELECT nope\",\"useLegacySql\":false}},"
        "\"jobReference\":{\"jobId\":\"bad\"}}"));
    json_t *json = server_expect(emulator, 400, "GET", "/queries/bad", NULL);
    cr_assert_str_eq(reason_of(json), "invalidQuery");
    json_decref(json);
    json = server_expect(emulator, 200, "GET", "/jobs/bad", NULL);
    cr_assert_str_eq(at(json, "/status/state"), "DONE");
    cr_assert_str_eq(at(json, "/status/errorResult/reason"), "invalidQuery");
    cr_assert_str_eq(at(json, "/status/errors/0/reason"), "invalidQuery");
    json_decref(json);
    emulator_stop(emulator);
}

Test(server_jobs, a_cancelled_job_ends_as_stopped)
{
    const struct emulator_options options = {.latency_ms = 60000};
    struct emulator *emulator = server_start(&options);
    json_decref(server_expect(emulator, 200, "POST", "/jobs", job_body));
    json_t *json =
        server_expect(emulator, 200, "POST", "/jobs/mine-1/cancel?location=us-west2", "");
    cr_assert_str_eq(at(json, "/kind"), "bigquery#jobCancelResponse");
    json_decref(json);
    json = server_expect(emulator, 400, "GET", "/queries/mine-1?location=us-west2", NULL);
    cr_assert_str_eq(reason_of(json), "stopped");
    json_decref(json);
    json = server_expect(emulator, 200, "GET", "/jobs/mine-1?location=us-west2", NULL);
    cr_assert_str_eq(at(json, "/status/errorResult/reason"), "stopped");
    json_decref(json);
    emulator_stop(emulator);
}

Test(server_jobs, jobs_are_listed_newest_first_and_paged)
{
    struct emulator *emulator = server_start(NULL);
    for (int i = 0; i < 3; i++) {
        char *sql = memory_format("SELECT %d", i);
        json_decref(server_query(emulator, sql, ""));
        free(sql);
    }
    json_t *json = server_expect(emulator, 200, "GET",
                                 "/jobs?maxResults=2&projection=full&stateFilter=done", NULL);
    cr_assert_eq(json_array_size(node(json, "/jobs")), 2);
    cr_assert_str_eq(at(json, "/jobs/0/configuration/query/query"), "SELECT 2");
    cr_assert_str_eq(at(json, "/jobs/0/state"), "DONE");
    char *path = memory_format("/jobs?projection=full&pageToken=%s", at(json, "/nextPageToken"));
    json_decref(json);
    json = server_expect(emulator, 200, "GET", path, NULL);
    cr_assert_str_eq(at(json, "/jobs/0/configuration/query/query"), "SELECT 0");
    cr_assert_null(node(json, "/nextPageToken"));
    json_decref(json);
    free(path);
    emulator_stop(emulator);
}

Test(server_jobs, a_dry_run_costs_and_leaves_nothing)
{
    struct emulator *emulator = server_start(&no_buffer);
    make_numbers(emulator, 10);
    json_t *json = server_expect(emulator, 200, "POST", "/jobs",
                                 "{\"configuration\":{\"dryRun\":true,\"query\":{\"query\":"
                                 "\"SELECT n FROM d.t WHERE n = @x\",\"useLegacySql\":false}}}");
    cr_assert_str_eq(at(json, "/status/state"), "DONE");
    cr_assert_str_eq(at(json, "/statistics/totalBytesProcessed"), "80");
    cr_assert_str_eq(at(json, "/statistics/query/totalBytesBilled"), "0");
    cr_assert_str_eq(at(json, "/statistics/query/statementType"), "SELECT");
    cr_assert_str_eq(at(json, "/statistics/query/schema/fields/0/type"), "INTEGER");
    cr_assert_str_eq(at(json, "/statistics/query/referencedTables/0/tableId"), "t");
    cr_assert_str_eq(at(json, "/statistics/query/undeclaredQueryParameters/0/name"), "x");
    cr_assert_null(node(json, "/jobReference/jobId"));
    json_decref(json);
    json_decref(server_query(emulator, "DELETE FROM d.t WHERE TRUE", ",\"dryRun\":true"));
    json = server_query(emulator, "SELECT COUNT(*) FROM d.t", "");
    cr_assert_str_eq(at(json, "/rows/0/f/0/v"), "10");
    json_decref(json);
    json = server_expect(emulator, 400, "POST", "/queries",
                         "{\"query\":\"SELECT\",\"useLegacySql\":false,\"dryRun\":true}");
    cr_assert_str_eq(reason_of(json), "invalidQuery");
    json_decref(json);
    cr_assert_eq(emulator_usage(emulator).jobs, 1);
    emulator_stop(emulator);
}

Test(server_jobs, maximumBytesBilled_below_ten_mebibytes_a_table_refuses_with_500)
{
    struct emulator *emulator = server_start(&no_buffer);
    make_numbers(emulator, 10);
    json_t *json = server_expect(emulator, 500, "POST", "/queries",
                                 "{\"query\":\"SELECT n FROM d.t\",\"useLegacySql\":false,"
                                 "\"maximumBytesBilled\":\"10485759\"}");
    cr_assert_str_eq(reason_of(json), "bytesBilledLimitExceeded");
    cr_assert_str_eq(at(json, "/error/message"),
                     "Query exceeded limit for bytes billed: 10485759. 10485760 or higher "
                     "required.");
    json_decref(json);
    json = server_query(emulator, "SELECT n FROM d.t", ",\"maximumBytesBilled\":\"10485760\"");
    cr_assert_str_eq(at(json, "/totalBytesBilled"), "10485760");
    json_decref(json);
    emulator_stop(emulator);
}

static bool hits(struct emulator *emulator, const char *sql, const char *members) {
    json_t *json = server_query(emulator, sql, members);
    bool hit = json_is_true(node(json, "/cacheHit"));
    if (hit) {
        cr_expect_str_eq(at(json, "/totalBytesProcessed"), "0");
        cr_expect_str_eq(at(json, "/totalBytesBilled"), "0");
    }
    json_decref(json);
    return hit;
}

Test(server_jobs, the_same_text_over_unchanged_tables_comes_from_the_cache)
{
    struct emulator *emulator = server_start(&no_buffer);
    make_numbers(emulator, 5);
    const char *sql = "SELECT SUM(n) FROM d.t";
    cr_expect_not(hits(emulator, sql, ""));
    cr_expect(hits(emulator, sql, ""));
    cr_expect_not(hits(emulator, sql, ",\"useQueryCache\":false"));
    cr_expect_not(hits(emulator, "SELECT  SUM(n) FROM d.t", ""), "white space counts");
    cr_expect_not(hits(emulator, "SELECT SUM(n), CURRENT_DATE() FROM d.t", ""));
    cr_expect_not(hits(emulator, "SELECT SUM(n), CURRENT_DATE() FROM d.t", ""));
    json_decref(server_query(emulator, "UPDATE d.t SET n = 9 WHERE n = 1", ""));
    cr_expect_not(hits(emulator, sql, ""), "the table changed");
    cr_expect(hits(emulator, sql, ""));
    emulator_stop(emulator);
}

Test(server_jobs, parameters_are_part_of_the_cache_key)
{
    struct emulator *emulator = server_start(NULL);
    for (int i = 0; i < 4; i++) {
        char *members = memory_format(
            ",\"parameterMode\":\"NAMED\",\"queryParameters\":[{\"name\":\"a\",\"parameterType\":"
            "{\"type\":\"INT64\"},\"parameterValue\":{\"value\":\"%d\"}}]",
            i / 2);
        cr_expect_eq(hits(emulator, "SELECT @a", members), i % 2 == 1);
        free(members);
    }
    emulator_stop(emulator);
}

Test(server_jobs, a_streaming_buffer_defeats_the_cache)
{
    struct emulator *emulator = server_start(NULL);
    make_numbers(emulator, 5);
    cr_expect_not(hits(emulator, "SELECT SUM(n) FROM d.t", ""));
    cr_expect_not(hits(emulator, "SELECT SUM(n) FROM d.t", ""));
    emulator_stop(emulator);
}

Test(server_jobs, statements_change_tables_and_what_tables_get_tells)
{
    struct emulator *emulator = server_start(NULL);
    json_decref(server_expect(emulator, 200, "POST", "/datasets",
                              "{\"datasetReference\":{\"datasetId\":\"d\"}}"));
    json_decref(
        server_query(emulator, "CREATE TABLE d.c (day DATE, n INT64) PARTITION BY day", ""));
    json_decref(server_query(
        emulator, "INSERT INTO d.c (day, n) VALUES ('2024-01-01', 1), ('2024-01-02', 2)", ""));
    json_decref(server_query(emulator, "DELETE FROM d.c WHERE n = 1", ""));
    json_t *json = server_expect(emulator, 200, "GET", "/datasets/d/tables/c", NULL);
    cr_assert_str_eq(at(json, "/numRows"), "1");
    cr_assert_str_eq(at(json, "/timePartitioning/field"), "day");
    json_decref(json);
    json_decref(server_query(emulator, "CREATE TABLE d.e AS SELECT n + 1 AS m FROM d.c", ""));
    json = server_expect(emulator, 200, "GET", "/datasets/d/tables/e/data", NULL);
    cr_assert_str_eq(at(json, "/rows/0/f/0/v"), "3");
    json_decref(json);
    json = server_expect(emulator, 409, "POST", "/queries",
                         "{\"query\":\"CREATE TABLE d.e (x INT64)\",\"useLegacySql\":false}");
    cr_assert_str_eq(reason_of(json), "duplicate");
    json_decref(json);
    json_decref(server_query(emulator, "CREATE OR REPLACE TABLE d.e (x INT64)", ""));
    json_decref(server_query(emulator, "TRUNCATE TABLE d.c", ""));
    json_decref(server_query(emulator, "DROP TABLE d.e", ""));
    json_decref(server_query(emulator, "DROP TABLE IF EXISTS d.e", ""));
    json_decref(server_expect(emulator, 404, "GET", "/datasets/d/tables/e", NULL));
    emulator_stop(emulator);
}

Test(server_jobs, a_statement_that_fails_half_way_leaves_no_trace)
{
    struct emulator *emulator = server_start(NULL);
    make_numbers(emulator, 3);
    json_decref(server_expect(
        emulator, 400, "POST", "/queries",
        "{\"query\":\"CREATE TABLE d.u AS SELECT 1 / n AS x FROM d.t\",\"useLegacySql\":false}"));
    json_decref(server_expect(emulator, 404, "GET", "/datasets/d/tables/u", NULL));
    json_decref(server_expect(
        emulator, 400, "POST", "/queries",
        "{\"query\":\"UPDATE d.t SET n = DIV(1, n) WHERE TRUE\",\"useLegacySql\":false}"));
    json_t *json = server_query(emulator, "SELECT SUM(n) FROM d.t", "");
    cr_assert_str_eq(at(json, "/rows/0/f/0/v"), "3");
    json_decref(json);
    emulator_stop(emulator);
}

Test(server_jobs, information_schema_tells_of_tables_and_columns)
{
    struct emulator *emulator = server_start(NULL);
    make_numbers(emulator, 1);
    json_t *json = server_query(emulator, "SELECT table_name FROM d.INFORMATION_SCHEMA.TABLES", "");
    cr_assert_str_eq(at(json, "/rows/0/f/0/v"), "t");
    cr_assert_str_eq(at(json, "/totalBytesBilled"), "10485760");
    json_decref(json);
    for (int i = 0; i < 2; i++) {
        json = server_query(emulator,
                            "SELECT column_name, data_type FROM d.INFORMATION_SCHEMA.COLUMNS", "");
        cr_assert_str_eq(at(json, "/rows/0/f/0/v"), "n");
        cr_assert_str_eq(at(json, "/rows/0/f/1/v"), "INT64");
        cr_assert(json_is_false(node(json, "/cacheHit")));
        json_decref(json);
    }
    emulator_stop(emulator);
}

Test(server_jobs, an_optional_job_that_was_quick_has_a_query_id_only)
{
    struct emulator *emulator = server_start(NULL);
    json_t *json =
        server_query(emulator, "SELECT 1", ",\"jobCreationMode\":\"JOB_CREATION_OPTIONAL\"");
    cr_assert_null(node(json, "/jobReference"));
    cr_assert_str_neq(at(json, "/queryId"), "");
    json_decref(json);
    emulator_stop(emulator);
}
