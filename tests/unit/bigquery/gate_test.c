/* What many requests do together to a service in trouble: how many calls a night of it takes, how
 * soon its end is seen, and what is said meanwhile. Time is the night's own. */
#include <string.h>

#include "fixture.h"

#define SECOND  INT64_C(1000000000)
#define MINUTE  (60 * SECOND)
#define TABLE_3 "{\"tableReference\":{},\"numRows\":\"3\"}"

enum { TABLES = 10 };

struct story {
    struct night_clock night;
    struct clock clock;
    struct fixture fixture;
    int done;
    int failed;
    int64_t first_done_ns;
    struct bigquery_failure last; /* of a result that failed */
};

static void begin(struct story *story) {
    *story = (struct story){.first_done_ns = -1};
    story->clock = night_clock_of(&story->night);
    story->fixture = fixture_start((struct bigquery_options){.clock = &story->clock,
                                                             .retry_base_ms = 1000,
                                                             .retry_cap_ms = 32000,
                                                             .probe_cap_ms = 20000});
}

static void take(void *context, struct bigquery_result *result) {
    struct story *story = context;
    if (result->status == BIGQUERY_DONE) {
        story->done++;
        story->first_done_ns = story->first_done_ns < 0 ? story->night.ns : story->first_done_ns;
    } else {
        story->failed++;
        story->last = result->failure;
    }
}

static void pass(struct story *story, int64_t ns) {
    fixture_pass_time(&story->fixture, &story->night, story->night.ns + ns, take, story);
}

static void ask_for_tables(struct story *story, int count, int64_t deadline_ms) {
    struct bigquery_table_name name = {.dataset = "d", .table = "t"};
    for (int i = 0; i < count; i++) {
        cr_assert_neq(bigquery_submit_table(story->fixture.client, &name, deadline_ms, NULL, NULL),
                      0);
    }
}

static void ask_query(struct story *story, int64_t deadline_ms) {
    struct bigquery_query query = {.sql = "SELECT n", .deadline_ms = deadline_ms};
    cr_assert_neq(bigquery_submit_query(story->fixture.client, &query, NULL), 0);
}

static size_t calls(struct story *story) {
    return script_count(story->fixture.script, NULL);
}

/* ---- Outages ----------------------------------------------------------------------------- */

/* An hour without BigQuery, ten tables asked for each minute; then it is back. */
static void live_through(struct reply trouble, const char *says) {
    struct story story;
    char text[BIGQUERY_MESSAGE_SIZE];
    begin(&story);
    trouble.times = REPLY_FOREVER;
    script_add(story.fixture.script, trouble);
    for (int minute = 0; minute < 60; minute++) {
        size_t before = calls(&story);
        ask_for_tables(&story, TABLES, 59000);
        pass(&story, MINUTE);
        cr_assert_leq(calls(&story) - before, minute == 0 ? 20 : 5, "minute %d: %zu calls", minute,
                      calls(&story) - before);
        cr_assert_geq(calls(&story) - before, 3, "nobody looks whether it is back");
    }
    cr_assert_leq(calls(&story), 60 * 6, "%zu calls", calls(&story));
    cr_assert_eq(story.done, 0);
    cr_assert_eq(story.failed, 60 * TABLES);
    cr_assert(story.last.retriable);
    cr_assert_eq(story.last.outage_since_ms, NIGHT_START_MS);
    (void)bigquery_failure_text(&story.last, story.last.retry_at_ms - 19500, text);
    cr_assert_str_eq(text, says);
    ask_for_tables(&story, TABLES, 59000);
    pass(&story, SECOND);
    script_clear(story.fixture.script);
    script_add(story.fixture.script, (struct reply){.body = TABLE_3, .times = REPLY_FOREVER});
    int64_t back = story.night.ns;
    size_t before = calls(&story);
    pass(&story, 21 * SECOND);
    cr_assert_eq(story.done, TABLES);
    cr_assert_leq(story.first_done_ns - back, 20 * SECOND);
    cr_assert_eq(calls(&story) - before, TABLES, "the probe's answer counts");
    fixture_stop(&story.fixture);
}

Test(outage, of_the_network_costs_a_handful_of_calls_a_minute)
{
    live_through((struct reply){.fault = FAULT_RESET},
                 "BigQuery has not answered since 02:41; next try in 20 s");
}

Test(outage, of_the_service_costs_a_handful_of_calls_a_minute)
{
    live_through((struct reply){.status = 503, .body = FAILURE("backendError")},
                 "BigQuery has answered with errors only since 02:41; next try in 20 s");
}

Test(outage, of_a_proxy_costs_a_handful_of_calls_a_minute)
{
    live_through((struct reply){.status = 502, .body = "<html>Bad gateway</html>"},
                 "BigQuery has answered with errors only since 02:41; next try in 20 s");
}

Test(outage, is_told_to_whoever_waits_and_fails_at_once_who_cannot_wait)
{
    struct story story;
    struct bigquery_activity activities[TABLES];
    char text[BIGQUERY_ACTIVITY_SIZE];
    begin(&story);
    script_add(story.fixture.script, (struct reply){.fault = FAULT_RESET, .times = REPLY_FOREVER});
    ask_for_tables(&story, TABLES, 600000);
    pass(&story, 5 * MINUTE);
    size_t before = calls(&story);
    ask_for_tables(&story, 1, 5); /* too short a time for the next probe */
    pass(&story, 0);
    cr_assert_eq(story.failed, 1);
    cr_assert_eq(calls(&story), before);
    cr_assert_eq(story.last.class, BIGQUERY_TRANSPORT);
    cr_assert_str_eq(story.last.reason, "connection");
    cr_assert_not_null(strstr(story.last.message, "BigQuery has not answered since 02:41 ("), "%s",
                       story.last.message);
    cr_assert_eq(story.last.attempts, 0);
    cr_assert_eq(bigquery_client_activity(story.fixture.client, activities, TABLES), TABLES);
    for (int i = 0; i < TABLES; i++) {
        cr_assert_eq(activities[i].phase, BIGQUERY_WAITING);
        activities[i].next_try_in_ms = 19100;
        cr_assert_str_eq(bigquery_activity_text(&activities[i], text),
                         "BigQuery has not answered since 02:41; next try in 20 s");
    }
    fixture_stop(&story.fixture);
}

/* The free metadata still answers while queries fail: only queries are held back. */
Test(outage, of_one_method_leaves_the_others_alone)
{
    struct story story;
    begin(&story);
    script_add(story.fixture.script,
               (struct reply){.target = "POST", .status = 500, .times = REPLY_FOREVER});
    script_add(story.fixture.script, (struct reply){.body = TABLE_3, .times = REPLY_FOREVER});
    for (int i = 0; i < TABLES; i++) {
        ask_query(&story, 600000);
    }
    pass(&story, 2 * MINUTE);
    ask_for_tables(&story, TABLES, 1000);
    pass(&story, 0);
    cr_assert_eq(story.done, TABLES);
    cr_assert_leq(script_count(story.fixture.script, "POST"), 30);
    fixture_stop(&story.fixture);
}

/* One query that always fails must not be taken for the service, nor be the only one to probe. */
Test(outage, is_not_declared_for_the_trouble_of_one_query)
{
    struct story story;
    begin(&story);
    script_add(story.fixture.script, (struct reply){.target = "POST",
                                                    .status = 500,
                                                    .body = FAILURE("internalError"),
                                                    .times = REPLY_FOREVER});
    ask_query(&story, 600000);
    pass(&story, 3 * MINUTE);
    script_clear(story.fixture.script);
    script_add(story.fixture.script, (struct reply){.target = "POST", .body = ONE_ROW});
    script_add(story.fixture.script, (struct reply){.target = "POST",
                                                    .status = 500,
                                                    .body = FAILURE("internalError"),
                                                    .times = REPLY_FOREVER});
    ask_query(&story, 1000);
    pass(&story, 0);
    cr_assert_eq(story.done, 1);
    fixture_stop(&story.fixture);
}

/* What BigQuery says about one table is said by a service that works. */
Test(outage, is_never_declared_for_refusals)
{
    static const struct {
        int status;
        const char *body;
    } REFUSALS[] = {
        {403, FAILURE("accessDenied")}, {404, FAILURE("notFound")},
        {400, FAILURE("invalidQuery")}, {500, FAILURE("bytesBilledLimitExceeded")},
        {400, FAILURE("timeout")},
    };
    struct story story;
    begin(&story);
    for (int i = 0; i < 50; i++) {
        script_clear(story.fixture.script);
        script_add(story.fixture.script,
                   (struct reply){.status = REFUSALS[i % 5].status, .body = REFUSALS[i % 5].body});
        ask_query(&story, 60000);
        pass(&story, 0);
        cr_assert_eq(story.failed, i + 1);
        cr_assert_eq(story.last.outage_since_ms, 0);
    }
    cr_assert_eq(calls(&story), 50);
    fixture_stop(&story.fixture);
}

/* ---- Pace -------------------------------------------------------------------------------- */

/* Ten requests told to slow down do what one would: a call now and then, not ten. */
Test(pace, is_kept_by_all_together)
{
    struct story story;
    begin(&story);
    script_add(story.fixture.script, (struct reply){.status = 403,
                                                    .body = FAILURE("rateLimitExceeded"),
                                                    .times = REPLY_FOREVER});
    ask_for_tables(&story, TABLES, 1200000);
    pass(&story, 10 * MINUTE);
    cr_assert_leq(calls(&story), 80, "%zu calls", calls(&story));
    cr_assert_geq(calls(&story), 20);
    script_clear(story.fixture.script);
    script_add(story.fixture.script, (struct reply){.body = TABLE_3, .times = REPLY_FOREVER});
    pass(&story, 33 * SECOND);
    cr_assert_eq(story.done, TABLES, "%d", story.done);
    fixture_stop(&story.fixture);
}

Test(pace, holds_back_who_comes_later_too)
{
    struct story story;
    begin(&story);
    script_add(story.fixture.script, (struct reply){.status = 429,
                                                    .body = FAILURE("rateLimitExceeded"),
                                                    .headers = "Retry-After: 30\r\n"});
    script_add(story.fixture.script, (struct reply){.body = TABLE_3, .times = REPLY_FOREVER});
    ask_for_tables(&story, 1, 60000);
    pass(&story, 2 * SECOND);
    ask_for_tables(&story, 5, 60000);
    pass(&story, 27 * SECOND);
    cr_assert_eq(calls(&story), 1);
    pass(&story, 2 * SECOND);
    cr_assert_eq(story.done, 6);
    fixture_stop(&story.fixture);
}

/* ---- Quota ------------------------------------------------------------------------------- */

Test(quota, used_up_is_not_asked_for_before_its_time)
{
    struct story story;
    char text[BIGQUERY_MESSAGE_SIZE];
    begin(&story);
    script_add(story.fixture.script,
               (struct reply){
                   .target = "POST", .status = 403, .body = FAILURE("quotaExceeded"), .times = 2});
    script_add(story.fixture.script,
               (struct reply){.target = "POST", .body = ONE_ROW, .times = REPLY_FOREVER});
    script_add(story.fixture.script, (struct reply){.body = TABLE_3, .times = REPLY_FOREVER});
    ask_query(&story, 60000);
    pass(&story, 0);
    cr_assert_eq(story.last.class, BIGQUERY_QUOTA);
    cr_assert_eq(story.last.retry_at_ms, NIGHT_START_MS + 600000);
    cr_assert_str_eq(bigquery_failure_text(&story.last, NIGHT_START_MS, text),
                     "quotaExceeded, next try 02:51");
    for (int minute = 0; minute < 9; minute++) {
        pass(&story, MINUTE);
        ask_query(&story, 60000);
        ask_for_tables(&story, 1, 60000);
        pass(&story, 0);
    }
    cr_assert_eq(story.failed, 10);
    cr_assert_eq(story.done, 9, "tables are free to be asked for");
    cr_assert_str_eq(bigquery_failure_text(&story.last, NIGHT_START_MS, text),
                     "quotaExceeded, next try 02:51");
    cr_assert_eq(script_count(story.fixture.script, "POST"), 1);
    pass(&story, MINUTE + SECOND);
    ask_query(&story, 60000); /* it is still used up: twice the time */
    pass(&story, 0);
    cr_assert_eq(script_count(story.fixture.script, "POST"), 2);
    cr_assert_eq(story.last.retry_after_ms, 1200000);
    pass(&story, 19 * MINUTE);
    ask_query(&story, 60000);
    pass(&story, MINUTE + SECOND);
    ask_query(&story, 60000);
    pass(&story, 0);
    cr_assert_eq(script_count(story.fixture.script, "POST"), 3);
    cr_assert_eq(story.done, 10);
    fixture_stop(&story.fixture);
}

Test(quota, of_one_table_holds_nobody_else)
{
    struct story story;
    begin(&story);
    script_add(story.fixture.script,
               (struct reply){.status = 403,
                              .body =
                                  "{\"error\":{\"code\":403,\"message\":\"Quota exceeded: Your "
                                  "table exceeded quota for imports or query appends per table\","
                                  "\"errors\":[{\"reason\":\"quotaExceeded\"}]}}"});
    script_add(story.fixture.script, (struct reply){.body = ONE_ROW});
    ask_query(&story, 60000);
    ask_query(&story, 60000);
    pass(&story, 0);
    cr_assert_eq(story.failed, 1);
    cr_assert_eq(story.last.retry_at_ms, NIGHT_START_MS + 600000);
    cr_assert_eq(story.done, 1);
    fixture_stop(&story.fixture);
}
