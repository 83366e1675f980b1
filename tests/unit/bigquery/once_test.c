/* Queries that are paid once: whatever gets lost on the way, no second job is started while a first
 * may be alive. And clients that only read. */
#include <string.h>

#include "fixture.h"

#define STARTED "{" JOB ",\"status\":{\"state\":\"PENDING\"}}"
#define BILL    "{\"statistics\":{\"query\":{\"totalBytesBilled\":\"20971520\"}}}"
#define ROWS                                                                                       \
    "{\"jobComplete\":true," JOB "," SCHEMA                                                        \
    ",\"totalRows\":\"1\",\"totalBytesProcessed\":\"5\",\"rows\":[" ROW("42") "]}"
#define START "POST /bigquery/v2/projects/p/jobs?"

static struct bigquery_result *pay_once(struct fixture *fixture) {
    struct error error = {0};
    struct bigquery_query query = {.sql = "SELECT n", .pay_once = true};
    struct bigquery_result *result = bigquery_query_now(fixture->client, &query, &error);
    cr_assert_not_null(result, "%s", error.text);
    return result;
}

/* Rows and bill, for whatever job is asked for. */
static void add_rows(struct fixture *fixture) {
    script_add(fixture->script,
               (struct reply){.target = "/queries/", .body = ROWS, .echo_job = true});
    script_add(fixture->script, (struct reply){.target = "GET", .body = BILL});
}

/* The id of the job that the index-th request was to start; the caller frees it. */
static char *started_id(struct fixture *fixture, size_t index) {
    const char *body = script_seen(fixture->script, index).body;
    const char *id = strstr(body, "\"jobId\":\"");
    cr_assert_not_null(id, "%s", body);
    return strndup(id + 9, strcspn(id + 9, "\""));
}

static void assert_rows(const struct bigquery_result *result) {
    cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
    cr_assert_eq(result->rows.row_count, 1);
    cr_assert_eq(result->rows.bytes_billed, 20971520);
    cr_assert_str_eq(result->job.location, "us-west2");
}

Test(once, is_sent_exactly_so)
{
    struct fixture fixture = fixture_start((struct bigquery_options){.location = "us-west2"});
    script_add(fixture.script, (struct reply){.target = START, .body = STARTED, .echo_job = true});
    add_rows(&fixture);
    struct bigquery_result *result = pay_once(&fixture);
    assert_rows(result);
    cr_assert_eq(result->attempts, 3);
    char *id = started_id(&fixture, 0);
    char expected[1024];
    (void)snprintf(expected, sizeof expected,
                   "{\"configuration\":{\"query\":{\"query\":\"SELECT n\",\"useLegacySql\":false,"
                   "\"useQueryCache\":true,\"maximumBytesBilled\":\"1073741824\"},\"labels\":{},"
                   "\"jobTimeoutMs\":\"600000\"},\"jobReference\":{\"location\":\"us-west2\","
                   "\"projectId\":\"p\",\"jobId\":\"%s\"}}",
                   id);
    cr_assert_str_eq(script_seen(fixture.script, 0).body, expected);
    cr_assert_str_eq(result->job.job_id, id);
    free(id);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

/* The answer is lost in every way that it can be lost; the second try finds the first one's job. */
Test(once, finds_the_job_whose_answer_was_lost)
{
    static const struct reply LOST[] = {
        {.fault = FAULT_RESET},
        {.fault = FAULT_CLOSE},
        {.fault = FAULT_TRUNCATE, .body = STARTED},
        {.status = 502, .body = "<html>Bad gateway</html>"},
        {.status = 503, .body = FAILURE("backendError")},
        {.status = 500, .body = FAILURE("internalError")},
        {.body = ""},
        {.body = "garbage"},
        {.body = "{}"},
    };
    for (size_t i = 0; i < sizeof LOST / sizeof LOST[0]; i++) {
        struct fixture fixture = fixture_start((struct bigquery_options){.location = "us-west2"});
        struct reply lost = LOST[i];
        lost.target = START;
        script_add(fixture.script, lost);
        script_add(fixture.script,
                   (struct reply){.target = START, .status = 409, .body = FAILURE("duplicate")});
        add_rows(&fixture);
        struct bigquery_result *result = pay_once(&fixture);
        assert_rows(result);
        cr_assert_eq(script_count(fixture.script, START), 2, "case %zu", i);
        char *first = started_id(&fixture, 0);
        char *second = started_id(&fixture, 1);
        cr_assert_str_eq(first, second, "case %zu", i);
        cr_assert_str_eq(result->job.job_id, first, "case %zu", i);
        free(first);
        free(second);
        bigquery_result_free(result);
        fixture_stop(&fixture);
    }
}

Test(once, learns_where_the_job_runs)
{
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    script_add(fixture.script, (struct reply){.target = START, .body = STARTED, .echo_job = true});
    add_rows(&fixture);
    struct bigquery_result *result = pay_once(&fixture);
    assert_rows(result);
    cr_assert_eq(script_count(fixture.script, "location=us-west2"), 2);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

/* Only a job that is surely dead is followed by another. */
Test(once, starts_anew_when_the_service_says_that_the_job_died)
{
    static const char *const DEATHS[] = {FAILURE("jobBackendError"), FAILURE("jobInternalError"),
                                         FAILURE("jobRateLimitExceeded")};
    for (size_t i = 0; i < 3; i++) {
        struct fixture fixture = fixture_start((struct bigquery_options){0});
        script_add(fixture.script,
                   (struct reply){.target = START, .status = 400, .body = DEATHS[i]});
        script_add(fixture.script,
                   (struct reply){.target = START, .body = STARTED, .echo_job = true});
        script_add(fixture.script, (struct reply){.target = "/queries/",
                                                  .status = 403,
                                                  .body = FAILURE("rateLimitExceeded")});
        script_add(fixture.script,
                   (struct reply){.target = "GET", .body = JOB_DIED("rateLimitExceeded")});
        script_add(fixture.script,
                   (struct reply){.target = START, .body = STARTED, .echo_job = true});
        add_rows(&fixture);
        struct bigquery_result *result = pay_once(&fixture);
        assert_rows(result);
        char *ids[] = {started_id(&fixture, 0), started_id(&fixture, 1), started_id(&fixture, 4)};
        cr_assert_str_neq(ids[0], ids[1]);
        cr_assert_str_neq(ids[1], ids[2]);
        cr_assert_str_eq(result->job.job_id, ids[2]);
        for (size_t j = 0; j < 3; j++) {
            free(ids[j]);
        }
        bigquery_result_free(result);
        fixture_stop(&fixture);
    }
}

Test(once, fails_when_the_job_does)
{
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    script_add(fixture.script,
               (struct reply){.target = START, .body = JOB_DIED("invalidQuery"), .echo_job = true});
    struct bigquery_result *result = pay_once(&fixture);
    cr_assert_eq(result->status, BIGQUERY_FAILED);
    cr_assert_str_eq(result->failure.reason, "invalidQuery");
    cr_assert_eq(result->attempts, 1);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

/* Whether the job was started nobody knows; it is asked to stop all the same. */
Test(once, that_is_given_up_stops_what_it_may_have_started)
{
    struct fixture fixture = fixture_start((struct bigquery_options){.deadline_ms = 60});
    script_add(fixture.script,
               (struct reply){.target = START, .fault = FAULT_RESET, .times = REPLY_FOREVER});
    script_add(fixture.script, (struct reply){.target = "/cancel", .body = "{\"job\":{}}"});
    struct bigquery_result *result = pay_once(&fixture);
    cr_assert_eq(result->status, BIGQUERY_FAILED);
    char *id = started_id(&fixture, 0);
    char cancel[128];
    (void)snprintf(cancel, sizeof cancel, "/jobs/%s/cancel", id);
    for (int i = 0; i < 10000 && script_count(fixture.script, cancel) == 0; i++) {
        cr_assert_null(bigquery_client_wait(fixture.client, 1));
    }
    cr_assert_eq(script_count(fixture.script, cancel), 1);
    free(id);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

/* ---- Through jobs.query: a lost answer is looked for ------------------------------------- */

#define LABELLED(id)                                                                               \
    "{\"jobReference\":{\"projectId\":\"p\",\"jobId\":\"job_9\"},\"configuration\":{\"labels\":{"  \
    "\"request_id\":\"" id "\"}}}"

/* Runs a query whose first answer was lost, when `jobs` are listed; the id it was sent with is the
 * same in every run. */
static struct bigquery_result *lose_answer(struct fixture *fixture, struct reply lost,
                                           struct reply jobs) {
    lost.target = "POST";
    jobs.target = "/projects/p/jobs?projection=full&maxResults=100";
    script_add(fixture->script, lost);
    script_add(fixture->script, jobs);
    script_add(fixture->script, (struct reply){.target = "POST", .body = ONE_ROW});
    script_add(fixture->script, (struct reply){.target = "/queries/job_1", .body = ONE_ROW});
    return fixture_query(fixture);
}

static const struct reply LOST_ANSWERS[] = {
    {.fault = FAULT_RESET},
    {.fault = FAULT_CLOSE},
    {.fault = FAULT_TRUNCATE, .body = ONE_ROW},
    {.status = 502, .body = "<html></html>"},
    {.body = ""},
};

Test(lost_answer, is_found_by_the_label_of_its_job)
{
    for (size_t i = 0; i < sizeof LOST_ANSWERS / sizeof LOST_ANSWERS[0]; i++) {
        char jobs[512];
        struct fixture fixture = fixture_start((struct bigquery_options){0});
        bigquery_result_free(lose_answer(&fixture, LOST_ANSWERS[i], (struct reply){.body = "{}"}));
        char *id = fixture_sent(&fixture, 0, "requestId");
        fixture_stop(&fixture);
        (void)snprintf(jobs, sizeof jobs,
                       "{\"jobs\":[" LABELLED("another") ",{" JOB ",\"configuration\":{\"labels\":{"
                                                         "\"request_id\":\"%s\"}}}]}",
                       id);
        free(id);
        fixture = fixture_start((struct bigquery_options){0});
        struct bigquery_result *result =
            lose_answer(&fixture, LOST_ANSWERS[i], (struct reply){.body = jobs});
        cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
        cr_assert_eq(result->rows.row_count, 1);
        cr_assert_eq(script_count(fixture.script, "POST"), 1, "case %zu: it was sent again", i);
        cr_assert_eq(result->attempts, 3);
        bigquery_result_free(result);
        fixture_stop(&fixture);
    }
}

Test(lost_answer, whose_job_is_not_to_be_found_is_asked_for_again)
{
    static const struct reply LISTS[] = {
        {.body = "{}"},
        {.body = "{\"jobs\":[" LABELLED("another") ",7,{\"configuration\":[]}]}"},
        {.status = 403, .body = FAILURE("accessDenied")},
        {.status = 404, .body = FAILURE("notFound")},
        {.status = 403, .body = FAILURE("quotaExceeded")},
    };
    for (size_t i = 0; i < sizeof LISTS / sizeof LISTS[0]; i++) {
        struct fixture fixture = fixture_start((struct bigquery_options){0});
        struct bigquery_result *result =
            lose_answer(&fixture, (struct reply){.fault = FAULT_RESET}, LISTS[i]);
        cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
        cr_assert_eq(result->attempts, 3, "case %zu", i);
        cr_assert(fixture_same_id(&fixture, 0, 2));
        bigquery_result_free(result);
        fixture_stop(&fixture);
    }
}

/* Where nothing was sent, nothing got lost. */
Test(lost_answer, is_not_looked_for_when_nobody_was_reached)
{
    struct error error = {0};
    struct script *script = script_start();
    char *endpoint = strdup(script_endpoint(script));
    script_stop(script);
    struct bigquery_client *client = bigquery_client_new(
        &(struct bigquery_options){
            .endpoint = endpoint, .project = "p", .retry_base_ms = 1000, .deadline_ms = 60000},
        &error);
    struct bigquery_query query = {.sql = "SELECT n"};
    struct bigquery_activity activity = {0};
    cr_assert_neq(bigquery_submit_query(client, &query, &error), 0);
    while (activity.phase != BIGQUERY_WAITING) {
        cr_assert_null(bigquery_client_wait(client, 1));
        cr_assert_eq(bigquery_client_activity(client, &activity, 1), 1);
    }
    cr_assert_str_eq(activity.failure.reason, "connection");
    cr_assert_eq(bigquery_client_totals(client).calls, 1);
    bigquery_client_free(client);
    free(endpoint);
}

/* ---- Clients that only read -------------------------------------------------------------- */

Test(read_only, runs_everything_through_jobs_query)
{
    struct error error = {0};
    struct fixture fixture = fixture_start((struct bigquery_options){.read_only = true});
    struct bigquery_query dry = {.sql = "SELECT n", .dry_run = true};
    script_add(fixture.script, (struct reply){.target = "/queries?", .body = ONE_ROW});
    script_add(fixture.script,
               (struct reply){.target = "/queries?",
                              .body = "{\"jobComplete\":true," JOB "," SCHEMA
                                      ",\"totalBytesProcessed\":\"7\",\"cacheHit\":false}"});
    struct bigquery_result *result = pay_once(&fixture);
    cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
    bigquery_result_free(result);
    result = bigquery_query_now(fixture.client, &dry, &error);
    cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
    cr_assert_eq(result->rows.bytes_processed, 7);
    cr_assert_eq(result->rows.bytes_billed, 0);
    cr_assert_eq(result->rows.column_count, 1);
    const char *body = script_seen(fixture.script, 1).body;
    cr_assert_not_null(strstr(body, "\"dryRun\":true"));
    cr_assert_null(strstr(body, "maximumBytesBilled"));
    cr_assert_eq(script_count(fixture.script, "/jobs"), 0);
    cr_assert_eq(bigquery_client_totals(fixture.client).queries, 1);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(read_only, refuses_to_write_and_to_stop_jobs)
{
    struct error error = {0};
    json_t *rows = json_pack("[{s:i}]", "n", 1);
    struct fixture fixture = fixture_start((struct bigquery_options){.read_only = true});
    struct bigquery_insert insert = {.table = {.dataset = "d", .table = "t"}, .rows = rows};
    cr_assert_eq(bigquery_submit_insert(fixture.client, &insert, &error), 0);
    cr_assert_str_eq(error.text, "BigQuery: cannot insert rows with a client that only reads");
    cr_assert_eq(bigquery_submit_job_cancel(fixture.client, "job_1", NULL, 0, NULL, &error), 0);
    cr_assert_eq(error.code, EXIT_USAGE);
    script_add(fixture.script, (struct reply){.target = "POST", .body = RUNNING});
    script_add(fixture.script, (struct reply){.target = "GET", .fault = FAULT_HANG});
    struct bigquery_query query = {.sql = "SELECT n"};
    bigquery_request_id id = bigquery_submit_query(fixture.client, &query, &error);
    while (script_count(fixture.script, "GET") == 0) {
        cr_assert_null(bigquery_client_wait(fixture.client, 1));
    }
    cr_assert(bigquery_request_cancel(fixture.client, id));
    bigquery_result_free(bigquery_client_wait(fixture.client, -1));
    cr_assert_null(bigquery_client_wait(fixture.client, 20));
    cr_assert_eq(script_count(fixture.script, "/cancel"), 0);
    json_decref(rows);
    fixture_stop(&fixture);
}
