/* What each failure leads to: which are tried again, with the same id or another, and which are
 * not. */
#include <string.h>

#include "fixture.h"

enum rule {
    SAME,  /* again, with the same requestId */
    FRESH, /* again, with another requestId: the job is dead */
    NEVER,
};

static const struct {
    const char *reason; /* NULL: no JSON at all, only the status */
    int status;
    enum rule rule;
    enum bigquery_failure_class class;
} REASONS[] = {
    {"rateLimitExceeded", 403, SAME, BIGQUERY_THROTTLED},
    {"rateLimitExceeded", 429, SAME, BIGQUERY_THROTTLED},
    {"userRateLimitExceeded", 403, SAME, BIGQUERY_THROTTLED},
    {"backendError", 500, SAME, BIGQUERY_BACKEND},
    {"backendError", 502, SAME, BIGQUERY_BACKEND},
    {"backendError", 503, SAME, BIGQUERY_BACKEND},
    {"backendError", 504, SAME, BIGQUERY_BACKEND},
    {"internalError", 500, SAME, BIGQUERY_BACKEND},
    {"badGateway", 502, SAME, BIGQUERY_BACKEND},
    {"tableUnavailable", 400, SAME, BIGQUERY_BACKEND},
    {"aReasonOfTomorrow", 503, SAME, BIGQUERY_BACKEND},
    {NULL, 408, SAME, BIGQUERY_TRANSPORT},
    {NULL, 429, SAME, BIGQUERY_THROTTLED},
    {NULL, 500, SAME, BIGQUERY_BACKEND},
    {NULL, 502, SAME, BIGQUERY_BACKEND},
    {NULL, 503, SAME, BIGQUERY_BACKEND},
    {NULL, 504, SAME, BIGQUERY_BACKEND},
    {"jobBackendError", 400, FRESH, BIGQUERY_BACKEND},
    {"jobInternalError", 400, FRESH, BIGQUERY_BACKEND},
    {"jobRateLimitExceeded", 400, FRESH, BIGQUERY_THROTTLED},
    {"quotaExceeded", 403, NEVER, BIGQUERY_QUOTA},
    {"bytesBilledLimitExceeded", 500, NEVER, BIGQUERY_BYTES_LIMIT},
    {"notFound", 404, NEVER, BIGQUERY_NOT_FOUND},
    {"accessDenied", 403, NEVER, BIGQUERY_DENIED},
    {"billingNotEnabled", 403, NEVER, BIGQUERY_DENIED},
    {"blocked", 403, NEVER, BIGQUERY_DENIED},
    {"authError", 401, NEVER, BIGQUERY_AUTH}, /* without credentials there is nothing to refresh */
    {"invalidQuery", 400, NEVER, BIGQUERY_QUERY},
    {"invalid", 400, NEVER, BIGQUERY_QUERY},
    {"badRequest", 400, NEVER, BIGQUERY_QUERY},
    {"attributeError", 400, NEVER, BIGQUERY_QUERY},
    {"invalidUser", 400, NEVER, BIGQUERY_QUERY},
    {"resourcesExceeded", 400, NEVER, BIGQUERY_QUERY},
    {"billingTierLimitExceeded", 400, NEVER, BIGQUERY_QUERY},
    {"responseTooLarge", 403, NEVER, BIGQUERY_QUERY},
    {"resourceInUse", 400, NEVER, BIGQUERY_QUERY},
    {"duplicate", 409, NEVER, BIGQUERY_QUERY},
    {"timeout", 400, NEVER, BIGQUERY_TIMEOUT},
    {"stopped", 400, NEVER, BIGQUERY_CANCELLED},
    {"notImplemented", 501, NEVER, BIGQUERY_QUERY},
    {"proxyAuthenticationRequired", 407, NEVER, BIGQUERY_TRANSPORT},
    {"rateLimitExceeded", 200, SAME, BIGQUERY_THROTTLED}, /* an error in a 200 */
    {"aReasonOfTomorrow", 400, NEVER, BIGQUERY_QUERY},
    {NULL, 301, NEVER, BIGQUERY_PROTOCOL},
    {NULL, 400, NEVER, BIGQUERY_QUERY},
    {NULL, 401, NEVER, BIGQUERY_AUTH},
    {NULL, 403, NEVER, BIGQUERY_DENIED},
    {NULL, 404, NEVER, BIGQUERY_PROTOCOL},
    {NULL, 407, NEVER, BIGQUERY_TRANSPORT},
    {NULL, 501, NEVER, BIGQUERY_QUERY},
};

enum { REASON_COUNT = sizeof REASONS / sizeof REASONS[0] };

/* The script's reply for a reason, once. `body` is for it to keep. */
static struct reply failing(size_t i, const char *target, char body[512]) {
    if (REASONS[i].reason == NULL) {
        (void)snprintf(body, 512, "<html>%d</html>", REASONS[i].status);
    } else {
        (void)snprintf(body, 512,
                       "{\"error\":{\"code\":%d,\"message\":\"it failed\",\"errors\":[{"
                       "\"message\":\"it failed\",\"domain\":\"global\",\"reason\":\"%s\"}]}}",
                       REASONS[i].status, REASONS[i].reason);
    }
    return (struct reply){.target = target, .status = REASONS[i].status, .body = body};
}

static void assert_failure(const struct bigquery_result *result, size_t i) {
    cr_assert_eq(result->status, BIGQUERY_FAILED, "case %zu", i);
    cr_assert_eq(result->failure.class, REASONS[i].class, "case %zu: class %d", i,
                 (int)result->failure.class);
    cr_assert_eq(result->failure.http_code, REASONS[i].status, "case %zu", i);
    cr_assert_eq(result->failure.attempts, result->attempts);
    if (REASONS[i].reason != NULL) {
        cr_assert_str_eq(result->failure.reason, REASONS[i].reason);
        cr_assert_str_eq(result->failure.message, "it failed");
    }
}

static bool same_id(struct fixture *fixture, size_t a, size_t b) {
    char *one = fixture_sent(fixture, a, "requestId");
    char *two = fixture_sent(fixture, b, "requestId");
    bool same = strcmp(one, two) == 0;
    free(one);
    free(two);
    return same;
}

Test(retry, of_jobs_query_goes_by_the_reason)
{
    for (size_t i = 0; i < REASON_COUNT; i++) {
        char body[512];
        struct fixture fixture = fixture_start((struct bigquery_options){0});
        script_add(fixture.script, failing(i, "POST", body));
        script_add(fixture.script, (struct reply){.target = "POST", .body = ONE_ROW});
        struct bigquery_result *result = fixture_query(&fixture);
        if (REASONS[i].rule == NEVER) {
            assert_failure(result, i);
            cr_assert_eq(result->attempts, 1, "case %zu", i);
        } else {
            cr_assert_eq(result->status, BIGQUERY_DONE, "case %zu", i);
            cr_assert_eq(result->attempts, 2, "case %zu", i);
            cr_assert_eq(same_id(&fixture, 0, 1), REASONS[i].rule == SAME, "case %zu", i);
        }
        bigquery_result_free(result);
        fixture_stop(&fixture);
    }
}

Test(retry, of_a_poll_asks_the_job_first_and_goes_on_when_it_lives)
{
    for (size_t i = 0; i < REASON_COUNT; i++) {
        char body[512];
        struct fixture fixture = fixture_start((struct bigquery_options){0});
        script_add(fixture.script, (struct reply){.target = "POST", .body = RUNNING});
        script_add(fixture.script, failing(i, "GET /bigquery/v2/projects/p/queries/job_1", body));
        script_add(fixture.script, (struct reply){.target = "/jobs/job_1", .body = JOB_RUNS});
        script_add(fixture.script, (struct reply){.target = "/queries/job_1", .body = ONE_ROW});
        struct bigquery_result *result = fixture_query(&fixture);
        if (REASONS[i].rule == NEVER) {
            assert_failure(result, i);
            cr_assert_eq(result->attempts, 2, "case %zu", i);
        } else {
            bool asks = REASONS[i].status >= 400;
            cr_assert_eq(result->status, BIGQUERY_DONE, "case %zu", i);
            cr_assert_eq(script_count(fixture.script, "/jobs/job_1"), asks ? 1 : 0, "case %zu", i);
            cr_assert_eq(script_count(fixture.script, "POST"), 1, "case %zu", i);
            cr_assert_eq(result->attempts, asks ? 4 : 3, "case %zu", i);
        }
        bigquery_result_free(result);
        fixture_stop(&fixture);
    }
}

Test(retry, of_a_poll_runs_the_query_anew_when_its_job_died)
{
    static const struct {
        const char *job;
        bool again;
    } JOBS[] = {
        {JOB_DIED("rateLimitExceeded"), true},  {JOB_DIED("backendError"), true},
        {JOB_DIED("internalError"), true},      {JOB_DIED("jobBackendError"), true},
        {JOB_DIED("jobInternalError"), true},   {JOB_DIED("jobRateLimitExceeded"), true},
        {JOB_DIED("invalidQuery"), false},      {JOB_DIED("stopped"), false},
        {JOB_DIED("resourcesExceeded"), false}, {JOB_DIED("bytesBilledLimitExceeded"), false},
        {JOB_DIED("accessDenied"), false},      {JOB_DIED("timeout"), false},
        {JOB_DIED("quotaExceeded"), false},     {JOB_DIED("notFound"), false},
    };
    for (size_t i = 0; i < sizeof JOBS / sizeof JOBS[0]; i++) {
        struct fixture fixture = fixture_start((struct bigquery_options){0});
        script_add(fixture.script, (struct reply){.target = "POST", .body = RUNNING});
        script_add(fixture.script, (struct reply){.target = "/queries/job_1",
                                                  .status = 403,
                                                  .body = FAILURE("rateLimitExceeded")});
        script_add(fixture.script, (struct reply){.target = "/jobs/job_1", .body = JOBS[i].job});
        script_add(fixture.script, (struct reply){.target = "POST", .body = ONE_ROW});
        struct bigquery_result *result = fixture_query(&fixture);
        cr_assert_eq(result->status, JOBS[i].again ? BIGQUERY_DONE : BIGQUERY_FAILED, "case %zu",
                     i);
        cr_assert_eq(result->attempts, JOBS[i].again ? 4 : 3, "case %zu", i);
        if (JOBS[i].again) {
            cr_assert_not(same_id(&fixture, 0, 3), "case %zu", i);
        } else {
            cr_assert_str_eq(result->failure.message, "the job died");
        }
        bigquery_result_free(result);
        fixture_stop(&fixture);
    }
}

Test(retry, of_tables_get_goes_by_the_reason)
{
    for (size_t i = 0; i < REASON_COUNT; i++) {
        char body[512];
        struct fixture fixture = fixture_start((struct bigquery_options){0});
        script_add(fixture.script, failing(i, "/datasets/d/tables/t", body));
        script_add(fixture.script,
                   (struct reply){.body = "{\"tableReference\":{},\"numRows\":\"3\"}"});
        struct bigquery_result *result = fixture_table(&fixture);
        if (REASONS[i].class == BIGQUERY_NOT_FOUND) {
            cr_assert_eq(result->status, BIGQUERY_DONE);
            cr_assert_not(result->table.exists);
            cr_assert_str_eq(result->failure.message, "it failed");
        } else if (REASONS[i].rule == NEVER) {
            assert_failure(result, i);
            cr_assert_eq(result->attempts, 1, "case %zu", i);
        } else {
            cr_assert_eq(result->status, BIGQUERY_DONE, "case %zu", i);
            cr_assert(result->table.exists);
            cr_assert_eq(result->table.num_rows, 3);
            cr_assert_eq(result->attempts, 2, "case %zu", i);
        }
        bigquery_result_free(result);
        fixture_stop(&fixture);
    }
}

Test(retry, goes_on_through_a_storm_with_growing_waits_that_can_be_seen)
{
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    script_add(fixture.script,
               (struct reply){.status = 403, .body = FAILURE("rateLimitExceeded"), .times = 20});
    script_add(fixture.script, (struct reply){.body = ONE_ROW});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->status, BIGQUERY_DONE);
    cr_assert_eq(result->attempts, 21);
    cr_assert_eq(bigquery_client_totals(fixture.client).retries, 20);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

struct witness {
    int count;
    struct bigquery_activity last;
    int64_t longest;
};

static void note_activity(void *context, const struct bigquery_activity *activity) {
    struct witness *witness = context;
    witness->count++;
    witness->last = *activity;
    witness->longest =
        activity->next_try_in_ms > witness->longest ? activity->next_try_in_ms : witness->longest;
}

Test(retry, says_what_it_waits_for)
{
    struct witness witness = {0};
    struct error error = {0};
    char text[BIGQUERY_ACTIVITY_SIZE];
    struct fixture fixture = fixture_start((struct bigquery_options){.retry_base_ms = 1000000,
                                                                     .retry_cap_ms = 1000000,
                                                                     .deadline_ms = 5000000,
                                                                     .activity = note_activity,
                                                                     .activity_context = &witness});
    struct bigquery_query query = {.sql = "SELECT n", .user = &witness};
    script_add(fixture.script, (struct reply){.status = 403, .body = FAILURE("rateLimitExceeded")});
    bigquery_request_id id = bigquery_submit_query(fixture.client, &query, &error);
    while (witness.count == 0) {
        cr_assert_null(bigquery_client_wait(fixture.client, 1));
    }
    cr_assert_eq(witness.last.request, id);
    cr_assert_eq(witness.last.user, &witness);
    cr_assert_eq(witness.last.phase, BIGQUERY_WAITING);
    cr_assert_gt(witness.last.next_try_in_ms, 0);
    struct bigquery_activity now = {0};
    cr_assert_eq(bigquery_client_activity(fixture.client, &now, 1), 1);
    cr_assert_eq(now.phase, BIGQUERY_WAITING);
    now.next_try_in_ms = 7400;
    cr_assert_str_eq(bigquery_activity_text(&now, text),
                     "403 rateLimitExceeded, retrying in 8 s (try 2)");
    fixture_stop(&fixture);
}

Test(retry, waits_are_bounded_and_jittered)
{
    struct witness witness = {0};
    struct fixture fixture = fixture_start((struct bigquery_options){
        .retry_cap_ms = 8, .activity = note_activity, .activity_context = &witness});
    script_add(fixture.script,
               (struct reply){.status = 503, .body = FAILURE("backendError"), .times = 40});
    script_add(fixture.script, (struct reply){.body = ONE_ROW});
    bigquery_result_free(fixture_query(&fixture));
    cr_assert_eq(witness.count, 40);
    cr_assert_leq(witness.longest, 8);
    cr_assert_geq(witness.longest,
                  4); /* 40 draws of 0 to 8 that stay below 4: impossible in practice */
    fixture_stop(&fixture);
}

/* A check that finds the job alive is no reason to poll as fast as at first. */
Test(retry, waits_grow_while_polls_fail_and_start_anew_after_a_success)
{
    struct witness witness = {0};
    struct fixture fixture = fixture_start((struct bigquery_options){
        .retry_cap_ms = 64, .activity = note_activity, .activity_context = &witness});
    script_add(fixture.script, (struct reply){.target = "POST", .body = RUNNING});
    script_add(fixture.script, (struct reply){.target = "/queries/job_1",
                                              .status = 403,
                                              .body = FAILURE("rateLimitExceeded"),
                                              .times = 10});
    script_add(fixture.script,
               (struct reply){.target = "/jobs/job_1", .body = JOB_RUNS, .times = 11});
    script_add(fixture.script, (struct reply){.target = "/queries/job_1", .body = RUNNING});
    script_add(fixture.script, (struct reply){.target = "/queries/job_1",
                                              .status = 403,
                                              .body = FAILURE("rateLimitExceeded")});
    script_add(fixture.script, (struct reply){.target = "/queries/job_1", .body = ONE_ROW});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->status, BIGQUERY_DONE, "%s", result->failure.message);
    cr_assert_eq(witness.count, 11);
    cr_assert_gt(witness.longest, 16);
    cr_assert_leq(witness.last.next_try_in_ms, 1);
    cr_assert_eq(script_count(fixture.script, "/jobs/job_1"), 11);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(retry, honours_retry_after_and_gives_up_when_that_is_too_late)
{
    struct fixture fixture = fixture_start((struct bigquery_options){.deadline_ms = 20000});
    script_add(fixture.script, (struct reply){.status = 503,
                                              .body = FAILURE("backendError"),
                                              .headers = "Retry-After: 30\r\n"});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->status, BIGQUERY_FAILED);
    cr_assert(result->failure.deadline_reached);
    cr_assert_eq(result->failure.retry_after_ms, 30000);
    cr_assert_str_eq(result->failure.reason, "backendError");
    cr_assert_eq(result->attempts, 1);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(retry, ends_at_the_deadline_with_the_last_reason)
{
    struct fixture fixture =
        fixture_start((struct bigquery_options){.deadline_ms = 60, .retry_cap_ms = 20});
    script_add(
        fixture.script,
        (struct reply){.status = 500, .body = FAILURE("internalError"), .times = REPLY_FOREVER});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->status, BIGQUERY_FAILED);
    cr_assert(result->failure.deadline_reached);
    cr_assert(result->failure.retriable);
    cr_assert_str_eq(result->failure.reason, "internalError");
    cr_assert_gt(result->attempts, 1);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(retry, of_a_query_that_runs_too_long_ends_and_stops_its_job)
{
    struct fixture fixture = fixture_start((struct bigquery_options){.deadline_ms = 60});
    script_add(fixture.script, (struct reply){.status = 503, .body = FAILURE("backendError")});
    script_add(fixture.script,
               (struct reply){.target = "POST /bigquery/v2/projects/p/queries", .body = RUNNING});
    script_add(fixture.script,
               (struct reply){.target = "GET", .body = RUNNING, .times = REPLY_FOREVER});
    script_add(fixture.script, (struct reply){.target = "/jobs/job_1/cancel?location=us-west2",
                                              .body = "{\"job\":{}}"});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->status, BIGQUERY_FAILED);
    cr_assert_eq(result->failure.class, BIGQUERY_TIMEOUT);
    cr_assert_str_eq(result->failure.reason, "deadline");
    cr_assert_str_eq(result->job.job_id, "job_1");
    cr_assert_eq(bigquery_client_totals(fixture.client).bills_unknown, 1);
    while (script_count(fixture.script, "/cancel") == 0) {
        cr_assert_null(bigquery_client_wait(fixture.client, 1));
    }
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(retry, forgives_a_job_that_is_not_found_at_once_but_not_for_ever)
{
    static const char LOST[] =
        "{\"error\":{\"code\":404,\"message\":\"Not found: Job p:job_1\",\"errors\":[{\"reason\":"
        "\"notFound\",\"message\":\"Not found: Job p:job_1\"}]}}";
    for (int times = 1; times < 8; times += 6) {
        struct fixture fixture = fixture_start((struct bigquery_options){0});
        script_add(fixture.script, (struct reply){.target = "POST", .body = RUNNING});
        script_add(fixture.script,
                   (struct reply){.target = "/queries/job_1", .status = 404, .body = LOST});
        script_add(
            fixture.script,
            (struct reply){.target = "/jobs/job_1", .status = 404, .body = LOST, .times = times});
        script_add(fixture.script, (struct reply){.target = "/jobs/job_1", .body = JOB_RUNS});
        script_add(fixture.script, (struct reply){.target = "/queries/job_1", .body = ONE_ROW});
        struct bigquery_result *result = fixture_query(&fixture);
        cr_assert_eq(result->status, times == 1 ? BIGQUERY_DONE : BIGQUERY_FAILED);
        cr_assert_eq(result->attempts, times == 1 ? 5 : 6);
        bigquery_result_free(result);
        fixture_stop(&fixture);
    }
}

/* ---- Credentials ------------------------------------------------------------------------- */

struct wallet {
    int asked;
    int rejected;
    int pending; /* how often the token is still on its way */
    bool broken;
};

static enum bigquery_credentials_state authorize(void *context, struct text_buffer *value,
                                                 struct error *error) {
    struct wallet *wallet = context;
    wallet->asked++;
    if (wallet->broken) {
        (void)error_set(error, EXIT_CONFIG, "the key file is gone");
        return BIGQUERY_CREDENTIALS_FAILED;
    }
    if (wallet->pending > 0) {
        wallet->pending--;
        return BIGQUERY_CREDENTIALS_PENDING;
    }
    text_buffer_format(value, "Bearer token-%d", wallet->rejected);
    return BIGQUERY_CREDENTIALS_READY;
}

static void reject(void *context) {
    struct wallet *wallet = context;
    wallet->rejected++;
}

static struct bigquery_credentials credentials_of(struct wallet *wallet) {
    return (struct bigquery_credentials){
        .authorize = authorize, .rejected = reject, .context = wallet, .quota_project = "q"};
}

Test(credentials, are_refreshed_once_after_a_401)
{
    struct wallet wallet = {.pending = 1};
    struct bigquery_credentials credentials = credentials_of(&wallet);
    struct fixture fixture = fixture_start(
        (struct bigquery_options){.credentials = &credentials, .authorize_endpoint = true});
    script_add(fixture.script, (struct reply){.status = 401, .body = FAILURE("authError")});
    script_add(fixture.script, (struct reply){.body = ONE_ROW});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->status, BIGQUERY_DONE);
    cr_assert_eq(result->attempts, 2);
    cr_assert_eq(wallet.rejected, 1);
    const char *first = script_seen(fixture.script, 0).headers;
    const char *second = script_seen(fixture.script, 1).headers;
    cr_assert_not_null(strstr(first, "\r\nAuthorization: Bearer token-0\r\n"));
    cr_assert_not_null(strstr(first, "\r\nx-goog-user-project: q\r\n"));
    cr_assert_not_null(strstr(second, "\r\nAuthorization: Bearer token-1\r\n"));
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(credentials, that_stay_refused_fail_the_request)
{
    struct wallet wallet = {0};
    struct bigquery_credentials credentials = credentials_of(&wallet);
    struct fixture fixture = fixture_start(
        (struct bigquery_options){.credentials = &credentials, .authorize_endpoint = true});
    script_add(fixture.script,
               (struct reply){.status = 401, .body = FAILURE("authError"), .times = REPLY_FOREVER});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->failure.class, BIGQUERY_AUTH);
    cr_assert_eq(result->attempts, 2);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(credentials, that_fail_are_reported_without_a_call)
{
    struct wallet wallet = {.broken = true};
    struct bigquery_credentials credentials = credentials_of(&wallet);
    struct fixture fixture = fixture_start(
        (struct bigquery_options){.credentials = &credentials, .authorize_endpoint = true});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->failure.class, BIGQUERY_AUTH);
    cr_assert_str_eq(result->failure.message, "the key file is gone");
    cr_assert_eq(script_count(fixture.script, NULL), 0);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

Test(credentials, are_never_sent_to_an_endpoint_unless_told_to)
{
    struct wallet wallet = {0};
    struct bigquery_credentials credentials = credentials_of(&wallet);
    struct fixture fixture = fixture_start((struct bigquery_options){.credentials = &credentials});
    script_add(fixture.script, (struct reply){.body = ONE_ROW});
    bigquery_result_free(fixture_query(&fixture));
    cr_assert_eq(wallet.asked, 0);
    cr_assert_null(strstr(script_seen(fixture.script, 0).headers, "Authorization"));
    fixture_stop(&fixture);
}

Test(credentials, are_required_by_the_real_service_and_kept_off_open_networks)
{
    struct wallet wallet = {0};
    struct bigquery_credentials credentials = credentials_of(&wallet);
    struct error error = {0};
    struct bigquery_options options = {.project = "p"};
    cr_assert_null(bigquery_client_new(&options, &error));
    cr_assert_eq(error.code, EXIT_CONFIG);
    cr_assert_not_null(strstr(error.text, "no credentials"));
    options.endpoint = "http://192.0.2.1:80";
    options.credentials = &credentials;
    options.authorize_endpoint = true;
    cr_assert_null(bigquery_client_new(&options, &error));
    options.endpoint = "https://192.0.2.1";
    struct bigquery_client *client = bigquery_client_new(&options, &error);
    cr_assert_not_null(client, "%s", error.text);
    bigquery_client_free(client);
}
