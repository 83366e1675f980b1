/* What keeps BigQuery from answering: the words of it, and whose word is believed. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "situation/situation.h"
#include "state/state_lease.h"
#include "state/state_told.h"
#include "tests/support/scene.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)

static struct scene scene;
static char text[SITUATION_TROUBLE_SIZE];

static void open_scene(void) {
    (void)setenv("TZ", "UTC", 1);
    scene_open(&scene, NULL);
    scene_lead(&scene);
}

static void close_scene(void) {
    scene_close(&scene);
}

TestSuite(trouble, .init = open_scene, .fini = close_scene);

static char zones[] = "zones";
static char defense[] = "defense";

static const char *words(const char *reason, int code, int64_t wait) {
    char *owned = memory_copy_string(reason);
    struct situation_trouble trouble = {.reason = owned,
                                        .http_code = code,
                                        .since = SCENE_NOW - MINUTE,
                                        .next_try = wait != 0 ? SCENE_NOW + wait : 0};
    (void)situation_trouble_text(&trouble, SCENE_NOW, text);
    free(owned);
    return text;
}

Test(trouble, counts_a_short_wait_down_and_gives_the_time_of_a_long_one)
{
    cr_expect_str_eq(words("rateLimitExceeded", 403, 8 * SECOND),
                     "403 rateLimitExceeded, retrying in 8 s");
    cr_expect_str_eq(words("rateLimitExceeded", 403, 7001),
                     "403 rateLimitExceeded, retrying in 8 s");
    cr_expect_str_eq(words("rateLimitExceeded", 403, -SECOND),
                     "403 rateLimitExceeded, trying again");
    cr_expect_str_eq(words("quotaExceeded", 403, 10 * MINUTE), "403 quotaExceeded, next try 14:25");
    cr_expect_str_eq(words("connection", 0, 2 * SECOND), "no connection, retrying in 2 s");
    cr_expect_str_eq(words("backendError", 503, 0), "503 backendError");
    cr_expect_str_eq(situation_trouble_text(NULL, SCENE_NOW, text), "");
}

Test(trouble, says_bigquery_once)
{
    char sentence[] = "expected_dates.sql: BigQuery: credentials: none were found";
    const struct situation_trouble trouble = {.sentence = sentence};
    cr_expect_str_eq(situation_trouble_text(&trouble, SCENE_NOW, text),
                     "expected_dates.sql: credentials: none were found");
}

Test(trouble, is_reported_with_since_when_what_waits_and_what_to_do)
{
    char reason[] = "authError";
    char *names[] = {zones, defense};
    struct situation_trouble trouble = {.reason = reason,
                                        .http_code = 401,
                                        .since = SCENE_NOW - 5 * MINUTE,
                                        .next_try = SCENE_NOW + MINUTE,
                                        .names = names,
                                        .name_count = 2};
    cr_expect_str_eq(situation_trouble_report(&trouble, SCENE_NOW, text),
                     "401 authError since 14:10, retrying in 1 min; waiting: zones, defense. Log "
                     "in again: gcloud auth application-default login");
    json_t *json = situation_trouble_json(&trouble, SCENE_NOW);
    cr_expect_str_eq(json_get_string(json, "next_try", ""), "2026-01-05T14:16:00Z");
    cr_expect_eq(json_get_integer(json, "code", 0), 401);
    cr_expect_eq(json_array_size(json_object_get(json, "tables")), 2);
    json_decref(json);
    json = situation_trouble_json(NULL, SCENE_NOW);
    cr_expect(json_is_null(json));
    json_decref(json);
}

/* Says, as an agent with this term, that it waits; at SCENE_NOW. */
static void tell(int64_t term) {
    char reason[] = "rateLimitExceeded";
    char *names[] = {zones};
    struct situation_trouble trouble = {.reason = reason,
                                        .http_code = 403,
                                        .since = SCENE_NOW,
                                        .next_try = SCENE_NOW + 8 * SECOND,
                                        .names = names,
                                        .name_count = 1};
    char *json = situation_trouble_told(&trouble, term);
    cr_assert(state_told_put(scene.state, scene.term, SITUATION_TOLD_BIGQUERY, json, SCENE_NOW,
                             &scene.error),
              "%s", scene.error.text);
    free(json);
}

static const char *shown(int64_t as_of) {
    struct situation *situation = situation_load(scene.pipeline, scene.state, as_of, &scene.error);
    cr_assert_not_null(situation, "%s", scene.error.text);
    (void)situation_trouble_text(situation->header.bigquery, as_of, text);
    situation_free(situation);
    return text;
}

Test(trouble, that_a_living_agent_tells_comes_before_the_error_of_a_poll)
{
    scene_measure_all(&scene, 10, 10, SCENE_NOW - 2 * MINUTE);
    cr_assert(state_coverage_fail(scene.state, scene.term, STATE_SUBJECT_TABLE, "zones",
                                  SCENE_NOW - MINUTE, "older", &scene.error));
    cr_assert(state_coverage_fail(scene.state, scene.term, STATE_SUBJECT_TABLE, "defense",
                                  SCENE_NOW - SECOND, "newer", &scene.error));
    cr_expect_str_eq(shown(SCENE_NOW), "defense: newer");
    tell(scene.term);
    cr_expect_str_eq(shown(SCENE_NOW), "403 rateLimitExceeded, retrying in 8 s");
    cr_expect_str_eq(shown(SCENE_NOW + 5 * SECOND), "403 rateLimitExceeded, retrying in 3 s");
    cr_expect(strncmp(shown(SCENE_NOW - 60 * MINUTE), "403 rateLimitExceeded", 21) == 0,
              "the clock went back");
    struct situation *past =
        situation_load_at(scene.pipeline, scene.state, SCENE_NOW - 1, &scene.error);
    (void)situation_trouble_text(past->header.bigquery, SCENE_NOW - 1, text);
    cr_expect_str_eq(text, "defense: newer", "not yet said at that time");
    situation_free(past);
}

Test(trouble, that_a_dead_agent_told_is_not_shown)
{
    tell(scene.term);
    cr_expect_str_neq(shown(SCENE_NOW), "");
    cr_assert(state_lease_resign(scene.state, "s-scene", scene.term, &scene.error));
    cr_expect_str_eq(shown(SCENE_NOW), "");
}

Test(trouble, that_the_agent_before_told_is_not_shown)
{
    tell(scene.term - 1);
    cr_expect_str_eq(shown(SCENE_NOW), "");
}

Test(trouble, is_over_when_the_agent_says_so)
{
    tell(scene.term);
    char *json = situation_trouble_told(NULL, scene.term);
    cr_assert(state_told_put(scene.state, scene.term, SITUATION_TOLD_BIGQUERY, json, SCENE_NOW,
                             &scene.error));
    free(json);
    cr_expect_str_eq(shown(SCENE_NOW), "");
}

Test(trouble, of_another_shape_is_none)
{
    static const char *const FOREIGN[] = {"{}", "{", "[]", "{\"reason\":7}", "{\"term\":1}"};
    for (size_t i = 0; i < sizeof FOREIGN / sizeof FOREIGN[0]; i++) {
        cr_expect_null(situation_trouble_read(FOREIGN[i], 1), "%s", FOREIGN[i]);
    }
}
