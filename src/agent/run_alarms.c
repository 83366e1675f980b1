#include "agent/run_alarms.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "logs/progress_judge.h"
#include "runs/runs_stop.h"
#include "state/state_notice.h"

/* Why the run should be stopped, or NULL; the caller frees it. */
static char *reason_to_stop(const struct state_run *run, const char *json, size_t limit) {
    struct error mistake;
    const char *reason;
    json_t *text = json != NULL ? json_read(text_of(json), "progress", &mistake) : NULL;
    struct log_progress *progress = text != NULL ? log_progress_from_json(text, &mistake) : NULL;
    json_decref(text);
    if (progress == NULL) {
        return NULL;
    }
    size_t streak = log_progress_streak(progress, &run->dates, &reason);
    char *why =
        streak < limit
            ? NULL
            : memory_format("%zu dates in a row %s: %s", streak,
                            progress->streak_outcome == LOG_DATE_ZERO ? "without rows" : "failed",
                            reason);
    log_progress_free(progress);
    return why;
}

static bool stop_one(const struct recorder *recorder, const struct clock *clock,
                     const struct state_run *run, const struct agent_progress *progress,
                     struct error *error) {
    size_t processor = pipeline_find_processor(recorder->pipeline, run->processor);
    int limit = processor != PIPELINE_NONE
                    ? recorder->pipeline->processors[processor].stop_after_failures
                    : 0;
    bool lives = run->state == STATE_RUN_RUNNING || run->state == STATE_RUN_STARTING;
    if (!lives || limit == 0 || progress->streak < (uint64_t)limit) {
        return true;
    }
    char *why = reason_to_stop(run, progress->json, (size_t)limit);
    struct runs_stop_selector selector = {.run = run->run};
    size_t asked = 0;
    bool good =
        why == NULL ||
        (runs_stop(recorder->state, &recorder->actor, clock, &selector, why, &asked, error) &&
         state_notice_alarm(recorder->state, &recorder->actor, run->run, STATE_EVENT_ALERT,
                            "stopped", why, clock_wall_ms(clock), error));
    free(why);
    return good;
}

bool run_alarms_stop(const struct recorder *recorder, const struct clock *clock,
                     const struct agent_progress *progress, struct error *error) {
    struct state_run_filter filter = {.run = progress->run};
    size_t count;
    if (progress->streak < 2 || progress->drained) {
        return true;
    }
    struct state_run *runs = state_runs(recorder->state, &filter, &count, error);
    bool good = runs != NULL;
    for (size_t i = 0; good && i < count; i++) {
        good = stop_one(recorder, clock, &runs[i], progress, error);
    }
    state_runs_free(runs, count);
    return good;
}

bool run_alarms_tell(const struct recorder *recorder, const struct situation *situation,
                     struct error *error) {
    bool good = true;
    for (size_t i = 0; i < situation->run_count; i++) {
        const struct situation_run *run = &situation->runs[i];
        for (size_t j = 0; good && j < run->alarm_count; j++) {
            const struct situation_alarm *alarm = &run->alarms[j];
            good = state_notice_alarm(recorder->state, &recorder->actor, run->run,
                                      alarm->stall ? STATE_EVENT_STALL : STATE_EVENT_ALERT,
                                      alarm->rule, alarm->text, situation->as_of, error);
        }
    }
    return good;
}
