/* Every reason of BigQuery's against every method that the client calls: how often it asks, whether
 * under the same id, and what it says in the end. */
#include <string.h>

#include "fixture.h"
#include "tests/support/bigquery_faults.h"

#define TABLE     "{\"tableReference\":{},\"numRows\":\"3\"}"
#define FAULT(i)  (&BIGQUERY_FAULT_LIST[i])
#define POLL_LINE "GET /bigquery/v2/projects/p/queries/job_1"

/* The script's reply for a fault, once. `body` is for it to keep. */
static struct reply failing(size_t i, const char *target, char body[BIGQUERY_FAULT_BODY_SIZE]) {
    return (struct reply){
        .target = target, .status = FAULT(i)->status, .body = bigquery_fault_body(FAULT(i), body)};
}

static void assert_failure(const struct bigquery_result *result, size_t i, int attempts) {
    const char *name = bigquery_fault_name(FAULT(i));
    cr_assert_eq(result->status, BIGQUERY_FAILED, "%s", name);
    cr_assert_eq(result->failure.class, FAULT(i)->class, "%s: %s", name,
                 bigquery_failure_name(result->failure.class));
    cr_assert_eq(result->failure.http_code, FAULT(i)->status, "%s", name);
    cr_assert_eq(result->failure.attempts, attempts, "%s", name);
    cr_assert_eq(result->attempts, attempts, "%s: %d attempts", name, result->attempts);
    cr_assert_str_not_empty(result->failure.reason, "%s", name);
    if (FAULT(i)->reason != NULL) {
        cr_assert_str_eq(result->failure.reason, FAULT(i)->reason);
        cr_assert_not_null(strstr(result->failure.message, "it failed"), "%s: %s", name,
                           result->failure.message);
    } else {
        cr_assert_str_not_empty(result->failure.message, "%s", name);
    }
}

static void assert_nothing_left(struct fixture *fixture, int descriptors, size_t i) {
    fixture_stop(fixture);
    cr_assert_eq(fixture_descriptors(), descriptors, "%s", bigquery_fault_name(FAULT(i)));
}

Test(reasons, of_jobs_query)
{
    for (size_t i = 0; i < BIGQUERY_FAULT_COUNT; i++) {
        char body[BIGQUERY_FAULT_BODY_SIZE];
        int descriptors = fixture_descriptors();
        struct fixture fixture = fixture_start((struct bigquery_options){0});
        script_add(fixture.script, failing(i, "POST", body));
        script_add(fixture.script, (struct reply){.target = "POST", .body = ONE_ROW});
        struct bigquery_result *result = fixture_query(&fixture);
        if (FAULT(i)->rule == FAULT_NEVER) {
            assert_failure(result, i, 1);
        } else {
            cr_assert_eq(result->status, BIGQUERY_DONE, "%s", bigquery_fault_name(FAULT(i)));
            cr_assert_eq(result->attempts, 2, "%s", bigquery_fault_name(FAULT(i)));
            cr_assert_eq(fixture_same_id(&fixture, 0, 1), FAULT(i)->rule == FAULT_SAME, "%s",
                         bigquery_fault_name(FAULT(i)));
        }
        bigquery_result_free(result);
        assert_nothing_left(&fixture, descriptors, i);
    }
}

/* Only jobs.get tells a dead job from a call that failed. */
Test(reasons, of_getQueryResults)
{
    for (size_t i = 0; i < BIGQUERY_FAULT_COUNT; i++) {
        char body[BIGQUERY_FAULT_BODY_SIZE];
        int descriptors = fixture_descriptors();
        struct fixture fixture = fixture_start((struct bigquery_options){0});
        script_add(fixture.script, (struct reply){.target = "POST", .body = RUNNING});
        script_add(fixture.script, failing(i, POLL_LINE, body));
        script_add(fixture.script, (struct reply){.target = "/jobs/job_1", .body = JOB_RUNS});
        script_add(fixture.script, (struct reply){.target = "/queries/job_1", .body = ONE_ROW});
        struct bigquery_result *result = fixture_query(&fixture);
        if (FAULT(i)->rule == FAULT_NEVER) {
            assert_failure(result, i, 2);
        } else {
            const char *name = bigquery_fault_name(FAULT(i));
            bool asks = FAULT(i)->status >= 400;
            cr_assert_eq(result->status, BIGQUERY_DONE, "%s", name);
            cr_assert_eq(script_count(fixture.script, "/jobs/job_1"), asks ? 1 : 0, "%s", name);
            cr_assert_eq(script_count(fixture.script, "POST"), 1, "%s", name);
            cr_assert_eq(result->attempts, asks ? 4 : 3, "%s", name);
        }
        bigquery_result_free(result);
        assert_nothing_left(&fixture, descriptors, i);
    }
}

/* A table that is not there is an answer. */
Test(reasons, of_tables_get)
{
    for (size_t i = 0; i < BIGQUERY_FAULT_COUNT; i++) {
        char body[BIGQUERY_FAULT_BODY_SIZE];
        int descriptors = fixture_descriptors();
        struct fixture fixture = fixture_start((struct bigquery_options){0});
        script_add(fixture.script, failing(i, "/datasets/d/tables/t", body));
        script_add(fixture.script, (struct reply){.body = TABLE});
        struct bigquery_result *result = fixture_table(&fixture);
        if (FAULT(i)->class == BIGQUERY_NOT_FOUND) {
            cr_assert_eq(result->status, BIGQUERY_DONE);
            cr_assert_not(result->table.exists);
            cr_assert_str_eq(result->failure.message, "it failed");
        } else if (FAULT(i)->rule == FAULT_NEVER) {
            assert_failure(result, i, 1);
        } else {
            cr_assert_eq(result->status, BIGQUERY_DONE, "%s", bigquery_fault_name(FAULT(i)));
            cr_assert(result->table.exists);
            cr_assert_eq(result->table.num_rows, 3);
            cr_assert_eq(result->attempts, 2, "%s", bigquery_fault_name(FAULT(i)));
        }
        bigquery_result_free(result);
        assert_nothing_left(&fixture, descriptors, i);
    }
}
