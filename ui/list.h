/* A list: rows of a view, one of them selected, scrolled so that it is seen.
 *
 * The selection is bound to a row's identity, not to its place: when the list changes under it, the
 * same thing stays selected. */
#ifndef PHASEGATE_UI_LIST_H
#define PHASEGATE_UI_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/actions.h"

struct list_row {
    int kind;          /* the view's own */
    size_t a, b;       /* the view's own, mostly indices */
    uint64_t identity; /* of the thing it shows; 0 for a row that cannot be selected */
};

struct list_rows {
    struct list_row *items;
    size_t count, capacity;
};

struct list {
    uint64_t identity; /* of the selected row; 0 before any was */
    size_t selected;   /* its place; meaningless in a list without selectable rows */
    size_t top;        /* the first row shown */
};

void list_add(struct list_rows *rows, struct list_row row);
void list_rows_free(struct list_rows *rows);

/* An identity from a string, never 0. */
uint64_t list_identity(const char *string);

/* Finds the selected row again (or the nearest one that can be selected) and scrolls so that it
 * lies within `page` rows. */
void list_settle(struct list *list, const struct list_rows *rows, size_t page);

/* Moves for ACTION_UP … ACTION_BOTTOM; false for any other action. A list without selectable rows
 * scrolls. */
bool list_act(struct list *list, const struct list_rows *rows, size_t page, enum action action);

/* Selects a row by place, if it can be selected. */
void list_select(struct list *list, const struct list_rows *rows, size_t place);

/* The selected row, or NULL. */
const struct list_row *list_selected(const struct list *list, const struct list_rows *rows);

#endif
