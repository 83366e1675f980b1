/* When each target is polled.
 *
 * Kept in boot time, which knows no steps: a wall clock that jumps neither brings a poll forward
 * nor puts it off, and a machine that slept polls when it wakes. */
#ifndef PHASEGATE_AGENT_SCHEDULE_H
#define PHASEGATE_AGENT_SCHEDULE_H

#include "agent/measure.h"
#include "base/clock.h"

struct schedule {
    const struct pipeline *pipeline;
    const struct clock *clock;
    struct measure_target *targets;
    int64_t *due_ns;             /* of each target: boot time at which it is to be asked again */
    enum measure_manner *manner; /* of its next poll */
    size_t count;
    int64_t asked_at; /* wall ms: when one was last asked; 0: never */
};

/* Everything is due. */
void schedule_open(struct schedule *schedule, const struct pipeline *pipeline,
                   const struct clock *clock);
void schedule_close(struct schedule *schedule);

/* The next target that is due, in the pipeline's order from `*place` on (begin with 0): it counts
 * as asked, and is due again a period later. `*manner` is how. NULL when none is left. */
const struct measure_target *schedule_take(struct schedule *schedule, size_t *place,
                                           enum measure_manner *manner);

/* Whether one is due. */
bool schedule_due(const struct schedule *schedule);

/* Makes every target due, or with a name the one that measures this table; what changed is counted
 * at once. */
void schedule_hurry(struct schedule *schedule, const char *table);

/* Makes a target due, and its query asked whatever is known. */
void schedule_force(struct schedule *schedule, struct measure_target target);

/* Has a target asked no later than at `at` (wall ms). */
void schedule_bring_forward(struct schedule *schedule, struct measure_target target, int64_t at);

/* Puts a target off that BigQuery does not want asked for `after_ms` of real time, an hour at most;
 * one that was hurried meanwhile is not. Returns the wall time at which it is due. */
int64_t schedule_put_off(struct schedule *schedule, struct measure_target target, int64_t after_ms);

/* Real milliseconds until the first is due: 0 when one is. */
int64_t schedule_wait_ms(const struct schedule *schedule);

/* The wall time at which that will be. */
int64_t schedule_next_at(const struct schedule *schedule);

#endif
