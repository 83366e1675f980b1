/* Window functions: what their OVER clause must and may hold, where they may stand. */
#include <string.h>

#include "emulator/sql_function.h"
#include "emulator/sql_resolve.h"
#include "emulator/sql_type.h"

/* The function's name as BigQuery's sentences about windows write it. */
static const char *lower_name(struct sql_compilation *compilation, const char *name) {
    char *lower = sql_copy(&compilation->arena, name, strlen(name));
    for (char *at = lower; *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    return lower;
}

static bool takes_frame(const struct sql_function *function) {
    static const char *const names[] = {"FIRST_VALUE", "LAST_VALUE", "NTH_VALUE"};
    if (function->kind == FUNCTION_AGGREGATE)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], function->name) == 0)
            return true;
    return false;
}

static bool check_clause(struct sql_compilation *compilation, const struct sql_expression *node) {
    const struct sql_function *function = node->function;
    const struct sql_window *window = node->window;
    const char *name = lower_name(compilation, function->name);
    bool needs_order =
        function->kind == FUNCTION_WINDOW && strcmp(function->name, "ROW_NUMBER") != 0;
    if (needs_order && !window->order.count)
        return sql_fail(compilation, window->place,
                        "Window ORDER BY is required for analytic function %s", name);
    if (node->distinct && window->order.count)
        return sql_fail(compilation, window->place,
                        "Window ORDER BY is not allowed if DISTINCT is specified");
    if (window->frame && node->distinct)
        return sql_fail(compilation, window->place,
                        "Window framing clause is not allowed if DISTINCT is specified");
    if (node->distinct)
        return sql_fail(compilation, node->place,
                        "DISTINCT with an OVER clause is not supported by the local BigQuery");
    if (window->frame && !takes_frame(function))
        return sql_fail(compilation, window->place,
                        "Window framing clause is not allowed for analytic function %s", name);
    return true;
}

/* Frames by RANGE with a count look along one numeric key. */
static bool check_frame(struct sql_compilation *compilation, const struct sql_window *window) {
    if (!window->frame || strncmp(window->frame, "RANGE", 5) != 0 ||
        !strpbrk(window->frame, "0123456789"))
        return true;
    const struct sql_order *order = window->order.count ? window->order.items[0] : NULL;
    if (window->order.count != 1)
        return sql_fail(compilation, window->place,
                        "Window ORDER BY must have exactly one expression for a RANGE-based window "
                        "with an offset");
    return !order->expression->type.known || sql_type_numeric(order->expression->type) ||
           sql_fail(compilation, order->expression->place,
                    "Window ORDER BY expression must have numeric type for a RANGE-based window "
                    "with an offset, but has type %s",
                    sql_type_name(&compilation->arena, order->expression->type));
}

static bool check_keys(struct sql_compilation *compilation, const struct sql_window *window) {
    for (size_t i = 0; i < window->partition.count; i++) {
        const struct sql_expression *key = window->partition.items[i];
        if (!sql_type_partitions(key->type))
            return sql_fail(compilation, key->place,
                            "Partitioning by expressions of type %s is not allowed",
                            sql_type_name(&compilation->arena, key->type));
    }
    for (size_t i = 0; i < window->order.count; i++) {
        const struct sql_order *order = window->order.items[i];
        if (!sql_type_orders(order->expression->type))
            return sql_fail(compilation, order->expression->place,
                            "Ordering by expressions of type %s is not allowed",
                            sql_type_name(&compilation->arena, order->expression->type));
    }
    return true;
}

/* Arguments that are known before a row is read, and how small they may be. */
bool sql_check_constants(struct sql_compilation *compilation, const struct sql_expression *node) {
    static const struct {
        const char *function;
        size_t argument;
        int64_t least;
    } constants[] = {{"LAG", 1, 0},
                     {"LEAD", 1, 0},
                     {"NTH_VALUE", 1, 1},
                     {"NTILE", 0, 1},
                     {"STRING_AGG", 1, INT64_MIN}};
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++) {
        size_t place = constants[i].argument;
        if (strcmp(constants[i].function, node->function->name) != 0 ||
            place >= node->arguments.count)
            continue;
        const struct sql_expression *argument = node->arguments.items[place];
        if (argument->form != FORM_LITERAL && argument->form != FORM_PARAMETER)
            return sql_fail(compilation, argument->place,
                            "Argument %zu to %s must be a literal or query parameter", place + 1,
                            node->function->name);
        int64_t number;
        if (argument->form == FORM_LITERAL && sql_type_is(argument->type, EMULATOR_INT64) &&
            text_to_int64(text_of(argument->text), &number) && number < constants[i].least)
            return sql_fail(compilation, argument->place,
                            "Argument %zu to %s must be at least %lld", place + 1,
                            node->function->name, (long long)constants[i].least);
    }
    return true;
}

bool sql_resolve_window(struct sql_compilation *compilation, struct sql_scope *scope,
                        struct sql_expression *node) {
    struct sql_window *window = node->window;
    const char *clause = scope->clause ? scope->clause : scope->no_window;
    if (clause)
        return sql_fail(compilation, node->place, "Analytic function not allowed in %s", clause);
    scope->no_window = "an OVER clause";
    bool good = sql_resolve_list(compilation, scope, &window->partition);
    for (size_t i = 0; i < window->order.count && good; i++) {
        const struct sql_order *order = window->order.items[i];
        good = sql_resolve_expression(compilation, scope, order->expression);
    }
    scope->no_window = NULL;
    return good && check_clause(compilation, node) && check_keys(compilation, window) &&
           check_frame(compilation, window);
}
