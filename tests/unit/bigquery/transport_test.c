/* Broken connections, strange bodies, cancellation, and many requests at once. */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "fixture.h"

/* {"jobComplete":true,"jobReference":{"projectId":"p","jobId":"j"},"totalBytesBilled":"0",
 * "totalRows":"0"}, packed. */
static const unsigned char PACKED[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x2d, 0xc9, 0x31, 0x0e, 0x80,
    0x20, 0x10, 0x44, 0xd1, 0xbb, 0x4c, 0x4d, 0x61, 0x6d, 0xa9, 0x95, 0xad, 0x37, 0x50, 0x1c,
    0x13, 0x09, 0xba, 0x04, 0xd7, 0x18, 0x43, 0xb8, 0xbb, 0x42, 0xec, 0xe6, 0xbf, 0x49, 0x70,
    0x32, 0xf7, 0xb2, 0x07, 0x4f, 0x25, 0x5a, 0x8d, 0x17, 0x4d, 0xa1, 0x91, 0x2b, 0x23, 0x0f,
    0xfb, 0x59, 0x42, 0x88, 0xe2, 0x68, 0x75, 0x58, 0xd0, 0x22, 0xa0, 0xfe, 0x75, 0x3b, 0x64,
    0x03, 0x15, 0x9d, 0x7c, 0xf7, 0x28, 0xcf, 0x6e, 0xf3, 0x9e, 0xc5, 0x1b, 0xfc, 0x3c, 0xca,
    0x7d, 0xd6, 0xce, 0x2f, 0xd3, 0x71, 0x12, 0x62, 0x68, 0x00, 0x00, 0x00};

Test(transport, mends_after_faults_of_the_connection)
{
    static const enum fault FAULTS[] = {FAULT_RESET, FAULT_CLOSE, FAULT_TRUNCATE};
    for (size_t i = 0; i < sizeof FAULTS / sizeof FAULTS[0]; i++) {
        struct fixture fixture = fixture_start((struct bigquery_options){0});
        script_add(
            fixture.script,
            (struct reply){.target = "POST", .body = ONE_ROW, .fault = FAULTS[i], .times = 3});
        script_add(fixture.script, (struct reply){.target = "/jobs?", .body = "{}", .times = 3});
        script_add(fixture.script, (struct reply){.target = "POST", .body = ONE_ROW});
        struct bigquery_result *result = fixture_query(&fixture);
        cr_assert_eq(result->status, BIGQUERY_DONE, "case %zu: %s", i, result->failure.message);
        cr_assert_eq(script_count(fixture.script, "POST"), 4, "case %zu", i);
        cr_assert_eq(result->rows.row_count, 1);
        char *first = fixture_sent(&fixture, 0, "requestId");
        char *last = fixture_sent(&fixture, script_count(fixture.script, NULL) - 1, "requestId");
        cr_assert_str_eq(first, last);
        free(first);
        free(last);
        bigquery_result_free(result);
        fixture_stop(&fixture);
    }
}

Test(transport, does_not_ask_the_job_when_only_the_connection_broke)
{
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    script_add(fixture.script, (struct reply){.target = "POST", .body = RUNNING});
    script_add(
        fixture.script,
        (struct reply){.target = "/queries/job_1", .body = ONE_ROW, .fault = FAULT_TRUNCATE});
    script_add(fixture.script, (struct reply){.target = "/queries/job_1", .body = ONE_ROW});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->status, BIGQUERY_DONE);
    cr_assert_eq(script_count(fixture.script, "/jobs/"), 0);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(transport, gives_up_a_try_that_takes_too_long_and_makes_another)
{
    struct error error = {0};
    struct fixture fixture = fixture_start((struct bigquery_options){.try_grace_ms = 30});
    struct bigquery_query query = {.sql = "SELECT n", .timeout_ms = 10};
    script_add(fixture.script, (struct reply){.fault = FAULT_HANG});
    script_add(fixture.script, (struct reply){.target = "/jobs?", .body = "{}"});
    script_add(fixture.script, (struct reply){.body = ONE_ROW});
    struct bigquery_result *result = bigquery_query_now(fixture.client, &query, &error);
    cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
    cr_assert_eq(result->attempts, 3);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(transport, keeps_the_deadline_when_nobody_answers)
{
    struct fixture fixture = fixture_start((struct bigquery_options){.deadline_ms = 50});
    script_add(fixture.script, (struct reply){.fault = FAULT_HANG, .times = REPLY_FOREVER});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->status, BIGQUERY_FAILED);
    cr_assert(result->failure.deadline_reached);
    cr_assert(result->failure.retriable);
    cr_assert_lt(result->duration_ms, 120000);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(transport, tells_that_nobody_listens)
{
    struct error error = {0};
    struct script *script = script_start();
    char *endpoint = strdup(script_endpoint(script));
    script_stop(script);
    struct bigquery_options options = {
        .endpoint = endpoint, .project = "p", .deadline_ms = 50, .retry_base_ms = 1};
    struct bigquery_client *client = bigquery_client_new(&options, &error);
    struct bigquery_query query = {.sql = "SELECT n"};
    struct bigquery_result *result = bigquery_query_now(client, &query, &error);
    cr_assert_eq(result->failure.class, BIGQUERY_TRANSPORT);
    cr_assert_str_eq(result->failure.reason, "connection");
    cr_assert_eq(result->failure.http_code, 0);
    cr_assert(result->failure.deadline_reached);
    cr_assert_not(bigquery_result_check(result, &error));
    cr_assert_eq(error.code, EXIT_UNAVAILABLE);
    bigquery_result_free(result);
    bigquery_client_free(client);
    free(endpoint);
}

Test(transport, unpacks_gzip)
{
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    script_add(fixture.script, (struct reply){.body = (const char *)PACKED,
                                              .size = sizeof PACKED,
                                              .headers = "Content-Encoding: gzip\r\n"});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
    cr_assert_str_eq(result->job.job_id, "j");
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(transport, refuses_an_answer_that_is_too_large)
{
    struct fixture fixture = fixture_start((struct bigquery_options){.response_limit = 50});
    script_add(fixture.script, (struct reply){.body = ONE_ROW, .times = REPLY_FOREVER});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->status, BIGQUERY_FAILED);
    cr_assert_str_eq(result->failure.reason, "tooLarge");
    cr_assert_eq(result->attempts, 1);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(transport, follows_no_redirect)
{
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    char location[128];
    (void)snprintf(location, sizeof location, "Location: http://%s/elsewhere\r\n",
                   script_endpoint(fixture.script));
    script_add(fixture.script, (struct reply){.status = 307, .headers = location});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_str_eq(result->failure.reason, "redirect");
    cr_assert_eq(script_count(fixture.script, NULL), 1);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

/* ---- Cancellation ------------------------------------------------------------------------ */

Test(cancel, ends_a_request_on_the_wire_at_once)
{
    struct error error = {0};
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    struct bigquery_query query = {.sql = "SELECT n", .user = &fixture};
    script_add(fixture.script, (struct reply){.fault = FAULT_HANG});
    bigquery_request_id id = bigquery_submit_query(fixture.client, &query, &error);
    while (script_count(fixture.script, NULL) == 0) {
        cr_assert_null(bigquery_client_wait(fixture.client, 1));
    }
    cr_assert(bigquery_request_cancel(fixture.client, id));
    cr_assert_not(bigquery_request_cancel(fixture.client, id));
    struct bigquery_result *result = bigquery_client_wait(fixture.client, -1);
    cr_assert_eq(result->request, id);
    cr_assert_eq(result->user, &fixture);
    cr_assert_eq(result->failure.class, BIGQUERY_CANCELLED);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(cancel, stops_the_job_on_the_server_too)
{
    struct error error = {0};
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    struct bigquery_query query = {.sql = "SELECT n"};
    script_add(fixture.script, (struct reply){.target = "/queries?", .body = RUNNING});
    script_add(fixture.script, (struct reply){.target = "GET", .fault = FAULT_HANG});
    script_add(fixture.script, (struct reply){.target = "/cancel", .body = "{\"job\":{}}"});
    bigquery_request_id id = bigquery_submit_query(fixture.client, &query, &error);
    while (script_count(fixture.script, "GET") == 0) {
        cr_assert_null(bigquery_client_wait(fixture.client, 1));
    }
    cr_assert(bigquery_request_cancel(fixture.client, id));
    struct bigquery_result *result = bigquery_client_wait(fixture.client, -1);
    cr_assert_eq(result->failure.class, BIGQUERY_CANCELLED);
    cr_assert_eq(bigquery_client_pending(fixture.client), 0);
    while (script_count(fixture.script, "POST /bigquery/v2/projects/p/jobs/job_1/cancel") == 0) {
        cr_assert_null(bigquery_client_wait(fixture.client, 1));
    }
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(cancel, by_freeing_the_client_leaves_nothing_behind)
{
    struct error error = {0};
    struct fixture fixture = fixture_start((struct bigquery_options){.max_connections = 2});
    struct bigquery_query query = {.sql = "SELECT n"};
    script_add(fixture.script, (struct reply){.body = ONE_ROW});
    script_add(fixture.script, (struct reply){.fault = FAULT_HANG, .times = REPLY_FOREVER});
    for (int i = 0; i < 6; i++) {
        cr_assert_neq(bigquery_submit_query(fixture.client, &query, &error), 0);
    }
    while (script_count(fixture.script, NULL) < 3) {
        bigquery_result_free(bigquery_client_wait(fixture.client, 1));
    }
    fixture_stop(&fixture);
}

/* ---- Waiting ----------------------------------------------------------------------------- */

static void *wake(void *context) {
    bigquery_client_wakeup(context);
    return NULL;
}

Test(wait, ends_when_another_thread_wakes_it)
{
    pthread_t thread;
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    cr_assert_eq(pthread_create(&thread, NULL, wake, fixture.client), 0);
    cr_assert_null(bigquery_client_wait(fixture.client, -1));
    (void)pthread_join(thread, NULL);
    cr_assert_null(bigquery_client_wait(fixture.client, 0));
    cr_assert_null(bigquery_client_finish(fixture.client, 99));
    fixture_stop(&fixture);
}

Test(wait, of_one_request_leaves_the_results_of_others_queued)
{
    struct error error = {0};
    struct fixture fixture = fixture_start((struct bigquery_options){.max_connections = 1});
    struct bigquery_query query = {.sql = "SELECT n"};
    script_add(fixture.script, (struct reply){.body = ONE_ROW, .times = REPLY_FOREVER});
    bigquery_request_id first = bigquery_submit_query(fixture.client, &query, &error);
    bigquery_request_id second = bigquery_submit_query(fixture.client, &query, &error);
    struct bigquery_result *result = bigquery_client_finish(fixture.client, second);
    cr_assert_eq(result->request, second);
    bigquery_result_free(result);
    cr_assert_eq(bigquery_client_pending(fixture.client), 1);
    result = bigquery_client_wait(fixture.client, -1);
    cr_assert_eq(result->request, first);
    bigquery_result_free(result);
    cr_assert_eq(script_connections(fixture.script), 1);
    cr_assert_eq(script_seen(fixture.script, 0).connection,
                 script_seen(fixture.script, 1).connection);
    fixture_stop(&fixture);
}

Test(wait, carries_200_requests_over_8_connections)
{
    enum { REQUESTS = 200 };
    struct error error = {0};
    int answered[REQUESTS] = {0};
    struct fixture fixture = fixture_start((struct bigquery_options){.max_connections = 8});
    struct bigquery_query query = {.sql = "SELECT n"};
    script_add(fixture.script,
               (struct reply){.status = 503, .body = FAILURE("backendError"), .times = 50});
    script_add(fixture.script, (struct reply){.body = ONE_ROW, .times = REPLY_FOREVER});
    for (int i = 0; i < REQUESTS; i++) {
        query.user = &answered[i];
        cr_assert_neq(bigquery_submit_query(fixture.client, &query, &error), 0);
    }
    for (int i = 0; i < REQUESTS; i++) {
        struct bigquery_result *result = bigquery_client_wait(fixture.client, -1);
        cr_assert_not_null(result);
        cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
        cr_assert_eq(result->rows.row_count, 1);
        (*(int *)result->user)++;
        bigquery_result_free(result);
    }
    for (int i = 0; i < REQUESTS; i++) {
        cr_assert_eq(answered[i], 1);
    }
    cr_assert_leq(script_connections(fixture.script), 8);
    cr_assert_eq(bigquery_client_totals(fixture.client).calls, REQUESTS + 50);
    cr_assert_eq(bigquery_client_totals(fixture.client).queries, REQUESTS);
    fixture_stop(&fixture);
}
