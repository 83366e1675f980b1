/* Gates: every check of the file becomes checks with exactly one input each; a phase is unfolded
 * into its tables. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "pipeline/identifier.h"
#include "pipeline/load_checks.h"
#include "pipeline/loader.h"

/* Over all gates of a file. */
enum { MOST_CHECKS = 50000 };

static void push(struct pipeline_gate *gate, const struct pipeline_check *check) {
    size_t count = gate->check_count;
    if ((count & (count - 1)) == 0) { /* room for twice as many, whenever it is used up */
        gate->checks = memory_resize(gate->checks, count == 0 ? 1 : 2 * count, sizeof *check);
    }
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
        made[i].at = loader_place(loader, at);
        push(gate, &made[i]);
    }
    loader->check_count += count;
    free(made);
}

static int by_name(const void *left, const void *right) {
    const struct pipeline_check *const *a = left, *const *b = right;
    int order = strcmp((*a)->name, (*b)->name);
    return order != 0 ? order : *a < *b ? -1 : 1;
}

static void check_names(struct loader *loader, const struct pipeline_gate *gate) {
    const struct pipeline_check **checks = memory_new(gate->check_count, sizeof *checks);
    for (size_t i = 0; i < gate->check_count; i++) {
        checks[i] = &gate->checks[i];
    }
    qsort(checks, gate->check_count, sizeof *checks, by_name);
    for (size_t i = 1; i < gate->check_count; i++) {
        if (strcmp(checks[i - 1]->name, checks[i]->name) == 0) {
            loader_mistake_at(
                loader,
                (yaml_mark_t){.line = checks[i]->at.line - 1, .column = checks[i]->at.column - 1},
                "gate \"%s\" has two checks \"%s\"; give one of them a \"name\"", gate->name,
                checks[i]->name);
        }
    }
    free(checks);
}

/* The checks of one gate; false when the file unfolds into more than can be judged. */
static bool load_checks(struct loader *loader, const struct place *at, const struct raw_gate *raw,
                        struct pipeline_gate *gate) {
    const struct place *list = PLACE_KEY(at, "checks");
    for (size_t i = 0; i < raw->checks_count; i++) {
        load_item(loader, PLACE_ITEM(list, i), &raw->checks[i], gate);
        if (loader->check_count > MOST_CHECKS) {
            loader_mistake(loader, PLACE_ITEM(list, i),
                           "the gates hold more than %d checks, one a table; name fewer tables",
                           MOST_CHECKS);
            return false;
        }
    }
    check_names(loader, gate);
    return true;
}

static void find_held(const struct pipeline *pipeline, size_t index, struct pipeline_gate *gate) {
    size_t count = 0;
    for (size_t i = 0; i < pipeline->group_count; i++) {
        count += pipeline->groups[i].behind == index ? 1 : 0;
    }
    gate->holds.items = memory_new(count, sizeof gate->holds.items[0]);
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
    bool good = true;
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
        good = good && load_checks(loader, at, raw, gate);
        find_held(pipeline, i, gate);
    }
    loader_check_names(loader, "gates", &loader->gates);
}
