#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "runs/lock.h"
#include "runs/orphan.h"
#include "runs/record.h"
#include "runs/runner.h"
#include "runs/runs_reconcile.h"
#include "runs/spec.h"
#include "state/state_notice.h"

struct task {
    struct state *state;
    const struct state_actor *actor;
    const struct clock *clock;
    struct runs_reconciled *sums;
    char boot_id[CLOCK_BOOT_ID_SIZE];
};

static bool end_run(struct task *task, const struct state_run *run, const struct record *record,
                    const char *recorded_by, const char *remark, size_t *sum, struct error *error) {
    bool done;
    if (!record_store(task->state, task->actor, run->run, record, recorded_by, remark, &done,
                      error)) {
        return false;
    }
    *sum += done ? 1 : 0;
    return true;
}

static bool was_signalled(const struct state_run *run) {
    return run->stop_stage != NULL && strcmp(run->stop_stage, "requested") != 0;
}

/* What a wait status alone means: the shim that would have judged it is gone. */
static void judge_wait(const struct state_run *run, struct record *record) {
    bool more = record->step + 1 < run->step_count;
    if (record->outcome == STATE_OUTCOME_SPAWN_ERROR) {
        return;
    }
    if (was_signalled(run)) {
        record->outcome = STATE_OUTCOME_STOPPED;
    } else {
        bool good = record->wait_status == 0 && !more && run->notices.steps_failed == 0;
        record->outcome = good ? STATE_OUTCOME_OK : STATE_OUTCOME_FAILED;
    }
}

/* The wait status of what stood here for a command elsewhere counts only with that one's word. */
static void judge_remote(const struct state_run *run, struct record *record) {
    char *why = NULL;
    struct spec *spec = record->has_wait_status ? spec_read(run->directory, NULL) : NULL;
    enum runner_word word =
        spec == NULL ? RUNNER_HEARD : runner_word_of(spec, run->directory, record->step, &why);
    if (word != RUNNER_HEARD) {
        record->has_wait_status = false;
        record->outcome = word == RUNNER_NEVER ? STATE_OUTCOME_SPAWN_ERROR : STATE_OUTCOME_LOST;
        record->spawn_error = why;
    }
    spec_free(spec);
}

/* What is not believed of a run, for the sentence about its end; the first of several. */
static void keep_doubt(char **doubt, const struct error *why) {
    bool said = why->code == EXIT_DATA || why->code == EXIT_SOFTWARE || why->code == EXIT_NO_GO;
    if (*doubt == NULL && said) {
        *doubt = memory_copy_string(why->text);
    }
}

/* The record that was left on disk, and how it came there; false when there is none. */
static bool find_record(const struct state_run *run, struct record *record, const char **remark,
                        char **doubt) {
    struct error why = {0};
    *remark = "recorded by its shim, which ended before it could say so here";
    if (record_read(run->directory, SPEC_EXIT, run->run, record, &why) &&
        record->outcome != STATE_OUTCOME_NONE) {
        return true;
    }
    keep_doubt(doubt, &why);
    record_clear(record);
    why = (struct error){0};
    *remark = "seen by its witness; its shim was killed";
    /* The wait status of an earlier step says nothing of the one that ran last; of a step that is
     * not recorded, the witness can only have seen that it was never let go. */
    bool found =
        record_read(run->directory, SPEC_WAIT, run->run, record, &why) && record->step >= run->step;
    keep_doubt(doubt, &why);
    if (found) {
        judge_wait(run, record);
        judge_remote(run, record);
    }
    return found;
}

/* Says in the state file what was left on disk; false in `*found` when there is nothing, or nothing
 * that can be: then `*doubt` says why, which the caller frees. */
static bool replay(struct task *task, const struct state_run *run, bool *found, char **doubt,
                   struct error *error) {
    struct record record;
    struct error why = {0};
    const char *remark;
    *found = find_record(run, &record, &remark, doubt);
    record.adopted = run->notices.adopted;
    const char *by = record.outcome == STATE_OUTCOME_LOST ? "reconciler" : "replay";
    bool done = !*found || end_run(task, run, &record, by, remark, &task->sums->replayed, &why);
    record_clear(&record);
    if (!done && (why.code == EXIT_SOFTWARE || why.code == EXIT_NO_GO)) {
        /* It says what no run of the state file can come to. */
        keep_doubt(doubt, &why);
        *found = false;
        return true;
    }
    if (!done && error != NULL) {
        *error = why;
    }
    return done;
}

/* Of another account's run only the record of its shim is believed: it is written when nothing of
 * the run is left, and what else there may be cannot be seen from here. */
static bool replay_end(struct task *task, const struct state_run *run, struct error *error) {
    struct record record;
    char *doubt = NULL;
    bool ended = record_read(run->directory, SPEC_EXIT, run->run, &record, NULL) &&
                 record.outcome != STATE_OUTCOME_NONE;
    record_clear(&record);
    bool done = !ended || replay(task, run, &ended, &doubt, error);
    task->sums->elsewhere += ended ? 0 : 1;
    free(doubt);
    return done;
}

static bool end_unstarted(struct task *task, const struct state_run *run, const char *why,
                          struct error *error) {
    struct record record = {.outcome = STATE_OUTCOME_SPAWN_ERROR,
                            .never_taken = run->state == STATE_RUN_CLAIMED,
                            .spawn_error = memory_copy_string(why),
                            .ended_at = clock_wall_ms(task->clock)};
    bool done = end_run(task, run, &record, "reconciler", NULL, &task->sums->unstarted, error);
    record_clear(&record);
    return done;
}

static bool end_lost(struct task *task, const struct state_run *run, bool rebooted,
                     const char *doubt, struct error *error) {
    struct record record = {
        .outcome = STATE_OUTCOME_LOST, .step = run->step, .ended_at = clock_wall_ms(task->clock)};
    const char *why = doubt != NULL ? doubt
                      : rebooted    ? "the machine restarted while it ran"
                                    : "its shim and its witness were killed";
    char *remark = memory_format("%s; coverage says what is there", why);
    bool done = end_run(task, run, &record, "reconciler", remark, &task->sums->lost, error);
    free(remark);
    return done;
}

static bool reconcile_claimed(struct task *task, const struct state_run *run, bool rebooted,
                              struct error *error) {
    int64_t age = clock_boot_ns(task->clock) - run->created_boot_ns;
    if (!rebooted && age < STATE_CLAIM_PATIENCE_NS) {
        task->sums->live++;
        return true;
    }
    return end_unstarted(task, run,
                         rebooted ? "the machine restarted before it was started"
                                  : "no shim took it within 30 s of its launch",
                         error);
}

static bool end_adopted(struct task *task, const struct state_run *run, bool rebooted,
                        struct error *error) {
    bool stopped = was_signalled(run) && !rebooted;
    struct record record = {.outcome = stopped ? STATE_OUTCOME_STOPPED : STATE_OUTCOME_LOST,
                            .adopted = true,
                            .ended_at = clock_wall_ms(task->clock)};
    return end_run(task, run, &record, "reconciler",
                   rebooted ? "the machine restarted while it ran; coverage says what is there"
                            : "the shim that watched it was killed; coverage says what is there",
                   &task->sums->lost, error);
}

/* Nothing of the run is alive, and no file that is believed says how it ended. */
static bool end_unknown(struct task *task, const struct state_run *run, bool rebooted,
                        const char *doubt, struct error *error) {
    /* The gate opens only after "running" was committed: a run that is starting never ran. */
    bool never_ran = run->child.pid == 0;
    if (run->notices.adopted) {
        return end_adopted(task, run, rebooted, error);
    }
    return never_ran ? end_unstarted(task, run, "its shim was killed before the command was let go",
                                     error)
                     : end_lost(task, run, rebooted, doubt, error);
}

/* Reads the run again, now that nothing of it lives: it may have gone on since the list was read.
 */
static bool end_dead(struct task *task, const char *run, bool rebooted, struct error *error) {
    struct state_run_filter filter = {.run = run, .live = true};
    size_t count;
    bool found = true;
    struct state_run *now = state_runs(task->state, &filter, &count, error);
    char *doubt = NULL;
    bool done = now != NULL && (count == 0 || replay(task, now, &found, &doubt, error)) &&
                (found || end_unknown(task, now, rebooted, doubt, error));
    free(doubt);
    state_runs_free(now, count);
    return done;
}

static bool reconcile_run(struct task *task, const struct state_run *run, struct error *error) {
    bool done;
    bool rebooted = strcmp(run->created_boot_id, task->boot_id) != 0;
    if (!rebooted && lock_is_held(run->directory, SPEC_SHIM_LOCK)) {
        task->sums->live++;
        return true;
    }
    if (run->state == STATE_RUN_CLAIMED) {
        return reconcile_claimed(task, run, rebooted, error);
    }
    if (!rebooted && orphan_is_alive(run)) {
        task->sums->orphans++;
        return state_run_orphan(task->state, task->actor, run->run, clock_wall_ms(task->clock),
                                &done, error) &&
               orphan_go_on_stopping(task->state, task->clock, run, error);
    }
    if (!rebooted && orphan_is_foreign(run)) {
        return replay_end(task, run, error);
    }
    return end_dead(task, run->run, rebooted, error);
}

/* What the state file refuses of one run is said of that run, and keeps nobody from the others. */
static bool set_aside(struct task *task, const struct state_run *run, struct error *error) {
    if (error->code != EXIT_SOFTWARE && error->code != EXIT_NO_GO) {
        return false;
    }
    char *text = memory_format("cannot be brought up to date: %s", error->text);
    bool done = state_notice_stuck(task->state, task->actor, run->run, -1, text,
                                   clock_wall_ms(task->clock), error);
    task->sums->aside++;
    free(text);
    return done;
}

bool runs_reconcile(struct state *state, const struct state_actor *actor, const struct clock *clock,
                    struct runs_reconciled *reconciled, struct error *error) {
    struct state_run_filter filter = {.live = true};
    struct task task = {.state = state, .actor = actor, .clock = clock, .sums = reconciled};
    size_t count;
    (void)clock_boot_id(task.boot_id);
    *reconciled = (struct runs_reconciled){0};
    struct state_run *runs = state_runs(state, &filter, &count, error);
    bool done = runs != NULL;
    for (size_t i = 0; done && i < count; i++) {
        struct error why = {0};
        done = reconcile_run(&task, &runs[i], &why) || set_aside(&task, &runs[i], &why);
        if (!done && error != NULL) {
            *error = why;
        }
    }
    state_runs_free(runs, count);
    return done;
}
