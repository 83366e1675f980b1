/* Free checks that confirm counts which the state does not hold. */
#include "agent/backlog.h"

#include <criterion/criterion.h>

#include "fixture.h"

static const struct measure_target zones = {MEASURE_TABLE, SCENE_ZONES, 0};

static struct recorder recorder;
static struct schedule schedule;
static struct backlog backlog;

static void open_backlog(void) {
    fixture_open(NULL);
    recorder = fixture_recorder();
    schedule_open(&schedule, scene.pipeline, &fixture_clock);
    backlog = (struct backlog){.recorder = &recorder, .schedule = &schedule};
}

static void close_backlog(void) {
    backlog_close(&backlog);
    schedule_close(&schedule);
    fixture_close();
}

TestSuite(confirmation, .init = open_backlog, .fini = close_backlog);

static struct agent_message answer_of(enum measure_outcome outcome, const char *signal) {
    struct agent_message message = {.kind = AGENT_ANSWER};
    message.answer = (struct measure_answer){
        .target = zones, .outcome = outcome, .at = SCENE_NOW, .range = {SCENE_FROM, SCENE_TO}};
    (void)snprintf(message.answer.signal, sizeof message.answer.signal, "%s", signal);
    return message;
}

/* Whether `zones` is due, to be counted whatever is known. */
static bool is_forced(void) {
    const struct measure_target *target;
    enum measure_manner manner = MEASURE_SPARING;
    size_t place = 0;
    while ((target = schedule_take(&schedule, &place, &manner)) != NULL) {
        if (target->kind == MEASURE_TABLE && target->index == SCENE_ZONES) {
            return manner == MEASURE_FORCED;
        }
    }
    return false;
}

Test(confirmation, of_counts_that_the_state_does_not_hold_has_them_counted_anew)
{
    struct error error = {0};
    struct agent_message counted = answer_of(MEASURE_COUNTED, "as it was");
    struct agent_message confirmed = answer_of(MEASURE_CONFIRMED, "as it is");
    cr_assert(backlog_take(&backlog, &counted, &error), "%s", error.text);
    cr_assert_not(is_forced());
    cr_expect(backlog_take(&backlog, &confirmed, &error), "%s", error.text);
    cr_expect_eq(backlog.count, 0, "it would be refused for ever, and everything behind it");
    cr_expect(is_forced());
}

Test(confirmation, of_the_counts_that_are_stored_forces_nothing)
{
    struct error error = {0};
    struct agent_message counted = answer_of(MEASURE_COUNTED, "as it was");
    struct agent_message confirmed = answer_of(MEASURE_CONFIRMED, "as it was");
    cr_assert(backlog_take(&backlog, &counted, &error), "%s", error.text);
    cr_expect(backlog_take(&backlog, &confirmed, &error), "%s", error.text);
    cr_expect_eq(backlog.count, 0);
    cr_expect_not(is_forced());
}
