/* Records what emergency markers say, once the state can be written again. */
#include <string.h>

#include "state/marker.h"
#include "state/state_arms.h"
#include "state/state_gates.h"
#include "state/state_runs.h"

static const char reason[] = "asked for while the state could not be written";

static bool disarm(struct state *state, const struct state_actor *actor, const char *group,
                   int64_t at, struct error *error) {
    size_t count;
    bool ended;
    struct state_arm *arms = state_arms(state, true, &count, error);
    bool done = arms != NULL;
    for (size_t i = 0; done && i < count; i++) {
        if (group[0] == '\0' || strcmp(arms[i].group, group) == 0) {
            done = state_arm_end(state, actor, arms[i].arm, STATE_ARM_DISARMED, reason, at, &ended,
                                 error);
        }
    }
    state_arms_free(arms, arms != NULL ? count : 0);
    return done;
}

/* That something was done already is no mistake. */
static bool record(struct state *state, const struct state_emergency *marker, int64_t at,
                   struct error *error) {
    struct state_actor actor = {.name = marker->by};
    char *runs[] = {marker->subject};
    struct error refused = {0};
    size_t asked;
    switch (marker->kind) {
    case STATE_EMERGENCY_STOP:
        return state_runs_stop(state, &actor, runs, 1, reason, false, at, &asked, error);
    case STATE_EMERGENCY_DISARM:
        return disarm(state, &actor, marker->subject, at, error);
    default:
        break;
    }
    if (state_mark_put(state, &actor, marker->subject, true, reason, at, &refused) ||
        refused.code == EXIT_NO_GO) {
        return true;
    }
    *error = refused;
    return false;
}

bool state_emergency_fold(struct state *state, int64_t at, size_t *found, struct error *error) {
    const char *directory = state_directory(state);
    struct state_emergency *markers = state_emergencies(directory, found);
    bool done = true;
    for (size_t i = 0; done && i < *found; i++) {
        if (markers[i].removable) {
            done = record(state, &markers[i], at, error);
            done = done && (marker_remove(directory, &markers[i]) ||
                            error_set(error, EXIT_IO,
                                      "cannot take away the marker of an emergency "
                                      "in %s/emergency",
                                      directory));
        }
    }
    state_emergencies_free(markers, *found);
    return done;
}
