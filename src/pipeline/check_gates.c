/* Gates and groups that can never start anything: gates that wait for what they hold themselves,
 * checks of a table against itself, groups whose processors are in each other's way. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "pipeline/loader.h"

/* What can come about when a night begins with empty tables: a group starts when the gate it is
 * behind can be GO, a table is filled when somebody who can start fills it (or nobody of this file
 * does) and what it needs is filled, a gate is GO when all its checks can pass. */
struct outlook {
    struct loader *loader;
    const struct pipeline *pipeline;
    bool *open_tables, *open_groups, *open_gates;
    bool *sources;   /* of tables: somebody can fill it */
    size_t *fillers; /* of tables: the first group that fills it, or PIPELINE_NONE */
};

/* One step of a gate's waiting: for a table, a group or another gate. */
enum awaited_kind { AWAITED_TABLE, AWAITED_GROUP, AWAITED_GATE };
struct awaited {
    enum awaited_kind kind;
    size_t index;
};

/* Whether a check cannot pass while its table is empty. One of a single season or segment may be
 * met by what an earlier night filled, and hold back the dates that follow. */
static bool needs_rows(const struct pipeline_check *check) {
    if (check->season != PIPELINE_NONE || check->segment != PIPELINE_SEGMENT_ALL) {
        return false;
    }
    switch (check->kind) {
    case PIPELINE_CHECK_COVERAGE:
        return check->minimum > 0 || check->missing_at_most >= 0;
    case PIPELINE_CHECK_ROWS:
    case PIPELINE_CHECK_NULL_RATE:
    case PIPELINE_CHECK_FALLBACK_RATE:
        return true;
    default: /* a table without rows has no duplicates */
        return false;
    }
}

/* What a check waits for; false when that is nothing of this file. */
static bool awaited_by(const struct pipeline_check *check, struct awaited *awaited) {
    if (check->kind == PIPELINE_CHECK_RUNS) {
        *awaited = (struct awaited){AWAITED_GROUP, check->group};
        return check->group != PIPELINE_NONE;
    }
    *awaited = (struct awaited){AWAITED_TABLE, check->table};
    return check->table != PIPELINE_NONE && needs_rows(check);
}

static bool is_open(const struct outlook *outlook, struct awaited node) {
    const bool *const open[] = {outlook->open_tables, outlook->open_groups, outlook->open_gates};
    return open[node.kind][node.index];
}

/* ---- what can come about ---- */

static void note_fillers(struct outlook *outlook) {
    const struct pipeline *pipeline = outlook->pipeline;
    bool *grouped = memory_new(pipeline->processor_count, sizeof *grouped);
    for (size_t i = 0; i < pipeline->table_count; i++) {
        outlook->fillers[i] = PIPELINE_NONE;
    }
    for (size_t i = 0; i < pipeline->group_count; i++) {
        const struct pipeline_indices *runs = &pipeline->groups[i].runs;
        for (size_t j = 0; j < runs->count; j++) {
            const struct pipeline_indices *fills = &pipeline->processors[runs->items[j]].fills;
            grouped[runs->items[j]] = true;
            for (size_t k = 0; k < fills->count; k++) {
                size_t *filler = &outlook->fillers[fills->items[k]];
                *filler = *filler == PIPELINE_NONE ? i : *filler;
            }
        }
    }
    for (size_t i = 0; i < pipeline->table_count; i++) {
        outlook->sources[i] = outlook->fillers[i] == PIPELINE_NONE;
    }
    for (size_t i = 0; i < pipeline->processor_count; i++) { /* launched by itself: no gate */
        const struct pipeline_indices *fills = &pipeline->processors[i].fills;
        for (size_t k = 0; k < fills->count && !grouped[i]; k++) {
            outlook->sources[fills->items[k]] = true;
        }
    }
    free(grouped);
}

static bool open_table(struct outlook *outlook, size_t index) {
    const struct pipeline_indices *needs = &outlook->pipeline->tables[index].needs;
    bool open = outlook->sources[index];
    for (size_t i = 0; i < needs->count && open; i++) {
        open = outlook->open_tables[needs->items[i]];
    }
    return open;
}

static bool open_group(struct outlook *outlook, size_t index) {
    const struct pipeline *pipeline = outlook->pipeline;
    size_t gate = pipeline->groups[index].behind;
    if (gate != PIPELINE_NONE && !outlook->open_gates[gate]) {
        return false;
    }
    const struct pipeline_indices *runs = &pipeline->groups[index].runs;
    for (size_t i = 0; i < runs->count; i++) {
        const struct pipeline_indices *fills = &pipeline->processors[runs->items[i]].fills;
        for (size_t k = 0; k < fills->count; k++) {
            outlook->sources[fills->items[k]] = true;
        }
    }
    return true;
}

static bool open_gate(struct outlook *outlook, size_t index) {
    const struct pipeline_gate *gate = &outlook->pipeline->gates[index];
    for (size_t i = 0; i < gate->check_count; i++) {
        struct awaited awaited;
        if (awaited_by(&gate->checks[i], &awaited) && !is_open(outlook, awaited)) {
            return false;
        }
    }
    return true;
}

/* Opens whatever of the list can be; true when that was any. */
static bool open_more(struct outlook *outlook, bool *open, size_t count,
                      bool (*can_open)(struct outlook *, size_t)) {
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (!open[i] && can_open(outlook, i)) {
            open[i] = any = true;
        }
    }
    return any;
}

static struct outlook outlook_new(struct loader *loader) {
    const struct pipeline *pipeline = loader->pipeline;
    struct outlook outlook = {
        .loader = loader,
        .pipeline = pipeline,
        .open_tables = memory_new(pipeline->table_count, sizeof(bool)),
        .open_groups = memory_new(pipeline->group_count, sizeof(bool)),
        .open_gates = memory_new(pipeline->gate_count, sizeof(bool)),
        .sources = memory_new(pipeline->table_count, sizeof(bool)),
        .fillers = memory_new(pipeline->table_count, sizeof(size_t)),
    };
    note_fillers(&outlook);
    bool any = true;
    while (any) {
        any = open_more(&outlook, outlook.open_gates, pipeline->gate_count, open_gate);
        any = open_more(&outlook, outlook.open_groups, pipeline->group_count, open_group) || any;
        any = open_more(&outlook, outlook.open_tables, pipeline->table_count, open_table) || any;
    }
    return outlook;
}

static void outlook_free(struct outlook *outlook) {
    free(outlook->open_tables);
    free(outlook->open_groups);
    free(outlook->open_gates);
    free(outlook->sources);
    free(outlook->fillers);
}

/* ---- gates that wait for themselves ---- */

/* What keeps a closed node closed: the next one on its way. */
static struct awaited next_of(const struct outlook *outlook, struct awaited node) {
    const struct pipeline *pipeline = outlook->pipeline;
    struct awaited next = {AWAITED_GATE, PIPELINE_NONE};
    if (node.kind == AWAITED_GROUP) {
        next.index = pipeline->groups[node.index].behind;
    } else if (node.kind == AWAITED_GATE) {
        const struct pipeline_gate *gate = &pipeline->gates[node.index];
        for (size_t i = 0; i < gate->check_count; i++) {
            if (awaited_by(&gate->checks[i], &next) && !is_open(outlook, next)) {
                break;
            }
        }
    } else if (!outlook->sources[node.index]) {
        next = (struct awaited){AWAITED_GROUP, outlook->fillers[node.index]};
    } else {
        const struct pipeline_indices *needs = &pipeline->tables[node.index].needs;
        size_t i = 0;
        while (outlook->open_tables[needs->items[i]]) {
            i++;
        }
        next = (struct awaited){AWAITED_TABLE, needs->items[i]};
    }
    return next;
}

/* Whether the way from `node` leads back to the gate; not when it leads to one before it, which
 * tells the same circle, or into a circle without it. */
static bool leads_back(const struct outlook *outlook, struct awaited node, size_t gate) {
    const struct pipeline *pipeline = outlook->pipeline;
    size_t most = pipeline->table_count + pipeline->group_count + pipeline->gate_count;
    for (size_t steps = 0; steps <= most; steps++) {
        if (node.kind == AWAITED_GATE && node.index <= gate) {
            return node.index == gate;
        }
        node = next_of(outlook, node);
    }
    return false;
}

static void describe(const struct outlook *outlook, struct awaited from, struct awaited to,
                     struct text_buffer *text) {
    const struct pipeline *pipeline = outlook->pipeline;
    if (to.kind == AWAITED_GATE) {
        text_buffer_format(text, ", which is behind gate \"%s\"", pipeline->gates[to.index].name);
    } else if (to.kind == AWAITED_GROUP) {
        text_buffer_format(text, "%s group \"%s\"",
                           from.kind == AWAITED_TABLE ? ", filled by" : " the runs of",
                           pipeline->groups[to.index].name);
    } else {
        text_buffer_format(text, "%s table \"%s\"",
                           from.kind == AWAITED_TABLE ? ", which needs" : "",
                           pipeline->tables[to.index].name);
    }
}

static void tell_circle(const struct outlook *outlook, size_t gate,
                        const struct pipeline_check *check, struct awaited node) {
    yaml_mark_t mark = {.line = check->at.line - 1, .column = check->at.column - 1};
    struct awaited from = {AWAITED_GATE, gate};
    struct text_buffer way = {0};
    for (;;) {
        if (from.kind == AWAITED_GATE && from.index != gate) {
            text_buffer_add(&way, ", which checks");
        }
        describe(outlook, from, node, &way);
        if (node.kind == AWAITED_GATE && node.index == gate) {
            break;
        }
        from = node;
        node = next_of(outlook, node);
    }
    loader_mistake_at(outlook->loader, mark,
                      "gate \"%s\" can never be GO, it waits for itself: it checks%s",
                      outlook->pipeline->gates[gate].name, way.data);
    text_buffer_free(&way);
}

static void check_circles(struct loader *loader) {
    const struct pipeline *pipeline = loader->pipeline;
    struct outlook outlook = outlook_new(loader);
    for (size_t i = 0; i < pipeline->gate_count; i++) {
        const struct pipeline_gate *gate = &pipeline->gates[i];
        for (size_t j = 0; j < gate->check_count && !outlook.open_gates[i]; j++) {
            struct awaited awaited;
            if (!mistakes_full(&loader->mistakes) && awaited_by(&gate->checks[j], &awaited) &&
                !is_open(&outlook, awaited) && leads_back(&outlook, awaited, i)) {
                tell_circle(&outlook, i, &gate->checks[j], awaited);
            }
        }
    }
    outlook_free(&outlook);
}

/* ---- checks that say nothing, groups that start nothing ---- */

/* A table whose own dates are those that are due lacks none, whatever is missing. */
static void check_self(struct loader *loader, const struct pipeline_check *check) {
    const struct pipeline *pipeline = loader->pipeline;
    if (check->kind != PIPELINE_CHECK_COVERAGE || check->table == PIPELINE_NONE) {
        return;
    }
    const struct pipeline_table *table = &pipeline->tables[check->table];
    if (table->expected != PIPELINE_NONE && table->expected < pipeline->expected_count &&
        pipeline->expected[table->expected].table == check->table &&
        table->rows.kind == PIPELINE_ROWS_ANY) {
        yaml_mark_t mark = {.line = check->at.line - 1, .column = check->at.column - 1};
        loader_mistake_at(loader, mark,
                          "the coverage of \"%s\" is measured by its own dates, so that it is "
                          "always 100 %%; give the table another \"expected\", or \"rows\"",
                          table->name);
    }
}

/* Two processors of one group that fill one table are refused together at every launch. */
static void check_group(struct loader *loader, size_t index, size_t *first) {
    const struct pipeline *pipeline = loader->pipeline;
    const struct pipeline_group *group = &pipeline->groups[index];
    const struct place *runs = PLACE_KEY(PLACE_ITEM(PLACE_KEY(NULL, "groups"), index), "runs");
    for (size_t i = 0; i < group->runs.count; i++) {
        const struct pipeline_processor *processor = &pipeline->processors[group->runs.items[i]];
        for (size_t k = 0; k < processor->fills.count; k++) {
            size_t table = processor->fills.items[k];
            if (first[table] == PIPELINE_NONE) {
                first[table] = i;
            } else {
                const size_t other = group->runs.items[first[table]];
                loader_mistake(loader, runs,
                               "group \"%s\" can never be launched: \"%s\" and \"%s\" both fill "
                               "\"%s\", on the same dates; put one of them into a group of its own",
                               group->name, pipeline->processors[other].name, processor->name,
                               pipeline->tables[table].name);
            }
        }
    }
    for (size_t i = 0; i < group->runs.count; i++) {
        const struct pipeline_processor *processor = &pipeline->processors[group->runs.items[i]];
        for (size_t k = 0; k < processor->fills.count; k++) {
            first[processor->fills.items[k]] = PIPELINE_NONE;
        }
    }
}

void check_gates(struct loader *loader) {
    const struct pipeline *pipeline = loader->pipeline;
    check_circles(loader);
    for (size_t i = 0; i < pipeline->gate_count; i++) {
        for (size_t j = 0; j < pipeline->gates[i].check_count; j++) {
            check_self(loader, &pipeline->gates[i].checks[j]);
        }
    }
    size_t *first = memory_new(pipeline->table_count, sizeof *first);
    for (size_t i = 0; i < pipeline->table_count; i++) {
        first[i] = PIPELINE_NONE;
    }
    for (size_t i = 0; i < pipeline->group_count; i++) {
        check_group(loader, i, first);
    }
    free(first);
}
