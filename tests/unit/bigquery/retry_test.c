/* Waiting and trying again. Which failure leads to what is the matter of tests/fault. */
#include <string.h>

#include "fixture.h"

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
            cr_assert_not(fixture_same_id(&fixture, 0, 3), "case %zu", i);
        } else {
            cr_assert_str_eq(result->failure.message, "the job died");
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
    struct fixture fixture = fixture_start((struct bigquery_options){.deadline_ms = 1000});
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
