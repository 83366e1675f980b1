#include "agent/arms.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "runs/runs_launch.h"
#include "situation/launch.h"
#include "state/state_arms.h"
#include "state/state_gates.h"
#include "state/state_journal.h"

/* How long anybody can still say no, in wall milliseconds. */
static const int64_t countdown_ms = 60000;

/* One look at all arms. */
struct tending {
    const struct recorder *recorder;
    const struct clock *clock;
    const struct situation *situation;
    const struct pipeline_disk *disk;
    struct arms_news *news;
    struct text_buffer said;
    int64_t boot_ns;
};

static void tell(struct tending *tending, const char *group, const char *what) {
    text_buffer_format(&tending->said, "%s%s: %s", tending->said.size > 0 ? "; " : "", group, what);
}

static bool end_arm(struct tending *tending, const struct state_arm *arm, enum state_arm_state end,
                    const char *why, struct error *error) {
    bool done;
    if (!state_arm_end(tending->recorder->state, &tending->recorder->actor, arm->arm, end, why,
                       tending->situation->as_of, &done, error)) {
        return false;
    }
    tell(tending, arm->group, why);
    return true;
}

/* Which of the plans is another one; NULL when an arm is of the agent's plan and that is the
 * file's.
 */
static char *plan_reason(const struct tending *tending, const struct state_arm *arm) {
    const char *own = tending->situation->pipeline->hash;
    if (strcmp(arm->plan_hash, own) != 0) {
        return memory_format(
            "it was armed for plan %.12s of the pipeline file, and the agent works "
            "by plan %.12s",
            arm->plan_hash, own);
    }
    return tending->disk->kind == PIPELINE_DISK_CHANGED
               ? memory_format("the pipeline file changed since it was armed: plan %.12s is now "
                               "plan %.12s",
                               arm->plan_hash, tending->disk->hash)
               : NULL;
}

/* Why an arm is void whatever its gate says; NULL when it is not. The caller frees it. */
static char *void_reason(const struct tending *tending, const struct state_arm *arm,
                         enum state_arm_state *end) {
    struct state_process self = state_process_self();
    *end = STATE_ARM_DISARMED;
    if (arm->expires_at <= tending->situation->as_of) {
        *end = STATE_ARM_EXPIRED;
        return memory_copy_string("its time is over");
    }
    if (strcmp(arm->boot_id, self.boot_id) != 0) {
        return memory_copy_string("the machine was rebooted since it was armed");
    }
    char *other = plan_reason(tending, arm);
    if (other == NULL &&
        pipeline_find_group(tending->situation->pipeline, arm->group) == PIPELINE_NONE) {
        return memory_copy_string("the pipeline has no such group");
    }
    return other;
}

/* The age of a gate's word: that of the oldest of its measured inputs. What a person answered and
 * how runs ended does not age with the polls. */
static int64_t evidence_of(const struct situation *situation, size_t gate) {
    int64_t evidence = situation->header.polled_at;
    if (gate == PIPELINE_NONE) {
        return evidence;
    }
    const struct gates_gate *judged = &situation->gates->gates[gate];
    for (size_t i = 0; i < situation->pipeline->gates[gate].check_count; i++) {
        const struct gates_check *check = &judged->checks[i];
        bool ages = check->check->kind != PIPELINE_CHECK_MANUAL &&
                    check->check->kind != PIPELINE_CHECK_RUNS && check->age_ms >= 0;
        if (ages && situation->as_of - check->age_ms < evidence) {
            evidence = situation->as_of - check->age_ms;
        }
    }
    return evidence;
}

static bool group_runs(const struct situation *situation, const char *group) {
    for (size_t i = 0; i < situation->run_count; i++) {
        const struct situation_run *run = &situation->runs[i];
        if (run->ended_at == 0 && strcmp(run->group, group) == 0) {
            return true;
        }
    }
    return false;
}

/* Disarms, and holds the gate so that nobody takes silence for success. */
static bool refuse(struct tending *tending, const struct state_arm *arm, size_t gate,
                   const struct error *why, struct error *error) {
    const struct recorder *recorder = tending->recorder;
    int64_t now = tending->situation->as_of;
    char *text = memory_format("armed, and refused when it was to start: %s", why->text);
    bool good = end_arm(tending, arm, STATE_ARM_DISARMED, text, error) &&
                state_journal_append(recorder->state, &recorder->actor, now, STATE_EVENT_REFUSED,
                                     arm->group, text, NULL, error);
    if (good && gate != PIPELINE_NONE) {
        struct error held = {0};
        good = state_mark_put(recorder->state, &recorder->actor,
                              tending->situation->pipeline->gates[gate].name, true, text, now,
                              &held) ||
               held.code == EXIT_NO_GO; /* it is held already */
        if (!good) {
            *error = held;
        }
    }
    free(text);
    return good;
}

static void report(struct tending *tending, const struct runs_plan *plan,
                   struct runs_started *started) {
    for (size_t i = 0; i < plan->count; i++) {
        const char *processor = plan->pipeline->processors[started[i].processor].name;
        tell(tending, processor, started[i].problem != NULL ? started[i].problem : "started");
    }
    tending->news->launched++;
    tending->news->live--;
    runs_started_free(started, plan->count);
}

/* Whether a failure is a no that will stay one, and not a busy or full disk. */
static bool is_refusal(const struct error *error) {
    return error->code == EXIT_NO_GO || error->code == EXIT_USAGE || error->code == EXIT_DATA;
}

/* How many of a table's dates another run could complete: those with too many rows are a person's.
 */
static size_t count_open(const struct coverage_report *report, size_t table,
                         struct day_range range) {
    struct day_range part = day_range_intersect(report->range, range);
    size_t open = 0;
    for (int64_t day = part.from; day <= part.to; day++) {
        enum coverage_day_state state = report->tables[table].days[day - report->range.from].state;
        open += state == COVERAGE_MISSING || state == COVERAGE_PARTIAL ? 1 : 0;
    }
    return open;
}

/* Whether every date that the launch is for is complete already. */
static bool is_done(const struct situation *situation, const struct situation_launch *wanted) {
    const struct pipeline *pipeline = situation->pipeline;
    const struct pipeline_indices *runs = &pipeline->groups[wanted->group].runs;
    size_t open = 0;
    for (size_t i = 0; i < runs->count; i++) {
        const struct pipeline_indices *fills = &pipeline->processors[runs->items[i]].fills;
        for (size_t j = 0; j < fills->count; j++) {
            if (!situation->coverage->tables[fills->items[j]].all.known) {
                return false;
            }
            open += count_open(situation->coverage, fills->items[j], wanted->range);
        }
    }
    return open == 0;
}

static bool fire(struct tending *tending, const struct state_arm *arm, size_t gate,
                 struct error *error) {
    struct situation_launch wanted;
    struct error why = {0};
    struct runs_plan *plan = NULL;
    struct runs_started *started = NULL;
    struct runs_launcher launcher = {.actor = tending->recorder->actor,
                                     .owner = arm->by,
                                     .approval = arm->approval,
                                     .arm = arm->arm,
                                     .clock = tending->clock};
    bool good = situation_launch_read(tending->situation->pipeline, arm->group, arm->request,
                                      &wanted, &why);
    if (good && is_done(tending->situation, &wanted)) {
        tending->news->live--;
        return end_arm(tending, arm, STATE_ARM_DISARMED,
                       "nothing to launch: no date of it is missing", error);
    }
    good = good && (plan = situation_plan(tending->situation, &wanted, &why)) != NULL &&
           runs_launch(plan, tending->recorder->state, &launcher, &started, &why);
    if (good) {
        report(tending, plan, started);
    } else if (is_refusal(&why)) {
        good = refuse(tending, arm, gate, &why, error);
        tending->news->live -= good ? 1 : 0;
    } else if (why.code == EXIT_UNKNOWN) {
        good = true; /* its tables must be measured first: at the next look */
    } else {
        *error = why;
    }
    runs_plan_free(plan);
    return good;
}

static bool tend(struct tending *tending, const struct state_arm *arm, struct error *error) {
    const struct situation *situation = tending->situation;
    enum state_arm_state end;
    char *why = void_reason(tending, arm, &end);
    if (why != NULL) {
        bool good = end_arm(tending, arm, end, why, error);
        free(why);
        return good;
    }
    tending->news->live++;
    if (group_runs(situation, arm->group) || tending->disk->kind != PIPELINE_DISK_SAME) {
        return true;
    }
    size_t gate =
        situation->pipeline->groups[pipeline_find_group(situation->pipeline, arm->group)].behind;
    bool go = gate == PIPELINE_NONE || situation->gates->gates[gate].verdict == GATES_GO;
    if (!go && situation->gates->gates[gate].verdict == GATES_STALE) {
        return true; /* evidence that grew old is no sample, neither for nor against */
    }
    if (go && arm->fire_ns != 0 && arm->fire_ns <= tending->boot_ns) {
        return fire(tending, arm, gate, error);
    }
    int64_t fire_ns = tending->boot_ns + clock_real_ms(countdown_ms) * 1000000;
    if (!state_arm_sample(tending->recorder->state, &tending->recorder->actor, arm->arm, go,
                          evidence_of(situation, gate), situation->as_of + countdown_ms, fire_ns,
                          situation->as_of, error)) {
        return false;
    }
    bool counts = go && (arm->fire_ns != 0 || arm->streak + 1 >= arm->need);
    int64_t due = arm->fire_ns != 0 ? arm->fire_ns : fire_ns;
    if (counts && (tending->news->due_ns == 0 || due < tending->news->due_ns)) {
        tending->news->due_ns = due;
    }
    return true;
}

bool arms_step(const struct recorder *recorder, const struct clock *clock,
               const struct situation *situation, const struct pipeline_disk *disk,
               struct arms_news *news, struct error *error) {
    struct tending tending = {.recorder = recorder,
                              .clock = clock,
                              .situation = situation,
                              .disk = disk,
                              .news = news,
                              .boot_ns = clock_boot_ns(clock)};
    size_t count;
    *news = (struct arms_news){0};
    struct state_arm *arms = state_arms(recorder->state, true, &count, error);
    bool good = arms != NULL;
    for (size_t i = 0; good && i < count; i++) {
        good = tend(&tending, &arms[i], error);
    }
    state_arms_free(arms, arms != NULL ? count : 0);
    news->said = tending.said.size > 0 ? text_buffer_take(&tending.said) : NULL;
    text_buffer_free(&tending.said);
    return good;
}
