/* Retries by itself, as the pipeline file allows them: what a run left missing is launched again
 * when its time has come, behind the same gate and the same claims as any launch. */
#ifndef PHASEGATE_AGENT_RETRY_H
#define PHASEGATE_AGENT_RETRY_H

#include "agent/record.h"
#include "base/clock.h"
#include "pipeline/watch.h"

struct retry_news {
    size_t waiting; /* runs that will be tried again */
    int64_t due_at; /* wall ms of the first of them; 0: none */
    char *said;     /* what was launched, or why not, for the log; NULL; the caller frees it */
};

/* Launches what is due by the situation, which must have been loaded just now. A launch that a gate
 * or a claim refuses waits for the next look; nothing is launched while the file on `disk` is not
 * the situation's pipeline. */
bool retry_step(const struct recorder *recorder, const struct clock *clock,
                const struct situation *situation, const struct pipeline_disk *disk,
                struct retry_news *news, struct error *error);

#endif
