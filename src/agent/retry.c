#include "agent/retry.h"

#include <stdlib.h>

#include "base/text.h"
#include "runs/runs_launch.h"
#include "situation/retry.h"

/* Launches one; false only when the agent must step down or the state cannot be written. */
static bool launch(const struct recorder *recorder, const struct clock *clock,
                   const struct situation *situation, const struct situation_run *run,
                   struct text_buffer *said, struct error *error) {
    struct error why = {0};
    struct runs_started *started = NULL;
    struct runs_launcher launcher = {.actor = recorder->actor, .owner = run->owner, .clock = clock};
    struct runs_plan *plan =
        situation_retry(situation, recorder->state, run->run, run->retry_workers, &why);
    if (plan != NULL && runs_launch(plan, recorder->state, &launcher, &started, &why)) {
        text_buffer_format(said, "%s%s: try %d of %d of %s%s%s", said->size > 0 ? "; " : "",
                           run->processor, run->retry_number, run->retry_times, run->run,
                           started[0].problem != NULL ? ", and did not start: " : "",
                           started[0].problem != NULL ? started[0].problem : "");
        runs_started_free(started, plan->count);
    }
    runs_plan_free(plan);
    bool passing = why.code == 0 || why.code == EXIT_NO_GO || why.code == EXIT_UNKNOWN;
    if (!passing) {
        *error = why;
    }
    return passing;
}

bool retry_step(const struct recorder *recorder, const struct clock *clock,
                const struct situation *situation, const struct pipeline_disk *disk,
                struct retry_news *news, struct error *error) {
    struct text_buffer said = {0};
    bool good = true;
    *news = (struct retry_news){0};
    for (size_t i = 0; good && i < situation->run_count; i++) {
        const struct situation_run *run = &situation->runs[i];
        if (run->retry_at == 0 || disk->kind == PIPELINE_DISK_CHANGED) {
            continue; /* a retry belongs to the plan of its run */
        }
        if (run->retry_at <= situation->as_of && disk->kind == PIPELINE_DISK_SAME) {
            good = launch(recorder, clock, situation, run, &said, error);
        } else if (run->retry_at > situation->as_of &&
                   (news->due_at == 0 || run->retry_at < news->due_at)) {
            news->due_at = run->retry_at;
        }
        news->waiting++;
    }
    news->said = said.size > 0 ? text_buffer_take(&said) : NULL;
    text_buffer_free(&said);
    return good;
}
