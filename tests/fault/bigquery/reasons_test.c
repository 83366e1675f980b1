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
        /* A gateway's error leaves open whether the query got through: its job is looked for. */
        int looks = FAULT(i)->reason == NULL && FAULT(i)->status != 429 ? 1 : 0;
        struct fixture fixture = fixture_start((struct bigquery_options){0});
        script_add(fixture.script, failing(i, "POST", body));
        script_add(fixture.script, (struct reply){.target = "GET", .body = "{}"});
        script_add(fixture.script, (struct reply){.target = "POST", .body = ONE_ROW});
        struct bigquery_result *result = fixture_query(&fixture);
        if (FAULT(i)->rule == FAULT_NEVER) {
            assert_failure(result, i, 1);
        } else {
            cr_assert_eq(result->status, BIGQUERY_DONE, "%s", bigquery_fault_name(FAULT(i)));
            cr_assert_eq(result->attempts, 2 + looks, "%s", bigquery_fault_name(FAULT(i)));
            cr_assert_eq(fixture_same_id(&fixture, 0, (size_t)(1 + looks)),
                         FAULT(i)->rule == FAULT_SAME, "%s", bigquery_fault_name(FAULT(i)));
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

/* "duplicate" means that the id is taken, and the id is ours: an earlier try got through. */
Test(reasons, of_jobs_insert)
{
    static const char START[] = "POST /bigquery/v2/projects/p/jobs?";
    for (size_t i = 0; i < BIGQUERY_FAULT_COUNT; i++) {
        const char *name = bigquery_fault_name(FAULT(i));
        char body[BIGQUERY_FAULT_BODY_SIZE];
        int descriptors = fixture_descriptors();
        bool found = FAULT(i)->reason != NULL && strcmp(FAULT(i)->reason, "duplicate") == 0;
        struct error error = {0};
        struct bigquery_query query = {.sql = "SELECT n", .pay_once = true};
        struct fixture fixture = fixture_start((struct bigquery_options){0});
        script_add(fixture.script, failing(i, START, body));
        script_add(fixture.script,
                   (struct reply){.target = START, .body = JOB_RUNS, .echo_job = true});
        script_add(fixture.script,
                   (struct reply){.target = "/queries/", .body = ONE_ROW, .echo_job = true});
        struct bigquery_result *result = bigquery_query_now(fixture.client, &query, &error);
        if (FAULT(i)->rule == FAULT_NEVER && !found) {
            assert_failure(result, i, 1);
        } else {
            cr_assert_eq(result->status, BIGQUERY_DONE, "%s: %s", name, result->failure.message);
            cr_assert_eq(script_count(fixture.script, START), found ? 1 : 2, "%s", name);
            cr_assert_eq(result->attempts, found ? 2 : 3, "%s", name);
        }
        if (FAULT(i)->rule == FAULT_SAME) {
            cr_assert_str_eq(script_seen(fixture.script, 0).body,
                             script_seen(fixture.script, 1).body, "%s", name);
        } else if (FAULT(i)->rule == FAULT_FRESH) {
            cr_assert_str_neq(script_seen(fixture.script, 0).body,
                              script_seen(fixture.script, 1).body, "%s", name);
        }
        bigquery_result_free(result);
        assert_nothing_left(&fixture, descriptors, i);
    }
}

/* The one 500 that another try cannot mend says what would. */
Test(reasons, of_too_small_a_limit_say_how_much_is_needed)
{
    static const char SAYS[] =
        "Query exceeded limit for bytes billed: 1000000. 10485760 or higher required.";
    struct fixture fixture = fixture_start((struct bigquery_options){0});
    script_add(
        fixture.script,
        (struct reply){.status = 500,
                       .times = REPLY_FOREVER,
                       .body = "{\"error\":{\"code\":500,\"message\":\"Query exceeded limit for "
                               "bytes billed: 1000000. 10485760 or higher required.\",\"errors\":"
                               "[{\"reason\":\"bytesBilledLimitExceeded\"}]}}"});
    struct bigquery_result *result = fixture_query(&fixture);
    cr_assert_eq(result->attempts, 1);
    cr_assert_eq(result->failure.class, BIGQUERY_BYTES_LIMIT);
    cr_assert_not(result->failure.retriable);
    cr_assert_str_eq(result->failure.message, SAYS);
    bigquery_result_free(result);
    fixture_stop(&fixture);
}

/* ---- Waits ------------------------------------------------------------------------------- */

struct waits {
    int count;
    int64_t ms[64];
};

static void note_wait(void *context, const struct bigquery_activity *activity) {
    struct waits *waits = context;
    waits->ms[waits->count++ % 64] = activity->next_try_in_ms;
}

/* Nothing to 1 s, to 2 s, … to 32 s, for every reason that is tried again, within the budget. */
Test(reasons, are_waited_for_longer_each_time)
{
    enum { BUDGET_MS = 600000 };
    for (size_t i = 0; i < BIGQUERY_FAULT_COUNT; i++) {
        const char *name = bigquery_fault_name(FAULT(i));
        char body[BIGQUERY_FAULT_BODY_SIZE];
        struct waits waits = {0};
        struct night_clock night = {0};
        struct clock clock = night_clock_of(&night);
        struct bigquery_table_name table = {.dataset = "d", .table = "t"};
        if (FAULT(i)->rule == FAULT_NEVER) {
            continue;
        }
        struct fixture fixture =
            fixture_start((struct bigquery_options){.clock = &clock,
                                                    .retry_base_ms = 1000,
                                                    .retry_cap_ms = 32000,
                                                    .activity = note_wait,
                                                    .activity_context = &waits});
        struct reply reply = failing(i, "GET", body);
        reply.times = REPLY_FOREVER;
        script_add(fixture.script, reply);
        cr_assert_neq(bigquery_submit_table(fixture.client, &table, BUDGET_MS, NULL, NULL), 0);
        fixture_pass_time(&fixture, &night, INT64_C(1000000) * BUDGET_MS, NULL, NULL);
        cr_assert_eq(bigquery_client_pending(fixture.client), 0, "%s", name);
        cr_assert_leq(script_count(fixture.script, NULL), 64, "%s", name);
        cr_assert_geq(script_count(fixture.script, NULL), 20, "%s", name);
        int64_t longest = 0;
        for (int j = 0; j < waits.count; j++) {
            int64_t bound = j < 5 ? INT64_C(1000) << j : 32000;
            cr_assert_leq(waits.ms[j], bound, "%s, wait %d", name, j);
            longest = waits.ms[j] > longest ? waits.ms[j] : longest;
        }
        cr_assert_gt(longest, 16000, "%s", name);
        fixture_stop(&fixture);
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
