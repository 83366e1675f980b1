/* Grouping: a select that aggregates may use its columns only within aggregates or as grouped. */
#include <string.h>

#include "emulator/sql_function.h"
#include "emulator/sql_resolve.h"
#include "emulator/sql_type.h"

struct grouping {
    struct sql_compilation *compilation;
    const struct sql_select *select;
    const char *clause;
};

static const struct sql_expression *behind(const struct sql_expression *node) {
    while (node && node->alias_of)
        node = node->alias_of;
    return node;
}

static bool same_text(const char *a, const char *b) {
    return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

/* Two resolved expressions that always have the same value. */
static bool equal(const struct sql_expression *a, const struct sql_expression *b) {
    a = behind(a);
    b = behind(b);
    if (a == b)
        return true;
    if (!a || !b || a->form != b->form || a->query || b->query || a->window || b->window ||
        a->arguments.count != b->arguments.count || a->negated != b->negated ||
        a->function != b->function || a->safe != b->safe || a->distinct != b->distinct)
        return false;
    if (a->form == FORM_NAME)
        return a->column == b->column && same_text(a->path, b->path);
    if (a->form == FORM_PARAMETER)
        return a->index == b->index;
    if (a->form == FORM_PART || a->form == FORM_INTERVAL
            ? !sql_same(a->text, b->text)
            : a->form != FORM_CALL && !same_text(a->text, b->text))
        return false;
    if ((a->form == FORM_CAST || a->form == FORM_LITERAL) && a->type.known != b->type.known)
        return false;
    if (a->type.known && b->type.known && !sql_type_equal(a->type, b->type))
        return false;
    if ((a->array || b->array) && !(a->array && b->array && equal(a->array, b->array)))
        return false;
    for (size_t i = 0; i < a->arguments.count; i++)
        if (!equal(a->arguments.items[i], b->arguments.items[i]))
            return false;
    return true;
}

static bool is_own(const struct grouping *grouping, const struct sql_column *column) {
    for (size_t i = 0; i < grouping->select->columns.count; i++)
        if (grouping->select->columns.items[i] == column)
            return true;
    return false;
}

static bool check(const struct grouping *grouping, const struct sql_expression *node);

static bool check_list(const struct grouping *grouping, const struct sql_list *list) {
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i] && !check(grouping, list->items[i]))
            return false;
    return true;
}

static bool check(const struct grouping *grouping, const struct sql_expression *node) {
    const struct sql_expression *used = behind(node);
    for (size_t i = 0; i < grouping->select->group.count; i++)
        if (equal(used, grouping->select->group.items[i]))
            return true;
    if (used->form == FORM_CALL && used->function->kind == FUNCTION_AGGREGATE && !used->window)
        return true;
    if (used->form == FORM_NAME && used->column && is_own(grouping, used->column))
        return sql_fail(grouping->compilation, node->place,
                        "%s expression references column %s which is neither grouped nor "
                        "aggregated",
                        grouping->clause, used->column->name ? used->column->name : "");
    if (!check_list(grouping, &used->arguments) || (used->array && !check(grouping, used->array)))
        return false;
    if (!used->window)
        return true;
    for (size_t i = 0; i < used->window->order.count; i++) {
        const struct sql_order *order = used->window->order.items[i];
        if (!check(grouping, order->expression))
            return false;
    }
    return check_list(grouping, &used->window->partition);
}

bool sql_check_grouping(struct sql_compilation *compilation, const struct sql_select *select,
                        const struct sql_query *query) {
    struct grouping grouping = {compilation, select, "SELECT list"};
    for (size_t i = 0; i < select->items.count; i++) {
        const struct sql_item *item = select->items.items[i];
        if (!check(&grouping, item->expression))
            return false;
    }
    grouping.clause = "HAVING clause";
    if (select->having && !check(&grouping, select->having))
        return false;
    grouping.clause = "ORDER BY clause";
    for (size_t i = 0; query && i < query->order.count; i++) {
        const struct sql_order *order = query->order.items[i];
        if (!order->expression->index && !check(&grouping, order->expression))
            return false;
    }
    return true;
}

/* Whether the select list has the column (or the record that the path leads into) as it is. */
static bool selects_column(const struct sql_select *select, const struct sql_expression *name) {
    for (size_t i = 0; i < select->items.count; i++) {
        const struct sql_item *item = select->items.items[i];
        const struct sql_expression *given = behind(item->expression);
        if (given->form == FORM_NAME && given->column == name->column &&
            (!given->path || same_text(given->path, name->path)))
            return true;
    }
    return false;
}

static const struct sql_expression *first_dropped(const struct sql_select *select,
                                                  const struct sql_expression *node) {
    if (!node || node->alias_of)
        return NULL;
    if (node->form == FORM_NAME)
        return node->column && !node->index && !selects_column(select, node) ? node : NULL;
    for (size_t i = 0; i < node->arguments.count; i++) {
        const struct sql_expression *found = first_dropped(select, node->arguments.items[i]);
        if (found)
            return found;
    }
    return first_dropped(select, node->array);
}

bool sql_check_distinct(struct sql_compilation *compilation, const struct sql_select *select,
                        const struct sql_query *query) {
    for (size_t i = 0; i < query->order.count; i++) {
        const struct sql_order *order = query->order.items[i];
        const struct sql_expression *node =
            order->expression->index ? NULL : first_dropped(select, order->expression);
        if (node)
            return sql_fail(compilation, node->place,
                            "ORDER BY clause expression references column %s which is not visible "
                            "after SELECT DISTINCT",
                            node->column->name ? node->column->name : "");
    }
    return true;
}
