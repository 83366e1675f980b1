#include "situation/retry.h"

#include <string.h>

#include "base/memory.h"
#include "runs/runs_verdict.h"
#include "situation/launch.h"
#include "situation/parts.h"
#include "state/state_runs.h"

/* Takes off the dates that hold too many rows in this table. */
static void leave_out_excess(const struct situation *situation, size_t table,
                             struct dayset *dates) {
    for (day_number day = dayset_next(dates, dates->range.from); day != DAY_NONE;
         day = dayset_next(dates, day + 1)) {
        const struct coverage_day *facts = coverage_day_at(situation->coverage, table, day);
        if (facts != NULL && facts->state == COVERAGE_EXCESS) {
            dayset_remove(dates, day);
        }
    }
}

/* Leaves of `dates` those that are not complete in one of the run's tables. A date that holds too
 * many rows in one of them is a person's: another try may add to them. */
static bool keep_gaps(const struct situation *situation, const struct state_run *run,
                      struct dayset *dates, struct error *error) {
    struct dayset open = dayset_new(dates->range);
    bool known = true;
    for (size_t i = 0; known && i < run->table_count; i++) {
        size_t table = pipeline_find_table(situation->pipeline, run->tables[i].table);
        known = table != PIPELINE_NONE && situation->coverage->tables[table].all.known;
        if (!known) {
            (void)error_set(error, EXIT_UNKNOWN, "what %s lacks is not known: it was not measured",
                            run->tables[i].table);
            break;
        }
        struct dayset gaps = coverage_gaps(situation->coverage, table, situation->range, false);
        dayset_unite(&open, &gaps);
        dayset_free(&gaps);
        leave_out_excess(situation, table, dates);
    }
    dayset_intersect(dates, &open);
    dayset_free(&open);
    return known &&
           (dayset_count(dates) > 0 ||
            error_set(error, EXIT_NO_GO,
                      "every date of %s is complete, or holds too many rows, which another try "
                      "may only add to: there is nothing to retry",
                      run->run));
}

static struct runs_plan *plan_of(const struct situation *situation, const struct state_run *run,
                                 int workers, struct error *error) {
    size_t processor = pipeline_find_processor(situation->pipeline, run->processor);
    if (processor == PIPELINE_NONE) {
        (void)error_set(error, EXIT_NO_GO, "the pipeline file no longer has the processor %s",
                        run->processor);
        return NULL;
    }
    if (run->state != STATE_RUN_ENDED) {
        (void)error_set(error, EXIT_NO_GO, "%s has not ended; stop it, or wait for it", run->run);
        return NULL;
    }
    struct dayset dates = dayset_copy(&run->dates);
    struct runs_plan *plan = NULL;
    if (keep_gaps(situation, run, &dates, error)) {
        struct situation_launch wanted = {.group = PIPELINE_NONE,
                                          .processor = processor,
                                          .range = dates.range,
                                          .dates = &dates,
                                          .workers = workers,
                                          .retry_of = run->run};
        plan = situation_plan(situation, &wanted, error);
    }
    dayset_free(&dates);
    if (plan != NULL) {
        runs_plan_set_group(plan, run->group);
    }
    return plan;
}

struct runs_plan *situation_retry(const struct situation *situation, struct state *state,
                                  const char *run, int workers, struct error *error) {
    struct state_run_filter filter = {.run = run};
    size_t count;
    struct state_run *runs = state_runs(state, &filter, &count, error);
    struct runs_plan *plan = NULL;
    if (runs == NULL) {
        return NULL;
    }
    if (count == 1) {
        plan = plan_of(situation, runs, workers, error);
    } else {
        (void)error_set(error, EXIT_NO_GO, "there is no run %s", run);
    }
    state_runs_free(runs, count);
    return plan;
}

/* Whether a later run of the same processor took any of its dates on. */
static bool is_superseded(const struct situation *situation, const struct situation_run *run) {
    for (size_t i = 0; i < situation->run_count; i++) {
        const struct situation_run *other = &situation->runs[i];
        bool later = other->sequence > run->sequence ||
                     (other->retry_of != NULL && strcmp(other->retry_of, run->run) == 0);
        if (other != run && later && strcmp(other->processor, run->processor) == 0 &&
            other->range.from <= run->range.to && run->range.from <= other->range.to) {
            return true;
        }
    }
    return false;
}

/* A run that a person stopped, that never started or that nobody saw end is for a person; so is one
 * that the agent stopped because all its dates failed alike, unless a quota was why, and one whose
 * dates were there and have vanished: somebody may have deleted them on purpose. */
static bool can_be_retried(const struct situation_run *run) {
    return run->verdict != NULL && run->outcome != NULL && run->verdict_at != 0 &&
           !runs_verdict_is_lost(run->verdict_text) &&
           (strcmp(run->verdict, "ended with gaps") == 0 || strcmp(run->verdict, "failed") == 0) &&
           (strcmp(run->outcome, "ok") == 0 || strcmp(run->outcome, "failed") == 0 ||
            (strcmp(run->outcome, "stopped") == 0 && run->hit_quota));
}

bool situation_plan_retries(struct situation *situation, struct state *state, struct error *error) {
    for (size_t i = 0; i < situation->run_count; i++) {
        struct situation_run *run = &situation->runs[i];
        if (run->processor_index == PIPELINE_NONE || !can_be_retried(run)) {
            continue;
        }
        const struct pipeline_retry *rule =
            &situation->pipeline->processors[run->processor_index].retry;
        int number = 1; /* counted in the state: the first try may be days ago */
        if (run->retry_of != NULL && !state_run_tries(state, run->run, &number, error)) {
            return false;
        }
        bool open = run->complete_now + run->excess_now < run->dates;
        if (!open || number > rule->times || is_superseded(situation, run)) {
            continue;
        }
        if (run->other_plan) {
            situation_raise_alarm(
                run, "retry-void", false,
                memory_format("it is not tried again by itself: the pipeline file "
                              "is another one than it was launched by; `phasegate "
                              "retry %s` tries it by the file as it is now",
                              run->run));
            continue;
        }
        run->retry_at = run->verdict_at + (run->hit_quota ? rule->quota_after_ms : rule->after_ms);
        run->retry_number = number;
        run->retry_times = rule->times;
        run->retry_workers = run->hit_quota ? rule->quota_workers : 0;
    }
    return true;
}
