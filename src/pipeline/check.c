/* Circles of tables that wait for each other. */
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
static char *describe(const struct walk *walk, size_t node) {
    const struct pipeline *pipeline = walk->loader->pipeline;
    struct text_buffer text = {0};
    size_t first = mistakes_full(&walk->loader->mistakes) ? walk->length : 0;
    while (first < walk->length && walk->way[first] != node) {
        first++;
    }
    for (size_t i = first; i < walk->length; i++) {
        text_buffer_format(&text, "%s → ", pipeline->tables[walk->way[i]].name);
    }
    text_buffer_add(&text, pipeline->tables[node].name);
    return text_buffer_take(&text);
}

static void visit_table(struct walk *walk, size_t table);

static void follow_tables(struct walk *walk, size_t table, const struct pipeline_indices *above,
                          const char *key) {
    for (size_t i = 0; i < above->count; i++) {
        size_t next = above->items[i];
        if (walk->marks[next] == ON_THE_WAY) {
            char *circle = describe(walk, next);
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
