#include "ui/list.h"

#include <stdlib.h>

#include "base/memory.h"

void list_add(struct list_rows *rows, struct list_row row) {
    rows->items = memory_grow(rows->items, rows->count, &rows->capacity, sizeof *rows->items);
    rows->items[rows->count++] = row;
}

void list_rows_free(struct list_rows *rows) {
    free(rows->items);
    *rows = (struct list_rows){0};
}

uint64_t list_identity(const char *string) {
    uint64_t hash = 14695981039346656037U;
    for (; *string; string++)
        hash = (hash ^ (unsigned char)*string) * 1099511628211U;
    return hash ? hash : 1;
}

static bool can_select(const struct list_rows *rows, size_t place) {
    return place < rows->count && rows->items[place].identity != 0;
}

/* The nearest selectable row from `place` on, else before it; the count when there is none. */
static size_t nearest(const struct list_rows *rows, size_t place) {
    for (size_t i = place; i < rows->count; i++)
        if (can_select(rows, i))
            return i;
    for (size_t i = place < rows->count ? place : rows->count; i-- > 0;)
        if (can_select(rows, i))
            return i;
    return rows->count;
}

static void scroll(struct list *list, const struct list_rows *rows, size_t page) {
    size_t most = rows->count > page ? rows->count - page : 0;
    if (can_select(rows, list->selected)) {
        /* Headings right above the first selectable row are shown with it. */
        size_t first = list->selected;
        while (first > 0 && !can_select(rows, first - 1) && list->selected - first + 2 < page)
            first--;
        if (list->top > first)
            list->top = first;
        if (list->selected >= list->top + page)
            list->top = list->selected - page + 1;
    }
    if (list->top > most)
        list->top = most;
}

void list_settle(struct list *list, const struct list_rows *rows, size_t page) {
    if (page == 0)
        page = 1;
    if (!can_select(rows, list->selected) ||
        rows->items[list->selected].identity != list->identity) {
        size_t found = rows->count;
        for (size_t i = 0; i < rows->count && found == rows->count; i++)
            if (list->identity && rows->items[i].identity == list->identity)
                found = i;
        if (found == rows->count)
            found = nearest(rows, list->selected);
        list_select(list, rows, found);
    }
    scroll(list, rows, page);
}

void list_select(struct list *list, const struct list_rows *rows, size_t place) {
    if (!can_select(rows, place))
        return;
    list->selected = place;
    list->identity = rows->items[place].identity;
}

const struct list_row *list_selected(const struct list *list, const struct list_rows *rows) {
    return can_select(rows, list->selected) ? &rows->items[list->selected] : NULL;
}

static void step(struct list *list, const struct list_rows *rows, size_t steps, bool up) {
    size_t place = list->selected, last = place;
    while (steps && (up ? place > 0 : place + 1 < rows->count)) {
        place = up ? place - 1 : place + 1;
        if (can_select(rows, place))
            last = place;
        steps -= can_select(rows, place) || steps > 1;
    }
    list_select(list, rows, last);
}

static void scroll_by(struct list *list, const struct list_rows *rows, size_t page, size_t steps,
                      bool up) {
    size_t most = rows->count > page ? rows->count - page : 0;
    if (up)
        list->top = list->top > steps ? list->top - steps : 0;
    else
        list->top = most - list->top > steps && most > list->top ? list->top + steps : most;
}

bool list_act(struct list *list, const struct list_rows *rows, size_t page, enum action action) {
    if (page == 0)
        page = 1;
    size_t steps;
    switch (action) {
    case ACTION_UP:
    case ACTION_DOWN:
        steps = 1;
        break;
    case ACTION_PAGE_UP:
    case ACTION_PAGE_DOWN:
        steps = page > 1 ? page - 1 : 1;
        break;
    case ACTION_TOP:
    case ACTION_TOP_LETTER:
    case ACTION_BOTTOM:
        steps = rows->count;
        break;
    default:
        return false;
    }
    bool up = action == ACTION_UP || action == ACTION_PAGE_UP || action == ACTION_TOP ||
              action == ACTION_TOP_LETTER;
    if (nearest(rows, 0) < rows->count)
        step(list, rows, steps, up);
    else
        scroll_by(list, rows, page, steps, up);
    scroll(list, rows, page);
    return true;
}
