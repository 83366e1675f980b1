/* Expressions as SQLite text. */
#include "emulator/sql_emit.h"

#include <string.h>

#include "emulator/sql_function.h"
#include "emulator/sql_moment.h"
#include "emulator/sql_type.h"

static void put(struct sql_emitter *emitter, const char *text) {
    text_buffer_add(&emitter->out, text);
}

static void put_quoted(struct sql_emitter *emitter, const char *text, char quote) {
    text_buffer_put(&emitter->out, &quote, 1);
    for (; *text; text++) {
        if (*text == quote)
            text_buffer_put(&emitter->out, &quote, 1);
        text_buffer_put(&emitter->out, text, 1);
    }
    text_buffer_put(&emitter->out, &quote, 1);
}

void sql_emit_text(struct sql_emitter *emitter, const char *text) {
    put_quoted(emitter, text, '\'');
}

void sql_emit_name(struct sql_emitter *emitter, const char *name) {
    put_quoted(emitter, name, '"');
}

void sql_emit_table(struct sql_emitter *emitter, const char *project, const char *dataset,
                    const char *table) {
    sql_emit_name(emitter,
                  sql_print(&emitter->compilation->arena, "%s.%s.%s", project, dataset, table));
}

void sql_emit_list(struct sql_emitter *emitter, const struct sql_list *list, size_t from) {
    for (size_t i = from; i < list->count; i++) {
        put(emitter, i > from ? ", " : "");
        sql_emit_expression(emitter, list->items[i]);
    }
}

static void emit_literal(struct sql_emitter *emitter, const struct sql_expression *node) {
    if (!node->type.known) {
        put(emitter, "NULL");
        return;
    }
    switch (node->type.base) {
    case EMULATOR_BYTES:
        put(emitter, "x'");
        for (size_t i = 0; i < node->index; i++)
            text_buffer_format(&emitter->out, "%02x", (unsigned)(unsigned char)node->text[i]);
        put(emitter, "'");
        break;
    case EMULATOR_INT64:
    case EMULATOR_FLOAT64:
    case EMULATOR_BOOL:
    case EMULATOR_TIMESTAMP:
        put(emitter, node->text[0] == '-' ? "(" : "");
        put(emitter, node->text);
        put(emitter, node->text[0] == '-' ? ")" : "");
        break;
    default:
        sql_emit_text(emitter, node->text);
    }
}

static void emit_name(struct sql_emitter *emitter, const struct sql_expression *node) {
    if (node->alias_of) {
        sql_emit_expression(emitter, node->alias_of);
        return;
    }
    if (!node->path) {
        /* A REPEATED field that nobody filled is empty, and not NULL. */
        const struct sql_source *source = node->column->source;
        bool stored = node->type.array && source && source->kind == SOURCE_TABLE && source->use;
        text_buffer_format(&emitter->out, stored ? "ifnull(%s, '[]')" : "%s", node->column->sqlite);
        return;
    }
    put(emitter, "json_extract(");
    put(emitter, node->column->sqlite);
    put(emitter, ", ");
    sql_emit_text(emitter, node->path);
    put(emitter, ")");
}

static void emit_now(struct sql_emitter *emitter, char letter) {
    static const char letters[] = "detu";
    static const enum emulator_type types[] = {EMULATOR_DATE, EMULATOR_DATETIME, EMULATOR_TIMESTAMP,
                                               EMULATOR_TIME};
    const char *at = strchr(letters, letter);
    enum emulator_type type = types[at ? at - letters : 0];
    char text[SQL_MOMENT_SIZE];
    sql_moment_write(type, emitter->compilation->now_us, text);
    if (type == EMULATOR_TIMESTAMP)
        put(emitter, text);
    else
        sql_emit_text(emitter, text);
}

/* All of the list joined; SQLite makes text of what it joins. */
static void emit_joined(struct sql_emitter *emitter, const struct sql_list *list,
                        struct sql_type type) {
    bool bytes = sql_type_is(type, EMULATOR_BYTES);
    put(emitter, bytes ? "CAST(" : "");
    for (size_t i = 0; i < list->count; i++) {
        put(emitter, i ? " || " : "");
        sql_emit_expression(emitter, list->items[i]);
    }
    put(emitter, bytes ? " AS BLOB)" : "");
}

/* How the functions of numbers are called for a type. */
static char number_letter(struct sql_type type) {
    return sql_type_is(type, EMULATOR_FLOAT64)      ? 'f'
           : sql_type_is(type, EMULATOR_NUMERIC)    ? 'd'
           : sql_type_is(type, EMULATOR_BIGNUMERIC) ? 'b'
                                                    : 'i';
}

/* One % of a function's spelling; returns how far it reaches. */
static size_t emit_place(struct sql_emitter *emitter, const struct sql_expression *node,
                         const char *spelling) {
    const struct sql_list *list = &node->arguments;
    if (spelling[1] == '*' || spelling[1] == '|') {
        if (spelling[1] == '*')
            sql_emit_list(emitter, list, 0);
        else
            emit_joined(emitter, list, node->type);
        return 2;
    }
    if (spelling[1] == 'D') {
        put(emitter, node->distinct ? "DISTINCT " : "");
        return 2;
    }
    if (spelling[1] == 'C') {
        const struct sql_expression *first = list->items[0];
        put(emitter, sql_type_decimal(first->type) ? " COLLATE bq_decimal" : "");
        return 2;
    }
    if (spelling[1] == 'K') {
        char letter = number_letter(((const struct sql_expression *)list->items[0])->type);
        text_buffer_put(&emitter->out, &letter, 1);
        return 3;
    }
    bool type = spelling[1] == 'T';
    if (type && spelling[2] == 'R') {
        text_buffer_format(&emitter->out, "%d", (int)node->type.base);
        return 3;
    }
    const struct sql_expression *argument = list->items[spelling[type ? 2 : 1] - '1'];
    if (type)
        text_buffer_format(&emitter->out, "%d",
                           (int)(argument->type.known ? argument->type.base : EMULATOR_DATE));
    else
        sql_emit_expression(emitter, argument);
    return type ? 3 : 2;
}

static void emit_window(struct sql_emitter *emitter, const struct sql_window *window) {
    put(emitter, " OVER (");
    if (window->partition.count) {
        put(emitter, "PARTITION BY ");
        sql_emit_list(emitter, &window->partition, 0);
    }
    sql_emit_order(emitter, &window->order, !window->frame || !strpbrk(window->frame, "0123456789"),
                   NULL);
    if (window->frame) {
        put(emitter, " ");
        put(emitter, window->frame);
    }
    put(emitter, ")");
}

/* As written in the table of functions, and OVER. */
static void emit_spelling(struct sql_emitter *emitter, const struct sql_expression *node,
                          const char *spelling) {
    for (const char *at = spelling; *at;) {
        if (*at == '%') {
            at += emit_place(emitter, node, at);
        } else if (*at == '@') {
            if (at[1] == 'T')
                text_buffer_format(&emitter->out, "%d", EMULATOR_TIMESTAMP);
            else
                emit_now(emitter, at[1]);
            at += 2;
        } else {
            text_buffer_put(&emitter->out, at, 1);
            at++;
        }
    }
    if (node->window)
        emit_window(emitter, node->window);
}

static void emit_call(struct sql_emitter *emitter, const struct sql_expression *node) {
    bool real = sql_type_is(node->type, EMULATOR_FLOAT64);
    if (real && sql_same(node->text, "MIN")) { /* NaN is the least */
        put(emitter, "bq_unorder(");
        emit_spelling(emitter, node, "min(bq_order(%1))");
        put(emitter, ")");
    } else if (real && sql_same(node->text, "LEAST")) {
        emit_spelling(emitter, node, "bq_least(%*)");
    } else {
        emit_spelling(emitter, node, node->function->sqlite);
    }
}

/* a OP b; a chain of one operator goes without inner parentheses, for SQLite bounds their depth. */
static void emit_infix(struct sql_emitter *emitter, const struct sql_expression *node,
                       bool outermost) {
    const struct sql_expression *left = node->arguments.items[0];
    put(emitter, outermost ? "(" : "");
    if (left->form == FORM_BINARY && strcmp(left->text, node->text) == 0)
        emit_infix(emitter, left, false);
    else
        sql_emit_expression(emitter, left);
    text_buffer_format(&emitter->out, " %s ", node->text);
    sql_emit_expression(emitter, node->arguments.items[1]);
    put(emitter, outermost ? ")" : "");
}

static void emit_called(struct sql_emitter *emitter, const char *function,
                        const struct sql_expression *node, const char *tail) {
    put(emitter, node->negated ? "(NOT " : "");
    put(emitter, function);
    put(emitter, "(");
    sql_emit_list(emitter, &node->arguments, 0);
    put(emitter, tail);
    put(emitter, node->negated ? ")" : "");
}

static bool is_arithmetic(const struct sql_expression *node) {
    return node->form == FORM_BINARY && node->text[0] && !node->text[1] &&
           strchr("+-*/", node->text[0]) && sql_type_numeric(node->type);
}

/* How many operands of a chain one call takes: SQLite bounds the arguments of a function. */
enum { CHAIN_LIMIT = 100 };

/* ((a + b) - c) + d as one call, for SQLite bounds the depth of expressions and of its parser. */
static void emit_arithmetic(struct sql_emitter *emitter, const struct sql_expression *node) {
    bool products = strchr("*/", node->text[0]) != NULL;
    const struct sql_expression *first = node;
    size_t count = 0;
    const struct sql_expression *chain[CHAIN_LIMIT];
    while (count < CHAIN_LIMIT && is_arithmetic(first) &&
           (strchr("*/", first->text[0]) != NULL) == products &&
           sql_type_equal(first->type, node->type)) {
        chain[count++] = first;
        first = first->arguments.items[0];
    }
    if (sql_type_decimal(node->type))
        text_buffer_format(&emitter->out, "bq_decimal(%d, '", (int)node->type.base);
    else
        put(emitter, sql_type_is(node->type, EMULATOR_INT64) ? "bq_int('" : "bq_float('");
    for (size_t i = count; i-- > 0;)
        put(emitter, chain[i]->text);
    put(emitter, "', ");
    sql_emit_expression(emitter, first);
    for (size_t i = count; i-- > 0;) {
        put(emitter, ", ");
        sql_emit_expression(emitter, chain[i]->arguments.items[1]);
    }
    put(emitter, ")");
}

/* Comparisons of FLOAT64 know NaN; decimals are ordered by value and not as the text they are. */
static void emit_comparison(struct sql_emitter *emitter, const struct sql_expression *node) {
    const struct sql_expression *left = node->arguments.items[0], *right = node->arguments.items[1];
    bool real =
        sql_type_is(left->type, EMULATOR_FLOAT64) || sql_type_is(right->type, EMULATOR_FLOAT64);
    put(emitter, real ? "bq_compare(" : "(");
    sql_emit_expression(emitter, left);
    put(emitter, sql_type_decimal(left->type) ? " COLLATE bq_decimal" : "");
    text_buffer_format(&emitter->out, real ? ", '%s', " : " %s ", node->text);
    sql_emit_expression(emitter, right);
    put(emitter, ")");
}

static void emit_binary(struct sql_emitter *emitter, const struct sql_expression *node) {
    const char *text = node->text;
    const struct sql_expression *left = node->arguments.items[0];
    bool date = left->type.known && left->type.base == EMULATOR_DATE && !left->type.array;
    if (is_arithmetic(node))
        emit_arithmetic(emitter, node);
    else if (strcmp(text, "||") == 0 && sql_type_is(node->type, EMULATOR_BYTES))
        emit_joined(emitter, &node->arguments, node->type);
    else if (strchr("=!<>", text[0]) && strcmp(text, "<<") != 0 && strcmp(text, ">>") != 0)
        emit_comparison(emitter, node);
    else if (strcmp(text, "LIKE") == 0)
        emit_called(emitter, "bq_like", node, ")");
    else if (date && (text[0] == '+' || text[0] == '-')) {
        text_buffer_format(&emitter->out, "bq_%s(%d, ", text[0] == '+' ? "add" : "sub",
                           EMULATOR_DATE);
        sql_emit_list(emitter, &node->arguments, 0);
        put(emitter, ", 'DAY')");
    } else
        emit_infix(emitter, node, true);
}

static void emit_cast(struct sql_emitter *emitter, const struct sql_expression *node) {
    const struct sql_expression *operand = node->arguments.items[0];
    struct sql_type from = operand->type, to = node->type;
    if (!from.known || sql_type_equal(from, to)) {
        sql_emit_expression(emitter, operand);
        return;
    }
    put(emitter, "bq_cast(");
    sql_emit_expression(emitter, operand);
    text_buffer_format(&emitter->out, ", %d, %d, %d)", (int)from.base, (int)to.base,
                       node->safe ? 1 : 0);
}

static void emit_case(struct sql_emitter *emitter, const struct sql_expression *node) {
    const struct sql_list *list = &node->arguments;
    put(emitter, "CASE");
    if (list->items[0]) {
        put(emitter, " ");
        sql_emit_expression(emitter, list->items[0]);
    }
    size_t i = 1;
    for (; i + 1 < list->count; i += 2) {
        put(emitter, " WHEN ");
        sql_emit_expression(emitter, list->items[i]);
        put(emitter, " THEN ");
        sql_emit_expression(emitter, list->items[i + 1]);
    }
    if (i < list->count) {
        put(emitter, " ELSE ");
        sql_emit_expression(emitter, list->items[i]);
    }
    put(emitter, " END");
}

static void emit_in(struct sql_emitter *emitter, const struct sql_expression *node) {
    put(emitter, "(");
    sql_emit_expression(emitter, node->arguments.items[0]);
    put(emitter, node->negated ? " NOT IN (" : " IN (");
    if (node->query) {
        sql_emit_query(emitter, node->query);
    } else if (node->array) {
        put(emitter, "SELECT value FROM json_each(");
        sql_emit_expression(emitter, node->array);
        put(emitter, ")");
    } else {
        sql_emit_list(emitter, &node->arguments, 1);
    }
    put(emitter, "))");
}

static void emit_array(struct sql_emitter *emitter, const struct sql_expression *node) {
    if (!node->query) {
        put(emitter, "json_array(");
        sql_emit_list(emitter, &node->arguments, 0);
        put(emitter, ")");
        return;
    }
    put(emitter, "(SELECT json_group_array(c1) FROM (");
    sql_emit_query(emitter, node->query);
    put(emitter, "))");
}

static void emit_element(struct sql_emitter *emitter, const struct sql_expression *node) {
    bool safe = strncmp(node->text, "SAFE", 4) == 0;
    bool ordinal = strcmp(node->text, "ORDINAL") == 0 || strcmp(node->text, "SAFE_ORDINAL") == 0;
    put(emitter, "bq_element(");
    sql_emit_list(emitter, &node->arguments, 0);
    text_buffer_format(&emitter->out, ", %d, %d)", ordinal ? 1 : 0, safe ? 1 : 0);
}

/* Aggregates over all rows give one row, whatever there is. */
static bool yields_one_row(const struct sql_query *query) {
    const struct sql_select *select = query->body->select;
    return select && (!select->from || (select->aggregated && !select->group.count));
}

static void emit_query_form(struct sql_emitter *emitter, const struct sql_expression *node) {
    bool count = node->form == FORM_SCALAR && !yields_one_row(node->query);
    put(emitter, node->form == FORM_EXISTS ? "EXISTS (" : "(");
    put(emitter, count ? "SELECT bq_one(count(*), max(c1)) FROM (SELECT c1 FROM (" : "");
    sql_emit_query(emitter, node->query);
    put(emitter, count ? ") LIMIT 2))" : ")");
}

static void emit_is(struct sql_emitter *emitter, const struct sql_expression *node) {
    const struct sql_list *list = &node->arguments;
    put(emitter, "(");
    sql_emit_expression(emitter, list->items[0]);
    text_buffer_format(&emitter->out, " IS %s%s)", node->negated ? "NOT " : "", node->text);
}

static void emit_between(struct sql_emitter *emitter, const struct sql_expression *node) {
    const struct sql_list *list = &node->arguments;
    bool real = false;
    for (size_t i = 0; i < list->count; i++)
        real |=
            sql_type_is(((const struct sql_expression *)list->items[i])->type, EMULATOR_FLOAT64);
    const struct sql_expression *first = list->items[0];
    text_buffer_format(&emitter->out, "%s(%s", node->negated ? "(NOT " : "",
                       real ? "bq_compare(" : "");
    sql_emit_expression(emitter, first);
    put(emitter, sql_type_decimal(first->type) ? " COLLATE bq_decimal" : "");
    put(emitter, real ? ", '>=', " : " BETWEEN ");
    sql_emit_expression(emitter, list->items[1]);
    put(emitter, real ? ") AND bq_compare(" : " AND ");
    if (real) {
        sql_emit_expression(emitter, first);
        put(emitter, ", '<=', ");
    }
    sql_emit_expression(emitter, list->items[2]);
    put(emitter, real ? "))" : ")");
    put(emitter, node->negated ? ")" : "");
}

static void emit_unary(struct sql_emitter *emitter, const struct sql_expression *node) {
    if (node->text[0] == '-') {
        char letter = number_letter(node->type);
        text_buffer_format(&emitter->out, "bq_neg_%c(", letter == 'b' ? 'd' : letter);
    } else {
        text_buffer_format(&emitter->out, "(%s ", node->text[0] == '+' ? "" : node->text);
    }
    sql_emit_expression(emitter, node->arguments.items[0]);
    put(emitter, ")");
}

static void emit_interval(struct sql_emitter *emitter, const struct sql_expression *node) {
    sql_emit_expression(emitter, node->arguments.items[0]);
    put(emitter, ", ");
    sql_emit_text(emitter, node->text);
}

static void emit_parameter(struct sql_emitter *emitter, const struct sql_expression *node) {
    text_buffer_format(&emitter->out, "?%zu", node->index + 1);
}

static void emit_star(struct sql_emitter *emitter, const struct sql_expression *node) {
    put(emitter, node->form == FORM_DEFAULT ? "NULL" : "*");
}

static void emit_part(struct sql_emitter *emitter, const struct sql_expression *node) {
    sql_emit_text(emitter, node->text);
}

void sql_emit_expression(struct sql_emitter *emitter, const struct sql_expression *node) {
    static void (*const emit[])(struct sql_emitter * emitter, const struct sql_expression *node) = {
        [FORM_LITERAL] = emit_literal,
        [FORM_NAME] = emit_name,
        [FORM_PARAMETER] = emit_parameter,
        [FORM_CALL] = emit_call,
        [FORM_UNARY] = emit_unary,
        [FORM_BINARY] = emit_binary,
        [FORM_BETWEEN] = emit_between,
        [FORM_IN] = emit_in,
        [FORM_IS] = emit_is,
        [FORM_CASE] = emit_case,
        [FORM_CAST] = emit_cast,
        [FORM_PART] = emit_part,
        [FORM_INTERVAL] = emit_interval,
        [FORM_EXISTS] = emit_query_form,
        [FORM_SCALAR] = emit_query_form,
        [FORM_ARRAY] = emit_array,
        [FORM_ELEMENT] = emit_element,
        [FORM_STAR] = emit_star,
        [FORM_DEFAULT] = emit_star,
    };
    emit[node->form](emitter, node);
}
