/* Circles: tables that wait for each other, gates and groups that wait for each other. */
#include <stdlib.h>

#include "base/memory.h"
#include "pipeline/loader.h"

enum mark { UNSEEN, ON_THE_WAY, DONE };

/* A depth-first walk: the way so far, and what was seen. */
struct walk {
    struct loader *loader;
    enum mark *marks;
    size_t *way;
    size_t length;
};

static struct walk walk_new(struct loader *loader, size_t nodes) {
    return (struct walk){loader, memory_new(nodes, sizeof(enum mark)),
                         memory_new(nodes, sizeof(size_t)), 0};
}

static void walk_free(struct walk *walk) {
    free(walk->marks);
    free(walk->way);
}

/* "a → b → a", from where the way first met `node`. */
static char *describe(const struct walk *walk, size_t node,
                      const char *(*name)(const struct pipeline *, size_t)) {
    const struct pipeline *pipeline = walk->loader->pipeline;
    struct text_buffer text = {0};
    size_t first = mistakes_full(&walk->loader->mistakes) ? walk->length : 0;
    while (first < walk->length && walk->way[first] != node) {
        first++;
    }
    for (size_t i = first; i < walk->length; i++) {
        text_buffer_format(&text, "%s → ", name(pipeline, walk->way[i]));
    }
    text_buffer_add(&text, name(pipeline, node));
    return text_buffer_take(&text);
}

static const char *table_name(const struct pipeline *pipeline, size_t table) {
    return pipeline->tables[table].name;
}

static void visit_table(struct walk *walk, size_t table);

static void follow_tables(struct walk *walk, size_t table, const struct pipeline_indices *above,
                          const char *key) {
    for (size_t i = 0; i < above->count; i++) {
        size_t next = above->items[i];
        if (walk->marks[next] == ON_THE_WAY) {
            char *circle = describe(walk, next, table_name);
            const struct place *at = PLACE_ITEM(PLACE_KEY(NULL, "tables"), table);
            loader_mistake(walk->loader, PLACE_KEY(at, key), "tables wait for each other: %s",
                           circle);
            free(circle);
        } else if (walk->marks[next] == UNSEEN) {
            visit_table(walk, next);
        }
    }
}

static void visit_table(struct walk *walk, size_t table) {
    const struct pipeline_table *it = &walk->loader->pipeline->tables[table];
    walk->marks[table] = ON_THE_WAY;
    walk->way[walk->length++] = table;
    follow_tables(walk, table, &it->needs, "needs");
    follow_tables(walk, table, &it->wants, "wants");
    walk->length--;
    walk->marks[table] = DONE;
}

void check_lineage(struct loader *loader) {
    size_t count = loader->pipeline->table_count;
    struct walk walk = walk_new(loader, count);
    for (size_t i = 0; i < count; i++) {
        if (walk.marks[i] == UNSEEN) {
            visit_table(&walk, i);
        }
    }
    walk_free(&walk);
}

/* Nodes of the order: the gates, then the groups. A group waits for the gate it is behind, a gate
 * for the groups whose runs it checks. */
static const char *order_name(const struct pipeline *pipeline, size_t node) {
    return node < pipeline->gate_count ? pipeline->gates[node].name
                                       : pipeline->groups[node - pipeline->gate_count].name;
}

static void visit_order(struct walk *walk, size_t node);

static void follow_order(struct walk *walk, const struct place *at, size_t next) {
    if (walk->marks[next] == ON_THE_WAY) {
        char *circle = describe(walk, next, order_name);
        loader_mistake(walk->loader, at, "gates and groups wait for each other: %s", circle);
        free(circle);
    } else if (walk->marks[next] == UNSEEN) {
        visit_order(walk, next);
    }
}

static void visit_order(struct walk *walk, size_t node) {
    const struct pipeline *pipeline = walk->loader->pipeline;
    walk->marks[node] = ON_THE_WAY;
    walk->way[walk->length++] = node;
    if (node < pipeline->gate_count) {
        const struct pipeline_gate *gate = &pipeline->gates[node];
        const struct place *at = PLACE_ITEM(PLACE_KEY(NULL, "gates"), node);
        for (size_t i = 0; i < gate->check_count; i++) {
            if (gate->checks[i].group != PIPELINE_NONE) {
                follow_order(walk, at, pipeline->gate_count + gate->checks[i].group);
            }
        }
    } else {
        size_t group = node - pipeline->gate_count;
        const struct place *at = PLACE_ITEM(PLACE_KEY(NULL, "groups"), group);
        if (pipeline->groups[group].behind != PIPELINE_NONE) {
            follow_order(walk, PLACE_KEY(at, "behind"), pipeline->groups[group].behind);
        }
    }
    walk->length--;
    walk->marks[node] = DONE;
}

void check_order(struct loader *loader) {
    const struct pipeline *pipeline = loader->pipeline;
    size_t count = pipeline->gate_count + pipeline->group_count;
    struct walk walk = walk_new(loader, count);
    for (size_t i = 0; i < pipeline->group_count; i++) {
        size_t node = pipeline->gate_count + i;
        if (walk.marks[node] == UNSEEN) {
            visit_order(&walk, node);
        }
    }
    walk_free(&walk);
}
