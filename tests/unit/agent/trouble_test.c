/* What the agent says of BigQuery in the state: only what is new, and that it is over. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "agent/trouble.h"
#include "fixture.h"
#include "situation/trouble.h"
#include "state/state_told.h"

#define MINUTE INT64_C(60000)

static struct recorder recorder;
static struct trouble *trouble;
static struct error error;

static void open_trouble(void) {
    fixture_wall_ms = SCENE_NOW;
    scene_open(&scene, NULL);
    recorder = fixture_recorder();
    trouble = trouble_new(scene.pipeline);
}

static void close_trouble(void) {
    trouble_free(trouble);
    scene_close(&scene);
}

TestSuite(trouble, .init = open_trouble, .fini = close_trouble);

static void wait_for(const char *reason, int64_t next_try) {
    const char *names[] = {scene.pipeline->tables[SCENE_ZONES].name};
    struct measure_trouble waits = {
        .failure = {.class = BIGQUERY_THROTTLED, .http_code = 403},
        .next_try = next_try,
        .names = names,
        .count = 1,
    };
    (void)snprintf(waits.failure.reason, sizeof waits.failure.reason, "%s", reason);
    trouble_waits(trouble, &waits);
}

static void wait_no_more(void) {
    trouble_waits(trouble, &(struct measure_trouble){.count = 0});
}

static void fail(size_t table, enum bigquery_failure_class class, const char *reason,
                 int64_t next_try) {
    struct measure_answer answer = {
        .target = {MEASURE_TABLE, table, 0},
        .outcome = MEASURE_FAILED,
        .failure = {.class = class, .http_code = 403},
    };
    (void)snprintf(answer.failure.reason, sizeof answer.failure.reason, "%s", reason);
    trouble_answered(trouble, &answer, next_try);
}

static void count(size_t table) {
    struct measure_answer answer = {.target = {MEASURE_TABLE, table, 0},
                                    .outcome = MEASURE_CONFIRMED};
    trouble_answered(trouble, &answer, SCENE_NOW + MINUTE);
}

/* Stores; whether something new was written. */
static bool store(int64_t now) {
    char *news;
    cr_assert(trouble_store(trouble, &recorder, now, &news, &error), "%s", error.text);
    bool any = news != NULL;
    free(news);
    return any;
}

/* What a screen shows of it. */
static char *stored(int64_t now, char out[SITUATION_TROUBLE_SIZE]) {
    char *json;
    int64_t at;
    cr_assert(state_told(scene.state, SITUATION_TOLD_BIGQUERY, &json, &at, &error));
    struct situation_trouble *told = json != NULL ? situation_trouble_read(json, scene.term) : NULL;
    (void)situation_trouble_report(told, now, out);
    situation_trouble_free(told);
    free(json);
    return out;
}

Test(trouble, is_written_when_it_changes_and_not_again_and_again)
{
    char text[SITUATION_TROUBLE_SIZE];
    cr_expect_not(store(SCENE_NOW), "nothing was ever wrong");
    wait_for("rateLimitExceeded", SCENE_NOW + 8000);
    cr_expect(store(SCENE_NOW));
    cr_expect_str_eq(stored(SCENE_NOW, text),
                     "403 rateLimitExceeded since 14:15, retrying in 8 s; waiting: zones");
    for (int i = 1; i < 8; i++) {
        cr_expect_not(store(SCENE_NOW + i * 1000), "a second more is no news");
    }
    wait_for("rateLimitExceeded", 0);
    cr_expect_not(store(SCENE_NOW + 8000), "the time of the try said so");
    wait_for("rateLimitExceeded", SCENE_NOW + 24000);
    cr_expect(store(SCENE_NOW + 8100));
    wait_no_more();
    cr_expect(store(SCENE_NOW + 25000));
    cr_expect_str_eq(stored(SCENE_NOW + 25000, text), "");
    cr_expect_not(store(SCENE_NOW + 26000));
}

Test(trouble, stays_between_two_polls_that_bigquery_refuses)
{
    char text[SITUATION_TROUBLE_SIZE];
    fail(SCENE_ZONES, BIGQUERY_QUOTA, "quotaExceeded", SCENE_NOW + 10 * MINUTE);
    fail(SCENE_DEFENSE, BIGQUERY_QUOTA, "quotaExceeded", SCENE_NOW + 10 * MINUTE);
    cr_expect(store(SCENE_NOW));
    cr_expect_str_eq(stored(SCENE_NOW, text),
                     "403 quotaExceeded since 14:15, next try 14:25; waiting: zones, defense. The "
                     "project's quota is used up; it refills by and by, or raise it");
    count(SCENE_ZONES);
    cr_expect(store(SCENE_NOW + 10 * MINUTE));
    cr_expect_not_null(strstr(stored(SCENE_NOW, text), "since 14:15"), "%s", text);
    count(SCENE_DEFENSE);
    cr_expect(store(SCENE_NOW + 10 * MINUTE));
    cr_expect_str_eq(stored(SCENE_NOW, text), "");
}

Test(trouble, is_not_what_only_one_table_suffers_from)
{
    fail(SCENE_ZONES, BIGQUERY_NOT_FOUND, "notFound", SCENE_NOW + MINUTE);
    fail(SCENE_ZONES, BIGQUERY_QUERY, "invalidQuery", SCENE_NOW + MINUTE);
    fail(SCENE_ZONES, BIGQUERY_DENIED, "accessDenied", SCENE_NOW + MINUTE);
    fail(SCENE_ZONES, BIGQUERY_NO_FAILURE, "", SCENE_NOW + MINUTE);
    cr_expect_not(store(SCENE_NOW));
}

Test(trouble, ends_with_the_agent)
{
    char text[SITUATION_TROUBLE_SIZE];
    wait_for("backendError", SCENE_NOW + 8000);
    cr_expect(store(SCENE_NOW));
    cr_assert(trouble_end(trouble, &recorder, SCENE_NOW, &error));
    cr_expect_str_eq(stored(SCENE_NOW, text), "");
}
