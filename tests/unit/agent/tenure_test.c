/* The agent's lease: kept, lost, taken again, given back. */
#include "agent/tenure.h"

#include <criterion/criterion.h>
#include <string.h>

#include "state/state_journal.h"
#include "state/state_lease.h"
#include "state/state_told.h"
#include "tests/support/scene.h"

static struct scene scene;
static struct recorder recorder;
static struct tenure tenure;
static enum tenure_news news;
static int64_t boot_ns;

static int64_t wall(void *context) {
    (void)context;
    return SCENE_NOW;
}

static int64_t boot(void *context) {
    (void)context;
    return boot_ns;
}

static const struct clock test_clock = {wall, boot, NULL};
static const int64_t second_ns = INT64_C(1000000000);

static void open_tenure(void) {
    scene_open(&scene, NULL);
    boot_ns = 77 * second_ns;
    recorder = (struct recorder){.pipeline = scene.pipeline, .state = scene.state};
    tenure = (struct tenure){.clock = &test_clock, .recorder = &recorder};
    cr_assert(tenure_begin(&tenure, "naji@ops", &scene.error), "%s", scene.error.text);
}

static void close_tenure(void) {
    scene_close(&scene);
}

TestSuite(tenure, .init = open_tenure, .fini = close_tenure);

static bool keep(void) {
    scene.error = (struct error){0};
    return tenure_keep(&tenure, &news, &scene.error);
}

static size_t events(void) {
    struct state_journal_filter filter = {0};
    size_t count;
    struct state_event *found = state_journal(scene.state, &filter, &count, &scene.error);
    cr_assert_not_null(found, "%s", scene.error.text);
    state_events_free(found, count);
    return count;
}

Test(tenure, is_renewed_every_five_seconds_and_keeps_its_term)
{
    int64_t term = recorder.actor.term;
    for (int i = 0; i < 100; i++) {
        boot_ns += second_ns;
        cr_assert(keep(), "%s", scene.error.text);
        cr_assert(tenure_sure(&tenure));
    }
    cr_expect_eq(recorder.actor.term, term);
    cr_expect_eq(news, TENURE_SAME);
}

Test(tenure, is_not_sure_a_second_before_it_runs_out)
{
    boot_ns += 13 * second_ns;
    cr_expect(tenure_sure(&tenure));
    boot_ns += second_ns;
    cr_expect_not(tenure_sure(&tenure));
}

/* Suspend and resume, or a disk that was full for long: boot time went on. */
Test(tenure, that_ran_out_unnoticed_is_taken_again_under_a_new_term)
{
    int64_t term = recorder.actor.term;
    boot_ns += 3600 * second_ns;
    cr_assert(keep(), "%s", scene.error.text);
    cr_expect_eq(news, TENURE_AGAIN);
    cr_expect_eq(recorder.actor.term, term + 1);
    cr_expect(tenure_sure(&tenure));
    cr_expect_not(state_told_put(scene.state, term, "agent", "{}", SCENE_NOW, &scene.error),
                  "what was under way writes nothing under the old term");
}

Test(tenure, of_an_agent_that_was_frozen_ends_without_a_word)
{
    int64_t term;
    boot_ns += 20 * second_ns;
    cr_assert(state_lease_take(scene.state, "s-other", SCENE_NOW, boot_ns, &term, &scene.error));
    size_t before = events();
    cr_assert_not(keep());
    cr_expect_eq(scene.error.code, EXIT_TEMPORARY, "%s", scene.error.text);
    cr_expect(tenure.lost && !tenure_sure(&tenure));
    tenure_end(&tenure);
    cr_expect_eq(events(), before);
    struct state_lease lease;
    cr_assert(state_lease_load(scene.state, boot_ns, &lease, &scene.error));
    cr_expect(lease.held && lease.term == term);
    state_lease_clear(&lease);
}

Test(tenure, that_ends_gives_the_lease_back)
{
    struct state_lease lease;
    tenure_end(&tenure);
    cr_assert(state_lease_load(scene.state, boot_ns, &lease, &scene.error));
    cr_expect(!lease.held && !lease.abandoned);
    state_lease_clear(&lease);
}

/* kill -9: the row still names it. */
Test(tenure, of_a_process_that_is_gone_is_told_as_abandoned)
{
    struct state_lease lease;
    boot_ns += 16 * second_ns;
    cr_assert(state_lease_load(scene.state, boot_ns, &lease, &scene.error));
    cr_expect(!lease.held && lease.abandoned && lease.there);
    state_lease_clear(&lease);
}
