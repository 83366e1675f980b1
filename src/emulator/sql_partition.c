/* Partition filters: which days of a table a condition admits, as far as that is known before it
 * runs. */
#include <string.h>

#include "emulator/sql_resolve.h"
#include "emulator/sql_type.h"

static const struct day_range every_day = {INT32_MIN, INT32_MAX};

static struct day_range hull(struct day_range a, struct day_range b) {
    return (struct day_range){a.from < b.from ? a.from : b.from, a.to > b.to ? a.to : b.to};
}

/* The partition column itself, or DATE() or a cast of it. */
static bool is_partition(const struct sql_source *source, const struct sql_expression *node) {
    const struct emulator_table *table = source->use->table;
    if ((node->form == FORM_CAST || (node->form == FORM_CALL && sql_same(node->text, "DATE"))) &&
        node->arguments.count == 1)
        return is_partition(source, node->arguments.items[0]);
    return node->form == FORM_NAME && node->column && !node->path &&
           node->column->source == source &&
           sql_same(table->fields[node->column->field].name, table->partition_field);
}

/* An expression without columns and subqueries. */
static bool is_constant(const struct sql_expression *node) {
    if (node->form == FORM_NAME || node->query || (node->array && !is_constant(node->array)))
        return false;
    for (size_t i = 0; i < node->arguments.count; i++)
        if (node->arguments.items[i] && !is_constant(node->arguments.items[i]))
            return false;
    return true;
}

/* The day a constant is, or DAY_NONE where only running it would tell. */
static day_number day_of(const struct sql_compilation *compilation,
                         const struct sql_expression *node) {
    day_number day = DAY_NONE;
    if (node->form == FORM_CAST && node->arguments.count == 1)
        return day_of(compilation, node->arguments.items[0]);
    if (node->form == FORM_CALL && sql_same(node->text, "CURRENT_DATE"))
        return (day_number)(compilation->now_us / INT64_C(86400000000));
    if (node->form == FORM_LITERAL && node->type.known && node->type.base == EMULATOR_DATE)
        return day_parse(text_of(node->text), &day) ? day : DAY_NONE;
    if (node->form != FORM_PARAMETER)
        return DAY_NONE;
    const struct sql_given *given = compilation->parameters.items[node->index];
    return given->value.kind == SQL_VALUE_TEXT && !given->type.array &&
                   day_parse(text_of(given->value.data), &day)
               ? day
               : DAY_NONE;
}

static void narrow(struct day_range *range, const char *operation, day_number day) {
    if (day == DAY_NONE)
        return;
    if (strchr("=>", operation[0]))
        range->from = operation[0] == '>' && !operation[1] ? day + 1 : day;
    if (strchr("=<", operation[0]))
        range->to = operation[0] == '<' && !operation[1] ? day - 1 : day;
}

static bool constrains_compared(const struct sql_compilation *compilation,
                                const struct sql_source *source, const struct sql_expression *node,
                                struct day_range *range) {
    static const char *const mirrored[][2] = {
        {"<", ">"}, {">", "<"}, {"<=", ">="}, {">=", "<="}, {"=", "="}};
    const struct sql_expression *left = node->arguments.items[0], *right = node->arguments.items[1];
    for (size_t i = 0; i < sizeof mirrored / sizeof *mirrored; i++) {
        if (strcmp(node->text, mirrored[i][0]) != 0)
            continue;
        if (is_partition(source, left) && is_constant(right)) {
            narrow(range, mirrored[i][0], day_of(compilation, right));
            return true;
        }
        if (is_partition(source, right) && is_constant(left)) {
            narrow(range, mirrored[i][1], day_of(compilation, left));
            return true;
        }
    }
    return false;
}

static bool constrains_in(const struct sql_compilation *compilation,
                          const struct sql_source *source, const struct sql_expression *node,
                          struct day_range *range) {
    const struct sql_list *list = &node->arguments;
    if (node->negated || node->query || !is_partition(source, list->items[0]))
        return false;
    if (node->array)
        return is_constant(node->array);
    struct day_range all = {INT32_MAX, INT32_MIN};
    for (size_t i = 1; i < list->count; i++) {
        if (!is_constant(list->items[i]))
            return false;
        day_number day = day_of(compilation, list->items[i]);
        all = hull(all, day == DAY_NONE ? every_day : (struct day_range){day, day});
    }
    *range = all;
    return true;
}

/* Whether the condition can only hold for some partitions of the source; `*range` the days. */
static bool constrains(const struct sql_compilation *compilation, const struct sql_source *source,
                       const struct sql_expression *node, struct day_range *range) {
    *range = every_day;
    const struct sql_list *list = &node->arguments;
    if (node->form == FORM_IN)
        return constrains_in(compilation, source, node, range);
    if (node->form == FORM_BETWEEN) {
        if (node->negated || !is_partition(source, list->items[0]) ||
            !is_constant(list->items[1]) || !is_constant(list->items[2]))
            return false;
        narrow(range, ">=", day_of(compilation, list->items[1]));
        narrow(range, "<=", day_of(compilation, list->items[2]));
        return true;
    }
    if (node->form != FORM_BINARY)
        return false;
    bool both = strcmp(node->text, "AND") == 0, either = strcmp(node->text, "OR") == 0;
    if (!both && !either)
        return constrains_compared(compilation, source, node, range);
    struct day_range left, right;
    bool a = constrains(compilation, source, list->items[0], &left);
    bool b = constrains(compilation, source, list->items[1], &right);
    *range = both ? day_range_intersect(left, right) : hull(left, right);
    return both ? a || b : a && b;
}

static bool constrained_by_joins(const struct sql_compilation *compilation,
                                 const struct sql_source *source, const struct sql_source *from,
                                 struct day_range *range) {
    if (from->kind != SOURCE_JOIN)
        return false;
    struct day_range more;
    bool here = from->on && constrains(compilation, source, from->on, &more);
    if (here)
        *range = day_range_intersect(*range, more);
    bool left = constrained_by_joins(compilation, source, from->left, range);
    bool right = constrained_by_joins(compilation, source, from->right, range);
    return here || left || right;
}

static void judge(struct sql_compilation *compilation, struct sql_source *source,
                  const struct sql_source *from, const struct sql_expression *where) {
    if (source->kind == SOURCE_JOIN) {
        judge(compilation, source->left, from, where);
        judge(compilation, source->right, from, where);
        return;
    }
    struct sql_table_use *use = source->use;
    if (!use)
        return;
    struct day_range range = every_day;
    bool filtered = false;
    if (use->table->partition_field) {
        filtered = where && constrains(compilation, source, where, &range);
        filtered = constrained_by_joins(compilation, source, from, &range) || filtered;
    }
    use->partition = use->seen ? hull(use->partition, range) : range;
    use->partition_filtered = filtered && (use->partition_filtered || !use->seen);
    use->seen = true;
}

void sql_judge_partitions(struct sql_compilation *compilation, struct sql_source *source,
                          const struct sql_expression *where) {
    judge(compilation, source, source, where);
}

bool sql_check_partitions(struct sql_compilation *compilation) {
    for (size_t i = 0; i < compilation->uses.count; i++) {
        const struct sql_table_use *use = compilation->uses.items[i];
        const struct emulator_table *table = use->table;
        if (!table->require_partition_filter || use->partition_filtered || !use->seen)
            continue;
        return sql_fail_as(compilation, "invalidQuery", 400, (struct googlesql_place){0},
                           "Cannot query over table '%s.%s.%s' without a filter over column(s) "
                           "'%s' that can be used for partition elimination",
                           table->project, table->dataset, table->table, table->partition_field);
    }
    return true;
}
