#include "agent/schedule.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* However long BigQuery asks for, a target is asked again after an hour. */
static const int64_t longest_wait_ms = INT64_C(3600) * 1000;

static const int64_t ns_per_ms = 1000000;

void schedule_open(struct schedule *schedule, const struct pipeline *pipeline,
                   const struct clock *clock) {
    *schedule = (struct schedule){.pipeline = pipeline, .clock = clock};
    schedule->targets = measure_targets(pipeline, &schedule->count);
    schedule->due_ns = memory_new(schedule->count, sizeof *schedule->due_ns);
    schedule->manner = memory_new(schedule->count, sizeof *schedule->manner);
}

void schedule_close(struct schedule *schedule) {
    free(schedule->targets);
    free(schedule->due_ns);
    free(schedule->manner);
    *schedule = (struct schedule){0};
}

const struct measure_target *schedule_take(struct schedule *schedule, size_t *place,
                                           enum measure_manner *manner) {
    int64_t now = clock_boot_ns(schedule->clock);
    for (size_t i = *place; i < schedule->count; i++) {
        if (schedule->due_ns[i] <= now) {
            schedule->due_ns[i] =
                now + clock_real_ms(schedule->pipeline->poll.every_ms) * ns_per_ms;
            schedule->asked_at = clock_wall_ms(schedule->clock);
            *manner = schedule->manner[i];
            schedule->manner[i] = MEASURE_SPARING;
            *place = i + 1;
            return &schedule->targets[i];
        }
    }
    *place = schedule->count;
    return NULL;
}

static int64_t first_due(const struct schedule *schedule) {
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < schedule->count; i++) {
        first = schedule->due_ns[i] < first ? schedule->due_ns[i] : first;
    }
    return first;
}

bool schedule_due(const struct schedule *schedule) {
    return first_due(schedule) <= clock_boot_ns(schedule->clock);
}

void schedule_hurry(struct schedule *schedule, const char *table) {
    for (size_t i = 0; i < schedule->count; i++) {
        const struct measure_target *target = &schedule->targets[i];
        if (table[0] == '\0' ||
            (target->kind == MEASURE_TABLE &&
             strcmp(schedule->pipeline->tables[target->index].name, table) == 0)) {
            schedule->due_ns[i] = 0;
            schedule->manner[i] =
                schedule->manner[i] > MEASURE_PROMPT ? schedule->manner[i] : MEASURE_PROMPT;
        }
    }
}

/* The wall time that a span of real time from now will bring, as the clock runs at present. */
static int64_t wall_after(const struct schedule *schedule, int64_t real_ms) {
    double scale = clock_scale();
    return clock_wall_ms(schedule->clock) + (int64_t)((double)real_ms * (scale > 0 ? scale : 1));
}

static size_t place_of(const struct schedule *schedule, struct measure_target target) {
    size_t i = 0;
    while (i < schedule->count && (schedule->targets[i].kind != target.kind ||
                                   schedule->targets[i].index != target.index ||
                                   schedule->targets[i].check != target.check)) {
        i++;
    }
    return i;
}

void schedule_force(struct schedule *schedule, struct measure_target target) {
    size_t place = place_of(schedule, target);
    if (place < schedule->count) {
        schedule->due_ns[place] = 0;
        schedule->manner[place] = MEASURE_FORCED;
    }
}

void schedule_bring_forward(struct schedule *schedule, struct measure_target target, int64_t at) {
    size_t place = place_of(schedule, target);
    int64_t left = at - clock_wall_ms(schedule->clock);
    int64_t due = clock_boot_ns(schedule->clock) + (left > 0 ? clock_real_ms(left) * ns_per_ms : 0);
    if (place < schedule->count && due < schedule->due_ns[place]) {
        schedule->due_ns[place] = due;
    }
}

int64_t schedule_put_off(struct schedule *schedule, struct measure_target target,
                         int64_t after_ms) {
    int64_t now = clock_boot_ns(schedule->clock);
    int64_t after = clock_real_ms(after_ms < longest_wait_ms ? after_ms : longest_wait_ms);
    size_t place = place_of(schedule, target);
    if (place == schedule->count) {
        return 0;
    }
    int64_t *due = &schedule->due_ns[place];
    if (*due != 0 && now + after * ns_per_ms > *due) {
        *due = now + after * ns_per_ms;
    }
    return wall_after(schedule, *due > now ? (*due - now) / ns_per_ms : 0);
}

int64_t schedule_wait_ms(const struct schedule *schedule) {
    int64_t first = first_due(schedule);
    int64_t now = clock_boot_ns(schedule->clock);
    return first <= now ? 0 : first == INT64_MAX ? INT64_MAX : (first - now) / ns_per_ms + 1;
}

int64_t schedule_next_at(const struct schedule *schedule) {
    int64_t wait = schedule_wait_ms(schedule);
    return wait == INT64_MAX ? 0 : wall_after(schedule, wait);
}
