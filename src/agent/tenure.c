#include "agent/tenure.h"

#include <poll.h>
#include <string.h>

#include "state/state_journal.h"
#include "state/state_lease.h"
#include "state/state_sessions.h"

static const int64_t margin_ns = INT64_C(1000000000);
static const int64_t verb_patience_ms = 600000; /* a verb's poll has deadlines of its own */
enum { LOOK_MS = 100 };

static bool take(struct tenure *tenure, bool starts, struct error *error) {
    struct recorder *recorder = tenure->recorder;
    int64_t now = clock_boot_ns(tenure->clock);
    int64_t term;
    if (!(starts ? state_lease_start : state_lease_take)(
            recorder->state, tenure->session, clock_wall_ms(tenure->clock), now, &term, error)) {
        if (error->code == EXIT_NO_GO) {
            error->code = EXIT_TEMPORARY;
            tenure->lost = true;
        }
        return false;
    }
    tenure->renewed_ns = now;
    recorder->actor =
        (struct state_actor){.name = "agent", .session = tenure->session, .term = term};
    return true;
}

/* Whether who has the lease is a verb, which polls once and gives it back. */
static bool is_a_verbs(const struct tenure *tenure) {
    struct state *state = tenure->recorder->state;
    struct state_lease lease = {0};
    size_t count = 0;
    bool verbs = false;
    struct state_session *sessions = state_sessions(state, &count, NULL);
    if (sessions != NULL && state_lease_load(state, clock_boot_ns(tenure->clock), &lease, NULL)) {
        verbs = lease.holder == NULL;
        for (size_t i = 0; i < count && lease.holder != NULL; i++) {
            verbs = verbs || (sessions[i].role == STATE_VERB &&
                              strcmp(sessions[i].session, lease.holder) == 0);
        }
    }
    state_lease_clear(&lease);
    state_sessions_free(sessions, count);
    return verbs;
}

bool tenure_begin(struct tenure *tenure, const char *owner, struct error *error) {
    struct state *state = tenure->recorder->state;
    int64_t now = clock_wall_ms(tenure->clock);
    if (!state_session_open(state, STATE_AGENT, owner, now, tenure->session, error)) {
        return false;
    }
    int64_t waited = 0;
    while (!take(tenure, true, error)) {
        if (!tenure->lost || waited >= verb_patience_ms || !is_a_verbs(tenure)) {
            return false;
        }
        tenure->lost = false;
        (void)poll(NULL, 0, LOOK_MS);
        waited += LOOK_MS;
    }
    return true;
}

bool tenure_keep(struct tenure *tenure, enum tenure_news *news, struct error *error) {
    struct state *state = tenure->recorder->state;
    int64_t now = clock_boot_ns(tenure->clock);
    int64_t wall = clock_wall_ms(tenure->clock);
    *news = TENURE_SAME;
    if (now - tenure->renewed_ns < STATE_LEASE_RENEW_NS) {
        return true;
    }
    if (state_lease_renew(state, tenure->session, tenure->recorder->actor.term, wall, now, error)) {
        tenure->renewed_ns = now;
    } else if (error->code == EXIT_NO_GO && take(tenure, false, error)) {
        *news = TENURE_AGAIN;
    } else {
        return false;
    }
    return state_session_beat(state, tenure->session, wall, error) &&
           state_session_prune(state, wall, error);
}

bool tenure_sure(const struct tenure *tenure) {
    return !tenure->lost &&
           clock_boot_ns(tenure->clock) - tenure->renewed_ns < STATE_LEASE_TTL_NS - margin_ns;
}

void tenure_end(struct tenure *tenure) {
    struct recorder *recorder = tenure->recorder;
    int64_t now = clock_wall_ms(tenure->clock);
    if (!tenure->lost && recorder->actor.term != 0) {
        (void)state_journal_append(recorder->state, &recorder->actor, now, STATE_EVENT_AGENT_STOP,
                                   NULL, "agent left", NULL, NULL);
        (void)state_lease_resign(recorder->state, tenure->session, recorder->actor.term, NULL);
    }
    if (tenure->session[0] != '\0') {
        (void)state_session_close(recorder->state, tenure->session, now, NULL);
    }
}
