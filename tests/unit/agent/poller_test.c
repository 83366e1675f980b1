/* The BigQuery thread: measures what it is told, says what it waits for, ends whatever hangs. */
#include <criterion/criterion.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "agent/poller.h"
#include "fixture.h"

static const struct measure_target zones = {MEASURE_TABLE, SCENE_ZONES, 0};
static const struct day_range range = {SCENE_FROM, SCENE_TO};

static struct agent_queue *queue;
static struct poller *poller;

static void open_poller(void) {
    struct error error = {0};
    fixture_open(NULL);
    queue = agent_queue_new(&error);
    struct measure *measure = measure_new(scene.pipeline, NULL, &fixture_clock, &error);
    cr_assert_not_null(measure, "%s", error.text);
    poller = poller_start(measure, queue, &error);
    cr_assert_not_null(poller, "%s", error.text);
}

static void close_poller(void) {
    poller_stop(poller);
    agent_queue_free(queue);
    fixture_close();
}

TestSuite(poller, .init = open_poller, .fini = close_poller);

Test(poller, answers_what_it_is_asked_again_and_again)
{
    for (int i = 0; i < 3; i++) {
        poller_measure(poller, zones, range, MEASURE_FORCED, false);
        struct agent_message message = fixture_message(queue, AGENT_ANSWER);
        cr_expect_eq(message.answer.outcome, MEASURE_COUNTED, "%s", message.answer.error.text);
        cr_expect_eq(message.answer.count, 5);
        agent_message_free(&message);
    }
}

Test(poller, says_soon_that_bigquery_makes_it_wait_and_when_that_is_over)
{
    /* Until it is told: a wait that is over between two looks is none worth telling. */
    fixture_fault("{\"fault\":\"error\",\"reason\":\"rateLimitExceeded\"}");
    poller_measure(poller, zones, range, MEASURE_SPARING, false);
    struct agent_message message = fixture_message(queue, AGENT_TROUBLE);
    cr_expect_str_eq(message.trouble.failure.reason, "rateLimitExceeded");
    agent_message_free(&message);
    emulator_clear_faults(warehouse.emulator);
    for (;;) {
        message = fixture_message(queue, AGENT_TROUBLE);
        bool over = message.trouble.failure.class == BIGQUERY_NO_FAILURE;
        agent_message_free(&message);
        if (over) {
            break;
        }
    }
}

Test(poller, ends_at_once_while_bigquery_hangs)
{
    fixture_fault("{\"fault\":\"delay\",\"delay_ms\":600000}");
    uint64_t before = emulator_usage(warehouse.emulator).requests;
    poller_measure(poller, zones, range, MEASURE_SPARING, false);
    int64_t until = fixture_real_ms() + FIXTURE_DEADLINE_MS;
    while (emulator_usage(warehouse.emulator).requests == before) {
        cr_assert_lt(fixture_real_ms(), until, "nothing was asked");
        (void)poll(NULL, 0, 1);
    }
    int64_t began = fixture_real_ms();
    poller_stop(poller);
    poller = NULL;
    cr_expect_lt(fixture_real_ms() - began, FIXTURE_DEADLINE_MS);
}

Test(poller, tells_once_that_an_emulator_needs_no_credentials)
{
    poller_measure(poller, zones, range, MEASURE_FORCED, false);
    struct agent_message message = fixture_message(queue, AGENT_ACCESS);
    cr_expect_not_null(strstr(message.access.json, "\"needed\":false"), "%s", message.access.json);
    cr_expect_null(message.access.problem);
    cr_expect_eq(message.access.ends_at, 0);
    agent_message_free(&message);
}

/* The real service, in a place where nobody answers; no credentials anywhere. */
static void leave_without_credentials(void) {
    poller_stop(poller);
    poller = NULL;
    cr_assert_eq(unsetenv("BIGQUERY_EMULATOR_HOST"), 0);
    cr_assert_eq(unsetenv("GOOGLE_APPLICATION_CREDENTIALS"), 0);
    cr_assert_eq(setenv("CLOUDSDK_CONFIG", "/nonexistent", 1), 0);
    cr_assert_eq(setenv("NO_GCE_CHECK", "true", 1), 0);
    cr_assert_eq(setenv("PATH", "/nonexistent", 1), 0);
    cr_assert_eq(setenv("PHASEGATE_TEST", "1", 1), 0);
    cr_assert_eq(setenv("PHASEGATE_TEST_SERVICE", "http://127.0.0.1:9", 1), 0);
}

Test(poller, starts_without_credentials_and_answers_with_the_remedy)
{
    struct error error = {0};
    leave_without_credentials();
    struct measure *measure = measure_new(scene.pipeline, NULL, &fixture_clock, &error);
    cr_assert_not_null(measure, "%s", error.text);
    poller = poller_start(measure, queue, &error);
    cr_assert_not_null(poller, "%s", error.text);
    for (int i = 0; i < 2; i++) {
        poller_measure(poller, zones, range, MEASURE_FORCED, false);
        struct agent_message message = fixture_message(queue, AGENT_ANSWER);
        cr_expect_eq(message.answer.outcome, MEASURE_FAILED);
        cr_expect_eq(message.answer.failure.class, BIGQUERY_AUTH);
        cr_expect_not_null(strstr(message.answer.error.text, "GOOGLE_APPLICATION_CREDENTIALS"),
                           "%s", message.answer.error.text);
        agent_message_free(&message);
    }
    poller_jobs(poller, "r-1", 0, false);
    struct agent_message message = fixture_message(queue, AGENT_JOBS_ANSWER);
    cr_expect_eq(message.jobs_answer.jobs, -1);
    cr_assert_not_null(message.jobs_answer.trouble);
    cr_expect_not_null(strstr(message.jobs_answer.trouble, "GOOGLE_APPLICATION_CREDENTIALS"));
    agent_message_free(&message);
}
