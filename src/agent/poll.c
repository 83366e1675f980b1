#include "agent/poll.h"

#include <poll.h>
#include <stdlib.h>

#include "agent/budget.h"
#include "agent/checks.h"
#include "agent/measure.h"
#include "agent/record.h"
#include "agent/run_judge.h"
#include "agent/server_watch.h"
#include "state/state_lease.h"
#include "state/state_sessions.h"
#include "state/state_told.h"

/* A person waits for a verb: it tries for so long, where an agent tries for a poll period. */
static const int64_t patience_ms = 10000;

/* A session that holds the lease for the time of one poll. */
struct poll {
    struct recorder recorder;
    const struct clock *clock;
    char session[STATE_SESSION_SIZE];
    int64_t term;
    int64_t renewed_ns;
    struct checks_access access;
};

/* Between two looks at the commands of checks, in real milliseconds. */
enum { LOOK_MS = 20 };

static bool renew(struct poll *once, struct error *error) {
    int64_t now = clock_boot_ns(once->clock);
    if (now - once->renewed_ns <= STATE_LEASE_RENEW_NS) {
        return true;
    }
    once->renewed_ns = now;
    return state_lease_renew(once->recorder.state, once->session, once->term,
                             clock_wall_ms(once->clock), now, error);
}

static bool take_answers(struct poll *once, struct measure *measure, struct error *error) {
    struct measure_answer answer;
    bool good = true;
    while (good && measure_pending(measure) > 0) {
        if (measure_next(measure, 1000, &answer)) {
            if (answer.outcome != MEASURE_FAILED && answer.at > once->access.accepted_at) {
                once->access.accepted_at = answer.at;
            }
            good = record_answer(&once->recorder, &answer, error);
            free(answer.counts);
        }
        good = good && renew(once, error);
    }
    return good;
}

static void ask_server(void *context, const char *run, int64_t created_after_ms, bool cancel) {
    measure_jobs(context, run, created_after_ms, cancel);
}

/* Until every held run is released, or its jobs are known to run on by themselves. */
static bool settle_server_jobs(struct poll *once, struct measure *measure, size_t *held,
                               struct error *error) {
    struct server_watch *watch = server_watch_new(&once->recorder, once->clock,
                                                  &(struct server_watch_ask){ask_server, measure});
    int64_t until = clock_boot_ns(once->clock) + patience_ms * 1000000;
    struct measure_answer ignored;
    bool good = server_watch_step(watch, error);
    while (good && server_watch_open(watch) > 0 && clock_boot_ns(once->clock) < until) {
        struct server_jobs_answer answer;
        if (measure_next(measure, LOOK_MS, &ignored)) {
            free(ignored.counts);
        }
        while (good && measure_jobs_next(measure, &answer)) {
            good = server_watch_answer(watch, &answer, error);
            server_jobs_answer_clear(&answer);
        }
        good = good && renew(once, error) && server_watch_step(watch, error);
    }
    *held = server_watch_held(watch);
    server_watch_free(watch);
    return good;
}

/* Answers the checks that are not BigQuery's, each once: commands within their time limits. */
static bool answer_checks(struct poll *once, struct error *error) {
    struct checks *checks = checks_new(once->recorder.pipeline);
    int64_t now = clock_wall_ms(once->clock);
    bool stored = false;
    bool good = checks_step(checks, &once->recorder, now, clock_boot_ns(once->clock), &once->access,
                            &stored, error);
    while (good && checks_busy(checks)) {
        (void)poll(NULL, 0, LOOK_MS);
        good = renew(once, error) &&
               checks_step(checks, &once->recorder, now, clock_boot_ns(once->clock), &once->access,
                           &stored, error);
    }
    checks_free(checks);
    return good;
}

static bool measure_all(struct poll *once, struct error *error) {
    int64_t now = clock_wall_ms(once->clock);
    const struct pipeline *pipeline = once->recorder.pipeline;
    bool over = false;
    if (!budget_step(&once->recorder, now, &over, error)) {
        return false;
    }
    struct measure *measure = measure_new(pipeline, NULL, once->clock, error);
    if (measure == NULL) {
        return false;
    }
    if (!record_recall(once->recorder.state, pipeline, measure, error)) {
        measure_free(measure);
        return false;
    }
    measure_set_deadline(measure, patience_ms);
    /* The end of a run's jobs is a write: what is read before it releases nothing. */
    size_t held;
    bool good = settle_server_jobs(once, measure, &held, error);
    size_t count;
    struct measure_target *targets = measure_targets(pipeline, &count);
    for (size_t i = 0; good && i < count; i++) {
        measure_start(measure, targets[i], pipeline_range(pipeline, now), MEASURE_PROMPT, over);
    }
    free(targets);
    good = good && take_answers(once, measure, error);
    struct connection_facts facts = measure_credentials(measure);
    measure_free(measure);
    once->access.problem = facts.problem;
    once->access.ends_at = facts.ends_at;
    good = good && answer_checks(once, error) &&
           state_told_put(once->recorder.state, once->term, CONNECTION_TOLD, facts.json,
                          clock_wall_ms(once->clock), error);
    connection_facts_free(&facts);
    if (good) {
        struct situation *situation =
            situation_load(pipeline, once->recorder.state, clock_wall_ms(once->clock), error);
        struct run_judge judge = {.recorder = &once->recorder, .situation = situation};
        good = situation != NULL && record_judgement(&once->recorder, situation, error) &&
               run_judge_release(&judge, error);
        run_judge_close(&judge);
        situation_free(situation);
    }
    return good;
}

static bool ask_jobs(struct poll *once, size_t *held, struct error *error) {
    struct measure *measure = measure_new(once->recorder.pipeline, NULL, once->clock, error);
    if (measure == NULL) {
        return false;
    }
    measure_set_deadline(measure, patience_ms);
    bool good = settle_server_jobs(once, measure, held, error);
    measure_free(measure);
    return good;
}

/* Asks by dry runs what every query would bill. */
static bool estimate_all(struct poll *once, struct error *error) {
    const struct pipeline *pipeline = once->recorder.pipeline;
    struct measure *measure = measure_new(pipeline, NULL, once->clock, error);
    if (measure == NULL) {
        return false;
    }
    measure_set_deadline(measure, patience_ms);
    size_t count;
    struct measure_target *targets = measure_targets(pipeline, &count);
    struct day_range range = pipeline_range(pipeline, clock_wall_ms(once->clock));
    for (size_t i = 0; i < count; i++) {
        measure_estimate(measure, targets[i], range);
    }
    free(targets);
    bool good = take_answers(once, measure, error);
    measure_free(measure);
    return good;
}

/* Takes the lease for a verb. False without an error when an agent has it (`*agent_polls`). */
static bool begin(struct poll *once, const char *owner, bool *agent_polls, struct error *error) {
    struct state *state = once->recorder.state;
    int64_t now = clock_wall_ms(once->clock);
    *agent_polls = false;
    if (!state_session_open(state, STATE_VERB, owner, now, once->session, error)) {
        return false;
    }
    if (!state_lease_take(state, once->session, now, clock_boot_ns(once->clock), &once->term,
                          error)) {
        *agent_polls = error->code == EXIT_NO_GO;
        (void)state_session_close(state, once->session, now, NULL);
        return false;
    }
    once->recorder.actor =
        (struct state_actor){.name = owner, .session = once->session, .term = once->term};
    once->renewed_ns = clock_boot_ns(once->clock);
    return true;
}

static void end(struct poll *once) {
    (void)state_lease_resign(once->recorder.state, once->session, once->term, NULL);
    (void)state_session_close(once->recorder.state, once->session, clock_wall_ms(once->clock),
                              NULL);
}

bool poll_once(const struct pipeline *pipeline, struct state *state, const char *owner,
               const struct clock *clock, bool *agent_polls, struct error *error) {
    struct poll once = {.recorder = {.pipeline = pipeline, .state = state}, .clock = clock};
    if (!begin(&once, owner, agent_polls, error)) {
        return *agent_polls;
    }
    bool good = measure_all(&once, error);
    end(&once);
    return good;
}

bool poll_server_jobs(const struct pipeline *pipeline, struct state *state, const char *owner,
                      const struct clock *clock, bool *agent_polls, size_t *held,
                      struct error *error) {
    struct poll once = {.recorder = {.pipeline = pipeline, .state = state}, .clock = clock};
    *held = 0;
    if (!begin(&once, owner, agent_polls, error)) {
        return *agent_polls;
    }
    bool good = ask_jobs(&once, held, error);
    end(&once);
    return good;
}

bool poll_estimate(const struct pipeline *pipeline, struct state *state, const char *owner,
                   const struct clock *clock, bool *agent_polls, struct error *error) {
    struct poll once = {.recorder = {.pipeline = pipeline, .state = state}, .clock = clock};
    if (!begin(&once, owner, agent_polls, error)) {
        return *agent_polls;
    }
    bool good = estimate_all(&once, error);
    end(&once);
    return good;
}
