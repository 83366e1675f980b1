/* Approving, arming and disarming groups. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "cli/operate.h"
#include "gates/gates_json.h"
#include "state/state_arms.h"
#include "state/state_emergency.h"
#include "state/state_gates.h"

bool operate_approve(const struct situation *situation, struct state *state, const char *owner,
                     const struct operate_arm *wish, char id[STATE_RUN_SIZE], struct error *error) {
    const struct pipeline *pipeline = situation->pipeline;
    if (!operate_same_plan(pipeline, error)) {
        return false;
    }
    bool whole = wish->group == PIPELINE_NONE;
    size_t gate = whole ? PIPELINE_NONE : pipeline->groups[wish->group].behind;
    json_t *json = gates_to_json(situation->gates, gate, NULL);
    char *evidence = json_text(json);
    char all[] = "";
    struct state_actor actor = {.name = owner};
    struct state_approval approval = {
        .plan_hash = (char *)pipeline->hash, /* only read, as are the others */
        .group = whole ? all : pipeline->groups[wish->group].name,
        .decision = STATE_DECIDED_GO,
        .by = (char *)owner,
        .at = situation->as_of,
        .expires_at = situation->as_of + (wish->for_ms > 0 ? wish->for_ms : OPERATE_APPROVAL_MS),
        .evidence = evidence,
        .reason = (char *)wish->reason,
    };
    bool good = state_approval_put(state, &actor, &approval, id, error);
    free(evidence);
    json_decref(json);
    return good;
}

bool operate_arm(const struct situation *situation, struct state *state, const char *owner,
                 const struct operate_arm *wish, char id[STATE_RUN_SIZE], struct error *error) {
    const struct situation_group *group = &situation->groups[wish->group];
    char *name = situation->pipeline->groups[wish->group].name;
    const struct situation_plan *plan = &situation->header.plan;
    if (!operate_same_plan(situation->pipeline, error)) {
        return false;
    }
    if (plan->agent[0] != '\0' && strcmp(plan->agent, situation->pipeline->hash) != 0) {
        return error_set(
            error, EXIT_NO_GO,
            "the agent works by plan %.12s, and %s is plan %.12s: it would not fire this "
            "arm. First: phasegate agent --restart",
            plan->agent, situation->pipeline->file, situation->pipeline->hash);
    }
    if (group->approval == NULL) {
        return error_set(error, EXIT_NO_GO,
                         "%s has no live approval of this plan: `phasegate approve %s` records one",
                         name, name);
    }
    char *request = situation_launch_write(&wish->launch);
    struct state_actor actor = {.name = owner};
    struct state_arm arm = {
        .group = name,
        .plan_hash = (char *)situation->pipeline->hash,
        .approval = group->approval,
        .request = request,
        .at = situation->as_of,
        .expires_at = situation->as_of + (wish->for_ms > 0 ? wish->for_ms : OPERATE_ARM_MS),
    };
    bool good = state_arm_put(state, &actor, &arm, id, error);
    free(request);
    return good;
}

/* What a marker can still bring about. */
static bool leave_marker(const char *directory, enum state_emergency_kind kind, const char *subject,
                         char **later, struct error *error) {
    if (!state_emergency_helps(error)) {
        return false;
    }
    *later = memory_copy_string(error->text);
    if (state_emergency_raise(directory, kind, subject, error)) {
        return true;
    }
    free(*later);
    *later = NULL;
    return false;
}

bool operate_hold(struct state *state, const char *owner, const char *gate, const char *reason,
                  char **later, struct error *error) {
    struct state_actor actor = {.name = owner};
    *later = NULL;
    return state_mark_put(state, &actor, gate, true, reason, clock_wall_ms(clock_system()),
                          error) ||
           leave_marker(state_directory(state), STATE_EMERGENCY_HOLD, gate, later, error);
}

bool operate_disarm(const struct pipeline *pipeline, struct state *state, const char *owner,
                    size_t group, const char *reason, size_t *ended, char **later,
                    struct error *error) {
    *later = NULL;
    struct state_actor actor = {.name = owner};
    size_t count;
    *ended = 0;
    struct state_arm *arms = state_arms(state, true, &count, error);
    bool good = arms != NULL;
    for (size_t i = 0; good && i < count; i++) {
        bool done = false;
        if (group == PIPELINE_NONE || strcmp(arms[i].group, pipeline->groups[group].name) == 0) {
            good = state_arm_end(state, &actor, arms[i].arm, STATE_ARM_DISARMED, reason,
                                 clock_wall_ms(clock_system()), &done, error);
        }
        *ended += done ? 1 : 0;
    }
    state_arms_free(arms, arms != NULL ? count : 0);
    return good ||
           leave_marker(state_directory(state), STATE_EMERGENCY_DISARM,
                        group == PIPELINE_NONE ? "" : pipeline->groups[group].name, later, error);
}

bool operate_mark_unopened(const char *pipeline, enum state_emergency_kind kind,
                           const char *subject, char **later, struct error *error) {
    struct error homeless;
    char *directory = state_home(pipeline, &homeless);
    *later = NULL;
    bool left = directory != NULL && leave_marker(directory, kind, subject, later, error);
    free(directory);
    return left;
}
