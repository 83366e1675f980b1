/* The agent's lease: kept, lost, taken again, given back. */
#include "agent/tenure.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>

#include "state/state_journal.h"
#include "state/state_lease.h"
#include "state/state_sessions.h"
#include "state/state_told.h"
#include "tests/support/scene.h"

static struct scene scene;
static struct recorder recorder;
static struct tenure tenure;
static enum tenure_news news;
static int64_t boot_ns;
static sem_t taken;

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

/* A verb that polls once, until it sees that an agent wants to begin. */
static void *poll_as_a_verb(void *context) {
    struct state *own = context;
    char session[STATE_SESSION_SIZE];
    struct error error = {0};
    int64_t term;
    bool there = false;
    cr_assert(state_session_open(own, STATE_VERB, "naji@ops", SCENE_NOW, session, &error), "%s",
              error.text);
    cr_assert(state_lease_take(own, session, SCENE_NOW, boot_ns, &term, &error), "%s", error.text);
    cr_assert_eq(sem_post(&taken), 0);
    while (!there) {
        size_t count;
        struct state_session *sessions = state_sessions(own, &count, &error);
        cr_assert_not_null(sessions, "%s", error.text);
        for (size_t i = 0; i < count; i++) {
            there = there || strcmp(sessions[i].owner, "waiting@ops") == 0;
        }
        state_sessions_free(sessions, count);
    }
    cr_assert(state_lease_resign(own, session, term, &error), "%s", error.text);
    return NULL;
}

Test(tenure, of_an_agent_begins_when_a_verb_that_polls_once_is_done)
{
    struct tenure other = {.clock = &test_clock, .recorder = &recorder};
    struct state *own = state_open(state_directory(scene.state), STATE_WRITE, &scene.error);
    pthread_t verb;
    cr_assert_not_null(own, "%s", scene.error.text);
    tenure_end(&tenure);
    cr_assert_eq(sem_init(&taken, 0, 0), 0);
    cr_assert_eq(pthread_create(&verb, NULL, poll_as_a_verb, own), 0);
    cr_assert_eq(sem_wait(&taken), 0);
    cr_expect(tenure_begin(&other, "waiting@ops", &scene.error), "%s", scene.error.text);
    cr_expect_not(other.lost);
    cr_assert_eq(pthread_join(verb, NULL), 0);
    cr_assert_eq(sem_destroy(&taken), 0);
    tenure_end(&other);
    state_close(own);
}

Test(tenure, of_an_agent_does_not_begin_beside_another)
{
    struct tenure other = {.clock = &test_clock, .recorder = &recorder};
    cr_expect_not(tenure_begin(&other, "waiting@ops", &scene.error));
    cr_expect_eq(scene.error.code, EXIT_TEMPORARY);
}
