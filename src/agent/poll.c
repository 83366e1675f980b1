#include "agent/poll.h"

#include <stdlib.h>

#include "agent/measure.h"
#include "agent/record.h"
#include "state/state_lease.h"
#include "state/state_sessions.h"

/* A session that holds the lease for the time of one poll. */
struct poll {
    struct recorder recorder;
    const struct clock *clock;
    char session[STATE_SESSION_SIZE];
    int64_t term;
};

static bool take_answers(struct poll *poll, struct measure *measure, struct error *error) {
    struct measure_answer answer;
    int64_t renewed = clock_boot_ns(poll->clock);
    bool good = true;
    while (good && measure_pending(measure) > 0) {
        if (measure_next(measure, 1000, &answer)) {
            good = record_answer(&poll->recorder, &answer, error);
            free(answer.counts);
        }
        int64_t now = clock_boot_ns(poll->clock);
        if (good && now - renewed > STATE_LEASE_RENEW_NS) {
            good = state_lease_renew(poll->recorder.state, poll->session, poll->term,
                                     clock_wall_ms(poll->clock), now, error);
            renewed = now;
        }
    }
    return good;
}

static bool measure_all(struct poll *poll, struct error *error) {
    int64_t now = clock_wall_ms(poll->clock);
    const struct pipeline *pipeline = poll->recorder.pipeline;
    bool over = false;
    if (!record_over_budget(&poll->recorder, now, &over, error)) {
        return false;
    }
    struct measure *measure = measure_new(pipeline, NULL, poll->clock, error);
    if (measure == NULL) {
        return false;
    }
    size_t count;
    struct measure_target *targets = measure_targets(pipeline, &count);
    for (size_t i = 0; i < count; i++) {
        measure_start(measure, targets[i], pipeline_range(pipeline, now), false, over);
    }
    free(targets);
    bool good = take_answers(poll, measure, error);
    measure_free(measure);
    if (good) {
        struct situation *situation =
            situation_load(pipeline, poll->recorder.state, clock_wall_ms(poll->clock), error);
        good = situation != NULL && record_judgement(&poll->recorder, situation, error);
        situation_free(situation);
    }
    return good;
}

bool poll_once(const struct pipeline *pipeline, struct state *state, const char *owner,
               const struct clock *clock, bool *agent_polls, struct error *error) {
    struct poll poll = {.recorder = {.pipeline = pipeline, .state = state}, .clock = clock};
    int64_t now = clock_wall_ms(clock);
    *agent_polls = false;
    if (!state_session_open(state, STATE_VERB, owner, now, poll.session, error)) {
        return false;
    }
    if (!state_lease_take(state, poll.session, now, clock_boot_ns(clock), &poll.term, error)) {
        *agent_polls = error->code == EXIT_NO_GO;
        (void)state_session_close(state, poll.session, now, NULL);
        return *agent_polls;
    }
    poll.recorder.actor =
        (struct state_actor){.name = owner, .session = poll.session, .term = poll.term};
    bool good = measure_all(&poll, error);
    (void)state_lease_resign(state, poll.session, poll.term, NULL);
    (void)state_session_close(state, poll.session, clock_wall_ms(clock), NULL);
    return good;
}
