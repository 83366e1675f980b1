#include "agent/run_wait.h"

#include <string.h>

#include "base/memory.h"

static const struct state_measurement *find(const struct state_measurement *measurements,
                                            size_t count, const char *table) {
    for (size_t i = 0; i < count; i++) {
        if (measurements[i].subject == STATE_SUBJECT_TABLE &&
            strcmp(measurements[i].key, table) == 0) {
            return &measurements[i];
        }
    }
    return NULL;
}

/* Whether one of the run's dates was first seen as it is at the last reading. Times of changes are
 * whole seconds. A first reading of all tells nothing about changes. */
static bool rises(const struct state_run *run, const struct state_measurement *measured) {
    int64_t last = measured->confirmed_at / 1000 * 1000;
    bool older = false;
    bool newest = false;
    for (size_t i = 0; i < measured->count; i++) {
        const struct state_count *count = &measured->counts[i];
        older = older || count->changed_at < last;
        newest = newest || (count->changed_at >= last && count->changed_at > run->ended_at &&
                            dayset_has(&run->dates, count->day));
    }
    return older && newest;
}

char *run_wait_reason(const struct state_run *run, const struct state_measurement *measurements,
                      size_t count) {
    for (size_t i = 0; i < run->table_count; i++) {
        const char *table = run->tables[i].table;
        const struct state_measurement *measured = find(measurements, count, table);
        if (measured == NULL) {
            continue;
        }
        if (measured->streaming) {
            return memory_format("streaming buffer of %s", table);
        }
        if (rises(run, measured)) {
            return memory_format("rows of %s are still arriving", table);
        }
    }
    return NULL;
}
