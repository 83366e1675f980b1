/* Cells of every type, tables, jobs and streamed rows. */
#include <math.h>
#include <string.h>

#include "fixture.h"

static bigquery_cell cell(const char *string) {
    return string == NULL ? (bigquery_cell){NULL, 0} : text_of(string);
}

Test(cell, reads_what_its_type_allows_and_nothing_else)
{
    int64_t integer = -7;
    double number = -7.0;
    bool truth = true;
    day_number day = 0;
    cr_assert(bigquery_cell_int64(cell("9223372036854775807"), &integer));
    cr_assert_eq(integer, INT64_MAX);
    cr_assert(bigquery_cell_int64(cell("-9223372036854775808"), &integer));
    cr_assert_eq(integer, INT64_MIN);
    cr_assert(bigquery_cell_double(cell("1.7E9"), &number));
    cr_assert_eq(number, 1.7e9);
    cr_assert(bigquery_cell_double(cell("NaN"), &number));
    cr_assert(isnan(number));
    cr_assert(bigquery_cell_double(cell("-Infinity"), &number));
    cr_assert(isinf(number) && number < 0);
    cr_assert(bigquery_cell_bool(cell("false"), &truth));
    cr_assert_not(truth);
    cr_assert(bigquery_cell_date(cell("2026-01-05"), &day));
    cr_assert_eq(day, day_from_civil(2026, 1, 5));
    cr_assert(bigquery_cell_timestamp_us(cell("1767571200000001"), &integer));
    cr_assert_eq(integer, 1767571200000001);
    cr_assert(bigquery_cell_timestamp_us(cell("1.7E9"), &integer));
    cr_assert_eq(integer, 1700000000000000);
}

Test(cell, leaves_the_value_alone_when_it_cannot_be_read)
{
    static const char *const WRONG[] = {NULL,   "",   "x",  "1.", "9223372036854775808",
                                        "0x10", "1 ", "yes"};
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        int64_t integer = 5;
        bool truth = true;
        day_number day = 5;
        cr_assert_not(bigquery_cell_int64(cell(WRONG[i]), &integer), "case %zu", i);
        cr_assert_not(bigquery_cell_bool(cell(WRONG[i]), &truth), "case %zu", i);
        cr_assert_not(bigquery_cell_date(cell(WRONG[i]), &day), "case %zu", i);
        cr_assert(integer == 5 && truth && day == 5);
    }
    static const char *const NO_NUMBERS[] = {NULL, "", "x", "0x10", "1 ", "1,5", "nanx", "--1"};
    for (size_t i = 0; i < sizeof NO_NUMBERS / sizeof NO_NUMBERS[0]; i++) {
        double number = 5.0;
        int64_t micros = 5;
        cr_assert_not(bigquery_cell_double(cell(NO_NUMBERS[i]), &number), "case %zu", i);
        cr_assert_not(bigquery_cell_timestamp_us(cell(NO_NUMBERS[i]), &micros), "case %zu", i);
        cr_assert(number == 5.0 && micros == 5);
    }
    int64_t micros = 5;
    cr_assert_not(bigquery_cell_timestamp_us(cell("NaN"), &micros));
    cr_assert_not(bigquery_cell_timestamp_us(cell("1e300"), &micros));
}

static void assert_text(const struct bigquery_rows *rows, const char *column,
                        const char *expected) {
    bigquery_cell found = bigquery_rows_cell(rows, 0, bigquery_rows_column(rows, column));
    if (expected == NULL) {
        cr_assert(bigquery_cell_is_null(found), "%s", column);
    } else {
        cr_assert_not(bigquery_cell_is_null(found), "%s", column);
        cr_assert_str_eq(found.data, expected, "%s", column);
        cr_assert_eq(found.size, strlen(expected));
    }
}

Test(rows, hold_every_kind_of_cell)
{
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    script_add(
        fixture.script,
        (struct reply){
            .body =
                "{\"jobComplete\":true," JOB "," BYTES
                ",\"totalRows\":\"1\",\"schema\":{\"fields\":["
                "{\"name\":\"day\",\"type\":\"DATE\"},{\"name\":\"nothing\",\"type\":\"FLOAT\"},"
                "{\"name\":\"empty\",\"type\":\"STRING\"},"
                "{\"name\":\"ids\",\"type\":\"INTEGER\",\"mode\":\"REPEATED\"},"
                "{\"name\":\"none\",\"type\":\"STRING\",\"mode\":\"REPEATED\"},"
                "{\"name\":\"player\",\"type\":\"RECORD\",\"fields\":[{\"name\":\"id\",\"type\":"
                "\"INTEGER\"},{\"name\":\"tags\",\"type\":\"STRING\",\"mode\":\"REPEATED\"}]},"
                "{\"name\":\"games\",\"type\":\"STRUCT\",\"mode\":\"REPEATED\",\"fields\":[{"
                "\"name\":"
                "\"g\",\"type\":\"STRING\"}]},{\"name\":\"odd\",\"type\":\"POINT\"},"
                "{\"name\":\"bare\",\"type\":\"BOOLEAN\",\"mode\":\"REQUIRED\"}]},"
                "\"rows\":[{\"f\":[{\"v\":\"2026-01-05\"},{\"v\":null},{\"v\":\"\"},"
                "{\"v\":[{\"v\":\"1\"},{\"v\":\"2\"}]},{\"v\":[]},"
                "{\"v\":{\"f\":[{\"v\":\"7\"},{\"v\":[{\"v\":\"a\"}]}]}},"
                "{\"v\":[{\"v\":{\"f\":[{\"v\":\"x\"}]}},{\"v\":{\"f\":[{\"v\":null}]}}]},"
                "{\"v\":\"(1,2)\"},{\"v\":true}]}]}"});
    struct bigquery_result *result = fixture_query(&fixture);
    const struct bigquery_rows *rows = &result->rows;
    cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
    assert_text(rows, "DAY", "2026-01-05");
    assert_text(rows, "nothing", NULL);
    assert_text(rows, "empty", "");
    assert_text(rows, "ids", "[\"1\",\"2\"]");
    assert_text(rows, "none", "[]");
    assert_text(rows, "player", "{\"id\":\"7\",\"tags\":[\"a\"]}");
    assert_text(rows, "games", "[{\"g\":\"x\"},{\"g\":null}]");
    assert_text(rows, "odd", "(1,2)");
    assert_text(rows, "bare", "true");
    cr_assert_eq(bigquery_rows_column(rows, "absent"), SIZE_MAX);
    cr_assert(bigquery_cell_is_null(bigquery_rows_cell(rows, 1, 0)));
    cr_assert_eq(rows->columns[7].type, BIGQUERY_OTHER_TYPE);
    cr_assert_eq(rows->columns[8].mode, BIGQUERY_REQUIRED);
    cr_assert_eq(rows->columns[5].field_count, 2);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(rows, may_hold_a_zero_character)
{
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    script_add(fixture.script,
               (struct reply){.body =
                                  "{\"jobComplete\":true," JOB "," BYTES
                                  ",\"totalRows\":\"1\",\"schema\":{\"fields\":[{\"name\":\"s\","
                                  "\"type\":\"STRING\"}]},\"rows\":[{\"f\":[{\"v\":"
                                  "\"a\\u0000b\"}]}]}"});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
    cr_assert_eq(bigquery_rows_cell(&result->rows, 0, 0).size, 3);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

/* ---- Tables ------------------------------------------------------------------------------ */

#define TABLE(more)                                                                                \
    "{\"tableReference\":{\"tableId\":\"t\"},\"type\":\"TABLE\",\"numRows\":\"10\",\"numBytes\":"  \
    "\"1000\",\"creationTime\":\"5\",\"lastModifiedTime\":\"1767571200000\",\"etag\":\"e\","       \
    "\"location\":\"US\"," SCHEMA more "}"

Test(table, is_read_whole)
{
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    script_add(fixture.script,
               (struct reply){
                   .target = "GET /bigquery/v2/projects/p/datasets/d/tables/t?prettyPrint=false",
                   .body = TABLE(",\"timePartitioning\":{\"type\":\"DAY\",\"field\":\"game_date\","
                                 "\"expirationMs\":\"7776000000\"},"
                                 "\"requirePartitionFilter\":true,\"streamingBuffer\":{"
                                 "\"estimatedRows\":\"4\",\"oldestEntryTime\":\"99\"}")});
    struct bigquery_result *result = fixture_table(&fixture);
    const struct bigquery_table *table = &result->table;
    cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
    cr_assert(table->exists && table->streaming && table->partition_filter_required);
    cr_assert_str_eq(table->type, "TABLE");
    cr_assert_eq(table->num_rows, 10);
    cr_assert_eq(table->num_bytes, 1000);
    cr_assert_eq(table->modified_ms, 1767571200000);
    cr_assert_eq(table->streaming_rows, 4);
    cr_assert_eq(table->streaming_oldest_ms, 99);
    cr_assert_str_eq(table->partition_field, "game_date");
    cr_assert_str_eq(table->partition_type, "DAY");
    cr_assert_eq(table->partition_expiration_ms, INT64_C(7776000000));
    cr_assert_eq(table->expires_ms, BIGQUERY_UNKNOWN);
    cr_assert_str_eq(table->etag, "e");
    cr_assert_eq(table->field_count, 1);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

static struct bigquery_result *dataset(struct fixture *fixture) {
    struct error error = {0};
    bigquery_request_id id = bigquery_submit_dataset(fixture->client, NULL, "d", 0, NULL, &error);
    cr_assert_neq(id, 0, "%s", error.text);
    return bigquery_client_finish(fixture->client, id);
}

Test(dataset, is_read_whole_and_may_be_missing)
{
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    script_add(fixture.script,
               (struct reply){.target = "GET /bigquery/v2/projects/p/datasets/d?prettyPrint=false",
                              .body = "{\"datasetReference\":{\"datasetId\":\"d\"},\"location\":"
                                      "\"us-west2\",\"defaultTableExpirationMs\":\"3600000\"}"});
    script_add(fixture.script, (struct reply){.status = 404, .body = FAILURE("notFound")});
    struct bigquery_result *there = dataset(&fixture);
    struct bigquery_result *missing = dataset(&fixture);
    cr_assert_eq(there->status, BIGQUERY_DONE, "%s", there->failure.message);
    cr_assert(there->dataset.exists);
    cr_assert_str_eq(there->dataset.location, "us-west2");
    cr_assert_eq(there->dataset.table_expiration_ms, 3600000);
    cr_assert_eq(there->dataset.partition_expiration_ms, BIGQUERY_UNKNOWN);
    cr_assert_eq(missing->status, BIGQUERY_DONE, "%s", missing->failure.message);
    cr_assert_not(missing->dataset.exists);
    bigquery_result_free(there);
    bigquery_result_free(missing);
    fixture_stop(&fixture);
}

#define NAMED(name) "{\"tableReference\":{\"tableId\":\"" name "\"}}"

Test(dataset, lists_its_tables_over_all_pages)
{
    struct error error = {0};
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    script_add(fixture.script, (struct reply){.body = "{\"tables\":[" NAMED("a") "," NAMED(
                                                  "b") "],\"nextPageToken\":\"2\"}"});
    script_add(fixture.script,
               (struct reply){.target = "pageToken=2", .body = "{\"tables\":[" NAMED("c") "]}"});
    bigquery_request_id id = bigquery_submit_tables(fixture.client, "q", "d", 0, NULL, &error);
    struct bigquery_result *result = bigquery_client_finish(fixture.client, id);
    cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
    cr_assert_eq(result->table_count, 3);
    cr_assert_str_eq(result->tables[0], "a");
    cr_assert_str_eq(result->tables[2], "c");
    cr_assert_eq(script_count(fixture.script, "GET /bigquery/v2/projects/q/datasets/d/tables?"), 2);
    cr_assert_eq(bigquery_submit_tables(fixture.client, NULL, "d/e", 0, NULL, &error), 0);
    cr_assert_eq(error.code, EXIT_USAGE);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

/* What the table looks like at a second look, and whether a paid query may then be spared. */
static const struct {
    const char *now;
    bool unchanged;
    bool never_sure; /* even if it looks the same once more */
} LOOKS[] = {
    {TABLE(""), true, false},
    {TABLE(",\"description\":\"new\""), true, false},
    {TABLE(",\"numRows\":\"11\""), false, false},
    {TABLE(",\"numBytes\":\"1001\""), false, false},
    {TABLE(",\"lastModifiedTime\":\"1767571200001\""), false, false},
    {TABLE(",\"creationTime\":\"6\""), false, false},
    {TABLE(",\"type\":\"VIEW\""), false, true},
    {TABLE(",\"streamingBuffer\":{}"), false, true},
    {TABLE(",\"schema\":{\"fields\":[{\"name\":\"n\",\"type\":\"STRING\"}]}"), false, false},
    {TABLE(",\"lastModifiedTime\":null"), false, true},
    {TABLE(",\"numRows\":null"), false, true},
    {TABLE(",\"numBytes\":null"), false, true},
    {TABLE(",\"type\":\"EXTERNAL\""), false, true},
    {TABLE(",\"type\":\"MATERIALIZED_VIEW\""), false, true},
};

static bool unchanged(const struct bigquery_result *before, const struct bigquery_result *now) {
    struct text_buffer first = {0};
    struct text_buffer second = {0};
    bool same = bigquery_table_signal(&before->table, &first) &&
                bigquery_table_signal(&now->table, &second) && strcmp(first.data, second.data) == 0;
    text_buffer_free(&first);
    text_buffer_free(&second);
    return same;
}

Test(table, is_unchanged_only_when_everything_says_so)
{
    for (size_t i = 0; i < sizeof LOOKS / sizeof LOOKS[0]; i++) {
        struct fixture fixture = fixture_start((struct bigquery_options){0});
        script_add(fixture.script, (struct reply){.body = TABLE("")});
        script_add(fixture.script, (struct reply){.body = LOOKS[i].now, .times = 2});
        struct bigquery_result *before = fixture_table(&fixture);
        struct bigquery_result *now = fixture_table(&fixture);
        struct bigquery_result *later = fixture_table(&fixture);
        cr_assert_eq(unchanged(before, now), LOOKS[i].unchanged, "case %zu", i);
        if (LOOKS[i].never_sure) {
            cr_assert_not(unchanged(now, later), "case %zu", i);
        }
        bigquery_result_free(before);
        bigquery_result_free(now);
        bigquery_result_free(later);
        fixture_stop(&fixture);
    }
}

Test(table, names_are_kept_in_their_place)
{
    static const struct bigquery_table_name BAD[] = {
        {NULL, "d", NULL}, {NULL, "", "t"},   {NULL, "d", "../x"},
        {NULL, "..", "t"}, {"p/q", "d", "t"},
    };
    struct error error = {0};
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        cr_assert_eq(bigquery_submit_table(fixture.client, &BAD[i], 0, NULL, &error), 0);
        cr_assert_eq(error.code, EXIT_USAGE);
    }
    struct bigquery_table_name odd = {"example.com:p", "d", "Größe 1"};
    bigquery_request_id id = bigquery_submit_table(fixture.client, &odd, 0, NULL, &error);
    script_add(fixture.script, (struct reply){.body = TABLE("")});
    bigquery_result_free(bigquery_client_finish(fixture.client, id));
    cr_assert_not_null(strstr(script_seen(fixture.script, 0).line,
                              "/projects/example.com%3Ap/datasets/d/tables/Gr%C3%B6%C3%9Fe%201?"));
    fixture_stop(&fixture);
}

/* ---- Jobs and rows ----------------------------------------------------------------------- */

#define LISTED(id, label) LISTED_IN(id, label, "RUNNING")
#define LISTED_IN(id, label, state)                                                                \
    "{\"jobReference\":{\"jobId\":\"" id "\",\"location\":\"US\"},\"status\":{\"state\":\"" state  \
    "\"},\"statistics\":{\"creationTime\":"                                                        \
    "\"9\"},\"configuration\":{\"labels\":{" label "}}}"

Test(jobs, with_a_label_are_listed_over_all_pages)
{
    struct error error = {0};
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    struct bigquery_job_filter filter = {
        .label_key = "run", .label_value = "r1", .created_after_ms = 5, .running_only = true};
    script_add(
        fixture.script,
        (struct reply){.body = "{\"jobs\":[" LISTED("a", "\"run\":\"r1\"") "," LISTED(
                           "b", "\"run\":\"r2\"") "," LISTED("c", "") "],"
                                                                      "\"nextPageToken\":\"N\"}"});
    script_add(fixture.script,
               (struct reply){.target = "pageToken=N",
                              .body = "{\"jobs\":[" LISTED("d", "\"run\":\"r1\"") "," LISTED_IN(
                                  "e", "\"run\":\"r1\"", "DONE") "]}"});
    bigquery_request_id id = bigquery_submit_jobs(fixture.client, &filter, 0, NULL, &error);
    struct bigquery_result *result = bigquery_client_finish(fixture.client, id);
    cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
    cr_assert_eq(result->job_count, 2);
    cr_assert_str_eq(result->jobs[0].job_id, "a");
    cr_assert_str_eq(result->jobs[1].job_id, "d");
    cr_assert_str_eq(result->jobs[0].state, "RUNNING");
    cr_assert_eq(result->jobs[0].created_ms, 9);
    cr_assert_eq(result->jobs[0].bytes_billed, BIGQUERY_UNKNOWN);
    cr_assert_str_eq(script_seen(fixture.script, 0).line,
                     "GET /bigquery/v2/projects/p/jobs?projection=full&minCreationTime=5"
                     "&maxResults=500&prettyPrint=false");
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(jobs, are_cancelled_where_they_run)
{
    struct error error = {0};
    struct fixture fixture = fixture_start((struct bigquery_options){.location = "us-west2"});
    script_add(fixture.script, (struct reply){.body = "{\"job\":{" JOB "}}"});
    cr_assert_eq(bigquery_submit_job_cancel(fixture.client, "a/b", NULL, 0, NULL, &error), 0);
    bigquery_request_id id =
        bigquery_submit_job_cancel(fixture.client, "job_1", NULL, 0, NULL, &error);
    struct bigquery_result *result = bigquery_client_finish(fixture.client, id);
    cr_assert_eq(result->status, BIGQUERY_DONE);
    struct seen seen = script_seen(fixture.script, 0);
    cr_assert_str_eq(seen.line, "POST /bigquery/v2/projects/p/jobs/job_1/cancel?location=us-west2"
                                "&prettyPrint=false");
    cr_assert_not_null(strstr(seen.headers, "\r\nContent-Length: 0\r\n"));
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(insert, sends_rows_under_ids_that_survive_a_retry)
{
    struct error error = {0};
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    json_t *rows = json_pack("[{s:s},{s:s}]", "day", "2026-01-05", "day", "2026-01-06");
    struct bigquery_insert insert = {
        .table = {.dataset = "d", .table = "t"}, .rows = rows, .insert_id = "r-1"};
    script_add(fixture.script, (struct reply){.status = 503, .body = FAILURE("backendError")});
    script_add(fixture.script, (struct reply){.body = "{\"kind\":\"x\"}"});
    bigquery_request_id id = bigquery_submit_insert(fixture.client, &insert, &error);
    struct bigquery_result *result = bigquery_client_finish(fixture.client, id);
    cr_assert_eq(result->status, BIGQUERY_DONE);
    cr_assert_eq(result->attempts, 2);
    cr_assert_str_eq(
        script_seen(fixture.script, 1).line,
        "POST /bigquery/v2/projects/p/datasets/d/tables/t/insertAll?prettyPrint=false");
    cr_assert_str_eq(script_seen(fixture.script, 1).body,
                     "{\"kind\":\"bigquery#tableDataInsertAllRequest\",\"rows\":["
                     "{\"json\":{\"day\":\"2026-01-05\"},\"insertId\":\"r-1-0\"},"
                     "{\"json\":{\"day\":\"2026-01-06\"},\"insertId\":\"r-1-1\"}]}");
    bigquery_result_free(result);
    json_decref(rows);
    fixture_stop(&fixture);
}

Test(insert, fails_with_the_row_that_was_refused)
{
    struct error error = {0};
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    json_t *rows = json_pack("[{},{}]");
    struct bigquery_insert insert = {.table = {.dataset = "d", .table = "t"}, .rows = rows};
    script_add(fixture.script,
               (struct reply){.body = "{\"insertErrors\":[{\"index\":0,\"errors\":[{\"reason\":"
                                      "\"stopped\"}]},{\"index\":1,\"errors\":[{\"reason\":"
                                      "\"invalid\",\"message\":\"no such field: x\"}]}]}"});
    bigquery_request_id id = bigquery_submit_insert(fixture.client, &insert, &error);
    struct bigquery_result *result = bigquery_client_finish(fixture.client, id);
    cr_assert_eq(result->status, BIGQUERY_FAILED);
    cr_assert_str_eq(result->failure.message, "2 rows refused; row 1: no such field: x");
    cr_assert_str_eq(result->failure.reason, "invalid");
    bigquery_result_free(result);
    json_decref(rows);
    fixture_stop(&fixture);
}
