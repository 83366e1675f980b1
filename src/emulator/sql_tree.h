/* The tree of one GoogleSQL statement: what the parser builds, the resolver annotates and the
 * emitter writes. Everything hangs in one arena and goes with it. */
#ifndef PHASEGATE_EMULATOR_SQL_TREE_H
#define PHASEGATE_EMULATOR_SQL_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "emulator/catalog.h"
#include "emulator/sql.h"
#include "googlesql/token.h"

/* Room that is given back all at once. Zero-initialise. */
struct sql_arena {
    void **blocks;
    size_t count, capacity;
};

void *sql_new(struct sql_arena *arena, size_t size); /* zeroed */
char *sql_copy(struct sql_arena *arena, const char *data, size_t size);
char *sql_print(struct sql_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void sql_adopt(struct sql_arena *arena, void *block); /* from malloc; goes with the arena */
void sql_arena_free(struct sql_arena *arena);

/* A list of pointers into the arena. */
struct sql_list {
    void **items;
    size_t count, capacity;
};

void sql_add(struct sql_arena *arena, struct sql_list *list, void *item);
void sql_add_name(struct sql_arena *arena, struct sql_list *list, const char *name); /* a copy */

/* A type. `known` is false for a bare NULL and for a parameter that was not declared. */
struct sql_type {
    bool known;
    bool array;
    enum emulator_type base;
    const struct emulator_field *fields; /* of a RECORD */
    size_t field_count;
};

enum sql_form {
    FORM_LITERAL,   /* text; type.known false is NULL */
    FORM_NAME,      /* names: a column, perhaps qualified, perhaps a field of it */
    FORM_PARAMETER, /* index into the compilation's parameters */
    FORM_CALL,      /* text(arguments) [OVER window] */
    FORM_UNARY,     /* text: "-", "NOT" */
    FORM_BINARY,    /* text: the operator */
    FORM_BETWEEN,   /* a, low, high; negated */
    FORM_IN,        /* a, then the list; or query; or array (UNNEST); negated */
    FORM_IS,        /* a IS text ("NULL", "TRUE", "FALSE"); negated */
    FORM_CASE,      /* [operand] (when, then)… [otherwise] */
    FORM_CAST,      /* a to `type`; `safe` */
    FORM_PART,      /* a part of a date: text */
    FORM_INTERVAL,  /* a, part in text; index 1 where it is a call's argument */
    FORM_EXISTS,    /* query */
    FORM_SCALAR,    /* (query) */
    FORM_ARRAY,     /* arguments, or ARRAY(query) */
    FORM_ELEMENT,   /* a[OFFSET(b)]; text is OFFSET, ORDINAL, SAFE_OFFSET or SAFE_ORDINAL */
    FORM_STAR,      /* of COUNT(*) */
    FORM_DEFAULT,   /* DEFAULT in VALUES and SET */
};

struct sql_order {
    struct sql_expression *expression;
    bool descending;
    const char *nulls; /* "NULLS FIRST", "NULLS LAST" or NULL */
};

struct sql_window {
    struct googlesql_place place;
    struct sql_list partition; /* struct sql_expression */
    struct sql_list order;     /* struct sql_order */
    const char *frame;         /* as SQLite takes it, or NULL */
};

struct sql_expression {
    enum sql_form form;
    struct googlesql_place place;
    struct sql_type type; /* given by the resolver (and by the parser to literals and casts) */
    const char *text;
    struct sql_list names; /* char * */
    struct sql_list
        arguments; /* struct sql_expression; may hold NULL where an optional is absent */
    struct sql_query *query;
    struct sql_window *window;
    struct sql_list order; /* ORDER BY within an aggregate */
    struct sql_expression *array;
    size_t index;
    bool negated, safe, distinct;
    bool string; /* a STRING literal, which coerces to dates and times */
    bool resolved;
    const struct sql_function *function;
    const struct sql_column *column; /* FORM_NAME */
    struct sql_expression *alias_of; /* FORM_NAME that names a select item */
    const char *path;                /* JSON path into a RECORD, or NULL */
};

/* A column as an expression sees it. */
struct sql_column {
    const char *name;      /* NULL where it has none */
    const char *qualifier; /* the alias of what it comes from */
    struct sql_type type;
    const char *sqlite; /* how SQLite calls it: t1."game_date", t2.c1 */
    struct sql_source *source;
    size_t field; /* its index in a catalog table */
    bool hidden;  /* merged by USING: reachable by its qualifier only */
    bool merged;  /* what USING merged them into */
};

enum sql_source_kind { SOURCE_TABLE, SOURCE_QUERY, SOURCE_UNNEST, SOURCE_JOIN };

struct sql_source {
    enum sql_source_kind kind;
    struct googlesql_place place;
    const char *alias;            /* as written, or implied */
    const char *sqlite;           /* t1, t2, … */
    struct sql_list path;         /* SOURCE_TABLE: names */
    struct sql_cte *cte;          /* SOURCE_TABLE that names one */
    struct sql_table_use *use;    /* SOURCE_TABLE of the catalog */
    struct sql_query *query;      /* SOURCE_QUERY */
    struct sql_expression *array; /* SOURCE_UNNEST */
    bool with_offset;
    const char *offset_alias;
    const char *join; /* "JOIN", "LEFT JOIN", "CROSS JOIN" … */
    struct sql_source *left, *right;
    struct sql_expression *on;
    struct sql_list using_names; /* char * */
    const char *using_sqlite;    /* the condition that USING stands for */
    bool partition_filtered;
    struct day_range partition;
};

/* A table of the catalog and what the statement uses of it. */
struct sql_table_use {
    const struct emulator_table *table;
    bool *used; /* one a field */
    bool partition_filtered;
    struct day_range partition;
    bool seen; /* it is read: some source of it was judged; INSERT INTO alone does not read */
};

struct sql_item {
    struct sql_expression *expression; /* NULL for a star */
    const char *alias;                 /* or NULL */
    bool star;
    struct sql_list qualifier; /* of q.* */
    struct sql_list except;    /* char * */
    struct googlesql_place place;
};

struct sql_select {
    struct googlesql_place place;
    bool distinct;
    struct sql_list items; /* struct sql_item; stars are expanded by the resolver */
    struct sql_source *from;
    struct sql_expression *where, *having;
    struct sql_list group;   /* struct sql_expression */
    struct sql_list columns; /* struct sql_column: what FROM brings */
    bool aggregated;
};

/* SELECT …, (query), or left OP right. */
struct sql_body {
    struct googlesql_place place;
    struct sql_select *select;
    struct sql_query *query;
    const char *operation; /* "UNION ALL", "UNION", "EXCEPT", "INTERSECT" */
    struct sql_body *left, *right;
    struct sql_list columns; /* struct sql_column: what it yields */
};

struct sql_cte {
    const char *name;
    const char *sqlite; /* w1, w2, … */
    struct sql_query *query;
    struct googlesql_place place;
};

struct sql_query {
    struct googlesql_place place;
    size_t sources; /* below it, as compilation.sources counts */
    struct sql_list ctes;
    struct sql_body *body;
    struct sql_list order; /* struct sql_order */
    struct sql_expression *limit, *offset;
};

struct sql_assignment {
    const char *name;
    struct googlesql_place place;
    struct sql_expression *value;
};

/* A whole statement. */
struct sql_tree {
    enum sql_kind kind;
    struct sql_query *query;       /* SELECT, INSERT … SELECT, CREATE … AS */
    struct sql_source *target;     /* DML, DDL */
    struct sql_list columns;       /* INSERT: char * */
    struct sql_list column_places; /* struct googlesql_place */
    struct sql_type *insert_types; /* INSERT … SELECT: of the columns it goes to; or NULL */
    struct sql_list rows;          /* INSERT VALUES: struct sql_list of expressions */
    struct sql_list assignments;   /* UPDATE */
    struct sql_source *from;       /* UPDATE … FROM */
    struct sql_expression *where;
    struct googlesql_place place;
    struct sql_definition *definition; /* CREATE TABLE; the compilation owns it */
    struct googlesql_place partition_place;
    const char *names[3]; /* of the target: project, dataset, table */
    bool has_columns;
    bool if_not_exists, or_replace, if_exists;
};

/* A parameter as given, or as used without being given. */
struct sql_given {
    const char *name; /* NULL: positional */
    struct sql_type type;
    struct sql_value value; /* data owned by the arena */
    bool declared;
    bool used;
};

/* One compilation. */
struct sql_compilation {
    struct sql_arena arena;
    const struct sql_request *request;
    const struct sql_catalog *catalog;
    struct sql_error *error;
    bool failed;
    struct sql_list parameters;        /* struct sql_given */
    size_t positional;                 /* question marks seen */
    struct sql_list uses;              /* struct sql_table_use */
    struct sql_list ctes;              /* struct sql_cte in scope, innermost last */
    int names;                         /* t1, t2, … w1 … given out */
    size_t sources;                    /* tables and subqueries, CTEs as often as they are named */
    struct sql_definition *definition; /* CREATE TABLE; owned */
    int64_t now_us;
};

/* Records the first failure (invalidQuery) with " at [line:column]" behind the sentence; always
 * returns false. */
bool sql_fail(struct sql_compilation *compilation, struct googlesql_place place, const char *format,
              ...) __attribute__((format(printf, 3, 4)));

/* The same with another reason and no place in the sentence. */
bool sql_fail_as(struct sql_compilation *compilation, const char *reason, int code,
                 struct googlesql_place place, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

bool sql_same(const char *a, const char *b); /* ASCII case folded; NULL equals nothing */

#endif
