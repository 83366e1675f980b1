#include "cli/perform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/print.h"
#include "cli/operate.h"
#include "gates/gates_json.h"
#include "runs/runs_stop.h"
#include "situation/launch.h"
#include "situation/retry.h"
#include "state/state_gates.h"
#include "state/state_sessions.h"
#include "state/state_unread.h"

static int64_t now_ms(void) {
    return clock_wall_ms(clock_system());
}

static bool carry_out(struct perform *perform, const struct runs_plan *plan, char *answer,
                      size_t size, struct error *error) {
    char *report = NULL;
    bool good = operate_launch_plan(plan, perform->state, perform->owner, &report, error);
    if (good) {
        (void)print_into(answer, size, "launched %zu run%s", plan->count,
                         plan->count == 1 ? "" : "s");
    }
    free(report);
    return good;
}

/* Plans and launches on what is known now, not on what was on the screen. */
static bool launch(struct perform *perform, struct situation_launch wanted, char *answer,
                   size_t size, struct error *error) {
    struct situation *situation =
        situation_load(perform->pipeline, perform->state, now_ms(), error);
    if (situation == NULL) {
        return false;
    }
    if (wanted.range.from > wanted.range.to) {
        wanted.range = situation->range;
    }
    struct runs_plan *plan = situation_plan(situation, &wanted, error);
    bool good = plan != NULL && carry_out(perform, plan, answer, size, error);
    runs_plan_free(plan);
    situation_free(situation);
    return good;
}

static bool launch_group(struct perform *perform, const struct command *command, char *answer,
                         size_t size, struct error *error) {
    struct situation_launch wanted = {.group =
                                          pipeline_find_group(perform->pipeline, command->group),
                                      .processor = PIPELINE_NONE,
                                      .range = {0, -1},
                                      .gaps = true};
    if (wanted.group == PIPELINE_NONE) {
        return error_set(error, EXIT_USAGE, "there is no group %s any more", command->group);
    }
    return launch(perform, wanted, answer, size, error);
}

static bool launch_dates(struct perform *perform, const char *name, struct dayset *dates,
                         char *answer, size_t size, struct error *error) {
    struct situation_launch wanted = {.group = PIPELINE_NONE,
                                      .processor = pipeline_find_processor(perform->pipeline, name),
                                      .range = dates->range,
                                      .dates = dates};
    if (wanted.processor == PIPELINE_NONE) {
        return error_set(error, EXIT_USAGE, "there is no processor %s any more", name);
    }
    return launch(perform, wanted, answer, size, error);
}

static bool launch_processor(struct perform *perform, const struct command *command, char *answer,
                             size_t size, struct error *error) {
    struct day_range all = {0, -1};
    for (size_t i = 0; i < command->range_count; i++) {
        struct day_range range = command->ranges[i];
        all.from = i == 0 || range.from < all.from ? range.from : all.from;
        all.to = i == 0 || range.to > all.to ? range.to : all.to;
    }
    struct dayset dates = dayset_new(all);
    for (size_t i = 0; i < command->range_count; i++) {
        dayset_add_range(&dates, command->ranges[i]);
    }
    bool good = launch_dates(perform, command->processor, &dates, answer, size, error);
    dayset_free(&dates);
    return good;
}

/* The dates of an ended run that are still not complete. */
static bool retry(struct perform *perform, const struct command *command, char *answer, size_t size,
                  struct error *error) {
    struct situation *situation =
        situation_load(perform->pipeline, perform->state, now_ms(), error);
    struct runs_plan *plan =
        situation != NULL ? situation_retry(situation, perform->state, command->run, 0, error)
                          : NULL;
    bool good = plan != NULL && carry_out(perform, plan, answer, size, error);
    runs_plan_free(plan);
    situation_free(situation);
    return good;
}

static bool stop(struct perform *perform, const struct command *command, char *answer, size_t size,
                 struct error *error) {
    struct state_actor actor = {.name = perform->owner};
    struct runs_stop_selector selector = {
        .run = command->run, .group = command->group, .at_once = command->kind == COMMAND_KILL};
    size_t asked = 0;
    const char *reason = command->reason != NULL         ? command->reason
                         : command->kind == COMMAND_KILL ? "killed in the console"
                                                         : "stopped in the console";
    char *later;
    if (!runs_stop_anyhow(perform->state, state_directory(perform->state), &actor, clock_system(),
                          &selector, reason, &asked, &later, error)) {
        return false;
    }
    if (later != NULL && asked > 0) {
        (void)print_into(answer, size, "told %zu shim%s to end; recorded later: %s", asked,
                         asked == 1 ? "" : "s", later);
        free(later);
        return true;
    }
    free(later);
    if (asked == 0) {
        return error_set(error, EXIT_NO_GO, "%s has ended or is %s already",
                         command->run != NULL ? command->run : "every run",
                         selector.at_once ? "being killed" : "stopping");
    }
    (void)print_into(answer, size, "%s %zu run%s%s", selector.at_once ? "killing" : "asked", asked,
                     asked == 1 ? "" : "s", selector.at_once ? "" : " to stop");
    char *limits = runs_stop_limits(perform->state, &selector);
    if (limits != NULL) {
        (void)print_into(answer, size, "%s", limits);
        free(limits);
    }
    return true;
}

static bool cancel_jobs(struct perform *perform, const struct command *command, char *answer,
                        size_t size, struct error *error) {
    struct state_actor actor = {.name = perform->owner};
    struct runs_stop_selector selector = {.run = command->run};
    size_t asked;
    size_t live;
    if (!runs_cancel_jobs(perform->state, &actor, clock_system(), &selector, &asked, &live,
                          error)) {
        return false;
    }
    if (asked == 0) {
        return error_set(error, EXIT_NO_GO,
                         "%s has no jobs on the server, or they are being "
                         "cancelled already",
                         command->run);
    }
    (void)print_into(answer, size, "the jobs of %s are being cancelled", command->run);
    return true;
}

static bool forget_coverage(struct perform *perform, const struct command *command, char *answer,
                            size_t size, struct error *error) {
    struct state_actor actor = {.name = perform->owner};
    if (!state_unread_forget(perform->state, &actor, command->run, command->reason,
                             clock_wall_ms(clock_system()), error)) {
        return false;
    }
    (void)print_into(answer, size, "the claims of %s are released", command->run);
    return true;
}

static bool judge(struct perform *perform, const struct command *command, char *answer, size_t size,
                  struct error *error) {
    struct state_actor actor = {.name = perform->owner};
    bool hold = command->kind != COMMAND_OVERRIDE;
    char *later = NULL;
    bool good;
    if (!hold && !operate_same_plan(perform->pipeline, error)) {
        return false;
    }
    if (command->kind == COMMAND_RELEASE) {
        good = state_mark_end(perform->state, &actor, command->gate, true, command->reason,
                              now_ms(), error);
    } else {
        /* An override without a reason of its own is the state's to refuse. */
        const char *usual = hold ? "held in the console" : "";
        const char *reason = command->reason != NULL ? command->reason : usual;
        good = hold ? operate_hold(perform->state, perform->owner, command->gate, reason, &later,
                                   error)
                    : state_mark_put(perform->state, &actor, command->gate, false, reason, now_ms(),
                                     error);
    }
    (void)print_into(answer, size, "%s: %s%s%s", command_name(command->kind), command->gate,
                     later != NULL ? "; recorded later: " : "", later != NULL ? later : "");
    free(later);
    return good;
}

static bool waive(struct perform *perform, const struct command *command, char *answer, size_t size,
                  struct error *error) {
    struct state_actor actor = {.name = perform->owner};
    for (size_t i = 0; i < command->range_count; i++) {
        if (!state_waiver_put(perform->state, &actor, command->table, command->ranges[i],
                              command->reason, now_ms(), 0, NULL, error)) {
            return false;
        }
    }
    (void)print_into(answer, size, "waived %zu dates of %s", command->affected, command->table);
    return true;
}

static bool approve(struct perform *perform, const struct command *command, char *answer,
                    size_t size, struct error *error) {
    struct situation *situation =
        situation_load(perform->pipeline, perform->state, now_ms(), error);
    if (situation == NULL) {
        return false;
    }
    size_t gate = command->gate != NULL && command->gate[0] != '\0'
                      ? pipeline_find_gate(perform->pipeline, command->gate)
                      : PIPELINE_NONE;
    const struct pipeline_indices *holds =
        gate != PIPELINE_NONE ? &perform->pipeline->gates[gate].holds : NULL;
    const struct operate_arm wish = {
        .group = holds != NULL && holds->count > 0 ? holds->items[0] : PIPELINE_NONE,
        .reason = command->reason,
    };
    char id[STATE_RUN_SIZE];
    bool good = operate_approve(situation, perform->state, perform->owner, &wish, id, error);
    if (good) {
        (void)print_into(answer, size, "approved (%s), for 16 hours", id);
    }
    situation_free(situation);
    return good;
}

static bool arm(struct perform *perform, const struct command *command, char *answer, size_t size,
                struct error *error) {
    size_t group = pipeline_find_group(perform->pipeline, command->group);
    char id[STATE_RUN_SIZE];
    size_t ended;
    if (group == PIPELINE_NONE) {
        return error_set(error, EXIT_USAGE, "there is no group %s any more", command->group);
    }
    if (command->kind == COMMAND_DISARM) {
        char *later;
        bool good = operate_disarm(perform->pipeline, perform->state, perform->owner, group,
                                   "disarmed in the console", &ended, &later, error);
        (void)print_into(answer, size,
                         later != NULL ? "disarmed %s; recorded later: %s" : "disarmed %s",
                         command->group, later != NULL ? later : "");
        good = good && (ended > 0 || later != NULL ||
                        error_set(error, EXIT_NO_GO, "%s is not armed any more", command->group));
        free(later);
        return good;
    }
    struct situation *situation =
        situation_load(perform->pipeline, perform->state, now_ms(), error);
    if (situation == NULL) {
        return false;
    }
    const struct operate_arm wish = {
        .group = group,
        .launch = {
            .group = group, .processor = PIPELINE_NONE, .range = situation->range, .gaps = true}};
    bool good = operate_arm(situation, perform->state, perform->owner, &wish, id, error);
    (void)print_into(answer, size, "%s is armed (%s), for 12 hours", command->group, id);
    situation_free(situation);
    return good;
}

static bool poll_soon(struct perform *perform, const struct command *command, char *answer,
                      size_t size, struct error *error) {
    (void)command;
    (void)print_into(answer, size, "asked the agent to poll now");
    return state_request_put(perform->state, STATE_REQUEST_POLL, "", perform->owner, now_ms(),
                             error);
}

bool perform_command(void *context, const struct command *command, char *answer, size_t size,
                     struct error *error) {
    static bool (*const hands[COMMAND_KIND_COUNT])(struct perform *, const struct command *, char *,
                                                   size_t, struct error *) = {
        [COMMAND_LAUNCH_GROUP] = launch_group,
        [COMMAND_LAUNCH_PROCESSOR] = launch_processor,
        [COMMAND_RETRY] = retry,
        [COMMAND_STOP] = stop,
        [COMMAND_KILL] = stop,
        [COMMAND_CANCEL_JOBS] = cancel_jobs,
        [COMMAND_FORGET_COVERAGE] = forget_coverage,
        [COMMAND_HOLD] = judge,
        [COMMAND_RELEASE] = judge,
        [COMMAND_OVERRIDE] = judge,
        [COMMAND_APPROVE] = approve,
        [COMMAND_ARM] = arm,
        [COMMAND_DISARM] = arm,
        [COMMAND_WAIVE] = waive,
        [COMMAND_POLL] = poll_soon,
    };
    if (hands[command->kind] == NULL) {
        return error_set(error, EXIT_UNAVAILABLE, "%s is not available in this version",
                         command_name(command->kind));
    }
    return hands[command->kind](context, command, answer, size, error);
}
