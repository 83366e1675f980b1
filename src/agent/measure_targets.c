/* What a pipeline has to be measured, and what it is called. */
#include "agent/measure.h"
#include "base/memory.h"

struct measure_target *measure_targets(const struct pipeline *pipeline, size_t *count) {
    struct measure_target *targets = NULL;
    size_t capacity = 0;
    *count = 0;
    for (size_t i = 0; i < pipeline->expected_count; i++) {
        if (pipeline->expected[i].kind == PIPELINE_EXPECTED_QUERY) {
            targets = memory_grow(targets, *count, &capacity, sizeof *targets);
            targets[(*count)++] = (struct measure_target){MEASURE_EXPECTED, i, 0};
        }
    }
    for (size_t i = 0; i < pipeline->table_count; i++) {
        targets = memory_grow(targets, *count, &capacity, sizeof *targets);
        targets[(*count)++] = (struct measure_target){MEASURE_TABLE, i, 0};
    }
    for (size_t i = 0; i < pipeline->gate_count; i++) {
        for (size_t j = 0; j < pipeline->gates[i].check_count; j++) {
            if (pipeline->gates[i].checks[j].kind == PIPELINE_CHECK_QUERY) {
                targets = memory_grow(targets, *count, &capacity, sizeof *targets);
                targets[(*count)++] = (struct measure_target){MEASURE_CHECK, i, j};
            }
        }
    }
    return targets != NULL ? targets : memory_new(1, sizeof *targets);
}

const char *measure_name(const struct pipeline *pipeline, struct measure_target target) {
    switch (target.kind) {
    case MEASURE_TABLE:
        return pipeline->tables[target.index].name;
    case MEASURE_EXPECTED:
        return pipeline->expected[target.index].name;
    case MEASURE_CHECK:
        break;
    }
    return pipeline->gates[target.index].checks[target.check].name;
}
