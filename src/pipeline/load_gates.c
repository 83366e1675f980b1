/* Gates: every check of the file becomes checks with exactly one input each; a phase is unfolded
 * into its tables. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "pipeline/identifier.h"
#include "pipeline/load_checks.h"
#include "pipeline/loader.h"

static void push(struct pipeline_gate *gate, const struct pipeline_check *check) {
    gate->checks = memory_resize(gate->checks, gate->check_count + 1, sizeof gate->checks[0]);
    gate->checks[gate->check_count++] = *check;
}

/* What one check of the file is, and how many kinds it claims to be. */
static size_t kinds_given(const struct raw_check *raw) {
    return (size_t)(raw->coverage != NULL) + (raw->rows != NULL) + (raw->null_rate != NULL) +
           (raw->fallback_rate != NULL) + (raw->duplicates != NULL) + (raw->query != NULL) +
           (raw->runs != NULL) + (raw->command != NULL) + (raw->credentials != NULL) +
           (raw->disk != NULL) + (raw->manual != NULL);
}

/* The checks of one item of `checks`, into the gate. */
static void load_item(struct loader *loader, const struct place *at, const struct raw_check *raw,
                      struct pipeline_gate *gate) {
    if (kinds_given(raw) != 1) {
        loader_mistake(loader, at,
                       kinds_given(raw) == 0
                           ? "a check must say what it checks, such as \"coverage\""
                           : "an item checks one thing; write one item for each");
        return;
    }
    struct pipeline_check *made = NULL;
    size_t count = load_measured(loader, at, raw, &made);
    if (made == NULL) {
        made = memory_new(1, sizeof *made);
        load_single(loader, at, raw, made);
        count = 1;
    }
    if (raw->name != NULL && count > 1) {
        loader_mistake(loader, PLACE_KEY(at, "name"),
                       "this item is %zu checks, one a table; leave \"name\" out", count);
    } else if (raw->name != NULL && count == 1) {
        free(made[0].name);
        made[0].name = memory_copy_string(raw->name);
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < gate->check_count; j++) {
            if (strcmp(gate->checks[j].name, made[i].name) == 0) {
                loader_mistake(loader, at,
                               "gate \"%s\" has two checks \"%s\"; give one of them a \"name\"",
                               gate->name, made[i].name);
            }
        }
        push(gate, &made[i]);
    }
    free(made);
}

static void find_held(const struct pipeline *pipeline, size_t index, struct pipeline_gate *gate) {
    gate->holds.items = memory_new(pipeline->group_count, sizeof gate->holds.items[0]);
    for (size_t i = 0; i < pipeline->group_count; i++) {
        if (pipeline->groups[i].behind == index) {
            gate->holds.items[gate->holds.count++] = i;
        }
    }
}

void load_gates(struct loader *loader) {
    struct pipeline *pipeline = loader->pipeline;
    pipeline->gate_count = loader->raw->gates_count;
    pipeline->gates = memory_new(pipeline->gate_count, sizeof pipeline->gates[0]);
    for (size_t i = 0; i < pipeline->gate_count; i++) {
        const struct place *at = PLACE_ITEM(PLACE_KEY(NULL, "gates"), i);
        const struct raw_gate *raw = &loader->raw->gates[i];
        struct pipeline_gate *gate = &pipeline->gates[i];
        gate->name = memory_copy_string(raw->name);
        if (raw->checks_count == 0) {
            loader_mistake(loader, PLACE_KEY(at, "checks"),
                           "gate \"%s\" checks nothing, so that it could never be judged",
                           raw->name);
        }
        for (size_t j = 0; j < raw->checks_count; j++) {
            load_item(loader, PLACE_ITEM(PLACE_KEY(at, "checks"), j), &raw->checks[j], gate);
        }
        find_held(pipeline, i, gate);
    }
    loader_check_names(loader, "gates", &loader->gates);
}
