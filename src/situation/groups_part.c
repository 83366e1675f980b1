/* What stands between a group and its start: approvals, arms. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "situation/parts.h"
#include "state/state_arms.h"

/* For how long a person is told why an arm ended. */
static const int64_t arm_news_ms = INT64_C(16) * 3600 * 1000;

/* Whether an approval is a yes to this plan for this group, and still holds. */
static bool is_live(const struct state_approval *approval, const struct situation *situation,
                    const struct pipeline_group *group) {
    return approval->decision == STATE_DECIDED_GO && approval->revoked_at == 0 &&
           approval->consumed_by == NULL &&
           (situation->until == 0 || approval->at <= situation->until) &&
           approval->expires_at > situation->as_of &&
           strcmp(approval->plan_hash, situation->pipeline->hash) == 0 &&
           (approval->group[0] == '\0' || strcmp(approval->group, group->name) == 0);
}

static bool load_approvals(struct situation *situation, struct state *state, struct error *error) {
    size_t count;
    struct state_approval *approvals = state_approvals(state, &count, error);
    if (approvals == NULL) {
        return false;
    }
    for (size_t i = 0; i < situation->pipeline->group_count; i++) {
        struct situation_group *group = &situation->groups[i];
        for (size_t j = 0; j < count && group->approved_by == NULL; j++) {
            if (is_live(&approvals[j], situation, &situation->pipeline->groups[i])) {
                group->approval = memory_copy_string(approvals[j].approval);
                group->approved_by = memory_copy_string(approvals[j].by);
                group->approved_at = approvals[j].at;
                group->approved_until = approvals[j].expires_at;
            }
        }
    }
    state_approvals_free(approvals, count);
    return true;
}

static void take_arm(struct situation_group *group, const struct state_arm *arm, int64_t as_of,
                     int64_t until) {
    bool live = arm->ended_at == 0 || (until != 0 && arm->ended_at > until);
    if (live) {
        group->arm = memory_copy_string(arm->arm);
        group->armed_by = memory_copy_string(arm->by);
        group->armed_at = arm->at;
        group->armed_until = arm->expires_at;
        group->arm_need = arm->need;
        group->arm_streak = arm->streak;
        group->fires_at = arm->fire_at;
    } else if (arm->state != STATE_ARM_FIRED && as_of - arm->ended_at < arm_news_ms) {
        group->arm_ended = memory_format("%s: %s", state_arm_word(arm->state),
                                         arm->why != NULL ? arm->why : "no reason given");
        group->arm_ended_at = arm->ended_at;
    }
}

/* The newest arm of each group says how it stands. */
static bool load_arms(struct situation *situation, struct state *state, struct error *error) {
    size_t count;
    struct state_arm *arms = state_arms(state, false, &count, error);
    bool *seen = memory_new(situation->pipeline->group_count, sizeof *seen);
    for (size_t i = 0; arms != NULL && i < count; i++) {
        size_t group = pipeline_find_group(situation->pipeline, arms[i].group);
        if (group != PIPELINE_NONE && !seen[group] &&
            (situation->until == 0 || arms[i].at <= situation->until)) {
            seen[group] = true;
            take_arm(&situation->groups[group], &arms[i], situation->as_of, situation->until);
        }
    }
    free(seen);
    state_arms_free(arms, arms != NULL ? count : 0);
    return arms != NULL;
}

bool situation_load_groups(struct situation *situation, struct state *state, struct error *error) {
    situation->groups = memory_new(situation->pipeline->group_count, sizeof *situation->groups);
    return load_approvals(situation, state, error) && load_arms(situation, state, error);
}

void situation_free_groups(struct situation *situation) {
    for (size_t i = 0; situation->groups != NULL && i < situation->pipeline->group_count; i++) {
        free(situation->groups[i].approval);
        free(situation->groups[i].approved_by);
        free(situation->groups[i].arm);
        free(situation->groups[i].armed_by);
        free(situation->groups[i].arm_ended);
    }
    free(situation->groups);
}
