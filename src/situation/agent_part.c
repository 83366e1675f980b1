/* Whether an agent is at work, who looks on, and why nothing is stored when it cannot be. */
#include <stdlib.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/moment.h"
#include "situation/parts.h"
#include "state/state_copy.h"
#include "state/state_lease.h"
#include "state/state_sessions.h"

/* Two renewals were missed. */
static const int64_t old_copy_ms = 30000;
static const int64_t silent_ns = INT64_C(11) * 1000000000;

/* Less cannot hold a transaction and its journal. */
static const int64_t full_bytes = INT64_C(1) << 20;

char *situation_agent_trouble(int64_t since, int64_t now, int64_t free, const char *directory) {
    char at[MOMENT_SIZE];
    (void)moment_format(since, now, at);
    if (free >= 0 && free < full_bytes) {
        return memory_format("disk full: nothing can be stored since %s; free space in %s", at,
                             directory);
    }
    return memory_format("the agent is frozen or locked out since %s: nothing is stored", at);
}

static int64_t free_bytes(const char *directory) {
    struct statvfs place;
    return statvfs(directory, &place) == 0 ? (int64_t)(place.f_bavail * place.f_frsize) : -1;
}

static bool load_consoles(struct situation *situation, struct state *state, struct error *error) {
    size_t count;
    struct state_session *sessions = state_sessions(state, &count, error);
    if (sessions == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        situation->header.consoles += sessions[i].role == STATE_CONSOLE ? 1 : 0;
    }
    state_sessions_free(sessions, count);
    return true;
}

bool situation_load_agent(struct situation *situation, struct state *state, struct error *error) {
    struct situation_header *header = &situation->header;
    struct state_lease lease = {0};
    int64_t now = clock_boot_ns(clock_system());
    if (!load_consoles(situation, state, error) || !state_lease_load(state, now, &lease, error)) {
        return false;
    }
    const char *directory = state_directory(state);
    int64_t free = free_bytes(directory);
    bool silent = now - (lease.expires_ns - STATE_LEASE_TTL_NS) > silent_ns;
    bool full = free >= 0 && free < full_bytes;
    header->agent_alive = lease.held;
    if (lease.there && (lease.held || lease.abandoned) && silent && (full || !lease.held)) {
        header->agent_trouble =
            situation_agent_trouble(lease.renewed_at, situation->as_of, free, directory);
    }
    int64_t copied = state_copy_at(state);
    int64_t age = clock_wall_ms(clock_system()) - copied;
    if (copied != 0 && age > old_copy_ms && header->agent_trouble == NULL) {
        header->agent_trouble =
            memory_format("you watch a copy of the state, %lld min %lld s old; nobody publishes a "
                          "newer one",
                          (long long)(age / 60000), (long long)(age / 1000 % 60));
    }
    int64_t term = lease.term;
    state_lease_clear(&lease);
    return !header->agent_alive || (situation_load_trouble(situation, state, term, error) &&
                                    situation_load_plan(situation, state, term, error));
}
